# SPDX-License-Identifier: GPL-2.0
"""Statistics of repeated, interleaved runs.

Two drivers are compared repeat by repeat: the runs of one repeat lie next to
each other in time, so what slows the machine slows both, and their quotient
has less spread than either.  Quotients are averaged as logarithms; the
interval is Student's for the mean of the logarithms, taken back.
"""

import math
import statistics

CONFIDENCE = 0.95


def describe(values):
    """Median, quartiles and extremes of a sample."""
    if len(values) == 1:
        low = mid = high = values[0]
    else:
        low, mid, high = statistics.quantiles(values, n=4, method="inclusive")
    return {
        "n": len(values),
        "median": mid,
        "q1": low,
        "q3": high,
        "min": min(values),
        "max": max(values),
        "mean": statistics.fmean(values),
    }


def _half_width(sample):
    """Half of the confidence interval of the mean of a sample."""
    from scipy.stats import t  # imported late: slow, and not always needed

    error = statistics.stdev(sample) / math.sqrt(len(sample))
    return float(t.ppf((1 + CONFIDENCE) / 2, len(sample) - 1)) * error


def paired_ratio(values, base):
    """Mean quotient of two equally long samples, with its interval.

    Returns None if a value is zero, and no interval for a single pair.
    """
    if len(values) != len(base):
        raise ValueError("paired samples differ in length")
    if not values or min(*values, *base) <= 0:
        return None
    logs = [math.log(v / b) for v, b in zip(values, base)]
    mean = statistics.fmean(logs)
    ratio = {"ratio": math.exp(mean), "low": None, "high": None}
    if len(logs) > 1:
        half = _half_width(logs)
        ratio["low"] = math.exp(mean - half)
        ratio["high"] = math.exp(mean + half)
    return ratio


def quotients(values, base):
    """The quotients themselves, for their spread."""
    return [v / b for v, b in zip(values, base)]
