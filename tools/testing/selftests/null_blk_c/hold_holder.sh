#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A rule that holds can end with a process: when that is gone, however it went, what waits
# goes on or fails, as the rule says, and nothing waits any more. In both queue modes.
#@group faults

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

rule() { nbc_set d "rules=$1"; }
nr_waiting() { (($(nbc_get d held | sed '/^$/d' | wc -l) == $1)); }
nr_rules() { (($(nbc_get d rules | sed '/^$/d' | wc -l) == $1)); }
write() {
	dd if=/dev/zero of=/dev/d bs=512 seek="$1" count=1 oflag=direct conv=notrunc status=none
}

dmesg_expect "(I/O|critical medium) error(, dev| on dev(ice)?) d"
dmesg_expect "Buffer I/O error on dev"
nbc_load nr_devices=0
for mode in 2 0; do
	nbc_disk d size=16 memory_backed=1 queue_mode=$mode
	# In a process of its own, which nobody waits for when it is killed
	bash -c 'exec sleep 600' &
	holder=$!
	rule "add,op=WRITE,nr_sectors=8,hold,holder=$holder"
	rule "add,op=WRITE,start=8,nr_sectors=8,hold,holder=$holder,orphans=MEDIUM"
	rule add,op=READ,start=800,hold
	check "queue_mode $mode: rules say so" \
		grep -q ",hold,holder=$holder,orphans=MEDIUM,met=" "$NBC_ROOT/d/rules"
	write 0 &
	goes_on=$!
	write 8 2>/dev/null &
	fails=$!
	check "two writes wait" wait_until 20 nr_waiting 2
	nap 1
	check "as long as it is there" nr_waiting 2
	kill -KILL $holder
	check_wait "when it is gone, one goes on" $goes_on
	code=0
	wait $fails || code=$?
	check_eq "the other fails" $code 1
	check "their rules are gone" wait_until 20 nr_rules 1
	wait $holder || true
	check "nothing waits" write 8
	check "nobody is no holder" expect_errno EINVAL rule "add,op=WRITE,hold,holder=$holder"

	# The power goes first, and then the device.
	bash -c 'exec sleep 600' &
	holder=$!
	rule "add,op=WRITE,nr_sectors=8,hold,holder=$holder"
	write 0 &
	waits=$!
	check "a write waits" wait_until 20 nr_waiting 1
	check "power-off lets it go" nbc_power d 0
	check_wait "it has ended well" $waits
	check "the rule is still there" nr_rules 2
	check "removed with it" nbc_destroy d
	end_job $holder
done

nbc_create d
for text in holder=1,hold hold,holder= hold,holder hold,holder=0 hold,holder=x hold,orphans=IOERR \
	"hold,holder=$$,orphans=OK" "hold,holder=$$,orphans" "hold,holder=$$,delay_nsec=5" \
	"hold,delay_nsec=5" "hold,by=5" "hold,holder=$$,holder=1" "delay_nsec=5,holder=$$" \
	"hold,holder=$$,x"; do
	check "\"$text\" is refused" expect_errno EINVAL rule "add,op=WRITE,$text"
done
check "no rule has come of it" nr_rules 0
nbc_destroy d
