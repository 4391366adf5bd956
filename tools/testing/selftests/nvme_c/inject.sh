#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Faults on purpose: commands of a namespace or of the admin queue that are answered with
# a status, at once or later, or that are lost; which ones and how often is as asked, what
# was done can be undone at any time, and bad values change nothing.
#@vm --nvme size=64M --nvme size=64M
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_nvme 2
dmesg_expect "error, dev nvmec0n1"
helper userio
nvme_load io_timeout=$((3 * ${SELFTEST_SLOW:-1})) admin_timeout=$((3 * ${SELFTEST_SLOW:-1})) "$@"
[[ -d $INJECT ]] || skip_all "no debugfs"
nvme_bind 0 1

disk=nvmec0n1
# said COMMAND... : ok, or why it failed
said() {
	local out
	out=$(LC_ALL=C "$@" 2>&1) && echo ok && return
	out=${out%%$'\n'*}
	echo "${out##*: }"
}
# read_at BLOCK [DISK]
read_at() {
	said dd if="/dev/${2-$disk}" of=/dev/null bs=4k count=1 skip="$1" iflag=direct status=none
}
write_at() { said dd if=/dev/zero of=/dev/$disk bs=4k count=1 seek="$1" oflag=direct status=none; }
identify() { userio /dev/nvmec0 admin op=6 cdw10=1 len=4096; }
# counted WHAT COMMAND... : how much more of an attribute it took, before what it said
counted() {
	local what=$1 before said
	shift
	before=$(nvme_attr nvmec0 "$what")
	said=$("$@")
	echo "$(($(nvme_attr nvmec0 "$what") - before)) $said"
}
# took_ms COMMAND... : how long, before what it said
took_ms() {
	local begin=${EPOCHREALTIME/[.,]/} said
	said=$("$@")
	echo "$(((${EPOCHREALTIME/[.,]/} - begin) / 1000)) $said"
}

check_eq "what there is" "$(cd $INJECT && echo * nvmec0/*)" \
	"nvmec0 nvmec0n1 nvmec1 nvmec1n1 nvmec0/status_inject nvmec0/timeout_inject"
check_eq "files and defaults" "$(cd $INJECT/$disk/status_inject && grep . -- * | one_line)" \
	"delay_us:0 interval:1 opcode:-1 probability:0 space:0 status:0x4006 task-filter:0 times:1 verbose:2"
check_eq "of the other fault" "$(cd $INJECT/nvmec0/timeout_inject && echo *)" \
	"interval opcode probability space task-filter times verbose"

# Answered with a status
inject $disk status verbose=0 times=2 space=1 probability=100
check_eq "one passes" "$(read_at 0)" ok
check_eq "the second fails" "$(counted retries read_at 0)" "0 Input/output error"
check_eq "one failure is left" "$(<$INJECT/$disk/status_inject/times)" 1
check_eq "a write" "$(write_at 0)" "Input/output error"
check_eq "the next passes" "$(read_at 0)" ok
inject $disk status status=0x281 times=3
check_eq "a status that may pass" "$(counted retries read_at 0)" "3 ok"
inject $disk status times=-1
check_eq "and one that does not" "$(counted retries read_at 0)" "5 No data available"
inject $disk status interval=2
check_eq "every second" "$(counted retries read_at 0; counted retries read_at 0)" \
	$'0 ok\n1 ok'
inject $disk status interval=1 opcode=1 status=0x4281
check_eq "only writes: a read" "$(read_at 0)" ok
check_eq "only writes: a write" "$(write_at 0)" "No data available"
check_eq "the other disk" "$(read_at 0 nvmec1n1)" ok
check_eq "a command of user space" "$(userio /dev/$disk submit op=1 blocks=0 len=512 | cut -d ' ' -f 1)" 0x4281
inject $disk status verbose=1 times=1
write_at 0 >/dev/null
log_wants "nvmec0n1/status_inject: failing on purpose"

# Later
inject $disk status verbose=0 opcode=-1 times=1 delay_us=300000 status=0x281
read -r ms what <<<"$(took_ms read_at 0)"
check_eq "with a delay" "$what" ok
check "$ms ms" test "$ms" -ge 300
inject $disk status times=-1 delay_us=10000000 status=0x4281
read_at 0 >/dev/null &
job=$!
check "one that takes long" wait_until 5 disk_is_busy $disk
begin=${EPOCHREALTIME/[.,]/}
inject $disk status probability=0
wait $job
ms=$(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
check "ends when it is undone ($ms ms)" test "$ms" -lt 5000
check_eq "no time ran out in all this" \
	"$(nvme_attr nvmec0 timeouts) $(nvme_attr nvmec0 resets)" "0 0"

# Lost
inject $disk timeout verbose=0 times=1 probability=100
check_eq "a lost read" "$(counted resets read_at 0)" "1 ok"
check_eq "an abort was tried" "$(nvme_attr nvmec0 aborts)" 1
inject $disk timeout probability=0

# The admin queue
inject nvmec0 status verbose=0 probability=100 times=1 opcode=6 status=0x4002
check_eq "a command of the controller" "$(identify)" "0x4002 0"
check_eq "the next" "$(identify)" "0 0"
inject nvmec0 status times=1 opcode=1
check "a queue that cannot be created costs an attempt" nvme_reset nvmec0
check_eq "and no more" "$(nvme_attr nvmec0 state) $(read_at 0)" "live ok"
inject nvmec0 status times=1 opcode=6 delay_us=10000000
identify >/dev/null &
job=$!
used_up() { [[ $(<$INJECT/nvmec0/status_inject/times) == 0 ]]; }
check "it waits" wait_until 10 used_up
inject nvmec0 status probability=0
begin=${EPOCHREALTIME/[.,]/}
wait $job
ms=$(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
check "one that takes long ends, too ($ms ms)" test "$ms" -lt 5000
inject nvmec0 timeout verbose=0 probability=100 times=1 opcode=6
check_eq "one that is lost costs a reset" "$(counted resets identify)" "1 EINTR"
check "it is live again" wait_until 30 nvme_state_is nvmec0 live
check_eq "and works" "$(read_at 0)" ok

# Bad values
for pair in probability=101 probability=-1 probability= interval=0 times=-2 space=-1 \
	verbose=x task-filter=2 opcode=256 opcode=-2 status=0 status=0x8000 \
	delay_us=10000001 times=00000000000000000000000000001; do
	check "$pair is refused" expect_errno EINVAL inject $disk status "$pair"
done
check_eq "and nothing changed" "$(cd $INJECT/$disk/status_inject && grep . -- * | one_line)" \
	"delay_us:10000000 interval:1 opcode:-1 probability:0 space:0 status:0x4281 task-filter:0 times:-1 verbose:0"
log_wants 'nvmec0n1/status_inject/probability: "101" is not valid, use 0 to 100'

# What is on does not keep a device from being let go
inject $disk status probability=100 opcode=2
inject $disk timeout probability=100 times=0
read_at 0 >/dev/null &
job=$!
check "one that takes long" wait_until 5 disk_is_busy $disk
read -r ms what <<<"$(took_ms said nvme_unbind 0)"
check_eq "lets go" "$what" ok
check "soon ($ms ms)" test "$ms" -lt 8000
wait $job
check_eq "nothing is left of it" "$(cd $INJECT && echo *)" "nvmec1 nvmec1n1"
check_log
