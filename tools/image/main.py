# SPDX-License-Identifier: GPL-2.0
"""scripts/image: saves disks to files and loads them; usage.txt says how."""

import os
import sys
import tempfile

import disk
import image


def _complain(what, code):
    print(f"image: {what}", file=sys.stderr)
    return code


def _say(what):
    print(f"image: {what}")


def _write_image(source, file):
    writer = image.Writer(file, source.size)
    stored = 0
    for pos, data in source.chunks():
        for first, end in image.extents(data):
            writer.add(pos + first, data[first:end])
            stored += end - first
    writer.end()
    return stored


def save(source_path, path):
    """All of the image is in a file of its own before it gets its name."""
    with disk.Disk(source_path, os.O_RDONLY) as source:
        folder = os.path.dirname(os.path.abspath(path))
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".image-", delete=False) as file:
            try:
                stored = _write_image(source, file)
                file.flush()
                os.fsync(file.fileno())
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise
        _say(f"{path}: {source.size} bytes, of which {stored} are not zeroes")


def _measure(file):
    """Reads all of an image; BadImage if it is not whole. Returns what it says."""
    reader = image.Reader(file)
    stored = sum(len(data) for _, data in reader.pieces())
    return reader.size, stored


def check(path):
    with open(path, "rb") as file:
        size, stored = _measure(file)
    _say(f"{path}: {size} bytes, of which {stored} are not zeroes")


def _fill(target, file):
    reader = image.Reader(file)
    target.clear(reader.size)
    end = 0
    for pos, data in reader.pieces():
        target.zero(end, pos)
        target.write(pos, data)
        end = pos + len(data)
    target.zero(end, target.size)
    target.sync()


def load(path, target_path):
    with open(path, "rb") as file:
        size, stored = _measure(file)
        if not os.path.exists(target_path):
            with open(target_path, "xb"):
                pass
        with disk.Disk(target_path, os.O_RDWR) as target:
            if target.is_block and target.size < size:
                raise OSError(f"{target_path} has {target.size} bytes, the image needs {size}")
            file.seek(0)
            _fill(target, file)
    _say(f"{target_path}: {size} bytes, of which {stored} are not zeroes")


COMMANDS = {"save": (save, 2), "load": (load, 2), "check": (check, 1)}


def main(args):
    command, nr = COMMANDS.get(args[0] if args else "", (None, 0))
    if not command or len(args) - 1 != nr:
        return _complain("use save DISK FILE, load FILE DISK or check FILE; see --help", 2)
    try:
        command(*args[1:])
    except image.BadImage as error:
        return _complain(f"{args[2 if command is save else 1]}: {error}", 1)
    except OSError as error:
        return _complain(error, 1)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
