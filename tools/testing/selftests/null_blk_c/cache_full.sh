#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A cache far smaller than the data: fio writes with checksums and reads them back
# while units are evicted all the time; flushes and FUA between.
#@group cache
#@timeout 180

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

require_cmd fio
nbc_load nr_devices=0
jobs=$(mktemp)
at_exit rm -f "$jobs"

# write_jobs BLOCK : each job has 8 MiB of the disk to itself, all run at once
write_jobs() {
	cat <<-END
		[global]
		filename=/dev/d
		direct=1
		thread=1
		rw=randwrite
		size=8m
		io_size=$2
		verify_fatal=1
		verify=crc32c
		group_reporting=1
		[block]
		bs=$1
		ioengine=libaio
		iodepth=32
		io_size=1m
		fdatasync=64
		[large]
		offset=8m
		bs=256k
		ioengine=io_uring
		iodepth=8
		[odd]
		offset=16m
		bs=$((3 * $1))
		ioengine=io_uring
		iodepth=16
		[fua]
		offset=24m
		bs=$((2 * $1))
		ioengine=psync
		sync=dsync
		io_size=1m
	END
}

while read -r bs fua; do
	nbc_disk d size=32 memory_backed=1 discard=1 blocksize="$bs" \
		cache_size=1 fua="$fua" submit_queues=$QUEUES
	write_jobs "$bs" 4m >"$jobs"
	check "blocks of $bs bytes, fua=$fua" fio "$jobs"
	nbc_destroy d
done <<-END
	512 1
	512 0
	4096 1
END
