# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154	# out, here and tree are guest's
#
# nvme_c beside the kernel's nvme by the load inside the kernel, on two equal NVMe
# controllers made of code, one for each. Sourced by guest; load-runs carries out the
# plan, whose last column is what the driver's controller counts (see
# plans/nvme_native.py).

readonly MODEL=/sys/kernel/config/nvme_model MIB=512

make_controller()	# DRIVER : it has the driver's name
{
	local dir=$MODEL/$1

	mkdir "$dir" "$dir/namespaces/1" || die "cannot make a controller"
	set_attribute "$dir/namespaces/1" size_mib "$MIB"
	set_attribute "$dir/namespaces/1" attached 1
	set_attribute "$dir" check 0
	set_attribute "$dir" time 1
	set_attribute "$dir" power 1
	ln -s "$dir/counts" "/run/bench-$1.counts"
}

device_of() { echo "/sys/bus/pci/devices/$(<"$MODEL/$1/address")"; }	# DRIVER

prepare_disk()	# DRIVER
{
	local disk

	disk=$(disk_of "$(device_of "$1")")
	quiet_disk "$disk"
	fill_by_load "$disk" $((MIB << 20))
	ln -s "/dev/$disk" "/run/bench-$1"
	settings "$1" "/sys/module/$1/parameters" "/sys/block/$disk/queue" \
		"$MODEL/$1" >>"$out/facts"
}

prepare()
{
	local device

	[[ -d $MODEL ]] || die "this kernel has no NVMe controllers made of code"
	load_driver load
	make_controller nvme
	make_controller nvme_c
	load_driver nvme_c
	device=$(device_of nvme_c)
	echo nvme_c >"$device/driver_override"
	load_driver nvme
	"$tree/scripts/bind" "${device##*/}" || die "nvme_c did not get its device"
	prepare_disk nvme
	prepare_disk nvme_c
}

measure()
{
	local driver

	"$here/load-runs" "$out" || die "the load failed"
	for driver in nvme nvme_c; do
		[[ -z $(<"$MODEL/$driver/breaches") ]] ||
			die "$driver broke the protocol: $(xargs <"$MODEL/$driver/breaches")"
	done
}
