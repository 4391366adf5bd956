#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# dm-linear puts zones of two disks in another order: reports, commands, writes,
# errors and appends go to the right zones, and other zones stay as they are.
#@group zone
#@timeout 240

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/zone.sh
. "$(dirname "$0")/../lib/zone.sh"

require_cmd blkzone dmsetup fio
modprobe -q dm_mod || [[ -d /sys/module/dm_mod ]] || skip_all "no module dm_mod"
export DM_DISABLE_UDEV=1
nbc_load nr_devices=0
dmesg_expect "I/O error, dev (d|e|dm-[0-9]+),"

# dm_map DISK:ZONE:COUNT... : makes a disk of those zones
dm_map() {
	local part disk zone count start=0 sectors
	for part; do
		IFS=: read -r disk zone count <<<"$part"
		sectors=$(zone_sector "$disk" "$count")
		echo "$start $sectors linear /dev/$disk $(zone_sector "$disk" "$zone")"
		start=$((start + sectors))
	done | dmsetup create m
}

# starts DISK : where zones start, as multiples of their size
starts() {
	local start
	while IFS=' ,' read -r _ start _; do
		echo $((start / $(queue_limit "$1" chunk_sectors)))
	done < <(blkzone report "/dev/$1") | one_line
}

# same NAME ZONE DISK ZONE CONDITION-AND-POINTER : the one shows the other
same() {
	check_eq "$1" "$(zone "$dm" "$2")" "$5"
	check_eq "$1, below" "$(zone "$3" "$4")" "$5"
}

# --- reports ---

geometry="zone_size=4 zone_capacity=3"
# shellcheck disable=SC2086 # several words
zoned_disk d size=64 zone_nr_conv=2 zone_max_open=4 zone_max_active=8 $geometry
# shellcheck disable=SC2086
zoned_disk e size=32 $geometry
zone_write d 2 0 8
zone_do d 11 finish
zone_do d 12 open
zone_write e 2 0 16
zone_do e 2 close
nbc_set e zone_readonly="$(zone_sector e 3)"
nbc_set d zone_offline="$(zone_sector d 4)"
zone_write d 6 0 8
at_exit eval "dmsetup remove m 2>/dev/null"
# Each part has a sequential zone: to reset all, dm resets the whole disk, also what is not
# mapped, for a part that has none (seen on Linux 6.12).
check "map zones of two disks" dm_map d:1:2 d:11:2 e:2:2 d:4:2
dm=$(dmsetup info -c --noheadings -o blkdevname m)

check_eq "it is zoned" "$(queue_limit "$dm" zoned)" host-managed
check_eq "with zones of the same size" "$(queue_limit "$dm" chunk_sectors)" 8192
check_eq "each zone has its place" "$(starts "$dm")" "0 1 2 3 4 5 6 7"
check_eq "and its capacity" $(($(blkzone capacity -o 8192 -c 3 "/dev/$dm"))) $((3 * 6144))
nr=0
for condition in "nw 0" "oi 8" "fu 8192" "oe 0" "cl 16" "ro" "of" "em 0"; do
	got=$(zone "$dm" $nr)
	[[ $condition == *" "* ]] || got=${got% *}
	check_eq "zone $((nr++))" "$got" "$condition"
done

# --- commands, writes, errors ---

nbc_set e zone_readonly="$(zone_sector e 3)"
nbc_set d zone_offline="$(zone_sector d 4)"
check "write" zone_write "$dm" 1 8 8
same "written" 1 d 2 "oi 16"
check_eq "the data is below" "$(zone_bytes d 2 0 16)" 00
check_eq "and no more" "$(zone_bytes d 2 12 8)" "00 ff"
zone_write d 2 16 8
same "written below" 1 d 2 "oi 24"
check "not at the pointer" expect_errno EIO zone_write "$dm" 1 32 8
check "behind it" expect_errno EIO zone_write "$dm" 1 0 8
same "as it was" 1 d 2 "oi 24"
check "close" zone_do "$dm" 3 close
same "closed" 3 d 12 "em 0"
check "open" zone_do "$dm" 7 open
same "opened" 7 d 5 "oe 0"
check "finish" zone_do "$dm" 6 finish
same "finished" 6 d 4 "fu 8192"
check "reset" zone_do "$dm" 2 reset
same "reset" 2 d 11 "em 0"
check "conventional, anywhere" zone_write "$dm" 0 1000 8
check_eq "it is below" "$(zone_bytes d 1 1000 8)" 00

nbc_set e zone_readonly="$(zone_sector e 3)"
check "read-only: no write" expect_errno EIO zone_write "$dm" 5 0 8
nbc_set e zone_readonly="$(zone_sector e 3)"
nbc_set d zone_offline="$(zone_sector d 4)"
check "offline: no read" expect_errno EIO zone_read "$dm" 6 0 8
nbc_set d zone_offline="$(zone_sector d 4)"

zone_write e 1 0 8
check "reset all" blkzone reset "/dev/$dm"
check_eq "all are empty" "$(blkzone report "/dev/$dm" | grep -c '(em)')" 7
check_eq "not those beside" "$(zone d 6), $(zone e 1)" "oi 8, oi 8"

# --- checksums ---

# full DISK : how many zones are
full() { blkzone report "/dev/$1" | grep -c "(fu)"; }

# verify NAME OPTION...
verify() {
	check "$1" fio --name=fio --filename="/dev/$dm" --zonemode=zbd --direct=1 \
		--thread=1 --verify=crc32c --verify_fatal=1 "${@:2}"
}

verify "write and verify in order" --rw=write --bs=64k --ioengine=psync
check_eq "it filled what is mapped" "$(full d), $(full e)" "5, 2"
blkzone reset "/dev/$dm"
verify "at random" --rw=randwrite --bs=32k --io_size=12m --max_open_zones=3 \
	--ioengine=io_uring --iodepth=16
check_eq "not those beside" "$(zone d 6), $(zone e 1)" "oi 8, oi 8"
check "remove" dmsetup remove m
