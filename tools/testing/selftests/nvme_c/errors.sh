#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Errors of the medium: who reads or writes there is told so, in words that fit, and
# nobody else; what may pass is tried again, five times, and nobody hears of it if it
# does. Then flushes and others that fail.
#@vm --nvme size=64M,bad=4096,once=6000 --nvme size=64M,once=flush --nvme size=64M,bad=flush,bad=discard,bad=write-zeroes

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_nvme 3
dmesg_expect "critical medium error, dev nvmec0n1, sector 4096"
dmesg_expect "Buffer I/O error on dev nvmec[02]n1"
dmesg_expect "(critical medium|I/O) error, dev nvmec2n1"
nvme_load "$@"
nvme_bind 0 1 2

# said COMMAND... : ok, or why it failed
said() {
	local out
	out=$(LC_ALL=C "$@" 2>&1) && echo ok && return
	out=${out%%$'\n'*}
	echo "${out##*: }"
}
transfer() { said dd bs=512 "$@"; }
read_at() {
	transfer if=/dev/nvmec0n1 of=/dev/null iflag=direct skip="$1" count="$2"
}
write_at() {
	transfer if=/dev/zero of=/dev/nvmec0n1 oflag=direct seek="$1" count="$2"
}
# write_and_flush DISK
write_and_flush() {
	transfer if=/dev/zero of="/dev/$1" oflag=direct count=1 conv=fsync
}

# retries_of NAME COMMAND... : how many retries of the controller it took, before
# what it said
retries_of() {
	local name=$1 before said
	shift
	before=$(nvme_attr "$name" retries)
	said=$("$@")
	echo "$(($(nvme_attr "$name" retries) - before)) $said"
}

check_eq "a read of the sector before it" "$(retries_of nvmec0 read_at 4095 1)" "0 ok"
check_eq "a read of the bad one, tried again" \
	"$(retries_of nvmec0 read_at 4096 1)" "5 No data available"
check_eq "again" "$(retries_of nvmec0 read_at 4096 1)" "5 No data available"
check_eq "a read of the one behind it" "$(read_at 4097 1)" ok
check_eq "a write to it" "$(retries_of nvmec0 write_at 4096 1)" "5 No data available"
check_eq "a write of the one behind it" "$(write_at 4097 1)" ok
check_eq "a read of all before" "$(read_at 0 4096)" ok

check_eq "a read that fails once" "$(retries_of nvmec0 read_at 6000 1)" "1 ok"
check_eq "and no more" "$(retries_of nvmec0 read_at 6000 1)" "0 ok"
check_eq "a write that fails once" "$(retries_of nvmec0 write_at 6000 1)" "1 ok"

check_eq "a flush that fails once" "$(retries_of nvmec1 write_and_flush nvmec1n1)" "1 ok"
check_eq "and no more" "$(retries_of nvmec1 write_and_flush nvmec1n1)" "0 ok"
check_eq "a flush that fails" "$(retries_of nvmec2 write_and_flush nvmec2n1)" \
	"5 No data available"
check_eq "a discard that fails" "$(retries_of nvmec2 said blkdiscard /dev/nvmec2n1)" \
	"5 Input/output error"
check_eq "zeroes that fail" "$(retries_of nvmec2 said blkdiscard -z -l 4096 /dev/nvmec2n1)" \
	"5 No data available"
check_eq "a write without one" \
	"$(transfer if=/dev/zero of=/dev/nvmec2n1 oflag=direct count=1)" ok
for name in nvmec0 nvmec1 nvmec2; do
	check_eq "$name did not mind" "$(nvme_attr $name state)" live
done
