#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Disks as people stack them: a RAID1 of md (by dm-raid) loses a disk while it is written
# to, and has all data on the other.
#@group data
#@timeout 240

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

require_cmd dmsetup fio
modprobe -q dm-raid || skip_all "no module dm-raid"
export DM_DISABLE_UDEV=1
dmesg_expect "md/raid|I/O error, dev (a|b),|Buffer I/O error on dev (a|b)|device-mapper: raid|attempt to access beyond end"
nbc_load nr_devices=0
for name in a b; do
	nbc_disk $name size=128 memory_backed=1 cache_size=8
	nbc_disk m$name size=8 memory_backed=1
done
work=$(mktemp -d)
at_exit rm -rf "$work"
sectors=$(</sys/block/a/size)
# Nobody else's
raid=mqblk_stack_$$

# raid_is HEALTH : a letter for each disk, A for one that works and D for one that does not
raid_is() { [[ $(dmsetup status "$raid") == *" raid raid1 2 $1 "* ]]; }

# Without disks for what md notes, writes wait for ever once one has failed.
dmsetup create "$raid" --table \
	"0 $sectors raid raid1 4 0 nosync region_size 1024 2 /dev/ma /dev/a /dev/mb /dev/b"
at_exit eval "dmsetup remove --retry $raid 2>/dev/null"
check "both work" wait_until 20 raid_is AA
check "write and verify" fio --name=fio --filename="/dev/mapper/$raid" --direct=1 --thread=1 \
	--rw=randwrite --bs=16k --size=16m --ioengine=io_uring --iodepth=8 --verify=crc32c
check "both have it" cmp -n 16M /dev/a /dev/b

fio --name=fio --filename="/dev/mapper/$raid" --direct=1 --thread=1 --rw=randwrite --bs=16k \
	--size=16m --ioengine=io_uring --iodepth=8 --time_based --runtime=8 \
	--verify=crc32c --verify_fatal=1 >"$work/fio" &
job=$!
at_exit end_job $job
in_flight() { [[ $(one_line </sys/block/b/inflight) != "0 0" ]]; }
wait_until 10 in_flight
nbc_power b 0
check_wait "the other disk has all data" $job
check "one disk is gone" wait_until 20 raid_is AD
check "remove it" dmsetup remove --retry "$raid"
