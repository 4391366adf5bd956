# SPDX-License-Identifier: GPL-2.0
"""scripts/bench --gate: does an I/O take more instructions than it did?

Instructions in the text of our modules are counted by a plugin of QEMU.  Each driver has a
machine of its own: null_blk_c one with -icount, where timers come when they came the last
time.  With that, time leaps to the next timer while QEMU does the I/O of a device, and a
driver that waits for one sees its requests time out; so nvme_c has a machine without, and
cells in which each I/O has an interrupt.  What an I/O takes, function by function,
is compared with figures in the tree (gate.json): who makes a driver slower, sees
by how much and where, and either mends it or records the new figures with a reason.

Another compiler makes other code of the same source, another kernel has other headers, and
another QEMU offers another processor, for which the kernel patches itself otherwise.
Figures of such a machine are not comparable, and nothing is counted there.
"""

import json
import os

import counted
import machine
import native
from fault import BenchError
from plans import gate as cells
from results import ResultError

FIGURES = f"{machine.TOP}/tools/bench/gate.json"

# More than this is worse; less than that is better, and to be recorded.
WORSE = 1.01
BETTER = 0.99

# A function that takes so many instructions more for each I/O is named.
NAMED = 0.05

MEMORY = "2G"


# --- what was counted --------------------------------------------------------

class Reader:
    """Reads what the guest left: {cell: {"total", "functions": {name: per I/O}}}."""

    def __init__(self, share):
        self.share = share
        self.symbols = None
        self.cells = {}

    def _symbols(self):
        if self.symbols is None:
            with open(f"{self.share}/kallsyms", encoding="utf-8") as file:
                self.symbols = counted.read_symbols(file.read())
        return self.symbols

    def _one(self, run):
        with open(f"{self.share}/{run.section}.load", encoding="utf-8") as file:
            report = native.read_reports(file.read())[run.section]
        if report["state"] != "done" or int(report["errors"]) or \
                int(report["ios"]) != run.what.ios:
            raise ResultError(f"{run.section}: {report['ios']} I/Os of "
                              f"{run.what.ios}, {report['errors']} failed")
        functions = counted.functions_of(
            self._symbols(), f"{self.share}/{run.section}.insn",
            cells.MODULES[run.driver])
        return per_io(functions, run.what.ios)

    def read(self, runs):
        """For the listener: {section: {metric: value}}."""
        found = {}
        for run in runs:
            try:
                self.cells[run.cell] = self._one(run)
            except (OSError, KeyError, ValueError, counted.CountError) as err:
                raise ResultError(f"{self.share}/{run.section}: {err}") from err
            found[run.section] = {"insn": self.cells[run.cell]["total"]}
        return found


def per_io(functions, ios):
    """A cell's figures: what no I/O needs is left out."""
    return {"total": round(counted.total(functions).executed / ios, 2),
            "functions": {f"{module}:{name}": round(count.executed / ios, 2)
                          for (module, name), count in sorted(functions.items())
                          if count.executed / ios >= 0.005}}


def _options(driver):
    """Of the machine of a driver."""
    if driver == "nvme_c":
        return ["--cpus", "1", "--nvme", f"size={cells.NVME_MIB}M"]
    return ["--icount"]


def _count(runs, driver, kernel, share, say):
    os.makedirs(share)
    cells.write(runs, share)
    reader = Reader(share)
    words = machine.command("gate", kernel, share, machine.timeout_of(runs), MEMORY,
                            *_options(driver), *machine.plugin(share))
    measured = machine.boot(words, machine.Listener(runs, reader.read, say), share)
    if measured["without"]:
        raise BenchError("; ".join(f"{name}: {why}" for name, why
                                   in measured["without"].items()))
    return reader.cells


def carry_out(selected, kernel, share, say):
    """Boot and count; {cell: figures}."""
    found = {}
    for driver in cells.MODULES:
        runs = [cells.Run(cell) for cell in selected if cell.driver == driver]
        if runs:
            found.update(_count(runs, driver, kernel, f"{share}/{driver}", say))
    return found


# --- beside what it was ------------------------------------------------------

def grown(was, now):
    """(function, was, now) of those that take more than before, the most first."""
    names = {**was["functions"], **now["functions"]}
    found = [(name, was["functions"].get(name, 0), now["functions"].get(name, 0))
             for name in names]
    return sorted((f for f in found if f[2] - f[1] > NAMED),
                  key=lambda f: f[1] - f[2])


def compare(figures, found):
    """(lines of text, cells that are worse, whether some are better)."""
    lines, worse, better = [], [], False
    for cell, now in found.items():
        was = figures.get(cell)
        if was is None:
            lines.append(f"{cell:42} {now['total']:9.2f}  not recorded yet")
            worse.append(cell)
            continue
        change = now["total"] / was["total"]
        word = "WORSE" if change > WORSE else \
            "better" if change < BETTER else "same"
        lines.append(f"{cell:42} {now['total']:9.2f}  was {was['total']:9.2f}  "
                     f"{change - 1:+8.2%}  {word}")
        better |= change < BETTER
        if change > WORSE:
            worse.append(cell)
            lines += [f"    {name:50} {after:9.2f}  was {before:9.2f}  "
                      f"{after - before:+8.2f}"
                      for name, before, after in grown(was, now)]
    return lines, worse, better


def read_figures(path=FIGURES):
    """What is recorded: {"machine": {...}, "cells": {...}}."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {"machine": {}, "cells": {}}
    except ValueError as err:
        raise BenchError(f"{path}: {err}") from err


def record(found, about, path=FIGURES):
    """Make these the figures to compare with; cells that were not counted stay."""
    kept = read_figures(path)["cells"]
    order = {cell.name: n for n, cell in enumerate(cells.CELLS)}
    both = {**{c: f for c, f in kept.items() if c in order}, **found}
    with open(path, "w", encoding="utf-8") as out:
        json.dump({"machine": about,
                   "cells": dict(sorted(both.items(),
                                        key=lambda item: order[item[0]]))},
                  out, indent=1)
        out.write("\n")


def why_not(about, path=FIGURES):
    """Why this machine's counts say nothing beside the figures, as text, or ""."""
    recorded = read_figures(path)["machine"]
    other = [f"  {name}: here {about.get(name) or 'unknown'}; recorded with {value}"
             for name, value in recorded.items() if about.get(name) != value]
    if not other:
        return ""
    return "\n".join([
        "not comparable: the figures of tools/bench/gate.json are of another machine:",
        *other,
        "To compare two commits here, check out the first and record its figures: "
        "scripts/bench --gate --record"])


def _advice(worse, better, cells_counted):
    if worse:
        return ["", f"{len(worse)} of {cells_counted} cells are more than 1 % worse, or "
                "not recorded. Mend it, or say why in the",
                "commit that records the new figures: scripts/bench --gate --record"]
    if better:
        return ["", "Some are better: record them, or the next who makes them worse "
                "is not told: scripts/bench --gate --record"]
    return []


def judge(found, recording=False, path=FIGURES):
    """(text, whether it is good). Who is recording needs no advice to do so."""
    lines, worse, better = compare(read_figures(path)["cells"], found)
    head = ["Instructions of an I/O in the driver's own modules:", ""]
    if not recording:
        lines += _advice(worse, better, len(found))
    return "\n".join(head + lines) + "\n", not worse
