#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A device that takes half again as long as the timeout: requests are looked for,
# aborted, and sent again after a reset, until all of them are done. From the moment
# that the time of one ran out to the end of the reset it takes less than that time
# again. 48 reads at seven a second, all at once, take 7 s, and the time is 4 s; no read
# comes after them, so each round has fewer to do, and none reaches the limit of
# retries. What was cancelled still counts against the seven a second, for less than the time:
# a device that answers nothing for that long after a reset is given up.
#@vm --nvme size=64M,iops=7
#@timeout 200

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_cmd fio
require_nvme 1
nvme_load io_timeout=4 admin_timeout=10
nvme_bind 0

check "reads come back in the end" fio --name=read --filename=/dev/nvmec0n1 \
	--direct=1 --ioengine=libaio --iodepth=48 --bs=4k --rw=randread \
	--number_ios=48
check "an abort was sent" kmsg_has "timed out, aborting it"
check "the controller was reset" kmsg_has "timed out, resetting the controller"
check "it is live" wait_until 20 nvme_state_is nvmec0 live

# Milliseconds from the first line of the log that says the one to the next that
# says the other
log_gap_ms() {
	kmsg_since_start | awk -v from="$1" -v to="$2" '
		{ sub(/^\[ */, ""); sub(/\]/, ""); t = $1 }
		!begin && index($0, from) { begin = t }
		begin && index($0, to) { printf "%d\n", (t - begin) * 1000; exit }'
}
gap=$(log_gap_ms "timed out, aborting it" "nvmec0: live")
diag "live again $gap ms after the first request's time ran out"
check "in less than that time" test "$gap" -lt 4000
