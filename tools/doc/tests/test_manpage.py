# SPDX-License-Identifier: GPL-2.0
"""Manual pages of made-up helps, and of all scripts."""

import unittest

import manpage

HELP = """usage: scripts/do [OPTION...]
       scripts/do --list

Does *it*; see --list. Options
  --fast        at once
  --name NAME   of what is done,
                and no other
  --kernel R
  --kernel DIR  where

  do it | tail
""".splitlines()


class Manpage(unittest.TestCase):
    """What becomes of the parts of a help"""

    def test_synopsis(self):
        """It is what "usage:" says, without the word."""
        self.assertEqual(manpage.synopsis(HELP)[0],
                         ["scripts/do [OPTION...]", "scripts/do --list"])
        with self.assertRaises(ValueError):
            manpage.synopsis(["Does it."])

    def test_options(self):
        """Continued lines belong to the option before, and names may share a text."""
        self.assertEqual(manpage.terms(HELP[4:9]), [
            (["--fast"], "at once"), (["--name NAME"], "of what is done, and no other"),
            (["--kernel R", "--kernel DIR"], "where")])

    def test_examples(self):
        """Commands are no options, nor is a table with more columns than two."""
        self.assertEqual(manpage.terms(["  do it | tail"]), [])
        self.assertEqual(manpage.terms(["  a  one thing     b  another"]), [])

    def test_body(self):
        """Text is not taken as markup."""
        body = manpage.body(manpage.synopsis(HELP)[1])
        self.assertEqual(body[0], "Does \\*it\\*; see --list. Options")
        self.assertEqual(body[-4:], ["::", "", "     do it | tail", ""])

    def test_scripts(self):
        """Each script has a page, and a help that makes one."""
        self.assertEqual(manpage.mistakes(), [])
        for path in manpage.all_scripts():
            with self.subTest(path):
                self.assertIn("Description", manpage.page(path))
