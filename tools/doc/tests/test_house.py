# SPDX-License-Identifier: GPL-2.0
"""The house on made-up sources: what is a call, a circle, a drawing that is stale."""

import contextlib
import io
import os
import shutil
import tempfile
import unittest
from unittest import mock

import calls
import drawing
import house

SOURCE = """\
#include <linux/bio.h>
#include "top.h"
/* a_comment(b) { */
#define A_MACRO(x) in_macro(x)
static DEFINE_MUTEX(a_lock);
int prototype(int by_prototype);
struct thing { int (*in_struct)(int x); };

static __printf(1, 2) int a_helper(const char *text)
{
\treturn printk("not a_call()", text);
}

int a_function(struct thing *thing)
{
\tthing->member(1);
\tstruct by_tag *tag = by_call(thing);
\treturn a_helper(NULL);
}

const struct ops a_ops = {
\t.open = by_table,
};
module_init(by_top_level_macro);
"""


def module(**texts):
    """Sources named x_c or x_h."""
    return [calls.read_source(f"m/{name[:-2]}.{name[-1]}", text)
            for name, text in texts.items()]


class Sources(unittest.TestCase):
    def test_definitions_and_calls(self):
        source = calls.read_source("m/a.c", SOURCE)
        self.assertEqual(source.functions, {"a_helper": False, "a_function": True,
                                            "a_ops": True})
        self.assertEqual(source.includes, ["top.h"])
        self.assertLessEqual({"in_macro", "by_call", "by_table", "a_helper",
                              "by_top_level_macro"}, source.names)
        for name in ("a_comment", "a_call", "member", "by_tag", "by_prototype",
                     "prototype"):
            self.assertNotIn(name, source.names)

    def test_arrows_are_between_files(self):
        arrows = calls.calls(module(
            a_c="int a(void)\n{\n\treturn b() + own();\n}\n"
                "static int own(void)\n{\n\treturn 0;\n}\n",
            b_c="int b(void)\n{\n\treturn inlined();\n}\n"
                "static int own(void)\n{\n\treturn 0;\n}\n",
            c_h="static inline int inlined(void)\n{\n\treturn 0;\n}\n"))
        self.assertEqual(arrows, {"a": {"b": {"b"}}, "b": {"c.h": {"inlined"}},
                                  "c.h": {}})

    def test_a_stub_is_not_the_home(self):
        arrows = calls.calls(module(
            top_h="static inline int real(void)\n{\n\treturn 0;\n}\n",
            real_c="int real(void)\n{\n\treturn 1;\n}\n",
            user_c="int user(void)\n{\n\treturn real();\n}\n"))
        self.assertEqual(arrows["user"], {"real": {"real"}})


class Circles(unittest.TestCase):
    ARROWS = {"main": {"a": {"a"}}, "a": {"b": {"b"}}, "b": {"c": {"c"}},
              "c": {"a": {"a"}}, "leaf": {}}

    def test_found(self):
        self.assertEqual(calls.circles(self.ARROWS), [{"a", "b", "c"}])
        self.assertEqual(calls.circles({"a": {"b": {"b"}}, "b": {}}), [])

    def test_headers(self):
        sources = module(a_h='#include "b.h"\n', b_h='#include "a.h"\n')
        self.assertEqual(list(house.judge_includes("m", sources)),
                         ["m: headers include each other: a.h b.h"])

    def judge(self, *known):
        return list(house.judge_circles("m", self.ARROWS, known))

    def test_new(self):
        line, = self.judge()
        self.assertIn("m: a new circle of a b c: a -> b (b), b -> c (c), c -> a (a)",
                      line)
        self.assertIn("new circle", self.judge(("other", {"a", "b", "c"}))[0])
        self.assertIn("new circle", self.judge(("m", {"a", "b"}))[0])

    def test_known(self):
        self.assertEqual(self.judge(("m", {"a", "b", "c"})), [])

    def test_smaller(self):
        line, = self.judge(("m", {"a", "b", "c", "d"}))
        self.assertIn("a b c d is no such circle any more", line)

    def test_the_list_only_shrinks(self):
        known = [("m", {"a", "b", "c", "d"}), ("m", {"x", "y"}), ("n", {"p", "q"})]
        self.assertEqual(house.shrink(known, "m", [{"a", "b"}, {"v", "w"}]),
                         [("m", {"a", "b"}), ("n", {"p", "q"})])
        self.assertEqual(house.read_known(house.known_text(known)), known)

    def test_a_circle_that_grew_stays_as_it_was(self):
        known = [("m", {"a", "b"})]
        self.assertEqual(house.shrink(known, "m", [{"a", "b", "c"}]), known)
        line, = self.judge(("m", {"a", "b"}))
        self.assertIn("a new circle of a b c", line)


class Drawing(unittest.TestCase):
    ARROWS = {"main": {"disk": {"x"}, "store": {"x"}}, "disk": {"store": {"x"}},
              "store": {}, "one": {"two": {"x"}, "store": {"x"}},
              "two": {"one": {"x"}}}

    def test_callers_are_above(self):
        below = drawing.between(drawing.groups_of(self.ARROWS), self.ARROWS)
        self.assertEqual(drawing.layers(below),
                         [[("main",), ("one", "two")], [("disk",)], [("store",)]])

    def test_what_follows_is_left_out(self):
        below = drawing.between(drawing.groups_of(self.ARROWS), self.ARROWS)
        self.assertEqual(drawing.reduce(below)[("main",)], {("disk",)})

    def test_text(self):
        self.assertEqual(drawing.text(self.ARROWS), "  main   disk store\n"
                                                    "* one    store two\n"
                                                    "* two    one\n"
                                                    "  disk   store\n"
                                                    "  store  -\n")

    def test_picture(self):
        picture = drawing.svg(self.ARROWS)
        self.assertEqual(picture.count('class="box"'), 5)
        self.assertEqual(picture.count('class="circle"'), 1)
        self.assertEqual(picture.count('class="arrow"'), 3)


class Names(unittest.TestCase):
    FUNCTIONS = {"nbc_write": {"drivers/x/store.c"}}

    def judge(self, text):
        return list(house.judge_names("a.rst", text, self.FUNCTIONS))

    def test_there(self):
        self.assertEqual(self.judge("``store.c:nbc_write()``, ``nbc_write()``, "
                                    "``submit_bio()``\n"), [])

    def test_not_there(self):
        for text in ("``store.c:nbc_read()``", "``disk.c:nbc_write()``",
                     "``nbc_read()``", "``re.c:nbc_write()``"):
            self.assertEqual(len(self.judge(text)), 1, text)


class Tree(unittest.TestCase):
    """The whole check, on a tree of two files."""

    def setUp(self):
        self.top = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.top)
        for name in ("drivers", "tools/doc", "Documentation"):
            os.makedirs(f"{self.top}/{name}")
        self.put("drivers/a.c", "int a(void)\n{\n\treturn b();\n}\n")
        self.put("drivers/b.c", "int b(void)\n{\n\treturn 0;\n}\n")

    def put(self, name, text):
        with open(f"{self.top}/{name}", "w", encoding="utf-8") as out:
            out.write(text)

    def run_house(self, *arguments):
        """Its exit code, and what it says."""
        said = io.StringIO()
        with mock.patch("house.TOP", self.top), \
                mock.patch("house.MODULES", {"m": ("drivers",)}), \
                mock.patch("sys.argv", ["house", *arguments]), \
                contextlib.redirect_stdout(said):
            return house.main(), said.getvalue()

    def test_a_drawing_goes_stale(self):
        self.assertIn("m.svg: not what the code says", self.run_house()[1])
        self.assertEqual(self.run_house("--write"), (0, ""))
        self.assertEqual(self.run_house(), (0, ""))
        self.put("drivers/c.c", "int c(void)\n{\n\treturn b();\n}\n")
        code, said = self.run_house()
        self.assertEqual(code, 1)
        self.assertIn("m.txt: not what the code says", said)

    def test_a_planted_circle(self):
        self.put("drivers/b.c", "int b(void)\n{\n\treturn a();\n}\n")
        for arguments in ((), ("--write",), ()):
            code, said = self.run_house(*arguments)
            self.assertEqual(code, 1)
            self.assertIn("m: a new circle of a b: a -> b (b), b -> a (a)", said)

    def test_a_circle_that_is_cut(self):
        self.put("tools/doc/circles", "m: a b\n")
        self.assertIn("is no such circle any more", self.run_house()[1])
        self.assertEqual(self.run_house("--write"), (0, ""))
        self.assertEqual(self.run_house(), (0, ""))


if __name__ == "__main__":
    unittest.main()
