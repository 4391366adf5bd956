#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Memory of data is charged to the cgroup that writes it, if the device is told so: a
# cgroup of 32 MiB cannot keep 200 MiB in a disk; what is discarded is given back. By
# default it can. A record that is larger it cannot have. With and without a cache and the io
# controller, in both queue modes.
#
# The write that finds no room fails. But then the cgroup has none for the writer either, who
# may be killed for that when he touches a page, as always at that limit.
#@group limits
#@timeout 240

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

# inside COMMAND... : in the cgroup
inside() { bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$cgroup" "$@"; }
charged_mib() { echo $(($(show "$cgroup/memory.current") >> 20)); }
charged_between() { (($(charged_mib) >= $1 && $(charged_mib) <= $2)); }
charged_at_most() { (($(charged_mib) <= $1)); }
fill() { inside dd if=/dev/zero of=/dev/d bs=1M count="$1" oflag=direct conv=notrunc status=none; }

dir=$(mktemp -d)
at_exit rmdir "$dir"
mount -t cgroup2 none "$dir" 2>/dev/null || skip_all "this kernel has no cgroups of version 2"
at_exit umount "$dir"
grep -qw memory "$dir/cgroup.controllers" || skip_all "there is no memory controller"
had=$(<"$dir/cgroup.subtree_control")
# What was not on before
restore() {
	local name
	for name in memory io; do
		[[ " $had " == *" $name "* ]] || echo "-$name" >"$dir/cgroup.subtree_control"
	done
}
at_exit restore
echo +memory >"$dir/cgroup.subtree_control"
cgroup=$dir/selftest
mkdir "$cgroup"
at_exit rmdir "$cgroup"
echo 32M >"$cgroup/memory.max"
nbc_load nr_devices=0
dmesg_expect "critical space allocation error|invoked oom-killer|[Cc]all [Tt]race:|out of memory|oom-kill"

nbc_create d size=16
nbc_set d record_mb=64
# Linux 7.3 frees a moment later what vmalloc() got in vain: the writer may be killed meanwhile.
refused_or_killed() {
	local said code=0
	said=$(inside bash -c "echo on >$NBC_ROOT/d/record" 2>&1) || code=$?
	((code == 137)) || [[ $said =~ $(errno_text ENOMEM) ]]
}
check "it cannot have a record that is larger" refused_or_killed
check_eq "and there is none" "$(nbc_get d record)" off
nbc_set d record_mb=8
check "a smaller one it can" inside bash -c "echo on >$NBC_ROOT/d/record"
nbc_destroy d

nbc_disk d size=256 memory_backed=1
check "by default a cgroup of 32 MiB keeps 200 MiB in a disk" fill 200
nbc_destroy d

for config in queue_mode=2 queue_mode=0 "queue_mode=2 cache_size=300" io; do
	read -ra attributes <<<"$config"
	if [[ $config == io ]]; then
		grep -qw io "$dir/cgroup.controllers" || continue
		echo +io >"$dir/cgroup.subtree_control"
		attributes=()
	fi
	nbc_disk d size=256 memory_backed=1 discard=1 charge_writer=1 "${attributes[@]}"
	before=$(charged_mib)
	check "$config: what it has room for is written" fill 16
	check "$config: and charged: $before before, $(charged_mib) now" test "$(charged_mib)" -ge 16
	check "$config: more is not" eval '! fill 200 2>/dev/null'
	check "$config: it has its limit in the disk: $(charged_mib)" charged_between 24 32
	check "$config: and no other way out: the status says so" kmsg_has "critical space allocation error, dev d"
	check "$config: whoever is not in it has no such limit" \
		dd if=/dev/zero of=/dev/d bs=1M seek=100 count=100 oflag=direct conv=notrunc status=none
	check "$config: discarded" blkdiscard -f /dev/d
	check "$config: it is given back" wait_until 20 charged_at_most 8
	check "$config: there is room again" fill 16
	nbc_destroy d
	check "$config: and after the device is gone" wait_until 20 charged_at_most 8
done
