# SPDX-License-Identifier: GPL-2.0
"""The native clocks: what is run, what the load reports, and what comes of it."""

import os
import tempfile
import time
import unittest
from unittest import mock

import busy
import choose
import figures
import host
import machine
import native
import results
import summary
import table
from fault import BenchError
from plans import native as cells

FIXTURES = os.path.join(os.path.dirname(__file__), "fixtures")


def _fixture(name):
    with open(os.path.join(FIXTURES, name), encoding="utf-8") as file:
        return file.read()


def _cell(name, clock="native"):
    return next(c for c in cells.matrix(clock) if c.name == name)


def _run(driver="null_blk_c", name="mem-read-4k"):
    return cells.Run(_cell(name), driver, 1)


class Cells(unittest.TestCase):
    def test_names_are_of_one_cell_each(self):
        for clock in ("native", "smp"):
            names = [c.name for c in cells.matrix(clock)]
            self.assertEqual(len(set(names)), len(names))

    def test_each_store_is_there(self):
        for clock in ("native", "smp"):
            for cell in cells.matrix(clock):
                self.assertIn(cell.store, cells.STORES)

    def test_patterns(self):
        found = choose.select(cells, "native", False, ["mem-*-1m"])
        self.assertEqual([c.name for c in found],
                         ["mem-read-1m", "mem-write-1m"])
        with self.assertRaisesRegex(choose.CellError, "plain-read-4k"):
            choose.check_patterns(cells.matrix("native"), ["x-*"])

    def test_drivers_bring_block_sizes_and_limits(self):
        self.assertEqual(cells.drivers(["null_blk", "brd"]),
                         ["null_blk", "null_blk-4k", "brd", "memcpy", "movsb"])


class Plan(unittest.TestCase):
    def test_each_repeat_starts_with_another_driver(self):
        runs = cells.make([_cell("plain-read-4k")], cells.DRIVERS, 3)
        self.assertEqual([r.driver for r in runs if r.repeat == 1],
                         ["null_blk_c", "null_blk", "floor"])
        self.assertEqual([r.driver for r in runs if r.repeat == 2],
                         ["null_blk", "floor", "null_blk_c"])

    def test_repeats_go_on_in_the_next_boot(self):
        runs = cells.make([_cell("bio-read-4k")], cells.DRIVERS, 2, 3)
        self.assertEqual([r.section for r in runs],
                         ["bio-read-4k.null_blk_c.3", "bio-read-4k.null_blk.3",
                          "bio-read-4k.null_blk.4", "bio-read-4k.null_blk_c.4"])

    def test_settings_are_complete(self):
        """What a run does not say would be what the one before has left."""
        names = {name for run in cells.make(
            cells.matrix("native") + cells.matrix("smp"), cells.DRIVERS, 1)
            for name in run.settings()}
        for run in cells.make(cells.matrix("native"), cells.DRIVERS, 1):
            self.assertEqual(set(run.settings()), names)

    def test_disks(self):
        found = cells.disks(
            cells.make([_cell("mem-read-4k"), _cell("mem-write-4k")],
                             cells.DRIVERS, 2))
        self.assertEqual([(d.driver, d.name) for d in found],
                         [("null_blk_c", "bc_mem"), ("null_blk", "bk_mem"),
                          ("null_blk", "b4_mem"), ("brd", "ram0")])
        self.assertIn(("blocksize", 4096), found[2].attributes)
        self.assertEqual({d.fill_bytes for d in found}, {cells.SPAN})

    def test_queues_of_the_floor_driver(self):
        """Jobs on two CPUs have a queue each, whatever the driver."""
        found = {d.driver: dict(d.attributes) for d in cells.disks(
            cells.make(cells.matrix("smp"), cells.DRIVERS, 1))}
        self.assertEqual(found["floor"], {"queues": 2})
        self.assertEqual(found["null_blk_c"]["submit_queues"], 2)

    def test_files(self):
        runs = [_run(), _run("memcpy")]
        with tempfile.TemporaryDirectory() as directory:
            cells.write(runs, directory)
            with open(f"{directory}/plan", encoding="utf-8") as file:
                lines = [line.rstrip("\n").split("\t") for line in file]
            with open(f"{directory}/disks", encoding="utf-8") as file:
                disks = file.read()
        self.assertEqual(lines[0][:5],
                         ["repeat-01", "load", "mem-read-4k.null_blk_c.1",
                          "null_blk_c", "/dev/bc_mem"])
        self.assertIn("ios=60000", lines[0][5].split(" "))
        self.assertIn("cpus=", lines[0][5].split(" "))
        self.assertEqual(lines[1][4], "-")
        self.assertIn("engine=memcpy", lines[1][5].split(" "))
        self.assertTrue(disks.startswith("null_blk_c\tbc_mem\t536870912\t"))


class Reports(unittest.TestCase):
    def test_reports_of_a_batch(self):
        found = native.read_reports(_fixture("native.load"))
        self.assertEqual(list(found), ["mem-read-4k.null_blk_c.1",
                                       "mem-read-4k.null_blk.1"])
        self.assertEqual(native.ns_of(_run(), found["mem-read-4k.null_blk_c.1"]),
                         1057.31)

    def test_errors_are_refused(self):
        report = native.read_reports(_fixture("native.load"))[
            "mem-read-4k.null_blk_c.1"]
        for change, why in (({"errors": "3"}, "3 I/Os failed"),
                            ({"ios": "7"}, "7 I/Os of 60000"),
                            ({"state": "running"}, "I/Os of"),
                            ({"ns_per_io": "0.00"}, "too short")):
            with self.assertRaisesRegex(results.ResultError, why):
                native.ns_of(_run(), {**report, **change})

    def test_broken_files(self):
        for text, why in (("state done\n", "line 1"),
                          ("section a\nsection a\n", "twice"),
                          ("section a\nnonsense\n", "line 2: 'nonsense'")):
            with self.assertRaisesRegex(results.ResultError, why):
                native.read_reports(text)

    def test_missing_section(self):
        with tempfile.TemporaryDirectory() as directory:
            with open(f"{directory}/repeat-01.load", "w", encoding="utf-8") as out:
                out.write(_fixture("native.load"))
            self.assertEqual(native.read([_run()], directory),
                             {_run().section: {"ns": 1057.31}})
            with self.assertRaisesRegex(results.ResultError,
                                        "nothing about 'mem-read-4k.brd.1'"):
                native.read([_run("brd")], directory)


def _table(times):
    return {("mem-read-4k", "ns"): times}


class Summary(unittest.TestCase):
    TIMES = {"null_blk_c": [1000.0, 1000.0], "null_blk": [2000.0, 2000.0],
             "memcpy": [500.0, 500.0], "movsb": [250.0, 250.0]}

    def _rows(self):
        made = _table(self.TIMES)
        rows = native.add_limits(summary.rows(made, cells), made, True)
        return {row["driver"]: row for row in rows}

    def test_half_the_time_is_twice_as_fast(self):
        row = self._rows()["null_blk_c"]
        self.assertAlmostEqual(row["to_reference"]["ratio"], 2)
        self.assertAlmostEqual(row["of_memcpy"]["ratio"], 0.5)
        self.assertAlmostEqual(row["of_movsb"]["ratio"], 0.25)

    def test_the_other_kind_of_copy(self):
        rows = self._rows()
        # 2000 - 500 + 250, of 1000
        self.assertAlmostEqual(rows["null_blk_c"]["to_reference_movsb"]["ratio"],
                               1.75)
        self.assertNotIn("to_reference_movsb", rows["null_blk"])
        self.assertNotIn("of_memcpy", rows["movsb"])

    def test_other_machines_have_one_kind_of_copy(self):
        made = _table(self.TIMES)
        for row in native.add_limits(summary.rows(made, cells), made, False):
            self.assertNotIn("to_reference_movsb", row)

    def test_gains(self):
        selected = cells.matrix("smp")
        times = {c.name: 100.0 if c.jobs == 1 else 50.0 for c in selected}
        times["hot-read-4k-2j"] = 80.0
        made = {(c.name, "ns"): {d: [times[c.name]] * 3 for d in c.drivers}
                for c in selected}
        found = {(g["family"], g["driver"]): g
                 for g in native.gains(selected, made)}
        self.assertEqual(len(found), 11)
        self.assertAlmostEqual(
            found["mem-read-4k", "null_blk_c"]["to_floor"]["ratio"], 1)
        hot = found["hot-read-4k", "null_blk_c"]
        self.assertAlmostEqual(hot["gain"]["ratio"], 1.25)
        self.assertAlmostEqual(hot["to_floor"]["ratio"], 0.625)
        self.assertIsNone(found["plain-read-4k", "floor"]["to_floor"])

    def test_table(self):
        runs = cells.make([_cell("mem-read-4k")], list(self.TIMES), 2)
        facts = {"kernel": "6.12", "cpus": "1", "cpu": "UML", "fio": "fio-3",
                 "pinned": "1", "machine": "user mode", "cpus_of_others": "0.50", "cpus_stolen": "0.00"}
        part = native.summarise(runs, {
            "values": {r.section: {"ns": self.TIMES[r.driver][0]} for r in runs},
            "facts": facts, "settings": {}, "without": {}})
        text = table.render({"date": "now", "revision": "r", "qemu": "",
                             "machine": {"cpu": "x", "cpus": 2},
                             "clocks": {"native": part}})
        self.assertIn("NOISY: others used 0.5 CPUs", text)
        self.assertRegex(text, r"mem-read-4k +null_blk_c +2 +1,000 .* "
                               r"2\.000 \(2\.000 \.\. 2\.000\) +1\.75 +0\.50 +0\.25")
        self.assertIn("by movsb", text)


class Figures(unittest.TestCase):
    def test_table(self):
        # Medians of 1000 and 1660; quotients of 1.66, 2 and 0.5
        rows = [{"cell": "mem-read-4k", "driver": d, "values": v, "median": m}
                for d, v, m in (
                    ("null_blk_c", [1000.0, 500.0, 4000.0], 1000.0),
                    ("null_blk", [1660.0, 1000.0, 2000.0], 1660.0),
                    ("memcpy", [457.2] * 3, 457.2))]
        rows.append({"cell": "plain-read-4k", "driver": "floor",
                     "values": [92.61], "median": 92.61})
        lines = figures.table({"rows": rows}).splitlines()
        self.assertEqual(lines[2], "| mem-read-4k | 457 |  |  | 1,000 | "
                                   "1,660 (1.18) |  |  |")
        self.assertEqual(lines[3], "| plain-read-4k |  |  | 92.6 |  |  |  |  |")


class Busy(unittest.TestCase):
    STAT = "cpu  100 20 30 1000 50 4 6 8 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n"

    def test_seconds(self):
        hertz = os.sysconf("SC_CLK_TCK")
        self.assertEqual(busy.busy_seconds(self.STAT), (160 / hertz, 8 / hertz))

    def test_others(self):
        self.assertEqual(busy.others((0, 10, 0), (10, 15, 1)), (0.5, 0.1))
        # The clocks of processes and of the machine do not agree to the tick.
        self.assertEqual(busy.others((0, 10, 0), (10, 9.99, 0)), (0, 0))

    def test_noise(self):
        self.assertTrue(busy.is_noisy({"cpus_of_others": "0.30"}))
        self.assertFalse(busy.is_noisy({"cpus_of_others": "0.05",
                                        "cpus_stolen": "0.00"}))
        self.assertFalse(busy.is_noisy({}))


class Boot(unittest.TestCase):
    def test_command(self):
        words = native._command(native.NULL_BLK, "native", "/k", "/share",
                                [_run()])
        self.assertEqual(words[:2], ["taskset", "-c"])
        self.assertEqual(words[3], f"{machine.TOP}/scripts/vm")
        self.assertEqual(words[words.index("--cpus") + 1], "1")
        self.assertEqual(words[words.index("--kernel") + 1], "/k")

    def test_boots_are_one_sample(self):
        parts = [{"values": {name: 1}, "facts": {"kernel": "6"}, "settings": {},
                  "without": {}} for name in ("a", "b")]
        self.assertEqual(native._merge(parts)["values"], {"a": 1, "b": 1})

    def test_a_kernel_that_was_asked_for(self):
        with tempfile.TemporaryDirectory() as directory:
            self.assertEqual(native.choose_kernel("native", directory),
                             (directory, True))
            with open(f"{directory}/linux", "w", encoding="utf-8"):
                pass
            self.assertEqual(native.choose_kernel("native", directory),
                             (directory, False))


class TestKernel(unittest.TestCase):
    def choose(self, *arguments):
        with mock.patch("subprocess.run") as run, \
                mock.patch("native.has_kvm", return_value=False):
            run.return_value = mock.Mock(returncode=0, stdout="note\n/no/kernel\n")
            chosen = native.choose_kernel("native", None, *arguments)
        self.assertEqual(chosen, ("/no/kernel", False))
        return run.call_args.args[0][1:]

    def test_it_is_brought_up_to_date(self):
        self.assertEqual(self.choose(), ["uml"])

    def test_no_build_takes_it_as_it_is(self):
        self.assertEqual(self.choose(False), ["--built", "uml"])


class Host(unittest.TestCase):
    DISKS = [host.Disk("nullbc0", "null_blk_c", "mem"),
             host.Disk("mqfloor0", "floor", "plain")]

    def test_runs_for_which_there_is_a_disk(self):
        cells_ = [_cell("plain-read-4k"), _cell("mem-read-4k"),
                  _cell("zone-write-64k")]
        runs = native.host_runs(cells_, cells.DRIVERS, 1, self.DISKS)
        self.assertEqual([(r.cell, r.driver) for r in runs],
                         [("plain-read-4k", "floor"),
                          ("mem-read-4k", "null_blk_c"),
                          ("mem-read-4k", "memcpy"), ("mem-read-4k", "movsb")])

    def test_no_disk(self):
        runs = native.host_runs([_cell("plain-read-4k")], cells.DRIVERS, 1, [])
        self.assertEqual(runs, [])

    def carry_out(self, script, listen=None):
        """With a script in the place of load-runs; what control was told."""
        with tempfile.TemporaryDirectory() as top:
            os.makedirs(f"{top}/tools/bench")
            path = f"{top}/tools/bench/load-runs"
            with open(path, "w", encoding="utf-8") as out:
                out.write(f"#!/bin/sh\n{script}\n")
            os.chmod(path, 0o755)
            control = f"{top}/control"
            with mock.patch("machine.TOP", top), \
                    mock.patch("native.LOAD", control), \
                    self.assertRaises((KeyboardInterrupt, BenchError)):
                native.carry_out_on_host([], top, listen or print)
            with open(control, encoding="utf-8") as file:
                return file.read()

    def test_a_failed_load_is_stopped(self):
        self.assertEqual(self.carry_out("exit 1"), "stop")

    def test_an_interrupted_load_is_stopped(self):
        def interrupt(_line):
            raise KeyboardInterrupt

        begin = time.monotonic()
        self.assertEqual(self.carry_out("echo hello; exec sleep 60", interrupt),
                         "stop")
        self.assertLess(time.monotonic() - begin, 30)


if __name__ == "__main__":
    unittest.main()
