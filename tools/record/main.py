# SPDX-License-Identifier: GPL-2.0
"""scripts/record: saves records of disks, shows and replays them; usage.txt says how."""

import argparse
import contextlib
import os
import sys
import tempfile
import time

import blktrace
import dmlog
import record
import replay
import save
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


def _source(device):
    return device if os.path.exists(device) else f"{DEBUGFS}/{device}/record"


def save_record(args):
    path = _source(args.device)
    counts = save.save(path, args.file, args.now)
    _say(f"{args.file}: {counts}")


def show_file(args):
    with open(args.file, "rb") as file:
        reader = record.Reader(file)
        for line in show.lines(reader):
            print(line)


def _read_all(file):
    """All of a file is looked at before anything is done with it."""
    reader = record.Reader(file)
    return reader.head, replay.read_all(reader)


def replay_file(args):
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(open(args.file, "rb"))
        head, entries = _read_all(file)
        plan = replay.plan(head, entries, args.until, args.crash, not args.pace)
        disk = stack.enter_context(target.Target(args.disk))
        again = replay.again(file, entries)
        if args.pace:
            nr, late = replay.run_paced(again, plan, disk, time.monotonic, time.sleep)
            _say(f"{args.disk}: {nr} operations done, at most {late:.3f} s late")
            return
        nr = replay.run(again, plan, disk)
    if args.crash is not None:
        _say(f"{args.disk}: {plan}")
    else:
        _say(f"{args.disk}: {nr} operations done, up to entry {plan.last}")


def export(args):
    with open(args.file, "rb") as file:
        head, entries = _read_all(file)
        last = entries[-1].seq if entries else 0
        replay.check(entries, last, True)
        with new_file(args.out) as out:
            nr = dmlog.export(file, head, entries, out)
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
    one.set_defaults(run=save_record)
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
    except (record.BadRecord, save.Kept) as error:
        place = args.device if args.run is save_record else args.file
        print(f"record: {place}: {error}", file=sys.stderr)
        return 1
    except (replay.CannotReplay, OSError) as error:
        print(f"record: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(main(sys.argv[1:]))
