#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# scripts/export gives a disk to other hosts by NVMe over TCP: only to those that may have
# it, through a link that breaks and comes back, until the power goes; and takes it back.
# The disk is in a network namespace of its own, so that the link is one.
#@group life
#@long
#@timeout 240

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/export.sh
. "$(dirname "$0")/../lib/export.sh"

require_cmd fio mkfs.ext4
require_export
dmesg_expect "nvmet?|I/O error, dev|Buffer I/O error"
link_up
nbc_load nr_devices=0
nbc_disk d size=64 memory_backed=1
nbc_disk z size=64 memory_backed=1 zoned=1 zone_size=4

# said COMMAND... : what it says when it fails
said() { "$@" 2>&1 && echo "it did not fail"; true; }

# --- what is refused ---

check_eq "no address" "$(said "$export" d)" \
	"export: --address is missing: one of this host's; see: ip address"
check_eq "no disk of that name" "$(said give nothing)" "export: nothing: no such block device"
check_eq "a wrong port" "$(said give --port 65536 d)" \
	"export: --port 65536: not a number from 1 to 65535"
check_eq "an address of somebody else" "$(said "$export" --address 10.99.0.7 d)" \
	"export: d: 10.99.0.7 is no address of this host; see: ip address"
perl -MIO::Socket::INET -e '$| = 1; my $socket = IO::Socket::INET->new(LocalAddr => "'$HERE_ADDRESS'",
	LocalPort => 4421, Listen => 1) or die; print "ready\n"; sleep 600' >"$work/ready" &
listener=$!
at_exit end_job $listener
wait_until 10 test -s "$work/ready"
check_eq "a port in use" "$(said "$export" --address $HERE_ADDRESS --port 4421 d)" \
	"export: d: port 4421 of $HERE_ADDRESS is in use; choose another with --port"
end_job $listener
mkfs.ext4 -q /dev/d
mkdir "$work/mounted"
mount /dev/d "$work/mounted"
check_eq "a mounted disk" "$(said give d)" \
	"export: d: in use here: mounted, swapped to, or part of another device"
umount "$work/mounted"
check_eq "not given" "$(said take d)" "export: d: not given; see --list"
check_eq "nothing is left of all that" "$(what_is_left)" ""

# --- who may have it ---

check "give it to two hosts" give --host "$HOST_A" --host "$HOST_B" d
check "a zoned one to any" give z
check_eq "the list" "$("$export" --list | one_line)" \
	"$NQN:d at $THERE_ADDRESS port 4420, for $HOST_A $HOST_B $NQN:z at $THERE_ADDRESS port 4420, for any host"
check_eq "not twice" "$(said give d)" \
	"export: d: given already; see --list, or take it back with --remove"
refused() { ! "$@"; }
check "a host that is not allowed" refused connect d "$HOST_C"
check "one that is" connect d "$HOST_A"
a=$(remote_disk d)
check_eq "its size" "$(</sys/block/"$a"/size)" "$(</sys/block/d/size)"
check "write and verify" fio_over "$a" --size=8m

# --- two at once ---

check "the other host" connect_too d "$HOST_B"
b=$(remote_disk d "$a")
jobs=()
for disk in "$a" "$b"; do
	offset=0
	[[ $disk == "$a" ]] || offset=32m
	fio_over "$disk" --offset=$offset --size=8m >"$work/$disk" &
	jobs+=($!)
done
check_wait "one writes and verifies" "${jobs[0]}"
check_wait "and the other" "${jobs[1]}"
check "both see the same" cmp -n 40M <(dd if="/dev/$a" bs=1M count=40 iflag=direct status=none) \
	<(dd if="/dev/$b" bs=1M count=40 iflag=direct status=none)
check "which is on the disk" cmp -n 40M "/dev/$a" <(dd if=/dev/d bs=1M count=40 iflag=direct status=none)

# --- zones ---

check "connect to the zoned disk" connect z "$HOST_A"
zoned=$(remote_disk z)
check_eq "it is zoned there" "$(queue_limit "$zoned" zoned)" host-managed
check "write and verify in zones" fio --name=fio --filename="/dev/$zoned" --direct=1 \
	--thread=1 --zonemode=zbd --rw=write --bs=64k --size=8m --verify=crc32c --ioengine=psync

# --- a link that breaks ---

fio_over "$a" --size=16m --time_based --runtime=6 >"$work/broken" &
job=$!
wait_until 10 busy "$a"
ip link set "$HERE_LINK" down
check "the host notices" wait_until 30 state_is "$a" connecting
ip link set "$HERE_LINK" up
check "it connects again" wait_until 60 state_is "$a" live
check_wait "what was written meanwhile is there" $job
check "the other is back, too" wait_until 60 state_is "$b" live

# --- the power goes, and the disk is taken back ---

fio_over "$a" --size=16m --time_based --runtime=60 >"$work/power" 2>&1 &
job=$!
wait_until 10 busy "$a"
check "power-off below it" nbc_power d 0
if wait $job; then
	not_ok "who writes is told" "fio has seen no error"
else
	ok "who writes is told"
fi
check "take it back" take d
check "and power-on works" nbc_power d 1
fio_over "$zoned" --rw=read --verify=0 --time_based --runtime=60 >"$work/taken" 2>&1 &
job=$!
wait_until 10 busy "$zoned"
check "take one back that is in use" take z
check_eq "nothing is left" "$(what_is_left)" ""
disconnect_all
end_job $job
check "give it again" give d
check "to whoever wants it" connect d "$HOST_C"
check "write and verify" fio_over "$(remote_disk d)" --size=8m
disconnect_all
check "take it back" take d
check_eq "nothing is left" "$(what_is_left)" ""
