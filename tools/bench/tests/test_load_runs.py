# SPDX-License-Identifier: GPL-2.0
"""load-runs, on files in the place of the load's attributes."""

import os
import resource
import subprocess
import tempfile
import unittest

COMMAND = os.path.join(os.path.dirname(__file__), "..", "load-runs")


class LoadRuns(unittest.TestCase):
    def run_plan(self, lines, files=64):
        """What it says, and what it leaves: {file: text}"""
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

        with tempfile.TemporaryDirectory() as top:
            out, load = f"{top}/out", f"{top}/load"
            for directory in (out, load):
                os.mkdir(directory)
            for name, text in (("control", ""), ("results", "state done\nios 1\n"),
                               ("histogram", "64 1\n1024 2\n")):
                with open(f"{load}/{name}", "w", encoding="utf-8") as file:
                    file.write(text)
            with open(f"{out}/plan", "w", encoding="utf-8") as file:
                file.writelines(lines)
            done = subprocess.run([COMMAND, out], check=False, text=True,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, preexec_fn=limit,
                                  env={**os.environ, "LOAD_DIRECTORY": load})
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            left = {}
            for name in os.listdir(out):
                with open(f"{out}/{name}", encoding="utf-8") as file:
                    left[name] = file.read()
            with open(f"{load}/seed", encoding="utf-8") as file:
                self.assertEqual(file.read(), "1\n")
        return done.stdout, left

    def test_results_of_a_batch_are_in_one_file(self):
        said, left = self.run_plan(["one\tload\ta.x.1\tx\t/dev/x\tseed=1\n",
                                    "one\tload\tb.x.1\tx\t-\tseed=1\n",
                                    "two\tload\ta.x.2\tx\t/dev/x\tseed=1\n"])
        self.assertEqual(said, "done one\ndone two\n")
        self.assertEqual(left["one.load"], "section a.x.1\nstate done\nios 1\n"
                                           "section b.x.1\nstate done\nios 1\n")
        self.assertEqual(left["two.load"], "section a.x.2\nstate done\nios 1\n")

    def test_what_a_controller_counts(self):
        with tempfile.NamedTemporaryFile("w") as counts:
            counts.write("enables 1\nbusy_ns 5\n")
            counts.flush()
            _, left = self.run_plan(
                [f"one\tload\ta.x.1\tx\t/dev/x\tseed=1\t{counts.name}\n",
                 "one\tload\tb.x.1\tx\t/dev/x\tseed=1\n"])
        self.assertEqual(left["one.load"],
                         "section a.x.1\nstate done\nios 1\nmodel_ns 0\n"
                         "section b.x.1\nstate done\nios 1\n")

    def test_latencies(self):
        _, left = self.run_plan(["one\tload\ta.x.1\tx\t-\tseed=1 latency=1\n",
                                 "one\tload\tb.x.1\tx\t-\tseed=1 latency=0\n"])
        self.assertEqual(left["one.load"],
                         "section a.x.1\nstate done\nios 1\ntook_64 1\ntook_1024 2\n"
                         "section b.x.1\nstate done\nios 1\n")

    def test_many_batches(self):
        said, _ = self.run_plan([f"batch-{n}\tload\ta.x.{n}\tx\t-\tseed=1\n"
                                 for n in range(100)], files=32)
        self.assertEqual(len(said.splitlines()), 100)


if __name__ == "__main__":
    unittest.main()
