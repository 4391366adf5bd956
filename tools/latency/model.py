# SPDX-License-Identifier: GPL-2.0
"""The model: from curves to the text that null_blk_c takes, and what it makes of that."""

import bisect
from dataclasses import dataclass

MAX_BYTES = 4095
MAX_POINTS = 32
MAX_NS = 86400 * 10 ** 9
# Percentiles, those of most interest first.
INTEREST = (0, 50, 99, 99.9, 100, 90, 99.99, 10, 95, 75, 25, 99.5, 1, 99.95, 98, 97, 80, 85,
            60, 70, 40, 30, 20, 5, 99.999, 92.5, 99.25, 99.75, 65, 55, 45, 35)


class TooLarge(Exception):
    """The text would be longer than the driver takes."""


@dataclass(frozen=True)
class Extra:
    """What a model says besides times: both may be None."""

    seed: int | None = None
    channels: int | None = None


def between(points, percent):
    """The time below which so many percent are, on straight lines between points."""
    places = [p for p, _ in points]
    at = bisect.bisect_right(places, percent)
    if at == 0:
        return points[0][1]
    if at == len(points):
        return points[-1][1]
    (low, low_ns), (high, high_ns) = points[at - 1], points[at]
    return low_ns + (high_ns - low_ns) * (percent - low) / (high - low)


def as_numbers(points):
    """Percentiles as the driver takes them: 6 decimals, whole ns, in order."""
    ordered = []
    for percent, ns in points:
        place, ns = round(percent * 10 ** 6), min(round(ns), MAX_NS)
        if ordered and place <= ordered[-1][0]:
            ordered[-1] = (ordered[-1][0], max(ns, ordered[-1][1]))
        else:
            ordered.append((place, ns))
    return ordered


def fit(points, most):
    """At most so many points: all there are, or those of most interest."""
    if len(points) <= most:
        return list(points)
    return [(p, between(points, p)) for p in sorted(INTEREST[:most])]


def percent_text(place):
    whole, rest = divmod(place, 10 ** 6)
    return f"{whole}.{rest:06}".rstrip("0").rstrip(".")


def line(curve, points):
    table = ",".join(f"{percent_text(place)}:{ns}" for place, ns in as_numbers(points))
    size = f" bytes={curve.size}" if curve.size else ""
    return f"op={curve.op}{size} percentiles={table}"


def text(curves, most=32, extra=Extra()):
    """The model of these curves, and the points that it has for each."""
    while True:
        fitted = [fit(curve.points, most) for curve in curves]
        lines = ["latency 1"]
        lines += [f"seed={extra.seed}"] if extra.seed is not None else []
        lines += [f"channels={extra.channels}"] if extra.channels is not None else []
        lines += [line(c, f) for c, f in zip(curves, fitted)] + ["end", ""]
        written = "\n".join(lines)
        if len(written) <= MAX_BYTES:
            return written, fitted
        if most <= 4:
            raise TooLarge(f"{len(curves)} operations and sizes are too many for "
                           f"{MAX_BYTES} bytes")
        most -= max(1, most // 8)


def tables(written):
    """What a text says: {(op, size): [(percent, ns), ...]} of its tables."""
    found = {}
    for row in written.splitlines():
        words = dict(w.partition("=")[::2] for w in row.split("#")[0].split())
        if "percentiles" not in words:
            continue
        size = int(words["bytes"]) if "bytes" in words else None
        pairs = (pair.split(":") for pair in words["percentiles"].split(","))
        found[words["op"], size] = [(float(p), int(ns)) for p, ns in pairs]
    return found


def worst(points, fitted, percents=(50, 90, 99, 99.9)):
    """[(percent, measured ns, the model's ns), ...]"""
    return [(p, between(points, p), between(fitted, p)) for p in percents]
