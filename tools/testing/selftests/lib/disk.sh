# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# More for the tests that use disks: C helpers, disks, memory, statistics.
# Sourced after lib.sh.

# helper NAME : makes NAME a command: the program that make built beside the test, or
# one built now, away from the tree. Its source is beside the test, or in lib if tests
# of several directories use it.
helper() {
	local dir=$SELFTEST_HERE source
	source=$dir/$1.c
	[[ -e $source ]] || source=$SELFTEST_LIB/$1.c
	if [[ ! -x $dir/$1 || $dir/$1 -ot $source ]]; then
		require_cmd cc
		dir=$(helper_dir)
		mkdir -p "$dir"
		at_exit rm -rf "$dir"
		cc -O2 -Wall -pthread -o "$dir/$1" "$source"
	fi
	PATH=$dir:$PATH
}

helper_dir() { echo "${TMPDIR:-/tmp}/selftest.$$"; }

# some_files DIRECTORY : fill it with files of all sizes, from what is there wherever a
# test runs
some_files() {
	local copy
	for copy in 1 2 3 4; do
		mkdir "$1/$copy"
		cp -r "$SELFTEST_LIB" "$SELFTEST_HERE" "$BASH" "$1/$copy"
	done
}

# queue_limit DISK NAME
queue_limit() { show "/sys/block/$1/queue/$2"; }

# Two queues, which most tests want, or as many as there can be: one for each CPU
QUEUES=$(</sys/devices/system/cpu/possible)
QUEUES=$((${QUEUES#*-} > 0 ? 2 : 1))

# hw_queues DISK : how many it has
hw_queues() {
	set -- "/sys/block/$1/mq"/*/
	echo $#
}

# meminfo FIELD... : sum, in KiB
meminfo() {
	local fields=" $* " lines line name value sum=0
	# All at once: with each part that is read, the file is made anew.
	mapfile -t lines </proc/meminfo
	for line in "${lines[@]}"; do
		read -r name value _ <<<"$line"
		[[ $fields != *" ${name%:} "* ]] || sum=$((sum + value))
	done
	echo "$sum"
}

# settle_counts : what CPUs count for themselves becomes part of what files show
settle_counts() { [[ ! -e /proc/sys/vm/stat_refresh ]] || echo 1 >/proc/sys/vm/stat_refresh; }

page_kib() {
	local name value
	while read -r name value _; do
		[[ $name != KernelPageSize: ]] || break
	done </proc/self/smaps
	echo "$value"
}

# unused_kib : memory that nobody uses, with the pages that the CPUs keep for
# themselves, which MemFree does not count. Both are taken from one file, which the
# kernel writes for each zone under its lock: pages move from the one to the other at
# any time, and from two files they would now and then be counted twice, 8 MiB of them.
unused_kib() {
	local lines line pages=0
	settle_counts
	mapfile -t lines </proc/zoneinfo
	for line in "${lines[@]}"; do
		case $line in
		*"pages free "*) pages=$((pages + ${line##* })) ;;
		*" count: "*) pages=$((pages + ${line##* })) ;;
		esac
	done
	echo $((pages * $(page_kib)))
}

# unaccounted_kib : memory in use of which no line of /proc/meminfo says what for, as
# pages that a driver allocates for itself, and loses. Caches make no difference.
unaccounted_kib() {
	echo $(($(meminfo MemTotal) - $(unused_kib) - $(meminfo Buffers Cached AnonPages \
		Slab PageTables SecPageTables Percpu VmallocUsed)))
}

# unaccounted_at_most KIB : for wait_until
unaccounted_at_most() { (($(unaccounted_kib) <= $1)); }

# unused_at_least KIB : for wait_until
unused_at_least() { (($(unused_kib) >= $1)); }

# free_kib : the same as unused_kib, caches dropped, and of slabs what is unused; with
# KASAN that is also what it keeps of freed memory, which may be tens of MiB
free_kib() {
	local slab
	sync
	echo 3 >/proc/sys/vm/drop_caches
	# Links are other names of the same.
	for slab in /sys/kernel/slab/*; do
		[[ -L $slab || ! -e $slab/shrink ]] || echo 1 >"$slab/shrink"
	done
	unused_kib
}

# free_at_least KIB : for wait_until
free_at_least() { (($(free_kib) >= $1)); }

# end_job PID : end a process started here, and wait for it
end_job() {
	kill "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
}

# check_wait NAME PID : ok if that process, started here, ends well
check_wait() {
	if wait "$2"; then
		ok "$1"
	else
		not_ok "$1" "exit code $?"
	fi
}

# whatever : in a background job whose commands may fail
whatever() {
	trap - ERR
	set +e
}

# log_wants LINE : check_log shall find LINE in the log, once
log_wanted=()
log_wants() { log_wanted+=("$1"); }

# check_log : at the end, as reading the log is slow; every line that log_wants was told is there, and once
check_log() {
	local log line rest
	log=$(kmsg_since_start)
	for line in "${log_wanted[@]}"; do
		rest=${log#*"$line"}
		if [[ $rest == "$log" ]]; then
			not_ok "the log says $line"
		elif [[ $rest == *"$line"* ]]; then
			not_ok "the log says once: $line"
		else
			ok "the log says $line"
		fi
	done
}

# disk_is_busy DISK : it has requests in flight
disk_is_busy() {
	local reads writes
	read -r reads writes 2>/dev/null <"/sys/block/$1/inflight" &&
		((reads + writes > 0))
}

TRACING=/sys/kernel/tracing
task_names() { echo "$1" >"$TRACING/options/record-cmd"; }

# require_tracing : tracepoints can be read, without the names of tasks: to record
# those, the scheduler itself is patched, which an emulator was seen to stumble over
# (int3 in __schedule())
require_tracing() {
	[[ -e $TRACING/trace ]] || mount -t tracefs none "$TRACING" 2>/dev/null ||
		skip_all "no tracefs"
	at_exit task_names "$(<"$TRACING/options/record-cmd")"
	task_names 0
}

# trace_seen EVENT REGEX : how many such lines; EVENT may be the beginning of several
trace_seen() {
	local lines line nr=0 regex="$1[a-z_]*: $2"
	mapfile -t lines <$TRACING/trace
	for line in "${lines[@]}"; do
		[[ ! $line =~ $regex ]] || nr=$((nr + 1))
	done
	echo $nr
}

# stats_file DISK NAME : of its statistics
stats_file() { echo "/sys/kernel/debug/mqblk/$1/$2"; }

# require_stats : the kernel can show statistics
require_stats() {
	[[ -d /sys/kernel/debug/mqblk ]] || skip_all "no debugfs"
}

# stats_set DISK NAME VALUE
stats_set() { echo "$3" >"$(stats_file "$1" "$2")"; }

# stats_sum DISK FILE COLUMN [OPERATION] : over all queues
stats_sum() {
	awk -v column="$3" -v op="${4-}" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) n = i; next }
		op == "" || $2 == op { sum += $n }
		END { print sum + 0 }' "$(stats_file "$1" "$2")"
}

# stats_of DISK OPERATION : "requests errors bytes"
stats_of() {
	awk -v op="$2" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$2 == op {
			requests += $at["requests"]
			errors += $at["errors"]
			bytes += $at["bytes"]
		}
		END { print requests + 0, errors + 0, bytes + 0 }' \
		"$(stats_file "$1" stats)"
}
