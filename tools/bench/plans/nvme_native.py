# SPDX-License-Identifier: GPL-2.0
"""nvme_c beside the kernel's nvme, by the load inside the kernel, on two equal
controllers that are made of code in that kernel."""

import dataclasses

import plan
from plans import native

DRIVERS = ("nvme_c", "nvme")
REFERENCE = "nvme"

# The time of an I/O, what the controller itself takes of it, and the rest.
METRICS = {"ns": "ns", "model": "ns", "rest": "ns"}

# Quotients are of speeds: a driver that takes half the time has 2.
AS_SPEED = ("ns", "rest")

# Bytes of the disk that a workload touches, all of it.
SPAN = 512 << 20

# Bytes of a block, and I/Os of a run at depth 32; one at a time, a fifth of them.
SIZES = {"4k": (4 << 10, 60_000), "16k": (16 << 10, 30_000),
         "128k": (128 << 10, 5000)}


def _cell(operation, size, depth):
    length, ios = SIZES[size]
    return native.Cell(
        f"{operation}-{size}-q{depth}", "nvme", DRIVERS,
        ios if depth > 1 else ios // 5,
        (("span_bytes", SPAN), ("block_bytes", length), ("depth", depth),
         ("batch", min(depth, native.BATCH)),
         ("write_percent", 100 if operation == "write" else 0)))


def matrix(_clock):
    """Every cell."""
    return [_cell(operation, size, depth)
            for size in SIZES
            for operation in ("read", "write")
            for depth in (native.DEPTH, 1)]


def quick(clock):
    """Depth 32, and the shortest read one at a time."""
    return [c for c in matrix(clock) if c.name.endswith(f"-q{native.DEPTH}") or
            c.name == "read-4k-q1"]


@dataclasses.dataclass(frozen=True)
class Run(native.Run):
    """One measurement of one driver, whose disk and whose controller's counts the guest
    has links to."""

    def columns(self):
        return (*super().columns(), f"/run/bench-{self.driver}.counts")


def make(selected, wanted, repeats, first=1):
    """The runs, in order; repeats are numbered from `first` on."""
    return plan.in_turn(
        lambda cell, driver, repeat: Run(cell, driver, repeat,
                                         f"/run/bench-{driver}"),
        selected, lambda cell: [d for d in cell.drivers if d in wanted],
        repeats, first)
