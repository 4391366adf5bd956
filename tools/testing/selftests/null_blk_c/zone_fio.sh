#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# fio writes zones with checksums and reads them back: many zones at a time, with
# and without limits, capacities, conventional zones.
#@group zone
#@timeout 240

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/zone.sh
. "$(dirname "$0")/../lib/zone.sh"

require_cmd fio
nbc_load nr_devices=0

# verify NAME OPTION... : in all of the disk
verify() {
	local name=$1
	shift
	check "$name" fio --name="$name" --filename=/dev/d --zonemode=zbd \
		--direct=1 --thread=1 --verify=crc32c --verify_fatal=1 \
		--group_reporting=1 "$@"
}

# Bios that may sleep are handed to threads by io_uring, and come in any order.
while read -r name bs engine attributes; do
	# shellcheck disable=SC2086 # several words
	zoned_disk d size=32 zone_size=4 $attributes
	verify "$name, in order" --rw=write --bs="$bs" --size=8m --numjobs=2 \
		--offset_increment=8m --ioengine=psync
	blkzone reset /dev/d
	verify "$name, at random" --rw=randwrite --bs="$bs" --io_size=12m \
		--max_open_zones=3 --ioengine="$engine" --iodepth=16
	nbc_destroy d
done <<-END
	plain 64k io_uring submit_queues=$QUEUES
	blocks-of-4k 4k io_uring blocksize=4096 irqmode=2
	limits 32k io_uring zone_max_open=3 zone_max_active=4
	capacity 64k io_uring zone_capacity=3 submit_queues=$QUEUES
	bios 64k libaio queue_mode=0
END
