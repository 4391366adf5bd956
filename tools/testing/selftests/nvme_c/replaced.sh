#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A namespace is formatted, or detached, by another controller of its subsystem while its
# disk has dirty data in the page cache: not one write of that reaches the controller,
# where it would land in the data of the namespace that has the id then.
#@kernel stock debug kcsan rt
#@vm --qemu -device --qemu nvme-subsys,id=both --nvme size=64M,namespaces=2,subsys=both,serial=both --nvme namespaces=0,subsys=both,serial=both

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_cmd nvme
require_nvme 2
require_tracing
nvme_load "$@"
nvme_bind 0
nvme_by_kernel 1
cntlid=$(nvme_attr nvmec0 cntlid)

block_is() { [[ $(queue_limit nvmec0n1 logical_block_size 2>/dev/null) == "$1" ]]; }
gone() { [[ ! -e /dev/nvmec0n$1 ]]; }
# dirty N : data that nobody has written back, as its disk stays open
dirty() {
	exec {disk}<>"/dev/nvmec0n$1"
	dd if=/dev/urandom of="/dev/nvmec0n$1" bs=1M count=4 conv=notrunc,nocreat status=none
}
writes() { grep -c "nvmec0n$1 .*op=WRITE" "$TRACING/trace" || true; }

# What was dirty is reported as lost when the disk is closed.
dmesg_expect "(I/O|Buffer I/O) error(, dev| on dev(ice)?) nvmec0n[12]"
events=$TRACING/events/mqblk/mqblk_rq_queue/enable
at_exit eval "echo 0 >$events"
# The kernel writes nothing back by itself.
sysctl=/proc/sys/vm/dirty_writeback_centisecs
at_exit eval "echo $(<$sysctl) >$sysctl"
echo 0 >$sysctl
echo 1 >"$events"

dirty 1
echo >"$TRACING/trace"
check "format it with other blocks" nvme format "$other" -n 1 -l 4 -f
# QEMU sends no event for it.
check "look for it" nvme_rescan nvmec0
check "another disk comes" wait_until 20 block_is 4096
check_eq "nothing was written to it" "$(writes 1)" 0
exec {disk}>&-
check_eq "nor when the old one is closed" "$(writes 1)" 0
check_eq "it is empty" \
	"$(dd if=/dev/nvmec0n1 bs=1M count=4 iflag=direct status=none | tr -d '\0' | wc -c)" 0

dirty 2
echo >"$TRACING/trace"
check "detach another" nvme detach-ns "$other" -n 2 -c "$cntlid"
check "its disk goes" wait_until 20 gone 2
check_eq "nothing was written to it" "$(writes 2)" 0
exec {disk}>&-

# Letting go of the device is another matter: the namespace is the same.
dirty 1
wanted=$(mktemp)
at_exit rm -f "$wanted"
cp --sparse=never /dev/nvmec0n1 "$wanted"
nvme_unbind 0
exec {disk}>&-
nvme_bind 0
check "when the driver lets go, what is dirty is written" \
	cmp "$wanted" <(dd if=/dev/nvmec0n1 bs=1M iflag=direct status=none)
