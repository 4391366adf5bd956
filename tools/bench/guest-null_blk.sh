# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154	# out, plan and here are guest's
#
# null_blk_c beside null_blk, floor and brd by fio. The extra measurements are
# guest-extra's, and come last, as they load and unload modules. Sourced by guest; the
# last column of the plan is the store.

drivers_of_fio()
{
	awk -F'\t' '$2 == "fio" && !seen[$4]++ { print $4 }' "$plan"
}

stores_of()	# DRIVER
{
	awk -F'\t' -v d="$1" '$2 == "fio" && $4 == d && !seen[$5]++ { print $5 }' \
		"$plan"
}

prepare_driver()
{
	local driver=$1 store disk

	start_driver "$driver"
	while read -r store; do
		disk=$(disk_name "$driver" "$store")
		create_disk "$driver" "$store"
		[[ -b /dev/$disk ]] || die "no /dev/$disk after loading $driver"
		quiet_disk "$disk"
		if [[ $store == mem ]]; then
			echo "note writing 1 GiB to $disk ($driver)"
			fill_disk "$disk"
		elif [[ $store == zone ]]; then
			fill_disk "$disk" "$ZONE_MIB"
		fi
		export "DISK_${driver}_$store=/dev/$disk"
	done < <(stores_of "$driver")
	driver_settings "$driver" >>"$out/facts"
}

for_fio_drivers()	# FUNCTION
{
	local driver

	while read -r driver; do
		"$1" "$driver"
	done < <(drivers_of_fio)
}

run_batch()	# BATCH KIND DRIVER SECTION...
{
	if [[ $2 == fio ]]; then
		"$here/fio-batch" "$out/$1.fio" "$out/$1.json" "${@:4}"
	else
		"$here/guest-extra" "$2" "$3" "$out/$1.json"
	fi </dev/null || die "$1 failed"
	echo "done $1"
}

prepare() { for_fio_drivers prepare_driver; }

measure()
{
	run_batches yes
	for_fio_drivers remove_disks
	for_fio_drivers unload_driver
	run_batches no
}
