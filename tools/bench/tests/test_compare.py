# SPDX-License-Identifier: GPL-2.0
"""Welch's t, Holm, and modes, against values worked out by hand or from tables."""

import math
import unittest

import compare


class Welch(unittest.TestCase):
    def test_known_answer(self):
        # Means 3 and 6, variances 2.5 and 10, five values each: the error is
        # sqrt(0.5 + 2), and the degrees of freedom are 2.5^2 / (0.25/4 + 4/4) = 5.882.
        got = compare.welch([1, 2, 3, 4, 5], [2, 4, 6, 8, 10])
        self.assertEqual(got["difference"], 3)
        self.assertAlmostEqual(got["dof"], 5.88235, 5)
        for level, least, most in ((0.95, 2.4469, 2.5706), (0.99, 3.7074, 4.0321)):
            # t of 6 and of 5 degrees
            half = (got[level][1] - got[level][0]) / 2 / math.sqrt(2.5)
            self.assertTrue(least < half < most)

    def test_equal_spreads_have_the_degrees_of_the_table(self):
        # Variances 2 each, three degrees each: six together, t 2.4469 and 3.7074; the
        # error is sqrt(2/4 + 2/4) = 1.
        one = [10 - math.sqrt(3), 10, 10, 10 + math.sqrt(3)]
        got = compare.welch(one, [v + 5 for v in one])
        self.assertAlmostEqual(got["dof"], 6)
        self.assertAlmostEqual(got[0.95][0], 5 - 2.4469, 4)
        self.assertAlmostEqual(got[0.99][1], 5 + 3.7074, 4)

    def test_it_is_what_scipy_makes_of_it(self):
        from scipy import stats
        one, other = [10.1, 9.8, 10.4, 10.0], [11.0, 12.5, 10.2, 11.1, 11.9]
        self.assertAlmostEqual(
            compare.welch(one, other)["p"],
            stats.ttest_ind(one, other, equal_var=False).pvalue, 12)

    def test_without_spread(self):
        same = compare.welch([7, 7], [7, 7])
        self.assertEqual((same["p"], same[0.99]), (1.0, (0, 0)))
        self.assertEqual(compare.welch([7, 7], [8, 8])["p"], 0.0)

    def test_single_values_have_no_interval(self):
        self.assertIsNone(compare.welch([1], [2, 3]))
        got = compare.speed([2], [3])
        self.assertAlmostEqual(got["ratio"], 1.5)
        self.assertEqual(got[0.95], (None, None))


class Speed(unittest.TestCase):
    def test_half_the_time_is_twice_as_fast(self):
        got = compare.speed([10, 10, 10], [20, 20, 20])
        self.assertAlmostEqual(got["ratio"], 2)
        self.assertAlmostEqual(got[0.95][0], 2)

    def test_quotients_turn_round(self):
        one, other = [10, 11, 12], [15, 14, 13]
        there, back = compare.speed(one, other), compare.speed(other, one)
        self.assertAlmostEqual(there["ratio"], 1 / back["ratio"])
        self.assertAlmostEqual(there[0.95][0], 1 / back[0.95][1])

    def test_an_outlier_is_kept(self):
        clean = compare.speed([10, 10.1, 9.9, 10], [20, 20.1, 19.9, 20])
        dirty = compare.speed([10, 10.1, 9.9, 10], [20, 20.1, 19.9, 200])
        self.assertGreater(dirty["ratio"], clean["ratio"])
        self.assertLess(dirty[0.95][0], clean[0.95][0])
        self.assertEqual(compare.far([10, 10.1, 9.9, 10, 10, 100]), 1)
        self.assertEqual(compare.far([10, 10.1, 9.9, 10]), 0)


class Holm(unittest.TestCase):
    def test_known_answer(self):
        # Ordered 0.01, 0.02, 0.03, 0.04: times 4, 3, 2, 1, and never falling.
        got = compare.holm([0.04, 0.01, 0.03, 0.02])
        for mine, wanted in zip(got, [0.06, 0.04, 0.06, 0.06]):
            self.assertAlmostEqual(mine, wanted)

    def test_what_is_not_known_does_not_count(self):
        self.assertEqual(compare.holm([None, 0.5, None]), [None, 0.5, None])

    def test_never_above_one(self):
        self.assertEqual(compare.holm([0.9, 0.8]), [1.0, 1.0])


class Modes(unittest.TestCase):
    def test_boots_in_modes_of_their_own(self):
        found = compare.modes([(1, 100), (1, 101), (1, 99),
                               (2, 130), (2, 131), (2, 129)])
        self.assertAlmostEqual(found["low"], 100, 0)
        self.assertAlmostEqual(found["high"], 130, 0)
        self.assertEqual((found["n_low"], found["n_high"], found["boots"]),
                         (3, 3, True))

    def test_modes_within_a_boot(self):
        found = compare.modes([(1, 100), (1, 130), (1, 99), (2, 100),
                               (2, 131), (2, 129)])
        self.assertFalse(found["boots"])

    def test_one_mode(self):
        self.assertIsNone(compare.modes([(n % 2, 100 + n) for n in range(10)]))

    def test_one_outlier_is_no_mode(self):
        self.assertIsNone(compare.modes([(1, 100), (1, 101), (1, 99), (2, 100),
                                         (2, 101), (2, 200)]))

    def test_few_values_tell_nothing(self):
        self.assertIsNone(compare.modes([(1, 1), (1, 1), (2, 9), (2, 9)]))

    def test_equal_values(self):
        self.assertIsNone(compare.modes([(1, 5)] * 8))

    def test_means_of_boots(self):
        found = compare.by_boot([(2, 8), (1, 5), (2, 2)])
        self.assertEqual(list(found), [1, 2])
        self.assertAlmostEqual(found[2], 4)


if __name__ == "__main__":
    unittest.main()
