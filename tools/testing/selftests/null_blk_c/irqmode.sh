#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The three ways to complete: data is right in each, and by timer no request ends
# before its time nor long after it.
#
#@group data

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

helper model
helper deadline
nbc_load nr_devices=0

for irqmode in 0 1 2; do
	nbc_disk d size=8 memory_backed=1 discard=1 irqmode=$irqmode \
		submit_queues=$((irqmode == 2 ? QUEUES : 1)) poll_queues=$((irqmode % 2))
	check "irqmode $irqmode" model /dev/d rrwwd 2 4
	nbc_destroy d
done

# 0 is a deadline that has passed already.
for nsec in 0 10000 2000000; do
	nbc_disk d size=8 irqmode=2 completion_nsec=$nsec
	if times=$(deadline /dev/d $nsec 300); then
		ok "$nsec ns: none ends before its time"
	else
		not_ok "$nsec ns: none ends before its time" "$times"
	fi
	read -r _ mean _ <<<"$times"
	diag "least, mean and greatest in us: $times"
	check "$nsec ns: the mean is near" test "$mean" -lt $((nsec / 1000 + 20000))
	nbc_destroy d
done
