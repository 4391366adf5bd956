#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# File systems: made, filled while the controller is reset, checked, mounted again,
# trimmed. Nothing that was synced is lost.
#@vm --nvme size=1G
#@timeout 400

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_cmd fio
require_nvme 1
nvme_load "$@"
nvme_bind 0
disk=/dev/nvmec0n1
files=$(mktemp -d) mountpoint=$(mktemp -d)
at_exit rm -rf "$files" "$mountpoint"
at_exit umount -q "$mountpoint"
some_files "$files"
dd if=/dev/urandom of="$files/large" bs=1M count=64 status=none

resets() {
	while :; do
		nvme_reset nvmec0
		sleep 0.2
	done
}

use() {
	local mkfs=$1 fsck=$2 fs job
	fs=${mkfs#mkfs.} fs=${fs%% *}
	if [[ -z $(type -P "mkfs.$fs") ]] || ! knows_fs "$fs"; then
		skip "$fs" "no mkfs.$fs, or the kernel does not know it"
		return
	fi
	resets &
	job=$!
	at_exit end_job $job
	# shellcheck disable=SC2086 # several words
	check "$fs: make" $mkfs $disk
	check "mount" mount -t "$fs" $disk "$mountpoint"
	check "fill" cp -r "$files/." "$mountpoint"
	check "sync" sync -f "$mountpoint"
	check "unmount" umount "$mountpoint"
	end_job $job
	check "live" wait_until 10 nvme_state_is nvmec0 live
	# shellcheck disable=SC2086
	check "check" $fsck $disk
	check "mount again" mount -t "$fs" $disk "$mountpoint"
	check "all is there" diff -r --exclude=lost+found "$files" "$mountpoint"
	check "delete" rm "$mountpoint/large"
	check "trim" fstrim "$mountpoint"
	check "unmount again" umount "$mountpoint"
	# shellcheck disable=SC2086
	check "check again" $fsck $disk
}

use "mkfs.ext4 -q -F" "e2fsck -fn"
use "mkfs.xfs -q -f" "xfs_repair -n"
use "mkfs.btrfs -q -f" "btrfs check"
