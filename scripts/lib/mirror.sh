# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Where this system takes its Debian packages from. Sourced after common.sh.

# debian_mirror [APT OPTION...] : the base URI of the Debian archive that apt, with the
# options, has lists of
debian_mirror() {
	# shellcheck disable=SC2016 # the format is apt's
	apt-get "$@" indextargets --format '$(REPO_URI)' |
		awk '$1 ~ "/debian/?$" { print $1; exit }'
}

# find_debian_mirror DIRECTORY : that of this system. Where it has no lists yet, apt does
# not tell its sources; then they are read into DIRECTORY. Prints nothing if there is
# none.
find_debian_mirror() {
	local own=(-o Dir::State::Lists="$1/lists") uri
	uri=$(debian_mirror)
	if [[ -z $uri ]]; then
		mkdir -p "$1/lists/partial"
		apt-get -q "${own[@]}" -o APT::Sandbox::User= update >"$1/log" 2>&1 || true
		uri=$(debian_mirror "${own[@]}")
	fi
	echo "$uri"
}
