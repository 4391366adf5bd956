#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Power states that a controller made of code goes to by itself: the table that it gets goes
# by how long they take and by what is allowed, is there again after a reset, and is changed
# and taken away. Descriptors that make no sense are refused with a line that names the field.
#@kernel uml-nvme
#@timeout 240

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
nvme_load default_ps_max_latency_us=100000 "$@"
parameter=/sys/module/nvme_c/parameters/default_ps_max_latency_us

up() { model_create m queues=2 "$@" && model_up m; }
end() {
	model_honest m
	model_unbind m
	check_eq "$1: no breach of the protocol" "$(model_breaches m)" ''
	model_destroy m
}
table() { model_get m apst_table; }
table_is() { [[ $(table) == "$1" ]]; }
attr() { nvme_attr "$(model_ctrl m)" apst; }
allow() { echo "$1" >"/sys/class/nvme_c/$(model_ctrl m)/ps_max_latency_us"; }
said_twice() { (($(dmesg | grep -c "power states: not taken: error") >= 2)); }
works() { fio_verify "$(model_disk m)" --size=2m; }

# States 3 to 6 take 2, 20, 200 and 2000 ms; a controller waits for 64 times as long.
readonly TWO="0:3:128 1:3:128 2:3:128 3:4:1280"

check "states that are short enough: up" up apst=4
check_eq "states that are short enough" "$(table)" "$TWO"
check_eq "states that are short enough: on" "$(attr)" 1
check_eq "the limit is the parameter" "$(nvme_attr "$(model_ctrl m)" ps_max_latency_us)" 100000
check "it works" works
check "a reset" nvme_reset "$(model_ctrl m)"
check_eq "a reset: the same table" "$(table) $(model_count m apst_tables)" "$TWO 2"
check "more allowed" allow 200000
check "more allowed: one more state" wait_until 10 table_is "$TWO 4:5:12800"
check "less allowed" allow 19999
check "less allowed: one state" wait_until 10 table_is "0:3:128 1:3:128 2:3:128"
check "a reset with less" nvme_reset "$(model_ctrl m)"
check_eq "a reset with less: as before" "$(table)" "0:3:128 1:3:128 2:3:128"
check "none allowed" allow 0
check "none allowed: off" wait_until 10 table_is off
check_eq "none allowed: not on" "$(attr)" 0
check "nonsense" expect_errno EINVAL allow soon
check "nonsense: a line" kmsg_has 'ps_max_latency_us: "soon" is not valid, use 0 to 4294967295'
check "it works still" works
end "states that are short enough"

echo 1999 >$parameter
check "a lower default: up" up apst=4
check_eq "a lower default: none is short enough" "$(table) $(attr)" "off 0"
echo 100000 >$parameter
end "a lower default"

check "a controller without: up" up
check_eq "a controller without: not asked" "$(model_count m apst_tables) $(attr)" "0 0"
check "a controller without: a limit" allow 5
check "a controller without: works" works
end "a controller without"

# It works without what it cannot have.
while read -r name data line; do
	check "$name: made" model_create m queues=2 apst=4
	# shellcheck disable=SC2086 # several words
	model_rule m data opcode=identify sel=1 ${data//,/ }
	check "$name: up" model_up m
	check "$name: a line" kmsg_has "$line"
	check_eq "$name: none" "$(table) $(attr)" "off 0"
	check "$name: works" works
	end "$name"
done <<-'END'
	states		offset=263,bytes=20			NPSS: 32 is not valid, at most 31
	first		offset=2051,bytes=02			PSD0: NOPS: state 0 executes no commands
	enter		offset=2148,bytes=01879303		PSD3: ENLAT: 60000001, EXLAT: 1000: more than a minute
	leave		offset=2184,bytes=ffffffff		PSD4: ENLAT: 10000, EXLAT: 4294967295: more than a minute
END

check "refused: made" model_create m queues=2 apst=1
model_rule m status opcode=set_features sel=0x0c code=0x2 dnr=1
check "refused: up" model_up m
check "refused: a line" kmsg_has "power states: not taken: error"
check_eq "refused: off" "$(attr)" 0
check "refused: works" works
model_rule m clear
check "refused: then taken" allow 50000
check "refused: it has one" wait_until 10 table_is "0:3:128 1:3:128 2:3:128"
model_rule m status opcode=set_features sel=0x0c code=0x2 dnr=1
check "refused, with a table: none allowed" allow 0
check "refused, with a table: a line" wait_until 10 said_twice
check_eq "refused, with a table: it keeps that" "$(attr) $(table)" "1 0:3:128 1:3:128 2:3:128"
end refused

check "a quirk: made" model_create m queues=2 apst=1
check "a quirk: power" model_power m 1
device=$PCI/devices/$(model_address m)
vendor=$(<"$device/vendor") number=$(<"$device/device")
check "a quirk: unloaded" rmmod nvme_c
nvme_load quirks="${vendor#0x}:${number#0x}:no_apst"
check_eq "the default: none" "$(<$parameter)" 0
check "a quirk: up" model_up m
check_eq "a quirk: not asked" "$(model_count m apst_tables) $(attr)" "0 0"
check "a quirk: a limit changes nothing" allow 5
check "a quirk: works" works
end "a quirk"
