#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A value that an attribute refuses fails the write with the right errno and one
# line in the log, and changes nothing; what is fixed while the device is powered
# cannot be changed then.
#
#@group config

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

cpus=$(($(sed 's/.*-//' /sys/devices/system/cpu/possible) + 1))
uint=4294967295
too_long=99999999999999999999

# refused ATTRIBUTE=TEXT ERRNO
refused() {
	local name=${1%%=*} before
	before=$(nbc_get d "$name")
	expect_errno "$2" nbc_set d "$1" && [[ $(nbc_get d "$name") == "$before" ]]
}

all_refused() {
	local text errno range
	while read -r text errno range; do
		check "$1: $text" refused "$text" "$errno"
		log_wants "null_blk_c: ${text%%=*}: \"${text#*=}\" is not valid, use $range"
	done
}

nbc_load nr_devices=0
nbc_create d size=64
all_refused off <<-END
	blocking=2 EINVAL 0 or 1
	blocksize=513 EINVAL a power of two, 512 to
	blocksize=256 EINVAL a power of two, 512 to
	blocksize=131072 EINVAL a power of two, 512 to
	completion_nsec=-1 EINVAL 0 to 9223372036854775807
	discard= EINVAL 0 or 1
	home_node=99 EINVAL -1 or an online NUMA node
	home_node=-2 EINVAL -1 or an online NUMA node
	hw_queue_depth=0 EINVAL 1 to 10240
	index=4294967296 ERANGE 0 to 1048575
	index=1048576 EINVAL 0 to 1048575
	irqmode=3 EINVAL 0 to 2
	max_sectors=1 EINVAL 0, or 8 to $uint
	memory_backed=x EINVAL 0 or 1
	no_sched=3 EINVAL 0 or 1
	poll_queues=x EINVAL 0 to 1
	power=2 EINVAL 0 or 1
	rotational=2 EINVAL 0 or 1
	size=$too_long ERANGE 0 to 8796093022207
	size=8796093022208 EINVAL 0 to 8796093022207
	size=x EINVAL 0 to 8796093022207
	submit_queues=0 EINVAL 1 to $cpus
	use_per_node_hctx=2 EINVAL 0 or 1
	virt_boundary=2 EINVAL 0 or 1
END

nbc_set d submit_queues=9999 poll_queues=9999 hw_queue_depth=99999
check_eq "off: submit_queues is lowered" "$(nbc_get d submit_queues)" "$cpus"
check_eq "off: poll_queues is lowered" "$(nbc_get d poll_queues)" 1
check_eq "off: hw_queue_depth is lowered" "$(nbc_get d hw_queue_depth)" 10240
log_wants "submit_queues: 9999 is too much, using $cpus"

nbc_set d hw_queue_depth=64 discard=1
nbc_power d 1
check_eq "discard without memory is not offered" \
	"$(queue_limit d discard_max_bytes)" 0
log_wants "d: discard needs memory_backed, not offered"
while IFS='=' read -r name value; do
	check "on: $name is fixed" expect_errno EBUSY nbc_set d "$name=$value"
	check_eq "on: $name is what it was" "$(nbc_get d "$name")" "$value"
done < <(nbc_values d | grep -vE '^(power|size|record|record_mb|submit_queues|poll_queues|completion_nsec|(mbps|iops)(_read|_write)?)=')
log_wants "d: blocking is fixed while the device is powered"
all_refused on <<-END
	submit_queues=00 EINVAL 1 to $cpus
	submit_queues=$((cpus + 1)) EINVAL 1 to $cpus
	poll_queues=2 EINVAL 0 to 1
	power=3 EINVAL 0 or 1
END
check_log
