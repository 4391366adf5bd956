#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A controller that names nine hours as the time until it is ready, and is not: the
# driver can be told to let go of it, and be unloaded, also if it is ready and does not
# answer. Another that cannot be disabled is given up.
#@kernel stock debug kcsan rt
#@vm --qemu -object --qemu memory-backend-ram,id=cover,size=16K,share=on --qemu -device --qemu ivshmem-plain,memdev=cover --nvme size=64M
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_nvme 1
require_cover
nvme_load admin_timeout=8
address=$(nvme_device 0)
at_exit nvme_unbind 0
at_exit nvme_cover_off

# cover CC CSTS : over the device; CAP: 256 entries, TO 1 s, NVM command set, CRTO is
# there; VS: 2.0; CRTO.CRWMT: the most there can be
cover() {
	nvme_cover_off
	nvme_cover_fill all 0 0x00 0x020100ff 0x04 0x08000020 0x08 0x00020000 \
		0x68 0xffff 0x14 "$1" 0x1c "$2"
	nvme_cover_on 0
}
# within SECONDS COMMAND... : it succeeds, and in that time
within() {
	local end=$((SECONDS + $1 * ${SELFTEST_SLOW:-1}))
	shift
	"$@" && ((SECONDS <= end))
}
is_tried() { [[ -n $(nvme_ctrl 0) ]] && nvme_state_is "$(nvme_ctrl 0)" resetting; }
refused() { ! nvme_give "$address" nvme_c; }

cover 0 0
begin=$SECONDS
check "it is bound" nvme_give "$address" nvme_c
check "which took half a minute" test $((SECONDS - begin)) -ge 29 -a \
	$((SECONDS - begin)) -le $((40 * ${SELFTEST_SLOW:-1}))
check "and is still brought up" is_tried
check "the log says so" kmsg_has "not ready in 30 s, goes on"
check "a reset is refused" expect_errno EBUSY nvme_reset "$(nvme_ctrl 0)"
check "the driver lets go of it" within 5 nvme_unbind 0

# Nothing shows when the driver has seen that it is ready; it looks every 20 ms.
check "once more" nvme_give "$address" nvme_c
cover 0x00460001 1
sleep 1
check "ready in the end, but silent: the driver lets go of it" within 25 nvme_unbind 0
check "and it is gone" test -z "$(nvme_ctrl 0)"

cover 0 0
nvme_give "$address" nvme_c &
job=$!
check "while it is bound" wait_until 10 is_tried
check "the module goes" wait_until 40 rmmod_quietly nvme_c
wait "$job" || true
nvme_unbind 0

unload_modules
nvme_load admin_timeout=8
cover 0x00460001 1
check "one that cannot be disabled is refused" refused
check "for that reason" kmsg_has "cannot bring it up: error -110"
nvme_cover_off
check "the true one works" nvme_bind 0
check_eq "and is live" "$(nvme_attr nvmec0 state)" live
