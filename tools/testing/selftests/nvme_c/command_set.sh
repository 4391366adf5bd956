#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A namespace of a command set that the driver does not know, here key value, gets no
# disk, and the log says why. As soon as it is one of NVM it gets one.
#@kernel uml-nvme

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"

require_model
nvme_load "$@"
model_create m
# The first descriptor (CNS 3) has type 4, length 1, and the number of the command set.
check "with a namespace of another command set" \
	model_rule m data opcode=identify sel=3 offset=0 bytes=0401000001
check "power" model_power m 1
check "bound" model_bind m
ctrl=$(model_ctrl m)
check_eq "the controller is live" "$(nvme_attr "$ctrl" state)" live
check "a scan" nvme_rescan "$ctrl"
check "a reset" nvme_reset "$ctrl"
check "there is no disk" test ! -e "/dev/${ctrl}n1"
check "the log says why" \
	kmsg_has "namespace 1: CSI: command set 1, only 0 (NVM) and 2 (zoned) are known"
model_honest m
check "a scan when it is one of NVM" nvme_rescan "$ctrl"
check "brings it" wait_until 10 model_has_disk m
