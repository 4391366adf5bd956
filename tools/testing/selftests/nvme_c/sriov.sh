#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Virtual functions: they are made and taken away by sriov_numvfs, and belong to nobody
# until somebody asks for them. The disk of the physical function goes on.
#@kernel stock debug kcsan
#@vm --qemu -device --qemu nvme-subsys,id=both --nvme size=64M,subsys=both,sriov_max_vfs=2,sriov_vq_flexible=4,sriov_vi_flexible=2,max_ioqpairs=8,msix_qsize=9

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
device=$PCI/devices/$(nvme_device 0)
[[ -e $device/sriov_numvfs ]] || skip_all "no virtual functions here"

set_functions() { echo "$1" >"$device/sriov_numvfs"; }

check "two are made" set_functions 2
check_eq "there are two" "$(show "$device/sriov_numvfs")" 2
check "they are devices" test -e "$device/virtfn0" -a -e "$device/virtfn1"
check "nobody has them" test ! -e "$device/virtfn0/driver"
check "the disk works" fio_verify nvmec0n1 --size=4m
check "they are taken away" set_functions 0
check "there is none" test ! -e "$device/virtfn0"
check "one is made" set_functions 1
check "it goes with the driver" nvme_unbind 0
check "there is none" test ! -e "$device/virtfn0"
