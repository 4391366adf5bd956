#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a scan makes of a controller made of code that says nonsense, or something else
# than before: nonsense changes nothing, what changed is followed, and nobody waits for
# thousands of slow answers.
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

require_cmd fio nvme
require_model
nvme_load admin_timeout=5
check "a controller" model_create m queues=2 timeout=4
check "with a UUID" model_set m/namespaces/1 uuid=00112233-4455-6677-8899-aabbccddeeff
check "and three namespaces" eval 'model_add_ns m 2 && model_add_ns m 3'
check "up" model_up m
ctrl=$(model_ctrl m)
check "three disks" wait_until 10 model_has_disk m 3
holds() { [[ $(model_count m held) == "$1" ]]; }
# waits_for_scan PID : it is asleep in its write
waits_for_scan() { grep -q 'rescan_controller_store\|nvmec_ctrl_\|flush_work' "/proc/$1/stack"; }
number() { stat -c %Hr:%Lr "/dev/$ctrl"n* | paste -sd ' '; }
before=$(number)

# same WHAT RULE... : a scan under the rule, which is hit, changes no disk
same() {
	check "$1: a rule" model_rule m "${@:2}"
	check "$1: a scan" nvme_rescan "$ctrl"
	check "$1: it was hit" model_hit m
	check_eq "$1: the disks are the same" "$(number)" "$before"
	model_honest m
}
same "ids that descend" data opcode=identify sel=2 offset=4 bytes=01000000
same "an id beyond NN" data opcode=identify sel=2 offset=8 bytes=ffffffff
same "an id behind the end" data opcode=identify sel=2 offset=20 bytes=07000000
same "no list any more" status opcode=identify sel=2 code=0x002 dnr=1
same "no descriptors any more" status opcode=identify sel=3 code=0x002 dnr=1
same "a descriptor of another length" data opcode=identify sel=3 offset=1 bytes=0f
check "the log says why" kmsg_has "the list is not used"
check_eq "the UUID is shown" "$(show "/sys/block/${ctrl}n1/uuid")" \
	00112233-4455-6677-8899-aabbccddeeff

# MDTS is byte 77 of the controller's page, VWC byte 525: 8 KiB, a cache
check "a smaller MDTS" model_rule m data opcode=identify sel=1 offset=77 bytes=01
check "a volatile cache" model_rule m data opcode=identify sel=1 offset=525 bytes=01
check "a reset" nvme_reset "$ctrl"
check "and a scan" nvme_rescan "$ctrl"
check_eq "the transfer is smaller" "$(queue_limit "${ctrl}n1" max_hw_sectors_kb)" 8
check_eq "the cache is known" "$(queue_limit "${ctrl}n1" write_cache)" "write back"
check "it works" fio_verify "${ctrl}n1" --bs=64k --size=4m
check "write protection" model_set m/namespaces/2 readonly=1
check "a scan" nvme_rescan "$ctrl"
check_eq "it is read-only" "$(show "/sys/block/${ctrl}n2/ro")" 1
model_honest m

# A scan waits for a command that holds all I/O, for hours perhaps
check "a format without an answer" model_rule m hold opcode=format
nvme admin-passthru "/dev/$ctrl" --opcode=0x80 --namespace-id=3 \
	--timeout=600000 >/dev/null 2>&1 &
format=$!
at_exit end_job $format
check "it is under way" wait_until 10 holds 1
bash -c 'echo 1 >"$1"' - "/sys/class/nvme_c/$ctrl/rescan_controller" 2>/dev/null &
job=$!
check "a scan waits for it" wait_until 10 waits_for_scan $job
kill -9 $job
check "who asked for it can be killed" wait_until 5 has_ended $job
check "the format is still under way" holds 1
model_honest m
check "it ends" wait_until 10 has_ended $format
check "and the scan is made" nvme_rescan "$ctrl"

check "answers take a second" model_rule m delay opcode=identify sel=0 ms=1000
echo 1 >"/sys/class/nvme_c/$ctrl/rescan_controller" &
job=$!
check "a scan waits for one" wait_until 10 model_hit m
begin=$SECONDS
check "unbind" model_unbind m
check "that waits for one answer" test $((SECONDS - begin)) -le 2
wait $job || true
check_eq "no breach of the protocol" "$(model_breaches m)" ''
