#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Built in, the driver takes its parameters from the kernel's command line, makes
# its devices at boot, and a parameter that is not valid leaves the default.
#@group config
#@kernel builtin
#@builtin null_blk_c.nr_devices=2 null_blk_c.gb=1 null_blk_c.memory_backed null_blk_c.bs=513

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

# Of mqblk, which has no parameter, sysfs shows nothing if it is built in.
require_module null_blk_c mqblk_floor
for disk in nullbc0 nullbc1; do
	check_eq "$disk has 1 GiB" "$(blockdev --getsize64 /dev/$disk)" $((1 << 30))
	check_eq "configfs shows it powered" "$(nbc_get $disk power)" 1
	check_eq "bs=513 left the default" "$(nbc_get $disk blocksize)" 512
	echo "$disk" | dd of=/dev/$disk bs=512 conv=sync oflag=direct status=none
	check_eq "it keeps data" "$(head -n 1 /dev/$disk | tr -d '\0')" "$disk"
done
check "the log says why" grep -qF 'null_blk_c: bs: "513" is not valid' <(dmesg)
check "the floor driver works, too" \
	dd if=/dev/mqfloor0 of=/dev/null bs=64k count=16 iflag=direct status=none
for disk in nullbc0 nullbc1; do
	check "$disk can be switched off" nbc_power $disk 0
	check "and is gone" test ! -e /dev/$disk
done
