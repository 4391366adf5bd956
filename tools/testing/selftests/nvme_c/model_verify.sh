#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Controllers made of code, of all kinds, keep what is written, under the kernel's driver
# and under nvme_c, and neither breaks the protocol. Where the kernel's driver fails, the
# controller is wrong.
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
require_cmd fio blkdiscard modprobe

# kernel_disk NAME : the kernel's name of namespace 1
kernel_disk() {
	local dir
	for dir in "$PCI/devices/$(model_address "$1")"/nvme/nvme*/nvme*n1; do
		[[ ! -e $dir ]] || echo "${dir##*/}"
	done
}
has_kernel_disk() { [[ -b /dev/$(kernel_disk "$1") && -n $(kernel_disk "$1") ]]; }

# work DISK : small and large, and what is no read or write
work() {
	fio_verify "$1" --size=4m &&
		fio_verify "$1" --bsrange=4k-1m --iodepth=8 &&
		blkdiscard -o 0 -l 1M "/dev/$1" && blkdiscard -z -o 1M -l 1M "/dev/$1" &&
		cmp -n 2M "/dev/$1" /dev/zero && sync -d "/dev/$1"
}

# try KIND ATTRIBUTE=VALUE... : under whatever driver takes it
try() {
	local kind=$1
	shift
	model_create m "$@"
	[[ $kind != 4k ]] || model_set m/namespaces/1 block_size=4096
	model_power m 1
	if [[ $driver == nvme ]]; then
		wait_until 10 has_kernel_disk m || true
		check "$driver, $kind: data is kept" work "$(kernel_disk m)"
	else
		model_bind m || true
		wait_until 10 model_has_disk m || true
		check "$driver, $kind: data is kept" work "$(model_disk m)"
	fi
	model_power m 0
	check_eq "$driver, $kind: the protocol is kept" "$(model_breaches m)" ''
	model_destroy m
}

try_all() {
	try plain
	try 4k
	try small-transfers mdts=1
	try no-limit mdts=0
	try lists-only sgl=0
	try in-memory shadow=1
	try short-queues depth=2 queues=1
	try far-doorbells dstrd=4
	try slow ready_ms=300 shutdown_ms=300
	try no-cache vwc=0
	try newer version=0x20000
}

modprobe nvme || skip_all "no module nvme"
driver=nvme
try_all
rmmod nvme nvme_core

nvme_load "$@"
driver=nvme_c
try_all
