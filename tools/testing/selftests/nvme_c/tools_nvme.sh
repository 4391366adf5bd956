#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nvme-cli and smartctl on the driver under the names of the kernel's: what each command
# prints, and what it does to the device. For the table of what works with which tool.
#@kernel stock
#@timeout 400
#@vm --qemu -device --qemu nvme-subsys,id=sub --nvme size=64M,namespaces=2,subsys=sub,serial=tools,mdts=5

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/tools.sh
. "$(dirname "$0")/../lib/tools.sh"

require_cmd nvme smartctl
# As tools_nvme_newest.sh says
[[ -z ${newest-} ]] || require_newest
require_nvme 1
require_unloadable nvme_c
[[ ! -d /sys/module/nvme_core ]] || skip_all "the kernel's driver has the names"
nvme_load drop_in=1
c=/dev/nvme0 d=/dev/nvme0n1 g=/dev/ng0n1
check "two disks" wait_until 20 test -b $d -a -b /dev/nvme0n2
dir=$(mktemp -d)
at_exit rm -rf "$dir"
tools_on "QEMU"
[[ -z ${newest-} ]] || tools_newest "$dir"

invalid_field='Invalid Field in Command.*\(0x4002\)'
invalid_opcode='Invalid Command Opcode.*\(0x4001\)'

# --- what there is -----------------------------------------------------------

works "nvme list" "$d +$g +tools +QEMU NVMe Ctrl" nvme list
works "nvme list -v" 'nvme0 +([0-9a-fx]+ +)?tools .* pcie +0000:.* nvme-subsys0 +nvme0n[12], nvme0n[12]' \
	nvme list -v
works "nvme list-subsys" 'nvme-subsys0 - NQN=.*nvme0 pcie 0000:[0-9:.]* live' nvme list-subsys
works "nvme id-ctrl" 'sn +: tools .*mdts +: 5.*subnqn +: nqn.2019-08.org.qemu:sub' nvme id-ctrl $c
works "nvme id-ns" 'nsze +: 0x20000.*lbaf +0 : ms:0 +lbads:9 .*in use' nvme id-ns $d
works "nvme id-ns, by the character device" 'nsze +: 0x20000' nvme id-ns $g
works "nvme list-ns" '0\]:0x1.*1\]:0x2' nvme list-ns $c
works "nvme list-ctrl" 'num of ctrls present: 1' nvme list-ctrl $c
works "nvme ns-descs" 'csi +: 0' nvme ns-descs $d
works "nvme get-ns-id" 'namespace-id:1' nvme get-ns-id $d
works "nvme nvm-id-ctrl" 'vsl +: 7' nvme nvm-id-ctrl $c
works "nvme nvm-id-ns" 'elbaf +0 : (qpif:0 )?pif:0.*in use' nvme nvm-id-ns $d
works "nvme id-iocs" 'Combination\[0\]:5' nvme id-iocs $c
works "nvme primary-ctrl-caps" 'cntlid +: 0' nvme primary-ctrl-caps $c
works "nvme list-secondary" 'Number of Identifiers +: 0' nvme list-secondary $c
lacks "nvme id-nvmset" "$invalid_field" nvme id-nvmset $c
lacks "nvme id-ns-granularity" "$invalid_field" nvme id-ns-granularity $c
lacks "nvme cmdset-ind-id-ns" "$invalid_field" nvme cmdset-ind-id-ns $d

# --- logs --------------------------------------------------------------------

works "nvme smart-log" 'temperature.*323 K.*media_errors.*: 0' nvme smart-log $c
works "nvme smart-log, by the disk" 'temperature.*323 K' nvme smart-log $d
works "nvme error-log" 'Entry\[ 0\].*status_field.*Successful Completion' nvme error-log $c
works "nvme fw-log" 'afi +: 0x1.*frs1 +: 0x.*\(1.0' nvme fw-log $c
works "nvme effects-log --csi=0" 'ACS6 .*Identify.*IOCS2 .*Read' nvme effects-log $c --csi=0
works "nvme get-log" 'log-id:2 namespace-id:0xffffffff.*0000: 00 43 01' nvme get-log $c -i 2 -l 512
refused "nvme show-regs" "the kernel maps no registers that a driver uses (IO_STRICT_DEVMEM)" \
	"get-property: Invalid argument|Failed to map registers|$invalid_opcode" nvme show-regs $c
lacks "nvme self-test-log" "$invalid_field" nvme self-test-log $c
lacks "nvme sanitize-log" "$invalid_field" nvme sanitize-log $c
# A newer one looks at LPA first, and does not ask then.
lacks "nvme telemetry-log" "$invalid_field|get-telemetry-log: No such device or address" \
	nvme telemetry-log $c --output-file="$dir/telemetry"
lacks "nvme persistent-event-log" "$invalid_field" nvme persistent-event-log $c -a 0 -l 512
lacks "nvme endurance-log" "$invalid_field" nvme endurance-log $c
lacks "nvme supported-log-pages" "$invalid_field" nvme supported-log-pages $c

# --- features ----------------------------------------------------------------

works "nvme get-feature" 'Volatile Write Cache\), Current value:0x00000001' nvme get-feature $c -f 6
set_get() {
	nvme set-feature $c -f "$1" --value="$2" && nvme get-feature $c -f "$1"
}
works "nvme set-feature, temperature" 'Threshold\), Current value:0x00000150' set_get 4 0x150
works "nvme set-feature, write cache" 'Cache\), Current value:0+$' set_get 6 0
works "nvme set-feature, write cache" 'Cache\), Current value:0x00000001' set_get 6 1
refused "nvme set-feature, number of queues" "the driver owns it" 'Permission denied' \
	nvme set-feature $c -f 7 --value=0x10001
refused "nvme set-feature, power states" "the driver owns it" 'Permission denied' \
	nvme set-feature $c -f 0x0c --value=1
refused "nvme set-feature, host memory" "the driver owns it" 'Permission denied' \
	nvme set-feature $c -f 0x0d --value=0

# --- data: what is written by a command is on the disk ---------------------------

head -c 4096 /dev/urandom >"$dir/data"
# on_disk N : the Nth piece of 4 KiB is the data
on_disk() { dd if=$d bs=4k skip="$1" count=1 iflag=direct status=none | cmp - "$dir/data"; }
is_zero() { dd if=$d bs=4k skip="$1" count=1 iflag=direct status=none | cmp -n 4096 - /dev/zero; }
block=(-s 8 -c 7)
writes() { nvme write "$1" "${block[@]}" -z 4096 -d "$dir/data" && on_disk 1; }
reads() {
	nvme read "$1" "${block[@]}" -z 4096 -d "$dir/back" && cmp "$dir/data" "$dir/back"
}
works "nvme write" 'write: Success' writes $d
works "nvme write, by the character device" 'write: Success' writes $g
works "nvme read" 'read: Success' reads $d
works "nvme read, by the character device" 'read: Success' reads $g
works "nvme compare" 'compare: Success' nvme compare $d "${block[@]}" -z 4096 -d "$dir/data"
check "nvme compare: other data differs" eval "! nvme compare $d -s 9 -c 7 -z 4096 -d $dir/data"
works "nvme verify" 'Verify Success' nvme verify $d "${block[@]}"
copies() { nvme copy $d -d 64 -s 8 -b 7 && on_disk 8; }
works "nvme copy" 'Copy: success' copies
works "nvme io-passthru" 'Read is Success' \
	nvme io-passthru $d --opcode=2 --namespace-id=1 --cdw12=7 --data-len=4096 -r -s
works "nvme admin-passthru" 'Identify is Success' \
	nvme admin-passthru $c --opcode=6 --cdw10=1 --data-len=4096 -r
zeroes() { nvme write-zeroes $d "${block[@]}" && is_zero 1; }
works "nvme write-zeroes" 'Write Zeroes Success' zeroes
discards() { nvme dsm $d -d -s 64 -b 8 && is_zero 8; }
works "nvme dsm" 'DSM: success' discards
works "nvme flush" 'Flush: success' nvme flush $d
lacks "nvme write-uncor" "$invalid_opcode" nvme write-uncor $d "${block[@]}"
lacks "nvme get-lba-status" "$invalid_opcode" nvme get-lba-status $d -s 0 -m 1 -a 16 -l 1
lacks "nvme resv-register" "$invalid_opcode" nvme resv-register $d --nrkey=1 --rrega=0
lacks "nvme resv-acquire" "$invalid_opcode" nvme resv-acquire $d --crkey=1 --rtype=1 --racqa=0
lacks "nvme resv-release" "$invalid_opcode" nvme resv-release $d --crkey=1 --rtype=1 --rrela=0
lacks "nvme resv-report" "$invalid_opcode" nvme resv-report $d

# --- namespaces, formats -----------------------------------------------------

gone() { [[ ! -e /dev/nvme0n2 && ! -e /dev/ng0n2 ]]; }
there() { [[ -b /dev/nvme0n2 && -c /dev/ng0n2 ]]; }
detaches() { nvme detach-ns $c -n 2 -c 0 && wait_until 20 gone; }
attaches() { nvme attach-ns $c -n 2 -c 0 && wait_until 20 there; }
works "nvme detach-ns" 'detach-ns: [Ss]uccess' detaches
works "nvme attach-ns" 'attach-ns: [Ss]uccess' attaches
lacks "nvme create-ns" "$invalid_opcode" nvme create-ns $c -s 2048 -c 2048 -f 0
lacks "nvme delete-ns" "$invalid_opcode" nvme delete-ns $c -n 2
works "nvme ns-rescan" '' nvme ns-rescan $c
has_blocks() { [[ $(queue_limit nvme0n1 logical_block_size 2>/dev/null) == "$1" ]]; }
# formats DEVICE BYTES OPTION...
formats() { nvme format "$1" "${@:3}" --force && wait_until 20 has_blocks "$2"; }
works "nvme format, by the controller" 'Success formatting namespace:1' formats $c 4096 -n 1 -l 4
works "nvme format, by the character device" 'Success formatting namespace:1' formats $g 512 -l 0
works "nvme format, by the disk, same blocks" 'Success formatting namespace:1' formats $d 512 -l 0
refused "nvme format, by the disk, other blocks" \
	"it formats, and cannot tell a disk that went by then the size of its blocks" \
	'failed to set block size to 4096.*Success formatting' nvme format $d -l 4 --force
check "its disk comes with the new blocks" wait_until 20 has_blocks 4096
# The next test of this machine finds the device as this one did.
check "it has the old ones again" formats $c 512 -n 1 -l 0

# --- the controller ----------------------------------------------------------

is_live() { [[ $(</sys/class/nvme/nvme0/state) == live ]]; }
resets() {
	local before after
	before=$(</sys/class/nvme/nvme0/resets)
	nvme reset $c && wait_until 20 is_live || return
	after=$(</sys/class/nvme/nvme0/resets)
	echo "$((after - before)) more"
}
works "nvme reset" '1 more' resets
lacks "nvme subsystem-reset" 'NVM Subsystem Reset not supported' nvme subsystem-reset $c
lacks "nvme device-self-test" "$invalid_opcode" nvme device-self-test $c -n 1 -s 1
lacks "nvme sanitize" "$invalid_opcode" nvme sanitize $c -a 2
lacks "nvme fw-download" "$invalid_opcode" nvme fw-download $c -f "$dir/data"
lacks "nvme fw-commit" "$invalid_opcode" nvme fw-commit $c -s 1 -a 1
lacks "nvme security-recv" "$invalid_opcode" nvme security-recv $c -t 16
lacks "nvme dir-receive" "$invalid_opcode" nvme dir-receive $c -D 0 -O 1
lacks "nvme lockdown" "$invalid_opcode" nvme lockdown $c
works "nvme virt-mgmt" 'success, Number of Controller Resources Modified' \
	nvme virt-mgmt $c -c 0 -r 0 -n 0 -a 1

# The rest has nothing to do with nvme-cli.
[[ -z ${newest-} ]] || exit 0

# --- smartctl ----------------------------------------------------------------

health='Serial Number: +tools.*self-assessment test result: PASSED.*Temperature: +50 Celsius'
works "smartctl --scan" "$c -d nvme" smartctl --scan
works "smartctl -a" "$health" smartctl -a $c
works "smartctl -a, by the disk" "Namespace 1 Formatted LBA Size: +512.*test result: PASSED" \
	smartctl -a $d
works "smartctl -x" "$health" smartctl -x $c
works "smartctl -d nvme -a, by the character device" "$health" smartctl -d nvme -a $g
