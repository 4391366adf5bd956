# SPDX-License-Identifier: GPL-2.0
"""Measures disks of modules that are loaded on this machine.

Nothing is loaded or created, and no disk is touched that does not belong to
one of the compared drivers, or that anything has open.  What is set for the
measurement is put back.
"""

import contextlib
import dataclasses
import errno
import os
import platform
import re
import stat
import subprocess

import plan
import results
from fault import BenchError
from plans import null_blk as cells
from progress import Progress

HERE = os.path.dirname(os.path.realpath(__file__))

# Names of the disks that each driver makes by itself.
NAMES = {
    "null_blk_c": re.compile(r"nullbc\d+"),
    "null_blk": re.compile(r"nullb\d+"),
    "floor": re.compile(r"mqfloor\d+"),
    "brd": re.compile(r"ram\d+"),
    # Makes none by itself; those of its configfs have any name.
    "rnull": re.compile(r"rnullb\d+"),
}
MODULES = {"floor": "mqblk_floor", "rnull": "rnull_mod"}
# Where the directory of a disk has the disk's name.  With drop_in=1 null_blk_c
# takes null_blk's names; which of the two is loaded tells them apart.
CONFIGFS = {
    "null_blk_c": "config/null_blk_c",
    "null_blk": "config/nullb",
    "rnull": "config/rnull",
}


@dataclasses.dataclass(frozen=True)
class Disk:
    """A disk that may be measured."""

    name: str
    driver: str
    store: str

    @property
    def path(self):
        return f"/dev/{self.name}"


class System:
    """The files that tell about disks; tests have their own root."""

    def __init__(self, root="/"):
        self.root = root

    def path(self, name):
        return os.path.join(self.root, name)

    def read(self, name):
        """The text of a file, or None."""
        try:
            with open(self.path(name), encoding="utf-8") as file:
                return file.read().strip()
        except OSError:
            return None

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def names(self, directory):
        try:
            return sorted(os.listdir(self.path(directory)))
        except OSError:
            return []

    def is_virtual(self, disk):
        """True for a disk without hardware behind it."""
        target = os.path.realpath(self.path(f"sys/block/{disk}"))
        return target.endswith(f"/devices/virtual/block/{disk}")


def _is_loaded(system, driver):
    module = MODULES.get(driver, driver)
    return os.path.isdir(system.path(f"sys/module/{module}"))


def _configfs(driver):
    return f"sys/kernel/{CONFIGFS[driver]}" if driver in CONFIGFS else None


def driver_of(system, disk):
    """The compared driver that a disk belongs to, or None."""
    if not system.is_virtual(disk):
        return None
    for driver, pattern in NAMES.items():
        if not _is_loaded(system, driver):
            continue
        root = _configfs(driver)
        powered = root and system.read(f"{root}/{disk}/power") == "1"
        if powered or pattern.fullmatch(disk):
            return driver
    return None


def store_of(system, disk, driver):
    """Whether a disk keeps data: its own setting, else its module's."""
    if driver == "brd":
        return "mem"
    root = _configfs(driver)
    own = root and system.read(f"{root}/{disk}/memory_backed")
    value = own or system.read(f"sys/module/{driver}/parameters/memory_backed")
    return "mem" if value in ("1", "Y") else "plain"


def why_not(system, disk):
    """Why a disk of a compared driver cannot be measured, or None."""
    sectors = int(system.read(f"sys/block/{disk}/size") or 0)
    if sectors * 512 < cells.SPAN:
        return "smaller than 1 GiB"
    if system.read(f"sys/block/{disk}/ro") == "1":
        return "read-only"
    holders = system.names(f"sys/block/{disk}/holders")
    if holders:
        return f"in use by {', '.join(holders)}"
    return None


def _opened_by(device):
    """A process that has the disk, or a partition of it, open."""
    wanted = os.stat(device)
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            for fd in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    seen = os.stat(f"/proc/{pid}/fd/{fd}")
                    if stat.S_ISBLK(seen.st_mode) and \
                            seen.st_rdev == wanted.st_rdev:
                        return int(pid)
    return None


def check_unused(device):
    """Refuse a disk that is mounted, swapped on, claimed or open."""
    if not stat.S_ISBLK(os.stat(device).st_mode):
        raise BenchError(f"{device} is no block device", 2)
    pid = _opened_by(device)
    if pid:
        raise BenchError(f"{device} is open in process {pid}")
    try:
        # Exclusive: fails if a file system, swap or another disk has it.
        os.close(os.open(device, os.O_RDONLY | os.O_EXCL))
    except OSError as err:
        if err.errno == errno.EBUSY:
            raise BenchError(f"{device} is mounted or in use") from err
        raise BenchError(f"{device}: {err.strerror}") from err


def find_disks(system, drivers):
    """The first usable disk of each driver and store, and notes on others."""
    disks, notes = {}, []
    for name in system.names("sys/block"):
        driver = driver_of(system, name)
        # A RAM disk may hold somebody's data: only if it is named.
        if driver not in drivers or driver == "brd":
            continue
        reason = why_not(system, name)
        if reason:
            notes.append(f"{name} ({driver}) is left out: {reason}")
            continue
        disk = Disk(name, driver, store_of(system, name, driver))
        disks.setdefault((disk.driver, disk.store), disk)
    return list(disks.values()), notes


def named_disks(system, pairs, drivers=cells.DRIVERS):
    """The disks of --device, each checked to be what it is said to be."""
    disks = []
    for pair in pairs:
        driver, equals, path = pair.partition("=")
        if not equals or driver not in drivers:
            raise BenchError(f"--device {pair}: expected DRIVER=/dev/DISK with "
                             f"one of {', '.join(drivers)}", 2)
        if not os.path.exists(path):
            raise BenchError(f"--device {pair}: no such disk", 2)
        name = os.path.basename(os.path.realpath(path))
        if driver_of(system, name) != driver:
            raise BenchError(f"--device {pair}: this is no disk of {driver}", 2)
        reason = why_not(system, name)
        if reason:
            raise BenchError(f"--device {pair}: {reason}", 2)
        disks.append(Disk(name, driver, store_of(system, name, driver)))
    if len({(disk.driver, disk.store) for disk in disks}) < len(disks):
        raise BenchError("--device: more than one disk of a driver and store",
                         2)
    return disks


@contextlib.contextmanager
def quiet(system, disks):
    """No scheduler and no statistics for the time of the measurement."""
    saved = []
    try:
        for disk in disks:
            for name, value in (("scheduler", "none"), ("iostats", "0")):
                path = f"sys/block/{disk.name}/queue/{name}"
                before = system.read(path)
                if before is None or before == "none":
                    continue
                chosen = re.search(r"\[(.+)\]", before)
                saved.append((path, chosen[1] if chosen else before))
                system.write(path, value)
        yield
    finally:
        for path, value in reversed(saved):
            system.write(path, value)


def _call(*command, environ=None):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, check=False,
                          env={**os.environ, **(environ or {})})
    if done.returncode:
        raise BenchError("the measurement stopped; what it said is above")


def _facts():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"^model name\s*: (.*)$", file.read(), re.M)
    fio = subprocess.run(["fio", "--version"], stdout=subprocess.PIPE,
                         text=True, check=True)
    return {
        "kernel": platform.release(),
        "kernel_version": platform.version(),
        "cpu": model[1] if model else platform.machine(),
        "cpus": str(len(os.sched_getaffinity(0))),
        "fio": fio.stdout.strip(),
    }


def _settings(system, disks):
    """Parameters of the modules and attributes of the disks."""
    found = {}
    for disk in disks:
        module = MODULES.get(disk.driver, disk.driver)
        directories = [f"sys/module/{module}/parameters"]
        if _configfs(disk.driver):
            directories.append(f"{_configfs(disk.driver)}/{disk.name}")
        for directory in directories:
            for name in system.names(directory):
                value = system.read(f"{directory}/{name}")
                if value is not None:
                    key = f"{directory.removeprefix('sys/')}/{name}"
                    found.setdefault(disk.driver, {})[key] = value
    return found


def possible(runs, disks):
    """The runs for which there is a disk."""
    have = {(disk.driver, disk.store) for disk in disks}
    return [run for run in runs if (run.driver, run.store) in have]


def measure(disks, run, say):
    """Fill disks that keep data, and measure by `run`, which gives the values by
    section and more facts; the values, and what is to be known."""
    system = System()
    with quiet(system, disks):
        for disk in disks:
            if disk.store == "mem":
                say(f"writing the first GiB of {disk.path}")
                _call(f"{HERE}/fio-fill", disk.path, str(cells.SPAN >> 20))
        values, facts = run()
    return {"values": values, "facts": {**_facts(), **facts},
            "settings": _settings(system, disks), "without": {}}


def carry_out(runs, disks, share, say):
    """Measure with fio."""
    environ = {f"DISK_{d.driver}_{d.store}": d.path for d in disks}
    progress = Progress(runs, say)
    plan.write(runs, share)

    def run():
        values = {}
        progress.begin()
        for name, group in plan.batches(runs):
            _call(f"{HERE}/fio-batch", f"{share}/{name}.fio",
                  f"{share}/{name}.json", *(r.section for r in group),
                  environ=environ)
            values.update(results.read(group, share))
            progress.done(group)
        return values, {}

    return measure(disks, run, say)
