#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# badblocks_once: what I/O has made good stays good, also where somebody writes to the
# list of bad blocks at the same time, and whether that write is taken or refused.
#@group faults
#@cpus 2
#@vm --append log_buf_len=16M

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

# change TEXT... : again and again
change() {
	whatever
	exec 2>/dev/null
	while :; do
		for text; do echo "$text" >"$NBC_ROOT/d/badblocks"; done
	done
}

dmesg_expect "(I/O|Buffer I/O) error(,| dev| on dev(ice)?)"
nbc_load nr_devices=0
nbc_disk d size=16 badblocks_once=1
# Refused, for it is too long; and ranges that nobody reads
for texts in "+0-300000" "+20000-20000 -20000-20000"; do
	nbc_set d badblocks=-0-30000
	for ((i = 0; i < 500; i++)); do nbc_set d "badblocks=+$((i * 4))-$((i * 4))"; done
	# shellcheck disable=SC2086 # several words
	change $texts &
	job=$!
	dd if=/dev/d of=/dev/null bs=512 count=2000 iflag=direct conv=noerror \
		status=none 2>/dev/null || true
	end_job $job
	nbc_set d badblocks=-20000-20000
	check_eq "with $texts: all that was read is good" "$(nbc_get d badblocks | one_line)" ""
done
nbc_destroy d
