# SPDX-License-Identifier: GPL-2.0
"""From fio's JSON and histograms to models, against values worked out by hand."""

import contextlib
import io
import json
import math
import pathlib
import random
import statistics
import tempfile
import unittest

import main
import measured
import model

MODELS = pathlib.Path(__file__).parents[1] / "models"


def fio(*jobs, glob=None):
    return json.dumps({"fio version": "fio-3.33", "global options": glob or {},
                       "jobs": list(jobs)})


def job(name, bs, **parts):
    return {"jobname": name, "job options": {"bs": bs}, **parts}


def clat(percentile=None, bins=None, low=1, high=10 ** 6):
    times = {"min": low, "max": high, "N": 1000}
    if percentile:
        times["percentile"] = percentile
    if bins:
        times["bins"] = bins
    return {"clat_ns": times}


class Measured(unittest.TestCase):
    def test_histogram(self):
        (curve,) = measured.read("# ns n\n100 1\n\n200 2\n400 1 # slow\n", "WRITE", 4096)
        self.assertEqual((curve.op, curve.size), ("WRITE", 4096))
        self.assertEqual(curve.points, ((12.5, 100), (50, 200), (87.5, 400)))

    def test_percentiles_have_ends(self):
        text = fio(job("r", "4k", read=clat({"50.000000": 80, "99.000000": 120}, low=60,
                                            high=500)))
        (curve,) = measured.read("note: something\n" + text)
        self.assertEqual((curve.op, curve.size), ("READ", None))
        self.assertEqual(curve.points, ((0, 60), (50, 80), (99, 120), (100, 500)))

    def test_bucket_beyond_the_maximum(self):
        text = fio(job("r", "4k", read=clat({"50.0": 80, "99.0": 104}, low=60, high=100)))
        self.assertEqual(measured.read(text)[0].points[-2:], ((99, 100), (100, 100)))

    def test_bins_come_first(self):
        text = fio(job("r", "4k", read=clat({"50.0": 1}, {"100": 1, "300": 1})))
        self.assertEqual(measured.read(text)[0].points, ((25, 100), (75, 300)))

    def test_operations_and_sizes(self):
        text = fio(job("a", "4k,8k", read=clat({"50.0": 1}), write=clat({"50.0": 2})),
                   job("b", "64k", read=clat({"50.0": 3}),
                       sync={"lat_ns": clat({"50.0": 4})["clat_ns"]}))
        self.assertEqual([(c.op, c.size) for c in measured.read(text)],
                         [("READ", 4096), ("WRITE", None), ("READ", 65536), ("FLUSH", None)])

    def test_global_size(self):
        text = fio({"jobname": "a", "read": clat({"50.0": 1})},
                   job("b", "1m", read=clat({"50.0": 1})), glob={"bs": "16k"})
        self.assertEqual([c.size for c in measured.read(text)], [16384, 1 << 20])

    def test_bad_input(self):
        same = job("a", "4k", read=clat({"50.0": 1}))
        for text, why in (("", "no operations"), ("1 2 3", "line 1"), ("5 x", "line 1"),
                          ("10 0\n", "no operations"), ("{", "not JSON"),
                          ("{\"jobs\": [3]}", "not fio's JSON"), (fio(), "no operations"),
                          (fio(same, same), "group_reporting"),
                          (fio(job("a", "4k", read=clat())), "no percentiles"),
                          (fio(job("a", "x", read=clat({"50.0": 1}))), "not a size")):
            with self.subTest(text=text[:30]):
                with self.assertRaisesRegex(measured.BadInput, why):
                    measured.read(text)


class Model(unittest.TestCase):
    def test_between(self):
        points = [(10, 100), (20, 200)]
        self.assertEqual([model.between(points, p) for p in (0, 10, 15, 20, 99)],
                         [100, 100, 150, 200, 200])

    def test_lognormal_within_one_percent(self):
        rng = random.Random(1)
        curve = measured.of_counts((round(rng.lognormvariate(11, 0.7)), 1)
                                   for _ in range(20000))
        fitted = model.fit(curve, 32)
        self.assertLessEqual(len(fitted), 32)
        for percent, was, now in model.worst(curve, fitted):
            self.assertLess(abs(now - was) / was, 0.01, percent)

    def test_numbers_of_the_driver(self):
        points = [(0, 1.4), (0.0000001, 3), (12.5, 7), (99.9, 8), (100, 10 ** 20)]
        curve = measured.Curve("READ", 4096, tuple(points))
        self.assertEqual(model.line(curve, points),
                         "op=READ bytes=4096 percentiles=0:3,12.5:7,99.9:8,"
                         f"100:{model.MAX_NS}")

    def test_text_fits(self):
        normal = statistics.NormalDist(10 ** 12, 10 ** 11)
        points = tuple((p / 10, round(normal.inv_cdf(p / 1000))) for p in range(1, 1000))
        curves = [measured.Curve("READ", 512 << n, points) for n in range(12)]
        written, _ = model.text(curves, 32, model.Extra(seed=7, channels=3))
        self.assertLessEqual(len(written), model.MAX_BYTES)
        self.assertEqual(written.splitlines()[:3], ["latency 1", "seed=7", "channels=3"])
        self.assertEqual(len(model.tables(written)), 12)

    def test_too_many(self):
        points = tuple((p, 10 ** 12 + p * p) for p in range(100))
        curves = [measured.Curve("READ", 512 + n, points) for n in range(80)]
        with self.assertRaises(model.TooLarge):
            model.text(curves)

    def test_read_back(self):
        points = ((1, 10), (50, 20), (99.9999, 30))
        written, _ = model.text([measured.Curve("WRITE", None, points)])
        self.assertEqual(model.tables(written), {("WRITE", None): list(points)})


class Program(unittest.TestCase):
    def run_main(self, *args):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = main.main(list(args))
            except SystemExit as end:
                code = end.code
        return code, out.getvalue(), err.getvalue()

    def test_model_and_plot(self):
        with tempfile.TemporaryDirectory() as name:
            source, plot = pathlib.Path(name, "h"), pathlib.Path(name, "p.png")
            source.write_text("80000 90\n100000 9\n500000 1\n", encoding="utf-8")
            code, out, err = self.run_main("--plot", str(plot), str(source))
            self.assertEqual(code, 0)
            self.assertEqual(out, "latency 1\nop=READ percentiles=45:80000,94.5:100000,"
                             "99.5:500000\nend\n")
            self.assertRegex(err, r"READ: 3 points: p50 82.0 us \(\+0.00 %\)")
            self.assertGreater(plot.stat().st_size, 1000)

    def test_wrong_usage(self):
        for args in ((), ("--points", "3", "f"), ("--channels", "0", "f"),
                     ("--plot", "x.gif", "f"), ("--foo", "f")):
            with self.subTest(args=args):
                code, _, err = self.run_main(*args)
                self.assertEqual(code, 2)
                self.assertRegex(err, "^model-fit: .*--help")

    def test_no_such_file(self):
        code, _, err = self.run_main("/nonexistent")
        self.assertEqual(code, 1)
        self.assertIn("/nonexistent", err)


class Included(unittest.TestCase):
    """Models of devices: each says where its figures are from, and is not too long."""

    def test_models(self):
        files = sorted(MODELS.glob("*.model"))
        self.assertGreaterEqual(len(files), 3)
        for file in files:
            with self.subTest(file=file.name):
                text = file.read_text(encoding="utf-8")
                self.assertRegex(text, r"# Source: https?://")
                self.assertLessEqual(len(text), model.MAX_BYTES)
                self.assertTrue(text.endswith("\nend\n"))
                for table in model.tables(text).values():
                    self.assertEqual(table, sorted(table))
                    self.assertTrue(math.isfinite(table[-1][1]))


if __name__ == "__main__":
    unittest.main()
