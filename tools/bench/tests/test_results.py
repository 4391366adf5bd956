# SPDX-License-Identifier: GPL-2.0
"""The reader of result files, on what fio 3.33 wrote and on broken files."""

import os
import shutil
import tempfile
import unittest

import plan
import results

FIXTURES = os.path.join(os.path.dirname(__file__), "fixtures")


def fixture(name):
    with open(os.path.join(FIXTURES, name), encoding="utf-8") as file:
        return file.read()


class FioValues(unittest.TestCase):
    def test_read_and_write_sections(self):
        # 50000 I/Os in 389 ms and 800 in 725 ms.
        found = results.fio_values(fixture("batch.json"))
        self.assertEqual(sorted(found), ["mem-randread-4k-1j.null_blk.1",
                                         "mem-randwrite-1m-1j.null_blk.1"])
        self.assertAlmostEqual(
            found["mem-randread-4k-1j.null_blk.1"]["iops"], 50000 / 0.389)
        self.assertAlmostEqual(
            found["mem-randwrite-1m-1j.null_blk.1"]["iops"], 800 / 0.725)

    def test_notes_in_front(self):
        text = "fio: clocksource=cpu may not be reliable\n" + \
            fixture("batch.json")
        self.assertEqual(len(results.fio_values(text)), 2)

    def refused(self, text, message):
        with self.assertRaisesRegex(results.ResultError, message):
            results.fio_values(text)

    def test_failed_job(self):
        self.refused(fixture("failed.json"), "error 5")

    def test_no_json(self):
        self.refused("fio: cannot open file\n", "no JSON")

    def test_cut_off(self):
        self.refused(fixture("batch.json")[:900], "broken JSON")

    def test_too_short(self):
        self.refused(fixture("batch.json").replace(": 389,", ": 0,"),
                     "too short")

    def test_no_io(self):
        self.refused(fixture("batch.json").replace(": 50000,", ": 0,"),
                     "one direction")

    def test_same_section_twice(self):
        self.refused(fixture("batch.json").replace(
            "mem-randwrite-1m-1j", "mem-randread-4k-1j"), "twice")


class ExtraValues(unittest.TestCase):
    def test_numbers(self):
        self.assertEqual(results.extra_values('{"load": 1, "unload": 0.25}\n'),
                         {"load": 1.0, "unload": 0.25})

    def test_bad(self):
        for text in ('{}', '{"load": "1"}', '{"load": -1}', '{"load": true}'):
            with self.subTest(text), self.assertRaises(results.ResultError):
                results.extra_values(text)


class Read(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)

    def run_of(self, cell):
        return plan.Run("fio", cell, "null_blk", 1, "batch")

    def test_by_run(self):
        shutil.copy(os.path.join(FIXTURES, "batch.json"), self.dir)
        found = results.read([self.run_of("mem-randread-4k-1j")], self.dir)
        self.assertIn("mem-randread-4k-1j.null_blk.1", found)

    def test_section_missing(self):
        shutil.copy(os.path.join(FIXTURES, "batch.json"), self.dir)
        with self.assertRaisesRegex(results.ResultError, "nothing about"):
            results.read([self.run_of("mem-randread-64k-1j")], self.dir)

    def test_file_missing(self):
        with self.assertRaisesRegex(results.ResultError, "batch.json"):
            results.read([self.run_of("mem-randread-4k-1j")], self.dir)


if __name__ == "__main__":
    unittest.main()
