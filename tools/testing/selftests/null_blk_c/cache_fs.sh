#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The power is cut below a mounted ext4: what was synced is there afterwards, what
# was written later is gone, and the file system is consistent.
#
#@group cache

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

require_cmd mkfs.ext4 e2fsck
require_fs ext4
nbc_load nr_devices=0
mountpoint=$(mktemp -d)
at_exit rm -rf "$mountpoint"
at_exit umount -q "$mountpoint"
# What the file system has to say when its disk is gone
dmesg_expect "EXT4-fs|JBD2|I/O error|Aborting journal|beyond end of device"

nbc_disk d size=256 memory_backed=1 discard=1 cache_size=128
check "make" mkfs.ext4 -q /dev/d
# Nothing is committed because time has passed.
check "mount" mount -o commit=600 /dev/d "$mountpoint"
cd "$mountpoint"
seq 100000 >synced
seq 200000 | dd of=synced2 conv=fsync status=none
check "sync" sync synced
cp synced later
seq 10 >>synced
mkdir directory
# Written to the disk, but not flushed
check "write back" dd if=/dev/urandom of=direct bs=64k count=32 oflag=direct status=none
check "overwrite" dd if=/dev/zero of=synced2 bs=4k count=8 oflag=direct conv=notrunc status=none
cd /
check "cut" nbc_power d 0
check "unmount what is left" umount "$mountpoint"
nbc_power d 1
check "mount again" mount /dev/d "$mountpoint"
check "what was synced is there" cmp "$mountpoint/synced" <(seq 100000)
check "also what was overwritten later" cmp "$mountpoint/synced2" <(seq 200000)
check_eq "the rest is gone" "$(ls "$mountpoint")" $'lost+found\nsynced\nsynced2'
check "unmount" umount "$mountpoint"
check "check" e2fsck -fn /dev/d
