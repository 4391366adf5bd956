#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tracepoints: commands and what became of them, asynchronous events and states, each with
# the name that the specification has for it, by command set. They can be filtered, and are
# silent when they are off.
#@vm --monitor --nvme size=64M,bad=6000
#@vm --monitor --qemu -global --qemu nvme-ns.zoned=true --qemu -global --qemu nvme-ns.zoned.zone_size=4M --nvme size=64M,block=4096

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_cmd blkdiscard blkzone
require_nvme 1
require_tracing
dmesg_expect "error, dev nvmec0n1"
dmesg_expect "asynchronous event"
helper userio
nvme_load "$@"
[[ -d $TRACING/events/nvme_c ]] || skip_all "no tracepoints"
nvme_bind 0

trace_on() { echo "$1" >$TRACING/events/nvme_c/enable; }
at_exit trace_on 0
# traced COMMAND... : begin anew, and have it seen; it may fail
traced() {
	echo >$TRACING/trace
	"$@" >/dev/null 2>&1 || true
}
id='id=0x[0-9a-f]+'
io="nvmec0 queue=[1-9] $id nsid=1"
admin="nvmec0 queue=0 $id nsid=[0-9]+"
good='status=success code=0x0 dnr=0 crd=0 retries=0'
dd_disk() { dd bs=4k count=1 "$@" status=none; }

check "on" trace_on 1
block=$(queue_limit nvmec0n1 logical_block_size)
blocks=$((4096 / block))
traced dd_disk if=/dev/nvmec0n1 of=/dev/null skip=2 iflag=direct
check_eq "a read" "$(trace_seen nvmec_submit \
	"$io opcode=read slba=$((2 * blocks)) blocks=$blocks control=0x0")" 1
check_eq "and its end" "$(trace_seen nvmec_complete "$io opcode=read $good result=0x0")" 1
traced dd_disk if=/dev/zero of=/dev/nvmec0n1 oflag=direct,dsync conv=notrunc
check_eq "a write with FUA" "$(trace_seen nvmec_submit \
	"$io opcode=write slba=0 blocks=$blocks control=0x4000")" 1

if [[ $(queue_limit nvmec0n1 zoned) == none ]]; then
	traced dd_disk if=/dev/zero of=/dev/nvmec0n1 oflag=direct conv=notrunc,fsync
	check_eq "a flush" "$(trace_seen nvmec_submit "$io opcode=flush")" 1
	traced blkdiscard -l 4096 /dev/nvmec0n1
	check_eq "a discard" "$(trace_seen nvmec_submit \
		"$io opcode=dataset_management ranges=1 attributes=0x4")" 1
	traced blkdiscard -z -l 4096 /dev/nvmec0n1
	check_eq "write zeroes" "$(trace_seen nvmec_submit \
		"$io opcode=write_zeroes slba=0 blocks=8 control=0x[0-9a-f]*")" 1
	traced dd_disk if=/dev/nvmec0n1 of=/dev/null skip=750 iflag=direct
	check_eq "a bad block, six times" "$(trace_seen nvmec_complete \
		"$io opcode=read status=unrecovered_read_error code=0x281 dnr=0 crd=0 retries=[0-5] .*")" 6
	traced userio /dev/nvmec0n1 io op=0x7d nsid=1 len=512
	check_eq "an opcode of another command set" \
		"$(trace_seen nvmec_submit "$io opcode=0x7d cdw10=0x0 cdw11=0x0 .*")" 1
	check_eq "is refused" "$(trace_seen nvmec_complete "$io opcode=0x7d status=invalid_opcode code=0x1 dnr=1 .*")" 1
else
	traced blkzone open -o 8192 -c 1 /dev/nvmec0n1
	check_eq "a zone is opened" "$(trace_seen nvmec_submit \
		"$io opcode=zone_management_send slba=1024 action=open all=0")" 1
	traced blkzone reset /dev/nvmec0n1
	check_eq "all are reset" "$(trace_seen nvmec_submit \
		"$io opcode=zone_management_send slba=0 action=reset all=1")" 1
	traced blkzone report -c 1 /dev/nvmec0n1
	check_eq "a report" "$(trace_seen nvmec_submit \
		"$io opcode=zone_management_receive slba=0 bytes=.* action=0x0")" 1
	traced userio /dev/nvmec0n1 io op=1 nsid=1 cdw10=5 len=4096
	check_eq "a write elsewhere" "$(trace_seen nvmec_complete \
		"$io opcode=write status=zone_invalid_write code=0x1bc dnr=[01] .*")" 1
fi

# Of the controller
traced userio /dev/nvmec0 admin op=6 cdw10=1 len=4096
check_eq "identify" "$(trace_seen nvmec_submit "$admin opcode=identify cns=0x1 csi=0")" 1
check_eq "and its end" "$(trace_seen nvmec_complete "$admin opcode=identify $good result=0x0")" 1
traced userio /dev/nvmec0 admin op=2 nsid=0xffffffff cdw10=0x7f0002 len=512
check_eq "a log page" "$(trace_seen nvmec_submit "$admin opcode=get_log_page log=0x2 bytes=512")" 1
traced userio /dev/nvmec0 admin op=2 nsid=0xffffffff cdw10=0x7f00ef len=512
check_eq "one that is not there" "$(trace_seen nvmec_complete \
	"$admin opcode=get_log_page status=(invalid_log_page|invalid_field) code=.* dnr=1 .*")" 1
traced userio /dev/nvmec0 admin op=0xc3
check_eq "a command of a vendor's" "$(trace_seen nvmec_complete \
	"$admin opcode=0xc3 status=invalid_opcode code=0x1 dnr=1 .*")" 1
traced nvme_reset nvmec0
check_eq "states of a reset" \
	"$(trace_seen nvmec_state 'nvmec0 from=live to=resetting') $(trace_seen nvmec_state 'nvmec0 from=resetting to=live')" \
	"1 1"
check "its queues" [ "$(trace_seen nvmec_submit "$admin opcode=create_sq qid=[1-9] entries=.* cqid=[1-9] flags=.*")" -ge 1 ]
check "its features" [ "$(trace_seen nvmec_submit "$admin opcode=set_features feature=0xb value=.*")" -ge 1 ]
echo >$TRACING/trace
monitor "qom-set /machine/peripheral/nvme0 smart_critical_warning 4"
event_seen() { (($(trace_seen nvmec_event 'nvmec0 type=health info=subsystem_reliability log=health'))); }
check "an event" wait_until 10 event_seen

echo 'opcode == 1' >$TRACING/events/nvme_c/nvmec_submit/filter
traced dd_disk if=/dev/zero of=/dev/nvmec0n1 oflag=direct conv=notrunc
traced dd_disk if=/dev/nvmec0n1 of=/dev/null iflag=direct
check_eq "filtered" "$(trace_seen nvmec_submit '.*') $(trace_seen nvmec_complete '.*')" "0 1"
echo 0 >$TRACING/events/nvme_c/nvmec_submit/filter
check "off" trace_on 0
traced dd_disk if=/dev/nvmec0n1 of=/dev/null iflag=direct
check_eq "nothing is seen" "$(trace_seen nvmec_ '.*')" 0
