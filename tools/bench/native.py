# SPDX-License-Identifier: GPL-2.0
"""The native clocks: the load inside the kernel, at the processor's speed.

In a user-mode kernel, which is an ordinary program; with KVM instead where the
processor has it; or on this machine (--host). Here is what compares null_blk_c with
others; nvme_native.py has its own Comparison.
"""

import contextlib
import dataclasses
import os
import typing
import subprocess

import busy
import machine
import stats
import summary
from fault import BenchError
from plans import native as cells
from results import ResultError

BOOTS = 2

SECONDS_PER_RUN = 2
SECONDS_BEFORE = 300

KERNELS = {"native": "uml", "smp": "uml-smp"}
CPUS = {"native": 1, "smp": 2}


# --- what the load reports ---------------------------------------------------

def read_reports(text):
    """{section: {name: text}} of a file of load-runs."""
    found, report = {}, None
    for number, line in enumerate(text.splitlines(), 1):
        name, _, value = line.partition(" ")
        if name == "section":
            if value in found:
                raise ResultError(f"line {number}: {value} is there twice")
            report = found[value] = {}
        elif report is None or not value:
            raise ResultError(f"line {number}: '{line}' is not expected")
        else:
            report[name] = value
    return found


def ns_of(run, report):
    """The time of an I/O; a run that was not complete has none."""
    ios = run.what.ios * run.what.jobs
    if report.get("state") != "done" or int(report["ios"]) != ios:
        raise ResultError(f"{run.section}: {report.get('ios')} I/Os of {ios}")
    if int(report["errors"]):
        raise ResultError(f"{run.section}: {report['errors']} I/Os failed")
    ns = float(report["ns_per_io"])
    if ns <= 0:
        raise ResultError(f"{run.section}: too short for the kernel's clock")
    return ns


def values_of(run, report):
    """{metric: value} of a run."""
    return {"ns": ns_of(run, report)}


def read(runs, directory, values=values_of):
    """{section: {metric: value}} of the runs of one batch."""
    path = f"{directory}/{runs[0].batch}.load"
    try:
        with open(path, encoding="utf-8") as file:
            reports = read_reports(file.read())
        return {r.section: values(r, reports[r.section]) for r in runs}
    except KeyError as err:
        raise ResultError(f"{path}: nothing about {err}") from err
    except (OSError, ValueError, ResultError) as err:
        raise ResultError(f"{path}: {err}") from err


# --- the summary -------------------------------------------------------------

USER_MODE = "user mode"


def _by_movsb(samples):
    """Times of null_blk if its copies were rep movsb: what that is faster than
    memcpy() is taken off. None where that makes no sense."""
    both = [samples.get(name) for name in cells.LIMITS]
    base = samples.get(cells.REFERENCE)
    if not base or not all(both):
        return None
    times = [b - slow + fast for b, slow, fast in zip(base, *both)]
    return times if min(times) > 0 else None


def add_limits(rows, table, user_mode):
    """Beside each driver of a cell that copies, how near it is to the limits; and in
    user mode, its quotient to null_blk with the other kind of copy."""
    for row in rows:
        samples = table[row["cell"], row["metric"]]
        mine = samples[row["driver"]]
        for name in cells.LIMITS:
            limit = samples.get(name)
            if limit and row["driver"] not in cells.LIMITS:
                row[f"of_{name}"] = stats.paired_ratio(limit, mine)
        other = _by_movsb(samples) if user_mode else None
        if other and row["driver"] == "null_blk_c":
            row["to_reference_movsb"] = stats.paired_ratio(other, mine)
    return rows


def _speeds(table, cell, driver):
    sample = table.get((cell.name, "ns"), {}).get(driver)
    return [1 / ns for ns in sample] if sample else None


def gains(selected, table):
    """What a second job does to each driver, beside the floor driver."""
    found = []
    for one in selected:
        for more in selected:
            if more.family != one.family or (one.jobs, more.jobs) != (1, 2):
                continue
            pairs = {d: (_speeds(table, one, d), _speeds(table, more, d))
                     for d in cells.DRIVERS}
            pairs = {d: pair for d, pair in pairs.items() if all(pair)}
            floor = _floor_gains(selected, table)
            found += [summary.gain(one.family, 2, driver, pair, floor)
                      for driver, pair in pairs.items()]
    return found


def _floor_gains(selected, table):
    """Of the one family that the floor driver has."""
    samples = {c.jobs: _speeds(table, c, cells.FLOOR) for c in selected
               if c.gain and cells.FLOOR in c.drivers}
    if samples.get(1) and samples.get(2):
        return stats.quotients(samples[2], samples[1])
    return None


def summarise(runs, measured):
    """One clock's part of the summary."""
    table = summary.collect(runs, measured["values"])
    rows = add_limits(summary.rows(table, cells), table,
                      measured["facts"].get("machine") == USER_MODE)
    selected = list(dict.fromkeys(run.what for run in runs))
    return summary.of_clock(measured, "a fixed number of I/Os", rows,
                            gains(selected, table))


# --- the machine -------------------------------------------------------------

@dataclasses.dataclass(frozen=True)
class Comparison:
    """What is compared in a machine of its own.

    `guest` names the guest's part, and `memory` is that machine's; write(runs,
    directory) stores the plan, values(run, report) gives a run's figures, and
    summarise(runs, measured) the clock's part of the summary.
    """

    guest: str
    memory: str
    write: typing.Callable
    values: typing.Callable
    summarise: typing.Callable


# The memory is for the disks, what copies go to, and everything else.
NULL_BLK = Comparison("native", "5G", cells.write, values_of, summarise)


def has_kvm():
    """As scripts/vm finds out."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            words = set(file.read().split())
        os.close(os.open("/dev/kvm", os.O_RDWR))
    except OSError:
        return False
    return bool(words & {"vmx", "svm"})


def _machine(kernel):
    """What a kernel runs on, in words."""
    if is_user_mode(kernel):
        return USER_MODE
    return "KVM" if has_kvm() else "emulated by QEMU: not native"


def choose_kernel(clock, asked, build=True):
    """What scripts/vm is to boot, and whether that needs modules of this tree. A test
    kernel is brought up to date, or taken as it was built last."""
    have = len(os.sched_getaffinity(0))
    if have < CPUS[clock]:
        raise BenchError(f"they need {CPUS[clock]} CPUs, and here are {have}")
    if asked and not asked.startswith("uml"):
        return asked, not is_user_mode(asked)
    if not asked and has_kvm():
        return machine.default_kernel(), True
    return test_kernel(asked or KERNELS[clock], build), False


def test_kernel(name, build):
    """The directory of a test kernel, brought up to date or as it was built last; it
    stays there as long as we run."""
    words = [f"{machine.TOP}/scripts/kernel", *([] if build else ["--built"]), name]
    done = subprocess.run(words, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise BenchError(f"no kernel {name}; what scripts/kernel said is above")
    kernel = done.stdout.splitlines()[-1]
    machine.hold_kernel(kernel)
    return kernel


def is_user_mode(kernel):
    """Is this the directory of such a kernel, as scripts/vm tells it?"""
    return os.path.exists(f"{kernel}/linux")


def _pinned(clock):
    """On the host, CPUs of their own: the last ones, as the first has most of the
    machine's interrupts."""
    have = sorted(os.sched_getaffinity(0))
    return ",".join(map(str, have[-CPUS[clock]:]))


def _command(what, clock, kernel, share, runs):
    timeout = SECONDS_BEFORE + SECONDS_PER_RUN * len(runs)
    return ["taskset", "-c", _pinned(clock),
            *machine.command(what.guest, kernel, share, timeout, what.memory,
                             "--cpus", str(CPUS[clock]))]


def _merge(parts):
    """Several boots as one measurement."""
    merged = {"values": {}, "facts": {}, "settings": {}, "without": {}}
    for part in parts:
        for name, value in part.items():
            merged[name].update(value)
    return merged


def _boot_once(what, clock, kernel, share, runs, say):
    os.makedirs(share)
    what.write(runs, share)
    listener = machine.Listener(
        runs, lambda ended: read(ended, share, what.values), say)
    return machine.boot(_command(what, clock, kernel, share, runs), listener,
                        share)


def carry_out(what, plans, clock, kernel, share, say):
    """Boot once for each list of runs; one clock's part of the summary."""
    watch = busy.Watch()
    parts = []
    for number, runs in enumerate(plans, 1):
        say(f"boot {number} of {len(plans)}: {len(runs)} runs")
        parts.append(_boot_once(what, clock, kernel, f"{share}/boot-{number}",
                                runs, say))
    measured = _merge(parts)
    measured["facts"].update(
        watch.facts(), pinned=_pinned(clock),
        machine=_machine(kernel))
    return what.summarise([run for runs in plans for run in runs], measured)


# --- this machine ------------------------------------------------------------

LOAD = "/sys/kernel/debug/mqblk_load/control"


def check_host():
    """Refuse a machine that has no load."""
    if not os.path.exists(LOAD):
        raise BenchError("--host with the clock native needs the module "
                         "mqblk_load: insmod tools/bench/load/mqblk_load.ko")


def host_runs(selected, drivers, repeats, disks):
    """The runs for which there is a disk, on that disk."""
    paths = {(d.driver, d.store): d.path for d in disks}
    return [dataclasses.replace(r, path=paths.get((r.driver, r.store), ""))
            for r in cells.make(selected, drivers, repeats)
            if r.driver in cells.LIMITS or (r.driver, r.store) in paths]


def carry_out_on_host(runs, share, say):
    """The same on disks that are there, which are theirs alone meanwhile."""
    watch = busy.Watch()
    cells.write(runs, share)
    listener = machine.Listener(runs, lambda ended: read(ended, share), say)
    follow_load(share, listener)
    return listener.values, {**watch.facts(), "pinned": "-"}


def follow_load(share, listener):
    """The runs of a plan by the load of this machine."""
    with _stopped_load():
        if machine.follow([f"{machine.TOP}/tools/bench/load-runs", share],
                          listener):
            raise BenchError("the load stopped; what it said is above")


@contextlib.contextmanager
def _stopped_load():
    """The load does not go on, however this ends: the disks would stay busy."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError), \
                open(LOAD, "w", encoding="utf-8") as control:
            control.write("stop")
        raise
