#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Blocks that the kernel has none of, on a controller made of code: user mode has no huge
# pages, so that its block layer takes no block larger than a page. Each is refused with a
# line, also one that a format makes while the disk is open, and what else the controller
# has goes on. blocks.sh has kernels that take such blocks.
#@kernel uml-nvme

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"

require_cmd fio
require_model
helper userio
nvme_load "$@"

line() { kmsg_has "namespace $1: LBADS: blocks of 2^$2 bytes, 2^9 to 2^12 can be used"; }
no_disk() { ! model_has_disk m "$1"; }
works() { fio_verify "$(model_disk m "$1")" --size=1m; }
refused() { ! "$@" 2>/dev/null; }
# format BITS : of dword 10
format() { userio "/dev/$(model_ctrl m)" admin op=0x80 nsid=1 "cdw10=$1" | grep -qx "0 0"; }
# A disk that is dead has an end at once, or an error.
reads() { (($(dd bs=4k count=1 iflag=direct status=none <&"$fd" 2>/dev/null | wc -c) == 4096)); }

check "a controller" model_create m
for shift in 13 14 15 16 17; do
	check "2^$shift: a namespace" model_add_ns m $shift block_size=$((1 << shift))
done
check_eq "a block of 256 KiB is refused by the model" \
	"$(model_set m/namespaces/17 block_size=262144 2>/dev/null && echo taken)" ''
check_eq "which keeps what there was" "$(model_get m namespaces/17/block_size)" 131072
dmesg_expect "block_size: 262144 is not valid"
check "another one, with metadata" model_add_ns m 20 "format=15 1"
check "it comes up" model_up m
for shift in 13 14 15 16 17; do
	check "2^$shift: no disk" no_disk $shift
	check "2^$shift: a line" line $shift $shift
done
check "with metadata: no disk" no_disk 20
check "with metadata: a line" line 20 14
check "namespace 1 goes on" works 1

check "4 KiB: a format" format 1
check "4 KiB: works" wait_until 10 works 1
exec {fd}<"/dev/$(model_disk m)"
check "4 KiB: can be read" reads
check "16 KiB: a format, while it is open" format 11
check "16 KiB: no disk" wait_until 10 no_disk 1
check "16 KiB: a line" line 1 14
check "16 KiB: the open one is dead" refused reads
exec {fd}<&-
check "another namespace: comes" model_add_ns m 2
check "another namespace: a disk" wait_until 10 model_has_disk m 2
check "another namespace: works" works 2
check "4 KiB again: a format" format 1
check "4 KiB again: a disk" wait_until 10 model_has_disk m 1
check "4 KiB again: works" works 1
check "it is let go" model_unbind m
check_eq "the protocol is kept" "$(model_breaches m)" ''
