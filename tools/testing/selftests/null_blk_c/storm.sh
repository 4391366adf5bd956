#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# All at once: disks of every kind, with faults, limits, zones, caches and shared
# tags, whose data is verified or whose power goes on and off; good and bad writes to
# every attribute, resizes, schedulers, bad zones and blocks, other disks that come
# and go, and readers of all there is. All of it ends, no data is lost that had no
# reason to be, and everything can be removed.
#
# The disks, by the first letter of their names, of which the last three are never
# switched off by chance:
#   p  power goes on and off, requests are lost, any attribute changes
#   x  made and removed
#   k  keeps its data over power cycles, and is another kind of disk after each
#   v  data is verified by fio
#   n  shares its tags with those that are verified, has no data
#@group life
#@vm --append log_buf_len=16M
#@builtin null_blk_c.nr_devices=0 null_blk_c.poll_queues=2 null_blk_c.submit_queues=2
#@long
#@timeout 300

# Workers are subshells, and count for themselves.
# shellcheck disable=SC2030,SC2031

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/storm.sh
. "$(dirname "$0")/../lib/storm.sh"

# How long the storm lasts at least; on a slow machine, until all has had its turn.
seconds=${STORM_SECONDS:-45}

# --- attributes ---------------------------------------------------------------

declare -A values=(
	[atomic_write]="0 0 4096 65536" [badblocks_once]="0 1"
	[badblocks_partial_io]="0 1" [blocking]="0 1"
	[blocksize]="512 1024 2048 4096" [cache_history]="0 0 1" [cache_size]="0 1 4"
	[charge_writer]="0 0 1"
	[completion_nsec]="0 10000 1000000" [discard]="0 1" [fail_reads]="0 0 0 1" [fua]="0 1"
	[home_node]="-1 0" [hw_queue_depth]="1 8 64 999" [index]="0 77 1000"
	[iops]="0 2000" [iops_read]="0 3000" [iops_write]="0 3000"
	[irqmode]="0 1 2" [max_sectors]="0 8 64 2048"
	[mbps]="0 32" [mbps_read]="0 64" [mbps_write]="0 64"
	[memory_backed]="0 1 1" [no_sched]="0 1"
	[pi_guard]="0 1 2" [pi_type]="0 0 0 0 0 1 3" [poll_queues]="0 1 2"
	[power]="0 1 1" [queue_mode]="0 2 2" [rotational]="0 1"
	[secure_erase]="0 1" [shared_tag_bitmap]="0 1" [shared_tags]="0 0 1" [size]="0 16 32 33"
	[submit_queues]="1 $QUEUES" [use_per_node_hctx]="0 1" [virt_boundary]="0 1"
	[write_streams]="0 0 0 0 0 5"
	[zone_append_max_sectors]="0 8 2147483647" [zone_capacity]="0 1"
	[zone_full]="0 1" [zone_max_active]="0 3" [zone_max_open]="0 2"
	[zone_nr_conv]="0 1 99" [zone_offline]="2048 4096 9000"
	[zone_readonly]="2048 4096 9000" [zone_size]="1 2 64" [zoned]="0 0 1"
	[interval]="1 7 100" [probability]="0 20 100" [space]="0 10"
	[task-filter]="0" [times]="1 5" [verbose]="0"
	[verbose_ratelimit_burst]="0 5" [verbose_ratelimit_interval_ms]="0 1000"
)
# kstrtobool() looks at no more than it needs, and so takes "1 1".
bad_values=("" x -9 99999999999999999999999 "?")
# Sectors that fio's jobs and the keeper do not use
spare_sectors=40960

# value_for DISK ATTRIBUTE : sets picked to one that the disk may have, or to none
value_for() {
	local attribute=${2##*/} first
	picked=''
	case $1:$2 in
	k*:power | [kvn]*:timeout_inject/* | k*:init_hctx*) ;;
	[vn]*:power | [kvn]*:memory_backed) picked=1 ;;
	[kvn]*:zoned) picked=0 ;;
	# Never one that a p or x had: who opens /dev/p0 just as it goes opens its number.
	[kvn]*:index) pick 2000 3000 ;;
	# k0 has a history, so it needs a cache.
	[kvn]*:atomic_write | [kvn]*:fail_reads | [kvn]*:pi_type | [kvn]*:pi_guard) ;;
	[kvn]*:write_streams | [kvn]*:cache_history | [kvnx]*:power_cut | [kvnx]*:crash_state) ;;
	k*:cache_size) pick 1 4 ;;
	*:power_cut)
		pick lost kept prefix torn subset blocks
		picked="$picked $RANDOM"
		;;
	*:rules)
		pick removeall add,op=READ,nr_sectors=64,times=3,chance=2,status=IOERR \
			add,op=ANY,start=7,nr_sectors=99,times=9,delay_nsec=1000000 \
			add,op=ANY,times=5,hold add,op=WRITE,start=70,chance=3,lie=lost \
			add,op=READ,chance=9,lie=decay add,op=READ,chance=2,lie=stale
		[[ $1 != [kvn]* || $picked == removeall ]] ||
			picked=add,op=WRITE,delay_nsec=1000000,times=50
		;;
	*:held) pick "release all" "release all" "fail all IOERR" ;;
	*:lies) pick "forget all" "forget 3" ;;
	*:record) pick off on data forget "mark $RANDOM" ;;
	*:record_mb) pick 1 2 ;;
	*:latency)
		pick off $'latency 1\nop=ANY fixed=500000\nend' \
			$'latency 1\nchannels=2\nop=ANY lognormal=100000,2000000\nend' \
			$'latency 1\nbuffer=65536 drain=99999999 flush\nop=WRITE fixed=0\nend'
		;;
	*:crash_state) picked="v1 blocks $RANDOM" ;;
	*:crash_states) picked="a 2 blocks $((RANDOM % 9))" ;;
	# Data of snapshots has no zones, which p is to have now and then.
	[pkvn]*:origin | [pkn]*:snapshot | [pkn]*:snapshot_drop) ;;
	*:origin) pick v0/a v0/b v3/a v3/c ;;
	*:snapshot | *:snapshot_drop) pick a b c ;;
	[kvn]*:size) picked=32 ;;
	[kvn]*:zone_offline | [kvn]*:zone_readonly) picked=$((spare_sectors + RANDOM % 8192)) ;;
	*:badblocks)
		first=$((RANDOM + ($([[ $1 == p* ]] && echo 0 || echo $spare_sectors))))
		pick + - -
		picked=$picked$first-$((first + RANDOM % 32))
		;;
	*)
		# shellcheck disable=SC2086 # several words
		pick ${values[$attribute]:-0 1}
		;;
	esac
}
# write_good DISK ATTRIBUTE
write_good() {
	value_for "$1" "$2"
	[[ -n $picked ]] || return 0
	if { echo "$picked" >"$NBC_ROOT/$1/$2"; } 2>/dev/null; then
		did attributes-written
		did "attribute ${2##*/}"
	else
		did attributes-refused
	fi
}
write_bad() {
	local value
	pick "${bad_values[@]}"
	value=$picked
	# Most of them are names.
	[[ $2 != snapshot ]] || value="?"
	{ echo "$value" >"$NBC_ROOT/$1/$2"; } 2>/dev/null || {
		did bad-values-refused
		return 0
	}
	complain "$1/$2 took \"$value\""
}
# write_all DISK... : to every attribute
write_all() {
	local disk attribute
	for disk; do
		for attribute in "${attributes[@]}"; do
			goes_on || return 0
			write_good "$disk" "$attribute"
			((RANDOM % 2)) || write_bad "$disk" "$attribute"
		done
		pause
	done
}

# --- what else happens --------------------------------------------------------

resize() {
	pick "${resizable[@]}"
	try resizes nbc_set "$picked" submit_queues=$((RANDOM % QUEUES + 1)) poll_queues=$((RANDOM % (QUEUES + 1)))
	pause
}
switch_scheduler() {
	local scheduler
	for scheduler in "${schedulers[@]}"; do
		pick v0 v1 v2 v4
		set_scheduler "$picked" "$scheduler"
		pick "${disks[@]}"
		set_scheduler "$picked" "$scheduler"
		pause
	done
}
cycle_power() {
	pick p0 p1 p2
	try power-off nbc_power "$picked" 0
	pause
	try power-on nbc_power "$picked" 1
	sleep 0.$((RANDOM % 5))
}
# reset_zones OPTION... : one at a time, as blkzone opens the disk exclusively
reset_zones() { flock "$dir/reset" blkzone reset "$@" /dev/vz; }
break_zones() {
	local what
	for what in zone_offline zone_readonly; do
		try "attribute $what" nbc_set vz "$what=$((spare_sectors + RANDOM % 8192))"
		nbc_set p1 "$what=$((RANDOM % 32768))" 2>/dev/null
		try zone-commands reset_zones -o $((spare_sectors - 8192)) -c 4
		pause
	done
}
break_blocks() {
	local disk
	pick "${disks[@]}"
	disk=$picked
	value_for "$disk" badblocks
	try bad-blocks nbc_set "$disk" "badblocks=$picked"
	pause
}
lose_requests() {
	pick p0 p1 p2
	try requests-lost nbc_fault "$picked" timeout_inject $((RANDOM % 3 + 1))
	sleep 1
}
make_and_remove() {
	local name=x$((RANDOM % 4))
	try mkdir mkdir "$NBC_ROOT/$name"
	quiet_faults $name
	write_all $name
	nbc_power $name 1 2>/dev/null && did power-on-of-a-new-one
	try rmdir rmdir "$NBC_ROOT/$name"
}
look() {
	try blkid blkid -p "/dev/p$((RANDOM % 3))" || did blkid
	try lsblk lsblk -O
	pick "${disks[@]}"
	stats_set "$picked" enable $((RANDOM % 4 ? 1 : 0)) 2>/dev/null
	try statistics cat "$(stats_file "$picked" stats)" "$(stats_file "$picked" latency)"
	cat "$NBC_ROOT"/*/* "$NBC_ROOT"/*/*/* &>/dev/null
	did configfs-read
	cat /sys/block/[pknvx]*/{stat,inflight,queue/*,mq/*/*} &>/dev/null
	did sysfs-read
}
# keep : what is on k0, and flushed, is there after a power cut
keep() {
	dd if=/dev/urandom of="$dir/kept" bs=64k count=8 status=none
	dd if="$dir/kept" of=/dev/k0 bs=64k oflag=direct conv=fsync,notrunc,nocreat status=none ||
		complain "k0: not written"
	nbc_power k0 0 || complain "k0: not switched off"
	pause
	nbc_power k0 1 || complain "k0: not switched on"
	cmp -n $((512 << 10)) "$dir/kept" /dev/k0 &>>"$dir/complaints" && did data-kept
}
# verify NAME OPTION... : as long as the storm lasts
verify() {
	local name=$1
	shift
	fio --name="$name" --filename="/dev/$name" --direct=1 --thread --verify=crc32c \
		--verify_fatal=1 --bs=4k --size=4m --rate_iops=400 "$@" &>"$dir/fio.$name" && did "verified $name" && return
	complain "$name: fio failed: $(tail -n 20 "$dir/fio.$name")"
	touch "$dir/stop"
}
verify_zones() {
	reset_zones -c 16 || complain "vz: no reset"
	verify vz --rw=write --zonemode=zbd --ioengine=psync
}
hammer_on() { hammer "/dev/$1" 3 2 &>/dev/null && did "hammer $1"; }
# nbc_fault DISK GROUP TIMES : for some of the requests
nbc_fault() {
	nbc_set "$1" "$2/verbose=0" "$2/interval=5" "$2/times=$3" "$2/probability=50"
}

# quiet_faults DISK : no traces of the stack in the log
quiet_faults() {
	nbc_set "$1" {timeout,requeue,init_hctx_fault}_inject/verbose=0
}
# storm_disk NAME [ATTRIBUTE=VALUE...]
storm_disk() {
	nbc_disk "$@" size=32 "index=$([[ $1 == p* ]] && echo 0 || echo 2000)"
	quiet_faults "$1"
	disks+=("$1")
}

# --- set up -------------------------------------------------------------------

require_cmd fio blkid lsblk
helper hammer
storm_modules
nbc_load nr_devices=0 poll_queues=2 submit_queues=2
disks=()
storm_disk p0 memory_backed=1 discard=1 irqmode=2
mapfile -t attributes < <(cd "$NBC_ROOT/p0" && find . -type f | sed 's|^\./||' | sort)
nbc_power p0 0
zoned=0
[[ -z $(type -P blkzone) ]] || ! nbc_set p0 zoned=1 zone_size=1 power=1 2>/dev/null || zoned=1
nbc_set p0 power=0 zoned=0 power=1
storm_disk p1 memory_backed=1 zoned=$zoned zone_size=1 badblocks_partial_io=1
storm_disk p2 memory_backed=1 shared_tags=1 badblocks_once=1
storm_disk k0 memory_backed=1 cache_size=4 cache_history=1
storm_disk v0 memory_backed=1 discard=1 irqmode=0
storm_disk v1 memory_backed=1 irqmode=1 poll_queues=0 cache_size=4 cache_history=1 iops=3000
storm_disk v2 memory_backed=1 irqmode=2 mbps=32 submit_queues=$QUEUES
storm_disk v3 memory_backed=1 queue_mode=0 irqmode=2
storm_disk v4 memory_backed=1 shared_tags=1 irqmode=2
storm_disk n0 shared_tags=1
resizable=(p0 p1 k0 v0 v1 v2)
faulty=(v0 v1 v2 v4 n0)
((!zoned)) || {
	storm_disk vz memory_backed=1 zoned=1 zone_size=1
	resizable+=(vz) faulty+=(vz)
}
for disk in "${faulty[@]}"; do nbc_fault "$disk" requeue_inject -1; done
read -ra schedulers < <(tr -d '[]' </sys/block/v0/queue/scheduler)
diag "schedulers: ${schedulers[*]}"
dmesg_expect "I/O error(, dev| on dev) (p[0-2]|x[0-3])"

# --- the storm ----------------------------------------------------------------

for disk in v0 v1 v2 v3 v4; do
	worker "verify $disk" verify $disk --rw=randwrite --ioengine=io_uring --iodepth=8
done
worker keep keep
for disk in p0 p1 p2 n0; do worker "hammer $disk" hammer_on $disk; done
worker "write p" write_all p0 p1 p2
worker "write kvn" write_all "${disks[@]:3}"
for action in resize switch_scheduler cycle_power break_blocks lose_requests make_and_remove look; do
	worker $action $action
done
((!zoned)) || {
	worker "verify vz" verify_zones
	worker break_zones break_zones
}

# What has to happen
wanted=(attributes-written attributes-refused bad-values-refused resizes power-off power-on
	bad-blocks requests-lost mkdir rmdir power-on-of-a-new-one blkid lsblk configfs-read
	sysfs-read data-kept "${schedulers[@]/#/scheduler }" "hammer "{p0,p1,p2,n0}
	"verified "{v0,v1,v2,v3,v4})
[[ ! -d /sys/kernel/debug/mqblk ]] || wanted+=(statistics)
((!zoned)) || wanted+=(zone-commands "verified vz")
for attribute in "${attributes[@]##*/}"; do
	[[ $zoned == 0 && $attribute == zone_* ]] || wanted+=("attribute $attribute")
done
missing() { storm_missing "${wanted[@]}"; }
all_happened() { [[ -z $(missing) ]]; }
sleep "$seconds"
wait_until 140 all_happened || true
touch "$dir/stop"
# Nobody lets go any more what rules hold.
wait_until 40 worker_ended "write p" || true
for disk in p0 p1 p2; do nbc_set $disk rules=removeall; done
storm_ends

# --- what was done ------------------------------------------------------------

storm_counts
check_eq "each action happened" "$(missing)" ""

check "requests timed out" grep -q "timeout error, dev p" <(kmsg_since_start)

# --- afterwards ---------------------------------------------------------------

for disk in "${disks[@]}"; do
	check "$disk is removed" timeout 60 rmdir "$NBC_ROOT/$disk"
done
rmdir "$NBC_ROOT"/x* 2>/dev/null || true
check_eq "no disk is left" "$(compgen -G '/sys/block/[pkvnx][0-9z]' || true)" ""
built_in null_blk_c || check "unload" unload_modules
