#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Each step of loading the module finds no memory once: it is refused, or does without, and
# leaves nothing behind.
#@kernel uml-nvme
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/faults.sh
. "$(dirname "$0")/../lib/faults.sh"

[[ -e /proc/self/fail-nth ]] || skip_all "the kernel has no fault injection"
require_unloadable nvme_c
helper failnth
nvme_load "$@"
module=$(module_path nvme_c)
wait_until 5 rmmod nvme_c
faults_allow
# What the kernel says itself where it finds no memory
dmesg_expect '\] Call Trace:$'

out=$(failnth insmod "$module" "" 250 2>&1) || out="failed: $out"
check "some steps found no memory" grep -qE '^[1-9][0-9]* failed, ' <<<"$out"
diag "$out"
# The last try was one with memory.
check "unload it" wait_until 5 rmmod nvme_c
for left in /sys/class/nvme_c /sys/class/nvme_c-subsystem /sys/kernel/debug/nvme_c; do
	check "nothing is left: $left" test ! -e "$left"
done
check_eq "no numbers are left" "$(grep -c ' nvme_c' /proc/devices || true)" 0
check "it loads once more" insmod "$module"
check "and goes" wait_until 5 rmmod nvme_c
