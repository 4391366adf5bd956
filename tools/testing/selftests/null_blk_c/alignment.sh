#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Buffers at any even address, in several pieces: what is written is read back,
# and nothing beside the buffer is touched.
#
#@group data

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

helper model
nbc_load nr_devices=0

while read -r bs virt_boundary max_sectors; do
	nbc_disk d size=8 memory_backed=1 blocksize="$bs" \
		virt_boundary="$virt_boundary" max_sectors="$max_sectors"
	check "blocks of $bs, virt_boundary $virt_boundary, max_sectors $max_sectors" \
		model /dev/d rw 2
	nbc_destroy d
done <<-END
	512 0 0
	512 1 0
	512 0 8
	2048 0 0
	4096 0 0
	4096 1 8
END
