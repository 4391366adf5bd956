# SPDX-License-Identifier: GPL-2.0
"""Export to the log of the kernel's dm-log-writes, for the tools that replay it.

A sector says what the log is. Then each entry has a sector, with its text if it is a mark, and
its data behind that. What is in front of a flush is protected by it; so a flush goes to where
the disk began with it, in front of what ended later. A power-off that lost nothing is a flush,
and what a disk writes without a cache has FUA.
"""

import struct

import record
import replay

MAGIC = 0x6a736677736872
VERSION = 1
FLUSH, FUA, DISCARD, MARK, METADATA = (1 << bit for bit in range(5))

# magic, version, number of entries, sector size
_SUPER = struct.Struct("<QQQI")
# first sector, number of sectors, flags, number of bytes of a mark
_ENTRY = struct.Struct("<QQQQ")
# Zeroes are written: there is no other way to say it.
_ZEROES = 1 << 20


def _sector(data):
    return data + bytes(record.SECTOR - len(data))


class _Log:
    def __init__(self, file, cache):
        self._file = file
        self.cache = cache
        self.lost = False
        self.nr = 0
        file.write(bytes(record.SECTOR))

    def flags(self, entry):
        durable = entry.flags & record.FUA or not self.cache
        return (FUA if durable else 0) | (METADATA if entry.flags & record.META else 0)

    def add(self, first, nr_sects, flags, text=b""):
        self._file.write(_sector(_ENTRY.pack(first, nr_sects, flags, len(text)) + text))
        self.nr += 1

    def data(self, data):
        self._file.write(data)

    def hole(self, nr):
        self._file.seek(nr, 1)

    def end(self):
        self._file.truncate()
        self._file.seek(0)
        self._file.write(_sector(_SUPER.pack(MAGIC, VERSION, self.nr, record.SECTOR)))


def order(entries):
    """Numbers of entries, as they are in the log."""
    def place(entry):
        flush = entry.op == record.FLUSH
        return (entry.began if flush else entry.seq, flush, entry.seq)
    return [entry.seq for entry in sorted(entries, key=place)]


def _add(log, entry):
    nr = entry.done // record.SECTOR
    if entry.op == record.DISK:
        log.cache = entry.flags & record.CACHE
    elif replay.protects(entry):
        # What may be gone already is protected no more.
        if not log.lost:
            log.add(0, 0, FLUSH)
    elif entry.op == record.STOP:
        log.lost = True
    elif entry.op == record.MARK:
        log.add(0, 0, MARK, entry.data)
    elif not replay.changes(entry):
        return
    elif entry.op == record.WRITE:
        log.add(entry.first, nr, log.flags(entry))
        log.data(entry.data)
    elif entry.op == record.WRITE_ZEROES:
        _add_zeroes(log, entry)
    else:
        log.add(entry.first, nr, DISCARD | log.flags(entry))


def _add_zeroes(log, entry):
    for at in range(0, entry.done, _ZEROES):
        nr = min(_ZEROES, entry.done - at)
        log.add(entry.first + at // record.SECTOR, nr // record.SECTOR, log.flags(entry))
        log.hole(nr)


def export(source, head, entries, file):
    """Writes a log of all entries of a file; returns how many it has."""
    turn = {seq: nr for nr, seq in enumerate(order(entries))}
    log, waiting, due = _Log(file, head.flags & record.CACHE), {}, 0
    for entry in replay.again(source, entries):
        waiting[turn[entry.seq]] = entry
        # A flush is read after what it has to precede, which waits for it.
        while due in waiting:
            _add(log, waiting.pop(due))
            due += 1
    log.end()
    return log.nr
