#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# atomic_write: a write with RWF_ATOMIC is there as a whole or not at all, for who reads at
# the same time, and after a power cut. Others are not, which shows that the test can tell.
#@group data
#@long
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

# put atomic|plain BYTES COUNT [OFFSET] : so many writes, each of a value of its own
put() {
	python3 - "$@" <<-'END'
		import mmap, os, sys
		kind, size, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
		at = int(sys.argv[4]) if len(sys.argv) > 4 else 0
		file = os.open("/dev/d", os.O_WRONLY | os.O_DIRECT)
		data = mmap.mmap(-1, size)
		try:
		    for n in range(count):
		        data[:] = bytes([n + 1]) * size
		        os.pwritev(file, [data], at + n * size, 0x40 if kind == "atomic" else 0)
		except OSError as error:
		    sys.exit(error.strerror)
	END
}
# How many of COUNT pieces of BYTES of a disk have parts of two writes
torn_pieces() {
	python3 - "$1" "$2" "$3" <<-'END'
		import sys
		size, count = int(sys.argv[2]), int(sys.argv[3])
		with open("/dev/" + sys.argv[1], "rb") as disk:
		    pieces = [disk.read(size) for n in range(count)]
		print(sum(len(set(piece)) > 1 for piece in pieces))
	END
}
# states KIND POLICY : pieces that are torn in the states of some seeds
states() {
	local seed torn=0
	nbc_disk d size=16 memory_backed=1 cache_size=8 cache_history=1 blocksize=4096 \
		atomic_write=65536 "queue_mode=$mode"
	put "$1" 65536 32 >&2
	nbc_create s
	for seed in 1 2 3; do
		nbc_set s "crash_state=d $2 $seed" power=1
		torn=$((torn + $(torn_pieces s 65536 32)))
		nbc_power s 0
	done
	nbc_destroy d
	nbc_destroy s
	echo "$torn"
}
some_torn() { (($(states plain "$1") > 0)); }

helper tear
require_cmd python3
nbc_load nr_devices=0

for mode in 0 2; do
	nbc_disk d size=16 memory_backed=1 atomic_write=65536 blocksize=4096 \
		"queue_mode=$mode" submit_queues="$QUEUES"
	check_eq "mode $mode: the largest" "$(queue_limit d atomic_write_unit_max_bytes)" 65536
	check_eq "mode $mode: the smallest" "$(queue_limit d atomic_write_unit_min_bytes)" 4096
	check "mode $mode: the largest is taken" put atomic 65536 8
	check "mode $mode: and a block" put atomic 4096 8
	check "mode $mode: more is not" expect_errno EINVAL put atomic 131072 1
	check "mode $mode: nor what is not aligned" expect_errno EINVAL \
		put atomic 65536 1 4096
	check "mode $mode: who reads sees all of a write" tear /dev/d 2 atomic 65536
	nbc_destroy d
	for policy in blocks torn; do
		check_eq "mode $mode: $policy leaves whole writes" \
			"$(states atomic "$policy")" 0
		check "mode $mode: $policy tears others" some_torn "$policy"
	done
done

# The part before a bad block is not done.
nbc_disk d size=16 memory_backed=1 atomic_write=65536 badblocks_partial_io=1
nbc_set d badblocks=+40-40
dmesg_expect "(critical medium|I/O) error, dev d"
check "a bad block fails it" expect_errno EIO put atomic 65536 1
check_eq "nothing of it is there" "$(dd if=/dev/d bs=4k count=4 iflag=direct status=none |
	tr -d '\0' | wc -c)" 0
nbc_destroy d

nbc_create d size=16
for text in 1 511 768 3000 2097152 -1 x; do
	check "bad input: \"$text\"" expect_errno EINVAL nbc_set d "atomic_write=$text"
done
# refused ATTRIBUTE... : by power on
refused() {
	nbc_set d "$@"
	expect_errno EINVAL nbc_power d 1
}
check "not without memory" refused atomic_write=65536
check "not less than a block" refused memory_backed=1 blocksize=4096 atomic_write=512
check "not with a cache alone" refused atomic_write=65536 cache_size=1
check "nor with zones" refused cache_size=0 zoned=1 zone_size=4
nbc_destroy d
