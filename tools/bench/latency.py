# SPDX-License-Identifier: GPL-2.0
"""Latencies of a matrix: histograms of many samples, and percentiles of them.

The load counts I/Os by time, in eight buckets for each power of two (mql_bucket()), so
that a percentile is known to an eighth at worst.  Inside a bucket times are taken to be
spread evenly.  Percentiles of all samples together are told, and how far those of single
boots lie apart: no interval is claimed, as the I/Os of a sample are anything but
independent of each other.

The clock of a user-mode kernel goes in steps of 256 ns.  Times of single I/Os are no finer
than that, and an I/O that takes less may take 0.  Their mean is, as I/Os begin anywhere
between two steps.
"""

from plans import matrix as cells
from results import ResultError

PREFIX = "took_"
BUCKET_BITS = 3

# In percent; the last needs a hundred thousand I/Os to be more than one of them.
WANTED = (50, 90, 99, 99.9, 99.99)
# So many I/Os have to lie beyond a percentile for it to be told.
BEYOND = 10


def read(run, report):
    """{least ns of a bucket: I/Os} of what the load reports of a run."""
    found = {int(name.removeprefix(PREFIX)): int(number)
             for name, number in report.items() if name.startswith(PREFIX)}
    if sum(found.values()) != int(report["ios"]):
        raise ResultError(f"{run.section}: latencies of {sum(found.values())} I/Os of "
                          f"{report['ios']}")
    return found


def total_ns(report):
    """Of all I/Os of a run together."""
    return int(report["latency_mean_ns"]) * int(report["ios"])


def width(ns):
    """Of the bucket that begins with this time."""
    return 1 << max(ns.bit_length() - 1 - BUCKET_BITS, 0)


def percentile(histogram, percent):
    """The time that so many percent of all I/Os took at most."""
    left = sum(histogram.values()) * percent / 100
    last = 0.0
    for ns, number in sorted(histogram.items()):
        if left <= number:
            return ns + width(ns) * max(left, 0) / number
        left -= number
        last = ns + width(ns)
    return float(last)


def percentiles(histogram):
    """{percent: ns} of those that enough I/Os lie beyond."""
    total = sum(histogram.values())
    return {percent: percentile(histogram, percent) for percent in WANTED
            if total * (100 - percent) / 100 >= BEYOND}


def merge(histograms):
    """The sum of some."""
    found = {}
    for histogram in histograms:
        for ns, number in histogram.items():
            found[ns] = found.get(ns, 0) + number
    return found


def _ends(boots, percent):
    """The lowest and the highest boot, where each has enough I/Os for that."""
    known = [boot.get(percent) for boot in boots]
    return {"low": None, "high": None} if None in known else \
        {"low": min(known), "high": max(known)}


def _row(key, subject, by_boot):
    clock, cell = key
    boots = [percentiles(merge(v["took"] for v in samples))
             for samples in by_boot.values()]
    all_of_them = [v for samples in by_boot.values() for v in samples]
    together = merge(v["took"] for v in all_of_them)
    ios = sum(together.values())
    found = percentiles(together)
    return {"clock": clock, "cell": cell.name, "store": cell.store,
            "operation": cell.operation, "size": cell.size, "depth": cell.depth,
            "jobs": cell.jobs, "subject": subject, "ios": ios,
            "boots": len(by_boot), "mean": sum(v["took_ns"] for v in all_of_them) / ios,
            "percentiles": [{"percent": percent, "ns": ns, **_ends(boots, percent)}
                            for percent, ns in found.items()]}


def rows(measured, subjects):
    """A row for each cell of latencies and subject, of {run: (machine, values)}."""
    found = {}
    for run, (machine, values) in measured.items():
        if "took" in values:
            found.setdefault((run.clock, run.what), {}).setdefault(
                run.subject.name, {}).setdefault(machine, []).append(values)
    order = sorted(found, key=lambda key: (cells.ORDER.index(key[0]),
                                           key[1].store != "plain",
                                           key[1].operation,
                                           cells.SIZES[key[1].size],
                                           key[1].depth, key[1].jobs))
    return [_row(key, subject.name, found[key][subject.name])
            for key in order for subject in subjects if subject.name in found[key]]


NOTES = """\

Latencies in ns: half of all I/Os took p50 at most. "-": too few I/Os lie beyond. In
brackets, how far single boots lie apart, where each has enough. The clock of a user-mode
kernel goes in steps of 256 ns, and so do these times, but for the mean.
"""


def _entry(row, percent):
    for one in row["percentiles"]:
        if one["percent"] == percent:
            text = f"{one['ns']:,.0f}"
            if row["boots"] > 1 and one["low"]:
                text += f" [{one['low']:,.0f} .. {one['high']:,.0f}]"
            return text
    return "-"


def lines(table):
    """The table as lists of words; empty without any."""
    if not table:
        return []
    head = ("clock", "cell", "subject", "I/Os", "mean", *(f"p{p:g}" for p in WANTED))
    return [head, *((r["clock"], r["cell"], r["subject"], f"{r['ios']:,}",
                     f"{r['mean']:,.0f}", *(_entry(r, p) for p in WANTED)) for r in table)]
