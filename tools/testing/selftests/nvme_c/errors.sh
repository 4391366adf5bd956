#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A sector of the medium is bad: who reads it is told so, and nobody else.
#@vm --nvme size=64M,bad=4096

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_nvme 1
dmesg_expect "critical medium error, dev nvmec0n1, sector 4096"
dmesg_expect "Buffer I/O error on dev nvmec0n1"
nvme_load "$@"
nvme_bind 0

# transfer DD OPERAND... : say what becomes of it
transfer() {
	local out
	out=$(LC_ALL=C dd bs=512 "$@" 2>&1) && echo ok && return
	out=${out%%$'\n'*}
	echo "${out##*: }"
}
read_at() {
	transfer if=/dev/nvmec0n1 of=/dev/null iflag=direct skip="$1" count="$2"
}
write_at() {
	transfer if=/dev/zero of=/dev/nvmec0n1 oflag=direct seek="$1" count="$2"
}

check_eq "a read of the sector before it" "$(read_at 4095 1)" ok
check_eq "a read of the bad one" "$(read_at 4096 1)" "No data available"
check_eq "again" "$(read_at 4096 1)" "No data available"
check_eq "a read of the one behind it" "$(read_at 4097 1)" ok
check_eq "a write to it" "$(write_at 4096 1)" "No data available"
check_eq "a write of the one behind it" "$(write_at 4097 1)" ok
check_eq "a read of all before" "$(read_at 0 4096)" ok
check_eq "the controller did not mind" "$(nvme_attr nvmec0 state)" live
