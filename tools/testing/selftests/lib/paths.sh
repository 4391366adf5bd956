# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # disk and subsys are the test's
#
# More for the tests of a disk that two controllers made of code have together: $disk, of
# the subsystem $subsys. Sourced after model.sh.

# links : names of the paths that the disk shows
links() { (cd "/sys/block/$disk/multipath" && echo *); }
has_links() { [[ $(links | wc -w) == "$1" ]]; }
has_disk() { [[ -b /dev/$disk ]]; }
no_disk() { [[ ! -e /sys/block/$disk ]]; }
fails() { ! "$@"; }

# policy NAME : which path is used
policy() { echo "$1" >"$subsys/iopolicy"; }

# way NAME N : up, by which the disk has N paths then
way() { model_bind "$1" && wait_until 20 has_links "$2"; }

# ways_up : controllers a and b; sets disk and subsys
ways_up() {
	check "up: the first controller" model_bind a
	disk=$(model_disk a)
	check "up: a disk" wait_until 20 has_disk
	check "up: the second controller" way b 2
	subsys=$(cd -P "/sys/block/$disk/.." && pwd)
}

# commands NAME : of I/O so far
commands() { model_count "$1" io_commands; }

# in_time SECONDS BEGIN : not more than that since then
in_time() { (((${EPOCHREALTIME/[.,]/} - $2) / 1000000 <= $1 * ${SELFTEST_SLOW:-1})); }

# moves : the load goes on, by whatever path
moves() {
	local now
	now=$(($(commands a) + $(commands b)))
	wait_until 20 further "$now"
}
further() { (($(commands a) + $(commands b) > $1 + 10)); }

# way_state NAME
way_state() { nvme_attr "$(model_ctrl "$1")" state; }
is_live() { [[ $(way_state "$1") == live ]]; }
is_dead() { [[ $(way_state "$1") == dead ]]; }

# out_HOW NAME : a path goes, and back_HOW NAME : it comes back; there are two then
out_reset() { nvme_reset "$(model_ctrl "$1")"; }
back_reset() { wait_until 20 is_live "$1"; }
out_unbind() { model_unbind "$1"; }
back_unbind() { way "$1" 2; }
out_power() { model_power "$1" 0; }
back_power() { model_power "$1" 1 && way "$1" 2; }
out_death() { model_now "$1" gone && wait_until 20 is_dead "$1"; }
back_death() { model_unbind "$1" && model_now "$1" back && way "$1" 2; }
