#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two controllers of QEMU that share a zoned namespace: with multipath=1 one zoned disk. What
# is written in order, and what btrfs appends, is kept while one of the controllers is reset
# or taken from the driver.
#@vm --qemu -device --qemu nvme-subsys,id=s --qemu -drive --qemu if=none,id=d,format=raw,snapshot=on,file.driver=null-co,file.size=512M,file.read-zeroes=on --qemu -device --qemu nvme,id=c0,serial=s,subsys=s --qemu -device --qemu nvme,id=c1,serial=s,subsys=s --qemu -device --qemu nvme-ns,drive=d,bus=c1,nsid=1,shared=on,uuid=00112233-4455-6677-8899-aabbccddeeff,logical_block_size=4096,physical_block_size=4096,zoned=true,zoned.zone_size=4M,zoned.zone_capacity=3M,zoned.max_open=16,zoned.max_active=32
#@kernel stock debug kcsan
#@timeout 400
#@long

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/paths.sh
. "$(dirname "$0")/../lib/paths.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/zone.sh
. "$(dirname "$0")/../lib/zone.sh"

require_nvme 2
require_cmd blkzone fio
nvme_load multipath=1
nvme_bind 0 1
disk=nvmec0n1
check "one disk with two paths" wait_until 20 has_links 2
subsys=$(cd -P /sys/block/$disk/.. && pwd)
check_eq "it is zoned" "$(queue_limit $disk zoned)" host-managed
check_eq "number of zones" "$(queue_limit $disk nr_zones)" 128
check_eq "open zones" "$(queue_limit $disk max_open_zones)" 16
check_eq "active zones" "$(queue_limit $disk max_active_zones)" 32
check_eq "a report has all" "$(blkzone report /dev/$disk | grep -c 'cap 0x001800.*zcond: 1')" 128
policy round-robin

dir=$(mktemp -d)
at_exit rm -rf "$dir"
fio_zones() {
	fio --name=v --filename=/dev/$disk --zonemode=zbd --direct=1 --thread \
		--ioengine=io_uring --iodepth=8 --bs=32k --rw="$1" --size=24m \
		--max_open_zones=4 --verify=crc32c --verify_fatal=1 --output="$dir/fio"
}
check "fio, in order" fio_zones write
for n in 0 1; do
	read -r _ _ _ _ writes _ <"/sys/block/nvmec0c${n}n1/stat"
	check "by controller $n, too" test "$writes" -ge 100
done
check "reset of all" blkzone reset /dev/$disk
check "a zone is finished" zone_do $disk 3 finish
check_eq "it is full" "$(zone $disk 3 | cut -d ' ' -f 1)" fu
check "a zone is reset" zone_do $disk 3 reset
check_eq "it is empty" "$(zone $disk 3)" "em 0"

# rounds JOB : each controller is reset, goes and comes back while a job runs
rounds() {
	for n in 0 1; do
		check "$what: controller $n is reset" nvme_reset "$(nvme_ctrl $n)"
		check "$what: controller $n goes" nvme_unbind $n
		check "$what: and comes back" nvme_give "$(nvme_device $n)" nvme_c
		check "$what: and is used again" wait_until 20 has_links 2
	done
	touch "$dir/stop"
	check_wait "$what: data is kept" "$1"
	rm "$dir/stop"
}
load() {
	whatever
	while [[ ! -e $dir/stop ]]; do
		blkzone reset /dev/$disk && fio_zones randwrite || return
	done
}
what=fio
load >/dev/null 2>&1 &
job=$!
at_exit end_job $job
check "fio: there is load" wait_until 20 disk_is_busy $disk
rounds $job

# What btrfs appends is where it was told, whichever path told it.
what=btrfs
blkzone reset /dev/$disk
if ! modprobe btrfs 2>/dev/null || ! command -v mkfs.btrfs >/dev/null ||
	! mkfs.btrfs -O zoned -d single -m single -f /dev/$disk >"$dir/mkfs" 2>&1; then
	skip "btrfs" "$(tail -n 1 "$dir/mkfs" 2>/dev/null)"
	exit 0
fi
mkdir "$dir/mnt"
check "btrfs: mount" mount /dev/$disk "$dir/mnt"
head -c 6M /dev/urandom >"$dir/data"
copies() {
	local nr=0
	whatever
	while [[ ! -e $dir/stop ]]; do
		cp "$dir/data" "$dir/mnt/$((nr % 4))" && sync -f "$dir/mnt" || return
		nr=$((nr + 1))
	done
}
copies >"$dir/copies" 2>&1 &
job=$!
at_exit end_job $job
wait_until 20 test -e "$dir/mnt/1" || true
rounds $job
check "btrfs: umount" umount "$dir/mnt"
check "btrfs: mount again" mount /dev/$disk "$dir/mnt"
for file in "$dir"/mnt/*; do
	check "btrfs: what was written, ${file##*/}" cmp "$dir/data" "$file"
done
check "btrfs: umount again" umount "$dir/mnt"
diag "$(dmesg | grep -c 'a way to' || true) ways came; $(cat "$dir/copies")"
