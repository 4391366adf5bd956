#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The temperature of a controller and its thresholds are there for the kernel's hardware
# monitoring; a threshold can be changed, which the controller then knows; bad values
# change nothing; a reset and readers do not disturb each other; and it goes with the
# controller.
#@vm --nvme size=64M

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_nvme 1
[[ -d /sys/class/hwmon ]] || skip_all "no hwmon"
helper userio
nvme_load "$@"
nvme_bind 0
# An event may come at once when a threshold is passed.
dmesg_expect "asynchronous event"

check "it is there" wait_until 10 nvme_has_temps nvmec0
dir=$(nvme_temps nvmec0)
check_eq "its name" "$(<"$dir/name")" nvme
check_eq "its files" "$(cd "$dir" && echo temp*)" \
	"temp1_alarm temp1_crit temp1_input temp1_label temp1_max temp1_min"
check_eq "label" "$(<"$dir/temp1_label")" Composite
# QEMU has 323 K, warns at 343 K, and is in danger at 373 K.
check_eq "temperature" "$(<"$dir/temp1_input")" 49850
check_eq "threshold" "$(<"$dir/temp1_max")" 69850
check_eq "critical" "$(<"$dir/temp1_crit")" 99850

set_temp() { echo "$2" >"$dir/temp1_$1"; }
# threshold OVER : what the controller says, in kelvins
threshold() { userio /dev/nvmec0 admin op=0xa cdw10=4 cdw11="$1"; }
check "another threshold" set_temp max 80000
check_eq "is kept" "$(<"$dir/temp1_max")" 79850
check_eq "by the controller" "$(threshold 0)" "0 0x161"
check "a lower one" set_temp min 10000
check_eq "is kept" "$(<"$dir/temp1_min")" 9850
check_eq "by the controller" "$(threshold 0x100000)" "0 0x11b"
for value in 65261851 -273151 x; do
	check "$value is refused" expect_errno EINVAL set_temp max "$value"
done
check_eq "and nothing changed" "$(<"$dir/temp1_max")" 79850
log_wants "temp1_max: -273151 is not valid, use -273150 to 65261850"

# Those who read get a temperature, or are told to come again.
read_all() {
	local said
	whatever
	while [[ ! -e $stop ]]; do
		said=$(LC_ALL=C cat "$dir"/temp1_{input,max} 2>&1) ||
			[[ $said == *"Resource temporarily unavailable"* ]] || { echo "$said"; return 1; }
	done
}
stop=$(mktemp -u)
at_exit rm -f "$stop"
read_all >/dev/null &
job=$!
for nr in 1 2 3 4 5; do nvme_reset nvmec0 || break; done
check_eq "resets while it is read" "$nr $(nvme_attr nvmec0 state)" "5 live"
touch "$stop"
check_wait "readers do not mind" $job
check_eq "no time ran out" "$(nvme_attr nvmec0 timeouts)" 0

cat "$dir"/temp1_input >/dev/null
check "it goes" nvme_unbind 0
check "with its files" test ! -e "$dir"
check_log
