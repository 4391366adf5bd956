# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Clean Debian systems to build and to try packages in, made by mmdebstrap. Each is an
# archive in the cache, and what is done in it is done in a copy that vanishes. Sourced
# after common.sh.

# shellcheck source-path=SCRIPTDIR source=mirror.sh
. "$MQBLK_TOP/scripts/lib/mirror.sh"

CHROOTS=$CACHE/chroots
CHROOT_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
# Packages in the archive are those of the day it was made.
CHROOT_DAYS=7

# chroot_sources SUITE : its lines of sources.list; "SUITE-backports" has backports, too
chroot_sources() {
	local uri base=${1%-backports} suite
	uri=$(find_debian_mirror "$CHROOTS")
	uri=${uri%/}
	[[ -n $uri ]] ||
		die "apt knows no Debian archive; add one to /etc/apt/sources.list.d" 3
	for suite in "$base" "$base-updates" ${1##"$base"}; do
		[[ $suite != -backports ]] || suite=$1
		echo "deb [signed-by=$CHROOT_KEYRING] $uri $suite main"
	done
	echo "deb [signed-by=$CHROOT_KEYRING] ${uri%/debian}/debian-security $base-security main"
}

chroot_needs() {
	need_command mmdebstrap mmdebstrap
	[[ -r $CHROOT_KEYRING ]] ||
		die "no $CHROOT_KEYRING (Debian package debian-archive-keyring); install with: apt-get install debian-archive-keyring" 3
	((EUID == 0)) || need_command newuidmap uidmap
	local free
	mkdir -p "$CHROOTS"
	free=$(df -P -m "$CHROOTS" | awk 'NR == 2 { print $4 }')
	((free >= 4096)) ||
		die "$CHROOTS: $free MiB free, and 4096 MiB are needed; set MQBLK_CACHE to another place" 3
}

# chroot_archive SUITE PACKAGE... : sets archive to one of SUITE with the packages, which
# is made if the cache has none of these days. Its sources are in a file of that name.
chroot_archive() {
	local suite=$1 key log part
	shift
	key=$(sha256sum <<<"$*")
	archive=$CHROOTS/$suite-${key:0:12}.tar
	[[ -z $(find "$archive" -mtime -$CHROOT_DAYS 2>/dev/null) ]] || return 0
	log=$archive.log part=$archive.$$
	find "$CHROOTS" -maxdepth 1 -name '*.tar*' -mtime +$CHROOT_DAYS -delete
	say "making a clean system of Debian's $suite in the cache"
	chroot_sources "$suite" >"${archive%.tar}.list"
	TMPDIR=$CHROOTS mmdebstrap --variant=apt --format=tar --include="$(IFS=, && echo "$*")" \
		--skip=cleanup/apt/lists --aptopt='APT::Install-Recommends "false"' \
		"${suite%-backports}" "$part" "${archive%.tar}.list" >"$log" 2>&1 || {
		rm -f "$part"
		tail -n 15 "$log" >&2
		die "mmdebstrap failed; the whole log: $log"
	}
	mv "$part" "$archive"
}

# chroot_run LOG HOOK... : a copy of $archive, in which mmdebstrap runs the hooks one by
# one ("copy-in FROM TO", "copy-out FROM TO", or a command with the directory as $1)
chroot_run() {
	local log=$1 hook hooks=() suite
	shift
	suite=${archive##*/}
	suite=${suite%%-*}
	for hook; do
		hooks+=(--customize-hook="$hook")
	done
	TMPDIR=$CHROOTS mmdebstrap --variant=custom --skip=update,download \
		--setup-hook="tar -C \"\$1\" --exclude='./dev/*' -xf '$archive'" \
		"${hooks[@]}" "$suite" /dev/null "${archive%.tar}.list" >"$log" 2>&1
}

# image_download RELEASE : a script for the clean system that gets a kernel's packages to
# /image, where whoever apt becomes may write. Backports have its parts in packages of
# their own. RELEASE may be "installed": that of the headers.
image_download() {
	cat <<-END
		cd /image
		release=$1
		[ \$release != installed ] ||
			release=\$(ls -d /usr/src/linux-headers-*-amd64)
		release=\${release##*/linux-headers-}
		apt-get -q download linux-image-\$release \$(apt-cache depends \
			linux-image-\$release | sed -n "s/^ *Depends: \(linux-.*-\$release\)\$/\1/p")
	END
}

# image_unpack FROM RELEASE TO : the kernel of the packages in FROM to TO, as scripts/vm
# takes it
image_unpack() {
	local deb image part=$3.part
	rm -rf "$3" "$part"
	mkdir -p "$part"
	for deb in "$1"/*.deb; do
		dpkg -x "$deb" "$part" || return
	done
	[[ -e $part/lib/modules ]] || ln -sfn usr/lib "$part/lib"
	depmod -b "$part" "$2" || return
	for image in "boot/vmlinuz-$2" "usr/lib/modules/$2/vmlinuz"; do
		[[ ! -e $part/$image ]] || ln -sf "$image" "$part/vmlinuz"
	done
	[[ -e $part/vmlinuz ]] || return
	mv "$part" "$3"
}
