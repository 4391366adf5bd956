#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A device is taken out under load, and another put into its slot: the load gets
# errors, nothing hangs, and the new one works.
#@vm --monitor --qemu -blockdev --qemu driver=null-co,node-name=spare,size=67108864,read-zeroes=on --nvme size=64M

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_nvme 1
helper hammer
nvme_load "$@"
nvme_bind 0
dmesg_expect "I/O error, dev nvmec0n1"
dmesg_expect "Buffer I/O error on dev nvmec0n1"
# The bus looks whether the slot's event was about the link.
dmesg_expect "pcieport .* pciehp"
has_device() { [[ -n $(nvme_device 0) ]]; }
has_none() { ! has_device; }

take_out=nvme0
for round in 1 2 3; do
	hammer /dev/nvmec0n1 20 2 >/dev/null &
	job=$!
	wait_until 10 disk_is_busy nvmec0n1
	check "round $round: take it out" monitor "device_del $take_out"
	check "it is gone" wait_until 20 has_none
	check "its disk too" test ! -e /dev/nvmec0n1
	check_wait "no request hangs" $job
	take_out=again$round
	check "put another in" monitor \
		"device_add nvme,id=$take_out,bus=slot0,serial=$take_out,drive=spare"
	check "it is there" wait_until 20 has_device
	check "bind" nvme_bind 0
	check_eq "live" "$(nvme_attr nvmec0 state)" live
	check_eq "and another one" "$(nvme_attr nvmec0 serial)" "$take_out"
done
