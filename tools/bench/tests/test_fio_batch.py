# SPDX-License-Identifier: GPL-2.0
"""fio-batch with a made-up fio: what it passes on, and how it fails."""

import os
import shutil
import subprocess
import tempfile
import unittest

SCRIPT = os.path.join(os.path.dirname(__file__), "..", "fio-batch")

FAKE = """#!/bin/bash
for argument; do
	case $argument in --output=*) output=${argument#--output=} ;; esac
done
%s
"""


class FioBatch(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)
        self.output = os.path.join(self.dir, "out.json")

    def call(self, body):
        fake = os.path.join(self.dir, "fio")
        with open(fake, "w", encoding="utf-8") as file:
            file.write(FAKE % body)
        os.chmod(fake, 0o755)
        environ = dict(os.environ, TMPDIR=self.dir,
                       PATH=f"{self.dir}:{os.environ['PATH']}")
        return subprocess.run([SCRIPT, "a.fio", self.output, "one", "two"],
                              env=environ, capture_output=True, text=True,
                              check=False)

    def test_success(self):
        done = self.call('echo "{\\"args\\": \\"$*\\"}" >"$output"')
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(self.output, encoding="utf-8") as file:
            self.assertIn("--section=one --section=two a.fio", file.read())
        self.assertEqual(sorted(os.listdir(self.dir)), ["fio", "out.json"])

    def test_failure_shows_what_fio_said(self):
        done = self.call('printf "fio: in the file\\n{\\n" >"$output"\n'
                         'echo "fio: I/O error" >&2\nexit 1')
        self.assertEqual(done.returncode, 1)
        self.assertIn("fio: I/O error", done.stderr)
        self.assertIn("fio: in the file", done.stderr)
        self.assertEqual(os.listdir(self.dir), ["fio"])


if __name__ == "__main__":
    unittest.main()
