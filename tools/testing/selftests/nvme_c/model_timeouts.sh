#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# How long requests and admin commands of one controller may take is changed while it
# works: what hangs is ended in the new time, other controllers keep theirs, and what is
# out of range is refused with a line. The controllers are made of code.
#@kernel uml-nvme
#@vm --memory 1G
#@timeout 200

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"

require_model
# Far more than this test takes
nvme_load io_timeout=300 admin_timeout=200
for name in m other; do
	check "$name: made" model_create $name queues=2 timeout=4
	check "$name: up" model_up $name
done
ctrl=$(model_ctrl m)
write() { echo "$2" >"/sys/class/nvme_c/$ctrl/$1"; }
refused() {
	check "$1: $2 is refused" expect_errno EINVAL write "$1" "$2"
	log_wants "$ctrl: $1: \"$2\" is not valid, use $3"
}
counts() { (($(nvme_attr "$ctrl" "$1") >= $2)); }

check_eq "as the module has it" "$(nvme_attr "$ctrl" io_timeout)" 300000
check_eq "for admin commands, too" "$(nvme_attr "$ctrl" admin_timeout)" 200000
refused io_timeout 0 "1000 to 86400000"
refused io_timeout 999 "1000 to 86400000"
refused io_timeout 86400001 "1000 to 86400000"
refused io_timeout never "1000 to 86400000"
refused admin_timeout -1 "1000 to 3600000"
refused admin_timeout 3600001 "1000 to 3600000"
check_eq "nothing has changed" "$(nvme_attr "$ctrl" io_timeout)" 300000
check_eq "nor at the disk" "$(queue_limit "${ctrl}n1" io_timeout)" 300000

# --- I/O ------------------------------------------------------------------------------

check "2 s" write io_timeout 2000
check_eq "it reads so" "$(nvme_attr "$ctrl" io_timeout)" 2000
check_eq "its disk has it" "$(queue_limit "${ctrl}n1" io_timeout)" 2000
check_eq "the other controller has not" \
	"$(nvme_attr "$(model_ctrl other)" io_timeout)" 300000
check_eq "nor its disk" "$(queue_limit "$(model_disk other)" io_timeout)" 300000
check "another namespace" model_add_ns m 2
check "its disk" wait_until 20 model_has_disk m 2
check_eq "a disk that came later has it" "$(queue_limit "${ctrl}n2" io_timeout)" 2000
model_rule m drop opcode=read hits=1
dd if="/dev/${ctrl}n1" of=/dev/null bs=4k count=1 iflag=direct status=none &
job=$!
at_exit end_job $job
check "a read that has no answer is aborted or sent again" wait_until 30 counts timeouts 1
check "it comes back" wait_until 30 has_ended $job
model_honest m

# --- admin commands ---------------------------------------------------------------------

check "2 s for admin commands" write admin_timeout 2000
resets=$(nvme_attr "$ctrl" resets)
model_rule m drop opcode=identify sel=2 hits=1
nvme_rescan "$ctrl" &
job=$!
at_exit end_job $job
check "an admin command without answer costs a reset" \
	wait_until 30 counts resets $((resets + 1))
check "the scan ends" wait_until 30 has_ended $job
model_honest m
check "it is live" wait_until 20 nvme_state_is "$ctrl" live
check_eq "the time is kept over a reset" "$(nvme_attr "$ctrl" admin_timeout)" 2000
check_eq "and at the disk" "$(queue_limit "${ctrl}n1" io_timeout)" 2000

check "bind it anew" model_bind m
ctrl=$(model_ctrl m)
check_eq "then it is the module's" "$(nvme_attr "$ctrl" io_timeout)" 300000
for name in m other; do
	model_unbind $name
	check_eq "$name: no breach of the protocol" "$(model_breaches $name)" ''
done
check_log
