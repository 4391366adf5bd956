#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The driver comes and goes under load, again and again; the load gets errors,
# and nothing hangs. In the end the module goes under load.
#@kernel stock debug kcsan rt
#@vm --nvme size=1G
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_nvme 1
helper hammer
nvme_load "$@"
dmesg_expect "I/O error, dev nvmec0n1"
address=$(nvme_device 0)

# Longer than the test may take; it is ended at exit.
hammer /dev/nvmec0n1 3000 2 >/dev/null &
job=$!
at_exit end_job $job

busy=0
for ((round = 0; round < 100; round++)); do
	nvme_give "$address" nvme_c || break
	wait_until 10 disk_is_busy nvmec0n1 || break
	busy=$((busy + 1))
	nvme_give "$address" '' || break
done
check_eq "100 rounds, under load" "$busy" 100
check "bound once more" nvme_give "$address" nvme_c
check "under load" wait_until 10 disk_is_busy nvmec0n1
check "the module goes" wait_until 30 rmmod_quietly nvme_c
check "no disk is left" test ! -e /dev/nvmec0n1
check "the load goes on trying" test -d /proc/$job
