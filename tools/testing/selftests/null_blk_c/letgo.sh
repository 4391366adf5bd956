#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Letting go of a disk: power, resizes, and every attribute answer at once, whatever the
# disk's faults, timer and limits do to the requests that are under way. A delay of an
# hour can be undone.
#@group power
#@core
#@timeout 180

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

fault() { echo "$2" >"$NBC_ROOT/d/$1"; }
# always GROUP : the fault hits every request from now on
always() {
	fault "$1/verbose" 0
	fault "$1/times" -1
	fault "$1/probability" 100
}
has_ended() { ! kill -0 "$1" 2>/dev/null; }
# promptly NAME COMMAND... : ok if it succeeds within some seconds; a request's time-out
# is 5
promptly() {
	local name=$1 job
	shift
	"$@" &
	job=$!
	if ! wait_until 4 has_ended $job; then
		not_ok "$name" "not within 4 s: $*"
		kill -KILL $job
		return
	fi
	check_wait "$name" $job
}
# waits PID : for a request of its own
waits() { grep -q ') D ' "/proc/$1/stat" 2>/dev/null; }
# behind COMMAND... : run it; it does not end by itself, and may fail
behind() {
	"$@" 2>/dev/null &
	reader=$!
	wait_until 10 waits $reader
}
read_behind() { behind dd if=/dev/d of=/dev/null bs=4k count=64 iflag=direct; }
write_behind() { behind dd if=/dev/zero of=/dev/d bs=4k count=64 oflag=direct; }
# sleeps_in_fault PID : it waits for memory
sleeps_in_fault() { grep -q handle_userfault "/proc/$1/stack" 2>/dev/null; }
faults_or_ends() { sleeps_in_fault "$1" || has_ended "$1"; }
reader_ends() {
	check "$1: the reader ends" wait_until 4 has_ended $reader
	wait $reader || true
}
all_answer() {
	local name
	promptly "$1: its attributes can be read" nbc_values d
	for name in timeout_inject requeue_inject; do
		promptly "$1: the fault $name can be set" fault $name/space 0
	done
	promptly "$1: bad blocks can be set" nbc_set d badblocks=+0-0
	promptly "$1: and cleared" nbc_set d badblocks=-0-0
}

dmesg_expect "(I/O|timeout) error(, dev| on dev(ice)?) d"
dmesg_expect "Buffer I/O error"
nbc_load nr_devices=0

# Faults that hit every request
for group in requeue_inject timeout_inject; do
	nbc_create d size=16 memory_backed=1 hw_queue_depth=8
	always $group
	promptly "$group: power-on, though it is set" nbc_power d 1
	read_behind
	all_answer "$group hits all"
	promptly "$group: a resize" nbc_set d poll_queues=0
	read_behind
	promptly "$group: power-off" nbc_power d 0
	reader_ends $group
	promptly "$group: power-on again" nbc_power d 1
	read_behind
	promptly "$group: it can be switched off" fault $group/probability 0
	if [[ $group == requeue_inject ]]; then
		reader_ends "$group, off"
	else
		end_job $reader
	fi
	# What is in the page cache is written back as the disk goes.
	dd if=/dev/urandom of=/dev/d bs=1M count=8 status=none
	always $group
	promptly "$group: power-off with dirty data" nbc_power d 0
	promptly "$group: rmdir" rmdir "$NBC_ROOT/d"
	wait
done

# A timer of an hour, and one operation a second
for mode in 2 0; do
	for slow in "irqmode=2 completion_nsec=3600000000000" "iops=1"; do
		# shellcheck disable=SC2086 # several words
		nbc_create d size=16 memory_backed=1 queue_mode=$mode $slow
		promptly "$mode $slow: power-on" nbc_power d 1
		write_behind
		all_answer "$mode $slow"
		if ((mode == 2)); then
			promptly "$mode $slow: a resize" nbc_set d poll_queues=0
		fi
		promptly "$mode $slow: power-off" nbc_power d 0
		reader_ends "$mode $slow"
		promptly "$mode $slow: rmdir of a disk that is on" eval \
			"nbc_power d 1 && rmdir $NBC_ROOT/d"
	done
done

# Nobody polls for what waits for a poller.
helper unpolled
nbc_disk d size=16 poll_queues=1
unpolled /dev/d 60 >/dev/null 2>&1 &
reader=$!
wait_until 10 disk_is_busy d
promptly "a request that nobody polls for: power-off" nbc_power d 0
end_job $reader
promptly "and rmdir" rmdir "$NBC_ROOT/d"

# Somebody asks for zones, and does not take them.
helper stuck_report
nbc_disk d size=64 zoned=1 zone_size=4
stuck_report /dev/d &
reader=$!
wait_until 10 faults_or_ends $reader || true
if sleeps_in_fault $reader; then
	promptly "a report that nobody takes: power-off" nbc_power d 0
	promptly "power-on" nbc_power d 1
	promptly "rmdir" rmdir "$NBC_ROOT/d"
	check "the report still waits" kill -KILL $reader
else
	skip "a report that nobody takes" "no userfaultfd"
fi
wait
