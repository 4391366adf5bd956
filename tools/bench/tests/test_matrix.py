# SPDX-License-Identifier: GPL-2.0
"""The matrix: cells, plan, a folder that an interrupted run goes on in, and figures."""

import json
import os
import tempfile
import unittest
from unittest import mock

import folder
import host
import latency
import main
import matrix
import tally
from fault import BenchError
from plans import matrix as cells

SMALL = cells.Preset(("4k",), (1,), 2, 5, 10)


def _cells(clock="native", preset=SMALL, cpus=2):
    return cells.matrix(preset, clock, cpus)


def _plans(clock="native"):
    return {clock: cells.make(clock, _cells(clock), cells.DRIVERS, SMALL)}


def _all(plans):
    return [run for boots in plans.values() for runs in boots.values()
            for run in runs]


def _report(run, ns=1000.0, errors=0):
    return (f"section {run.section}\nstate done\nengine disk\nns_per_io {ns}\n"
            f"ios 100\nerrors {errors}\n")


def _write_batch(share, runs, text=_report):
    with open(f"{share}/{runs[0].batch}.load", "w", encoding="utf-8") as out:
        out.write("".join(map(text, runs)))


class Cells(unittest.TestCase):
    def test_names_are_of_one_cell_each(self):
        for preset in cells.PRESETS.values():
            for which, clocks in cells.CLOCKS.items():
                for clock in (*clocks, "host"):
                    names = [c.name for c in cells.matrix(preset, clock, 4, which)]
                    self.assertEqual(len(set(names)), len(names))
                    self.assertTrue(names or clock == "host")

    def test_the_quick_ones_are_among_all(self):
        for which in ("drivers", "nvme"):
            for clock in cells.CLOCKS[which]:
                quick, full = (set(cells.matrix(cells.PRESETS[name], clock, 2, which))
                               for name in ("quick", "full"))
                self.assertLess(quick, full)

    def test_block_sizes(self):
        sizes = {c.size for c in _cells(preset=cells.PRESETS["full"])}
        self.assertLessEqual({"512", "4k", "1m", "4m", "16m"}, sizes)
        self.assertEqual(max(cells.SIZES.values()), 16 << 20)

    def test_latencies_are_cells_of_their_own(self):
        found = [c for c in _cells(preset=cells.PRESETS["quick"]) if c.latency]
        self.assertIn("mem-randwrite-4k-q1-1j-latency", [c.name for c in found])
        self.assertEqual({c.settings()["latency"] for c in found}, {1})
        self.assertEqual({c.jobs for c in _cells("smp", cells.PRESETS["quick"], 2)
                          if c.latency}, {2})

    def test_jobs(self):
        self.assertEqual(cells.jobs_up_to(1), [1])
        self.assertEqual(cells.jobs_up_to(6), [1, 2, 4, 6])
        self.assertEqual({c.jobs for c in _cells()}, {1})
        self.assertEqual(_cells("smp", cpus=1), [])

    def test_what_needs_too_much_memory_is_left_out(self):
        preset = cells.Preset(("1m",), (1, 1024), 1, 1, 1, buffers=1023 << 20)
        names = [c.name for c in _cells(preset=preset)]
        self.assertIn("mem-randread-1m-q1-1j", names)
        self.assertNotIn("mem-randread-1m-q1024-1j", names)

    def test_features_are_beside_none(self):
        self.assertEqual(cells.FEATURES[0].name, cells.OURS)
        self.assertEqual(len({s.disk("mem") for s in cells.FEATURES}),
                         len(cells.FEATURES))


class Plan(unittest.TestCase):
    def test_boots_share_the_samples(self):
        boots = _plans()["native"]
        self.assertEqual([sorted({r.repeat for r in runs})
                          for runs in boots.values()], [[1, 2], [3, 4, 5]])

    def test_each_cell_has_each_of_its_subjects_once_a_sample(self):
        runs = [r for r in _all(_plans()) if r.repeat == 1]
        self.assertEqual(len({r.section for r in runs}), len(runs))
        self.assertEqual({r.driver for r in runs if r.what.store == "plain"},
                         {"null_blk_c", "null_blk", "rnull", "floor"})
        self.assertEqual({r.driver for r in runs if r.what.store == "mem"},
                         {"null_blk_c", "null_blk", "brd"})

    def test_subjects_take_turns(self):
        runs = [r for r in _all(_plans()) if r.what == _cells()[-1]]
        firsts = [next(r.driver for r in runs if r.repeat == n) for n in (1, 2, 3)]
        self.assertEqual(firsts, ["null_blk_c", "null_blk", "brd"])

    def test_settings_are_complete(self):
        """What a run does not say would be what the one before has left."""
        runs = _all(_plans()) + _all(_plans("smp"))
        self.assertEqual(len({frozenset(run.settings()) for run in runs}), 1)

    def test_files(self):
        with tempfile.TemporaryDirectory() as share:
            cells.write(_all(_plans()), share, 2)
            with open(f"{share}/disks", encoding="utf-8") as file:
                disks = {line.split("\t")[1]: line.rstrip("\n").split("\t")
                         for line in file}
        self.assertEqual(set(disks), {"bc_plain", "bc_mem", "bk_plain", "bk_mem",
                                      "br_plain", "ram0", "mqfloor0"})
        self.assertEqual(disks["br_plain"][2:],
                         ["0", "irqmode=0 blocksize=512 size=4096", "-", "-"])
        self.assertIn("submit_queues=2", disks["bk_mem"][3].split())
        self.assertEqual(disks["bc_mem"][2], str(cells.SPAN))
        self.assertEqual(disks["mqfloor0"][3], "queues=2")

    def test_controllers_count_their_time(self):
        found = cells.matrix(SMALL, "model", 1, "nvme")
        runs = cells.make("model", found, cells.NVME, SMALL)[1]
        with tempfile.TemporaryDirectory() as share:
            cells.write(runs, share)
            with open(f"{share}/plan", encoding="utf-8") as file:
                lines = [line.rstrip("\n").split("\t") for line in file]
        self.assertEqual({(line[3], line[4], line[6]) for line in lines},
                         {(name, f"/run/bench-{name}", f"/run/bench-{name}.counts")
                          for name in ("nvme_c", "nvme")})

    def test_features_have_what_they_are_named_after(self):
        plan = cells.make("native", cells.matrix(SMALL, "native", 1, "features"),
                          cells.FEATURES, SMALL)
        with tempfile.TemporaryDirectory() as share:
            cells.write(plan[1], share)
            with open(f"{share}/disks", encoding="utf-8") as file:
                lines = [line.rstrip("\n").split("\t") for line in file]
        self.assertEqual({len(line) for line in lines}, {6})
        by_name = {line[0]: line for line in lines}
        self.assertIn("cache_size=128", by_name["null_blk_c+cache"][3].split())
        self.assertEqual(by_name["null_blk_c+statistics"][4], "iostats")
        self.assertTrue(by_name["null_blk_c+rule"][5].startswith("rules add,"))


class Resume(unittest.TestCase):
    """A machine that dies, and one that goes on."""

    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.path = held.name
        self.where = folder.Folder(self.path, matrix.values_of)
        self.plans = _plans()
        self.machines = []

    def boot(self, limit=None, lacking=()):
        """A machine that ends after some batches, in the middle of the next."""
        def boot_one(_clock, _kernel, share, runs, _pace, _say):
            self.machines.append(runs)
            with open(f"{share}/without", "w", encoding="utf-8") as out:
                out.writelines(f"{d} is not there\n" for d in lacking)
            runs = [r for r in runs if r.driver not in lacking]
            for number, (_name, batch) in enumerate(folder.batches(runs)):
                if number == limit:
                    _write_batch(share, batch[:-1])
                    raise KeyboardInterrupt
                _write_batch(share, batch)
        return boot_one

    def carry_out(self, *arguments, **more):
        matrix.carry_out(self.where, self.plans, {"native": "/k"},
                         lambda text: None, self.boot(*arguments, **more))

    def measured(self):
        return self.where.measured("native", _all(self.plans))

    def test_the_same_set_of_cells(self):
        with self.assertRaises(KeyboardInterrupt):
            self.carry_out(3)
        before = set(self.measured())
        self.assertEqual(len({r.batch for r in before}), 3)
        self.carry_out()
        self.assertEqual(set(self.measured()), set(_all(self.plans)))
        # What was there is not measured again.
        self.assertFalse(before & {r for runs in self.machines[1:] for r in runs})

    def test_the_rest_of_a_boot_is_another_boot(self):
        with self.assertRaises(KeyboardInterrupt):
            self.carry_out(3)
        self.carry_out()
        first = {number for run, (number, _v) in self.measured().items()
                 if run.boot == 1}
        self.assertEqual(first, {1, 2})

    def dying(self, deaths):
        """Machines of which the first ones die after a batch."""
        whole = self.boot()

        def boot_one(clock, kernel, share, runs, pace, say):
            if len(self.machines) >= deaths:
                whole(clock, kernel, share, runs, pace, say)
                return
            self.machines.append(runs)
            _write_batch(share, folder.batches(runs)[0][1])
            raise BenchError("the virtual machine ended")
        return boot_one

    def test_another_machine_does_the_rest(self):
        said = []
        matrix.carry_out(self.where, self.plans, {"native": "/k"}, said.append,
                         self.dying(2))
        self.assertEqual(set(self.measured()), set(_all(self.plans)))
        self.assertEqual(sum("does the rest" in line for line in said), 2)

    def test_but_not_for_ever(self):
        with self.assertRaises(BenchError):
            matrix.carry_out(self.where, self.plans, {"native": "/k"},
                             lambda text: None, self.dying(99))
        self.assertEqual(len(self.machines), matrix.ATTEMPTS)

    def test_nothing_left(self):
        self.carry_out()
        self.carry_out()
        self.assertEqual(len(self.machines), 2)

    def test_what_is_not_there_is_not_waited_for(self):
        self.carry_out(lacking=("rnull",))
        self.assertEqual(len(self.machines), 2)
        self.assertEqual({r.driver for r in self.machines[1]},
                         {"null_blk_c", "null_blk", "brd", "floor"})
        self.assertEqual({r.driver for r in self.measured()},
                         {"null_blk_c", "null_blk", "brd", "floor"})

    def test_only_the_same_plan_is_gone_on_with(self):
        new = f"{self.path}/matrix-1"
        folder.write_plan(new, {"samples": 5})
        self.assertEqual(folder.unfinished(self.path, {"samples": 5}), new)
        self.assertIsNone(folder.unfinished(self.path, {"samples": 6}))
        with open(f"{new}/{folder.SUMMARY}", "w", encoding="utf-8"):
            pass
        self.assertIsNone(folder.unfinished(self.path, {"samples": 5}))


class OnDisks(unittest.TestCase):
    """--host: disks that are there, and a load that is not."""

    DISKS = [host.Disk("nullbc0", "null_blk_c", "mem"),
             host.Disk("x", "rnull", "plain"), host.Disk("nullb1", "null_blk", "mem")]

    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.options = main.parse(["--matrix", "--host", "--cells", "*-4k-q1-*",
                                   "--results", f"{held.name}/r"])
        self.path = held.name
        self.selected = {"host": [c for c in matrix.cells_of(self.options, "host")
                                  if "-4k-q1-" in c.name]}

    def test_only_what_has_a_disk(self):
        plans = matrix.on_disks(
            {"host": cells.make("host", self.selected["host"], cells.DRIVERS, SMALL)},
            self.DISKS)
        paths = {(r.driver, r.what.store): r.columns()[0] for r in _all(plans)}
        self.assertEqual(paths, {("null_blk_c", "mem"): "/dev/nullbc0",
                                 ("rnull", "plain"): "/dev/x",
                                 ("null_blk", "mem"): "/dev/nullb1"})

    def test_all_of_it(self):
        """From the options to the page, with what load-runs would leave."""
        def follow(share, listener):
            for _name, batch in folder.batches(listener.progress.left[:]):
                _write_batch(share, batch, lambda run: _report(run) + (
                    "latency_mean_ns 1100\ntook_1024 100\n"
                    if run.what.latency else ""))
                listener.hear(f"done {batch[0].batch}")

        def measure(_disks, run, _say):
            _values, facts = run()
            return {"facts": {"kernel": "7.3", **facts},
                    "settings": {"null_blk_c": {"module/x": "1"}}}

        about = {"command": ["x"], "date": "", "revision": "",
                 "machine": {"cpu": "", "cpus": 2}}
        with mock.patch("native.follow_load", follow), \
                mock.patch("host.measure", measure):
            text, path = matrix.run(self.options, self.selected, {"host": "7.3"},
                                    self.path, f"{self.path}/r", lambda: dict(about),
                                    lambda _text: None, self.DISKS)
        self.assertIn("mem-randread-4k-q1-1j", text)
        self.assertIn("Latencies", text)
        self.assertEqual(folder.read_plan(path)["disks"][0], "null_blk=/dev/nullb1")
        with open(f"{path}/summary.json", encoding="utf-8") as file:
            one = json.load(file)["machines"]["host/machine-01"]
        self.assertEqual(one["settings"], {"null_blk_c": {"module/x": "1"}})
        self.assertTrue(os.path.exists(f"{path}/latency-host.png"))

    def test_refused(self):
        for arguments in (("--boots", "2"), ("--features",), ("--nvme",)):
            with self.assertRaisesRegex(BenchError, "--host"):
                main.parse(["--matrix", "--host", *arguments])
        with self.assertRaisesRegex(BenchError, "--host only"):
            main.parse(["--matrix", "--device", "brd=/dev/ram0"])


class Values(unittest.TestCase):
    RUN = _all(_plans())[0]

    def test_good(self):
        self.assertEqual(matrix.values_of(
            self.RUN, {"state": "done", "ios": "5", "errors": "0",
                       "ns_per_io": "12.5"}), {"ns": 12.5})

    def test_without_the_controller(self):
        report = {"state": "done", "ios": "10", "errors": "0", "ns_per_io": "12.5",
                  "model_ns": "100"}
        self.assertEqual(matrix.values_of(self.RUN, report), {"ns": 12.5, "rest": 2.5})
        with self.assertRaises(matrix.ResultError):
            matrix.values_of(self.RUN, {**report, "model_ns": "126"})

    def test_bad(self):
        good = {"state": "done", "ios": "5", "errors": "0", "ns_per_io": "12.5"}
        for name, value in (("state", "running"), ("errors", "1"), ("ios", "0"),
                            ("ns_per_io", "0.00")):
            with self.assertRaises(matrix.ResultError):
                matrix.values_of(self.RUN, {**good, name: value})


class Tally(unittest.TestCase):
    def table(self, times):
        measured = {}
        for run in _all(_plans()):
            if run.driver in times:
                ns = times[run.driver] * (1 + run.repeat / 1000)
                measured[run] = (run.boot, {"ns": ns})
        return tally.rows(tally.samples(measured), cells.DRIVERS)

    def test_quotients(self):
        table = self.table({"null_blk_c": 100, "null_blk": 150, "floor": 50})
        row = next(r for r in table if r["subject"] == "null_blk")
        self.assertAlmostEqual(row["versus"]["ratio"], 1.5)
        self.assertLess(row["versus"]["low95"], 1.5)
        self.assertGreater(row["versus"]["high99"], row["versus"]["high95"])
        self.assertIn("holm", row["versus"])
        floor = next(r for r in table if r["subject"] == "floor")
        self.assertNotIn("holm", floor["versus"])

    def test_means_and_what_lies_below(self):
        table = self.table({"null_blk_c": 100, "null_blk": 80})
        mean = next(m for m in tally.means(table, "drivers") if m["store"] == "mem")
        self.assertAlmostEqual(mean["ratio"], 0.8)
        self.assertEqual(len(mean["bad"]), mean["cells"])
        self.assertIn("2 below 1: mem-randread", tally.text(table, "drivers"))

    def test_a_feature_that_costs_lies_above(self):
        table = self.table({"null_blk_c": 100, "null_blk": 120})
        mean = next(m for m in tally.means(table, "features") if m["store"] == "mem")
        self.assertEqual(len(mean["bad"]), mean["cells"])
        self.assertIn("2 above 1: mem-randread", tally.text(table, "features"))
        self.assertFalse(tally.means(table, "drivers")[0]["bad"])

    def test_the_time_of_a_controller_is_taken_off(self):
        measured = {}
        for run in cells.make("model", cells.matrix(SMALL, "model", 1, "nvme"),
                              cells.NVME, SMALL)[1]:
            rest = 100 if run.driver == "nvme_c" else 150
            measured[run] = (1, {"ns": 1000 + rest, "rest": rest})
        table = tally.rows(tally.samples(measured), cells.NVME)
        ratios = {row["clock"]: row["versus"]["ratio"] for row in table
                  if row["subject"] == "nvme"}
        self.assertAlmostEqual(ratios["rest"], 1.5)
        self.assertAlmostEqual(ratios["model"], 1150 / 1100)
        self.assertIn("times as fast nvme_c is", tally.text(table, "nvme"))

    def test_without_ours_there_is_no_quotient(self):
        table = self.table({"null_blk": 80})
        self.assertEqual({r["versus"] for r in table}, {None})

    def test_text_and_files(self):
        table = self.table({"null_blk_c": 100, "null_blk": 150})
        text = tally.text(table, "drivers")
        self.assertIn("mem-randread-4k-q1-1j", text)
        self.assertIn("1.500", text)
        with tempfile.TemporaryDirectory() as path:
            tally.write_samples(table, f"{path}/s")
            tally.write_rows(table, f"{path}/r")
            with open(f"{path}/s", encoding="utf-8") as file:
                self.assertEqual(len(file.readlines()),
                                 1 + sum(r["n"] for r in table))
            with open(f"{path}/r", encoding="utf-8") as file:
                self.assertEqual(len({line.count(",") for line in file}), 1)


class Latency(unittest.TestCase):
    def test_buckets_are_those_of_the_load(self):
        """8 for each power of two: the next bucket begins where one ends."""
        for ns, end in ((0, 1), (7, 8), (8, 9), (15, 16), (16, 18), (1024, 1152),
                        (1920, 2048)):
            self.assertEqual(ns + latency.width(ns), end)

    def test_percentiles(self):
        # 90 I/Os of 64 to 72 ns and 10 of 1024 to 1152: by hand
        histogram = {64: 90, 1024: 10}
        self.assertAlmostEqual(latency.percentile(histogram, 45), 64 + 8 * 0.5)
        self.assertAlmostEqual(latency.percentile(histogram, 90), 72)
        self.assertAlmostEqual(latency.percentile(histogram, 95), 1024 + 128 * 0.5)
        self.assertAlmostEqual(latency.percentile(histogram, 100), 1152)

    def test_boots_have_too_few_where_all_have_enough(self):
        self.assertEqual(latency._ends([{50: 1.0}, {50: 3.0, 99: 5.0}], 99),
                         {"low": None, "high": None})
        self.assertEqual(latency._ends([{50: 1.0}, {50: 3.0, 99: 5.0}], 50),
                         {"low": 1.0, "high": 3.0})

    def test_what_is_too_rare_is_not_told(self):
        self.assertEqual(list(latency.percentiles({64: 1000})), [50, 90, 99])

    def test_reading(self):
        run = _all(_plans())[0]
        self.assertEqual(latency.read(run, {"ios": "3", "took_8": "1", "took_64": "2"}),
                         {8: 1, 64: 2})
        with self.assertRaises(matrix.ResultError):
            latency.read(run, {"ios": "4", "took_8": "1"})

    def test_rows(self):
        preset = cells.Preset(("4k",), (1,), 2, 4, 10, latency=("4k",))
        measured = {}
        for boot, runs in cells.make("native", _cells(preset=preset), cells.DRIVERS,
                                     preset).items():
            for run in runs:
                values = {"took": {1024 * boot: 1000}, "took_ns": 1100_000 * boot} \
                    if run.what.latency else {"ns": 5.0}
                measured[run] = (boot, values)
        table = latency.rows(measured, cells.DRIVERS)
        self.assertEqual({(r["store"], r["operation"]) for r in table},
                         {("plain", "randread"), ("mem", "randread"),
                          ("mem", "randwrite")})
        row = table[0]
        self.assertEqual((row["ios"], row["boots"], row["mean"]), (4000, 2, 1650))
        middle = row["percentiles"][0]
        self.assertAlmostEqual(middle["low"], 1024 + 64)
        self.assertAlmostEqual(middle["high"], 2048 + 128)
        # Each boot has 2000 I/Os: too few for p99.9, and all 4000 are too few as well.
        self.assertEqual([p["percent"] for p in row["percentiles"]], [50, 90, 99])
        text = tally.aligned(latency.lines(table), ())
        self.assertIn("mem-randwrite-4k-q1-1j-latency", text)
        # They are not among the times.
        self.assertFalse([c for _clock, c in tally.samples(measured) if c.latency])
        self.assertEqual(latency.lines([]), [])


class Noise(unittest.TestCase):
    def test_a_busy_machine_is_told(self):
        busy = {"facts": {"cpus_of_others": "1.50", "cpus_stolen": "0.00"}}
        idle = {"facts": {"cpus_of_others": "0.02", "cpus_stolen": "0.00"}}
        self.assertIn("1 of 2 boots", matrix._noise({"a": busy, "b": idle}))
        self.assertEqual(matrix._noise({"b": idle}), "")


class Options(unittest.TestCase):
    def refused(self, *arguments):
        with self.assertRaises((BenchError, main.choose.CellError)) as caught:
            main.parse(["--matrix", *arguments])
        return str(caught.exception)

    def test_refused(self):
        self.assertIn("--features", self.refused("--nvme", "--features"))
        self.assertIn("native", self.refused("--clock", "wall"))
        self.assertIn("the subjects are", self.refused("--drivers", "x"))
        self.assertIn("no cell matches", self.refused("--cells", "x-*"))
        self.assertIn("--boots", self.refused("--samples", "1"))
        with self.assertRaisesRegex(BenchError, "--matrix only"):
            main.parse(["--samples", "3"])

    def test_nvme(self):
        options = main.parse(["--matrix", "--nvme", "--cells", "nvme-*-4k-*"])
        self.assertEqual(options.clocks, ("model",))
        self.assertEqual([s.name for s in matrix.subjects_of(options)],
                         ["nvme_c", "nvme"])

    def test_ours_is_always_there(self):
        options = main.parse(["--matrix", "--drivers", "brd"])
        self.assertEqual([s.name for s in matrix.subjects_of(options)],
                         ["null_blk_c", "brd"])

    def test_samples_and_boots(self):
        options = main.parse(["--matrix", "--samples", "40", "--boots", "4"])
        preset = matrix.preset_of(options)
        self.assertEqual((preset.samples, preset.boots), (40, 4))

    def test_without_the_kernel_with_rust(self):
        said = []
        with mock.patch("native.test_kernel",
                        side_effect=[BenchError("no rustc"), "/k"]) as chosen:
            self.assertEqual(matrix.choose_kernel("smp", None, True, said.append),
                             "/k")
        self.assertEqual([c.args[0] for c in chosen.call_args_list],
                         ["uml-rust-smp", "uml-smp"])
        self.assertEqual(said, ["rnull is left out: no rustc"])


class TestPace(unittest.TestCase):
    def test_time_left(self):
        now, said = [0], []
        runs = _all(_plans())
        pace = matrix.Pace(runs, 2, said.append, lambda: now[0])
        pace.boot()
        now[0] = 5
        pace.begin()
        batch = pace.batch(runs[0].batch)
        now[0] = 5 + 30
        pace.done(batch)
        # 30 s for these, the same for each other, and 5 s for the other boot
        rest = 30 / len(batch) * (len(runs) - len(batch)) + 5
        self.assertIn(f"about {matrix.clock_text(rest)} left", said[-1])

    def test_more_machines_than_boots(self):
        now, said = [0], []
        runs = _all(_plans())
        pace = matrix.Pace(runs, 1, said.append, lambda: now[0])
        for _attempt in range(3):
            pace.boot()
            now[0] += 100
            pace.begin()
        now[0] += 30
        pace.done(pace.batch(runs[0].batch))
        self.assertNotIn("-", said[-1])

    def test_few_lines(self):
        now, said = [0], []
        runs = _all(_plans())
        pace = matrix.Pace(runs, 1, said.append, lambda: now[0])
        pace.boot()
        pace.begin()
        for name, _batch in folder.batches(runs):
            now[0] += 1
            pace.done(pace.batch(name))
        self.assertLess(len(said), 4)
        self.assertIn(f"{len(runs)} of {len(runs)}", said[-1])


if __name__ == "__main__":
    unittest.main()
