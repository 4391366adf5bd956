#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Stale data, by rules: a read gives what a block held before it was written last, and the
# record says so. What there is no memory for is not lied about. With and without a cache, in
# both queue modes.
#@group faults
#@timeout 240
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
# block BLOCK : each character of it once, in order, as long as it is not that before
block() { dd if=/dev/d bs=4k skip="$1" count=1 iflag=direct status=none | tr '\0' . | tr -s .a-z; }
flush() { dd if=/dev/zero of=/dev/d bs=4k seek=100 count=1 oflag=direct conv=fsync,notrunc status=none; }

nbc_load nr_devices=0
for config in queue_mode=2 "queue_mode=2 cache_size=1 cache_history=1" "queue_mode=0 blocksize=4096"; do
	read -ra attributes <<<"$config"
	diag "$config"
	nbc_disk d size=16 memory_backed=1 "${attributes[@]}"
	put 0 a
	put 2 e
	put 1 a
	put 1 b
	put 40 a
	rule add,op=READ,start=8,nr_sectors=8,lie=stale
	rule add,op=READ,start=400,nr_sectors=8,lie=stale
	check_eq "nothing is stale that was written before" "$(block 1)" b
	put 1 c
	put 40 b
	check_eq "a read gives the version before" "$(block 1)" b
	check_eq "and that is recorded" "$(told)" \
		"op=READ,start=8,nr_sectors=8,lie=stale,at=8,sectors=8"
	check_eq "again" "$(block 1)" b
	check_eq "and no other block is stale" "$(block 40)" b
	put 1 d
	check_eq "there is one such version" "$(block 1)" c
	flush
	check_eq "flushed or not" "$(block 1)" c
	put 50 x
	check_eq "before the first version there are zeroes" "$(block 50)" .
	nbc_set d "lies=forget all"
	check_eq "a larger read is stale in part" \
		"$(dd if=/dev/d bs=16k count=1 iflag=direct status=none | head -c 12288 | tr '\0' . | tr -s .a-z)" ace
	check_eq "and that is recorded" "$(told)" \
		"op=READ,start=0,nr_sectors=32,lie=stale,at=8,sectors=8"
	nbc_set d "lies=forget all"
	put 1 d
	check_eq "the same version twice" "$(block 1)" d
	check_eq "is no lie" "$(told)" ""
	put 1 e
	blkdiscard -z -o 4096 -l 4096 /dev/d
	check_eq "zeroes take what is older with them" "$(block 1)" .
	put 1 f
	put 1 g
	rule removeall
	rule add,op=READ,start=8,nr_sectors=8,lie=stale
	check_eq "so does the end of the last such rule" "$(block 1)" g
	rule add,op=READ,start=400,nr_sectors=8,lie=stale
	first=$(nbc_get d rules | sed -n 's/^id=\([0-9]*\),.*start=8,.*/\1/p')
	put 1 h
	rule "remove,id=$first"
	put 1 i
	rule add,op=READ,start=8,nr_sectors=8,lie=stale
	check_eq "and the end of any, as it misses writes then" "$(block 1)" i
	put 1 h
	flush
	nbc_set d power=0 power=1
	check_eq "and power-off" "$(block 1)" h
	no_rules
	nbc_destroy d
done

# Older data takes so much memory, and no more: who finds none is told, and not lied to.
dmesg_expect "d: rules: lie=stale: no memory"
nbc_disk d size=160 memory_backed=1 blocksize=4096
rule add,op=READ,lie=stale
dd if=/dev/urandom of=/dev/d bs=1M count=80 oflag=direct status=none
put 5 x
dd if=/dev/urandom of=/dev/d bs=1M count=80 oflag=direct conv=notrunc status=none
put 5 y
put 20000 y
check_eq "what was kept is stale" "$(block 5 >/dev/null; told | wc -l)" 1
nbc_set d "lies=forget all"
check_eq "what was not is true" "$(block 20000)" y
check_eq "and no lie" "$(told)" ""
check "the log says why" kmsg_has "d: rules: lie=stale: no memory for what blocks held before"
for ((i = 1; i < 64; i++)); do rule add,op=READ,lie=stale; done
check "there is an end to such rules" expect_errno ENOSPC rule add,op=READ,lie=stale
nbc_destroy d
