#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# drop_in=1: the names of the kernel's driver and every device, unless that driver is
# loaded. udev's links and lsblk follow.
#@kernel stock debug kcsan rt
#@vm --nvme size=64M,serial=first --nvme size=64M,serial=second,namespaces=2

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_cmd fio lsblk nvme
require_nvme 2
require_unloadable nvme_c
require_module nvme_c
load_module mqblk
# listed : what nvme-cli says of all devices, whatever their order and their names
listed() {
	nvme list -o json | grep -E '"(SerialNumber|ModelNumber|Firmware|NameSpace|UsedBytes|MaximumLBA|PhysicalSize|SectorSize)"' |
		tr -d ' ,' | sort
	nvme list-subsys | grep -c 'live'
	nvme list-subsys | grep -o 'NQN=.*' | sort
}
three_disks() { (($(find /dev -name "nvme[01]n[12]" | wc -l) == 3)); }
theirs=''
if modprobe nvme; then
	wait_until 10 three_disks
	theirs=$(listed)
	check "beside the kernel's driver it is refused" \
		expect_errno EBUSY load_module nvme_c drop_in=1
	check "with the reason" kmsg_has "nvme_c: drop_in: nvme_core is loaded"
	rmmod nvme
	check "also beside what is left of it" \
		expect_errno EBUSY load_module nvme_c drop_in=1
	rmmod nvme_core
fi
tell_driver() { nvme_device 0 >"/sys/bus/pci/drivers/nvme/$1"; }
nvme_load drop_in=1
check "the disks" wait_until 10 three_disks
# Devices are probed at the same time, and named as they come.
first=$(basename "$PCI/devices/$(nvme_device 0)"/nvme/nvme*)
disk=${first}n1
check_eq "a controller's serial number" "$(<"/sys/class/nvme/$first/serial")" first
check_eq "its state" "$(<"/sys/class/nvme/$first/state")" live
check_eq "the driver" "$(nvme_driver "$(nvme_device 0)")" nvme
check_eq "lsblk: transport, model, serial" \
	"$(lsblk -dno TRAN,SERIAL "/dev/$disk" | one_line)" "nvme first"
if [[ -n $theirs ]]; then
	check_eq "nvme list and list-subsys: the same as with the kernel's driver" \
		"$(listed)" "$theirs"
else
	skip "nvme list" "no module nvme"
fi
check "nvme list -v: controllers and namespaces" \
	eval 'nvme list -v | grep -q "nvme0 .* nvme-subsys[01] "'
check "format" nvme format "/dev/$first" -n 1 -l 4 -f
check "reset" nvme reset "/dev/$first"
check "it works" fio_verify "$disk" --size=4m
check "unbind, as for the kernel's driver" \
	tell_driver unbind
check "its disk is gone" test ! -e "/dev/$disk"
check "bind" tell_driver bind
check "its disk is back" wait_until 10 test -b "/dev/$disk"
