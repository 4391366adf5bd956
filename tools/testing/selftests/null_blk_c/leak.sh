#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A disk without data shows no old contents of memory: what is read through the
# page cache is zeroes, also where the kernel does not clear new pages itself.
#@group life
#@vm --memory 1G --append init_on_alloc=0

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

nbc_load nr_devices=0
dir=$(helper_dir)
mkdir "$dir"
at_exit rm -rf "$dir"
at_exit umount "$dir"
mount -t tmpfs -o size=700M tmpfs "$dir"
head -c 4M /dev/zero | tr '\0' '\377' >"$dir/ones"

# Leave memory full of ones to whoever allocates it next.
stain() {
	local i
	for ((i = 0; i < 50; i++)); do
		cat "$dir/ones"
	done >"$dir/stain"
	rm "$dir/stain"
}

for mode in 0 1 2; do
	nbc_disk d size=1024 irqmode=$mode
	stain
	check "irqmode $mode: a read through the page cache is zeroes" \
		cmp -n $((32 << 20)) /dev/d /dev/zero
	nbc_destroy d
done
