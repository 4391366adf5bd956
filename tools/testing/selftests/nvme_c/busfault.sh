#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The PCI bus reports a fatal error of the link above the device, under load: the slot
# is reset, the controller comes back, and nothing is lost.
# At a port whose link does not come back nothing can be recovered: then what waits
# fails in the end.
#@vm --monitor --nvme size=1G,speed=5 --nvme size=64M
#@timeout 240

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_cmd fio
require_nvme 2
nvme_load "$@"
nvme_bind 0 1
port=$(realpath "$PCI/devices/$(nvme_device 0)/..")
[[ -e $port/aer_dev_fatal ]] || skip_all "no error reporting at the port"

# frozen_times N : the log says so often that the bus was frozen
frozen_times() { (($(kmsg_since_start | grep -c "the bus is frozen") == $1)); }

stop=$(mktemp -u)
load() {
	while [[ ! -e $stop ]]; do
		fio_verify nvmec0n1 --bsrange=4k-128k --size=16m || return
	done
}
load >/dev/null &
job=$!
at_exit end_job $job
for round in 1 2 3; do
	wait_until 30 disk_is_busy nvmec0n1
	check "round $round: a fatal error" monitor "pcie_aer_inject_error slot0 DLP"
	check "the bus was frozen" wait_until 20 frozen_times $round
	check "it is live again" wait_until 30 nvme_state_is nvmec0 live
done
touch "$stop"
at_exit rm -f "$stop"
check_wait "the load saw nothing of it" $job
check "it works" fio_verify nvmec0n1 --size=4m

dmesg_expect "I/O error, dev nvmec1n1"
dmesg_expect "Buffer I/O error on dev nvmec1n1"
helper hammer
hammer /dev/nvmec1n1 20 2 >/dev/null &
job=$!
at_exit end_job $job
wait_until 30 disk_is_busy nvmec1n1
check "an error at the port that does not recover" monitor "pcie_aer_inject_error slot1 DLP"
check "the bus was frozen" wait_until 20 frozen_times 4
check "the controller is given up" wait_until 120 nvme_state_is nvmec1 dead
check_wait "no request hangs" $job
check "let go of it" nvme_unbind 1
