#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The floor driver, which is mqblk's example: it loads, completes I/O, unloads,
# and refuses what makes no sense.

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"

require_cmd fio
require_module mqblk_floor
require_unloadable mqblk_floor

for parameters in "queues=1 depth=1" "queues=$QUEUES depth=64 gb=1" \
	"queues=$QUEUES depth=1024"; do
	# shellcheck disable=SC2086 # several parameters
	load_module mqblk_floor $parameters
	queues=$(hw_queues mqfloor0) depth=$(</sys/block/mqfloor0/mq/0/nr_tags)
	check_eq "load with $parameters" "queues=$queues depth=$depth" "${parameters% gb*}"
	check "I/O" fio --name=floor --filename=/dev/mqfloor0 --direct=1 --thread \
		--ioengine=io_uring --iodepth=32 --iodepth_batch_submit=16 --bs=4k \
		--rw=randrw --size=4m --numjobs=2
	check "unload" unload_modules
	check "the disk is gone" test ! -e /dev/mqfloor0
done
for parameters in queues=0 depth=0 queues=x; do
	check "$parameters is refused" expect_errno EINVAL load_module mqblk_floor "$parameters"
	check "and leaves nothing" test ! -e /sys/module/mqblk_floor
done
