# SPDX-License-Identifier: GPL-2.0
"""The matrix: all null block devices of a kernel, by operation, block size, depth and
number of jobs.

A subject is what is measured: a driver, with the settings of its disks.  A cell is a
workload of mqblk_load on one store.  There are three sets of them, and in each of them the
first subject is the one that the others stand beside.  "drivers" are null_blk_c and the
others; "features" are null_blk_c with a feature switched on each, beside itself with none:
what that costs where it is not used for anything; "nvme" are nvme_c and the kernel's nvme,
on two equal controllers made of code.

The clock "native" has one CPU and cells of one job, "smp" has all CPUs that it may use,
and cells of one job up to as many.  "model" is one CPU with the controllers, and "rest" is
the same without the time that these took themselves.  "host" is this machine.

Cells of latencies are apart: to look at the clock for each I/O takes time, so what they
measure is compared with nothing else.
"""

import dataclasses
import random

import plan

MIB = 1 << 20

OURS = "null_blk_c"
# What is measured, by set of subjects; in tables, "rest" follows "model".
CLOCKS = {"drivers": ("native", "smp"), "features": ("native",), "nvme": ("model",)}
ORDER = ("native", "smp", "model", "rest", "host")
OPERATIONS = {"randread": 0, "randwrite": 100}
SIZES = {"512": 512, "4k": 4 << 10, "16k": 16 << 10, "64k": 64 << 10,
         "256k": 256 << 10, "1m": MIB, "4m": 4 * MIB, "16m": 16 * MIB}
DEPTHS = (1, 8, 32, 128)
# I/Os under one plug, at most.
BATCH = 16
# Requests that a queue has to have for these depths.
TAGS = 256

SPAN = 512 * MIB
# Features need a disk each, and one cell of zones: all in memory at a time.
FEATURE_SPAN = 64 * MIB


@dataclasses.dataclass(frozen=True)
class Subject:
    """What is measured; `stores` are attributes of its disks, by store, and `short`
    is what its disks are called."""

    name: str
    driver: str
    short: str
    stores: dict = dataclasses.field(hash=False)
    single: str = ""     # the disk that comes with the module, for all stores
    queues: str = ""     # the attribute that says how many hardware queues
    lines: str = ""      # written to an attribute of the powered disk: NAME VALUE
    iostats: bool = False

    def disk(self, store):
        return self.single or f"{self.short}_{store}"


def _stores(**more):
    common = {"irqmode": 0, "hw_queue_depth": TAGS, **more}
    return {"plain": common,
            "mem": {**common, "memory_backed": 1, "size": SPAN // MIB}}


DRIVERS = (
    Subject(OURS, OURS, "bc", _stores(), queues="submit_queues"),
    Subject("null_blk", "null_blk", "bk", _stores(), queues="submit_queues"),
    # Has attributes for size, block size, completion and rotation only: it keeps no
    # data, and has one hardware queue.
    Subject("rnull", "rnull", "br",
            {"plain": {"irqmode": 0, "blocksize": 512, "size": 4096}}),
    Subject("brd", "brd", "", {"mem": {}}, single="ram0"),
    Subject("floor", "floor", "", {"plain": {}}, single="mqfloor0",
            queues="queues"),
)

_KEEPING = {"irqmode": 0, "hw_queue_depth": TAGS, "memory_backed": 1,
            "size": FEATURE_SPAN // MIB}
# Last sector of the disk
_LAST = FEATURE_SPAN // 512 - 1


def _feature(name, short, lines="", iostats=False, **more):
    return Subject(f"{OURS}+{name}" if name else OURS, OURS, short,
                   {"mem": {**_KEEPING, **more}}, lines=lines, iostats=iostats)


FEATURES = (
    _feature("", "bc"),
    _feature("cache", "b_ca", cache_size=2 * FEATURE_SPAN // MIB),
    _feature("mbps", "b_mb", mbps=40960),
    _feature("iops", "b_io", iops=10 ** 9),
    _feature("statistics", "b_st", iostats=True),
    # Conventional zones take writes in any order; the last is a sequential one.
    _feature("zones", "b_zo", size=FEATURE_SPAN // MIB + 16, zoned=1, zone_size=16,
             zone_nr_conv=FEATURE_SPAN // MIB // 16),
    # Beyond what is read and written: the last sector.
    _feature("rule", "b_ru", size=FEATURE_SPAN // MIB + 1,
             lines=f"rules add,op=READ+WRITE,start={_LAST + 2048},nr_sectors=1,"
                   "status=MEDIUM"),
    _feature("badblocks", "b_bb", size=FEATURE_SPAN // MIB + 1,
             lines=f"badblocks +{_LAST + 2048}-{_LAST + 2048}"),
    _feature("faults", "b_fa",
             lines="rules add,op=READ+WRITE,chance=1000000000,seed=1,status=IOERR"),
    # Operations without a line are not delayed: a model that has none for these.
    _feature("latency", "b_la",
             lines="latency latency 1\\nop=FLUSH fixed=1000\\nend"),
)

# Their disks are made with the controllers.
NVME = tuple(Subject(name, name, "", {"nvme": {}}, single=f"bench-{name}")
             for name in ("nvme_c", "nvme"))

SETS = {"drivers": DRIVERS, "features": FEATURES, "nvme": NVME}


def ours(which):
    """The name of the subject that the others of a set stand beside."""
    return SETS[which][0].name


@dataclasses.dataclass(frozen=True)
class Cell:
    """One workload."""

    store: str
    operation: str
    size: str
    depth: int
    jobs: int
    span: int = SPAN
    latency: bool = False

    @property
    def name(self):
        return (f"{self.store}-{self.operation}-{self.size}-q{self.depth}"
                f"-{self.jobs}j" + ("-latency" if self.latency else ""))

    @property
    def buffers(self):
        """Bytes of memory of all I/Os in flight."""
        return SIZES[self.size] * self.depth * self.jobs

    def settings(self):
        """Attributes of mqblk_load."""
        return {"pattern": "random", "block_bytes": SIZES[self.size],
                "span_bytes": self.span,
                "write_percent": OPERATIONS[self.operation],
                "batch": min(BATCH, self.depth), "depth": self.depth,
                "jobs": self.jobs, "latency": int(self.latency)}


@dataclasses.dataclass(frozen=True)
class Preset:
    """How much is measured: samples of a cell and subject, over all boots.

    `plain` are the sizes of disks without data, where long blocks tell little, and
    `latency` those of latencies. `buffers` is the memory of all I/Os in flight, at most:
    a cell that needs more is left out. To get that memory takes longer than a sample.
    """

    sizes: tuple
    depths: tuple
    boots: int
    samples: int
    time_ms: int
    plain: tuple = tuple(SIZES)
    latency: tuple = ()
    buffers: int = 512 * MIB


PRESETS = {
    "quick": Preset(("512", "4k", "64k", "1m", "16m"), (1, 32), 2, 10, 20,
                    plain=("4k", "64k", "1m"), latency=("4k",), buffers=64 * MIB),
    "full": Preset(tuple(SIZES), DEPTHS, 5, 20, 50, latency=("512", "4k", "64k")),
}


def jobs_up_to(cpus):
    """1, 2, 4... and the number of CPUs."""
    found = {cpus}
    jobs = 1
    while jobs < cpus:
        found.add(jobs)
        jobs *= 2
    return sorted(found)


def _shapes(preset, clock, cpus):
    """(depth, jobs) of a clock. At depth 1 jobs are a program each that waits."""
    if clock in ("native", "model"):
        return [(depth, 1) for depth in preset.depths]
    if clock == "smp" and cpus < 2:
        return []
    depths = [d for d in preset.depths if clock == "host" or d in (1, 32)]
    return [(depth, jobs) for depth in depths for jobs in jobs_up_to(cpus)]


def _latencies(preset, store, clock, cpus):
    """What reads take, and where something is kept, writes. With several CPUs, jobs that
    wait for each I/O show what one does to the other."""
    operations = list(OPERATIONS)[:1] if store == "plain" else OPERATIONS
    shapes = [(d, j) for d, j in _shapes(preset, clock, cpus)
              if (d in (1, 32) and j == 1 and clock != "smp") or
              (d == 1 and j == cpus and cpus > 1)]
    return [Cell(store, operation, size, depth, jobs, latency=True)
            for size in preset.latency for operation in operations
            for depth, jobs in shapes]


def matrix(preset, clock, cpus, which="drivers"):
    """The cells of a clock; features are measured by one job at two depths."""
    if which == "features":
        return [Cell("mem", operation, size, depth, 1, FEATURE_SPAN)
                for operation in OPERATIONS for size in ("4k", "64k")
                for depth in (1, 32)] if clock == "native" else []
    stores = ("nvme",) if which == "nvme" else ("plain", "mem")
    found = [Cell(store, operation, size, depth, jobs)
             for store in stores
             for operation in OPERATIONS
             for size in preset.sizes if store != "plain" or size in preset.plain
             for depth, jobs in _shapes(preset, clock, cpus)]
    found += [cell for store in stores
              for cell in _latencies(preset, store, clock, cpus)]
    return [cell for cell in found if cell.buffers <= preset.buffers]


@dataclasses.dataclass(frozen=True)
class Run(plan.Run):
    """One sample of a subject in a cell."""

    clock: str
    what: Cell
    subject: Subject
    boot: int
    repeat: int
    time_ms: int
    path: str = ""

    kind = "load"

    @property
    def cell(self):
        return self.what.name

    @property
    def driver(self):
        return self.subject.name

    @property
    def batch(self):
        """What an interruption may lose: one sample of one cell."""
        return f"{self.clock}-boot{self.boot}-{self.repeat:03d}-{self.cell}"

    def columns(self):
        disk = self.subject.disk(self.what.store)
        settings = words(self.settings().items())
        if self.what.store == "nvme":
            return (f"/run/{disk}", settings, f"/run/{disk}.counts")
        return (self.path or f"/dev/{disk}", settings)

    def settings(self):
        return {"engine": "disk", "flush_percent": 0, "fua_percent": 0,
                "polled": 0, "verify": 0, "cpus": "", "ios": 0,
                **self.what.settings(), "time_ms": self.time_ms,
                "seed": self.repeat}


def _of_sample(clock, cells, subjects, boot, repeat, time_ms):
    """In another order each time, so that no cell always follows the same one."""
    cells = list(cells)
    random.Random(repeat).shuffle(cells)
    for cell in cells:
        able = [s for s in subjects if cell.store in s.stores]
        for subject in plan.rotate(able, repeat - 1):
            yield Run(clock, cell, subject, boot, repeat, time_ms)


def make(clock, cells, subjects, preset):
    """The runs of all boots, in order: {boot: runs}. Samples are shared out among the
    boots."""
    first, found = 1, {}
    for boot in range(1, preset.boots + 1):
        last = preset.samples * boot // preset.boots
        found[boot] = [run for repeat in range(first, last + 1)
                       for run in _of_sample(clock, cells, subjects, boot,
                                             repeat, preset.time_ms)]
        first = last + 1
    return found


def words(pairs):
    """NAME=VALUE, with spaces between."""
    return " ".join(f"{name}={value}" for name, value in pairs)


def _disk_line(subject, store, cpus):
    attributes = dict(subject.stores[store])
    if subject.queues and cpus > 1:
        attributes[subject.queues] = cpus
    filled = int(attributes["size"]) * MIB if attributes.get("memory_backed") \
        else SPAN if store == "mem" else 0
    return "\t".join((subject.name, subject.disk(store), str(filled),
                      words(attributes.items()) or "-",
                      "iostats" if subject.iostats else "-",
                      subject.lines or "-"))


def write(runs, directory, cpus=1):
    """The lists of disks and of runs, for guest-matrix.sh."""
    disks = dict.fromkeys((r.subject, r.what.store) for r in runs) \
        if runs else {}
    seen = set()
    with open(f"{directory}/disks", "w", encoding="utf-8") as out:
        for subject, store in disks:
            if subject.disk(store) not in seen:
                seen.add(subject.disk(store))
                out.write(_disk_line(subject, store, cpus) + "\n")
    plan.write(runs, directory)
