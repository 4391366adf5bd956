#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A namespace of a command set that the driver does not know, here a zoned one, gets no
# disk, and the log says why.
#@vm --qemu -global --qemu nvme-ns.zoned=true --nvme size=512M

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_nvme 1
nvme_load "$@"
nvme_bind 0
check_eq "the controller is live" "$(nvme_attr nvmec0 state)" live
check "there is no disk" test ! -e /dev/nvmec0n1
check "a scan does not bring it" nvme_rescan nvmec0
check "nor a reset" nvme_reset nvmec0
check "there still is none" test ! -e /dev/nvmec0n1
check "the log says why" kmsg_has "namespace 1: CSI: command set 2, only 0 (NVM) is known"
