# SPDX-License-Identifier: GPL-2.0
"""scripts/record: saves records of disks, shows and replays them; usage.txt says how."""

import argparse
import contextlib
import io
import os
import sys
import tempfile
import time

import blktrace
import dmlog
import record
import replay
import show
import target

DEBUGFS = "/sys/kernel/debug/null_blk_c"


def _say(what):
    print(f"record: {what}")


@contextlib.contextmanager
def new_file(path):
    """A file that gets its name when all is written."""
    folder = os.path.dirname(os.path.abspath(path))
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".record-", delete=False) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


class Now(io.RawIOBase):
    """What can be read from a file at this time, and no more."""

    def __init__(self, fd):
        self._fd = fd

    def readable(self):
        return True

    def readinto(self, into):
        try:
            data = os.read(self._fd, len(into))
        except BlockingIOError:
            return 0
        into[:len(data)] = data
        return len(data)


def _source(device):
    return device if os.path.exists(device) else f"{DEBUGFS}/{device}/record"


def save(args):
    path = _source(args.device)
    fd = os.open(path, os.O_RDONLY | (os.O_NONBLOCK if args.now else 0))
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, fd)
        raw = Now(fd) if args.now else io.FileIO(fd, closefd=False)
        reader = record.Reader(io.BufferedReader(raw, 1 << 20), live=args.now)
        counts = show.Counts()
        with new_file(args.file) as file:
            writer = record.Writer(file, reader.head)
            for _, entry in reader.entries():
                writer.add(entry)
                counts.add(entry)
            writer.end()
    _say(f"{args.file}: {counts}")


def show_file(args):
    with open(args.file, "rb") as file:
        reader = record.Reader(file)
        for line in show.lines(reader):
            print(line)


def _read_all(path):
    """All of a file is looked at before anything is done with it."""
    with open(path, "rb") as file:
        reader = record.Reader(file)
        return reader.head, replay.read_all(reader)


def replay_file(args):
    head, entries = _read_all(args.file)
    plan = replay.plan(head, entries, args.until, args.crash, not args.pace)
    with open(args.file, "rb") as file, target.Target(args.disk) as disk:
        reader = record.Reader(file)
        if args.pace:
            nr, late = replay.run_paced(reader, plan, disk, time.monotonic, time.sleep)
            _say(f"{args.disk}: {nr} operations done, at most {late:.3f} s late")
            return
        nr = replay.run(reader, plan, disk)
    if args.crash is not None:
        _say(f"{args.disk}: {plan}")
    else:
        _say(f"{args.disk}: {nr} operations done, up to entry {plan.last}")


def export(args):
    _, entries = _read_all(args.file)
    last = entries[-1].seq if entries else 0
    replay.check(entries, last, True)
    with open(args.file, "rb") as file, new_file(args.out) as out:
        nr = dmlog.export(record.Reader(file), entries, out)
    _say(f"{args.out}: {nr} entries")


def import_trace(args):
    *traces, args.out = args.traces
    if not traces:
        raise replay.CannotReplay("import: name a file of blktrace, and one to write to")
    files = []
    for args.file in traces:
        with open(args.file, "rb") as file:
            files.append(file.read())
    entries, open_nr = blktrace.entries(files)
    end = max((entry.first + entry.len // record.SECTOR for entry in entries), default=0)
    counts = show.Counts()
    with new_file(args.out) as file:
        writer = record.Writer(file, record.Head(nr_sects=end, block_bytes=record.SECTOR))
        for entry in entries:
            writer.add(entry)
            counts.add(entry)
        writer.end()
    _say(f"{args.out}: {counts}" + (f"; {open_nr} did not end" if open_nr else ""))


def parser():
    top = argparse.ArgumentParser(prog="scripts/record", add_help=False)
    commands = top.add_subparsers(dest="command", required=True)
    one = commands.add_parser("save", add_help=False)
    one.add_argument("device")
    one.add_argument("file")
    one.add_argument("--now", action="store_true")
    one.set_defaults(run=save)
    one = commands.add_parser("show", add_help=False)
    one.add_argument("file")
    one.set_defaults(run=show_file)
    one = commands.add_parser("replay", add_help=False)
    one.add_argument("file")
    one.add_argument("disk")
    one.add_argument("--until")
    kind = one.add_mutually_exclusive_group()
    kind.add_argument("--crash", type=int)
    kind.add_argument("--pace", action="store_true")
    one.set_defaults(run=replay_file)
    one = commands.add_parser("export", add_help=False)
    one.add_argument("--dm-log-writes", action="store_true", required=True)
    one.add_argument("file")
    one.add_argument("out")
    one.set_defaults(run=export)
    one = commands.add_parser("import", add_help=False)
    one.add_argument("--blktrace", action="store_true", required=True)
    one.add_argument("traces", nargs="+")
    one.set_defaults(run=import_trace)
    return top


def main(words):
    args = parser().parse_args(words)
    try:
        args.run(args)
    except record.BadRecord as error:
        place = args.device if args.run is save else args.file
        print(f"record: {place}: {error}", file=sys.stderr)
        return 1
    except (replay.CannotReplay, OSError) as error:
        print(f"record: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
