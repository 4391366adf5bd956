#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Operations that a rule holds wait until they are let go, one by one and in any order, or
# are failed; nothing of them is done before. They do not time out. Power-off, a power cut,
# a resize, removal of the device and of the rule give them back. In both queue modes.
#@group faults
#@core

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

rule() { nbc_set d "rules=$1"; }
held() { nbc_set d "held=$1"; }
waiting() { nbc_get d held | sed '/^$/d'; }
# nr_waiting COUNT : is it so many?
nr_waiting() { (($(waiting | wc -l) == $1)); }
# put SECTOR CHARACTER : in the background
put() {
	printf '%0512d' 0 | tr 0 "$2" |
		dd of=/dev/d bs=512 seek="$1" oflag=direct conv=notrunc status=none 2>/dev/null &
}
# at SECTOR : the first character there
at() { dd if=/dev/d bs=512 skip="$1" count=1 iflag=direct status=none | head -c 1 | tr '\0' 0; }
# ends NAME PID CODE : it ends with the exit code
ends() {
	local code=0
	wait "$2" || code=$?
	check_eq "$1" "$code" "$3"
}

dmesg_expect "I/O error(, dev| on dev(ice)?) d|critical medium error(, dev| on dev(ice)?) d"
dmesg_expect "Buffer I/O error on dev"
nbc_load nr_devices=0
for mode in 2 0; do
	nbc_disk d size=16 memory_backed=1 cache_size=1 queue_mode=$mode
	rule add,op=WRITE,start=0,nr_sectors=100,hold
	check_eq "queue_mode $mode: nothing waits at first" "$(waiting)" ""
	put 200 x
	ends "elsewhere it does not" $! 0
	put 1 a; first=$!
	check "a write waits" wait_until 20 nr_waiting 1
	put 2 b; second=$!
	check "another waits" wait_until 20 nr_waiting 2
	put 3 c; third=$!
	check "a third" wait_until 20 nr_waiting 3
	check_eq "what waits" "$(waiting | cut -d ' ' -f 1-4 | tr '\n' ,)" \
		"1 WRITE 1 1,2 WRITE 2 1,3 WRITE 3 1,"
	check_eq "nothing of them is done" "$(at 1)$(at 2)$(at 3)" 000
	held "release 3"
	ends "the last is let go first" $third 0
	check_eq "it is done, and nothing else" "$(at 1)$(at 2)$(at 3)" 00c
	held "fail 1 MEDIUM"
	ends "the first fails" $first 1
	check_eq "and was not done" "$(at 1)$(at 2)$(at 3)" 00c
	check "a write that fails has no number any more" expect_errno ENOENT held "release 1"
	held "release all"
	ends "all are let go" $second 0
	check_eq "and done" "$(at 1)$(at 2)$(at 3)" 0bc
	check "with none that waits" held "release all"
	check_eq "the rule is still there" "$(nbc_get d rules | cut -d , -f 1,4,5)" \
		"id=1,nr_sectors=100,hold"

	# Longer than requests have time
	put 1 d
	check "it waits" wait_until 20 nr_waiting 1
	nap 12
	check "and does not time out" nr_waiting 1
	rule removeall
	ends "without its rule it goes on" $! 0
	check_eq "and is done" "$(at 1)" d

	rule add,op=FLUSH,hold
	dd if=/dev/zero of=/dev/d bs=512 count=1 oflag=direct conv=fsync,notrunc status=none &
	check "a flush waits" wait_until 20 nr_waiting 1
	check_eq "as such" "$(waiting | cut -d ' ' -f 2-4)" "FLUSH 0 0"
	held "release all"
	ends "and goes on" $! 0
	rule removeall

	# Without a cache it is seen whether a write was done.
	nbc_set d power=0 cache_size=0 power=1
	check_eq "what was flushed is there" "$(at 1)" d
	rule add,op=WRITE,hold
	put 1 e
	check "for power-off: it waits" wait_until 20 nr_waiting 1
	nbc_power d 0
	ends "power-off does it" $! 0
	check "off: nothing waits" expect_errno ENODEV held "release all"
	check_eq "nor is in the list" "$(waiting)" ""
	nbc_power d 1
	check_eq "it was done" "$(at 1)" e
	put 1 f
	check "for a power cut: it waits" wait_until 20 nr_waiting 1
	nbc_set d power_cut=lost
	ends "a power cut does not acknowledge it" $! 1
	nbc_power d 1
	check_eq "nor do it" "$(at 1)" e
	put 1 g
	check "for removal: it waits" wait_until 20 nr_waiting 1
	rmdir "$NBC_ROOT/d"
	ends "removal does it" $! 0
done

nbc_disk d size=16 memory_backed=1 submit_queues=1
rule add,op=WRITE,hold
put 1 a
check "for a resize: it waits" wait_until 20 nr_waiting 1
check "a resize" nbc_set d poll_queues=0
ends "lets it go" $! 0
put 1 b
check "and the next waits again" wait_until 20 nr_waiting 1
held "release all"
ends "and goes on" $! 0

for text in "" x release "release x" "release 1 2" "release -1" "fail 1" "fail all" \
	"fail 1 OK" "fail 1 MEDIUM x" "RELEASE all" "release  all"; do
	check "\"$text\" is refused" expect_errno EINVAL held "$text"
done
nbc_destroy d

# Without data, too; and a read
nbc_disk d size=16
rule add,op=READ,start=8,nr_sectors=8,hold,times=1
dd if=/dev/d of=/dev/null bs=4k skip=1 count=1 iflag=direct status=none &
check "a read waits" wait_until 20 nr_waiting 1
check_eq "of 8 sectors" "$(waiting | cut -d ' ' -f 2-4)" "READ 8 8"
held "release all"
ends "and goes on" $! 0
check "the next does not wait" dd if=/dev/d of=/dev/null bs=4k skip=1 count=1 iflag=direct status=none
nbc_destroy d
log_wants 'd: held: "release x" is not valid, use release ID or fail ID STATUS'
check_log
