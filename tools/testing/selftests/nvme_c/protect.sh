#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Protection information on an emulated drive: what the block layer makes the drive
# checks, and the other way; a guard that is wrong is found; a format changes it while the
# driver works.
#@kernel stock debug
#@timeout 400
#@vm --qemu -global --qemu nvme-ns.ms=8 --qemu -global --qemu nvme-ns.pi=1 --nvme size=8M

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_cmd fio
require_nvme 1
helper userio
nvme_load "$@"
nvme_bind 0
disk=nvmec0n1 generic=/dev/ngc0n1
dir=$(mktemp -d)
at_exit rm -rf "$dir"

integrity() { show "/sys/block/$disk/integrity/$1"; }
has_profile() { [[ $(integrity format 2>/dev/null) == "$1" ]]; }
has_size() { (($(show "/sys/block/$disk/size" 2>/dev/null) > 0)); }
# format BITS : of dword 10: the format, 0x10 metadata between the data, type << 5
format() { userio /dev/nvmec0 admin op=0x80 nsid=1 "cdw10=$1" | grep -qx "0 0"; }
fio_verify() {
	fio --name=v --filename=/dev/$disk --direct=1 --thread --ioengine=io_uring \
		--iodepth=16 --bsrange="$1-64k" --blockalign="$1" --rw=randwrite --size=2m \
		--verify=crc32c --verify_fatal=1 --output="$dir/fio" || { cat "$dir/fio"; return 1; }
}
# read_block N : the Nth piece of 4 KiB; prints the error, if there is one
read_block() {
	{ LC_ALL=C dd if=/dev/$disk of=/dev/null bs=4k count=1 skip="$1" iflag=direct \
		status=none 2>&1 || true; } | sed 's/.*: //'
}
is_zero() { dd if=/dev/$disk bs=4k count=1 skip="$1" iflag=direct status=none | cmp -n 4096 - /dev/zero; }
fills() {
	LC_ALL=C dd if=/dev/zero of=/dev/$disk bs=64k oflag=direct 2>"$dir/said" ||
		grep "No space left" "$dir/said"
}
bad="Invalid or incomplete multibyte or wide character"
head -c 4096 /dev/urandom >"$dir/data"

# protects NAME BLOCK-BYTES METADATA-BYTES : of eight blocks from block 64 on
protects() {
	local blocks=$((4096 / $2)) what
	local pract=$((1 << 29 | blocks - 1))
	what="nsid=1 len=4096 cdw10=$((8 * blocks)) cdw14=$((8 * blocks))"
	check "$1: the whole disk" fills
	check "$1: data of mixed sizes" fio_verify "$2"
	check "$1: zeroes" blkdiscard -z -o 16384 -l 8192 /dev/$disk
	check_eq "$1: can be read" "$(read_block 4)$(read_block 5)" ''
	check "$1: and are zeroes" is_zero 4
	# Newer kernels take such a block; the older ones made more than there is room for.
	[[ $(uname -r) != 6.* ]] ||
		check "$1: no block is in two pieces of memory" \
			test "$(show "/sys/block/$disk/queue/dma_alignment")" -ge $(($2 - 1))
	if (($3 == 8)); then
		# shellcheck disable=SC2086 # several words
		check_eq "$1: written by the drive" \
			"$(userio $generic io64 op=1 $what cdw12=$pract in="$dir/data")" "0 0"
		check_eq "$1: the block layer takes it" "$(read_block 8)" ''
	fi
	# shellcheck disable=SC2086 # several words
	check_eq "$1: written without a check" \
		"$(userio $generic io64 op=1 $what cdw12=$((blocks - 1)) meta=$((blocks * $3)) \
			in="$dir/data" min="$dir/data")" "0 0"
	check_eq "$1: a guard that is wrong is found" "$(read_block 8)" "$bad"
	check_eq "$1: others are right" "$(read_block 9)" ''
	# shellcheck disable=SC2086 # several words
	userio $generic io64 op=2 $what cdw12=$((blocks - 1)) meta=$((blocks * $3)) \
		mout="$dir/back" out="$dir/dback" >/dev/null
	# shellcheck disable=SC2086 # several words
	check_eq "$1: too little metadata is refused" \
		"$(userio $generic io64 op=2 $what cdw12=$((blocks - 1)) meta=$((blocks * $3 - 4)))" \
		EINVAL
	check "$1: the metadata is what was written" cmp -n $((blocks * $3)) "$dir/data" "$dir/back"
	check "$1: and the data" cmp "$dir/data" "$dir/dback"
	check "$1: a block is written again" dd if=/dev/zero of=/dev/$disk bs=4k count=1 seek=8 \
		oflag=direct status=none
	check_eq "$1: and can be read" "$(read_block 8)" ''
	check "$1: a reset" nvme_reset nvmec0
	check "$1: data after it" fio_verify "$2"
}

dmesg_expect "protection error, dev nvmec0n1"
dmesg_expect "guard tag error at sector"
# The drive takes a block that was never written for one that was, if it shares a page of
# the host with one, or with metadata. Who looks for partitions reads such at the end.
dmesg_expect "Buffer I/O error on dev nvmec0n1, logical block [0-9]*, async page read"
check "type 1: profile" has_profile T10-DIF-TYPE1-CRC
protects "type 1" 512 8
echo 0 >/sys/block/$disk/integrity/write_generate
echo 0 >/sys/block/$disk/integrity/read_verify
check "type 1: by the drive alone" fio_verify 512
echo 1 >/sys/block/$disk/integrity/read_verify
check_eq "type 1: and the block layer takes it" "$(read_block 0)$(read_block 9)" ''

# Formats of the drive: 512 bytes with 0, 8, 16 and 64 of metadata, and then 4096.
while read -r bits bytes meta profile; do
	check "format $bits: done" format "$bits"
	check "format $bits: profile" wait_until 20 has_profile "$profile"
	check "format $bits: size" wait_until 20 has_size
	protects "format $bits" "$bytes" "$meta"
done <<-'END'
	0x45	4096	8	T10-DIF-TYPE1-CRC
	0x61	512	8	T10-DIF-TYPE3-CRC
	0x22	512	16	T10-DIF-TYPE1-CRC
	0x127	4096	64	T10-DIF-TYPE1-CRC
END
check "format 0x31: between the data" format 0x31
check "format 0x31: size" wait_until 20 has_size
check "format 0x31: data, protected by the drive alone" fio_verify 512
check "format 0: done" format 0
check "format 0: profile" wait_until 20 has_profile none
check "format 0: data" fio_verify 512
check "it is reset" nvme_reset nvmec0
check "after it: data" fio_verify 512
