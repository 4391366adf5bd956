# SPDX-License-Identifier: GPL-2.0
"""The order of the runs of a native clock, and the files for the guest.

Each repeat visits all cells, and in each cell all drivers in turn, starting with
another one than the repeat before; so that what disturbs the machine for a while
spoils a repeat of many cells, not all repeats of one.
"""

import dataclasses

import native_cells as cells
import plan

HEAD = {
    "engine": "disk", "pattern": "random", "block_bytes": 4096,
    "write_percent": 0, "flush_percent": 0, "fua_percent": 0,
    "batch": cells.BATCH, "depth": cells.DEPTH, "time_ms": 0,
    "polled": 0, "verify": 0, "latency": 0, "cpus": "",
}


@dataclasses.dataclass(frozen=True)
class Run:
    """One measurement of one driver."""

    what: cells.Cell
    driver: str
    repeat: int

    kind = "load"

    @property
    def cell(self):
        return self.what.name

    @property
    def section(self):
        return f"{self.cell}.{self.driver}.{self.repeat}"

    @property
    def batch(self):
        return f"repeat-{self.repeat:02d}"

    @property
    def store(self):
        return "-" if self.driver in cells.LIMITS else self.what.store

    @property
    def disk(self):
        return disk_name(self.driver, self.what.store)

    def settings(self):
        """Attributes of mqblk_load, all of them, but for the disk's path."""
        found = {**HEAD, **dict(self.what.settings), "jobs": self.what.jobs,
                 "ios": self.what.ios, "seed": self.repeat}
        if self.driver in cells.LIMITS:
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
    if driver in cells.SINGLE:
        return cells.SINGLE[driver]
    return {"null_blk_c": "bc_", "null_blk": "bk_",
            "null_blk-4k": "b4_"}[driver] + store


def _disk(driver, store):
    attributes = dict(cells.STORES[store])
    if driver == "null_blk-4k":
        attributes["blocksize"] = 4096
    if driver in cells.SINGLE:
        attributes = cells.PARAMETERS.get((driver, store), {})
    return Disk(cells.MODULE_OF.get(driver, driver), disk_name(driver, store),
                tuple(attributes.items()), cells.FILLED.get(store, 0))


def disks(runs):
    """The disks that some runs need, in order."""
    return list(dict.fromkeys(_disk(r.driver, r.what.store) for r in runs
                              if r.driver not in cells.LIMITS))


def make(selected, drivers, repeats, first=1):
    """The runs, in order; repeats are numbered from `first` on."""
    return [Run(cell, driver, repeat)
            for repeat in range(first, first + repeats)
            for cell in selected
            for driver in plan.rotate([d for d in cell.drivers if d in drivers],
                                      repeat - 1)]


def _words(pairs):
    return " ".join(f"{name}={value}" for name, value in pairs)


def plan_line(run, path):
    """A run for load-runs: columns with tabs between."""
    return "\t".join((run.section, run.batch, path or "-",
                      _words(run.settings().items()))) + "\n"


def write(runs, directory, path_of=lambda run: f"/dev/{run.disk}"):
    """Store the list of disks and the plan."""
    with open(f"{directory}/disks", "w", encoding="utf-8") as out:
        for disk in disks(runs):
            out.write("\t".join((disk.driver, disk.name, str(disk.fill_bytes),
                                 _words(disk.attributes))) + "\n")
    with open(f"{directory}/plan", "w", encoding="utf-8") as out:
        for run in runs:
            path = "" if run.driver in cells.LIMITS else path_of(run)
            out.write(plan_line(run, path))
