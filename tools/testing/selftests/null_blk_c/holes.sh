#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What was never written, was discarded or zeroed reads as zeroes, and what is
# beside it does not, whatever part of a page it is.
#@group data
#@core

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

helper model
nbc_load nr_devices=0

zeroes() { cmp -n $((1 << 20)) /dev/d /dev/zero; }

nbc_disk d size=64 memory_backed=1 discard=1
check "unwritten blocks are zeroes" zeroes
printf x | dd of=/dev/d bs=512 seek=9 conv=sync oflag=direct status=none
check_eq "one block of a page is written" \
	"$(head -c 16384 /dev/d | od -Ad -c | sed -n 's/ .*x.*//p')" 0004608
nbc_destroy d

for bs in 512 1024 4096; do
	nbc_disk d size=64 memory_backed=1 discard=1 blocksize=$bs
	for op in d z p dzp; do
		check "blocks of $bs, write and $op" model /dev/d "rww$op" 2
		check "all discarded" blkdiscard -f /dev/d
		check "all zeroes" zeroes
	done
	nbc_destroy d
done

nbc_disk d size=4096000 memory_backed=1 discard=1
dd if=/dev/urandom of=/dev/d bs=1M count=1 seek=3999999 oflag=direct status=none
check "discard of 4 TB" blkdiscard -f /dev/d
check "the data at its end is zeroes" \
	cmp -n 1048576 -i $((3999999 << 20)):0 /dev/d /dev/zero
