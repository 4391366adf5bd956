# SPDX-License-Identifier: GPL-2.0
"""scripts/bench: options, the order of the steps, and where results go."""

import argparse
import contextlib
import datetime
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile

import busy
import choose
import gate
import host
import machine
import matrix
import native
import null_blk
import nvme
import nvme_native
import results
import scale
from fault import BenchError
from plans import gate as gate_cells
from plans import native as native_cells
from plans import null_blk as cells
from plans import nvme as nvme_cells
from plans import nvme_native as nvme_native_cells

TOP = machine.TOP

# For each clock: repeats, and what ends a run.
PRESETS = {
    "quick": {
        "virtual": (2, cells.Limit(factor=1)),
        "wall": (10, cells.Limit(milliseconds=500)),
    },
    "full": {
        "virtual": (3, cells.Limit(factor=4)),
        "wall": (20, cells.Limit(milliseconds=2000)),
    },
}

# Native clocks: repeats in each boot.
NATIVE_REPEATS = {"quick": 10, "full": 30}
NATIVE = ("native", "smp")

# What --clock says, as clocks; without it the first.
CLOCKS = {
    None: ("native", "smp", "virtual"),
    "native": NATIVE,
    "both": ("virtual", "wall"),
    "virtual": ("virtual",),
    "wall": ("wall",),
}

# With --nvme: repeats, and the factor of the numbers of I/Os.
NVME_PRESETS = {"quick": (3, 1), "full": (7, 2)}

# The extra measurements are slow, and vary little.
EXTRA_REPEATS = {"quick": 1, "full": 3}


def say(text):
    """Tell the user how far it is."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise BenchError(f"{message}; see scripts/bench --help", 2)


def _boots(text):
    if not text.isdecimal() or not 1 <= int(text) <= 20:
        raise argparse.ArgumentTypeError("expected 1 to 20")
    return int(text)


def _repeats(text):
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError("expected 1 to 1000")
    return int(text)


def parse(arguments):
    """The options; see usage.txt."""
    parser = _Parser(add_help=False, allow_abbrev=False)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true")
    size.add_argument("--full", action="store_true")
    parser.add_argument("--cells", default="")
    parser.add_argument("--drivers")
    parser.add_argument("--repeats", type=_repeats)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--clock", choices=("native", "wall", "virtual",
                                            "counted", "both"))
    parser.add_argument("--nvme", action="store_true")
    parser.add_argument("--matrix", action="store_true")
    parser.add_argument("--features", action="store_true")
    parser.add_argument("--samples", type=_repeats)
    parser.add_argument("--boots", type=_boots)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--gate", action="store_true")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--scale", action="store_true")
    parser.add_argument("--host", action="store_true")
    parser.add_argument("--device", action="append", default=[])
    parser.add_argument("--kernel")
    parser.add_argument("--no-build", action="store_true")
    parser.add_argument("--results")
    options = parser.parse_args(arguments)
    _check(options)
    return options


def _check_patterns(options):
    choose.check_patterns([cell for clock in options.clocks
                           for cell in plan_of(options, clock).matrix(clock)],
                          options.cells)


def _check_nvme(options):
    for name in ("host", "device", "drivers"):
        if getattr(options, name):
            raise BenchError(f"--{name} does not go with --nvme", 2)
    if options.clock == "virtual":
        raise BenchError("--nvme has the clocks native, counted and wall", 2)
    options.clocks = {None: ["counted"], "both": ["counted", "wall"]}.get(
        options.clock, [options.clock])
    _check_patterns(options)


def _check_null(options):
    if options.clock == "counted":
        raise BenchError("--clock counted goes with --nvme only", 2)
    if options.host and options.clock in ("virtual", "both"):
        raise BenchError("--host has the clocks native and wall only", 2)
    if options.host and options.kernel:
        raise BenchError("--kernel does not go with --host", 2)
    if options.device and not options.host:
        raise BenchError("--device goes with --host only", 2)
    options.clocks = CLOCKS[options.clock]
    if options.host:
        options.clocks = ("native",) if options.clock == "native" else ("wall",)
    if options.kernel and not options.clock:
        raise BenchError("--kernel needs --clock: each clock has a kernel of "
                         "its own", 2)
    if options.kernel and options.clock == "native":
        options.clocks = ("native",)
    _check_patterns(options)
    if options.drivers is not None:
        options.drivers = cells.parse_drivers(options.drivers)


def _check_matrix(options):
    if options.repeats:
        raise BenchError("--repeats does not go with --matrix", 2)
    for name, other in (("features", "nvme"), ("features", "host"), ("nvme", "host"),
                        ("boots", "host"), ("kernel", "host")):
        if getattr(options, name) and getattr(options, other):
            raise BenchError(f"--{name} does not go with --matrix --{other}", 2)
    if options.device and not options.host:
        raise BenchError("--device goes with --host only", 2)
    if options.clock not in (None, "native"):
        raise BenchError("--matrix has the clock native only", 2)
    if options.kernel and not options.clock:
        raise BenchError("--kernel needs --clock native: two CPUs have a kernel of "
                         "their own", 2)
    options.clocks = matrix.clocks_of(options)
    choose.check_patterns([cell for clock in options.clocks
                           for cell in matrix.cells_of(options, clock)],
                          options.cells)
    matrix.subjects_of(options)


def _check_gate(options):
    for name in ("nvme", "host", "device", "repeats", "matrix", "clock", "drivers",
                 "quick", "full", "samples", "boots", "features", "again"):
        if getattr(options, name):
            raise BenchError(f"--{name} does not go with --gate", 2)
    options.clocks = ("counted",)
    choose.check_patterns(gate_cells.CELLS, options.cells)


def _check_scale(options):
    for name in ("nvme", "host", "device", "repeats", "matrix", "gate", "clock",
                 "drivers", "quick", "full", "samples", "boots", "features", "again",
                 "cells"):
        if getattr(options, name):
            raise BenchError(f"--{name} does not go with --scale", 2)
    options.clocks = ("counted",)


def _check_no_matrix(options):
    for name in ("features", "samples", "boots", "again"):
        if getattr(options, name):
            raise BenchError(f"--{name} goes with --matrix only", 2)


def _check(options):
    options.cells = [p for p in options.cells.split(",") if p]
    if options.record and not options.gate:
        raise BenchError("--record goes with --gate only", 2)
    if options.scale:
        _check_scale(options)
    elif options.gate:
        _check_gate(options)
    elif options.matrix:
        _check_matrix(options)
    else:
        _check_others(options)


def _check_others(options):
    _check_no_matrix(options)
    if options.nvme:
        _check_nvme(options)
    else:
        _check_null(options)
    if options.results and os.path.exists(options.results) and (
            not os.path.isdir(options.results) or os.listdir(options.results)):
        raise BenchError(f"--results {options.results}: exists already", 2)


def plan_of(options, clock):
    """The module that has a clock's cells."""
    if options.nvme:
        return nvme_native_cells if clock in NATIVE else nvme_cells
    return native_cells if clock in NATIVE else cells


def _selected(options, clock):
    """The cells of a clock that are asked for, or the preset's."""
    return choose.select(plan_of(options, clock), clock, options.full,
                         options.cells)


def _list_gate(_options):
    for cell in gate_cells.CELLS:
        print(cell.name)


def _list_scale(_options):
    for cell in scale.cells.CELLS:
        print(cell.name)


def _list_matrix(options):
    for clock in options.clocks:
        print(clock)
        for cell in matrix.cells_of(options, clock):
            print(f"  {cell.name}")


def list_cells(options):
    """Print what --cells can choose from; + marks the quick ones."""
    for clock in options.clocks[:1] if options.nvme else options.clocks:
        plan = plan_of(options, clock)
        quick = plan.quick(clock)
        print(f"{'nvme' if options.nvme else clock} (+: part of --quick)")
        for cell in plan.matrix(clock):
            print(f"  {'+' if cell in quick else ' '} {cell.name}")


def _setup(purposes):
    """Install what is missing; the script says what, and asks for nothing."""
    done = subprocess.run([f"{TOP}/scripts/setup", *purposes], check=False,
                          stdin=subprocess.DEVNULL, stdout=sys.stderr)
    if done.returncode:
        raise BenchError("cannot go on without these packages",
                         done.returncode)


def prepare(options, packages=True):
    """Packages, kernels and modules; returns {clock: kernel to boot}."""
    purposes = ["bench"] if options.host else ["build", "bench", "test"]
    if packages and not options.no_build:
        _setup(purposes)
    if options.host:
        return {}
    kernels, to_build = {}, set()
    for clock in options.clocks:
        kernel, ours = _choose_kernel(options, clock)
        if kernel:
            kernels[clock] = kernel
        if ours:
            to_build.add(kernel)
    if not options.no_build:
        for kernel in to_build:
            build(kernel)
        if "virtual" in kernels or "counted" in kernels:
            make("-C", f"{TOP}/tools/bench/insn")
    return kernels


def _choose_kernel(options, clock):
    """A clock's kernel, and whether that takes modules built in this tree. No kernel
    if there is nothing to measure, or the second native one cannot be had."""
    if options.gate or options.scale:
        return options.kernel or machine.default_kernel(), True
    if options.cells and not _selected(options, clock):
        return None, False
    if options.nvme and clock in NATIVE:
        return nvme_native.choose_kernel(options.kernel,
                                         not options.no_build), False
    if clock not in NATIVE:
        return options.kernel or machine.default_kernel(), True
    try:
        return native.choose_kernel(clock, options.kernel,
                                    not options.no_build)
    except BenchError as err:
        if clock == "native":
            raise
        say(f"two jobs are left out: {err}")
        return None, False


def make(*arguments):
    """Run make; print what it said only if it failed."""
    made = subprocess.run(["make", f"-j{os.cpu_count()}", *arguments],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if made.returncode:
        sys.stderr.write(made.stdout)
        raise BenchError(f"this does not build: {' '.join(arguments)}")


def build(kernel):
    """Build the modules."""
    say(f"building the modules for {kernel}")
    directory = kernel if os.path.isdir(kernel) \
        else machine.build_directory(kernel)
    make("-C", TOP, f"KDIR={directory}")


def _drivers(options, clock):
    """The drivers asked for, or the preset's."""
    if options.drivers:
        return options.drivers
    quick = not (options.full or options.cells or options.host)
    if clock == "wall" and quick:
        return [d for d in cells.DRIVERS if d != "brd"]  # to save time
    return list(cells.DRIVERS)


def _runs(options, clock):
    preset = "full" if options.full else "quick"
    repeats, limit = PRESETS[preset][clock]
    runs = cells.make(_selected(options, clock), _drivers(options, clock),
                      options.repeats or repeats, limit,
                      options.repeats or EXTRA_REPEATS[preset])
    return runs, limit


def measure_fio(options, clock, kernel, share):
    """One clock of fio's; its part of the summary."""
    runs, limit = _runs(options, clock)
    if not runs:
        return None
    os.makedirs(share)
    say(f"{clock} time: {len(runs)} runs")
    load = _warn_if_busy(clock)
    measured = null_blk.carry_out(runs, clock, kernel, share, say)
    measured["facts"]["load_before"] = f"{load:.2f}"
    if not measured["values"]:
        raise BenchError("none of the drivers is there")
    return null_blk.summarise(runs, measured, limit)


def measure_native(options, clock, kernel, share):
    """One native clock, over some boots; its part of the summary."""
    repeats = options.repeats or NATIVE_REPEATS[
        "full" if options.full else "quick"]
    what = nvme_native.COMPARISON if options.nvme else native.NULL_BLK
    of_what = plan_of(options, clock)
    drivers = of_what.DRIVERS if options.nvme else \
        of_what.drivers(options.drivers or cells.DRIVERS)
    plans = [of_what.make(_selected(options, clock), drivers, repeats,
                          1 + boot * repeats)
             for boot in range(native.BOOTS)]
    if not plans[0]:
        return None
    say(f"{clock}: {sum(map(len, plans))} runs on {kernel}")
    others = _warn_if_used()
    part = native.carry_out(what, plans, clock, kernel, share, say)
    part["facts"]["cpus_of_others_before"] = f"{others:.2f}"
    return part


def measure_nvme(options, clock, kernel, share):
    """nvme_c and nvme; one clock's part of the summary."""
    repeats, factor = NVME_PRESETS["full" if options.full else "quick"]
    runs = nvme_cells.make(_selected(options, clock),
                           options.repeats or repeats, factor)
    os.makedirs(share)
    say(f"{clock}: {len(runs)} runs")
    load = _warn_if_busy("wall")
    part = nvme.carry_out(runs, clock, kernel, share, say)
    part["facts"]["load_before"] = f"{load:.2f}"
    return part


def measure_machine(options, kernels, raw):
    """All clocks in virtual machines; {clock: part of the summary}."""
    parts = {}
    for clock in options.clocks:
        if clock not in kernels:
            continue
        measure_one = measure_native if clock in NATIVE else \
            measure_nvme if options.nvme else measure_fio
        part = measure_one(options, clock, kernels[clock], f"{raw}/{clock}")
        if part:
            parts[clock] = part
    if not parts:
        raise BenchError("nothing to measure: none of the drivers has these "
                         "cells", 2)
    return parts


def find_host_disks(options, drivers):
    """Disks of this machine to measure, checked."""
    if os.geteuid() != 0:
        raise BenchError("--host needs root, to open the disks")
    if options.matrix or options.clocks == ("native",):
        native.check_host()
    system = host.System()
    if options.device:
        disks = host.named_disks(system, options.device, drivers)
    else:
        disks, notes = host.find_disks(system, drivers)
        for note in notes:
            say(note)
    if not disks:
        raise BenchError("no disk of the drivers here; load a module, or name "
                         "a disk with --device")
    for disk in disks:
        host.check_unused(disk.path)
    return disks


def measure_host_natively(options, disks, raw):
    """The load of this machine's kernel."""
    runs = native.host_runs(
        _selected(options, "native"),
        native_cells.drivers(options.drivers or cells.DRIVERS),
        options.repeats or NATIVE_REPEATS["quick"], disks)
    if not runs:
        raise BenchError("none of the cells fits the disks here")
    share = f"{raw}/native"
    os.makedirs(share)
    others = _warn_if_used()
    measured = host.measure(
        disks, lambda: native.carry_out_on_host(runs, share, say), say)
    part = native.summarise(runs, measured)
    part["facts"]["cpus_of_others_before"] = f"{others:.2f}"
    return {"native": part}


def measure_host(options, disks, raw):
    """The wall clock of this machine."""
    if options.clocks == ("native",):
        return measure_host_natively(options, disks, raw)
    runs, limit = _runs(options, "wall")
    runs = host.possible(runs, disks)
    if not runs:
        raise BenchError("none of the cells fits the disks here")
    share = f"{raw}/wall"
    os.makedirs(share)
    for disk in disks:
        say(f"{disk.driver}: {disk.path} ({disk.store})")
    load = _warn_if_busy("wall")
    measured = host.carry_out(runs, disks, share, say)
    measured["facts"]["load_before"] = f"{load:.2f}"
    return {"wall": null_blk.summarise(runs, measured, limit)}


def measure(options, kernels, disks, raw):
    """What the options ask for; {clock: part of the summary}."""
    if options.host:
        return measure_host(options, disks, raw)
    return measure_machine(options, kernels, raw)


def _output_of(*command):
    with contextlib.suppress(OSError):
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.DEVNULL, check=False)
        if done.returncode == 0:
            return done.stdout.strip()
    return ""


def _warn_if_busy(clock):
    """Wall time on a machine that does something else tells little."""
    load = os.getloadavg()[0]
    if clock == "wall" and load > 0.25 * os.cpu_count():
        say(f"the machine is busy (load {load:.1f}): expect wide spreads")
    return load


def _warn_if_used():
    """CPUs that others use now. Load averages look back too far for runs that take
    a tenth of a second."""
    used, stolen = busy.sample()
    if used + stolen > busy.MUCH:
        say(f"others use {used + stolen:.1f} of {os.cpu_count()} CPUs: expect "
            "wide spreads, and times that are too long")
    return used + stolen


def _revision():
    revision = _output_of("git", "-C", TOP, "rev-parse", "HEAD") or "unknown"
    changed = _output_of("git", "-C", TOP, "status", "--porcelain")
    return revision + (" with changes" if changed else "")


def _cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def describe(options, arguments):
    """The part of the summary that is known before measuring."""
    now = datetime.datetime.now().astimezone()
    version = "" if options.host else _output_of("qemu-system-x86_64",
                                                 "--version")
    return {
        "date": now.isoformat(timespec="seconds"),
        "command": ["scripts/bench", *arguments],
        "revision": _revision(),
        "machine": {"cpu": _cpu_model(), "cpus": os.cpu_count(),
                    "kernel": platform.release()},
        "qemu": version.splitlines()[0] if version else "",
    }


def results_directory(options, kind="bench"):
    """The directory's final name."""
    if options.results:
        return os.path.abspath(options.results)
    cache = os.environ.get("MQBLK_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
        "mqblk")
    date = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    return os.path.join(cache, "results", f"{kind}-{date}")


@contextlib.contextmanager
def complete_or_nothing(path):
    """A directory that gets its name only when all is in it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    work = tempfile.mkdtemp(prefix=".bench-", dir=os.path.dirname(path))
    try:
        yield work
        os.chmod(work, 0o755)
        if os.path.isdir(path):
            os.rmdir(path)
        os.rename(work, path)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def report(summary, directory, is_nvme):
    """Summary, table and picture; returns the table."""
    # Imported late: matplotlib is slow, and may be missing.
    import plot
    import table

    text = table.render(summary, is_nvme)
    with open(f"{directory}/summary.json", "w", encoding="utf-8") as out:
        json.dump(summary, out, indent=1)
        out.write("\n")
    with open(f"{directory}/table.txt", "w", encoding="utf-8") as out:
        out.write(text)
    plot.draw(summary, f"{directory}/plot.png", is_nvme)
    return text


def run_matrix(options, arguments):
    """The matrix, whose results are there while it runs."""
    selected = {clock: [c for c in matrix.cells_of(options, clock)
                        if not options.cells
                        or choose.matches(c.name, options.cells)]
                for clock in options.clocks}
    selected = {clock: found for clock, found in selected.items() if found}
    disks = find_host_disks(options, [s.name for s in matrix.subjects_of(options)]) \
        if options.host else ()
    if not options.no_build:
        _setup(["bench"] if options.host else ["build", "bench", "test"])
    kernels = {"host": platform.release()} if options.host else {
               clock: matrix.choose_kernel(clock, options.kernel,
                                           not options.no_build, say)
               for clock in selected}
    new = results_directory(options, "matrix")
    _warn_if_used()
    text, path = matrix.run(options, selected, kernels, os.path.dirname(new), new,
                            lambda: describe(options, arguments), say, disks)
    print(text)
    print(f"results: {path}")


def _compiler():
    return _output_of("gcc", "--version").partition("\n")[0]


# What --gate ends with where its figures say nothing; selftests do so, too.
SKIPPED = 4


def _gate_machine(options):
    """What counts depend on beside the source."""
    return {"kernel": str(options.kernel or machine.default_kernel()),
            "compiler": _compiler(),
            "qemu": _output_of("qemu-system-x86_64", "--version").partition("\n")[0]}


def run_gate(options, arguments):
    """Counted instructions beside those in the tree; the exit code."""
    if not options.no_build:
        _setup(["build", "bench", "test"])
    about = _gate_machine(options)
    why_not = "" if options.record else gate.why_not(about)
    if why_not:
        print(why_not)
        return SKIPPED
    kernel = prepare(options, packages=False)["counted"]
    selected = [c for c in gate_cells.CELLS if not options.cells
                or choose.matches(c.name, options.cells)]
    path = results_directory(options, "gate")
    with complete_or_nothing(path) as work:
        found = gate.carry_out(selected, kernel, f"{work}/raw", say)
        text, good = gate.judge(found, options.record)
        summary = {**describe(options, arguments), "machine": about, "cells": found}
        with open(f"{work}/summary.json", "w", encoding="utf-8") as out:
            json.dump(summary, out, indent=1)
            out.write("\n")
        with open(f"{work}/table.txt", "w", encoding="utf-8") as out:
            out.write(text)
    print(text)
    print(f"results: {path}")
    if options.record:
        gate.record(found, about)
        print(f"recorded: {gate.FIGURES}")
    return 0 if good or options.record else 1


def run_scale(options, arguments):
    """Cache lines that CPUs share."""
    kernel = prepare(options)["counted"]
    path = results_directory(options, "scale")
    with complete_or_nothing(path) as work:
        found = scale.carry_out(kernel, f"{work}/raw", say)
        text = scale.text(found)
        summary = {**describe(options, arguments),
                   "machine": {"kernel": str(kernel), "compiler": _compiler()},
                   "counts": [{"cell": cell, "subject": subject, **one, "functions": [
                       {"part": part, "function": name, "reads": reads, "writes": writes}
                       for (part, name), (reads, writes) in one["functions"].items()]}
                       for (cell, subject), one in found.items()]}
        with open(f"{work}/summary.json", "w", encoding="utf-8") as out:
            json.dump(summary, out, indent=1)
            out.write("\n")
        with open(f"{work}/table.txt", "w", encoding="utf-8") as out:
            out.write(text)
    print(text)
    print(f"results: {path}")


def run(arguments):
    """Everything, for these arguments; the exit code, where it is not 0."""
    options = parse(arguments)
    if options.gate and not options.list:
        return run_gate(options, arguments)
    if options.scale and not options.list:
        run_scale(options, arguments)
        return 0
    _run_others(options, arguments)
    return 0


def _run_others(options, arguments):
    if options.list:
        (_list_gate if options.gate else _list_scale if options.scale
         else _list_matrix if options.matrix else list_cells)(options)
        return
    if options.matrix:
        run_matrix(options, arguments)
        return
    disks = find_host_disks(options, options.drivers or cells.DRIVERS) \
        if options.host else []
    kernels = prepare(options)
    path = results_directory(options)
    with complete_or_nothing(path) as work:
        summary = describe(options, arguments)
        raw = f"{work}/raw"
        summary["clocks"] = measure(options, kernels, disks, raw)
        text = report(summary, work, options.nvme)
    print(text)
    print(f"results: {path}")


def _terminated(_signal, _frame):
    raise KeyboardInterrupt


def main():
    """Returns the exit code."""
    signal.signal(signal.SIGTERM, _terminated)
    try:
        return run(sys.argv[1:])
    except (BenchError, choose.CellError, results.ResultError) as err:
        say(err)
        usage = isinstance(err, choose.CellError)
        return getattr(err, "code", 2 if usage else 1)
    except KeyboardInterrupt:
        say("interrupted; " + (
            "the same command goes on where it was" if "--matrix" in sys.argv
            else "nothing is left behind"))
        return 130


if __name__ == "__main__":
    sys.exit(main())
