# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For the tests of scripts/crashtest: a program that promises something, and what checks it.
# Both are run by crashtest, in shells of their own.

# appender COMMAND : appends lines, each followed by COMMAND, and says which are there; a
# program that is right has COMMAND sync them first
appender() {
	local i
	for ((i = 0; i < 150; i++)); do
		echo "line $i" >>journal
		"$1" journal
		echo "$i"
	done
}

# promised_lines : all that it said are there
promised_lines() {
	local missing
	missing=$(comm -13 <(sort journal) <(sed 's/^/line /' "$CRASHTEST_OUTPUT" | sort))
	[[ -n $missing ]] || return 0
	echo "not there, but promised: $missing"
	return 1
}
export -f appender promised_lines
