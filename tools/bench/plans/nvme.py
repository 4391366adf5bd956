# SPDX-License-Identifier: GPL-2.0
"""nvme_c beside the kernel's nvme, by fio: cells and their runs."""

import dataclasses

import plan

DRIVERS = ("nvme_c", "nvme")
REFERENCE = "nvme"

# Whose instructions are a driver's.
MODULES = {"nvme_c": ("nvme_c", "mqblk"), "nvme": ("nvme", "nvme_core")}

METRICS = {
    "iops": "IOPS",
    "instructions": "per I/O",
    "doorbells": "per I/O",
    "interrupts": "per I/O",
}

# Quotients are of the values themselves.
AS_SPEED = ()

SIZES = {"4k": 4 << 10, "16k": 16 << 10, "128k": 128 << 10}

# I/Os of a run at depth 32 and at depth 1.
AMOUNT = {"4k": (20_000, 4_000), "16k": (20_000, 4_000), "128k": (10_000, 3_000)}

# Bytes of the disk that are used, and written before.
SPAN = 256 << 20

# What fio asks for or takes at once.
BATCH = 16

# What fio is told beside. A character device cannot be opened for direct I/O.
MODE_LINES = {
    "irq": (),
    "poll": ("hipri=1",),
    "cmd": ("ioengine=io_uring_cmd", "cmd_type=nvme", "direct=0"),
}


@dataclasses.dataclass(frozen=True)
class Cell:
    """One fio workload.

    `memory` is where the data lies: "pages" are pages with gaps between them,
    as most memory is; "piece" has no gaps. `mode` is "irq", "poll", or "cmd": commands
    of user space by io_uring on the namespace's character device.
    """

    rw: str
    bs: str
    memory: str
    depth: int
    mode: str

    @property
    def name(self):
        memory = "-piece" if self.memory == "piece" else ""
        return f"{self.rw}-{self.bs}{memory}-q{self.depth}-{self.mode}"

    @property
    def buffer(self):
        """The file that is fio's buffer: its size is not the same for all."""
        return f"{self.memory}-{self.bs}-q{self.depth}"

    @property
    def amount(self):
        return AMOUNT[self.bs][self.depth == 1]


@dataclasses.dataclass(frozen=True)
class Run(plan.Run):
    """One measurement of one driver; `factor` multiplies its I/Os."""

    what: Cell
    driver: str
    repeat: int
    factor: int

    kind = "fio"

    @property
    def cell(self):
        return self.what.name

    @property
    def batch(self):
        return self.section

    def columns(self):
        return (self.what.buffer,)

    def job_lines(self):
        cell = self.what
        batch = min(cell.depth, BATCH)
        node = "GENERIC" if cell.mode == "cmd" else "DISK"
        return (
            f"filename=${{{node}_{self.driver}}}",
            f"iomem=mmapshared:${{BUFFERS}}/{cell.buffer}",
            f"rw={cell.rw}",
            f"bs={cell.bs}",
            f"size={SPAN}",
            f"io_size={cell.amount * self.factor * SIZES[cell.bs]}",
            f"iodepth={cell.depth}",
            f"iodepth_batch={batch}",
            f"iodepth_batch_complete_min={batch}",
            f"iodepth_batch_complete_max={batch}",
            *MODE_LINES[cell.mode],
        )


def matrix(_clock):
    """Every cell, on each clock."""
    data = [("4k", "pages"), ("16k", "pages"), ("128k", "pages"),
            ("128k", "piece")]
    return [Cell(rw, bs, memory, depth, mode)
            for bs, memory in data
            for rw in ("randread", "randwrite")
            for depth in (1, 32)
            for mode in MODE_LINES]


def quick(clock):
    """Reads at depth 32, and the shortest I/O one at a time."""
    return [c for c in matrix(clock) if c.rw == "randread" and
            (c.depth == 32 or c.bs == "4k")]


def make(selected, repeats, factor):
    """The runs, in order."""
    return plan.in_turn(
        lambda cell, driver, repeat: Run(cell, driver, repeat, factor),
        selected, lambda cell: DRIVERS, repeats)
