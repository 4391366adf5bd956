#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# scripts/image on disks: what is saved of a snapshot, while a file system is written to, is
# what another disk has when it is loaded, whatever that had before; memory is taken for what
# is stored alone. A damaged file, a disk that is in use and one that is too small are
# refused, and nothing of it is changed.
#@group data

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

image() { "$SELFTEST_TOP/scripts/image" "$@"; }
# refused REGEX ARGUMENT... : it fails, and says so
refused() {
	local said why=$1
	shift
	if said=$(image "$@" 2>&1) || [[ ! $said =~ $why ]]; then
		echo "$said"
		return 1
	fi
}
sum() { dd if="/dev/$1" bs=1M iflag=direct status=none | sha256sum; }
umount_quietly() { ! mountpoint -q "$1" || umount "$1"; }

[[ -x $SELFTEST_TOP/scripts/image && -x /usr/bin/python3 ]] ||
	skip_all "no scripts/image, or no Python"
require_cmd mkfs.ext4
nbc_load nr_devices=0
dir=$(mktemp -d)
at_exit rm -rf "$dir"
at_exit umount_quietly "$dir/mnt"
mkdir "$dir/mnt"

nbc_disk d size=64 memory_backed=1 discard=1
mkfs.ext4 -q /dev/d
mount /dev/d "$dir/mnt"
some_files "$dir/mnt"
sync -f "$dir/mnt"
check "a snapshot of what is mounted" nbc_set d snapshot=s
nbc_create c origin=d/s power=1
rm -r "$dir/mnt/1"
check "its clone is saved" image save /dev/c "$dir/image"
check "the file is whole" image check "$dir/image"
check "and sparse" test "$(stat -c %s "$dir/image")" -lt $((40 << 20))

nbc_disk e size=64 memory_backed=1 discard=1 blocksize=4096
dd if=/dev/urandom of=/dev/e bs=1M count=64 oflag=direct status=none
used=$(unaccounted_kib)
check "it is loaded to another disk" image load "$dir/image" /dev/e
check_eq "which has the same data" "$(sum e)" "$(sum c)"
check "what is zeroes there takes no memory" \
	wait_until 20 unaccounted_at_most $((used - (16 << 10)))
check "the file system is whole" fsck.ext4 -p /dev/e
nbc_disk n size=65 memory_backed=1
dd if=/dev/urandom of=/dev/n bs=1M count=65 oflag=direct status=none
check "to one that is larger, without discard" image load "$dir/image" /dev/n
check "it has the data" cmp -n $((64 << 20)) /dev/n /dev/c
check_eq "and zeroes behind it" \
	"$(dd if=/dev/n bs=1M skip=64 iflag=direct status=none | tr -d '\0' | wc -c)" 0

before=$(sum n)
check "a mounted disk is not loaded to" refused busy load "$dir/image" /dev/d
nbc_disk t size=63 memory_backed=1
check "nor one that is too small" refused "has 66060288 bytes, the image needs 67108864" \
	load "$dir/image" /dev/t
printf x | dd of="$dir/image" bs=1 seek=5000 conv=notrunc status=none
check "a damaged file is refused" refused "byte [0-9]+: the checksum of" \
	load "$dir/image" /dev/n
truncate -s 100000 "$dir/image"
check "so is one that was cut short" refused "byte [0-9]+: the " load "$dir/image" /dev/n
check_eq "the disk is what it was" "$(sum n)" "$before"
umount "$dir/mnt"
for disk in d c e n t; do nbc_destroy $disk; done
