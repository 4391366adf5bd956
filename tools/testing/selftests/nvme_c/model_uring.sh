#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Commands of user space by io_uring on a controller made of code: the data arrives and
# the protocol is kept, polled or not, while the controller is reset or loses completions,
# and when it goes.
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"

require_model
require_cmd fio
helper userio
nvme_load poll_queues=1 "$@"
dir=$(mktemp -d)
at_exit rm -rf "$dir"

model_create m
check "it comes up" model_up m
ctrl=/dev/$(model_ctrl m)
generic=${ctrl/nvmec/ngc}n1
identify="uring-admin op=6 cdw10=1 len=4096"
read="uring-io op=2 nsid=1 len=4096 cdw12=7"

fio_commands() {
	fio --name=verify "--filename=$generic" --thread --ioengine=io_uring_cmd \
		--cmd_type=nvme --iodepth=32 --bs=4k --rw=randwrite --size=4m \
		--verify=crc32c --verify_fatal=1 --allow_file_create=0 \
		--output="$dir/fio" "$@" || { cat "$dir/fio"; return 1; }
}
for how in --hipri=0 --hipri=1; do
	check "fio $how" fio_commands "$how"
	check "fio $how, registered" fio_commands "$how" --fixedbufs --registerfiles
	check "fio $how, to 128 KiB" fio_commands "$how" --bsrange=4k-128k
done

# Where the block layer counts commands of users if one wants that, it does.
queue=/sys/block/$(model_disk m)/queue
reads() { awk '{ print $1 }' "${queue%/queue}/stat"; }
if [[ -e $queue/iostats_passthrough ]]; then
	echo 1 >"$queue/iostats_passthrough"
	before=$(reads)
	# shellcheck disable=SC2086 # several words
	check_eq "a read that is to be counted" "$(userio $generic $read)" "0 0"
	check_eq "it is counted" $(($(reads) - before)) 1
	echo 0 >"$queue/iostats_passthrough"
fi

# Each has an end: done, or taken back.
what=()
asks() {
	local nr=0
	while [[ ! -e $dir/stop ]]; do
		# shellcheck disable=SC2086 # several words
		userio ${what[nr++ % ${#what[@]}]} >"$dir/said" 2>&1
		[[ $(<"$dir/said") == "0 0" || $(<"$dir/said") == EINTR ]] || return
	done
}
what=("$generic $read" "-p $generic $read" "-f $generic $read at=4" "$ctrl $identify")
asks &
job=$!
for ((i = 0; i < 20; i++)); do
	nvme_reset "$(model_ctrl m)" || break
done
touch "$dir/stop"
check_wait "commands while it is reset" $job
check_eq "20 times" $i 20

# A device that goes under commands takes nothing with it.
reading() { (($(stats_sum "$(model_disk m)" stats requests other) > 100)); }
for how in --hipri=0 --hipri=1; do
	stats_set "$(model_disk m)" enable 1
	fio_commands --time_based --runtime=60 --verify=0 --rw=randread $how \
		>"$dir/said" 2>&1 &
	job=$!
	check "fio $how: it reads" wait_until 20 reading
	model_unbind m
	if wait $job; then
		not_ok "fio $how: it ends with an error" "it ended well"
	else
		ok "fio $how: it ends with an error"
	fi
	check "fio $how: it comes again" model_bind m
	check "fio $how: and its disk" wait_until 10 model_has_disk m
	ctrl=/dev/$(model_ctrl m)
	generic=${ctrl/nvmec/ngc}n1
done
check_eq "a read" "$(userio "$generic" uring-io op=2 nsid=1 len=4096 cdw12=7)" "0 0"
model_power m 0
check_eq "the protocol is kept" "$(model_breaches m)" ''
