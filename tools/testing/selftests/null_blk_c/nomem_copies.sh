#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Each step of what copies a device finds no memory once: a snapshot of zones, a clone, the
# state after a power cut. It fails in good order, and when there is memory the copy has the
# data. The same for a record, a disk of bios, one with integrity, and for loading the module
# with a device.
#@group life
#@kernel debug
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/faults.sh
. "$(dirname "$0")/../lib/faults.sh"

[[ -e /proc/self/fail-nth ]] || skip_all "the kernel has no fault injection"
helper failnth
nbc_load nr_devices=0
faults_allow
# As in nomem.sh: it holds the slab for bios, and vzalloc() leaves a trace.
nbc_disk other size=1
dmesg_expect '\] Call Trace:$'
data=$(mktemp)
at_exit rm -f "$data"
dd if=/dev/urandom of="$data" bs=64k count=1 status=none

fill() { dd if="$data" of="/dev/$1" bs=64k oflag=direct conv=nocreat status=none; }
has_data() { cmp -n 65536 "$data" "/dev/$1"; }
# each_set NAME DEVICE ATTRIBUTE TEXT UNDO [ATTRIBUTE] : UNDO, written to the same or to
# the last, undoes it; the last TEXT stays
each_set() {
	each_step "$1" write "$NBC_ROOT/$2/$3" "$4" "$5" ${6:+"$NBC_ROOT/$2/$6"}
}

# --- zones ----------------------------------------------------------------------

nbc_disk d size=64 memory_backed=1 zoned=1 zone_size=4
nbc_create c
check "zones: data" fill d
each_set "zones: a snapshot" d snapshot one one snapshot_drop
check_eq "zones: it is there" "$(nbc_get d snapshot)" "one 64"
check "zones: a zone is reset" blkzone reset -c 1 /dev/d
each_set "zones: a clone" c origin d/one d/one
check "zones: it has power" nbc_power c 1
check "zones: it has the data" has_data c
check "zones: and can be written further" dd if="$data" of=/dev/c bs=64k seek=1 oflag=direct \
	conv=nocreat status=none
nbc_destroy c
nbc_destroy d

# --- after a power cut ------------------------------------------------------------

nbc_disk d size=64 memory_backed=1 cache_size=1 cache_history=1
nbc_create c
check "a state: data" fill d
each_set "a state: copied" c crash_state "d kept" "d kept"
check "a state: it has power" nbc_power c 1
check "a state: it has the data" has_data c
nbc_destroy c
nbc_destroy d

# --- a record -----------------------------------------------------------------------

# Its file may be missing at first, and comes when recording is switched on the next time.
for ((n = 1; n < 100; n++)); do
	nbc_create d record_mb=1
	(echo $n >"/proc/$BASHPID/fail-nth" && echo on >"$NBC_ROOT/d/record") 2>/dev/null || true
	nbc_set d record=off record=on || break
	[[ -e /sys/kernel/debug/null_blk_c/d/record ]] || break
	nbc_destroy d
done
check_eq "a record: has its file in the end, whichever of 99 steps failed" $n 100

# --- other disks ------------------------------------------------------------------

nbc_create d size=64 memory_backed=1 queue_mode=0
each_set "bios: switch it on" d power 1 0
each_step "bios: write to holes" dd /dev/d
check "bios: data" fill d
check "bios: it is there" has_data d
nbc_destroy d

nbc_create d size=64 memory_backed=1 pi_type=1
if nbc_power d 1 2>/dev/null; then
	each_step "integrity: write to holes" dd /dev/d
	check "integrity: data" fill d
	check "integrity: it is there" has_data d
else
	check "integrity: the kernel has none" kmsg_has "no integrity of data"
fi
nbc_destroy d
nbc_destroy other

# --- the module -------------------------------------------------------------------

module=$(modinfo -F filename null_blk_c)
! built_in null_blk_c || exit 0
unload_modules
load_module mqblk
each_step "load the module with a device" insmod "$module" nr_devices=1
check "unload it" wait_until 5 rmmod null_blk_c
