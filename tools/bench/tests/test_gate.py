# SPDX-License-Identifier: GPL-2.0
"""The regression gate: a slowdown is found, and the function that has it is named."""

import copy
import tempfile
import unittest
from unittest import mock

import gate
import main
from counted import Count
from fault import BenchError
from plans import gate as cells

WAS = {"null_blk_c-mem-read-4k-q32": {
    "total": 1000.0,
    "functions": {"null_blk_c:nbc_copy": 800.0, "null_blk_c:nbc_queue_rq": 150.0,
                  "mqblk:mqb_complete": 50.0}}}
CELL = next(iter(WAS))


def _slower(function, by):
    now = copy.deepcopy(WAS)
    now[CELL]["functions"][function] = \
        now[CELL]["functions"].get(function, 0) + by
    now[CELL]["total"] += by
    return now


class Compare(unittest.TestCase):
    def test_the_same(self):
        lines, worse, better = gate.compare(WAS, WAS)
        self.assertEqual((worse, better, len(lines)), ([], False, 1))
        self.assertIn("same", lines[0])

    def test_three_percent_are_found_and_named(self):
        lines, worse, _better = gate.compare(WAS, _slower("null_blk_c:nbc_queue_rq", 30))
        self.assertEqual(worse, [CELL])
        self.assertIn("+3.00%  WORSE", lines[0])
        self.assertEqual(len(lines), 2)
        self.assertIn("null_blk_c:nbc_queue_rq", lines[1])

    def test_a_new_function_is_named(self):
        lines, worse, _better = gate.compare(WAS, _slower("null_blk_c:nbc_new", 30))
        self.assertTrue(worse)
        self.assertRegex(lines[1], r"nbc_new .* 30.00  was +0.00")

    def test_the_most_comes_first(self):
        now = _slower("null_blk_c:nbc_queue_rq", 30)
        now[CELL]["functions"]["mqblk:mqb_complete"] += 40
        now[CELL]["total"] += 40
        lines, _worse, _better = gate.compare(WAS, now)
        self.assertIn("mqb_complete", lines[1])
        self.assertIn("nbc_queue_rq", lines[2])

    def test_less_than_one_percent_passes(self):
        _lines, worse, better = gate.compare(WAS, _slower("mqblk:mqb_complete", 9))
        self.assertEqual((worse, better), ([], False))

    def test_what_is_better_is_to_be_recorded(self):
        _lines, worse, better = gate.compare(WAS, _slower("mqblk:mqb_complete", -20))
        self.assertEqual((worse, better), ([], True))

    def test_a_cell_without_figures_fails(self):
        self.assertEqual(gate.compare({}, WAS)[1], [CELL])


class Judge(unittest.TestCase):
    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.path = f"{held.name}/gate.json"

    def test_record_and_judge(self):
        self.assertFalse(gate.judge(WAS, path=self.path)[1])
        gate.record(WAS, {}, self.path)
        self.assertTrue(gate.judge(WAS, path=self.path)[1])
        text, good = gate.judge(_slower("mqblk:mqb_complete", 30), path=self.path)
        self.assertFalse(good)
        self.assertIn("--record", text)

    def test_who_records_is_not_told_to(self):
        gate.record(WAS, {}, self.path)
        for change in (30, -30):
            text, _good = gate.judge(_slower("mqblk:mqb_complete", change), True,
                                     self.path)
            self.assertNotIn("--record", text)
            self.assertIn("null_blk_c-mem-read-4k-q32", text)

    def test_another_machine_is_not_comparable(self):
        about = {"kernel": "6.12", "compiler": "gcc 12", "qemu": "7.2"}
        self.assertEqual(gate.why_not(about, self.path), "")
        gate.record(WAS, about, self.path)
        self.assertEqual(gate.why_not(about, self.path), "")
        text = gate.why_not({**about, "compiler": "gcc 13"}, self.path)
        self.assertIn("not comparable", text)
        self.assertIn("compiler: here gcc 13; recorded with gcc 12", text)
        self.assertNotIn("qemu", text)
        self.assertIn("qemu: here unknown", gate.why_not({**about, "qemu": ""}, self.path))

    def test_nothing_is_counted_there(self):
        options = ["--gate", "--no-build", "--kernel", "x"]
        with mock.patch("gate.carry_out") as counted, mock.patch("builtins.print"):
            self.assertEqual(main.run(options), main.SKIPPED)
        counted.assert_not_called()

    def test_cells_that_were_not_counted_stay(self):
        gate.record(WAS, {}, self.path)
        other = {cells.CELLS[0].name: {"total": 5.0, "functions": {}}}
        gate.record(other, {}, self.path)
        self.assertEqual(set(gate.read_figures(self.path)["cells"]),
                         {CELL, cells.CELLS[0].name})

    def test_a_broken_file_is_told(self):
        with open(self.path, "w", encoding="utf-8") as out:
            out.write("{")
        with self.assertRaises(BenchError):
            gate.read_figures(self.path)


class Figures(unittest.TestCase):
    def test_per_io(self):
        found = gate.per_io({("null_blk_c", "a"): Count(1000), ("mqblk", "b"): Count(1)},
                            500)
        self.assertEqual(found, {"total": 2.0, "functions": {"null_blk_c:a": 2.0}})

    def test_all_cells_are_recorded(self):
        self.assertEqual(list(gate.read_figures()["cells"]),
                         [cell.name for cell in cells.CELLS])

    def test_names_and_disks(self):
        names = [cell.name for cell in cells.CELLS]
        self.assertEqual(len(set(names)), len(names))
        with tempfile.TemporaryDirectory() as share:
            cells.write([cells.Run(cell) for cell in cells.CELLS], share)
            with open(f"{share}/disks", encoding="utf-8") as file:
                disks = {line.split("\t")[1] for line in file}
            with open(f"{share}/plan", encoding="utf-8") as file:
                paths = {line.split("\t")[4] for line in file}
        self.assertEqual({f"/dev/{disk}" for disk in disks} | {"/run/bench-nvme_c"},
                         paths)

    def test_options(self):
        with self.assertRaisesRegex(BenchError, "--gate"):
            main.parse(["--gate", "--matrix"])
        with self.assertRaisesRegex(BenchError, "--record"):
            main.parse(["--record"])
        with self.assertRaises(main.choose.CellError):
            main.parse(["--gate", "--cells", "x"])
        self.assertTrue(main.parse(["--gate", "--record"]).record)


if __name__ == "__main__":
    unittest.main()
