#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# LVM on disks, as people set it up: a plain volume over both, which grows when a disk does,
# and a thin one with a snapshot; what was discarded takes no memory any more.
#@group data
#@timeout 400

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

require_cmd fio fstrim mkfs.ext4
for command in lvm thin_check; do
	type -P $command >/dev/null || skip_all "no $command; try: scripts/setup stacks"
done
[[ -d /sys/module/dm_thin_pool ]] || at_exit modprobe -q -r dm-thin-pool
modprobe -q dm-thin-pool || skip_all "no module dm-thin-pool"
export DM_DISABLE_UDEV=1 LVM_SUPPRESS_FD_WARNINGS=1
nbc_load nr_devices=0
nbc_disk a size=64 memory_backed=1 discard=1
nbc_disk b size=64 memory_backed=1 discard=1 cache_size=8
work=$(mktemp -d)
at_exit rm -rf "$work"
# Nobody else's, in a directory of its own. LVM looks only at kinds of disks that it knows.
group=mqblk_stack_$$
major=$(sed -nE 's/^ *[0-9]+ (null_blk_c)$/\1/p' /proc/devices)
cat >"$work/lvm.conf" <<END
devices {
	use_devicesfile = 0
	filter = [ "a|^/dev/[ab]\$|", "r|.*|" ]
	types = [ "$major", 16 ]
}
activation {
	udev_sync = 0
	udev_rules = 0
	monitoring = 0
}
backup {
	backup = 0
	archive = 0
}
global {
	event_activation = 0
	locking_dir = "$work"
}
END
lvm_do() { LVM_SYSTEM_DIR=$work lvm "$@" --yes; }
at_exit eval "lvm_do vgremove --force $group >/dev/null 2>&1"

# written VOLUME SIZE OPTION... : by fio, which verifies it
written() {
	fio --name=fio --filename="/dev/$group/$1" --direct=1 --thread=1 --rw=randwrite --bs=16k \
		--size="$2" --ioengine=io_uring --iodepth=8 --verify=crc32c "${@:3}"
}
size_of() { blockdev --getsize64 "/dev/$group/$1"; }
sum() { dd if="/dev/$group/$1" bs=1M count="$2" iflag=direct status=none | sha256sum; }

check "both are physical volumes" lvm_do pvcreate /dev/a /dev/b
check "in a group" lvm_do vgcreate "$group" /dev/a /dev/b

# --- plain ---

check "a volume that needs both" lvm_do lvcreate -L 96m -n plain "$group"
check "write and verify" written plain 64m
before=$(sum plain 64)
nbc_set b size=128
check "a disk has grown" lvm_do pvresize /dev/b
check "the volume grows" lvm_do lvextend -L 128m "$group/plain"
check_eq "it has the size" "$(size_of plain)" $((128 << 20))
check_eq "and its data" "$(sum plain 64)" "$before"
check "a file system" mkfs.ext4 -q "/dev/$group/plain"
mkdir "$work/m"
mount "/dev/$group/plain" "$work/m"
at_exit umount -q "$work/m"
dd if=/dev/urandom of="$work/m/file" bs=1M count=24 conv=fsync status=none
rm "$work/m/file"
check "its discards reach the disks" fstrim -v "$work/m"
umount "$work/m"
check "remove it" lvm_do lvremove "$group/plain"

# --- thin ---

check "a pool" lvm_do lvcreate -L 64m --thinpool pool "$group"
check "a volume larger than the pool" lvm_do lvcreate -V 256m --thin -n thin "$group/pool"
check "write and verify" written thin 16m
before=$(sum thin 16)
check "a snapshot" lvm_do lvcreate -s -n snap -kn -ay "$group/thin"
check "write the volume again" written thin 16m --randseed=7 --verify_pattern=0x5a5a5a5a \
	--verify=pattern
check_eq "the snapshot has what was there" "$(sum snap 16)" "$before"
check "discard all of the volume" blkdiscard "/dev/$group/thin"
check_eq "nothing but zeroes is left" "$(sum thin 16)" \
	"$(dd if=/dev/zero bs=1M count=16 status=none | sha256sum)"
check_eq "and the snapshot has what it had" "$(sum snap 16)" "$before"
check "remove all" lvm_do vgremove --force "$group"
check "the disks are free again" nbc_destroy a
