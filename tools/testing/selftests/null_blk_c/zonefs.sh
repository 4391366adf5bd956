#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# zonefs shows zones as files: what it says of a zone is what the disk says, writes and
# truncation move the write pointer, and zones that break are reported.
#
#@group zone

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/zone.sh
. "$(dirname "$0")/../lib/zone.sh"

require_cmd blkzone fio
require_fs zonefs
helper mkzonefs
nbc_load nr_devices=0
dmesg_expect "I/O error, dev d|zonefs \(d\) WARNING:"
mnt=$(mktemp -d)
at_exit rmdir "$mnt"
at_exit umount -q "$mnt"
cd /

# mount_it [OPTIONS]
mount_it() { mount -t zonefs ${1:+-o "$1"} /dev/d "$mnt"; }

# files DIRECTORY : names, of one digit
files() { (cd "$mnt/$1" && echo *); }

# size FILE
size() { stat -c %s "$mnt/$1"; }

mode() { stat -c %a "$mnt/$1"; }

# append FILE COUNT : blocks of 4 KiB
append() {
	dd if=/dev/urandom of="$mnt/$1" bs=4k count="$2" oflag=append,direct \
		conv=notrunc status=none
}

# active : sequential files that hold a resource of the disk
active() { echo "$(</sys/fs/zonefs/d/nr_active_seq_files)"; }

# The second sequential zone, 4, is seq/1.
zoned_disk d size=48 zone_size=4 zone_capacity=3 zone_nr_conv=3 zone_max_open=2 \
	zone_max_active=3
zone_write d 4 0 24
zone_do d 5 finish
zone_do d 6 open

# --- what there is ---

check "make" mkzonefs /dev/d
check "mount" mount_it errors=zone-ro
check_eq "files for conventional zones, but the first" "$(files cnv)" "0 1"
check_eq "files for the others" "$(files seq)" "0 1 2 3 4 5 6 7 8"
check_eq "a conventional one is whole" "$(size cnv/0)" 4194304
check_eq "empty" "$(size seq/0)" 0
check_eq "as large as the write pointer says" "$(size seq/1)" 12288
check_eq "as large as the capacity" "$(size seq/2)" 3145728
check_eq "open zones were closed" "$(zone d 4), $(zone d 6)" "cl 24, em 0"
check_eq "one is active" "$(active)" 1

# --- writes ---

check "append" append seq/0 5
check_eq "it grew" "$(size seq/0)" 20480
check_eq "the zone" "$(zone d 3)" "oi 40"
check "append again" append seq/0 1
check_eq "it grew" "$(size seq/0), $(zone d 3)" "24576, oi 48"
check "the same is read" cmp "$mnt/seq/0" <(zone_read d 3 0 48)
check "not at the end" expect_errno EINVAL dd if=/dev/zero of="$mnt/seq/0" bs=4k seek=1 \
	count=1 oflag=direct conv=notrunc
check_eq "as it was" "$(size seq/0), $(zone d 3)" "24576, oi 48"
check "through the cache" expect_errno EIO dd if=/dev/zero of="$mnt/seq/0" bs=4k \
	count=1 oflag=append conv=notrunc
check "conventional, anywhere" dd if="$mnt/seq/0" of="$mnt/cnv/1" bs=4k seek=100 \
	conv=notrunc,fsync status=none
check "it is there" cmp "$mnt/seq/0" <(zone_read d 2 800 48)
check "fio writes and verifies a file" fio --name=seq --filename="$mnt/seq/4" \
	--rw=write --bs=64k --size=3m --direct=1 --thread=1 --verify=crc32c \
	--verify_fatal=1 --file_append=1 --allow_file_create=0 --fallocate=none
check_eq "it is full" "$(size seq/4), $(zone d 7)" "3145728, fu 6144"

# --- truncation ---

check "truncate to nothing" truncate -s 0 "$mnt/seq/0"
check_eq "is a reset" "$(size seq/0), $(zone d 3)" "0, em 0"
check "the file is written again" append seq/0 1
check "truncate to the capacity" truncate -s 3145728 "$mnt/seq/0"
check_eq "is a finish" "$(size seq/0), $(zone d 3)" "3145728, fu 8192"
check "to something else" expect_errno EPERM truncate -s 8192 "$mnt/seq/0"
check_eq "as it was" "$(zone d 3)" "fu 8192"

# --- zones that break ---

check "write to the one and the other" eval "append seq/5 2 && append seq/6 2"
nbc_set d zone_readonly="$(zone_sector d 8)"
check "read-only: no write" expect_errno EIO append seq/5 1
check_eq "no permission is left" "$(mode seq/5), $(size seq/5)" "440, 8192"
check "the data is there" cmp "$mnt/seq/5" <(zone_read d 8 0 16)
check "no further write" expect_errno EPERM append seq/5 1
nbc_set d zone_offline="$(zone_sector d 9)"
check "offline: no write" expect_errno EIO append seq/6 1
check_eq "it has nothing" "$(mode seq/6), $(size seq/6)" "0, 0"
check "no read" expect_errno EPERM dd if="$mnt/seq/6" of=/dev/null
check "others are written" append seq/7 1
check "the log says that it is read-only" kmsg_has "read-only zone"
check "the log says that it is offline" kmsg_has "offline zone"
check "unmount" umount "$mnt"

check "mount again" mount_it errors=remount-ro
check_eq "read-only" "$(mode seq/5), $(size seq/5)" "0, 0"
check_eq "offline" "$(mode seq/6), $(size seq/6)" "0, 0"
check_eq "others" "$(size seq/1) $(size seq/4) $(size seq/7)" "12288 3145728 4096"
nbc_set d zone_readonly="$(zone_sector d 10)"
check "read-only, found by a write" expect_errno EIO append seq/7 1
check "nothing is written any more" expect_errno EROFS append seq/8 1
check "unmount" umount "$mnt"
nbc_set d zone_readonly="$(zone_sector d 8)" zone_readonly="$(zone_sector d 10)" \
	zone_offline="$(zone_sector d 9)"

# --- limits ---

# A write needs a resource when it comes; with explicit-open the file takes it.
check "reset" blkzone reset -o "$(zone_sector d 3)" /dev/d
check "mount with explicit-open" mount_it explicit-open
exec 5<>"$mnt/seq/0" 6<>"$mnt/seq/1"
check_eq "open to write opens the zone" "$(zone d 3), $(zone d 4)" "oe 0, oe 0"
check "a third is refused" expect_errno EBUSY append seq/2 1
check_eq "not touched" "$(zone d 5)" "em 0"
check "write" dd if=/dev/zero bs=4k count=1 oflag=direct conv=notrunc status=none of=/dev/fd/6
exec 5>&- 6>&-
check_eq "closed" "$(zone d 3), $(zone d 4)" "em 0, cl 8"
check "now there is room" append seq/2 1
check_eq "written, and closed" "$(zone d 5)" "cl 8"
check_eq "two are active" "$(active)" 2
check "a third one" append seq/3 1
check "no more than are active at most" expect_errno EOVERFLOW append seq/4 1
check "fill one" truncate -s 3145728 "$mnt/seq/3"
check "that makes room" append seq/4 1
check "unmount" umount "$mnt"
nbc_destroy d

# --- other shapes ---

zoned_disk d size=8 zone_nr_conv=4
check "one file of all conventional zones: make" mkzonefs /dev/d 1
check "mount" mount_it
check_eq "it is large" "$(files cnv), $(size cnv/0)" "0, 3145728"
check "unmount" umount "$mnt"
nbc_destroy d
zoned_disk d size=8 blocksize=4096
check "no conventional zone: make" mkzonefs /dev/d
check "mount" mount_it
check_eq "what there is" "$(files .)" seq
check "append" append seq/6 256
check_eq "the last zone is full" "$(zone d 7)" "fu 2048"
check "unmount" umount "$mnt"
