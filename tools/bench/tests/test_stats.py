# SPDX-License-Identifier: GPL-2.0
"""The statistics, against values worked out by hand."""

import math
import unittest

import stats


class Describe(unittest.TestCase):
    def test_five(self):
        got = stats.describe([5, 1, 4, 2, 3])
        self.assertEqual((got["n"], got["min"], got["q1"], got["median"],
                          got["q3"], got["max"], got["mean"]),
                         (5, 1, 2, 3, 4, 5, 3))

    def test_two(self):
        # Quartiles of two values lie a quarter of the way from either.
        got = stats.describe([10, 20])
        self.assertEqual((got["q1"], got["median"], got["q3"]),
                         (12.5, 15, 17.5))

    def test_one(self):
        got = stats.describe([7])
        self.assertEqual((got["q1"], got["median"], got["q3"]), (7, 7, 7))


class PairedRatio(unittest.TestCase):
    def test_constant_factor_has_no_width(self):
        # Ten times slower machine in the second repeat: the factor stays.
        got = stats.paired_ratio([200, 20, 400], [100, 10, 200])
        for name in ("ratio", "low", "high"):
            self.assertAlmostEqual(got[name], 2)

    def test_interval(self):
        # Quotients 1 and 4: logarithms 0 and ln 4, mean ln 2, standard error
        # ln 2 (their half distance); t for one degree of freedom is 12.7062.
        got = stats.paired_ratio([1, 4], [1, 1])
        self.assertAlmostEqual(got["ratio"], 2)
        half = 12.7062 * math.log(2)
        self.assertAlmostEqual(math.log(got["high"] / 2), half, places=3)
        self.assertAlmostEqual(math.log(got["low"] / 2), -half, places=3)

    def test_single_pair(self):
        got = stats.paired_ratio([3], [2])
        self.assertEqual((got["ratio"], got["low"], got["high"]),
                         (1.5, None, None))

    def test_zero(self):
        self.assertIsNone(stats.paired_ratio([0, 1], [1, 1]))

    def test_lengths(self):
        with self.assertRaises(ValueError):
            stats.paired_ratio([1, 2], [1])


if __name__ == "__main__":
    unittest.main()
