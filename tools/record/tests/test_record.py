# SPDX-License-Identifier: GPL-2.0
"""Records: what is read is what was written, and what is not whole is refused with the place."""

import array
import contextlib
import fcntl
import functools
import io
import os
import pathlib
import random
import resource
import signal
import subprocess
import sys
import tempfile
import termios
import time
import unittest
import unittest.mock

import record
from tests.making import ENTRY, HEAD, end, entry, head, run, write


def read(data, live=False):
    reader = record.Reader(io.BytesIO(data), live)
    return reader.head, [one for _, one in reader.entries()]


class Format(unittest.TestCase):
    """The bytes, made by hand, and the errors."""

    ONE = head() + write(1, 8, "a", flags=record.FUA) + end(1)

    def refused(self, data, at, what):
        with self.assertRaises(record.BadRecord) as caught:
            read(data)
        self.assertRegex(str(caught.exception), f"^byte {at}: .*{what}")

    def test_one_entry(self):
        first, (one,) = read(self.ONE)
        self.assertEqual((first.nr_sects, first.real_ns, first.block_bytes), (64, 7, 512))
        self.assertEqual((one.seq, one.op, one.first, one.len, one.data, one.words),
                         (1, record.WRITE, 8, 512, b"a" * 512, ["FUA"]))

    def test_written_as_by_hand(self):
        file = io.BytesIO()
        writer = record.Writer(file, record.Head(64, 7, 512, record.CACHE))
        writer.add(record.Entry(1, 0, 100, 101, record.WRITE, 8, 512, 512, record.FUA,
                                data=b"a" * 512))
        self.assertEqual(file.getvalue(), self.ONE[:HEAD + ENTRY + 512])

    def test_head(self):
        self.refused(head(magic=b"MQBLKIMG"), 0, "no record")
        self.refused(head(version=2), 8, "version 2 is not known, 1 is")
        self.refused(head(size=80), 12, "80 bytes")
        self.refused(head(nr_sects=1 << 60), 16, "no disk")
        self.refused(head(block=100), 32, "block size")
        self.refused(head(reserved=b"x" * 20), 32, "unknown flags")

    def test_entries(self):
        for data, at, what in (
                (entry(1, 77), 52, "operation 77"),
                (entry(1, record.READ, nr=100), 40, "not sectors"),
                (entry(1, record.READ, nr=512, done=1024), 40, "not sectors"),
                (entry(1, record.READ, 0, 512, b"x" * 512), 48, "read has data"),
                (entry(1, record.WRITE, 0, 1024, b"x" * 512), 48, "512 bytes of data"),
                (entry(1, record.READ, 1 << 60), 32, "no disk"),
                (entry(1, record.READ, (1 << 54) - 1, 512), 32, "no disk"),
                (entry(1, record.MARK, data=b"m" * 481), 48, "481 bytes, 480"),
                (entry(1, record.READ, reserved=1), 53, "reserved"),
                (entry(1, record.READ, flags=1 << 15), 53, "reserved"),
                (entry(1, record.FLUSH, began=1), 8, "began after"),
                (entry(2, record.LOST, first=3), 32, "3 of 2"),
                (write(1, 0, "a", crc=5), ENTRY, "checksum of the data")):
            self.refused(head() + data + end(1), HEAD + at, what)

    def test_numbers(self):
        first = write(1, 0, "a")
        at = HEAD + len(first)
        self.refused(head() + first + write(3, 0, "b") + end(3), at, "entry 3 comes after entry 1")
        self.refused(head() + first + end(2), at, "the end says 2 entries, there are 1")
        self.refused(head() + first + entry(3, record.LOST, first=1) + end(3), at, "entry 3")
        read(head() + first + entry(3, record.LOST, first=2) + end(3))

    def test_behind_the_end(self):
        self.refused(self.ONE + b"x", len(self.ONE), "behind the end")

    def test_without_end(self):
        data = self.ONE[:-ENTRY]
        self.refused(data, len(data), "ends without an end")
        self.assertEqual(len(read(data, live=True)[1]), 1)

    def test_cut_short_anywhere(self):
        for nr in range(len(self.ONE)):
            self.refused(self.ONE[:nr], f"{nr}|\\d+", "")

    def test_any_bit_wrong(self):
        rng = random.Random(1)
        for _ in range(2000):
            data = bytearray(self.ONE)
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            self.refused(bytes(data), r"\d+", "")

    def test_garbage(self):
        """Whatever comes, with good checksums or without, is refused or read."""
        rng = random.Random(2)
        for _ in range(3000):
            data = head()
            for seq in range(1, rng.randrange(2, 5)):
                body = bytearray(entry(seq, rng.randrange(40))[:-4])
                for _ in range(rng.randrange(3)):
                    body[rng.randrange(len(body))] = rng.randrange(256)
                data += bytes(body) + record.zlib.crc32(body).to_bytes(4, "little")
            data = data[:rng.randrange(len(data))] + rng.randbytes(rng.randrange(9))
            try:
                read(data)
            except record.BadRecord as error:
                self.assertRegex(str(error), r"^byte \d+: \w")


class Commands(unittest.TestCase):
    """save and show, and that nothing is half done."""

    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.dir = pathlib.Path(self._folder.name)

    def file(self, name, data):
        (self.dir / name).write_bytes(data)
        return self.dir / name

    def test_show(self):
        path = self.file("r", head() + write(1, 8, "a", flags=record.FUA | record.META) +
                         entry(2, record.FLUSH, began=0, ends=1200) +
                         entry(3, record.MARK, data=b"here") +
                         entry(9, record.LOST, first=6) +
                         entry(10, record.READ, 8, 1024, done=512, status=5) + end(10))
        code, out, _ = run("show", path)
        self.assertEqual(code, 0)
        self.assertEqual(out.splitlines(), [
            "1 0 0.000000000 0.0 write 8 1 data=512 FUA,META",
            "2 0 0.000000100 1.0 flush 0 0",
            "3 2 0.000000200 0.0 mark here",
            "9 8 0.000000800 0.0 lost entries=6",
            "10 9 0.000000900 0.0 read 8 2 status=EIO done=1"])

    def test_save(self):
        data = head() + write(1, 8, "a") + entry(7, record.LOST, first=6)
        path = self.file("live", data)
        self.assertEqual(run("save", path, self.dir / "r", "--now")[:2],
                         (0, f"record: {self.dir}/r: 1 write; 6 LOST\n"))
        saved = (self.dir / "r").read_bytes()
        self.assertEqual(saved[:-ENTRY], data)
        self.assertEqual(read(saved), read(data, live=True))

    def test_show_no_commands_for_terminals(self):
        path = self.file("r", head() + entry(1, record.MARK, data=b"a\x1b[2Jb\nc\xff\xc3\xa4") +
                         end(1))
        self.assertEqual(run("show", path)[1],
                         "1 0 0.000000000 0.0 mark a\\x1b[2Jb\\nc\\xff\xe4\n")

    def test_part(self):
        """What is wrong may be the only thing of its kind, so what came before is kept."""
        good = head() + write(1, 8, "a")
        path = self.file("live", good + write(2, 8, "b")[:-1])
        code, _, err = run("save", path, self.dir / "r")
        self.assertEqual(code, 1)
        self.assertRegex(err, f"^record: {path}: byte \\d+: .*; 1 entries .*/r.part, without an end\n$")
        self.assertEqual((self.dir / "r.part").read_bytes(), good)
        self.assertEqual(run("save", self.dir / "r.part", self.dir / "r", "--now")[0], 0)
        self.assertEqual((self.dir / "r").read_bytes()[:-ENTRY], good)

    def test_part_is_there_before(self):
        self.file("r.part", b"x")
        path = self.file("live", head() + write(1, 8, "a") + b"x" * ENTRY)
        _, _, err = run("save", path, self.dir / "r")
        name = err.split("had come are in ")[1].split(",")[0]
        self.assertEqual((self.dir / "r.part").read_bytes(), b"x")
        self.assertEqual(pathlib.Path(name).read_bytes(), head() + write(1, 8, "a"))

    def test_no_room(self):
        """Entries that find room stay, and are a record."""
        path = self.file("live", head() + write(1, 8, "a") + write(2, 8, "b") + end(2))
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_FSIZE, limits)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        code, _, err = run("save", path, self.dir / "r")
        self.assertEqual(code, 1)
        self.assertIn("File too large; ", err)
        self.assertIn("/r has what came before: 1 write", err)
        self.assertEqual(len(read((self.dir / "r").read_bytes())[1]), 1)

    def test_read_error(self):
        """The disk has gone while it was read."""
        parts = [head() + write(1, 8, "a") + write(2, 8, "b")[:100], OSError(5, "gone")]
        path = self.file("live", b"")
        with unittest.mock.patch("save.os.read", side_effect=parts):
            code, _, err = run("save", path, self.dir / "r")
        self.assertEqual(code, 1)
        self.assertIn("gone; ", err)
        self.assertEqual(len(read((self.dir / "r").read_bytes())[1]), 1)

    def test_stopped(self):
        """By signals, when it has read all that there is."""
        for number in (signal.SIGINT, signal.SIGTERM):
            os.mkfifo(self.dir / "fifo")
            fd = os.open(self.dir / "fifo", os.O_RDWR)
            os.write(fd, head() + write(1, 8, "a") + write(2, 8, "b")[:100])
            # A shell has what it starts in the background ignore SIGINT.
            restore = functools.partial(signal.signal, number, signal.SIG_DFL)
            with subprocess.Popen(
                    [sys.executable, "-B", "main.py", "save", self.dir / "fifo", self.dir / "r"],
                    cwd=pathlib.Path(record.__file__).parent, stdout=subprocess.PIPE,
                    preexec_fn=restore) as saver:
                # It ends if the test does not get so far.
                with contextlib.ExitStack() as failed:
                    failed.callback(saver.kill)
                    self.wait_until_read(fd)
                    saver.send_signal(number)
                    out = saver.communicate(timeout=60)[0]
                    failed.pop_all()
            self.assertEqual((saver.returncode, out.decode()),
                             (0, f"record: {self.dir}/r: 1 write\n"))
            self.assertEqual((self.dir / "r").read_bytes()[:-ENTRY], head() + write(1, 8, "a"))
            self.assertEqual(len(read((self.dir / "r").read_bytes())[1]), 1)
            os.close(fd)
            os.unlink(self.dir / "fifo")

    def wait_until_read(self, fd):
        left = array.array("i", [1])
        until = time.monotonic() + 60
        while left[0]:
            self.assertLess(time.monotonic(), until)
            fcntl.ioctl(fd, termios.FIONREAD, left)

    def test_half_a_record_is_not_saved(self):
        path = self.file("live", head() + write(1, 8, "a")[:-1])
        code, out, err = run("save", path, self.dir / "r")
        self.assertEqual((code, out), (1, ""))
        self.assertRegex(err, f"^record: {path}: byte \\d+: .*\n$")
        self.assertEqual(os.listdir(self.dir), ["live"])

    def test_no_such_device(self):
        code, _, err = run("save", "no-such-device", self.dir / "r")
        self.assertEqual(code, 1)
        self.assertRegex(err, "record: .*no-such-device")


if __name__ == "__main__":
    unittest.main()
