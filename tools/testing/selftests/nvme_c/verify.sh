#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is written is what is read: 512 and 4096-byte blocks, few and many queues,
# every kind of interrupt, requests from a block to as large as they get.
#@vm --nvme block=512
#@vm --nvme block=4096
#@vm --nvme mdts=0
#@vm --nvme max_ioqpairs=1
#@vm --cpus 4 --nvme max_ioqpairs=3
#@vm --nvme msix_qsize=1
#@vm --append pci=nomsi --nvme serial=intx
#@vm --append intel_iommu=on --qemu -device --qemu intel-iommu --nvme serial=iommu
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_cmd fio
require_nvme 1
nvme_load "$@"
nvme_bind 0
disk=$(nvme_ctrl 0)n1
block=$(blockdev --getss "/dev/$disk")
diag "$(nvme_attr nvmec0 queue_count) queues"

check "4k" fio_verify "$disk"
check "a block" fio_verify "$disk" --bs="$block" --size=1m
check "128k" fio_verify "$disk" --bs=128k --size=32m --iodepth=8
check "1m, libaio" fio_verify "$disk" --bs=1m --size=32m --ioengine=libaio
check "4m" fio_verify "$disk" --bs=4m --size=64m --iodepth=4
check "mixed sizes, memory at odd places" \
	fio_verify "$disk" --bsrange="$block"-256k --size=16m --iomem_align=512
check "two jobs" fio_verify "$disk" --numjobs=2 --size=8m --offset_increment=8m
check "buffered" fio_verify "$disk" --direct=0 --bs=16k --fsync=64 --size=8m
check "interrupts were used" test "$(nvme_irqs nvmec0)" -gt 0
# Reads, writes and flushes, each one request. A pin that stays raised interrupts
# a hundred times for each.
requests=$(awk '{ print $1 + $5 + $16 }' "/sys/block/$disk/stat")
diag "$(nvme_irqs nvmec0) interrupts for $requests requests"
check "no more than two for a request" \
	test "$(nvme_irqs nvmec0)" -le $((2 * requests))
