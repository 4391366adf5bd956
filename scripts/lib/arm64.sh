# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # for those who source this
#
# 64-bit Arm, on a machine of another kind: a clean Debian 13 for this processor with a
# cross compiler, in which kernel, modules and the tests' programs are built; another one
# of programs for Arm, which is unpacked, never run here, and becomes the machine's root;
# and two kernels, the newest of Debian's backports with pages of 4 KiB (arm64), and one
# of the same version with pages of 64 KiB, built from source (arm64-64k). All of it is in
# the cache. Sourced after suite.sh.

ARM64=$CACHE/arm64
suite_system=''
ARM64_PROGRAMS=base-files,bash,coreutils,busybox-static,fio,util-linux,kmod,nvme-cli,dmsetup
ARM64_PROGRAMS+=,mawk,grep,sed,findutils,procps,e2fsprogs,xfsprogs,diffutils,perl-base
ARM64_PROGRAMS+=,libc-bin,tar,gzip,xz-utils,hostname,iproute2,libaio1t64
ARM64_COMPILER=gcc,libc6-dev,make,gcc-aarch64-linux-gnu,libc6-dev-arm64-cross,bc,bison
ARM64_COMPILER+=,flex,libelf-dev,libssl-dev,xz-utils,linux-headers-amd64/$SUITE

# arm64_get NAME : sets boot, a directory for scripts/vm's --kernel, and arm64_kdir, what
# KDIR is in the system with the compiler
arm64_get() {
	local fd
	need_command qemu-system-aarch64 qemu-system-arm
	suite_system=$ARM64/build
	mkdir -p "$ARM64"
	exec {fd}>"$ARM64/lock"
	flock -w 7200 "$fd" || die "another run has held $ARM64/lock for two hours"
	[[ -d $ARM64/build ]] || arm64_make_build
	[[ -e $ARM64/root.whole ]] || arm64_make_root
	release=$(basename "$ARM64"/build/usr/src/linux-headers-*-arm64)
	release=${release#linux-headers-}
	case $1 in
	arm64)
		arm64_kdir=/usr/src/linux-headers-$release
		arm64_debian_kernel
		;;
	arm64-64k)
		arm64_kdir=/usr/src/k64
		arm64_own_kernel
		;;
	esac
	exec {fd}>&-
	boot=$ARM64/$1
}

# The headers of Arm's kernel come without what they depend on: it is there for this
# processor. Its image is unpacked in the root later.
arm64_make_build() {
	say "making a system with a compiler for arm64 in the cache: some minutes, 1.5 GiB"
	# shellcheck disable=SC2016 # $1 is mmdebstrap's
	suite_unpack "$ARM64/build" "${SUITE%-backports}" --variant=apt \
		--architectures=amd64,arm64 --include="$ARM64_COMPILER" \
		--customize-hook='mkdir -m 777 "$1/image"' \
		--customize-hook="chroot \"\$1\" sh -e -c '$(arm64_download)'"
}

# arm64_download : a script for that system
arm64_download() {
	cat <<-'END'
		cd /image
		release=$(ls -d /usr/src/linux-headers-*-amd64)
		release=${release##*/linux-headers-}
		release=${release%-amd64}-arm64
		apt-get -q download linux-headers-$release:arm64 \
			linux-image-$release:arm64 \
			$(apt-cache depends linux-image-$release:arm64 |
				sed -n "s/^ *Depends: \(linux-.*-$release.*\)$/\1/p")
		dpkg -x linux-headers-*.deb /
		rm linux-headers-*.deb
	END
}

arm64_make_root() {
	local deb
	say "unpacking programs for arm64 in the cache: a minute, 600 MiB"
	rm -rf "$ARM64/root"
	suite_unpack "$ARM64/root" "${SUITE%-backports}" --variant=extract \
		--architectures=arm64 --include="$ARM64_PROGRAMS"
	# What the packages' scripts would do
	ln -sfn bash "$ARM64/root/usr/bin/sh"
	ln -sfn mawk "$ARM64/root/usr/bin/awk"
	cp /etc/passwd /etc/group "$ARM64/root/etc"
	for deb in "$ARM64"/build/image/*.deb; do
		dpkg -x "$deb" "$ARM64/root"
	done
	# Last: one that was interrupted is made again.
	touch "$ARM64/root.whole"
}

# arm64_place NAME : a kernel's directory, but for vmlinuz
arm64_place() {
	mkdir -p "$ARM64/$1"
	ln -sfn ../root "$ARM64/$1/root-arm64"
}

arm64_debian_kernel() {
	[[ ! -e $ARM64/arm64/vmlinuz ]] || return 0
	depmod -b "$ARM64/root" "$release"
	arm64_place arm64
	ln -sfn ../root/usr/lib "$ARM64/arm64/lib"
	ln -sfn "../root/usr/lib/modules/$release/vmlinuz" "$ARM64/arm64/vmlinuz"
}

arm64_own_kernel() {
	local source log=$ARM64/arm64-64k.log
	[[ ! -e $ARM64/arm64-64k/vmlinuz ]] || return 0
	source=$("$MQBLK_TOP/scripts/lib/backport" linux-source-7.3)
	say "building a kernel with pages of 64 KiB: some 20 minutes on two CPUs; log: $log"
	cat "$MQBLK_TOP"/tools/testing/kernel/{base,arm64}.config >"$ARM64/allno.config"
	# shellcheck disable=SC2016 # it is another shell's
	suite_run "$ARM64" "$source" -- sh -e -c '
		cd /usr/src
		[ -d linux-source-7.3 ] || tar -xf "$1/usr/src/linux-source-7.3.tar.xz"
		mkdir -p k64
		make="make -C linux-source-7.3 O=/usr/src/k64 ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-"
		$make KCONFIG_ALLCONFIG="$2/allno.config" allnoconfig
		$make -j "$3" Image modules_prepare
		cp k64/vmlinux.symvers k64/Module.symvers' \
		build "$source" "$ARM64" "$(nproc)" >"$log" 2>&1 ||
		{ tail -n 15 "$log" >&2; die "the build failed; the whole log: $log"; }
	arm64_place arm64-64k
	cp "$ARM64/build/usr/src/k64/arch/arm64/boot/Image" "$ARM64/arm64-64k/vmlinuz"
}

# arm64_make DIRECTORY ARGUMENT... : make there, in the tree, of modules or programs
arm64_make() {
	suite_run "$MQBLK_TOP" -- make -C "$1" ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- \
		CC=aarch64-linux-gnu-gcc KDIR="$arm64_kdir" "${@:2}"
}
