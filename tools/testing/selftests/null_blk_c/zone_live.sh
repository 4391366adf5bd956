#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Zones become read-only or offline while the disk is in use, and good again.
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

require_cmd blkzone
nbc_load nr_devices=0
zoned_disk d size=4 zone_max_active=2 zone_nr_conv=1
dmesg_expect "(I/O|zones exceeded) error, dev d"

# broken NR CONDITION : none of the commands works
broken() {
	local op
	for op in open close finish reset; do
		check "$2: no $op" expect_errno EIO zone_do d "$1" $op
	done
	check "$2: no write" expect_errno EIO zone_write d "$1" 8 8
	check_eq "$2" "$(zone d "$1" | cut -d' ' -f1)" "$2"
}

zone_write d 1 0 8
zone_write d 2 0 8
check "both active zones are taken" expect_errno EOVERFLOW zone_do d 3 open
nbc_set d zone_readonly=2050
check "its resource is free" zone_do d 3 open
broken 1 ro
check_eq "its data is there" "$(zone_bytes d 1 0 8)" 00

nbc_set d zone_offline=4096
broken 2 of
check "no read" expect_errno EIO zone_read d 2 0 8
nbc_power d 0
nbc_power d 1
check_eq "power does not mend read-only" "$(zone d 1 | cut -d' ' -f1)" ro
check_eq "nor offline" "$(zone d 2 | cut -d' ' -f1)" of

nbc_set d zone_offline=4097
check_eq "offline again is empty" "$(zone d 2)" "em 0"
check_eq "without data" "$(zone_bytes d 2 0 8)" ff
check "reset" zone_do d 2 reset
check "it is written" zone_write d 2 0 8
nbc_set d zone_readonly=4095
check_eq "read-only again is empty" "$(zone d 1)" "em 0"
nbc_set d zone_readonly=2048 zone_offline=2048
check_eq "one after the other" "$(zone d 1 | cut -d' ' -f1)" of
check "reset all passes them by" blkzone reset /dev/d
check_eq "offline" "$(zone d 1 | cut -d' ' -f1)" of
check_eq "reset" "$(zone d 2)" "em 0"
