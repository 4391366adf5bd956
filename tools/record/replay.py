# SPDX-License-Identifier: GPL-2.0
"""What of a record is done again: up to an entry, or what a crash there may leave.

A flush protects what had ended when the disk began with it; FUA protects its own write, and a
disk without a cache all of them. A power-off that lost nothing protects all before it. All
else may be lost, each write as a whole, or blocks of it. What stays is done in the order of
the record, which is that in which the disk did it.
"""

import dataclasses
import random

import record

# In seconds: not all that a record can say is what sleep() takes.
MAX_WAIT = 1 << 30

CHANGES = (record.WRITE, record.DISCARD, record.SECURE_ERASE, record.WRITE_ZEROES)


class CannotReplay(Exception):
    """Why that is not possible."""


@dataclasses.dataclass
class Plan:
    """Which entries are done.

    @last: number of the last entry that had ended
    @torn: by number, which ranges of bytes are done, for those of which not all are
    @dropped: numbers of those of which nothing is done
    @begun: numbers of those that had begun, and not ended
    """
    last: int
    size: int
    torn: dict = dataclasses.field(default_factory=dict)
    dropped: set = dataclasses.field(default_factory=set)
    begun: set = dataclasses.field(default_factory=set)
    durable: int = 0
    volatile: int = 0

    def takes(self, entry):
        wanted = entry.seq <= self.last or entry.seq in self.begun
        return wanted and entry.seq not in self.dropped

    def __str__(self):
        return (f"a crash after entry {self.last}: {self.durable} durable, of {self.volatile} "
                f"others {len(self.dropped)} lost and {len(self.torn)} torn")


def changes(entry):
    return entry.op in CHANGES and entry.done > 0


def protects(entry):
    """Makes it durable what had ended: a flush, or a power-off that lost nothing?"""
    if entry.op == record.STOP:
        return entry.flags & (record.POWER | record.CACHE) == record.POWER
    return entry.op == record.FLUSH and not entry.status


def read_all(reader):
    """All entries, without the data written; @has_data says whether there is some."""
    entries = []
    for _, entry in reader.entries():
        entry.has_data = bool(entry.data)
        if entry.op != record.MARK:
            entry.data = b""
        entries.append(entry)
    return entries


def again(file, entries):
    """Yields the entries of read_all() with their data, from a file that is what it was then."""
    file.seek(0)
    seen = iter(entries)
    for _, entry in record.Reader(file).entries():
        if entry != next(seen, None):
            raise CannotReplay(f"the file has changed, at entry {entry.seq}")
        yield entry
    if next(seen, None):
        raise CannotReplay("the file has changed, and is shorter")


def find(entries, until):
    """The number of an entry: as it is, or the first mark with that text."""
    if until is None:
        return entries[-1].seq if entries else 0
    if until.isdecimal():
        nr = int(until)
        if not any(entry.seq == nr for entry in entries) and nr:
            raise CannotReplay(f"there is no entry {nr}")
        return nr
    for entry in entries:
        if entry.op == record.MARK and entry.data.decode(errors="replace") == until:
            return entry.seq
    raise CannotReplay(f'there is no mark "{until}"')


def check(entries, last, needs_data):
    """Refuses what is not whole up to the last entry."""
    gap = None
    for entry in entries:
        if entry.seq > last:
            return
        if gap and (changes(entry) or entry.op in record.ZONES):
            raise CannotReplay(f"{gap}; use --until {entry.seq - 1} or less")
        if entry.op == record.LOST:
            least = entry.seq - entry.first
            raise CannotReplay(f"entries {least + 1} to {entry.seq} are lost; "
                               f"use --until {least} or less")
        if entry.op == record.STOP:
            gap = _gap_of_stop(entry, gap)
        if entry.op in record.ZONES:
            raise CannotReplay(f"entry {entry.seq} is {entry.name}: zones are not replayed")
        if needs_data and entry.op == record.WRITE and entry.done and not entry.has_data:
            raise CannotReplay(f"entry {entry.seq} is a write without its data: record data, "
                               "or use --pace")


def _gap_of_stop(entry, gap):
    if not entry.flags & record.POWER:
        return f"nothing was recorded for a while after entry {entry.seq}"
    if not protects(entry):
        return f"the power went at entry {entry.seq}, and what was not flushed"
    return gap


def size_of(head, entries, last):
    """Size of the disk in bytes, as far as it is known."""
    sects = head.nr_sects
    for entry in entries:
        if entry.seq > last:
            break
        if entry.op == record.DISK:
            sects = entry.first
        if changes(entry):
            sects = max(sects, entry.first + entry.done // record.SECTOR)
    return sects * record.SECTOR


class Crash:
    """What a crash after an entry may lose.

    @volatile: those that it may lose, in order, each with the size of the disk's blocks then
    @durable: how many it may not
    """

    def __init__(self, head, entries, last):
        self.volatile = []
        self.durable = 0
        self._last = last
        self._block = head.block_bytes
        self._cache = bool(head.flags & record.CACHE)
        self._lost = False
        for entry in entries:
            self._take(entry)

    def _take(self, entry):
        if entry.seq > self._last:
            if changes(entry) and entry.began < self._last:
                self._add(entry)
        elif entry.op == record.DISK:
            self._block, self._cache = entry.len, bool(entry.flags & record.CACHE)
        elif protects(entry):
            # What may be gone already is protected no more.
            if not self._lost:
                self._protect(entry)
        elif entry.op == record.STOP:
            self._lost = True
        elif not changes(entry):
            return
        elif not self._cache or entry.flags & record.FUA:
            self.durable += 1
        else:
            self._add(entry)

    def _add(self, entry):
        self.volatile.append((entry, self._block or record.SECTOR))

    def _protect(self, by):
        # Who switches off ends what a timer delays.
        left = [] if by.op == record.STOP else [
            one for one in self.volatile
            if one[0].seq > by.began or one[0].ends_ns > by.came_ns]
        self.durable += len(self.volatile) - len(left)
        self.volatile = left


def plan(head, entries, until, seed=None, needs_data=True):
    """What is done up to an entry or, with a seed, what a crash there leaves.

    With a seed alone, the entry is one that the seed chooses.
    """
    last = find(entries, until)
    rng = random.Random(seed)
    if seed is not None and until is None and entries:
        last = rng.choice(entries).seq
    check(entries, last, needs_data)
    made = Plan(last, size_of(head, entries, last))
    if seed is None:
        return made
    crash = Crash(head, entries, last)
    made.durable = crash.durable
    made.volatile = len(crash.volatile)
    made.begun = {entry.seq for entry, _ in crash.volatile if entry.seq > last}
    for entry, block in crash.volatile:
        _lose(made, entry, block, rng)
    for entry, _ in crash.volatile:
        made.size = max(made.size, entry.first * record.SECTOR + entry.done)
        if needs_data and entry.op == record.WRITE and not entry.has_data:
            raise CannotReplay(f"entry {entry.seq} is a write without its data")
    return made


def _lose(made, entry, block, rng):
    """Half of the writes stay; of those with several blocks, a quarter is torn, unless it is atomic."""
    blocks = entry.done // block
    if rng.random() < 0.5:
        made.dropped.add(entry.seq)
    elif blocks > 1 and not entry.flags & record.ATOMIC and rng.random() < 0.25:
        made.torn[entry.seq] = [(nr * block, (nr + 1) * block) for nr in range(blocks)
                                if rng.random() < 0.5]


def apply(entry, made, target):
    """Does an entry again on the target."""
    at = entry.first * record.SECTOR
    for first, end in made.torn.get(entry.seq, [(0, entry.done)]):
        if entry.op == record.WRITE:
            target.write(at + first, entry.data[first:end] or bytes(end - first))
        else:
            target.zero(at + first, end - first)


def run(entries, made, target):
    """Does what the plan says; returns how many entries that were."""
    nr = 0
    target.grow(made.size)
    for entry in entries:
        if changes(entry) and made.takes(entry):
            apply(entry, made, target)
            nr += 1
    target.sync()
    return nr


def run_paced(entries, made, target, clock, sleep):
    """As run(), with reads and at the times of the record; returns the greatest delay too."""
    nr, begin, late = 0, None, 0
    target.grow(made.size)
    for entry in entries:
        if entry.op >= record.DISK or not made.takes(entry):
            continue
        begin = clock() - entry.came_ns / 1e9 if begin is None else begin
        wait = begin + entry.came_ns / 1e9 - clock()
        if wait > 0:
            sleep(min(wait, MAX_WAIT))
        late = max(late, -wait)
        if entry.op == record.READ:
            target.read(entry.first * record.SECTOR, entry.len)
        elif entry.op == record.FLUSH:
            target.sync()
        elif changes(entry):
            apply(entry, made, target)
        nr += 1
    target.sync()
    return nr, late
