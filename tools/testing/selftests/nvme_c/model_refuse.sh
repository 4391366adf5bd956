#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a controller made of code says that the driver cannot work with. A line names the
# field, and what it says. It is not bound, or goes without what made no sense, or, at a
# reset, is given up. When it is honest again, it works.
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

require_model
require_cmd fio
nvme_load admin_timeout=$((2 * ${SELFTEST_SLOW:-1}))
check "a controller" model_create m queues=2 shadow=1 hmpre=1024
check "it comes up" model_up m
check "it is let go" model_unbind m

fails() { ! "$@"; }
works() { fio_verify "$(model_disk m)" --size=1m; }
# binds NAME : and has its disk, which works
binds() {
	check "$1: bound" model_bind m
	check "$1: with its disk" wait_until 10 model_has_disk m
	check "$1: which works" works
}

# each COMMAND : COMMAND NAME LINE for each row of standard input, under its rule
each() {
	local name rule line
	while IFS=$'\t' read -r name rule line; do
		# shellcheck disable=SC2086 # several words
		check "$name: a rule" model_rule m $rule
		"$1" "$name" "$line"
	done
}

# --- not bound ---------------------------------------------------------------

refused() {
	check "$1: it is not bound" fails model_bind m
	check "$1: a line says why" kmsg_has "$2"
	model_honest m
	binds "$1: honest"
	check "$1: let go" model_unbind m
}
# Bits of CAP: 15:0 MQES, 35:32 DSTRD, 44:37 CSS, 51:48 MPSMIN. Bytes of the page: 111
# CNTRLTYPE, 512 SQES, 513 CQES
each refused <<'END'
MQES	register offset=0 value=0 mask=0xffff	CAP.MQES: 0 is not valid
DSTRD	register offset=0 value=0xf00000000 mask=0xf00000000	BAR 0: no room for doorbells with DSTRD 15
CSS	register offset=0 value=0x4000000000 mask=0x1fe000000000	CAP.CSS: no NVM command set, got 0x2
MPSMIN	register offset=0 value=0x1000000000000 mask=0xf000000000000	CAP.MPSMIN: pages of 4 KiB are needed, got 1
CNTRLTYPE	data opcode=identify sel=1 offset=111 bytes=02	CNTRLTYPE: no I/O controller, got 2
SQES	data opcode=identify sel=1 offset=512 bytes=77	SQES: no entries of 64 bytes, got 0x77
CQES	data opcode=identify sel=1 offset=513 bytes=33	CQES: no entries of 16 bytes, got 0x33
an error of Identify	status code=6 opcode=identify sel=1	identify controller: error 0x
an error of Set Features	status code=6 opcode=set_features sel=7	number of queues: error 0x
END

# --- bound without -----------------------------------------------------------

without() {
	binds "$1"
	check "$1: a line says so" wait_until 10 kmsg_has "$2"
	check "$1: let go" model_unbind m
	model_honest m
}
# Byte 76 of the page is CMIC, whose bit 3 is ANA; the rest of what ANA wants is 0.
each without <<'END'
ANA	data opcode=identify sel=1 offset=76 bytes=08	NANAGRPID: 0 groups with ids up to 0 (ANAGRPMAX): goes without ANA
host memory	status code=6 dnr=1 opcode=set_features sel=13	host memory buffer: not taken: error 0x
shadow doorbells	drop opcode=dbbuf	shadow doorbells: no answer, goes without it
temperatures	status code=2 dnr=1 opcode=get_log sel=2	they are not shown
END

# --- bound before ------------------------------------------------------------

binds "a scan"
check "a scan: a rule" model_rule m status code=6 dnr=1 opcode=identify sel=2
nvme_rescan "$(model_ctrl m)" 2>/dev/null || true
check "a scan: a line says why it ended" wait_until 10 \
	kmsg_has "namespaces: the scan ended early: error"
check "a scan: the disk still works" works
model_honest m
check "a scan: an honest one" nvme_rescan "$(model_ctrl m)"

ctrl=$(model_ctrl m)
check "a reset: a rule" model_rule m register offset=0 value=0x100000000 mask=0xf00000000
check "a reset: fails" fails nvme_reset "$ctrl" 2>/dev/null
check "a reset: it is dead" wait_until 10 nvme_state_is "$ctrl" dead
check "a reset: a line says why" kmsg_has "CAP.DSTRD: was 0, now 1"
check "a reset: let go" model_unbind m
model_honest m
binds "a reset: honest"
check "it is let go at the end" model_unbind m
check_eq "the protocol is kept" "$(model_breaches m)" ''
