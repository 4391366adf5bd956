#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A controller answers admin commands and no I/O, for ever: all requests fail within
# three times the I/O time-out and a reset, however many there are. When it answers
# again, it is of use again.
#@timeout 200

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"

# In seconds. A reset takes CAP.TO at most to get ready and to stop, and then admin
# commands, which are answered at once.
io_timeout=2
reset=4
bound=$((3 * io_timeout + reset))

require_model
require_cmd fio
dmesg_expect 'I/O error'
nvme_load io_timeout=$io_timeout admin_timeout=3

# read_at_once DISK N : N requests, all in flight before one of them ends, and too far
# from each other to be merged
read_at_once() {
	fio --name=hung --filename="/dev/$1" --direct=1 --thread --ioengine=io_uring \
		--rw=read:4k --bs=4k --io_size=$(($2 * 4))k --size=64m --iodepth="$2"
}

hang() {
	local n=$1 job begin
	model_create m timeout=2
	model_up m
	model_rule m hold queue=io
	read_at_once "$(model_disk m)" "$n" >/dev/null 2>&1 &
	job=$!
	check "$n requests: all are in flight" wait_until 10 model_hit m "$n"
	begin=$SECONDS
	check "$n requests: they end within $bound s" wait_until $bound has_ended $job
	diag "$n requests: $((SECONDS - begin)) s"
	model_honest m
	wait $job || true
	model_unbind m
	check "$n requests: the controller works again" model_bind m
	check "$n requests: and its disk" wait_until 10 model_has_disk m
	check "$n requests: data is kept" fio_verify "$(model_disk m)" --size=1m
	model_unbind m
	check_eq "$n requests: the protocol is kept" "$(model_breaches m)" ''
	model_destroy m
}

hang 1
hang 64
hang 500
