#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Commands of user space on a controller made of code that does not answer as it should:
# what they cost those who send them, and nobody else.
#@kernel uml-nvme
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"

require_model
helper userio
time_out=20 admin=3
nvme_load io_timeout=$time_out admin_timeout=$admin poll_queues=1
dir=$(mktemp -d)
at_exit rm -rf "$dir"
nobody=65534
read="op=2 nsid=1 len=4096 cdw12=7"

attr() { nvme_attr "$(model_ctrl m)" "$1"; }
generic() {
	local ctrl
	ctrl=$(model_ctrl m)
	echo "/dev/${ctrl/nvmec/ngc}n1"
}

# what NAME WANTED ARGUMENT... : of userio
what() {
	local name=$1 wanted=$2 got
	shift 2
	# shellcheck disable=SC2048,SC2086 # several words
	got=$(userio $* 2>&1) || true
	check_eq "$name" "$got" "$wanted"
}

up() { model_create m queues=2 timeout=4 mdts=5 "$@" && model_up m; }
down() {
	model_honest m
	model_unbind m
	check_eq "$1: no breach of the protocol" "$(model_breaches m)" ''
	model_destroy m
}

# --- a length that is not the command's ------------------------------------------

# A list of more pages than the command moves would be taken for a page of data; without
# an address data would go to address 0.
check "lengths: it comes up" up
for len in 8192 12288 16384; do
	what "lengths: a read of 8192 bytes to $len" "0 0" -u $nobody "$(generic)" io64 \
		op=2 nsid=1 cdw12=15 "len=$len"
	what "lengths: by io_uring" "0 0" -u $nobody "$(generic)" uring-io \
		op=2 nsid=1 cdw12=15 "len=$len"
done
what "lengths: data for nobody" "0 0" "/dev/$(model_ctrl m)" admin op=10 cdw10=22
what "lengths: and by io_uring" "0 0" "/dev/$(model_ctrl m)" uring-admin op=10 cdw10=22
down "lengths"

# --- the effects log ----------------------------------------------------------

# It is asked for when nobody waits for it, and never again.
check "no effects log: made" model_create m queues=2 timeout=4
model_rule m drop opcode=get_log sel=5
check "no effects log: it comes up" model_up m
begin=$SECONDS
what "no effects log: anybody may read" "0 0" -u $nobody "$(generic)" io64 "$read"
what "no effects log: and by io_uring" "0 0" -u $nobody "$(generic)" uring-io "$read"
check "no effects log: and waits for nobody" test $((SECONDS - begin)) -lt $admin
check_eq "no effects log: no reset for it" "$(attr resets)" 0
hits=$(model_hits m)
check "no effects log: a reset" nvme_reset "$(model_ctrl m)"
check_eq "no effects log: it is not asked for again" "$(model_hits m)" "$hits"
down "no effects log"

# One that makes no sense is none: zeroes, or a read after which nothing is as it was.
while read -r field at bytes; do
	check "$field: made" model_create m queues=2 timeout=4
	model_rule m data opcode=get_log sel=5 "offset=$at" "bytes=$bytes"
	check "$field: it comes up" model_up m
	check "$field: is refused with a line" kmsg_has "effects log: $field"
	what "$field: anybody may read" "0 0" -u $nobody "$(generic)" io64 "$read"
	down "$field"
done <<-'END'
	IOCS2:	1032	00000000
	IOCS2:	1032	03000000
	ACS6:	24	01000100
	ACS2:	8	02000000
END

# --- commands that nobody polls for -------------------------------------------

said() { [[ $(tail -n 1 "$dir/said" 2>/dev/null) == "$1" ]]; }
lets_go() {
	model_unbind m
	touch "$dir/gone"
}
check "nobody polls: up" up
mkfifo "$dir/go"
# shellcheck disable=SC2086 # several words
userio -n -p "$(generic)" uring-io $read <>"$dir/go" >"$dir/said" 2>&1 &
job=$!
check "nobody polls: a read is sent" wait_until 10 said sent
lets_go &
check "nobody polls: the device goes" wait_until $((time_out / 2)) test -e "$dir/gone"
echo >"$dir/go"
wait $job || true
check "nobody polls: the read was done" said "0 0"
rm "$dir/go"
down "nobody polls"

# --- commands that take too long ----------------------------------------------

# An abort ends them, as it ends a read of the block layer's.
check "too long: up" up
for how in io64 uring-io "-p uring-io"; do
	model_rule m clear
	model_rule m delay ms=600000 opcode=read hits=1
	flags=''
	[[ $how != -p* ]] || flags=-p
	what "too long: $how: aborted" "0x7 0" $flags "$(generic)" "${how#-p }" "$read timeout=2000"
done
check "too long: by abort commands" test "$(attr aborts)" -ge 3
check_eq "too long: and no reset" "$(attr resets)" 0

# If no abort helps, a reset does. The user's own patience is no fault of the controller:
# it is not given up for that, however often.
model_rule m drop opcode=read
for ((i = 0; i < 8; i++)); do
	# One that does answer: otherwise others' I/O would be given up.
	userio "$(generic)" io64 op=0 nsid=1 >/dev/null || break
	# shellcheck disable=SC2086 # several words
	got=$(userio "$(generic)" io64 $read timeout=1000) || true
	[[ $got == EINTR ]] || break
	model_live() { nvme_state_is "$(model_ctrl m)" live; }
	wait_until 20 model_live || break
done
check_eq "too long: 8 times for a user who has no patience" "$i $got" "8 EINTR"
model_rule m clear
what "too long: it works on" "0 0" "$(generic)" io64 "$read"

# One who may not take more time may not take more blocks, either.
what "many blocks: as many as an I/O" "0 0" -u $nobody "$(generic)" io64 "op=8 nsid=1 cdw12=255"
what "many blocks: more" EINVAL -u $nobody "$(generic)" io64 "op=8 nsid=1 cdw12=256"
what "many blocks: by root" "0 0" "$(generic)" io64 "op=8 nsid=1 cdw12=256"
down "too long"

# If nothing comes back at all, that is a fault of the controller: I/O of others, which is
# sent again after each reset, must not wait for as long as somebody is impatient.
dmesg_expect "error, dev nvmec"
check "no answer: up" up
ctrl=$(model_ctrl m)
echo 4000 >"/sys/class/nvme_c/$ctrl/io_timeout"
model_rule m drop opcode=read
impatient() {
	while [[ ! -e $dir/enough ]]; do
		# shellcheck disable=SC2086 # several words
		userio "/dev/${ctrl/nvmec/ngc}n1" io64 $read timeout=1000 &>/dev/null || nap 0.1
	done
}
impatient &
job=$!
got=$(LC_ALL=C timeout 100 dd if="/dev/${ctrl}n1" of=/dev/null bs=4k count=1 iflag=direct 2>&1) || true
touch "$dir/enough"
wait $job || true
check "no answer: a read fails" grep -q "Input/output error" <<<"$got"
down "no answer"

# --- users who go ---------------------------------------------------------------

# The kernel forgets a user of whom nothing is left. How many it knows:
users() {
	echo 1 >/sys/kernel/slab/uid_cache/shrink
	awk '$1 == "uid_cache" { print $2 }' /proc/slabinfo
}
few_users() { (($(users) < known + 20)); }
check "users who go: up" up
known=$(users)
if [[ -z $known ]]; then
	skip "users who go" "the kernel does not count them apart"
	down "users who go"
	exit
fi
for ((i = 0; i < 40; i++)); do
	# shellcheck disable=SC2086 # several words
	[[ $(userio -u $((70000 + i)) "$(generic)" io64 $read) == "0 0" ]] || break
done
check_eq "users who go: each reads" "$i" 40
check "users who go: they are forgotten" wait_until 10 few_users
diag "of 40 users, $(($(users) - known)) are left"
down "users who go"
