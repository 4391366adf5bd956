#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Latency models: operations take at least as long as the model says, by operation and size;
# channels, buffer and stalls; live, on a mounted and busy disk; power-off does not wait; in
# both queue modes. Bad texts change nothing, and the log says where they are bad.
# latency_dist.sh looks at distributions.
#@group limits
#@long
#@timeout 240

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/load.sh
. "$(dirname "$0")/../lib/load.sh"

# text LINE... : of a model
text() { printf '%s\n' "latency 1" "$@" end; }
# model LINE... : is in force from now on
model() { nbc_set d "latency=$(text "$@")"; }
# model_from FILE
model_from() { cat "$1" >"$NBC_ROOT/d/latency"; }
umount_quietly() { ! mountpoint -q "$1" || umount "$1"; }
# took COMMAND... : how many ms
took() {
	local begin=${EPOCHREALTIME/[.,]/}
	"$@" >&2
	echo $(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
}
io() {
	local of=(if=/dev/zero of=/dev/d oflag=direct conv=notrunc)
	[[ $1 == write ]] || of=(if=/dev/d of=/dev/null iflag=direct)
	dd "${of[@]}" "bs=$2" count="${3:-1}" status=none
}
require_unloadable mqblk_load
nbc_load nr_devices=0
require_load
load_set disks=/dev/d span_bytes=$((4 << 20)) batch=1 jobs=1 block_bytes=4096

for mode in 2 0; do
	nbc_disk d size=64 memory_backed=1 cache_size=8 queue_mode=$mode
	check_eq "queue_mode $mode: no model at first" "$(nbc_get d latency)" ""
	check "a model" model "op=READ percentiles=1:10000,99.5:20000"
	check_eq "reads as it was written" "$(nbc_get d latency)" \
		"$(text "op=READ percentiles=1:10000,99.5:20000")"
	check "by size" model "op=READ bytes=4096 fixed=1000000" "op=READ fixed=2000000000" \
		"op=FLUSH fixed=200000000" "op=WRITE fixed=100000000"
	check "4k is quick" test "$(took io read 4k)" -lt 1800
	check "64k is slow" test "$(took io read 64k)" -ge 2000
	check "a write has a time of its own" test "$(took io write 4k)" -ge 100
	check "a flush adds its own" test "$(took dd if=/dev/zero of=/dev/d bs=4k count=1 \
		oflag=direct conv=fsync,notrunc status=none)" -ge 300

	check "two channels" model channels=2 "op=ANY fixed=100000000"
	check "at depth 8" load_run write_percent=0 depth=8 batch=8 ios=32
	took=$(($(load_result elapsed_ns) / 1000000))
	check "do 2 in 100 ms: 32 took $took ms" test $took -ge 1590
	check "and waste little time" test $took -lt 3100
	check "channels by address" model "channels=4 stripe=1073741824" "op=ANY fixed=100000000"
	check "of which only one is used" load_run ios=16
	check "which takes as long" test "$(load_result elapsed_ns)" -ge 1590000000
	load_set batch=1

	check "a buffer of 1 MiB, drained in four seconds" \
		model "buffer=1048576 drain=262144 flush" "op=WRITE+FLUSH fixed=0"
	check "1 MiB is quick" test "$(took io write 64k 16)" -lt 3500
	check "the rest has to wait" test "$(took io write 64k 16)" -ge 500
	check "and a flush until it is empty" test "$(took dd if=/dev/zero of=/dev/d bs=512 count=1 \
		oflag=direct conv=fsync,notrunc status=none)" -ge 1000

	check "a stall of 600 ms in each second" \
		model seed=5 "stall=600000000 every=1000000000" "op=READ fixed=1000"
	check "a second and a half of reads" load_run latency=1 write_percent=0 depth=1 ios=0 \
		time_ms=1500
	check "meet one: $(load_result latency_max_ns) ns" \
		test "$(load_result latency_max_ns)" -ge 100000000
	check "of at most 600 ms" test "$(load_result latency_max_ns)" -lt 900000000
	load_set time_ms=0 latency=0

	check "off" nbc_set d latency=off
	check_eq "no model" "$(nbc_get d latency)" ""

	# What takes a day ends with the power.
	model "op=WRITE fixed=86400000000000"
	io write 4k &
	check "a write waits" wait_until 20 disk_is_busy d
	check "power-off does not" nbc_power d 0
	check_wait "it has ended well" $!
	check "and power-on does not" nbc_power d 1
	check_eq "the model is still there" "$(nbc_get d latency)" \
		"$(text "op=WRITE fixed=86400000000000")"
	model "op=WRITE fixed=1000000"
	check "channels are free again" test "$(took io write 4k)" -lt 60000
	if ((mode == 2 && QUEUES == 2)); then
		model "op=WRITE fixed=86400000000000"
		io write 4k &
		check "another write waits" wait_until 20 disk_is_busy d
		check "a resize does not" nbc_set d submit_queues=2
		check_wait "it has ended well" $!
	fi
	nbc_set d latency=off

	file=$(mktemp)
	# A mounted and busy disk changes from one write to the next.
	mnt=$(mktemp -d)
	mkfs.ext4 -q /dev/d
	mount /dev/d "$mnt"
	at_exit umount_quietly "$mnt"
	(
		whatever
		while [[ -e $file ]]; do
			dd if=/dev/zero of="$mnt/busy" bs=64k count=4 conv=fsync status=none
		done
	) &
	busy=$!
	quick() { (($(took write) < 400)); }
	write() { dd if=/dev/zero of="$mnt/file" bs=4k count=1 conv=fsync status=none; }
	check "quick" write
	for _ in 1 2 3; do
		check "it gets slow" model "op=WRITE+FLUSH fixed=400000000"
		check "at the next write" test "$(took write)" -ge 400
		check "slower" model channels=1 "op=WRITE+FLUSH fixed=500000000"
		check "at the next write" test "$(took write)" -ge 500
		check "quick again" nbc_set d latency=off
		check "after those that wait" write
		check "it is" wait_until 20 quick
	done
	rm "$file"
	wait $busy
	umount "$mnt"
	rmdir "$mnt"
	nbc_destroy d
done

nbc_create d
model "op=READ fixed=1"
kept=$(nbc_get d latency)
# bad WHY LINE TEXT... : refused; the log names device, line and reason
bad() {
	local why=$1 line=$2
	shift 2
	printf '%s\n' "$@" >"$file"
	check "$why: refused" expect_errno EINVAL model_from "$file"
	check "the log says where" kmsg_has "d: latency: line $line: "
	check "and what" kmsg_has "$why"
}
file=$(mktemp)
at_exit rm -f "$file"
bad "latency 1 as the first line" 1 "op=READ fixed=1" end
bad "is not valid, use latency 1" 1 "latency 2" "op=READ fixed=1" end
bad "at least one line of op=" 3 "latency 1" end
bad "REQ_OP_" 2 "latency 1" "op=REA" end
bad "86400000000000" 3 "latency 1" "" "op=READ fixed=-1" end
bad "in order" 4 "latency 1" "# comment" "seed=1" "op=READ percentiles=50:9,40:10" end
bad "more than stall=" 2 "latency 1" "stall=10 every=10" end
bad "1 to 1024" 2 "latency 1" "channels=0" end
bad "drain=RATE" 2 "latency 1" "buffer=4096" end
bad "nothing behind end" 4 "latency 1" "op=READ fixed=1" end more
# More than configfs takes at once
printf -v long '%04200d' 0
bad "at most 4095 bytes" 3 "latency 1" "op=READ fixed=2" "#$long" "op=WRITE fixed=1" end
check_eq "nothing has changed" "$(nbc_get d latency)" "$kept"

check "a shell's parts: one that is bad" expect_errno EINVAL model seed=1 op=READ seed=2
check "the log says where" kmsg_has "d: latency: line 3: \"op=READ\" is not valid"
check_eq "once" "$(kmsg_since_start | grep -c "latency: .*one of fixed=")" 1
check_eq "nothing has changed" "$(nbc_get d latency)" "$kept"
check "rubbish" expect_errno EINVAL nbc_set d latency=rubbish
check "again" expect_errno EINVAL nbc_set d latency=rubbish
unended() { printf %s "$1" >"$NBC_ROOT/d/latency"; }
check "without a line feed, too" expect_errno EINVAL unended rubbish
check "nothing" expect_errno EINVAL nbc_set d latency=
check "without an end" nbc_set d $'latency=latency 1\nop=READ fixed=2'
check_eq "nothing is in force" "$(nbc_get d latency)" \
	"$kept"$'\n'"# a part of a model came without end, and is not in force"
check "the end" nbc_set d latency=end
check_eq "is what it needs" "$(nbc_get d latency)" "$(text "op=READ fixed=2")"
text "op=READ fixed=4" | head -n 2 >"$file"
check "a file that was cut" model_from "$file"
text "op=READ fixed=3" >"$file"
check "a whole one" model_from "$file"
check_eq "is in force" "$(nbc_get d latency)" "$(text "op=READ fixed=3")"
check "the log says what became of the other" \
	kmsg_has "d: latency: 26 bytes came without end, and are dropped"
nbc_destroy d
