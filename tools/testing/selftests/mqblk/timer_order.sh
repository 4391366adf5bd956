#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Timers on several queues and depths: no request ends before its deadline, all
# end, also when the disk goes while they wait.
#@core

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

helper deadline
nbc_load nr_devices=0

while read -r queues depth threads nsec; do
	nbc_disk d size=64 irqmode=2 submit_queues="$queues" completion_nsec="$nsec" \
		hw_queue_depth=256
	check "$queues queues, depth $depth, $threads threads, $nsec ns" \
		deadline /dev/d "$nsec" $((depth * 20)) "$depth" "$threads"
	nbc_destroy d
done <<-END
	1 32 1 1000000
	1 256 1 20000000
	$QUEUES 32 4 1000000
	$QUEUES 64 2 100000
END

nbc_disk d size=64 irqmode=2 completion_nsec=400000000 submit_queues=$QUEUES
deadline /dev/d 400000000 6400 32 2 >/dev/null 2>&1 &
pid=$!
waiting() { awk '{ exit !$1 }' /sys/block/d/inflight; }
check "requests wait" wait_until 10 waiting
check "the disk goes meanwhile" nbc_power d 0
wait $pid || true
ok "and they have ended"
check "removed" rmdir "$NBC_ROOT/d"
