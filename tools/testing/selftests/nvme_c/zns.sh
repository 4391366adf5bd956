#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A zoned namespace: its limits, reports of zones, what can be done to zones, writes in
# order, appends and the file systems that use them; what is left of it after a reset.
#@kernel stock debug kcsan
#@timeout 400
#@vm --qemu -global --qemu nvme-ns.zoned=true --qemu -global --qemu nvme-ns.zoned.zone_size=4M --qemu -global --qemu nvme-ns.zoned.zone_capacity=3M --qemu -global --qemu nvme-ns.zoned.max_open=8 --qemu -global --qemu nvme-ns.zoned.max_active=12 --nvme size=512M,block=4096

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/zone.sh
. "$(dirname "$0")/../lib/zone.sh"

require_cmd blkzone fio nvme
dmesg_expect 'I/O error, dev nvmec0n1, sector [0-9]* op 0x(1|b|d):'
require_nvme 1
nvme_load "$@"
nvme_bind 0
disk=nvmec0n1
check "there is a disk" test -b /dev/$disk
dir=$(mktemp -d)
at_exit rm -rf "$dir"

check_eq "it is zoned" "$(queue_limit $disk zoned)" host-managed
check_eq "zones of 4 MiB" "$(queue_limit $disk chunk_sectors)" 8192
check_eq "number of zones" "$(queue_limit $disk nr_zones)" 128
check_eq "open zones" "$(queue_limit $disk max_open_zones)" 8
check_eq "active zones" "$(queue_limit $disk max_active_zones)" 12
check "appends" [ "$(queue_limit $disk zone_append_max_bytes)" -gt 4096 ]
check_eq "a report has all" "$(blkzone report /dev/$disk | grep -c 'cap 0x001800.*zcond: 1')" 128

# writes ZONE AT BYTES : in order or not, AT and BYTES in bytes from the zone's start
writes() {
	dd if=/dev/urandom of=/dev/$disk bs="$3" count=1 oflag=direct,seek_bytes \
		seek=$(($1 * 4194304 + $2)) conv=notrunc status=none
}
refused() { ! "$@" 2>/dev/null; }
# A zone that is open is closed by a reset of the controller.
no_zone_open() { sed 's/(o[ie])/(cl)/; s/zcond: [23]/zcond: 4/'; }

# zone_do DISK NR ACTION is one of zone.sh
check_eq "empty" "$(zone $disk 3)" "em 0"
check "open" zone_do $disk 3 open
check_eq "is open" "$(zone $disk 3)" "oe 0"
check "a write" writes 3 0 8192
check_eq "moved the write pointer" "$(zone $disk 3)" "oe 16"
check "close" zone_do $disk 3 close
check_eq "is closed" "$(zone $disk 3)" "cl 16"
check "a write goes on" writes 3 8192 4096
check_eq "and opens it" "$(zone $disk 3)" "oi 24"
check "a write elsewhere is refused" refused writes 3 0 4096
check_eq "and moved nothing" "$(zone $disk 3)" "oi 24"
check "finish" zone_do $disk 3 finish
check_eq "is full" "$(zone $disk 3 | cut -d ' ' -f 1)" fu
check "no more is written" refused writes 3 12288 4096
check "reset" zone_do $disk 3 reset
check_eq "is empty" "$(zone $disk 3)" "em 0"
for nr in 0 1 2; do writes $nr 0 4096; done
check "reset of all" blkzone reset /dev/$disk
check_eq "all are empty" "$(blkzone report /dev/$disk | grep -c 'zcond: 1(em)')" 128

# More open zones than there may be
for ((nr = 0; nr < 8; nr++)); do zone_do $disk $nr open; done
check "one open zone too many" refused zone_do $disk 8 open
check "reset of all" blkzone reset /dev/$disk

# fio in order, read back; at once in several zones
check "fio, zoned" fio --name=v --filename=/dev/$disk --zonemode=zbd --direct=1 --thread \
	--ioengine=io_uring --iodepth=16 --bs=32k --rw=write --size=48m \
	--verify=crc32c --max_open_zones=4 --output="$dir/fio"
check "fio, at random" fio --name=v --filename=/dev/$disk --zonemode=zbd --direct=1 --thread \
	--ioengine=io_uring --iodepth=16 --bs=16k --rw=randwrite --size=48m \
	--verify=crc32c --max_open_zones=4 --output="$dir/fio"

# Zones are the same after a reset and a scan, and go on where they were.
blkzone reset /dev/$disk
writes 5 0 16384
blkzone report /dev/$disk | no_zone_open >"$dir/before"
check "a reset" nvme_reset nvmec0
check "a scan" nvme_rescan nvmec0
blkzone report /dev/$disk | no_zone_open >"$dir/after"
check "the zones are what they were" cmp "$dir/before" "$dir/after"
check "a write goes on behind" writes 5 16384 4096

# By commands of user space
check "nvme zns report-zones" nvme zns report-zones /dev/$disk -d 4 -o json
check "nvme zns id-ns" nvme zns id-ns /dev/$disk -o json
check "nvme zns finish-zone" nvme zns finish-zone /dev/$disk -s $((5 * 1024))
check_eq "is full" "$(zone $disk 5 | cut -d ' ' -f 1)" fu
check "nvme zns reset-zone" nvme zns reset-zone /dev/$disk -s $((5 * 1024))
check_eq "is empty" "$(zone $disk 5)" "em 0"

# Appends, of which the device says where they went
if modprobe btrfs 2>/dev/null && command -v mkfs.btrfs >/dev/null &&
	mkfs.btrfs -O zoned -d single -m single -f /dev/$disk >"$dir/mkfs" 2>&1; then
	mkdir "$dir/mnt"
	check "btrfs: mount" mount /dev/$disk "$dir/mnt"
	head -c 8M /dev/urandom >"$dir/data"
	for nr in 1 2 3; do
		check "btrfs: copy $nr" cp "$dir/data" "$dir/mnt/$nr"
	done
	check "btrfs: umount" umount "$dir/mnt"
	check "btrfs: mount again" mount /dev/$disk "$dir/mnt"
	for nr in 1 2 3; do
		check "btrfs: what was written" cmp "$dir/data" "$dir/mnt/$nr"
	done
	check "btrfs: umount" umount "$dir/mnt"
else
	skip "btrfs" "$(tail -n 1 "$dir/mkfs" 2>/dev/null)"
fi
