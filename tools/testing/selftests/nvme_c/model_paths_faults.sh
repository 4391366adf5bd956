#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Where a disk with two paths could lose data or time: requests that wait in the queue of a
# controller that is reset, or for one that has gone; limits of two controllers that come at
# the same time; and caches of both that one flush is to empty, also if it takes some tries,
# or a reset, until it can.
#@kernel uml-nvme
#@vm --memory 1G
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/paths.sh
. "$(dirname "$0")/../lib/paths.sh"

require_cmd nvme
require_model
nvme_load multipath=1 io_timeout=60 admin_timeout=30 queue_depth=4
dmesg_expect "I/O error, dev nvmec"
dmesg_expect "Buffer I/O error on dev nvmec"

# Both, which are up and have one disk
up() {
	model_bind a || true
	disk=$(model_disk a)
	wait_until 20 has_disk || true
	model_bind b || true
	wait_until 20 has_links 2 || true
	check "up: two paths" has_links 2
}
# read_block N
read_block() {
	dd if="/dev/$disk" of=/dev/null bs=4k count=1 skip="$1" iflag=direct status=none 2>&1
}
write_blocks() {
	dd if=/dev/zero of="/dev/$disk" bs=4k count="$1" oflag=direct status=none 2>&1
}
cache() { echo "$1" >"/sys/block/$disk/queue/write_cache"; }
flush() { dd if=/dev/zero of="/dev/$disk" count=0 conv=fsync status=none 2>&1; }
flushes() { model_count "$1" flushes; }

# The first one moves 32 KiB at most.
for name in a b; do
	mkdir "$MODEL/$name"
	model_set $name subsystem=s queues=1 timeout=120 vwc=1
	model_add_ns $name 1 shared=1
done
model_set a mdts=3
model_power a 1
model_power b 1

# --- limits ----------------------------------------------------------------------------

up
check_eq "the limits are those of both" "$(queue_limit "$disk" max_hw_sectors_kb)" 32
check "a user's choice" cache "write through"
check "one goes" model_unbind b
check "and comes" model_bind b
check "both are there" wait_until 20 has_links 2
check_eq "what the user has chosen stays" "$(queue_limit "$disk" write_cache)" "write through"
check "back again" cache "write back"
for round in 1 2 3 4 5 6; do
	model_unbind a
	model_unbind b
	wait_until 20 no_disk || true
	model_bind a &
	model_bind b || true
	wait $! || true
	has_either() {
		for name in a b; do
			disk=$(model_disk $name)
			! has_disk || ! has_links 2 || return 0
		done
		return 1
	}
	wait_until 20 has_either || true
	check_eq "both at a time, $round: the limits are those of both" \
		"$(queue_limit "$disk" max_hw_sectors_kb)" 32
done
model_unbind a
model_unbind b
wait_until 20 no_disk || true
up
subsys=$(cd -P "/sys/block/$disk/.." && pwd)

# --- a queue that waits for a reset ------------------------------------------------------

# As many as the queue of the first has room for are sent, and the others wait behind them.
model_rule a hold opcode=read
jobs=()
for nr in {1..12}; do
	read_block "$nr" &
	jobs+=($!)
done
held() { (($(model_count a held) >= 4)); }
check "reads hang" wait_until 20 held
check "more than are sent" fails all_ended "${jobs[@]}"
model_rule a ready ms=30000
nvme_reset "$(model_ctrl a)" &
job=$!
check "all of them go the other way" wait_until 15 all_ended "${jobs[@]}"
check_eq "while the reset goes on" "$(way_state a)" resetting
for nr in "${jobs[@]}"; do
	wait "$nr" || check "a read" false
done
check_wait "it ends" $job
check_eq "and the controller is up" "$(way_state a)" live
model_honest a
check "reads go on" read_block 1

# --- flushes -----------------------------------------------------------------------------

# flushed TEXT A B : since the last time, so often by each; at least, if there is a plus
flushed() {
	local what=$1 name want got
	shift
	for name in a b; do
		want=$1
		shift
		got=$(($(flushes $name) - begin[$name]))
		begin[$name]=$(flushes $name)
		if [[ $want == *+ ]]; then
			check "$what: $name, $got" test "$got" -ge "${want%+}"
		else
			check_eq "$what: $name" "$got" "$want"
		fi
	done
}
declare -A begin=([a]=$(flushes a) [b]=$(flushes b))
policy numa
check "writes by the first" write_blocks 8
check "a flush" flush
flushed "goes by the first alone" 1 0
policy round-robin
check "writes by both" write_blocks 8
check "another flush" flush
flushed "goes by both" 1+ 1+
policy numa
check "a flush with nothing written" flush
flushed "goes by the first alone, too" 1 0
policy round-robin
check "writes by both again" write_blocks 8
policy numa
model_rule b status opcode=flush code=0x280 dnr=1
check "a cache that cannot be written: an error" fails flush
model_honest b
check "the next flush" flush
flushed "goes by both: the cache is still full" 0+ 1
policy round-robin
check "writes by both once more" write_blocks 8
policy numa
model_rule b status opcode=flush code=0x370 hits=2
check "a flush that one path does not take at first" flush
check "was tried" model_hit b 2
flushed "goes by both in the end" 1 1
model_honest b
policy round-robin
check "writes by both again and again" write_blocks 8
policy numa
model_rule b status opcode=flush code=0x370
check "a flush that a path that works does not take: an error" fails flush
model_honest b
check "the next one" flush
flushed "goes by that path, which still has something to write" 0+ 1
policy round-robin
check "writes by both before a reset" write_blocks 8
policy numa
model_rule b ready ms=5000
nvme_reset "$(model_ctrl b)" &
job=$!
is_resetting() { [[ $(way_state b) == resetting ]]; }
check "one of them is reset" wait_until 10 is_resetting
check "a flush" flush
flushed "has waited for it" 0+ 1
check_wait "it is up" $job
model_honest b
check "a write that is to be safe" dd if=/dev/zero of="/dev/$disk" bs=4k count=1 \
	oflag=direct,dsync status=none

# --- waiting for a path --------------------------------------------------------------------

seconds() { echo "$1" >"/sys/block/$disk/delayed_removal_secs"; }
check "paths are to be waited for" seconds 10000
check "one goes" model_unbind a
check "the other, too" model_unbind b
write_blocks 1 >/dev/null &
job=$!
check "a write waits" wait_until 10 disk_is_busy "$disk"
check "and has not ended" fails has_ended $job
check "patience ends" seconds 1
check "the write ends" wait_until 15 has_ended $job
check "with an error" fails wait $job
check "and the disk goes" wait_until 10 no_disk

for name in a b; do
	check_eq "$name: no breach of the protocol" "$(model_breaches $name)" ''
done
