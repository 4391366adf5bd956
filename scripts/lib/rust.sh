# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The Rust compiler and what makes bindings to C, for test kernels with Rust code. Sourced
# after common.sh, by scripts/kernel. Fails with 3 where they cannot be had.
#
# They come from the Debian suite below, which has what Linux 7.3 asks for
# (scripts/min-tool-version.sh: rustc 1.85.0, bindgen 0.71.1), into a directory of the
# cache, by mmdebstrap: nothing is installed, no root is needed, and neither a package
# source nor a setting of this system changes. Both are started by their own dynamic
# loader, for their C library is newer than this system's. The C compiler stays this
# system's, so that C code is the same in kernels with Rust and without.

# shellcheck source-path=SCRIPTDIR source=mirror.sh
. "$MQBLK_TOP/scripts/lib/mirror.sh"

rust_suite=trixie
rust_base=$CACHE/rust

# rust_wrap DIRECTORY PROGRAM : a script that starts a program of it
rust_wrap() {
	cat >"$1/bin/$2" <<-END
		#!/bin/sh
		root=\$(dirname "\$(dirname "\$(realpath "\$0")")")
		export LIBCLANG_PATH="\$root/usr/lib/x86_64-linux-gnu"
		exec "\$root"/usr/lib64/ld-linux-x86-64.so.2 --library-path "\$LIBCLANG_PATH" \\
			"\$root/usr/bin/$2" "\$@"
	END
	chmod 755 "$1/bin/$2"
}

# rust_pick FROM TO : what is needed of 1.5 GB
rust_pick() {
	mkdir -p "$2"/usr/{bin,lib,src} "$2"/usr/lib/x86_64-linux-gnu "$2/bin"
	mv "$1"/usr/bin/{rustc,rustdoc,bindgen} "$2/usr/bin"
	mv "$1/usr/lib64" "$2/usr"
	mv "$1/usr/lib/rustlib" "$2/usr/lib"
	mv "$1"/usr/src/rustc-* "$2/usr/src"
	find "$1/usr/lib/x86_64-linux-gnu" -maxdepth 1 -name '*.so*' \
		-exec cp -a -t "$2/usr/lib/x86_64-linux-gnu" {} +
}

rust_fetch() {
	local part=$rust_base/part new=$rust_base/new log=$rust_base/log uri program
	[[ $(uname -m) == x86_64 ]] || die "the Rust compiler is fetched for x86_64 only" 3
	need_command mmdebstrap mmdebstrap
	mkdir -p "$rust_base"
	say "fetching rustc and bindgen from Debian's suite $rust_suite (a minute; 1.5 GB on disk meanwhile, then 0.9)"
	uri=$(find_debian_mirror "$rust_base")
	rm -rf "$part" "$new"
	mmdebstrap --variant=extract --mode=chrootless \
		--include=rustc,rust-src,bindgen,libclang1 \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		"$rust_suite" "$part" ${uri:+"$uri"} >"$log" 2>&1 || {
		grep -E '^(E|W|Err)' "$log" | tail -n 3 >&2 || true
		die "cannot fetch rustc from $rust_suite: see to the network; the whole log: $log" 3
	}
	rust_pick "$part" "$new"
	for program in rustc rustdoc bindgen; do
		rust_wrap "$new" $program
	done
	rm -rf "$part"
	mv "$new" "$1"
}

# rust_get : sets rust, the arguments of make. In user mode, modules lie further from the
# kernel than a relative address reaches, so C code of modules has whole addresses in
# itself (arch/um: -mcmodel=large). Rust code of modules is compiled the same way by the
# last argument. Without, the loader of modules refuses it (relocation GOTPCREL).
rust_get() {
	local dir=$rust_base/$rust_suite program
	[[ -d $dir ]] || rust_fetch "$dir"
	for program in rustc bindgen; do
		"$dir/bin/$program" --version >/dev/null ||
			die "cannot run $dir/bin/$program; fetch it anew after: rm -r $dir" 3
	done
	# shellcheck disable=SC2034 # for whoever sources this
	rust=(RUSTC="$dir/bin/rustc" HOSTRUSTC="$dir/bin/rustc" RUSTDOC="$dir/bin/rustdoc"
		BINDGEN="$dir/bin/bindgen" RUST_LIB_SRC="$dir/usr/lib/rustlib/src/rust/library"
		RUSTFLAGS_MODULE='-Crelocation-model=static -Ccode-model=large')
}
