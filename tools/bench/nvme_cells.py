# SPDX-License-Identifier: GPL-2.0
"""What scripts/bench --nvme measures: nvme_c and the kernel's nvme.

The same names as in cells.py, for other drivers and workloads.
"""

import dataclasses

import choose
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

SIZES = {"4k": 4 << 10, "16k": 16 << 10, "128k": 128 << 10}

# I/Os of a run at depth 32 and at depth 1.
AMOUNT = {"4k": (20_000, 4_000), "16k": (20_000, 4_000), "128k": (10_000, 3_000)}

# Bytes of the disk that are used, and written before.
SPAN = 256 << 20

# What fio asks for or takes at once.
BATCH = 16


@dataclasses.dataclass(frozen=True)
class Cell:
    """One fio workload.

    `memory` is where the data lies: "pages" are pages with gaps between them,
    as most memory is; "piece" has no gaps.
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
class Run:
    """One measurement of one driver; `factor` multiplies its I/Os."""

    cell: str
    driver: str
    repeat: int
    what: Cell
    factor: int

    kind = "fio"

    @property
    def section(self):
        return f"{self.cell}.{self.driver}.{self.repeat}"

    @property
    def batch(self):
        return self.section

    def job(self):
        """The run as a section of a job file."""
        cell = self.what
        batch = min(cell.depth, BATCH)
        return "\n".join((
            f"[{self.section}]",
            "stonewall",
            f"filename=${{DISK_{self.driver}}}",
            f"iomem=mmapshared:${{BUFFERS}}/{cell.buffer}",
            f"rw={cell.rw}",
            f"bs={cell.bs}",
            f"size={SPAN}",
            f"io_size={cell.amount * self.factor * SIZES[cell.bs]}",
            f"iodepth={cell.depth}",
            f"iodepth_batch={batch}",
            f"iodepth_batch_complete_min={batch}",
            f"iodepth_batch_complete_max={batch}",
            *(["hipri=1"] if cell.mode == "poll" else []),
        )) + "\n"


def matrix():
    """Every cell."""
    data = [("4k", "pages"), ("16k", "pages"), ("128k", "pages"),
            ("128k", "piece")]
    return [Cell(rw, bs, memory, depth, mode)
            for bs, memory in data
            for rw in ("randread", "randwrite")
            for depth in (1, 32)
            for mode in ("irq", "poll")]


def quick():
    """Reads at depth 32, and the shortest I/O one at a time."""
    return [c for c in matrix() if c.rw == "randread" and
            (c.depth == 32 or c.bs == "4k")]


def select(full, patterns):
    """Cells of a run: by shell patterns from the matrix, or a preset."""
    if not patterns:
        return matrix() if full else quick()
    return choose.by_patterns(matrix(), patterns)


def make_runs(selected, repeats, factor):
    """The runs, in order; each repeat starts with the other driver."""
    return [Run(cell.name, driver, repeat, cell, factor)
            for repeat in range(1, repeats + 1)
            for cell in selected
            for driver in plan.rotate(list(DRIVERS), repeat - 1)]


def write(runs, directory):
    """Store the job file, and the list for the guest."""
    jobs = "\n".join([plan.template()] + [run.job() for run in runs])
    with open(f"{directory}/jobs.fio", "w", encoding="utf-8") as out:
        out.write(jobs)
    with open(f"{directory}/plan", "w", encoding="utf-8") as out:
        for run in runs:
            out.write(f"{run.section}\t{run.what.buffer}\n")
