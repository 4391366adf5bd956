#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A disk that keeps nothing fails reads if told so: whoever looks for what it wrote is told,
# writes succeed, and a disk that keeps its data cannot be told. In both queue modes, with
# and without zones.
#@group data
#@timeout 240
#@core

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

put() { dd if=/dev/zero of=/dev/d bs=4k count=4 oflag=direct conv=notrunc status=none; }
get() { dd if=/dev/d of=/dev/null bs=4k count=4 "$@" status=none; }

nbc_load nr_devices=0
dmesg_expect "(I/O|Buffer I/O) error(, dev| on dev) d"
for config in queue_mode=2 queue_mode=0 "queue_mode=2 irqmode=0" "queue_mode=2 irqmode=2" \
	"queue_mode=2 zoned=1 zone_size=4"; do
	read -ra attributes <<<"$config"
	nbc_create d size=16 "${attributes[@]}"
	if ! nbc_power d 1 2>/dev/null; then
		diag "this kernel has no zoned disks"
		rmdir "$NBC_ROOT/d"
		continue
	fi
	check "$config: by default a read succeeds" get iflag=direct
	nbc_power d 0
	nbc_set d fail_reads=1 power=1
	check "$config: a write succeeds" put
	check "$config: a direct read fails" expect_errno EIO get iflag=direct
	check "$config: a read by the page cache fails" expect_errno EIO get
	check "$config: it is fixed while powered" expect_errno EBUSY nbc_set d fail_reads=0
	nbc_power d 0
	nbc_set d fail_reads=0 power=1
	[[ $config == *zoned* ]] || check "$config: it can be undone" get iflag=direct
	nbc_destroy d
done

nbc_disk d size=512 fail_reads=1
for mkfs in mkfs.ext4 mkfs.xfs mkfs.btrfs; do
	[[ -n $(type -P $mkfs) ]] || continue
	if $mkfs -q /dev/d &>/dev/null; then
		diag "$mkfs does not look at what it wrote"
	else
		ok "$mkfs notices"
	fi
	check "$mkfs: nothing is there to be mounted" eval '! mount /dev/d /mnt'
done
nbc_destroy d

nbc_create d size=16 memory_backed=1 fail_reads=1
check "not on a disk that keeps data" expect_errno EINVAL nbc_power d 1
check "it says so" kmsg_has "d: fail_reads: 1 is not valid"
nbc_set d fail_reads=0
check "without it, it has power" nbc_power d 1
nbc_destroy d
