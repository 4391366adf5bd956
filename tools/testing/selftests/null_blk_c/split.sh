#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# I/O larger than max_sectors, which the block layer splits: an error of any part is
# the error of the whole, whatever the parts after it say, in both queue modes and
# however they complete. Running out of memory is in enospc.sh.
#@group data
#@core

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

# io read|write KIB [POSITION] : one piece of direct I/O, POSITION in such pieces
io() {
	local of=(if=/dev/zero of=/dev/d "seek=${3-0}" oflag=direct conv=notrunc)
	[[ $1 == write ]] || of=(if=/dev/d of=/dev/null "skip=${3-0}" iflag=direct)
	dd "${of[@]}" bs="${2}k" count=1 status=none
}
bad() { nbc_set d "badblocks=$1"; }
# set_back : the write pointer of the first zone is at its start
set_back() { blkzone reset -o 0 -l 8192 /dev/d; }
write_pointer() { blkzone report -c 1 /dev/d | sed -n 's/.*wptr 0x\([0-9a-f]*\).*/\1/p'; }

# A part is 127 KiB: sectors 0 to 253, 254 to 507 and so on.
check_bad_blocks() {
	local sector op
	nbc_disk d size=16 memory_backed=1 queue_mode=$mode max_sectors=254 "$@"
	for sector in 8 260 511; do
		bad +$sector-$sector
		for op in read write; do
			check "$mode $*: $op of 256 KiB, sector $sector is bad" \
				expect_errno EIO io $op 256
		done
		check "writing zeroes to it" expect_errno EIO fallocate -z -o 0 -l 256k /dev/d
		bad -$sector-$sector
	done
	bad +8-8
	check "$mode $*: 1 MiB, the first of nine parts is bad" expect_errno EIO io write 1024
	bad -8-8
	check "all of it is good again" io read 1024
	nbc_destroy d
}

# What the page cache writes back late is told by fsync.
check_file() {
	nbc_disk d size=16 queue_mode=$mode memory_backed=1 max_sectors=254
	mkfs.ext4 -q -b 4096 -E nodiscard /dev/d
	mount /dev/d "$mnt"
	fallocate -l 2M "$mnt/file"
	first=$(filefrag -v -b512 "$mnt/file" |
		awk '$1 == "0:" { sub(/[.]+/, "", $4); print $4 + 0 }')
	bad "+$((first + 16))-$((first + 16))"
	check "$mode: a file over a bad block does not reach the disk" expect_errno EIO \
		dd if=/dev/zero of="$mnt/file" bs=1M count=2 conv=notrunc,fsync status=none
	bad "-$((first + 16))-$((first + 16))"
	umount "$mnt"
	nbc_destroy d
}

check_zones() {
	nbc_disk d size=16 zoned=1 zone_size=4 memory_backed=1 queue_mode=$mode \
		max_sectors=254 badblocks_partial_io=1 "$@"
	bad +16-16
	check "$mode $*: zone: 256 KiB, sector 16 is bad" expect_errno EIO io write 256
	check_eq "the write pointer stands before it" "$(write_pointer)" 000010
	bad -16-16
	set_back
	check "$mode $*: zone: with nothing bad" io write 256
	check "behind the write pointer" expect_errno EIO io write 256 2
	nbc_set d zone_readonly=8192
	check "a read-only zone" expect_errno EIO io write 1024 4
	nbc_set d zone_offline=16384
	check "reading an offline zone" expect_errno EIO io read 1024 8
	nbc_destroy d
}

require_cmd blkzone mkfs.ext4 filefrag
mnt=$(mktemp -d)
at_exit rmdir "$mnt"
at_exit eval "! mountpoint -q $mnt || umount $mnt"
dmesg_expect "I/O error(, dev| on dev(ice)?) d"
dmesg_expect "EXT4-fs (warning|error)? ?\\((device )?d\\)"
dmesg_expect "JBD2: .*error"
nbc_load nr_devices=0
for mode in 2 0; do
	check_bad_blocks irqmode=0
	check_bad_blocks irqmode=2 completion_nsec=1000000
	check_bad_blocks iops=100000 mbps=4096
	check_bad_blocks cache_size=1
	check_zones
	check_zones irqmode=2 completion_nsec=1000000 iops=100000
	check_file
done
