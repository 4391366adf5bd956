#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# drop_in=1: a script written for the kernel's null_blk runs unchanged. It is run
# with both modules and says the same; the names are free again afterwards, and
# taken while null_blk is loaded.
#
#@group config

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

# The script, as the kernel's documentation teaches: a disk at load, and one made
# in configfs
user_script() {
	local dir=/sys/kernel/config/nullb/user
	ls /dev/nullb*
	cat /sys/block/nullb0/queue/{logical_block_size,nr_requests,scheduler}
	ls /sys/kernel/config/nullb
	mkdir $dir
	echo 1 >$dir/memory_backed
	echo 64 >$dir/size
	echo 4096 >$dir/blocksize
	echo +8-15 >$dir/badblocks
	echo 1 >$dir/power
	cat $dir/{size,blocksize,badblocks,irqmode,completion_nsec,home_node}
	echo hello | dd of=/dev/user bs=4096 conv=sync oflag=direct status=none
	head -n 1 /dev/user | tr -d '\0'
	dd if=/dev/user of=/dev/null bs=4096 skip=1 count=1 iflag=direct status=none 2>&1
	{ echo 8 >$dir/size; } 2>&1
	echo 0 >$dir/power
	rmdir $dir
	{ mkdir /sys/kernel/config/nullb/nullb0; } 2>&1
	what_becomes_of memory_backed=0 discard=1 cache_size=8
	what_becomes_of memory_backed=1 discard=1 cache_size=8
	what_becomes_of memory_backed=1 discard=1 zoned=1 zone_size=4 \
		zone_append_max_sectors=1001 blocksize=4096
	what_becomes_of zoned=1 zone_size=4 zone_capacity=2 zone_max_open=3
	finish_at_limit zone_max_open=1
	finish_at_limit zone_max_active=1
	finish_at_limit zone_max_open=2 zone_max_active=2
	ls /sys/kernel/config/nullb
}
# finish_at_limit ATTRIBUTE=VALUE... : empty and closed zones, while others are open
finish_at_limit() {
	local dir=/sys/kernel/config/nullb/user pair
	mkdir $dir
	for pair in zoned=1 zone_size=1 size=8 memory_backed=1 "$@" power=1; do
		echo "${pair#*=}" >"$dir/${pair%%=*}"
	done
	blkzone open -o 0 -c 1 /dev/user 2>&1
	blkzone finish -o 2048 -c 1 /dev/user 2>&1
	dd if=/dev/zero of=/dev/user bs=4k count=1 seek=1024 oflag=direct status=none 2>&1
	blkzone close -o 8192 -c 1 /dev/user 2>&1
	blkzone finish -o 6144 -c 1 /dev/user 2>&1
	blkzone finish -o 8192 -c 1 /dev/user 2>&1
	blkzone close -o 0 -c 1 /dev/user 2>&1
	dd if=/dev/zero of=/dev/user bs=4k count=1 seek=1280 oflag=direct status=none 2>&1
	blkzone finish -o 12288 -c 1 /dev/user 2>&1
	blkzone report /dev/user
	rmdir $dir
}
# what_becomes_of ATTRIBUTE=VALUE... : they and others may read as something else after
# power-on
what_becomes_of() {
	local dir=/sys/kernel/config/nullb/user pair
	mkdir $dir
	echo 64 >$dir/size
	for pair; do
		echo "${pair#*=}" >"$dir/${pair%%=*}"
	done
	echo 1 >$dir/power
	(cd $dir && grep -H . blocking cache_size discard zone_{append_max_sectors,capacity} \
		zone_{max_active,max_open,nr_conv,size} size)
	rmdir $dir
}
features() { tr , '\n' </sys/kernel/config/nullb/features; }

require_unloadable null_blk_c
modprobe -qn null_blk || skip_all "no module null_blk, which it is compared with"
[[ ! -d /sys/module/null_blk ]] || skip_all "null_blk is loaded"
dmesg_expect "error(, dev| on dev) user|user: unable to read"
at_exit modprobe -qr null_blk
modprobe null_blk nr_devices=2 gb=1 hw_queue_depth=32
theirs=$(user_script 2>&1)
their_features=$(features)
load_module mqblk
check "while null_blk is there, the names are taken" \
	expect_errno EBUSY nbc_load drop_in=1
check "the log says so" kmsg_has "the names of null_blk are taken"
nbc_load nr_devices=1
check "beside it, ours have their own: nullbc0 and nullb0" test -b /dev/nullbc0 -a -b /dev/nullb0
unload_modules
modprobe -r null_blk

NBC_ROOT=/sys/kernel/config/nullb
nbc_load drop_in=1 nr_devices=2 gb=1 hw_queue_depth=32
ours=$(user_script 2>&1)
# What differs on purpose: see Documentation/null_blk_c.rst
check_eq "the script says the same" "$ours" "$theirs"
check_eq "features has all that null_blk's has" \
	"$(comm -23 <(sort <<<"$their_features") <(features | sort) | one_line)" ""
newer=$(printf '%s\n' badblocks_once badblocks_partial_io index rotational)
check_eq "and no more than newer kernels' have" \
	"$(comm -13 <(sort -u <<<"$their_features"$'\n'"$newer") <(features | sort) | one_line)" ""
unload_modules
# In a kernel tree the example is elsewhere.
example=$SELFTEST_TOP/Documentation/examples/null_blk_c.conf
[[ ! -e $example ]] ||
	check_eq "modprobe null_blk, by the example for modprobe.d" \
		"$(modprobe -C "$example" --show-depends null_blk gb=1 | grep ^install)" \
		"install /sbin/modprobe null_blk_c drop_in=1 \$CMDLINE_OPTS gb=1"
check "the names are free again" modprobe null_blk nr_devices=1
