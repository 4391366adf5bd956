#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Flushes all the time, under load: data is right, blocks are whole, nothing hangs,
# and what was flushed is there after a power cut under load.
#@group cache
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

helper model
helper tear
helper promise
nbc_load nr_devices=0

flush_all_the_time() {
	whatever
	while :; do
		sync /dev/d
	done
}

# with_flushes NAME COMMAND...
with_flushes() {
	flush_all_the_time 2>/dev/null &
	local flusher=$!
	check "$@"
	end_job $flusher
}

for bs in 512 4096; do
	nbc_disk d size=64 memory_backed=1 discard=1 blocksize=$bs \
		submit_queues=$QUEUES cache_size=1
	with_flushes "blocks of $bs: one of many threads' data" \
		model /dev/d rrwwwdzp 5 7 128
	nbc_destroy d
	nbc_disk d size=64 memory_backed=1 discard=1 blocksize=$bs \
		submit_queues=$QUEUES cache_size=16
	with_flushes "blocks of $bs: never torn" tear /dev/d 2
	with_flushes "with discards" tear /dev/d 2 discard
	nbc_destroy d
done

# The power is cut again and again while threads write and flush.
dmesg_expect "I/O error, dev d"
cut_while_written() {
	local writer
	promise /dev/d 6 &
	writer=$!
	sleep 1
	nbc_power d 0
	nbc_power d 1
	wait $writer
}
nbc_create d size=8 memory_backed=1 submit_queues=$QUEUES cache_size=1
for round in "blocksize=512" "blocksize=512 fua=0" "blocksize=4096" "cache_size=8"; do
	# shellcheck disable=SC2086 # several words
	nbc_set d $round
	nbc_power d 1
	check "what a flush or FUA promised is kept: $round" cut_while_written
	nbc_power d 0
done
