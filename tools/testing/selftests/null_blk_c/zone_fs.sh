#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# f2fs on zoned disks, with its metadata in conventional zones or on another disk: made,
# filled, checked, mounted again, emptied and filled again. Btrfs is in zone_append.sh.
#@group zone
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/zone.sh
. "$(dirname "$0")/../lib/zone.sh"

require_cmd blkzone mkfs.f2fs fsck.f2fs
require_fs f2fs
nbc_load nr_devices=0
work=$(mktemp -d) mountpoint=$(mktemp -d)
at_exit rm -rf "$work" "$mountpoint"
at_exit umount -q "$mountpoint"
mkdir "$work/files"
some_files "$work/files"
dd if=/dev/urandom of="$work/files/large" bs=1M count=32 status=none
(cd "$work/files" && find . -type f -exec sha256sum {} + >"$work/sums")

# intact : all files are there, and have what was written
intact() { (cd "$mountpoint/files" && sha256sum --quiet -c "$work/sums"); }

# fsck DISK : without a change; it says what is wrong by its exit code
fsck() { fsck.f2fs --dry-run "/dev/$1"; }

# written_zones : how many sequential zones of d are not empty
written_zones() { blkzone report /dev/d | grep -c 'zcond: *[0-9]*(\(oi\|oe\|cl\|fu\))' || true; }

# use NAME DISK OPTION... : of mkfs.f2fs; DISK is what is mounted
use() {
	local name=$1 disk=$2 round
	shift 2
	check "$name: make" mkfs.f2fs -q -f -m "$@" "/dev/$disk"
	check "mount" mount -t f2fs "/dev/$disk" "$mountpoint"
	for round in 1 2 3; do
		check "fill, round $round" cp -r "$work/files" "$mountpoint"
		check "unmount" umount "$mountpoint"
		check "check" fsck "$disk"
		check "mount again" mount -t f2fs "/dev/$disk" "$mountpoint"
		check "all is there" intact
		check "remove" rm -r "$mountpoint/files"
		check "trim" fstrim "$mountpoint"
	done
	check "zones were written" test "$(written_zones)" -gt 0
	check "unmount" umount "$mountpoint"
	check "check at the end" fsck "$disk"
}

zoned_disk d size=256 zone_size=4 zone_nr_conv=16 zone_max_open=8
use "conventional zones" d
nbc_destroy d
zoned_disk d size=256 zone_size=4 blocksize=4096 zone_max_open=6 zone_append_max_sectors=0
nbc_disk c size=64 blocksize=4096 memory_backed=1
use "two disks" c -c /dev/d
