# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # for those who source this
#
# The newest kernel of Debian 13's backports, beside the one of this system: its headers
# and a compiler that they go with are in a clean system in the cache, in which the
# modules are built; its image, for scripts/vm, is beside it. Nothing is installed here.
# Sourced after common.sh.
#
# Headers say which options the compiler has, and bring programs that need the C library
# of their own Debian: neither Debian 12's compiler nor its library does.

# shellcheck source-path=SCRIPTDIR source=chroot.sh
. "$MQBLK_TOP/scripts/lib/chroot.sh"

SUITE=trixie-backports
SUITE_ROOT=$CACHE/suites/$SUITE

# suite_get : sets release, the kernel's, and suite_kernel, what scripts/vm takes as
# --kernel. Fetches what the cache does not have, and exits with 3 if that cannot be had.
suite_get() {
	local fd
	mkdir -p "${SUITE_ROOT%/*}"
	exec {fd}>"$SUITE_ROOT.lock"
	flock -w 1800 "$fd" || die "another run has held $SUITE_ROOT.lock for half an hour" 3
	[[ -d $SUITE_ROOT && ! -d $SUITE_ROOT/image ]] || suite_make
	suite_run -- true || die "this system lets nobody mount, not even in a namespace" 3
	exec {fd}>&-
	release=$(suite_release "$SUITE_ROOT")
	# shellcheck disable=SC2034 # whoever calls reads it
	suite_kernel=$CACHE/images/$release
}

# suite_release ROOT : of the kernel whose headers are there
suite_release() {
	local dir
	dir=$(compgen -G "$1/usr/src/linux-headers-*-amd64") ||
		die "$1 has no kernel's headers; remove it, and it is made anew"
	echo "${dir##*/linux-headers-}"
}

suite_make() {
	rm -rf "$SUITE_ROOT"
	say "making a system of $SUITE with a compiler and its newest kernel, in the cache: some minutes, 1.2 GiB"
	# shellcheck disable=SC2016 # $1 is mmdebstrap's
	suite_unpack "$SUITE_ROOT" "${SUITE%-backports}" --variant=apt \
		--include="gcc,libc6-dev,make,linux-headers-amd64/$SUITE" \
		--customize-hook='mkdir -m 777 "$1/image"' \
		--customize-hook="chroot \"\$1\" sh -c '$(image_download installed)'"
	suite_image "$SUITE_ROOT" "$(suite_release "$SUITE_ROOT")"
}

# suite_unpack DIRECTORY SUITE OPTION... : a system that mmdebstrap makes with the options.
# An archive is between, because whoever is not root owns all that it unpacks.
suite_unpack() {
	local part=$1.part log=$1.log
	chroot_needs
	rm -rf "$part"
	mkdir -p "$part"
	chroot_sources "$SUITE" >"$1.list"
	TMPDIR=${1%/*} mmdebstrap --format=tar --aptopt='APT::Install-Recommends "false"' \
		"${@:3}" "$2" - "$1.list" 2>"$log" |
		tar -C "$part" --no-same-owner --exclude='./dev/*' -xf - || {
		rm -rf "$part"
		tail -n 15 "$log" >&2
		die "cannot make a system of $SUITE; the whole log of mmdebstrap: $log" 3
	}
	mv "$part" "$1"
}

# suite_image ROOT RELEASE : the kernel's image, from packages in ROOT/image
suite_image() {
	[[ -e $CACHE/images/$2/vmlinuz ]] || image_unpack "$1/image" "$2" "$CACHE/images/$2" ||
		die "cannot unpack the kernel $2"
	rm -rf "$1/image"
}

# suite_run DIRECTORY... -- COMMAND... : in the clean system, or in suite_system, as root
# there, with these directories at their places
suite_run() {
	local map=()
	((EUID == 0)) || map=(--map-root-user)
	# shellcheck disable=SC2016 # it is another shell's
	unshare --mount "${map[@]}" bash -c '
		set -e
		root=$1
		shift
		mount --rbind /dev "$root/dev"
		mount --rbind /proc "$root/proc"
		while [[ $1 != -- ]]; do
			mkdir -p "$root$1"
			mount --bind "$1" "$root$1"
			shift
		done
		shift
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
			chroot "$root" "$@"' \
		suite_run "${suite_system:-$SUITE_ROOT}" "$@"
}

# suite_make_modules DIRECTORY ARGUMENT... : make there
suite_make_modules() {
	suite_run "$1" -- make -C "$1" KDIR="/usr/src/linux-headers-$release" "${@:2}"
}
