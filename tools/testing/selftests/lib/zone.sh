# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# More for the tests of zoned disks: zones and what they are. Sourced after
# disk.sh and nbc.sh.

# zoned_disk NAME [ATTRIBUTE=VALUE...] : zones of 1 MiB unless told otherwise
zoned_disk() {
	local name=$1
	shift
	nbc_disk "$name" zoned=1 zone_size=1 memory_backed=1 "$@"
}

# zone_sector DISK NR : where it starts; look_for_zone sets sector to that
zone_sector() {
	local sector
	look_for_zone "$@"
	echo "$sector"
}

look_for_zone() {
	read -r sector <"/sys/block/$1/queue/chunk_sectors"
	sector=$((sector * $2))
}

# zone DISK NR : its condition, as two letters, and its write pointer, as sectors
# from its start
zone() {
	local line sector
	look_for_zone "$@"
	line=$(blkzone report -o "$sector" -c 1 "/dev/$1")
	[[ $line =~ wptr\ (0x[0-9a-f]+).*zcond:\ *[0-9]+\(([a-z]+)\) ]] || {
		echo "$line"
		return
	}
	echo "${BASH_REMATCH[2]} $((BASH_REMATCH[1]))"
}

# zone_do DISK NR open|close|finish|reset
zone_do() {
	local sector
	look_for_zone "$@"
	blkzone "$3" -o "$sector" -c 1 "/dev/$1"
}

# zone_write DISK NR SECTOR COUNT : from a sector of the zone on
zone_write() {
	local sector
	look_for_zone "$@"
	dd if=/dev/zero of="/dev/$1" bs=512 seek=$((sector + $3)) \
		count="$4" oflag=direct conv=notrunc status=none
}

# zone_read DISK NR SECTOR COUNT
zone_read() {
	local sector
	look_for_zone "$@"
	dd if="/dev/$1" bs=512 skip=$((sector + $3)) \
		count="$4" iflag=direct status=none
}

# zone_bytes DISK NR SECTOR COUNT : the bytes that are there, each once
zone_bytes() {
	local words word seen=()
	# Lines that are all the same come once, and a star for the rest.
	while read -ra words; do
		for word in "${words[@]}"; do
			[[ $word == "*" ]] || seen[16#$word]=$word
		done
	done < <(zone_read "$@" | od -An -tx1)
	echo "${seen[*]}"
}

# trace_zones 0|1 : stop, or start with nothing traced
trace_zones() {
	(($1 == 0)) || echo >"$TRACING/trace"
	echo "$1" >"$TRACING/events/null_blk_c/enable"
}

# traced DISK OP : how many there were
traced() { grep -c "disk=$1 op=$2 " "$TRACING/trace" || true; }
