# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # for those who source this
#
# Processors that the modules are compiled for and not run on: i386, where long and pointers
# have 32 bits, and with pages beyond 4 GiB; and s390x, which is big-endian. Debian has no
# kernel for i386 any more, so what kbuild needs is made from the package
# linux-source-6.12: the source without drivers and file systems, unpacked into the cache,
# with a configuration for each of the two, and "make modules_prepare". i386 has this
# system's compiler. The one for s390x is taken from Debian's packages into the cache;
# nothing is installed. Sourced after common.sh. Fails with 3 where something cannot be had.

FOREIGN=$CACHE/foreign
FOREIGN_COMPILER=(gcc-12-s390x-linux-gnu gcc-12-s390x-linux-gnu-base cpp-12-s390x-linux-gnu
	binutils-s390x-linux-gnu)

# foreign_get i386|s390x : sets foreign_build, what KDIR is for it, and foreign_args, what
# make has to be told
foreign_get() {
	local fd version
	mkdir -p "$FOREIGN"
	exec {fd}>"$FOREIGN/lock"
	flock -w 1200 "$fd" || die "another run has held $FOREIGN/lock for 20 minutes" 3
	version=$(dpkg-query -W -f '${Version}' linux-source-6.12 2>/dev/null) || version=''
	[[ -n $version ]] ||
		die "no linux-source-6.12; install with: apt-get install linux-source-6.12" 3
	foreign_source=$FOREIGN/source-$version
	[[ -d $foreign_source ]] || foreign_unpack
	foreign_args=(ARCH=i386)
	[[ $1 != s390x ]] || foreign_compiler
	foreign_build=$FOREIGN/$1-$version
	[[ -e $foreign_build/.done ]] || foreign_prepare "$1"
	exec {fd}>&-
}

# All that Kconfig reads, and the code that offsets in structures are taken from
foreign_unpack() {
	local part=$foreign_source.part dir skip=()
	say "unpacking a part of linux-source-6.12 into the cache: half a minute, 260 MB"
	rm -rf "$part"
	mkdir -p "$part"
	for dir in drivers fs net sound; do
		skip+=(--exclude="linux-source-6.12/$dir/*/*.[chS]")
	done
	tar -C "$part" --use-compress-program 'xz -dT0' --strip-components 1 "${skip[@]}" \
		--exclude='linux-source-6.12/Documentation/*/*' --exclude='*.dts' \
		--exclude='*.dtsi' --exclude='linux-source-6.12/tools/testing' \
		--exclude='linux-source-6.12/tools/perf' \
		-xf /usr/src/linux-source-6.12.tar.xz ||
		die "cannot unpack /usr/src/linux-source-6.12.tar.xz" 3
	mv "$part" "$foreign_source"
}

# foreign_compiler : adds the one for s390x to foreign_args
foreign_compiler() {
	local part=$FOREIGN/compiler.part deb
	if [[ ! -d $FOREIGN/compiler ]]; then
		say "fetching a compiler for s390x into the cache: 26 MB"
		rm -rf "$part"
		mkdir -p "$part/deb"
		(cd "$part/deb" && apt-get -q download "${FOREIGN_COMPILER[@]}" >&2) ||
			die "cannot fetch ${FOREIGN_COMPILER[*]}; try: apt-get update" 3
		for deb in "$part"/deb/*.deb; do
			dpkg -x "$deb" "$part" || die "cannot unpack ${deb##*/}" 3
		done
		ln -s s390x-linux-gnu-gcc-12 "$part/usr/bin/s390x-linux-gnu-gcc"
		rm -r "$part/deb"
		mv "$part" "$FOREIGN/compiler"
	fi
	export LD_LIBRARY_PATH=$FOREIGN/compiler/usr/lib/x86_64-linux-gnu
	foreign_args=(ARCH=s390 CROSS_COMPILE="$FOREIGN/compiler/usr/bin/s390x-linux-gnu-")
}

# What our modules use; i386 has physical addresses of more bits than a pointer.
foreign_config() {
	cat <<-END
		CONFIG_MODULES=y
		CONFIG_BLK_DEV=y
		CONFIG_BLK_DEV_ZONED=y
		CONFIG_BLK_DEV_INTEGRITY=y
		CONFIG_CONFIGFS_FS=m
		CONFIG_DEBUG_FS=y
		CONFIG_FTRACE=y
		CONFIG_PCI=y
		CONFIG_PCI_MSI=y
		CONFIG_HWMON=y
		CONFIG_IO_URING=y
	END
	[[ $1 != i386 ]] || echo CONFIG_HIGHMEM64G=y
}

# foreign_prepare i386|s390x : to sign modules would take headers of OpenSSL
foreign_prepare() {
	local part=$foreign_build.part log=$foreign_build.log
	say "preparing a kernel's build for $1"
	rm -rf "$part" "$foreign_build" "$log"
	mkdir "$part"
	foreign_config "$1" >"$part/config"
	{
		foreign_make "$part" defconfig &&
			cat "$part/config" >>"$part/.config" &&
			printf '# CONFIG_%s is not set\n' MODULE_SIG KEXEC_SIG >>"$part/.config" &&
			foreign_make "$part" olddefconfig &&
			foreign_make "$part" -j "$(nproc)" modules_prepare
	} >"$log" 2>&1 || {
		tail -n 15 "$log" >&2
		die "the build failed; the whole log: $log"
	}
	while read -r option; do
		grep -q "^${option%=*}=[ym]" "$part/.config" ||
			die "$1: ${option%=*} is not in the configuration"
	done <"$part/config"
	# The makefiles that kbuild made name their directory.
	mv "$part" "$foreign_build"
	foreign_make "$foreign_build" -j "$(nproc)" modules_prepare >>"$log" 2>&1 ||
		die "the build failed; the whole log: $log"
	touch "$foreign_build/.done"
}

# foreign_make DIRECTORY ARGUMENT... : of the kernel
foreign_make() {
	make -s -C "$foreign_source" O="$1" "${foreign_args[@]}" "${@:2}"
}

# foreign_modules DIRECTORY ARGUMENT... : make there. There is no kernel whose symbols
# modpost could look up, so it only says what it does not find.
foreign_modules() {
	make -C "$foreign_source" O="$foreign_build" M="$1" "${foreign_args[@]}" \
		KBUILD_MODPOST_WARN=1 "${@:2}" modules
}
