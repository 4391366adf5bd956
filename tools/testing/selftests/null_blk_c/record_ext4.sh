#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The record of a file system's life, replayed: after mkfs, mount and writes with fsync, each
# prefix and each crash state passes fsck after its journal's replay, and has the files whose
# fsync had returned. In both queue modes.
#@group data
#@long
#@timeout 480

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

record() { "$SELFTEST_TOP/scripts/record" "$@"; }
umount_quietly() { ! mountpoint -q "$1" || umount "$1"; }
# number MARK : of its entry in the record
number() { record show "$dir/record" | sed -n "s/^\([0-9]*\) .* mark $1\$/\1/p"; }
# whole : the file system in the image, after its journal's replay
whole() {
	fsck.ext4 -p "$dir/image" >"$dir/said" 2>&1 || (($? == 1)) || { cat "$dir/said"; return 1; }
	fsck.ext4 -fn "$dir/image" >"$dir/said" 2>&1 || { cat "$dir/said"; return 1; }
}
# has COUNT : the files up to there are in the image
has() {
	local nr
	for ((nr = 1; nr <= $1; nr++)); do
		debugfs -R "cat f$nr" "$dir/image" 2>/dev/null | cmp - "$dir/f$nr" || return
	done
}
replayed() {
	rm -f "$dir/image"
	record replay "$dir/record" "$dir/image" "$@" >/dev/null
}

[[ -x $SELFTEST_TOP/scripts/record && -x /usr/bin/python3 ]] ||
	skip_all "no scripts/record, or no Python"
require_cmd mkfs.ext4 debugfs
dir=$(mktemp -d)
at_exit rm -rf "$dir"
at_exit umount_quietly "$dir/mnt"
mkdir "$dir/mnt"
for nr in 1 2 3 4; do head -c $((nr * 20000)) /dev/urandom >"$dir/f$nr"; done
nbc_load nr_devices=0
for mode in 2 0; do
	what="queue_mode $mode:"
	nbc_create d size=16 memory_backed=1 cache_size=16 queue_mode=$mode record=data record_mb=64
	nbc_power d 1
	mkfs.ext4 -q -E lazy_itable_init=0 -J size=4 /dev/d
	mount /dev/d "$dir/mnt"
	sync -f "$dir/mnt"
	nbc_set d "record=mark mounted"
	for nr in 1 2 3 4; do
		cp "$dir/f$nr" "$dir/mnt/f$nr"
		sync "$dir/mnt/f$nr" "$dir/mnt"
		nbc_set d "record=mark f$nr"
	done
	umount "$dir/mnt"
	nbc_power d 0
	check "$what it is saved" record save d "$dir/record"
	first=$(number mounted) last=$(number f4)
	for part in 1 2 3; do
		until=$((first + (last - first) * part / 4))
		check "$what up to entry $until it is replayed" replayed --until $until
		check "$what and whole" whole
	done
	for nr in 1 2 4; do
		check "$what after f$nr it crashes" replayed --until f$nr --crash $nr
		check "$what and is whole" whole
		check "$what and has the files" has $nr
	done
	nbc_destroy d
done
