#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two controllers of QEMU that share a namespace: two disks, or with multipath=1 one, whose
# data is kept while one of the controllers is reset or taken from the driver.
#@vm --qemu -device --qemu nvme-subsys,id=s --qemu -drive --qemu if=none,id=d,format=raw,snapshot=on,file=/usr/bin/qemu-system-x86_64 --qemu -device --qemu nvme,id=c0,serial=s,subsys=s --qemu -device --qemu nvme,id=c1,serial=s,subsys=s --qemu -device --qemu nvme-ns,drive=d,bus=c1,nsid=1,shared=on,uuid=00112233-4455-6677-8899-aabbccddeeff
#@timeout 240

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_nvme 2
require_cmd fio
links() { (cd /sys/block/nvmec0n1/multipath 2>/dev/null && echo *); }
has_links() { [[ $(links) == "$1" ]]; }
has_both() { [[ $(links) == *" "* ]]; }

nvme_load "$@"
nvme_bind 0 1
check "without the parameter there are two disks" test -b /dev/nvmec1n1
check_eq "of the same identity" "$(show /sys/block/nvmec0n1/wwid)" \
	"$(show /sys/block/nvmec1n1/wwid)"
nvme_unbind 0
nvme_unbind 1
rmmod nvme_c

load_module nvme_c multipath=1
nvme_bind 0 1
check "with it there is one" wait_until 20 has_links "nvmec0c0n1 nvmec0c1n1"
check "and no other" test ! -e /dev/nvmec1n1
subsys=$(cd -P /sys/block/nvmec0n1/.. && pwd)
echo round-robin >"$subsys/iopolicy"
check "it works" fio_verify nvmec0n1 --size=1m
for n in 0 1; do
	read -r _ _ _ _ writes _ <"/sys/block/nvmec0c${n}n1/stat"
	check "by controller $n, too" test "$writes" -ge 32
done

stop=$(mktemp -u)
at_exit rm -f "$stop"
load() {
	whatever
	while [[ ! -e $stop ]]; do
		fio_verify nvmec0n1 --size=1m || return
	done
}
load >/dev/null 2>&1 &
job=$!
at_exit end_job $job
check "there is load" wait_until 20 disk_is_busy nvmec0n1
for n in 0 1; do
	check "controller $n is reset" nvme_reset "$(nvme_ctrl $n)"
	check "controller $n goes" nvme_unbind $n
	check "and comes back" nvme_give "$(nvme_device $n)" nvme_c
	check "and is used again" wait_until 20 has_both
done
check "the load runs" wait_until 20 disk_is_busy nvmec0n1
touch "$stop"
check_wait "data is kept" $job
diag "ways: $(links)"
