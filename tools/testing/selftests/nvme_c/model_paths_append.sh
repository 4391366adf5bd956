#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Zone appends to a disk that two controllers made of code have together, from inside the
# kernel, several of a zone at a time: each is where it was told to be, and there once, also
# if a path goes that has done it, or a part of it, and not said so.
#@kernel uml-nvme
#@vm --memory 1G
#@timeout 400

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/paths.sh
. "$(dirname "$0")/../lib/paths.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/load.sh
. "$(dirname "$0")/../lib/load.sh"

require_cmd blkzone
require_model
require_load
nvme_load multipath=1 io_timeout=3 admin_timeout=2
# What a path refuses as it was done already
dmesg_expect "I/O error, dev nvmec0c"

for name in a b; do
	mkdir "$MODEL/$name"
	model_set $name subsystem=s queues=2 timeout=4 sgl=0
	model_add_ns $name 1 csi=2 shared=1
	model_power $name 1
done
ways_up

# All of each of 8 zones, by two jobs, which have zones of their own
blocks=2048
load_set disks="/dev/$disk" verify=1 block_bytes=16384 span_bytes=$((32 << 20)) batch=4 \
	depth=16 time_ms=0
begin() {
	load_set pattern=zones append=1 write_percent=100 jobs=2 ios=$((blocks / 2)) &&
		load_control start
}
full() { blkzone report -c 8 "/dev/$disk" | grep -c 'zcond:14'; }
# good : the run that has begun
good() {
	check "$what: it ends" wait_until 120 load_is "done"
	check_eq "$what: all, none failed, each where it should be" \
		"$(load_result ios writes errors moved)" "$blocks $blocks 0 0"
	check_eq "$what: all zones are full" "$(full)" 8
	check "$what: looked at" load_run append=0 pattern=sequential write_percent=0
	check_eq "$what: what was written" "$(load_result ios errors miscompares)" \
		"$blocks 0 0"
}
for policy in numa round-robin; do
	what=$policy
	policy $policy
	check "$what: appends" begin
	good
done
while read -r how rule; do
	what="$how, $rule"
	check "$what: appends" begin
	if [[ -n $rule ]]; then
		# shellcheck disable=SC2086 # several words
		model_rule a $rule opcode=write hits=2
		check "$what: on its way" wait_until 20 model_hit a
	fi
	check "$what: the load runs" load_is running
	check "$what: the path goes" "out_$how" a
	check "$what: it is back" "back_$how" a
	model_honest a
	good
done <<-'END'
	reset	mute
	reset	mute n=20
	reset	drop
	unbind	mute
	death	mute
END
for name in a b; do
	model_honest $name
	check_eq "$name: no breach of the protocol" "$(model_breaches $name)" ''
done
