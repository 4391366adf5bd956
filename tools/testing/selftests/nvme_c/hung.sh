#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A device that completes no I/O any more, while its admin queue answers: 64 requests
# that hang fail together, in a time that does not depend on how many they are. It stays
# so: then the controller is given up after a few resets that did not help, and lets go.
#
# QEMU lets some of what it throttles through when it is reset, and then I/O counts as
# answered. Then the bound is that of requests that hang again and again, seven and a
# half times their time, otherwise less than three. model_hung.sh has a device that
# answers nothing at all, and asserts the latter.
#@vm --monitor --nvme size=64M
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_cmd fio
require_nvme 1
time_out=8
nvme_load io_timeout=$time_out admin_timeout=10
nvme_bind 0
dmesg_expect "I/O error, dev nvmec0n1"
dmesg_expect "Buffer I/O error on dev nvmec0n1"

read_one() { dd if=/dev/nvmec0n1 of=/dev/null bs=4k count=1 iflag=direct status=none; }
hung() {
	fio --name=hung --filename=/dev/nvmec0n1 --direct=1 --ioengine=libaio \
		--iodepth=64 --bs=4k --rw=randread --number_ios=64 >/dev/null 2>&1 || true
	touch "$over"
}
over=$(mktemp -u)
at_exit rm -f "$over"
# Seconds of the kernel's clock
now_s() { cut -d ' ' -f 1 /proc/uptime; }
# Milliseconds from SECOND to the first line of the log after it that has TEXT
ms_until() {
	kmsg_since_start | awk -v from="$1" -v text="$2" '
		{ sub(/^\[ */, ""); sub(/\]/, ""); t = $1 }
		t > from && index($0, text) { printf "%d\n", (t - from) * 1000; exit }'
}

check "it works" read_one
# A byte a second: what is read first takes the time of all that comes after it.
check "it hangs" monitor "block_set_io_throttle nvme0-1 1 0 0 0 0 0"
at_exit monitor "block_set_io_throttle nvme0-1 0 0 0 0 0 0"

hung &
job=$!
at_exit end_job $job
# A slow machine takes long to start fio, and as long to see that it is over.
wait_until 60 disk_is_busy nvmec0n1
begin=$(now_s)
check "64 requests do not hang for ever" wait_until $((8 * time_out)) test -e "$over"
took=$(ms_until "$begin" "I/O error, dev nvmec0n1")
diag "they failed after $took ms, with a time-out of $((time_out * 1000)) ms"
check "they failed within seven and a half times their time, and the resets" \
	test "${took:-999999}" -le $(((15 * time_out / 2 + 6) * 1000))
check "the controller was reset" test "$(nvme_attr nvmec0 resets)" -ge 2
check "what comes after that fails, too" expect_errno EIO read_one
given_up() { ! read_one 2>/dev/null && nvme_state_is nvmec0 dead; }
check "in the end it is given up" wait_until $((8 * time_out)) given_up
check "the driver lets go of it" nvme_unbind 0
monitor "block_set_io_throttle nvme0-1 0 0 0 0 0 0"
check "it comes back" nvme_bind 0
check "and works" read_one
