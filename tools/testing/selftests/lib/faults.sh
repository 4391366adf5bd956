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
