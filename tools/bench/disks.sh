# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The disks of the benchmark in the virtual machine: for each driver, how its
# module is loaded and how a plain or memory-backed disk is made and removed.
# Sourced by guest and guest-extra. The disks of NVMe devices, too.

readonly MEM_MIB=1024
readonly LOAD=/sys/kernel/debug/mqblk_load
# Zones of a zoned disk. Only the first is written and read: ZONE_SPAN of plans/null_blk.py.
readonly ZONE_MIB=64

tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

declare -A CONFIGFS=(
	[null_blk]=/sys/kernel/config/nullb
	[null_blk_c]=/sys/kernel/config/null_blk_c
	[rnull]=/sys/kernel/config/rnull
)

die()
{
	echo "bench guest: $*" >&2
	dmesg | tail -n 15 >&2
	exit 1
}

module_name()
{
	case $1 in
	floor) echo mqblk_floor ;;
	load | memcpy | movsb) echo mqblk_load ;; # copies are the load's
	null_blk-4k) echo null_blk ;;
	rnull) echo rnull_mod ;;
	*) echo "$1" ;;
	esac
}

# Files of our drivers that were built in this tree for the running kernel; looked for
# once, as that must not be part of what is measured. Test kernels bring their own.
declare -A OURS=()

find_ours()
{
	local driver file

	for driver in mqblk null_blk_c nvme_c floor load; do
		case $driver in
		floor | load) file=$tree/tools/bench/$driver/mqblk_$driver.ko ;;
		nvme_c) file=$tree/drivers/nvme/nvme_c/nvme_c.ko ;;
		*) file=$tree/drivers/block/$driver/$driver.ko ;;
		esac
		[[ -e $file && $(modinfo -F vermagic "$file") == \
			"$(</proc/sys/kernel/osrelease) "* ]] || continue
		OURS[$driver]=$file
	done
}
find_ours

module_file()
{
	case $1 in
	memcpy | movsb) echo "${OURS[load]-}" ;;
	*) echo "${OURS[$1]-}" ;;
	esac
}

is_loaded()
{
	[[ -d /sys/module/$1/holders ]]
}

is_available()
{
	[[ -n $(module_file "$1") ]] || modprobe --dry-run --quiet "$(module_name "$1")"
}

load_driver()	# DRIVER [PARAMETER=VALUE...]
{
	local driver=$1 file

	shift
	file=$(module_file "$driver")
	if [[ -z $file ]]; then
		modprobe "$(module_name "$driver")" "$@" || die "cannot load $driver"
		return
	fi
	[[ $driver == load ]] || is_loaded mqblk ||
		insmod "$(module_file mqblk)" || die "cannot load mqblk"
	insmod "$file" "$@" || die "cannot load $driver"
}

unload_driver()
{
	rmmod "$(module_name "$1")" || die "cannot unload $1"
}

# Loads a driver for disks that are made afterwards, or that come with it.
start_driver()
{
	case $1 in
	null_blk | null_blk_c) load_driver "$1" nr_devices=0 ;;
	brd) load_driver brd rd_nr=1 rd_size=$((MEM_MIB * 1024)) ;;
	floor | rnull) load_driver "$1" ;;
	esac
}

# The disk's name: plain, memory-backed and zoned ones exist side by side.
disk_name()	# DRIVER STORE
{
	case $1 in
	null_blk) echo "bk_$2" ;;
	null_blk_c) echo "bc_$2" ;;
	brd) echo ram0 ;;
	floor) echo mqfloor0 ;;
	esac
}

set_attribute()	# DIRECTORY NAME VALUE
{
	echo "$3" >"$1/$2" || die "cannot set $2=$3 in $1"
}

create_disk()	# DRIVER STORE [NAME=VALUE...]
{
	local dir pair

	[[ -n ${CONFIGFS[$1]:-} ]] || return 0
	dir=${CONFIGFS[$1]}/$(disk_name "$1" "$2")
	mkdir "$dir" || die "cannot create $dir"
	if [[ $2 == mem || $2 == zone ]]; then
		set_attribute "$dir" memory_backed 1
		set_attribute "$dir" size "$MEM_MIB"
	fi
	if [[ $2 == zone ]]; then
		set_attribute "$dir" zoned 1
		set_attribute "$dir" zone_size "$ZONE_MIB"
	fi
	for pair in "${@:3}"; do
		set_attribute "$dir" "${pair%%=*}" "${pair#*=}"
	done
	set_attribute "$dir" power 1
}

# Scheduler and statistics cost the same for every driver, and hide its cost.
quiet_disk()	# NAME
{
	local queue=/sys/block/$1/queue

	[[ ! -e $queue/scheduler ]] || echo none >"$queue/scheduler"
	[[ ! -e $queue/iostats ]] || echo 0 >"$queue/iostats"
}

fill_disk()	# NAME [MIB]
{
	"$tree/tools/bench/fio-fill" "/dev/$1" "${2:-$MEM_MIB}" ||
		die "cannot fill $1"
}

# With the load itself, which needs no program.
fill_by_load()	# NAME BYTES
{
	local pair

	for pair in engine=disk pattern=sequential block_bytes=1048576 \
		"span_bytes=$2" write_percent=100 flush_percent=0 fua_percent=0 \
		batch=16 depth=32 jobs=1 "ios=$(($2 >> 20))" time_ms=0 polled=0 \
		verify=0 latency=0 cpus= "disks=/dev/$1"; do
		echo "${pair#*=}" >"$LOAD/${pair%%=*}" || die "cannot set $pair"
	done
	echo run >"$LOAD/control" || die "cannot fill $1"
}

# The disk of an NVMe device, as soon as there is one
disk_of()	# DIRECTORY
{
	local device tries path

	device=$(realpath "$1")
	for ((tries = 0; tries < 300; tries++)); do
		for path in /sys/block/nvme*; do
			[[ -b /dev/${path##*/} &&
				$(realpath "$path") == "$device"/* ]] || continue
			echo "${path##*/}"
			return
		done
		sleep 0.1
	done
	die "no disk of device $1"
}

remove_disks()	# DRIVER
{
	local dir

	[[ -n ${CONFIGFS[$1]:-} ]] || return 0
	for dir in "${CONFIGFS[$1]}"/*/; do
		[[ -d $dir ]] || continue
		rmdir "$dir" || die "cannot remove $dir"
	done
}
