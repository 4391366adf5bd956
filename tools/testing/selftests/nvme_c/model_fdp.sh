#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Write streams on a controller made of code that lets the host choose where data lies
# (FDP): each write reaches it with the placement id of its stream, others without; streams
# stay over resets, and come and go with what the controller says. What makes no sense is
# refused with a line that names the field, and the namespace works without streams. What
# the controller refuses for now costs nothing, and is asked again, but not for ever.
#@kernel uml-nvme
#@timeout 480

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"

require_cmd fio
require_model
helper streamio
nvme_load multipath=1 "$@"
dir=$(mktemp -d)
at_exit rm -rf "$dir"
head -c 65536 /dev/urandom >"$dir/data"

up() { model_create m queues=2 "$@" && model_up m; }
end() {
	model_honest m
	model_unbind m
	check_eq "$1: no breach of the protocol" "$(model_breaches m)" ''
	model_destroy m
}
disk() { model_disk m; }
limit() { queue_limit "$(disk)" "$1"; }
forget() { echo >"$MODEL/m/placed"; }
# placed : "ID WRITES BYTES" of each id, in a line
placed() { one_line <"$MODEL/m/placed"; }
# write STREAM OFFSET [OPTION...] : 64 KiB in pieces of 4 KiB that do not follow each other
# in one go, so that each is a command
write() {
	local stream=$1 offset=$2
	shift 2
	streamio "$@" "/dev/$(disk)" "$stream" "$offset" 65536 <"$dir/data"
}
same() {
	cmp "$dir/data" <(dd if="/dev/$(disk)" bs=64k skip=$(($1 >> 16)) count=1 status=none)
}
nomerges() { echo 2 >"/sys/block/$(disk)/queue/nomerges"; }

# --- writes reach their places --------------------------------------------------

check "streams: up" up fdp=4
check_eq "streams: as many as handles" "$(limit max_write_streams)" 4
check_eq "streams: the unit" "$(limit write_stream_granularity)" $((16 << 20))
nomerges
# The model lists its handles from the last id to the first.
for stream in 1 2 3 4; do
	forget
	check "stream $stream: write" write $stream $((stream << 20))
	check_eq "stream $stream: the placement id of all" "$(placed)" "$((4 - stream)) 16 65536"
	check "stream $stream: the data" same $((stream << 20))
done
forget
check "no stream: write" write 0 0
check_eq "no stream: no placement id" "$(placed)" "none 16 65536"
check_eq "stream 5: refused by the block layer" "$(write 5 0 || true)" EINVAL
for hint in 2 4; do
	forget
	check "hint $hint: write" write 0 $((hint << 16)) -h $hint
	check_eq "hint $hint: its stream" "$(placed)" "$((4 - hint)) 16 65536"
done
forget
check "hint 5: write" write 0 0 -h 5
check_eq "hint 5: has no stream" "$(placed)" "none 16 65536"
echo 0 >"/sys/block/$(disk)/queue/nomerges"
forget
check "merged: write" write 3 0
check_eq "merged: all of it has its place" "$(placed | awk '{ print $1, $3, NF }')" "1 65536 3"

# Four writers at a time, and what they wrote
jobs=()
for stream in 1 2 3 4; do
	write $stream $((stream << 16)) &
	jobs+=($!)
done
for job in "${jobs[@]}"; do
	check_wait "four at a time" "$job"
done
for stream in 1 2 3 4; do
	check "four at a time: data of stream $stream" same $((stream << 16))
done
check "fio without streams beside" fio_verify "$(disk)" --size=2m

check "a reset" nvme_reset "$(model_ctrl m)"
forget
check "after a reset: write" write 1 0
check_eq "after a reset: its place" "$(placed | awk '{ print $1, $3 }')" "3 65536"
end streams

check "128: up" up fdp=128
check_eq "128: all of them" "$(limit max_write_streams)" 128
check "128: the last" write 128 0
check_eq "128: its place" "$(placed | awk '{ print $1, $3 }')" "0 65536"
end 128

check "none: up" up
check_eq "none: no streams" "$(limit max_write_streams) $(limit write_stream_granularity)" "0 0"
check_eq "none: refused by the block layer" "$(write 1 0 || true)" EINVAL
check "none: write" write 0 0
check_eq "none: nothing was placed" "$(placed)" ''
end none

# With metadata, whose commands have more to say
check "protected: made" model_create m queues=2 fdp=3
echo "2 1" >"$MODEL/m/namespaces/1/format"
check "protected: up" model_up m
check_eq "protected: streams" "$(limit max_write_streams)" 3
check "protected: write" write 2 0
check_eq "protected: its place" "$(placed | awk '{ print $1, $3 }')" "1 65536"
check "protected: the data" same 0
end protected

# --- two controllers --------------------------------------------------------------

# two FDP FDP [OPTION] : controllers a and b
two() {
	local -A fdp=([a]=$1 [b]=$2)
	local name
	shift 2
	for name in a b; do
		mkdir "$MODEL/$name" || return
		model_set "$name" queues=2 subsystem=s "fdp=${fdp[$name]}" "$@" || return
		mkdir "$MODEL/$name/namespaces/1" || return
		echo 1 >"$MODEL/$name/namespaces/1/shared" || return
	done
	for name in a b; do
		echo 1 >"$MODEL/$name/namespaces/1/attached"
		model_power $name 1 && model_bind $name || return
	done
}
shared() {
	local dirs=(/sys/block/*/multipath)
	basename "${dirs[0]%/multipath}"
}
two_end() {
	local name
	for name in a b; do
		model_unbind $name
		check_eq "$1: no breach of $name" "$(model_breaches $name)" ''
		model_destroy $name
	done
}
shared_has() { [[ $(queue_limit "$(shared)" max_write_streams) == "$1" ]]; }
has_paths() { [[ $(find "/sys/block/$(shared)/multipath" -type l | wc -l) == 2 ]]; }
check "two controllers: up" two 4 3
check "two controllers: one disk" wait_until 10 has_paths
check_eq "two controllers: streams that both have" \
	"$(queue_limit "$(shared)" max_write_streams)" 3
check "two controllers: write" streamio "/dev/$(shared)" 2 0 65536 <"$dir/data"
check "two controllers: it has a place" grep -hq '^[12] ' "$MODEL/a/placed" "$MODEL/b/placed"
check_eq "two controllers: all of it" \
	"$(cat "$MODEL/a/placed" "$MODEL/b/placed" | awk '$1 != "none" { sum += $3 } END { print sum }')" 65536
two_end "two controllers"

# One that is not accessible cannot be asked: it has what it had, or does not count.
check "not accessible: up" two 4 3 anatt=6
check "not accessible: one disk" wait_until 10 has_paths
check "not accessible: streams that both have" shared_has 3
model_set b/namespaces/1 ana_state=3
check "not accessible: looked at again" nvme_rescan "$(model_ctrl b)"
check "not accessible: it has what it had" shared_has 3
model_unbind b
model_bind b
check "not accessible: it is back" wait_until 10 has_paths
check "not accessible: it does not count" wait_until 10 shared_has 4
check_eq "not accessible: no line" "$(kmsg_since_start | grep -c 'FDP: ' || true)" 0
model_set b/namespaces/1 ana_state=1
check "accessible: it counts" wait_until 10 shared_has 3
two_end "not accessible"

same_hits() {
	local before=$hits
	hits=$(model_hits "$1")
	[[ $hits == "$before" ]]
}
# quiet NAME : 3 s without a question, where one each second is what is looked for
quiet() {
	hits=$(model_hits "$1")
	nap 3
	same_hits "$1"
}

# It becomes accessible while the question is with it, which is refused all the same: the
# state that it has by then is none that changes later.
has_held() { [[ $(model_count b held) == "$1" ]]; }
check "in that moment: up" two 4 3 anatt=6
check "in that moment: one disk" wait_until 10 has_paths
model_unbind b
model_set b/namespaces/1 ana_state=3
model_rule b hold opcode=0x12 queue=io hits=1
model_rule b status code=0x302 opcode=0x12 queue=io hits=1
model_rule b result opcode=get_log sel=12 value=0
model_bind b
check "in that moment: asked" wait_until 10 has_held 1
check "in that moment: the pages of the bring-up were read" wait_until 20 quiet b
pages=$(model_hits b)
model_set b/namespaces/1 ana_state=1
check "in that moment: access is looked at" wait_until 10 model_hit b $((pages + 1))
model_now b release
check "in that moment: it is back" wait_until 10 has_paths
check "in that moment: it counts" wait_until 10 shared_has 3
two_end "in that moment"

# One that says that it is accessible, or not, by turns, and never tells: who waits for a
# scan is not kept, and after a while nothing is asked any more.
check "by turns: up" two 4 3 anatt=6
check "by turns: one disk" wait_until 10 has_paths
model_unbind b
model_rule b status code=0x302 opcode=0x12 queue=io
model_bind b
check "by turns: it is back" wait_until 10 has_paths
for state in 3 1 3 2 15 1 3 1; do
	model_set b/namespaces/1 ana_state=$state
	check "by turns, $state: looked at again" nvme_rescan "$(model_ctrl b)"
done
check "by turns: it does not count" shared_has 4
check "by turns: that has an end" wait_until 20 quiet b
model_rule b clear
check "by turns: looked at again, and it tells" nvme_rescan "$(model_ctrl b)"
check "by turns: it counts" wait_until 10 shared_has 3
two_end "by turns"

# --- nonsense -----------------------------------------------------------------------

# Without streams, the namespace works; with the next scan that finds sense, it has some.
has_streams() { [[ $(limit max_write_streams) == "$1" ]]; }
rescan() { nvme_rescan "$(model_ctrl m)"; }
while read -r field rule what; do
	check "$field: made" model_create m queues=2 fdp=4
	# shellcheck disable=SC2086 # several words
	model_rule m ${rule//,/ }
	check "$field: up" model_up m
	check "$field: a line" kmsg_has "namespace 1: FDP: $what"
	check_eq "$field: no streams" "$(limit max_write_streams)" 0
	check "$field: it works" fio_verify "$(disk)" --size=1m
	check_eq "$field: nothing was placed" "$(placed | awk '{ print $1, NF }')" "none 3"
	model_rule m clear
	check "$field: looked at again" rescan
	check "$field: it has streams" has_streams 4
	check "$field: write" write 1 0
	end "$field"
done <<-'END'
	ENDGID	data,opcode=identify,sel=0,nsid=1,offset=102,bytes=0200	ENDGID: 2, 1 to 1 can be used
	feature	status,opcode=get_features,sel=0x1d,code=0x2,dnr=1	status 0x4002
	FDPCIDX	result,opcode=get_features,sel=0x1d,value=0x101		FDPCIDX: 1, 0 to 0 can be used
	log	status,opcode=get_log,sel=0x20,code=0x109,dnr=1		status 0x4109
	SZE	data,opcode=get_log,sel=0x20,offset=4,bytes=4f000000	SZE: 79, 80 to
	NRUHSD	data,opcode=0x12,queue=io,offset=14,bytes=0000		NRUHSD: 0, 1 to 128 can be used
	many	data,opcode=0x12,queue=io,offset=14,bytes=ffff		NRUHSD: 65535, 1 to 128 can be used
	PID	data,opcode=0x12,queue=io,offset=16,bytes=0400		PID: 4, 0 to 3 can be used
	twice	data,opcode=0x12,queue=io,offset=16,bytes=0000		PID: 0 is there twice
	RUHID	data,opcode=0x12,queue=io,offset=18,bytes=0400		RUHID: 4, 0 to 3 can be used
	handles	status,opcode=0x12,queue=io,code=0x2,dnr=1		its handles cannot be read
	unknown	status,opcode=get_features,sel=0x1d,code=0x2		status 0x2: goes without
END

# The log page is read piece by piece, and the rules are for each: its header has nothing
# there but its size, which so many bytes are enough for.
while read -r field rule what; do
	check "$field: made" model_create m queues=2 fdp=4
	# shellcheck disable=SC2086 # several words
	model_rule m data opcode=get_log sel=0x20 ${rule//,/ }
	check "$field: up" model_up m
	check "$field: a line" kmsg_has "namespace 1: FDP: $what"
	check_eq "$field: no streams" "$(limit max_write_streams)" 0
	model_rule m clear
	check "$field: looked at again" rescan
	check "$field: it has streams" has_streams 4
	end "$field"
done <<-'END'
	FDPA	offset=2,bytes=00			FDPA: 0, 128 to 255 can be used
	NRG	offset=4,bytes=00010000			NRG: 256, 1 to 1 can be used
	NRUH	offset=8,bytes=0000			NRUH: 0, 1 to 65535 can be used
	RUNS	offset=16,bytes=0000000000000000	RUNS: 0,
END

# Configurations before the one that is on: with number 1, the first two bytes of the header
# say that it is there, and those of the first configuration are its size.
while read -r bytes what; do
	check "size $bytes: made" model_create m queues=2 fdp=4
	model_rule m result opcode=get_features sel=0x1d value=0x101
	model_rule m data opcode=get_log sel=0x20 offset=0 "bytes=$bytes"
	check "size $bytes: up" model_up m
	check "size $bytes: a line" kmsg_has "namespace 1: FDP: $what"
	check_eq "size $bytes: no streams" "$(limit max_write_streams)" 0
	model_rule m clear
	check "size $bytes: looked at again" rescan
	check "size $bytes: it has streams" has_streams 4
	end "size $bytes"
done <<-'END'
	0100	DSZE: 1, 64 to 65535 can be used
	4100	DSZE: 65, 64 to 65535 can be used
	fcff	SZE: 96, 65612 to
END

# --- refused for now ----------------------------------------------------------------

# It may be another answer the next time. A disk keeps what it has, and a new one gets
# streams when there is one.
declare -A questions=(
	[feature]="opcode=get_features sel=0x1d"
	[log]="opcode=get_log sel=0x20"
	[handles]="opcode=0x12 queue=io"
)
check "for now: up" up fdp=4
check "for now: streams" has_streams 4
for question in feature log handles; do
	# shellcheck disable=SC2086 # several words
	model_rule m status code=0x6 ${questions[$question]}
	check "$question for now: looked at again" rescan
	check_eq "$question for now: it keeps what it has" "$(limit max_write_streams)" 4
	forget
	check "$question for now: write" write 1 0
	check_eq "$question for now: its place" "$(placed | awk '{ print $1, $3 }')" "3 65536"
	[[ $question != handles ]] || continue
	model_rule m clear
	check "$question for now: looked at again, and it tells" rescan
done
check "for now: a line of the first" kmsg_has "namespace 1: FDP: status 0x6: stays as it was"
check "for now: asked again, with an end" wait_until 20 quiet m
check "for now: not more often" test "$(model_hits m)" -le 7
check "for now: but more than once" model_hit m 2
model_rule m clear
check "for now: looked at again, and it tells" rescan
model_rule m result opcode=get_features sel=0x1d value=0
check "for now: off in the end" rescan
check_eq "for now: no streams" "$(limit max_write_streams)" 0
end "for now"

for question in feature log handles; do
	check "$question at first: made" model_create m queues=2 fdp=4
	# shellcheck disable=SC2086 # several words
	model_rule m status code=0x6 hits=2 ${questions[$question]}
	check "$question at first: up" model_up m
	check "$question at first: it has streams by itself" wait_until 15 has_streams 4
	check_eq "$question at first: it was refused" "$(model_hits m)" 2
	check "$question at first: write" write 1 0
	end "$question at first"
done

# --- counted ----------------------------------------------------------------------------

# Streams that come while requests are counted
check "counted: made" model_create m queues=2 fdp=4
model_rule m result opcode=get_features sel=0x1d value=0
check "counted: up" model_up m
check_eq "counted: no streams yet" "$(limit max_write_streams)" 0
stats_set "$(disk)" enable 1
model_rule m clear
check "counted: looked at again" rescan
check "counted: it has streams" has_streams 4
nomerges
check "counted: write" write 2 0
check_eq "counted: by stream" "$(awk 'NR > 1 { print $1, $2, $3 }' "$(stats_file "$(disk)" streams)")" \
	"2 16 65536"
end counted

# What the controller says of itself is read again by a reset.
check "LPA: made" model_create m queues=2 fdp=4
model_rule m data opcode=identify sel=1 offset=261 bytes=02
check "LPA: up" model_up m
check "LPA: a line" kmsg_has "namespace 1: FDP: LPA: 2, 4 to 255 can be used"
check_eq "LPA: no streams" "$(limit max_write_streams)" 0
model_rule m clear
check "LPA: reset" nvme_reset "$(model_ctrl m)"
check "LPA: it has streams" wait_until 10 has_streams 4
end LPA

# Off for the group: no line, no streams. On a disk that has some, they go.
check "off: up" up fdp=4
check "off: streams" has_streams 4
model_rule m result opcode=get_features sel=0x1d value=0
check "off: looked at again" rescan
check "off: no streams" has_streams 0
forget
check "off: write" write 0 0
check_eq "off: nothing was placed" "$(placed | awk '{ print $1, $3 }')" "none 65536"
end off
