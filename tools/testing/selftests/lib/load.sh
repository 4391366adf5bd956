# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# More for the tests of the load inside the kernel. Sourced after disk.sh.

LOAD=/sys/kernel/debug/mqblk_load

# load_set ATTRIBUTE=VALUE...
load_set() {
	local pair
	for pair; do
		echo "${pair#*=}" >"$LOAD/${pair%%=*}" || return
	done
}

load_get() { printf "%s\n" "$(<"$LOAD/$1")"; }

# load_control start|run|stop
load_control() { echo "$1" >"$LOAD/control"; }

# load_run [ATTRIBUTE=VALUE...] : until it has ended
load_run() { load_set "$@" && load_control run; }

# load_is STATE
load_is() { [[ $(<"$LOAD/control") == "$1" ]]; }

# load_result NAME... : the values, with blanks between; 0 for what is not there
load_result() {
	local name value wanted out=''
	local -A found=()
	while read -r name value; do
		found[$name]=$value
	done <"$LOAD/results"
	for wanted; do
		out+=" ${found[$wanted]:-0}"
	done
	echo "${out# }"
}

# require_load : load the module
require_load() {
	require_module mqblk_load
	load_module mqblk_load
	[[ -d $LOAD ]] || skip_all "no debugfs"
}
