#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# shared_tags: several disks on one set of tags all get their share of it, keep
# their data apart, and come and go by themselves; shared_tag_bitmap.
#@group config
#@builtin null_blk_c.nr_devices=0 null_blk_c.hw_queue_depth=16

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

disks=(s0 s1 s2 s3 s4 s5 s6 s7)
# ops DISK : reads and writes done so far
ops() { awk -v name="$1" '$3 == name { print $4 + $8 }' /proc/diskstats; }

require_cmd fio
nbc_load nr_devices=0 hw_queue_depth=16 submit_queues=1 poll_queues=0
for disk in "${disks[@]}"; do
	nbc_disk "$disk" size=16 shared_tags=1 irqmode=2 completion_nsec=1000000 \
		submit_queues=2 hw_queue_depth=64
done
check_eq "the queues are those of the parameters" "$(nbc_get s0 submit_queues)" 1
check_eq "so is the depth" "$(cat /sys/block/s0/mq/0/nr_tags)" 16
check "and they are fixed" expect_errno EINVAL nbc_set s0 submit_queues=2

jobs=()
for disk in "${disks[@]}"; do
	jobs+=("--name=$disk" "--filename=/dev/$disk")
done
fio --direct=1 --ioengine=libaio --iodepth=16 --rw=randread --bs=4k --time_based \
	--runtime=5 "${jobs[@]}" >/dev/null
total=0 least=
for disk in "${disks[@]}"; do
	done=$(ops "$disk")
	total=$((total + done))
	((${least:-$done} < done)) || least=$done
done
diag "of $total operations, the disk with the fewest had $least"
check "none has less than half of its fair share" test $((least * 16)) -ge "$total"
for disk in "${disks[@]}"; do nbc_destroy "$disk"; done

nbc_disk a size=16 shared_tags=1
nbc_disk b size=16 shared_tags=1 memory_backed=1
check "a disk with data beside one without" fio --name=v --filename=/dev/b --direct=1 \
	--ioengine=libaio --iodepth=32 --bs=4k --rw=randwrite --size=4m --verify=crc32c
nbc_destroy a
check "it outlives the other" cmp -n 4096 /dev/b <(cat /dev/b)
nbc_destroy b

nbc_disk m size=16 memory_backed=1 shared_tag_bitmap=1 submit_queues=$QUEUES hw_queue_depth=8
check "one bitmap for $QUEUES queues" fio --name=v --filename=/dev/m --direct=1 --numjobs=1 \
	--ioengine=libaio --iodepth=32 --bs=4k --rw=randwrite --size=4m --verify=crc32c
