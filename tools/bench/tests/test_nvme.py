# SPDX-License-Identifier: GPL-2.0
"""The runs of --nvme, their results and their table."""

import os
import shutil
import tempfile
import unittest

import choose
import counted
import main
import nvme
import results
import summary
import table
from fault import BenchError
from plans import nvme as cells

FIXTURES = os.path.join(os.path.dirname(__file__), "fixtures", "nvme")
CELL = cells.Cell("randread", "4k", "pages", 32, "irq")
RUNS = cells.make([CELL], 1, 1)
FACTS = {"kernel": "6.12", "cpus": "1", "cpu": "a CPU", "fio": "fio-3.33"}


class Cells(unittest.TestCase):
    def test_names_differ(self):
        names = [c.name for c in cells.matrix("counted")]
        self.assertEqual(len(set(names)), len(names))
        self.assertIn("randwrite-128k-piece-q1-poll", names)

    def test_quick_is_in_matrix(self):
        self.assertLess(set(cells.quick("counted")), set(cells.matrix("counted")))

    def test_pattern(self):
        found = choose.select(cells, "counted", False, ["*-16k-q1-poll"])
        self.assertEqual([c.name for c in found], ["randread-16k-q1-poll",
                                                   "randwrite-16k-q1-poll"])
        with self.assertRaisesRegex(choose.CellError, "randread-4k-q1-irq"):
            choose.check_patterns(cells.matrix("counted"), ["mem-*"])

    def test_drivers_in_turn(self):
        runs = cells.make([CELL], 2, 1)
        self.assertEqual([r.driver for r in runs],
                         ["nvme_c", "nvme", "nvme", "nvme_c"])

    def test_job(self):
        job = RUNS[0].job()
        self.assertTrue(job.startswith("[randread-4k-q32-irq.nvme_c.1]\n"))
        self.assertIn("filename=${DISK_nvme_c}\n", job)
        self.assertIn(f"io_size={20000 * 4096}\n", job)
        self.assertIn("iodepth=32\niodepth_batch=16\n", job)
        self.assertNotIn("hipri", job)

    def test_job_one_at_a_time_and_polled(self):
        cell = cells.Cell("randwrite", "128k", "piece", 1, "poll")
        job = cells.make([cell], 1, 2)[1].job()
        self.assertIn("iomem=mmapshared:${BUFFERS}/piece-128k-q1\n", job)
        self.assertIn(f"io_size={6000 * (128 << 10)}\n", job)
        self.assertIn("iodepth=1\niodepth_batch=1\n", job)
        self.assertIn("hipri=1\n", job)

    def test_job_by_commands(self):
        cell = cells.Cell("randread", "4k", "pages", 32, "cmd")
        job = cells.make([cell], 1, 1)[0].job()
        self.assertIn("filename=${GENERIC_nvme_c}\n", job)
        self.assertIn("ioengine=io_uring_cmd\ncmd_type=nvme\ndirect=0\n", job)


class Options(unittest.TestCase):
    def test_clocks(self):
        for arguments, clocks in (([], ["counted"]),
                                  (["--clock", "wall"], ["wall"]),
                                  (["--clock", "native"], ["native"]),
                                  (["--clock", "both"], ["counted", "wall"])):
            with self.subTest(arguments):
                options = main.parse(["--nvme", *arguments])
                self.assertEqual(options.clocks, clocks)

    def test_refused(self):
        for arguments in (["--nvme", "--host"], ["--nvme", "--drivers", "brd"],
                          ["--nvme", "--device", "brd=/dev/ram0"],
                          ["--nvme", "--clock", "virtual"],
                          ["--clock", "counted"]):
            with self.subTest(arguments), self.assertRaises(BenchError):
                main.parse(arguments)


class Interrupts(unittest.TestCase):
    TEXT = (" 33:   332   10  PCI-MSIX-0000:01:00.0   1-edge      nvme0q1\n"
            " 34:    12    0  PCI-MSIX-0000:02:00.0   0-edge      nvmec0 q0\n"
            " 35:  1221    5  PCI-MSIX-0000:02:00.0   1-edge      nvmec0 q1\n"
            " 36:     1    2  PCI-MSIX-0000:02:00.0   2-edge      nvmec0 q10\n")

    def test_io_queues_on_all_cpus(self):
        self.assertEqual(nvme.count_interrupts(self.TEXT, "nvme"), 342)
        self.assertEqual(nvme.count_interrupts(self.TEXT, "nvme_c"), 1229)

    def test_none(self):
        with self.assertRaisesRegex(counted.CountError, "nvme has no"):
            nvme.count_interrupts("", "nvme")


class Results(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)
        for name in os.listdir(FIXTURES):
            shutil.copy(os.path.join(FIXTURES, name), self.dir)
        self.reader = nvme.Reader(self.dir)

    def test_counted(self):
        found = self.reader.read([RUNS[1]])["randread-4k-q32-irq.nvme.1"]
        # 141097 instructions in the excerpt; 661 interrupts; 1207 ms.
        self.assertAlmostEqual(found["instructions"], 141097 / 20000)
        self.assertAlmostEqual(found["doorbells"], 648 / 20000)
        self.assertAlmostEqual(found["interrupts"], 661 / 20000)
        self.assertAlmostEqual(found["iops"], 20000 / 1.207)

    def test_file_is_cut_to_the_driver(self):
        path = f"{self.dir}/randread-4k-q32-irq.nvme.1.insn"
        self.reader.read([RUNS[1]])
        with open(path, encoding="utf-8") as file:
            self.assertNotIn("ffffffffc032adf0", file.read())

    def test_not_counted(self):
        found = self.reader.read([RUNS[0]])["randread-4k-q32-irq.nvme_c.1"]
        self.assertNotIn("instructions", found)
        self.assertAlmostEqual(found["interrupts"], 792 / 20000)

    def test_missing(self):
        os.unlink(f"{self.dir}/randread-4k-q32-irq.nvme.1.after")
        with self.assertRaisesRegex(results.ResultError, "nvme.1"):
            self.reader.read([RUNS[1]])

    def test_functions(self):
        self.reader.read([RUNS[1]])
        text = nvme.function_texts(self.reader.functions)["nvme"]
        self.assertRegex(text, r"7\.05 +randread-4k-q32-irq\n"
                               r" +6\.00 +1\.000  nvme_core +nvme_complete")


class Table(unittest.TestCase):
    def test_table(self):
        runs = cells.make([CELL], 2, 1)
        speed = {"nvme_c": (300, 350.0, 0.1), "nvme": (200, 500.0, 0.125)}
        values = {r.section: dict(zip(("iops", "instructions", "doorbells"),
                                      speed[r.driver])) for r in runs}
        rows = summary.rows(summary.collect(runs, values), cells)
        text = table.render({
            "date": "today", "revision": "unknown", "qemu": "QEMU",
            "machine": {"cpu": "a CPU", "cpus": 2},
            "clocks": {"counted": {"facts": FACTS, "rows": rows}}}, True)
        self.assertRegex(
            text, r"randread-4k-q32-irq +nvme_c +2 +300 +\[300 \.\. 300\] +"
                  r"1\.500 \(1\.500 \.\. 1\.500\) +350\.0 +0\.700 +"
                  r"0\.1000 +0\.800 +- +-\n")


if __name__ == "__main__":
    unittest.main()
