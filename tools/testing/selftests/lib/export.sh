# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A disk in a network namespace, given by scripts/export, and hosts in another, this one:
# the kernel connects again from the first namespace only, whoever connected. Sourced
# after lib.sh and disk.sh.

export=$SELFTEST_TOP/scripts/export
NQN=nqn.2026-11.invalid.mqblk
HERE_ADDRESS=10.98.0.1 THERE_ADDRESS=10.98.0.2 HERE_LINK=here0
# shellcheck disable=SC2034 # these hosts are for tests
HOST_A=nqn.2014-08.org.nvmexpress:uuid:aaaaaaaa-0000-4000-8000-000000000000
# shellcheck disable=SC2034
HOST_B=nqn.2014-08.org.nvmexpress:uuid:bbbbbbbb-0000-4000-8000-000000000000
# shellcheck disable=SC2034
HOST_C=nqn.2014-08.org.nvmexpress:uuid:cccccccc-0000-4000-8000-000000000000

# require_export : sets work, a directory that vanishes at the end. Each connection is a
# disk, not one more path to the first.
require_export() {
	require_cmd ip nsenter nvme perl
	[[ -x $export ]] || skip_all "no $export"
	[[ ! -d /sys/module/nvmet && ! -d /sys/module/nvme_core ]] ||
		skip_all "nvmet or nvme_core is loaded already"
	modprobe -q veth || skip_all "no module veth"
	modprobe -q -n nvmet-tcp || skip_all "no module nvmet-tcp"
	modprobe -q -n nvme-tcp || skip_all "no module nvme-tcp"
	at_exit modprobe -q -r nvme-tcp nvme_core
	modprobe -q nvme_core multipath=0 || skip_all "no module nvme_core"
	modprobe -q nvme-tcp
	work=$(mktemp -d)
	at_exit rm -rf "$work"
}

# link_up : between here and there
link_up() {
	ip netns add there || skip_all "no network namespaces"
	at_exit ip netns del there
	ip link add "$HERE_LINK" type veth peer name there0 netns there
	ip address add $HERE_ADDRESS/24 dev "$HERE_LINK"
	ip link set "$HERE_LINK" up
	there ip address add $THERE_ADDRESS/24 dev there0
	there ip link set there0 up
	there ip link set lo up
	at_exit take_all
	at_exit disconnect_all
}

# there COMMAND... : in the other namespace. ip netns exec would hide configfs.
there() { nsenter --net=/run/netns/there "$@"; }

give() { there "$export" --address $THERE_ADDRESS "$@"; }

take() { there "$export" --remove "$@"; }

take_all() {
	local name
	for name in $("$export" --list | sed -E "s/^$NQN:([^ ]*) .*/\1/"); do
		take "$name"
	done
}

# what_is_left : of scripts/export
what_is_left() {
	local file
	for file in /sys/module/nvmet /sys/kernel/config/nvmet /run/mqblk-export; do
		[[ ! -e $file ]] || echo "$file"
	done | one_line
}

# connect DISK HOST : as that host
connect() {
	nvme connect -t tcp -a "$THERE_ADDRESS" -s 4420 -n "$NQN:$1" \
		--hostnqn="$2" --hostid="${2##*:}" --keep-alive-tmo=$((2 * ${SELFTEST_SLOW:-1})) \
		--reconnect-delay=1 --ctrl-loss-tmo=120
}

# connect_too DISK HOST : the same, where another host of this kernel is connected, which
# nvme-cli 2.3 takes for a mistake
connect_too() {
	echo "transport=tcp,traddr=$THERE_ADDRESS,trsvcid=4420,nqn=$NQN:$1,hostnqn=$2,hostid=${2##*:},keep_alive_tmo=2,reconnect_delay=1,ctrl_loss_tmo=120" \
		>/dev/nvme-fabrics
}

disconnect_all() { nvme disconnect-all >/dev/null 2>&1 || true; }

# remote_disks DISK : names that it has here, those of connections
remote_disks() {
	local ctrl disk
	for ctrl in /sys/class/nvme/nvme*; do
		[[ -e $ctrl/subsysnqn && $(<"$ctrl/subsysnqn") == "$NQN:$1" ]] || continue
		for disk in "$ctrl"/nvme*n*; do
			[[ ! -b /dev/${disk##*/} ]] || echo "${disk##*/}"
		done
	done
}

# other_disk DISK [NAME...] : the name that it has here, but for these; fails without
other_disk() {
	local name
	for name in $(remote_disks "$1"); do
		[[ " ${*:2} " == *" $name "* ]] || { echo "$name"; return; }
	done
	return 1
}

# remote_disk DISK [NAME...] : the same, once it is there
remote_disk() { wait_until 20 other_disk "$@"; }

# state_is DISK STATE : of the controller that it belongs to
state_is() { [[ $(<"/sys/block/$1/device/state") == "$2" ]]; }

busy() { [[ $(one_line <"/sys/block/$1/inflight") != "0 0" ]]; }

# fio_over DISK OPTION... : write and verify
fio_over() {
	fio --name=fio --filename="/dev/$1" --direct=1 --thread=1 --rw=randwrite --bs=16k \
		--ioengine=io_uring --iodepth=8 --verify=crc32c --verify_fatal=1 "${@:2}"
}
