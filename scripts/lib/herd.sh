# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Where herd7 and the kernel's memory model come from. Sourced after common.sh, by
# scripts/litmus. Fails with 3 where one of them cannot be had.
#
# herd7 is the one of this system, if that is new enough for the model. Otherwise it is
# taken, with the libraries that it needs, from the Debian suite below into a directory
# of the cache, by mmdebstrap: nothing is installed, no root is needed, and neither a
# package source nor a setting of this system changes. It is started by its own dynamic
# loader, for its C library may be newer than this system's.
#
# The model is tools/memory-model of Debian's package linux-source-6.12.

# shellcheck source-path=SCRIPTDIR source=mirror.sh
. "$MQBLK_TOP/scripts/lib/mirror.sh"

herd_suite=forky
herd_base=$CACHE/herd

# herd_lack MESSAGE : what cannot be had
herd_lack() { die "$1" 3; }

# --- the model -------------------------------------------------------------

# model_get : sets model, the directory it is in
model_get() {
	local archive=/usr/src/linux-source-6.12.tar.xz version part
	[[ -r $archive ]] ||
		herd_lack "no $archive (Debian package linux-source-6.12); install with: apt-get install linux-source-6.12"
	need_command xz xz-utils
	version=$(dpkg-query -W -f '${Version}' linux-source-6.12)
	model=$herd_base/model-$version
	[[ ! -d $model ]] || return 0
	say "taking the memory model out of $archive (half a minute)"
	part=$model.part
	rm -rf "$part"
	mkdir -p "$part"
	tar -C "$part" --use-compress-program 'xz -dT0' --strip-components 3 \
		-xf "$archive" linux-source-6.12/tools/memory-model ||
		herd_lack "cannot unpack $archive; install it anew: apt-get install --reinstall linux-source-6.12"
	mv "$part" "$model"
}

# model_needs : the oldest herd7 that its README accepts
model_needs() {
	sed -nE 's/^Version ([0-9.]+) or higher of the "herd7".*/\1/p' "$model/README"
}

# --- herd7 -----------------------------------------------------------------

# herd_accepts VERSION : does the model
herd_accepts() {
	local oldest
	oldest=$(model_needs)
	[[ $(printf '%s\n' "$oldest" "$1" | sort -V | head -n 1) == "$oldest" ]]
}

# The suite's lists may have expired where a mirror is not brought up to date. They are
# signed nevertheless, and a verdict does not depend on the newest update.
herd_fetch() {
	local part=$herd_base/part log=$herd_base/log uri
	need_command mmdebstrap mmdebstrap
	say "fetching herd7 from Debian's suite $herd_suite into $1 (39 MB)"
	uri=$(find_debian_mirror "$herd_base")
	rm -rf "$part"
	mmdebstrap --variant=extract --mode=chrootless --include=herdtools7 \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		"$herd_suite" "$part" ${uri:+"$uri"} >"$log" 2>&1 || {
		grep -E '^(E|W|Err)' "$log" | tail -n 3 >&2 || true
		herd_lack "cannot fetch herdtools7 from $herd_suite: see to the network, or put a herd7 into PATH; the whole log: $log"
	}
	mkdir "$part/herd"
	# All but this is 200 MB of other tools.
	mv "$part"/usr/{bin/herd7,lib,lib64,share/herdtools7/herd} "$part/herd"
	rm -rf "$1"
	mv "$part/herd" "$1"
	rm -rf "$part"
}

# herd_cached : sets herd to the one in the cache, which is fetched first if need be
herd_cached() {
	local dir=$herd_base/$herd_suite
	[[ -d $dir ]] || herd_fetch "$dir"
	herd=("$dir"/lib64/ld-linux-*.so.* --library-path
		"$(dirname "$(find "$dir/lib" -name libc.so.6)")"
		"$dir/herd7" -set-libdir "$dir/herd")
}

# herd_version : of herd
herd_version() { "${herd[@]}" -version 2>/dev/null | sed -nE '1s/^([0-9.]+).*/\1/p'; }

# herd_get : sets herd, the command, and model
herd_get() {
	local version fd
	mkdir -p "$herd_base" || herd_lack "cannot write to the cache: $herd_base"
	exec {fd}>"$herd_base/lock"
	flock -w 600 "$fd" || herd_lack "another run has held $herd_base/lock for ten minutes"
	model_get
	if [[ -n $(type -P herd7) ]]; then
		herd=(herd7)
		version=$(herd_version)
		herd_accepts "$version" && return
		say "the herd7 of this system is $version, the model needs $(model_needs)"
	fi
	herd_cached
	version=$(herd_version)
	[[ -n $version ]] || herd_lack "cannot run ${herd[*]}; fetch it anew after: rm -r $herd_base/$herd_suite"
	herd_accepts "$version" ||
		herd_lack "herd7 of $herd_suite is $version, the model needs $(model_needs)"
	exec {fd}>&-
}
