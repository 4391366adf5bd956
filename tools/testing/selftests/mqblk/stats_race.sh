#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Statistics are switched, read and reset while requests run, queues come and go
# and the disk is removed; no request is lost to a resize or to a reader.

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

require_cmd fio
nbc_load nr_devices=0 poll_queues=2
require_stats

# When the disk goes, fio must not make a file of its name.
load() {
	fio --name=load --filename=/dev/d --direct=1 --thread --bs=4k --size=8m \
		--ioengine=io_uring --iodepth=16 --rw=randrw --norandommap \
		--allow_file_create=0 "$@"
}

# again FILE : whoever reads a file that goes gets an error, and no more
again() {
	whatever
	while :; do cat "$(stats_file d "$1")"; done >/dev/null 2>&1
}

# ended : reads and writes that the block layer knows of
ended() {
	local counts
	read -ra counts </sys/block/d/stat
	echo $((counts[0] + counts[4]))
}

# more_than COUNT : have ended, for wait_until
more_than() { (($(ended) > $1)); }

nbc_disk d size=8 submit_queues=1 poll_queues=0
before=$(ended)
stats_set d enable 1
again stats &
readers=($!)
again latency &
readers+=($!)
load --loops=4 &
pid=$!
check "requests run" wait_until 30 more_than "$before"
for queues in "$QUEUES" 1 "$QUEUES"; do
	check "$queues queues" nbc_set d submit_queues=$queues poll_queues=$((queues - 1))
done
check_wait "the load ends well" $pid
count=$(($(ended) - before))
check_eq "each request was counted" "$(stats_sum d stats requests)" $count
check_eq "in the histograms, too" "$(stats_sum d latency requests)" $count
end_job "${readers[1]}"

for round in 1 2; do
	before=$(ended)
	load --time_based --runtime=60 >/dev/null 2>&1 &
	pid=$!
	check "round $round: requests run" wait_until 30 more_than "$before"
	for value in 0 1; do
		check "round $round: $value" stats_set d enable $value
		check "reset" stats_set d reset 1
	done
	check "the disk goes" nbc_power d 0
	end_job $pid
	check "and comes" nbc_power d 1
	check_eq "off" "$(<"$(stats_file d enable)")" 0
done
end_job "${readers[0]}"
nbc_destroy d
