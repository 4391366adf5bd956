#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The driver lets go of a controller made of code while commands of users are under way:
# it does not wait for as long as a user chose, and what is dirty on other disks is
# written. A user who has less patience than the driver costs nobody data, nor does the
# controller miss its shutdown; and queues that are slow to delete do not hold up the
# end.
#@kernel uml-nvme
#@vm --memory 1G
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"

require_cmd nvme
require_model
# In seconds. A user's time is far longer, or shorter.
admin=4
long_ms=600000 short_ms=1000
nvme_load io_timeout=12 admin_timeout=$admin poll_queues=1
dmesg_expect "I/O error, dev nvmec"
dmesg_expect "Buffer I/O error on dev nvmec"
dmesg_expect "lost async page write"
text=$(mktemp)
at_exit rm -f "$text"

# up NAME : the controller m, with two namespaces
up() {
	check "$1: up" model_up m
	ctrl=$(model_ctrl m)
	check "$1: two disks" wait_until 10 model_has_disk m 2
}

# holds N : the controller does, now, for wait_until
holds() { [[ $(model_count m held) == "$1" ]]; }

# user NAME WORD... : a command of nvme-cli in the background, until the controller holds it
user() {
	nvme "${@:2}" >/dev/null 2>&1 &
	user=$!
	at_exit end_job $user
	check "$1: held" wait_until 10 holds 1
}

# soil NAME NSID : write to the page cache of a disk that stays open, as file 3
soil() {
	exec 3<>"/dev/${ctrl}n$2"
	head -c 64k /dev/urandom >"$text"
	check "$1: data of another disk" copy_text
}
copy_text() { cat "$text" >&3; }

# waits_in_driver PID : for wait_until; it is in its ioctl
waits_in_driver() { grep -q nvmec_ "/proc/$1/stack" 2>/dev/null; }

# kept NAME NSID : what was written by soil is on the disk, whose driver is another by now
kept() {
	exec 3>&-
	up "$1, again"
	check "$1: what was dirty is there" cmp -n 65536 "$text" "/dev/${ctrl}n$2"
}

# let_go NAME SECONDS [N] : unbind; the command of the user ends, too. The controller
# holds N commands, one, until then: nothing but a reset or the end took them back.
let_go() {
	local begin=$SECONDS job
	check "$1: still held" holds "${3-1}"
	model_unbind m &
	job=$!
	check "$1: let go of within $2 s" wait_until "$2" has_ended $job
	diag "$1: let go of after about $((SECONDS - begin)) s"
	hits=$(model_hits m)
	model_honest m
	check "$1: it ends" wait_until 60 has_ended $job
	check "$1: the command ended" wait_until 10 has_ended "$user"
	check_eq "$1: no breach of the protocol" "$(model_breaches m)" ''
}

# was_reset NAME [MOST] : the controller was enabled once more than before, or up to so
# often, by the reset, which took back what was held
was_reset() {
	local resets=$(($(model_count m enables) - enables))
	check "$1: $resets resets" test $resets -ge 1 -a $resets -le "${2-1}"
	check "$1: nothing is held any more" holds 0
}

model_create m queues=4 timeout=4
model_add_ns m 2

# Waits for its own end, and holds all I/O; a reset takes it back, CAP.TO is 2 s.
name="a format that takes ten minutes"
up "$name"
soil "$name" 2
model_rule m hold opcode=format
user "$name" admin-passthru "/dev/$ctrl" --opcode=0x80 \
	--namespace-id=1 --timeout=$long_ms
enables=$(model_count m enables)
let_go "$name" $((admin + 2 + 6))
was_reset "$name"
kept "$name" 2

name="two of them"
model_rule m hold opcode=format
user "$name" admin-passthru "/dev/$ctrl" --opcode=0x80 \
	--namespace-id=1 --timeout=$long_ms
nvme admin-passthru "/dev/$ctrl" --opcode=0x80 --namespace-id=2 \
	--timeout=$long_ms >/dev/null 2>&1 &
second=$!
at_exit end_job $second
check "$name: the second waits for the first" wait_until 10 waits_in_driver $second
enables=$(model_count m enables)
let_go "$name" $((2 * admin + 2 + 8))
# The second may be sent after the first was taken back, with the usual time
was_reset "$name" 2
check "$name: the second ended, too" wait_until 10 has_ended $second

name="a read that takes ten minutes"
up "$name"
model_rule m hold opcode=read nsid=1
user "$name" io-passthru "/dev/ngc${ctrl#nvmec}n1" --opcode=2 \
	--namespace-id=1 --cdw12=7 --data-len=4096 --read --timeout=$long_ms
enables=$(model_count m enables)
let_go "$name" $((admin + 2 + 6))
was_reset "$name"

# While queues are deleted
name="a user without patience"
up "$name"
shutdowns=$(model_count m shutdowns)
model_rule m hold opcode=get_log
model_rule m delay opcode=delete_sq ms=$((admin * 1000 - 500))
user "$name" admin-passthru "/dev/$ctrl" --opcode=2 \
	--namespace-id=0xffffffff --cdw10=0x007f0002 --data-len=512 --read \
	--timeout=$((2 * short_ms))
let_go "$name" $((3 * admin))
check_eq "$name: the controller was shut down" "$(model_count m shutdowns)" \
	$((shutdowns + 1))

# While what is dirty is written
name="one while data is written"
up "$name"
soil "$name" 2
model_rule m hold opcode=get_log
model_rule m delay opcode=write ms=4000
user "$name" admin-passthru "/dev/$ctrl" --opcode=2 \
	--namespace-id=0xffffffff --cdw10=0x007f0002 --data-len=512 --read \
	--timeout=$short_ms
let_go "$name" 30
kept "$name" 2
model_unbind m

# Each of four commands takes most of the time that it has.
name="queues that are slow to delete"
up "$name"
true &
user=$!
model_rule m delay opcode=delete_sq ms=$((admin * 1000 - 500))
model_rule m delay opcode=delete_cq ms=$((admin * 1000 - 500))
shutdowns=$(model_count m shutdowns)
let_go "$name" $((3 * admin - 1)) 0
# That of one queue takes longer than a command may: those of the other are not sent
check_eq "$name: deletions" "$hits" 2
check_eq "$name: the controller was shut down" "$(model_count m shutdowns)" \
	$((shutdowns + 1))

