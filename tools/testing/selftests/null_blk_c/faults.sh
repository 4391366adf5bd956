#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Faults on purpose: requests that never complete end by timeout, requests that
# are sent back come again and nothing is lost, queues that cannot be set up make
# power-on fail; how often is as asked; bad values change nothing.
#@group faults
#@cpus 2

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

# fault NAME FILE=VALUE...
fault() {
	local group=$1 pair
	shift
	for pair; do echo "${pair#*=}" >"$NBC_ROOT/d/$group/${pair%%=*}" || return; done
}
fault_get() { cat "$NBC_ROOT/d/$1/$2"; }
# read_blocks COUNT
read_blocks() { dd if=/dev/d of=/dev/null bs=4k count="$1" iflag=direct status=none; }
times_out() { local out; ! out=$(read_blocks 1 2>&1) && [[ $out == *"timed out"* ]]; }

require_cmd fio
dmesg_expect "timeout error, dev d"
nbc_load nr_devices=0
nbc_disk d size=16 memory_backed=1
# One second instead of five; poll.sh waits for these.
echo 1000 >/sys/block/d/queue/io_timeout
check_eq "the groups" "$(cd "$NBC_ROOT/d" && echo *_inject)" \
	"init_hctx_fault_inject requeue_inject timeout_inject"
check_eq "their files and defaults" "$(cd "$NBC_ROOT/d/timeout_inject" && grep . -- * | one_line)" \
	"interval:1 probability:0 space:0 task-filter:0 times:1 verbose:2 verbose_ratelimit_burst:0 verbose_ratelimit_interval_ms:0"

fault timeout_inject verbose=0 times=2 space=3 probability=100
check "three pass" read_blocks 3
check "the fourth times out" times_out
check_eq "one failure is left" "$(fault_get timeout_inject times)" 1
check "the fifth, too" times_out
check "the sixth passes" read_blocks 1
fault timeout_inject interval=2 times=-1
passed=0
for _ in 1 2 3 4; do ! read_blocks 1 2>/dev/null || passed=$((passed + 1)); done
check_eq "every second passes" $passed 2
fault timeout_inject probability=0

fault requeue_inject verbose=1 verbose_ratelimit_interval_ms=600000 \
	verbose_ratelimit_burst=1 times=-1 interval=3 probability=50
check "nothing is lost of what is sent back" fio --name=requeue --filename=/dev/d \
	--direct=1 --ioengine=libaio --iodepth=16 --bs=4k --rw=randwrite --size=8m \
	--verify=crc32c --verify_fatal=1
check "the log says so, once" test \
	"$(kmsg_since_start | grep -c 'requeue_inject: failing on purpose')" = 1

for pair in probability=101 probability=-1 interval=-1 times=-2 space=-1 verbose=x task-filter=2; do
	check "$pair is refused" expect_errno EINVAL fault timeout_inject $pair
done
nbc_power d 0
fault init_hctx_fault_inject verbose=0 times=1 probability=100
check "a queue that cannot be set up" expect_errno ENOMEM nbc_power d 1
check "the next power-on is good" nbc_power d 1
# Every queue fails from here on, but for those that the disk has.
fault init_hctx_fault_inject times=-1
check "more queues: not one is set up" expect_errno ENOMEM nbc_set d submit_queues=2
check "the disk has the one it had" dd if=/dev/d of=/dev/null bs=4k count=8 \
	iflag=direct status=none
fault init_hctx_fault_inject times=0
check "then it can have more" nbc_set d submit_queues=2
fault init_hctx_fault_inject times=-1
check "or fewer, whatever fails" nbc_set d submit_queues=1
nbc_destroy d
! built_in null_blk_c || exit 0

unload_modules
load_module mqblk
for text in 1 1,2,3 0,1,0,1 1,101,0,1 1,2,-1,1 1,2,3,-2 1,2,3,4,5 x; do
	check "timeout=$text is refused" expect_errno EINVAL nbc_load timeout="$text"
done
load_module null_blk_c nr_devices=1 requeue=2,100,1,7
check_eq "the parameter becomes the device's" \
	"$(cd "$NBC_ROOT/nullbc0/requeue_inject" && cat interval probability space verbose | one_line)" \
	"2 100 1 0"
log_wants '"1,101,0,1" is not valid, use interval,probability,space,times'
check_log
