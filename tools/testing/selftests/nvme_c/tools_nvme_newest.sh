#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What tools_nvme.sh does, with the newest nvme-cli that Debian has. It is in a system of its
# own in the cache, and is run there by chroot.
#@kernel stock
#@newest
#@timeout 400
#@vm --qemu -device --qemu nvme-subsys,id=sub --nvme size=64M,namespaces=2,subsys=sub,serial=tools,mdts=5

newest=1
# shellcheck source-path=SCRIPTDIR source=tools_nvme.sh
. "$(dirname "$0")/tools_nvme.sh"
