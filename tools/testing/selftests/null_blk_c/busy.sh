#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is in use cannot be unloaded; what is switched off or removed while it is
# open ends all its requests.
#@group power
#@core

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

helper hammer
require_unloadable null_blk_c
nbc_load nr_devices=0
# An error or the end of the disk, but no data
bytes_read() {
	{ dd bs=4k count=1 iflag=direct status=none <&9 2>/dev/null || true; } | wc -c
}
dmesg_expect "I/O error, dev"

nbc_create d size=64 memory_backed=1 discard=1
check "no unload while there is a directory" expect_errno EBUSY rmmod null_blk_c
nbc_power d 1
hammer /dev/d 4 8 >/dev/null &
pid=$!
exec 9<>/dev/d
check "no unload while a disk is open" expect_errno EBUSY rmmod null_blk_c
check "switched off under I/O" nbc_power d 0
check_eq "those who have it open read nothing" "$(bytes_read)" 0
check "switched on again" nbc_power d 1
check "removed while it is on, under I/O" rmdir "$NBC_ROOT/d"
check_eq "those who had it open still read nothing" "$(bytes_read)" 0
check_wait "all requests have ended" $pid
check "no unload while a removed disk is open" expect_errno EBUSY rmmod null_blk_c
exec 9>&-
check "unload once it is closed" wait_until 5 rmmod null_blk_c
unload_modules

load_module null_blk_c gb=1 memory_backed=1
hammer /dev/nullbc0 5 8 >/dev/null &
pid=$!
exec 9<>/dev/nullbc0
check "no unload while a disk made at load is open" expect_errno EBUSY rmmod null_blk_c
check "it is switched off under I/O" nbc_power nullbc0 0
check "and on" nbc_power nullbc0 1
exec 9>&-
check_wait "all requests have ended" $pid
check "unload" unload_modules
