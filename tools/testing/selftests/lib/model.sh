# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# More for the tests on NVMe controllers made of code (tools/testing/nvme_model).
# Sourced after lib.sh, disk.sh and nvme.sh.
#
# A controller has a name; what it is given, its namespaces and its rules go with it at
# the end of the test.

MODEL=/sys/kernel/config/nvme_model

# require_model : the kernel has them
require_model() {
	[[ -d $MODEL ]] ||
		skip_all "no NVMe controllers made of code: scripts/test --kernel uml-nvme"
	# Not where they are made, which may be a subshell.
	at_exit model_destroy_all
}

# model_chance [--seed N] [--seconds N] [--count N] [--kind NAME] : of a test that goes on by
# chance for some time; sets seed, seconds, count and kind, where they are said
# shellcheck disable=SC2034 # they are the test's
model_chance() {
	while (($# > 1)); do
		case $1 in
		--seed) seed=$2 ;;
		--seconds) seconds=$2 ;;
		--count) count=$2 ;;
		--kind) kind=$2 ;;
		*) skip_all "unknown option $1" ;;
		esac
		shift 2
	done
}

# model_set NAME ATTRIBUTE=VALUE...
model_set() {
	local name=$1 pair
	shift
	for pair; do
		echo "${pair#*=}" >"$MODEL/$name/${pair%%=*}" || return
	done
}

model_get() { show "$MODEL/$1/$2"; }

# model_create NAME [ATTRIBUTE=VALUE...] : with namespace 1, of 64 MiB; no power yet
model_create() {
	mkdir "$MODEL/$1" || return
	model_add_ns "$1" 1 || return
	model_set "$@"
}

# model_add_ns NAME NSID [ATTRIBUTE=VALUE...] : attached, unless the attributes say no
model_add_ns() {
	local name=$1 nsid=$2
	shift 2
	mkdir "$MODEL/$name/namespaces/$nsid" || return
	model_set "$name/namespaces/$nsid" "$@" attached=1
}

# model_remove_ns NAME NSID
model_remove_ns() { rmdir "$MODEL/$1/namespaces/$2"; }

model_destroy_all() {
	local dir
	for dir in "$MODEL"/*/; do
		[[ ! -d $dir ]] || model_destroy "$(basename "$dir")" || true
	done
}

# model_destroy NAME : whatever its state
model_destroy() {
	local dir
	[[ -d $MODEL/$1 ]] || return 0
	model_honest "$1"
	model_set "$1" power=0
	for dir in "$MODEL/$1"/namespaces/*/; do
		[[ ! -d $dir ]] || rmdir "$dir"
	done
	rmdir "$MODEL/$1"
}

model_power() { model_set "$1" power="$2"; }

# model_rule NAME WORD... : from now on
model_rule() {
	local name=$1
	shift
	echo "$*" >"$MODEL/$name/rules"
}

# model_now NAME WORD... : once, at once
model_now() {
	local name=$1
	shift
	echo "$*" >"$MODEL/$name/now"
}

# model_honest NAME : no rules, and what they held is let go
model_honest() {
	model_rule "$1" clear
	[[ $(model_get "$1" power) == 0 ]] || model_now "$1" release
}

# model_hits NAME : of its rules, all together
model_hits() {
	awk '{ sum += $5 } END { print sum + 0 }' "$MODEL/$1/rules"
}

# model_hit NAME [N] : its rules were hit so often, for wait_until
model_hit() { (($(model_hits "$1") >= ${2:-1})); }

# model_count NAME WHAT
model_count() { awk -v what="$2" '$1 == what { print $2 }' "$MODEL/$1/counts"; }

# model_breaches NAME : how the driver broke the protocol, in a line; nothing if it did not
model_breaches() { one_line <"$MODEL/$1/breaches"; }

# model_address NAME : its PCI address
model_address() { model_get "$1" address; }

# model_bind NAME : give it to nvme_c. Binding waits for the bring-up, and fails with it.
model_bind() { nvme_give "$(model_address "$1")" nvme_c 2>/dev/null; }

# model_unbind NAME
model_unbind() { nvme_give "$(model_address "$1")" ''; }

# model_ctrl NAME : nvme_c's name of it
model_ctrl() {
	local dir
	for dir in "$PCI/devices/$(model_address "$1")"/nvme_c/*; do
		[[ ! -e $dir ]] || echo "${dir##*/}"
	done
}

# model_disk NAME [NSID] : nvme_c's disk
model_disk() { echo "$(model_ctrl "$1")n${2:-1}"; }

# model_has_disk NAME [NSID] : for wait_until
model_has_disk() { [[ -b /dev/$(model_disk "$@") ]]; }

# model_up NAME : power, nvme_c and its first disk
model_up() {
	model_power "$1" 1 && model_bind "$1" && wait_until 10 model_has_disk "$1"
}

# has_ended PID : for wait_until; a process whose end nobody has asked for yet has
has_ended() {
	local stat
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
	[[ ${stat##*) } == [ZX]* ]]
}

# all_ended PID... : for wait_until
all_ended() {
	local pid
	for pid; do
		has_ended "$pid" || return
	done
}
