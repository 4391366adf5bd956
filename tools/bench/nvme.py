# SPDX-License-Identifier: GPL-2.0
"""nvme_c beside the kernel's nvme, on two emulated devices of one machine."""

import itertools
import os
import re

import counted
import machine
import plan
import results
import summary
from plans import nvme as cells

# Names of the interrupts of a driver's I/O queues in /proc/interrupts: queue 0
# takes commands for the controller.
INTERRUPTS = {"nvme": r"nvme\d+q[1-9]\d*", "nvme_c": r"nvmec\d+ ?q[1-9]\d*"}

MEMORY = "3G"


def count_interrupts(text, driver):
    """The interrupts of a driver's I/O queues so far, on all CPUs."""
    name = re.compile(rf"\s{INTERRUPTS[driver]}$")
    lines = [line for line in text.splitlines() if name.search(line)]
    if not lines:
        raise counted.CountError(f"{driver} has no interrupts of I/O queues")
    counts = (itertools.takewhile(str.isdecimal, line.split()[1:])
              for line in lines)
    return sum(int(word) for words in counts for word in words)


class Reader:
    """Reads what the runs of one boot left."""

    def __init__(self, share):
        self.share = share
        self.symbols = None
        self.functions = {}

    def _text(self, name):
        with open(f"{self.share}/{name}", encoding="utf-8") as file:
            return file.read()

    def _count_functions(self, run):
        """{(module, function): Count} of a run, or None."""
        path = f"{self.share}/{run.section}.insn"
        if not os.path.exists(path):
            return None
        if self.symbols is None:
            self.symbols = counted.read_symbols(self._text("kallsyms"))
        return counted.functions_of(self.symbols, path,
                                    cells.MODULES[run.driver])

    def _one(self, run):
        """{metric: value} of a run."""
        text = self._text(f"{run.section}.json")
        ios = results.total_ios(text)[run.section]
        before, after = (
            count_interrupts(self._text(f"{run.section}.{when}"), run.driver)
            for when in ("before", "after"))
        values = dict(results.fio_values(text)[run.section])
        functions = self._count_functions(run)
        if functions is not None:
            total = counted.total(functions)
            values["instructions"] = total.executed / ios
            values["doorbells"] = total.writes / ios
            self.functions[run] = (functions, ios)
        values["interrupts"] = (after - before) / ios
        return values

    def read(self, runs):
        """{section: {metric: value}}"""
        found = {}
        for run in runs:
            try:
                found[run.section] = self._one(run)
            except (OSError, KeyError, UnicodeDecodeError,
                    counted.CountError, results.ResultError) as err:
                raise results.ResultError(
                    f"{self.share}/{run.section}: {err}") from err
        return found


def function_texts(functions):
    """{driver: text}: for each cell, functions by instructions per I/O."""
    sums = {}
    for run, (counts, ios) in functions.items():
        total, all_ios = sums.get((run.driver, run.cell), ({}, 0))
        sums[run.driver, run.cell] = (counted.add(total, counts), all_ios + ios)
    texts = {}
    for (driver, cell), (counts, ios) in sums.items():
        texts[driver] = texts.get(driver, counted.FUNCTIONS_HEAD) + \
            counted.section_text(cell, counts, ios)
    return texts


def _command(clock, kernel, share, timeout):
    devices = ("--nvme", f"size={cells.SPAN >> 20}M") * 2
    # With more than one CPU the plugin's counters are not exact.
    options = ["--cpus", "1", *machine.plugin(share)] if clock == "counted" \
        else ["--cpus", "2"]
    return machine.command("nvme", kernel, share, timeout, MEMORY, *devices,
                           *options)


def carry_out(runs, clock, kernel, share, say):
    """Boot and measure; one clock's part of the summary."""
    plan.write(runs, share)
    reader = Reader(share)
    measured = machine.boot(
        _command(clock, kernel, share, machine.timeout_of(runs)),
        machine.Listener(runs, reader.read, say), share)
    for driver, text in function_texts(reader.functions).items():
        with open(f"{share}/functions-{driver}.txt", "w",
                  encoding="utf-8") as out:
            out.write(text)
    table = summary.collect(runs, measured["values"])
    return summary.of_clock(
        measured, f"a fixed number of I/Os, times {runs[0].factor}",
        summary.rows(table, cells))
