#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Commands of user space by io_uring: the same answers as by ioctls to good and to bad
# input; fio writes and verifies with plain, registered and polled commands, also while
# the controller is reset; a device that goes takes nothing with it.
#@kernel stock debug kcsan
#@timeout 400
#@vm --nvme size=64M,namespaces=2,serial=uring,mdts=5

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_cmd fio
require_nvme 1
helper userio
nvme_load poll_queues=1 "$@"
require_stats
nvme_bind 0

ctrl=/dev/nvmec0 disk=/dev/nvmec0n1 generic=/dev/ngc0n1
nobody=65534
dir=$(mktemp -d)
at_exit rm -rf "$dir"

identify="uring-admin op=6 cdw10=1 len=4096"
read="uring-io op=2 nsid=1 len=4096 cdw12=7"
write="uring-io op=1 nsid=1 len=4096 cdw12=7"

# what WANTED ARGUMENT... : of userio; one argument may be several words
what() {
	local wanted=$1 got
	shift
	# shellcheck disable=SC2048,SC2086 # several words
	got=$(userio $* 2>&1) || true
	check_eq "$*" "$got" "$wanted"
}

# Who may send what, as by ioctls
what "0 0" "$ctrl $identify"
what "0 0" "-r -u $nobody $ctrl $identify"
what "0 0" "-p $ctrl $identify"
what EACCES "-u $nobody $ctrl uring-admin op=6 cdw10=2 len=4096"
what EACCES "-u $nobody $ctrl uring-admin op=0xc0"
what EACCES "-r -u $nobody $generic $write"
what EACCES "-u $nobody $generic uring-io op=0x80 nsid=1"
what "0 0" "-r -u $nobody $generic $read"
what "0 0" "-u $nobody $generic $write"
for op in 0 1 4 5 0x0c 0x7c; do
	what EACCES "$ctrl uring-admin op=$op"
done
what EACCES "$ctrl uring-admin op=9 cdw10=7"

# The result of a command, by name and number: features that everything has
result=$(userio "$ctrl" admin64 op=0x0a cdw10=4)
what "$result" "$ctrl uring-admin op=0x0a cdw10=4"
[[ $result == "0 0x"* ]]
what "0x4002 0" "$ctrl uring-admin op=6 cdw10=0x1f nsid=7 len=4096"
what "0x4080 0" "$generic $read cdw11=1"

# Nonsense
what EOPNOTSUPP "-b $generic $read"
what EOPNOTSUPP "-B $generic $read"
what EOPNOTSUPP "-B $ctrl $identify"
what ENOTTY "$generic $identify"
what ENOTTY "$ctrl $read"
what ENOTTY "$generic uring-0x4e7f"
what ENOTTY "$generic uring-0"
what EINVAL "$generic $read nsid=2"
what EINVAL "$generic $read nsid=0xffffffff"
what EINVAL "$generic $read flags=1"
what EINVAL "$generic $read flags=0x40"
what EINVAL "$generic $read meta=8"
what EINVAL "$ctrl uring-admin op=6 cdw10=1 len=512"
what EINVAL "$ctrl uring-admin op=6 cdw10=1"
what EINVAL "$generic uring-io op=2 nsid=1 cdw12=7 len=3584"
what EINVAL "-f $generic uring-io op=2 nsid=1 cdw12=7 len=3584"
what EINVAL "$generic uring-io op=2 nsid=1 cdw12=0xffff len=0xfffffffc"
what EFAULT "$generic $read addr=4096"
what EFAULT "-f $generic $read addr=4096"
what EFAULT "$ctrl $identify addr=0xffffffff81000000"
what EFAULT "$generic uring-vec op=2 nsid=1 cdw12=7 len=4096 addr=4096"
what EINVAL "$generic uring-vec op=2 nsid=1 cdw12=255 pieces=4 len=130048"

# Without data: a buffer that is registered has nothing to do with it.
what "0 0" "$generic uring-io op=0 nsid=1"
what "0 0" "-f $generic uring-io op=0 nsid=1 addr=4096"

# Data, at whatever place, and not a byte beside it
head -c 131072 /dev/urandom >"$dir/data"
same() { cmp -n "$1" "$dir/data" "$dir/back"; }
reads() {
	what "0 0" "$* out=$dir/back"
	check "  has what was written" same "$(stat -c %s "$dir/back")"
}
what "0 0" "$generic uring-io op=1 nsid=1 cdw12=255 len=131072 at=4 in=$dir/data"
dd if=$disk of="$dir/back" bs=128k count=1 iflag=direct status=none
check "the disk has it" same 131072
for how in "" "-f " "-p " "-f -p "; do
	for at in 0 4092 3; do
		reads "$how$generic uring-io op=2 nsid=1 cdw12=255 len=131072 at=$at"
	done
	reads "$how$generic uring-io op=2 nsid=1 cdw12=0 len=512 at=3"
done
for pieces in 1 2 3 16 200; do
	reads "$generic uring-vec op=2 nsid=1 cdw12=255 pieces=$pieces len=131072"
	reads "-p $generic uring-vec op=2 nsid=1 cdw12=255 pieces=$pieces len=131072"
done
# Data that does not lie as the controller wants it goes through memory of the kernel's,
# which is there until the end is asked for: it counts as locked, and is given back.
many="-m 20 -u $nobody $generic uring-io op=2 nsid=1 cdw12=255 len=131072"
memlock=$(ulimit -l)
ulimit -l 1024
for how in "" "-p "; do
	what "0x8 0xc" "$how$many at=3"
	what "0x14 0" "$how$many at=4"
done
what "0x8 0xc" "$many at=3"
what "0x14 0" "-m 20 $generic uring-io op=2 nsid=1 cdw12=255 len=131072 at=3"
ulimit -l "$memlock"

# A ring of a program of 32 bits, in whose vectors an entry has half the length
if userio -c "$generic" uring-io op=0 nsid=1 >/dev/null 2>&1; then
	reads "-c $generic uring-io op=2 nsid=1 cdw12=255 len=131072"
	for pieces in 1 2 3 200; do
		reads "-c $generic uring-vec op=2 nsid=1 cdw12=255 pieces=$pieces len=131072"
	done
	what EFAULT "-c $generic uring-vec op=2 nsid=1 cdw12=7 pieces=2 len=4096 addr=4096"
else
	skip "a ring of a program of 32 bits" "the kernel does not run such programs"
fi
what "0 0" "$ctrl $identify out=$dir/whole"
what "0 0" "$ctrl $identify at=20 out=$dir/back"
check "identify data is the same at another place" cmp "$dir/whole" "$dir/back"
what "0 0" "-f $ctrl $identify at=20 out=$dir/back"
check "and in a registered buffer" cmp "$dir/whole" "$dir/back"
what "0 0" "$ctrl uring-admin-vec op=6 cdw10=1 len=4096 pieces=3 out=$dir/back"
check "and in pieces" cmp "$dir/whole" "$dir/back"
what "0 0" "$ctrl uring-admin op=2 nsid=0xffffffff cdw10=0x030002 len=16 at=4000"

# fio, by the same commands
fio_commands() {
	fio --name=verify --filename=$generic --thread --ioengine=io_uring_cmd \
		--cmd_type=nvme --iodepth=32 --bs=4k --rw=randwrite --size=16m \
		--verify=crc32c --verify_fatal=1 --allow_file_create=0 \
		--output="$dir/fio" "$@" || { cat "$dir/fio"; return 1; }
}
requests() { nvme_irqs nvmec0; }
check "fio" fio_commands
check "fio, registered buffers" fio_commands --fixedbufs --registerfiles
before=$(requests)
check "fio, polled" fio_commands --hipri
check "fio, polled and registered, 64 KiB" fio_commands --hipri --fixedbufs --bs=64k
check "no interrupt for what is polled" [ $(($(requests) - before)) -lt 500 ]
check "fio, blocks of 4 to 128 KiB" fio_commands --bsrange=4k-128k

# A command that wants to be alone: by a thread of io_uring
what "0 0" "$ctrl uring-admin op=0x80 nsid=2 cdw10=0"
there() { [[ -b /dev/nvmec0n2 && -c /dev/ngc0n2 ]]; }
check "the namespace is there after a format" wait_until 10 there

# Under resets each command has an end: done, or taken back.
asks() {
	local kinds=("$generic $read" "-p $generic $read" "$ctrl $identify") nr=0
	while [[ ! -e $dir/stop ]]; do
		# shellcheck disable=SC2086 # several words
		userio ${kinds[nr++ % 3]} >"$dir/said" 2>&1
		[[ $(<"$dir/said") == "0 0" || $(<"$dir/said") == EINTR ]] || return
	done
}
asks &
job=$!
for ((i = 0; i < 10; i++)); do
	nvme_reset nvmec0 || break
done
touch "$dir/stop"
check_wait "commands while it is reset" $job
check_eq "10 times" $i 10
check "it lives" wait_until 20 nvme_state_is nvmec0 live

# An open file outlives its device, and so does a ring with commands under way.
state_is() { [[ $(cat "$dir/said" 2>/dev/null) == "$1" ]]; }
gone() { [[ ! -e $ctrl ]]; }
for device in "$ctrl $identify" "$generic $read" "-p $generic $read"; do
	mkfifo "$dir/go"
	# shellcheck disable=SC2086 # several words
	userio -w $device <>"$dir/go" >"$dir/said" 2>&1 &
	job=$!
	check "$device: open" wait_until 10 state_is open
	nvme_unbind 0
	check "$device: gone" wait_until 10 gone
	echo >"$dir/go"
	wait $job || true
	check_eq "$device: an open file says so" "$(tail -n 1 "$dir/said")" ENODEV
	rm "$dir/go"
	nvme_bind 0
done
reading() { (($(stats_sum nvmec0n1 stats requests other) > 100)); }
for how in --hipri=0 --hipri=1; do
	stats_set nvmec0n1 enable 1
	fio_commands --time_based --runtime=60 --verify=0 --rw=randread $how \
		>"$dir/said" 2>&1 &
	job=$!
	check "fio $how: it reads" wait_until 20 reading
	nvme_unbind 0
	check "fio $how: gone while it reads" wait_until 10 gone
	if wait $job; then
		not_ok "fio $how: it ends with an error" "it ended well"
	else
		ok "fio $how: it ends with an error"
	fi
	nvme_bind 0
done
what "0 0" "$generic $read"
