# SPDX-License-Identifier: GPL-2.0
"""The reader of result files, on what fio 3.33 wrote and on broken files."""

import os
import shutil
import tempfile
import unittest

import results
from plans import null_blk

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


class InsnValues(unittest.TestCase):
    SYMBOLS = ("ffffffffc0001000 t nbc_null_queue_rqs\t[null_blk_c]\n"
               "ffffffffc0002000 t mqblk_end\t[mqblk]\n"
               "ffffffffc0003000 t p9_client_rpc\t[9pnet]\n")
    # 16 I/Os for each call of the first; what 9pnet did is no driver's.
    COUNTS = ("ffffffffc0001000 100 0\nffffffffc0001004 1600 0\n"
              "ffffffffc0002000 800 0\nffffffffc0003000 77777 0\n")

    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)
        for name, text in (("", '{"insn_mem": 1600}'),
                           (".kallsyms", self.SYMBOLS),
                           (".insn_mem.insn", self.COUNTS)):
            with open(f"{self.dir}/batch.json{name}", "w",
                      encoding="utf-8") as file:
                file.write(text)
        self.what = null_blk.Run("insn", "insn-4k", "null_blk_c", 1, "batch")

    def test_both_modules(self):
        found = results.read([self.what], self.dir)
        self.assertEqual(found, {
            "insn-4k.null_blk_c.1": {"insn_mem": (100 + 1600 + 800) / 1600}})

    def test_functions(self):
        results.read([self.what], self.dir)
        with open(f"{self.dir}/batch.json.functions", encoding="utf-8") as file:
            text = file.read()
        self.assertRegex(text, r"1\.56 +insn_mem\n"
                               r" +1\.06 +0\.062  null_blk_c +nbc_null_queue")
        self.assertNotIn("9pnet", text)

    def test_missing(self):
        os.unlink(f"{self.dir}/batch.json.insn_mem.insn")
        with self.assertRaisesRegex(results.ResultError, "insn_mem"):
            results.read([self.what], self.dir)

    def test_hidden_symbols(self):
        with open(f"{self.dir}/batch.json.kallsyms", "w",
                  encoding="utf-8") as file:
            file.write("0000000000000000 t nbc_null_queue_rqs\t[null_blk_c]\n")
        with self.assertRaisesRegex(results.ResultError, "hides"):
            results.read([self.what], self.dir)


class Read(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)

    def run_of(self, cell):
        return null_blk.Run("fio", cell, "null_blk", 1, "batch")

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
