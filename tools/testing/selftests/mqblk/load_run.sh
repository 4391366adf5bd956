#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The load inside the kernel does what its attributes say: the disk gets as many
# requests as it reports, data moves, errors are counted, in every mode of
# completion; it stops when it is told to, and the module can be unloaded under it.
#
#@core

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/load.sh
. "$(dirname "$0")/../lib/load.sh"

require_unloadable mqblk_load
nbc_load nr_devices=0
require_stats
require_load
load_set span_bytes=$((4 << 20)) disks=/dev/d

# Batches that fill neither the depth nor the number of I/Os
for mode in "irqmode=0" "irqmode=1" "irqmode=2" "poll_queues=1"; do
	polled=0
	[[ $mode != poll_queues=* ]] || polled=1
	nbc_disk d size=8 memory_backed=1 submit_queues=2 "$mode"
	stats_set d enable 1
	check "$mode: read" load_run write_percent=0 jobs=2 batch=7 depth=9 ios=500 \
		polled=$polled
	check_eq "all were counted" "$(load_result state ios reads bytes errors)" \
		"done 1000 1000 4096000 0"
	check_eq "and the disk saw them" "$(stats_of d read)" "1000 0 4096000"
	check_eq "each job did its part" "$(load_result job0_ios job1_ios)" "500 500"
	check "$mode: write what can be checked" load_run write_percent=100 verify=1 \
		pattern=sequential jobs=1 ios=1024
	check "and check it, at random" load_run write_percent=0 pattern=random jobs=2
	check_eq "all is there" "$(load_result ios miscompares errors)" "2048 0 0"
	check "look for something else" load_run seed=2
	check_eq "nothing is there" "$(load_result miscompares)" 2048
	load_set verify=0 seed=1
	nbc_destroy d
done
load_set polled=0 batch=16 depth=32

# More pages than a bio has room for; the last bio of a block is not full.
bytes=$(((16 << 20) - 8192))
nbc_disk d size=64 memory_backed=1 irqmode=1
stats_set d enable 1
check "long blocks are written" load_run write_percent=100 verify=1 pattern=sequential \
	span_bytes=$((64 << 20)) block_bytes=$bytes batch=2 depth=3 jobs=1 ios=4 latency=1
check_eq "whole, each counted once" "$(load_result ios bytes errors)" "4 $((4 * bytes)) 0"
check_eq "with one latency each" \
	"$(awk '{ sum += $2 } END { print sum }' "$LOAD/histogram")" 4
read -r _ failed moved <<<"$(stats_of d write)"
check_eq "the disk saw all of them" "$failed $moved" "0 $((4 * bytes))"
check "and read" load_run write_percent=0 pattern=random ios=8
check_eq "with what was written" "$(load_result ios miscompares errors)" "8 0 0"
check "the longest one is taken" load_run verify=0 block_bytes=$((16 << 20)) ios=2
load_set latency=0 verify=0 block_bytes=4096 span_bytes=$((4 << 20)) batch=16 depth=32
nbc_destroy d

nbc_disk d size=8 irqmode=2 completion_nsec=2000000
check "latencies" load_run latency=1 ios=64 jobs=1
check_eq "each is in the histogram" \
	"$(awk '{ sum += $2 } END { print sum }' "$LOAD/histogram")" 64
read -r low mean high <<<"$(load_result latency_min_ns latency_mean_ns latency_max_ns)"
check "and none is shorter than it must be: $low" test "$low" -ge 2000000
check "least, mean and most are in order" test "$low" -le "$mean" -a "$mean" -le "$high"
load_set latency=0
nbc_destroy d

nbc_disk d size=8 memory_backed=1 cache_size=4
stats_set d enable 1
check "flushes and FUA" load_run write_percent=50 fua_percent=50 flush_percent=10 ios=1000
read -r reads writes fuas flushes <<<"$(load_result reads writes fuas flushes)"
check_eq "make up the whole" "$((reads + writes + flushes))" 1000
check "some of each: $reads $writes $fuas $flushes" \
	test "$reads" -gt 300 -a "$writes" -gt 300 -a "$fuas" -gt 150 -a "$flushes" -gt 50
check_eq "the disk saw them" \
	"$(stats_sum d stats requests read) $(stats_sum d stats requests write)" "$reads $writes"
# The block layer makes one of those that wait for each other.
seen=$(stats_sum d stats requests flush)
check "and at most as many flushes: $seen" test "$seen" -gt 0 -a "$seen" -le "$flushes"
load_set fua_percent=0 flush_percent=0
nbc_destroy d

dmesg_expect "I/O error, dev d"
nbc_disk d size=8 badblocks=+64-79
check "two bad blocks" load_run write_percent=0 pattern=sequential ios=1024
check_eq "are two errors of their kind" "$(load_result ios errors errors_ioerr job0_errors)" \
	"1024 2 2 2"
load_set pattern=random
nbc_destroy d

nbc_disk d size=8 zoned=1 zone_size=2 memory_backed=1 zone_capacity=1 zone_nr_conv=1
check "zones" load_run pattern=zones write_percent=100 jobs=2 ios=1024 block_bytes=8192 \
	span_bytes=$((8 << 20))
check_eq "are written without an error" "$(load_result writes errors)" "2048 0"
# One job has the conventional zone, which is not reset, and one of the others.
check_eq "having been reset" "$(load_result zone_resets)" $((2 + 8))
nbc_destroy d

nbc_disk d size=8 zoned=1 zone_size=2 memory_backed=1
stats_set d enable 1
check "appends" load_run append=1 verify=1 jobs=1 ios=1024 batch=1 depth=1
check_eq "one behind the other" "$(load_result writes errors moved zone_resets)" "1024 0 0 4"
check_eq "are appends for the disk" "$(stats_of d zone_append)" "1024 0 8388608"
check "and are read" load_run append=0 write_percent=0 pattern=sequential
check_eq "with what was written" "$(load_result ios errors miscompares)" "1024 0 0"
load_set pattern=random verify=0 batch=16 depth=32 block_bytes=4096 span_bytes=$((4 << 20))
nbc_destroy d

# The latter is an instruction of x86.
engines=(memcpy)
[[ $(uname -m) != x86_64 ]] || engines+=(movsb)
for engine in "${engines[@]}"; do
	check "$engine" load_run engine="$engine" ios=256
	check_eq "copied" "$(load_result engine bytes)" "$engine 1048576"
done
load_set engine=disk

# The timer makes each batch wait for a while.
nbc_disk d size=8 irqmode=2 completion_nsec=1000000
check "for a while" load_run ios=0 time_ms=50
check "it took that long" test "$(load_result elapsed_ns)" -ge 40000000
load_set time_ms=0
check "without end" load_control start
check_eq "it runs" "$(load_get control)" running
check "until it is stopped" load_control stop
check_eq "and all has come back" "$(load_result state errors)" "done 0"
(whatever; echo run >$LOAD/control) &
waiter=$!
check "in the background" wait_until 10 load_is running
kill -KILL $waiter
wait $waiter || true
check "whoever waits takes it along" wait_until 10 load_is "done"
check "once more" load_control start
check "unload under load" rmmod mqblk_load
check "its files are gone" test ! -e "$LOAD"
check "the disk is free" nbc_destroy d
