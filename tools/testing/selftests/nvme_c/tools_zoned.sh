#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tools for zones, and file systems that use them, on a zoned namespace: nvme-cli's
# commands and the block layer's see the same zones, and what was written is read back.
# For the table of what works with which tool.
#@kernel stock
#@timeout 500
#@vm --qemu -global --qemu nvme-ns.zoned=true --qemu -global --qemu nvme-ns.zoned.zone_size=4M --qemu -global --qemu nvme-ns.zoned.max_open=16 --qemu -global --qemu nvme-ns.zoned.max_active=16 --nvme size=512M,block=4096

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/tools.sh
. "$(dirname "$0")/../lib/tools.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/zone.sh
. "$(dirname "$0")/../lib/zone.sh"

require_cmd blkzone fio nvme
require_nvme 1
nvme_load "$@"
nvme_bind 0
disk=nvmec0n1 d=/dev/nvmec0n1 g=/dev/ngc0n1
check "there is a disk" test -b $d
dir=$(mktemp -d) mnt=$(mktemp -d)
at_exit rm -rf "$dir" "$mnt"
at_exit umount -q "$mnt"
tools_on "QEMU, zones of 4 MiB"
head -c 4096 /dev/urandom >"$dir/data"
blocks=1024

# --- nvme-cli: zone 5, as the block layer sees it ----------------------------------

slba=$((5 * blocks))
# acts COMMAND OPTION... : and then what the block layer says of the zone
acts() { nvme zns "$1" $d -s $slba "${@:2}" && zone $disk 5; }
works "nvme zns id-ctrl" 'zasl +: ' nvme zns id-ctrl /dev/nvmec0
works "nvme zns id-ns" 'mar +: 0xf.*mor +: 0xf.*zsze:0x400' nvme zns id-ns $d
works "nvme zns report-zones" 'nr_zones: 128.*SLBA: 0x400 +WP: 0x400 .*Type: 0x2' \
	nvme zns report-zones $d -d 4
works "nvme zns open-zone" 'Success.*oe 0' acts open-zone
works "nvme zns zone-append" 'Success.*oe 8' acts zone-append -z 4096 -d "$dir/data"
works "nvme zns close-zone" 'Success.*cl 8' acts close-zone
works "nvme zns finish-zone" 'Success.*fu ' acts finish-zone
works "nvme zns reset-zone" 'Success.*em 0' acts reset-zone
works "nvme zns zone-mgmt-send" 'Success.*oe 0' acts zone-mgmt-send --zsa=3
works "nvme zns zone-mgmt-recv" 'Success, action:0' \
	nvme zns zone-mgmt-recv $d --data-len=4096
lacks "nvme zns changed-zone-list" 'Invalid' nvme zns changed-zone-list $d
lacks "nvme zns set-zone-desc" 'does not provide descriptor ext' \
	nvme zns set-zone-desc $d -s 0 -d "$dir/data"
works "nvme zns reset-zone -a" 'Success' nvme zns reset-zone $d -a

# --- blkzone: zone 3 ---------------------------------------------------------------

does() { zone_do $disk 3 "$1" && zone $disk 3; }
works "blkzone report" 'start: 0x000002000, len 0x002000, cap 0x002000.*zcond: 1\(em\)' blkzone report $d
works "blkzone capacity" '0x000100000|0x100000' blkzone capacity $d
works "blkzone open" 'oe 0' does open
works "blkzone close" '(em|cl) 0' does close
works "blkzone finish" 'fu ' does finish
works "blkzone reset" 'em 0' does reset

# --- fio ---------------------------------------------------------------------------

fio_zbd() {
	blkzone reset $d
	fio --name=v --filename=$d --zonemode=zbd --direct=1 --thread --ioengine=io_uring \
		--iodepth=16 --size=32m --verify=crc32c --verify_fatal=1 --max_open_zones=8 "$@"
}
works "fio zonemode=zbd, write" 'err= 0.*READ: .*WRITE: ' fio_zbd --rw=write --bs=32k
works "fio zonemode=zbd, randwrite" 'err= 0.*READ: .*WRITE: ' fio_zbd --rw=randwrite --bs=16k
by_commands() {
	blkzone reset $d
	fio --name=v --filename=$g --zonemode=zbd --thread --ioengine=io_uring_cmd \
		--cmd_type=nvme --iodepth=1 --rw=write --bs=16k --size=16m "$@"
}
works "fio io_uring_cmd, zonemode=zbd" 'err= 0.*WRITE: ' by_commands

# --- file systems: filled, mounted again, compared -----------------------------------

mkdir "$dir/files"
some_files "$dir/files"
(cd "$dir/files" && find . -type f -exec sha256sum {} + >"$dir/sums")
intact() { (cd "$mnt/files" && sha256sum --quiet -c "$dir/sums") && echo intact; }
# holds TYPE DISK : what is copied there is there after a mount and a reset of the device
holds() {
	mount -t "$1" "$2" "$mnt" && cp -r "$dir/files" "$mnt" && umount "$mnt" &&
		nvme_reset nvmec0 && mount -t "$1" "$2" "$mnt" && intact && umount "$mnt"
}

if knows_fs btrfs; then
	with_btrfs() {
		blkzone reset $d
		mkfs.btrfs -O zoned -d single -m single -f $d && holds btrfs $d
	}
	works "btrfs" 'intact' with_btrfs
else
	skip "btrfs" "the kernel does not know it"
fi
# What is not data needs blocks that can be written anywhere, of the same size.
other_disk() {
	modprobe -q loop || true
	truncate -s 256M "$dir/other" && losetup --sector-size 4096 -f --show "$dir/other"
}
if knows_fs f2fs && other=$(other_disk); then
	at_exit losetup -d "$other"
	at_exit umount -q "$mnt"
	with_f2fs() {
		blkzone reset $d
		mkfs.f2fs -f -m -c $d "$other" && holds f2fs "$other"
	}
	works "f2fs, its metadata on another disk" 'intact' with_f2fs
else
	skip "f2fs" "the kernel does not know it, or has no loop devices"
fi
if knows_fs zonefs; then
	helper mkzonefs
	with_zonefs() {
		blkzone reset $d
		mkzonefs $d && mount -t zonefs $d "$mnt" || return
		dd if="$dir/data" of="$mnt/seq/3" bs=4k oflag=append,direct conv=notrunc status=none
		umount "$mnt" && nvme_reset nvmec0 && mount -t zonefs $d "$mnt" || return
		cmp "$dir/data" "$mnt/seq/3" && stat -c 'size %s' "$mnt/seq/3" && umount "$mnt" &&
			zone $disk 4
	}
	works "zonefs" 'size 4096.*(cl|oi|oe) 8' with_zonefs
else
	skip "zonefs" "the kernel does not know it"
fi
