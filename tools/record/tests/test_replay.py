# SPDX-License-Identifier: GPL-2.0
"""Replay: prefixes, what crashes leave, and other formats."""

import io
import pathlib
import random
import struct
import subprocess
import tempfile
import unittest
import unittest.mock

import blktrace
import record
import replay
from tests.making import end, entry, head, run, write


class Case(unittest.TestCase):
    """Files in a directory, and what is on a disk: a character for each sector."""

    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.dir = pathlib.Path(self._folder.name)

    def file(self, *parts):
        (self.dir / "r").write_bytes(b"".join(parts))
        return self.dir / "r"

    def disk(self, *args, code=0, nr=8):
        (self.dir / "d").unlink(missing_ok=True)
        got = run("replay", self.dir / "r", self.dir / "d", *args)
        self.assertEqual(got[0], code, got)
        if code:
            self.assertFalse((self.dir / "d").exists())
            return got[2]
        data = (self.dir / "d").read_bytes()
        return data[:nr * 512:512].decode().replace("\0", ".")


class Prefix(Case):
    """Up to an entry or a mark."""

    def setUp(self):
        super().setUp()
        self.file(head(), write(1, 0, "a", 4), entry(2, record.MARK, data=b"half way"),
                  write(3, 1, "b", 2), entry(4, record.DISCARD, 0, 512),
                  entry(5, record.WRITE, 6, 512, status=5, done=0),
                  entry(6, record.WRITE_ZEROES, 3, 512), end(6))

    def test_all(self):
        self.assertEqual(self.disk(), ".bb.....")
        self.assertEqual((self.dir / "d").stat().st_size, 64 * 512)

    def test_until(self):
        self.assertEqual(self.disk("--until", 3), "abba....")
        self.assertEqual(self.disk("--until", "half way"), "aaaa....")
        self.assertEqual(self.disk("--until", 0), "........")

    def test_not_there(self):
        self.assertIn("no entry 7", self.disk("--until", 7, code=1))
        self.assertIn('no mark "x"', self.disk("--until", "x", code=1))

    def test_what_was_there_stays(self):
        (self.dir / "e").write_bytes(b"x" * (64 * 512))
        self.assertEqual(run("replay", self.dir / "r", self.dir / "e")[0], 0)
        self.assertEqual((self.dir / "e").read_bytes()[:8 * 512:512], b"\0bb\0xxxx")

    def test_damaged(self):
        data = bytearray(self.file(self.dir.joinpath("r").read_bytes()).read_bytes())
        data[-100] ^= 1
        self.file(bytes(data))
        self.assertRegex(self.disk(code=1), r"^record: .*/r: byte \d+: the checksum")


class Changed(Case):
    """A file is read twice, and has to be the same."""

    def test_changed(self):
        one = head() + write(1, 0, "a")
        for other in (write(2, 2, "b"), write(2, 1, "c"), write(2, 1, "b") + write(3, 3, "c")):
            with io.BytesIO(one + write(2, 1, "b") + end(2)) as file:
                entries = replay.read_all(record.Reader(file))
                self.assertEqual(len(list(replay.again(file, entries))), 2)
                file.seek(len(one))
                file.write(other + end(3 if len(other) > 600 else 2))
                with self.assertRaises(replay.CannotReplay):
                    list(replay.again(file, entries))

    def test_shorter(self):
        with io.BytesIO(head() + write(1, 0, "a") + end(1)) as file:
            entries = [*replay.read_all(record.Reader(file)), record.Entry(2, 1, 0, 0, 0)]
            with self.assertRaisesRegex(replay.CannotReplay, "shorter"):
                list(replay.again(file, entries))

    def test_pipe(self):
        self.file(head(), end(0))
        with subprocess.Popen(["cat", self.dir / "r"], stdout=subprocess.PIPE) as cat:
            code, _, err = run("replay", f"/dev/fd/{cat.stdout.fileno()}", self.dir / "d")
        self.assertEqual(code, 1)
        self.assertRegex(err, "^record: .*seek.*\n$")


class Paced(Case):
    """Times that no clock says are not what sleep() takes."""

    def test_far(self):
        waits = []
        made = replay.Plan(2, 0, 512)
        entries = [record.Entry(1, 0, 0, 0, record.FLUSH),
                   record.Entry(2, 1, (1 << 64) - 1, 0, record.FLUSH)]
        replay.run_paced(entries, made, unittest.mock.Mock(), lambda: 0, waits.append)
        self.assertEqual(waits, [1 << 30])


class Gaps(Case):
    """What is missing is not passed over."""

    def test_lost(self):
        self.file(head(), write(1, 0, "a"), entry(4, record.LOST, first=3), write(5, 1, "b"),
                  end(5))
        self.assertIn("entries 2 to 4 are lost; use --until 1 or less", self.disk(code=1))
        self.assertEqual(self.disk("--until", 1), "a.......")
        self.file(head(), write(1, 0, "a"), entry(4, record.LOST, first=3), end(4))
        self.assertIn("entries 2 to 4 are lost", self.disk(code=1))

    def test_power(self):
        for flags, ok in ((record.POWER, True), (record.POWER | record.CACHE, False),
                          (0, False)):
            self.file(head(), write(1, 0, "a"), entry(2, record.STOP, flags=flags),
                      write(3, 1, "b"), end(3))
            if ok:
                self.assertEqual(self.disk(), "ab......")
            else:
                self.assertIn("use --until 2", self.disk(code=1))

    def test_without_data(self):
        self.file(head(), entry(1, record.WRITE, 0, 512), end(1))
        self.assertIn("without its data", self.disk(code=1))
        self.assertEqual(self.disk("--pace"), "........")

    def test_zones(self):
        self.file(head(), entry(1, record.ZONE_RESET, 0), end(1))
        self.assertIn("zone_reset: zones are not replayed", self.disk(code=1))


class Crash(Case):
    """What may be lost is, for some seed, and what may not never is."""

    def states(self, *args, seeds=60):
        return {self.disk("--crash", seed, *args) for seed in range(seeds)}

    def test_flush(self):
        # b ended after the flush began, c after it ended.
        self.file(head(), write(1, 0, "a"), write(2, 1, "b"),
                  entry(3, record.FLUSH, began=1), write(4, 2, "c"), end(4))
        self.assertEqual({state[:3] for state in self.states("--until", 4)},
                         {"a..", "ab.", "a.c", "abc"})

    def test_not_heard_of(self):
        """The timer let the write's end be known after the flush began."""
        self.file(head(), write(1, 0, "a", ends=900), entry(2, record.FLUSH, came=500), end(2))
        self.assertEqual({state[:1] for state in self.states("--until", 2)}, {"a", "."})

    def test_fua(self):
        self.file(head(), write(1, 0, "a"), write(2, 1, "b", flags=record.FUA), end(2))
        self.assertEqual({state[:2] for state in self.states("--until", 2)}, {".b", "ab"})

    def test_failed_flush(self):
        self.file(head(), write(1, 0, "a"), entry(2, record.FLUSH, status=5), end(2))
        self.assertEqual({state[:1] for state in self.states("--until", 2)}, {"a", "."})

    def test_no_cache(self):
        self.file(head(flags=0), write(1, 0, "a"), write(2, 1, "b"), end(2))
        self.assertEqual({state[:2] for state in self.states("--until", 2)}, {"ab"})

    def test_power_off(self):
        """It protects all before it, if it lost nothing."""
        for flags, left in ((record.POWER, {"ab"}),
                            (record.POWER | record.CACHE, {"..", "a.", ".b", "ab"})):
            self.file(head(), write(1, 0, "a"), write(2, 1, "b", ends=900),
                      entry(3, record.STOP, flags=flags), end(3))
            self.assertEqual({state[:2] for state in self.states("--until", 3)}, left)

    def test_after_power_off(self):
        """What comes after the next power-on may be lost, and nothing before it."""
        self.file(head(), write(1, 0, "a"), entry(2, record.STOP, flags=record.POWER),
                  self.comes(3), write(4, 1, "b"), write(5, 2, "c"), end(5))
        self.assertEqual({state[:3] for state in self.states("--until", 5)},
                         {"a..", "ab.", "a.c", "abc"})

    def test_flush_after_power_cut(self):
        """It cannot protect what a cut may have taken, seen or not."""
        for flags in (0, record.POWER | record.CACHE):
            self.file(head(), write(1, 0, "a"), entry(2, record.STOP, flags=flags),
                      self.comes(3), entry(4, record.FLUSH), end(4))
            self.assertEqual({state[:1] for state in self.states("--until", 4)}, {"a", "."})

    def test_in_flight_after_power_cut(self):
        """What had begun before the crash may be there."""
        self.file(head(), entry(1, record.STOP, flags=record.POWER | record.CACHE),
                  self.comes(2), entry(3, record.MARK), write(4, 0, "a", began=2), end(4))
        self.assertEqual({state[:1] for state in self.states("--until", 3)}, {"a", "."})

    def test_recording_stops(self):
        """The disk goes on, so what it had not flushed may be lost."""
        self.file(head(), write(1, 0, "a"), entry(2, record.STOP), end(2))
        self.assertEqual({state[:1] for state in self.states("--until", 2)}, {"a", "."})

    def test_cache_comes(self):
        """What the disk wrote while it had no cache was durable, whatever comes later."""
        self.file(head(), self.comes(1, flags=0), write(2, 0, "a"),
                  entry(3, record.FLUSH, began=1, status=5), self.comes(4), write(5, 1, "b"),
                  end(5))
        self.assertEqual({state[:2] for state in self.states("--until", 5)}, {"a.", "ab"})

    def test_cache_goes(self):
        """What it had written to one may be lost all the same."""
        self.file(head(), write(1, 0, "a"), self.comes(2, flags=0), write(3, 1, "b"), end(3))
        self.assertEqual({state[:2] for state in self.states("--until", 3)}, {".b", "ab"})

    def test_torn_at_blocks_of_then(self):
        self.file(head(), write(1, 0, "a", 6), self.comes(2, block=2048), end(2))
        states = {state[:6] for state in self.states("--until", 2, seeds=200)}
        self.assertTrue([state for state in states if state[::2] != state[1::2]])
        self.assertTrue([state for state in states if state[:5] == "aaaa."])

    @staticmethod
    def comes(seq, flags=record.CACHE, block=512):
        return entry(seq, record.DISK, first=64, nr=block, flags=record.POWER | flags)

    def test_in_flight(self):
        self.file(head(), write(1, 0, "a", flags=record.FUA), write(2, 1, "b", began=0),
                  write(3, 2, "c", began=1), end(3))
        self.assertEqual({state[:3] for state in self.states("--until", 1)}, {"a..", "ab."})

    def test_torn(self):
        self.file(head(block=1024), write(1, 0, "a", 6), end(1))
        states = {state[:6] for state in self.states("--until", 1)}
        self.assertTrue({"......", "aaaaaa"} < states)
        self.assertFalse([state for state in states if state[::2] != state[1::2]])

    def test_atomic(self):
        self.file(head(), write(1, 0, "a", 6, flags=record.ATOMIC), end(1))
        self.assertEqual({state[:6] for state in self.states("--until", 1)}, {"......", "aaaaaa"})

    def test_order(self):
        self.file(head(), write(1, 0, "a"), write(2, 0, "b"), end(2))
        self.assertEqual({state[:1] for state in self.states("--until", 2)}, {".", "a", "b"})

    def test_same_seed(self):
        self.file(head(), *(write(seq, seq, "x") for seq in range(1, 8)), end(7))
        self.assertEqual(self.disk("--crash", 5), self.disk("--crash", 5))
        self.assertGreater(len(self.states()), 5)

    def test_histories(self):
        """Against a model: the last durable write of a sector, or a later one."""
        rng = random.Random(4)
        for seed in range(60):
            parts, sure, later = [], {}, {}
            for seq in range(1, 20):
                if rng.random() < 0.2:
                    parts.append(entry(seq, record.FLUSH))
                    sure.update({at: chars[-1] for at, chars in later.items() if chars})
                    later.clear()
                    continue
                at, char, fua = rng.randrange(8), chr(96 + seq), rng.random() < 0.2
                parts.append(write(seq, at, char, flags=record.FUA if fua else 0))
                if fua:
                    sure[at] = char
                    later[at] = []
                else:
                    later.setdefault(at, []).append(char)
            self.file(head(), *parts, end(19))
            for at, char in enumerate(self.disk("--until", 19, "--crash", seed)):
                self.assertIn(char, [sure.get(at, "."), *later.get(at, [])])


class Export(Case):
    """The log, parsed here."""

    def log(self):
        self.assertEqual(run("export", "--dm-log-writes", self.dir / "r", self.dir / "l")[0], 0)
        data = (self.dir / "l").read_bytes()
        magic, version, nr, size = struct.unpack_from("<QQQI", data)
        self.assertEqual((magic, version, size), (0x6a736677736872, 1, 512))
        at, found = 512, []
        for _ in range(nr):
            first, nr_sects, flags, text = struct.unpack_from("<QQQQ", data, at)
            more = data[at + 32:at + 32 + text]
            at += 512
            if not flags & 4:
                more += data[at:at + nr_sects * 512]
                at += nr_sects * 512
            found.append((first, nr_sects, flags, more[:5].strip(b"\0")))
        self.assertEqual(at, len(data))
        return found

    def test_log(self):
        self.file(head(), entry(1, record.READ, 0, 512), write(2, 3, "a", 2, flags=record.META),
                  entry(3, record.MARK, data=b"mkfs"), write(4, 5, "b", flags=record.FUA),
                  entry(5, record.FLUSH, began=3), entry(6, record.DISCARD, 8, 4096),
                  entry(7, record.WRITE_ZEROES, 2, 1024),
                  entry(8, record.WRITE, 0, 512, status=5, done=0), end(8))
        self.assertEqual(self.log(), [
            (3, 2, 16, b"aaaaa"), (0, 0, 8, b"mkfs"), (0, 0, 1, b""), (5, 1, 2, b"bbbbb"),
            (8, 8, 4, b""), (2, 2, 0, b"")])

    def test_power_off(self):
        """To that log it is a flush."""
        self.file(head(), write(1, 3, "a"), entry(2, record.STOP, flags=record.POWER), end(2))
        self.assertEqual(self.log(), [(3, 1, 0, b"aaaaa"), (0, 0, 1, b"")])
        for flags in (0, record.POWER | record.CACHE):
            self.file(head(), write(1, 3, "a"), entry(2, record.STOP, flags=flags), end(2))
            self.assertEqual(self.log(), [(3, 1, 0, b"aaaaa")])
            self.file(head(), write(1, 3, "a"), entry(2, record.STOP, flags=flags),
                      entry(3, record.FLUSH), end(3))
            self.assertEqual(self.log(), [(3, 1, 0, b"aaaaa")])

    def test_no_cache(self):
        """Each write is durable when it ends, and FUA says that."""
        self.file(head(flags=0), write(1, 3, "a"), entry(2, record.DISCARD, 8, 512),
                  entry(3, record.DISK, first=64, nr=512, flags=record.CACHE),
                  write(4, 5, "b"), end(4))
        self.assertEqual(self.log(), [(3, 1, 2, b"aaaaa"), (8, 1, 6, b""), (5, 1, 0, b"bbbbb")])


def event(time, action, first, nr, categories, error=0, device=8, more=b""):
    return struct.pack("<IIQQIIIIIHH", 0x65617407, 0, time, first, nr,
                       categories << 16 | action, 1, device, 0, error, len(more)) + more


class Import(Case):
    """Files of blktrace."""

    W, R, FL, FUA = 2, 1, 4, 1 << 15

    def imported(self, *files, code=0):
        names = []
        for nr, data in enumerate(files):
            names.append(self.dir / f"t{nr}")
            names[-1].write_bytes(data)
        got = run("import", "--blktrace", *names, self.dir / "r")
        self.assertEqual(got[0], code, got)
        return got[2] if code else run("show", self.dir / "r")[1].splitlines()

    def test_events(self):
        self.assertEqual(self.imported(
            event(1000, 1, 8, 4096, self.W) + event(2000, 7, 8, 4096, self.W | self.FUA) +
            event(0, 0, 0, 0, 1 << 10, more=b"hello") + event(7000, 8, 8, 4096, self.W),
            event(3000, 7, 0, 512, self.R) + event(4000, 8, 0, 512, self.R, error=5) +
            event(8000, 7, 0, 0, self.W | self.FL) + event(9000, 8, 0, 0, self.W | self.FL)), [
                "1 0 0.000000000 1.0 read 0 1 status=EIO done=0",
                "2 0 -0.000001000 5.0 write 8 8 FUA",
                "3 2 0.000005000 1.0 flush 0 0"])
        self.assertEqual(self.disk("--pace"), "........")

    def test_refused(self):
        good = event(1, 7, 8, 512, self.W)
        for data, what in ((good[:-1], "byte 0: the file ends in an event"),
                           (good + good[:20], "byte 48: the file ends"),
                           (b"x" * 48, "byte 0: this is no file of blktrace"),
                           (good + b"x" * 48, "byte 48: here should be"),
                           (good + event(2, 7, 8, 511, self.W), "byte 64: no disk has"),
                           (good + event(2, 7, 8, 512, 1, device=9), "several disks"),
                           (good[:44] + b"\0\0\1\0", "byte 46: the file ends in what")):
            self.assertIn(what, self.imported(data, code=1))

    def test_garbage(self):
        rng = random.Random(3)
        good = b"".join(event(seq, rng.choice((7, 8)), seq, 512, rng.randrange(8))
                        for seq in range(6))
        for _ in range(2000):
            data = bytearray(good)
            for _ in range(rng.randrange(4)):
                data[rng.randrange(len(data))] = rng.randrange(256)
            try:
                blktrace.entries([bytes(data[:rng.randrange(1, len(data))])])
            except record.BadRecord as error:
                self.assertRegex(str(error), r"^byte \d+: \w")


if __name__ == "__main__":
    unittest.main()
