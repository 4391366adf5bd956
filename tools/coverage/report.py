#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0
"""What ran of our files: a table, and a list of what did not, from lcov's records.

Usage: tools/coverage/report.py [--missing FILE] [--tables DIRECTORY] [--source DIRECTORY] INFO...

INFO are records with branches, as scripts/test --coverage leaves in coverage.info; what
several say of a file is added. Prints lines and branches of each file and of each module.

--missing FILE writes what did not run by file and function, with the line's text. A line
that did not run is marked with "-", one that ran and has a branch that was never taken
with how many of them: "1/2". Branches of a line that did not run are not listed again.

--tables DIRECTORY writes a table of each module there, MODULE.txt, for the documentation.

--source DIRECTORY is where the files are: the tree of this script unless it is given.
"""

import os
import re
import sys

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))

# What the records call a file, and which module it is of
OURS = re.compile(r"/((?:drivers|include)/.*)$")
MODULES = (("nvme_c", "drivers/nvme/nvme_c/"), ("null_blk_c", "drivers/block/null_blk_c/"),
           ("mqblk", ""))


class File:
    """lines {line: hits}, branches {line: {id: taken}}, functions {first line: name}."""

    def __init__(self):
        self.lines = {}
        self.branches = {}
        self.functions = {}

    def line(self, number, hits):
        """Add what ran of a line."""
        self.lines[number] = self.lines.get(number, 0) + hits

    def branch(self, number, name, taken):
        """Add how often a branch was taken."""
        of_line = self.branches.setdefault(number, {})
        of_line[name] = of_line.get(name, 0) + taken

    def function_of(self, number):
        """Its name; empty above the first."""
        begins = [begin for begin in self.functions if begin <= number]
        return self.functions[max(begins)] if begins else ""

    def counts(self):
        """Lines, lines that ran, branches, branches that were taken"""
        taken = [t for of_line in self.branches.values() for t in of_line.values()]
        return (len(self.lines), sum(h > 0 for h in self.lines.values()),
                len(taken), sum(t > 0 for t in taken))

    def missing(self):
        """[(line, mark)] of what did not run"""
        marks = {n: "-" for n, hits in self.lines.items() if not hits}
        for number, of_line in self.branches.items():
            taken = sum(t > 0 for t in of_line.values())
            if taken < len(of_line):
                marks.setdefault(number, f"{taken}/{len(of_line)}")
        return sorted(marks.items())


def add_record(files, text):
    """Add what one of lcov's records says to {path: File}."""
    file = None
    for line in text.splitlines():
        key, _, rest = line.partition(":")
        fields = rest.split(",")
        if key == "SF":
            found = OURS.search(rest)
            file = files.setdefault(found.group(1), File()) if found else None
        elif file is None:
            continue
        elif key == "FN":
            file.functions[int(fields[0])] = fields[-1]
        elif key == "DA":
            file.line(int(fields[0]), int(fields[1]))
        elif key == "BRDA":
            taken = 0 if fields[3] == "-" else int(fields[3])
            file.branch(int(fields[0]), (fields[1], fields[2]), taken)
    return files


def module_of(path):
    """Headers that the drivers share are mqblk's."""
    return next(name for name, begin in MODULES if path.startswith(begin))


def part(whole, some):
    """In per cent; nothing at all is whole."""
    return f"{100 * some / whole:.1f}" if whole else "100.0"


def row(name, counts):
    """A line of the table"""
    lines, run, branches, taken = counts
    return (f"{name:<36} {lines:>6} {run:>6} {part(lines, run):>6}"
            f" {branches:>8} {taken:>6} {part(branches, taken):>6}")


HEAD = f"{'file':<36} {'lines':>6} {'run':>6} {'%':>6} {'branches':>8} {'taken':>6} {'%':>6}"


def counts_of(files, module):
    """[(path, counts)] of the files of a module"""
    return [(path, file.counts()) for path, file in sorted(files.items())
            if module_of(path) == module]


def add_up(counts):
    """The sum of several files' counts"""
    return [sum(column) for column in zip(*counts)]


def rows(counts):
    """A line for each file"""
    return [row(path.partition("/")[2], count) for path, count in counts]


def table(files):
    """Its lines: each file under its module, then the modules"""
    lines, sums = [HEAD], []
    for module, _ in reversed(MODULES):
        counts = counts_of(files, module)
        lines += rows(counts)
        if counts:
            sums.append((module, add_up(count for _, count in counts)))
    lines.append("")
    lines += [row(module, count) for module, count in sums]
    if sums:
        lines.append(row("all", add_up(count for _, count in sums)))
    return lines


def module_table(files, module):
    """The lines of a table of one module, which has some file"""
    counts = counts_of(files, module)
    return [HEAD, *rows(counts), "", row(module, add_up(count for _, count in counts))]


def write_tables(files, directory):
    """A table of each module that has some file"""
    os.makedirs(directory, exist_ok=True)
    for module in {module_of(path) for path in files}:
        with open(os.path.join(directory, module + ".txt"), "w", encoding="utf-8") as file:
            file.write("\n".join(module_table(files, module)) + "\n")


def text_of(source, path):
    """Lines of a file, or none if it is not there"""
    try:
        with open(os.path.join(source, path), encoding="utf-8") as file:
            return file.read().splitlines()
    except OSError:
        return []


def missing(files, source):
    """Lines of the list of what did not run"""
    out = []
    for path, file in sorted(files.items()):
        marks = file.missing()
        if not marks:
            continue
        text = text_of(source, path)
        out += ["", path]
        last = None
        for number, mark in marks:
            function = file.function_of(number)
            if function != last:
                out.append(f"  {function}()")
                last = function
            shown = text[number - 1].strip() if number <= len(text) else ""
            out.append(f"    {number:>5} {mark:>5}  {shown}".rstrip())
    return out[1:]


def main(arguments):
    """Returns the exit code."""
    files, infos = {}, []
    options = {"--missing": None, "--tables": None, "--source": TOP}
    arguments = list(arguments)
    if "--help" in arguments or "-h" in arguments:
        print(__doc__)
        return 0
    while arguments:
        argument = arguments.pop(0)
        if argument in options and arguments:
            options[argument] = arguments.pop(0)
        elif argument.startswith("-"):
            print(f"report.py: {argument}: no such option, or nothing after it; see --help",
                  file=sys.stderr)
            return 2
        else:
            infos.append(argument)
    for info in infos:
        try:
            with open(info, encoding="utf-8") as file:
                add_record(files, file.read())
        except OSError as error:
            print(f"report.py: {info}: {error.strerror}", file=sys.stderr)
            return 2
    if not files:
        print("report.py: no record of a file of ours; see --help", file=sys.stderr)
        return 2
    print("\n".join(table(files)))
    if options["--tables"]:
        write_tables(files, options["--tables"])
    if options["--missing"]:
        with open(options["--missing"], "w", encoding="utf-8") as file:
            file.write("\n".join(missing(files, options["--source"])) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
