#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nvme-cli on a controller made of code, for what QEMU's lacks: namespaces are created and
# deleted, metadata and protection are moved and checked. For the table of what works with which tool.
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
# shellcheck source-path=SCRIPTDIR source=../lib/tools.sh
. "$(dirname "$0")/../lib/tools.sh"

require_cmd nvme smartctl
require_model
nvme_load "$@"
dir=$(mktemp -d)
at_exit rm -rf "$dir"
tools_on "the model"
head -c 4096 /dev/urandom >"$dir/data"
head -c 64 /dev/urandom >"$dir/meta"

check "made" model_create m queues=2 mdts=5
check "it comes up" model_up m
c=/dev/$(model_ctrl m)

works "nvme id-ctrl" 'mdts +: 5' nvme id-ctrl "$c"
works "nvme smart-log" 'temperature.*Kelvin' nvme smart-log "$c"
works "smartctl -a" 'test result: PASSED' smartctl -d nvme -a "$c"

# --- namespaces --------------------------------------------------------------

disk_of() { model_has_disk m "$1"; }
no_disk_of() { ! model_has_disk m "$1"; }
listed() { nvme list-ns "$c" -a && nvme delete-ns "$c" -n 2 && nvme list-ns "$c" -a; }
cntlid=$(nvme_attr "${c#/dev/}" cntlid)
attaches() { nvme attach-ns "$c" -n 2 -c "$cntlid" && wait_until 20 disk_of 2; }
detaches() { nvme detach-ns "$c" -n 2 -c "$cntlid" && wait_until 20 no_disk_of 2; }
works "nvme create-ns" 'created nsid:2' nvme create-ns "$c" -s 8192 -c 8192 -f 0
works "nvme attach-ns" 'Success, nsid:2' attaches
check "it can be used" fio_verify "$(model_disk m 2)" --size=2m
works "nvme detach-ns" 'Success, nsid:2' detaches
works "nvme delete-ns" '1\]:0x2.*deleted nsid:2' listed

# --- metadata, protection ------------------------------------------------------

ns=${c/nvmec/ngc}n1
blocks=(-s 8 -c 7 -z 4096)
# formats FORMAT PROTECTION BYTES : and the disk comes back
formats() {
	nvme format "$c" -n 1 -l "$1" -i "$2" -f && wait_until 20 test -c "$ns"
}
moves() {
	nvme write "$ns" "${blocks[@]}" -y 64 -d "$dir/data" -M "$dir/meta" "$@" &&
		nvme read "$ns" "${blocks[@]}" -y 64 -d "$dir/back" -M "$dir/mback" "$@" &&
		cmp "$dir/data" "$dir/back" && cmp "$dir/meta" "$dir/mback"
}
works "nvme format, with protection" 'Success formatting' formats 2 1
made_by_device() {
	nvme write "$ns" "${blocks[@]}" -d "$dir/data" -p 15 -r 8 &&
		nvme read "$ns" "${blocks[@]}" -d "$dir/back" -p 15 -r 8 &&
		cmp "$dir/data" "$dir/back"
}
works "nvme write and read, protection by the device" 'read: Success' made_by_device
works "nvme write and read, with metadata" 'read: Success' moves
wrong_tag() { nvme read "$ns" "${blocks[@]}" -d "$dir/back" -p 9 -r 9; }
check "nvme read: another tag is refused" eval '! wrong_tag'
found() { nvme read "$ns" "${blocks[@]}" -y 64 -d "$dir/back" -M "$dir/mback" -p 4; }
check "nvme read: a guard that is wrong is found" eval '! found'

works "nvme reset" '' nvme reset "$c"
lacks "nvme resv-report" 'Invalid Command Opcode' nvme resv-report "$ns"
lacks "nvme copy" 'Invalid Command Opcode' nvme copy "$ns" -d 64 -s 8 -b 7
model_unbind m
# Those that were asked for: another tag, and commands that the model does not know
check_eq "no breach of the protocol" \
	"$(sed -E '/^(protection|unknown-command) /d' "$MODEL/m/breaches")" ''
