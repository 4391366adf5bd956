#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: fuzz_attrs.sh [--seed N] [--seconds N] [--count N] [--corpus FILE]
#
# Texts at random to the attributes of devices: one that is off, one that is on with a
# cache and its history, one with zones, and one that is switched on and off with what was
# written. Each text is one that makes sense, changed a little; where the kernel counts
# what runs (gcov), one that did something new is changed further. A text that is refused
# changes nothing, and the devices can be removed afterwards. Seconds (default: 12) and the
# count of texts (5000; 0 for no end) are for each of the four. What did something new is
# added to FILE.
#@group config
#@vm --append log_buf_len=16M
#@timeout 300
#@core

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/fuzz.sh
. "$(dirname "$0")/../lib/fuzz.sh"

fuzz_options "$@"
helper textfuzz
nbc_load nr_devices=0
# What a refused text has an effect on: words up to the one that is refused took effect, and
# lines of a model that waited for their end are dropped
partly=rules,held,lies,badblocks,record,latency
# How long an operation takes, which the partition scan has to wait for
slow=completion_nsec,iops,iops_read,iops_write,mbps,mbps_read,mbps_write,latency,rules,held,lies
# How much memory is taken at once
large=cache_size,record,record_mb,hw_queue_depth

# fuzz NAME OPTION... : of textfuzz
fuzz() { fuzz_texts "$1" "$NBC_ROOT/$1" drivers/block/ -p "$partly" "${@:2}"; }

nbc_create off
fuzz off -x power
check "off: it can be removed" rmdir "$NBC_ROOT/off"

nbc_disk on size=16 memory_backed=1 cache_size=1 cache_history=1
dd if=/dev/urandom of=/dev/on bs=64k count=4 oflag=direct status=none
fuzz on -x power,power_cut,size,record_mb
check "on: it can be switched off" nbc_power on 0
check "on: it can be removed" rmdir "$NBC_ROOT/on"

nbc_disk zones size=64 memory_backed=1 zoned=1 zone_size=1 zone_nr_conv=4 cache_size=1
fuzz zones -i zone_offline,zone_readonly,badblocks,snapshot,rules,lies,held
check "zones: it can be switched off" nbc_power zones 0
check "zones: it can be removed" rmdir "$NBC_ROOT/zones"

# Bad blocks, and reads that fail, meet the partition scan.
dmesg_expect "I/O error(, dev| on dev(ice)?) toggled"
nbc_create toggled
fuzz toggled -x "power,index,$slow,$large" -a "$NBC_ROOT/toggled/power" 1 \
	-a "$NBC_ROOT/toggled/power" 0
check "toggled: it can be removed" rmdir "$NBC_ROOT/toggled"
