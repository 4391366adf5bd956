#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A zone that was reset keeps its memory for the next writes, but what it held is
# never seen again; the kernel and the power switch take it back.
#
#@group zone

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/zone.sh
. "$(dirname "$0")/../lib/zone.sh"

require_cmd blkzone
mib=32
slack=$((mib * 1024 / 4))
nbc_load nr_devices=0

# old_disk : zone 1 holds "o"
old_disk() {
	nbc_disk d zoned=1 zone_size=$mib memory_backed=1 size=$((3 * mib))
	fill d 1 0 $((mib * 2048)) o
}

# fill DISK NR SECTOR COUNT CHARACTER
fill() {
	local block=$(($4 < 128 ? $4 * 512 : 65536))
	head -c $(($4 * 512)) /dev/zero | tr '\0' "$5" |
		dd of="/dev/$1" bs=$block iflag=fullblock oflag=direct,seek_bytes \
			seek=$((($(zone_sector "$1" "$2") + $3) * 512)) \
			conv=notrunc status=none
}

reset() { zone_do d "$1" reset; }

# fast fill, for memory
write_zone() {
	dd if=/dev/zero of=/dev/d bs=1M seek=$(($1 * mib)) count=$mib oflag=direct \
		conv=notrunc status=none
}

old_disk
check "reset" reset 1
check_eq "nothing is seen behind the write pointer" "$(zone_bytes d 1 0 64)" ff
fill d 1 0 3 n
check_eq "the new is read" "$(zone_bytes d 1 0 3)" 6e
check_eq "in the rest of the page there is nothing" "$(zone_bytes d 1 3 61)" ff
check "finish" zone_do d 1 finish
check_eq "finished over, it is zeroes" "$(zone_bytes d 1 3 61)" 00
check_eq "to the end" "$(zone_bytes d 1 $((mib * 2048 - 64)) 64)" 00
check_eq "the new is still read" "$(zone_bytes d 1 0 3)" 6e

check "reset" reset 1
fill d 1 0 $((mib * 2048)) o
check "and again" reset 1
fill d 1 0 9 n
nbc_set d zone_readonly="$(zone_sector d 1)"
check_eq "read-only, the new is read" "$(zone_bytes d 1 0 9)" 6e
check_eq "and nothing else" "$(zone_bytes d 1 9 64)" 00
nbc_set d zone_readonly="$(zone_sector d 1)"
check_eq "mended, it is empty" "$(zone_bytes d 1 0 64)" ff
check "finish" zone_do d 1 finish
check_eq "and has zeroes only" "$(zone_bytes d 1 0 64)" 00
nbc_destroy d

old_disk
check "reset" reset 1
nbc_power d 0
nbc_set d zoned=0
nbc_power d 1
check_eq "as a disk without zones it has zeroes" "$(zone_bytes d 0 \
	$((mib * 2048)) 64)" 00
nbc_destroy d

nbc_disk d zoned=1 zone_size=$mib memory_backed=1 size=$((3 * mib))
before=$(free_kib)
write_zone 1
full=$(free_kib)
check "a zone takes memory" test "$full" -le $((before - mib * 1024 + slack))
reset 1
check "after a reset it is kept" \
	eval "! wait_until 1 unused_at_least $((before - slack))"
write_zone 1
check "written again, it takes no more" unused_at_least $((full - slack))
reset 1
echo 2 >/proc/sys/vm/drop_caches
check "the kernel takes it back" wait_until 15 free_at_least $((before - slack))
write_zone 1
check "the zone is written all the same" wait_until 15 \
	eval "! free_at_least $((before - slack))"
reset 1
nbc_power d 0
check "so does the power switch" wait_until 15 free_at_least $((before - slack))
nbc_destroy d

nbc_disk d zoned=1 zone_size=$mib memory_backed=1 size=$((3 * mib)) cache_size=8
before=$(free_kib)
write_zone 1
reset 1
check "with a cache, a reset gives it back" \
	wait_until 15 free_at_least $((before - slack))
nbc_destroy d
