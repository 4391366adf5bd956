# SPDX-License-Identifier: GPL-2.0
"""What the native clocks measure: cells for the load inside the kernel.

A cell is a workload of mqblk_load on one store; a store is a disk of each driver
with the same settings.  The same names as in cells.py, for the clocks "native",
with one CPU, and "smp", which compares one job with two.
"""

import dataclasses

import choose

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


def select(clock, full, patterns):
    """Cells of a run: by shell patterns from the matrix, or all."""
    del full
    if not patterns:
        return matrix(clock)
    return choose.by_patterns(matrix(clock), patterns)


def drivers(names):
    """Ours, for a list of names as in cells.py: null_blk stands for both of its
    block sizes, and limits come along."""
    return [d for d in DRIVERS
            if d in LIMITS or MODULE_OF.get(d, d) in names]
