#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Commands of user space: who may send which, by which device; what they bring back, and
# nothing beside it; what happens to an open file when the device goes.
#@kernel stock debug kcsan
#@timeout 300
#@vm --nvme size=64M,namespaces=2,serial=passthru,mdts=5 --nvme size=64M,serial=single

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_cmd addpart
require_nvme 2
helper userio
nvme_load "$@"
nvme_bind 0 1

ctrl=/dev/nvmec0 disk=/dev/nvmec0n1 generic=/dev/ngc0n1
nobody=65534
dir=$(mktemp -d)
at_exit rm -rf "$dir"

identify="op=6 cdw10=1 len=4096"
read="op=2 nsid=1 len=4096 cdw12=7"
write="op=1 nsid=1 len=4096 cdw12=7"

# what WANTED ARGUMENT... : of userio; one argument may be several words
what() {
	local wanted=$1 got
	shift
	# shellcheck disable=SC2048,SC2086 # several words
	got=$(userio $* 2>&1) || true
	check_eq "$*" "$got" "$wanted"
}

# Everyone
what "0 0" "$ctrl" admin "$identify"
what "0 0" "$disk" admin64 "$identify"
what "0 0" "$generic" admin "$identify"
what "0 0" "-r -u $nobody $ctrl admin $identify"
what "0 0" "-r -u $nobody $ctrl admin op=6 nsid=1 cdw10=0 len=4096"
what EACCES "-u $nobody $ctrl admin op=6 cdw10=2 len=4096"
what EACCES "-u $nobody $ctrl admin op=2 nsid=0xffffffff cdw10=0x7f0002 len=512"
what EACCES "-u $nobody $ctrl admin op=0x0a cdw10=6"
what EACCES "-u $nobody $ctrl admin op=0xc0"
what EACCES "-u $nobody $ctrl reset"
what EACCES "-u $nobody $ctrl subsys"
what EACCES "-u $nobody $ctrl rescan"
what "0 0" "-r -u $nobody $disk io $read"
what "0 0" "-u $nobody $generic io64 $write"
what EACCES "-r -u $nobody $disk io $write"
what EACCES "-r -u $nobody $disk io op=9 nsid=1 cdw11=4 len=16"
what EACCES "-u $nobody $disk io op=0x80 nsid=1"
what EACCES "-u $nobody $disk io op=0x19 nsid=1 len=32"

# Nobody: queues, events, shadow doorbells, and features of the driver
for op in 0 1 4 5 0x0c 0x7c; do
	what EACCES "$ctrl" admin "op=$op"
done
for feature in 0x07 0x0c 0x0d 0x0f 0x16; do
	what EACCES "$ctrl" admin "op=9 cdw10=$feature"
done

# Nonsense
what EINVAL "$disk" io "$read" nsid=2
what EINVAL "$disk" io "$read" flags=1
what EINVAL "$disk" io "$read" flags=0x40
what EINVAL "$disk" io "$read" meta=8
what EINVAL "$disk" admin64 "$identify" meta=8
what EINVAL "$ctrl" admin op=6 cdw10=1 len=512
what EINVAL "$ctrl" admin op=6 cdw10=1
what EINVAL "$disk" io op=2 nsid=1 cdw12=7 len=3584
what EINVAL "$disk" io op=1 nsid=1 cdw12=7 len=3584
what EINVAL "$disk" io op=2 nsid=1 cdw12=0xffff len=4096
what EINVAL "$disk" io op=9 nsid=1 cdw10=1 cdw11=4 len=16
what EINVAL "$ctrl" admin op=2 nsid=0xffffffff cdw10=0xffff0002 cdw11=0xffff len=4096
what EINVAL "$disk" io op=2 nsid=1 cdw12=0xffff len=0xfffffffc
what EFAULT "$disk" io "$read" addr=4096
what EFAULT "$ctrl" admin "$identify" addr=0xffffffff81000000
what EINVAL "$disk" submit op=4 blocks=0
what ENOTTY "$disk" 0x4e7f
what ENOTTY "$ctrl" id
what ENOTTY "$ctrl" io "$read"
what ENOTTY "$ctrl" submit op=2 blocks=7
what ENOTTY "$ctrl" subsys
what "0x1 0" "$generic" id
what "0x2 0" /dev/nvmec0n2 id
what "0 0" /dev/nvmec1 io "$read"
what "0x4002 0" "$ctrl" admin op=6 cdw10=0x1f nsid=7 len=4096
what "0x4080 0" "$disk" io "$read" cdw11=1

# Data, at whatever place, and not a byte beside it
head -c 131072 /dev/urandom >"$dir/data"
same() { cmp -n "$1" "$dir/data" "$dir/back"; }
reads() {
	what "0 0" "$@" "out=$dir/back"
	check "  has what was written" same "$(stat -c %s "$dir/back")"
}
what "0 0" "$disk" io64 op=1 nsid=1 cdw12=255 len=131072 at=4 "in=$dir/data"
dd if=$disk of="$dir/back" bs=128k count=1 iflag=direct status=none
check "the disk has it" same 131072
reads "$disk" io op=2 nsid=1 cdw12=255 len=131072
reads "$disk" io op=2 nsid=1 cdw12=255 len=131072 at=4092
reads "$disk" io op=2 nsid=1 cdw12=0 len=512 at=3
reads "$disk" io op=2 nsid=1 cdw12=15 len=8192 at=4095
reads "$generic" submit op=2 blocks=15 len=8192
for pieces in 1 2 3 16 200; do
	reads "$generic" vec op=2 nsid=1 cdw12=255 "pieces=$pieces" len=131072
done
what EINVAL "$generic" vec op=2 nsid=1 cdw12=255 pieces=4 len=130048
what "0 0" "$ctrl" admin "$identify" "out=$dir/whole"
what "0 0" "$ctrl" admin "$identify" at=20 "out=$dir/back"
check "identify data is the same at another place" cmp "$dir/whole" "$dir/back"
what "0 0" "$ctrl" admin op=2 nsid=0xffffffff cdw10=0x030002 len=16 at=4000

# Who has no capability discards no more at once than the block layer would.
# ranges BLOCKS... : a file with a range for each, all from the first block on
ranges() {
	local blocks
	for blocks; do
		# shellcheck disable=SC2059 # the format is made of it
		printf "$(printf '\\0\\0\\0\\0\\x%02x\\x%02x\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0' \
			$((blocks & 255)) $((blocks >> 8)))"
	done >"$dir/ranges"
}
discard="$disk io64 op=9 nsid=1 cdw11=4 in=$dir/ranges"
echo $((2048 * 512)) >/sys/block/nvmec0n1/queue/discard_max_bytes
ranges 2048
what "0 0" "-u $nobody $discard cdw10=0 len=16"
what "0 0" "-u $nobody $discard cdw10=0 len=16 at=3"
ranges 2049
what EINVAL "-u $nobody $discard cdw10=0 len=16"
what EINVAL "-u $nobody $discard cdw10=0 len=16 at=3"
what "0 0" "$discard cdw10=0 len=16"
ranges 2048 1
what EINVAL "-u $nobody $discard cdw10=1 len=32"
what "0 0" "-u $nobody $discard cdw10=0 len=32"

# A partition is not the whole disk.
addpart "$disk" 1 2048 2048
wait_until 10 test -b "${disk}p1"
what "0 0" "${disk}p1" io "$read"
what EACCES "-r -u $nobody ${disk}p1 io $read"
delpart "$disk" 1

# An open file outlives its device.
state_is() { [[ $(cat "$dir/said" 2>/dev/null) == "$1" ]]; }
gone() { [[ ! -e $ctrl ]]; }
for device in "$ctrl admin $identify" "$generic io $read" "$disk io $read"; do
	mkfifo "$dir/go"
	# shellcheck disable=SC2086 # several words
	userio -w $device <>"$dir/go" >"$dir/said" 2>&1 &
	job=$!
	check "${device%% *}: open" wait_until 10 state_is open
	nvme_unbind 0
	check "${device%% *}: gone" wait_until 10 gone
	echo >"$dir/go"
	wait $job || true
	check_eq "${device%% *}: an open file says so" "$(tail -n 1 "$dir/said")" ENODEV
	rm "$dir/go"
	nvme_bind 0
done

# Admin commands and resets do not hurt each other.
# asks : until told to stop; what a reset takes back is asked again
asks() {
	while [[ ! -e $dir/stop ]]; do
		# shellcheck disable=SC2086 # several words
		userio $ctrl admin $identify >"$dir/said" 2>&1
		state_is "0 0" || state_is EINTR || return
	done
}
asks &
job=$!
for ((i = 0; i < 20; i++)); do
	nvme_reset nvmec0 || break
done
touch "$dir/stop"
check_wait "identify while it is reset" $job
check_eq "20 times" $i 20
check "it lives" wait_until 20 nvme_state_is nvmec0 live
what "0 0" "$ctrl" admin "$identify"
