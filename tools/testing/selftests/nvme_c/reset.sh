#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Nothing is lost when the controller is reset a hundred times under load that
# checks what it wrote.
#@vm --nvme size=1G
#@timeout 400

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_cmd fio
require_nvme 1
nvme_load "$@"
nvme_bind 0

stop=$(mktemp -u)
load() {
	while [[ ! -e $stop ]]; do
		fio_verify nvmec0n1 --bsrange=4k-128k --size=16m --loops=8 \
			--numjobs=2 --offset_increment=64m || return
	done
}
load >/dev/null &
job=$!
at_exit end_job $job
wait_until 30 disk_is_busy nvmec0n1

for ((resets = 0; resets < 100; resets++)); do
	wait_until 20 disk_is_busy nvmec0n1 || break
	nvme_reset nvmec0 || break
done
check_eq "100 resets with requests in flight" "$resets" 100
touch "$stop"
at_exit rm -f "$stop"
check_wait "the load saw nothing of it" $job
check_eq "the controller is live" "$(nvme_attr nvmec0 state)" live
echo 1 >"$PCI/devices/$(nvme_device 0)/reset"
check "it comes back from a reset of the function" wait_until 10 nvme_state_is nvmec0 live
check "and works" fio_verify nvmec0n1 --size=4m
check_eq "with as many queues as before" "$(nvme_attr nvmec0 queue_count)" \
	$(($(nproc) + 1))
