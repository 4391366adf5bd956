#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tracepoints on a controller made of code: each completion has its submission while the
# controller is reset under load, polled or not; statuses and events that it makes up have
# their names, and what has none is a number.
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
require_tracing
dmesg_expect "error, dev nvmec"
dmesg_expect "asynchronous event"
nvme_load poll_queues=1
[[ -d $TRACING/events/nvme_c ]] || skip_all "no tracepoints"

trace_on() { echo "$1" >$TRACING/events/nvme_c/enable; }
at_exit trace_on 0
trace_on 1
model_create m
check "it comes up" model_up m
ctrl=$(model_ctrl m) disk=$(model_disk m)
check_eq "its states" "$(trace_seen nvmec_state "$ctrl from=new to=resetting") $(trace_seen nvmec_state "$ctrl from=resetting to=live")" "1 1"

read_block() { dd if=/dev/"$disk" of=/dev/null bs=4k count=1 iflag=direct status=none; }
# status CODE REGEX : a read that ends with it
status() {
	model_rule m status "code=$1" dnr=1 opcode=read hits=1
	echo >$TRACING/trace
	! read_block 2>/dev/null || return
	model_rule m clear
	check_eq "status $1" "$(trace_seen nvmec_complete ".* opcode=read status=$2 code=$1 dnr=1 .*")" 1
}
while read -r code name; do
	status "$code" "$name"
done <<-END
	0x6 internal_error
	0x80 lba_out_of_range
	0x183 command_size_limit_exceeded
	0x282 guard_check_error
	0x302 asymmetric_access_inaccessible
	0x7ff 0x7ff
END

while read -r type info log line; do
	echo >$TRACING/trace
	model_now m event n=1 "type=$type" "info=$info" "log=$log"
	seen() { (($(trace_seen nvmec_event "$ctrl $line"))); }
	check "event: $line" wait_until 20 seen
done <<-END
	1 1 2 type=health info=temperature_threshold log=health
	2 1 3 type=notice info=firmware_activation_starting log=firmware_slot
	0 4 1 type=error info=transient_internal_error log=error
END

# Both ends of a command have the same name: what is left over is in flight.
echo 20000 >$TRACING/buffer_size_kb
echo 0 >$TRACING/events/nvme_c/nvmec_state/enable
echo >$TRACING/trace
# unmatched : commands that ended and had not begun, or began and did not end
unmatched() {
	awk '$0 ~ /nvmec_submit: / { sub(/.*nvmec_submit: /, ""); n[$1 $2 $3 $5]++; all++ }
		$0 ~ /nvmec_complete: / { sub(/.*nvmec_complete: /, ""); n[$1 $2 $3 $5]-- }
		END { for (i in n) if (n[i]) print i, n[i]; if (all < 500) print all }' \
		$TRACING/trace
}
for how in libaio 'io_uring --hipri'; do
	# shellcheck disable=SC2086 # several words
	fio_verify "$disk" --size=4m --ioengine=$how >/dev/null &
	job=$!
	check "$how: a load" wait_until 20 disk_is_busy "$disk"
	check "a reset under it" nvme_reset "$ctrl"
	check_wait "keeps the data" $job
done
trace_on 0
check_eq "nothing was lost" "$(grep -c LOST $TRACING/trace || true)" 0
check_eq "each has a beginning and an end" "$(unmatched | head -n 5)" ''
model_power m 0
check_eq "the protocol is kept" "$(model_breaches m)" ''
