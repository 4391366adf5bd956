#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Power goes off and on under load, while others write attributes. Requests may
# fail, nothing hangs.
#
#@group power

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

helper hammer
nbc_load nr_devices=0
nbc_create d size=64 memory_backed=1 discard=1
dmesg_expect "I/O error, dev d"

hammer /dev/d 15 6 >/dev/null &
load=$!
write_attributes() {
	local pair
	whatever
	while :; do
		for pair in submit_queues=$QUEUES size=32 irqmode=2 submit_queues=1 \
			size=64 irqmode=1 poll_queues=0 poll_queues=1; do
			nbc_set d "$pair"
		done
	done
}
write_attributes 2>/dev/null &
writer=$!
at_exit end_job $load
at_exit end_job $writer

rounds=0
while [[ -d /proc/$load ]]; do
	nbc_power d 1
	wait_until 10 test -b /dev/d
	nbc_power d 0
	[[ ! -e /dev/d ]]
	rounds=$((rounds + 1))
done
diag "$rounds rounds"
check "more than 4 rounds" test $rounds -gt 4
check_wait "the load ended, and did something" $load
end_job $writer
nbc_power d 1
check "the disk works" dd if=/dev/urandom of=/dev/d bs=1M count=4 oflag=direct status=none
check "and goes" nbc_destroy d
