#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Namespaces are created, attached, detached and deleted with nvme-cli, on a controller
# made of code, while another namespace of it has load: disks come and go with them, hold
# data as long as the namespace is there and no longer, and have no request left that
# hangs.
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

require_cmd fio nvme
require_model
nvme_load "$@"
dmesg_expect "I/O error, dev nvmec"
dmesg_expect "I/O error on dev nvmec"
dmesg_expect "operation not supported error, dev nvmec"
check "a controller" model_create m queues=2
check "up" model_up m
ctrl=$(model_ctrl m)
cntlid=$(nvme id-ctrl "/dev/$ctrl" | awk '$1 == "cntlid" { print $3 }')

# create BLOCKS [FORMAT [CAPACITY]] : with the lowest id that is free
create() {
	nvme create-ns "/dev/$ctrl" --nsze="$1" --flbas="${2:-0}" --ncap="${3:-$1}" \
		>/dev/null 2>&1
}
delete() { nvme delete-ns "/dev/$ctrl" -n "$1" >/dev/null 2>&1; }
attach() { nvme attach-ns "/dev/$ctrl" -n "$1" -c "$cntlid" >/dev/null 2>&1; }
detach() { nvme detach-ns "/dev/$ctrl" -n "$1" -c "$cntlid" >/dev/null 2>&1; }
gone() { ! model_has_disk m "$1"; }
size() { echo $(($(<"/sys/block/$(model_disk m "$1")/size") * 512)); }
# allocated : ids, in a line
allocated() { nvme list-ns -a "/dev/$ctrl" | sed 's/.*://' | one_line; }

stop=$(mktemp -u)
load() {
	while [[ ! -e $stop ]]; do
		fio_verify "${ctrl}n1" --size=512k || return
	done
}
load >/dev/null 2>&1 &
job=$!
at_exit end_job $job

# --- what is refused ----------------------------------------------------------------

check "no block: refused" eval '! create 0'
check "a format that is none: refused" eval '! create 2048 5'
check "less capacity than size: refused" eval '! create 2048 0 1024'
check "more than there is: refused" eval '! create 0x100000000'
check "to attach what is not there: refused" eval '! attach 2'
check "to delete it: refused" eval '! delete 2'
check_eq "one namespace is allocated" "$(allocated)" "0x1"

# --- a life -------------------------------------------------------------------------

for round in 1 2; do
	check "round $round: create" create 32768 $((round - 1))
	check_eq "round $round: with the next id" "$(allocated)" "0x1 0x2"
	check "round $round: no disk before it is attached" gone 2
	check "round $round: attach" attach 2
	check "round $round: its disk comes" wait_until 10 model_has_disk m 2
	check_eq "round $round: as large as was asked for" "$(size 2)" \
		$((round == 1 ? 32768 * 512 : 32768 * 4096))
	check "round $round: nothing is on it" cmp -n 1048576 /dev/zero "/dev/${ctrl}n2"
	check "round $round: it works" fio_verify "${ctrl}n2" --size=1m
	check "round $round: detach" detach 2
	check "round $round: its disk goes" wait_until 10 gone 2
	check "round $round: attach it again" attach 2
	check "round $round: its disk comes again" wait_until 10 model_has_disk m 2
	check "round $round: with its data" fio_verify "${ctrl}n2" --size=1m --verify_only
	check "round $round: delete it as it is" delete 2
	check "round $round: its disk goes for good" wait_until 10 gone 2
	check_eq "round $round: one is left" "$(allocated)" "0x1"
done

# --- under load ---------------------------------------------------------------------

helper hammer
for round in 1 2 3; do
	check "hammer $round: create" create 32768
	check "hammer $round: attach" attach 2
	check "hammer $round: its disk" wait_until 10 model_has_disk m 2
	hammer "/dev/${ctrl}n2" 20 2 >/dev/null 2>&1 &
	hammer=$!
	at_exit end_job $hammer
	check "hammer $round: busy" wait_until 10 disk_is_busy "${ctrl}n2"
	check "hammer $round: delete" delete 2
	check "hammer $round: its disk goes" wait_until 10 gone 2
	end_job $hammer
done

# --- over a loss of power, and those that have directories -----------------------------

check "create one to be kept" create 16384
check "attach it" attach 2
check "its disk" wait_until 10 model_has_disk m 2
check "its data" fio_verify "${ctrl}n2" --size=1m
touch "$stop"
check_wait "the first namespace saw nothing of all that" $job
model_unbind m
model_power m 0
check "power again" model_up m
ctrl=$(model_ctrl m)
check "it is there" wait_until 10 model_has_disk m 2
check "with its data" fio_verify "${ctrl}n2" --size=1m --verify_only
check "its directory cannot be made" eval "! mkdir '$MODEL/m/namespaces/2' 2>/dev/null"
check "delete one that has a directory" delete 1
check "its disk goes" wait_until 10 gone 1
check "its directory is still there" test -d "$MODEL/m/namespaces/1"
check "its id is free" create 2048
check_eq "and is taken" "$(allocated)" "0x1 0x2"
check "the directory goes" model_remove_ns m 1
check_eq "and the new one stays" "$(allocated)" "0x1 0x2"
check "delete all" delete 0xffffffff
check "the last disk goes" wait_until 10 gone 2
check_eq "none is left" "$(allocated)" ''
model_unbind m
check_eq "no breach of the protocol" "$(model_breaches m)" ''
