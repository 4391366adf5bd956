#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Atomic writes: every namespace keeps one block together, and QEMU's no more. A write of
# one is taken, one of two is refused.
#@vm --nvme block=512
#@vm --nvme block=4096

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_cmd python3
require_nvme 1
nvme_load "$@"
nvme_bind 0
disk=$(nvme_ctrl 0)n1
block=$(blockdev --getss "/dev/$disk")

# write_atomic BLOCKS : with RWF_ATOMIC, at the fourth block
write_atomic() {
	python3 - "/dev/$disk" "$block" "$1" <<-'END'
		import mmap, os, sys
		path, block, blocks = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
		file = os.open(path, os.O_WRONLY | os.O_DIRECT)
		data = mmap.mmap(-1, max(4096, block * blocks))
		data.write(b"atomic".ljust(block * blocks, b"."))
		RWF_ATOMIC = 0x40
		view = memoryview(data)[:block * blocks]
		try:
		    os.pwritev(file, [view], 4 * block, RWF_ATOMIC)
		except OSError as error:
		    sys.exit(error.strerror)
	END
}

check_eq "the largest unit is a block" \
	"$(queue_limit "$disk" atomic_write_unit_max_bytes)" "$block"
check_eq "so is the smallest" \
	"$(queue_limit "$disk" atomic_write_unit_min_bytes)" "$block"
check_eq "and the physical block" "$(queue_limit "$disk" physical_block_size)" "$block"
check "a block is written" write_atomic 1
check_eq "it is there" \
	"$(dd if="/dev/$disk" bs="$block" skip=4 count=1 iflag=direct status=none | head -c 6)" \
	atomic
check "two are refused" expect_errno EINVAL write_atomic 2
