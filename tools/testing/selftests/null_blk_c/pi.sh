#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Protection information: the block layer knows of it, tuples are stored with their blocks
# and come back, over power cycles and power cuts; what was never written or was discarded is
# not checked; bits that rot and data that is elsewhere are found; and what cannot be is
# refused with a line that says so.
#@group data
#@core
#@timeout 600

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

rule() { nbc_set d "rules=$1"; }
told() { nbc_get d lies | sed -E 's/id=[0-9]+,time=[0-9]+\.[0-9]{9},rule=[0-9]+,//; /^$/d'; }
no_rules() {
	rule removeall
	nbc_set d "lies=forget all"
}
integrity() { show "/sys/block/d/integrity/$1"; }
# Who makes and checks tuples: 1 the block layer, 0 the disk
block_layer() {
	echo "$1" >/sys/block/d/integrity/write_generate
	echo "$1" >/sys/block/d/integrity/read_verify
}
put() { dd if="$dir/data" of=/dev/d bs=4k count=1 seek="$1" oflag=direct conv=notrunc status=none; }
get() { dd if=/dev/d of="$dir/read" bs=4k count=1 skip="$1" iflag=direct status=none; }
not() { ! "$@"; }
same() { cmp -n 4096 "$dir/data" "$dir/read"; }

dir=$(mktemp -d)
at_exit rm -rf "$dir"
dd if=/dev/urandom of="$dir/data" bs=1M count=4 status=none
nbc_load nr_devices=0
nbc_create d size=16 memory_backed=1 pi_type=1
if ! nbc_power d 1 2>/dev/null && kmsg_has "no integrity of data"; then
	skip_all "the kernel has no integrity of data"
fi
nbc_destroy d
dmesg_expect "(protection|I/O|Buffer I/O) error(, dev| on dev) [de]|[de]: (guard|ref) tag error at"

for config in "1 0 512" "1 1 4096" "1 2 512" "2 0 4096" "3 0 512" "3 2 4096"; do
	read -r type guard blocksize <<<"$config"
	what="type $type, guard $guard, blocks of $blocksize"
	nbc_disk d size=16 memory_backed=1 discard=1 pi_type="$type" pi_guard="$guard" blocksize="$blocksize"
	diag "$what: $(integrity format)"
	case $type$guard in
	1[01]) format=T10-DIF-TYPE1-$( ((guard)) && echo IP || echo CRC) tag=2 ;;
	12) format=EXT-DIF-TYPE1-CRC64 tag=2 ;;
	20) format=T10-DIF-TYPE1-CRC tag=2 ;;
	30) format=T10-DIF-TYPE3-CRC tag=6 ;;
	32) format=EXT-DIF-TYPE3-CRC64 tag=8 ;;
	esac
	check_eq "$what: the block layer knows" "$(integrity format) $(integrity tag_size)" "$format $tag"
	check "$what: what was never written reads" \
		dd if=/dev/d of=/dev/null bs=1M iflag=direct status=none
	check "$what: written" \
		dd if="$dir/data" of=/dev/d bs=1M count=4 oflag=direct conv=notrunc status=none
	for reader in 1 0; do
		block_layer $reader
		check "$what: read by $reader" cmp -n $((4 << 20)) /dev/d "$dir/data"
		echo 1 >/proc/sys/vm/drop_caches
	done
	check "$what: written without tuples, read without" put 100
	block_layer 1
	check "$what: read with them" get 100
	check "$what: it is the data" same
	check "$what: a block is discarded" blkdiscard -o 409600 -l 4096 /dev/d
	check "$what: and reads" get 100
	check_eq "$what: as zeroes" "$(tr -d '\0' <"$dir/read" | wc -c)" 0
	check "$what: zeroes are written" blkdiscard -z -o 8192 -l 8192 /dev/d
	check "$what: and read" get 2
	nbc_set d power=0 power=1
	check "$what: all is there after a power cycle" get 5
	check "$what: as it was" cmp -n 4096 "$dir/read" <(tail -c +20481 "$dir/data")

	for reader in 1 0; do
		block_layer $reader
		put 7
		rule add,op=READ,start=56,nr_sectors=8,times=1,lie=decay
		check "$what: decay is found by $reader" expect_errno EILSEQ get 7
		check_eq "$what: it was a lie" "$(told | cut -d, -f4)" lie=decay
		check "$what: again, as it stays" expect_errno EILSEQ get 7
		no_rules
		put 7
		check "$what: until it is written" get 7
	done
	block_layer 1
	rule add,op=READ,start=56,nr_sectors=8,times=1,lie=bitrot
	check "$what: bit rot is found" expect_errno EILSEQ get 7
	no_rules
	check "$what: once" get 7
	rule add,op=WRITE,start=56,nr_sectors=8,times=1,lie=misplaced,by=80
	put 7
	no_rules
	if ((type == 3)); then
		check "$what: data that is elsewhere is not found" get 17
	else
		check "$what: data that is elsewhere is found" expect_errno EILSEQ get 17
	fi
	check "$what: where it is missing nothing is found" get 7
	rule add,op=WRITE,start=56,nr_sectors=8,times=1,lie=lost
	put 7
	no_rules
	check "$what: nor after a write that was lost" get 7
	nbc_destroy d
done

# A power cut takes blocks with their tuples, or leaves both.
nbc_disk d size=16 memory_backed=1 pi_type=1 cache_size=8 cache_history=1
for policy in lost kept torn blocks subset; do
	for seed in 1 2 3; do
		dd if=/dev/urandom of=/dev/d bs=8k count=64 oflag=direct conv=notrunc status=none
		nbc_set d "power_cut=$policy $seed" power=1
		check "after a power cut, $policy $seed, all blocks fit their tuples" \
			dd if=/dev/d of=/dev/null bs=1M iflag=direct status=none
	done
done
dd if=/dev/urandom of=/dev/d bs=8k count=64 oflag=direct conv=notrunc status=none
mkdir "$NBC_ROOT/e"
nbc_set e "crash_state=d blocks 5"
check_eq "a crash state is protected, too" "$(nbc_get e pi_type)" 1
nbc_power e 1
check "and its blocks fit their tuples" dd if=/dev/e of=/dev/null bs=1M iflag=direct status=none
nbc_destroy e
nbc_set d "crash_states=cut 3 blocks 5" "power_cut=kept"
mkdir "$NBC_ROOT/e"
for seed in 5 6 7; do
	nbc_set e pi_type=0 "origin=d/cut-$seed"
	check_eq "crash state $seed of several is protected" "$(nbc_get e pi_type)" 1
	nbc_power e 1
	check "and its blocks fit their tuples" \
		dd if=/dev/e of=/dev/null bs=1M iflag=direct status=none
	nbc_power e 0
done
nbc_destroy e
nbc_destroy d

# A snapshot has the tuples, too, and a clone finds what has rotted.
for config in "1 0 512" "3 2 4096"; do
	read -r type guard blocksize <<<"$config"
	what="type $type, guard $guard, blocks of $blocksize"
	nbc_create d size=16 memory_backed=1 pi_type="$type" pi_guard="$guard" blocksize="$blocksize"
	check "$what: no snapshot before the first power-on" expect_errno EINVAL nbc_set d snapshot=a
	nbc_power d 1
	check "$what: a snapshot of nothing" nbc_set d snapshot=nothing
	put 3
	check "$what: a snapshot" nbc_set d snapshot=a
	dd if=/dev/zero of=/dev/d bs=4k count=1 seek=3 oflag=direct conv=notrunc status=none
	nbc_set d power=0 pi_type=0 pi_guard=0 blocksize=1024
	check "$what: a snapshot while other attributes are set" nbc_set d snapshot=b
	mkdir "$NBC_ROOT/e"
	for name in nothing a b; do
		nbc_set e "origin=d/$name"
		check_eq "$what: a clone of $name is protected likewise" \
			"$(nbc_get e pi_type) $(nbc_get e pi_guard) $(nbc_get e blocksize)" "$config"
		nbc_power e 1
		check "$what: and all blocks fit their tuples" \
			dd if=/dev/e of=/dev/null bs=1M iflag=direct status=none
		[[ $name == a ]] || { nbc_power e 0; continue; }
		check "$what: with its data" cmp -n 4096 "$dir/data" <(dd if=/dev/e bs=4k skip=3 count=1 iflag=direct status=none)
		nbc_set e "rules=add,op=READ,start=24,nr_sectors=8,times=1,lie=decay"
		check "$what: what rots in a clone is found" not \
			dd if=/dev/e of=/dev/null bs=4k skip=3 count=1 iflag=direct status=none
		nbc_power e 0
	done
	nbc_set d pi_type="$type" pi_guard="$guard" blocksize="$blocksize"
	nbc_power d 1
	check "$what: and not in what it was cloned from" \
		dd if=/dev/d of=/dev/null bs=1M iflag=direct status=none
	nbc_destroy e
	nbc_destroy d
done

# A file system on it, by the page cache and with merged requests
if [[ -n $(type -P mkfs.ext4) ]]; then
	nbc_disk d size=64 memory_backed=1 pi_type=1 blocksize=4096 cache_size=16
	mkfs.ext4 -q /dev/d
	mkdir "$dir/mnt"
	mount /dev/d "$dir/mnt"
	cp "$dir/data" "$dir/mnt/data"
	umount "$dir/mnt"
	mount /dev/d "$dir/mnt"
	check "a file system keeps its data" cmp "$dir/data" "$dir/mnt/data"
	umount "$dir/mnt"
	nbc_destroy d
fi

# refused VALUE WITH ATTRIBUTE=VALUE... : at power-on, and it says so
refused() {
	nbc_create d size=16 memory_backed=1 "pi_type=$1" "${@:3}"
	check "pi_type $1 with $2 is refused" expect_errno EINVAL nbc_power d 1
	check "and says so" kmsg_has "d: pi_type: $1 is not valid with $2, use 0"
	rmdir "$NBC_ROOT/d"
}
refused 1 "memory_backed 0" memory_backed=0
refused 2 "queue_mode 0" queue_mode=0
refused 3 "zoned 1" zoned=1 zone_size=4
mkdir "$NBC_ROOT/d"
check "pi_type 4 is refused" expect_errno EINVAL nbc_set d pi_type=4
check "pi_guard 3 is refused" expect_errno EINVAL nbc_set d pi_guard=3
nbc_set d size=16 memory_backed=1 pi_type=1 power=1
check "fixed while powered" expect_errno EBUSY nbc_set d pi_type=0
put 0
nbc_set d power=0 pi_type=0
check "with data, the type cannot change" expect_errno EINVAL nbc_power d 1
check "and that is said" kmsg_has "d: pi_type: there is data with pi_type 1, pi_guard 0 and blocks of 512 bytes"
nbc_set d pi_type=1 blocksize=4096
check "nor the block size" expect_errno EINVAL nbc_power d 1
nbc_set d blocksize=512
check "as it was it goes on" nbc_power d 1
check "with its data" get 0
check "as that was" same
nbc_destroy d
