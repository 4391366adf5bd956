# SPDX-License-Identifier: GPL-2.0
"""Rows and gains of a made-up run, and that they can be printed."""

import unittest

import null_blk
import table
from plans import null_blk as cells

CELLS = [cells.Cell(store, "randread", "4k", jobs)
         for store, more in (("plain", 2), ("mem", 2), ("zone", 4))
         for jobs in (1, more)]
FACTS = {"kernel": "6.12", "cpus": "2", "cpu": "a CPU", "fio": "fio-3.33"}

# A driver's I/Os per second with one job, and its gain from more.
SPEED = {"null_blk_c": (300, 1.8), "null_blk": (100, 1.0), "floor": (400, 1.8)}


def measured(without=()):
    """Values of two repeats; the machine is half as fast in the second."""
    limit = cells.Limit(milliseconds=1000)
    runs = cells.make(CELLS, list(SPEED), 2, limit)
    values = {}
    for run in runs:
        if run.driver not in without:
            one, gain = SPEED[run.driver]
            iops = one * (gain if run.jobs > 1 else 1) / run.repeat
            values[run.section] = {"iops": iops}
    return null_blk.summarise(
        runs, {"values": values, "facts": FACTS, "settings": {},
               "without": {d: "not there" for d in without}}, limit)


class Summary(unittest.TestCase):
    def row(self, part, cell, driver):
        return next(r for r in part["rows"]
                    if (r["cell"], r["driver"]) == (cell, driver))

    def test_ratio(self):
        row = self.row(measured(), "mem-randread-4k-1j", "null_blk_c")
        self.assertEqual(row["values"], [300, 150])
        self.assertAlmostEqual(row["to_reference"]["ratio"], 3)
        self.assertAlmostEqual(row["to_reference"]["high"], 3)

    def test_reference_has_no_ratio(self):
        row = self.row(measured(), "mem-randread-4k-1j", "null_blk")
        self.assertIsNone(row["to_reference"])

    def test_gain_against_floor(self):
        gain = next(g for g in measured()["gains"]
                    if g["family"] == "mem-randread-4k"
                    and g["driver"] == "null_blk_c")
        self.assertAlmostEqual(gain["median"], 1.8)
        self.assertAlmostEqual(gain["to_floor"]["ratio"], 1)

    def test_gain_of_four_readers_of_a_zone(self):
        gains = {g["driver"]: g for g in measured()["gains"]
                 if g["family"] == "zone-randread-4k"}
        self.assertEqual({g["jobs"] for g in gains.values()}, {4})
        self.assertAlmostEqual(gains["floor"]["median"], 1.8)
        self.assertIsNone(gains["floor"]["to_floor"])
        self.assertAlmostEqual(gains["null_blk"]["to_floor"]["ratio"], 1 / 1.8)

    def test_without_floor(self):
        part = measured(without=("floor",))
        self.assertTrue(all(g["to_floor"] is None for g in part["gains"]))

    def test_without_reference(self):
        part = measured(without=("null_blk",))
        self.assertTrue(all(r["to_reference"] is None for r in part["rows"]))

    def test_table(self):
        text = table.render({
            "date": "today", "revision": "unknown", "qemu": "QEMU",
            "machine": {"cpu": "a CPU", "cpus": 2},
            "clocks": {"wall": measured(without=("floor",))}})
        self.assertIn("Left out: floor: not there", text)
        self.assertRegex(text, r"null_blk_c +2 +225 .*3\.000 \(3\.000")
        self.assertRegex(text, r"zone-randread-4k 1j to 4j +null_blk_c +2 +1\.8")


if __name__ == "__main__":
    unittest.main()
