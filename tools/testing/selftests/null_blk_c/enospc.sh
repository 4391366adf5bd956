#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# More data than memory: the write fails with ENOSPC, nothing hangs or is killed,
# and the disk lives on. In both queue modes, by writes that are split.
#@group faults
#@vm --memory 1G
#@timeout 180

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

nbc_load nr_devices=0
dmesg_expect "critical space allocation error"
for mode in 2 0; do
	# Others may keep some memory for this test to end with.
	nbc_disk d queue_mode=$mode size=4096 memory_backed=1 discard=1
	check "queue_mode $mode: writing 4 GiB fails" expect_errno ENOSPC \
		dd if=/dev/zero of=/dev/d bs=1M oflag=direct
	check "nobody was killed" eval '! kmsg_has "Out of memory"'
	check "what was written can be read" \
		dd if=/dev/d of=/dev/null bs=1M count=64 iflag=direct status=none
	check "and written again" \
		dd if=/dev/urandom of=/dev/d bs=1M count=8 oflag=direct status=none
	check "discarded" blkdiscard -f /dev/d
	check "there is room again" \
		dd if=/dev/zero of=/dev/d bs=1M count=256 oflag=direct status=none
	check "removed" nbc_destroy d
done
