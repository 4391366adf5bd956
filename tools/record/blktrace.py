# SPDX-License-Identifier: GPL-2.0
"""Import of blktrace's binary files: struct blk_io_trace of linux/blktrace_api.h.

An operation begins when it is issued to the driver and ends when it completes; where nothing
is issued, as with drivers of bios, when it is queued. There is no data.
"""

import collections
import struct

import record

MAGIC = 0x65617400
VERSION = 7
# magic and version, number, time, sector, bytes, action, process, device, CPU, error, how
# much follows
_FIELDS = "IIQQIIIIIHH"

_WRITE, _FLUSH, _SYNC, _NOTIFY, _META, _DISCARD, _FUA = (
    1 << bit for bit in (1, 2, 3, 10, 12, 13, 15))
_AHEAD = 1 << 11
_CATEGORIES = 16
# The low half of an action; the next bit up is for cgroups.
_QUEUE, _ISSUE, _COMPLETE = 1, 7, 8
_ACTION_MASK = 0xff

Event = collections.namedtuple("Event", "time action first len categories device error at")


def _order(data):
    for order in "<>":
        if len(data) >= 4 and struct.unpack(order + "I", data[:4])[0] & ~0xff == MAGIC:
            return order
    raise record.BadRecord(0, "this is no file of blktrace")


def events(data):
    """Yields what a file has."""
    packed = struct.Struct(_order(data) + _FIELDS)
    at = 0
    while at < len(data):
        if len(data) - at < packed.size:
            raise record.BadRecord(at, "the file ends in an event")
        magic, _, time, first, nr, action, _, device, _, error, more = \
            packed.unpack_from(data, at)
        if magic & ~0xff != MAGIC:
            raise record.BadRecord(at, "here should be an event")
        if magic & 0xff != VERSION:
            raise record.BadRecord(at, f"version {magic & 0xff} is not known, {VERSION} is")
        if len(data) - at - packed.size < more:
            raise record.BadRecord(at + 46, "the file ends in what follows an event")
        categories = action >> _CATEGORIES
        if not categories & _NOTIFY:
            if first + nr // record.SECTOR > record.MAX_SECTOR or nr % record.SECTOR:
                raise record.BadRecord(at + 16, f"no disk has {nr} bytes at sector {first}")
            yield Event(time, action & _ACTION_MASK, first, nr, categories, device, error, at)
        at += packed.size + more


def _op(event):
    if event.categories & _DISCARD:
        return record.DISCARD
    if event.categories & _FLUSH and not event.len:
        return record.FLUSH
    return record.WRITE if event.categories & _WRITE else record.READ


def _flags(event):
    pairs = ((_FUA, record.FUA), (_SYNC, record.SYNC), (_META, record.META),
             (_AHEAD, record.RAHEAD))
    flags = sum(flag for category, flag in pairs if event.categories & category)
    if event.categories & _FLUSH and event.len:
        flags |= record.PREFLUSH
    return flags


def _place(event):
    first = 0 if _op(event) == record.FLUSH else event.first
    return event.device, _op(event), first, event.len


def entries(files):
    """Entries of what has ended, in that order, and how many began and did not."""
    found = sorted((event for data in files for event in events(data)),
                   key=lambda event: event.time)
    if len({event.device for event in found}) > 1:
        raise record.BadRecord(found[0].at, "there are several disks; trace one")
    issued = any(event.action == _ISSUE for event in found)
    begins, made = {}, []
    for event in found:
        if event.action == (_ISSUE if issued else _QUEUE):
            begins.setdefault(_place(event), []).append((event, len(made)))
        elif event.action == _COMPLETE and begins.get(_place(event)):
            begin, began = begins[_place(event)].pop(0)
            done = 0 if event.error else event.len
            made.append(record.Entry(
                len(made) + 1, began, begin.time, event.time, _op(begin),
                0 if _op(begin) == record.FLUSH else begin.first, begin.len, done,
                _flags(begin), event.error))
    return made, sum(map(len, begins.values()))
