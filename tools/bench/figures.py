#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0
"""Prints the native figures of a summary as the table of README.md.

Usage: tools/bench/figures.py RESULTS/summary.json

Beside a median is how many times as fast null_blk_c is: the mean quotient of the runs
of a repeat, as in table.txt.
"""

import json
import sys

import stats
from plans import native as cells

COLUMNS = {"memcpy": "memcpy", "movsb": "rep movsb", "floor": "floor",
           "null_blk_c": "null_blk_c", "null_blk": "null_blk",
           "null_blk-4k": "null_blk, 4096", "brd": "brd"}

OURS = "null_blk_c"


def number(value):
    """Three digits, more before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _field(row, ours):
    """A median, and for other drivers the quotient."""
    if row is None:
        return ""
    text = number(row["median"])
    if row["driver"] not in (OURS, cells.FLOOR, *cells.LIMITS) and ours:
        ratio = stats.paired_ratio(row["values"], ours["values"])
        text += f" ({ratio['ratio']:.2f})"
    return text


def _line(fields):
    return "| " + " | ".join(fields) + " |"


def table(part):
    """Of one clock's part of a summary."""
    by_cell = {}
    for row in part["rows"]:
        by_cell.setdefault(row["cell"], {})[row["driver"]] = row
    lines = [_line(["ns for an I/O", *COLUMNS.values()]),
             "|" + "---|" * (len(COLUMNS) + 1)]
    for cell, rows in by_cell.items():
        lines.append(_line([cell, *(_field(rows.get(d), rows.get(OURS))
                                    for d in COLUMNS)]))
    return "\n".join(lines) + "\n"


def main():
    """Returns the exit code."""
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        with open(sys.argv[1], encoding="utf-8") as file:
            part = json.load(file)["clocks"]["native"]
    except (OSError, ValueError, KeyError) as err:
        print(f"figures: {sys.argv[1]}: no native figures ({err})",
              file=sys.stderr)
        return 1
    print(table(part), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
