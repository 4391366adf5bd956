#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Zones are reported, opened, written, closed, finished and reset, have the conditions
# that the standards say, and keep them while the device is off.
#
#@group zone

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/zone.sh
. "$(dirname "$0")/../lib/zone.sh"

require_cmd blkzone
nbc_load nr_devices=0
zoned_disk d size=6 zone_nr_conv=1
dmesg_expect "I/O error, dev d"

# becomes NAME NR CONDITION-AND-POINTER COMMAND...
becomes() {
	local name=$1 nr=$2 wanted=$3
	shift 3
	check "$name" "$@"
	check_eq "$name: zone $nr" "$(zone d "$nr")" "$wanted"
}

check_eq "six zones" "$(blkzone report /dev/d | wc -l)" 6
check_eq "host-managed" "$(queue_limit d zoned)" host-managed
check_eq "the limit on appends" "$(queue_limit d zone_append_max_bytes)" 1048576
check_eq "no write zeroes" "$(queue_limit d write_zeroes_max_bytes)" 0
check_eq "all can be written" $(($(blkzone capacity /dev/d))) 12288
check_eq "a conventional zone" "$(zone d 0)" "nw 0"

becomes "write to empty" 1 "oi 8" zone_write d 1 0 8
becomes "open" 1 "oe 8" zone_do d 1 open
becomes "close" 1 "cl 8" zone_do d 1 close
becomes "write to closed" 1 "oi 16" zone_write d 1 8 8
becomes "fill" 1 "fu 2048" zone_write d 1 16 2032
becomes "open empty" 2 "oe 0" zone_do d 2 open
becomes "close with nothing" 2 "em 0" zone_do d 2 close
becomes "finish" 3 "fu 2048" zone_do d 3 finish
becomes "not at the pointer" 4 "em 0" expect_errno EIO zone_write d 4 8 8
becomes "conventional, anywhere" 0 "nw 0" zone_write d 0 1000 8
becomes "conventional, open" 0 "nw 0" expect_errno EIO zone_do d 0 open
becomes "full, open" 1 "fu 2048" expect_errno EIO zone_do d 1 open

zone_write d 5 0 8
check_eq "written" "$(zone_bytes d 5 0 8)" 00
check_eq "from the pointer on" "$(zone_bytes d 5 8 8)" ff
check_eq "across it" "$(zone_bytes d 5 4 8)" "00 ff"
check_eq "finished, never written" "$(zone_bytes d 3 0 8)" 00
zone_do d 4 open
nbc_power d 0
nbc_power d 1
check_eq "power keeps full" "$(zone d 1)" "fu 2048"
check_eq "power closes open" "$(zone d 5)" "cl 8"
check_eq "power empties open with nothing" "$(zone d 4)" "em 0"
becomes "written after power" 5 "oi 16" zone_write d 5 8 8
becomes "reset" 1 "em 0" zone_do d 1 reset
check_eq "reset drops the data" "$(zone_bytes d 1 0 8)" ff
check "reset all" blkzone reset /dev/d
check_eq "five are empty" "$(blkzone report /dev/d | grep -c '(em)')" 5
zone_write d 1 0 8
nbc_power d 0
nbc_set d size=5 zone_full=1
nbc_power d 1
check_eq "another geometry starts afresh" "$(zone d 1)" "fu 2048"

nbc_power d 0
nbc_set d zone_full=0
nbc_power d 1
zone_write d 1 0 8
nbc_power d 0
nbc_set d memory_backed=0
nbc_power d 1
check_eq "so does one without data" "$(zone d 1)" "em 0"
zone_write d 1 0 8
nbc_power d 0
nbc_set d memory_backed=1
nbc_power d 1
check_eq "and one with data again" "$(zone d 1)" "em 0"
zone_do d 1 finish
check_eq "which shows nothing of before" "$(zone_bytes d 1 0 8)" 00

# Reports are made while the zones that they tell of go.
(whatever; while :; do blkzone report /dev/d; done) >/dev/null 2>&1 &
job=$!
at_exit end_job $job
again() {
	local round
	for ((round = 0; round < 20; round++)); do
		nbc_power d 0 && nbc_set d size=$((64 + round % 2)) && nbc_power d 1 ||
			return
	done
}
check "other zones, twenty times, under reports" again
check "the reports go on" test -d /proc/$job
