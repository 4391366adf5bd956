# SPDX-License-Identifier: GPL-2.0
"""What the plugin counted (see insn/insn.c), by function and by module."""

import bisect
import dataclasses

FUNCTIONS_HEAD = "Per I/O: instructions, calls; module, function\n\n"


class CountError(Exception):
    """A file of the plugin or of the guest that cannot be used."""


@dataclasses.dataclass(frozen=True)
class Symbol:
    """A function of a module, from /proc/kallsyms."""

    address: int
    name: str
    module: str


@dataclasses.dataclass
class Count:
    """Instructions executed, and those of them that wrote to a device.

    `calls` is for functions: how often the first instruction was executed.
    """

    executed: int = 0
    writes: int = 0
    calls: int = 0

    def __add__(self, other):
        return Count(self.executed + other.executed,
                     self.writes + other.writes, self.calls + other.calls)


def read_symbols(text):
    """Functions of all modules, by address."""
    found = []
    for line in text.splitlines():
        words = line.split()
        if len(words) != 4 or words[1] not in "tTwW":
            continue
        found.append(Symbol(int(words[0], 16), words[2], words[3].strip("[]")))
    if found and not found[0].address:
        raise CountError("the kernel hides the addresses of its symbols")
    return sorted(found, key=lambda s: s.address)


def read_counts(text):
    """{address: Count} of one mark."""
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        try:
            address, executed, writes = line.split()
            found[int(address, 16)] = Count(int(executed), int(writes))
        except ValueError as err:
            raise CountError(f"line {number}: '{line}' is no count") from err
    return found


def counts_text(counts):
    """The same as text."""
    return "".join(f"{address:x} {c.executed} {c.writes}\n"
                   for address, c in sorted(counts.items()))


def _symbol_of(symbols, address):
    """An instruction belongs to the last symbol at or before it."""
    place = bisect.bisect_right(symbols, address, key=lambda s: s.address)
    return symbols[place - 1] if place else None


def of_modules(symbols, counts, modules):
    """The counts of some modules only."""
    return {address: count for address, count in counts.items()
            if (symbol := _symbol_of(symbols, address)) is not None
            and symbol.module in modules}


def by_function(symbols, counts):
    """{(module, function): Count}"""
    found = {}
    for address, count in counts.items():
        symbol = _symbol_of(symbols, address)
        if symbol is None:
            continue
        key = (symbol.module, symbol.name)
        calls = count.executed if address == symbol.address else 0
        found[key] = found.get(key, Count()) + \
            Count(count.executed, count.writes, calls)
    return found


def functions_of(symbols, path, modules):
    """{(module, function): Count} of a file of the plugin. What was counted in
    other modules is cut from the file, which is large otherwise."""
    with open(path, encoding="utf-8") as file:
        counts = of_modules(symbols, read_counts(file.read()), modules)
    with open(path, "w", encoding="utf-8") as out:
        out.write(counts_text(counts))
    return by_function(symbols, counts)


def add(one, other):
    """The sum of two, function by function."""
    found = dict(one)
    for key, count in other.items():
        found[key] = found.get(key, Count()) + count
    return found


def total(functions):
    """The sum of all functions."""
    return sum(functions.values(), Count())


def breakdown(functions, ios):
    """Functions with instructions and calls per I/O, the largest first; lines
    of text. What no I/O needs is left out."""
    lines = []
    for (module, name), count in sorted(functions.items(),
                                        key=lambda item: -item[1].executed):
        if count.executed / ios >= 0.005:
            lines.append(f"{count.executed / ios:10.2f} {count.calls / ios:9.3f}"
                         f"  {module:10}  {name}")
    return lines


def section_text(title, functions, ios):
    """The breakdown of one measurement, below its sum."""
    mean = total(functions).executed / ios
    return "\n".join([f"{mean:10.2f}            {title}",
                      *breakdown(functions, ios), "", ""])
