#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The module comes and goes while others make, use and remove disks.
#
#@group life

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

helper hammer
require_module null_blk_c
require_unloadable null_blk_c
load_module null_blk_c nr_devices=0
rmmod null_blk_c
module=$(module_path null_blk_c)
dmesg_expect "I/O error, dev"
# A slow kernel takes some seconds to load a module.
seconds=$((10 + 10 * ${SELFTEST_SLOW:-1}))

hammer /dev/nullbc0 $seconds 1 >/dev/null &
hammers=($!)
hammer /dev/race $seconds 1 >/dev/null &
hammers+=($!)
make_and_remove() {
	whatever
	while :; do
		mkdir "$NBC_ROOT/race" && nbc_set race size=8 memory_backed=1 \
			power=1 power=0 power=1 && nap 0.2
		rmdir "$NBC_ROOT/race"
		nap 0.$((RANDOM % 3))
	done
}
switch() {
	whatever
	while :; do
		nbc_set nullbc0 power=0 power=1
		cat "$NBC_ROOT"/nullbc0/*
		nap 0.$((RANDOM % 3))
	done
}
make_and_remove 2>/dev/null &
maker=$!
switch &>/dev/null &
switcher=$!
at_exit end_job "${hammers[0]}"
at_exit end_job "${hammers[1]}"
at_exit end_job $maker
at_exit end_job $switcher

loads=0
while [[ -d /proc/${hammers[0]} ]]; do
	insmod "$module" gb=1 memory_backed=1
	loads=$((loads + 1))
	while [[ -d /proc/${hammers[0]} ]] && ! rmmod_quietly null_blk_c; do :; done
done
diag "$loads loads"
check "loaded more than once" test $loads -gt 1
end_job $maker
end_job $switcher
check_wait "the load on the default disk ended, and did something" "${hammers[0]}"
code=0
wait "${hammers[1]}" || code=$?
check "the other ended, whether it met the disk or not" test $code -le 1
rmdir "$NBC_ROOT/race" 2>/dev/null || true
check "unload" unload_modules
