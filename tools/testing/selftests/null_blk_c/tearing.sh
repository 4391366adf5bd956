#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A logical block is never torn: a read that races writes of the same block sees
# all of one write, or the zeroes of a discard.
#@group data
#@core

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

helper tear
nbc_load nr_devices=0

for bs in 512 4096; do
	nbc_disk d size=8 memory_backed=1 discard=1 blocksize=$bs submit_queues=$QUEUES
	check "blocks of $bs" tear /dev/d 2
	check "blocks of $bs, with discards" tear /dev/d 2 discard
	nbc_destroy d
done
