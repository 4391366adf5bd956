# SPDX-License-Identifier: GPL-2.0
"""Records as text."""

import errno

import record


class Counts:
    """How much there is of what."""

    def __init__(self):
        self._nr = {}
        self._lost = 0

    def add(self, entry):
        if entry.op == record.LOST:
            self._lost += entry.first
        elif entry.op < record.DISK:
            self._nr[entry.name] = self._nr.get(entry.name, 0) + 1

    def __str__(self):
        parts = [f"{nr} {name}" for name, nr in self._nr.items()] or ["nothing"]
        return ", ".join(parts) + (f"; {self._lost} LOST" if self._lost else "")


def _details(entry):
    """What else there is to say of an operation."""
    if entry.status:
        yield f"status={errno.errorcode.get(entry.status, entry.status)}"
    if entry.done != entry.len:
        yield f"done={entry.done // record.SECTOR}"
    if entry.data:
        yield f"data={len(entry.data)}"


def _text(data):
    """A mark as one line of characters, without what a terminal takes for commands."""
    text = data.decode(errors="backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode()
                   for char in text)


def _what(entry):
    if entry.op == record.DISK:
        return f"nr_sectors={entry.first} block={entry.len}"
    if entry.op == record.LOST:
        return f"entries={entry.first}"
    if entry.op == record.MARK:
        return _text(entry.data)
    if entry.op == record.STOP:
        return ""
    return " ".join([str(entry.first), str(entry.len // record.SECTOR), *_details(entry)])


def lines(reader):
    """Yields a line for each entry."""
    begin = None
    for _, entry in reader.entries():
        begin = entry.came_ns if begin is None else begin
        words = ",".join(entry.words)
        yield (f"{entry.seq} {entry.began} {(entry.came_ns - begin) / 1e9:.9f} "
               f"{(entry.ends_ns - entry.came_ns) / 1000:.1f} {entry.name} "
               f"{_what(entry)} {words}").rstrip()
