#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What cannot be a zoned disk is refused with one line in the log, and changes
# nothing.
#
#@group zone

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/zone.sh
. "$(dirname "$0")/../lib/zone.sh"

nbc_load nr_devices=0
nbc_create d size=9 zoned=1 zone_size=4

# refused ATTRIBUTE=TEXT ERRNO RANGE...
while read -r text errno range; do
	name=${text%%=*}
	before=$(nbc_get d "$name")
	check "$text" expect_errno "$errno" nbc_set d "$text"
	check_eq "$name is as it was" "$(nbc_get d "$name")" "$before"
	log_wants "null_blk_c: $name: \"${text#*=}\" is not valid, use $range"
done <<-END
	zoned=2 EINVAL 0 or 1
	zone_size=3 EINVAL a power of two, 1 to 1048576
	zone_size=0 EINVAL a power of two, 1 to 1048576
	zone_size=2097152 EINVAL a power of two, 1 to 1048576
	zone_capacity=1048577 EINVAL 0 to 1048576
	zone_nr_conv=4294967296 ERANGE 0 to 4294967295
	zone_max_open=-1 EINVAL 0 to 4294967295
	zone_max_active=x EINVAL 0 to 4294967295
	zone_append_max_sectors=4294967296 ERANGE 0 to 4294967295
	zone_full=3 EINVAL 0 or 1
END

# no_power LINE ATTRIBUTE=VALUE...
no_power() {
	local line=$1
	shift
	nbc_set d size=9 zone_size=4 zone_capacity=0
	nbc_set d "$@"
	check "no power with $*" expect_errno EINVAL nbc_power d 1
	check_eq "no power" "$(nbc_get d power)" 0
	log_wants "null_blk_c: d: $line"
}
no_power "zone_size: 16 is more than size, use at most 9" zone_size=16
no_power "zone_capacity: 5 is more than zone_size, use at most 4" zone_capacity=5
no_power "zone_capacity: 3 is less than zone_size, use 4 or a size of whole zones" \
	zone_capacity=3

nbc_set d size=1099511627776 zone_size=1 zone_capacity=0
check "no power with more zones than there is memory for" expect_errno ENOMEM nbc_power d 1
log_wants "d: zone_size: 1 makes 1099511627776 zones, and there are no"
nbc_set d size=100000000
check "nor with what the machine cannot do without" expect_errno ENOMEM nbc_power d 1
log_wants "d: zone_size: 1 makes 100000000 zones, and there are no 6103 MiB of memory for them; use larger"
check "nobody was killed" eval '! kmsg_has "Out of memory"'
nbc_set d size=9 zone_size=4

for name in zone_readonly zone_offline; do
	check "$name: off" expect_errno EINVAL nbc_set d "$name=0"
	log_wants "d: $name: the device is not a zoned one that is powered"
	check "$name cannot be read" expect_errno EACCES cat "$NBC_ROOT/d/$name"
done
nbc_set d zone_capacity=0 zone_nr_conv=1
nbc_power d 1
for text in 0 8191 18432 -1 x; do
	check "zone_offline=$text" expect_errno EINVAL nbc_set d zone_offline=$text
	log_wants "d: zone_offline: \"$text\" is not valid, use a sector, 8192 to 18431"
done
check "while powered" expect_errno EBUSY nbc_set d zoned=0
check_log
