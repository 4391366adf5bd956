#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Delays and limits change while a disk is in use: what waits as the old ones said ends at
# once, what comes later does as the new ones say, no data is lost, and whatever cannot be
# changes nothing. In place of null_blk they are fixed.
#
#@group limits

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

DAY=86400000000000

read_one() { dd if=/dev/d of=/dev/null bs=4k count=1 iflag=direct status=none; }
# waiting NR : as many or more are in flight
waiting() { awk -v nr="$1" '{ exit $1 + $2 < nr }' /sys/block/d/inflight; }
# ms COMMAND... : how long it takes
ms() {
	local begin=${EPOCHREALTIME/[.,]/}
	"$@" >/dev/null
	echo $(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
}
# lets_go NAME ATTRIBUTE=VALUE : ends reads that wait
lets_go() {
	local reads
	fio --name=r --filename=/dev/d --direct=1 --ioengine=libaio --rw=randread \
		--iodepth=8 --bs=4k --number_ios=8 --size=16m >/dev/null &
	reads=$!
	check "$1: reads wait" wait_until 20 waiting 4
	check "$1" nbc_set d "$2"
	check_wait "$1: they end" $reads
}

require_cmd fio
nbc_load nr_devices=0
for mode in 2 0; do
	nbc_disk d size=16 memory_backed=1 queue_mode=$mode irqmode=2 completion_nsec=1000
	check "queue_mode $mode: a delay of a day" nbc_set d completion_nsec=$DAY
	check_eq "it reads as it was written" "$(nbc_get d completion_nsec)" $DAY
	lets_go "a delay of 1 us" completion_nsec=1000
	check "the next is as short" read_one
	nbc_destroy d

	nbc_disk d size=16 memory_backed=1 queue_mode=$mode
	check "queue_mode $mode: one operation a second" nbc_set d iops=1
	read_one
	lets_go "as many as there are" iops=0
	check "a limit on bytes" nbc_set d mbps_read=1
	took=$(ms dd if=/dev/d of=/dev/null bs=256k count=5 iflag=direct status=none)
	check "is kept: 1.25 MiB take more than a second, $took ms" test "$took" -ge 1100
	check "no debt is left when another comes" nbc_set d mbps_read=0 iops_read=1000
	took=$(ms read_one)
	check "a read takes less than the old limit had, $took ms" test "$took" -lt 10000
	check "too much is refused" expect_errno EINVAL nbc_set d mbps=99999999
	check_eq "and changes nothing" "$(nbc_get d mbps)" 0
	check "no number" expect_errno EINVAL nbc_set d iops=x
	check "irqmode stays fixed" expect_errno EBUSY nbc_set d irqmode=2
	nbc_set d iops_read=0

	changes=0
	nbc_set d iops=0 rules=add,op=READ,delay_nsec=$DAY
	read_one &
	read=$!
	check "a rule makes a read wait" wait_until 20 waiting 1
	check "a disk without limits gets one" nbc_set d iops=1000
	nap 0.3
	check "which does not end what the rule said" waiting 1
	check "the next change does" nbc_set d iops=0
	check_wait "it ends" $read
	nbc_set d rules=removeall

	fio --name=v --filename=/dev/d --direct=1 --ioengine=libaio --iodepth=16 --bs=4k \
		--rw=randwrite --size=16m --verify=crc32c --verify_fatal=1 --loops=10 \
		>/dev/null &
	verify=$!
	for ((i = 0; i < 40; i++)); do
		nbc_set d iops=$((i % 2 ? 0 : 1 + i)) mbps_write=$((i % 3))
		! kill -0 $verify 2>/dev/null || changes=$i
	done
	nbc_set d iops=0 mbps_write=0
	check "$changes changes meanwhile" test "$changes" -ge 20
	check_wait "what was written is there" $verify
	nbc_destroy d
done
check "the log says what is fixed" kmsg_has "d: irqmode is fixed while the device is powered"
unload_modules
NBC_ROOT=/sys/kernel/config/nullb
nbc_load nr_devices=0 drop_in=1
nbc_disk d size=16
check "in place of null_blk they are fixed" expect_errno EBUSY nbc_set d mbps=5
check "all of them" expect_errno EBUSY nbc_set d completion_nsec=5
nbc_destroy d
