# SPDX-License-Identifier: GPL-2.0
"""Runs, and the files by which `guest` or load-runs carries them out.

A run measures one driver once.  Drivers are compared in turn: each repeat visits
every driver of a cell, and each repeat starts with another driver, so that a machine
that gets slower or faster in the course of the run does so for all of them.

Some runs that follow each other make a batch: what has ended together, and is read
together.  A batch of fio is one process: to start one takes a virtual machine as long
as a run.  The files are a directory with a job file for each batch of fio, and a list
for whatever carries it out, which needs no knowledge of cells.
"""

import itertools
import os


class Run:
    """What the runs of all plans share. They have a `cell`, a `driver`, a `repeat`, a
    `kind` and a `batch`; those of kind "fio" have lines for fio, job_lines()."""

    @property
    def section(self):
        """The name of the run."""
        return f"{self.cell}.{self.driver}.{self.repeat}"

    def columns(self):
        """What the list says about it beside batch, kind, section and driver."""
        return ()

    def job(self):
        """The run as a section of a job file."""
        return "\n".join((f"[{self.section}]", "stonewall",
                          *self.job_lines())) + "\n"


def rotate(items, by):
    """The list, started at another element."""
    by %= max(len(items), 1)
    return items[by:] + items[:by]


def in_turn(make, selected, drivers_of, repeats, first=1):
    """Runs, in order: each repeat visits all cells, and in each cell all drivers in
    turn. Repeats are numbered from `first` on. So what disturbs the machine for a while
    spoils a repeat of many cells, not all repeats of one."""
    return [make(cell, driver, repeat)
            for repeat in range(first, first + repeats)
            for cell in selected
            for driver in rotate(list(drivers_of(cell)), repeat - 1)]


def batches(runs):
    """(name, runs) of each batch, in order."""
    return [(name, list(group))
            for name, group in itertools.groupby(runs, lambda r: r.batch)]


def _template():
    """What all job files begin with."""
    path = os.path.join(os.path.dirname(__file__), "cell.fio")
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(runs, directory):
    """Store the list and the job files."""
    head = _template()
    for name, group in batches(runs):
        if group[0].kind == "fio":
            with open(f"{directory}/{name}.fio", "w", encoding="utf-8") as out:
                out.write("\n".join([head] + [r.job() for r in group]))
    with open(f"{directory}/plan", "w", encoding="utf-8") as out:
        for run in runs:
            out.write("\t".join((run.batch, run.kind, run.section, run.driver,
                                 *run.columns())) + "\n")
