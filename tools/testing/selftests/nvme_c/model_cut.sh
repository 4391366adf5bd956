#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A controller with a volatile write cache loses its power. What the disk said is safe
# is there afterwards: what was written with FUA, what was written before a flush, and
# all of it after a shutdown. What was neither is lost, or the test would show nothing.
#@timeout 200

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"

require_model
require_cmd dd cmp mkfs.ext4 mount
dmesg_expect 'I/O error'
nvme_load io_timeout=2 admin_timeout=3
data=$(mktemp)
at_exit rm -f "$data"
head -c 1M /dev/urandom >"$data"

# put DD OPTION... : the data, past the page cache
put() { dd if="$data" of="/dev/$(model_disk m)" bs=64k oflag=direct "$@" status=none; }

# is_kept : from the controller, not from the page cache
is_kept() { dd if="/dev/$(model_disk m)" bs=1M count=1 iflag=direct status=none | cmp - "$data"; }

# cut : the power, with the driver bound, and bring it back
cut() {
	model_now m cut
	model_unbind m || return
	model_now m back
	model_bind m && wait_until 10 model_has_disk m
}

# begin [ATTRIBUTE=VALUE...]
begin() {
	model_destroy m
	model_create m lossy=1 "$@"
	model_up m
}

begin
put
check "it is back" cut
check_eq "what was only written is lost" "$(is_kept >/dev/null 2>&1 || echo lost)" lost
begin
put conv=fsync
check "it is back" cut
check "what was flushed is kept" is_kept
begin
put oflag=direct,dsync
check "it is back" cut
check "what was written with FUA is kept" is_kept
check "FUA was used" test "$(model_count m fua_writes)" -gt 0
begin
put
model_unbind m
model_bind m
wait_until 10 model_has_disk m
check "what was written before a shutdown is kept" is_kept
begin vwc=0
put
check "it is back" cut
check "without a write cache, what was written is kept" is_kept

begin
disk=/dev/$(model_disk m)
mkfs.ext4 -q "$disk"
dir=$(mktemp -d)
mount "$disk" "$dir"
at_exit umount -q -l "$dir"
cp "$data" "$dir/synced"
sync "$dir/synced"
cp "$data" "$dir/other"
dmesg_expect 'EXT4-fs.*(error|I/O)|JBD2|Buffer I/O|Aborting journal'
model_now m cut
umount "$dir" || umount -l "$dir"
model_unbind m
model_now m back
model_bind m
wait_until 10 model_has_disk m
mount "/dev/$(model_disk m)" "$dir"
check "ext4: the journal is replayed, and a synced file is whole" cmp "$dir/synced" "$data"
umount "$dir"
model_unbind m
check_eq "the protocol is kept" "$(model_breaches m)" ''
