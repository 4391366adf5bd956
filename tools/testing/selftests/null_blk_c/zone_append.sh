#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Zone appends, which btrfs uses for its data: as a command of the disk's, and by the
# block layer, which makes writes of them. Tracepoints tell which it was.
#@group zone
#@timeout 240

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/zone.sh
. "$(dirname "$0")/../lib/zone.sh"

require_cmd mkfs.btrfs
require_fs btrfs
require_tracing
nbc_load nr_devices=0
files=$(mktemp -d) mountpoint=$(mktemp -d)
at_exit rm -rf "$files" "$mountpoint"
at_exit umount -q "$mountpoint"
some_files "$files"
dd if=/dev/urandom of="$files/large" bs=1M count=8 status=none

# use NAME ATTRIBUTE=VALUE...
use() {
	local name=$1
	shift
	zoned_disk d size=1024 zone_size=8 "$@"
	trace_zones 1
	check "$name: make" mkfs.btrfs -q -O zoned -d single -m single /dev/d
	check "$name: mount" mount /dev/d "$mountpoint"
	check "$name: fill" cp -r "$files/." "$mountpoint"
	check "$name: unmount" umount "$mountpoint"
	trace_zones 0
	check "$name: check" btrfs check /dev/d
	check "$name: mount again" mount /dev/d "$mountpoint"
	check "$name: all is there" diff -r "$files" "$mountpoint"
	umount "$mountpoint"
	check "$name: reports are traced" grep -q "nbc_report_zones: disk=d" \
		"$TRACING/trace"
}

use native zone_nr_conv=2
check "there were appends" test "$(traced d ZONE_APPEND)" -gt 0
nbc_destroy d
use emulated zone_append_max_sectors=0 zone_max_active=32
check_eq "there was no append" "$(traced d ZONE_APPEND)" 0
check "but writes" test "$(traced d WRITE)" -gt 0
