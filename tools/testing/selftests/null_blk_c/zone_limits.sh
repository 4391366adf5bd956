#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Limits on open and active zones are kept: implicitly open zones make way, others
# fail with their own errors. Capacities and a smaller last zone.
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
dmesg_expect "(I/O|zones exceeded) error, dev d"

zoned_disk d size=8 zone_max_open=2 zone_max_active=3
check_eq "open, as shown" "$(queue_limit d max_open_zones)" 2
check_eq "active, as shown" "$(queue_limit d max_active_zones)" 3
zone_write d 0 0 8
zone_write d 1 0 8
check "a third zone is written" zone_write d 2 0 8
check_eq "for it the first was closed" "$(zone d 0)" "cl 8"
check "a fourth cannot be" expect_errno EOVERFLOW zone_write d 3 0 8
check "nor opened" expect_errno EOVERFLOW zone_do d 3 open
check_eq "it is as it was" "$(zone d 3)" "em 0"
zone_do d 0 finish
check "finish made room" zone_do d 3 open
zone_do d 2 open
check "two are open by order" expect_errno ETOOMANYREFS zone_do d 1 open
check "nor by a write" expect_errno ETOOMANYREFS zone_write d 1 8 8
check_eq "it is as it was" "$(zone d 1)" "cl 8"
check "close makes room" zone_do d 2 close
check "for an open" zone_do d 1 open
nbc_destroy d

zoned_disk d size=8 zone_max_open=9 zone_max_active=8 zone_nr_conv=9
check_eq "one zone is sequential" "$(nbc_get d zone_nr_conv)" 7
check_eq "so active is no limit" "$(nbc_get d zone_max_active)" 0
check_eq "nor is open" "$(nbc_get d zone_max_open)" 0
nbc_destroy d
zoned_disk d size=8 zone_max_open=5 zone_max_active=3
check_eq "open no more than active" "$(nbc_get d zone_max_open)" 3
nbc_destroy d

zoned_disk d size=8 zone_size=4 zone_capacity=3
check_eq "capacity" $(($(blkzone capacity -c 1 /dev/d))) 6144
dd if=/dev/zero of=/dev/d bs=64k count=48 oflag=direct status=none
check_eq "it fills the zone" "$(zone d 0)" "fu 6144"
check "beyond it" expect_errno EIO zone_write d 0 6144 8
check "the next zone" zone_write d 1 0 8
nbc_destroy d

zoned_disk d size=9 zone_size=4
check_eq "a smaller last zone" $(($(blkzone capacity -o 16384 /dev/d))) 2048
zone_write d 2 0 2048
check_eq "is full" "$(zone d 2)" "fu 2048"
