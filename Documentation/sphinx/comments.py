# SPDX-License-Identifier: GPL-2.0
"""Takes text out of the comments of C files.

.. api:: FILE
   :symbols: name...

   The kernel-doc comments of these functions, structs and enums, in this order.

.. theory:: FILE

   The comment that the file opens with, after its first line.  Text indented by
   a tab is shown as it is.

.. scripts::

   What each of scripts/ prints as its help, a section for each: tools/doc/manpage.py.

FILE is relative to the top of the tree.
"""

import os
import re
import subprocess
import sys

from docutils import nodes
from docutils.parsers.rst import Directive, directives
from docutils.statemachine import StringList
from sphinx.errors import ExtensionError
from sphinx.util.nodes import nested_parse_with_titles

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tools", "doc"))

import manpage  # noqa: E402, from the directory above


def kernel_doc(path, symbol):
    """The comment of one symbol as lines of reStructuredText."""
    script = os.environ.get("KERNEL_DOC")
    if not script:
        raise ExtensionError("KERNEL_DOC is not set; use make html")
    result = subprocess.run(
        [script, "-rst", "-Werror", "-sphinx-version", "5.3",
         "-function", symbol, path],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        check=False)
    if result.returncode or not result.stdout.strip():
        raise ExtensionError(
            f"{path}: no comment for {symbol}\n{result.stderr}")
    return namesakes_apart(result.stdout.expandtabs().splitlines())


def namesakes_apart(lines):
    """The same, where a function may have the name of a struct.

    C keeps the two apart, Sphinx does not, and warns.
    """
    structs = [n for n, line in enumerate(lines) if "c:struct::" in line]
    functions = [n for n, line in enumerate(lines) if "c:function::" in line]
    if not structs or not functions:
        return lines
    begin = functions[0]
    end = min((n for n in structs if n > begin), default=len(lines))
    return (lines[:begin] + [".. c:namespace-push:: functions", ""] +
            lines[begin:end] + ["", ".. c:namespace-pop::", ""] + lines[end:])


def opening_comment(path):
    """The lines of a file's first comment of more than one line."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    found = re.search(r"^/\*\n(.*?)^ \*/$", text, re.MULTILINE | re.DOTALL)
    if not found:
        raise ExtensionError(f"{path}: no comment to take")
    return [re.sub(r"^ \* ?", "", line)
            for line in found.group(1).splitlines()]


def mark_literal(lines):
    """The same, where a block indented by a tab is a literal one."""
    out = []
    literal = False
    previous = ""
    for line in lines:
        if line.startswith("\t"):
            if not literal and not previous.endswith("::"):
                out += ["::", ""]
            literal = True
        elif line.strip():
            literal = False
        if line.strip():
            previous = line
        out.append(line.expandtabs())
    return out


class FromFile(Directive):
    """What both directives do: parse text made from a file."""

    required_arguments = 1

    def text(self, path):
        raise NotImplementedError

    def run(self):
        path = os.path.join(TOP, self.arguments[0])
        env = self.state.document.settings.env
        env.note_dependency(path)
        lines = StringList(self.text(path), source=path)
        node = nodes.section()
        node.document = self.state.document
        nested_parse_with_titles(self.state, lines, node)
        return node.children


class Api(FromFile):
    """The kernel-doc comments of some symbols."""

    option_spec = {"symbols": directives.unchanged_required}

    def text(self, path):
        lines = []
        for symbol in self.options["symbols"].split():
            lines += kernel_doc(path, symbol) + [""]
        return lines


class Theory(FromFile):
    """The comment at the top of a file."""

    def text(self, path):
        lines = opening_comment(path)
        return mark_literal(lines[1:])


class Scripts(Directive):
    """The help of all scripts."""

    def run(self):
        env = self.state.document.settings.env
        wrong = manpage.mistakes()
        if wrong:
            raise ExtensionError("\n".join(wrong))
        parent = nodes.section()
        parent.document = self.state.document
        for path in manpage.all_scripts():
            env.note_dependency(path)
            name = "scripts/" + manpage.short_name(path)
            _, summary = manpage.PAGES[manpage.short_name(path)]
            lines = [name, "-" * len(name), "", f"To {summary}.", ""]
            lines += manpage.script_lines(path)
            nested_parse_with_titles(self.state, StringList(lines, source=path), parent)
        return parent.children


def setup(app):
    app.add_directive("scripts", Scripts)
    app.add_directive("api", Api)
    app.add_directive("theory", Theory)
    return {"parallel_read_safe": True}
