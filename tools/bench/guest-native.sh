# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154	# out, plan and here are guest's
#
# null_blk_c beside null_blk, floor and brd by the load inside the kernel: load-runs
# carries out the plan. Sourced by guest. DIRECTORY/disks lists the disks that are
# needed: driver, name, bytes to write before, and attributes.

# Once for each driver, before its first disk. That of the floor driver comes with it.
load_once()	# DRIVER ATTRIBUTES
{
	local -a parameters

	is_loaded "$(module_name "$1")" && return
	if [[ $1 == floor ]]; then
		read -ra parameters <<<"$2"
		load_driver floor "${parameters[@]}"
	else
		start_driver "$1"
	fi
}

make_disk()	# DRIVER NAME ATTRIBUTES
{
	local dir pair

	if [[ -n ${CONFIGFS[$1]:-} && ! -e ${CONFIGFS[$1]}/$2 ]]; then
		dir=${CONFIGFS[$1]}/$2
		mkdir "$dir" || die "cannot create $dir"
		for pair in $3; do
			set_attribute "$dir" "${pair%%=*}" "${pair#*=}"
		done
		set_attribute "$dir" power 1
	fi
	[[ -b /dev/$2 ]] || die "no /dev/$2 after loading $1"
	quiet_disk "$2"
}

prepare()
{
	local driver name bytes attributes

	load_driver load
	while IFS=$'\t' read -r driver name bytes attributes; do
		is_available "$driver" || continue
		load_once "$driver" "$attributes"
		make_disk "$driver" "$name" "$attributes"
		((bytes == 0)) || fill_by_load "$name" "$bytes"
	done <"$out/disks"
	while read -r driver; do
		! is_available "$driver" || driver_settings "$driver" >>"$out/facts"
	done < <(cut -f1 "$out/disks" | sort -u)
}

measure() { "$here/load-runs" "$out" || die "the load failed"; }
