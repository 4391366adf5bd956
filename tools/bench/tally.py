# SPDX-License-Identifier: GPL-2.0
"""What the samples of a matrix come to: figures of each subject and cell, and each other
subject beside ours."""

import csv
import math
import statistics

import compare
from plans import matrix as cells

# Subjects that are no competitors: their distance is told, and not tested.
BOUNDS = ("floor",)


def _times(run, values):
    """(clock, ns) of a sample, twice where it is known what a controller took itself;
    not of one in which latencies were measured, which takes time."""
    if "ns" in values:
        yield run.clock, values["ns"]
    if "rest" in values:
        yield "rest", values["rest"]


def samples(measured):
    """{(clock, cell): {subject: [(boot, ns)]}} of {run: (machine, values)}, in the
    order of the plan's cells."""
    found = {}
    for run, (machine, values) in sorted(
            measured.items(), key=lambda item: item[0].repeat):
        for clock, ns in _times(run, values):
            found.setdefault((clock, run.what), {}).setdefault(
                run.subject.name, []).append((machine, ns))
    return found


def _figures(values):
    times = [ns for _boot, ns in values]
    return {
        "n": len(times),
        "boots": len({boot for boot, _ns in values}),
        "mean": statistics.fmean(times),
        "median": statistics.median(times),
        "deviation": statistics.stdev(times) if len(times) > 1 else None,
        "min": min(times),
        "max": max(times),
        "far": compare.far(times),
        "modes": compare.modes(values),
        "samples": values,
    }


def _ends(found):
    return {f"{end}{level:.0%}".rstrip("%"): value for level in compare.LEVELS
            for end, value in zip(("low", "high"), found[level])}


def _versus(ours, theirs):
    """Theirs beside ours: times of the same cell."""
    mine, other = ([ns for _boot, ns in values] for values in (ours, theirs))
    speed = compare.speed(mine, other)
    difference = compare.welch(mine, other)
    boots = compare.speed(list(compare.by_boot(ours).values()),
                          list(compare.by_boot(theirs).values()))
    return {
        "ratio": speed["ratio"], **_ends(speed), "p": speed["p"],
        "difference": difference and {"ns": difference["difference"],
                                      **_ends(difference)},
        "boots": _ends(boots),
    }


def _row(clock, cell, subject, values, beside):
    row = {"clock": clock, "cell": cell.name, "store": cell.store,
           "operation": cell.operation, "size": cell.size,
           "bytes": cells.SIZES[cell.size], "depth": cell.depth,
           "jobs": cell.jobs, "subject": subject, **_figures(values),
           "versus": None}
    if beside and values is not beside:
        row["versus"] = _versus(beside, values)
    return row


def _order(key):
    clock, cell = key
    return (cells.ORDER.index(clock), cell.store != "plain", cell.operation,
            cells.SIZES[cell.size], cell.depth, cell.jobs)


def rows(found, subjects):
    """A row for each cell and subject, which stands beside the first one; p-values are
    also told as they are worth among all of them."""
    out = [_row(*key, name, found[key][name], found[key].get(subjects[0].name))
           for key in sorted(found, key=_order)
           for name in (s.name for s in subjects) if name in found[key]]
    tested = [r["versus"] for r in out
              if r["versus"] and r["subject"] not in BOUNDS]
    for versus, p in zip(tested, compare.holm([v["p"] for v in tested])):
        versus["holm"] = p
    return out


# Where the interval of a cell lies that speaks against us: below 1 if the quotient is ours
# as a speed, above 1 if it is what a feature costs.
SIDE = {"features": "above"}


def side(which):
    """In a word."""
    return SIDE.get(which, "below")


def _is_bad(row, which):
    low, high = row["versus"]["low95"], row["versus"]["high95"]
    if low is None:
        return False
    return low > 1 if side(which) == "above" else high < 1


def means(table, which):
    """Geometric means of quotients over the cells of a clock, store, number of jobs and
    subject, with the cells whose interval lies on the bad side of 1."""
    groups = {}
    for row in table:
        if row["versus"]:
            key = (row["clock"], row["store"], row["jobs"], row["subject"])
            groups.setdefault(key, []).append(row)
    return [{"clock": clock, "store": store, "jobs": jobs, "subject": subject,
             "cells": len(group),
             "ratio": math.exp(statistics.fmean(
                 math.log(r["versus"]["ratio"]) for r in group)),
             "bad": [] if subject in BOUNDS else
                    [r["cell"] for r in group if _is_bad(r, which)]}
            for (clock, store, jobs, subject), group in groups.items()]


# --- as files ----------------------------------------------------------------

CELL = ("clock", "cell", "store", "operation", "size", "depth", "jobs", "subject")
FIGURES = ("n", "boots", "mean", "median", "deviation", "min", "max", "far")
QUOTIENT = ("ratio", "low95", "high95", "low99", "high99", "p", "holm")


def write_csv(path, head, lines):
    """A file of numbers."""
    with open(path, "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(lines)


def write_samples(table, path):
    """Each sample: which machine, and ns for an I/O."""
    write_csv(path, (*CELL, "machine", "ns_per_io"),
              ([*(row[name] for name in CELL), boot, ns]
               for row in table for boot, ns in row["samples"]))


def write_rows(table, path):
    """Each row's figures and quotient."""
    def cells_of(row):
        versus = row["versus"] or {}
        modes = row["modes"] or {}
        return [*(row[n] for n in CELL + FIGURES), modes.get("low"),
                modes.get("high"), *(versus.get(n) for n in QUOTIENT),
                versus.get("boots", {}).get("low95"),
                versus.get("boots", {}).get("high95"),
                (versus.get("difference") or {}).get("ns"),
                (versus.get("difference") or {}).get("low95"),
                (versus.get("difference") or {}).get("high95")]

    write_csv(path, (*CELL, *FIGURES, "mode_low", "mode_high", *QUOTIENT,
                     "boots_low95", "boots_high95", "difference_ns",
                     "difference_low95", "difference_high95"),
              map(cells_of, table))


# --- as text -----------------------------------------------------------------

NOTES = """\
ns: time of an I/O, mean of n samples in so many boots (+- standard deviation).
vs: how many times as fast {ours} is as this subject: quotient of geometric means,
with Welch's (95 %) and [99 %] intervals. Below 1 it is slower.
many: p-value after Holm's correction for all {tested} comparisons of this table. Of 95 %
intervals, one in twenty misses the truth by chance alone.
modes: values fall into two groups, further apart than they are wide; "boots" if each
boot lies in one of them. far: values beyond 3 quartile distances, which are kept.
"""

NVME_NOTES = """\
The clock "model" is all that an I/O takes, and what the controller itself does is most of
it. "rest" is the same without that: the driver, the block layer and the load.
"""

FEATURE_NOTES = """\
ns: time of an I/O, mean of n samples in so many boots (+- standard deviation).
vs: how many times as long an I/O takes with the feature on: quotient of geometric means,
with Welch's (95 %) and [99 %] intervals. Above 1 it costs something.
many: p-value after Holm's correction for all {tested} comparisons of this table.
"""


def _number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}"


def _end(value):
    """An end of an interval; with two samples it may be anywhere."""
    return f"{value:.3f}" if value < 1000 else ">1000"


def _quotient(versus):
    if not versus:
        return "-"
    text = f"{versus['ratio']:.3f}"
    if versus["low95"] is not None:
        ends = {name: _end(versus[name]) for name in
                ("low95", "high95", "low99", "high99")}
        text += " ({low95} .. {high95}) [{low99} .. {high99}]".format(**ends)
    return text


def _many(versus):
    p = (versus or {}).get("holm")
    return "" if p is None else "<0.001" if p < 0.001 else f"{p:.3f}"


def _remarks(row):
    modes, found = row["modes"], []
    if modes:
        found.append(f"modes {_number(modes['low'])} x{modes['n_low']}, "
                     f"{_number(modes['high'])} x{modes['n_high']}"
                     + (" (boots)" if modes["boots"] else ""))
    if row["far"]:
        found.append(f"far {row['far']}")
    return "; ".join(found)


def _columns(row):
    spread = "" if row["deviation"] is None else f"+- {_number(row['deviation'])}"
    return (row["clock"], row["cell"], row["subject"],
            f"{row['n']}/{row['boots']}", _number(row["mean"]), spread,
            _quotient(row["versus"]), _many(row["versus"]), _remarks(row))


def aligned(lines, right):
    """Lines of words as columns, of which some are aligned to the right."""
    widths = [max(len(line[n]) for line in lines) for n in range(len(lines[0]))]
    return "".join("  ".join(
        f.rjust(w) if n in right else f.ljust(w)
        for n, (f, w) in enumerate(zip(line, widths))).rstrip() + "\n"
        for line in lines)


def means_text(found, which):
    """A line for each mean, and the cells that lie on the bad side of 1."""
    lines = []
    for mean in found:
        lines.append(f"{mean['clock']:6}  {mean['store']:5}  {mean['jobs']} job"
                     f"{'s' if mean['jobs'] > 1 else ' '}  vs {mean['subject']:22}"
                     f" {mean['ratio']:.3f} over {mean['cells']} cells"
                     + ("" if mean["subject"] in BOUNDS else
                        f", {len(mean['bad'])} {side(which)} 1")
                     + (f": {', '.join(mean['bad'])}" if mean["bad"] else ""))
    return "\n".join(lines) + "\n"


def text(table, which):
    """The table, with notes."""
    tested = sum(1 for r in table if (r["versus"] or {}).get("holm") is not None)
    notes = (FEATURE_NOTES if which == "features" else NOTES).format(
        tested=tested, ours=cells.ours(which))
    if which == "nvme":
        notes += NVME_NOTES
    head = ("clock", "cell", "subject", "n", "ns", "", "vs", "many", "remarks")
    return notes + "\n" + aligned([head, *map(_columns, table)], (3, 4)) + \
        "\nGeometric means of these quotients over cells:\n" + \
        means_text(means(table, which), which)
