#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Memory for what is written is at most 3 % more than that, and a discard gives
# it back.
#
#@group life

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

nbc_load nr_devices=0
mib=512
nbc_disk d size=$mib memory_backed=1 discard=1
dd if=/dev/zero of=/dev/d bs=1M count=1 oflag=direct status=none
blkdiscard -f /dev/d
before=$(free_kib)
dd if=/dev/zero of=/dev/d bs=1M count=$mib oflag=direct status=none
used=$((before - $(free_kib)))
diag "$used KiB for $((mib * 1024))"
check "at least that much" test $used -ge $((mib * 1024 * 99 / 100))
check "at most 3 % more" test $used -le $((mib * 1024 * 103 / 100))
dd if=/dev/zero of=/dev/d bs=1M count=$mib oflag=direct status=none
used=$((before - $(free_kib)))
check "written again, no more" test $used -le $((mib * 1024 * 103 / 100))
check "discarded" blkdiscard -f /dev/d
check "it is given back" wait_until 15 \
	free_at_least $((before - mib * 1024 * 3 / 100))
dd if=/dev/zero of=/dev/d bs=1M count=$mib oflag=direct status=none
check "zeroed" blkdiscard -f -z /dev/d
check "the memory of zeroed blocks is kept" \
	eval "! wait_until 1 free_at_least $((before - mib * 1024 / 2))"
check "rmdir gives it back" nbc_destroy d
check "indeed" wait_until 15 free_at_least $((before - mib * 1024 * 3 / 100))
