#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bcache with a large disk behind a small one: what is written back late is verified, and is
# on the large disk once the cache was taken away.
#@group data
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

require_cmd fio
type -P make-bcache >/dev/null || skip_all "no make-bcache; try: scripts/setup stacks"
modprobe -q bcache || skip_all "no module bcache"
at_exit rmmod_quietly bcache
nbc_load nr_devices=0
nbc_disk large size=192 memory_backed=1 cache_size=8
nbc_disk small size=128 memory_backed=1 discard=1 cache_size=8
work=$(mktemp -d)
at_exit rm -rf "$work"

# give DISK : to bcache; udev may have done so
give() {
	[[ -d /sys/block/$1/bcache ]] || echo "/dev/$1" >/sys/fs/bcache/register
}
state_is() { [[ $(</sys/block/large/bcache/state) == "$1" ]]; }
let_go() {
	local file
	for file in /sys/block/large/bcache/stop /sys/fs/bcache/*-*/stop; do
		[[ ! -e $file ]] || echo 1 >"$file"
	done
	wait_until 20 all_free
}
all_free() { [[ ! -e /sys/block/large/bcache && ! -e /sys/block/small/bcache ]]; }
at_exit let_go

check "format both" make-bcache --writeback --bucket 64k -B /dev/large -C /dev/small
check "register the large one" give large
check "and the small one" give small
check "there is a disk of both" wait_until 20 test -b /dev/bcache0
state_attached() { state_is clean || state_is dirty; }
check "with its cache" wait_until 20 state_attached
echo writeback >/sys/block/large/bcache/cache_mode
check "write and verify" fio --name=fio --filename=/dev/bcache0 --direct=1 --thread=1 \
	--rw=randwrite --bs=16k --size=32m --ioengine=io_uring --iodepth=8 --verify=crc32c
check "what was written is in the cache only" state_is dirty
sum() { dd if="$1" bs=1M skip="$2" count=32 iflag=skip_bytes,direct status=none | sha256sum; }
before=$(sum /dev/bcache0 0)
echo 1 >/sys/block/large/bcache/detach
no_cache() { state_is "no cache"; }
check "it is written back, and the cache goes" wait_until 60 no_cache
check_eq "the disk of both has all of it" "$(sum /dev/bcache0 0)" "$before"
check_eq "and so has the large disk, after its header" "$(sum /dev/large 8192)" "$before"
check "bcache lets go of both" let_go
check "they can be removed" nbc_destroy small
