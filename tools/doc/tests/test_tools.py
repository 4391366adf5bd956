# SPDX-License-Identifier: GPL-2.0
"""The table of tools on made-up tests and results."""

import unittest

import tools

SOURCE = '''
works "nvme list" 'x' nvme list
refused "nvme show-regs" \\
	"the kernel maps none" 'y' nvme show-regs
	lacks "nvme sanitize" "$z" nvme sanitize
works_not "nvme nothing"
'''
OUTPUT = '''ok 1 nvme list: works
# table|nvme list|works|QEMU
# table|blkzone report|works|QEMU
# table|nvme show-regs|refused: the kernel maps none|QEMU
# table|nvme list|works|the model
# table|nvme sanitize|the device lacks it|QEMU
'''


class Tools(unittest.TestCase):
    """What is read, merged and drawn"""

    def test_source(self):
        """Each call of the three is a row."""
        self.assertEqual(tools.rows_of_source(SOURCE), {
            ("nvme list", "works"),
            ("nvme show-regs", "refused: the kernel maps none"),
            ("nvme sanitize", "the device lacks it")})

    def test_merge(self):
        """A command has one row for all devices; a tool's rows are together."""
        self.assertEqual(tools.merge(tools.rows_of_output(OUTPUT))[:2], [
            ("nvme list", "works", "QEMU; the model"),
            ("nvme show-regs", "refused: the kernel maps none", "QEMU")])

    def test_round_trip(self):
        """What was drawn is read again, and only the table is replaced."""
        rows = tools.merge(tools.rows_of_output(OUTPUT))
        document = f"a\n{tools.BEGIN}\nold\n{tools.END}\nb\n"
        document = tools.replace(document, tools.draw(rows))
        self.assertEqual(tools.rows_of_table(document), rows)
        self.assertTrue(document.startswith("a\n") and document.endswith("\nb\n"))

    def test_complaints(self):
        """A row that no test says, and one that the table lacks"""
        document = tools.draw([("nvme list", "works", "QEMU"), ("fio", "works", "QEMU")])
        found = "\n".join(tools.complaints([SOURCE], document))
        self.assertIn("no test says: fio: works", found)
        self.assertIn("lacks what a test says: nvme sanitize", found)
        self.assertNotIn("nvme list", found)


if __name__ == "__main__":
    unittest.main()
