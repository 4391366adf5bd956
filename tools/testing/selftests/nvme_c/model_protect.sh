#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Namespaces with metadata, on a controller made of code: what the block layer protects is
# checked by the controller, and the other way; data or a guard that was corrupted is
# found; commands of user space move metadata exactly; formats change while it works, and
# those that cannot be used are refused with a line that names the field.
#@kernel uml-nvme
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
helper userio
nvme_load "$@"
dir=$(mktemp -d)
at_exit rm -rf "$dir"

made() { model_create m queues=2 mdts=5 && echo "$1" >"$MODEL/m/namespaces/1/format"; }
up() { made "$1" && model_up m; }
end() {
	model_honest m
	model_unbind m
	check_eq "$1: no breach of the protocol" "$(model_breaches m)" ''
	model_destroy m
}
corrupt() { echo "$*" >"$MODEL/m/namespaces/1/corrupt"; }
integrity() { show "/sys/block/$(model_disk m)/integrity/$1"; }
set_integrity() { echo "$2" >"/sys/block/$(model_disk m)/integrity/$1"; }
generic() {
	local ctrl
	ctrl=$(model_ctrl m)
	echo "/dev/${ctrl/nvmec/ngc}n1"
}
# what NAME WANTED ARGUMENT... : of userio
what() {
	local name=$1 wanted=$2 got
	shift 2
	# shellcheck disable=SC2048,SC2086 # several words
	got=$(userio $* 2>&1) || true
	check_eq "$name" "$got" "$wanted"
}
fio_verify() {
	fio --name=v "--filename=/dev/$(model_disk m)" --direct=1 --thread --ioengine=io_uring \
		--iodepth=16 --bsrange="$1-128k" --blockalign="$1" --rw=randwrite --size=4m \
		--verify=crc32c --verify_fatal=1 --output="$dir/fio" || { cat "$dir/fio"; return 1; }
}
# Small pieces that follow each other: the block layer merges what it may.
fio_merge() {
	fio --name=v "--filename=/dev/$(model_disk m)" --direct=1 --thread --ioengine=libaio \
		--iodepth=32 --iodepth_batch=32 --bs="$1" --rw=write --size=2m \
		--verify=crc32c --verify_fatal=1 --output="$dir/fio" || { cat "$dir/fio"; return 1; }
}
# read_block N : the Nth piece of 4 KiB; prints the error, if there is one
read_block() {
	{ LC_ALL=C dd if="/dev/$(model_disk m)" of=/dev/null bs=4k count=1 skip="$1" \
		iflag=direct status=none 2>&1 || true; } | sed 's/.*: //'
}
bad="Invalid or incomplete multibyte or wide character"

# --- I/O of the block layer ---------------------------------------------------

# The guard is in the metadata at AT. Blocks of 4 KiB have the number of the piece, those
# of 512 bytes eight times that.
dmesg_expect "protection error, dev nvmec" "integrity: guard tag error" "I/O error, dev nvmec"
dmesg_expect "guard tag error at sector"
# Who discards looks for file systems first, through the page cache.
dmesg_expect "Buffer I/O error on dev nvmec0n1, logical block [0-9]*, async page read"
while read -r format bs at profile; do
	name="format ${format//,/ }"
	check "$name: up" up "${format//,/ }"
	check_eq "$name: profile" "$(integrity format)" "$profile"
	check "$name: data of mixed sizes" fio_verify "$bs"
	check "$name: data that is merged" fio_merge "$bs"
	stripped=$(model_count m stripped)
	check_eq "$name: nothing was made by the controller" "$stripped" 0
	if [[ $profile != nop ]]; then
		check "$name: it was checked there" test "$(model_count m checked)" -gt 100
		corrupt meta $((10 * 4096 / bs)) "$at"
		check_eq "$name: a bad guard is found by the controller" "$(read_block 10)" "$bad"
		corrupt data $((11 * 4096 / bs)) 7
		check_eq "$name: bad data are found by the controller" "$(read_block 11)" "$bad"
		model_rule m data opcode=read offset=100 bytes=11223344
		check_eq "$name: and by the block layer, if they came bad" "$(read_block 12)" "$bad"
		model_rule m clear
		check_eq "$name: others are good" "$(read_block 12)" ''
		check "$name: zeroes" blkdiscard -z -o $((10 * 4096)) -l 8192 "/dev/$(model_disk m)"
		check_eq "$name: are good" "$(read_block 10)$(read_block 11)" ''
		check "$name: discard" blkdiscard -o $((10 * 4096)) -l 8192 "/dev/$(model_disk m)"
		check_eq "$name: what is gone can be read" "$(read_block 10)$(read_block 11)" ''
	fi
	end "$name"
done <<-'END'
	2,1		512	0	T10-DIF-TYPE1-CRC
	3,1		4096	0	T10-DIF-TYPE1-CRC
	2,2		512	0	T10-DIF-TYPE1-CRC
	3,3		4096	0	T10-DIF-TYPE3-CRC
	9,1		512	8	T10-DIF-TYPE1-CRC
	6,3,first	512	0	T10-DIF-TYPE3-CRC
	7,1		4096	56	T10-DIF-TYPE1-CRC
	4,1		512	0	EXT-DIF-TYPE1-CRC64
	5,3		4096	0	EXT-DIF-TYPE3-CRC64
	8,2		4096	48	EXT-DIF-TYPE1-CRC64
	6,0		512	0	nop
	7,0		4096	0	nop
END

# The controller does it alone, where the block layer has no metadata: by choice, or as
# that lies between the data.
while read -r format bs at; do
	name="alone, format ${format//,/ }"
	check "$name: up" up "${format//,/ }"
	if [[ $format != *extended ]]; then
		set_integrity read_verify 0
		set_integrity write_generate 0
	fi
	check_eq "$name: the disk has a size" "$(show "/sys/block/$(model_disk m)/size")" 131072
	check "$name: data of mixed sizes" fio_verify "$bs"
	check "$name: data that is merged" fio_merge "$bs"
	check "$name: made by the controller" test "$(model_count m stripped)" -gt 100
	corrupt meta $((10 * 4096 / bs)) "$at"
	check_eq "$name: a bad guard is found" "$(read_block 10)" "$bad"
	check_eq "$name: others are good" "$(read_block 12)" ''
	if [[ $format != *extended ]]; then
		set_integrity read_verify 1
		check_eq "$name: and it is what the block layer would make" "$(read_block 12)" ''
	fi
	end "$name"
done <<-'END'
	2,1		512	0
	3,2		4096	0
	2,3		512	0
	4,1		512	0
	2,1,extended	512	0
	5,3,extended	4096	0
END

# --- commands of user space ------------------------------------------------------

head -c 4096 /dev/urandom >"$dir/data"
head -c 512 /dev/urandom >"$dir/meta"
same() { cmp "$dir/$1" "$dir/$2"; }
what="nsid=1 cdw12=7 len=4096"
check "metadata: up" up "6 0"
for how in io64 uring-io; do
	what "metadata: $how: write" "0 0" "$(generic)" "$how" "op=1 $what meta=512 in=$dir/data min=$dir/meta"
	what "metadata: $how: read" "0 0" "$(generic)" "$how" "op=2 $what meta=512 out=$dir/back mout=$dir/mback at=1"
	check "metadata: $how: the data" same data back
	check "metadata: $how: the metadata" same meta mback
	what "metadata: $how: compare" "0 0" "$(generic)" "$how" "op=5 $what meta=512 in=$dir/data min=$dir/meta"
	what "metadata: $how: with other metadata" "0x4285 0" "$(generic)" "$how" "op=5 $what meta=512 in=$dir/data min=$dir/data"
	what "metadata: $how: more than the command moves" "0 0" "$(generic)" "$how" "op=2 $what meta=520 mout=$dir/mback"
	what "metadata: $how: too little" EINVAL "$(generic)" "$how" "op=2 $what meta=504"
	what "metadata: $how: none" EINVAL "$(generic)" "$how" "op=2 $what"
	what "metadata: $how: with nothing else" EINVAL "$(generic)" "$how" "op=2 nsid=1 meta=512"
done
what "metadata: submit: read" "0 0" "$(generic)" submit "op=2 blocks=7 len=4096 meta=512 out=$dir/back mout=$dir/mback"
check "metadata: submit: the metadata" same meta mback
end metadata

# Type 1: the tag is the number of the block.
pract=$((1 << 29 | 7))
what="nsid=1 len=4096 cdw10=16 cdw14=16"
check "protected: up" up "2 1"
what "protected: written by the controller" "0 0" "$(generic)" io64 "op=1 $what cdw12=$pract in=$dir/data"
what "protected: read" "0 0" "$(generic)" io64 "op=2 $what cdw12=$((7 << 26 | 7)) meta=64 mout=$dir/pi"
check_eq "protected: the tags" "$(od -An -tx1 -j2 -N6 -w6 "$dir/pi") $(od -An -tx1 -j58 -N6 -w6 "$dir/pi")" \
	" 00 00 00 00 00 10  00 00 00 00 00 17"
check_eq "protected: the block layer takes it" "$(read_block 2)" ''
what "protected: written with it" "0 0" "$(generic)" io64 "op=1 $what cdw12=$((7 << 26 | 7)) meta=64 in=$dir/data min=$dir/pi"
what "protected: with a bad guard" "0x4282 0" "$(generic)" io64 "op=1 $what cdw12=$((7 << 26 | 7)) meta=64 in=$dir/data min=$dir/data"
what "protected: with another tag" "0x4283 0" "$(generic)" io64 "op=1 $what cdw12=$((7 << 26 | 7)) cdw15=0xffff1234 meta=64 in=$dir/data min=$dir/pi"
what "protected: taken off" "0 0" "$(generic)" io64 "op=2 $what cdw12=$pract out=$dir/back"
check "protected: the data" same data back
what "protected: without a buffer" EINVAL "$(generic)" io64 "op=2 $what cdw12=7"
end protected

# --- formats ----------------------------------------------------------------------

# format BITS : of dword 10
format() { userio "/dev/$(model_ctrl m)" admin op=0x80 nsid=1 "cdw10=$1" | grep -qx "0 0"; }
has_profile() { [[ $(integrity format 2>/dev/null) == "$1" ]]; }
has_size() { [[ $(show "/sys/block/$(model_disk m)/size" 2>/dev/null) == "$1" ]]; }
check "format: up" up 0
while read -r bits bs profile; do
	check "format $bits: done" format "$bits"
	check "format $bits: profile" wait_until 10 has_profile "$profile"
	check "format $bits: data" fio_verify "$bs"
done <<-'END'
	0x22	512	T10-DIF-TYPE1-CRC
	0x63	4096	T10-DIF-TYPE3-CRC
	0x24	512	EXT-DIF-TYPE1-CRC64
	0x126	512	T10-DIF-TYPE1-CRC
	0x07	4096	nop
	0x01	4096	none
END

# Metadata between the data is for those who know of it.
check "format 0x16: done" format 0x16
check "format 0x16: no size" wait_until 10 has_size 0
check "format 0x16: a line" kmsg_has "namespace 1: FLBAS: metadata between the data (64 bytes)"
head -c 1152 /dev/urandom >"$dir/mixed"
what "format 0x16: write" "0 0" "$(generic)" io64 "op=1 nsid=1 cdw12=1 len=1152 in=$dir/mixed"
what "format 0x16: read" "0 0" "$(generic)" io64 "op=2 nsid=1 cdw12=1 len=1152 out=$dir/back"
check "format 0x16: data and metadata" same mixed back
what "format 0x16: too little" EINVAL "$(generic)" io64 "op=2 nsid=1 cdw12=1 len=1024"
what "format 0x16: apart" EINVAL "$(generic)" io64 "op=2 nsid=1 cdw12=1 len=1152 meta=128"
what "format 0x16: submit" "0 0" "$(generic)" submit "op=2 blocks=1 len=1152 out=$dir/back"
check "format 0x16: the same" same mixed back
check "format 0x00: done" format 0
check "format 0x00: it has its size again" wait_until 10 has_size 131072
check "format 0x00: data" fio_verify 512
end format

# Nonsense is refused with a line; what nobody here knows has no size.
while read -r field format disk rule what; do
	check "$field: made" made "${format//,/ }"
	check "$field: another namespace" model_add_ns m 2
	# shellcheck disable=SC2086 # several words
	model_rule m ${rule//,/ }
	check "$field: power" model_power m 1
	check "$field: it comes up" model_bind m
	check "$field: the other namespace" wait_until 10 model_has_disk m 2
	check "$field: a line" kmsg_has "namespace 1: $what"
	if [[ $disk == no ]]; then
		check "$field: no disk" eval '! model_has_disk m 1'
	else
		check "$field: no size" has_size 0
	fi
	end "$field"
done <<-'END'
	type	2,1	no	data,opcode=identify,sel=0,nsid=1,offset=29,bytes=04		DPS: protection of type 4
	short	2,1	no	data,opcode=identify,sel=0,nsid=1,offset=136,bytes=0400		MS: 4 bytes of metadata
	guard	4,1	yes	data,opcode=identify,sel=5,nsid=1,offset=28,bytes=80000000	PIF: a guard that is not known
	tags	4,1	yes	data,opcode=identify,sel=5,nsid=1,offset=28,bytes=08010000	STS: storage tags
	long	6,0	yes	data,opcode=identify,sel=0,nsid=1,offset=152,bytes=0010		MS: metadata of that length
	zoned	2,1	no	data,opcode=identify,sel=3,nsid=1,offset=24,bytes=02		MS: 8 bytes of metadata, with zones
END
