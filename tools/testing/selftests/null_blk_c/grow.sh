#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A disk grows while its file system is mounted and written to: user space sees the new size
# and can use it; nothing is lost. It does not shrink, and zones do not grow.
#@group life

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

mib() { echo $(($(blockdev --getsize64 /dev/d) >> 20)); }
umount_quietly() { ! mountpoint -q "$1" || umount "$1"; }
rounds_done() { (($(wc -l <"$finished") >= $1)); }
require_cmd resize2fs mkfs.ext4
nbc_load nr_devices=0
go=$(mktemp)
finished=$(mktemp)
mnt=$(mktemp -d)
at_exit rm -rf "$go" "$finished" "$mnt"
at_exit umount_quietly "$mnt"
for mode in 2 0; do
	nbc_disk d size=32 memory_backed=1 queue_mode=$mode cache_size=4
	mkfs.ext4 -q /dev/d
	mount /dev/d "$mnt"
	: >"$go"
	: >"$finished"
	(
		whatever
		while [[ -e $go ]] && dd if=/dev/urandom of="$mnt/busy" bs=64k count=16 conv=fsync status=none &&
		      cp "$mnt/busy" "$mnt/copy" && sync "$mnt/copy" &&
		      echo 1 >/proc/sys/vm/drop_caches && cmp "$mnt/busy" "$mnt/copy"; do
			echo round >>"$finished"
		done
		[[ ! -e $go ]]
	) &
	busy=$!
	check "queue_mode $mode: it is busy" wait_until 30 rounds_done 1
	check "it grows" nbc_set d size=64
	check_eq "to 64 MiB" "$(mib)" 64
	check_eq "as the attribute says" "$(nbc_get d size)" 64
	check_eq "what is new is empty" \
		"$(dd if=/dev/d bs=1M skip=40 iflag=direct status=none | tr -d '\0' | wc -c)" 0
	if said=$(resize2fs /dev/d 2>&1); then
		ok "the file system does, too"
		check "a file of 40 MiB" \
			dd if=/dev/zero of="$mnt/large" bs=1M count=40 conv=fsync status=none
	elif [[ $said == *busy* ]]; then
		skip "the file system does, too" "nobody may write to a mounted disk"
	else
		not_ok "the file system does, too" "$said"
	fi
	check "the other goes on" wait_until 30 rounds_done $(($(wc -l <"$finished") + 2))
	check "no smaller size" expect_errno EBUSY nbc_set d size=63
	check_eq "it is what it was" "$(mib)" 64
	check "the same size" nbc_set d size=64
	rm "$go"
	check_wait "nothing is lost" $busy
	check "what was busy ends" wait_until 20 umount "$mnt"
	nbc_set d power=0 power=1
	check_eq "after power-on" "$(mib)" 64
	check "all is well" fsck.ext4 -fn /dev/d
	nbc_destroy d
done
nbc_disk d size=8 zoned=1 zone_size=1
check "zones do not grow" expect_errno EBUSY nbc_set d size=16
check_eq "it is what it was" "$(mib)" 8
check "the log says what could be" kmsg_has "d: size: 63 is less than the powered device has, use 64 and more"
nbc_destroy d
