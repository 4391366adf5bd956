#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Both drivers at once: disks whose data is verified, while their controller is reset,
# their queues are resized, their schedulers switched and CPUs go offline; disks whose power
# goes; a device that is given back, taken out of its slot and put in again under load; and
# modules that somebody tries to unload. All of it ends, no data is lost, and both modules
# can be unloaded and loaded again.
#
# MQBLK_STORM_SECONDS says how long it lasts (default 30), in two rounds, and
# MQBLK_STORM_SEED what is chosen (default: drawn, and said). For an hour:
#
#   MQBLK_STORM_SECONDS=3600 scripts/vm --timeout 7200 --monitor --qemu -blockdev \
#     --qemu driver=null-co,node-name=spare,size=67108864,read-zeroes=on \
#     --nvme size=64M --nvme size=64M -- tools/testing/selftests/mqblk/storm_all.sh
#@vm --monitor --qemu -blockdev --qemu driver=null-co,node-name=spare,size=67108864,read-zeroes=on --nvme size=64M --nvme size=64M
#@cpus 2
#@long
#@timeout 400

# Workers are subshells, and count for themselves.
# shellcheck disable=SC2030,SC2031

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
MQBLK_STORM_SEED=${MQBLK_STORM_SEED:-$RANDOM}
# shellcheck source-path=SCRIPTDIR source=../lib/storm.sh
. "$(dirname "$0")/../lib/storm.sh"

seconds=${MQBLK_STORM_SECONDS:-30}
ONLINE=/sys/devices/system/cpu/cpu1/online

# --- what is done to disks -----------------------------------------------------

# verify NAME DISK : fio_verify, which is over soon, as often as the storm permits
verify() {
	if fio_verify "$2" --size=4m --bsrange=4k-64k &>"$dir/fio.$1"; then
		did "verified $1"
		return
	fi
	complain "$1: $(tail -n 20 "$dir/fio.$1")"
	touch "$dir/stop"
}
hammer_on() { hammer "/dev/$1" 2 2 &>/dev/null && did "hammer $1"; }
reset() {
	try resets nvme_reset nvmec0
	sleep 0.$((RANDOM % 9))
}
cycle_power() {
	try power-off nbc_power p 0
	pause
	try power-on nbc_power p 1
	sleep 0.$((RANDOM % 5))
}
resize() {
	try resizes nbc_set v "submit_queues=$((RANDOM % 2 + 1))" "poll_queues=$((RANDOM % 2))"
	# It grows while it has power, and takes any size while it has none.
	try sizes nbc_set p size=$((RANDOM % 64 + 16))
	pause
}
switch_scheduler() {
	pick "${schedulers[@]}"
	set_scheduler v "$picked"
	set_scheduler nvmec0n1 "$picked"
	pause
}
cpu_goes() {
	try offline eval "echo 0 >$ONLINE"
	sleep 0.$((RANDOM % 9))
	try online eval "echo 1 >$ONLINE"
	sleep 0.$((RANDOM % 9))
}
look() {
	cat /sys/block/{v,p,nvmec*}/{stat,inflight,queue/*,mq/*/*} /sys/class/nvme_c/*/* \
		"$NBC_ROOT"/*/* &>/dev/null
	did reads-of-attributes
	stats_set nvmec0n1 enable $((RANDOM % 2)) 2>/dev/null
	stats_set v enable $((RANDOM % 2)) 2>/dev/null
	pause
}
# Both are used: the one by a directory, the other by an open disk.
try_to_unload() {
	local module
	for module in null_blk_c nvme_c mqblk; do
		! rmmod $module &>/dev/null || complain "$module was unloaded"
	done
	did unloading-refused
	sleep 0.$((RANDOM % 9))
}

# --- the second device ----------------------------------------------------------

second() { nvme_device 1; }
has_second() { [[ -n $(second) ]]; }
has_no_second() { ! has_second; }
bind_second() { [[ $(nvme_driver "$(second)") == nvme_c ]] || nvme_give "$(second)" nvme_c; }
take_out() {
	local name
	monitor "device_del $in_slot"
	wait_until 60 has_no_second || { complain "$in_slot stays"; return; }
	did taken-out
	name=again$((++plugged))
	monitor "device_add nvme,id=$name,bus=slot1,serial=$name,drive=spare"
	wait_until 60 has_second || { complain "$name does not come"; return; }
	in_slot=$name
	echo "$in_slot $plugged" >"$dir/slot"
	did put-in
}
change_second() {
	case $((RANDOM % 4)) in
	0) take_out ;;
	1) try resets-of-the-second nvme_reset "$(nvme_ctrl 1)" ;;
	*) try given-back nvme_give "$(second)" '' ;;
	esac
	pause
	try bound bind_second || complain "the second device is not bound"
	sleep 0.$((RANDOM % 9))
}

# --- a round ----------------------------------------------------------------------

wanted=(resets power-off power-on resizes sizes offline online reads-of-attributes
	unloading-refused given-back bound taken-out put-in "verified v" "verified nvmec0"
	"hammer p" "hammer nvmec1n1")
all_happened() { [[ -z $(storm_missing "${wanted[@]}") ]]; }

# round NAME
round() {
	local action held
	rm -f "$dir"/{did*,counts*,stop}
	workers=() counts=()
	nbc_load nr_devices=0 poll_queues=1 submit_queues=2
	nvme_load poll_queues=1
	nbc_disk v size=32 memory_backed=1 cache_size=4 cache_history=1 irqmode=2 submit_queues=2
	nbc_disk p size=16 memory_backed=1 discard=1
	nvme_give "$(nvme_device 0)" nvme_c
	nvme_rescan nvmec0
	bind_second
	exec {held}</dev/nvmec0n1
	read -ra schedulers < <(tr -d '[]' </sys/block/v/queue/scheduler)
	worker "verify v" verify v v
	worker "verify nvmec0" verify nvmec0 nvmec0n1
	worker "hammer p" hammer_on p
	worker "hammer nvmec1n1" hammer_on nvmec1n1
	for action in reset cycle_power resize switch_scheduler cpu_goes look try_to_unload \
		change_second; do
		worker "$action" "$action"
	done
	sleep $((seconds / 2))
	wait_until 60 all_happened || true
	touch "$dir/stop"
	storm_ends
	storm_counts
	read -r in_slot plugged <"$dir/slot"
	echo 1 >$ONLINE
	check_eq "$1: each action happened" "$(storm_missing "${wanted[@]}")" ""
	check_eq "$1: the first controller is live" "$(nvme_attr nvmec0 state)" live
	exec {held}<&-
	check "$1: the disks are removed" eval "nbc_destroy v && nbc_destroy p"
	check "$1: both modules are unloaded, with devices bound" unload_modules
}

require_cmd fio
require_nvme 2
[[ -e $ONLINE ]] || skip_all "no CPU that can be taken offline"
require_unloadable null_blk_c
require_unloadable nvme_c
helper hammer
storm_modules
at_exit eval "echo 1 >$ONLINE"
dmesg_expect "I/O error(, dev| on dev) (p|nvmec1n1)"
# The bus looks whether the slot's event was about the link.
dmesg_expect "pcieport .* pciehp"
diag "seed $MQBLK_STORM_SEED, $seconds s"
in_slot=nvme1 plugged=0
echo "$in_slot $plugged" >"$dir/slot"
round "first"
round "second"
