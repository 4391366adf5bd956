#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Faults on purpose on a controller made of code: what they take never reaches it, data and
# protocol are kept while they come at random, polled or not, and while it is reset; and it
# is let go of in the middle of them.
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
dmesg_expect 'I/O error, dev'
nvme_load io_timeout="${SELFTEST_SLOW:-1}" admin_timeout="${SELFTEST_SLOW:-1}" poll_queues=1
[[ -d $INJECT ]] || skip_all "no debugfs"

model_create m shadow=1
check "it comes up" model_up m
ctrl=$(model_ctrl m) disk=$(model_disk m)
sent() { model_count m "$1"; }
reads() { dd if=/dev/"$disk" of=/dev/null bs=4k count="$1" iflag=direct status=none; }

before=$(sent io_commands)
inject "$disk" status verbose=0 times=4 status=0x281 probability=100
check "4 of 8 tries are answered" reads 4
check_eq "and 4 were sent" $(($(sent io_commands) - before)) 4
inject "$disk" status probability=0
before=$(sent aborts)
inject "$disk" timeout verbose=0 times=1 probability=100
check "a lost read" reads 1
check_eq "costs an abort" $(($(sent aborts) - before)) 1
check_eq "and a reset" "$(nvme_attr "$ctrl" resets)" 1

# At random: what may pass, at once and later; and one in a thousand is lost
inject "$disk" status status=0x82 times=-1 probability=5 delay_us=2000
inject "$disk" timeout times=2 space=500 probability=1
for how in libaio 'io_uring --hipri'; do
	# shellcheck disable=SC2086 # several words
	check "$how: data is kept" fio_verify "$disk" --size=8m --bsrange=4k-256k \
		--ioengine=$how
done

# Bring-up fails now and then, and no more than it may
inject "$ctrl" status verbose=0 status=6 opcode=1 times=1 space=1 probability=100
fio_verify "$disk" --size=8m >/dev/null 2>&1 &
job=$!
for nr in 1 2 3; do
	check "reset $nr" nvme_reset "$ctrl"
done
check_wait "data is kept meanwhile" $job
check_eq "all admin faults hit" "$(<"$INJECT/$ctrl/status_inject/times")" 0

# In the middle of it
inject "$disk" status probability=50 delay_us=10000000 status=0x4281
fio_verify "$disk" --size=16m >/dev/null 2>&1 &
job=$!
check "a load" wait_until 20 disk_is_busy "$disk"
begin=${EPOCHREALTIME/[.,]/}
check "lets go" model_unbind m
ms=$(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
check "soon ($ms ms)" test $ms -lt $((8000 * ${SELFTEST_SLOW:-1}))
wait $job || true
check "comes back" model_bind m
check "with its disk" wait_until 20 model_has_disk m
disk=$(model_disk m)
check_eq "and no faults" "$(cat "$INJECT/$disk"/*/probability | one_line)" "0 0"
check "data is kept" fio_verify "$disk" --size=1m
model_power m 0
check_eq "the protocol is kept" "$(model_breaches m)" ''
