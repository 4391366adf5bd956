#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Blocks that are smaller than a page and follow each other, on the disk and in
# memory, are merged into requests whose pieces begin and end inside of pages.
#@vm --nvme size=256M

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_cmd fio
require_nvme 1
nvme_load "$@"
nvme_bind 0
merged() { awk '{ print $2 + $6 }' /sys/block/nvmec0n1/stat; }
before=$(merged)
# Sent together are what ended together, else they do not follow each other in memory.
for bs in 512 1k 1536 3k; do
	check "$bs" fio --name=merge --filename=/dev/nvmec0n1 --direct=1 --thread \
		--ioengine=io_uring --iodepth=64 --iodepth_batch_submit=64 \
		--iodepth_batch_complete_min=64 --bs=$bs --rw=write --size=4m \
		--verify=crc32c --verify_fatal=1
done
check "requests were merged" test "$(merged)" -gt "$before"
