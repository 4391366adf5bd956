#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: model_fuzz_pages.sh [--seed N] [--seconds N] [--count N] [--corpus FILE]
#
# Identify pages, log pages and results of a controller made of code that say something
# else, a rule at a time, while the driver binds and scans. The rules are texts of a corpus,
# changed at random; where the kernel counts what runs (gcov), one that had the driver do
# something new is changed further. Nothing hangs, nothing is reported, and the controller
# works when it is honest again. Seconds (default: 6) are for each of three controllers, after
# each text of the corpus was tried. What did something new is added to FILE.
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
# shellcheck source-path=SCRIPTDIR source=../lib/fuzz.sh
. "$(dirname "$0")/../lib/fuzz.sh"

seconds=6
fuzz_options "$@"
require_model
require_cmd fio
helper textfuzz
# A disk that says it is larger than it is cannot be read at its end.
dmesg_expect 'I/O error'
nvme_load io_timeout=4 admin_timeout=2
driver=$PCI/drivers/nvme_c

# made ATTRIBUTE=VALUE... : of its first namespace
made() {
	model_create m queues=2 timeout=2 fdp=4 && model_set m/namespaces/1 "$@" && model_add_ns m 2
}

# fuzz_kind NAME ATTRIBUTE=VALUE...
# After each text: it is bound, which waits for the bring-up, and scanned, which would not be
# waited for. The number in its name is the same each time, as nobody else has it open.
fuzz_kind() {
	local name=$1 address ctrl
	check "$name: made" made "${@:2}"
	check "$name: it comes up" model_up m
	address=$(model_address m)
	ctrl=$(model_ctrl m)
	fuzz_texts "$name" "$MODEL/m" drivers/nvme/nvme_c/ -i rules -p rules \
		-a "$driver/unbind" "$address" -a "$driver/bind" "$address" \
		-a "/sys/class/nvme_c/$ctrl/rescan_controller" 1 -a "$MODEL/m/rules" clear
	model_honest m
	check "$name: it is let go" model_unbind m
	check "$name: and comes up when it is honest" model_bind m
	check "$name: with its disks" wait_until 10 model_has_disk m 2
	check "$name: of which the first one works" works "$(model_disk m)"
	check "$name: and the second one" fio_verify "$(model_disk m 2)" --size=1m
	check "$name: it is let go again" model_unbind m
	diag "$name: breaches: $(model_breaches m)"
	model_destroy m
}

# works DISK : it can be read; one of zones is written in another way
works() { dd if="/dev/$1" of=/dev/null bs=64k count=16 iflag=direct status=none; }

fuzz_kind plain csi=0
check "plain: write streams were looked at" kmsg_has "namespace 1: FDP: "
fuzz_kind protected "format=2 1"
fuzz_kind zones csi=2
