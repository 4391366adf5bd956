# SPDX-License-Identifier: GPL-2.0
"""From the runs to rows: one for each cell, metric and driver."""

import cells
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
    if metric in getattr(what, "AS_SPEED", ()):
        return stats.paired_ratio(base, values)
    return stats.paired_ratio(values, base)


def rows(table, what=cells):
    """Each driver's sample described, and compared with the reference.

    `what` is the module that has the names: cells, nvme_cells or native_cells.
    """
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


def _family_samples(table, family, driver, more):
    """Samples of a driver with one job and with more, or None."""
    pair = []
    for jobs in (1, more):
        cell = cells.Cell(*family, jobs)
        sample = table.get((cell.name, "iops"), {}).get(driver)
        if not sample:
            return None
        pair.append(sample)
    return pair


def _floor_gains(table, family, more):
    """Gains of the floor driver: same workload if measured, else nearest."""
    store, rw, bs = family
    sizes = [bs] + [s for s in cells.SIZES if s != bs]
    for size in sizes:
        for operation in (rw, "randread", "randwrite"):
            for nearest in (store, "plain"):
                pair = _family_samples(table, (nearest, operation, size),
                                       "floor", more)
                if pair:
                    return stats.quotients(pair[1], pair[0])
    return None


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


def gains(table):
    """What more jobs do, in units of what one does, repeat by repeat."""
    return [
        gain("-".join((store, rw, bs)), more, driver,
             _family_samples(table, (store, rw, bs), driver, more),
             _floor_gains(table, (store, rw, bs), more))
        for store in cells.STORE_DRIVERS
        for bs in cells.SIZES
        for rw in ("randread", "randwrite")
        for more in cells.JOBS[1:]
        for driver in cells.DRIVERS
        if _family_samples(table, (store, rw, bs), driver, more)
    ]


def of_clock(runs, measured, limit):
    """Everything about the runs on one clock."""
    table = collect(runs, measured["values"])
    return {
        "facts": measured["facts"],
        "settings": measured["settings"],
        "without": measured["without"],
        "limit": str(limit),
        "rows": rows(table),
        "gains": gains(table),
    }
