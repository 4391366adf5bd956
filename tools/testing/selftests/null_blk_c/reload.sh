#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# 200 rounds of load, I/O and unload: all memory is back at the end.
#@group life
#@long
#@timeout 600

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"

require_module null_blk_c
require_unloadable null_blk_c
helper reinsert
# Once the long way, which also loads what it needs.
load_module null_blk_c nr_devices=0
rmmod null_blk_c
module=$(module_path null_blk_c)

# What may leak: slabs, per-CPU memory
used() { free_kib >/dev/null && meminfo Slab Percpu KernelStack PageTables; }

reinsert "$module" 20
free=$(free_kib) kernel=$(used) pages=$(unaccounted_kib)
check "200 rounds" reinsert "$module" 200
# A page a round would be 800 KiB. On a kernel that looks for misuse of memory, pages
# of its own come and go.
slack=$((${SELFTEST_SLOW:-1} > 1 ? 600 : 400))
check "no page is lost: what nobody accounts for is what it was, to $slack KiB" \
	wait_until 15 unaccounted_at_most $((pages + slack))
check "free memory is what it was, to 4 MiB" wait_until 15 free_at_least $((free - 4096))
# Linux 6.12 keeps 4 KiB of slab for each disk that there was, null_blk's as well.
kernel_is_back() { (($(used) <= kernel + 3072)); }
check "the kernel's own too, to 3 MiB" wait_until 15 kernel_is_back
diag "unaccounted $pages -> $(unaccounted_kib) KiB," \
	"free $free -> $(free_kib) KiB, kernel $kernel -> $(used) KiB"
