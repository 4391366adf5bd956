#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A module parameter that is not valid fails the load with one line that says
# why, and leaves nothing; one that is too much is lowered with a warning where
# null_blk does so.
#
#@group config

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

# insert PARAMETER=TEXT : as fast as can be
insert() { insmod "$module" "$1"; }

gone() {
	[[ ! -e /sys/module/null_blk_c && ! -e $NBC_ROOT ]] || return
	[[ -z $(compgen -G '/dev/nullbc*') ]] || return
	[[ $(</proc/devices) != *null_blk_c* ]]
}

# refused PARAMETER=TEXT ERRNO
refused() { expect_errno "$2" insert "$1" && gone; }

bool="0 or 1"
uint=4294967295
too_long=99999999999999999999
cpus=$(($(sed 's/.*-//' /sys/devices/system/cpu/possible) + 1))
require_module null_blk_c
require_unloadable null_blk_c
at_exit rmmod_quietly null_blk_c
load_module mqblk
modprobe -q configfs || true
module=$(module_path null_blk_c)

while read -r text errno range; do
	check "$text" refused "$text" "$errno"
	log_wants "null_blk_c: ${text%%=*}: \"${text#*=}\" is not valid, use $range"
done <<-END
	blocking=2 EINVAL $bool
	bs=513 EINVAL a power of two, 512 to
	bs=256 EINVAL a power of two, 512 to
	bs=0 EINVAL a power of two, 512 to
	bs=4k EINVAL a power of two, 512 to
	completion_nsec=-1 EINVAL 0 to 9223372036854775807
	completion_nsec=$too_long ERANGE 0 to 9223372036854775807
	discard=maybe EINVAL $bool
	gb=-1 EINVAL 0 to 8589934591
	gb=8589934592 EINVAL 0 to 8589934591
	gb=$too_long ERANGE 0 to 8589934591
	home_node=x EINVAL -1 or an online NUMA node
	home_node=-2 EINVAL -1 or an online NUMA node
	hw_queue_depth=0 EINVAL 1 to 10240
	hw_queue_depth=-1 EINVAL 1 to 10240
	irqmode=3 EINVAL 0 to 2
	irqmode=-1 EINVAL 0 to 2
	irqmode= EINVAL 0 to 2
	max_sectors=7 EINVAL 0, or 8 to $uint
	max_sectors=4294967296 ERANGE 0, or 8 to $uint
	memory_backed=7 EINVAL $bool
	no_sched=x EINVAL $bool
	nr_devices=1048577 EINVAL 0 to 1048576
	nr_devices=-1 EINVAL 0 to 1048576
	poll_queues=-1 EINVAL 0 to $cpus
	rotational=-1 EINVAL $bool
	submit_queues=0 EINVAL 1 to $cpus
	submit_queues=-1 EINVAL 1 to $cpus
	submit_queues=4294967296 ERANGE 1 to $cpus
	use_per_node_hctx=2 EINVAL $bool
	virt_boundary=2 EINVAL $bool
END

check "more disks than there is memory for" expect_errno ENOMEM \
	load_module null_blk_c nr_devices=1000000
log_wants "nr_devices: 1000000 disks need some"
check "queues are counted" expect_errno ENOMEM \
	load_module null_blk_c nr_devices=2000 hw_queue_depth=10240
log_wants "nr_devices: 2000 disks need some"
check "nobody was killed" eval '! kmsg_has "Out of memory"'

load_module null_blk_c gb=1 bs=131072 submit_queues=99999 poll_queues=99999 \
	hw_queue_depth=20000 home_node=99
while read -r name text value; do
	got=$(<"/sys/module/null_blk_c/parameters/$name")
	check_eq "$name=$text becomes $value" "$got" "$value"
	log_wants "null_blk_c: $name: $text is too much, using $value"
done <<-END
	bs 131072 $(blockdev --getss /dev/nullbc0)
	hw_queue_depth 20000 10240
	poll_queues 99999 $cpus
	submit_queues 99999 $cpus
END
check_eq "home_node=99 becomes -1" \
	"$(</sys/module/null_blk_c/parameters/home_node)" -1
log_wants "home_node: node 99 is not online, using any node"
check_log
