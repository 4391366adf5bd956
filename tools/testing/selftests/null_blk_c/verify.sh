#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# fio writes with checksums and reads them back: several block sizes and request
# sizes, depths 1 and 32, two engines, one and two queues.
#
#@group data

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

# Each job has 4 MiB of the disk to itself, and all run at once.
job() {
	printf '[%s]\noffset=%dm\nsize=4m\n' "$1" $((4 * job_nr++))
	shift
	printf '%s\n' "$@"
}

write_jobs() {
	local bs=$1 job_nr=0
	printf '%s\n' "[global]" "filename=/dev/d" direct=1 thread=1 \
		rw=randwrite "io_size=$2m" verify_fatal=1 group_reporting=1
	job block "bs=$bs" ioengine=libaio iodepth=32 verify=crc32c io_size=512k
	job 4k bs=4k ioengine=io_uring iodepth=32 verify=crc32c
	job 64k bs=64k ioengine=io_uring iodepth=1 verify=sha256
	job 1m bs=1m ioengine=libaio iodepth=1 verify=crc32c
	job 1m-deep bs=1m ioengine=io_uring iodepth=32 verify=sha256
	job odd bs=$((7 * bs)) ioengine=libaio iodepth=32 verify=sha256
	job mixed "bsrange=$bs-128k" ioengine=io_uring \
		iodepth=32 verify=crc32c
}

while read -r bs submit_queues mib; do
	nbc_disk d size=64 memory_backed=1 blocksize="$bs" \
		submit_queues="$submit_queues"
	write_jobs "$bs" "$mib" >"$jobs"
	check "blocks of $bs bytes, $submit_queues queue(s)" fio "$jobs"
	nbc_destroy d
done <<-END
	512 $QUEUES 4
	1024 1 2
	2048 $QUEUES 2
	4096 1 4
END
