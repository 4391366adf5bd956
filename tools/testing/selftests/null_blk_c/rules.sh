#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Rules: operations fail with the status, or take as long, as the rules for their
# sectors say; by chance, the same for the same seed; so many times, after so many; live, on
# a busy disk, and in both queue modes. Thousands of rules. Bad input changes nothing.
#@group faults
#@core
#@long
#@timeout 240

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

rule() { nbc_set d "rules=$1"; }
# rules_from FILE
rules_from() { cat "$1" >"$NBC_ROOT/d/rules"; }
rules() { nbc_get d rules; }
# io read|write SECTOR : of 512 bytes
io() {
	local of=(if=/dev/zero of=/dev/d "seek=$2" oflag=direct conv=notrunc)
	[[ $1 == write ]] || of=(if=/dev/d of=/dev/null "skip=$2" iflag=direct)
	dd "${of[@]}" bs=512 count=1 status=none
}
flush() { dd if=/dev/zero of=/dev/d bs=512 count=1 oflag=direct conv=fsync,notrunc status=none; }
# fates FIRST COUNT : a character for each sector that is read: 1 failed, 0 did not
fates() {
	local sector fates=''
	for ((sector = $1; sector < $1 + $2; sector++)); do
		io read "$sector" 2>/dev/null && fates+=0 || fates+=1
	done
	echo "$fates"
}
# took COMMAND... : how many ms
took() {
	local begin=${EPOCHREALTIME/[.,]/}
	"$@"
	echo $(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
}
in_flight() { awk -v d="$1" '$3 == d { n = $12 } END { exit !n }' /proc/diskstats; }
written() { (($(awk '$3 == "d" { print $8 }' /proc/diskstats) >= $1)); }
# many FIRST COUNT : lines that add so many rules, each for the first of 8 sectors
many() { seq -f 'add,op=READ,start=%.0f,nr_sectors=1,status=IOERR' "$1" 8 $(($1 + ($2 - 1) * 8)); }

dmesg_expect "(I/O|timeout|critical [a-z ]*|protection) error(, dev| on dev(ice)?) d"
dmesg_expect "Buffer I/O error on dev"
require_cmd fio
said=$(mktemp)
at_exit rm -f "$said"
nbc_load nr_devices=0
for mode in 2 0; do
	nbc_disk d size=16 memory_backed=1 discard=1 cache_size=1 queue_mode=$mode
	check_eq "queue_mode $mode: no rules at first" "$(rules)" ""

	rule add,op=READ,start=100,nr_sectors=8,status=IOERR
	check "read before it" io read 99
	check "read of its first sector" expect_errno EIO io read 100
	check "of its last" expect_errno EIO io read 107
	check "read behind it" io read 108
	check "write of it" io write 100
	check "a read that crosses it" expect_errno EIO \
		dd if=/dev/d of=/dev/null bs=8k skip=6 count=1 iflag=direct status=none
	check_eq "shown, with what it did" "$(rules)" \
		"id=1,op=READ,start=100,nr_sectors=8,status=IOERR,met=3,hits=3"
	rule remove,id=1
	check_eq "removed" "$(rules)" ""
	check "and read again" io read 100

	rule add,op=ANY,start=200,nr_sectors=8,status=MEDIUM
	check "any: read" expect_errno ENODATA io read 200
	check "write" expect_errno ENODATA io write 200
	check "discard" expect_errno ENODATA blkdiscard -o $((200 * 512)) -l 4096 /dev/d
	check "flush, which has no sector" expect_errno ENODATA flush
	rule removeall
	check "all gone: flush" flush
	rule add,op=WRITE+DISCARD,start=0,nr_sectors=8,status=NOSPC
	check "several: write" expect_errno ENOSPC io write 3
	check "discard" expect_errno ENOSPC blkdiscard -l 4096 /dev/d
	check "but not read" io read 3
	rule removeall

	rule add,op=READ,nr_sectors=64,times=2,space=1,status=TARGET
	check_eq "times and space" "$(fates 0 8)" 01100000
	check_eq "used up" "$(rules)" \
		"id=4,op=READ,start=0,nr_sectors=64,times=0,status=TARGET,met=3,hits=2"
	rule removeall

	rule add,op=READ,nr_sectors=64,chance=3,seed=7,status=TARGET
	by_chance=$(fates 0 40)
	rule removeall
	rule add,op=READ,nr_sectors=64,chance=3,seed=7,status=TARGET
	check_eq "the same seed" "$(fates 0 40)" "$by_chance"
	rule removeall
	rule add,op=READ,nr_sectors=64,chance=3,seed=8,status=TARGET
	check "another seed" test "$(fates 0 40)" != "$by_chance"
	failed=${by_chance//0/}
	check "one in three, more or less: ${#failed} of 40" \
		test ${#failed} -ge 4 -a ${#failed} -le 24
	rule removeall

	rule add,op=WRITE,start=8,nr_sectors=8,delay_nsec=300000000
	rule add,op=WRITE,start=8,nr_sectors=1,delay_nsec=300000000
	rule add,op=WRITE,start=12,nr_sectors=1,status=IOERR
	check "a delay" test "$(took io write 9)" -ge 300
	check "they add up" test "$(took io write 8)" -ge 600
	check "before an error, too" test "$(took expect_errno EIO io write 12)" -ge 300
	rule removeall

	# What takes ten minutes ends with the power.
	rule add,op=WRITE,delay_nsec=600000000000
	io write 1 2>"$said" &
	check "a write waits" wait_until 20 in_flight d
	nbc_power d 0
	wait $! || true
	check_eq "power-off lets it go" "$(<"$said")" ""
	nbc_power d 1
	check_eq "rules outlive the power" "$(rules | wc -l)" 1
	nbc_destroy d
done

# Those that change it do not disturb those that are busy elsewhere.
nbc_disk d size=16 memory_backed=1
fio --name=w --filename=/dev/d --direct=1 --rw=randrw --bs=4k --offset=8m --size=8m \
	--ioengine=libaio --iodepth=16 --time_based --runtime=600 --verify=crc32c >/dev/null 2>&1 &
busy=$!
check "fio writes" wait_until 30 written 100
many 0 1000 >"${TMPDIR:-/tmp}/rules.$$"
at_exit rm -f "${TMPDIR:-/tmp}/rules.$$"
for _ in 1 2 3; do
	check "a thousand rules from a file" rules_from "${TMPDIR:-/tmp}/rules.$$"
	check "each acts" expect_errno EIO io read $((999 * 8))
	check "and nothing between them" io read $((999 * 8 - 1))
	check "the list is cut at a line, and says so" \
		grep -q '^# [0-9]* more$' "$NBC_ROOT/d/rules"
	rule removeall
done
check "fio goes on" kill "$busy"
wait "$busy" || true
check_eq "and nothing failed" "$(kmsg_since_start | grep -c "dev d, sector [0-9]\{5\}" || true)" 0

# More than a program writes at a time, so that lines are cut anywhere
many 0 20000 >"${TMPDIR:-/tmp}/rules.$$"
for bytes in 131072 5000 4096; do
	check "twenty thousand, $bytes bytes at a time" dd if="${TMPDIR:-/tmp}/rules.$$" \
		of="$NBC_ROOT/d/rules" bs=$bytes conv=notrunc status=none
	check "the list says how many" grep -q '^# 199[0-9]* more$' "$NBC_ROOT/d/rules"
	check "the last acts" expect_errno EIO io read 16376
	rule removeall
done

# The last line is whole only when the next one begins.
many 0 300 | head -c -1 >"${TMPDIR:-/tmp}/rules.$$"
check "a file without a line feed at its end" rules_from "${TMPDIR:-/tmp}/rules.$$"
check "the list says that a line has no end" \
	grep -q '^# a line came without end' "$NBC_ROOT/d/rules"
check "another rule" rule add,op=WRITE,status=IOERR,start=4096,nr_sectors=1
check "the last of the file acts" expect_errno EIO io read $((299 * 8))
rule removeall
check_eq "no rule is left" "$(rules)" ""

rule add,op=READ,status=IOERR
for text in "" x add "add," op=READ,status=IOERR add,op=READ add,status=IOERR \
	add,op=READ,status=IOERR,delay_nsec=1 add,op=READS,status=IOERR add,op=,status=IOERR \
	add,op=READ+,status=IOERR add,op=READ,status=OK add,op=READ,status=RESOURCE \
	add,op=READ,status add,op=READ,op=READ,status=IOERR add,op=READ,status=IOERR,start=-1 \
	add,op=READ,status=IOERR,start=18014398509481984 add,op=READ,status=IOERR,nr_sectors=0 \
	add,op=READ,status=IOERR,start=1,nr_sectors=18014398509481983x \
	add,op=READ,status=IOERR,start=9,nr_sectors=18014398509481983 \
	add,op=READ,status=IOERR,chance=0 add,op=READ,status=IOERR,chance=4294967296 \
	add,op=READ,status=IOERR,times=0 add,op=READ,status=IOERR,seed=-1 \
	add,op=READ,delay_nsec=0 add,op=READ,delay_nsec=1s remove "remove," remove,1 remove,id= \
	"removeall," removeall,x "add,op=READ,status=IOERR,seed=$(printf '%0300d' 1)"; do
	check "\"${text:0:60}\" is refused" expect_errno EINVAL rule "$text"
done
check "a rule that is not there" expect_errno ENOENT rule remove,id=999999
check_eq "nothing has changed" "$(rules | sed 's/id=[0-9]*/id=/')" \
	"id=,op=READ,start=0,status=IOERR,met=0,hits=0"
check "of several lines, those before the bad one are taken" \
	expect_errno EINVAL rule $'removeall\nadd,op=READ,status=IOERR\nbad\nremoveall'
check_eq "and no other" "$(rules | wc -l)" 1
check "the log says what is wrong, and what is right" \
	kmsg_has 'd: rules: "status=OK" is not valid, use IOERR, MEDIUM'
nbc_destroy d
