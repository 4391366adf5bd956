#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Power off and on keeps the contents, with another configuration too; rmdir
# frees them.
#@group power
#@core

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

require_cmd sha256sum
nbc_load nr_devices=0
bytes=$((16 << 20))
sum() { head -c $bytes "$1" | sha256sum; }
nbc_disk warmup size=64 memory_backed=1
nbc_destroy warmup
free=$(free_kib)

nbc_disk d size=64 memory_backed=1
wanted=$(head -c $bytes /dev/urandom | tee /dev/d | sha256sum)
check_eq "it is written" "$(sum /dev/d)" "$wanted"
for config in blocksize=512 blocksize=4096 submit_queues=$QUEUES irqmode=0 size=128 \
	blocksize=512; do
	nbc_power d 0
	nbc_set d "$config"
	nbc_power d 1
	check_eq "off and on with $config" "$(sum /dev/d)" "$wanted"
done
# More than the tens of MiB that a debugging kernel may hold back and let go.
dd if=/dev/zero of=/dev/d bs=1M seek=16 count=96 oflag=direct status=none
nbc_power d 0
check "off, it still takes its memory" \
	eval "! wait_until 1 free_at_least $((free - 56 * 1024))"
rmdir "$NBC_ROOT/d"
check "rmdir frees it" wait_until 15 free_at_least $((free - 4 * 1024))
nbc_disk d size=64 memory_backed=1
check "the next disk of that name is empty" cmp -n $bytes /dev/d /dev/zero
