# SPDX-License-Identifier: GPL-2.0
"""Images: what is saved is loaded, and a file that is not whole is refused with the place."""

import contextlib
import io
import os
import pathlib
import random
import struct
import tempfile
import unittest
import zlib

import image
import main

HEAD = 64
PIECE = 32


def sealed(body):
    return body + struct.pack("<I", zlib.crc32(body))


def head(size, version=1, magic=b"MQBLKIMG", more=bytes(36)):
    return sealed(struct.pack("<8sIIQ36s", magic, version, 0, size, more))


def piece(pos, data, nr=None, crc=None):
    nr = len(data) if nr is None else nr
    crc = zlib.crc32(data) if crc is None else crc
    return sealed(struct.pack("<QIIQ4s", pos, nr, crc, 0, bytes(4))) + data


def end(size, nr_pieces):
    return sealed(struct.pack("<QIIQ4s", size, 0, 0, nr_pieces, bytes(4)))


def read(data):
    reader = image.Reader(io.BytesIO(data))
    return reader.size, list(reader.pieces())


def run(*args):
    """Exit code, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main.main([str(arg) for arg in args])
    return code, out.getvalue(), err.getvalue()


class Format(unittest.TestCase):
    """The bytes, made by hand here, and the errors."""

    ONE = head(8192) + piece(512, b"x" * 512) + end(8192, 1)

    def refused(self, data, at, what):
        with self.assertRaises(image.BadImage) as caught:
            read(data)
        self.assertRegex(str(caught.exception), f"^byte {at}: .*{what}")

    def test_empty_disk(self):
        self.assertEqual(read(head(0) + end(0, 0)), (0, []))

    def test_a_piece(self):
        self.assertEqual(read(self.ONE), (8192, [(512, b"x" * 512)]))

    def test_written_as_described(self):
        file = io.BytesIO()
        writer = image.Writer(file, 8192)
        writer.add(512, b"x" * 512)
        writer.end()
        self.assertEqual(file.getvalue(), self.ONE)

    def test_not_an_image(self):
        self.refused(b"", 0, "the file ends in a header")
        self.refused(bytes(64), 0, "no image")
        self.refused(os.urandom(4096), 0, "no image")

    def test_version(self):
        self.refused(head(0, version=2) + end(0, 0), 8, "version 2 is not known, 1 is")

    def test_reserved(self):
        self.refused(head(0, more=b"x" * 36) + end(0, 0), 12, "reserved")

    def test_sizes(self):
        for size in 1, 511, 2 ** 63, 2 ** 64 - 512:
            self.refused(head(size) + end(size, 0), 16, "no disk has")

    def test_places(self):
        self.refused(head(8192) + piece(8192, b"x" * 512), HEAD + 8, "512 bytes")
        self.refused(head(8192) + piece(8704, b"x" * 512), HEAD, "begins at 8704")
        self.refused(head(8192) + piece(100, b"x" * 512), HEAD, "begins at 100")
        self.refused(head(8192) + piece(0, b"x" * 100), HEAD + 8, "100 bytes")
        self.refused(head(2 ** 40) + piece(0, b"", nr=2 ** 32 - 512), HEAD + 8, "has 4294966784 bytes")
        second = HEAD + PIECE + 1024
        self.refused(head(8192) + piece(512, b"x" * 1024) + piece(1024, b"x" * 512), second,
                     "begins at 1024 of the disk, use 1536")

    def test_cut_short_anywhere(self):
        for length in range(len(self.ONE)):
            with self.assertRaises(image.BadImage):
                read(self.ONE[:length])

    def test_each_bit_counts(self):
        for at in range(len(self.ONE)):
            changed = bytearray(self.ONE)
            changed[at] ^= 1 << at % 8
            with self.assertRaises(image.BadImage):
                read(bytes(changed))

    def test_something_behind(self):
        self.refused(self.ONE + b"x", len(self.ONE), "behind the end")

    def test_a_piece_is_missing(self):
        self.refused(head(8192) + end(8192, 1), HEAD, "does not say that there are 0")


class Extents(unittest.TestCase):
    def check(self, data, wanted):
        self.assertEqual(list(image.extents(data)), wanted)

    def test_table(self):
        x, o = b"x" * 4096, bytes(4096)
        self.check(b"", [])
        self.check(o * 3, [])
        self.check(x, [(0, 4096)])
        self.check(o + x + o, [(4096, 8192)])
        self.check(x + o + x, [(0, 4096), (8192, 12288)])
        self.check(o + x, [(4096, 8192)])
        self.check(o + bytes(511) + b"x", [(4096, 4608)])
        self.check(o + bytes(512), [])


class Files(unittest.TestCase):
    """save, check and load, with files in place of disks."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.disk, self.image, self.other = (self.folder / name for name in "dio")

    def test_round_trips(self):
        draw = random.Random(7)
        for _ in range(20):
            data = bytearray(512 * draw.randrange(1, 20000))
            for _ in range(draw.randrange(6)):
                at = draw.randrange(len(data))
                data[at:at + 9000] = draw.randbytes(min(9000, len(data) - at))
            self.disk.write_bytes(data)
            self.assertEqual(run("save", self.disk, self.image)[0], 0)
            self.assertEqual(run("check", self.image)[0], 0)
            self.other.write_bytes(draw.randbytes(5000))
            self.assertEqual(run("load", self.image, self.other)[0], 0)
            self.assertEqual(self.other.read_bytes(), data)

    def test_sparse(self):
        with open(self.disk, "wb") as file:
            file.truncate(64 << 20)
        code, out, _ = run("save", self.disk, self.image)
        self.assertEqual((code, self.image.stat().st_size), (0, HEAD + PIECE))
        self.assertIn("67108864 bytes, of which 0 are not zeroes", out)
        run("load", self.image, self.other)
        self.assertLess(self.other.stat().st_blocks, 64)

    def test_nothing_is_loaded_of_a_bad_one(self):
        self.disk.write_bytes(b"x" * 65536)
        run("save", self.disk, self.image)
        self.image.write_bytes(self.image.read_bytes()[:-1])
        self.other.write_bytes(b"as it was")
        code, _, err = run("load", self.image, self.other)
        self.assertEqual(code, 1)
        self.assertIn(f"{self.image}: byte {HEAD + PIECE + 65536 + PIECE - 1}: the file ends", err)
        self.assertEqual(self.other.read_bytes(), b"as it was")
        self.assertEqual(run("load", self.image, self.folder / "new")[0], 1)
        self.assertFalse((self.folder / "new").exists())

    def test_an_old_image_stays_if_saving_fails(self):
        self.image.write_bytes(b"old")
        code, _, err = run("save", self.folder / "none", self.image)
        self.assertEqual((code, self.image.read_bytes()), (1, b"old"))
        self.assertIn("none", err)
        self.assertEqual(sorted(os.listdir(self.folder)), ["i"])

    def test_usage(self):
        for args in ([], ["save"], ["save", "a"], ["check", "a", "b"], ["steal", "a", "b"]):
            self.assertEqual(run(*args)[0], 2)


if __name__ == "__main__":
    unittest.main()
