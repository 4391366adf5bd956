#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A thousand disks are made, work, and go.
#@group life
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

require_module null_blk_c
require_unloadable null_blk_c
disks() { { compgen -G '/dev/nullbc*' || true; } | wc -l; }
begin=${EPOCHREALTIME/./}
load_module null_blk_c nr_devices=1000 gb=1
diag "loaded in $(((${EPOCHREALTIME/./} - begin) / 1000)) ms"
check_eq "a thousand disks" "$(disks)" 1000
check_eq "and directories" "$(compgen -G "$NBC_ROOT/nullbc*" | wc -l)" 1000
check "the last one works" \
	dd if=/dev/nullbc999 of=/dev/null bs=4k count=1 iflag=direct status=none
check_eq "and is as large as it should be" "$(blockdev --getsize64 /dev/nullbc999)" \
	$((1 << 30))
begin=${EPOCHREALTIME/./}
check "unload" unload_modules
diag "unloaded in $(((${EPOCHREALTIME/./} - begin) / 1000)) ms"
check_eq "none is left" "$(disks)" 0
check "and no directory" test ! -e "$NBC_ROOT"
