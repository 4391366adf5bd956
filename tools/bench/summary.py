# SPDX-License-Identifier: GPL-2.0
"""From the runs to rows: one for each cell, metric and driver."""

import stats


def collect(runs, values):
    """{(cell, metric): {driver: [value of each repeat]}}, in plan order.

    `values` has the metrics of each section; a driver that was left out has
    none.
    """
    table = {}
    for run in sorted(runs, key=lambda r: r.repeat):
        for metric, value in values.get(run.section, {}).items():
            drivers = table.setdefault((run.cell, metric), {})
            drivers.setdefault(run.driver, []).append(value)
    return table


def _quotient(what, metric, values, base):
    """How many times the reference; of times, how many times as fast."""
    if metric in what.AS_SPEED:
        return stats.paired_ratio(base, values)
    return stats.paired_ratio(values, base)


def rows(table, what):
    """Each driver's sample described, and compared with the reference; `what` is the
    plan, which has the names."""
    out = []
    for (cell, metric), samples in table.items():
        base = samples.get(what.REFERENCE)
        for driver in sorted(samples, key=what.DRIVERS.index):
            row = {
                "cell": cell,
                "metric": metric,
                "unit": what.METRICS[metric],
                "driver": driver,
                "values": samples[driver],
                **stats.describe(samples[driver]),
                "to_reference": None,
            }
            if base and driver != what.REFERENCE:
                row["to_reference"] = _quotient(what, metric, samples[driver],
                                                base)
            out.append(row)
    return out


def gain(name, jobs, driver, pair, floor):
    """The gain of a driver, from samples of the speed with one job and with more,
    beside the gains of the floor driver, or None."""
    one, more = pair
    values = stats.quotients(more, one)
    return {
        "family": name,
        "jobs": jobs,
        "driver": driver,
        "values": values,
        **stats.describe(values),
        "gain": stats.paired_ratio(more, one),
        "to_floor": stats.paired_ratio(values, floor)
        if floor and driver != "floor" else None,
    }


def of_clock(measured, limit, found, gained=()):
    """Everything about one clock."""
    return {
        "facts": measured["facts"],
        "settings": measured["settings"],
        "without": measured["without"],
        "limit": str(limit),
        "rows": found,
        "gains": list(gained),
    }
