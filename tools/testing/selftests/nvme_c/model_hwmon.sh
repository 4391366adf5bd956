#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Temperatures of controllers made of code: sensors, alarms, and thresholds of their own; no
# command is sent while the controller is reset, a controller that does not know its
# temperature has none, and one that is silent about it is not asked again.
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"

require_model
[[ -d /sys/class/hwmon ]] || skip_all "no hwmon"
nvme_load io_timeout="${SELFTEST_SLOW:-1}" admin_timeout="${SELFTEST_SLOW:-1}" "$@"
has_temps() { nvme_has_temps "$(model_ctrl "$1")"; }

# The first sensor has 310 K, the third 315 K.
model_create m
model_rule m data opcode=get_log sel=2 offset=200 bytes=360100003b01
check "it comes up" model_up m
check "it has temperatures" wait_until 10 has_temps m
ctrl=$(model_ctrl m)
dir=$(nvme_temps "$ctrl")
temp() { show "$dir/temp$1"; }
check_eq "its sensors" "$(cd "$dir" && echo temp*_input)" "temp1_input temp2_input temp4_input"
check_eq "their labels" "$(temp 1_label) $(temp 2_label) $(temp 4_label)" \
	"Composite Sensor 1 Sensor 3"
check_eq "their temperatures" "$(temp 1_input) $(temp 2_input) $(temp 4_input)" "36850 36850 41850"
check_eq "thresholds" "$(temp 1_max) $(temp 4_max) $(temp 4_min)" "69850 65261850 -273150"
echo 50000 >"$dir/temp4_max"
check_eq "one of a sensor" "$(temp 1_max) $(temp 4_max)" "69850 49850"
check_eq "no alarm" "$(temp 1_alarm)" 0
model_rule m data opcode=get_log sel=2 offset=0 bytes=02
alarm() { [[ $(temp 1_alarm) == 1 ]]; }
check "an alarm" wait_until 10 alarm

# Nothing is sent while it is reset.
model_rule m clear
model_rule m delay us=1 opcode=get_log sel=2
model_rule m delay us=1 opcode=get_features
model_rule m ready ms=4000 hits=1
nap 1.1
before=$(model_hits m)
nvme_reset "$ctrl" &
job=$!
check "a reset that takes long" wait_until 10 nvme_state_is "$ctrl" resetting
said=$(LC_ALL=C cat "$dir/temp1_input" 2>&1) || true
check_eq "a read fails at once" "${said##*: }" "Resource temporarily unavailable"
said=$(LC_ALL=C cat "$dir/temp1_max" 2>&1) || true
check_eq "of a threshold, too" "${said##*: }" "Resource temporarily unavailable"
check_eq "it is still being reset" "$(nvme_attr "$ctrl" state)" resetting
check_wait "the reset is good" $job
# The rule of the reset has been hit.
check_eq "nothing was asked" $(($(model_hits m) - before)) 1
check "and works again" temp 1_input

# It falls silent.
model_rule m clear
model_rule m drop opcode=get_log sel=2
nap 1.1
resets=$(nvme_attr "$ctrl" resets)
check "no answer is an error" expect_errno ETIMEDOUT cat "$dir/temp1_input"
check "after a reset" wait_until 20 nvme_state_is "$ctrl" live
for _ in 1 2 3 4 5 6 7 8; do cat "$dir/temp1_input" 2>/dev/null || true; done
check_eq "and is not asked again" $(($(nvme_attr "$ctrl" resets) - resets)) 1
check "let go" model_unbind m
check "without the log" model_bind m
check "it is of use" wait_until 20 model_has_disk m
check "and stays so" wait_until 20 nvme_state_is "$(model_ctrl m)" live

model_create n
model_rule n status code=0x109 dnr=1 opcode=get_log
check "one that does not know" model_up n
check "has no temperature" test ! -e "$(nvme_temps "$(model_ctrl n)")/temp1_input"
model_power n 0
model_power m 0
check_eq "the protocol is kept" "$(model_breaches m)$(model_breaches n)" ''
