# SPDX-License-Identifier: GPL-2.0
"""What was measured, as curves: for an operation and a size, how many percent of all
operations took at most how many ns."""

import json
from dataclasses import dataclass


class BadInput(Exception):
    """The file is not what it should be."""


@dataclass(frozen=True)
class Curve:
    """Percentiles of one operation and size, in order: [(percent, ns), ...]."""

    op: str
    size: int | None
    points: tuple

    @property
    def name(self):
        return f"{self.op} {self.size}" if self.size else self.op


# What fio calls them, and where it has the times of each.
FIO_OPS = {"read": ("READ", ("clat_ns", "lat_ns")),
           "write": ("WRITE", ("clat_ns", "lat_ns")),
           "trim": ("DISCARD", ("clat_ns", "lat_ns")),
           "sync": ("FLUSH", ("lat_ns",))}
UNITS = {"k": 1024, "m": 1024 ** 2, "g": 1024 ** 3}


def size_of(text):
    """4k as 4096; of 4k,8k (read, write) the caller takes its part."""
    text = text.strip().lower().removesuffix("ib").removesuffix("b")
    factor = UNITS.get(text[-1:], 1)
    try:
        return int(text.rstrip("kmg")) * factor
    except ValueError:
        raise BadInput(f"bs={text} is not a size") from None


def of_counts(counts):
    """[(ns, operations), ...] to percentiles: each time is that of the middle of those
    that took so long, so that no operation is left out at either end."""
    counts = sorted((ns, n) for ns, n in counts if n)
    total = sum(n for _, n in counts)
    if not total:
        raise BadInput("there are no operations in it")
    points, below = [], 0
    for ns, n in counts:
        points.append((100 * (below + n / 2) / total, ns))
        below += n
    return tuple(points)


def _of_fio_times(times, what):
    """One of fio's clat_ns: from the histogram if there is one, else from percentiles."""
    if times.get("bins"):
        return of_counts((int(ns), n) for ns, n in times["bins"].items())
    if not times.get("percentile"):
        raise BadInput(f"{what}: no percentiles, run fio without disable_clat=1")
    points = {float(percent): ns for percent, ns in times["percentile"].items()}
    points.setdefault(0.0, times["min"])
    points.setdefault(100.0, times["max"])
    # fio's buckets are wider than its minimum and maximum are exact.
    ordered, last = [], 0
    for percent, ns in sorted(points.items()):
        last = max(last, min(ns, times["max"]))
        ordered.append((percent, last))
    return tuple(ordered)


def _fio_size(job, glob, name):
    options = glob | job.get("job options", {})
    bs = options.get("bs", options.get("blocksize", "4096")).split(",")
    place = {"READ": 0, "WRITE": 1, "DISCARD": 2}.get(name)
    if place is None:
        return None
    return size_of(bs[min(place, len(bs) - 1)] or bs[0])


def of_fio(data):
    """The curves of fio's JSON."""
    found = {}
    glob = data.get("global options", {})
    for job in data.get("jobs", []):
        for key, (name, times) in FIO_OPS.items():
            part = job.get(key, {})
            part_times = next((part[t] for t in times if part.get(t, {}).get("N")), None)
            if not part_times:
                continue
            place = (name, _fio_size(job, glob, name))
            what = f"job {job.get('jobname', '?')}, {key}"
            if place in found:
                raise BadInput(f"{what}: a second job of this operation and size, "
                               "run fio with --group_reporting")
            found[place] = _of_fio_times(part_times, what)
    if not found:
        raise BadInput("no operations in it")
    # One size is that of all.
    sizes = {op: [s for o, s in found if o == op] for op, _ in found}
    return [Curve(op, size if len(sizes[op]) > 1 else None, points)
            for (op, size), points in found.items()]


def of_histogram(text, op, size):
    """The curve of lines "NS COUNT"."""
    counts = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        if len(words) != 2 or not all(w.isdigit() for w in words):
            raise BadInput(f"line {number}: \"{line}\" is not a time in ns and a number")
        counts.append((int(words[0]), int(words[1])))
    return [Curve(op, size, of_counts(counts))]


def read(text, op="READ", size=None):
    """The curves of a file, whatever it is."""
    # fio may print notes before.
    begin = text.find("{")
    if begin < 0:
        return of_histogram(text, op, size)
    try:
        data = json.loads(text[begin:])
    except ValueError as error:
        raise BadInput(f"not JSON: {error}") from None
    try:
        return of_fio(data)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BadInput(f"not fio's JSON: {error!r}") from None
