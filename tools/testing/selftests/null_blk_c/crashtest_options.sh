#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# scripts/crashtest, its options: images of failed states are kept, e2fsck can be left out, the
# command stands still while a state is checked, a server that is left behind is ended.
#
#@group cache
#@long
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/crash.sh
. "$(dirname "$0")/../lib/crash.sh"

states=${STATES:-8}

require_cmd mkfs.ext4 e2fsck mount pgrep setsid
crash_begin

images=$(mktemp -d)
at_exit rm -rf "$images"
check "images of failed states are kept" caught --keep "$images" \
	--check false -- bash -c "appender sync"
check "an image is the file system" e2fsck -p "$images/state-0.img"
check "what was promised is beside it" test -e "$images/state-0.output"
# look [OPTION...] : two states, and a file says whether e2fsck looks at them
look() {
	rm -f "$images/looked"
	PATH=$images:$PATH states=2 crash "$@" -- bash -c "appender sync"
}
cat >"$images/e2fsck" <<-EOF
	#!/bin/sh
	touch "$images/looked"
	exec $(type -P e2fsck) "\$@"
EOF
chmod +x "$images/e2fsck"
check "two states" look
check "e2fsck looks at them" test -e "$images/looked"
check "two states with --no-fsck" look --no-fsck
check "it does not look at these" test ! -e "$images/looked"
check "but what the check says counts" caught --no-fsck \
	--check promised_lines -- bash -c "appender true"
# What the command does outside of the file system is seen from the check.
ticker() {
	local nothing
	exec {nothing}<> <(:)
	while :; do
		echo >>"$1"
		read -rt 0.01 -u "$nothing"
	done
}
stands_still() {
	local before nothing
	exec {nothing}<> <(:)
	before=$(stat -c %s "$1")
	read -rt 0.3 -u "$nothing"
	(($(stat -c %s "$1") == before))
}
export -f ticker stands_still
touch "$images/ticks"
check "the command stands still while a state is checked" crash \
	--check "stands_still $images/ticks" -- bash -c "ticker $images/ticks"
has_blocks() { grep -qx "$1" /sys/block/crashtest*s/queue/logical_block_size; }
export -f has_blocks
check "blocks of 512 bytes" crash --block 512 --policies prefix \
	--check "has_blocks 512 && promised_lines" -- bash -c "appender sync"
check "blocks of 4096 bytes without a wish" crash \
	--check "has_blocks 4096" -- bash -c "appender sync"
fails_by_itself() {
	local code=0
	crash -- false || code=$?
	((code == 4))
}
check "a command that fails by itself is no state" fails_by_itself
check "bad input: policy" refused --policies some
for value in many 0 08 1.5 ''; do
	check "bad input: \"$value\" states" refused --states "$value"
done
check "bad input: file system" refused --fs vfat
check "bad input: block" refused --block 100
check "a server is left behind" crash \
	--check promised_lines -- bash -c "setsid sleep 987654 >open & appender sync"
check "it is ended" eval '! pgrep -fx "sleep 987654"'
left=("$NBC_ROOT"/crashtest*)
check "nothing is left" test ! -e "${left[0]}"
