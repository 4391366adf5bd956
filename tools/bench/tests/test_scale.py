# SPDX-License-Identifier: GPL-2.0
"""Cache lines that CPUs share: what is read, what counts, and what comes of it."""

import tempfile
import unittest

import main
import scale
from fault import BenchError
from plans import scale as cells

# Two CPUs, 100 I/Os. The driver at 0x1000 writes a line of its own on each CPU, and a
# common one atomically; the kernel at 0x2000 reads that one. At 0x3000 the timer writes
# another common line, once.
TEXT = """\
0 ffffffff00001004 40 w 50
1 ffffffff00001004 80 w 50
0 ffffffff00001008 c0 W 50
1 ffffffff00001008 c0 W 50
0 ffffffff00002000 c0 r 100
1 ffffffff00002000 100 r 100
0 ffffffff00003000 140 w 1
1 ffffffff00003000 140 r 1
"""
SYMBOLS = """\
ffffffff00001000 t nbc_submit\t[null_blk_c]
ffffffff00001010 d nbc_data\t[null_blk_c]
ffffffff00002000 T blk_mq_submit_bio
ffffffff00003000 T tick
ffffffff00004000 t mql_submit\t[mqblk_load]
"""


def _figures(text=TEXT, ios=100):
    return scale.figures(scale.read_accesses(text), scale.read_symbols(SYMBOLS),
                         ("null_blk_c", "mqblk"), ios)


class Reading(unittest.TestCase):
    def test_accesses(self):
        found = scale.read_accesses(TEXT)
        self.assertEqual([(a.writes, a.atomic) for a in found[:6]],
                         [(True, False)] * 2 + [(True, True)] * 2 + [(False, False)] * 2)
        self.assertEqual(found[2].line, 0xc0)

    def test_broken_lines(self):
        for line in ("0 1 2 x 3", "0 1 2 w", "0 g 2 w 3"):
            with self.assertRaises(scale.ResultError):
                scale.read_accesses(line)

    def test_symbols(self):
        symbols = scale.read_symbols(SYMBOLS)
        one = scale.symbol_of(symbols, 0xffffffff00001008)
        self.assertEqual((one.name, one.module), ("nbc_submit", "null_blk_c"))
        self.assertEqual(scale.symbol_of(symbols, 0xffffffff00002500).module, "")
        with self.assertRaises(scale.ResultError):
            scale.read_symbols("0 t a\n")


class Figures(unittest.TestCase):
    def test_what_is_shared(self):
        self.assertEqual(scale.shared_lines(scale.read_accesses(TEXT), 100), {0xc0})

    def test_what_changes_hands_once_is_not_shared(self):
        text = "0 1 40 w 50\n1 1 40 w 1\n"
        self.assertEqual(scale.shared_lines(scale.read_accesses(text), 100), set())
        self.assertEqual(scale.shared_lines(scale.read_accesses(text), 50), {0x40})

    def test_only_read_is_not_shared(self):
        self.assertEqual(scale.shared_lines(scale.read_accesses(
            "0 1 40 r 5\n1 1 40 r 5\n"), 100), set())

    def test_per_io(self):
        found = _figures()
        self.assertEqual(found["atomics"], {"driver": 1.0, "kernel": 0.0, "load": 0.0})
        self.assertEqual(found["stores"]["driver"], 2.0)
        self.assertEqual(found["shared"], {"driver": 1.0, "kernel": 1.0, "load": 0.0})
        self.assertEqual(found["functions"], {("driver", "nbc_submit"): [0.0, 1.0],
                                              ("kernel", "blk_mq_submit_bio"): [1.0, 0.0]})
        self.assertEqual((found["busiest"], found["lines"]), (1.0, 1))

    def test_the_timer_is_no_part_of_it(self):
        self.assertNotIn(("kernel", "tick"), _figures(ios=101)["functions"])
        self.assertIn(("kernel", "tick"), _figures(ios=10)["functions"])

    def test_the_load_does_not_make_a_ceiling(self):
        found = _figures("0 ffffffff00004000 40 W 50\n1 ffffffff00004000 40 W 50\n")
        self.assertEqual((found["busiest"], found["shared"]["load"]), (0.0, 1.0))

    def test_ceiling(self):
        # Once an I/O, 50 ns: 20 million a second. Nothing shared: no limit.
        self.assertAlmostEqual(scale.ceiling(1, 50), 20)
        self.assertAlmostEqual(scale.ceiling(0.0625, 50), 320)
        self.assertIsNone(scale.ceiling(0, 50))
        # Twice in one I/O is handed over once, at least.
        self.assertAlmostEqual(scale.ceiling(2, 50), 20)

    def test_text(self):
        text = scale.text({("mem-read", "null_blk_c"): _figures(),
                           ("mem-read", "floor"): _figures("")})
        self.assertRegex(text, r"mem-read +null_blk_c +1\.00 ")
        self.assertRegex(text, r"0\.000 +1\.000 +driver +nbc_submit")
        self.assertIn("mem-read floor: nobody", text)


class Plan(unittest.TestCase):
    def test_files(self):
        runs = cells.runs()
        self.assertEqual(len({r.section for r in runs}), len(runs))
        with tempfile.TemporaryDirectory() as share:
            cells.write(runs, share)
            with open(f"{share}/disks", encoding="utf-8") as file:
                disks = [line.rstrip("\n").split("\t") for line in file]
            with open(f"{share}/plan", encoding="utf-8") as file:
                paths = {line.split("\t")[4] for line in file}
        self.assertEqual({f"/dev/{disk[1]}" for disk in disks}, paths)
        for disk in disks:
            if disk[0].startswith("null_blk"):
                self.assertIn("submit_queues=2", disk[3].split())
        self.assertLessEqual({r.subject.driver for r in runs}, set(cells.MODULES))

    def test_jobs_have_parts_of_their_own(self):
        for run in cells.runs():
            self.assertIn("pattern=sequential", run.columns()[1])
            self.assertIn("jobs=2", run.columns()[1])

    def test_options(self):
        self.assertTrue(main.parse(["--scale"]).scale)
        for other in ("--gate", "--matrix", "--nvme"):
            with self.assertRaisesRegex(BenchError, "--scale"):
                main.parse(["--scale", other])


if __name__ == "__main__":
    unittest.main()
