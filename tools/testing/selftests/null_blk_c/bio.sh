#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# queue_mode 0: bios without requests do what requests do: data, flush, discard, write
# zeroes, limits of size, the timer, accounting. Removal of a disk whose bios wait
# is in throttle.sh.
#
#@group data

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

# run_fio : one after the other, on parts of the disk
run_fio() {
	fio --filename=/dev/d --direct=1 --ioengine=libaio --iodepth=16 --rw=randwrite \
		--size=8m --verify=crc32c --verify_fatal=1 --stonewall \
		--name=small --bs=4k --name=large --offset=8m --bs=256k \
		--name=flushes --offset=16m --bs=4k --fsync=8
}
field() { awk -v name="$1" -v f="$2" '$3 == name { print $f }' /proc/diskstats; }

require_cmd fio mkfs.ext4 blkdiscard
nbc_load nr_devices=0
check "queue_mode 1 is refused" expect_errno EINVAL nbc_disk d queue_mode=1
rmdir "$NBC_ROOT/d"

for irqmode in 0 1 2; do
	nbc_disk d size=64 memory_backed=1 discard=1 queue_mode=0 irqmode=$irqmode \
		completion_nsec=200000 blocksize=4096 max_sectors=64
	check "irqmode $irqmode: there are no hardware queues" test ! -e /sys/block/d/mq
	check "4k, 256k and flushes, verified" run_fio
	check "discard" blkdiscard -o 4096 -l 1048576 /dev/d
	check_eq "reads as zeroes" \
		"$(dd if=/dev/d bs=4k skip=1 count=256 iflag=direct status=none | tr -d '\0' | wc -c)" 0
	check "write zeroes" blkdiscard -z -o 0 -l 8192 /dev/d
	nbc_destroy d
done

nbc_disk d size=64 memory_backed=1 queue_mode=0 irqmode=2 completion_nsec=50000000
reads=$(field d 4)
start=${EPOCHREALTIME/[.,]/}
dd if=/dev/d of=/dev/null bs=4k count=4 iflag=direct status=none
check "the timer delays each" test $((${EPOCHREALTIME/[.,]/} - start)) -ge 200000
check_eq "reads are counted" $(($(field d 4) - reads)) 4
# The block core takes these times in jiffies, of up to 10 ms: each of the four may be
# counted up to one jiffy short.
check "with their time" test "$(field d 7)" -ge 160
echo 0 >/sys/block/d/queue/iostats
reads=$(field d 4)
dd if=/dev/d of=/dev/null bs=4k count=4 iflag=direct status=none
check_eq "not with iostats off" $(($(field d 4) - reads)) 0
check_eq "and nothing is left in flight" "$(xargs </sys/block/d/inflight)" "0 0"
echo 1 >/sys/block/d/queue/iostats
check "a file system" mkfs.ext4 -q /dev/d
check "submit_queues cannot change" expect_errno EINVAL nbc_set d submit_queues=2
nbc_destroy d
