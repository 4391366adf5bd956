# SPDX-License-Identifier: GPL-2.0
"""The reader of the plugin's files, on excerpts of what a machine left."""

import os
import unittest

import counted
from counted import Count

FIXTURES = os.path.join(os.path.dirname(__file__), "fixtures", "nvme")


def fixture(name):
    with open(os.path.join(FIXTURES, name), encoding="utf-8") as file:
        return file.read()


SYMBOLS = counted.read_symbols(fixture("kallsyms"))
COUNTS = counted.read_counts(fixture("randread-4k-q32-irq.nvme.1.insn"))


class Symbols(unittest.TestCase):
    def test_functions_only(self):
        names = {s.name for s in SYMBOLS}
        self.assertIn("nvme_irq", names)
        self.assertNotIn("io_queue_depth", names)

    def test_sorted(self):
        addresses = [s.address for s in SYMBOLS]
        self.assertEqual(addresses, sorted(addresses))

    def test_hidden(self):
        with self.assertRaisesRegex(counted.CountError, "hides"):
            counted.read_symbols("0000000000000000 t nvme_irq\t[nvme]\n")


class Counts(unittest.TestCase):
    def test_broken(self):
        for text in ("ffff\n", "ffff 1\n", "xyz 1 0\n", "ffff 1 0 1\n"):
            with self.subTest(text), self.assertRaises(counted.CountError):
                counted.read_counts(text)

    def test_text_and_back(self):
        self.assertEqual(counted.read_counts(counted.counts_text(COUNTS)),
                         COUNTS)

    def test_modules(self):
        # The excerpt has one instruction of nvme_c, and one below all symbols.
        mine = counted.of_modules(SYMBOLS, COUNTS, ("nvme", "nvme_core"))
        self.assertEqual(len(mine), len(COUNTS) - 2)
        self.assertEqual(
            counted.of_modules(SYMBOLS, COUNTS, ("nvme_c", "mqblk")),
            {0xffffffffc032adf0: Count(7)})


class Functions(unittest.TestCase):
    def test_sums(self):
        # 25 instructions for each of 661 interrupts, and 6 that some skip.
        self.assertEqual(counted.by_function(SYMBOLS, COUNTS), {
            ("nvme_c", "nvmec_unmap"): Count(7, 0, 7),
            ("nvme_core", "nvme_complete_batch_req"):
                Count(6 * 19999, 0, 19999),
            ("nvme", "nvme_poll_cq"): Count(648, 648, 0),
            ("nvme", "nvme_irq"): Count(25 * 661 + 6 * 655, 0, 661),
        })

    def test_add_and_total(self):
        one = {("nvme", "a"): Count(1, 2, 3), ("nvme", "b"): Count(5)}
        two = {("nvme", "a"): Count(10, 20, 30)}
        both = counted.add(one, two)
        self.assertEqual(both, {("nvme", "a"): Count(11, 22, 33),
                                ("nvme", "b"): Count(5)})
        self.assertEqual(counted.total(both), Count(16, 22, 33))

    def test_breakdown(self):
        lines = counted.breakdown({("nvme", "a"): Count(100, 0, 10),
                                   ("nvme", "b"): Count(500, 0, 20),
                                   ("nvme", "c"): Count(1)}, 1000)
        self.assertEqual([line.split() for line in lines],
                         [["0.50", "0.020", "nvme", "b"],
                          ["0.10", "0.010", "nvme", "a"]])


if __name__ == "__main__":
    unittest.main()
