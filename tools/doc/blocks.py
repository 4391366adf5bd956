#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0
"""The commands that the documentation shows: which are run by a test, and running them.

Usage: tools/doc/blocks.py [--list]
       tools/doc/blocks.py --run PAGE

A block has commands if a line begins with a prompt, ``# `` or ``$ ``. A page is run if a
selftest says so: a line ``run_page PAGE`` in docs.sh of one of their directories. What is
not to be run has a comment before the paragraph that announces it, with a reason:

  .. shown: REASON          this block is not run
  .. all shown: REASON      nor is any other of the page
  .. before: COMMAND        run that first, which the reader does not see
  .. output varies: REASON  it is run, and what it prints is not compared

Without an option, prints each block that no test runs and that has no reason, and exits
with 1 if there is one. --list prints all blocks, and what becomes of each.

--run is for the test's machine. All blocks of the page are typed into one shell, one
command after the other. Lines without a prompt are what is printed: digits and blanks may
be others, and "..." stands for any lines. A command for which nothing is shown must not
fail. "cat FILE" makes the file, with the text that is shown, if it is not there. A line
for each block says "pass NAME" or "fail NAME", and lines with a tab say why.
"""

import glob
import os
import re
import shlex
import signal
import subprocess
import sys
import threading

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
TESTS = "tools/testing/selftests/*/docs.sh"
PAGES = ("Documentation/*.rst", "Documentation/dev/*.rst")
PROMPT = re.compile(r"^[#$] (?=\S)")
MORE = re.compile(r"^>(?: |$)")
MARK = re.compile(r"^\.\. (shown|all shown|before|output varies): (.*)$")
LIMIT_S = 300
END = "end-of-command"


class Block:
    """Lines of a page, from number on, and what the comment before it says."""

    def __init__(self, page, number, lines, marks):
        self.page, self.number, self.lines, self.marks = page, number, lines, marks

    def steps(self):
        """[(command, lines that it prints)]"""
        out, more = [], False
        for line in self.lines:
            if PROMPT.match(line):
                out.append([line[2:], []])
            elif out and (more or (MORE.match(line) and not out[-1][1])):
                out[-1][0] += "\n" + (line if more else MORE.sub("", line))
            elif out:
                out[-1][1].append(line)
            # What is continued by a backslash needs no second prompt.
            more = bool(out) and not out[-1][1] and out[-1][0].endswith("\\")
        return [tuple(step) for step in out]

    def name(self):
        command = self.steps()[0][0].splitlines()[0]
        return f"{os.path.basename(self.page)} line {self.number}: {command}"


def paragraphs(text):
    """[(number of its first line, lines)]: what blank lines are between."""
    out = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            out.append(None)
        elif out and out[-1]:
            out[-1][1].append(line)
        else:
            out.append((number, [line]))
    return [found for found in out if found]


def indent(line):
    return len(line) - len(line.lstrip())


def marks_of(paragraph):
    """{word: [texts]} of a comment, empty if it is none; it may go on in further lines."""
    out, last = {}, None
    for line in paragraph:
        found = MARK.match(line.strip())
        if found:
            last = out.setdefault(found.group(1), [])
            last.append(found.group(2))
        elif last:
            last[-1] += " " + line.strip()
        else:
            return {}
    return out


def blocks_of(page, text):
    """All blocks of a page that have commands."""
    parts = paragraphs(text)
    whole = {}
    for _, lines in parts:
        marks = marks_of(lines)
        if "all shown" in marks:
            whole = {"shown": marks["all shown"]}
    out, n = [], 0
    while n < len(parts):
        _, head = parts[n]
        n += 1
        if not head[-1].endswith("::") or head[0].lstrip().startswith(".. "):
            continue
        start, depth, lines = n, indent(head[0]), []
        while n < len(parts) and indent(parts[n][1][0]) > depth:
            lines += ([""] if lines else []) + parts[n][1]
            n += 1
        if not lines:
            continue
        margin = min(indent(line) for line in lines if line)
        lines = [line[margin:] for line in lines]
        if any(PROMPT.match(line) for line in lines):
            marks = marks_of(parts[start - 2][1]) if start > 1 else {}
            out.append(Block(page, parts[start][0], lines, {**whole, **marks}))
    return out


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


def all_blocks():
    for pattern in PAGES:
        for path in sorted(glob.glob(os.path.join(TOP, pattern))):
            page = os.path.relpath(path, TOP)
            yield from blocks_of(page, read(page))


def pages_run():
    """{page: the test that runs it}"""
    out = {}
    for path in glob.glob(os.path.join(TOP, TESTS)):
        test = os.path.relpath(path, os.path.join(TOP, "tools/testing/selftests"))
        for page in re.findall(r"^run_page (\S+)", read(path), re.MULTILINE):
            out[page] = test
    return out


def fate(block, run):
    """What becomes of it, or nothing."""
    if "shown" in block.marks:
        reason = block.marks["shown"][0]
        return f"shown: {reason}" if reason else ""
    return f"run by {run[block.page]}" if block.page in run else ""


def like(line):
    """A line without what is another number elsewhere."""
    return re.sub(r"\s+", " ", re.sub(r"\d+", "0", line)).strip()


def matches(wanted, got):
    """Are these the lines; "..." stands for any."""
    if not wanted:
        return not got
    if wanted[0] == "...":
        return any(matches(wanted[1:], got[n:]) for n in range(len(got) + 1))
    return bool(got) and wanted[0] == got[0] and matches(wanted[1:], got[1:])


class Shell:
    """One that the commands of a page are typed into."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["bash", "--norc"], cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True)

    def run(self, command):
        """(exit code, lines)"""
        self.process.stdin.write(f"eval {shlex.quote(command)} </dev/null\n"
                                 f"printf '\\n{END} %d\\n' $?\n")
        self.process.stdin.flush()
        timer = threading.Timer(LIMIT_S, os.killpg, (self.process.pid, signal.SIGKILL))
        timer.start()
        lines = []
        for line in self.process.stdout:
            if line.startswith(END + " "):
                timer.cancel()
                return int(line.split()[1]), [text for text in lines if text.strip()]
            lines.append(re.sub(r"^bash: line \d+: ", "bash: ", line.rstrip("\n")))
        timer.cancel()
        return 124, lines + [f"the shell ended, or took more than {LIMIT_S} s"]


def shown_file(command, wanted):
    """The name of the file that the page shows, if the command does only that."""
    found = re.fullmatch(r"cat ([\w./-]+)", command)
    return found.group(1) if found and wanted else None


def run_step(shell, command, wanted, varies):
    """What is wrong with it, as lines."""
    name = shown_file(command, wanted)
    if name:
        text = "\n".join(wanted) + "\n"
        shell.run(f"[ -e {name} ] || printf %s {shlex.quote(text)} >{name}")
    code, got = shell.run(command)
    if not wanted:
        return [f"{command}: exit code {code}"] + got if code else []
    if varies or matches([like(line) for line in wanted if line.strip()],
                         [like(line) for line in got]):
        return []
    return [f"{command}: exit code {code}, printed"] + got + ["instead of"] + wanted


def run_block(shell, block):
    wrong = []
    for command in block.marks.get("before", []):
        code, got = shell.run(command)
        if code:
            wrong += [f"before it, {command}: exit code {code}"] + got
    for command, wanted in block.steps():
        wrong += run_step(shell, command, wanted, "output varies" in block.marks)
    return wrong


def run_page(page):
    """Prints what came of each block."""
    shell = Shell()
    for block in blocks_of(page, read(page)):
        if "shown" in block.marks:
            continue
        wrong = run_block(shell, block)
        print("fail" if wrong else "pass", block.name())
        for line in wrong:
            print("\t" + line.replace("\n", "\n\t"))
        sys.stdout.flush()
        # It has been ended, as a command took too long.
        if shell.process.poll() is not None:
            break


def main(arguments):
    if arguments[:1] == ["--run"] and len(arguments) == 2:
        run_page(arguments[1])
        return 0
    if arguments not in ([], ["--list"]):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    run = pages_run()
    missing = 0
    for block in all_blocks():
        what = fate(block, run)
        where = f"{block.page}:{block.number}"
        if arguments:
            print(f"{where}: {what or 'neither run nor explained'}")
        elif not what:
            print(f"{where}: no test runs these commands, and no comment says why "
                  "(see tools/doc/blocks.py --help)")
        missing += not what
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
