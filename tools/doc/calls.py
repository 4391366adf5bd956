# SPDX-License-Identifier: GPL-2.0
"""Which files of a module call which, read from the C sources.

Sources are in the kernel's style, and are read as text. A definition is a name with
parameters in parentheses and a body behind it, at the top level; so is a table of
operations, a constant with a list in braces. A body, a table or a macro that names a
function or a table of another file calls it, as far as the house is concerned.

What a compiler knows better: names that macros put together are not seen, variables do
not count, and where two files define one name, each means its own.
"""

import dataclasses
import os
import re

TOKEN = re.compile(r"[A-Za-z_]\w*|->|[{}();=,.]")
TOKEN_WORD = re.compile(r"\w")
NOISE = re.compile(
    r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)
DEFINE = re.compile(r"^[ \t]*#\s*define\s+\w+((?:[^\n]*\\\n)*[^\n]*)", re.M)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)
INCLUDE = re.compile(r"^#\s*include\s+\"([^\"]+)\"", re.M)


# What stands before a member or a tag
NOT_CALLS = (".", "->", "struct", "union", "enum")


@dataclasses.dataclass
class Source:
    """A file: `functions` and tables are {name: whether others see it}, `names` what its
    bodies and tables mention, `includes` the files in quotation marks."""

    path: str
    functions: dict
    names: set
    includes: list

    @property
    def base(self):
        return os.path.basename(self.path)

    @property
    def stem(self):
        return os.path.splitext(self.base)[0]


def _is_declarator(name):
    """Annotations and macros in front of or behind a function have parentheses, too."""
    return not name.startswith("__") and not name.isupper()


def read_source(path, text):
    """Functions, names and includes of a file."""
    includes = INCLUDE.findall(text)
    text = NOISE.sub(" ", text)
    names = {token for body in DEFINE.findall(text)
             for token in TOKEN.findall(body)}
    text = DIRECTIVE.sub("", text)
    functions = {}
    depth = parens = 0
    head, name, table, last, mentioned = [], None, None, "", set()
    for token in TOKEN.findall(text):
        if token == "{":
            if depth == 0 and (name or table):
                functions[table or name] = "static" not in head or \
                    path.endswith(".h")
            names |= mentioned
            mentioned = set()
            depth += 1
        elif token == "}":
            depth -= 1
            if depth == 0:
                head, name, table, mentioned = [], None, None, set()
        elif depth:
            if last not in NOT_CALLS and token[0] not in "();=,.-":
                names.add(token)
        elif token == ";":
            # A macro has no type in front of it, or is in capitals.
            if len(head) == 1 or (head and head[-1].isupper()):
                names |= mentioned
            head, name, table, parens, mentioned = [], None, None, 0, set()
        elif token == "(":
            if not parens and not name and last and last[0] not in "();=,." \
                    and _is_declarator(last):
                name = last
            parens += 1
        elif token == ")":
            parens -= 1
        elif token == "=":
            table = head[-1] if "const" in head and not parens else None
        elif parens:
            mentioned.add(token)
        elif TOKEN_WORD.match(token):
            head.append(token)
        last = token
    return Source(path, functions, names, includes)


def is_ours(name):
    """A source of a module, not a test or what kbuild made."""
    return name.endswith((".c", ".h")) and not name.endswith(".mod.c")


def _files(top, place):
    """A file, or those of a directory but for its tests, in order."""
    full = os.path.join(top, place)
    if os.path.isfile(full):
        return [place]
    found = []
    for directory, below, names in os.walk(full):
        below[:] = [name for name in below if name != "tests"]
        found += [os.path.relpath(os.path.join(directory, name), top)
                  for name in names if is_ours(name)]
    return sorted(found)


def read_module(top, places):
    """The sources of a module: files and directories."""
    sources = []
    for path in (path for place in places for path in _files(top, place)):
        with open(os.path.join(top, path), encoding="utf-8") as file:
            sources.append(read_source(path, file.read()))
    return sources


def rooms(sources):
    """{path: name of the room}: x.c and x.h are one, x; a header alone is x.h."""
    stems = {source.stem for source in sources if source.base.endswith(".c")}
    return {source.path: source.stem if source.stem in stems else source.base
            for source in sources}


def calls(sources):
    """{room: {room that it calls: names of functions}}"""
    home, room_of = {}, rooms(sources)
    # Headers first: they have stubs for kernels in which a function is not built.
    for source in sorted(sources, key=lambda s: not s.base.endswith(".h")):
        home.update({name: room_of[source.path]
                     for name, seen in source.functions.items() if seen})
    found = {room: {} for room in room_of.values()}
    for source in sources:
        own = room_of[source.path]
        for name in source.names - source.functions.keys():
            if home.get(name, own) != own:
                found[own].setdefault(home[name], set()).add(name)
    return found


def includes(sources):
    """{header: {header of the module that it includes: itself}}"""
    bases = {source.base for source in sources}
    return {source.base: {name: {name} for path in source.includes
                          if (name := os.path.basename(path)) in bases}
            for source in sources if source.base.endswith(".h")}


def circles(arrows):
    """Sets of rooms each of which can be reached from each, by Tarjan's algorithm;
    those of one room are none."""
    number, low, on_stack, stack, found = {}, {}, set(), [], []

    def visit(room):
        number[room] = low[room] = len(number)
        stack.append(room)
        on_stack.add(room)
        for other in sorted(arrows.get(room, ())):
            if other not in number:
                visit(other)
                low[room] = min(low[room], low[other])
            elif other in on_stack:
                low[room] = min(low[room], number[other])
        if low[room] == number[room]:
            circle = set()
            while room not in circle:
                circle.add(stack[-1])
                on_stack.discard(stack.pop())
            if len(circle) > 1:
                found.append(circle)

    for room in sorted(arrows):
        if room not in number:
            visit(room)
    return sorted(found, key=sorted)
