#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two drives with the same UUID and EUI-64: both have disks, but the later one is shown
# without the identities, so that it has a wwid of its own, and the log says so.
#@vm --qemu -global --qemu nvme-ns.uuid=00112233-4455-6677-8899-aabbccddeeff --qemu -global --qemu nvme-ns.eui64=81985529216486895 --nvme size=64M,serial=one --nvme size=64M,serial=two

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_nvme 2
nvme_load "$@"
nvme_bind 0 1
first=/sys/block/nvmec0n1 second=/sys/block/nvmec1n1
warnings() { kmsg_since_start | grep -c "is that of another disk" || true; }

check_eq "the first has the UUID" "$(show $first/uuid)" \
	00112233-4455-6677-8899-aabbccddeeff
check_eq "and the EUI-64" "$(show $first/eui)" "01 23 45 67 89 ab cd ef"
check_eq "its wwid is that" "$(show $first/wwid)" \
	uuid.00112233-4455-6677-8899-aabbccddeeff
check "the second has a disk" test -b /dev/nvmec1n1
check "but no UUID" test ! -e $second/uuid
check "and no EUI-64" test ! -e $second/eui
check "it has a wwid of its own" test "$(show $second/wwid)" != "$(show $first/wwid)"
check "the log says why" kmsg_has "nvmec1: namespace 1: UUID is that of another disk, nvmec0n1"
check "a scan does not change it" nvme_rescan nvmec1
check "nor a reset" nvme_reset nvmec1
check "nor a scan after that" nvme_rescan nvmec1
check "the disk is there" test -b /dev/nvmec1n1
check_eq "the log has one line" "$(warnings)" 1
check "without the first" nvme_unbind 0
check "and bound anew" eval 'nvme_unbind 1 && nvme_bind 1'
check_eq "the second has the UUID" "$(show "/sys/block/$(nvme_ctrl 1)n1/uuid")" \
	00112233-4455-6677-8899-aabbccddeeff
