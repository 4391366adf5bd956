# SPDX-License-Identifier: GPL-2.0
"""null_blk_c beside null_blk, floor and brd, by fio: cells, drivers, and their runs.

A cell is one fio workload (store, operation, block size, jobs) or one of the
extra measurements.  Its name is what people type after --cells and what the
result files are called.
"""

import dataclasses

import plan
from choose import CellError

DRIVERS = ("null_blk_c", "null_blk", "floor", "brd")
REFERENCE = "null_blk"

# Which drivers can offer which store: the floor driver keeps no data, and brd
# always does. The floor driver has no zones, either, and stands in for a zoned
# disk that needs no time.
STORE_DRIVERS = {
    "plain": ("null_blk_c", "null_blk", "floor"),
    "mem": ("null_blk_c", "null_blk", "brd"),
    "zone": ("null_blk_c", "null_blk", "floor"),
}

SIZES = {"4k": 4 << 10, "64k": 64 << 10, "1m": 1 << 20}

# Bytes of the disk that a workload touches; a memory-backed disk is this big.
SPAN = 1 << 30

# The same of a zoned disk: one zone of those that guest makes.
ZONE_SPAN = 64 << 20

# Numbers of jobs of one workload, and CPUs of the machine for wall time.
JOBS = (1, 2, 4)
CPUS = 2

# I/Os of one run with a fixed amount.  fio counts time in milliseconds: these
# keep even the fastest driver busy for 160 of them or more.
AMOUNT = {"4k": 50_000, "64k": 10_000, "1m": 800}


@dataclasses.dataclass(frozen=True)
class Cell:
    """One fio workload."""

    store: str
    rw: str
    bs: str
    jobs: int

    kind = "fio"

    @property
    def name(self):
        return f"{self.store}-{self.rw}-{self.bs}-{self.jobs}j"

    @property
    def drivers(self):
        return STORE_DRIVERS[self.store]

    @property
    def family(self):
        """Cells that differ only in their number of jobs."""
        return (self.store, self.rw, self.bs)


@dataclasses.dataclass(frozen=True)
class Extra:
    """A measurement that is not a fio workload; `kind` names its procedure."""

    name: str
    kind: str
    drivers: tuple
    clocks: tuple = ("virtual", "wall")

    @property
    def family(self):
        return (self.name,)


EXTRAS = (
    Extra("store-1g", "store", ("null_blk_c", "null_blk", "brd")),
    Extra("load-1000", "load", ("null_blk_c", "null_blk"), ("wall",)),
    Extra("zone-256m", "zone", ("null_blk_c", "null_blk")),
    Extra("limit", "limit", ("null_blk_c", "null_blk")),
    Extra("timer-10us", "timer", ("null_blk_c", "null_blk")),
    Extra("insn-4k", "insn", ("null_blk_c", "null_blk"), ("virtual",)),
)

# Whose instructions insn-4k counts as a driver's.
MODULES = {"null_blk_c": ("null_blk_c", "mqblk"), "null_blk": ("null_blk",)}

# Values that an extra measurement yields, with their unit.
METRICS = {
    "iops": "IOPS",
    "discard": "s",
    "memory": "bytes/byte",
    "load": "s",
    "unload": "s",
    "zone_write": "MiB/s",
    "zone_reset": "s",
    **{
        f"limit_{mbps}_{block}": "% of asked"
        for mbps in (1, 10, 100, 1000, 10000)
        for block in ("4k", "1m")
    },
    **{
        f"{prefix}_{name}": unit
        for prefix in ("timer", "timer_single")
        for name, unit in (
            ("iops", "IOPS"), ("interrupts", "per I/O"), ("expiries", "per I/O")
        )
    },
    "insn_irqmode0": "insn/IO",
    "insn_irqmode1": "insn/IO",
    "insn_mem": "insn/IO",
}

# Quotients are of the values themselves.
AS_SPEED = ()


def matrix(clock):
    """Every cell that the clock can measure.

    Virtual time runs on one virtual CPU, where a second job only waits for
    the first; and loading a module mostly waits, which virtual time skips.
    """
    cells = [
        Cell(store, rw, bs, j)
        for store in ("plain", "mem")
        for bs in SIZES
        for rw in ("randread", "randwrite")
        for j in (1, 2)
    ]
    cells += [Cell("zone", "randread", "4k", j) for j in (1, 4)]
    if clock == "virtual":
        cells = [c for c in cells if c.jobs == 1]
    return cells + [e for e in EXTRAS if clock in e.clocks]


def _quick_virtual(cell):
    return cell.kind == "store" or (
        cell.kind == "fio"
        and (cell.store == "mem" or (cell.store == "plain" and cell.bs == "4k"))
    )


def _quick_wall(cell):
    if cell.kind != "fio":
        return cell.kind == "load"
    if cell.store == "plain":
        return cell.rw == "randread" and cell.bs == "4k"
    return cell.store == "mem" and cell.bs != "1m"


def quick(clock):
    """The cells that answer the main questions in a few minutes."""
    wanted = _quick_virtual if clock == "virtual" else _quick_wall
    return [c for c in matrix(clock) if wanted(c)]


def parse_drivers(text):
    """A comma-separated list of drivers, in the order of DRIVERS."""
    names = [n for n in text.split(",") if n]
    unknown = [n for n in names if n not in DRIVERS]
    if unknown or not names:
        raise CellError(
            f"unknown driver '{','.join(unknown)}'; "
            f"the drivers are: {', '.join(DRIVERS)}"
        )
    return [d for d in DRIVERS if d in names]


@dataclasses.dataclass(frozen=True)
class Run(plan.Run):
    """One measurement of one driver; `limit` is lines for fio."""

    kind: str
    cell: str
    driver: str
    repeat: int
    batch: str
    store: str = "-"
    rw: str = ""
    bs: str = ""
    jobs: int = 0
    limit: tuple = ()

    def columns(self):
        return (self.store,)

    def job_lines(self):
        return (
            f"filename=${{DISK_{self.driver}_{self.store}}}",
            f"rw={self.rw}",
            f"bs={self.bs}",
            f"numjobs={self.jobs}",
            # Jobs beyond the machine's CPUs share them.
            f"cpus_allowed=0-{min(self.jobs, CPUS) - 1}",
            *([f"size={ZONE_SPAN}"] if self.store == "zone" else []),
            *self.limit,
        )


@dataclasses.dataclass(frozen=True)
class Limit:
    """What ends a run: a time in milliseconds, or a multiple of AMOUNT."""

    milliseconds: int = 0
    factor: int = 0

    def lines(self, bs):
        if self.milliseconds:
            return ("time_based=1", f"runtime={self.milliseconds}ms")
        size = AMOUNT[bs] * self.factor * SIZES[bs]
        return (f"io_size={size}",)

    def __str__(self):
        if self.milliseconds:
            return f"{self.milliseconds / 1000:g} s"
        amounts = (f"{n * self.factor:,} of {bs}" for bs, n in AMOUNT.items())
        return f"a fixed number of I/Os ({', '.join(amounts)})"


def families(selected):
    """Cells grouped by family, in order of first appearance."""
    groups = {}
    for cell in selected:
        groups.setdefault(cell.family, []).append(cell)
    return list(groups.values())


def _turn(group, drivers, repeat):
    """(driver, cell) pairs of one repeat of one family. The runs of a driver with one
    job and with more follow each other, because their quotient is reported."""
    order = group if repeat % 2 else group[::-1]
    able = [d for d in drivers if d in group[0].drivers]
    return [(d, c) for d in plan.rotate(able, repeat - 1) for c in order]


def _make_run(cell, driver, repeat, limit):
    if cell.kind != "fio":
        return Run(cell.kind, cell.name, driver, repeat,
                   f"{cell.name}.{driver}.{repeat}")
    return Run("fio", cell.name, driver, repeat,
               f"repeat-{repeat:02d}-{cell.store}",
               cell.store, cell.rw, cell.bs, cell.jobs, limit.lines(cell.bs))


def make(selected, drivers, repeats, limit, extra_repeats=1):
    """The runs, in order. The extra measurements load and unload modules, so they
    come last."""
    runs = []
    for extra in (False, True):
        groups = families([c for c in selected if (c.kind != "fio") == extra])
        times = extra_repeats if extra else repeats
        for repeat in range(1, times + 1):
            for group in groups:
                runs += [_make_run(cell, driver, repeat, limit)
                         for driver, cell in _turn(group, drivers, repeat)]
    return runs
