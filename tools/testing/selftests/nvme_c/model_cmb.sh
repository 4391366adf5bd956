#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Memory that a controller made of code says it has, where that makes no sense: a line names
# the field, and the controller works without.
#@kernel uml-nvme
#@timeout 120

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"

require_cmd fio
require_model
nvme_load "$@"

attr() { nvme_attr "$(model_ctrl m)" "$1"; }
# no_attr NAME : the controller has no such attribute
no_attr() { [[ ! -e /sys/class/nvme_c/$(model_ctrl m)/$1 ]]; }
# lines : of all controllers so far, about such memory
lines() { kmsg_since_start | grep -cE 'CMB(LOC|SZ).*its memory is not used$' || true; }

# up NAME ATTRIBUTE=VALUE...
up() {
	check "$1: made" model_create m queues=2 "${@:2}"
	check "$1: up" model_up m
}
# end NAME : it works, and goes
end() {
	check "$1: works" fio_verify "$(model_disk m)" --size=1m
	check "$1: reset" nvme_reset "$(model_ctrl m)"
	check "$1: works after that" fio_verify "$(model_disk m)" --size=1m
	check "$1: let go" model_unbind m
	check_eq "$1: no breach of the protocol" "$(model_breaches m)" ''
	model_destroy m
}

# CMBLOC: the BAR, and an offset from bit 12 on. CMBSZ: bits 3 and 4 are for data of reads
# and writes, bits 11:8 the unit, and from bit 12 on the size. There is BAR 0 alone.
nr=0
while read -r name version cmbloc cmbsz line; do
	up "$name" "version=$version" "cmbloc=$cmbloc" "cmbsz=$cmbsz"
	check "$name: a line says why" kmsg_has "$line: its memory is not used"
	check_eq "$name: one line" "$(lines)" $((++nr))
	check_eq "$name: what it says is shown" "$(attr cmbloc) $(attr cmbsz)" \
		"$((cmbloc)) $((cmbsz))"
	end "$name"
done <<-'END'
	unit		0x10400 0x2 0x1718		CMBSZ.SZU: 7, 0 to 6 are known
	all-ones	0x10400 0xfffff002 0xffffff18	CMBSZ.SZU: 15, 0 to 6 are known
	bar		0x10400 0x2 0x1018		CMBLOC.BIR: there is no BAR 2
	no-bar		0x10400 0x7 0x1018		CMBLOC.BIR: there is no BAR 7
	registers	0x10400 0x0 0x1018		CMBLOC.OFST: 0x0, BAR 0 has doorbells up to 0x81000
	offset		0x10400 0xfffff000 0x1618	CMBLOC.OFST: 0xfffff000000000, BAR 0 ends at 0x4000
	old		0x10300 0x3 0x1018		CMBLOC.BIR: there is no BAR 3
END

up none
check "none: no attribute" no_attr cmbsz
end none

up "no size" cmbloc=2 cmbsz=0x18
check "no size: no attribute" no_attr cmbsz
end "no size"

check "switched off: unloaded" unload_modules
nvme_load p2pdma=0
up "switched off" cmbloc=7 cmbsz=0x1018
check "switched off: not asked" no_attr cmbsz
end "switched off"
check_eq "these have nothing to say" "$(lines)" $nr
