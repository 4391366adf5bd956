#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a disk is asked for is recorded and read as a file: in both queue modes, with order,
# flags, status and data. Who reads comes to the end when the power goes.
#@group data

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

record() { "$SELFTEST_TOP/scripts/record" "$@"; }
# shown FILE : the writes and flushes, without numbers and times
shown() { record show "$1" | grep -E ' (write|flush|discard|write_zeroes|mark) ?' | cut -d ' ' -f 5-; }
put() { dd if=/dev/urandom of=/dev/d bs=4k count=1 oflag=direct conv=notrunc status=none "$@"; }

[[ -x $SELFTEST_TOP/scripts/record && -x /usr/bin/python3 ]] ||
	skip_all "no scripts/record, or no Python"
dir=$(mktemp -d)
at_exit rm -rf "$dir"
nbc_load nr_devices=0
for mode in 2 0; do
	nbc_create d size=16 memory_backed=1 cache_size=8 queue_mode=$mode record=data
	nbc_power d 1
	put seek=3
	put seek=4 conv=notrunc,fsync
	nbc_set d "record=mark half way"
	blkdiscard -z -o 40960 -l 8192 /dev/d
	nbc_power d 0
	check "queue_mode $mode: it is saved" record save d "$dir/$mode"
	record show "$dir/$mode"
	check_eq "writes, a flush and a mark are there, in order" \
		"$(shown "$dir/$mode" | sed -E 's/ [A-Z,]+$//' | one_line)" \
		"write 24 8 data=4096 write 32 8 data=4096 flush 0 0 mark half way write_zeroes 80 16"
	nbc_destroy d
done
