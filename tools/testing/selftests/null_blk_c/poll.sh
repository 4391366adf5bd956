#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Polled requests complete in every mode; one that nobody polls for ends with a
# timeout instead of hanging.
#@group data
#@builtin null_blk_c.nr_devices=0 null_blk_c.poll_queues=2
#@core

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

require_cmd fio
helper unpolled
nbc_load nr_devices=0 poll_queues=2

for irqmode in 0 1 2; do
	nbc_disk d size=16 memory_backed=1 irqmode=$irqmode poll_queues=$((irqmode % QUEUES + 1))
	check "irqmode $irqmode" fio --name=poll --filename=/dev/d --direct=1 \
		--ioengine=io_uring --hipri --iodepth=16 --bs=4k --thread \
		--rw=randwrite --size=4m --verify=crc32c --verify_fatal=1
	nbc_destroy d
done

dmesg_expect "timeout error, dev d"
nbc_disk d size=8
result=$(unpolled /dev/d 8) || result="exit code $?"
check_eq "a polled read that nobody polls for ends by timeout" "$result" ETIMEDOUT
check_eq "the disk works on" "$(unpolled /dev/d 0)" 0
check "and is removed" nbc_destroy d
