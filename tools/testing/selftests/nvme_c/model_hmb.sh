#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Memory of the host's for a controller made of code that wants some: it gets what it needs
# in chunks that it takes, keeps it over resets, and gives it back before a shutdown. What
# makes no sense is refused with a line that names the field.
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

require_cmd fio
require_model
nvme_load max_host_mem_size_mb=16 "$@"
parameter=/sys/module/nvme_c/parameters/max_host_mem_size_mb

up() { model_create m queues=2 "$@" && model_up m; }
end() {
	model_honest m
	model_unbind m
	check_eq "$1: no breach of the protocol" "$(model_breaches m)" ''
	model_destroy m
}
count() { model_count m "hmb_$1"; }
attr() { nvme_attr "$(model_ctrl m)" hmb; }
set_attr() { echo "$1" >"/sys/class/nvme_c/$(model_ctrl m)/hmb"; }
works() { fio_verify "$(model_disk m)" --size=2m; }

# In pages of 4 KiB
check "it gets what it prefers: up" up hmpre=2048 hmmin=256
check_eq "it gets what it prefers: on" "$(attr)" 1
check_eq "it gets what it prefers: pages" "$(count pages)" 2048
check "it gets what it prefers: in few chunks" test "$(count chunks)" -le 8
check "it gets what it prefers: works" works
check "a reset" nvme_reset "$(model_ctrl m)"
check_eq "a reset: it has it again" "$(count on) $(count returned) $(count off)" "2 1 0"
check "a reset: works" works
check "switched off" set_attr 0
check_eq "switched off: it is" "$(attr) $(count on)" "0 2"
check "switched off: works" works
check "switched on" set_attr 1
check_eq "switched on: it is another one" "$(attr) $(count on) $(count returned)" "1 3 1"
check "switched on: works" works
check "nonsense" expect_errno EINVAL set_attr perhaps
model_unbind m
check_eq "let go: given back before" "$(count off)" 1
check "bound again" model_bind m
check_eq "bound again: a new one" "$(count on) $(count returned)" "4 1"

# Whoever comes last has his way, however many there are, and each is told the truth.
switch_often() {
	local i
	for ((i = 0; i < 4; i++)); do
		set_attr "$1" 2>/dev/null || return
	done
}
switch_often 0 &
others=$!
check "two writers: one" switch_often 1
check_wait "two writers: the other" $others
check "two writers: then on" set_attr 1
check_eq "two writers: it is" "$(attr)" 1
check "two writers: works" works
end "it gets what it prefers"

check "no more than allowed: up" up hmpre=16384 hmmin=1
check_eq "no more than allowed: 16 MiB" "$(count pages)" 4096
end "no more than allowed"

check "few chunks: up" up hmpre=2048 hmmin=100 hmmaxd=1
check_eq "few chunks: one" "$(count chunks)" 1
check "few chunks: works" works
end "few chunks"

check "none: up" up
check_eq "none: off" "$(attr) $(count on)" "0 0"
check "none: cannot be switched on" expect_errno EIO set_attr 1
check "none: a line says so" kmsg_has "hmb: switched on, but the controller got no host memory"
check_eq "none: it was not reset for that" "$(nvme_attr "$(model_ctrl m)" resets)" 0
check "none: it is off already" set_attr 0
check "none: it works" works
end none

echo 0 >$parameter
check "none allowed: up" up hmpre=2048
check_eq "none allowed: off" "$(attr) $(count on)" "0 0"
echo 16 >$parameter
check "none allowed: then some" nvme_reset "$(model_ctrl m)"
check_eq "none allowed: on" "$(attr) $(count on)" "1 1"
end "none allowed"

# A controller whose wish is nonsense, or too large, works without.
while read -r name attributes line; do
	# shellcheck disable=SC2046 # several words
	check "$name: up" up $(tr , ' ' <<<"$attributes")
	check "$name: a line" kmsg_has "$line"
	check_eq "$name: it has none" "$(attr) $(count on)" "0 0"
	check "$name: works" works
	end "$name"
done <<-'END'
	hmmin		hmpre=16,hmmin=17	HMMIN: 68 KiB of host memory at least, but HMPRE: 64
	hmminds		hmpre=16,hmminds=4096	HMMINDS: chunks of 16384 KiB at least, but HMPRE: 64
	large		hmpre=8192,hmmin=8192	HMMIN: 32 MiB of host memory, max_host_mem_size_mb is 16
	absurd		hmpre=4294967295,hmmin=4294967295	HMMIN: 16777215 MiB of host memory
	chunks		hmpre=4096,hmmin=4096,hmmaxd=1	host memory buffer: no memory for it
END

# One that refuses it, or has no answer, works without.
check "refused: made" model_create m queues=2 hmpre=2048
model_rule m status opcode=set_features sel=0x0d code=0x2 dnr=1
check "refused: up" model_up m
check_eq "refused: it has none" "$(attr)" 0
check "refused: works" works
check "refused: cannot be switched on" expect_errno EIO set_attr 1
check_eq "refused: it has none still" "$(attr)" 0
check "refused: works still" works
model_rule m clear
check "refused: then it is taken" set_attr 1
check_eq "refused: it has some" "$(attr)" 1
end refused
