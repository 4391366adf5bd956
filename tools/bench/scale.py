# SPDX-License-Identifier: GPL-2.0
"""scripts/bench --scale: what keeps an I/O from costing the same on more CPUs?

A plugin of QEMU (insn/lines.c) counts which instructions of which CPU read and write which
cache lines, while two CPUs have a job each.  A line that both use, and that one of them
writes, goes back and forth between their caches.  To be handed over takes it a fixed time,
so that all CPUs together can do no more I/Os than that line has time for: that is the model,
and its one assumption.  An I/O that writes a line several times may find it still there, and
counts once; so the model is too good rather than too bad.  It knows nothing of how long a
lock is held.  What is shared by two CPUs with a queue each is shared by 128.

Only what the load's threads do themselves is counted, and of that only instructions that run
once in fifty I/Os or more: the others are the scheduler's, the slab allocator's and RCU's.
A line is shared if the second CPU uses it as often as that, too: memory that has changed
hands once is not.
"""

import bisect
import dataclasses
import os

import machine
import native
from fault import BenchError
from plans import scale as cells
from results import ResultError

MEMORY = "4G"

# An instruction that runs less often for an I/O is no part of it.
RARE = 0.02
# Functions that share less often are not named.
NAMED = 0.005

# Time to hand over a line that another CPU has written: within a socket, and from one to
# the other. What vendors and measurements of today's servers say lies around these.
HANDOVER_NS = {"one socket": 60, "two sockets": 150}


@dataclasses.dataclass(frozen=True)
class Access:
    """What one instruction of one CPU did to one line."""

    cpu: int
    insn: int
    line: int
    writes: bool
    atomic: bool
    number: int


@dataclasses.dataclass(frozen=True)
class Symbol:
    """A function, and its module; "" is the kernel itself."""

    address: int
    name: str
    module: str


# --- reading -----------------------------------------------------------------

def read_accesses(text):
    """The file of the plugin."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            cpu, insn, address, kind, times = line.split()
            found.append(Access(int(cpu), int(insn, 16), int(address, 16),
                                "RrWw".index(kind) > 1, kind.isupper(), int(times)))
        except ValueError as err:
            raise ResultError(f"line {number}: '{line}' is no access") from err
    return found


def read_symbols(text):
    """Functions of the kernel and its modules, by address."""
    found = []
    for line in text.splitlines():
        words = line.split()
        if len(words) in (3, 4) and words[1] in "tTwW":
            found.append(Symbol(int(words[0], 16), words[2],
                                words[3].strip("[]") if len(words) == 4 else ""))
    if not found or not found[-1].address:
        raise ResultError("the kernel hides the addresses of its symbols")
    return sorted(found, key=lambda s: s.address)


def symbol_of(symbols, address):
    """The function that an instruction is in."""
    place = bisect.bisect_right(symbols, address, key=lambda s: s.address)
    return symbols[place - 1] if place else Symbol(0, "?", "")


# --- figures -----------------------------------------------------------------

def of_ios(accesses, ios):
    """Those of instructions that run often enough."""
    times = {}
    for access in accesses:
        times[access.insn] = times.get(access.insn, 0) + access.number
    return [a for a in accesses if times[a.insn] >= RARE * ios]


def shared_lines(accesses, ios):
    """Lines that several CPUs use that often, and one of them writes."""
    uses, written = {}, set()
    for access in accesses:
        of_line = uses.setdefault(access.line, {})
        of_line[access.cpu] = of_line.get(access.cpu, 0) + access.number
        if access.writes:
            written.add(access.line)
    return {line for line in written
            if sum(times >= RARE * ios for times in uses[line].values()) > 1}


def _part(symbol, modules):
    if symbol.module in modules:
        return "driver"
    return "load" if symbol.module == "mqblk_load" else "kernel"


PARTS = ("driver", "kernel", "load")


def figures(accesses, symbols, modules, ios):
    """What an I/O does: atomics, stores, and uses of lines that are shared, by part; and
    which functions share, {(part, function): [reads, writes]}. `busiest` is how often an
    I/O writes the line that is written most often of those that are shared."""
    accesses = of_ios(accesses, ios)
    shared = shared_lines(accesses, ios)
    found = {name: dict.fromkeys(PARTS, 0.0) for name in ("atomics", "stores", "shared")}
    functions, written = {}, {}
    for access in accesses:
        symbol = symbol_of(symbols, access.insn)
        part, times = _part(symbol, modules), access.number / ios
        if access.writes:
            found["stores"][part] += times
            found["atomics"][part] += times * access.atomic
        if access.line in shared:
            found["shared"][part] += times
            counts = functions.setdefault((part, symbol.name), [0.0, 0.0])
            counts[access.writes] += times
            if access.writes and part != "load":
                written[access.line] = written.get(access.line, 0) + times
    return {**found, "functions": functions, "busiest": max(written.values(), default=0.0),
            "lines": len({a.line for a in accesses if a.writes and a.line in shared})}


def ceiling(busiest, handover_ns):
    """I/Os a second of all CPUs together, in millions, that a line that is written so
    often an I/O has time for; None where no line is shared."""
    return 1000 / (min(busiest, 1) * handover_ns) if busiest else None


# --- as text -----------------------------------------------------------------

NOTES = """\
For each I/O: atomic instructions, stores, and uses of cache lines that both CPUs use and
one of them writes; of the driver's modules, and of the rest of the kernel without the
load. busiest: how often that one of these lines is written that is written most. ceiling:
millions of I/Os a second that all CPUs together cannot exceed, if it takes {one} ns to
hand over a line within a socket, and {two} ns between two.
"""


def _top(value):
    return "none" if value is None else f"{value:,.1f}"


def text(found):
    """The table of {(cell, subject): figures}, and who shares."""
    head = ("cell", "subject", "atomics", "kernel", "stores", "kernel", "shared",
            "kernel", "busiest", "ceiling", "2 sockets")
    lines = [head]
    for (cell, subject), one in found.items():
        lines.append((cell, subject, *(
            f"{one[name][part]:.2f}" for name in ("atomics", "stores", "shared")
            for part in ("driver", "kernel")), f"{one['busiest']:.2f}",
            *(_top(ceiling(one["busiest"], ns)) for ns in HANDOVER_NS.values())))
    widths = [max(len(line[n]) for line in lines) for n in range(len(head))]
    table = "".join("  ".join(
        f.ljust(w) if n < 2 else f.rjust(w)
        for n, (f, w) in enumerate(zip(line, widths))).rstrip() + "\n" for line in lines)
    one, two = HANDOVER_NS.values()
    return NOTES.format(one=one, two=two) + "\n" + table + "\n" + _sharers(found)


def _sharers(found):
    lines = ["Who uses shared lines, reads and writes an I/O:"]
    for (cell, subject), one in found.items():
        wanted = sorted((-(r + w), part, name, r, w) for (part, name), (r, w)
                        in one["functions"].items()
                        if r + w >= NAMED and part != "load")
        lines.append(f"{cell} {subject}" + ("" if wanted else ": nobody"))
        lines += [f"  {r:8.3f} {w:8.3f}  {part:6}  {name}"
                  for _sum, part, name, r, w in wanted]
    return "\n".join(lines) + "\n"


# --- counting ----------------------------------------------------------------

def _check(run, share):
    with open(f"{share}/{run.section}.load", encoding="utf-8") as file:
        report = native.read_reports(file.read())[run.section]
    if report["state"] != "done" or int(report["errors"]) or \
            int(report["ios"]) != run.ios:
        raise ResultError(f"{run.section}: {report['ios']} I/Os of {run.ios}, "
                          f"{report['errors']} failed")


class Reader:
    """Reads what the guest left, while the machine goes on."""

    def __init__(self, share):
        self.share = share
        self.symbols = None
        self.found = {}

    def _one(self, run):
        _check(run, self.share)
        if self.symbols is None:
            with open(f"{self.share}/kallsyms", encoding="utf-8") as file:
                self.symbols = read_symbols(file.read())
        with open(f"{self.share}/{run.section}.insn", encoding="utf-8") as file:
            accesses = read_accesses(file.read())
        return figures(accesses, self.symbols, cells.MODULES[run.subject.driver],
                       run.ios)

    def read(self, runs):
        """For the listener: {section: {metric: value}}."""
        values = {}
        for run in runs:
            try:
                one = self.found[run.cell, run.driver] = self._one(run)
            except (OSError, KeyError, ValueError) as err:
                raise ResultError(f"{self.share}/{run.section}: {err}") from err
            values[run.section] = {"busiest": one["busiest"]}
        return values


def carry_out(kernel, share, say):
    """Boot and count; {(cell, subject): figures}."""
    os.makedirs(share)
    runs = cells.runs()
    cells.write(runs, share)
    reader = Reader(share)
    words = machine.command("scale", kernel, share, machine.timeout_of(runs), MEMORY,
                            "--cpus", str(cells.CPUS), *machine.plugin(share, "lines"))
    machine.boot(words, machine.Listener(runs, reader.read, say), share)
    if not reader.found:
        raise BenchError("none of the drivers is there")
    return reader.found
