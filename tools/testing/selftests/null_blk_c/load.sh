#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Loading with the defaults makes one disk, which configfs shows; unloading
# leaves nothing behind.
#@group life
#@vm --memory 1G
#@core

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

require_module null_blk_c
require_unloadable null_blk_c
plan 7

load_module null_blk_c

check "/dev/nullbc0 is a block device" test -b /dev/nullbc0
check_eq "its size is 250 GiB" "$(blockdev --getsize64 /dev/nullbc0)" \
	$((250 << 30))
check_eq "configfs shows it powered" "$(nbc_get nullbc0 power)" 1
check "it can be read" \
	dd if=/dev/nullbc0 of=/dev/null bs=64k count=16 iflag=direct status=none

check "unload" unload_modules
check "the disk is gone" test ! -e /dev/nullbc0
check "the configfs directory is gone" test ! -e /sys/kernel/config/null_blk_c
