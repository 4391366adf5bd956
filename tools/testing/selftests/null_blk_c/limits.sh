#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is configured is what the block layer shows of the disk.
#
#@group limits

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

nbc_load nr_devices=0
# shows ATTRIBUTE=VALUE... -- LIMIT=VALUE...
shows() {
	local name="$*" pair
	nbc_create d size=64
	while [[ $1 != -- ]]; do
		nbc_set d "$1"
		shift
	done
	shift
	check "power on with ${name%% -- *}" nbc_power d 1
	for pair; do
		check_eq "${pair%=*}" "$(queue_limit d "${pair%=*}")" "${pair#*=}"
	done
}

shows size=64 -- logical_block_size=512 physical_block_size=512 rotational=0 \
	max_hw_sectors_kb=4194300 max_segments=65535 virt_boundary_mask=0 dma_alignment=1 \
	discard_max_bytes=0 write_zeroes_max_bytes=0 io_poll=1 write_cache="write through"
check_eq "two queues" "$(hw_queues d)" 2
check_eq "with 64 tags" "$(</sys/block/d/mq/0/nr_tags)" 64
check_eq "its size" "$(blockdev --getsize64 /dev/d)" 67108864
check_eq "its index" "$(nbc_get d index)" $((16#$(stat -c %T /dev/d)))
nbc_destroy d
shows index=7 --
check_eq "the index asked for" $((16#$(stat -c %T /dev/d))) 7
# Who opens d by its name at the moment when it goes must not get another disk.
nbc_power d 0
nbc_disk e index=7
check_eq "while it is off, nobody else gets its index" "$(nbc_get e index)" 8
check "it has it again" nbc_power d 1
check_eq "its index after power-on" $((16#$(stat -c %T /dev/d))) 7
nbc_set d power=0 index=8 power=1
check_eq "the first free one from there up" "$(nbc_get d index)" 9
nbc_set e power=0 index=7 power=1
check_eq "what it had before is free" "$(nbc_get e index)" 7
nbc_destroy e
nbc_destroy d

for bs in 1024 2048 4096; do
	shows blocksize=$bs -- logical_block_size=$bs physical_block_size=$bs
	nbc_destroy d
done
shows max_sectors=255 -- max_hw_sectors_kb=127 max_sectors_kb=127
nbc_destroy d
shows max_sectors=8 -- max_hw_sectors_kb=4 max_sectors_kb=4
nbc_destroy d
shows max_sectors=4294967295 -- max_hw_sectors_kb=4194300
# Linux 6.12 and 7.3 have different defaults.
check "max_sectors_kb is the block layer's default" \
	grep -qxE '1280|4096' /sys/block/d/queue/max_sectors_kb
nbc_destroy d
shows rotational=1 virt_boundary=1 -- rotational=1 virt_boundary_mask=4095
nbc_destroy d
shows memory_backed=1 discard=1 -- write_zeroes_max_bytes=4294966784 \
	discard_max_bytes=4294966784 discard_granularity=512
nbc_destroy d
shows no_sched=1 hw_queue_depth=5 submit_queues=$QUEUES poll_queues=0 -- \
	nr_requests=5 io_poll=0
scheduler=$(queue_limit d scheduler)
check_eq "the scheduler is none" "${scheduler%%]*}" "[none"
check_eq "$QUEUES queues" "$(hw_queues d)" "$QUEUES"
check_eq "each with 5 tags" "$(sort -u /sys/block/d/mq/*/nr_tags)" 5
nbc_destroy d
shows use_per_node_hctx=1 submit_queues=$QUEUES poll_queues=0 home_node=0 --
# Without NUMA there is no such directory, and the pattern stays what it is.
nodes=(/sys/devices/system/node/node[0-9]*)
check_eq "one queue per node" "$(hw_queues d)" ${#nodes[@]}
nbc_destroy d
shows size=0 --
check_eq "no size" "$(blockdev --getsize64 /dev/d)" 0
nbc_destroy d
shows size=8796093022207 --
check_eq "the greatest size" "$(blockdev --getsize64 /dev/d)" 9223372036853727232
