#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Queues come and go and schedulers change while a load runs whose data is
# verified.
#@group life
#@builtin null_blk_c.nr_devices=0 null_blk_c.poll_queues=2
#@core

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

require_cmd fio
nbc_load nr_devices=0 poll_queues=2
nbc_disk d size=64 memory_backed=1
[[ -d /sys/module/kyber_iosched ]] || at_exit rmmod kyber-iosched
modprobe -q kyber-iosched || true

fio --name=load --filename=/dev/d --direct=1 --thread --numjobs=2 --bs=4k \
	--ioengine=io_uring --iodepth=16 --rw=randwrite --size=8m \
	--offset_increment=8m --verify=crc32c --verify_backlog=128 \
	--verify_fatal=1 --time_based --runtime=15 >/dev/null &
pid=$!
at_exit end_job $pid

# resize SUBMIT POLL : and the disk has that many
resize() {
	nbc_set d "submit_queues=$1" "poll_queues=$2" || return
	[[ $(hw_queues d) == $(($1 + $2)) ]] && return
	echo "$(hw_queues d) queues, wanted $1 + $2"
	return 1
}

rounds=0
failures=''
wait_until 30 grep -q . <(cat /sys/block/d/inflight)
while [[ -d /proc/$pid ]] && ((rounds < 200)); do
	for scheduler in none mq-deadline kyber; do
		grep -q "$scheduler" /sys/block/d/queue/scheduler || continue
		echo "$scheduler" >/sys/block/d/queue/scheduler
		for queues in "$QUEUES $QUEUES" "1 0" "$QUEUES 1" "1 $QUEUES"; do
			# shellcheck disable=SC2086 # two words
			failures+=$(resize $queues 2>&1) || failures+=" "
		done
	done
	rounds=$((rounds + 1))
done
check_eq "every size was reached" "$failures" ""
diag "$rounds rounds"
check "more than one round" test $rounds -gt 1
check_wait "the data was right" $pid
check "polling works after all that" fio --name=poll --filename=/dev/d --direct=1 \
	--ioengine=io_uring --hipri --iodepth=4 --bs=4k --thread --rw=randread --size=1m
check "removed" nbc_destroy d
