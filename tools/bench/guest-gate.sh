# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154	# out, plan and here are guest's
#
# Counts what null_blk_c and nvme_c execute for I/Os of the load inside the kernel.
# Sourced by guest. DIRECTORY/disks is as for guest-matrix.sh; the plan as for load-runs.
# Each run leaves SECTION.insn, what the plugin counted (see insn/insn.c), and SECTION.load,
# what the load reports; all of them kallsyms, the symbols of the modules.

# shellcheck source-path=SCRIPTDIR source=guest-matrix.sh
. "$here/guest-matrix.sh"

marks=0

mark()
{
	"$here/insn/mark"
	marks=$((marks + 1))
	[[ -e $out/marks/$marks ]] || die "the plugin did not answer"
}

prepare_nvme()
{
	local device disk

	device=$(grep -l 0x010802 /sys/bus/pci/devices/*/class | head -n 1)
	device=${device%/class}
	[[ -n $device ]] || die "there is no NVMe device"
	load_driver nvme_c
	echo nvme_c >"$device/driver_override"
	echo "${device##*/}" >/sys/bus/pci/drivers_probe
	disk=$(disk_of "$device")
	quiet_disk "$disk"
	fill_by_load "$disk" $((128 << 20))
	ln -s "/dev/$disk" /run/bench-nvme_c
}

prepare()
{
	prepare_disks
	! cut -f4 "$plan" | grep -qx nvme_c || prepare_nvme
	grep -F '[' /proc/kallsyms >"$out/kallsyms"
}

# The first of two runs is not counted: it leaves memory, lists and caches as the second
# finds them.
count()	# SECTION DISK ATTRIBUTES
{
	local pair

	echo "$2" >"$LOAD/disks" || die "cannot take $2"
	for pair in $3; do
		echo "${pair#*=}" >"$LOAD/${pair%%=*}" || die "cannot set $pair"
	done
	echo run >"$LOAD/control" || die "cannot run $1"
	mark
	echo run >"$LOAD/control" || die "cannot run $1"
	mark
	mv "$out/marks/$marks" "$out/$1.insn"
	{ echo "section $1"; cat "$LOAD/results"; } >"$out/$1.load"
	echo "done $1"
}

measure()
{
	local section disk attributes

	while IFS=$'\t' read -r _ _ section _ disk attributes; do
		count "$section" "$disk" "$attributes"
	done <"$plan"
}
