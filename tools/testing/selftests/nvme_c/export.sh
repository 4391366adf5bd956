#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A disk of nvme_c that scripts/export gives to another host: its controller is reset under
# the host's load, and nothing is lost; the device is taken out under load, and the host is
# told; the disk can be taken back after that, and nothing is left.
#@vm --monitor --nvme size=64M
#@long
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/export.sh
. "$(dirname "$0")/../lib/export.sh"

require_cmd fio
require_nvme 1
require_export
dmesg_expect "nvmet?|I/O error, dev|Buffer I/O error|pcieport .* pciehp"
link_up
nvme_load "$@"
nvme_bind 0
disk=nvmec0n1

check "give it" give --host "$HOST_A" $disk
check "connect" connect $disk "$HOST_A"
remote=$(remote_disk $disk)
check_eq "its size" "$(</sys/block/"$remote"/size)" "$(</sys/block/$disk/size)"
check "write and verify" fio_over "$remote" --size=8m
check "which is on the disk" cmp -n 8M <(dd if="/dev/$remote" bs=1M count=8 iflag=direct status=none) \
	<(dd if=/dev/$disk bs=1M count=8 iflag=direct status=none)

# --- resets ---

fio_over "$remote" --size=16m --time_based --runtime=45 >"$work/reset" &
job=$!
for ((resets = 0; resets < 5; resets++)); do
	wait_until 30 busy "$remote" || break
	nvme_reset nvmec0 || break
done
check_eq "resets below the load" "$resets" 5
check_wait "the host sees nothing of them" $job

# --- hot removal ---

fio_over "$remote" --size=16m --time_based --runtime=60 >"$work/gone" 2>&1 &
job=$!
wait_until 30 busy "$remote"
has_none() { [[ -z $(nvme_device 0) ]]; }
check "take the device out" monitor "device_del nvme0"
check "it is gone" wait_until 30 has_none
if wait $job; then
	not_ok "who writes is told" "fio has seen no error"
else
	ok "who writes is told"
fi
disconnect_all
check "take back what is gone" take $disk
check_eq "nothing is left" "$(what_is_left)" ""
check "nvme_c can be unloaded" unload_modules
