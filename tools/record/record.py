# SPDX-License-Identifier: GPL-2.0
"""Records: files with what a disk was asked for, each entry with checksums.

All numbers are little-endian. Documentation/record.rst describes the format for others.
"""

import dataclasses
import struct
import zlib

MAGIC = b"MQBLKREC"
VERSION = 1
SECTOR = 512
# The block layer counts the bytes of a request in 32 bits, and no write is this large.
MAX_DATA = 1 << 30
# Offsets in files are less than 2^63 bytes.
MAX_SECTOR = ((1 << 63) - 1) // SECTOR
# The log of dm-log-writes has a mark in a sector, behind 32 bytes.
MAX_MARK = SECTOR - 32

READ, WRITE, FLUSH, DISCARD, SECURE_ERASE, WRITE_ZEROES = range(6)
ZONE_APPEND, ZONE_OPEN, ZONE_CLOSE, ZONE_FINISH, ZONE_RESET, ZONE_RESET_ALL = range(6, 12)
OTHER = 31
DISK, STOP, LOST, MARK, END = range(32, 37)

NAMES = {
    READ: "read", WRITE: "write", FLUSH: "flush", DISCARD: "discard",
    SECURE_ERASE: "secure_erase", WRITE_ZEROES: "write_zeroes", ZONE_APPEND: "zone_append",
    ZONE_OPEN: "zone_open", ZONE_CLOSE: "zone_close", ZONE_FINISH: "zone_finish",
    ZONE_RESET: "zone_reset", ZONE_RESET_ALL: "zone_reset_all", OTHER: "other",
    DISK: "disk", STOP: "stop", LOST: "lost", MARK: "mark", END: "end",
}
ZONES = range(ZONE_APPEND, ZONE_RESET_ALL + 1)

FUA, PREFLUSH, SYNC, META, PRIO, RAHEAD, ATOMIC = (1 << bit for bit in range(7))
CACHE, DATA, POWER = (1 << bit for bit in range(8, 11))
FLAGS = {FUA: "FUA", PREFLUSH: "PREFLUSH", SYNC: "SYNC", META: "META", PRIO: "PRIO",
         RAHEAD: "RAHEAD", ATOMIC: "ATOMIC", CACHE: "CACHE", DATA: "DATA", POWER: "POWER"}

# magic, version, size of an entry, sectors of the disk, real time minus monotonic time,
# block size, flags, reserved, CRC of what comes before
_HEAD = struct.Struct("<8sIIQQII20sI")
# as the fields of Entry, then reserved ones and the CRC of what comes before
_ENTRY = struct.Struct("<QQQQQIIIBBHHHIII")


class BadRecord(Exception):
    """What is wrong, and at which byte of the file."""

    def __init__(self, at, what):
        super().__init__(f"byte {at}: {what}")


class EndsEarly(BadRecord):
    """There should be more."""


@dataclasses.dataclass
class Head:
    """What a file begins with: the disk as it was when the file was opened."""
    nr_sects: int = 0
    real_ns: int = 0
    block_bytes: int = 0
    flags: int = 0


@dataclasses.dataclass
class Entry:
    """An operation, or what happened to the disk or its record."""
    seq: int
    began: int
    came_ns: int
    ends_ns: int
    op: int
    first: int = 0
    len: int = 0
    done: int = 0
    flags: int = 0
    status: int = 0
    queue: int = 0
    # Two entries are compared without, and with the checksum, of those that were read.
    data: bytes = dataclasses.field(default=b"", compare=False)
    has_data: bool = dataclasses.field(default=False, compare=False)
    data_crc: int = 0

    @property
    def name(self):
        return NAMES[self.op]

    @property
    def words(self):
        return [word for flag, word in FLAGS.items() if self.flags & flag]


def _sealed(packed, *fields):
    body = packed.pack(*fields, 0)[:-4]
    return body + struct.pack("<I", zlib.crc32(body))


def pack_head(head):
    return _sealed(_HEAD, MAGIC, VERSION, _ENTRY.size, head.nr_sects, head.real_ns,
                   head.block_bytes, head.flags, bytes(20))


def pack_entry(entry):
    """The entry and its data."""
    data = entry.data
    return _sealed(_ENTRY, entry.seq, entry.began, entry.came_ns, entry.ends_ns, entry.first,
                   entry.len, entry.done, len(data), entry.op, 0, entry.flags, entry.status,
                   entry.queue, zlib.crc32(data) if data else 0, 0) + data


class Reader:
    """Reads a record from a file; BadRecord if it is not one.

    One that is read from a disk as it is may stop without an end; @live permits that.
    """

    def __init__(self, file, live=False):
        self._file = file
        self._live = live
        self.at = 0
        self.ended = False
        self._read_head()

    def _read(self, nr, what):
        data = self._file.read(nr)
        if len(data) != nr:
            raise EndsEarly(self.at + len(data), f"the file ends in {what}")
        return data

    def _check_crc(self, data, fields, what):
        if zlib.crc32(data[:-4]) != fields[-1]:
            raise BadRecord(self.at, f"the checksum of {what} is wrong")

    def _read_head(self):
        data = self._read(_HEAD.size, "its header")
        magic, version, entry_bytes, nr_sects, real_ns, block, flags, reserved, _ = fields = \
            _HEAD.unpack(data)
        if magic != MAGIC:
            raise BadRecord(0, "this is no record")
        self._check_crc(data, fields, "the header")
        if version != VERSION:
            raise BadRecord(8, f"version {version} is not known, {VERSION} is")
        if entry_bytes != _ENTRY.size:
            raise BadRecord(12, f"entries have {entry_bytes} bytes, {_ENTRY.size} are known")
        if nr_sects > MAX_SECTOR:
            raise BadRecord(16, f"no disk has {nr_sects} sectors")
        if block % SECTOR or flags & ~(CACHE | DATA) or reserved != bytes(20):
            raise BadRecord(32, "the header has unknown flags, or a block size that none has")
        self.head = Head(nr_sects, real_ns, block, flags)
        self.at += _HEAD.size

    def _check(self, entry, data_len, reserved, last):
        at = self.at
        if entry.op not in NAMES:
            raise BadRecord(at + 52, f"operation {entry.op} is not known")
        if reserved != (0, 0) or entry.flags & ~sum(FLAGS):
            raise BadRecord(at + 53, "reserved bytes or flags are not 0")
        if entry.first + (entry.len // SECTOR if entry.op < DISK else 0) > MAX_SECTOR:
            raise BadRecord(at + 32, f"no disk has {entry.len} bytes at sector {entry.first}")
        if data_len > MAX_DATA:
            raise BadRecord(at + 48, f"an entry has {data_len} bytes of data")
        if data_len > MAX_MARK and entry.op == MARK:
            raise BadRecord(at + 48, f"a mark has {data_len} bytes, {MAX_MARK} are the most")
        if data_len and entry.op not in (WRITE, ZONE_APPEND, MARK):
            raise BadRecord(at + 48, f"{entry.name} has data")
        if data_len and entry.op != MARK and data_len != entry.done:
            raise BadRecord(at + 48, f"{data_len} bytes of data are not the {entry.done} done")
        if entry.op < DISK and (entry.done > entry.len or
                                (entry.len | entry.done) % SECTOR):
            raise BadRecord(at + 40, f"{entry.done} of {entry.len} bytes are not sectors")
        self._check_number(entry, last)

    def _check_number(self, entry, last):
        at = self.at
        if entry.op == END:
            if entry.seq != (entry.seq if last is None else last):
                raise BadRecord(at, f"the end says {entry.seq} entries, there are {last}")
            return
        if entry.began >= entry.seq:
            raise BadRecord(at + 8, f"entry {entry.seq} began after entry {entry.began}")
        if entry.op == LOST and not 0 < entry.first <= entry.seq:
            raise BadRecord(at + 32, f"{entry.first} of {entry.seq} entries are lost")
        before = entry.seq - (entry.first if entry.op == LOST else 1)
        if last is not None and before != last:
            raise BadRecord(at, f"entry {entry.seq} comes after entry {last}")

    def entries(self):
        """Yields (first byte in the file, entry) of each but the end, then looks for that."""
        last = None
        while True:
            data = self._file.read(_ENTRY.size)
            if not data and self._live:
                return
            if len(data) != _ENTRY.size:
                raise EndsEarly(self.at + len(data), "the file ends without an end")
            fields = _ENTRY.unpack(data)
            self._check_crc(data, fields, "an entry")
            (seq, began, came, ends, first, nr, done, data_len, op, reserved, flags, status,
             queue, data_crc, reserved2, _) = fields
            entry = Entry(seq, began, came, ends, op, first, nr, done, flags, status, queue)
            self._check(entry, data_len, (reserved, reserved2), last)
            entry.data = self._read_data(entry, data_len, data_crc)
            entry.data_crc = data_crc
            at = self.at
            self.at += _ENTRY.size + data_len
            if op == END:
                self._check_end()
                return
            last = seq
            yield at, entry

    def _read_data(self, entry, nr, crc):
        at = self.at
        self.at += _ENTRY.size
        data = self._read(nr, "data") if nr else b""
        if (zlib.crc32(data) if data else 0) != crc:
            raise BadRecord(self.at, f"the checksum of the data of entry {entry.seq} is wrong")
        self.at = at
        return data

    def _check_end(self):
        self.ended = True
        if not self._live and self._file.read(1):
            raise BadRecord(self.at, "there is something behind the end")


class Writer:
    """Writes a record to a file."""

    def __init__(self, file, head):
        self._file = file
        self._last = 0
        self._time = 0
        file.write(pack_head(head))

    def add(self, entry):
        self._file.write(pack_entry(entry))
        self._last = entry.seq
        self._time = entry.ends_ns

    def end(self):
        self._file.write(pack_entry(Entry(self._last, self._last, self._time, self._time, END)))
