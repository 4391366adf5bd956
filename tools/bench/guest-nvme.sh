# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154	# out, plan, here and tree are guest's
#
# nvme_c beside the kernel's nvme, in a machine with two equal NVMe devices: the first is
# nvme's, the second nvme_c's. Sourced by guest; the last column of the plan is the
# buffer. Each run leaves
#   SECTION.json            fio's result
#   SECTION.before, .after  /proc/interrupts
#   SECTION.insn            what the plugin counted in between, where the plugin insn.so
#                           leaves its files in DIRECTORY/marks
# and all of them kallsyms, the symbols of the modules.

readonly MIB=256 BUFFER_MIB=6
export BUFFERS=/run/buffers
marks=0

is_counted() { [[ -d $out/marks ]]; }

mark()
{
	is_counted || return 0
	"$here/insn/mark"
	marks=$((marks + 1))
	[[ -e $out/marks/$marks ]] || die "the plugin did not answer"
}

# address_of N : of the Nth NVMe device, from 1
address_of()
{
	grep -l 0x010802 /sys/bus/pci/devices/*/class | sed -n "${1}s|/class\$||p"
}

load_drivers()
{
	local second

	second=$(address_of 2)
	[[ -n $second ]] || die "there are no two NVMe devices"
	load_driver nvme_c poll_queues=1
	echo nvme_c >"$second/driver_override"
	load_driver nvme poll_queues=1
	"$tree/scripts/bind" "${second##*/}" || die "nvme_c did not get its device"
}

prepare_disk()	# DRIVER DISK
{
	quiet_disk "$2"
	echo "note writing $MIB MiB to $2 ($1)"
	"$here/fio-fill" "/dev/$2" "$MIB" || die "cannot fill $2"
	settings "$1" "/sys/module/$1/parameters" "/sys/block/$2/queue" \
		>>"$out/facts"
}

# Both drivers get the same memory, at the same places. fio sets the length of
# the file, hence one for each.
make_buffers()
{
	local buffer

	mkdir "$BUFFERS" "$BUFFERS.huge"
	mount -t tmpfs -o huge=never buffers "$BUFFERS"
	mount -t tmpfs -o huge=always buffers "$BUFFERS.huge"
	while read -r buffer; do
		if [[ $buffer == piece-* ]]; then
			head -c "${BUFFER_MIB}M" /dev/zero >"$BUFFERS.huge/$buffer"
			ln -s "$BUFFERS.huge/$buffer" "$BUFFERS/$buffer"
		else
			"$here/scatter" "$BUFFERS/$buffer" "$BUFFER_MIB"
		fi
	done < <(cut -f5 "$plan" | sort -u)
}

run_batch()	# BATCH KIND DRIVER SECTION
{
	grep nvme /proc/interrupts >"$out/$1.before"
	mark
	"$here/fio-batch" "$out/$1.fio" "$out/$1.json" "$4" </dev/null ||
		die "$1 failed"
	mark
	grep nvme /proc/interrupts >"$out/$1.after"
	! is_counted || mv "$out/marks/$marks" "$out/$1.insn"
	echo "done $1"
}

prepare()
{
	load_drivers
	DISK_nvme=/dev/$(disk_of "$(address_of 1)")
	DISK_nvme_c=/dev/$(disk_of "$(address_of 2)")
	# Their character devices, nvme0n1's is ng0n1 and nvmec0n1's ngc0n1
	GENERIC_nvme=${DISK_nvme/nvme/ng} GENERIC_nvme_c=${DISK_nvme_c/nvme/ng}
	export DISK_nvme DISK_nvme_c GENERIC_nvme GENERIC_nvme_c
	prepare_disk nvme "${DISK_nvme#/dev/}"
	prepare_disk nvme_c "${DISK_nvme_c#/dev/}"
	make_buffers
	grep -F '[' /proc/kallsyms >"$out/kallsyms"
}

measure() { run_batches yes; }
