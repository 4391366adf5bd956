# SPDX-License-Identifier: GPL-2.0
"""scripts/bench --matrix: many cells, several boots, and a folder that an interrupted
run goes on in."""

import contextlib
import dataclasses
import json
import os
import time

import busy
import folder
import host
import latency
import machine
import native
import nvme_native
import tally
from fault import BenchError
from plans import matrix as cells
from progress import Progress, clock_text
from results import ResultError

# With rnull, or without where no Rust compiler can be had.
KERNELS = {"native": ("uml-rust", "uml"), "smp": ("uml-rust-smp", "uml-smp"),
           "model": (nvme_native.KERNEL,)}
# The guest's part, where it is not the one of null block devices.
GUEST, GUESTS = "matrix", {"model": "nvme_native"}
# That kernel's NR_CPUS
MOST_CPUS = 8

MEMORY = "6G"
SECONDS_BETWEEN = 20

# Machines that may die in one boot of the plan: a night is not to end for one.
ATTEMPTS = 3


def cpus_of(clock):
    """CPUs of a clock's machine."""
    have = len(os.sched_getaffinity(0))
    return {"smp": min(have, MOST_CPUS), "host": have}.get(clock, 1)


def values_of(run, report):
    """{metric: value} of a run."""
    if report.get("state") != "done" or int(report["errors"]):
        raise ResultError(f"{run.section}: {report.get('errors')} I/Os failed")
    ns = float(report["ns_per_io"])
    if ns <= 0 or not int(report["ios"]):
        raise ResultError(f"{run.section}: too short for the kernel's clock")
    if run.what.latency:
        return {"took": latency.read(run, report),
                "took_ns": latency.total_ns(report)}
    found = {"ns": ns}
    if "model_ns" in report:
        found["rest"] = ns - int(report["model_ns"]) / int(report["ios"])
        if not 0 < found["rest"] < ns:
            raise ResultError(f"{run.section}: the controller took {report['model_ns']} "
                              f"ns of {report['ios']} I/Os of {ns} ns")
    return found


# --- progress ----------------------------------------------------------------

class Pace(Progress):
    """Of many short runs in some machines: a line now and then."""

    def __init__(self, runs, machines, say, now=time.monotonic):
        super().__init__(runs, say, now)
        self.machines = machines   # that have not begun
        self.boot_seconds = 0
        self.measuring = 0
        self.number = 0
        self.said = now()

    def boot(self):
        """A machine is being started."""
        self.machines -= 1
        self.start = self.now()

    def begin(self):
        """Its disks are there."""
        self.boot_seconds = self.now() - self.start
        self.start = self.now()

    def _rest(self):
        return self.measuring / self.number * len(self.left) + \
            self.boot_seconds * max(self.machines, 0)

    def done(self, runs):
        """These runs have ended."""
        gone = set(runs)
        self.left = [run for run in self.left if run not in gone]
        self.number += len(runs)
        now = self.now()
        self.measuring, self.start = self.measuring + now - self.start, now
        if now - self.said < SECONDS_BETWEEN and self.left:
            return
        self.said = now
        self.say(f"{self.total - len(self.left):5} of {self.total} runs done, "
                 f"about {clock_text(self._rest())} left")


class Listener(machine.Listener):
    """Leaves in the folder which drivers are not there."""

    def __init__(self, runs, share, pace, say):
        super().__init__(
            runs, lambda ended: native.read(ended, share, values_of), say)
        self.progress = pace
        self.share = share

    def hear(self, line):
        if line.startswith("without "):
            with open(f"{self.share}/without", "a", encoding="utf-8") as out:
                out.write(line.removeprefix("without ") + "\n")
        super().hear(line)


# --- what is asked for -------------------------------------------------------

def preset_of(options):
    """The preset, with what options say otherwise."""
    preset = cells.PRESETS["full" if options.full else "quick"]
    changed = {name: value for name in ("samples", "boots")
               if (value := getattr(options, name))}
    if options.host:
        changed["boots"] = 1
    preset = dataclasses.replace(preset, **changed)
    if preset.samples < preset.boots:
        raise BenchError(f"--samples {preset.samples}: each of {preset.boots} boots "
                         "needs one; see --boots", 2)
    return preset


def subjects_of(options):
    """The subjects asked for; ours is always there, as the others stand beside it."""
    subjects = cells.SETS[set_of(options)]
    if not options.drivers:
        return subjects
    known = [s.name for s in subjects]
    wanted = [n for n in options.drivers.split(",") if n]
    unknown = [n for n in wanted if n not in known]
    if unknown or not wanted:
        raise BenchError(f"unknown subject '{','.join(unknown)}'; the subjects are: "
                         + ", ".join(known), 2)
    return tuple(s for s in subjects if s.name in wanted or s is subjects[0])


def set_of(options):
    """The name of the set of subjects."""
    return "features" if options.features else "nvme" if options.nvme else "drivers"


def clocks_of(options):
    """The clocks of the set that were asked for."""
    if options.host:
        return ("host",)
    clocks = cells.CLOCKS[set_of(options)]
    return clocks[:1] if options.kernel else clocks


def cells_of(options, clock):
    """All cells of a clock, of the preset."""
    return cells.matrix(preset_of(options), clock, cpus_of(clock), set_of(options))


def asked(options, kernels, selected, disks=()):
    """What makes two runs the same, so that one may go on with the other's folder."""
    preset = preset_of(options)
    return {
        **({"disks": sorted(f"{d.driver}={d.path}" for d in disks)} if disks else {}),
        "set": set_of(options), "samples": preset.samples, "boots": preset.boots,
        "time_ms": preset.time_ms,
        "subjects": [s.name for s in subjects_of(options)],
        "cells": {clock: [c.name for c in selected[clock]] for clock in kernels},
        # Its directory is named after configuration, compiler and our drivers.
        "kernels": {clock: "/".join(str(kernel).split("/")[-2:])
                    for clock, kernel in kernels.items()},
    }


def choose_kernel(clock, asked_for, build, say):
    """What to boot."""
    if asked_for and not asked_for.startswith("uml"):
        return asked_for
    if asked_for:
        return native.test_kernel(asked_for, build)
    for name in KERNELS[clock][:-1]:
        try:
            return native.test_kernel(name, build)
        except BenchError as err:
            say(f"rnull is left out: {err}")
    return native.test_kernel(KERNELS[clock][-1], build)


# --- measuring ---------------------------------------------------------------

def _command(clock, kernel, share, runs):
    cpus = cpus_of(clock)
    have = sorted(os.sched_getaffinity(0))
    timeout = native.SECONDS_BEFORE + native.SECONDS_PER_RUN * len(runs)
    return ["taskset", "-c", ",".join(map(str, have[-cpus:])),
            *machine.command(GUESTS.get(clock, GUEST), kernel, share, timeout, MEMORY,
                             "--cpus", str(cpus))]


def boot(clock, kernel, share, runs, pace, say):
    """One machine, for some runs; what it leaves is in `share`."""
    cells.write(runs, share, cpus_of(clock))
    watch = busy.Watch()
    pace.boot()
    machine.boot(_command(clock, kernel, share, runs),
                 Listener(runs, share, pace, say), share)
    with open(f"{share}/others", "w", encoding="utf-8") as out:
        json.dump(watch.facts(), out)


def on_disks(plans, disks):
    """The plans, with the paths of disks that are there, and without what has none."""
    paths = {(disk.driver, disk.store): disk.path for disk in disks}
    return {clock: {boot: [dataclasses.replace(run, path=paths[run.driver, run.what.store])
                           for run in runs if (run.driver, run.what.store) in paths]
                    for boot, runs in boots.items()}
            for clock, boots in plans.items()}


def _note_host(share, facts, settings):
    """As a guest would."""
    with open(f"{share}/facts", "w", encoding="utf-8") as out:
        out.writelines(f"{name} {value}\n" for name, value in facts.items())
        out.writelines(f"{driver}:{name} {value}\n" for driver, some in settings.items()
                       for name, value in some.items())


def boot_on(disks):
    """What measures on this machine's disks instead of booting one."""
    def boot_one(_clock, _kernel, share, runs, pace, say):
        watch = busy.Watch()
        cells.write(runs, share)
        listener = Listener(runs, share, pace, say)

        def measure():
            pace.begin()
            native.follow_load(share, listener)
            return listener.values, watch.facts()

        pace.boot()
        found = host.measure(disks, measure, say)
        _note_host(share, found["facts"], found["settings"])

    return boot_one


def carry_out(where, plans, kernels, say, boot_one=boot):
    """What is left of the plans, {clock: {boot: runs}}."""
    left = {(clock, number): where.left(clock, runs)
            for clock, boots in plans.items() for number, runs in boots.items()}
    left = {key: runs for key, runs in left.items() if runs}
    total = sum(len(r) for boots in plans.values() for r in boots.values())
    remaining = sum(map(len, left.values()))
    say(f"{total} runs in {sum(map(len, plans.values()))} boots"
        + (f"; {total - remaining} of them are there" if remaining < total else ""))
    pace = Pace([run for runs in left.values() for run in runs], len(left), say)
    for (clock, number), runs in left.items():
        say(f"boot {number} of {len(plans[clock])}, {clock}")
        _try(where, clock, kernels[clock], runs, pace, say, boot_one)


def _try(where, clock, kernel, runs, pace, say, boot_one):
    """One boot of the plan; if its machine dies, another one does the rest."""
    for attempt in range(1, ATTEMPTS + 1):
        # What an earlier machine of this run lacked is not waited for.
        runs = where.left(clock, runs)
        if not runs:
            return
        try:
            boot_one(clock, kernel, where.new_machine(clock), runs, pace, say)
            return
        except BenchError as err:
            if attempt == ATTEMPTS:
                raise
            say(f"another machine does the rest: {err}")


# --- what comes of it --------------------------------------------------------

def _facts(where, clocks):
    found = {}
    for clock in clocks:
        for share in where.machines(clock):
            facts, settings = {}, {}
            with contextlib.suppress(OSError):
                facts, settings = machine.read_facts(f"{share}/facts")
            with contextlib.suppress(OSError, ValueError), \
                    open(f"{share}/others", encoding="utf-8") as file:
                facts.update(json.load(file))
            found[f"{clock}/{os.path.basename(share)}"] = {
                "facts": facts, "settings": settings}
    return found


def summarise(where, plans, subjects, which):
    """The part of the summary that was measured."""
    measured = {}
    for clock, boots in plans.items():
        measured.update(where.measured(
            clock, [run for runs in boots.values() for run in runs]))
    if not measured:
        raise BenchError("none of the subjects is there")
    table = tally.rows(tally.samples(measured), subjects)
    return {
        "rows": table,
        "means": tally.means(table, which),
        "latencies": latency.rows(measured, subjects),
        "without": {clock: where.without(clock) for clock in plans},
        "machines": _facts(where, plans),
    }


def _noise(machines):
    """A line where other programs took so much that figures are doubtful."""
    noisy = [name for name, one in machines.items() if busy.is_noisy(one["facts"])]
    if not noisy:
        return ""
    return (f"NOISY: other programs used the CPUs in {len(noisy)} of {len(machines)} "
            "boots. Measure on an idle machine.\n\n")


def report(summary, where, which):
    """Table, numbers, pictures and page; returns what is printed."""
    # Imported late: matplotlib is slow, and may be missing.
    import page
    import picture

    table = summary["rows"]
    text = _noise(summary["machines"])
    if table:
        text += tally.text(table, which)
    found = latency.lines(summary["latencies"])
    if found:
        text += latency.NOTES + tally.aligned(found, range(3, len(found[0])))
    with open(f"{where}/table.txt", "w", encoding="utf-8") as out:
        out.write(text)
    tally.write_samples(table, f"{where}/samples.csv")
    tally.write_rows(table, f"{where}/figures.csv")
    pictures = picture.draw(table, summary["latencies"], which)
    for one in pictures:
        one.figure.savefig(f"{where}/{one.name}.png", dpi=110)
        tally.write_csv(f"{where}/{one.name}.csv", one.head, one.lines)
        picture.plt.close(one.figure)
    page.write(where, summary, pictures, text, which)
    # Last, as it says that the folder is complete
    with open(f"{where}/{folder.SUMMARY}.part", "w", encoding="utf-8") as out:
        json.dump(summary, out, indent=1)
        out.write("\n")
    os.rename(f"{where}/{folder.SUMMARY}.part", f"{where}/{folder.SUMMARY}")
    return text


def _folder_for(options, wanted, directory, new, say):
    """The folder to go on in, or a new one."""
    if options.results:
        path = os.path.abspath(options.results)
        plan = folder.read_plan(path)
        if plan is not None and plan != wanted:
            raise BenchError(f"--results {path}: a matrix of other cells, samples or "
                             "drivers is there", 2)
        if plan is None and os.path.isdir(path) and os.listdir(path):
            raise BenchError(f"--results {path}: exists already", 2)
    else:
        path = None if options.again else folder.unfinished(directory, wanted)
    if path and folder.read_plan(path):
        say(f"going on in {path}")
        return path
    path = path or new
    folder.write_plan(path, wanted)
    return path


def run(options, selected, kernels, directory, new, describe, say, disks=()):
    """Everything; returns the text to print and the folder. `new` is what the folder
    is called if there is none to go on in. `disks` are those of this machine that are to
    be measured, if there are any."""
    wanted = asked(options, kernels, selected, disks)
    path = _folder_for(options, wanted, directory, new, say)
    where = folder.Folder(path, values_of)
    subjects = subjects_of(options)
    plans = {clock: cells.make(clock, selected[clock], subjects,
                               preset_of(options)) for clock in kernels}
    if disks:
        plans = on_disks(plans, disks)
    carry_out(where, plans, kernels, say, boot_on(disks) if disks else boot)
    summary = {**describe(), "asked": wanted,
               **summarise(where, plans, subjects, set_of(options))}
    return report(summary, path, set_of(options)), path
