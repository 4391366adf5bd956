#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every attribute is there, has its documented default, is written as documented
# and by root only; the module parameters become the defaults of new devices.
#
#@group config

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

defaults="atomic_write=0 badblocks_once=0 badblocks_partial_io=0 blocking=0 blocksize=512
cache_history=0 cache_size=0 charge_writer=0 completion_nsec=10000 discard=0 fail_reads=0
fua=1
home_node=4294967295 hw_queue_depth=64 index=0 iops=0 iops_read=0
iops_write=0 irqmode=1 max_sectors=0 mbps=0 mbps_read=0 mbps_write=0
memory_backed=0 no_sched=0 pi_guard=0 pi_type=0 poll_queues=1 power=0 queue_mode=2
record=off record_mb=16 rotational=0 secure_erase=0
shared_tag_bitmap=0 shared_tags=0 size=256000
submit_queues=1 use_per_node_hctx=0 virt_boundary=0
write_streams=0 zone_append_max_sectors=2147483647 zone_capacity=0 zone_full=0
zone_max_active=0 zone_max_open=0 zone_nr_conv=0 zone_size=256 zoned=0"
parameters="blocking bs cache_size completion_nsec discard drop_in fua gb home_node hw_queue_depth
init_hctx iops iops_read iops_write irqmode max_sectors mbps mbps_read mbps_write
memory_backed no_sched nr_devices poll_queues queue_mode requeue rotational
shared_tag_bitmap shared_tags submit_queues timeout use_per_node_hctx virt_boundary
zone_append_max_sectors zone_capacity zone_full zone_max_active zone_max_open
zone_nr_conv zone_size zoned"
# Attributes whose text is not a value; in the order of features with the others
texts="badblocks crash_state crash_states held latency lies origin power_cut rules snapshot
snapshot_drop zone_offline zone_readonly"

shown() { nbc_values "$1" | one_line; }
in_order() { printf '%s\n' "$@" | sort | one_line; }
# sets ATTRIBUTE TEXT VALUE : writing TEXT makes it VALUE
sets() { nbc_set d "$1=$2" && [[ $(nbc_get d "$1") == "$3" ]]; }
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }

require_cmd setpriv
nbc_load nr_devices=0
mkdir "$NBC_ROOT/d"
check_eq "the attributes and their defaults" "$(shown d)" "$(one_line <<<"$defaults")"
read -rd '' -a names <<<"$defaults $texts" || true
names=$(in_order "${names[@]%%=*}")
check_eq "features" "$(show "$NBC_ROOT/features")" "${names// /,}"
check_eq "the module parameters" \
	"$(cd /sys/module/null_blk_c/parameters && echo *)" "$(one_line <<<"$parameters")"
check_eq "parameters cannot be written" \
	"$(stat -c %a /sys/module/null_blk_c/parameters/* | sort -u)" 444
check_eq "attributes can be written by root" \
	"$(find "$NBC_ROOT/d" -maxdepth 1 -type f -printf "%u%m\n" | sort -u | one_line)" \
	"root200 root644"
check "and by nobody else" expect_errno EACCES \
	as_nobody bash -c "echo 1 >'$NBC_ROOT/d/size'"
check "nor may others make devices" expect_errno EACCES \
	as_nobody mkdir "$NBC_ROOT/e"

for text in 1:1 0:0 y:1 n:0 Y:1 N:0 on:1 off:0 t:1 f:0; do
	nbc_set d discard="${text%:*}"
	check_eq "a bool takes ${text%:*}" "$(nbc_get d discard)" "${text#*:}"
done
check "hexadecimal" sets size 0x10 16
check "octal" sets size 010 8
check "home_node -1" sets home_node -1 4294967295
check "home_node 0" sets home_node 0 0
printf 7 >"$NBC_ROOT/d/size"
check_eq "no newline is needed" "$(nbc_get d size)" 7
nbc_destroy d
! built_in null_blk_c || exit 0
unload_modules

nbc_load nr_devices=0 blocking bs=4096 completion_nsec=77 gb=2 home_node=0 hw_queue_depth=0x20 \
	irqmode=2 max_sectors=64 memory_backed=y poll_queues=0 rotational=1
mkdir "$NBC_ROOT/d"
for pair in blocking=1 blocksize=4096 completion_nsec=77 size=2048 home_node=0 \
	hw_queue_depth=32 irqmode=2 max_sectors=64 memory_backed=1 \
	poll_queues=0 rotational=1 no_sched=0; do
	check_eq "the parameter becomes ${pair%=*}" \
		"$(nbc_get d "${pair%=*}")" "${pair#*=}"
done
