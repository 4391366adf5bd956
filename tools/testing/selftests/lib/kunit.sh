# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For the tests that run KUnit suites. Sourced after lib.sh and faults.sh.

KUNIT=/sys/kernel/debug/kunit

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
		check "${suite##*/}" grep -q '^ok ' <<<"$results"
	done
}
