# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For the tests that run KUnit suites. Sourced after lib.sh and faults.sh.

KUNIT=/sys/kernel/debug/kunit

# kunit_passed RESULTS : the suite did, and as many of its cases have results as it says.
# A suite that was not run has passed, too.
kunit_passed() {
	local planned results
	grep -q '^ok ' <<<"$1" || return
	planned=$(sed -nE '0,/^    1\.\./s/^    1\.\.([0-9]+)$/\1/p' <<<"$1")
	results=$(grep -cE '^    (not )?ok ' <<<"$1")
	((results > 0 && results == planned)) && return
	echo "$results of ${planned:-no} cases have run"
	return 1
}

# kunit_run MODULE [PARAMETER=VALUE...] : a result for each of its suites, with the
# results of the suite's cases before it
kunit_run() {
	local module=$1 suite results
	require_module "$module"
	[[ -d $KUNIT ]] || skip_all "the kernel has no KUnit with debugfs"
	faults_allow
	load_module "$@"
	for suite in "$KUNIT/$module"_*; do
		[[ -e $suite/results ]] || skip_all "no KUnit suites of $module, or no kunit.enable=1"
		results=$(<"$suite/results")
		grep '^    ' <<<"$results" || true
		check "${suite##*/}" kunit_passed "$results"
	done
}
