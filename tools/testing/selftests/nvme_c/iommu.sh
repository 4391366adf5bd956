#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Behind an IOMMU, requests are as large as it maps at little cost, until a user asks for
# larger ones, which work as well.
#@kernel stock debug kcsan
#@vm --append intel_iommu=on --qemu -device --qemu intel-iommu --nvme mdts=0

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
[[ -e $PCI/devices/$(nvme_device 0)/iommu_group ]] || skip_all "no IOMMU"

set_largest() { echo "$1" >/sys/block/nvmec0n1/queue/max_sectors_kb; }

check_eq "the device takes 4 MiB" "$(queue_limit nvmec0n1 max_hw_sectors_kb)" 4096
# The kernel keeps addresses at hand for 32 pages.
check_eq "requests are of 128 KiB" "$(queue_limit nvmec0n1 max_sectors_kb)" 128
check "1m" fio_verify nvmec0n1 --bs=1m --size=16m --iodepth=4
check "a user asks for more" set_largest 1024
check_eq "there is more" "$(queue_limit nvmec0n1 max_sectors_kb)" 1024
check "1m" fio_verify nvmec0n1 --bs=1m --size=16m --iodepth=4
check "reset" nvme_reset nvmec0
check "look for it" nvme_rescan nvmec0
check_eq "it stays as the user said" "$(queue_limit nvmec0n1 max_sectors_kb)" 1024
