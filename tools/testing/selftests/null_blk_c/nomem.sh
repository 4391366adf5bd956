#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every step of making, switching on, resizing and writing to a device, of its
# features, and of loading the module, finds no memory once: it fails in good order, and
# works the next time.
#@group life
#@kernel debug
#@timeout 600

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
# The first disk of the machine makes a slab for bios. kmem_cache_create() of Linux
# 6.12 complains with a trace if it finds no memory, may say EINVAL and leaks a name,
# so another disk holds that slab.
nbc_disk other size=1
# The partition scan says with a trace that vzalloc() found no memory. Whatever else
# leaves a trace says so in another line as well.
dmesg_expect '\] Call Trace:$'

works() {
	dd if=/dev/urandom of="$1" bs=1M count=2 oflag=direct conv=nocreat \
		status=none &&
		dd if="$1" of=/dev/null bs=1M count=2 iflag=direct status=none
}

each_step "make a device" mkdir "$NBC_ROOT/d"
# No poll queue: Linux 6.12 leaks the queue beside one whose directory in sysfs it
# cannot make.
check "it is there" nbc_set d size=64 memory_backed=1 irqmode=2 poll_queues=0
each_step "switch it on" write "$NBC_ROOT/d/power" 1 0
check_eq "it is on" "$(nbc_get d power)" 1
check "it works" works /dev/d
if ((QUEUES > 1)); then
	each_step "more queues" write "$NBC_ROOT/d/submit_queues" 2 1
	check_eq "it has two" "$(nbc_get d submit_queues)" 2
	check "it works" works /dev/d
fi
dmesg_expect "critical space allocation error"
blkdiscard -f -z /dev/d
nbc_power d 0
nbc_destroy d
nbc_disk d size=64 memory_backed=1
each_step "write to holes" dd /dev/d
check "it works" works /dev/d
nbc_destroy d

# each_set NAME ATTRIBUTE TEXT UNDO [OTHER] : of device d. UNDO, written to the same or to
# OTHER, undoes it; the last TEXT stays.
each_set() {
	each_step "$1" write "$NBC_ROOT/d/$2" "$3" "$4" ${5:+"$NBC_ROOT/d/$5"}
}

nbc_create d size=64 memory_backed=1 cache_size=1 cache_history=1 poll_queues=0
each_set "switch it on with a cache" power 1 0
check "it works" works /dev/d
each_set "a latency model" latency \
	$'latency 1\nchannels=4\nop=READ percentiles=1:1000,99:2000\nend\n' off
each_set "a rule" rules "add,op=READ,delay_nsec=1000" removeall
each_set "bad blocks" badblocks "+100-200" "-100-200"
each_set "a record" record data off
check "without all of these" nbc_set d latency=off rules=removeall badblocks=-100-200 \
	record=off record=forget
each_set "what a power cut would leave" crash_states "cut 1 blocks 7" cut-7 snapshot_drop
check "it works" works /dev/d
nbc_destroy d

nbc_disk d size=64 memory_backed=1 poll_queues=0
check "data" works /dev/d
each_set "a snapshot" snapshot one one snapshot_drop
each_step "write over a snapshot" dd /dev/d
check "it works" works /dev/d
nbc_destroy d

nbc_create d size=256 memory_backed=1 zoned=1 zone_size=4 cache_size=1 poll_queues=0
each_set "switch it on with zones" power 1 0
nbc_set d power=0 cache_history=1
each_set "and with a history" power 1 0
check "data in a zone" dd if=/dev/zero of=/dev/d bs=64k count=8 oflag=direct conv=nocreat
each_set "what a power cut would leave of zones" crash_states "cut 1 blocks 7" cut-7 snapshot_drop
nbc_destroy d
nbc_destroy other

module=$(modinfo -F filename null_blk_c)
! built_in null_blk_c || exit 0
unload_modules
load_module mqblk
each_step "load the module" insmod "$module" "nr_devices=0"
check "unload it" wait_until 5 rmmod null_blk_c
