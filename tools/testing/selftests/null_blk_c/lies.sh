#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A disk that lies, by rules: writes and flushes that are acknowledged and lost, shorn and
# misplaced writes, bits that rot once and for good. Everything is acknowledged; the data is
# wrong in that way and in no other; and the record says so. In both queue modes.
#@group faults
#@core

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

rule() { nbc_set d "rules=$1"; }
# told : the lies, without numbers and time
told() { nbc_get d lies | sed -E 's/id=[0-9]+,time=[0-9]+\.[0-9]{9},rule=[0-9]+,//; /^$/d'; }
no_rules() {
	rule removeall
	nbc_set d "lies=forget all"
}
# put BLOCK CHARACTER : 4 KiB
put() {
	printf '%04096d' 0 | tr 0 "$2" |
		dd of=/dev/d bs=4k seek="$1" oflag=direct iflag=fullblock conv=notrunc status=none
}
# sectors BLOCK COUNT : the first character of each sector of the blocks
sectors() {
	local sector
	for ((sector = $1 * 8; sector < ($1 + $2) * 8; sector++)); do
		dd if=/dev/d bs=512 skip=$sector count=1 iflag=direct status=none | head -c 1 | tr '\0' .
	done
}
flush() { dd if=/dev/zero of=/dev/d bs=4k seek=100 count=1 oflag=direct conv=fsync,notrunc status=none; }
# wrong_bits FILE : which bits of it differ from block 3, as SECTOR BIT
wrong_bits() {
	local byte have got bit
	{ cmp -l "$1" <(dd if=/dev/d bs=4k skip=3 count=1 iflag=direct status=none) || true; } |
		while read -r byte have got; do
			for ((bit = 0; bit < 8; bit++)); do
				(((8#$have ^ 8#$got) >> bit & 1)) || continue
				echo "$((24 + (byte - 1) / 512)) $(((byte - 1) % 512 * 8 + bit))"
			done
		done
}

dir=$(mktemp -d)
at_exit rm -rf "$dir"
nbc_load nr_devices=0
for mode in 2 0; do
	nbc_disk d size=16 memory_backed=1 cache_size=1 queue_mode=$mode
	for block in 0 1 2 3; do put $block a; done
	check_eq "queue_mode $mode: no lies at first" "$(told)" ""

	rule add,op=WRITE,start=8,nr_sectors=8,lie=lost
	check "a lost write is acknowledged" put 1 b
	put 2 b
	check_eq "it is lost, and no other" "$(sectors 0 3)" "aaaaaaaaaaaaaaaabbbbbbbb"
	check_eq "and recorded" "$(told)" "op=WRITE,start=8,nr_sectors=8,lie=lost"
	now=$(date +%s)
	told_at=$(nbc_get d lies | sed -E 's/.*time=([0-9]+).*/\1/')
	check "with its time" test "$told_at" -le "$now" -a "$told_at" -gt $((now - 60))
	no_rules
	check_eq "forgotten" "$(told)" ""

	rule add,op=WRITE,start=8,nr_sectors=8,seed=5,lie=shorn
	check "a shorn write is acknowledged" put 1 c
	shorn=$(sectors 1 1)
	check "only its beginning was written: $shorn" grep -qE '^c*a+$' <<<"$shorn"
	from=${shorn//a/}
	check_eq "and recorded" "$(told)" \
		"op=WRITE,start=8,nr_sectors=8,lie=shorn,from=$((8 + ${#from}))"
	no_rules

	put 1 a
	rule add,op=WRITE,start=8,nr_sectors=8,lie=misplaced,by=16
	check "a misplaced write is acknowledged" put 1 d
	check_eq "it is elsewhere" "$(sectors 0 4)" "aaaaaaaaaaaaaaaabbbbbbbbdddddddd"
	check_eq "and recorded" "$(told)" "op=WRITE,start=8,nr_sectors=8,lie=misplaced,to=24"
	no_rules

	rule add,op=FLUSH,lie=lost,times=1
	put 2 e
	check "a lost flush is acknowledged" flush
	check_eq "and recorded" "$(told)" "op=FLUSH,start=0,nr_sectors=0,lie=lost"
	nbc_set d power=0 power=1
	check_eq "what it should have saved is lost" "$(sectors 2 1)" "........"
	put 2 e
	flush
	nbc_set d power=0 power=1
	check_eq "the next flush was done" "$(sectors 2 1)" "eeeeeeee"
	check_eq "lies outlive the power" "$(told | wc -l)" 1
	no_rules

	dd if=/dev/urandom of="$dir/block" bs=4k count=1 status=none
	dd if="$dir/block" of=/dev/d bs=4k seek=3 oflag=direct conv=notrunc status=none
	rule add,op=READ,start=27,nr_sectors=2,times=1,seed=3,lie=bitrot
	wrong=$(wrong_bits "$dir/block")
	check "one bit is wrong, in a sector of the rule: $wrong" grep -qE '^2[78] [0-9]+$' <<<"$wrong"
	check_eq "and recorded" "$(told)" \
		"op=READ,start=24,nr_sectors=8,lie=bitrot,at=${wrong% *},bit=${wrong#* }"
	check_eq "and right the next time" "$(wrong_bits "$dir/block")" ""
	no_rules

	rule add,op=READ,start=24,nr_sectors=8,times=1,lie=decay
	wrong=$(wrong_bits "$dir/block")
	check "one bit goes bad: $wrong" grep -qE '^(2[4-9]|3[01]) [0-9]+$' <<<"$wrong"
	check_eq "and recorded" "$(told)" \
		"op=READ,start=24,nr_sectors=8,lie=decay,at=${wrong% *},bit=${wrong#* }"
	check_eq "for good" "$(wrong_bits "$dir/block")" "$wrong"
	dd if="$dir/block" of=/dev/d bs=4k seek=3 oflag=direct conv=notrunc status=none
	check_eq "until it is written" "$(wrong_bits "$dir/block")" ""
	no_rules
	nbc_destroy d
done

# The same seed, the same lies
for run in 1 2; do
	nbc_disk d size=16 memory_backed=1
	rule add,op=WRITE,chance=3,seed=42,lie=shorn
	rule add,op=READ,chance=3,seed=42,lie=bitrot
	for ((block = 0; block < 20; block++)); do put $block x; done
	dd if=/dev/d of=/dev/null bs=4k count=20 iflag=direct status=none
	told >"$dir/told.$run"
	nbc_destroy d
done
check "the same seed, the same lies" cmp "$dir/told.1" "$dir/told.2"
check "of both kinds" test "$(cut -d , -f 4 "$dir/told.1" | sort -u | wc -l)" = 2

# More than a page of them is read in steps.
nbc_disk d size=16 memory_backed=1
rule add,op=WRITE,lie=lost
for ((block = 0; block < 100; block++)); do put $block x; done
read_all() {
	local lines
	while mapfile -t lines < <(nbc_get d lies) && [[ ${lines[0]} == id=* ]]; do
		printf '%s\n' "${lines[@]}"
		lines=("${lines[-1]#id=}")
		nbc_set d "lies=forget ${lines[0]%%,*}"
	done
}
check_eq "all are read, in order" "$(read_all | sed 's/id=//; s/,.*//' | one_line)" "$(seq 100 | one_line)"
no_rules

for text in "" x forget "forget x" "forget -1" "forget 1 2"; do
	check "\"$text\" is refused" expect_errno EINVAL nbc_set d "lies=$text"
done
for text in add,op=READ,lie=lost add,op=WRITE,lie=stale add,op=READ+WRITE,lie=stale add,op=WRITE,lie=bitrot add,op=WRITE,lie add,op=WRITE,lie=x \
	add,op=ANY,lie=lost add,op=WRITE,lie=misplaced add,op=WRITE,lie=misplaced,by=0 \
	add,op=WRITE,by=8,lie=misplaced add,op=WRITE,lie=lost,by=8 add,op=WRITE,lie=lost,hold; do
	check "\"$text\" is refused" expect_errno EINVAL rule "$text"
done
check_eq "no rule came of it" "$(nbc_get d rules)" ""
nbc_destroy d

# Without data there is nothing to lie about.
nbc_disk d size=16
rule add,op=WRITE,lie=lost
put 0 x
check_eq "no lies without data" "$(told)" ""
nbc_destroy d

# Nor where a zone was not written.
if ! nbc_disk d size=16 memory_backed=1 zoned=1 zone_size=4 2>/dev/null; then
	diag "this kernel has no zoned disks"
else
	rule add,op=READ,lie=bitrot
	rule add,op=READ,lie=decay
	dd if=/dev/d of=/dev/null bs=4k count=1 iflag=direct status=none
	check_eq "no lies of an empty zone" "$(told)" ""
	put 0 x
	dd if=/dev/d of=/dev/null bs=4k count=1 iflag=direct status=none
	check_eq "but of one with data" "$(told | cut -d , -f 1 | one_line)" "op=READ"
fi
