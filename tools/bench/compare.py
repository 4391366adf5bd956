# SPDX-License-Identifier: GPL-2.0
"""Two samples of times compared: by how much, how sure, and what else the samples show.

Samples of the matrix come from several boots, with equal weight.  Their means are
compared by Welch's t, which does not ask for equal spreads.  A quotient is the same
comparison of the logarithms, taken back: the quotient of geometric means.  No value is
left out, however far from the others it lies.

Times of the block layer are known to have modes: values that differ from boot to boot
by more than they do within one.  They are looked for and told, and the boots' own means
are compared as well: a sample of as many values as there were boots.
"""

import math
import statistics

LEVELS = (0.95, 0.99)

# A split into two modes: the gap between them in units of the spread within them, and
# the part of all values that the smaller one has.
GAP = 3.0
SMALLEST = 0.1
# From this many values on a split is looked for.
ENOUGH = 6

# Distance from the quartiles, in units of theirs, beyond which a value is told.
FAR = 3.0


def welch(one, other):
    """Difference of the means of two samples, other - one, or None where there are not
    two values of each: {"difference", "dof", "p", 0.95: (low, high), 0.99: ...}."""
    from scipy import stats  # imported late: slow, and not always needed

    if min(len(one), len(other)) < 2:
        return None
    parts = [statistics.variance(s) / len(s) for s in (one, other)]
    difference = statistics.fmean(other) - statistics.fmean(one)
    error = math.sqrt(sum(parts))
    if not error:
        return {"difference": difference, "dof": math.inf,
                "p": 0.0 if difference else 1.0,
                **{level: (difference, difference) for level in LEVELS}}
    dof = sum(parts) ** 2 / sum(
        part ** 2 / (len(s) - 1) for part, s in zip(parts, (one, other)))
    half = {level: float(stats.t.ppf((1 + level) / 2, dof)) * error
            for level in LEVELS}
    return {"difference": difference, "dof": dof,
            "p": float(2 * stats.t.sf(abs(difference) / error, dof)),
            **{level: (difference - half[level], difference + half[level])
               for level in LEVELS}}


def speed(ours, theirs):
    """How many times as fast ours is, of two samples of times, with intervals:
    {"ratio", "p", 0.95: (low, high), 0.99: ...}; the ends are None for single values."""
    logs = [[math.log(v) for v in sample] for sample in (ours, theirs)]
    found = welch(*logs)
    if found is None:
        ratio = math.exp(statistics.fmean(logs[1]) - statistics.fmean(logs[0]))
        return {"ratio": ratio, "p": None,
                **{level: (None, None) for level in LEVELS}}
    return {"ratio": math.exp(found["difference"]), "p": found["p"],
            **{level: tuple(math.exp(end) for end in found[level])
               for level in LEVELS}}


def by_boot(values):
    """The geometric mean of each boot, of (boot, time) pairs, in order of boots."""
    boots = {}
    for boot, value in values:
        boots.setdefault(boot, []).append(value)
    return {boot: statistics.geometric_mean(sample)
            for boot, sample in sorted(boots.items())}


def holm(chances):
    """Holm's step-down: what each of many p-values is worth when all are looked at;
    None stays None, and does not count."""
    known = sorted((p, i) for i, p in enumerate(chances) if p is not None)
    found, least = [None] * len(chances), 0.0
    for rank, (p, i) in enumerate(known):
        least = max(least, min(1.0, (len(known) - rank) * p))
        found[i] = least
    return found


def _within(parts):
    """The spread within some parts of a sample together."""
    squares = sum((v - statistics.fmean(part)) ** 2
                  for part in parts for v in part)
    freedom = sum(len(part) - 1 for part in parts)
    return math.sqrt(squares / freedom) if freedom else 0.0


def _split(logs):
    """The place of the widest gap that leaves enough on both sides."""
    least = max(2, math.ceil(SMALLEST * len(logs)))
    places = range(least, len(logs) - least + 1)
    return max(places, key=lambda n: logs[n] - logs[n - 1], default=None)


def modes(values):
    """Two modes of (boot, time) pairs, or None: {"low", "high" (their geometric means),
    "n_low", "n_high", "boots": does each boot lie in one of them}."""
    pairs = sorted((math.log(value), boot) for boot, value in values)
    logs = [log for log, _boot in pairs]
    place = _split(logs) if len(logs) >= ENOUGH else None
    if place is None:
        return None
    parts = logs[:place], logs[place:]
    gap = logs[place] - logs[place - 1]
    if gap <= GAP * _within(parts) or gap <= 1e-9:
        return None
    sides = [{boot for _log, boot in side}
             for side in (pairs[:place], pairs[place:])]
    low, high = (math.exp(statistics.fmean(part)) for part in parts)
    return {"low": low, "high": high, "n_low": len(parts[0]),
            "n_high": len(parts[1]), "boots": not sides[0] & sides[1]}


def far(values):
    """How many values lie far from the quartiles; they are told, and kept."""
    if len(values) < 4:
        return 0
    low, _mid, high = statistics.quantiles(values, n=4, method="inclusive")
    reach = FAR * (high - low)
    return sum(not low - reach <= v <= high + reach for v in values)
