#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# fio by commands of user space: what it writes with plain, registered and polled commands
# is read back by the same way, and by the disk. For the table of what works with which
# tool.
#@kernel stock
#@timeout 300
#@vm --nvme size=64M,serial=fio,mdts=5

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/tools.sh
. "$(dirname "$0")/../lib/tools.sh"

require_cmd fio nvme
require_nvme 1
nvme_load poll_queues=1
nvme_bind 0
disk=nvmec0n1 g=/dev/ngc0n1
tools_on "QEMU"
seed=0

commands() {
	fio --name=v --thread --bs=4k --size=8m --rw=randwrite --randseed=$seed --verify=crc32c \
		--verify_fatal=1 --verify_pattern=0x$seed --allow_file_create=0 "$@"
}
# by_both OPTION... : written and read back by commands, then read by the disk; other data
# each time, as old data would do as well otherwise
by_both() {
	commands --filename=$g --ioengine=io_uring_cmd --cmd_type=nvme --iodepth=32 "$@" &&
		commands --filename=/dev/$disk --ioengine=psync --direct=1 --verify_only
}
interrupts() { nvme_irqs nvmec0; }

works "fio io_uring_cmd" 'err= 0.*READ: .*WRITE: .*err= 0' by_both
seed=1
works "fio io_uring_cmd, fixedbufs" 'err= 0.*READ: .*WRITE: .*err= 0' by_both --fixedbufs
seed=2
works "fio io_uring_cmd, fixedbufs, registerfiles" 'err= 0.*READ: .*WRITE: .*err= 0' \
	by_both --fixedbufs --registerfiles
seed=3
polled() {
	local before
	before=$(interrupts)
	commands --filename=$g --ioengine=io_uring_cmd --cmd_type=nvme --iodepth=32 --hipri "$@" &&
		echo "few interrupts: $(($(interrupts) - before < 500))" &&
		commands --filename=/dev/$disk --ioengine=psync --direct=1 --verify_only
}
works "fio io_uring_cmd, hipri" 'err= 0.*few interrupts: 1.*err= 0' polled
seed=4
works "fio io_uring_cmd, hipri, fixedbufs" 'err= 0.*few interrupts: 1.*err= 0' polled --fixedbufs
seed=5
works "fio io_uring_cmd, blocks of 4 to 128 KiB" 'err= 0.*READ: .*WRITE: ' \
	commands --filename=$g --ioengine=io_uring_cmd --cmd_type=nvme --iodepth=16 --bsrange=4k-128k
check_eq "no request was lost on the way" "$(nvme_attr nvmec0 timeouts)" 0
