# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What every script here shares: messages, the cache directory, the choice of
# the test kernel. Sourced, never run.

# shellcheck disable=SC2034 # for those who source this
MQBLK_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CACHE=${MQBLK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mqblk}

# The kernels that one may test on, as dpkg and apt spell them. Signed, generic:
# neither -rt nor -cloud, neither -dbg nor -unsigned. In Debian 12 they are in the security
# archive.
KERNEL_PATTERN='6\.12\.[0-9]+\+deb1[23]-amd64'

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# die MESSAGE [EXIT CODE]
die() {
	say "$1"
	exit "${2:-1}"
}

# Print the comment block at the top of the calling script as its help: from
# the line after the SPDX tag to the first line that is no comment.
usage() {
	awk 'NR > 2 && !/^#/ { exit } NR > 2 { sub(/^# ?/, ""); print }' "$0"
}

# missing_packages PACKAGE... : the ones that dpkg does not know as installed
missing_packages() {
	local have p
	have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" \
		2>/dev/null || true)
	for p in "$@"; do
		grep -qxF "installed $p" <<<"$have" || printf '%s\n' "$p"
	done
}

# need_command COMMAND PACKAGE : fail with what to install if it is not there
need_command() {
	[[ -n $(type -P "$1") ]] && return
	die "$1 not found (Debian package $2); install with: apt-get install $2" 3
}

# need_minutes OPTION VALUE
need_minutes() {
	[[ $2 =~ ^[1-9][0-9]{0,4}$ ]] ||
		die "$1 takes minutes from 1 to 99999, not $2" 2
}

# find_kernel RELEASE : set KERNEL_IMAGE and KERNEL_MODULES (the directory that
# depmod made), for a kernel in the cache or an installed one. Fails silently.
find_kernel() {
	local base
	for base in "$CACHE/kernel/$1" ""; do
		KERNEL_IMAGE=$base/boot/vmlinuz-$1
		KERNEL_MODULES=$base/lib/modules/$1
		[[ -r $KERNEL_IMAGE && -d $KERNEL_MODULES/kernel &&
		   -r $KERNEL_MODULES/modules.dep ]] && return 0
	done
	return 1
}

# hold_kernel DIRECTORY : scripts/kernel does not remove it as long as this process or
# one that it starts is there. Where there can be no locks, nothing is held.
hold_kernel() {
	local fd
	[[ -d $1 ]] || die "the kernel $1 was removed meanwhile; try again"
	exec {fd}<"$1"
	# Whoever removes it has the lock for a moment, and it is gone after that.
	flock -w 10 -s "$fd" || true
	[[ -d $1 ]] || die "the kernel $1 was removed meanwhile; try again"
}

# slowness NAME : how much slower than the distribution's kernel a test kernel is, in
# time limits
slowness() {
	case $1 in
	debug) echo 5 ;;
	uml-* | rt | arm64*) echo 2 ;;
	kcsan) echo 8 ;;
	*) echo 1 ;;
	esac
}

# kernel_build_dir RELEASE : what KDIR must be to build modules for it
kernel_build_dir() {
	local dir
	for dir in "/lib/modules/$1/build" \
		"$CACHE/headers/$1/usr/src/linux-headers-$1"; do
		[[ -e $dir/Makefile ]] && echo "$dir" && return
	done
	return 1
}

# Releases that can be booted, the newest first
bootable_kernels() {
	local f r
	for f in "$CACHE"/kernel/*/boot/vmlinuz-* /boot/vmlinuz-*; do
		r=${f##*/vmlinuz-}
		[[ $r =~ ^$KERNEL_PATTERN$ ]] && find_kernel "$r" && echo "$r"
	done | sort -Vru
}

# The release to test on: the newest that can be booted and built for, else the
# newest that can be booted. Empty and non-zero if there is none.
default_kernel() {
	local r first=
	for r in $(bootable_kernels); do
		first=${first:-$r}
		kernel_build_dir "$r" >/dev/null && echo "$r" && return
	done
	[[ -n $first ]] && echo "$first"
}
