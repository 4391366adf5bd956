# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# null_blk_c through configfs: devices, their attributes, and disks in one call.
# Sourced after lib.sh; whatever happens, the devices are removed at the end.

NBC_ROOT=${NBC_ROOT:-/sys/kernel/config/null_blk_c}

# nbc_load [PARAMETER=VALUE...]
nbc_load() {
	require_module null_blk_c
	load_module null_blk_c "$@"
}

# nbc_set NAME ATTRIBUTE=VALUE...
nbc_set() {
	local name=$1 pair
	shift
	for pair; do
		echo "${pair#*=}" >"$NBC_ROOT/$name/${pair%%=*}" || return
	done
}

nbc_get() { show "$NBC_ROOT/$1/$2"; }

# nbc_values NAME : ATTRIBUTE=VALUE, a line each, of all that have one, in order
nbc_values() {
	local file values line
	for file in "$NBC_ROOT/$1"/*; do
		{ [[ -f $file ]] && mapfile -t values <"$file"; } 2>/dev/null || continue
		for line in "${values[@]}"; do
			[[ -z $line ]] || echo "${file##*/}=$line"
		done
	done
}

# nbc_create NAME [ATTRIBUTE=VALUE...] : not powered on yet
nbc_create() {
	mkdir "$NBC_ROOT/$1" || return
	nbc_set "$@"
}

# nbc_power NAME 0|1
nbc_power() { nbc_set "$1" "power=$2"; }

# nbc_destroy NAME
nbc_destroy() {
	nbc_power "$1" 0 || return
	rmdir "$NBC_ROOT/$1"
}

# The disks that the module made for nr_devices have directories that stay.
nbc_destroy_all() {
	local dir
	for dir in "$NBC_ROOT"/*/; do
		[[ -e $dir/power ]] || continue
		dir=${dir%/}
		nbc_destroy "${dir##*/}" 2>/dev/null || true
	done
}

# nbc_disk NAME [ATTRIBUTE=VALUE...] : make it and switch it on
nbc_disk() {
	nbc_create "$@" || return
	nbc_power "$1" 1
}

# A module that somebody else has loaded keeps its devices.
nbc_clean_up() {
	# shellcheck disable=SC2154 # it is of lib.sh
	((${#selftest_modules[@]})) || built_in null_blk_c || return 0
	nbc_destroy_all
}
at_exit nbc_clean_up
