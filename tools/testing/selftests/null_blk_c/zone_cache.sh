#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# With a write cache, a power cut takes the write pointer of a zone back to where its
# data ends: what was flushed is below it, and what is lost is not. The zone goes on
# from there.
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
cut() { nbc_power d 0 && nbc_power d 1; }
# put LETTER NR SECTOR COUNT [DD FLAG] : write to a zone
put() {
	local sector
	look_for_zone d "$2"
	dd of=/dev/d bs=$((512 * $4)) count=1 seek=$((512 * (sector + $3))) \
		iflag=fullblock conv=notrunc \
		oflag="direct,seek_bytes${5:+,$5}" status=none \
		< <(head -c $((512 * $4)) /dev/zero | tr '\0' "$1")
}
# bytes NR SECTOR COUNT : the bytes there, each once
bytes() { zone_bytes d "$@"; }

nbc_load nr_devices=0
dmesg_expect "I/O error, dev d"
zoned_disk d size=16 zone_nr_conv=1 cache_size=4 blocksize=512
check_eq "the disk has a cache" "$(queue_limit d write_cache)" "write back"

put a 1 0 16
put a 2 0 13
put a 3 0 1024
put a 4 0 8
put a 5 0 8
put a 6 0 8
zone_do d 7 open
check "flush" sync /dev/d
put b 1 16 16
put b 2 13 7
put b 3 1024 1024
put b 6 8 3
put b 7 0 8
check "reset" zone_do d 5 reset
put c 5 0 5
put c 8 0 5
put c 9 0 2048
check_eq "full" "$(zone d 3) $(zone d 9)" "fu 2048 fu 2048"
check "finish" zone_do d 6 finish
cut
check_eq "what was flushed stays, in whole pages" "$(zone d 1)" "cl 16"
check_eq "and in sectors" "$(zone d 2)" "cl 13"
check_eq "a zone that was filled is closed" "$(zone d 3)" "cl 1024"
check_eq "nothing lost" "$(zone d 4)" "cl 8"
check_eq "reset is durable" "$(zone d 5)" "em 0"
check_eq "finish too" "$(zone d 6)" "fu 2048"
check_eq "open and written, all lost" "$(zone d 7)" "em 0"
check_eq "nothing flushed" "$(zone d 8)" "em 0"
check_eq "filled, nothing flushed" "$(zone d 9)" "em 0"
check_eq "data below the pointer" "$(bytes 2 0 13) $(bytes 3 0 1024)" "61 61"
check_eq "nothing from there on" "$(bytes 2 13 7) $(bytes 3 1024 1024)" "ff ff"
check_eq "data of a finished zone" "$(bytes 6 0 8) $(bytes 6 8 3) $(bytes 6 11 100)" \
	"61 62 00"

check "not at the new pointer" expect_errno EIO put d 1 32 8
check "writes go on from there" put d 2 13 3
check_eq "the zone is open" "$(zone d 2)" "oi 16"
check_eq "and has both" "$(bytes 2 0 13) $(bytes 2 13 3)" "61 64"
check "full to its end" put d 3 1024 1024
check_eq "is full" "$(zone d 3)" "fu 2048"
cut
check_eq "not flushed again" "$(zone d 2) $(zone d 3)" "cl 13 cl 1024"
check "finish what fell back" zone_do d 3 finish
check_eq "what was lost does not come back" "$(bytes 3 0 1024) $(bytes 3 1024 1024)" "61 00"

# Lost, flushed and lost again, within one page
put e 8 0 3
sync /dev/d
put e 8 3 1
sync /dev/d
put e 8 4 1
put e 8 5 1
cut
check_eq "each flush counts" "$(zone d 8)" "cl 4"

put f 10 0 100
put f 10 100 1 dsync
put f 10 101 1
cut
check_eq "FUA takes with it what is before" "$(zone d 10)" "cl 101"
check_eq "which is there" "$(bytes 10 0 101)" 66

# More than the cache takes: some of it became durable by itself.
check "write more than there is room for" put g 11 0 $((4 * 2048 + 1792))
cut
bad='' lost=0
for nr in {11..15}; do
	read -r cond wp < <(zone d "$nr")
	((wp == 0)) || [[ $(bytes "$nr" 0 "$wp") == 67 ]] || bad+=" $nr:$cond,$wp"
	((wp == 0)) || [[ $cond == cl || $cond == fu && $wp == 2048 ]] || bad+=" $nr:$cond"
	((wp)) || [[ $cond == em ]] || bad+=" $nr:$cond"
	((lost += (nr < 15 ? 2048 : 1792) - wp, 1))
done
check_eq "data is there below each pointer" "$bad" ""
check "and some was lost" test "$lost" -gt 0

# A conventional zone has no pointer.
put h 0 8 8
cut
check_eq "conventional" "$(zone d 0) $(bytes 0 8 8)" "nw 0 00"

nbc_power d 0
nbc_set d zone_max_active=2 zone_max_open=1 zone_size=2
nbc_power d 1
put i 1 0 8
put i 2 0 8
sync /dev/d
put i 1 8 4088
put i 2 8 4088
put i 3 0 8
check_eq "two are full" "$(zone d 1) $(zone d 2) $(zone d 3)" "fu 4096 fu 4096 oi 8"
cut
check_eq "and closed again" "$(zone d 1) $(zone d 2) $(zone d 3)" "cl 8 cl 8 em 0"
check "they count: no other can be opened" expect_errno EOVERFLOW put j 4 0 8
check "they go on" put j 2 8 8
check "when one is finished" zone_do d 1 finish
check "another is opened" put j 3 0 8
