#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Registers that read as all ones, as those of a device that was pulled out do: under
# load, in a reset, when the driver lets go, and when it is bound. Each time the device
# is given up soon, and when it answers again, it works and has kept its data.
#@vm --qemu -object --qemu memory-backend-ram,id=cover,size=16K,share=on --qemu -device --qemu ivshmem-plain,memdev=cover --nvme size=64M
#@timeout 180

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_nvme 1
require_cover
helper hammer
nvme_load io_timeout=2 admin_timeout=2
nvme_bind 0
at_exit nvme_cover_off
nvme_cover_fill all 0xffffffff
dmesg_expect "I/O error, dev nvmec0n1"
dmesg_expect "Buffer I/O error on dev nvmec0n1"
address=$(nvme_device 0)

# The hammer works on the first 4 MiB.
kept() { dd if=/dev/nvmec0n1 bs=1M skip=8 count=1 iflag=direct status=none; }
pattern=$(mktemp)
head -c 1M /dev/urandom >"$pattern"
at_exit rm -f "$pattern"
dd if="$pattern" of=/dev/nvmec0n1 bs=1M seek=8 oflag=direct status=none
as_before() { kept | cmp - "$pattern"; }

start_load() {
	hammer /dev/nvmec0n1 $(($1 * ${SELFTEST_SLOW:-1})) 2 >/dev/null &
	job=$!
	wait_until 10 disk_is_busy nvmec0n1
}
# It may not be master of its bus.
reaches_no_memory() {
	(($(od -An -tu1 -j4 -N1 "$PCI/devices/$address/config") & 4)) || return 0
	return 1
}
# in_time SECONDS COMMAND... : true if it took no longer, whatever became of it
in_time() {
	local end=$((SECONDS + $1 * ${SELFTEST_SLOW:-1}))
	shift
	"$@" || true
	((SECONDS <= end))
}
comes_back() {
	nvme_cover_off
	nvme_give "$address" nvme_c && nvme_rescan nvmec0 &&
		nvme_state_is nvmec0 live && as_before
}

start_load 12
nvme_cover_on 0
check "under load: the controller is dead" wait_until 10 nvme_state_is nvmec0 dead
check "it cannot reach memory any more" reaches_no_memory
check_eq "nothing can be read" \
	"$(dd if=/dev/nvmec0n1 bs=4k count=1 iflag=direct 2>/dev/null | wc -c)" 0
check "a reset is refused" expect_errno EBUSY nvme_reset nvmec0
check_wait "no request of the load hangs" "$job"
check "the driver lets go of it" nvme_unbind 0
check "it comes back as it was" comes_back

nvme_cover_on 0
check "in a reset: it fails" expect_errno EIO nvme_reset nvmec0
check "the controller is dead" nvme_state_is nvmec0 dead
check "the driver lets go of it" nvme_unbind 0
check "it comes back as it was" comes_back

start_load 8
nvme_cover_on 0
check "under load: the driver lets go of it, soon" in_time 8 nvme_unbind 0
check "it is gone" test ! -e /dev/nvmec0n1
check_wait "no request of the load hangs" "$job"
check "it is not bound, which shows soon" in_time 3 nvme_give "$address" nvme_c
check_eq "to any driver" "$(nvme_driver "$address")" ""
check "it comes back as it was" comes_back
