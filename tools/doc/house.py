#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0
"""The house: which file of a module calls which, drawn from the code and checked.

Usage: tools/doc/house.py [--write]

Without --write, prints what is wrong, and exits with 1 if anything is:

- files of a module that call each other in a circle, or headers that include each
  other, unless tools/doc/circles knows that circle. That list may only shrink;
- a drawing in Documentation/dev/house that is not what the code says;
- a function of ours named in the documentation, as ``file.c:function()`` or
  ``function()``, that is not there.

--write makes the drawings, and takes off the list what is no circle any more.
"""

import glob
import os
import re
import sys

import calls
import drawing

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
DRAWINGS = "Documentation/dev/house"
KNOWN = "tools/doc/circles"

MODULES = {
    "mqblk": ("include/linux/mqblk.h", "include/linux/mqblk_rq.h", "drivers/block/mqblk"),
    "null_blk_c": ("drivers/block/null_blk_c",),
    "nvme_c": ("drivers/nvme/nvme_c",),
    "mqblk_load": ("tools/bench/load",),
    "nvme_model": ("tools/testing/nvme_model",),
}

OURS = re.compile(r"(?:mqblk|nbc|nvmec|mql)_\w+")
NAMED = re.compile(r"``(?:([\w/]+\.[ch]):)?(\w+)\(\)``")

HEAD = """\
# Circles of files that call each other, a line for each: the module and its files.
# This list may only shrink; tools/doc/house.py --write takes off what is gone.
"""


def read_text(path):
    """A file of the tree, or an empty text."""
    try:
        with open(os.path.join(TOP, path), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def read_known(text):
    """[(module, set of files)]"""
    return [(line.split(":")[0], set(line.split(":")[1].split()))
            for line in text.splitlines() if line and line[0] != "#"]


def known_text(known):
    """The same as text."""
    return HEAD + "".join(f"{module}: {' '.join(sorted(rooms))}\n"
                          for module, rooms in known)


def describe(arrows, circle):
    """The calls that make a circle."""
    return ", ".join(f"{room} -> {other} ({sorted(names)[0]})"
                     for room in sorted(circle)
                     for other, names in sorted(arrows[room].items())
                     if other in circle)


def judge_circles(module, arrows, known):
    """What is wrong with the circles of a module."""
    found = calls.circles(arrows)
    allowed = [rooms for name, rooms in known if name == module]
    for circle in found:
        if not any(circle <= rooms for rooms in allowed):
            yield (f"{module}: a new circle of {' '.join(sorted(circle))}: "
                   f"{describe(arrows, circle)}")
    for rooms in allowed:
        if not any(rooms <= circle for circle in found):
            yield (f"{KNOWN}: {module}: {' '.join(sorted(rooms))} is no such "
                   "circle any more; run tools/doc/house.py --write")


def judge_includes(module, sources):
    """Headers that include each other."""
    for circle in calls.circles(calls.includes(sources)):
        yield f"{module}: headers include each other: {' '.join(sorted(circle))}"


def shrink(known, module, found):
    """The list with what is left of the circles of a module."""
    left = []
    for name, rooms in known:
        if name != module or any(rooms <= circle for circle in found):
            left.append((name, rooms))
        else:
            left += [(name, circle) for circle in found if circle < rooms]
    return left


def drawings(module, arrows):
    """{path: text}; without files that only declare."""
    called = {other for others in arrows.values() for other in others}
    arrows = {room: others for room, others in arrows.items()
              if others or room in called}
    return {f"{DRAWINGS}/{module}.txt": drawing.text(arrows),
            f"{DRAWINGS}/{module}.svg": drawing.svg(arrows)}


def judge_names(path, text, functions):
    """Functions that a document names; `functions` are {name: files that define it}"""
    for number, line in enumerate(text.splitlines(), 1):
        for file, name in NAMED.findall(line):
            homes = functions.get(name, set())
            if file and not any(f"/{home}".endswith(f"/{file}") for home in homes):
                yield f"{path}:{number}: {file} has no function {name}()"
            elif not homes and OURS.fullmatch(name):
                yield f"{path}:{number}: there is no function {name}()"


def main():
    """Returns the exit code."""
    if sys.argv[1:] not in ([], ["--write"]):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    write = len(sys.argv) > 1
    known, wrong, functions, wanted = read_known(read_text(KNOWN)), [], {}, {}
    for module, places in MODULES.items():
        if not all(os.path.exists(os.path.join(TOP, place)) for place in places):
            continue
        sources = calls.read_module(TOP, places)
        arrows = calls.calls(sources)
        for source in sources:
            for name in source.functions:
                functions.setdefault(name, set()).add(source.path)
        if write:
            known = shrink(known, module, calls.circles(arrows))
        wrong += judge_circles(module, arrows, known)
        wrong += judge_includes(module, sources)
        wanted.update(drawings(module, arrows))
    if write:
        wanted[KNOWN] = known_text(known)
    for path, text in wanted.items():
        if write:
            os.makedirs(os.path.join(TOP, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(TOP, path), "w", encoding="utf-8") as out:
                out.write(text)
        elif read_text(path) != text:
            wrong.append(f"{path}: not what the code says; run "
                         "tools/doc/house.py --write, and look at what changed")
    for path in sorted(glob.glob(f"{TOP}/Documentation/**/*.rst", recursive=True)):
        path = os.path.relpath(path, TOP)
        wrong += judge_names(path, read_text(path), functions)
    print("".join(f"{line}\n" for line in wrong), end="")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
