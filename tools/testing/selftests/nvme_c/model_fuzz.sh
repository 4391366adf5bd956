#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: model_fuzz.sh [--seed N] [--seconds N] [--kind NAME] [--count N]
#
# Commands at random by ioctls and io_uring, of a user without rights and of root, to
# namespaces of all kinds: plain ones, with metadata, with protection, with zones. None
# that is forbidden reaches the controller, nothing beside a buffer changes, no byte of
# the kernel's memory is in one, the protocol is kept, and another namespace keeps its
# data. Seconds (default: 2) are for each of the five parts of each kind, and count ends
# a part earlier. Kinds: plain, metadata, guard16, guard64, extended, zones.
#@kernel uml-nvme
#@timeout 400

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"

seed=$((SRANDOM % 32768)) seconds=2 count=0 kind=''
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
	local name=$kind:\ $1
	shift
	# shellcheck disable=SC2046 # several words
	cmdfuzz "$@" "${options[@]}" -n "$count" "$seed" "$seconds" $(nodes) \
		>"$dir/fuzz" 2>&1 || touch "$dir/failed"
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

both_disks() { model_has_disk m && model_has_disk m 2; }

# made ATTRIBUTE=VALUE : of the namespace that is fuzzed
made() {
	model_create m queues=2 mdts=5 && model_set m/namespaces/1 "$1" && model_add_ns m 2
}

# fuzz_kind ATTRIBUTE=VALUE OPTION... : of cmdfuzz
fuzz_kind() {
	local options=("${@:2}")
	check "$kind: made, with another namespace" made "$1"
	check "$kind: it comes up" model_up m
	wait_until 10 model_has_disk m 2 || true
	fio_verify "$(model_disk m 2)" --size=8m --do_verify=0 >"$dir/fio" 2>&1 || cat "$dir/fio"

	# shellcheck disable=SC2086 # several words
	check "$kind: forbidden to users: counted" counting $forbidden
	fuzz "a user without rights" -u $nobody
	check_eq "$kind: forbidden to users: none of them arrives" "$(matched)" ''
	model_rule m clear
	check "$kind: no data: said" model_rule m nodata
	fuzz "a user, and a device that writes nothing" -q -u $nobody
	fuzz "root, and a device that writes nothing" -q -k
	model_rule m clear
	# A scan meanwhile, which a command may be followed by, found no namespaces.
	check "$kind: data again: a scan" nvme_rescan "$(model_ctrl m)"
	check "$kind: data again: both disks" wait_until 10 both_disks

	# shellcheck disable=SC2086 # several words
	check "$kind: the driver's own: counted" counting $owned
	fuzz "root" -k
	check_eq "$kind: the driver's own: none of them arrives" "$(matched)" ''
	model_rule m clear
	check "$kind: the other namespace keeps its data" \
		fio_verify "$(model_disk m 2)" --size=8m --verify_only
	fuzz "root, and all that there is"

	model_honest m
	check "$kind: a reset" nvme_reset "$(model_ctrl m)"
	check "$kind: it is let go" model_unbind m
	diag "breaches: $(model_breaches m)"
	# What users ask for, which is more than there is, or tags that are not those of the
	# blocks. The length of a command that the driver does not know is what root says.
	check_eq "$kind: the protocol is kept" \
		"$(sed -E '/^(range|too-large|unknown-command|prp2-reserved|protection) /d' \
			"$MODEL/m/breaches")" ''
	model_destroy m
}

only=$kind
while read -r kind attribute options; do
	[[ -z $only || $kind == "$only" ]] || continue
	# shellcheck disable=SC2086 # several words
	fuzz_kind "${attribute//,/ }" $options
done <<-'END'
	plain		csi=0
	metadata	format=6,0		-m 64
	guard16		format=2,1		-m 8
	guard64		format=8,2		-b 4096 -m 64
	extended	format=2,1,extended	-b 520
	zones		csi=2			-z
END
