# SPDX-License-Identifier: GPL-2.0
"""nvme_c and nvme on controllers made of code: plan, figures, table."""

import os
import tempfile
import unittest
from unittest import mock

import choose
import main
import native
import nvme_native
import plan
import results
import summary
import table
from fault import BenchError
from plans import nvme_native as cells


def _runs(repeats=2):
    selected = choose.select(cells, "native", False, ["read-4k-q32"])
    return cells.make(selected, cells.DRIVERS, repeats)


def _report(ios="60000", ns="1000.0", model="24000000"):
    return {"state": "done", "ios": ios, "errors": "0", "ns_per_io": ns,
            "model_ns": model}


class Plan(unittest.TestCase):
    def test_names_are_of_one_cell_each(self):
        names = [c.name for c in cells.matrix("native")]
        self.assertEqual(len(set(names)), len(names))
        self.assertLess(set(cells.quick("native")), set(cells.matrix("native")))

    def test_drivers_take_turns(self):
        self.assertEqual([r.driver for r in _runs()],
                         ["nvme_c", "nvme", "nvme", "nvme_c"])

    def test_settings_are_complete(self):
        """What a run does not say would be what the one before has left."""
        runs = cells.make(cells.matrix("native"), cells.DRIVERS, 1)
        self.assertEqual(len({frozenset(run.settings()) for run in runs}), 1)

    def test_the_plan_names_disk_and_counts(self):
        with tempfile.TemporaryDirectory() as directory:
            plan.write(_runs(1), directory)
            with open(os.path.join(directory, "plan"), encoding="utf-8") as file:
                lines = [line.rstrip("\n").split("\t") for line in file]
        self.assertEqual([(line[4], line[6]) for line in lines],
                         [("/run/bench-nvme_c", "/run/bench-nvme_c.counts"),
                          ("/run/bench-nvme", "/run/bench-nvme.counts")])
        self.assertIn("block_bytes=4096", lines[0][5].split())


class Kernel(unittest.TestCase):
    def test_by_default_the_fast_one(self):
        with mock.patch("native.test_kernel", return_value="/k") as chosen:
            self.assertEqual(nvme_native.choose_kernel(None, False), "/k")
            chosen.assert_called_with("uml-nvme-fast", False)

    def test_one_without_such_controllers(self):
        for asked in ("uml", "6.12.0", "/no/kernel"):
            with self.assertRaises(BenchError):
                nvme_native.choose_kernel(asked)

    def test_cells_of_the_clock(self):
        options = main.parse(["--nvme", "--clock", "native"])
        self.assertIs(main.plan_of(options, "native"), cells)


class Figures(unittest.TestCase):
    def test_the_controllers_part_is_taken_off(self):
        self.assertEqual(nvme_native.values_of(_runs()[0], _report()),
                         {"ns": 1000.0, "model": 400.0, "rest": 600.0})

    def test_what_cannot_be_is_refused(self):
        for report in (_report(model="0"), _report(model="90000000"),
                       _report(ios="59999")):
            with self.assertRaises(results.ResultError):
                nvme_native.values_of(_runs()[0], report)

    def test_half_the_time_is_twice_as_fast(self):
        runs = _runs()
        values = {r.section: {"ns": 500.0 if r.driver == "nvme_c" else 1000.0}
                  for r in runs}
        rows = summary.rows(summary.collect(runs, values), cells)
        self.assertEqual(rows[0]["driver"], "nvme_c")
        self.assertAlmostEqual(rows[0]["to_reference"]["ratio"], 2)


class Table(unittest.TestCase):
    def test_a_line_for_each_driver(self):
        runs = _runs()
        part = nvme_native.summarise(runs, {
            "values": {r.section: nvme_native.values_of(r, _report())
                       for r in runs},
            "facts": {"kernel": "7.3", "machine": native.USER_MODE, "cpus": "1",
                      "cpu": "some", "fio": "fio-3", "pinned": "1",
                      "cpus_of_others": "0.50", "cpus_stolen": "0"},
            "settings": {}, "without": {}})
        text = table.render({
            "date": "today", "revision": "abc", "qemu": "",
            "machine": {"cpu": "some", "cpus": 2}, "clocks": {"native": part}},
            True)
        self.assertRegex(text, r"read-4k-q32 +nvme_c +2 +1,000 .* 400.0 +600.0")
        self.assertRegex(text, r"\n +nvme +2 +1,000 ")
        self.assertIn("NOISY: others used 0.5 CPUs", text)
        self.assertIn("model: what the controller itself takes", text)


if __name__ == "__main__":
    unittest.main()
