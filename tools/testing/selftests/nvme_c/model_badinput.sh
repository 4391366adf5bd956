#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the attributes of a controller, of its subsystem and of a disk with several ways
# refuse: EINVAL, one line in the log that names the attribute, the text and the range, and
# nothing changes.
#@kernel uml-nvme

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"

require_model
require_cmd fio
nvme_load multipath=1

# A namespace that another controller may have, too, has a disk with several ways.
shared() {
	mkdir "$MODEL/m" && model_set m subsystem=s queues=2 && model_add_ns m 1 shared=1
}
check "a controller" shared
check "it comes up" model_up m
ctrl=/sys/class/nvme_c/$(model_ctrl m)
disk=/sys/block/$(model_disk m)
subsys=$(cd -P "$disk/.." && pwd)

write_text() { echo "$2" >"$1"; }
# said LINE : how often so far
said() { kmsg_since_start | grep -cF "$1" || true; }

# refuses FILE RANGE TEXT...
refuses() {
	local file=$1 range=$2 name=${1##*/} was text
	was=$(show "$file")
	shift 2
	for text; do
		check "$name: \"$text\" is refused" expect_errno EINVAL write_text "$file" "$text"
		check_eq "$name: \"$text\": one line" \
			"$(said "$name: \"$text\" is not valid, use $range")" 1
		check_eq "$name: \"$text\": nothing changed" "$(show "$file")" "$was"
	done
}

# model_timeouts.sh has io_timeout and admin_timeout.
refuses "$ctrl/hmb" "0 or 1" '' 2 perhaps
refuses "$ctrl/ps_max_latency_us" "0 to 4294967295" '' -1 4294967296 0x 1e3
refuses "$subsys/iopolicy" "numa or round-robin" '' num numad "numa round-robin" 0
refuses "$disk/delayed_removal_secs" "0 to 86400" '' -1 86401 1.5 never

check "the disk works" fio_verify "$(model_disk m)" --size=1m
check "it is let go" model_unbind m
check_eq "the protocol is kept" "$(model_breaches m)" ''
