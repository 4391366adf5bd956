#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Secure erase: what was there reads as zeroes, and neither a power cut nor a crash state nor
# a rule that shows stale data brings it back, whatever the cache remembers. What is beside it
# stays. Rules know it by its name. It is offered where there is data to erase, and refused
# elsewhere.
#
#@group data
#@timeout 400

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

# write LETTER SECTOR COUNT
write() {
	head -c $(($3 * 512)) /dev/zero | tr '\0' "$1" |
		dd of=/dev/d bs=$(($3 * 512)) seek=$(($2 * 512)) iflag=fullblock \
			oflag=direct,seek_bytes status=none
}
# letters DISK SECTOR COUNT : the first byte of each, 0 for zeroes
letters() {
	dd if="/dev/$1" bs=512 skip="$2" count="$3" iflag=direct status=none | tr '\0' 0 |
		fold -b -w 512 | cut -c1 | paste -sd ''
}
# erase FIRST COUNT : sectors
erase() { blkdiscard -f -s -o $(($1 * 512)) -l $(($2 * 512)) /dev/d; }
refused() { ! erase 0 8 2>/dev/null; }

require_cmd blkdiscard
nbc_load nr_devices=0

for mode in queue_mode=2 queue_mode=0 "cache_size=4" "cache_size=4 cache_history=1" \
	"cache_size=4 queue_mode=0" pi_type=1; do
	# shellcheck disable=SC2086 # several attributes
	nbc_create d size=64 memory_backed=1 secure_erase=1 $mode
	if ! nbc_power d 1 2>/dev/null; then
		[[ $mode == pi_type* ]] || not_ok "$mode: power on"
		nbc_destroy d
		continue
	fi
	# Not whole pages at either end
	write a 0 64
	sync /dev/d
	write b 16 16
	check "$mode: erased" erase 3 42
	check_eq "$mode: it reads as zeroes, and what is beside it does not" \
		"$(letters d 0 64)" \
		"aaa$(printf '0%.0s' {1..42})$(printf 'a%.0s' {1..19})"
	nbc_power d 0
	nbc_power d 1
	check_eq "$mode: so it is after a power cut" "$(letters d 0 64)" \
		"aaa$(printf '0%.0s' {1..42})$(printf 'a%.0s' {1..19})"
	nbc_destroy d
done

# What is lost by a cut are the writes before, in any order: none of them comes back.
nbc_disk d size=64 memory_backed=1 secure_erase=1 cache_size=4 cache_history=1
nbc_create c size=64 memory_backed=1
write a 0 16
sync /dev/d
write b 0 8
write c 8 8
check "erased among writes that a cut may lose" erase 0 8
write d 16 8
for policy in lost kept prefix subset blocks; do
	nbc_power c 0
	nbc_set c crash_state="d $policy 7" power=1
	check_eq "$policy: a crash state has nothing of it" "$(letters c 0 8)" 00000000
	check_eq "$policy: what was before it is durable" "$(letters c 8 8)" cccccccc
done
nbc_destroy c
nbc_destroy d

nbc_disk d size=64 memory_backed=1 secure_erase=1
nbc_set d rules=add,op=READ,lie=stale
write a 0 8
write b 0 8
check "erased while old data is kept" erase 0 8
check_eq "stale data is not shown" "$(letters d 0 8)" 00000000
nbc_set d rules=removeall
nbc_set d rules=add,op=SECURE_ERASE,start=100,nr_sectors=8,status=IOERR
dmesg_expect "I/O error, dev d"
check "a rule knows it" expect_errno EIO erase 100 8
check "and other places" erase 108 8
nbc_set d rules=removeall badblocks=+200-207
write b 208 8
check "a bad block fails it" expect_errno EIO erase 200 16
check_eq "and nothing is erased" "$(letters d 208 8)" bbbbbbbb
nbc_set d badblocks=-200-207
nbc_destroy d

for config in memory_backed=0 "memory_backed=1 zoned=1 zone_size=4"; do
	# shellcheck disable=SC2086 # several attributes
	nbc_disk d size=64 secure_erase=1 $config
	check "$config: it is not offered" refused
	nbc_destroy d
done
check "the log says so" kmsg_has "d: secure_erase needs memory_backed, not offered"
check "and that" kmsg_has "d: secure_erase is not for zones, not offered"
nbc_disk d size=64 memory_backed=1 discard=1
check "a disk with discard alone has none" refused
nbc_destroy d
