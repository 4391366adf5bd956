#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Bad blocks: what is marked fails and nothing else, live; once; with what comes
# before transferred; a list that is full changes nothing; in both queue modes.
#@group faults
#@core

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

# io read|write SECTOR COUNT : in sectors of 512 bytes, by one request
io() {
	local of=(if=/dev/zero of=/dev/d "seek=$2" oflag=direct conv=notrunc)
	[[ $1 == write ]] || of=(if=/dev/d of=/dev/null "skip=$2" iflag=direct)
	dd "${of[@]}" bs=512 count=1 status=none &&
		{ (($3 == 1)) || io_wide "$@"; }
}
# Positions count in units of the length, hence SECTOR divides by COUNT
io_wide() {
	local of=(if=/dev/zero of=/dev/d "seek=$(($2 / $3))" oflag=direct conv=notrunc)
	[[ $1 == write ]] || of=(if=/dev/d of=/dev/null "skip=$(($2 / $3))" iflag=direct)
	dd "${of[@]}" bs=$((512 * $3)) count=1 status=none
}
bad() { nbc_set d "badblocks=$1"; }
# patterned FIRST COUNT BYTE : sectors that hold nothing else
patterned() {
	cmp <(dd if=/dev/d bs=512 skip="$1" count="$2" iflag=direct status=none) \
		<(head -c $((512 * $2)) /dev/zero | tr '\0' "$3")
}
fill() { head -c 1M /dev/zero | tr '\0' "$1" | dd of=/dev/d bs=64k oflag=direct iflag=fullblock status=none; }

dmesg_expect "I/O error(, dev| on dev) d"
nbc_load nr_devices=0
for mode in 2 0; do
	nbc_disk d size=16 memory_backed=1 discard=1 queue_mode=$mode
	bad +100-107
	check_eq "queue_mode $mode: shown" "$(nbc_get d badblocks)" "100 8"
	check "read before it" io read 99 1
	for sector in 100 107; do
		check "read of $sector" expect_errno EIO io read $sector 1
		check "write of $sector" expect_errno EIO io write $sector 1
	done
	check "read behind it" io read 108 1
	check "a read that crosses it" expect_errno EIO io_wide read 96 16
	check "discard" expect_errno EIO blkdiscard -o $((96 * 512)) -l 8192 /dev/d
	bad -102-103
	check_eq "part of it is good again" "$(nbc_get d badblocks | one_line)" "100 2 104 4"
	check "and works" io write 102 1
	bad -0-18014398509481983
	check_eq "all are good again" "$(nbc_get d badblocks)" ""
	check "and work" io_wide write 96 16
	nbc_destroy d

	nbc_disk d size=16 memory_backed=1 badblocks_once=1 queue_mode=$mode
	bad +8-8
	check "once: the first fails" expect_errno EIO io write 8 1
	check "the second does not" io write 8 1
	nbc_destroy d

	nbc_disk d size=16 memory_backed=1 badblocks_partial_io=1 queue_mode=$mode
	fill a
	bad +20-20
	check "partial: fails" expect_errno EIO \
		dd if=/dev/zero of=/dev/d bs=8k seek=1 count=1 oflag=direct status=none
	bad -20-20
	check "what comes before is written" patterned 16 4 '\0'
	check "what comes behind is not" patterned 20 12 a
	nbc_destroy d
done

nbc_create d size=16
for text in "" 5-6 +5 +6-5 "+a-b" "+5-6x" "+-1-2" "+0-18014398509481984" "+0-262144"; do
	check "\"$text\" is refused" expect_errno EINVAL bad "$text"
done
for ((i = 0; i < 512; i++)); do bad "+$((i * 4))-$((i * 4))"; done
check "a list that is full" expect_errno EINVAL bad +10000-10000
check_eq "has not changed" "$(nbc_get d badblocks | wc -l)" 512
nbc_destroy d

# Longer than an attribute may be
nbc_create d size=16384
for ((i = 0; i < 512; i++)); do bad "+$((20000000 + i * 4))-$((20000000 + i * 4))"; done
check_eq "a long list is cut where the page ends" \
	"$(wc -c <"$NBC_ROOT/d/badblocks")" 4095
log_wants 'd: badblocks: "5-6" is not valid, use +FIRST-LAST or -FIRST-LAST'
check_log
