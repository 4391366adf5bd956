# SPDX-License-Identifier: GPL-2.0
"""Records for tests, with bytes made by hand, not by what is tested."""

import contextlib
import io
import struct
import zlib

import main
import record

HEAD = 64
ENTRY = 72


def sealed(body):
    return body + struct.pack("<I", zlib.crc32(body))


def head(nr_sects=64, block=512, flags=record.CACHE, version=1, size=ENTRY, magic=b"MQBLKREC",
         reserved=bytes(20)):
    return sealed(struct.pack("<8sIIQQII20s", magic, version, size, nr_sects, 7, block, flags,
                              reserved))


def entry(seq, op, first=0, nr=0, data=b"", began=None, came=None, ends=None, flags=0,
          status=0, done=None, crc=None, reserved=0):
    began = seq - 1 if began is None else began
    came = seq * 100 if came is None else came
    ends = came + 1 if ends is None else ends
    done = nr if done is None else done
    crc = (zlib.crc32(data) if data else 0) if crc is None else crc
    return sealed(struct.pack("<QQQQQIIIBBHHHII", seq, began, came, ends, first, nr, done,
                              len(data), op, reserved, flags, status, 0, crc, 0)) + data


def write(seq, first, char, nr=1, **more):
    return entry(seq, record.WRITE, first, nr * 512, char.encode() * (nr * 512), **more)


def end(seq):
    return entry(seq, record.END, began=seq)


def run(*args):
    """Exit code, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main.main([str(arg) for arg in args])
    return code, out.getvalue(), err.getvalue()
