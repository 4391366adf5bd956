#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0
"""The table of what works with which tool: made of what tests printed, and checked.

Usage: tools/doc/tools.py [--write RESULTS...]

The tests that have it (lib/tools.sh) print a line ``# table|WHAT|OUTCOME|DEVICE`` for
each check that passed. RESULTS are directories that ``scripts/test --results`` left.
--write makes the table in Documentation/nvme_c-tools.rst of what is in them.

Without, prints each row that no test would print, and each one that a test would print
and the table lacks, and exits with 1 if there is any: whoever changes a test has to run
it, and make the table anew.
"""

import glob
import os
import re
import sys

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
TABLE = "Documentation/nvme_c-tools.rst"
TESTS = "tools/testing/selftests/nvme_c/*tools*.sh"
BEGIN = ".. tools.py: begin"
END = ".. tools.py: end"
HEAD = """
.. list-table::
   :header-rows: 1
   :widths: 35 45 20

   * - command
     - outcome
     - ran on
"""

CALL = re.compile(r'^\s*(works|refused|lacks) "([^"]+)"(?:[\s\\]+"([^"]+)")?', re.MULTILINE)
ROW = re.compile(r"^# table\|([^|]+)\|([^|]+)\|([^|\n]+)$", re.MULTILINE)
SHOWN = re.compile(r"^   \* - (.+)\n     - (.+)\n     - (.+)$", re.MULTILINE)


def outcome(verb, why):
    """What the table says of a call of works, refused or lacks."""
    return {"works": "works", "refused": f"refused: {why}",
            "lacks": "the device lacks it"}[verb]


def rows_of_source(text):
    """{(what, outcome)} that a test prints if all of it passes."""
    return {(what, outcome(verb, why)) for verb, what, why in CALL.findall(text)}


def rows_of_output(text):
    """[(what, outcome, device)] that it printed."""
    return ROW.findall(text)


def rows_of_table(text):
    """[(what, outcome, devices)] of the document."""
    return SHOWN.findall(text)[1:]


def merge(rows):
    """One row for each command and outcome, with all its devices, in the order of the
    first of each tool."""
    devices = {}
    for what, how, device in rows:
        devices.setdefault((what, how), [])
        if device not in devices[what, how]:
            devices[what, how].append(device)
    tools = list(dict.fromkeys(what.split()[0] for what, _ in devices))
    return sorted(((what, how, "; ".join(names)) for (what, how), names in devices.items()),
                  key=lambda row: tools.index(row[0].split()[0]))


def draw(rows):
    """The table, as text."""
    return HEAD + "".join(f"   * - {what}\n     - {how}\n     - {names}\n"
                          for what, how, names in rows) + "\n"


def replace(document, table):
    """The document with another table."""
    before, rest = document.split(BEGIN, 1)
    return before + BEGIN + "\n" + table + END + rest.split(END, 1)[1]


def complaints(sources, document):
    """What the tests and the table do not agree about, a line each."""
    wanted = set().union(*(rows_of_source(text) for text in sources))
    shown = {(what, how) for what, how, _ in rows_of_table(document)}
    return ([f"{TABLE}: no test says: {what}: {how}" for what, how in sorted(shown - wanted)] +
            [f"{TABLE}: lacks what a test says: {what}: {how}"
             for what, how in sorted(wanted - shown)])


def read(path):
    """A file, whatever bytes are in it."""
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def write(results):
    """Make the table anew."""
    path = os.path.join(TOP, TABLE)
    rows = [row for directory in results
            for name in sorted(glob.glob(f"{directory}/**/stdout", recursive=True))
            for row in rows_of_output(read(name))]
    document = replace(read(path), draw(merge(rows)))
    with open(path, "w", encoding="utf-8") as file:
        file.write(document)


def main(arguments):
    """See above."""
    if arguments[:1] == ["--write"] and len(arguments) > 1:
        write(arguments[1:])
        return 0
    if arguments:
        print(__doc__.strip())
        return 0 if arguments[0] in ("--help", "-h") else 2
    sources = [read(name) for name in sorted(glob.glob(os.path.join(TOP, TESTS)))]
    found = complaints(sources, read(os.path.join(TOP, TABLE)))
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
