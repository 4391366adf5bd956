#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Quirks: a device is given some by the parameter, shows them, and is treated by them;
# what cannot be read is refused with one line.
#@kernel stock debug kcsan
#@vm --qemu -global --qemu nvme-ns.uuid=00112233-4455-6677-8899-aabbccddeeff --nvme size=64M

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_cmd fio
require_nvme 1
nvme_load "$@"
file=$(module_path nvme_c)
nvme_bind 0
check_eq "it has none" "$(nvme_attr nvmec0 quirks)" ""
check "it writes zeroes" test "$(queue_limit nvmec0n1 write_zeroes_max_bytes)" -gt 0
check "it discards" test "$(queue_limit nvmec0n1 discard_max_hw_bytes)" -gt 0
check "it has a UUID" test -e /sys/block/nvmec0n1/uuid
rmmod nvme_c

for text in no_sgl 1b36:10:no_sgl 1b36:0010:nothing; do
	check "quirks=$text is refused" expect_errno EINVAL insmod "$file" "quirks=$text"
	log_wants "nvme_c: quirks: $text is not valid, use up to 32 times VENDOR:DEVICE:NAME"
done
check_log

check "load with some" insmod "$file" \
	quirks=1b36:0010:no_write_zeroes,no_discard,1b36:0010:bogus_ids
check "bind" nvme_bind 0
check_eq "they are shown" "$(nvme_attr nvmec0 quirks)" \
	"bogus_ids no_write_zeroes no_discard"
check_eq "no zeroes are written" "$(queue_limit nvmec0n1 write_zeroes_max_bytes)" 0
check_eq "nothing is discarded" "$(queue_limit nvmec0n1 discard_max_hw_bytes)" 0
check "it has no UUID" test ! -e /sys/block/nvmec0n1/uuid
check "verified" fio_verify nvmec0n1 --size=4m --bsrange=4k-64k
rmmod nvme_c

check "load with others" insmod "$file" \
	quirks=1b36:0010:ready_delay,no_ns_list,no_descs,no_sgl,no_shadows,no_apst
check "bind" nvme_bind 0
check_eq "they are shown" "$(nvme_attr nvmec0 quirks)" \
	"ready_delay no_ns_list no_descs no_sgl no_shadows no_apst"
check "verified" fio_verify nvmec0n1 --size=4m --bsrange=4k-256k
check "reset" nvme_reset nvmec0
check "verified" fio_verify nvmec0n1 --size=4m
