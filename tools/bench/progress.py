# SPDX-License-Identifier: GPL-2.0
"""Progress lines with an estimate of what is left."""

import time

# An extra measurement takes about as long as this many runs of fio.
EXTRA_WEIGHT = 10


def _weight(runs):
    return sum(1 if run.kind == "fio" else EXTRA_WEIGHT for run in runs)


def clock_text(seconds):
    """Minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


class Progress:
    """Counts the runs of one plan."""

    def __init__(self, runs, say, now=time.monotonic):
        self.left = list(runs)
        self.total = len(self.left)
        self.done_weight = 0
        self.say = say
        self.now = now
        self.start = now()

    def begin(self):
        """The preparations are over; runs follow."""
        self.start = self.now()

    def drop(self, driver):
        """Runs of this driver will not take place."""
        self.left = [run for run in self.left if run.driver != driver]
        self.total = len(self.left)

    def batch(self, name):
        """The runs of a batch that take place."""
        return [run for run in self.left if run.batch == name]

    def done(self, runs):
        """These runs have ended."""
        self.left = [run for run in self.left if run not in runs]
        self.done_weight += _weight(runs)
        elapsed = self.now() - self.start
        rest = elapsed / self.done_weight * _weight(self.left)
        self.say(f"{self.total - len(self.left):4} of {self.total} runs done "
                 f"({runs[0].batch}), about {clock_text(rest)} left")
