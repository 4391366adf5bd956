# SPDX-License-Identifier: GPL-2.0
"""Images of disks: a file with what is not zeroes, in order, each piece with a checksum.

All numbers are little-endian. Documentation/image.rst describes the format for others.
"""

import struct
import zlib

MAGIC = b"MQBLKIMG"
VERSION = 1
# Pieces begin and end at multiples of it.
GRAIN = 512
MAX_PIECE = 16 << 20
MAX_SIZE = (1 << 63) - GRAIN

# magic, version, reserved, size of the disk, reserved, CRC of what comes before
_HEAD = struct.Struct("<8sIIQ36sI")
# first byte on the disk, length, CRC of the data, number of pieces (end only), reserved,
# CRC of what comes before
_PIECE = struct.Struct("<QIIQ4sI")


class BadImage(Exception):
    """What is wrong, and at which byte of the file."""

    def __init__(self, at, what):
        super().__init__(f"byte {at}: {what}")


def _sealed(packed, *fields):
    body = packed.pack(*fields, 0)[:-4]
    return body + struct.pack("<I", zlib.crc32(body))


class Writer:
    """Writes an image to a file; pieces come in order."""

    def __init__(self, file, size):
        self._file = file
        self._size = size
        self._pieces = 0
        file.write(_sealed(_HEAD, MAGIC, VERSION, 0, size, bytes(36)))

    def add(self, pos, data):
        self._file.write(_sealed(_PIECE, pos, len(data), zlib.crc32(data), 0, bytes(4)))
        self._file.write(data)
        self._pieces += 1

    def end(self):
        self._file.write(_sealed(_PIECE, self._size, 0, 0, self._pieces, bytes(4)))


class Reader:
    """Reads an image from a file; BadImage if it is not one."""

    def __init__(self, file):
        self._file = file
        self._at = 0
        fields = self._unpack(_HEAD, "header")
        magic, version, reserved, self.size, more = fields
        if magic != MAGIC:
            raise BadImage(0, "this is no image")
        if version != VERSION:
            raise BadImage(8, f"version {version} is not known, {VERSION} is")
        if reserved or more != bytes(36):
            raise BadImage(12, "reserved bytes are not 0")
        if self.size % GRAIN or self.size > MAX_SIZE:
            raise BadImage(16, f"no disk has {self.size} bytes")

    def _read(self, nr, what):
        data = self._file.read(nr)
        if len(data) != nr:
            raise BadImage(self._at + len(data), f"the file ends in a {what}")
        return data

    def _unpack(self, packed, what):
        data = self._read(packed.size, what)
        fields = packed.unpack(data)
        # Somebody else's file is to be called that, whatever its checksum.
        if what == "header" and fields[0] != MAGIC:
            raise BadImage(0, "this is no image")
        if zlib.crc32(data[:-4]) != fields[-1]:
            raise BadImage(self._at, f"the checksum of a {what} is wrong")
        self._at += packed.size
        return fields[:-1]

    def _check(self, at, pos, nr, least):
        if pos < least or pos % GRAIN or pos > self.size:
            raise BadImage(at, f"a piece begins at {pos} of the disk, use {least} to {self.size}")
        if not 0 < nr <= MAX_PIECE or nr % GRAIN or nr > self.size - pos:
            raise BadImage(at + 8, f"a piece at {pos} has {nr} bytes")

    def _check_end(self, at, fields, nr_pieces):
        if fields != (self.size, 0, 0, nr_pieces, bytes(4)):
            raise BadImage(at, f"the end does not say that there are {nr_pieces} pieces")
        if self._file.read(1):
            raise BadImage(self._at, "there is something behind the end")

    def pieces(self):
        """Yields (first byte on the disk, data) of each piece, then looks for the end."""
        least = nr_pieces = 0
        while True:
            at = self._at
            pos, nr, crc, count, reserved = fields = self._unpack(_PIECE, "piece's header")
            if not nr:
                self._check_end(at, fields, nr_pieces)
                return
            self._check(at, pos, nr, least)
            if count or reserved != bytes(4):
                raise BadImage(at + 16, "reserved bytes are not 0")
            data = self._read(nr, "piece")
            if zlib.crc32(data) != crc:
                raise BadImage(self._at, f"the checksum of the piece at {pos} is wrong")
            self._at += nr
            least = pos + nr
            nr_pieces += 1
            yield pos, data


# Zeroes are looked for in pieces of it, which is what a file system leaves a hole for.
STEP = 4096


def extents(data, zeroes=bytes(MAX_PIECE)):
    """Yields (first, end) of what is not zeroes, in whole STEPs but for the last one."""
    if data == zeroes[:len(data)]:
        return
    first = None
    for at in range(0, len(data), STEP):
        step = data[at:at + STEP]
        if step == zeroes[:len(step)]:
            if first is not None:
                yield first, at
            first = None
        elif first is None:
            first = at
    if first is not None:
        yield first, len(data)
