#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A zoned namespace that two controllers made of code share is one zoned disk: with the
# limits of both, writes in order by either, and reports that go on where a path went. A
# write that was done on a path which went before it said so is a success, and there once;
# one that was done in part is done; one that was not is sent again. Paths go and come under
# load; one with other zones is refused.
#@kernel uml-nvme
#@vm --memory 1G
#@timeout 600
#@long

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/paths.sh
. "$(dirname "$0")/../lib/paths.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/zone.sh
. "$(dirname "$0")/../lib/zone.sh"

require_cmd blkzone fio cmp nvme
require_model
time_out=3
nvme_load multipath=1 io_timeout=$time_out admin_timeout=2
dmesg_expect "I/O error, dev nvmec"
results=$(mktemp -d)
at_exit rm -rf "$results"
head -c 4M /dev/urandom >"$results/data"

zones=16
report=0x7a
# Bytes of identify data: the limits of zones, each less one
limits() { model_rule "$1" data opcode=identify sel=5 nsid=1 offset=4 bytes="$2"; }
for name in a b; do
	mkdir "$MODEL/$name"
	model_set $name subsystem=s queues=2 timeout=4 sgl=0 anatt=6
	model_add_ns $name 1 csi=2 shared=1
done
model_set b mdts=4
model_power a 1
model_power b 1

# --- one disk, with the limits of both ----------------------------------------------

limits a 0900000006000000
limits b 0b00000004000000
ways_up
check_eq "it is zoned" "$(queue_limit "$disk" zoned)" host-managed
check_eq "zones" "$(queue_limit "$disk" nr_zones)" $zones
check_eq "of 4 MiB" "$(queue_limit "$disk" chunk_sectors)" 8192
check_eq "open zones: the fewest" "$(queue_limit "$disk" max_open_zones)" 5
check_eq "active zones: the fewest" "$(queue_limit "$disk" max_active_zones)" 10
check_eq "the longest append is the longest write of both" \
	"$(queue_limit "$disk" zone_append_max_bytes)" 65536
all_zones() { [[ $(blkzone report "/dev/$disk" | grep -c 'zcond: 1') == "$zones" ]]; }
check "a report has all of them" all_zones
check "a zone by itself: what was done to it is seen" zone_do "$disk" 15 finish
check_eq "it is full" "$(zone "$disk" 15 | cut -d ' ' -f 1)" fu
check "open" zone_do "$disk" 14 open
check "close" zone_do "$disk" 14 close
check "reset of all" blkzone reset "/dev/$disk"
check "all are empty" all_zones
honest() { model_honest a && model_honest b; }
honest

# --- writes in order, whichever path they go by ---------------------------------------

fio_zones() {
	fio --name=v "--filename=/dev/$disk" --zonemode=zbd --direct=1 --thread \
		--ioengine=io_uring --iodepth=8 --bs=16k --rw="$1" --size=16m \
		--verify=crc32c --verify_fatal=1 --allow_file_create=0 --output="$results/fio"
}
# written DISK NR : the write pointer, in sectors from its start
written() { local z; z=$(zone "$@") && echo "${z#* }"; }
for policy in numa round-robin; do
	policy $policy
	begin_a=$(commands a) begin_b=$(commands b)
	check "$policy: reset of all" blkzone reset "/dev/$disk"
	check "$policy: fio, in order" fio_zones write
	check "$policy: fio, zones at random" fio_zones randwrite
	used_a=$(($(commands a) - begin_a)) used_b=$(($(commands b) - begin_b))
	diag "$policy: $used_a and $used_b commands"
done
check "round-robin: by both" test $((used_a * 3)) -ge $((used_a + used_b)) -a \
	$((used_b * 3)) -ge $((used_a + used_b))
check "reset of all" blkzone reset "/dev/$disk"
# Longer than a command: its parts go one after the other, by turns.
check "a long write" dd if="$results/data" of="/dev/$disk" bs=4M count=1 oflag=direct \
	conv=notrunc status=none
check "is what was written" cmp -n 4194304 "$results/data" "/dev/$disk"
check_eq "its zone is full" "$(zone "$disk" 0 | cut -d ' ' -f 1)" fu

# A path that takes less at once than the disk: the parts are not under way together.
check "reset of all" blkzone reset "/dev/$disk"
for path in $(links); do
	echo 8 >"/sys/block/$path/queue/max_sectors_kb"
done
for name in a b; do
	model_rule $name delay opcode=write ms=200 hits=1
done
begin=$(($(commands a) + $(commands b)))
check "a write longer than what a path takes" dd if="$results/data" of="/dev/$disk" bs=64k \
	count=1 oflag=direct conv=notrunc status=none
check_eq "goes in parts" $(($(commands a) + $(commands b) - begin)) 8
check "is what was written" cmp -n 65536 "$results/data" "/dev/$disk"
honest
for path in $(links); do
	echo 64 >"/sys/block/$path/queue/max_sectors_kb"
done
check "reset of all" blkzone reset "/dev/$disk"

# --- a write whose fate is not known ---------------------------------------------------

policy numa
# put NR BYTES [FLAG] : the next ones of a zone
put() {
	local at
	at=$(written "$disk" "$1")
	dd if="$results/data" of="/dev/$disk" bs="$2" count=1 \
		oflag="direct,seek_bytes${3:+,$3}" iflag=skip_bytes skip=$((at * 512)) seek=$(($1 * 4194304 + at * 512)) \
		conv=notrunc status=none
}
# holds NR SECTORS : that many are written, and what they should be
holds() {
	check_eq "$what: written once" "$(written "$disk" "$1")" "$2"
	check "$what: what was written" cmp -n $(($2 * 512)) "$results/data" \
		<(dd if="/dev/$disk" bs=64k iflag=direct,skip_bytes skip=$(($1 * 4194304)) \
			count=64 status=none)
}
# Of two that are as good, the one that came first is used; who goes and comes is the last.
first=a last=b
next_first() { [[ $how == reset ]] || read -r first last <<<"$last $first"; }
# goes : the write of $job is on its way, and its path goes
goes() {
	check "$what: the write is on its way" wait_until 10 model_hit "$first"
	[[ $rule == status* ]] || check "$what: the path goes" "out_$how" "$first"
}
comes() {
	honest
	[[ $rule == status* ]] || check "$what: the path is back" "back_$how" "$first"
	next_first
}

# Each on a zone of its own, and another write behind it.
nr=1
while read -r how rule; do
	what="$how, $rule"
	put $nr 8192
	# shellcheck disable=SC2086 # several words
	model_rule "$first" $rule opcode=write hits=1
	put $nr 16384 &
	job=$!
	goes
	check_wait "$what: the write succeeds" $job
	holds $nr 48
	put $nr 4096
	what+=", and then"
	holds $nr 56
	comes
	nr=$((nr + 1))
done <<-'END'
	reset	mute
	reset	mute n=20
	reset	drop
	reset	status code=0x6
	reset	status code=0x370
	death	mute
	death	mute n=20
	unbind	mute
END
# One that is to be on the medium, and was done, may be in the cache of who has done it.
how=reset
for rule in "mute" "mute n=20"; do
	what="$rule, to be on the medium"
	put $nr 8192
	begin=$(model_count "$first" flushes) fua=$(model_count "$first" fua_writes)
	# shellcheck disable=SC2086 # several words
	model_rule "$first" $rule opcode=write hits=1
	put $nr 16384 dsync &
	job=$!
	goes
	check_wait "$what: the write succeeds" $job
	check "$what: it was such a write" test "$(model_count "$first" fua_writes)" -gt "$fua"
	check "$what: it is flushed there" test "$(model_count "$first" flushes)" -gt "$begin"
	holds $nr 48
	comes
	nr=$((nr + 1))
done
# The end of a zone, which has no write pointer then
what="the last write of a zone" how=reset rule=mute
put 14 $((4194304 - 16384))
model_rule "$first" mute opcode=write hits=1
put 14 16384 &
job=$!
goes
check_wait "$what: succeeds" $job
check_eq "$what: the zone is full" "$(zone "$disk" 14 | cut -d ' ' -f 1)" fu
check "$what: what was written" cmp -n 4194304 "$results/data" \
	<(dd if="/dev/$disk" bs=4M skip=14 count=1 iflag=direct status=none)
comes

# A zone that is full, or written further, not by the write itself: it has failed. The first
# descriptor of a report begins at byte 64, with its state in the second byte, and its
# attributes and its write pointer in those that follow.
put 13 $((4194304 - 16384))
while read -r what data; do
	rule=drop
	model_rule "$first" drop opcode=write hits=1
	model_rule "$last" status opcode=write code=0x1b9 dnr=1 hits=1
	# shellcheck disable=SC2086 # several words
	[[ ! $data ]] || model_rule "$last" data opcode=$report $data hits=1
	{ whatever; put 13 16384; } 2>/dev/null &
	job=$!
	check "$what: the write is on its way" wait_until 10 model_hit "$first"
	[[ $data ]] || check "$what" zone_do "$disk" 13 finish
	check "$what: the path goes" out_reset "$first"
	check "$what: an error" fails wait $job
	check "$what: by the other path, too" model_hit "$last"
	comes
done <<-END
	finished-by-the-controller offset=65 bytes=e001
	finished-by-a-command
END
check "finished: reset" zone_do "$disk" 13 reset
# Sector 13 * 8192 + 256
what="written further" rule=drop
model_rule "$first" drop opcode=write hits=1
model_rule "$last" status opcode=write code=0x1bc dnr=1 hits=1
model_rule "$last" data opcode=$report offset=65 bytes=40 hits=1
model_rule "$last" data opcode=$report offset=88 bytes=00a1010000000000 hits=1
{ whatever; put 13 16384; } 2>/dev/null &
job=$!
goes
check "$what: an error" fails wait $job
comes

# What is refused, and was not done, has failed; and nothing of it is there.
what="refused" rule=drop
check "$what: reset of all" blkzone reset "/dev/$disk"
model_rule "$first" drop opcode=write hits=1
model_rule "$last" status opcode=write code=0x1bc dnr=1 hits=1
{ whatever; put 1 16384; } 2>/dev/null &
job=$!
begin=${EPOCHREALTIME/[.,]/}
goes
check "$what: an error" fails wait $job
check "$what: in time" in_time 10 "$begin"
check "$what: by the other path, too" model_hit "$last"
check_eq "$what: nothing is there" "$(zone "$disk" 1)" "em 0"
comes
check "$what: the next one" put 1 16384
holds 1 32

# --- what is done to zones, and reports ---------------------------------------------------

# A zone is reset by the other path if the first one goes.
how=reset
model_rule "$first" drop opcode=0x79 hits=1
zone_do "$disk" 1 reset &
job=$!
check "a reset is on its way" wait_until 10 model_hit "$first"
check "its path goes" out_reset "$first"
check_wait "it is done" $job
check_eq "the zone is empty" "$(zone "$disk" 1)" "em 0"
rule=drop what="a reset"
comes

for how in reset death unbind; do
	what="$how, a report" rule=hold
	model_rule "$first" hold opcode=$report hits=1
	blkzone report "/dev/$disk" >"$results/report" &
	job=$!
	check "$what: is on its way" wait_until 10 model_hit "$first"
	"out_$how" "$first" &
	out=$!
	check_wait "$what: is there" $job
	check_eq "$what: all zones" "$(grep -c zcond "$results/report")" $zones
	model_honest "$first"
	check_wait "$what: its path goes" $out
	comes
done

# --- paths that go and come under load ------------------------------------------------------

# Zones 8 to 15 are the load's.
load() {
	whatever
	while [[ ! -e $results/stop ]]; do
		blkzone reset -o 65536 -c 8 "/dev/$disk" || return
		fio --name=v "--filename=/dev/$disk" --zonemode=zbd --direct=1 --thread \
			--ioengine=io_uring --iodepth=8 --bs=16k --rw=write --offset=32m \
			--size=8m --verify=crc32c --verify_fatal=1 --allow_file_create=0 || return
	done
}
for policy in round-robin numa; do
	policy $policy
	rm -f "$results/stop"
	load >"$results/load.log" 2>&1 &
	job=$!
	at_exit end_job $job
	check "$policy: there is load" wait_until 20 disk_is_busy "$disk"
	for how in reset unbind power death; do
		for name in a b; do
			what="$policy, $how of $name"
			check "$what" "out_$how" "$name"
			check "$what: the load goes on" moves
			check "$what: it comes back" "back_$how" "$name"
		done
	done
	check "$policy: the load runs" fails has_ended $job
	touch "$results/stop"
	check_wait "$policy: its data is kept" $job
	diag "$(tail -n 3 "$results/load.log")"
done

# --- other zones ------------------------------------------------------------------------------

# refused TEXT : the second one, which is given to the driver again, by the line
other_path() { model_unbind b && model_bind b; }
refused() {
	check "$what: the other one is given to the driver again" other_path
	check "$what: it is refused with a line" wait_until 10 kmsg_has "$1"
	check "$what: one path" has_links 1
	check "$what: that goes on" put 2 4096
}
# What was written is no sense by other zones.
check "reset of all" blkzone reset "/dev/$disk"
model_set b/namespaces/1 zone_mib=2
what="zones of another size"
refused "ZSZE: 4096 sectors, by other controllers 8192: refused"
model_set b/namespaces/1 zone_mib=4 size_mib=32
what="another size"
refused "NSZE: 65536 sectors, by other controllers 131072: refused"
model_set b/namespaces/1 size_mib=64
# The first zone's descriptor begins at byte 64, its capacity at 72.
model_rule b data opcode=$report offset=72 bytes=0010000000000000
what="another capacity"
refused "ZCAP of all zones: 126976 sectors, by other controllers 131072: refused"
honest
check "as the first one says: it is a path" way b 2
# One that changes is not one any more, and nothing else happens.
model_set b/namespaces/1 zone_mib=2
check "one changes: it is a path no more" wait_until 10 has_links 1
check "one changes: the other one goes on" put 2 4096
model_set b/namespaces/1 zone_mib=4
check "one changes back: it is a path" wait_until 10 has_links 2

# with_both : the disk, whichever of them has given it its name, once it has both
with_both() {
	for disk in $(model_disk a) $(model_disk b); do
		[[ ! -e /sys/block/$disk ]] || ! has_links 2 || echo "$disk"
	done
}
zone_is() { disk=$(with_both) && [[ $(queue_limit "$disk" chunk_sectors) == "$1" ]]; }
# Both change, one after the other: it is another disk, with both.
for mib in 2 4; do
	model_set b/namespaces/1 zone_mib=$mib
	check "both change, $mib MiB: one path" wait_until 10 has_links 1
	model_set a/namespaces/1 zone_mib=$mib
	check "both change, $mib MiB: a disk with both" wait_until 10 zone_is $((mib * 2048))
	disk=$(with_both)
done
model_unbind b
model_unbind a
check "no disk" wait_until 10 no_disk

# --- a path without access -----------------------------------------------------------------------

# Nobody can tell of zones: there is no disk until somebody can.
what="no access"
model_set a/namespaces/1 ana_state=3
model_bind a
disk=$(model_disk a)
tried() { kmsg_has "namespace 1: cannot make its disk: error -113"; }
check "$what: no disk is made" wait_until 10 tried
check "$what: there is none" no_disk
model_set a/namespaces/1 ana_state=1
check "access: a disk" wait_until 10 has_disk
check "reset of all" blkzone reset "/dev/$disk"
# One that cannot tell now is a path to what others tell of, and is asked when it can.
model_set b/namespaces/1 ana_state=3
check "$what: it is a path" way b 2
check "$what: a write" put 2 4096
model_set b/namespaces/1 ana_state=1
check "access: it is a path" has_links 2
check "access: it is used" out_reset a
check "access: a write" put 2 4096
check "the other one is back" back_reset a
model_unbind b
model_set b/namespaces/1 ana_state=3
check "$what: it is a path again" way b 2
model_rule b data opcode=$report offset=72 bytes=0010000000000000
model_set b/namespaces/1 ana_state=1
check "access, and other zones: it is none" wait_until 10 has_links 1
check "the other one goes on" put 2 4096
model_unbind b
honest
check "as it was: it is a path" way b 2

# --- a format ----------------------------------------------------------------------------------

# By the only path: the disk is held meanwhile, and its zones are others afterwards.
model_unbind b
check "one path" wait_until 10 has_links 1
check "reset of all" blkzone reset "/dev/$disk"
while read -r sects nr change; do
	what="a format, $change"
	model_rule a hold opcode=format
	nvme admin-passthru "/dev/$(model_ctrl a)" --opcode=0x80 --namespace-id=1 \
		--timeout=60000 >/dev/null 2>&1 &
	job=$!
	check "$what: is on its way" wait_until 10 model_hit a
	for name in a b; do
		model_set $name/namespaces/1 "$change"
	done
	model_honest a
	check_wait "$what: is done" $job
	check "$what: a disk" wait_until 10 has_disk
	check_eq "$what: the size of a zone" "$(queue_limit "$disk" chunk_sectors)" "$sects"
	check_eq "$what: zones" "$(queue_limit "$disk" nr_zones)" "$nr"
	check_eq "$what: in a report" "$(blkzone report "/dev/$disk" | grep -c zcond)" "$nr"
	check "$what: a write" dd if="$results/data" of="/dev/$disk" bs=16k count=1 \
		oflag=direct conv=notrunc status=none seek=$((sects * (nr - 1) / 32))
	check "$what: reset of all" blkzone reset "/dev/$disk"
done <<-'END'
	4096	32	zone_mib=2
	4096	16	size_mib=32
	8192	8	zone_mib=4
	8192	16	size_mib=64
END
check "the other path is back" way b 2

# --- none is left --------------------------------------------------------------------------------

# A report has nobody to tell of the rest.
model_rule a hold opcode=$report
model_unbind b
blkzone report "/dev/$disk" >"$results/report" 2>&1 &
job=$!
check "a report is on its way" wait_until 10 model_hit a
check "the last path goes" out_death a
check "the report ends" wait_until 20 has_ended $job
check "with an error" fails wait $job
diag "$(cat "$results/report")"
check "that says that there is no device" grep -q "No such device" "$results/report"
begin=${EPOCHREALTIME/[.,]/}
check "a write fails" fails dd if="$results/data" of="/dev/$disk" bs=4k count=1 \
	oflag=direct conv=notrunc status=none
check "in time" in_time 10 "$begin"
check "let go" model_unbind a
check "without a controller there is no disk" wait_until 10 no_disk
for name in a b; do
	model_honest $name
	check_eq "$name: no breach of the protocol" "$(model_breaches $name)" ''
done
check "the driver can go" wait_until 10 rmmod nvme_c
