#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# power_cut and crash_state: for each policy, what is left of the writes since the last
# flush is what a model holds possible, the same for the same seed, and what crash_state
# said before. With bios and requests, blocks of a unit and smaller ones, a full
# cache, a busy disk; and bad input changes nothing.
#
#@long
#@group cache

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

HISTORIES=${HISTORIES:-6}

# histories BLOCK SEED
histories() {
	powercut "$NBC_ROOT" d s "$1" "$HISTORIES" "$2"
}
# fresh [ATTRIBUTE=VALUE...] : disk d with a history, and s for its states
fresh() {
	nbc_disk d size=16 memory_backed=1 discard=1 cache_size=4 cache_history=1 "$@"
	nbc_create s discard=1
}
gone() { nbc_destroy d && nbc_destroy s; }
sum() { dd if="/dev/$1" bs=1M iflag=direct status=none | sha256sum; }

written() { (($(awk '$3 == "d" { print $8 }' /proc/diskstats) >= $1)); }
# How many bytes of the first 4 MiB differ
differing() {
	cmp -l <(dd if=/dev/d bs=64k count=64 status=none) \
		<(dd if=/dev/s bs=64k count=64 status=none) | wc -l || true
}

in_flight() { awk -v d="$1" '$3 == d { n = $12 } END { exit !n }' /proc/diskstats; }

helper powercut
require_cmd fio
nbc_load nr_devices=0
# The power is cut while fio writes.
dmesg_expect "((I/O|timeout|critical medium) error(, dev| on dev(ice)?)|Buffer I/O error on dev) [dt]"
seed=${SEED:-$RANDOM}
diag "SEED=$seed"
for mode in "queue_mode=2 blocksize=512" "queue_mode=2 blocksize=4096" "queue_mode=0 blocksize=4096"; do
	# shellcheck disable=SC2086 # two attributes
	fresh $mode
	check "$mode: what each policy leaves is possible" histories "${mode##*=}" "$seed"
	gone
done

# crash_states: each is what crash_state leaves by its seed, and so are those of the moment
# when more is written.
fresh blocksize=4096
dd if=/dev/urandom of=/dev/d bs=64k count=24 oflag=direct conv=fsync status=none
dd if=/dev/urandom of=/dev/d bs=4k count=200 seek=17 oflag=direct status=none
blkdiscard -o 65536 -l 131072 /dev/d
dd if=/dev/urandom of=/dev/d bs=12k count=9 oflag=direct status=none
check "several states" nbc_set d "crash_states=cut 5 blocks 7"
check_eq "which are snapshots" "$(nbc_get d snapshot | one_line)" \
	"cut-7 16 cut-8 16 cut-9 16 cut-10 16 cut-11 16"
wanted=() got=()
for seed in 7 8 9 10 11; do
	nbc_set s "crash_state=d blocks $seed" power=1
	wanted+=("$(sum s)")
	nbc_power s 0
done
check_eq "they differ" "$(printf '%s\n' "${wanted[@]}" | sort -u | wc -l)" 5
dd if=/dev/urandom of=/dev/d bs=64k count=40 oflag=direct conv=fsync status=none
for seed in 7 8 9 10 11; do
	nbc_set s "origin=d/cut-$seed" power=1
	got+=("$(sum s)")
	nbc_power s 0
done
check_eq "and are what crash_state leaves" "${got[*]}" "${wanted[*]}"
check "a name that is there" expect_errno EEXIST nbc_set d "crash_states=cut 2 lost 11"
check "too many" expect_errno EMLINK nbc_set d "crash_states=x 60 lost"
for text in "" x "x 1" "x 0 lost" "x 65 lost" "x y lost" "x 1 most" "x/y 1 lost" " 1 lost"; do
	check "no states: \"$text\"" expect_errno EINVAL nbc_set d "crash_states=$text"
done
check "a name that is too long" expect_errno EINVAL nbc_set d \
	"crash_states=aaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1 lost 123456"
check "without power" expect_errno ENODEV nbc_set s "crash_states=x 1 lost"
check_eq "there are no others" "$(nbc_get d snapshot | wc -l)" 5
gone

# What is durable is in memory once, also what is younger than a write that may be lost.
fresh blocksize=4096
dd if=/dev/urandom of=/dev/d bs=64k count=48 seek=1 oflag=direct conv=fsync status=none
dd if=/dev/urandom of=/dev/d bs=4k count=1 oflag=direct conv=notrunc status=none
blkdiscard -z -o 65536 -l 3145728 /dev/d
free_mib() { echo $(($(sed -n 's/^MemFree: *\([0-9]*\) kB/\1/p' /proc/meminfo) / 1024)); }
before=$(free_mib)
nbc_set d "crash_states=cut 60 kept"
taken=$((before - $(free_mib)))
diag "60 states took $taken MiB"
check "60 states take less than 60 times 3 MiB" test $taken -lt 60
nbc_set s origin=d/cut-33 power=1
check "and have all" cmp /dev/d /dev/s
nbc_power s 0
gone

fresh blocksize=4096
check "a cut of an idle disk" nbc_set d "power_cut=torn 3"
check_eq "the device is off" "$(nbc_get d power)" 0
check "the device is off: no power to cut" expect_errno ENODEV nbc_set d power_cut=lost
check "and no state of it" expect_errno ENODEV nbc_set s "crash_state=d kept"
nbc_power d 1
fio --name=w --filename=/dev/d --direct=1 --rw=randwrite --bs=4k --size=16m --ioengine=libaio \
	--iodepth=16 --fsync=64 --time_based --runtime=600 >/dev/null 2>&1 &
writer=$!
check "fio writes" wait_until 30 written 500
for i in 1 2 3 4; do
	check "a state of a busy disk" nbc_set s "crash_state=d blocks $i"
done
check "a cut of a busy disk" nbc_set d "power_cut=subset 9"
wait "$writer" || true
nbc_power d 1

# A write that waits for the timer is done by power-off, and not by a power cut.
for mode in 2 0; do
	nbc_disk t size=16 memory_backed=1 queue_mode=$mode irqmode=2 \
		completion_nsec=600000000000
	nbc_set t power=0
	for way in power=0:0 power_cut=lost:1; do
		nbc_power t 1
		dd if=/dev/zero of=/dev/t bs=4k count=1 oflag=direct status=none 2>/dev/null &
		check "queue_mode $mode: a write waits" wait_until 20 in_flight t
		nbc_set t "${way%:*}"
		code=0
		wait $! || code=$?
		check_eq "queue_mode $mode, ${way%:*}: what it ends with" "$code" "${way#*:}"
	done
	rmdir "$NBC_ROOT/t"
done

check "bad input: no policy" expect_errno EINVAL nbc_set d power_cut=most
check "no number" expect_errno EINVAL nbc_set d "power_cut=prefix seven"
check "too much" expect_errno EINVAL nbc_set d "power_cut=prefix 7 8"
check "nothing" expect_errno EINVAL nbc_set d power_cut=
check "no such device" expect_errno ENODEV nbc_set s "crash_state=x kept"
check "no policy for a state" expect_errno EINVAL nbc_set s crash_state=d
check "long name" expect_errno EINVAL nbc_set s \
	"crash_state=ddddddddddddddddddddddddddddddddddddd kept"
check_eq "the device is still on" "$(nbc_get d power)" 1
nbc_power s 1
check "a state on a powered device" expect_errno EBUSY nbc_set s "crash_state=d kept"
nbc_create t
check "of one without a history" expect_errno ENODEV nbc_set t "crash_state=s kept"
check "of itself" expect_errno ENODEV nbc_set t "crash_state=t kept"
nbc_destroy t
check "policy without a history" expect_errno EINVAL nbc_set s "power_cut=prefix 1"
check_eq "s is still on" "$(nbc_get s power)" 1
check "lost needs none" nbc_set s power_cut=lost
gone

nbc_create z memory_backed=1 size=16 cache_history=1
nbc_disk d size=16 memory_backed=1 cache_size=1 cache_history=1

# A write that ends at a bad block is remembered as far as it was done.
nbc_set d power=0
nbc_set d badblocks_partial_io=1 badblocks=+8-15 power=1
nbc_create s
dd if=/dev/urandom of=/dev/d bs=8k count=1 oflag=direct status=none 2>/dev/null || true
nbc_set s "crash_state=d kept" power=1
nbc_set d badblocks=-8-15
check "bad blocks: what was done is remembered, and no more" cmp /dev/d /dev/s
check "something was" test "$(head -c 4096 /dev/s | tr -d '\0' | wc -c)" -gt 0
gone

check "history without a cache" expect_errno EINVAL nbc_power z 1
check "so with zones" expect_errno EINVAL nbc_set z zoned=1 zone_size=1 power=1
nbc_destroy z

# More is written than the history has room for: what came before is durable then.
fresh cache_size=1
dd if=/dev/urandom of=/dev/d bs=64k count=64 oflag=direct status=none
before=$(sum d)
check "a full history: states" nbc_set s "crash_state=d kept" power=1
check_eq "kept is what is read" "$(sum s)" "$before"
nbc_power s 0
nbc_set s "crash_state=d lost" power=1
# 4 MiB were written, and the history holds one: at least three are durable.
lost=$(differing)
check "some of it is lost, and no more than the cache holds" \
	test "$lost" -gt 0 -a "$lost" -le $((1 << 20))
gone
check "the log says what survived" \
	kmsg_has "d: power cut, torn, seed 3: 0 of 0 writes since the last flush survive"
