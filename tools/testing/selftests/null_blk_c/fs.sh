#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ext4, xfs and btrfs on a memory-backed disk: made, filled, checked, mounted
# again, trimmed.
#@group data
#@timeout 240

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

nbc_load nr_devices=0
files=$(mktemp -d) mountpoint=$(mktemp -d)
at_exit rm -rf "$files" "$mountpoint"
at_exit umount -q "$mountpoint"
some_files "$files"
dd if=/dev/urandom of="$files/large" bs=1M count=48 status=none

use() {
	local mkfs=$1 fsck=$2 fs
	fs=${mkfs#mkfs.} fs=${fs%% *}
	if [[ -z $(type -P "mkfs.$fs") ]] || ! knows_fs "$fs"; then
		skip "$fs" "no mkfs.$fs, or the kernel does not know it"
		return
	fi
	nbc_disk d size=2048 memory_backed=1 discard=1
	# shellcheck disable=SC2086 # several words
	check "$fs: make" $mkfs /dev/d
	check "mount" mount -t "$fs" /dev/d "$mountpoint"
	check "fill" cp -r "$files/." "$mountpoint"
	check "unmount" umount "$mountpoint"
	# shellcheck disable=SC2086
	check "check" $fsck /dev/d
	check "mount again" mount -t "$fs" /dev/d "$mountpoint"
	check "all is there" diff -r --exclude=lost+found "$files" "$mountpoint"
	check "delete" rm "$mountpoint/large"
	check "trim" fstrim "$mountpoint"
	check "unmount again" umount "$mountpoint"
	# shellcheck disable=SC2086
	check "check again" $fsck /dev/d
	nbc_destroy d
}

use "mkfs.ext4 -q" "e2fsck -fn"
use "mkfs.xfs -q" "xfs_repair -n"
use "mkfs.btrfs -q" "btrfs check"
