# SPDX-License-Identifier: GPL-2.0
"""The folder of a matrix: what was asked for, what was measured so far, and what is left.

::

   matrix.json               what was asked for
   raw/CLOCK/machine-NN/     what one machine was told (disks, plan), and what it is (facts)
   raw/CLOCK/machine-NN/BATCH.load    what the load reported of one batch of runs
   raw/CLOCK/machine-NN/without       drivers that it lacks, a line each

A batch is one sample of one cell.  Its file is whole, or the batch is measured again by
the next machine: nothing else has to be remembered when a run is interrupted.  A machine
carries out what is left of one boot of the plan; a boot that was interrupted has two, and
they count as different boots.
"""

import contextlib
import json
import os
import re

import native
from plan import batches
from results import ResultError

PLAN = "matrix.json"
SUMMARY = "summary.json"


class Folder:
    """One folder of results; `values` reads a run's report."""

    def __init__(self, path, values):
        self.path = path
        self.values = values

    def machines(self, clock):
        """Directories of the machines of a clock, in the order they ran."""
        top = f"{self.path}/raw/{clock}"
        names = os.listdir(top) if os.path.isdir(top) else []
        return [f"{top}/{name}" for name in sorted(names)
                if re.fullmatch(r"machine-\d+", name)]

    def new_machine(self, clock):
        """A directory for the next machine of a clock."""
        path = f"{self.path}/raw/{clock}/machine-" \
               f"{len(self.machines(clock)) + 1:02d}"
        os.makedirs(path)
        return path

    def without(self, clock):
        """{driver: why} of a clock's machines."""
        found = {}
        for path in self.machines(clock):
            with contextlib.suppress(OSError), \
                    open(f"{path}/without", encoding="utf-8") as file:
                found.update(line.rstrip("\n").split(" ", 1) for line in file)
        return found

    def _read(self, batch, machine):
        """{section: values} of a batch, or None where it is not whole."""
        if not os.path.exists(f"{machine}/{batch[0].batch}.load"):
            return None
        try:
            return native.read(batch, machine, self.values)
        except ResultError:
            return None

    def measured(self, clock, runs):
        """{run: (number of the machine, values)} of what is there."""
        found = {}
        missing = self.without(clock)
        runs = [run for run in runs if run.driver not in missing]
        for _name, batch in batches(runs):
            for number, machine in enumerate(self.machines(clock), 1):
                values = self._read(batch, machine)
                if values:
                    found.update({run: (number, values[run.section])
                                  for run in batch})
                    break
        return found

    def left(self, clock, runs):
        """The runs that are still to be carried out."""
        done, missing = self.measured(clock, runs), self.without(clock)
        return [run for run in runs
                if run not in done and run.driver not in missing]


def write_plan(path, asked):
    """Store what was asked for."""
    os.makedirs(path, exist_ok=True)
    with open(f"{path}/{PLAN}.part", "w", encoding="utf-8") as out:
        json.dump(asked, out, indent=1)
        out.write("\n")
    os.rename(f"{path}/{PLAN}.part", f"{path}/{PLAN}")


def read_plan(path):
    """What was asked for, or None where this is no such folder."""
    try:
        with open(f"{path}/{PLAN}", encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def is_complete(path):
    """Was everything measured, and told?"""
    return os.path.exists(f"{path}/{SUMMARY}")


def unfinished(directory, asked):
    """The newest folder below a directory that asks for the same and is not complete,
    or None."""
    names = os.listdir(directory) if os.path.isdir(directory) else []
    for name in sorted(names, reverse=True):
        path = os.path.join(directory, name)
        if name.startswith("matrix-") and not is_complete(path) \
                and read_plan(path) == asked:
            return path
    return None
