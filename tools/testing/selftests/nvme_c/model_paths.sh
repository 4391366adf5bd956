#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A namespace that two controllers made of code share is one disk. It uses the one or
# both, by policy; data is kept while one of them is reset, taken from the driver, dies
# or loses its power, again and again; errors that another controller would have, too,
# are not hidden; and with no controller left, I/O fails in time, or waits if it is to.
#@kernel uml-nvme
#@vm --memory 1G
#@timeout 600

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/paths.sh
. "$(dirname "$0")/../lib/paths.sh"

require_cmd fio nvme
require_model
helper userio
time_out=2
nvme_load multipath=1 io_timeout=$time_out admin_timeout=2
dmesg_expect "I/O error, dev nvmec"
dmesg_expect "Buffer I/O error on dev nvmec"
dmesg_expect "lost async page write"
results=$(mktemp -d)
at_exit rm -rf "$results"

attr() { show "/sys/block/$disk/$1"; }
has_policy() { [[ -e $subsys/iopolicy ]]; }
read_block() {
	dd if="/dev/$disk" of=/dev/null bs=4k count=1 iflag=direct status=none 2>&1
}
write_block() {
	dd if=/dev/zero of="/dev/$disk" bs=4k count=1 oflag=direct status=none 2>&1
}

# --- one disk ------------------------------------------------------------------

for name in a b; do
	mkdir "$MODEL/$name"
	model_set $name subsystem=s queues=2 timeout=4
	model_add_ns $name 1 shared=1
done
model_add_ns a 2
model_power a 1
model_power b 1
check "the first controller" model_bind a
ctrl=$(model_ctrl a)
disk=${ctrl}n1
check "a disk" wait_until 20 has_disk
check "which has one way" wait_until 10 has_links 1
check "a namespace of one controller: a disk" wait_until 10 test -b "/dev/${ctrl}n2"
check "which is as any other" test ! -e "/sys/block/${ctrl}n2/multipath"
number=$(stat -c %Hr:%Lr "/dev/$disk")
check "the second controller" way b 2
other=$(model_ctrl b)
check "it has no disk of its own" test ! -e "/dev/${other}n1"
check_eq "but a hidden one" "$(show "/sys/block/${ctrl}c${other#nvmec}n1/hidden")" 1
check_eq "the links have its name" "$(links)" "${ctrl}c${ctrl#nvmec}n1 ${ctrl}c${other#nvmec}n1"
check_eq "the disk is the same" "$(stat -c %Hr:%Lr "/dev/$disk")" "$number"
check_eq "it has the identity" "$(attr uuid)" "$(model_get a/namespaces/1 uuid)"
check_eq "and the wwid" "$(attr wwid)" "uuid.$(model_get a/namespaces/1 uuid)"
subsys=$(cd -P "/sys/block/$disk/.." && pwd)
check_eq "it is below the subsystem" "$(show "$subsys/subsystem/../$(basename "$subsys")/subsysnqn" 2>/dev/null || show "$subsys/subsysnqn")" \
	"$(nvme_attr "$ctrl" subsysnqn)"

# --- which way -------------------------------------------------------------------

check_eq "the policy" "$(show "$subsys/iopolicy")" numa
begin_a=$(commands a) begin_b=$(commands b)
check "numa: it works" fio_verify "$disk" --size=2m
check "numa: by the first" test $(($(commands a) - begin_a)) -ge 512
check_eq "numa: not by the second" "$(commands b)" "$begin_b"
check "a policy that is none is refused" fails policy nearest 2>/dev/null
check "round-robin" policy round-robin
begin_a=$(commands a) begin_b=$(commands b)
check "round-robin: it works" fio_verify "$disk" --size=2m
used_a=$(($(commands a) - begin_a)) used_b=$(($(commands b) - begin_b))
diag "round-robin: $used_a and $used_b commands"
check "round-robin: half by the one" test $((used_a * 3)) -ge $((used_a + used_b))
check "round-robin: half by the other" test $((used_b * 3)) -ge $((used_a + used_b))

# --- all that a disk does ----------------------------------------------------------

# A table with two partitions of 16 MiB, from 1 MiB on
table() {
	head -c 446 /dev/zero
	printf '\0\0\0\0\203\0\0\0\0\010\0\0\0\200\0\0'
	printf '\0\0\0\0\203\0\0\0\0\210\0\0\0\200\0\0'
	head -c 32 /dev/zero
	printf '\125\252'
}
table >"$results/table"
check "partitions" dd if="$results/table" of="/dev/$disk" oflag=sync status=none
check "are looked for" blockdev --rereadpt "/dev/$disk"
check "a partition" wait_until 10 test -b "/dev/${disk}p2"
check "works" fio_verify "${disk}p2" --size=1m
check "both lie where they should" fio_verify "${disk}p1" --size=1m
flushes() { echo $(($(model_count a flushes) + $(model_count b flushes))); }
fuas() { echo $(($(model_count a fua_writes) + $(model_count b fua_writes))); }
begin=$(flushes)
check "a flush" dd if=/dev/zero of="/dev/$disk" bs=4k count=4 seek=10000 conv=fsync status=none
check "has reached a controller" test "$(flushes)" -gt "$begin"
begin=$(fuas)
check "writes that are to be safe" dd if=/dev/zero of="/dev/$disk" bs=4k count=4 \
	seek=10000 oflag=direct,dsync status=none
check "have reached one as such" test "$(fuas)" -gt "$begin"
check "a discard" blkdiscard -o 32M -l 1M "/dev/$disk"
check "ioctls: the id" nvme get-ns-id "/dev/$disk"
check "ioctls: an admin command" nvme id-ns "/dev/$disk"
check "ioctls: a read" nvme read "/dev/$disk" -s 0 -c 7 -z 4096 -d /dev/null

# --- another size ---------------------------------------------------------------------

# The disk has what both say: until both have said so, what lies beyond would fail by one.
# As an event tells the driver, so does a scan.
sectors_are() { [[ $(attr size) == "$1" ]]; }
model_set a/namespaces/1 size_mib=96
nvme_rescan "$ctrl"
check_eq "one says that it is larger: the size" "$(attr size)" 131072
model_set b/namespaces/1 size_mib=96
check "both do: it is" wait_until 20 sectors_are 196608
check "the end can be used by either" fio_verify "$disk" --offset=90m --size=1m
model_set a/namespaces/1 size_mib=64
check "one says that it is smaller: it is" wait_until 20 sectors_are 131072
model_set b/namespaces/1 size_mib=64
nvme_rescan "$other"
check_eq "both do: it stays so" "$(attr size)" 131072

# --- errors -------------------------------------------------------------------------

# both WORD... : a rule for both
both() { model_rule a "$@" && model_rule b "$@"; }
honest() { model_honest a && model_honest b; }
both status opcode=read code=0x281 dnr=1
check "an error of the medium is one" fails read_block
check_eq "and not tried by the other" $(($(model_hits a) + $(model_hits b))) 1
honest
model_rule a status opcode=read code=0x370
check "an error of a way: another one is taken" eval 'read_block && read_block'
check "it was tried" model_hit a
honest
begin=${EPOCHREALTIME/[.,]/}
both status opcode=read code=0x302
check "no way can do it: an error" fails read_block
check "in time" in_time 3 "$begin"
check_eq "after so many tries" $(($(model_hits a) + $(model_hits b))) 6
honest
check "and it works again" read_block

# The other controller's queue would go on with the blocks of before.
check_eq "a format by one of two is refused" \
	"$(userio "/dev/$(model_ctrl a)" admin op=0x80 nsid=1 cdw10=0)" EBUSY
check "and I/O goes on" read_block

# --- ways that go and come ------------------------------------------------------------

# The load: what is written is read back, until it is told to stop.
load() {
	whatever
	while [[ ! -e $results/stop ]]; do
		fio_verify "$disk" --size=4m --offset=40m || return
	done
}
load >"$results/load.log" 2>&1 &
job=$!
at_exit end_job $job
check "there is load" wait_until 20 disk_is_busy "$disk"
# Commands that have no answer: what hangs goes the other way after a reset at the latest
# By numa all goes one way, and the other one need not be asked for anything.
out_silence() {
	model_rule "$1" drop queue=io || return
	if wait_until 20 model_hit "$1"; then
		touch "$results/silent.$policy"
	elif [[ $policy != numa ]]; then
		return 1
	fi
	moves
}
back_silence() { model_honest "$1" && wait_until 60 is_live "$1"; }

declare -A rounds=([round-robin]=2 [numa]=1)
for policy in round-robin numa; do
	policy $policy
	for ((round = 1; round <= rounds[$policy]; round++)); do
		for how in reset unbind power death silence; do
			for name in a b; do
				what="$policy, $how of $name, $round"
				check "$what" out_$how $name
				check "$what: the load goes on" moves
				check "$what: it comes back" back_$how $name
			done
		done
	done
	check "$policy: a way in use was silent" test -e "$results/silent.$policy"
done
check "the load runs" fails has_ended $job
touch "$results/stop"
check_wait "the load's data is kept" $job
diag "$(tail -n 3 "$results/load.log")"
check_eq "the disk is the same" "$(stat -c %Hr:%Lr "/dev/$disk")" "$number"

# --- none is left ------------------------------------------------------------------------

# Both are reset at a time: nothing fails
fio_verify "$disk" --size=4m --loops=4 >/dev/null 2>&1 &
job=$!
check "load again" wait_until 20 disk_is_busy "$disk"
for round in 1 2 3; do
	nvme_reset "$(model_ctrl a)" &
	check "both are reset" nvme_reset "$(model_ctrl b)"
	check_wait "and come back" $!
done
check_wait "nothing fails for that" $job

exec 3<>"/dev/$disk"
model_now a gone
model_now b gone
begin=${EPOCHREALTIME/[.,]/}
check "both are dead: a read fails" fails read_block
check "a write, too" fails write_block
# Two time-outs to find out, at most
check "in time" in_time $((4 * time_out + 2)) "$begin"
for name in a b; do
	wait_until 20 is_dead $name || true
	check "$name: let go" model_unbind $name
done
check "without a controller there is no disk" wait_until 10 no_disk
write_open() { head -c 4096 /dev/zero >&3; }
check "who has it open gets errors" fails write_open
exec 3>&-
model_now a back
model_now b back

# --- ways are waited for ------------------------------------------------------------------

check "up again" model_bind a
disk=$(model_disk a)
check "a disk again" wait_until 20 has_disk
check "and two ways" way b 2
seconds() { echo "$1" >"/sys/block/$disk/delayed_removal_secs"; }
check "a time that is none is refused" fails seconds 100000 2>/dev/null
check "ways are to be waited for" seconds 100
number=$(stat -c %Hr:%Lr "/dev/$disk")
check "one goes" model_unbind a
check "the other, too" model_unbind b
check_eq "the disk is there" "$(stat -c %Hr:%Lr "/dev/$disk")" "$number"
write_block &
job=$!
check "a write waits" wait_until 10 disk_is_busy "$disk"
check "and has not ended" fails has_ended $job
check "a way comes" way b 1
check_wait "the write goes on" $job
check_eq "the disk is the same" "$(stat -c %Hr:%Lr "/dev/$disk")" "$number"
check "now for a second only" seconds 1
check "it goes" model_unbind b
begin=${EPOCHREALTIME/[.,]/}
check "I/O fails after that" fails write_block
check "in time" in_time 5 "$begin"
check "and the disk goes" wait_until 10 no_disk

# --- another namespace ---------------------------------------------------------------------

check "up once more" model_bind a
disk=$(model_disk a)
check "a disk once more" wait_until 20 has_disk
check "two ways once more" way b 2
read_old() {
	dd if="/dev/$disk" of="$results/$1" bs=64k count=1 iflag=direct status=none
}
check "what is on it" read_old before
exec 3<>"/dev/$disk"
head -c 64k /dev/urandom >&3
old=$(attr uuid)
new=12345678-1234-4234-8234-123456789abc
model_set a/namespaces/1 uuid=$new
model_set b/namespaces/1 uuid=$new
is_new() { has_disk && [[ $(attr uuid) == "$new" ]] && has_links 2; }
disk_by_uuid() {
	local file
	for file in /sys/block/nvmec*/multipath; do
		disk=$(basename "$(dirname "$file")")
		! is_new || return 0
	done
	return 1
}
# It may have another name, which is to be known below.
wait_until 20 disk_by_uuid || true
check "with another identity it is another disk" is_new
diag "was $old, is $(attr uuid)"
exec 3>&-
check "the other one is read" read_old after
check "nothing was written to it" cmp "$results/before" "$results/after"

# --- the end --------------------------------------------------------------------------------

rm -f "$results/stop"
load >"$results/load.log" 2>&1 &
job=$!
check "load to the end" wait_until 20 disk_is_busy "$disk"
exec 4<"/dev/$disk"
check "the driver is in use" fails rmmod nvme_c 2>/dev/null
exec 4<&-
check "one way goes under load" model_unbind a
check "the last way, too" model_unbind b
check "the load ends" wait_until 20 has_ended $job
check "no disk" wait_until 10 no_disk
for name in a b; do
	check_eq "$name: no breach of the protocol" "$(model_breaches $name)" ''
done
check "the driver can go" wait_until 10 rmmod nvme_c
