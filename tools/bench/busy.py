# SPDX-License-Identifier: GPL-2.0
"""What else this machine did while something was measured."""

import os
import resource
import time

# Of one CPU; above it, figures are noisy.
MUCH = 0.1


def busy_seconds(text):
    """Seconds that all CPUs have worked since boot, from /proc/stat, and seconds
    that a hypervisor took."""
    words = next(line for line in text.splitlines()
                 if line.startswith("cpu ")).split()[1:]
    ticks = [int(word) for word in words] + [0] * 8
    user, nice, system, _idle, _wait, irq, softirq, steal = ticks[:8]
    hertz = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + irq + softirq) / hertz, steal / hertz


def _now():
    with open("/proc/stat", encoding="utf-8") as file:
        busy, steal = busy_seconds(file.read())
    own = sum(sum(resource.getrusage(who)[:2])
              for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return time.monotonic(), busy - own, steal


def others(before, after):
    """CPUs that others used on average, and those that a hypervisor took."""
    seconds = max(after[0] - before[0], 1e-9)
    return (max(after[1] - before[1], 0) / seconds,
            max(after[2] - before[2], 0) / seconds)


def sample(seconds=1.0):
    """The same, looked at for a while."""
    before = _now()
    time.sleep(seconds)
    return others(before, _now())


class Watch:
    """From its making until facts() is called."""

    def __init__(self):
        self.before = _now()

    def facts(self):
        """For the summary; children have to have ended."""
        used, stolen = others(self.before, _now())
        return {"cpus_of_others": f"{used:.2f}", "cpus_stolen": f"{stolen:.2f}"}


def is_noisy(facts):
    """Was there so much that the figures are doubtful?"""
    return any(float(facts.get(name, 0)) > MUCH
               for name in ("cpus_of_others", "cpus_stolen"))
