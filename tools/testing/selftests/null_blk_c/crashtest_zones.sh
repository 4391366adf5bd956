#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# scripts/crashtest --zoned: file systems for zones pass at every state, a program that promises
# too early is caught. What --zoned is not for is refused.
#
#@group zone
#@long
#@timeout 600

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/crash.sh
. "$(dirname "$0")/../lib/crash.sh"

states=${STATES:-6}
crash_options=(--zoned --cache 16)

crash_begin
check "bad input: a file system without zones" refused --fs ext4
check "bad input: images have no zones" refused --fs btrfs --keep /tmp
declare -A size=([btrfs]=1024 [f2fs]=512)
for fs in btrfs f2fs; do
	if ! type -P "mkfs.$fs" >/dev/null; then
		skip "$fs" "no mkfs.$fs"
	elif ! knows_fs "$fs"; then
		skip "$fs" "the kernel does not know it"
	else
		check "$fs: lines that are synced are there" crash --fs "$fs" \
			--size "${size[$fs]}" --check promised_lines -- bash -c "appender sync"
		check "$fs: lines that are not are missed" caught --fs "$fs" \
			--size "${size[$fs]}" --check promised_lines -- bash -c "appender true"
	fi
done
left=("$NBC_ROOT"/crashtest*)
check "nothing is left" test ! -e "${left[0]}"
