# SPDX-License-Identifier: GPL-2.0
"""Choosing cells by name, whatever the cells are."""

import fnmatch


class CellError(Exception):
    """A request for cells or drivers that do not exist."""


def select(plan, clock, full, patterns):
    """Cells of a run of a plan's: by shell patterns from the matrix, or a preset."""
    if not patterns:
        return plan.matrix(clock) if full else plan.quick(clock)
    return [c for c in plan.matrix(clock) if matches(c.name, patterns)]


def matches(name, patterns):
    """Is a cell's name one of those that some shell patterns stand for?"""
    return any(fnmatch.fnmatchcase(name, p) for p in patterns)


def check_patterns(matrix, patterns):
    """Refuse a pattern that selects nothing."""
    names = list(dict.fromkeys(c.name for c in matrix))
    for pattern in patterns:
        if not fnmatch.filter(names, pattern):
            raise CellError(f"no cell matches '{pattern}'; the cells are:\n  "
                            + "\n  ".join(names))
