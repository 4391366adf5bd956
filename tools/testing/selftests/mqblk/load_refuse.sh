#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The load inside the kernel takes no value that is out of range, no attributes that
# do not fit together, and no disk that is mounted, open, too small, read-only or of
# the wrong kind; it says why, and leaves everything as it was.
#
#@core

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/load.sh
. "$(dirname "$0")/../lib/load.sh"

require_cmd mkfs.ext4 addpart blockdev wipefs
nbc_load nr_devices=0
require_load

# refused ERRNO LINE ATTRIBUTE=VALUE : not set, for that reason
refused() {
	local name=${3%%=*} before
	before=$(load_get "$name")
	check "$3 is refused" expect_errno "$1" load_set "$3"
	check_eq "and $name stays" "$(load_get "$name")" "$before"
	log_wants "mqblk_load: $2"
}

# start_refused ERRNO LINE : no run with what is set
start_refused() {
	check "refused: $2" expect_errno "$1" load_control start
	log_wants "mqblk_load: $2"
}

for pair in batch=0 batch=4097 depth=x jobs=-1 write_percent=101 polled=2 ios=; do
	number=$(sed -n "s/^${pair%%=*} //p" <<-END
		batch 1 to 4096
		depth 1 to 4096
		jobs 1 to 256
		write_percent 0 to 100
		polled 0 to 1
		ios 0 to 9223372036854775807
	END
	)
	refused EINVAL "${pair%%=*}: \"${pair#*=}\" is not valid, use $number" "$pair"
done
refused EINVAL 'block_bytes: "1000" is not valid, use 512 to 16777216, a multiple of 512' block_bytes=1000
refused EINVAL 'engine: "tape" is not valid, use disk, memcpy or movsb' engine=tape
refused EINVAL 'pattern: "all" is not valid, use random, sequential or zones' pattern=all
refused EINVAL 'cpus: "7000" is not valid, use a list as in 0-1,3' cpus=7000
refused EINVAL 'disks: 9 paths are too many' "disks=1 2 3 4 5 6 7 8 9"
# What is not valid has no effect on who reads the log.
refused EINVAL 'depth: "1\r\e[2J" is not valid' $'depth=1\r\e[2J'
refused EINVAL 'cpus: "a\tb" is not valid' $'cpus=a\tb'
check "control: x is refused" expect_errno EINVAL load_control x
log_wants 'mqblk_load: control: "x" is not valid, use start, run or stop'
check "stop is harmless" load_control stop
check_eq "nothing has run" "$(load_get control)" idle

nbc_disk d size=64 memory_backed=1 poll_queues=0
nbc_disk z size=64 zoned=1 zone_size=4
load_set span_bytes=$((32 << 20))
start_refused EINVAL 'disks: "" is not valid, use 1 to 8 paths with engine disk'
load_set disks=/dev/d batch=16 depth=8
start_refused EINVAL "batch: 16 is not valid, use 1 to 8, which is depth"
load_set depth=16 engine=memcpy pattern=sequential
start_refused EINVAL "engine: memcpy is not valid, use disk with other patterns"
load_set pattern=random
# More than a page but no pages, and less than one but across its end
for bytes in 1536 8704; do
	load_set block_bytes=$bytes
	start_refused EINVAL "block_bytes: $bytes is not valid, use a power of two up to"
done
load_set block_bytes=4096

# Memory that is not there is not tried for, and nobody is killed for it. A page comes
# with a pointer to it; while the buffers of a job are made, they take twice as much.
oom_kills() { sed -n 's/^oom_kill //p' /proc/vmstat; }
page=$(getconf PAGE_SIZE)
killed=$(oom_kills)
load_set span_bytes=$((900 << 30))
need=$((((900 << 30) / page + 2 * 16) * (page + 8)))
start_refused ENOMEM "memory: a run needs $need bytes, and "
load_set engine=disk span_bytes=$((32 << 20)) jobs=256 depth=4096 block_bytes=1048576
need=$((257 * 4096 * (1048576 / page) * (page + 8)))
start_refused ENOMEM "memory: a run needs $need bytes, and "
check_eq "nobody was killed" "$(oom_kills)" "$killed"
load_set jobs=1 depth=16 block_bytes=4096

load_set engine=disk pattern=zones
start_refused EINVAL "write_percent: 0 is not valid, use 100 with pattern zones"
load_set write_percent=100
start_refused EOPNOTSUPP "disks: /dev/d has no zones, and pattern is zones"
load_set disks=/dev/z jobs=9
start_refused EINVAL "jobs: 9 is not valid, use 8 at most: the span of z has no more zones"
load_set jobs=1 block_bytes=12288
start_refused EINVAL "block_bytes: 12288 is not valid, use what divides 4194304, the size of a zone of /dev/z"
load_set block_bytes=$((2 << 20)) append=1
start_refused EINVAL "append: 1 is not valid, use 0 with other patterns than zones, flush_percent, fua_percent, or block_bytes above 1048576"
load_set block_bytes=4096 append=0
load_set pattern=random disks=/dev/none
start_refused ENOENT "disks: /dev/none does not exist"
load_set disks=/dev/null
check "no block device" expect_errno ENOTBLK load_control start
log_wants "mqblk_load: disks: /dev/null is no block device"
load_set "disks=/dev/z /dev/z" jobs=2
start_refused EBUSY "disks: /dev/z is open elsewhere"
load_set "disks=/dev/d /dev/z" jobs=1
start_refused EINVAL "jobs: 1 is not valid, use 2 at least: one for each disk"
load_set disks=/dev/d span_bytes=$((128 << 20))
start_refused ENOSPC "disks: /dev/d has 67108864 bytes, and span_bytes is 134217728"
load_set span_bytes=$((32 << 20)) polled=1 write_percent=0
start_refused EOPNOTSUPP "disks: /dev/d cannot be polled"
nbc_disk p size=64 poll_queues=1 max_sectors=128 hw_queue_depth=8
most=$(($(</sys/block/p/queue/max_sectors_kb) << 10))
load_set disks=/dev/p block_bytes=$((2 * most))
start_refused EINVAL "block_bytes: $((2 * most)) is not valid, use $most at most with polled: /dev/p takes no more"
most=$(</sys/block/p/queue/nr_requests)
load_set block_bytes=4096 depth=$((most + 1)) batch=1
start_refused EINVAL "depth: $((most + 1)) is not valid, use $most at most with polled: /dev/p has no more"
load_set depth="$most"
check "as many as there are can be polled" load_run ios=1000
load_set jobs=2 cpus=0
start_refused EINVAL "depth: $most is not valid with 2 jobs that poll one queue of p: together they may have its $most requests in flight"
load_set depth=$((most / 2))
check "two jobs that share them can poll" load_run
load_set jobs=1 cpus=
load_set depth=16 batch=16 write_percent=100 disks=/dev/z pattern=zones
start_refused EINVAL "polled: 1 is not valid, use 0 with flush_percent, fua_percent or pattern zones"
nbc_destroy p
load_set pattern=random polled=0 disks=/dev/d
blockdev --setro /dev/d
start_refused EACCES "disks: /dev/d is read-only, and there is something to write"
blockdev --setrw /dev/d

exec {open}</dev/d
check "open in a program" expect_errno EBUSY load_control start
exec {open}<&-
addpart /dev/d 1 2048 8192
exec {open}</dev/d1
check "a partition is open" expect_errno EBUSY load_control start
exec {open}<&-
mkfs.ext4 -q -F /dev/d1
mkdir -p /run/load
mount /dev/d1 /run/load
at_exit umount -q /run/load
load_set span_bytes=4194304
start_refused EBUSY "disks: /dev/d is mounted or held by something else"
load_set disks=/dev/d1
start_refused EBUSY "disks: /dev/d1 is mounted or held by something else"
umount /run/load
check "a partition that nobody uses" load_run ios=64
addpart /dev/d 2 16384 8192
exec {open}</dev/d2
check "open is another one" load_run
exec {open}<&-
exec {open}</dev/d
start_refused EBUSY "disks: /dev/d1 is open elsewhere"
exec {open}<&-

load_set disks=/dev/z ios=0 write_percent=0
load_control start
check "while it runs, nothing is set" expect_errno EBUSY load_set batch=1
log_wants 'mqblk_load: batch: "1" is not taken while the load runs'
check "and no other starts" expect_errno EBUSY load_control start
log_wants 'mqblk_load: control: "start" is not taken while the load runs'
check "the disk is held" expect_errno EBUSY wipefs -a /dev/z
load_control stop
check_eq "it was not disturbed" "$(load_get batch) $(load_result errors)" "16 0"
nbc_destroy d
nbc_destroy z
check_log
