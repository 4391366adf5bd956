# SPDX-License-Identifier: GPL-2.0
"""Which cells are taken, and in which order they run."""

import os
import shutil
import tempfile
import unittest

import choose
import null_blk
import plan
from plans import null_blk as cells

READ = cells.Cell("plain", "randread", "4k", 1)
READ2 = cells.Cell("plain", "randread", "4k", 2)
DRIVERS = ["null_blk_c", "null_blk", "floor"]
LIMIT = cells.Limit(factor=1)


class Cells(unittest.TestCase):
    def test_virtual_has_one_job(self):
        self.assertEqual({c.jobs for c in cells.matrix("virtual")
                          if c.kind == "fio"}, {1})

    def test_quick_is_in_matrix(self):
        for clock in ("wall", "virtual"):
            self.assertLess(set(cells.quick(clock)), set(cells.matrix(clock)))

    def test_zone_is_read_by_one_and_by_four(self):
        jobs = {clock: [c.jobs for c in cells.matrix(clock)
                        if c.kind == "fio" and c.store == "zone"]
                for clock in ("wall", "virtual")}
        self.assertEqual(jobs, {"wall": [1, 4], "virtual": [1]})

    def test_extras_of_a_clock(self):
        kinds = {clock: {c.kind for c in cells.matrix(clock)}
                 for clock in ("wall", "virtual")}
        self.assertEqual(kinds["wall"] ^ kinds["virtual"], {"load", "insn"})
        self.assertIn("timer", kinds["wall"] & kinds["virtual"])

    def test_pattern(self):
        names = [c.name for c in choose.select(cells, "wall", False, ["mem-*-64k-2j"])]
        self.assertEqual(names, ["mem-randread-64k-2j", "mem-randwrite-64k-2j"])

    def test_pattern_without_match(self):
        with self.assertRaisesRegex(choose.CellError, "mem-randread-4k-1j"):
            choose.check_patterns(cells.matrix("wall"), ["mem-*-8k-*"])

    def test_drivers(self):
        self.assertEqual(cells.parse_drivers("floor,null_blk"),
                         ["null_blk", "floor"])
        for text in ("", "nullblk", "floor,x"):
            with self.subTest(text), self.assertRaises(choose.CellError):
                cells.parse_drivers(text)


class Order(unittest.TestCase):
    def test_each_repeat_starts_with_another_driver(self):
        runs = cells.make([READ], DRIVERS, 3, LIMIT)
        self.assertEqual([r.driver for r in runs],
                         ["null_blk_c", "null_blk", "floor",
                          "null_blk", "floor", "null_blk_c",
                          "floor", "null_blk_c", "null_blk"])

    def test_jobs_of_a_driver_are_neighbours(self):
        runs = cells.make([READ, READ2], ["null_blk"], 2, LIMIT)
        self.assertEqual([r.jobs for r in runs], [1, 2, 2, 1])

    def test_floor_keeps_no_data(self):
        mem = cells.Cell("mem", "randread", "4k", 1)
        self.assertNotIn("floor", {r.driver for r in cells.make(
            [mem], list(cells.DRIVERS), 1, LIMIT)})

    def test_extras_come_last_and_seldom(self):
        extra = cells.EXTRAS[1]
        runs = cells.make([extra, READ], ["null_blk"], 5, LIMIT, 2)
        self.assertEqual([r.kind for r in runs], ["fio"] * 5 + ["load"] * 2)

    def test_batches_are_repeats_of_a_store(self):
        mem = cells.Cell("mem", "randread", "4k", 1)
        runs = cells.make([READ, mem], ["null_blk"], 2, LIMIT)
        self.assertEqual([name for name, _ in plan.batches(runs)],
                         ["repeat-01-plain", "repeat-01-mem",
                          "repeat-02-plain", "repeat-02-mem"])


class Files(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)

    def text(self, name):
        with open(os.path.join(self.dir, name), encoding="utf-8") as file:
            return file.read()

    def test_amount(self):
        plan.write(cells.make([READ], ["null_blk"], 1, LIMIT), self.dir)
        self.assertEqual(self.text("plan"),
                         "repeat-01-plain\tfio\tplain-randread-4k-1j.null_blk.1"
                         "\tnull_blk\tplain\n")
        job = self.text("repeat-01-plain.fio")
        self.assertIn("[global]\n", job)
        self.assertIn("filename=${DISK_null_blk_plain}\n", job)
        self.assertIn(f"io_size={50000 * 4096}\n", job)

    def test_time_and_two_jobs(self):
        limit = cells.Limit(milliseconds=700)
        plan.write(cells.make([READ2], ["floor"], 1, limit), self.dir)
        job = self.text("repeat-01-plain.fio")
        self.assertIn("numjobs=2\ncpus_allowed=0-1\ntime_based=1\n"
                      "runtime=700ms\n", job)

    def test_four_jobs_in_one_zone(self):
        cell = cells.Cell("zone", "randread", "4k", 4)
        job = cells.make([cell], ["null_blk"], 1, LIMIT)[0].job()
        self.assertIn("filename=${DISK_null_blk_zone}\n", job)
        self.assertIn(f"numjobs=4\ncpus_allowed=0-1\nsize={64 << 20}\n", job)


class Machine(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)

    def command(self, *selected):
        runs = cells.make(list(selected), ["null_blk"], 1, LIMIT)
        return null_blk.command(runs, "virtual", "6.12", self.dir)

    def test_plugin_only_if_something_counts(self):
        insn, = (c for c in cells.EXTRAS if c.kind == "insn")
        self.assertNotIn("--plugin", self.command(READ))
        command = self.command(READ, insn)
        plugin = command[command.index("--plugin") + 1]
        self.assertTrue(plugin.endswith(f"insn.so,out={self.dir}/marks"))
        self.assertEqual(os.listdir(self.dir), ["marks"])


if __name__ == "__main__":
    unittest.main()
