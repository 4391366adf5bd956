#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Commands whose data lies in pages that somebody else brings, and does not: they hold up
# nobody. The device goes while they wait, and comes again.
#@kernel stock debug
#@timeout 300
#@vm --nvme size=64M,serial=stall

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_nvme 1
helper userio
nvme_load "$@"
nvme_bind 0
ctrl=/dev/nvmec0 generic=/dev/ngc0n1
dir=$(mktemp -d)
at_exit rm -rf "$dir"

said() { [[ $(tail -n 1 "$dir/said") == "$1" ]]; }
# The driver's link goes before the driver lets go.
lets_go() {
	nvme_unbind 0
	touch "$dir/gone"
}

# stalls WANTED ARGUMENT... : of userio; WANTED is what comes of it in the end
stalls() {
	local wanted=$1 job
	shift
	: >"$dir/said"
	mkfifo "$dir/go"
	# shellcheck disable=SC2048,SC2086 # several words
	userio -s $* <>"$dir/go" >"$dir/said" 2>&1 &
	job=$!
	check "$*: waits for a page" wait_until 20 said stalled
	lets_go &
	if wait_until 30 test -e "$dir/gone"; then
		ok "$*: the device goes"
		echo >"$dir/go"
		wait $job || true
		check_eq "$*: what comes of it" "$(tail -n 1 "$dir/said")" "$wanted"
	else
		not_ok "$*: the device goes" "it is held up"
		end_job $job
		wait_until 30 test -e "$dir/gone"
	fi
	rm "$dir/go" "$dir/gone"
	nvme_bind 0
}

read="op=2 nsid=1 len=4096 cdw12=7"
write="op=1 nsid=1 len=4096 cdw12=7"
identify="op=6 cdw10=1 len=4096"

# Straight to the user's pages, and through others: before the command is sent
stalls ENODEV "$generic io64 $read"
stalls ENODEV "$generic io64 $write at=3"
stalls ENODEV "$generic uring-io $read"
stalls ENODEV "$generic uring-io $write at=3"
stalls ENODEV "$ctrl admin $identify"
stalls ENODEV "$ctrl uring-admin $identify"

# Through others: after it was done
stalls "0 0" "$generic io64 $read at=3"
stalls "0 0" "$generic uring-io $read at=3"
stalls "0 0" "$ctrl admin $identify at=20"
stalls "0 0" "$ctrl uring-admin $identify at=20"
