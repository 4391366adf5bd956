# SPDX-License-Identifier: GPL-2.0
"""Carries out a plan in the virtual machine."""

import os
import subprocess

import plan
import results
from fault import BenchError
from progress import Progress

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))

# Three disks of 1 GiB, and as much again for everything else.
MEMORY = "5G"

# A run that takes longer than this on average hangs.
SECONDS_PER_RUN = 60
SECONDS_BEFORE = 900


def default_kernel():
    """The release that scripts/vm boots."""
    script = f'. "{TOP}/scripts/lib/common.sh"; default_kernel'
    found = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE,
                           text=True, check=False)
    if found.returncode or not found.stdout.strip():
        raise BenchError("no kernel to boot; get one with: scripts/setup test")
    return found.stdout.strip()


def read_facts(path):
    """What the guest wrote about itself, apart from its drivers' settings."""
    facts, settings = {}, {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            name, _, value = line.rstrip("\n").partition(" ")
            driver, colon, setting = name.partition(":")
            if colon:
                settings.setdefault(driver, {})[setting] = value.strip()
            else:
                facts[name] = value
    return facts, settings


def _command(clock, kernel, share, timeout):
    command = [f"{TOP}/scripts/vm", "--memory", MEMORY, "--kernel", kernel,
               "--timeout", str(timeout), "--share", share]
    command += ["--icount"] if clock == "virtual" else ["--cpus", "2"]
    return command + ["--", f"{TOP}/tools/bench/guest", share]


class _Listener:
    """Understands what the guest prints; see the head of `guest`."""

    def __init__(self, runs, share, say):
        self.share = share
        self.say = say
        self.progress = Progress(runs, say)
        self.without = {}
        self.values = {}

    def hear(self, line):
        word, _, rest = line.partition(" ")
        if word == "note":
            self.say(rest)
        elif word == "without":
            driver, _, why = rest.partition(" ")
            self.without[driver] = why
            self.progress.drop(driver)
            self.say(f"{driver} is left out: {why}")
        elif word == "ready":
            self.progress.begin()
        elif word == "done":
            runs = self.progress.batch(rest)
            self.values.update(results.read(runs, self.share))
            self.progress.done(runs)
        else:
            self.say(line)


def carry_out(runs, clock, kernel, share, say):
    """Boot and measure; the values by section, and what is to be known."""
    plan.write(runs, share)
    timeout = SECONDS_BEFORE + SECONDS_PER_RUN * len(runs)
    listener = _Listener(runs, share, say)
    with subprocess.Popen(_command(clock, kernel, share, timeout), text=True,
                          stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE) as machine:
        try:
            for line in machine.stdout:
                listener.hear(line.rstrip("\n"))
        except BaseException:
            machine.terminate()
            raise
    if machine.returncode:
        raise BenchError(f"the virtual machine ended with exit code "
                         f"{machine.returncode}; what it said is above")
    facts, settings = read_facts(f"{share}/facts")
    return {"values": listener.values, "facts": facts, "settings": settings,
            "without": listener.without}
