# SPDX-License-Identifier: GPL-2.0
"""Blocks of commands of a made-up page, and a real shell."""

import unittest

import blocks

PAGE = """
Text, and a block::

  # echo one two
  one two
  # for n in 1 2; do
  >   echo $n
  > done
  1
  2

.. shown: it is for
   another machine

Another::

  $ scripts/vm \\
      true

No commands::

  a table

- In a list:

  .. before: x=7
  .. output varies: by day

  ::

    # echo $x
    8

.. list-table::

   * - # no block
"""


class Blocks(unittest.TestCase):
    """What is taken for a block, and what its comment says"""

    def setUp(self):
        self.found = blocks.blocks_of("page.rst", PAGE)

    def test_found(self):
        """Three blocks with commands; a table and a block without are none."""
        self.assertEqual([block.number for block in self.found], [4, 17, 31])

    def test_steps(self):
        """A command has all of its lines, and what it prints."""
        self.assertEqual(self.found[0].steps(), [
            ("echo one two", ["one two"]),
            ("for n in 1 2; do\n  echo $n\ndone", ["1", "2"])])
        self.assertEqual(self.found[1].steps(), [("scripts/vm \\\n    true", [])])

    def test_marks(self):
        """The comment may have several lines, and several words."""
        self.assertEqual(self.found[0].marks, {})
        self.assertEqual(self.found[1].marks, {"shown": ["it is for another machine"]})
        self.assertEqual(self.found[2].marks,
                         {"before": ["x=7"], "output varies": ["by day"]})
        whole = blocks.blocks_of("page.rst", ".. all shown: why\n" + PAGE)
        self.assertEqual(whole[0].marks["shown"], ["why"])

    def test_fate(self):
        """A block that nobody runs needs a reason, which is not empty."""
        run = {"page.rst": "mqblk/docs.sh"}
        self.assertEqual(blocks.fate(self.found[0], run), "run by mqblk/docs.sh")
        self.assertEqual(blocks.fate(self.found[0], {}), "")
        self.assertEqual(blocks.fate(self.found[1], {}), "shown: it is for another machine")
        self.assertEqual(blocks.fate(blocks.Block("page.rst", 1, ["# a"], {"shown": [""]}), {}),
                         "")


class Output(unittest.TestCase):
    """Whether a command printed what is shown"""

    def test_numbers(self):
        """Digits and blanks may be others, words may not."""
        self.assertEqual(blocks.like("  1.5 ms   was 20"), blocks.like("12.345 ms was 7"))
        self.assertNotEqual(blocks.like("disk0 live"), blocks.like("disk0 dead"))

    def test_any_lines(self):
        """Three dots stand for none, or several."""
        self.assertTrue(blocks.matches(["a", "...", "d"], ["a", "b", "c", "d"]))
        self.assertTrue(blocks.matches(["a", "..."], ["a"]))
        self.assertFalse(blocks.matches(["a", "..."], ["b"]))
        self.assertFalse(blocks.matches(["a"], ["a", "b"]))
        self.assertFalse(blocks.matches(["a", "b"], ["a"]))


class InShell(unittest.TestCase):
    """Commands are run by one shell"""

    def test_good_and_bad(self):
        """What is defined stays; a wrong output, and a failure that is not shown, are told."""
        shell = blocks.Shell()
        block = blocks.Block("p", 1, ["# x=3; cd /", "# echo $x $PWD", "9 /"], {})
        self.assertEqual(blocks.run_block(shell, block), [])
        block = blocks.Block("p", 1, ["# echo bad", "good", "# false", "# echo on"], {})
        self.assertEqual(blocks.run_block(shell, block), [
            "echo bad: exit code 0, printed", "bad", "instead of", "good",
            "false: exit code 1"])
        block = blocks.Block("p", 1, ["# (", "# exit 3"], {})
        wrong = "\n".join(blocks.run_block(shell, block))
        self.assertIn("(: exit code 2", wrong)
        self.assertIn("the shell ended", wrong)
        shell.process.wait()


if __name__ == "__main__":
    unittest.main()
