#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The volatile write cache: what was flushed or written with FUA survives a power
# cut, what was not is gone, sector by sector; so it is with discards and zeroes,
# which are durable at once.
#
#@group cache

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

# put LETTER SECTOR COUNT [DD FLAG]
put() {
	local data
	printf -v data '%*s' $((512 * $3)) ''
	dd of=/dev/d bs=512 seek="$2" count="$3" iflag=fullblock \
		oflag="direct${4:+,$4}" status=none < <(printf %s "${data// /$1}")
}
# letters SECTOR COUNT : one for each sector that is nothing but this letter
letters() {
	local data sector
	data=$(dd if=/dev/d bs=512 skip="$1" count="$2" iflag=direct status=none | tr '\0' 0)
	for ((; ${#data}; )); do
		sector=${data:0:512} data=${data:512}
		[[ -n ${sector//${sector:0:1}/} ]] || sector=${sector:0:1}
		printf %s "$sector"
	done
}
cut() { nbc_power d 0 && nbc_power d 1; }

nbc_load nr_devices=0
nbc_disk d size=64 memory_backed=1 discard=1 cache_size=16
check_eq "the disk has a cache" "$(queue_limit d write_cache)" "write back"
check_eq "and offers FUA" "$(queue_limit d fua)" 1

put a 0 24
check "flush" sync /dev/d
# To the disk itself, dsync is FUA and a flush of all that was written before.
put c 8 4 dsync
put b 4 1
put d 12 4
put e 40 8
check_eq "a read sees what was written" "$(letters 0 24)" aaaabaaaccccddddaaaaaaaa
check "discard" blkdiscard -f -o $((16 * 512)) -l $((8 * 512)) /dev/d
check "zeroes" blkdiscard -f -z -o $((2 * 512)) -l 512 /dev/d
check "zeroes over what is cached" blkdiscard -f -z -o $((46 * 512)) -l 512 /dev/d
check_eq "and nothing where it was discarded" "$(letters 0 20)" aa0abaaaccccdddd0000
check_eq "or zeroed" "$(letters 40 8)" eeeeee0e
cut
check_eq "what was flushed is there, what was not is gone" "$(letters 0 8)" aa0aaaaa
check_eq "FUA over what was flushed is there" "$(letters 8 8)" ccccaaaa
check_eq "what was discarded stays so" "$(letters 16 8)" 00000000
check_eq "nothing was there before" "$(letters 40 8)" 00000000
put h 0 8
check "flush again" sync /dev/d
cut
check_eq "all was flushed" "$(letters 0 16)" hhhhhhhhccccaaaa

nbc_power d 0
nbc_set d fua=0
nbc_power d 1
check_eq "no FUA if it shall not be offered" "$(queue_limit d fua)" 0
put i 0 8
put j 8 1 dsync
put k 9 1
cut
check_eq "a flush takes its place" "$(letters 0 10)" iiiiiiiijc

nbc_power d 0
nbc_set d cache_size=0
nbc_power d 1
check_eq "no cache" "$(queue_limit d write_cache)" "write through"
put l 0 4
cut
check_eq "and nothing is lost" "$(letters 0 10)" lllliiiijc

nbc_power d 0
nbc_set d cache_size=16 memory_backed=0
nbc_power d 1
check_eq "no cache without memory" "$(queue_limit d write_cache)" "write through"
check "said so" kmsg_has "d: cache_size needs memory_backed, there is no cache"
