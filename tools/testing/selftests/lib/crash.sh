# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154 # states: of who sources this
#
# For the tests of scripts/crashtest: how they run it; and a program that promises something,
# and what checks it. These two are run by crashtest, in shells of their own.

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

crashtest=$SELFTEST_TOP/scripts/crashtest
# Of all runs; who sources this may say others
crash_options=(--size 300 --cache 16)

# crash_begin : the module, and a seed
crash_begin() {
	[[ -x $crashtest ]] || skip_all "no scripts/crashtest: not in its tree"
	nbc_load nr_devices=0
	# Who is killed while the disk goes may leave errors behind.
	dmesg_expect "(I/O|timeout) error(, dev| on dev(ice)?) crashtest"
	dmesg_expect "Buffer I/O error"
	dmesg_expect "EXT4-fs|XFS|BTRFS|F2FS-fs|JBD2"
	diag "SEED=${SEED:=$RANDOM}"
}

# crash OPTION... -- COMMAND... : in small, $states states
crash() {
	"$crashtest" --states "$states" --stop 1 --seed "$SEED" "${crash_options[@]}" "$@"
}
# caught OPTION... -- COMMAND... : some state fails, and no other thing does
caught() {
	local code=0
	states=60 crash "$@" 2>&1 || code=$?
	((code == 1))
}
# refused OPTION...
refused() {
	local code=0
	crash "$@" -- true || code=$?
	((code == 2))
}
