# SPDX-License-Identifier: GPL-2.0
"""The regression gate: which I/Os are counted, instruction by instruction.

Cells are few, and short: a count repeats to a fraction of a percent, whatever else the
machine does.  Each tells apart a path through a driver.
"""

import dataclasses

import plan
from plans import matrix

MIB = 1 << 20

# Whose instructions count as a driver's.
MODULES = {"null_blk_c": ("null_blk_c", "mqblk"), "nvme_c": ("nvme_c", "mqblk")}

NVME_MIB = 128

_MEM = {"memory_backed": 1, "size": 64}
STORES = {
    "plain": {},
    "softirq": {"irqmode": 1},
    "mem": _MEM,
    "cache": {**_MEM, "cache_size": 64},
    "zones": {**_MEM, "zoned": 1, "zone_size": 16},
    "limits": {"mbps": 40960},
    "bio": {"queue_mode": 0},
}


@dataclasses.dataclass(frozen=True)
class Cell:
    """One workload on one disk."""

    driver: str
    store: str
    operation: str
    size: str
    depth: int
    ios: int
    pattern: str = "random"

    @property
    def name(self):
        store = "" if self.driver == "nvme_c" else f"{self.store}-"
        return (f"{self.driver}-{store}{self.operation}-{self.size}"
                f"-q{self.depth}")

    @property
    def disk(self):
        return "/run/bench-nvme_c" if self.driver == "nvme_c" \
            else f"/dev/g_{self.store}"

    @property
    def span(self):
        if self.driver == "nvme_c":
            return NVME_MIB * MIB
        return 64 * MIB


def _null(store, operation, size, depth=32, ios=4000, pattern="random"):
    return Cell("null_blk_c", store, operation, size, depth, ios, pattern)


def _nvme(operation, size, depth, ios):
    return Cell("nvme_c", "", operation, size, depth, ios)


CELLS = (
    _null("plain", "read", "4k"),
    _null("plain", "read", "4k", 1),
    _null("plain", "write", "4k"),
    _null("softirq", "read", "4k"),
    _null("bio", "read", "4k"),
    _null("limits", "read", "4k"),
    _null("mem", "read", "512"),
    _null("mem", "read", "4k"),
    _null("mem", "write", "4k"),
    _null("mem", "read", "64k", ios=1000),
    _null("mem", "write", "64k", ios=1000),
    _null("cache", "write", "4k"),
    _null("zones", "write", "64k", ios=1000, pattern="zones"),
    # At depth 1 each I/O has an interrupt, always.
    _nvme("read", "4k", 1, 2000),
    _nvme("write", "4k", 1, 2000),
    _nvme("read", "64k", 1, 1000),
)


@dataclasses.dataclass(frozen=True)
class Run(plan.Run):
    """One count."""

    what: Cell

    repeat = 1
    kind = "load"

    @property
    def cell(self):
        return self.what.name

    @property
    def driver(self):
        return self.what.driver

    @property
    def batch(self):
        return self.section

    def columns(self):
        cell = self.what
        settings = {
            "engine": "disk", "pattern": cell.pattern,
            "block_bytes": matrix.SIZES[cell.size], "span_bytes": cell.span,
            "write_percent": 100 if cell.operation == "write" else 0,
            "flush_percent": 0, "fua_percent": 0,
            "batch": min(16, cell.depth), "depth": cell.depth, "jobs": 1,
            "cpus": "", "ios": cell.ios, "time_ms": 0, "seed": 1, "polled": 0,
            "verify": 0, "latency": 0}
        return (cell.disk, matrix.words(settings.items()))


def write(runs, directory):
    """The lists of disks and of runs, for guest-gate.sh."""
    stores = dict.fromkeys(r.what.store for r in runs if r.driver == "null_blk_c")
    with open(f"{directory}/disks", "w", encoding="utf-8") as out:
        for store in stores:
            attributes = {"irqmode": 0, **STORES[store]}
            fill = 64 * MIB if attributes.get("memory_backed") \
                and not attributes.get("zoned") else 0
            out.write("\t".join(("null_blk_c", f"g_{store}", str(fill),
                                 matrix.words(attributes.items()), "-", "-")) + "\n")
    plan.write(runs, directory)
