# SPDX-License-Identifier: GPL-2.0
"""The virtual machine that carries out a plan, whichever it is."""

import contextlib
import fcntl
import os
import shlex
import subprocess

from fault import BenchError
from progress import Progress

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))

# A run that takes longer than this on average hangs.
SECONDS_PER_RUN = 60
SECONDS_BEFORE = 900


def _ask_common(question):
    """What a function of scripts/lib/common.sh prints."""
    script = f'. "{TOP}/scripts/lib/common.sh"; {question}'
    found = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE,
                           text=True, check=False)
    return found.stdout.strip() if found.returncode == 0 else ""


def default_kernel():
    """The release that scripts/vm boots."""
    release = _ask_common("default_kernel")
    if not release:
        raise BenchError("no kernel to boot; get one with: scripts/setup test")
    return release


def build_directory(release):
    """The headers of a release."""
    directory = _ask_common(f"kernel_build_dir {shlex.quote(release)}")
    if not directory:
        raise BenchError(f"no headers of Linux {release}; "
                         "get them with: scripts/setup build")
    return directory


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


def plugin(share, name="insn"):
    """Options for a machine with a plugin that counts."""
    os.makedirs(f"{share}/marks")
    return ["--plugin", f"{TOP}/tools/bench/insn/{name}.so,out={share}/marks"]


def command(plan, kernel, share, timeout, memory, *options):
    """How a machine is started that carries out what is in `share`; `plan` is the
    name of one in plans/."""
    return [f"{TOP}/scripts/vm", "--kernel", kernel, "--timeout", str(timeout),
            "--memory", memory, "--share", share, *options,
            "--", f"{TOP}/tools/bench/guest", share, plan]


class Listener:
    """Understands what the guest prints; see the head of `guest`.

    `read` gives the values of some runs that have ended, by section.
    """

    def __init__(self, runs, read, say):
        self.read = read
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
            self.values.update(self.read(runs))
            self.progress.done(runs)
        else:
            self.say(line)


def timeout_of(runs):
    """Seconds after which the machine hangs."""
    return SECONDS_BEFORE + SECONDS_PER_RUN * len(runs)


def follow(words, listener):
    """Run what prints as `guest` does, and end it if we end before it does; its exit
    code."""
    with subprocess.Popen(words, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE) as process:
        try:
            for line in process.stdout:
                listener.hear(line.rstrip("\n"))
        except BaseException:
            process.terminate()
            raise
    return process.returncode


def hold_kernel(kernel):
    """Keep scripts/kernel from removing a kernel as long as we run; see hold_kernel of
    scripts/lib/common.sh."""
    with contextlib.suppress(OSError):
        fd = os.open(kernel, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)


def boot(words, listener, share):
    """Run the machine; the values by section, and what is to be known."""
    code = follow(words, listener)
    if code:
        raise BenchError(f"the virtual machine ended with exit code {code}; "
                         "what it said is above")
    facts, settings = read_facts(f"{share}/facts")
    return {"values": listener.values, "facts": facts, "settings": settings,
            "without": listener.without}
