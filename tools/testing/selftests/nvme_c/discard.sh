#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Discard and write zeroes: whole disk, single blocks, several ranges, from a file
# system; and what was not meant stays.
#@vm --nvme size=256M
#@vm --nvme size=256M,block=4096

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_cmd fio mkfs.ext4 fstrim
require_nvme 1
nvme_load "$@"
nvme_bind 0
disk=/dev/nvmec0n1
block=$(blockdev --getss $disk)

reads_as() {
	cmp -n "$3" -i "$2:0" "$disk" "$1"
}
blocks() { fio_verify nvmec0n1 --rw=write --bs=64k --size=1m "$@"; }

check "data" fio_verify nvmec0n1 --rw=write --bs=64k --size=4m
check "zero a block in it" blkdiscard -z -o $((2 << 20)) -l "$block" $disk
check "it reads as zeroes" reads_as /dev/zero $((2 << 20)) "$block"
check "zero 3 MiB behind it" blkdiscard -z -o $((4 << 20)) -l $((3 << 20)) $disk
check "they read as zeroes" reads_as /dev/zero $((4 << 20)) $((3 << 20))
check "discard a block" blkdiscard -o $((1 << 20)) -l "$block" $disk
check "the rest is as it was" fio_verify nvmec0n1 --rw=read --bs=64k --size=1m \
	--verify_only
mkfs.ext4 -q $disk
mountpoint=$(mktemp -d)
at_exit rmdir "$mountpoint"
at_exit umount -q "$mountpoint"
mount -o discard $disk "$mountpoint"
for ((i = 0; i < 64; i++)); do
	dd if=/dev/urandom of="$mountpoint/$i" bs=64k count=4 status=none
done
cp "$BASH" "$mountpoint/shell"
sync
rm "$mountpoint"/*[02468]
sync
check "trim" fstrim "$mountpoint"
umount "$mountpoint"
check "the file system is well" e2fsck -fn $disk
mount $disk "$mountpoint"
check "and the file" cmp "$BASH" "$mountpoint/shell"
umount "$mountpoint"
check "discard all" blkdiscard $disk
