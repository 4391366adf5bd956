#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Namespaces are detached and attached while the driver runs: by the kernel's driver,
# which has another controller of the same subsystem. The controller says so in an
# asynchronous event, again and again, and the disks follow.
#@kernel stock debug kcsan rt
#@vm --qemu -device --qemu nvme-subsys,id=both --nvme size=64M,namespaces=3,subsys=both,serial=both --nvme namespaces=0,subsys=both,serial=both

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_cmd fio nvme
require_nvme 2
nvme_load "$@"
nvme_bind 0
nvme_by_kernel 1
cntlid=$(nvme_attr nvmec0 cntlid)

# namespace detach|attach NSID
namespace() { nvme "$1-ns" "$other" -n "$2" -c "$cntlid" >/dev/null; }
gone() { [[ ! -e /dev/nvmec0n$1 ]]; }

check "three disks" test -b /dev/nvmec0n1 -a -b /dev/nvmec0n2 -a -b /dev/nvmec0n3
check "data on the second" fio_verify nvmec0n2 --size=4m
fio_verify nvmec0n1 --size=32m --loops=3 >/dev/null &
job=$!
for round in 1 2 3; do
	check "round $round: detach the second" namespace detach 2
	check "its disk goes" wait_until 10 gone 2
	check "attach it" namespace attach 2
	check "its disk comes" wait_until 10 test -b /dev/nvmec0n2
done
check "with its data" fio_verify nvmec0n2 --size=4m --verify_only
check "detach another" namespace detach 3
check "its disk goes" wait_until 10 gone 3
check "the second stays" test -b /dev/nvmec0n2
check_wait "the first saw nothing of it" $job

dmesg_expect "operation not supported error, dev nvmec0n2"
dmesg_expect "I/O error on dev nvmec0n2"
helper hammer
hammer /dev/nvmec0n2 10 2 >/dev/null &
job=$!
at_exit end_job $job
check "the second has requests in flight" wait_until 10 disk_is_busy nvmec0n2
check "detach it" namespace detach 2
check "its disk goes" wait_until 10 gone 2
check_wait "no request hangs" $job
