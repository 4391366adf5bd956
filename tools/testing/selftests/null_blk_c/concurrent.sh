#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Many threads at once: on blocks that share pages with those of other threads,
# each of which knows what must be there; and on the same blocks.
#@group life
#@core

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

require_cmd fio
helper model
nbc_load nr_devices=0
nbc_disk d size=64 memory_backed=1 discard=1 submit_queues=$QUEUES
check "8 threads, interleaved blocks" model /dev/d rrwwd 8 8 512
check "all discarded" blkdiscard -f /dev/d
check "7 threads, interleaved blocks, all operations" model /dev/d rrwwdzp 5 7 128

jobs=$(mktemp)
at_exit rm -f "$jobs"
cat >"$jobs" <<-END
	[global]
	filename=/dev/d
	direct=1
	thread=1
	ioengine=io_uring
	iodepth=16
	runtime=8
	time_based=1
	[same]
	size=1m
	bsrange=512-64k
	rw=randrw
	numjobs=4
	[trim]
	size=1m
	bs=2560
	rw=randtrim
	ioengine=libaio
	[verified]
	offset=1m
	size=4m
	bs=3584
	rw=randwrite
	verify=crc32c
	verify_backlog=64
END
check "the same blocks from all sides" fio "$jobs"
