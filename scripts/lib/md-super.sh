# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Superblocks of md, version 1.2, in files that are disks: enough to make a RAID1 of two
# without mdadm, and to see what an array has written about its disks. The layout is that
# of linux/raid/md_p.h. Sourced.

readonly MD_SUPER_BYTES=4096 MD_DATA_SECTORS=2048
readonly MD_CLEAN=0xffffffff	# half of "all of it is in sync"

# md_words ROLE SECTORS : the superblock of one of two disks in 32-bit words, with data of
# SECTORS; its checksum is 0
md_words() {
	local words=() i
	for ((i = 0; i < 65; i++)); do words[i]=0; done
	words[0]=0xa92b4efc
	words[1]=1			# version
	words[4]=0x6d716278		# of the array: any, but the same
	words[18]=1			# level
	words[20]=$2			# used of each disk
	words[23]=2			# disks
	words[32]=$MD_DATA_SECTORS	# where data begins
	words[34]=$2
	words[36]=$((MD_SUPER_BYTES / 512))
	words[40]=$1			# which disk it is
	words[42]=$((0x6d710000 + $1))	# of the disk: its own
	words[50]=1			# events
	words[52]=$MD_CLEAN words[53]=$MD_CLEAN
	words[55]=2			# roles that follow
	words[64]=$((1 << 16))		# disk 0 has role 0, disk 1 has role 1
	echo "${words[@]}"
}

# md_checksum WORD... : the sum, folded once
md_checksum() {
	local sum=0 word
	for word; do
		sum=$((sum + word))
	done
	echo $(((sum & 0xffffffff) + (sum >> 32)))
}

# md_format FILE ROLE : makes it one of a RAID1 of two, in sync
md_format() {
	local words sectors word
	sectors=$(($(stat -c %s "$1") / 512 - MD_DATA_SECTORS))
	read -ra words < <(md_words "$2" $sectors)
	words[54]=$(md_checksum "${words[@]}")
	for word in "${words[@]}"; do
		# shellcheck disable=SC2059 # bytes, from the lowest
		printf "$(printf '\\x%02x' $((word & 255)) $((word >> 8 & 255)) \
			$((word >> 16 & 255)) $((word >> 24 & 255)))"
	done | dd of="$1" bs=$MD_SUPER_BYTES seek=1 conv=notrunc status=none
}

# md_roles FILE : of the two disks, as this one has it: "0 1" if both work
md_roles() {
	od -A n -t u2 -j $((MD_SUPER_BYTES + 256)) -N 4 "$1" | xargs
}
