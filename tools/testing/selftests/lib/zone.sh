# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# More for the tests of zoned disks: zones and what they are. Sourced after
# disk.sh.

# zoned_disk NAME [ATTRIBUTE=VALUE...] : zones of 1 MiB unless told otherwise
zoned_disk() {
	local name=$1
	shift
	nbc_disk "$name" zoned=1 zone_size=1 memory_backed=1 "$@"
}

# zone_sector DISK NR : where it starts
zone_sector() { echo $(($2 * $(queue_limit "$1" chunk_sectors))); }

# zone DISK NR : its condition, as two letters, and its write pointer, as sectors
# from its start
zone() {
	local line
	line=$(blkzone report -o "$(zone_sector "$1" "$2")" -c 1 "/dev/$1")
	[[ $line =~ wptr\ (0x[0-9a-f]+).*zcond:\ *[0-9]+\(([a-z]+)\) ]] || {
		echo "$line"
		return
	}
	echo "${BASH_REMATCH[2]} $((BASH_REMATCH[1]))"
}

# zone_do DISK NR open|close|finish|reset
zone_do() { blkzone "$3" -o "$(zone_sector "$1" "$2")" -c 1 "/dev/$1"; }

# zone_write DISK NR SECTOR COUNT : from a sector of the zone on
zone_write() {
	dd if=/dev/zero of="/dev/$1" bs=512 seek=$(($(zone_sector "$1" "$2") + $3)) \
		count="$4" oflag=direct conv=notrunc status=none
}

# zone_read DISK NR SECTOR COUNT
zone_read() {
	dd if="/dev/$1" bs=512 skip=$(($(zone_sector "$1" "$2") + $3)) \
		count="$4" iflag=direct status=none
}

# zone_bytes DISK NR SECTOR COUNT : the bytes that are there, each once
zone_bytes() { zone_read "$@" | od -An -v -tx1 -w1 | sort -u | xargs; }

# trace_zones 0|1 : stop, or start with nothing traced
trace_zones() {
	(($1 == 0)) || echo >"$TRACING/trace"
	echo "$1" >"$TRACING/events/null_blk_c/enable"
}

# traced DISK OP : how many there were
traced() { grep -c "disk=$1 op=$2 " "$TRACING/trace" || true; }
