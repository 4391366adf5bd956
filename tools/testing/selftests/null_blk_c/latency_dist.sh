#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Latency models: the percentiles of the times that operations take are those of the model,
# within 3.2 %, at depths from 1 to 64 and in both queue modes. A machine that does something
# else in between makes them longer. So times that are all the same are measured before: where
# these are not what they should be, the machine has no time for this test.
#@group limits
#@long
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/load.sh
. "$(dirname "$0")/../lib/load.sh"

# model LINE... : is in force from now on
model() { nbc_set d "latency=$(printf '%s\n' "latency 1" "$@" end)"; }
# per_ten_thousand NS : how many of the load's I/Os took less; NS is where a bucket of its
# histogram begins
per_ten_thousand() {
	awk -v ns="$1" '{ sum += $2; if ($1 < ns) below += $2 }
		END { printf "%d\n", 10000 * below / sum }' "$LOAD/histogram"
}
# within NS PER_TEN_THOUSAND : so many of the load's I/Os took less than NS, within 3.2 % of
# it; sets low, high, and how many took less than those. NS is in the middle of the last
# bucket before a power of two
within() {
	low=$(($1 * 30 / 31)) high=$(($1 * 32 / 31))
	below=$(per_ten_thousand $low)
	above=$(per_ten_thousand $high)
	((below < $2 && above >= $2))
}
# on_time : is the machine so quiet that what shall take p50 does so?
on_time() {
	model "op=READ fixed=$p50" && load_control run && late=$(per_ten_thousand $((p50 * 32 / 31))) &&
		((late = 10000 - late, late <= 5))
}
# measure NS PER_TEN_THOUSAND... : until all are within, or the machine is not quiet
measure() {
	local try pair
	for try in 1 2 3 4; do
		measured=''
		on_time || continue
		model seed=1 "op=READ percentiles=$table"
		load_control run
		measured=$try
		for ((pair = 1; pair < $#; pair += 2)); do
			within "${@:pair:2}" || continue 2
		done
		return
	done
}
# percentile NAME NS PER_TEN_THOUSAND
percentile() {
	within "$2" "$3" || true
	diag "$1: of 10000, $below took less than $low ns, $above less than $high"
	check "$1 is not less than $2 ns by 3.2 %" test "$below" -lt "$3"
	check "nor more" test "$above" -ge "$3"
}

require_unloadable mqblk_load
nbc_load nr_devices=0
require_load
load_set disks=/dev/d span_bytes=$((4 << 20)) jobs=1 block_bytes=4096 latency=1 write_percent=0

# Flat around each percentile, so that few I/Os tell it.
p50=$((31 << 17)) p99=$((31 << 19)) p999=$((31 << 20))
table=30:$p50,70:$p50,71:$((p50 * 2)),98.3:$p99,99.5:$p99,99.6:$p999,99.96:$p999,100:$((p999 * 2))

for mode in 2 0; do
	nbc_disk d size=8 memory_backed=1 queue_mode=$mode
	for depth in 1 4 16 64; do
		wanted=("$p50" 5000 "$p99" 9900)
		# At depth 1 there is no time for so many.
		((depth == 1)) || wanted+=("$p999" 9990)
		load_set write_percent=0 depth=$depth batch=$depth ios=$((depth == 1 ? 600 : 4000))
		measure "${wanted[@]}"
		if [[ -z $measured ]]; then
			skip "queue_mode $mode, depth $depth" "of 10000, $late are late by themselves"
			continue
		fi
		percentile "queue_mode $mode, depth $depth: p50" $p50 5000
		percentile "p99" $p99 9900
		((depth == 1)) || percentile "p99.9" $p999 9990
	done
	check "writes have no such time" load_run write_percent=100 depth=1 batch=1 ios=1000
	check "at most p50: $(load_result latency_mean_ns) ns" \
		test "$(load_result latency_mean_ns)" -lt $p50
	nbc_destroy d
done
