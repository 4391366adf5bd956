# SPDX-License-Identifier: GPL-2.0
"""Disks, and files that stand for them: their size, what they have, and making it zeroes."""

import array
import fcntl
import mmap
import os
import stat

# linux/fs.h
BLKDISCARD = 0x1277
BLKZEROOUT = 0x127f

CHUNK = 4 << 20


class Disk:
    """A disk or a file, without the page cache where that can be."""

    def __init__(self, path, flags):
        self.is_block = stat.S_ISBLK(os.stat(path).st_mode)
        if self.is_block:
            # Not one that is mounted, if it is written to.
            flags |= os.O_DIRECT | (os.O_EXCL if flags & os.O_RDWR else 0)
        self._fd = os.open(path, flags)
        self._memory = mmap.mmap(-1, CHUNK)
        self.size = os.lseek(self._fd, 0, os.SEEK_END)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._fd)

    def chunks(self):
        """Yields (first byte, data) of all there is."""
        for pos in range(0, self.size, CHUNK):
            nr = min(CHUNK, self.size - pos)
            with memoryview(self._memory)[:nr] as view:
                if os.preadv(self._fd, [view], pos) != nr:
                    raise OSError(f"cannot read {nr} bytes at {pos}")
            yield pos, self._memory[:nr]

    def write(self, pos, data):
        for at in range(0, len(data), CHUNK):
            part = data[at:at + CHUNK]
            self._memory[:len(part)] = part
            with memoryview(self._memory)[:len(part)] as view:
                if os.pwritev(self._fd, [view], pos + at) != len(part):
                    raise OSError(f"cannot write {len(part)} bytes at {pos + at}")

    def clear(self, size):
        """Frees what there is; a file gets that size. zero() has to be called as well."""
        if not self.is_block:
            os.ftruncate(self._fd, 0)
            os.ftruncate(self._fd, size)
            return
        try:
            fcntl.ioctl(self._fd, BLKDISCARD, array.array("Q", [0, self.size]))
        except OSError:
            pass

    def zero(self, pos, end):
        """Makes it zeroes; costs nothing where clear() has freed it."""
        if self.is_block and pos < end:
            fcntl.ioctl(self._fd, BLKZEROOUT, array.array("Q", [pos, end - pos]))

    def sync(self):
        os.fsync(self._fd)
