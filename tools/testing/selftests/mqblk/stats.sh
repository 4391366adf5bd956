#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Statistics: each request of the load is counted once, in every mode of
# completion; histograms have as many; reset; errors; off means off.

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

require_cmd fio
nbc_load nr_devices=0
require_stats

# load RW [FIO OPTION...] : 1024 requests of 4 KiB
load() {
	local rw=$1
	shift
	fio --name=load --filename=/dev/d --direct=1 --thread --bs=4k --size=4m \
		--ioengine=io_uring --iodepth=16 --iodepth_batch_submit=8 \
		--rw="$rw" "$@"
}

for irqmode in 0 1 2; do
	nbc_disk d size=8 irqmode=$irqmode submit_queues=$QUEUES poll_queues=1 \
		memory_backed=$((irqmode % 2)) discard=$((irqmode % 2))
	check "irqmode $irqmode: on" stats_set d enable 1
	check "load" load randread
	check_eq "reads" "$(stats_of d read)" "1024 0 4194304"
	check "load" load randwrite --hipri=$((irqmode / 2))
	check_eq "writes" "$(stats_of d write)" "1024 0 4194304"
	check_eq "histograms" "$(stats_sum d latency requests read) $(stats_sum d latency requests write)" \
		"1024 1024"
	check_eq "nothing else" "$(stats_sum d stats requests)" 2048
	check "reset" stats_set d reset 1
	check_eq "and all is zero" "$(stats_sum d stats requests) $(stats_sum d latency requests)" "0 0"
	check "off" stats_set d enable 0
	check "load" load randread
	check_eq "and nothing is counted" "$(stats_sum d stats requests)" 0
	nbc_destroy d
	check "its directory is gone" test ! -e "$(stats_file d '')"
done

# The timer's requests take as long as they must.
nbc_disk d size=8 irqmode=2 completion_nsec=20000000 discard=1 memory_backed=1
stats_set d enable 1
check "discard" blkdiscard -l 65536 /dev/d
check "zeroes" blkdiscard -z -l 32768 /dev/d
check_eq "are counted" "$(stats_of d discard) $(stats_of d write_zeroes)" "1 0 65536 1 0 32768"
check_eq "none took less than the timer" \
	"$(awk 'NR > 1 && $3 < 16777216' "$(stats_file d latency)")" ""
dmesg_expect "I/O error, dev d|Buffer I/O error on dev d"
nbc_set d badblocks=+64-71
check "a bad block" expect_errno EIO dd if=/dev/d of=/dev/null bs=4k count=1 skip=8 iflag=direct
check_eq "is an error" "$(stats_sum d stats errors)" 1
for value in 2 x ''; do
	check "enable: '$value' is refused" expect_errno EINVAL stats_set d enable "$value"
done
check_eq "and changes nothing" "$(<"$(stats_file d enable)")" 1
check "the log says so" kmsg_has 'd: enable: "x" is not valid, use 0 or 1'
nbc_destroy d
