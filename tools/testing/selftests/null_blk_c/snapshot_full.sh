#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A disk with a snapshot is written over until memory ends: the write fails with ENOSPC, each
# block has its old or its new data, the snapshot is what it was, and the disk lives on.
# When the snapshot is dropped there is memory again.
#@group faults
#@vm --memory 512M
#@long
#@timeout 480

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

# write_all LETTER : lines of 1 KiB, to all of disk d
write_all() {
	local line
	printf -v line '%1023s' ''
	# It is ended by a signal.
	{ yes "${line// /$1}" || true; } |
		dd of=/dev/d bs=1M count="$mib" iflag=fullblock oflag=direct status=none
}
# letters DISK : which lines there are, and no others
letters() {
	dd if="/dev/$1" bs=1M iflag=direct status=none | uniq | sort -u | uniq -w 1 -c |
		awk '{ print $1 substr($2, 1, 1) }' | one_line
}

nbc_load nr_devices=0
dmesg_expect "critical space allocation error"
mib=$(($(meminfo MemAvailable) * 55 / 100 / 1024))
nbc_disk d size=$mib memory_backed=1 discard=1
nbc_create c
check "$mib MiB are written" write_all a
before=$(dd if=/dev/d bs=1M iflag=direct status=none | sha256sum)
check "a snapshot" nbc_set d snapshot=s
check "they cannot all be written again" expect_errno ENOSPC write_all b
check "nobody was killed" eval '! kmsg_has "Out of memory"'
check_eq "all is old or new" "$(letters d)" "1a 1b"
check "a clone" nbc_set c origin=d/s power=1
check_eq "is what it was" "$(dd if=/dev/c bs=1M iflag=direct status=none | sha256sum)" "$before"
check "it is removed" nbc_destroy c
check "the snapshot is dropped" nbc_set d snapshot_drop=s
check_eq "the disk still has both" "$(letters d)" "1a 1b"
check "they can all be written now" write_all b
check_eq "all is new" "$(letters d)" 1b
check "removed" nbc_destroy d
