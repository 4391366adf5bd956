# SPDX-License-Identifier: GPL-2.0
"""What a device has recorded goes to a file.

What was read is not there any more, so whatever happens, what has come is kept: under its name
and with an end, if somebody stops it or the source or the disk has no more; else without one,
under a name that says that it is a part.
"""

import contextlib
import io
import os
import select
import signal
import tempfile

import record
import show

STOPS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Signals that are to end it, for who reads to look at in between: none interrupts it.

    A second one does what it always did. One that was ignored still is.
    """

    def __init__(self):
        self.wanted = False
        self._before = {nr: handler for nr, handler in ((nr, signal.getsignal(nr)) for nr in STOPS)
                        if handler not in (signal.SIG_IGN, None)}

    def fileno(self):
        """For select(): something is to be read there when a signal has come."""
        return self._pipe[0]

    def _handle(self, nr, _):
        self.wanted = True
        signal.signal(nr, self._before[nr])

    def __enter__(self):
        self._pipe = os.pipe()
        os.set_blocking(self._pipe[1], False)
        self._wakeup = signal.set_wakeup_fd(self._pipe[1], warn_on_full_buffer=False)
        for nr in self._before:
            signal.signal(nr, self._handle)
        return self

    def __exit__(self, *_):
        for nr, before in self._before.items():
            signal.signal(nr, before)
        signal.set_wakeup_fd(self._wakeup)
        for fd in self._pipe:
            os.close(fd)


class Source(io.RawIOBase):
    """What can be read from a file, until somebody wants to stop; with @now, what is there.

    An error comes to its end, too, and is in @error. @stopped: there may be more.
    """

    def __init__(self, fd, now, stop):
        self._fd = fd
        self._now = now
        self._stop = stop
        self.stopped = False
        self.error = None

    def readable(self):
        return True

    def _read(self, nr):
        while not self._stop.wanted:
            try:
                return os.read(self._fd, nr)
            except BlockingIOError:
                if self._now:
                    return b""
                select.select([self._fd, self._stop], [], [])
        self.stopped = True
        return b""

    def readinto(self, into):
        try:
            data = self._read(len(into))
        except OSError as error:
            self.error = error
            self.stopped = True
            return 0
        into[:len(data)] = data
        return len(data)


class Sink:
    """A file without a buffer, of which only what is whole stays."""

    def __init__(self, file):
        self._file = file
        self.whole = 0

    def write(self, data):
        view = memoryview(data)
        while view:
            view = view[self._file.write(view):]
        self.whole += len(data)

    def cut(self):
        """Takes away what was written in part."""
        self._file.truncate(self.whole)
        self._file.seek(self.whole)


class Kept(Exception):
    """What has come is kept, but it is not all, and why."""


class Save:
    """A record on its way from a source to a file."""

    def __init__(self, source, live, path):
        self._source = source
        self._path = path
        self._sink = None
        self.reader = record.Reader(io.BufferedReader(source, 1 << 20), live=live)
        self.counts = show.Counts()
        self._nr = 0

    def _copy(self, writer):
        for _, entry in self.reader.entries():
            writer.add(entry)
            self.counts.add(entry)
            self._nr += 1

    def _fill(self):
        """Returns the error after which nothing comes any more, or None."""
        error = None
        writer = record.Writer(self._sink, self.reader.head)
        try:
            self._copy(writer)
        except record.EndsEarly:
            # An entry that was read in part is still there for the next one.
            if not self._source.stopped:
                raise
        except OSError as problem:
            error = problem
            self._sink.cut()
        writer.end()
        return error or self._source.error

    def _keep(self, name):
        """Nothing is lost if nothing had come."""
        if not self._nr:
            os.unlink(name)
            return ""
        with contextlib.suppress(OSError):
            self._sink.cut()
        part = f"{self._path}.part"
        if os.path.exists(part):
            part = name
        else:
            os.rename(name, part)
        return f"; {self._nr} entries that had come are in {part}, without an end"

    def run(self):
        folder = os.path.dirname(os.path.abspath(self._path))
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".record-", delete=False,
                                         buffering=0) as file:
            self._sink = Sink(file)
            try:
                error = self._fill()
                os.fsync(file.fileno())
                os.replace(file.name, self._path)
            except BaseException as problem:
                kept = self._keep(file.name)
                if not kept:
                    raise
                raise Kept(f"{problem or type(problem).__name__}{kept}") from problem
        if error:
            raise Kept(f"{error}; {self._path} has what came before: {self.counts}")


def save(path, to, now):
    """Returns how much there was of what."""
    with contextlib.ExitStack() as stack:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        stack.callback(os.close, fd)
        stop = stack.enter_context(Stop())
        source = Source(fd, now, stop)
        try:
            saving = Save(source, now, to)
        except record.EndsEarly as error:
            raise source.error or error
        saving.run()
        return saving.counts
