#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A CPU can be taken offline at any time, whatever requests of its hardware queue wait
# for: the timer, a limit, a poller or a fault. What waits for a time still ends then.
#@group power
#@cpus 2
#@timeout 240

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

ONLINE=/sys/devices/system/cpu/cpu1/online

require_cmd taskset
[[ -e $ONLINE ]] || skip_all "no CPU that can be taken offline"

online() { echo "$1" >$ONLINE; }
# waits PID : for a request of its own
waits() { grep -q ') D ' "/proc/$1/stat" 2>/dev/null; }
has_ended() { ! kill -0 "$1" 2>/dev/null; }
# read_on_cpu1 : by one request that waits; sets reader
read_on_cpu1() {
	taskset -c 1 dd if=/dev/d of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null &
	reader=$!
	wait_until 10 waits $reader
}
# check_offline NAME : CPU 1 goes within some seconds, while the request waits
check_offline() {
	local job
	online 0 &
	job=$!
	if ! wait_until 4 has_ended $job; then
		not_ok "$1: a CPU goes offline" "not within 4 s"
		nbc_power d 0
	elif has_ended $reader; then
		not_ok "$1: a CPU goes offline" "nothing waited"
	else
		ok "$1: a CPU goes offline"
	fi
	wait $job || true
}
# after_it NAME : the disk serves all that is left
after_it() {
	nbc_power d 0
	wait $reader || true
	nbc_power d 1
	check "$1: the disk works with the CPUs that are left" \
		timeout 60 dd if=/dev/d of=/dev/null bs=4k count=1 status=none
	online 1
	check "$1: and with all" \
		timeout 60 taskset -c 1 dd if=/dev/d of=/dev/null bs=4k count=1 status=none
	nbc_destroy d
}
fault() { echo "$2" >"$NBC_ROOT/d/$1"; }

at_exit online 1
online 1
dmesg_expect "(I/O|timeout) error(, dev| on dev(ice)?) d"
nbc_load nr_devices=0
queues="submit_queues=2 poll_queues=0"

# shellcheck disable=SC2086 # several words
nbc_disk d $queues iops=1
# Behind these it waits for seconds.
others=()
for ((i = 0; i < 10; i++)); do
	taskset -c 1 dd if=/dev/d of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null &
	others+=($!)
done
wait_until 10 disk_is_busy d
read_on_cpu1
check_offline "one operation a second"
after_it "one operation a second"
wait "${others[@]}"

for group in timeout_inject requeue_inject; do
	# shellcheck disable=SC2086 # several words
	nbc_disk d $queues
	fault $group/verbose 0
	fault $group/times -1
	fault $group/probability 100
	read_on_cpu1
	check_offline "$group"
	fault $group/probability 0
	after_it "$group"
done

# shellcheck disable=SC2086 # several words
nbc_disk d $queues irqmode=2 completion_nsec=8000000000
read_on_cpu1
check_offline "a timer of 8 s"
check "the request of a CPU that went ends in time" wait_until 20 has_ended $reader
check_wait "and well" $reader
nbc_power d 0
nbc_set d irqmode=0
nbc_power d 1
after_it "the timer"
