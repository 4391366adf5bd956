#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A device that takes far too long for the timeout: requests are looked for,
# aborted, and sent again after a reset, until all of them are done.
#@vm --nvme size=64M,iops=10
#@timeout 200
#@kernel stock

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_cmd fio
require_nvme 1
nvme_load io_timeout=2 admin_timeout=10
nvme_bind 0

check "reads come back in the end" fio --name=read --filename=/dev/nvmec0n1 \
	--direct=1 --ioengine=libaio --iodepth=32 --bs=4k --rw=randread \
	--number_ios=48
check "an abort was sent" kmsg_has "timed out, aborting it"
check "the controller was reset" kmsg_has "timed out, resetting the controller"
check "it is live" wait_until 20 nvme_state_is nvmec0 live
