# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For the tests that make allocations fail. Sourced after lib.sh.

# faults_allow : any allocation may be made to fail, whatever its size and kind, and
# in silence; nothing fails yet
faults_allow() {
	local dir file
	for dir in /sys/kernel/debug/failslab /sys/kernel/debug/fail_page_alloc; do
		for file in ignore-gfp-wait ignore-gfp-highmem cache-filter; do
			[[ ! -e $dir/$file ]] || echo N >$dir/$file
		done
		for file in verbose min-order; do
			[[ ! -e $dir/$file ]] || echo 0 >$dir/$file
		done
	done
}

FAULTS=/sys/kernel/debug

# require_faults : the kernel can have allocations fail
require_faults() {
	[[ -d $FAULTS/failslab && -d $FAULTS/fail_page_alloc ]] ||
		skip_all "the kernel has no fault injection"
}

# faults_marked on|off : only allocations of marked tasks fail
faults_marked() {
	local dir value=Y
	[[ $1 == on ]] || value=N
	for dir in "$FAULTS"/{failslab,fail_page_alloc}; do
		echo 0 >"$dir/probability"
		echo $value >"$dir/task-filter"
	done
}

# faults_of_workers : the kernel's own threads are marked, those that there are and those
# that come; until the end of the test
faults_of_workers() {
	local dir stat name
	for dir in /proc/[0-9]*; do
		{ read -r stat <"$dir/stat"; } 2>/dev/null || continue
		name=${stat#*(}
		[[ $name == kworker/* || $name == kthreadd\)* ]] || continue
		# One may have ended.
		{ echo 1 >"$dir/make-it-fail"; } 2>/dev/null || true
	done
	at_exit faults_marked off
	faults_marked on
}

# faults_for COMMAND... : its allocations are those of a marked task. The shell that does it
# may fail, too: it should have little to do.
faults_for() { (echo 1 >/proc/self/make-it-fail && "$@"); }

# faults_after WHICH SIZE : of failslab and fail_page_alloc, the next allocation fails
# after so many bytes, or pages
faults_after() {
	faults_dir=$FAULTS/$1
	echo "$2" >"$faults_dir/space"
	echo 1 >"$faults_dir/times"
	echo 100 >"$faults_dir/probability"
}

# faults_off : and whether it has
faults_off() {
	echo 0 >"$faults_dir/probability"
	[[ $(<"$faults_dir/times") == 0 ]]
}

# each_step NAME ARGUMENT... : of the helper failnth; ok if something did fail, in good order
each_step() {
	local name=$1 out
	shift
	if out=$(failnth "$@" 2>&1) && [[ $out != "0 failed"* ]]; then
		ok "$name"
		diag "$out"
	else
		not_ok "$name" "$out"
	fi
}
