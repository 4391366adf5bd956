#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Unload and rmdir in every state that a disk can be in: rmdir always succeeds, the
# module goes unless somebody has a disk or an attribute open, both end in time
# whatever the requests wait for, nothing is left, and the module can be loaded again.
#@group life
#@timeout 480

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/zone.sh
. "$(dirname "$0")/../lib/zone.sh"

require_module null_blk_c
require_unloadable null_blk_c
# Once the long way, which also says what there is to load.
load_module null_blk_c nr_devices=0
zones=''
if [[ -n $(type -P blkzone) ]] && nbc_disk z zoned=1 zone_size=1 2>/dev/null; then
	zones=1
fi
nbc_destroy_all
rmmod null_blk_c
module=$(module_path null_blk_c)
dir=$(mktemp -d)
at_exit rm -rf "$dir"
declare -A user=()

ended() { [[ ! -d /proc/$1 ]]; }
# within SECONDS COMMAND... : it succeeds before they are over
within() {
	local pid seconds=$1
	shift
	"$@" &
	pid=$!
	wait_until "$seconds" ended $pid || {
		echo "still at it:"
		cat "/proc/$pid/stack"
		return 1
	}
	wait $pid
}
# use DISK COMMAND... : somebody does that, until let_go; has this input
use() {
	local disk=$1
	shift
	# The time is for a test that was killed.
	timeout 300 "$@" <&0 &>/dev/null &
	user[$disk]=$!
	at_exit let_go "$disk"
}
# let_go DISK : and whatever its user waited for has ended
let_go() {
	[[ -n ${user[$1]-} ]] || return 0
	kill "${user[$1]}" 2>/dev/null || true
	wait_until 10 ended "${user[$1]}" || return
	user[$1]=
}
works() {
	dd if=/dev/zero "of=/dev/$1" bs=4k count=1 oflag=direct status=none &&
		dd "if=/dev/$1" of=/dev/null bs=4k count=1 iflag=direct status=none
}
nothing_left() {
	[[ ! -e /dev/nullbc0 && ! -e /dev/d && ! -e $NBC_ROOT ]] &&
		! grep nullbc /proc/devices &&
		! compgen -G "/sys/kernel/debug/mqblk/*"
}

# --- states : each is entered with the name of a disk that is on --------------

idle() { :; }
off() { nbc_power "$1" 0; }
is_open() { use "$1" sleep 300 <"/dev/$1"; }
attribute_open() { use "$1" sleep 300 <"$NBC_ROOT/$1/size"; }
directory_entered() {
	cd "$NBC_ROOT/$1"
	use "$1" sleep 300
	cd /
}
is_mounted() {
	local at=$dir/$1
	mkdir -p "$at"
	mkfs.ext4 -q "/dev/$1"
	mount "/dev/$1" "$at"
	at_exit umount -q "$at"
	echo data >"$at/file"
	# shellcheck disable=SC2016 # for that shell
	use "$1" bash -c 'trap "umount $0; exit" TERM; while :; do sleep 0.1; done' "$at"
}
in_flight() {
	# shellcheck disable=SC2016 # for that shell; errors do not end it
	use "$1" bash -c 'while :; do dd of=/dev/null count=100 bs="$1" iflag=direct; done' - \
		"$2" <"/dev/$1"
	check "$name: $1 has I/O in flight" wait_until 10 disk_is_busy "$1"
}
waits() { in_flight "$1" 4k; }
waits_long() { in_flight "$1" 4M; }
swallowed() {
	local fault=$NBC_ROOT/$1/timeout_inject
	echo 1000 >"/sys/block/$1/queue/io_timeout"
	echo 0 >"$fault/verbose"
	echo -1 >"$fault/times"
	echo 100 >"$fault/probability"
	in_flight "$1" 4k
}
open_zones() {
	zone_write "$1" 1 0 8
	zone_do "$1" 2 open
}
dirty() { dd if=/dev/zero "of=/dev/$1" bs=1M count=4 oflag=direct conv=notrunc status=none; }
bad_blocks() {
	nbc_set "$1" badblocks=+64-4095
	check "$name: it has bad ones" expect_errno EIO \
		dd "if=/dev/$1" of=/dev/null bs=32k skip=1 count=1 iflag=direct status=none
}
not_started() {
	nbc_power "$1" 0
	echo 0 >"$NBC_ROOT/$1/init_hctx_fault_inject/verbose"
	echo -1 >"$NBC_ROOT/$1/init_hctx_fault_inject/times"
	echo 100 >"$NBC_ROOT/$1/init_hctx_fault_inject/probability"
	check "$name: $1" expect_errno ENOMEM nbc_power "$1" 1
}
impossible() {
	nbc_power "$1" 0
	nbc_set "$1" zoned=1 zone_size=2048
	check "$name: $1" expect_errno EINVAL nbc_power "$1" 1
}
# polled DISK FILE... : somebody reads them, all the time
polled() {
	local disk=$1
	shift
	# shellcheck disable=SC2016 # for that shell
	use "$disk" bash -c 'while :; do cat "$@"; done' - "$@"
}
sysfs_polled() {
	polled "$1" "/sys/block/$1"/{stat,inflight,size} "/sys/block/$1"/queue/{scheduler,nr_zones} \
		"/sys/block/$1"/mq/*/*
}
stats_polled() {
	stats_set "$1" enable 1
	polled "$1" "$(stats_file "$1" stats)" "$(stats_file "$1" latency)"
}
stats_open() { use "$1" sleep 300 <"$(stats_file "$1" stats)"; }

# state NAME free|busy ENTER [PARAMETER=VALUE...] : whether the module can go
state() {
	local name=$1 busy=$2 enter=$3 disk
	shift 3
	check "$name: load" insmod "$module" nr_devices=1 gb=1 "$@"
	nbc_disk d
	for disk in nullbc0 d; do $enter $disk; done
	check "$name: no unload while there is a directory" expect_errno EBUSY rmmod null_blk_c
	check "$name: rmdir" within 5 rmdir "$NBC_ROOT/d"
	check "$name: its user ends" let_go d
	[[ $busy == free ]] || {
		check "$name: no unload" expect_errno EBUSY rmmod null_blk_c
		let_go nullbc0
	}
	check "$name: unload" within 10 wait_until 5 rmmod_quietly null_blk_c
	let_go nullbc0
	check "$name: nothing is left" nothing_left
}

state idle free idle memory_backed=1
state off free off
state open busy is_open
state "attribute open" busy attribute_open
state "directory entered" free directory_entered
dmesg_expect "I/O error, dev (d|nullbc0)"
state "waits for a limit" busy waits_long mbps=1 max_sectors=8192
state "waits for the timer" busy waits irqmode=2 completion_nsec=1000000000
state "bio waits for a limit" busy waits_long queue_mode=0 mbps=1 max_sectors=8192
state "bio waits for the timer" busy waits queue_mode=0 irqmode=2 completion_nsec=1000000000
state "shared tags, waits for the timer" busy waits shared_tags=1 irqmode=2 completion_nsec=1000000000
dmesg_expect "timeout error, dev (d|nullbc0)"
state "swallowed request" busy swallowed memory_backed=1
state "dirty cache" free dirty memory_backed=1 cache_size=8
state "bad blocks" free bad_blocks memory_backed=1
state "queue that cannot be set up" free not_started
state "impossible disk" free impossible
state "sysfs is polled" free sysfs_polled

if [[ -d /sys/kernel/debug/mqblk ]]; then
	state "statistics are polled" free stats_polled
	state "statistics open" free stats_open
else
	skip "statistics" "no debugfs"
fi
if [[ -n $zones ]]; then
	state "open zones" free open_zones zoned=1 zone_size=1 memory_backed=1
else
	skip "open zones" "no command blkzone, or a kernel without zones"
fi
if [[ -n $(type -P mkfs.ext4) ]] && knows_fs ext4; then
	dmesg_expect "Buffer I/O error on dev d,|EXT4-fs \(d\): I/O error while writing superblock"
	state mounted busy is_mounted memory_backed=1
else
	skip "mounted" "no ext4"
fi

check "queues that cannot be set up keep it from loading" expect_errno ENOMEM \
	insmod "$module" nr_devices=2 init_hctx=1,100,0,-1
check "nothing is left of that" nothing_left
state "after that" free works memory_backed=1
