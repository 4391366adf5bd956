#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Commands of user space without memory: each allocation of a command fails once. It says
# so, or does without; nothing of the user's stays held, and the same command works
# afterwards.
#@kernel uml-nvme
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/faults.sh
. "$(dirname "$0")/../lib/faults.sh"

require_model
require_faults
helper userio
nvme_load "$@"
faults_allow
nobody=65534

# Blocks of 512 bytes with 8 of metadata beside the data
check "a controller" model_create m queues=1
check "with metadata" model_set m/namespaces/1 "format=2 1"
check "up" model_up m
ctrl=/dev/$(model_ctrl m)
generic=${ctrl/nvmec/ngc}n1

# Pages of users that are held
held() {
	awk '$1 == "nr_foll_pin_acquired" { sum += $2 } $1 == "nr_foll_pin_released" { sum -= $2 }
		END { print sum }' /proc/vmstat
}

# each_allocation NAME LEAST ARGUMENT... : of userio; at least so many say that there is no
# memory
each_allocation() {
	local name=$1 least=$2 nth nr=0 got='' before
	shift 2
	before=$(held)
	for ((nth = 1; nth < 100; nth++)); do
		got=$(userio -k "$nth" "$@" 2>&1) || true
		case $got in
		"0 0") ;;
		# Where io_uring itself finds none it is EAGAIN.
		ENOMEM | EAGAIN) nr=$((nr + 1)) ;;
		*) break ;;
		esac
	done
	check_eq "$name: in the end it is through" "$got" "0 0"$'\n'through
	check "$name: some found no memory" test $nr -ge "$least"
	check_eq "$name: no page stays held" "$(held)" "$before"
	diag "$name: $nr of $nth"
}

read="op=2 nsid=1 len=8192 meta=128 cdw12=15"
bare="op=2 nsid=1 len=8192 meta=128 cdw12=15 at=2"
# shellcheck disable=SC2086 # several words
{
	each_allocation "a read" 2 "$generic" io64 $read
	each_allocation "a read by anybody" 2 -u $nobody "$generic" io64 $read
	each_allocation "a read through pages of the driver's" 4 "$generic" io64 $bare
	each_allocation "a read in pieces" 2 "$generic" vec $read pieces=5
	each_allocation "a read by io_uring" 2 "$generic" uring-io $read
	each_allocation "in pieces" 2 "$generic" uring-vec $bare pieces=5
	each_allocation "into a registered buffer" 2 -f "$generic" uring-io $read
}
each_allocation "a command of the controller's" 1 "$ctrl" admin op=6 cdw10=1 len=4096
each_allocation "with a part of a page" 2 "$ctrl" admin op=2 cdw10=0x7f0002 nsid=0xffffffff len=512
each_allocation "data for nobody" 2 "$ctrl" admin op=10 cdw10=22
each_allocation "by io_uring" 2 "$ctrl" uring-admin op=10 cdw10=22

check_eq "it was never reset" "$(nvme_attr "$(model_ctrl m)" resets)" 0
check "it is let go" model_unbind m
check_eq "no breach of the protocol" "$(model_breaches m)" ''
