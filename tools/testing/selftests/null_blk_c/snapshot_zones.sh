#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Snapshots and clones of zoned disks: a clone has the conditions, the write pointers and the
# data of the moment, and nothing behind them, whatever the disk does afterwards. A snapshot of
# a busy disk is one that may be. Zones do not start anew over the data of a snapshot. Limits
# count what a clone has. A disk goes away while snapshots are taken of it.
#
#@group zone
#@timeout 900
#@long

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/zone.sh
. "$(dirname "$0")/../lib/zone.sh"

ROUNDS=${ROUNDS:-25}

# put DISK LETTER NR SECTOR COUNT : write to a zone
put() {
	local sector
	look_for_zone "$1" "$3"
	dd of="/dev/$1" bs=$((512 * $5)) count=1 seek=$((512 * (sector + $4))) \
		iflag=fullblock conv=notrunc,nocreat oflag=direct,seek_bytes status=none \
		< <(head -c $((512 * $5)) /dev/zero | tr '\0' "$2")
}
# as DISK : all zones, with the data of those before the last, which is offline
as() {
	blkzone report "/dev/$1"
	dd if="/dev/$1" bs=1M count=30 iflag=direct status=none | sha256sum
}
# is DISK NR WHAT : condition and write pointer
is() { check_eq "zone $2 of $1: $3" "$(zone "$1" "$2")" "$3"; }
# again DISK : off and on
again() { nbc_power "$1" 0 && nbc_power "$1" 1; }

require_cmd blkzone
helper zonesnap
nbc_load nr_devices=0
dmesg_expect "(I/O|zones exceeded) error, dev [dc]"
seed=${SEED:-$RANDOM}
diag "SEED=$seed"

# --- a busy disk ----------------------------------------------------------------

for mode in "512 queue_mode=2" "4096 queue_mode=2" "512 queue_mode=0" \
	"4096 zone_max_open=2 zone_max_active=4"; do
	# shellcheck disable=SC2086 # several attributes
	zoned_disk d size=6 zone_nr_conv=1 blocksize="${mode%% *}" ${mode#* }
	nbc_create c
	if said=$(zonesnap "$NBC_ROOT" d c "${mode%% *}" "$((ROUNDS / 3))" "$((seed++))" 2>&1); then
		ok "blocks of $mode: snapshots of a busy disk"
		diag "$said"
	else
		not_ok "blocks of $mode: snapshots of a busy disk" "$said"
	fi
	nbc_destroy c
	nbc_destroy d
done

# --- what is in them ------------------------------------------------------------

zoned_disk d size=32 zone_size=2 zone_capacity=1 zone_nr_conv=1 blocksize=512
nbc_create c size=4 zoned=1 zone_size=4
put d a 0 8 8
put d b 1 0 13
zone_do d 2 open
zone_do d 3 open
put d c 3 0 5
put d d 4 0 3
zone_do d 4 finish
put d e 5 0 2048
put d f 6 0 9
nbc_set d zone_readonly="$(zone_sector d 6)"
put d g 15 0 9
nbc_set d zone_offline="$(zone_sector d 15)"
put d h 8 0 16
zone_do d 8 reset
put d i 8 0 5
put d j 9 0 16
zone_do d 9 reset
check "a snapshot" nbc_set d snapshot=one
put d x 1 13 20
zone_do d 3 reset
put d x 3 0 40
zone_do d 4 reset
zone_do d 5 reset
put d x 8 5 5
put d x 9 0 5
put d x 0 8 8
put d x 10 0 5
after=$(as d)
check "a clone" nbc_set c origin=d/one power=1
check_eq "its zones are those of the disk" \
	"$(for a in zoned size blocksize zone_size zone_capacity zone_nr_conv; do nbc_get c $a; done | one_line)" \
	"1 32 512 2 1 1"
is c 0 "nw 0"
check_eq "conventional" "$(zone_bytes c 0 0 8) $(zone_bytes c 0 8 8)" "00 61"
is c 1 "cl 13"
check_eq "below and behind" "$(zone_bytes c 1 0 13) $(zone_bytes c 1 13 300)" "62 ff"
is c 2 "em 0"
is c 3 "cl 5"
check_eq "reset since, but not there" "$(zone_bytes c 3 0 5) $(zone_bytes c 3 5 300)" "63 ff"
is c 4 "fu 4096"
check_eq "finished" "$(zone_bytes c 4 0 3) $(zone_bytes c 4 3 300)" "64 00"
is c 5 "fu 2048"
check_eq "full" "$(zone_bytes c 5 0 2048)" 65
check_eq "read-only" "$(zone c 6 | cut -d' ' -f1) $(zone_bytes c 6 0 9) $(zone_bytes c 6 9 300)" \
	"ro 66 00"
check_eq "offline" "$(zone c 15 | cut -d' ' -f1)" of
check "which fails" expect_errno EIO zone_read c 15 0 8
is c 8 "cl 5"
check "what was reset before is not there" zone_do c 8 finish
check_eq "to the end" "$(zone_bytes c 8 0 5) $(zone_bytes c 8 5 300)" "69 00"
is c 9 "em 0"
check "nor here" zone_do c 9 finish
check_eq "to the end" "$(zone_bytes c 9 0 300)" 00
is c 10 "em 0"
check "not at the pointer of the disk" expect_errno EIO put c y 1 33 8
# After an error the block layer wants a report before the next write.
is c 1 "cl 13"
check "it goes on from its own" put c y 1 13 8
check "reset" zone_do c 5 reset
put c y 5 0 3
check "finish" zone_do c 5 finish
check_eq "what the snapshot has is hidden" "$(zone_bytes c 5 0 3) $(zone_bytes c 5 3 300)" "79 00"
nbc_set c zone_readonly="$(zone_sector c 6)"
is c 6 "em 0"
check "mended, and finished" zone_do c 6 finish
check_eq "it has nothing" "$(zone_bytes c 6 0 300)" 00
is c 1 "oi 21"
again c
is c 1 "cl 21"
check_eq "its data is there after power-off" "$(zone_bytes c 1 0 13) $(zone_bytes c 1 13 8)" "62 79"
check_eq "the disk has seen nothing of it" "$(as d)" "$after"
nbc_set d snapshot=two
nbc_set c power=0 origin=d/two power=1
check_eq "of another snapshot: as the disk" "$(zone c 1) $(zone c 10)" "cl 33 cl 5"
check "reset all" blkzone reset /dev/c
check_eq "all is empty" "$(zone c 1) $(zone c 3) $(zone_bytes c 1 0 300)" "em 0 em 0 ff"
nbc_set c snapshot=own
nbc_set d power=0 origin=c/own power=1
is d 1 "em 0"
check_eq "the disk is a clone of the clone" "$(zone_bytes d 1 0 300) $(zone_bytes d 0 8 8)" "ff 78"
nbc_set d power=0 origin=d/one power=1
is d 3 "cl 5"
check_eq "and of its own first" "$(zone_bytes d 3 0 5) $(zone_bytes d 3 5 300)" "63 ff"
nbc_set d snapshot_drop=one
nbc_set d snapshot_drop=two
nbc_destroy c
put d z 3 5 5
check_eq "it goes on without them" "$(zone d 3) $(zone_bytes d 3 0 5) $(zone_bytes d 3 5 5)" "oi 10 63 7a"
zone_do d 3 reset
zone_do d 3 finish
check_eq "and has nothing of what was reset" "$(zone_bytes d 3 0 300)" 00

# --- other layouts, limits ------------------------------------------------------

nbc_destroy d
zoned_disk d size=16 zone_nr_conv=1
for nr in 1 2 3 4; do put d a $nr 0 8; done
nbc_set d snapshot=four
nbc_create c zone_max_active=2 zone_max_open=1
nbc_set c origin=d/four
# other ATTRIBUTE VALUE ACCEPTED
other() {
	local was
	was=$(nbc_get c "$1")
	nbc_set c "$1=$2"
	check "$1 $2 is not what the data has" expect_errno EINVAL nbc_power c 1
	check "the log says so" kmsg_has "c: $1: $2 is not valid, use $3"
	nbc_set c "$1=$was"
}
other size 32 16
other blocksize 4096 512
other zone_size 2 1
other zone_nr_conv 2 1
other zone_full 1 0
other memory_backed 0 1
check "as it was, it is" nbc_power c 1
check_eq "all are there" "$(for nr in 1 2 3 4 5; do zone c $nr; done | one_line)" \
	"cl 8 cl 8 cl 8 cl 8 em 0"
check "more than may be active: no other" expect_errno EOVERFLOW put c b 5 0 8
is c 5 "em 0"
check "but these" put c b 4 8 8
for nr in 1 2 3; do zone_do c $nr finish; done
check "another, when there are fewer" put c b 5 0 8
nbc_set c power=0 zoned=0 power=1
check "without zones the data is there" test "$(zone_bytes c 0 2048 8)" = 61
nbc_set c power=0 zoned=1
check "zones are not made of it again" expect_errno EINVAL nbc_power c 1
nbc_destroy c
nbc_power d 0
nbc_set d zone_size=2
check "nor others of a disk that has snapshots" expect_errno EINVAL nbc_power d 1
nbc_set d snapshot_drop=four
check "without them, there are" nbc_power d 1
is d 1 "em 0"
nbc_destroy d

zoned_disk d size=16 cache_size=1
put d a 1 0 8
sync /dev/d
put d b 1 8 8
check "none of a powered disk with a cache" expect_errno EBUSY nbc_set d snapshot=n
nbc_power d 0
check "but off" nbc_set d snapshot=off
nbc_create c
nbc_set c origin=d/off cache_size=1 power=1
is c 1 "cl 8"
check_eq "what was durable is there" "$(zone_bytes c 1 0 8) $(zone_bytes c 1 8 8)" "61 ff"
put c b 1 8 3
sync /dev/c
put c b 1 11 8
put c b 2 0 8
again c
check_eq "a clone loses what is not durable" "$(zone c 1) $(zone c 2)" "cl 11 em 0"
zone_do c 1 finish
check_eq "and shows nothing of it" "$(zone_bytes c 1 8 3) $(zone_bytes c 1 11 300)" "62 00"
zone_do c 1 reset
again c
check_eq "a reset is durable" "$(zone c 1) $(zone_bytes c 1 0 300)" "em 0 ff"
nbc_destroy c
nbc_destroy d

# --- removal under load ---------------------------------------------------------

zoned_disk d size=16
nbc_create c
# load : writes and resets until the disk has gone
load() {
	local nr
	whatever
	# There is no size of a zone where there is no disk.
	set +u
	while put d a 1 0 2048 && zone_do d 1 reset; do
		for nr in {2..5}; do zone_do d "$nr" finish && zone_do d "$nr" reset || return 0; done
	done 2>/dev/null
	return 0
}
load &
pid=$!
for round in {1..12}; do
	nbc_set d snapshot="s$round"
	nbc_set c origin="d/s$round" power=1
	read -r cond wp < <(zone c 1)
	if [[ $wp != 0 && $(zone_bytes c 1 0 "$wp") != 61 ]]; then
		not_ok "round $round" "zone 1 is $cond $wp"
	fi
	nbc_power c 0
	((round % 3)) || nbc_set d snapshot_drop="s$round"
done
check "the load goes on" kill -0 "$pid"
check "the disk is removed meanwhile" nbc_destroy d
check_wait "the load ends" "$pid"
check "a clone goes on without it" nbc_power c 1
nbc_destroy c
