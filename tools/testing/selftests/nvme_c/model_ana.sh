#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Asymmetric namespace access: of two controllers, the one is used that says it is the
# better one, unless it refuses what it is given; one that is inaccessible is not; a change
# is waited for, but not for ever, and not by whoever lets go of the last controller; and a
# log page that is nonsense is refused with a line that names the field.
#@kernel uml-nvme
#@vm --memory 1G
#@timeout 240

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"

require_model
nvme_load multipath=1 io_timeout=20 admin_timeout=20
dmesg_expect "ANA log page"
dmesg_expect "I/O error, dev nvmec"
dmesg_expect "Buffer I/O error on dev nvmec"
dmesg_expect "lost async page write"

# Seconds that a change may take
patience=6
for name in a b; do
	mkdir "$MODEL/$name"
	model_set $name subsystem=s queues=2 anatt=$patience
	model_add_ns $name 1 shared=1
	model_add_ns $name 2
	model_power $name 1
done
has_links() { [[ $(cd "/sys/block/$disk/multipath" && echo * | wc -w) == "$1" ]]; }
model_bind a
disk=$(model_disk a)
wait_until 20 model_has_disk a || true
model_bind b
check "a disk with two paths" wait_until 20 has_links 2
subsys=$(cd -P "/sys/block/$disk/.." && pwd)

declare -A names=([1]=optimized [2]=non-optimized [3]=inaccessible [4]=persistent-loss [15]=change)
# state NAME : as the path shows it
state() {
	local ctrl
	ctrl=$(model_ctrl "$1")
	show "/sys/block/${disk%n1}c${ctrl#nvmec}n1/ana_state"
}
is_in_state() { [[ $(state "$1") == "${names[$2]}" ]]; }
# access NAME STATE : and the driver knows
access() {
	model_set "$1/namespaces/1" ana_state="$2"
	check "$1 is ${names[$2]}" wait_until 20 is_in_state "$1" "$2"
}
read_blocks() {
	dd if="/dev/$disk" of=/dev/null bs=4k count="$1" iflag=direct status=none 2>&1
}
read_block_often() { read_blocks 1 && read_blocks 1; }
commands() { model_count "$1" io_commands; }
# used TEXT A B : 8 reads are sent by those that have a 1
used() {
	local what=$1 name
	local -A begin
	shift
	for name in a b; do
		begin[$name]=$(commands $name)
	done
	check "$what: reads" read_blocks 8
	for name in a b; do
		check_eq "$what: by $name" "$(($(commands $name) > begin[$name]))" "$1"
		shift
	done
}
fails() { ! "$@"; }

# --- which path --------------------------------------------------------------------------

check_eq "a: the state" "$(state a)" optimized
check "a disk with one path has no such file" test ! -e "/sys/block/$(model_ctrl a)n2/ana_state"
used "both optimized" 1 0
access a 2
used "only b optimized" 0 1
echo round-robin >"$subsys/iopolicy"
used "round-robin, only b optimized" 0 1
access b 2
used "round-robin, neither optimized" 1 1
access a 1
access b 1
used "round-robin, both optimized" 1 1
access b 3
used "b inaccessible" 1 0
access b 4
used "b lost" 1 0
access b 15
used "b in change" 1 0
access b 1

# --- neither ---------------------------------------------------------------------------------

access a 15
access b 3
read_blocks 1 >/dev/null &
job=$!
check "a read waits" wait_until 10 disk_is_busy "$disk"
access b 1
check_wait "and goes on when a path is back" $job
access b 3
check "it does not wait for ever" fails read_blocks 1
check "nor a second time" fails read_blocks 1
access a 1
check "then it works" read_blocks 1
access a 4
check "what is lost for good is not waited for" fails read_blocks 1
access a 1
access b 1

# --- a status before the event -----------------------------------------------------------------

# The log page is read for it: what it says is the state by then.
echo numa >"$subsys/iopolicy"
before=$(model_count a admin_commands)
model_rule a status opcode=read code=0x302 hits=1
check "a path that says it is inaccessible: another one is taken" read_blocks 1
asked() { (($(model_count a admin_commands) > before)); }
check "and it is asked" wait_until 10 asked
check "a: still optimized" is_in_state a 1
model_honest a
access b 2
model_rule a status opcode=read code=0x302
check "the better path refuses each read: the other one is taken" read_block_often
check "it was tried" model_hit a
model_honest a
access b 1

# --- nonsense ------------------------------------------------------------------------------------

# Log page 0Ch: groups at byte 8; then the group: id at 16, number of namespaces at 20, state
# at 32, its namespace at 48; the second group: id at 52, its namespace at 84
said() { kmsg_since_start | grep -c "ANA log page: $1" || true; }
is_said() { (($(said "$1") > $2)); }
# nonsense FIELD OFFSET BYTES
nonsense() {
	local before
	before=$(said "$1")
	model_rule a data opcode=get_log sel=0x0c offset="$2" bytes="$3"
	model_set a/namespaces/1 ana_state=3
	check "$1, $2: said" wait_until 20 is_said "$1" "$before"
	check_eq "$1, $2: the state stays" "$(state a)" optimized
	model_honest a
	check "$1, $2: I/O goes on" read_blocks 1
	check "$1, $2: the other namespace, too" dd if="/dev/$(model_ctrl a)n2" of=/dev/null \
		bs=4k count=1 iflag=direct status=none
	access a 2
	access a 1
}
nonsense "number of groups" 8 ffff
nonsense "group id" 16 00000000
nonsense "group id" 52 01000000
nonsense "number of NSIDs" 20 ffffffff
nonsense state 32 07
nonsense NSID 48 00000000
nonsense NSID 84 01000000

# --- the end of a wait ---------------------------------------------------------------------

# An event, and a log page that is of no use, while a read waits for the end of a change
access b 4
access a 15
read_blocks 1 >/dev/null &
job=$!
check "a read waits for a change" wait_until 10 disk_is_busy "$disk"
before=$(said state)
model_rule a data opcode=get_log sel=0x0c offset=32 bytes=07
model_set a/namespaces/1 ana_state=15
check "the page is nonsense" wait_until 10 is_said state "$before"
check "the read ends all the same" wait_until $((2 * patience)) has_ended $job
model_honest a
access a 1
check "when its time is over" fails wait $job

# --- the other one takes over ------------------------------------------------------------------

# One that is inaccessible for longer than a change takes gets time when it is needed.
access b 3
long_ago=$((${EPOCHREALTIME/[.,]/} + patience * 1000000))
is_long_ago() { ((${EPOCHREALTIME/[.,]/} > long_ago)); }
check "b: inaccessible for a long time" wait_until $((2 * patience)) is_long_ago
check "the better one goes" model_unbind a
check "there is one path" wait_until 10 has_links 1
read_blocks 1 >/dev/null &
job=$!
check "a read waits for the other" wait_until 10 disk_is_busy "$disk"
access b 1
check_wait "which takes over" $job

# --- a reset ---------------------------------------------------------------------------------

# What the controller said before is no reason to fail what has waited for the reset.
access b 3
check "b alone, which must not be used: a read fails" fails read_blocks 1
model_rule b ready ms=2000
nvme_reset "$(model_ctrl b)" &
reset=$!
is_resetting() { [[ $(nvme_attr "$(model_ctrl b)" state) == resetting ]]; }
check "it is reset" wait_until 10 is_resetting
model_set b/namespaces/1 ana_state=1
read_blocks 1 >/dev/null &
job=$!
check "a read waits for the reset" wait_until 10 disk_is_busy "$disk"
check_wait "and is not failed for what was said before" $job
check_wait "it is up" $reset
check "b: optimized" wait_until 20 is_in_state b 1
model_honest b

# --- the last path goes ------------------------------------------------------------------------

no_disk() { [[ ! -e /sys/block/$disk ]]; }
exec 3<>"/dev/$disk"
head -c 4096 /dev/zero >&3
access b 3
model_unbind b &
job=$!
check "the last path goes, though it must not be used" wait_until 30 has_ended $job
check "and the disk" wait_until 10 no_disk
exec 3>&-

# Partitions are looked for, which waits as other reads do.
model_bind b || true
disk=$(model_disk b)
check "a new disk" wait_until 20 disk_is_busy "$disk"
model_unbind b &
job=$!
check "it goes while it waits" wait_until 30 has_ended $job
check "and leaves nothing" wait_until 10 no_disk

# --- many namespaces ---------------------------------------------------------------------------

model_set b/namespaces/1 ana_state=1
for nr in {3..8}; do
	model_add_ns b "$nr" shared=1
done
model_rule b delay us=1 opcode=get_log sel=0x0c
model_bind b || true
check "seven shared namespaces" wait_until 20 model_has_disk b 8
check "one page does for all of a scan" test "$(model_hits b)" -le 4
model_honest b
model_unbind b

for name in a b; do
	check_eq "$name: no breach of the protocol" "$(model_breaches $name)" ''
done
