#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Snapshots and clones: each has what a model says after random writes, discards, snapshots,
# clones, drops and power cycles, with bios and requests, blocks of a unit and smaller ones,
# and a cache. A snapshot of a busy disk is one that may be. It takes no memory until something
# is written. What is dropped and removed in any order frees its memory. Bad input changes
# nothing.
#
#@group data
#@long
#@timeout 240

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

OPERATIONS=${OPERATIONS:-1500}
ROUNDS=${ROUNDS:-40}
PAGE_BYTES=$(getconf PAGESIZE)

sum() { dd if="/dev/$1" bs=1M iflag=direct status=none | sha256sum; }
fill() { dd if=/dev/urandom of="/dev/$1" bs=1M oflag=direct status=none "${@:2}"; }
# cloned ORIGIN : what a clone of it reads as; on device c, which is off
cloned() {
	nbc_set c "origin=$1" power=1
	sum c
	nbc_power c 0
}
# takes_more FROM KIB : pages that are accounted as nothing else, beside FROM
takes_more() { (($(unaccounted_kib) - $1 > $2)); }

helper snapmodel
helper snaprace
nbc_load nr_devices=0
seed=${SEED:-$RANDOM}
diag "SEED=$seed"

# --- what is in them ------------------------------------------------------------

for mode in "512 queue_mode=2" "4096 queue_mode=2" "512 queue_mode=0" "4096 irqmode=0 queue_mode=0" \
	"512 cache_size=1" "4096 cache_size=1 cache_history=1" "512 cache_size=1 queue_mode=0"; do
	# shellcheck disable=SC2086 # several attributes
	check "blocks of $mode: all is as the model says" \
		snapmodel "$NBC_ROOT" "${mode%% *}" "$OPERATIONS" "$((seed++))" ${mode#* }
done

for mode in "512 queue_mode=2" "4096 queue_mode=2" "512 queue_mode=0"; do
	nbc_disk d size=16 memory_backed=1 blocksize="${mode%% *}" "${mode#* }"
	nbc_create c
	if said=$(snaprace "$NBC_ROOT" d c "${mode%% *}" 4 "$ROUNDS" 2>&1); then
		ok "blocks of $mode: snapshots of a busy disk"
		diag "$said"
	else
		not_ok "blocks of $mode: snapshots of a busy disk" "$said"
	fi
	nbc_destroy d
	nbc_destroy c
done

# --- life -----------------------------------------------------------------------

nbc_disk d size=16 memory_backed=1 blocksize=4096
nbc_create c
fill d count=16
first=$(sum d)
check "a snapshot" nbc_set d snapshot=first
fill d count=4
second=$(sum d)
check "another" nbc_set d snapshot=second
check_eq "their names and sizes" "$(nbc_get d snapshot | one_line)" "first 16 second 16"
check "a clone, on another device" nbc_set c origin=d/first
check_eq "which is like the first" "$(nbc_get c memory_backed) $(nbc_get c size) $(nbc_get c blocksize)" \
	"1 16 4096"
check_eq "what it reads as" "$(nbc_power c 1 && sum c)" "$first"
fill c count=16
check_eq "what is written to it is not in the disk" "$(sum d)" "$second"
check "a snapshot of a clone" nbc_set c snapshot=own
check "of which the disk becomes a clone" nbc_set d power=0 origin=c/own power=1
check_eq "it has its data" "$(sum d)" "$(sum c)"
check_eq "and its snapshots as before" "$(nbc_get d snapshot | one_line)" "first 16 second 16"
nbc_power c 0
check "the disk goes on without the device that it was cloned from" rmdir "$NBC_ROOT/c"
nbc_create c
check_eq "a snapshot is as it was" "$(cloned d/second)" "$second"
check_eq "the other one, too" "$(cloned d/first)" "$first"
check "a clone goes on without its snapshot" nbc_set d snapshot_drop=first
check_eq "the list is shorter" "$(nbc_get d snapshot)" "second 16"
check_eq "what it reads as" "$(nbc_power c 1 && sum c)" "$first"
check "and without the device" nbc_destroy d
check_eq "what it reads as then" "$(sum c)" "$first"

# Some kernels have no blocks larger than a page.
nbc_disk e size=16 memory_backed=1 blocksize=4096
nbc_create f
fill e count=1
small=$(sum e)
nbc_power e 0
if nbc_set e blocksize=$((2 * PAGE_BYTES)) 2>/dev/null; then
	nbc_set e snapshot=larger
	check "a clone of what was to have larger blocks" nbc_set f origin=e/larger
	check_eq "has those that its data permits" "$(nbc_get f blocksize)" "$PAGE_BYTES"
	check "so there is power" nbc_power f 1
	check_eq "and it has the data" "$(sum f)" "$small"
fi
nbc_destroy f
nbc_destroy e

# --- bad input ------------------------------------------------------------------

nbc_disk d size=16 memory_backed=1
nbc_set d snapshot=one
for name in "" "a b" "a/b" "$(printf 'x%.0s' {1..32})" "ä"; do
	check "no name: $(printf %q "$name")" expect_errno EINVAL nbc_set d "snapshot=$name"
	check "nor to drop" expect_errno EINVAL nbc_set d "snapshot_drop=$name"
done
check "the longest name" nbc_set d "snapshot=$(printf 'x%.0s' {1..31})"
check "the same name" expect_errno EEXIST nbc_set d snapshot=one
check "no such name to drop" expect_errno ENOENT nbc_set d snapshot_drop=two
check "a device that is on" expect_errno EBUSY nbc_set d origin=d/one
nbc_power c 0
for origin in "" d one/ /one d/one/ "d/one x" "$(printf 'x%.0s' {1..32})/one"; do
	check "no origin: $(printf %q "$origin")" expect_errno EINVAL nbc_set c "origin=$origin"
done
check "no such device" expect_errno ENODEV nbc_set c origin=x/one
check "nor with a blank" expect_errno ENODEV nbc_set c "origin=d /one"
check "no such snapshot" expect_errno ENOENT nbc_set c origin=d/two
check "the log says so" kmsg_has 'c: origin: d has no snapshot "two"'
check_eq "the data is what it was" "$(nbc_power c 1 && sum c)" "$first"
nbc_power c 0
if [[ $(nbc_set c zoned=1 zone_size=1 2>&1; nbc_get c zoned) == 1 ]]; then
	check "data of a snapshot has no zones" expect_errno EINVAL nbc_power c 1
	check "a clone of it has none" nbc_set c origin=d/one power=1
	check_eq "and says so" "$(nbc_get c zoned)" 0
	nbc_destroy c
	nbc_create c size=16 memory_backed=1 zoned=1 zone_size=1
	check "no snapshot of zones that there are not yet" expect_errno EINVAL nbc_set c snapshot=z
fi
nbc_destroy c
nbc_create c size=16
check "no snapshot where no data is kept" expect_errno EINVAL nbc_set c snapshot=n
nbc_set c memory_backed=1 cache_size=1 power=1
check "none of a powered device with a cache" expect_errno EBUSY nbc_set c snapshot=n
check_eq "there is none" "$(nbc_get c snapshot)" ""
for ((i = 3; i <= 64; i++)); do nbc_set d "snapshot=n$i"; done
check "as many as there can be" expect_errno EMLINK nbc_set d snapshot=n65
check_eq "all are in the list" "$(nbc_get d snapshot | wc -l)" 64
nbc_destroy c
check "a device with many is removed" nbc_destroy d

# --- memory ---------------------------------------------------------------------

before=$(unaccounted_kib)
nbc_disk d size=64 memory_backed=1 blocksize=4096 discard=1
nbc_create c discard=1
fill d count=64
full=$(sum d)
used=$(unaccounted_kib)
for i in {1..20}; do nbc_set d "snapshot=n$i"; done
nbc_set c origin=d/n7 power=1
check "snapshots and clones need no memory" wait_until 10 unaccounted_at_most $((used + (16 << 10)))
blkdiscard /dev/c
check_eq "a clone is discarded" "$(sum c)" "$(head -c 64M /dev/zero | sha256sum)"
check "which needs none either" wait_until 10 unaccounted_at_most $((used + (16 << 10)))
check_eq "the disk is what it was" "$(sum d)" "$full"
for i in {1..20}; do [[ $i == 7 ]] || nbc_set d "snapshot_drop=n$i"; done
fill d count=64
check "what is written over needs memory" wait_until 10 takes_more "$used" $((48 << 10))
full=$(sum d)
check "which is free when the last snapshot is dropped" nbc_destroy c
nbc_create c discard=1
nbc_set d snapshot_drop=n7
check "and it is" wait_until 30 unaccounted_at_most $((used + (16 << 10)))
check_eq "the disk is what it was written to be" "$(sum d)" "$full"
nbc_set d snapshot=n8
nbc_set c origin=d/n8 power=1
blkdiscard /dev/c
nbc_destroy d
nbc_set c power=0 power=1
check_eq "so is the clone, without it" "$(sum c)" "$(head -c 64M /dev/zero | sha256sum)"
nbc_destroy c
check "all memory is free again" wait_until 30 unaccounted_at_most $((before + (16 << 10)))
