# SPDX-License-Identifier: GPL-2.0
"""The order of the runs.

Drivers are compared in turn: each repeat visits every driver of a cell, and
each repeat starts with another driver, so that a machine that gets slower or
faster in the course of the run does so for all of them.  The runs of a driver
with one job and with more follow each other, because their quotient is
reported.

Runs of one repeat on one store make a batch, which is one process of fio: to
start one takes a virtual machine as long as a run.  The plan is a directory
with a job file for each batch, and a list for whatever carries it out, which
needs no knowledge of cells.
"""

import dataclasses
import itertools
import os

import cells

# Columns of the list.
FIELDS = ("batch", "kind", "section", "driver", "store")


@dataclasses.dataclass(frozen=True)
class Run:
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

    @property
    def section(self):
        return f"{self.cell}.{self.driver}.{self.repeat}"

    def job(self):
        """The run as a section of a job file."""
        return "\n".join((
            f"[{self.section}]",
            "stonewall",
            f"filename=${{DISK_{self.driver}_{self.store}}}",
            f"rw={self.rw}",
            f"bs={self.bs}",
            f"numjobs={self.jobs}",
            # Jobs beyond the machine's CPUs share them.
            f"cpus_allowed=0-{min(self.jobs, cells.CPUS) - 1}",
            *([f"size={cells.ZONE_SPAN}"] if self.store == "zone" else []),
            *self.limit,
        )) + "\n"


@dataclasses.dataclass(frozen=True)
class Limit:
    """What ends a run: a time in milliseconds, or a multiple of AMOUNT."""

    milliseconds: int = 0
    factor: int = 0

    def lines(self, bs):
        if self.milliseconds:
            return ("time_based=1", f"runtime={self.milliseconds}ms")
        size = cells.AMOUNT[bs] * self.factor * cells.SIZES[bs]
        return (f"io_size={size}",)

    def __str__(self):
        if self.milliseconds:
            return f"{self.milliseconds / 1000:g} s"
        amounts = (f"{n * self.factor:,} of {bs}"
                   for bs, n in cells.AMOUNT.items())
        return f"a fixed number of I/Os ({', '.join(amounts)})"


def rotate(items, by):
    """The list, started at another element."""
    by %= max(len(items), 1)
    return items[by:] + items[:by]


def families(selected):
    """Cells grouped by family, in order of first appearance."""
    groups = {}
    for cell in selected:
        groups.setdefault(cell.family, []).append(cell)
    return list(groups.values())


def _turn(group, drivers, repeat):
    """(driver, cell) pairs of one repeat of one family."""
    order = group if repeat % 2 else group[::-1]
    able = [d for d in drivers if d in group[0].drivers]
    return [(d, c) for d in rotate(able, repeat - 1) for c in order]


def _make_run(cell, driver, repeat, limit):
    if cell.kind != "fio":
        return Run(cell.kind, cell.name, driver, repeat,
                   f"{cell.name}.{driver}.{repeat}")
    return Run("fio", cell.name, driver, repeat,
               f"repeat-{repeat:02d}-{cell.store}",
               cell.store, cell.rw, cell.bs, cell.jobs, limit.lines(cell.bs))


def make(selected, drivers, repeats, limit, extra_repeats=1):
    """The runs, in order.

    The extra measurements load and unload modules, so they come last.
    """
    runs = []
    for extra in (False, True):
        groups = families([c for c in selected if (c.kind != "fio") == extra])
        times = extra_repeats if extra else repeats
        for repeat in range(1, times + 1):
            for group in groups:
                runs += [_make_run(cell, driver, repeat, limit)
                         for driver, cell in _turn(group, drivers, repeat)]
    return runs


def batches(runs):
    """(name, runs) of each batch, in order."""
    return [(name, list(group))
            for name, group in itertools.groupby(runs, lambda r: r.batch)]


def template():
    """What all job files begin with."""
    path = os.path.join(os.path.dirname(__file__), "cell.fio")
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(runs, directory):
    """Store the list and the job files."""
    head = template()
    for name, group in batches(runs):
        if group[0].kind == "fio":
            with open(f"{directory}/{name}.fio", "w", encoding="utf-8") as out:
                out.write("\n".join([head] + [r.job() for r in group]))
    with open(f"{directory}/plan", "w", encoding="utf-8") as out:
        for run in runs:
            out.write("\t".join(getattr(run, f) for f in FIELDS) + "\n")
