# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the shell selftests share. A test sources this, requires or skips, acts,
# and says what it found with ok, not_ok or check; the result comes out as KTAP,
# and the exit code is 0 (all ok), 1 (something not ok) or 4 (skipped).
#
# A command that fails where no check looks at it ends the test as not ok.
# Whatever happens, the modules loaded here are unloaded at the end, after what at_exit
# was told.

set -Eeuo pipefail

# Where this file is; where the test is, which sources it as HERE/../lib/lib.sh; and
# the source tree, where they are in one.
SELFTEST_LIB=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
# shellcheck disable=SC2034 # for those who source this
SELFTEST_HERE=$(cd "${BASH_SOURCE[0]%/../*}" && pwd)
SELFTEST_TOP=$(cd "$SELFTEST_LIB/../../../.." && pwd)

selftest_count=0 selftest_failed=0 selftest_planned='' selftest_skipped=''
selftest_modules=()
selftest_cleanups=()
selftest_mark="selftest: ${0##*/} $$ $EPOCHREALTIME"

# --- results ---------------------------------------------------------------

# plan N : say the number of results first; otherwise it comes last
plan() {
	selftest_planned=$1
	echo "1..$1"
}

diag() { echo "# ${*//$'\n'/$'\n'# }"; }

ok() { echo "ok $((++selftest_count)) $1"; }

# not_ok NAME [WHY]
not_ok() {
	echo "not ok $((++selftest_count)) $1"
	selftest_failed=1
	[[ -z ${2-} ]] || diag "$2"
}

skip() { echo "ok $((++selftest_count)) $1 # SKIP $2"; }

# check NAME COMMAND... : ok if the command succeeds, else not ok with what it
# printed
check() {
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then
		ok "$name"
	else
		not_ok "$name" "failed: $*${out:+$'\n'$out}"
	fi
}

# check_eq NAME GOT WANTED
check_eq() {
	if [[ $2 == "$3" ]]; then
		ok "$1"
	else
		not_ok "$1" "got '$2', wanted '$3'"
	fi
}

# skip_all REASON : before the first result
skip_all() {
	selftest_skipped=1
	echo "1..0 # SKIP $1"
	exit 4
}

# --- what a test needs -----------------------------------------------------

require_root() { ((EUID == 0)) || skip_all "needs root"; }

require_cmd() {
	local cmd
	for cmd; do
		[[ -n $(type -P "$cmd") ]] || skip_all "no command $cmd"
	done
}

# knows_fs NAME : the kernel has this file system, or a module for it
knows_fs() { modprobe -q "$1" || grep -qw "$1" /proc/filesystems; }
require_fs() { knows_fs "$1" || skip_all "the kernel does not know $1"; }

# require_module NAME... : loadable or built in
require_module() {
	local module
	for module; do
		[[ ! -d /sys/module/$module ]] || continue
		look_for_module "$module"
		[[ -n ${selftest_files[$module]} ]] || skip_all "no module $module"
	done
}

# --- modules ---------------------------------------------------------------

# look_for_module NAME : sets selftest_files[NAME] to the file built in this tree for the
# running kernel, else to that of the installed one, else to nothing; selftest_deps[NAME]
# to what it needs. Asked once: modinfo takes as long to start as a module to load.
declare -A selftest_files=() selftest_deps=()
look_for_module() {
	local name=$1 file info release
	[[ -z ${selftest_files[$name]+known} ]] || return 0
	release=$(</proc/sys/kernel/osrelease)
	for file in "$SELFTEST_TOP"/{drivers/block/*,drivers/nvme/*,tools/bench/*}/$name.ko; do
		[[ -e $file ]] || continue
		info=$(modinfo "$file") || continue
		[[ ! $info =~ vermagic:\ *"$release " ]] || break
		info=''
	done
	if [[ -z ${info-} ]]; then
		info=$(modinfo "$name" 2>/dev/null) || info=''
	fi
	selftest_files[$name]='' selftest_deps[$name]=''
	[[ ! $info =~ filename:\ *([^$'\n']+) ]] || selftest_files[$name]=${BASH_REMATCH[1]}
	[[ ! $info =~ depends:\ *([^$'\n']*) ]] || selftest_deps[$name]=${BASH_REMATCH[1]//,/ }
}

# module_path NAME : the file that load_module takes
module_path() {
	look_for_module "$1"
	echo "${selftest_files[$1]}"
}

built_in() { [[ -d /sys/module/$1 && ! -e /sys/module/$1/initstate ]]; }

# require_unloadable NAME : for tests of loading and unloading
require_unloadable() { ! built_in "$1" || skip_all "$1 is built in"; }

# use_built_in NAME [PARAMETER=VALUE...] : it must have got them at boot
use_built_in() {
	local name=$1 pair got
	shift
	for pair; do
		got=$(<"/sys/module/$name/parameters/${pair%%=*}")
		[[ $got == "${pair#*=}" ]] ||
			skip_all "$name is built in, with ${pair%%=*}=$got"
	done
}

# load_module NAME [PARAMETER=VALUE...] : from this tree, else the installed one
load_module() {
	local name=$1 dep
	shift
	if built_in "$name"; then
		use_built_in "$name" "$@"
		return
	fi
	[[ ! -d /sys/module/$name ]] || skip_all "$name is already loaded"
	look_for_module "$name"
	for dep in ${selftest_deps[$name]}; do
		[[ -d /sys/module/$dep ]] || load_module "$dep" || return
	done
	if [[ ${selftest_files[$name]} == "$SELFTEST_TOP"/* ]]; then
		insmod "${selftest_files[$name]}" "$@" || return
	else
		modprobe "$name" "$@" || return
	fi
	selftest_modules+=("$name")
	note_module "$name"
}

# note_module NAME : where its text is, for the runner, who may want to name an address
# in it when it has gone
note_module() {
	local text
	[[ -n ${SELFTEST_LOADED-} ]] || return 0
	read -r text <"/sys/module/$1/sections/.text" || return 0
	echo "$1 $(module_path "$1") $text" >>"$SELFTEST_LOADED"
}

# unload_modules : what load_module loaded, in reverse
unload_modules() {
	local i failed=0
	for ((i = ${#selftest_modules[@]} - 1; i >= 0; i--)); do
		wait_until 5 rmmod_quietly "${selftest_modules[i]}" || failed=1
	done
	selftest_modules=()
	return $failed
}

# An opener may let go a moment later than its process says.
rmmod_quietly() { [[ ! -d /sys/module/$1 ]] || rmmod "$1" 2>/dev/null; }

# --- waiting, errors, log --------------------------------------------------

# Nothing ever comes out of this pipe: to wait for it with a time limit is to sleep,
# without a program for it.
exec {selftest_nothing}<> <(:)

# nap SECONDS
nap() { read -rt "$1" -u "$selftest_nothing" || true; }

# wait_until SECONDS COMMAND... : poll until it succeeds; longer where the kernel
# is slow, as the environment says
wait_until() {
	local end=$((${EPOCHREALTIME/[.,]/} + $1 * ${SELFTEST_SLOW:-1} * 1000000))
	shift
	until "$@"; do
		((${EPOCHREALTIME/[.,]/} < end)) || return 1
		nap 0.05
	done
}

# errno_text ENAME : what the tools print for it; kmod has words of its own
errno_text() {
	case $1 in
	EINVAL) echo "Invalid argument|Invalid parameters" ;;
	EBUSY) echo "Device or resource busy|is in use" ;;
	ENOMEM) echo "Cannot allocate memory" ;;
	EEXIST) echo "File exists" ;;
	ENOENT) echo "No such file or directory|Unknown symbol in module" ;;
	EPERM) echo "Operation not permitted" ;;
	EROFS) echo "Read-only file system" ;;
	EACCES) echo "Permission denied" ;;
	ENOSPC) echo "No space left on device" ;;
	EILSEQ) echo "Invalid or incomplete multibyte or wide character" ;;
	EIO) echo "Input/output error" ;;
	ENODEV) echo "No such device" ;;
	ERANGE) echo "Numerical result out of range" ;;
	EOVERFLOW) echo "Value too large for defined data type" ;;
	ENODATA) echo "No data available" ;;
	ETIMEDOUT) echo "Connection timed out" ;;
	EMLINK) echo "Too many links" ;;
	ETOOMANYREFS) echo "Too many references: cannot splice" ;;
	EOPNOTSUPP) echo "Operation not supported" ;;
	ENOTBLK) echo "Block device required" ;;
	*) echo "errno_text: unknown $1" >&2 ;;
	esac
}

# expect_errno ENAME COMMAND... : true if it fails, and says so for that reason
expect_errno() {
	local want out
	want=$(errno_text "$1")
	shift
	if out=$("$@" 2>&1); then
		echo "succeeded, but should have failed"
		return 1
	fi
	[[ -n $want && $out =~ ($want) ]] && return
	echo "failed with: $out"
	return 1
}

# kmsg_since_start : the kernel's messages since this test began
kmsg_since_start() {
	dmesg | awk -v mark="$selftest_mark" 'seen; index($0, mark) { seen = 1 }'
}

# kmsg_has TEXT
kmsg_has() {
	local log
	log=$(kmsg_since_start)
	[[ $log != *"$1"* ]] || return 0
	tail -n 5 <<<"$log"
	return 1
}

# dmesg_expect REGEX... : the runner lets messages pass that match one of them
dmesg_expect() {
	[[ -z ${SELFTEST_EXPECT-} ]] || printf '%s\n' "$@" >>"$SELFTEST_EXPECT"
}

# --- files and lines ----------------------------------------------------------

# show FILE : what it says, without a program for it
show() {
	local lines
	mapfile -t lines <"$1" && printf '%s\n' "${lines[@]}"
}

# one_line : of all words of standard input
one_line() {
	local words
	read -rd '' -a words || true
	echo "${words[*]}"
}

# --- the end ---------------------------------------------------------------

# at_exit COMMAND... : run at the end, the last registered first
at_exit() { selftest_cleanups=("$(printf '%q ' "$@")" "${selftest_cleanups[@]}"); }

selftest_clean_up() {
	local command
	for command in "${selftest_cleanups[@]}"; do
		eval "$command" || true
	done
	unload_modules || not_ok "unload the modules at the end"
}

selftest_end() {
	local code=$?
	trap - ERR EXIT INT TERM
	set +e
	[[ -z $selftest_skipped || $code != 4 ]] || {
		selftest_clean_up
		exit 4
	}
	((code == 0)) || not_ok "ended early, exit code $code"
	selftest_clean_up
	((selftest_count)) || not_ok "no result"
	if [[ -z $selftest_planned ]]; then
		echo "1..$selftest_count"
	elif ((selftest_planned != selftest_count)); then
		diag "planned $selftest_planned results, had $selftest_count"
		selftest_failed=1
	fi
	exit "$selftest_failed"
}

echo "TAP version 13"
trap 'diag "line $LINENO: failed: $BASH_COMMAND"' ERR
trap selftest_end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
require_root
echo "$selftest_mark" >/dev/kmsg
