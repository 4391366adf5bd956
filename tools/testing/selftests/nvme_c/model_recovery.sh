#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What ends each kind of trouble, and within what time, on a controller made of code:
# I/O that has no answer, with an admin queue that has; commands of bring-up that have
# none; faults that come again after each reset; events without end. Meanwhile a second,
# honest controller works, and each breach of the protocol by the driver is reported.
#@kernel uml-nvme
#@vm --memory 1G
#@timeout 600

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
time_out=6 admin=3
nvme_load io_timeout=$time_out admin_timeout=$admin
dmesg_expect "I/O error, dev nvmec"
dmesg_expect "Buffer I/O error on dev nvmec"

now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }
read_one() { dd if="/dev/$(model_disk "$1")" of=/dev/null bs=4k count=1 iflag=direct status=none; }
attr() { nvme_attr "$(model_ctrl "$1")" "$2"; }
state_is() { [[ $(attr "$1" state) == "$2" ]]; }
# up ATTRIBUTE=VALUE... : the controller m
up() { model_create m queues=2 timeout=4 "$@" && model_up m; }
down() {
	model_honest m
	model_unbind m
	check_eq "$1: no breach of the protocol" "$(model_breaches m)" ''
	model_destroy m
}

# Another one, which nothing of this may touch
check "a second controller" model_create other queues=2
check "it is up" model_up other
stop=$(mktemp -u)
other() {
	while [[ ! -e $stop ]]; do
		fio_verify "$(model_disk other)" --size=2m --iodepth=8 || return
		nap 0.5
	done
}
other >/dev/null 2>&1 &
job=$!
at_exit end_job $job

# --- I/O without answer -------------------------------------------------------

# hang COUNT : reads that fail, and how long that takes once the controller has all of
# them, to $took
hang() {
	local begin reader
	fio --name=hung --filename="/dev/$(model_disk m)" --direct=1 --thread \
		--ioengine=libaio --iodepth="$1" --bs=4k --rw=randread \
		--number_ios="$1" >/dev/null 2>&1 &
	reader=$!
	check "$1 hung: it has them" wait_until $time_out model_hit m "$1"
	begin=$(now_ms)
	wait $reader || true
	took=$(($(now_ms) - begin))
}
for count in 1 64; do
	check "$count hung: up" up
	model_rule m drop opcode=read
	hang $count
	diag "$count hung requests failed after $took ms, with a time-out of $((time_out * 1000)) ms"
	check "$count hung requests fail in three times their time and a second for the resets" \
		test "$took" -le $((3 * time_out * 1000 + 1000))
	check_eq "after two resets" "$(attr m resets)" 2
	model_honest m
	check "it works when the device does" read_one m
	check_eq "and is live" "$(attr m state)" live
	down "$count hung"
done

check "never again: up" up
model_rule m drop opcode=read
begin=$(now_ms)
gives_up() { ! read_one m 2>/dev/null && state_is m dead; }
check "given up when no reset helps" wait_until $((9 * time_out)) gives_up
diag "given up after $(($(now_ms) - begin)) ms and $(attr m resets) resets"
check "after six resets at most" test "$(attr m resets)" -le 7
down "never again"

# --- bring-up -----------------------------------------------------------------

# Optional commands: the model does not answer, and the driver goes without.
while read -r name rule; do
	check "no answer to $name: made" model_create m queues=2 timeout=4
	# shellcheck disable=SC2086 # several words
	model_rule m drop $rule
	check "no answer to $name: it comes up" model_up m
	check_eq "no answer to $name: live" "$(attr m state)" live
	check "no answer to $name: works" fio_verify "$(model_disk m)" --size=1m
	check "no answer to $name: works after a reset" nvme_reset "$(model_ctrl m)"
	check "no answer to $name: still works" fio_verify "$(model_disk m)" --size=1m
	down "no answer to $name"
done <<-END2
	command-set opcode=identify sel=6
	shadow-doorbells opcode=dbbuf
	effects-log opcode=get_log sel=5
	events opcode=set_features sel=11
END2

# Others: refused in the end, in the time of two attempts. Each takes the time of the
# command, of disabling (2.5 s at most, by CAP.TO), and two seconds of the timer's.
for rule in "opcode=identify sel=1" "opcode=set_features sel=7" "opcode=create_sq"; do
	model_create m queues=2 timeout=4
	# shellcheck disable=SC2086 # several words
	model_rule m drop $rule
	model_power m 1
	begin=$(now_ms)
	check "no answer to $rule: not bound" eval '! model_bind m'
	took=$(($(now_ms) - begin))
	diag "no answer to $rule: refused after $took ms"
	check "no answer to $rule: in the time of two commands" \
		test $took -le $((2 * (admin + 3) * 1000 + 4000))
	down "no answer to $rule"
done

# --- faults that come again ---------------------------------------------------

# comes_again NAME SECONDS RULE... : I/O works in between, and it is given up
comes_again() {
	local name=$1 limit=$2 begin
	shift 2
	check "$name: up" up
	model_rule m "$@"
	begin=$(now_ms)
	nvme_rescan "$(model_ctrl m)" || true
	check "$name: given up in the end" wait_until "$limit" tries_and_is_dead
	diag "$name: given up after $(($(now_ms) - begin)) ms and $(attr m resets) resets"
	check_eq "$name: after five resets" "$(attr m resets)" 6
	down "$name"
}
tries_and_is_dead() {
	# As many as bogus completions that cost a reset
	dd if="/dev/$(model_disk m)" of=/dev/null bs=4k count=16 iflag=direct status=none 2>/dev/null || true
	state_is m dead
}
comes_again "admin commands without answer" $((10 * admin)) drop opcode=identify sel=2
comes_again "internal errors" 30 event opcode=read type=0 info=3 log=1
comes_again "bogus completions" 30 ghost kind=absurd opcode=read
# Some reads come back before it does so: that is no progress
comes_again "a fatal status" $((9 * time_out)) cfs opcode=read permille=200 seed=3

# --- events -------------------------------------------------------------------

check "a storm of events: up" up
model_rule m event opcode=get_log type=1 info=1 log=2
model_now m event n=1 type=1 info=1 log=2
nap 5
nr_lines=$(kmsg_since_start | grep -c "asynchronous event") || true
diag "a storm of events: $(model_hits m) in 5 s, $nr_lines lines in the log"
# Each event is handled by reading its log page, which is a hit and makes the next one
hits=$(model_hits m)
check "a storm of events: it is one" test "$hits" -gt 10
check "a storm of events: it is slowed down" test "$hits" -le 30
check "a storm of events: the log has few lines" test "$nr_lines" -le 30
check "a storm of events: I/O goes on" fio_verify "$(model_disk m)" --size=1m
check "a storm of events: the driver lets go" model_unbind m
down "a storm of events"

# --- a reset of the subsystem -------------------------------------------------

check "subsystem reset: up" up
model_now m nssro
check "a reset clears it" nvme_reset "$(model_ctrl m)"
model_rule m drop opcode=read hits=1
check "a read that hangs comes back" read_one m
check "and an abort was tried, as on any other" test "$(attr m aborts)" -ge 1
down "subsystem reset"

# --- completions before their time --------------------------------------------

check "early completions: up" up
model_rule m early opcode=read permille=300 seed=7
fio --name=early --filename="/dev/$(model_disk m)" --direct=1 --thread \
	--ioengine=io_uring --iodepth=32 --bs=4k --rw=randread --size=4m \
	--loops=8 --continue_on_error=all >/dev/null 2>&1 || true
model_honest m
nvme_reset "$(model_ctrl m)" || true
down "early completions"

touch "$stop"
at_exit rm -f "$stop"
check_wait "the second controller saw nothing of all that" $job
check_eq "nor did it see a breach" "$(model_breaches other)" ''
