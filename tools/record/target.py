# SPDX-License-Identifier: GPL-2.0
"""What a record is replayed on: a disk, or a file that stands for one."""

import array
import fcntl
import os
import stat

# linux/fs.h
BLKZEROOUT = 0x127f

CHUNK = 4 << 20


class Target:
    """A disk that nobody else has, or a file, which is made if need be."""

    def __init__(self, path):
        self.is_block = os.path.exists(path) and stat.S_ISBLK(os.stat(path).st_mode)
        flags = os.O_EXCL if self.is_block else os.O_CREAT
        self._fd = os.open(path, os.O_RDWR | flags, 0o666)
        self.size = os.lseek(self._fd, 0, os.SEEK_END)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._fd)

    def grow(self, size):
        """A file gets that size; a disk has to have it."""
        if self.size >= size:
            return
        if self.is_block:
            raise OSError(f"the disk has {self.size} bytes, the record needs {size}")
        os.ftruncate(self._fd, size)
        self.size = size

    def read(self, pos, nr):
        while nr:
            done = len(os.pread(self._fd, min(nr, CHUNK), pos))
            if not done:
                return
            pos += done
            nr -= done

    def write(self, pos, data):
        view = memoryview(data)
        while view:
            done = os.pwrite(self._fd, view, pos)
            view = view[done:]
            pos += done

    def zero(self, pos, nr):
        if self.is_block:
            fcntl.ioctl(self._fd, BLKZEROOUT, array.array("Q", [pos, nr]))
            return
        for at in range(pos, pos + nr, CHUNK):
            self.write(at, bytes(min(CHUNK, pos + nr - at)))

    def sync(self):
        os.fsync(self._fd)
