#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Write streams: a disk has as many as it is told, data written in them is kept, and the
# statistics count writes and bytes of each. A kernel that has none refuses the attribute.
#@group limits

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

helper streamio
nbc_load "$@"
require_stats
dir=$(mktemp -d)
at_exit rm -rf "$dir"
head -c 65536 /dev/urandom >"$dir/data"

write() {
	local stream=$1 offset=$2
	shift 2
	streamio "$@" /dev/d "$stream" "$offset" 65536 <"$dir/data"
}
same() { cmp "$dir/data" <(dd if=/dev/d bs=64k skip=$(($1 >> 16)) count=1 status=none); }
# counted : "STREAM WRITES BYTES" of each, in a line
counted() { sed 1d "$(stats_file d streams)" | one_line; }

nbc_create d memory_backed=1 size=16
check "256 are too many" expect_errno EINVAL nbc_set d write_streams=256
check "a line says so" kmsg_has 'write_streams: "256" is not valid, use 0 to 255'
nbc_set d write_streams=4
if ! nbc_set d power=1 2>/dev/null; then
	check "a kernel without them: a line" \
		kmsg_has "d: write_streams: 4 is not valid, use 0, as this kernel has no write streams"
	check "and none, it works" nbc_set d write_streams=0 power=1
	exit 0
fi

check_eq "as many as were asked for" "$(queue_limit d max_write_streams)" 4
check_eq "the unit is a block" "$(queue_limit d write_stream_granularity)" 512
# Each write is a request, so that they can be counted.
echo 2 >/sys/block/d/queue/nomerges
check "not counted: write" write 1 0
check_eq "not counted" "$(counted)" ''
stats_set d enable 1
for stream in 1 2 4; do
	check "stream $stream: write" write $stream $((stream << 20))
	check "stream $stream: the data" same $((stream << 20))
done
check "no stream: write" write 0 0
check_eq "each is counted" "$(counted)" "1 16 65536 2 16 65536 4 16 65536"
check "stream 4 again" write 4 0
check_eq "it is counted on" "$(counted)" "1 16 65536 2 16 65536 4 32 131072"
check_eq "stream 5: refused by the block layer" "$(write 5 0 || true)" EINVAL
stats_set d reset 1
check_eq "from zero" "$(counted)" ''
check "a hint: write" write 0 0 -h 3
check_eq "a hint is a stream" "$(counted)" "3 16 65536"
nbc_set d badblocks=+0-7
dmesg_expect "I/O error, dev d, sector"
stats_set d reset 1
check_eq "a write that fails" "$(write 2 0 || true)" EIO
check_eq "has no bytes" "$(counted)" "2 16 61440"
nbc_set d badblocks=-0-7
stats_set d enable 0
check "off: write" write 1 65536
check_eq "off: not counted" "$(counted)" "2 16 61440"
nbc_set d power=0

check "none: on" nbc_set d write_streams=0 power=1
check_eq "none: no streams" "$(queue_limit d max_write_streams)" 0
stats_set d enable 1
check_eq "none: refused by the block layer" "$(write 1 0 || true)" EINVAL
check "none: write" write 0 65536
check_eq "none: not counted" "$(counted)" ''
nbc_set d power=0

# Bios have streams, too; it is requests that are counted.
check "bios: on" nbc_set d queue_mode=0 write_streams=255 power=1
check_eq "bios: all of them" "$(queue_limit d max_write_streams)" 255
check "bios: write" write 255 65536
check "bios: the data" same 65536
