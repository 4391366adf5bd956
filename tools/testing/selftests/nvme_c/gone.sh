#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A device that leaves without a word: nobody answers at its registers (QEMU reads
# as zeroes there), and what was in flight fails in time. Then one that is taken out
# as it should be.
#@vm --nvme size=1G,serial=rude --nvme size=1G,serial=polite

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_cmd fio
require_nvme 2
helper hammer
nvme_load io_timeout=2 admin_timeout=2
nvme_bind 0 1
dmesg_expect "I/O error, dev nvmec[01]n1"
dmesg_expect "Buffer I/O error on dev nvmec[01]n1"

hammer /dev/nvmec0n1 15 2 >/dev/null &
rude=$!
wait_until 10 disk_is_busy nvmec0n1
# No memory space: as if it were not there.
printf '\0\0' | dd of="$PCI/devices/$(nvme_device 0)/config" bs=1 seek=4 \
	conv=notrunc status=none
check "the controller is dead" wait_until 10 nvme_state_is nvmec0 dead
check "a reset is refused" expect_errno EBUSY nvme_reset nvmec0
check_eq "nothing can be read" \
	"$(dd if=/dev/nvmec0n1 bs=4k count=1 iflag=direct 2>/dev/null | wc -c)" 0
check_wait "no request of the load hangs" $rude
check "let go of it" nvme_unbind 0
check "the disk is gone" test ! -e /dev/nvmec0n1

check "the other works" fio_verify nvmec1n1 --size=4m
slot=''
for power in "$PCI"/slots/*/power; do
	[[ "$(<"${power%/*}/address")" != "$(nvme_device 1 | sed 's/\..*//')" ]] ||
		slot=${power%/*}
done
[[ -e $slot/power ]] || { skip "hot-unplug" "no slot that can be switched off"; exit; }
hammer /dev/nvmec1n1 15 2 >/dev/null &
polite=$!
wait_until 10 disk_is_busy nvmec1n1
echo 0 >"$slot/power"
check "its disk is gone" wait_until 10 test ! -e /dev/nvmec1n1
check_wait "no request of the load hangs" $polite
