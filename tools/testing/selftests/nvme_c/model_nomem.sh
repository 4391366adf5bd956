#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: model_nomem.sh [--seed N] [--seconds N]
#
# While a controller made of code is bound, reset and scanned, an allocation of the driver's
# fails, each time another one: it comes up or says that it did not, and the next time, with
# memory, it works and its namespaces have their data. The protocol is kept. Which ones fail
# is chosen by chance, so another seed finds others. Seconds (default: 12) are for each of
# the three.
#@kernel uml-nvme
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/faults.sh
. "$(dirname "$0")/../lib/faults.sh"

seed=$((SRANDOM % 32768)) seconds=12
model_chance "$@"

require_model
require_faults
require_cmd fio
nvme_load io_timeout=20 admin_timeout=5
RANDOM=$seed
diag "--seed $seed --seconds $seconds"
# What the kernel says where vzalloc() and the like find no memory, and partitions that
# could not be read
dmesg_expect '\] Call Trace:$|page allocation failure|I/O error,? (on )?dev'

# As in null_blk_c/nomem.sh: its disk holds the slab for bios that the first one makes.
model_create other queues=1
check "another controller" model_up other

check "a controller" model_create m queues=2
check "with a second namespace, of zones" model_add_ns m 2 csi=2
check "up" model_up m
check "with two disks" wait_until 10 model_has_disk m 2
check "data is written" fio_verify "$(model_disk m)" --size=4m --do_verify=0
# Now: the threads of the controllers are not marked.
faults_allow
faults_of_workers
address=$(model_address m)

# --- what is done without memory ---------------------------------------------

bind_it() { echo "$address" >"$PCI/drivers/nvme_c/bind"; }
# A scan is asked for, as one that follows by itself is not waited for.
rebind() {
	echo "$address" >"$PCI/drivers/nvme_c/unbind"
	faults_for bind_it && nvme_rescan "$(model_ctrl m)"
}
reset() { nvme_reset "$(model_ctrl m)" && nvme_rescan "$(model_ctrl m)"; }
attach() {
	model_set m/namespaces/2 attached=0
	nvme_rescan "$(model_ctrl m)" || true
	model_set m/namespaces/2 attached=1
	nvme_rescan "$(model_ctrl m)"
}

# --- and whether it works afterwards -----------------------------------------

has_temperatures() { compgen -G "/sys/class/nvme_c/$1/hwmon*" >/dev/null; }

# comes_back : with memory, both disks are there and can be read, and temperatures are shown;
# it is bound again if it was given up
comes_back() {
	local ctrl
	ctrl=$(model_ctrl m)
	if [[ -z $ctrl ]] || nvme_state_is "$ctrl" dead; then
		model_unbind m && model_bind m || return
		ctrl=$(model_ctrl m)
	fi
	wait_until 10 nvme_state_is "$ctrl" live && nvme_rescan "$ctrl" &&
		wait_until 10 model_has_disk m && wait_until 10 model_has_disk m 2 &&
		wait_until 10 has_temperatures "$ctrl" &&
		dd if="/dev/${ctrl}n1" of=/dev/null bs=64k count=1 iflag=direct status=none &&
		dd if="/dev/${ctrl}n2" of=/dev/null bs=64k count=1 iflag=direct status=none
}

# chance_below N : sets picked, at random, more often little than much
chance_below() { picked=$(((RANDOM << 15 | RANDOM) % ($1 >> RANDOM % 8) + 1)); }

# without_memory NAME BYTES COMMAND : again and again, with an allocation that fails, after
# BYTES at most
without_memory() {
	local name=$1 most=$2 rounds=0 hit=0 failed=0 begin=$SECONDS
	shift 2
	# A slow machine has few rounds in that time: four times as long for the first hit.
	while ((SECONDS - begin < seconds || (hit == 0 && SECONDS - begin < 4 * seconds))); do
		chance_below "$most"
		echo "model_nomem: $name, after $picked bytes" >/dev/kmsg
		if ((++rounds % 4)); then
			faults_after failslab "$picked"
		else
			faults_after fail_page_alloc $((picked >> 10))
		fi
		"$@" >/dev/null 2>&1 || failed=$((failed + 1))
		! faults_off || hit=$((hit + 1))
		comes_back || {
			not_ok "$name: with memory, it works again" \
				"round $rounds: $(kmsg_since_start | tail -n 20)"
			return
		}
	done
	diag "$name: of $rounds, $hit found no memory, and $failed failed"
	ok "$name: with memory, it works again"
	check "$name: some found no memory" test $hit -gt 0
}

without_memory "binding" 262144 rebind
without_memory "a reset" 65536 reset
without_memory "a namespace" 131072 attach

# A controller reports no change of namespaces before the log of the last one was read: who
# finds no memory for that has to come back.
rounds=0
no_disk() { ! model_has_disk m 2; }
while ((rounds < 8)); do
	faults_after failslab 0
	model_set m/namespaces/2 attached=0
	wait_until 3 no_disk || true
	faults_off || true
	model_set m/namespaces/2 attached=1
	wait_until 10 model_has_disk m 2 || break
	rounds=$((rounds + 1))
done
check_eq "a change that is reported without memory: 8 times, the next one is seen" $rounds 8

check "data is still there" fio_verify "$(model_disk m)" --size=4m --verify_only
for name in m other; do
	check "$name is let go" model_unbind $name
	check_eq "$name: the protocol is kept" "$(model_breaches $name)" ''
done
