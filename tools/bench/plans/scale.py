# SPDX-License-Identifier: GPL-2.0
"""Which cache lines CPUs share: two jobs on two CPUs, each on its own part of a disk, and
with a hardware queue of its own where the driver has several.

So nothing that the jobs do is common to them, and a line that both CPUs use and one of
them writes is the driver's or the block layer's.
"""

import dataclasses

import plan
from plans import matrix

MIB = matrix.MIB
CPUS = 2
# Part of a disk that is used, of both jobs together.
SPAN = 8 * MIB
IOS = 4000

_PLAIN = {"irqmode": 0}
_MEM = {"irqmode": 0, "memory_backed": 1, "size": SPAN // MIB}

SUBJECTS = (
    matrix.Subject("null_blk_c", "null_blk_c", "bc", {"plain": _PLAIN, "mem": _MEM},
                   queues="submit_queues"),
    matrix.Subject("null_blk", "null_blk", "bk", {"plain": _PLAIN, "mem": _MEM},
                   queues="submit_queues"),
    matrix.Subject("brd", "brd", "", {"mem": {}}, single="ram0"),
    matrix.Subject("floor", "floor", "", {"plain": {}}, single="mqfloor0",
                   queues="queues"),
    # What is known to be common to all CPUs
    matrix.Subject("null_blk_c+limits", "null_blk_c", "b_li",
                   {"mem": {**_MEM, "mbps": 40960}}, queues="submit_queues"),
    matrix.Subject("null_blk_c+cache", "null_blk_c", "b_ca",
                   {"mem": {**_MEM, "cache_size": 2 * SPAN // MIB}},
                   queues="submit_queues"),
    matrix.Subject("null_blk_c+statistics", "null_blk_c", "b_st", {"mem": _MEM},
                   queues="submit_queues", iostats=True),
)

CELLS = tuple(matrix.Cell(store, operation, "4k", 32, CPUS, SPAN)
              for store, operation in (("plain", "read"), ("mem", "read"),
                                       ("mem", "write")))

# Whose functions are a driver's; mqblk is part of both of ours.
MODULES = {"null_blk_c": ("null_blk_c", "mqblk"), "null_blk": ("null_blk",),
           "brd": ("brd",), "floor": ("mqblk_floor",)}


@dataclasses.dataclass(frozen=True)
class Run(plan.Run):
    """One count."""

    what: matrix.Cell
    subject: matrix.Subject

    repeat = 1
    kind = "load"

    @property
    def cell(self):
        return self.what.name

    @property
    def driver(self):
        return self.subject.name

    @property
    def batch(self):
        return self.section

    @property
    def ios(self):
        return IOS * CPUS

    def columns(self):
        settings = {
            "engine": "disk", "pattern": "sequential", "block_bytes": 4096,
            "span_bytes": SPAN,
            "write_percent": 100 if self.what.operation == "write" else 0,
            "flush_percent": 0, "fua_percent": 0, "batch": 16, "depth": 32,
            "jobs": CPUS, "cpus": f"0-{CPUS - 1}", "ios": IOS, "time_ms": 0, "seed": 1,
            "polled": 0, "verify": 0, "latency": 0}
        return (f"/dev/{self.subject.disk(self.what.store)}",
                matrix.words(settings.items()))


def runs():
    """All counts."""
    return [Run(cell, subject) for cell in CELLS for subject in SUBJECTS
            if cell.store in subject.stores]


def write(wanted, directory):
    """The lists of disks and of runs, for guest-scale.sh."""
    matrix.write(wanted, directory, CPUS)
