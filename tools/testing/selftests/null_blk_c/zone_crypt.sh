#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# dm-crypt over a zoned disk: what is read is what was written, also after it was
# opened again, and the disk has something else; appends arrive as writes.
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

require_cmd blkzone cryptsetup dmsetup fio
modprobe -q dm_crypt || [[ -d /sys/module/dm_crypt ]] ||
	skip_all "no module dm_crypt"
require_tracing
export DM_DISABLE_UDEV=1
nbc_load nr_devices=0
dmesg_expect "I/O error, dev (d|dm-[0-9]+),"
work=$(mktemp -d)
at_exit rm -rf "$work"
head -c 64 /dev/zero >"$work/key"
head -c 64 /dev/zero | tr '\0' 1 >"$work/other-key"
seq -f "This is no secret: %06g" 40000 >"$work/text"
truncate -s 1M "$work/text"

# crypt_open NAME KEY [OPTION...] : sets dm to the name of the disk above d
crypt_open() {
	check "$1" cryptsetup open --type plain --cipher aes-xts-plain64 --key-size 512 \
		--key-file "$work/$2" "${@:3}" /dev/d secret
	dm=$(dmsetup info -c --noheadings -o blkdevname secret)
}

crypt_close() { wait_until 5 cryptsetup close secret; }
at_exit eval "cryptsetup close secret 2>/dev/null"

# put DISK NR : the text at the start of a zone
put() {
	dd if="$work/text" of="/dev/$1" bs=64k oflag="direct,seek_bytes" conv=notrunc \
		seek="$(($(zone_sector "$1" "$2") * 512))" status=none
}

# get DISK NR : what is there
get() {
	dd if="/dev/$1" of="$work/got" bs=64k count=16 iflag="direct,skip_bytes" \
		skip="$(($(zone_sector "$1" "$2") * 512))" status=none
}

has() { get "$@" && cmp "$work/got" "$work/text"; }

# has_not DISK NR : it can be read, but is no text
has_not() { get "$@" && ! grep -aq secret "$work/got"; }

# verify NAME OPTION...
verify() {
	check "$1" fio --name=fio --filename="/dev/$dm" --zonemode=zbd --direct=1 \
		--thread=1 --verify=crc32c --verify_fatal=1 "${@:2}"
}

# use BLOCK : a disk with blocks of that size, and a cipher that works on such
use() {
	zoned_disk d size=64 zone_size=4 zone_capacity=3 zone_nr_conv=2 zone_max_open=4 \
		zone_max_active=4 blocksize="$1"
	crypt_open "$1: open" key --sector-size="$1"
	check_eq "it is zoned" "$(queue_limit "$dm" zoned)" host-managed
	check_eq "with the disk's limit" "$(queue_limit "$dm" max_active_zones)" 4
	check "write" put "$dm" 5
	check_eq "written" "$(zone "$dm" 5), $(zone d 5)" "oi 2048, oi 2048"
	check "write to a conventional zone" put "$dm" 1
	check "it is read" has "$dm" 5
	check "also there" has "$dm" 1
	check "the disk has something else" has_not d 5
	check "also there" has_not d 1
	check "not at the pointer" expect_errno EIO dd if=/dev/zero of="/dev/$dm" \
		bs=1M seek=22 count=1 oflag=direct conv=notrunc
	check_eq "as it was" "$(zone d 5)" "oi 2048"
	verify "write and verify" --rw=randwrite --bs=32k --offset=32m --io_size=16m \
		--max_open_zones=2 --ioengine=io_uring --iodepth=16
	check "close" crypt_close

	nbc_power d 0
	nbc_power d 1
	crypt_open "open again" key --sector-size="$1"
	check_eq "the zone" "$(zone "$dm" 5)" "cl 2048"
	check "the text is there" has "$dm" 5
	check "also there" has "$dm" 1
	check "reset" zone_do "$dm" 5 reset
	check_eq "it is" "$(zone d 5)" "em 0"
	check "write again" put "$dm" 5
	check "close" crypt_close
	crypt_open "open with another key" other-key --sector-size="$1"
	check "no text is there" has_not "$dm" 5
	check "reset all" blkzone reset "/dev/$dm"
	check_eq "all are empty" "$(blkzone report /dev/d | grep -c '(em)')" 14
	check "close" crypt_close
	nbc_destroy d
}

use 512
use 4096

# btrfs writes its data by appends, which cannot be encrypted: where they go to is not
# known yet.
if [[ -z $(type -P mkfs.btrfs) ]] || ! knows_fs btrfs; then
	skip "btrfs" "no mkfs.btrfs, or the kernel does not know it"
	exit
fi
mountpoint=$work/mnt
mkdir "$mountpoint"
at_exit umount -q "$mountpoint"
zoned_disk d size=1024 zone_size=8 zone_nr_conv=2
crypt_open "btrfs: open" key
trace_zones 1
check "make" mkfs.btrfs -q -O zoned -d single -m single "/dev/$dm"
check "mount" mount "/dev/$dm" "$mountpoint"
mkdir "$work/files"
some_files "$work/files"
cp -r "$work/files" "$work/text" "$mountpoint"
check "unmount" umount "$mountpoint"
trace_zones 0
check "there were writes" test "$(traced d WRITE)" -gt 0
check_eq "and no append" "$(traced d ZONE_APPEND)" 0
check "close" crypt_close
crypt_open "open again" key
check "check" btrfs check "/dev/$dm"
check "mount again" mount "/dev/$dm" "$mountpoint"
check "all is there" diff -r "$work/files" "$mountpoint/files"
check "also the text" cmp "$work/text" "$mountpoint/text"
check "unmount" umount "$mountpoint"

# lines DISK : of the text, in its first zones
lines() { head -c 96M "/dev/$1" | grep -ac "This is no secret" || true; }

check "the text is here" test "$(lines "$dm")" -gt 30000
check_eq "none is on the disk" "$(lines d)" 0
check "close" crypt_close
