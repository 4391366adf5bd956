#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Zones that were reset keep a quarter of the machine's memory and no more, and no
# write fails for it.
#@group zone
#@vm --memory 1G

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/zone.sh
. "$(dirname "$0")/../lib/zone.sh"

require_cmd blkzone
nbc_load nr_devices=0
mib=32
total=$(($(meminfo MemTotal) / 1024))
part=$((total / 4))
nr=$((part / mib + 3))
slack=$((2 * mib))

nbc_disk d zoned=1 zone_size=$mib memory_backed=1 size=$((nr * mib))
nbc_disk e memory_backed=1 size=$total
before=$(($(free_kib) / 1024))
for ((i = 0; i < nr; i++)); do
	dd if=/dev/zero of=/dev/d bs=1M seek=$((i * mib)) count=$mib oflag=direct \
		conv=notrunc,nocreat status=none
	zone_do d $i reset
done
check "a quarter is kept at most" wait_until 15 \
	unused_at_least $(((before - part - slack) * 1024))
kept=$((before - $(unused_kib) / 1024))
diag "$kept MiB of $((nr * mib)), with $total in the machine"
check "and it is kept" test $kept -ge $((part - slack))

# Some memory is left to others: 64 MiB, and what the kernel keeps for itself. But
# most of what was kept is taken.
count=$((before - 64 - part * 2 / 3))
check "a write takes what was kept" dd if=/dev/zero of=/dev/e bs=1M count=$count \
	oflag=direct conv=notrunc,nocreat status=none
check_eq "it is read" "$(head -c $((count << 20)) /dev/e | tr -d '\0' | wc -c)" 0
check "the zones are written again" zone_write d 0 0 8
nbc_destroy e
nbc_destroy d
check "all comes back" wait_until 15 free_at_least $(((before - slack) * 1024))
