# SPDX-License-Identifier: GPL-2.0
"""null_blk_c beside null_blk, floor and brd, by the load inside the kernel.

A cell is a workload of mqblk_load on one store; a store is a disk of each driver
with the same settings.  The clock "native" has one CPU, and "smp" compares one job
with two.
"""

import dataclasses

import plan

MIB = 1 << 20

# What is measured in turn: null_blk with its own default and with larger blocks,
# and copies of memory, which no driver that keeps data can be faster than.
DRIVERS = ("null_blk_c", "null_blk", "null_blk-4k", "floor", "brd",
           "memcpy", "movsb")
REFERENCE = "null_blk"
FLOOR = "floor"
LIMITS = ("memcpy", "movsb")

METRICS = {"ns": "ns"}

# Quotients are of speeds: a driver that takes half the time has 2.
AS_SPEED = ("ns",)

# Bytes of the disk that a workload touches.
SPAN = 512 * MIB
ZONED_SPAN = 256 * MIB
# Lies in the cache as a whole.
CACHED_SPAN = 32 * MIB

# I/Os in flight, and under one plug.
DEPTH = 32
BATCH = 16

PLAIN = ("null_blk_c", "null_blk", "floor")
KEEPING = ("null_blk_c", "null_blk", "null_blk-4k", "brd")
BOTH = ("null_blk_c", "null_blk")

# Attributes of the configfs disks of each store.
MEM = {"memory_backed": 1, "size": SPAN // MIB, "irqmode": 0}
CACHE = {**MEM, "size": 64, "cache_size": 64}
STORES = {
    "plain": {"irqmode": 0},
    "mem": MEM,
    "zone": {**MEM, "size": ZONED_SPAN // MIB, "zoned": 1, "zone_size": 64},
    "cache": CACHE,
    "timer": {"irqmode": 2, "completion_nsec": 10000},
    "bio": {"irqmode": 0, "queue_mode": 0},
    "limit": {"irqmode": 0, "mbps": 40960},
    # A queue for each CPU, so that jobs meet in the driver only.
    "two": {"irqmode": 0, "submit_queues": 2},
    "twomem": {**MEM, "submit_queues": 2},
}
# Stores whose data is written before anything is measured.
FILLED = {"mem": SPAN, "cache": CACHED_SPAN, "twomem": SPAN}

# Modules that make their disk when they are loaded, which serves all stores.
SINGLE = {"floor": "mqfloor0", "brd": "ram0"}
MODULE_OF = {"null_blk-4k": "null_blk"}

# Parameters of these modules for a store, where that is not the default.
PARAMETERS = {("floor", "two"): {"queues": 2}}


@dataclasses.dataclass(frozen=True)
class Cell:
    """One workload of the load; `settings` are attributes of mqblk_load."""

    family: str
    store: str
    drivers: tuple
    ios: int
    settings: tuple
    jobs: int = 1
    gain: bool = False

    @property
    def name(self):
        return f"{self.family}-{self.jobs}j" if self.gain else self.family


def _settings(**more):
    return tuple(more.items())


def _copies(operation, size, ios):
    """A cell whose time is mostly that of a copy."""
    sizes = {"4k": 4096, "64k": 64 << 10, "1m": MIB}
    return Cell(f"mem-{operation}-{size}", "mem", KEEPING + LIMITS, ios,
                _settings(block_bytes=sizes[size], span_bytes=SPAN,
                          write_percent=100 if operation == "write" else 0))


def _native():
    read = _settings(span_bytes=SPAN)
    return [
        Cell("plain-read-4k", "plain", PLAIN, 200_000, read),
        *(_copies(operation, size, ios)
          for size, ios in (("4k", 60_000), ("64k", 8000), ("1m", 500))
          for operation in ("read", "write")),
        Cell("zone-write-64k", "zone", BOTH, 8000,
             _settings(block_bytes=64 << 10, span_bytes=ZONED_SPAN,
                       pattern="zones", write_percent=100)),
        Cell("cached-write-4k", "cache", BOTH, 60_000,
             _settings(span_bytes=CACHED_SPAN, write_percent=100)),
        Cell("timer-read-4k", "timer", BOTH, 30_000, read),
        Cell("bio-read-4k", "bio", BOTH, 200_000, read),
        Cell("limit-read-4k", "limit", BOTH, 200_000, read),
        Cell("mix-4k", "cache", BOTH, 20_000,
             _settings(span_bytes=CACHED_SPAN, write_percent=50,
                       fua_percent=20, flush_percent=1)),
    ]


def _smp():
    large = _settings(block_bytes=64 << 10, span_bytes=SPAN)
    families = (
        ("plain-read-4k", "two", PLAIN, _settings(span_bytes=SPAN)),
        ("mem-read-4k", "twomem", BOTH, _settings(span_bytes=SPAN)),
        ("hot-read-4k", "twomem", BOTH, _settings(span_bytes=4096)),
        # Mostly copies: a lock that is held for them shows.
        ("mem-read-64k", "twomem", BOTH, large),
        ("mem-write-64k", "twomem", BOTH, large + _settings(write_percent=100)),
    )
    return [Cell(name, store, drivers, 5000, settings, jobs, True)
            for name, store, drivers, settings in families
            for jobs in (1, 2)]


def matrix(clock):
    """Every cell that the clock can measure."""
    return _smp() if clock == "smp" else _native()


def quick(clock):
    """All of them: a run takes a tenth of a second."""
    return matrix(clock)


def drivers(names):
    """Ours, for a list of names as in null_blk.py: null_blk stands for both of its
    block sizes, and limits come along."""
    return [d for d in DRIVERS
            if d in LIMITS or MODULE_OF.get(d, d) in names]


# Attributes of mqblk_load where a cell says nothing else
DEFAULTS = {
    "engine": "disk", "pattern": "random", "block_bytes": 4096,
    "write_percent": 0, "flush_percent": 0, "fua_percent": 0,
    "batch": BATCH, "depth": DEPTH, "time_ms": 0,
    "polled": 0, "verify": 0, "latency": 0, "cpus": "",
}


@dataclasses.dataclass(frozen=True)
class Run(plan.Run):
    """One measurement of one driver; `path` is that of its disk, if it is not one that
    the guest makes."""

    what: Cell
    driver: str
    repeat: int
    path: str = ""

    kind = "load"

    @property
    def cell(self):
        return self.what.name

    @property
    def batch(self):
        return f"repeat-{self.repeat:02d}"

    @property
    def store(self):
        return "-" if self.driver in LIMITS else self.what.store

    @property
    def disk(self):
        return disk_name(self.driver, self.what.store)

    def columns(self):
        path = "-" if self.driver in LIMITS else \
            self.path or f"/dev/{self.disk}"
        return (path, _words(self.settings().items()))

    def settings(self):
        """Attributes of mqblk_load, all of them, but for the disk's path."""
        found = {**DEFAULTS, **dict(self.what.settings), "jobs": self.what.jobs,
                 "ios": self.what.ios, "seed": self.repeat}
        if self.driver in LIMITS:
            found["engine"] = self.driver
        return found


@dataclasses.dataclass(frozen=True)
class Disk:
    """A disk that the guest makes, or that a module makes when it is loaded, with
    these as its parameters then."""

    driver: str
    name: str
    attributes: tuple
    fill_bytes: int


def disk_name(driver, store):
    """What the disk of a driver is called; short, and no other driver's."""
    if driver in SINGLE:
        return SINGLE[driver]
    return {"null_blk_c": "bc_", "null_blk": "bk_",
            "null_blk-4k": "b4_"}[driver] + store


def _disk(driver, store):
    attributes = dict(STORES[store])
    if driver == "null_blk-4k":
        attributes["blocksize"] = 4096
    if driver in SINGLE:
        attributes = PARAMETERS.get((driver, store), {})
    return Disk(MODULE_OF.get(driver, driver), disk_name(driver, store),
                tuple(attributes.items()), FILLED.get(store, 0))


def disks(runs):
    """The disks that some runs need, in order."""
    return list(dict.fromkeys(_disk(r.driver, r.what.store) for r in runs
                              if r.driver not in LIMITS))


def make(selected, wanted, repeats, first=1):
    """The runs, in order; repeats are numbered from `first` on."""
    return plan.in_turn(
        Run, selected, lambda cell: [d for d in cell.drivers if d in wanted],
        repeats, first)


def _words(pairs):
    return " ".join(f"{name}={value}" for name, value in pairs)


def write(runs, directory):
    """Store the list of disks and that of the runs."""
    with open(f"{directory}/disks", "w", encoding="utf-8") as out:
        for disk in disks(runs):
            out.write("\t".join((disk.driver, disk.name, str(disk.fill_bytes),
                                 _words(disk.attributes))) + "\n")
    plan.write(runs, directory)
