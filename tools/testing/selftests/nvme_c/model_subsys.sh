#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Resets of the subsystem and attachment of namespaces, asked for with nvme-cli under
# load, on a controller made of code: each time the controller comes back, data is kept,
# and nothing of it counts as a fault.
#@kernel uml-nvme
#@vm --memory 1G
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
require_cmd nvme
require_model
nvme_load io_timeout=6 admin_timeout=5
check "a controller" model_create m queues=2 timeout=4
check "with two namespaces" model_add_ns m 2
check "up" model_up m
ctrl=$(model_ctrl m)
check "two disks" wait_until 10 model_has_disk m 2
state() { nvme_attr "$ctrl" state; }
subsys_reset() { nvme subsystem-reset "/dev/$ctrl"; }
cntlid=$(nvme id-ctrl "/dev/$ctrl" | awk '$1 == "cntlid" { print $3 }')

# --- resets -----------------------------------------------------------------

fio_verify "${ctrl}n1" --size=8m --loops=3 >/dev/null 2>&1 &
job=$!
at_exit end_job $job
check "there is load" wait_until 10 disk_is_busy "${ctrl}n1"
# More often than a controller may be reset for faults
for n in {1..8}; do
	check "reset $n" subsys_reset
	check_eq "reset $n: it is live" "$(state)" live
done
check_eq "the subsystem was reset as often" "$(model_count m subsystem_resets)" 8
check_wait "data is kept meanwhile" $job

model_rule m unready hits=1
check "it is not ready at once: a reset" subsys_reset
check_eq "it was not" "$(model_hits m)" 1
check_eq "it is live after another attempt" "$(state)" live
model_honest m
check "and works" fio_verify "${ctrl}n1" --size=512k

# Requests that hang find out by themselves, with an abort no controller would answer.
model_now m nssro
model_rule m drop opcode=read hits=1
check "the bit was set by somebody else: a read comes back" dd if="/dev/${ctrl}n1" \
	of=/dev/null bs=4k count=1 iflag=direct status=none
model_honest m
check_eq "it is live" "$(state)" live

# --- attachment ---------------------------------------------------------------

for n in 1 2; do
	check "round $n: detach" nvme detach-ns "/dev/$ctrl" -n 2 -c "$cntlid"
	check "round $n: its disk goes" wait_until 10 eval '! model_has_disk m 2'
	check "round $n: attach" nvme attach-ns "/dev/$ctrl" -n 2 -c "$cntlid"
	check "round $n: its disk comes" wait_until 10 model_has_disk m 2
	check "round $n: it works" fio_verify "${ctrl}n2" --size=512k
done
attach_again() { nvme attach-ns "/dev/$ctrl" -n 2 -c "$cntlid"; }
check "attached twice: refused" eval "! attach_again"

# --- a controller that has no such reset ----------------------------------------------

model_unbind m
model_rule m register offset=0 value=0 mask=0x1000000000
check "without the capability: up" model_bind m
ctrl=$(model_ctrl m)
check "without the capability: refused" eval '! subsys_reset'
check_eq "without the capability: live" "$(state)" live
check_eq "and nothing was written" "$(model_count m subsystem_resets)" 9
model_honest m
model_unbind m
check_eq "no breach of the protocol" "$(model_breaches m)" ''
