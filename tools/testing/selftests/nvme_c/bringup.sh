#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two devices are brought up: names, attributes, limits; both go again.
#@kernel stock debug kcsan rt
#@vm --nvme serial=first --nvme serial=second,block=4096,namespaces=2

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_nvme 2
nvme_load "$@"
check "no device is taken by itself" test ! -e /sys/class/nvme_c/nvmec0
nvme_bind 0 1

check_eq "the first is live" "$(nvme_attr nvmec0 state)" live
check_eq "its serial number" "$(nvme_attr nvmec0 serial)" first
check_eq "its model" "$(nvme_attr nvmec0 model)" "QEMU NVMe Ctrl"
check_eq "its address" "$(nvme_attr nvmec0 address)" "$(nvme_device 0)"
check_eq "its transport" "$(nvme_attr nvmec0 transport)" pcie
check_eq "queues: one for each CPU, and admin" \
	"$(nvme_attr nvmec0 queue_count)" $(($(nproc) + 1))
check "a firmware revision" test -n "$(nvme_attr nvmec0 firmware_rev)"

check "its disk" test -b /dev/nvmec0n1
check_eq "the size" "$(blockdev --getsize64 /dev/nvmec0n1)" $((1 << 30))
check_eq "a block" "$(blockdev --getss /dev/nvmec0n1)" 512
check_eq "its id" "$(</sys/block/nvmec0n1/nsid)" 1
check "an identity" grep -E '^(uuid|eui|nvme)\.' /sys/block/nvmec0n1/wwid
check_eq "its parent" "$(</sys/block/nvmec0n1/device/serial)" first
check_eq "the cache" "$(queue_limit nvmec0n1 write_cache)" "write back"
check_eq "FUA" "$(queue_limit nvmec0n1 fua)" 1
check "discard" test "$(queue_limit nvmec0n1 discard_max_bytes)" -gt 0
check "write zeroes" \
	test "$(queue_limit nvmec0n1 write_zeroes_max_bytes)" -gt 0
check_eq "QEMU's MDTS of 7: 512 KiB" \
	"$(queue_limit nvmec0n1 max_hw_sectors_kb)" 512

check "the disks of the second" test -b /dev/nvmec1n1 -a -b /dev/nvmec1n2
check_eq "a block of its first" "$(blockdev --getss /dev/nvmec1n1)" 4096
check_eq "the id of its second" "$(</sys/block/nvmec1n2/nsid)" 2

check "let go of the first" nvme_unbind 0
check "its disk is gone" test ! -e /dev/nvmec0n1
check "the other's are not" test -b /dev/nvmec1n1
check "unload with the second bound" rmmod nvme_c
check "all is gone" test ! -e /sys/class/nvme_c -a ! -e /dev/nvmec1n1
