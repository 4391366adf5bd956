#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: model_fuzz.sh [--seed N] [--seconds N]
#
# Commands at random by ioctls and io_uring, of a user without rights and of root: none
# that is forbidden reaches the controller, nothing beside a buffer changes, no byte of
# the kernel's memory is in one, the protocol is kept, and another namespace keeps its
# data. Seconds (default: 6) are for each of the parts, of which there are five.
#@kernel uml-nvme
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"

seed=$((SRANDOM % 32768)) seconds=6
model_chance "$@"

require_model
require_cmd fio
helper cmdfuzz
nvme_load io_timeout=20 admin_timeout=10
dir=$(mktemp -d)
at_exit rm -rf "$dir"
nobody=65534
diag "--seed $seed --seconds $seconds"
dmesg_expect 'I/O error|nvmec'

# What a user without rights must not send, and what nobody may, for the driver owns it.
owned="create_cq create_sq delete_cq delete_sq async_event dbbuf"
forbidden="$owned get_log abort set_features get_features ns_mgmt ns_attach format
	0x10 0x11 0x14 0x18 0x19 0x1a 0x1c 0x1d 0x81 0x82 0x84"

nodes() {
	local ctrl
	ctrl=$(model_ctrl m)
	echo "/dev/$ctrl /dev/${ctrl/nvmec/ngc}n1 /dev/${ctrl}n1"
}

# fuzz NAME OPTION...
fuzz() {
	local name=$1
	shift
	# shellcheck disable=SC2046 # several words
	cmdfuzz "$@" "$seed" "$seconds" $(nodes) >"$dir/fuzz" 2>&1 || touch "$dir/failed"
	diag "$(<"$dir/fuzz")"
	check "$name" test ! -e "$dir/failed"
	rm -f "$dir/failed"
}

# counting OPCODE... : of the admin queue
counting() {
	local opcode
	for opcode; do
		model_rule m delay us=1 queue=admin "opcode=$opcode" permille=1 || return
	done
}

# matched : the rules that any command matched
matched() { awk '$3 > 0' "$MODEL/m/rules" | one_line; }

check "made" model_create m queues=2 mdts=5
check "with another namespace" model_add_ns m 2
check "it comes up" model_up m
wait_until 10 model_has_disk m 2 || true
fio_verify "$(model_disk m 2)" --size=8m --do_verify=0 >"$dir/fio" 2>&1 || cat "$dir/fio"

# shellcheck disable=SC2086 # several words
check "forbidden to users: counted" counting $forbidden
fuzz "a user without rights" -u $nobody
check_eq "forbidden to users: none of them arrives" "$(matched)" ''
model_rule m clear
check "no data: said" model_rule m nodata
fuzz "a user, and a device that writes nothing" -q -u $nobody
fuzz "root, and a device that writes nothing" -q -k
model_rule m clear

# shellcheck disable=SC2086 # several words
check "the driver's own: counted" counting $owned
fuzz "root" -k
check_eq "the driver's own: none of them arrives" "$(matched)" ''
model_rule m clear
check "the other namespace keeps its data" \
	fio_verify "$(model_disk m 2)" --size=8m --verify_only
fuzz "root, and all that there is"

model_honest m
check "a reset" nvme_reset "$(model_ctrl m)"
check "it is let go" model_unbind m
diag "breaches: $(model_breaches m)"
# What users ask for, which is more than there is. The length of a command that the driver
# does not know is what root says.
check_eq "the protocol is kept" \
	"$(sed -E '/^(range|too-large|unknown-command|prp2-reserved) /d' \
		"$MODEL/m/breaches")" ''
