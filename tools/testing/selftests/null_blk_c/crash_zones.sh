#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# power_cut, crash_state and crash_states of zoned disks: for each policy, zones and data are
# what a model holds possible, the same for the same seed. A state of a busy disk is one of its
# moments. Finished and broken zones stay what they are. A cut under load leaves below each
# write pointer what was written. What the history has no room for is durable.
#
#@long
#@group zone
#@timeout 900

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/zone.sh
. "$(dirname "$0")/../lib/zone.sh"

HISTORIES=${HISTORIES:-4}
ROUNDS=${ROUNDS:-6}
POLICIES="lost kept prefix torn subset blocks"

# fresh [ATTRIBUTE=VALUE...] : disk d with zones and a history, and s for its states
fresh() {
	zoned_disk d cache_size=4 cache_history=1 zone_nr_conv=1 "$@"
	nbc_create s
}
gone() { nbc_destroy d && nbc_destroy s; }
# said NAME COMMAND... : ok if it succeeds; what it says is in the output, or the reason
said() {
	local name=$1 text
	shift
	if text=$("$@" 2>&1); then
		ok "$name"
		diag "$text"
	else
		not_ok "$name" "$text"
	fi
}
# put LETTER NR SECTOR COUNT [DD FLAG] : write to a zone of d
put() {
	local sector
	look_for_zone d "$2"
	dd of=/dev/d bs=$((512 * $4)) count=1 seek=$((512 * (sector + $3))) \
		iflag=fullblock conv=notrunc,nocreat \
		oflag="direct,seek_bytes${5:+,$5}" status=none \
		< <(head -c $((512 * $4)) /dev/zero | tr '\0' "$1")
}
# zones DISK NR... : what each is
zones() {
	local disk=$1 nr all=()
	shift
	for nr; do all+=("$(zone "$disk" "$nr")"); done
	echo "${all[*]}"
}
# take CUT : s becomes what it would leave of d
take() { nbc_set s power=0 "crash_state=d $1" power=1; }

require_cmd blkzone
helper crashzones
helper zonesnap
nbc_load nr_devices=0
# The power is cut while others write.
dmesg_expect "((I/O|zones exceeded) error(, dev| on dev(ice)?)|Buffer I/O error on dev) d"
seed=${SEED:-$RANDOM}
diag "SEED=$seed"

# --- what each policy leaves ----------------------------------------------------

for mode in "512 queue_mode=2" "4096 queue_mode=2" "4096 queue_mode=0"; do
	fresh size=8 zone_size=2 zone_capacity=1 blocksize="${mode%% *}" "${mode#* }"
	said "blocks of $mode: what each policy leaves is possible" \
		crashzones "$NBC_ROOT" d s "${mode%% *}" "$HISTORIES" "$((seed++))"
	gone
done

# What a snapshot has of the zones is hidden by resets, and no state shows it.
fresh size=8 zone_size=2 zone_capacity=1 blocksize=4096
for nr in 1 2 3; do put x $nr 0 1024; done
sync /dev/d
nbc_set d power=0 snapshot=base power=1
blkzone reset /dev/d
said "over a snapshot: what each policy leaves is possible" \
	crashzones "$NBC_ROOT" d s 4096 "$HISTORIES" "$((seed++))"
gone

# --- a busy disk ----------------------------------------------------------------

for mode in "512 queue_mode=2" "4096 zone_max_open=2 zone_max_active=4"; do
	# shellcheck disable=SC2086 # several attributes
	fresh size=6 blocksize="${mode%% *}" ${mode#* }
	said "blocks of $mode: states of a busy disk" \
		zonesnap "$NBC_ROOT" d s "${mode%% *}" "$ROUNDS" "$((seed++))" states
	gone
done

# --- zones of all kinds ---------------------------------------------------------

fresh size=16 blocksize=512 zone_max_active=9
put a 1 0 16
put a 2 0 13
put a 3 0 8
put a 4 0 8
put a 5 0 8
put a 6 0 8
sync /dev/d
put b 1 16 16
put b 2 13 7
put b 3 8 8
zone_do d 3 finish
put b 4 8 8
put b 5 8 8
nbc_set d zone_readonly="$(zone_sector d 4)"
nbc_set d zone_offline="$(zone_sector d 5)"
zone_do d 6 reset
put c 6 0 5
zone_do d 7 open
put d 8 0 2048
check "a state" take lost
check_eq "it has the zones of the disk" \
	"$(for a in zoned size blocksize zone_size zone_nr_conv; do nbc_get s $a; done | one_line)" \
	"1 16 512 1 1"
check_eq "lost: what was flushed is there" "$(zones s 0 1 2 6 7 8)" \
	"nw 0 cl 16 cl 13 em 0 em 0 em 0"
check_eq "and nothing else" "$(zone_bytes s 1 0 16) $(zone_bytes s 1 16 300)" "61 ff"
check_eq "a finished zone stays" "$(zone s 3) $(zone_bytes s 3 0 8) $(zone_bytes s 3 8 8) $(zone_bytes s 3 16 300)" \
	"fu 2048 61 62 00"
check_eq "so do broken ones" "$(zone s 4 | cut -c1-2) $(zone s 5 | cut -c1-2)" "ro of"
check_eq "read-only, it reads zeroes where data was lost" \
	"$(zone_bytes s 4 0 8) $(zone_bytes s 4 8 8)" "61 00"
check "a state" take kept
check_eq "kept: all is there, but that open zones are closed" "$(zones s 1 2 3 6 7 8)" \
	"cl 32 cl 20 fu 2048 cl 5 em 0 fu 2048"
check_eq "with its data" "$(zone_bytes s 1 16 16) $(zone_bytes s 6 0 5) $(zone_bytes s 6 5 99) $(zone_bytes s 8 0 2048)" \
	"62 63 ff 64"
check_eq "also of a zone that is read-only" "$(zone_bytes s 4 8 8)" "62"
check "states" nbc_set d "crash_states=all 40 blocks 1"
check_eq "are snapshots" "$(nbc_get d snapshot | wc -l)" 40
wps=()
for nr in {1..40}; do
	nbc_set s power=0 origin="d/all-$nr" power=1
	read -r cond wp < <(zone s 1)
	wps+=("$wp")
	((wp < 16 || wp > 32)) && not_ok "state $nr" "zone 1 is $cond $wp"
	[[ $(zone_bytes s 8 0 1) == 64 || $(zone s 8) == "em 0" ]] ||
		not_ok "state $nr" "zone 8 is $(zone s 8)"
done
check "which differ" test "$(printf '%s\n' "${wps[@]}" | sort -u | wc -l)" -gt 2
nbc_power s 0
nbc_set s zone_size=4
check "zones do not start anew over a state" expect_errno EINVAL nbc_power s 1
nbc_set s zone_size=1 power=1
check "a mended zone is empty" nbc_set s zone_readonly="$(zone_sector s 4)"
zone_do s 4 finish
check_eq "and has nothing" "$(zone_bytes s 4 0 300)" 00
nbc_power s 0
check "the real cut" nbc_set d power_cut=lost power=1
check_eq "lost" "$(zones d 0 1 2 3 6 7 8)" "nw 0 cl 16 cl 13 fu 2048 em 0 em 0 em 0"

# The flush that comes with it is lost: FUA alone does it.
put e 9 0 100
nbc_set d rules="add,op=FLUSH,lie=lost"
put e 9 100 1 dsync
nbc_set d rules=removeall
put e 9 101 1
put f 10 0 8
check "FUA takes with it what is before" take lost
check_eq "in its zone only" "$(zone s 9) $(zone_bytes s 9 0 101) $(zone s 10)" "cl 101 65 em 0"

# Where it was lost once, a zone is written again, and lost again.
check "the cut" nbc_set d power_cut=lost power=1

# What a rule put into the middle of a zone is not where the zone ends.
put e 11 0 100
sync /dev/d
nbc_set d rules="add,op=WRITE,lie=misplaced,by=2058"
put f 10 0 1
nbc_set d rules=removeall
check "the cut" nbc_set d power_cut=lost power=1
check_eq "a misplaced write takes nothing" "$(zone d 11) $(zone_bytes d 11 0 10)" "cl 100 65"

put g 1 16 5
sync /dev/d
put h 1 21 5
check "the cut" nbc_set d power_cut=lost power=1
check_eq "up to the second flush" "$(zone d 1) $(zone_bytes d 1 0 16) $(zone_bytes d 1 16 5)" "cl 21 61 67"
check "finish" zone_do d 1 finish
check_eq "nothing is behind it" "$(zone_bytes d 1 21 300)" 00

# --- a state for whoever it may be ----------------------------------------------

nbc_power s 0
nbc_disk p size=16 memory_backed=1 cache_size=1 cache_history=1
check "a zoned device becomes a state of one without zones" take kept
check "as it is" nbc_set s power=0 "crash_state=p kept" power=1
check_eq "without zones" "$(nbc_get s zoned) $(queue_limit s zoned)" "0 none"
check "and again" take kept
check_eq "with" "$(nbc_get s zoned) $(zone s 3)" "1 fu 2048"
nbc_destroy p
gone

# --- power cuts under load ------------------------------------------------------

# writer NR LETTER : fills a zone and resets it, with one letter, until the disk has gone
writer() {
	local at=0
	whatever
	# There is no size of a zone where there is no disk.
	set +u
	while put "$2" "$1" $at 64; do
		((at += 64, at < 2048)) || { zone_do d "$1" reset && at=0; } || return 0
		((at % 512)) || sync /dev/d
	done 2>/dev/null
	return 0
}
# pointers : whether data below each is that of the writer, and nothing behind
pointers() {
	local nr cond wp bad=''
	for nr in 1 2 3 4; do
		read -r cond wp < <(zone d $nr)
		((wp == 0)) || [[ $(zone_bytes d $nr 0 "$wp") == "7$nr" ]] || bad+=" $nr:$cond,$wp"
		((wp == 2048)) || [[ $(zone_bytes d $nr "$wp" $((2048 - wp))) == ff ]] ||
			bad+=" $nr behind $wp"
	done
	echo "$bad"
}
written() { (($(awk '$3 == "d" { print $8 }' /proc/diskstats) >= $1)); }
fresh size=5 blocksize=512
for policy in $POLICIES; do
	pids=()
	letters=pqrst
	for nr in 1 2 3 4; do
		zone_do d $nr reset
		writer $nr ${letters:nr:1} &
		pids+=($!)
	done
	check "$policy: there is load" wait_until 60 written 40
	check "$policy: a state" nbc_set s "crash_state=d $policy 3"
	check "$policy: a cut of a busy disk" nbc_set d "power_cut=$policy 3"
	for pid in "${pids[@]}"; do check_wait "$policy: a writer ends" "$pid"; done
	nbc_power d 1
	check_eq "$policy: below the pointers is what was written" "$(pointers)" ""
done
gone

# --- more than there is room for ------------------------------------------------

fresh size=6 cache_size=1 blocksize=512
for nr in 1 2 3 4; do
	for at in {0..31}; do put k "$nr" $((at * 64)) 64; done
done
check "a full history: kept" take kept
check_eq "is all" "$(zones s 1 2 3 4)" "fu 2048 fu 2048 fu 2048 fu 2048"
check "lost" take lost
lost=0 bad=''
for nr in 1 2 3 4; do
	read -r cond wp < <(zone s $nr)
	((lost += 2048 - wp, 1))
	((wp == 0)) || [[ $(zone_bytes s $nr 0 "$wp") == 6b ]] || bad+=" $nr:$cond,$wp"
done
check_eq "data is there below each pointer" "$bad" ""
# 4 MiB were written, and the history holds one.
check "some of it is lost, and no more than the history holds" \
	test "$lost" -gt 0 -a "$lost" -le 2048
gone
