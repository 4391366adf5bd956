# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the virtual machine is, for the summary. Sourced by guest after disks.sh.

facts()
{
	local clock=/sys/devices/system/clocksource/clocksource0

	echo "kernel $(uname -r)"
	echo "kernel_version $(uname -v)"
	echo "cmdline $(cat /proc/cmdline)"
	echo "cpu $(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)"
	echo "cpus $(nproc)"
	echo "memory_kib $(awk '/^MemTotal/ { print $2 }' /proc/meminfo)"
	echo "clocksource $(cat $clock/current_clocksource)"
	echo "fio $(fio --version)"
}

# Settings below some directories, as the kernel shows them. Reads many small
# files in one process: to start one is slow under emulation.
settings()	# DRIVER DIRECTORY...
{
	# A record, not a condition: what cannot be read is left out.
	{ find "${@:2}" -type f -perm -u=r -exec grep -H '' {} + 2>/dev/null ||
		true; } | sed "s|^/sys/\([^:]*\):|$1:\1 |"
}

# Those of one driver's module and disks
driver_settings()	# DRIVER
{
	settings "$1" "/sys/module/$(module_name "$1")/parameters" \
		${CONFIGFS[$1]:+"${CONFIGFS[$1]}"}
}
