#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0
"""Manual pages of the scripts, made of what each of them prints as its --help.

Usage: tools/doc/manpage.py OUTPUT [FILE...]

Writes sources for Sphinx's man builder to the directory OUTPUT: a page for each FILE
(default: all scripts in scripts/), and the conf.py that they are built by. ``make -C
Documentation man`` does both. A file's name may begin with mqblk-, as in the packages.

The text is the script's opening comment, or the usage.txt that it prints. Its parts are
known by their looks:

  usage: ...          what the page has as its synopsis
  two blanks, a word, two or more blanks, a text
                      options and what they mean, or words and theirs
  other indented lines
                      shown as they are
"""

import glob
import os
import re
import sys

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
# Section and summary of each page; one that is not here is a mistake.
PAGES = {
    "bench": (1, "measure the block drivers of mqblk beside the kernel's"),
    "bind": (8, "give NVMe devices to the driver nvme_c, and back"),
    "check": (1, "check a change of mqblk without running it"),
    "crashtest": (8, "check what power cuts leave of a program's files"),
    "export": (8, "give disks to other hosts by NVMe over TCP"),
    "graft": (1, "put the drivers of mqblk into a Linux source tree"),
    "image": (8, "save what is on a disk to a file, and load it again"),
    "kernel": (1, "build a kernel for the tests of mqblk"),
    "litmus": (1, "ask herd7 about lock-free code"),
    "model-fit": (1, "make a latency model of what was measured on a device"),
    "package": (1, "build the Debian packages of mqblk"),
    "package-test": (1, "try the Debian packages of mqblk in clean systems"),
    "poweroff": (1, "switch a virtual machine off while its disks are written"),
    "record": (8, "save what a disk was asked for, and do it again"),
    "setup": (1, "install what mqblk's scripts need"),
    "suspend": (1, "suspend a virtual machine while its disks are written"),
    "test": (1, "run the selftests of mqblk in virtual machines"),
    "vm": (1, "run a command in a virtual machine"),
}

CONF = '''project = "mqblk"
author = "the mqblk developers"
master_doc = "index"
smartquotes = False
man_pages = {pages!r}
'''

TERM = re.compile(r"^(\S.*?)(?: {2,}(.+))?$")


def help_text(path):
    """The lines that a script prints as its help."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    other = re.search(r'^\s*cat "\$top/(\S+/usage\.txt)"$', text, re.MULTILINE)
    if other:
        with open(os.path.join(TOP, other.group(1)), encoding="utf-8") as file:
            return file.read().splitlines()
    lines = []
    for line in text.splitlines()[2:]:
        if not line.startswith("#"):
            break
        lines.append(re.sub(r"^# ?", "", line))
    return lines


def escape(text):
    """Text that reStructuredText shows as it is."""
    return re.sub(r"([\\*`|_])", r"\\\1", text)


def runs(lines):
    """[(indented, lines)]: blocks between blank lines, and where indentation begins."""
    out = []
    for line in lines:
        indented = line.startswith(" ")
        if not line.strip():
            out.append((None, []))
        elif not out or out[-1][0] != indented:
            out.append((indented, [line]))
        else:
            out[-1][1].append(line)
    return [run for run in out if run[1]]


def terms(lines):
    """[(terms, text)] of an indented block, or nothing if it is of another kind."""
    indent = min(len(line) - len(line.lstrip()) for line in lines)
    out = []
    for line in (line[indent:] for line in lines):
        found = TERM.match(line)
        if not found:
            # It goes on with what the last term means.
            if not out:
                return []
            out[-1][1].append(line.strip())
            continue
        term, text = found.groups()
        if text and re.search(r" {3,}", text):
            return []
        out.append((term, [text] if text else []))
    if not out or not out[-1][1]:
        return []
    return joined([(term, " ".join(text)) for term, text in out])


def joined(pairs):
    """The same, where terms without a text share that of the next."""
    out, waiting = [], []
    for term, text in pairs:
        waiting.append(term)
        if text:
            out.append((waiting, text))
            waiting = []
    return out


def definition(names, text):
    """Terms and what they mean."""
    return [", ".join(f"``{name}``" for name in names), f"   {escape(text)}", ""]


def body(lines):
    """The text after the synopsis, as reStructuredText."""
    out = []
    for indented, block in runs(lines):
        if not indented:
            out += [escape(line) for line in block] + [""]
            continue
        known = terms(block)
        if known:
            for names, text in known:
                out += definition(names, text)
        else:
            out += ["::", ""] + ["   " + line for line in block] + [""]
    return out


def synopsis(lines):
    """Its lines without "usage:", and the rest."""
    if not lines or not lines[0].startswith("usage: "):
        raise ValueError("the help does not begin with usage:")
    number = lines.index("") if "" in lines else len(lines)
    return [line[len("usage: "):] for line in lines[:number]], lines[number:]


def script_lines(path):
    """A script's help as the lines of a page, without a title."""
    lines = help_text(path)
    while lines and not lines[0].strip():
        lines.pop(0)
    usage, rest = synopsis(lines)
    return ["::", ""] + ["   " + line for line in usage] + [""] + body(rest)


def short_name(path):
    """A script's name, without the packages' prefix."""
    return re.sub(r"^mqblk-", "", os.path.basename(path))


def page(path):
    """A whole page: the man builder makes NAME of the title and the summary."""
    name = "mqblk-" + short_name(path)
    usage, text = script_lines(path), []
    where = usage.index("", 2)
    usage, text = usage[:where + 1], usage[where + 1:]
    return "\n".join([name, "=" * len(name), "", "Synopsis", "--------", ""] + usage +
                     ["Description", "-----------", ""] + text)


def all_scripts():
    """Those that a person runs."""
    return sorted(path for path in glob.glob(os.path.join(TOP, "scripts", "*"))
                  if os.path.isfile(path))


def mistakes():
    """Where PAGES and the scripts do not agree."""
    names = [short_name(path) for path in all_scripts()]
    return ([f"scripts/{name}: has no manual page, see PAGES in tools/doc/manpage.py"
             for name in names if name not in PAGES] +
            [f"tools/doc/manpage.py: there is no scripts/{name}"
             for name in PAGES if name not in names])


def main(arguments):
    if not arguments or arguments[0].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    wrong = mistakes()
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    output, *files = arguments
    os.makedirs(output, exist_ok=True)
    pages = []
    for path in files or all_scripts():
        name = short_name(path)
        section, summary = PAGES[name]
        pages.append((f"mqblk-{name}", f"mqblk-{name}", summary, "", section))
        with open(os.path.join(output, f"mqblk-{name}.rst"), "w", encoding="utf-8") as file:
            file.write(page(path) + "\n")
    with open(os.path.join(output, "conf.py"), "w", encoding="utf-8") as file:
        file.write(CONF.format(pages=pages))
    with open(os.path.join(output, "index.rst"), "w", encoding="utf-8") as file:
        file.write("mqblk\n=====\n\n.. toctree::\n\n" +
                   "".join(f"   {name}\n" for name, *_ in pages))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
