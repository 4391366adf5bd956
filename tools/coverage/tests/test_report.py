# SPDX-License-Identifier: GPL-2.0
"""The table and the list of coverage on made-up records."""

import os
import tempfile
import unittest

import report

RECORD = '''TN:
SF:/cache/source/drivers/block/mqblk/disk.c
FN:3,disk_add
FN:8,disk_remove
FNDA:2,disk_add
DA:3,2
DA:4,2
DA:5,0
DA:8,0
BRDA:4,0,0,2
BRDA:4,0,1,0
BRDA:8,0,0,-
BRDA:8,0,1,-
end_of_record
SF:/cache/source/kernel/fork.c
DA:1,1
end_of_record
SF:/cache/source/drivers/nvme/nvme_c/io.c
FN:1,io
DA:1,1
end_of_record
'''
SOURCE = "\n\nint disk_add(void)\n\tif (bad)\n\t\treturn -ENOMEM;\n"


class Report(unittest.TestCase):
    """What is read, added and shown"""

    def test_counts(self):
        """The kernel's own files do not count; a branch of a line that did not run does."""
        files = report.add_record({}, RECORD)
        self.assertEqual(sorted(files), ["drivers/block/mqblk/disk.c",
                                         "drivers/nvme/nvme_c/io.c"])
        self.assertEqual(files["drivers/block/mqblk/disk.c"].counts(), (4, 2, 4, 1))

    def test_add(self):
        """What one run or the other ran has run."""
        other = RECORD.replace("DA:5,0", "DA:5,1").replace("BRDA:4,0,1,0", "BRDA:4,0,1,7")
        files = report.add_record(report.add_record({}, RECORD), other)
        self.assertEqual(files["drivers/block/mqblk/disk.c"].counts(), (4, 3, 4, 2))

    def test_table(self):
        """Modules come after files, and all of them last."""
        lines = [line.split() for line in report.table(report.add_record({}, RECORD))]
        self.assertIn(["block/mqblk/disk.c", "4", "2", "50.0", "4", "1", "25.0"], lines)
        self.assertIn(["mqblk", "4", "2", "50.0", "4", "1", "25.0"], lines)
        self.assertIn(["nvme_c", "1", "1", "100.0", "0", "0", "100.0"], lines)
        self.assertEqual(lines[-1], ["all", "5", "3", "60.0", "4", "1", "25.0"])

    def test_tables(self):
        """Each module has a file of its own, with its sum last."""
        with tempfile.TemporaryDirectory() as tables:
            report.write_tables(report.add_record({}, RECORD), tables)
            self.assertEqual(sorted(os.listdir(tables)), ["mqblk.txt", "nvme_c.txt"])
            with open(os.path.join(tables, "mqblk.txt"), encoding="utf-8") as file:
                lines = file.read().splitlines()
        self.assertEqual([line.split()[:3] for line in lines if line], [
            ["file", "lines", "run"],
            ["block/mqblk/disk.c", "4", "2"],
            ["mqblk", "4", "2"]])

    def test_missing(self):
        """By function, with the text; a line that did not run is there once."""
        with tempfile.TemporaryDirectory() as source:
            path = os.path.join(source, "drivers/block/mqblk")
            os.makedirs(path)
            with open(os.path.join(path, "disk.c"), "w", encoding="utf-8") as file:
                file.write(SOURCE)
            lines = report.missing(report.add_record({}, RECORD), source)
        self.assertEqual([line.split() for line in lines], [
            ["drivers/block/mqblk/disk.c"],
            ["disk_add()"],
            ["4", "1/2", "if", "(bad)"],
            ["5", "-", "return", "-ENOMEM;"],
            ["disk_remove()"],
            ["8", "-"]])


if __name__ == "__main__":
    unittest.main()
