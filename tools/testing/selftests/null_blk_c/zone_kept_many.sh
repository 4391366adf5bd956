#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A disk of a million zones costs the kernel's reclaim no time: it looks only at zones that
# keep memory. And what they keep counts as available.
#@group zone
#@vm --memory 2G
#@timeout 240

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/zone.sh
. "$(dirname "$0")/../lib/zone.sh"

EVENTS=/sys/kernel/tracing/kprobe_events
calls=(nbc_kept_count nbc_kept_scan)

require_cmd blkzone
require_tracing
[[ -e $EVENTS ]] || skip_all "no kprobes"

no_probes() {
	echo 0 >"$TRACING/events/kprobes/enable"
	echo >$EVENTS
}
probe() {
	local call
	for call in "${calls[@]}"; do
		echo "p:begin_$call null_blk_c:$call" >>$EVENTS
		echo "r:end_$call null_blk_c:$call" >>$EVENTS
	done
	echo 1 >"$TRACING/events/kprobes/enable"
}
# took CALL : the longest time that it took, in us
took() {
	awk -v call="$1" '
		index($0, "begin_" call) || index($0, "end_" call) {
			match($0, / [0-9]+\.[0-9]+:/)
			t = substr($0, RSTART, RLENGTH - 1) * 1000000
			if (index($0, "begin_")) { from = t; next }
			if (t - from > most) most = t - from
		}
		END { printf "%d\n", most }' "$TRACING/trace"
}

nbc_load nr_devices=0
check "a disk of a million zones" nbc_disk d zoned=1 zone_size=1 size=1048576 \
	memory_backed=1
at_exit no_probes
probe
# 64 MiB in the last zones: the search for them is the longest there is.
first=$((1048576 - 64))
dd if=/dev/zero of=/dev/d bs=1M seek=$first count=64 oflag=direct status=none
before=$(meminfo KReclaimable)
blkzone reset -o $((first * 2048)) -c 64 /dev/d
settle_counts
check "what zones keep counts as memory that can be reclaimed" \
	wait_until 5 eval "((\$(meminfo KReclaimable) >= $before + 60 * 1024))"
echo 2 >/proc/sys/vm/drop_caches
check "and no longer counts when it was taken back" \
	wait_until 5 eval "((\$(meminfo KReclaimable) < $before + 30 * 1024))"
# Zones that were finished and never written have nothing to give back.
before=$(meminfo KReclaimable)
blkzone finish -o 0 -c 256 /dev/d
blkzone reset -o 0 -c 256 /dev/d
settle_counts
check "what was never written does not count" \
	eval "((\$(meminfo KReclaimable) < $before + 60 * 1024))"
# The longest call of each round, and of these the least: an interrupt may come in between
declare -A least=()
for ((i = 0; i < 5; i++)); do
	dd if=/dev/zero of=/dev/d bs=1M seek=$((1048576 - 1)) count=1 oflag=direct status=none
	zone_do d $((1048576 - 1)) reset
	: >"$TRACING/trace"
	echo 2 >/proc/sys/vm/drop_caches
	for call in "${calls[@]}"; do
		most=$(took "$call")
		((${least[$call]-$most} < most)) || least[$call]=$most
	done
done
for call in "${calls[@]}"; do
	diag "$call: ${least[$call]} us"
	check "$call takes less than 1 ms" test "${least[$call]}" -lt 1000
done
nbc_destroy d
