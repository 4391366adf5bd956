# SPDX-License-Identifier: GPL-2.0
"""Which disks of a machine may be measured: on a made-up /sys."""

import os
import shutil
import tempfile
import unittest

import host
from fault import BenchError


class FakeSystem(host.System):
    """A /sys in a temporary directory."""

    def __init__(self, case):
        super().__init__(tempfile.mkdtemp())
        case.addCleanup(shutil.rmtree, self.root)
        os.makedirs(self.path("sys/block"))

    def put(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        self.write(name, text)

    def add_disk(self, name, bus="virtual/block", gib=4):
        real = f"sys/devices/{bus}/{name}"
        self.put(f"{real}/size", str(gib << 21))
        self.put(f"{real}/queue/iostats", "1\n")
        self.put(f"{real}/queue/scheduler", "none [mq-deadline]\n")
        os.symlink(self.path(real), self.path(f"sys/block/{name}"))

    def add_module(self, name, memory_backed="N"):
        self.put(f"sys/module/{name}/parameters/memory_backed", memory_backed)


class Disks(unittest.TestCase):
    def setUp(self):
        self.system = FakeSystem(self)

    def find(self):
        disks, _ = host.find_disks(
            self.system, ["null_blk_c", "null_blk", "floor", "brd"])
        return {(d.name, d.driver, d.store) for d in disks}

    def test_by_name(self):
        self.system.add_module("null_blk", "Y")
        self.system.add_module("mqblk_floor")
        self.system.add_disk("nullb0")
        self.system.add_disk("mqfloor0")
        self.assertEqual(self.find(), {("nullb0", "null_blk", "mem"),
                                       ("mqfloor0", "floor", "plain")})

    def test_rust(self):
        self.system.put("sys/module/rnull_mod/parameters/x", "1\n")
        self.system.add_disk("mine")
        self.system.put("sys/kernel/config/rnull/mine/power", "1\n")
        self.assertEqual(self.find(), set())
        disks, _ = host.find_disks(self.system, ["rnull"])
        self.assertEqual([(d.name, d.driver, d.store) for d in disks],
                         [("mine", "rnull", "plain")])

    def test_by_configfs(self):
        self.system.add_module("null_blk_c")
        self.system.add_disk("mine")
        self.system.put("sys/kernel/config/null_blk_c/mine/power", "1\n")
        self.system.put("sys/kernel/config/null_blk_c/mine/memory_backed",
                        "1\n")
        self.assertEqual(self.find(), {("mine", "null_blk_c", "mem")})

    def test_other_disks_are_never_taken(self):
        self.system.add_module("null_blk")
        self.system.add_module("brd")
        self.system.add_disk("sda", "pci0000:00/host0/block")
        self.system.add_disk("nvme0n1", "pci0000:00/nvme/nvme0")
        self.system.add_disk("nullb0", "pci0000:00/host1/block")
        self.system.add_disk("loop0")
        self.system.add_disk("dm-0")
        self.system.add_disk("ram0")
        self.assertEqual(self.find(), set())

    def test_name_without_module(self):
        self.system.add_disk("nullb0")
        self.assertEqual(self.find(), set())

    def test_small(self):
        self.system.add_module("null_blk")
        self.system.add_disk("nullb0", gib=0)
        disks, notes = host.find_disks(self.system, ["null_blk"])
        self.assertEqual(disks, [])
        self.assertIn("smaller", notes[0])

    def test_holder(self):
        self.system.add_module("null_blk")
        self.system.add_disk("nullb0")
        self.system.put("sys/devices/virtual/block/nullb0/holders/dm-0", "")
        self.assertEqual(self.find(), set())

    def test_named_must_belong(self):
        self.system.add_module("null_blk")
        for pair in ("null_blk", "other=/dev/null", "null_blk=/no/such",
                     "null_blk=/dev/null"):
            with self.subTest(pair), self.assertRaises(BenchError):
                host.named_disks(self.system, [pair])


class Quiet(unittest.TestCase):
    def test_restored_after_failure(self):
        system = FakeSystem(self)
        system.add_disk("nullb0")
        disk = host.Disk("nullb0", "null_blk", "plain")
        with self.assertRaises(RuntimeError):
            with host.quiet(system, [disk]):
                self.assertEqual(
                    system.read("sys/block/nullb0/queue/iostats"), "0")
                self.assertEqual(
                    system.read("sys/block/nullb0/queue/scheduler"), "none")
                raise RuntimeError
        self.assertEqual(system.read("sys/block/nullb0/queue/iostats"), "1")
        self.assertEqual(system.read("sys/block/nullb0/queue/scheduler"),
                         "mq-deadline")


if __name__ == "__main__":
    unittest.main()
