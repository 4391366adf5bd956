# SPDX-License-Identifier: GPL-2.0
"""Carries out the plan of null_blk_c and null_blk by fio, and says what comes of it."""

import machine
import plan
import results
import stats
import summary
from plans import null_blk as cells

# Three disks of 1 GiB, and as much again for everything else.
MEMORY = "5G"


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


def gains(table):
    """What more jobs do, in units of what one does, repeat by repeat."""
    return [
        summary.gain("-".join((store, rw, bs)), more, driver,
                     _family_samples(table, (store, rw, bs), driver, more),
                     _floor_gains(table, (store, rw, bs), more))
        for store in cells.STORE_DRIVERS
        for bs in cells.SIZES
        for rw in ("randread", "randwrite")
        for more in cells.JOBS[1:]
        for driver in cells.DRIVERS
        if _family_samples(table, (store, rw, bs), driver, more)
    ]


def summarise(runs, measured, limit):
    """One clock's part of the summary."""
    table = summary.collect(runs, measured["values"])
    return summary.of_clock(measured, limit, summary.rows(table, cells),
                            gains(table))


def command(runs, clock, kernel, share):
    """How the machine is started for these runs."""
    options = ["--icount"] if clock == "virtual" else ["--cpus", str(cells.CPUS)]
    if any(run.kind == "insn" for run in runs):
        options += machine.plugin(share)
    return machine.command("null_blk", kernel, share, machine.timeout_of(runs),
                           MEMORY, *options)


def carry_out(runs, clock, kernel, share, say):
    """Boot and measure."""
    plan.write(runs, share)
    listener = machine.Listener(runs, lambda ended: results.read(ended, share),
                                say)
    return machine.boot(command(runs, clock, kernel, share), listener, share)
