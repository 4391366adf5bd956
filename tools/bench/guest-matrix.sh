# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154	# out and here are guest's
#
# All null block devices of the kernel by the load inside it: load-runs carries out the
# plan. Sourced by guest. DIRECTORY/disks lists the disks that are needed: subject, name,
# bytes to write before, attributes, "iostats" if the block layer is to count, and what an
# attribute of the disk is set to last: NAME VALUE, where \n is a new line; - is nothing.
# A subject is a driver, or DRIVER+FEATURE.

# shellcheck source-path=SCRIPTDIR source=guest-native.sh
. "$here/guest-native.sh"

set_last()	# DRIVER NAME "ATTRIBUTE VALUE"
{
	printf '%b\n' "${3#* }" >"${CONFIGFS[$1]}/$2/${3%% *}" ||
		die "cannot set $3 of $2"
}

prepare_disks()
{
	local subject driver name bytes attributes iostats last

	load_driver load
	while IFS=$'\t' read -r subject name bytes attributes iostats last; do
		driver=${subject%%+*}
		is_available "$driver" || continue
		[[ $attributes != - ]] || attributes=''
		load_once "$driver" "$attributes"
		make_disk "$driver" "$name" "$attributes"
		((bytes == 0)) || fill_by_load "$name" "$bytes"
		[[ $last == - ]] || set_last "$driver" "$name" "$last"
		[[ $iostats == - ]] || echo 1 >"/sys/block/$name/queue/iostats"
	done <"$out/disks"
	while read -r driver; do
		! is_available "$driver" || driver_settings "$driver" >>"$out/facts"
	done < <(cut -f1 "$out/disks" | sed 's/+.*//' | sort -u)
}

prepare() { prepare_disks; }
