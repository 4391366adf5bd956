# SPDX-License-Identifier: GPL-2.0
"""nvme_c beside the kernel's nvme on the native clock: the load inside a user-mode
kernel, on two equal controllers that are made of code in that kernel.

What the controllers themselves take is in every time. They measure it, and the rest is
the driver's, the block layer's and the load's.
"""

import machine
import native
import plan
import summary
from fault import BenchError
from plans import nvme_native as cells
from results import ResultError

KERNEL = "uml-nvme-fast"


def values_of(run, report):
    """The times of an I/O: all of it, the controller's part, and the rest."""
    ns = native.ns_of(run, report)
    model = int(report["model_ns"]) / int(report["ios"])
    if not 0 < model < ns:
        raise ResultError(
            f"{run.section}: {model:.0f} ns of {ns:.0f} are the controller's")
    return {"ns": ns, "model": model, "rest": ns - model}


def summarise(runs, measured):
    """The clock's part of the summary."""
    table = summary.collect(runs, measured["values"])
    return summary.of_clock(measured, "a fixed number of I/Os",
                            summary.rows(table, cells))


# The memory is for two disks, and everything else.
COMPARISON = native.Comparison("nvme_native", "3G", plan.write, values_of,
                               summarise)


def choose_kernel(asked, build=True):
    """The directory of the kernel; only a user-mode one has such controllers."""
    if asked and native.is_user_mode(asked):
        machine.hold_kernel(asked)
        return asked
    if asked and not asked.startswith("uml-nvme"):
        raise BenchError(f"--kernel {asked}: has no NVMe controllers made of "
                         "code; uml-nvme-fast and uml-nvme have", 2)
    return native.test_kernel(asked or KERNEL, build)
