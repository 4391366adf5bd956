#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Statistics: each request is counted once, by interrupt and by polling, with its
# errors; they survive a reset of the controller, which is counted as well.
#@vm --nvme size=64M,bad=4096

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_cmd fio
require_nvme 1
dmesg_expect "critical medium error, dev nvmec0n1, sector 4096"
nvme_load poll_queues=1
require_stats
nvme_bind 0

# load RW [FIO OPTION...] : 256 requests of 4 KiB
load() {
	local rw=$1
	shift
	fio --name=load --filename=/dev/nvmec0n1 --direct=1 --thread --bs=4k \
		--size=1m --ioengine=io_uring --iodepth=16 --rw="$rw" "$@"
}

check "load, not counted" load randread
check_eq "off" "$(stats_sum nvmec0n1 stats requests)" 0
check "on" stats_set nvmec0n1 enable 1
check "load" load randread
check_eq "reads" "$(stats_of nvmec0n1 read)" "256 0 1048576"
check "load, polled" load randwrite --hipri
check_eq "writes" "$(stats_of nvmec0n1 write)" "256 0 1048576"
check_eq "histograms" "$(stats_sum nvmec0n1 latency requests)" \
	"$(stats_sum nvmec0n1 stats requests)"
check "reset of the controller" nvme_reset nvmec0
check_eq "is counted" "$(nvme_attr nvmec0 resets)" 1
check "load" load randread
check_eq "reads" "$(stats_of nvmec0n1 read)" "512 0 2097152"
check "the bad sector" expect_errno "ENODATA" dd if=/dev/nvmec0n1 of=/dev/null bs=512 count=1 skip=4096 iflag=direct
check_eq "is an error" "$(stats_sum nvmec0n1 stats errors read)" 1
check "off" stats_set nvmec0n1 enable 0
check "unbound" nvme_unbind 0
check "its directory is gone" test ! -e "$(stats_file nvmec0n1 '')"
