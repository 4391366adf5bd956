# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What tools do on a device, for the table in Documentation/nvme_c-tools.rst. Each of
# these is a check; if it passes it prints a line for tools/doc/tools.py, too:
#
#   # table|WHAT|OUTCOME|DEVICE
#
# WHAT is the tool and what it is asked for, in one word in quotes, by which the table
# finds it. REGEX is what the tool has to print. Sourced after lib.sh.

# tools_on DEVICE : what all that follows is run on, as the table says it
tools_on() { tools_device=$1; }

require_newest() {
	[[ -d ${MQBLK_NEWEST_NVME-} ]] ||
		skip_all "no newer nvme-cli: ${MQBLK_NEWEST_WHY:-scripts/test gets it}"
}

# tools_newest DIRECTORY : from here on, nvme is the one that scripts/lib/newest-nvme
# unpacked, which finds the directory at the same place. The table says its version.
tools_newest() {
	local name version root=$MQBLK_NEWEST_NVME
	mkdir -p "$root$1"
	for name in /dev /proc /sys "$1"; do
		mount --rbind --make-rslave "$name" "$root$name"
		at_exit umount -l "$root$name"
	done
	tools_root=$root
	nvme() { chroot "$tools_root" /usr/sbin/nvme "$@"; }
	version=$(nvme version | sed -n 's/^nvme version \([0-9.]*\).*/\1/p')
	tools_on "$tools_device, nvme-cli $version"
}

# works WHAT REGEX COMMAND... : it succeeds, and prints what matches
works() { tools_row "$1" works 0 "$2" "${@:3}"; }

# refused WHAT WHY REGEX COMMAND... : by the driver or the kernel; it fails, and says so
refused() { tools_row "$1" "refused: $2" 1 "$3" "${@:4}"; }

# lacks WHAT REGEX COMMAND... : the command reaches the device, which does not know it
lacks() { tools_row "$1" "the device lacks it" 1 "$2" "${@:3}"; }

# tools_row WHAT OUTCOME 0|1 REGEX COMMAND... : whether it is to fail
tools_row() {
	local what=$1 outcome=$2 fails=$3 regex=$4 said failed=0
	shift 4
	said=$("$@" 2>&1 | tr -d '\0'; exit "${PIPESTATUS[0]}") || failed=1
	if ((failed == fails)) && [[ $said =~ $regex ]]; then
		ok "$what: ${outcome%%:*}"
		echo "# table|$what|$outcome|$tools_device"
	else
		not_ok "$what: ${outcome%%:*}" \
			"failed: $failed, wanted '$regex' of $*"$'\n'"$said"
	fi
}
