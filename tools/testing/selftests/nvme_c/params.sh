#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Parameters: what is out of range is refused with one line; what is in range
# does what it says.
#@kernel stock debug kcsan rt
#@vm --cpus 3 --nvme size=1G

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_cmd fio
require_nvme 1
nvme_load "$@"
file=$(module_path nvme_c)
rmmod nvme_c

write() { echo "$2" >"$1"; }
refused() {
	check "$1=$2 is refused" expect_errno EINVAL insmod "$file" "$1=$2"
	log_wants "nvme_c: $1: $2 is not valid, use $3"
}
refused io_timeout 0 "1 to 4294967295"
refused io_timeout 4294967296 "1 to 4294967295"
refused admin_timeout 3601 "1 to 3600"
refused queue_depth 0 "1 to 4095"
refused queue_depth 4096 "1 to 4095"
refused poll_queues 100 "0 to 3"

# As guides for clouds have it
check "io_timeout=4294967295 is taken" insmod "$file" io_timeout=4294967295
log_wants "nvme_c: io_timeout: 4294967295 is more than a day, a day is used"
parameter=/sys/module/nvme_c/parameters/io_timeout
check_eq "as a day" "$(<"$parameter")" 86400
check "bind" nvme_bind 0
check_eq "its requests have so much time, in ms" \
	"$(queue_limit nvmec0n1 io_timeout)" 86400000
check "a nonsense is refused while it is loaded" \
	expect_errno EINVAL write "$parameter" never
check "7 is taken" write "$parameter" 7
check "bind anew" nvme_bind 0
check_eq "now it is 7 s" "$(queue_limit nvmec0n1 io_timeout)" 7000
check "and that of a disk can be changed" \
	write /sys/block/nvmec0n1/queue/io_timeout 5000
rmmod nvme_c

while read -r parameters queues what; do
	# shellcheck disable=SC2046 # several words
	check "load with $parameters" insmod "$file" $(tr , ' ' <<<"$parameters")
	check "bind" nvme_bind 0
	check_eq "queues" "$(nvme_attr nvmec0 queue_count)" "$queues"
	case $what in
	poll)
		before=$(nvme_irqs nvmec0)
		check "polled" fio_verify nvmec0n1 --hipri --size=4m
		check_eq "without interrupts" $(($(nvme_irqs nvmec0) - before)) 0
		;;
	depth)
		check_eq "requests" "$(queue_limit nvmec0n1 nr_requests)" 7
		;;
	esac
	check "verified" fio_verify nvmec0n1 --size=4m --bsrange=4k-64k
	rmmod nvme_c
done <<-END
	queue_depth=7 4 depth
	poll_queues=2 6 poll
	write_queues=1 5 reads
	write_queues=2,poll_queues=1,sgl_threshold=0 7 all
END
check_log
