#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tracepoints: each request is seen when it is queued and when it is done, with
# its queue, mode and outcome; disks that come later are seen, too.

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

nbc_load nr_devices=0
require_tracing
[[ -d $TRACING/events/mqblk ]] || skip_all "no tracepoints"

trace_on() { echo "$1" >$TRACING/events/mqblk/enable; }
at_exit trace_on 0

# queue : the first that serves CPU 0; which one that is, is the kernel's choice
queue() {
	local dir cpus
	for dir in /sys/block/d/mq/*; do
		read -r cpus <"$dir/cpu_list"
		[[ " ${cpus//,/ } " != *" 0 "* ]] || break
	done
	echo "${dir##*/}"
}

# reads COUNT : from CPU 0, one by one
reads() { taskset -c 0 dd if=/dev/d of=/dev/null bs=4k count="$1" iflag=direct status=none; }

dmesg_expect "I/O error, dev d|Buffer I/O error on dev d"
modes=(inline softirq timer)
for irqmode in 0 1 2; do
	mode=${modes[irqmode]}
	nbc_disk d size=8 irqmode=$irqmode submit_queues=$QUEUES completion_nsec=1000000
	queue=$(queue)
	check "$mode: on" trace_on 1
	echo >$TRACING/trace
	check "reads" reads 3
	check_eq "are queued" "$(trace_seen mqblk_rq_queue "d queue=$queue tag=.* op=READ sector=.* bytes=4096 mode=$mode\$")" 3
	check_eq "and done" "$(trace_seen mqblk_rq_done "d queue=$queue tag=.* op=READ sector=.* bytes=4096 mode=$mode error=0 ns=.*")" 3
	check_eq "at their places" "$(trace_seen mqblk_rq_done '.* sector=16 ')" 1
	nbc_set d badblocks=+8-15
	check "a bad block" expect_errno EIO reads 2
	check_eq "is seen" "$(trace_seen mqblk_rq_done '.* sector=8 .* error=-5 ')" 1
	nbc_set d badblocks=-8-15
	check "off" trace_on 0
	echo >$TRACING/trace
	check "reads" reads 3
	check_eq "are not seen" "$(trace_seen mqblk_rq '.*')" 0
	nbc_destroy d
done

trace_on 1
nbc_disk d size=8
echo >$TRACING/trace
check "a new disk" reads 3
check_eq "is seen" "$(trace_seen mqblk_rq_done 'd queue=0 ')" 3
nbc_destroy d
