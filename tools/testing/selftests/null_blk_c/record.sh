#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a disk is asked for is recorded and read as a file: in both queue modes, with order,
# flags and data. A replay gives the same disk; so does the log for dm-log-writes. A ring that
# is full stops no I/O, and says what is lost. Who reads waits for more, and comes to the end
# when the power goes, also if its device is gone by then. Who is told to stop keeps what he has;
# while one waits, others may ask whether there is something. A damaged record is refused, and
# the disk stays as it was, and so is one where the power took what was not flushed.
#@group data
#@long
#@timeout 480

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

record() { "$SELFTEST_TOP/scripts/record" "$@"; }
sum() { dd if="/dev/$1" bs=1M iflag=direct status=none | sha256sum; }
put() { dd if=/dev/urandom of=/dev/d bs=4k oflag=direct conv=notrunc status=none "$@"; }
# shown FILE : operations that change something, without numbers and times
shown() { record show "$1" | cut -d ' ' -f 5- | grep -E '^(write|flush|mark|stop)'; }
# bare FILE : likewise, in a line, without the flags that depend on who writes
bare() { shown "$1" | sed -E 's/(PREFLUSH|SYNC),?//g; s/[ ,]+$//' | one_line; }
# begun TEXT : the file that is being saved has an operation of that name
begun() { [[ $("$SELFTEST_TOP/scripts/record" show "$dir"/.record-* 2>/dev/null) == *" $1 "* ]]; }
# refused REGEX ARGUMENT... : it fails, and says so in one line
refused() {
	local said why=$1
	shift
	if said=$(record "$@" 2>&1) || [[ ! $said =~ $why || $said == *$'\n'* ]]; then
		echo "$said"
		return 1
	fi
}

[[ -x $SELFTEST_TOP/scripts/record && -x /usr/bin/python3 ]] ||
	skip_all "no scripts/record, or no Python"
dir=$(mktemp -d)
at_exit rm -rf "$dir"

# Writes, FUA writes, flushes, discards and zeroes, which overlap.
cat >"$dir/load" <<'END'
import array, fcntl, mmap, os, random, sys
rng = random.Random(5)
fds = [os.open(sys.argv[1], os.O_RDWR | os.O_DIRECT | more) for more in (0, os.O_DSYNC)]
memory = mmap.mmap(-1, 65536)
for _ in range(200):
    nr, at = rng.randrange(1, 17) * 4096, rng.randrange(200) * 4096
    kind = rng.randrange(10)
    if kind < 7:
        memory[:nr] = rng.randbytes(nr)
        os.pwritev(fds[kind == 6], [memoryview(memory)[:nr]], at)
    elif kind == 7:
        os.fsync(fds[0])
    else:
        fcntl.ioctl(fds[0], (0x1277, 0x127f)[kind - 8], array.array("Q", [at, nr]))
END
# Takes the log for dm-log-writes, and makes what it says of a file of zeroes.
cat >"$dir/take" <<'END'
import struct, sys
log, disk = open(sys.argv[1], "rb"), open(sys.argv[2], "wb")
magic, version, nr, size = struct.unpack("<QQQI", log.read(512)[:28])
assert (magic, version, size) == (0x6a736677736872, 1, 512)
disk.truncate(int(sys.argv[3]))
for _ in range(nr):
    first, sectors, flags, _ = struct.unpack("<QQQQ", log.read(512)[:32])
    disk.seek(first * 512)
    disk.write(bytes(sectors * 512) if flags & 4 else log.read(sectors * 512))
assert not log.read(1)
END

# Two use the file at once: while one waits for something to read, the other asks for it.
cat >"$dir/two" <<'END'
import os, select, sys, threading
fd = os.open(sys.argv[1], os.O_RDONLY)
poll = select.poll()
poll.register(fd, select.POLLIN)
while poll.poll(0):
    os.read(fd, 1 << 20)
thread = threading.Thread(target=os.read, args=(fd, 1), daemon=True)
thread.start()
state = ""
while state != "S":
    with open(f"/proc/self/task/{thread.native_id}/stat") as file:
        state = file.read().rpartition(")")[2].split()[0]
for _ in range(50):
    poll.poll(10)
os.set_blocking(fd, False)
try:
    os.read(fd, 1)
except BlockingIOError:
    pass
print("asked", flush=True)
thread.join()
END

nbc_load nr_devices=0
for mode in 2 0; do
	what="queue_mode $mode:"
	nbc_create d size=16 memory_backed=1 cache_size=8 queue_mode=$mode record=data
	nbc_power d 1
	put seek=3 count=1
	put seek=4 count=1 conv=notrunc,fsync
	nbc_set d "record=mark half way"
	put seek=5 count=1 oflag=direct,dsync
	blkdiscard -z -o 40960 -l 8192 /dev/d
	nbc_power d 0
	check "$what it is saved" record save d "$dir/short"
	check_eq "$what all is there, in order" \
		"$(bare "$dir/short")" \
		"write 24 8 data=4096 write 32 8 data=4096 flush 0 0 mark half way write 40 8 data=4096 FUA flush 0 0 write_zeroes 80 16 stop POWER"
	check "$what what was saved is gone" record save d "$dir/rest"
	check_eq "$what and there is no more" "$(record show "$dir/rest")" ""
	nbc_destroy d

	nbc_create d size=16 memory_backed=1 discard=1 cache_size=8 queue_mode=$mode record=data
	nbc_power d 1
	record save d "$dir/waits" >"$dir/said" 2>&1 &
	saver=$!
	/usr/bin/python3 "$dir/load" /dev/d
	disk=$(sum d)
	nbc_power d 0
	ended=0
	wait $saver || ended=$?
	check_eq "$what who reads comes to the end at power-off" $ended 0
	nbc_disk e size=16 memory_backed=1 queue_mode=$mode
	check "$what it is replayed" record replay "$dir/waits" /dev/e
	check_eq "$what which gives the same disk" "$(sum e)" "$disk"
	check "$what it is exported" record export --dm-log-writes "$dir/waits" "$dir/log"
	check "$what the log can be taken" /usr/bin/python3 "$dir/take" "$dir/log" "$dir/taken" $((16 << 20))
	check_eq "$what and gives the same disk" "$(sha256sum <"$dir/taken")" "$disk"
	nbc_destroy d
	nbc_destroy e
done

nbc_create d size=16 memory_backed=1 cache_size=8 record=data
nbc_power d 1
put seek=1 count=1
nbc_power d 0
nbc_power d 1
put seek=2 count=1
nbc_power d 0
check "it is saved, with a power cut" record save d "$dir/cut"
check "which took something, so it is not replayed" \
	refused "the power went at entry [0-9]+, and what was not flushed; use --until" \
	replay "$dir/cut" "$dir/file"
nbc_power d 1
put seek=1 count=1 conv=notrunc,fsync
nbc_power d 0
nbc_power d 1
put seek=2 count=1
nbc_power d 0
check "it is saved, with one that took nothing" record save d "$dir/cut"
check "so it is replayed" record replay "$dir/cut" "$dir/file"
rm "$dir/file"

# As a disk without a cache, and as one whose power-off lost nothing, and then with more.
nbc_set d cache_size=0
nbc_power d 1
put seek=1 count=16
nbc_power d 0
nbc_set d cache_size=8
nbc_power d 1
put seek=32 count=1
nbc_set d "record=mark more"
durable=$(dd if=/dev/d bs=4k skip=1 count=16 iflag=direct status=none | sha256sum)
nbc_power d 0
check "it is saved, with a cache that came later" record save d "$dir/later"
for seed in 1 2 3 4; do
	check "crash $seed is replayed" record replay "$dir/later" "$dir/file" --until more --crash $seed
	check_eq "crash $seed loses nothing that was written without a cache" \
		"$(dd if="$dir/file" bs=4k skip=1 count=16 status=none | sha256sum)" "$durable"
	rm "$dir/file"
done

nbc_power d 1
/usr/bin/python3 "$dir/two" /sys/kernel/debug/null_blk_c/d/record >"$dir/said" 2>&1 &
waiting=$!
check "while one waits to read, another asks" wait_until 20 grep -qx asked "$dir/said"
nbc_power d 0
check_wait "who waited comes to the end" $waiting
check "what he left is saved" record save d "$dir/rest"

nbc_power d 1
exec {reader}<"/sys/kernel/debug/null_blk_c/d/record"
put seek=1 count=1
nbc_destroy d
cat <&"$reader" >"$dir/gone"
exec {reader}<&-
check_eq "a file that is open is read to its end when its device is gone" \
	"$(bare "$dir/gone")" "write 8 8 data=4096 stop CACHE,POWER"

nbc_create d size=16 memory_backed=1 record=data
nbc_power d 1
"$SELFTEST_TOP/scripts/record" save d "$dir/stopped" >"$dir/said" 2>&1 &
saver=$!
put seek=1 count=1
check "who saves has what is written" wait_until 20 begun write
kill -TERM $saver
check_wait "who is told to stop" $saver
check_eq "keeps what he has" "$(bare "$dir/stopped")" "write 8 8 data=4096"
nbc_destroy d

nbc_create d size=16 memory_backed=1 record_mb=1 record=data
nbc_power d 1
put count=1024
nbc_set d record=off
check "a full ring stops no I/O, and is saved" record save d "$dir/full" --now
check "it says what is lost" grep -q " lost entries=" <(record show "$dir/full")
check "that is not replayed" refused "entries [0-9]+ to [0-9]+ are lost; use --until" \
	replay "$dir/full" "$dir/file"
check "nothing is made of it" test ! -e "$dir/file"
check "up to there it is" record replay "$dir/full" "$dir/file" --until 4
check "record_mb can change, as all was read" nbc_set d record_mb=2 record=on
exec {reader}<"/sys/kernel/debug/null_blk_c/d/record"
check "only one reads" refused "busy" save d "$dir/file" --now
exec {reader}<&-
check "what is not known is refused" expect_errno EINVAL nbc_set d record=all
check "nor is a mark without a text" expect_errno EINVAL nbc_set d "record=mark "
check "what is being recorded is not forgotten" expect_errno EBUSY nbc_set d record=forget
nbc_set d record=off record=forget
check "otherwise it is" record save d "$dir/rest"
check_eq "all of it" "$(record show "$dir/rest")" ""

disk=$(sum d)
for at in 4 70 90 5000; do
	cp "$dir/waits" "$dir/bad"
	printf '\xa5' | dd of="$dir/bad" bs=1 seek=$at conv=notrunc status=none
	check "a record with a wrong byte at $at is refused" refused "byte [0-9]+: " \
		replay "$dir/bad" /dev/d
done
truncate -s 100000 "$dir/bad"
check "so is one that was cut short" refused "byte [0-9]+: " replay "$dir/bad" /dev/d
check_eq "the disk is what it was" "$(sum d)" "$disk"
nbc_destroy d
