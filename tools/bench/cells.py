# SPDX-License-Identifier: GPL-2.0
"""What is measured: the cells, the drivers, and which of them a run takes.

A cell is one fio workload (store, operation, block size, jobs) or one of the
extra measurements.  Its name is what people type after --cells and what the
result files are called.
"""

import dataclasses

import choose
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

# A higher value is better for these only.
HIGHER_IS_BETTER = ("iops", "zone_write", "timer_iops", "timer_single_iops")


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


def select(clock, full, patterns):
    """Cells of a run: by shell patterns from the matrix, or a preset."""
    if not patterns:
        return matrix(clock) if full else quick(clock)
    return choose.by_patterns(matrix(clock), patterns)


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
