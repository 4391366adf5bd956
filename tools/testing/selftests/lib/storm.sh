# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Workers that do things to disks at the same time, each again and again until the storm is
# over, and count what they did. Sourced after lib.sh and disk.sh.

# Workers are subshells, and count for themselves.
# shellcheck disable=SC2030,SC2031

# storm_seed : of each worker's choices, with its number; the same does not happen twice at
# the same time for that
storm_seed=${MQBLK_STORM_SEED:-0}
dir=$(mktemp -d)
at_exit rm -rf "$dir"
declare -A workers=() counts=()
: >"$dir/complaints"

goes_on() { [[ ! -e $dir/stop ]]; }
# did WHAT [COUNT] : and others can see that it was done
did() {
	[[ -n ${counts[$1]-} ]] || : >"$dir/did $1"
	counts[$1]=$((${counts[$1]:-0} + ${2:-1}))
}
# try NAME COMMAND... : counts it if it succeeds
try() {
	local name=$1
	shift
	"$@" &>/dev/null && did "$name"
}
# pick WORD... : sets picked to one of them
# shellcheck disable=SC2034 # whoever calls reads it
pick() { shift $((RANDOM % $#)) && picked=$1; }
pause() { sleep "0.0$((RANDOM % 10))"; }
# worker NAME COMMAND... : does COMMAND again and again
worker() {
	local name=$1
	shift
	(
		whatever
		counts=()
		RANDOM=$((storm_seed + ${#workers[@]} + 1))
		while goes_on; do "$@"; done
		for what in "${!counts[@]}"; do
			echo "$what ${counts[$what]}"
		done >"$dir/counts.$name"
	) &
	workers[$name]=$!
}
# complain WHAT : something was wrong
complain() { echo "$*" >>"$dir/complaints"; }
worker_ended() { [[ ! -d /proc/${workers[$1]} ]]; }
# stacks PID : of it and what it started
stacks() {
	local child
	echo "$1 $(tr '\0' ' ' <"/proc/$1/cmdline")"
	cat "/proc/$1/stack"
	while read -rd ' ' child; do stacks "$child"; done < <(cat "/proc/$1/task"/*/children)
}

# set_scheduler DISK NAME
set_scheduler() {
	local file=/sys/block/$1/queue/scheduler
	[[ -e $file ]] && { echo "$2" >"$file"; } 2>/dev/null && did "scheduler $2"
}

# storm_modules : the schedulers that the kernel has as modules, until the test ends
storm_modules() {
	local module
	for module in bfq kyber-iosched; do
		[[ -d /sys/module/${module//-/_} ]] || at_exit rmmod "$module"
		modprobe -q "$module" || true
	done
}

# storm_missing WHAT... : of these, what nobody has done
storm_missing() {
	local action
	for action; do
		[[ -e "$dir/did $action" ]] || echo "$action"
	done
}

# storm_ends : all workers end, and none has anything to complain about
storm_ends() {
	local name
	for name in "${!workers[@]}"; do
		wait_until 150 worker_ended "$name" ||
			not_ok "it ends: $name" "$(stacks "${workers[$name]}")"
	done
	check_eq "all has ended" "$(jobs -r)" ""
	check_eq "no complaints" "$(head -n 20 "$dir/complaints")" ""
}

# storm_counts : what all workers did, as a comment
storm_counts() {
	local count action
	while read -r count action; do
		did "$action" "$count"
	done < <(cat "$dir"/counts.* | sed -E 's/(.*) ([0-9]+)$/\2 \1/')
	diag "$(for action in "${!counts[@]}"; do echo "$action: ${counts[$action]},"; done |
		sort | one_line)"
}

end_workers() {
	touch "$dir/stop"
	wait
}
at_exit end_workers
