#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Limits: bandwidth and operations are never exceeded, for small and large requests,
# reads and writes and in both queue modes; a request larger than a second's worth
# proceeds; power-off and resizes do not wait for the rest. How close a disk comes to
# its limit is for the benchmark: a machine may be slower than any limit here.
#
#@group limits

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

now_us() { echo "${EPOCHREALTIME/[.,]/}"; }
# takes_ms FIO-OPTION... : on /dev/d
takes_ms() {
	local text most=0
	text=$(fio --name=t --filename=/dev/d --direct=1 --ioengine=libaio \
		--output-format=json "$@")
	# Of reads, writes and discards
	while [[ $text =~ \"runtime\"\ :\ ([0-9]+)(.*) ]]; do
		((BASH_REMATCH[1] <= most)) || most=${BASH_REMATCH[1]}
		text=${BASH_REMATCH[2]}
	done
	echo "$most"
}
# not_under NAME GOT WANTED : milliseconds; the credit of an idle disk is 10 of them
not_under() {
	diag "$1: $2 ms, at least $3"
	check "$1" test "$2" -ge $(($3 - 12))
}

require_cmd fio
nbc_load nr_devices=0
for mode in 2 0; do
	nbc_disk d size=64 queue_mode=$mode mbps=4
	not_under "queue_mode $mode: 4 MiB/s by 4k" \
		"$(takes_ms --rw=read --bs=4k --iodepth=8 --size=4m)" 1000
	not_under "the same by 1m" \
		"$(takes_ms --rw=write --bs=1m --iodepth=4 --size=8m)" 2000
	not_under "at depth 1" \
		"$(takes_ms --rw=randread --bs=64k --iodepth=1 --size=4m)" 1000
	nbc_destroy d
	nbc_disk d size=64 queue_mode=$mode iops=200
	not_under "200 operations a second" \
		"$(takes_ms --rw=randrw --bs=4k --iodepth=4 --number_ios=200 --size=64m)" 1000
	nbc_destroy d
	nbc_disk d size=64 queue_mode=$mode mbps_read=2 iops_write=100
	not_under "reads have a limit of their own" \
		"$(takes_ms --rw=read --bs=16k --iodepth=4 --size=2m)" 1000
	not_under "so have writes" \
		"$(takes_ms --rw=write --bs=16k --iodepth=4 --size=1600k)" 1000
	nbc_destroy d

	nbc_disk d size=64 queue_mode=$mode mbps=1 max_sectors=8192
	start=$(now_us)
	dd if=/dev/zero of=/dev/d bs=2M count=1 oflag=direct status=none
	not_under "one request of two seconds' worth" $((($(now_us) - start) / 1000)) 2000
	dmesg_expect "(I/O|Buffer I/O) error(, dev| on dev) d"
	fio --name=long --filename=/dev/d --direct=1 --ioengine=libaio --rw=write \
		--bs=4m --iodepth=4 --size=64m >/dev/null 2>&1 &
	job=$!
	check "sixteen seconds' worth is under way" wait_until 10 disk_is_busy d
	if ((mode == 2 && QUEUES == 2)); then
		start=$(now_us)
		nbc_set d submit_queues=2
		diag "a resize took $((($(now_us) - start) / 1000)) ms"
		check "a resize does not wait for it" test $(($(now_us) - start)) -lt 4000000
		check "the rest is under way" wait_until 5 disk_is_busy d
	fi
	start=$(now_us)
	nbc_power d 0
	diag "power off took $((($(now_us) - start) / 1000)) ms"
	check "power-off does not wait for it" test $(($(now_us) - start)) -lt 4000000
	wait $job || true
	nbc_destroy d
done
