#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the documentation shows works as it is typed, and prints what it shows: the pages
# about nvme_c.
#@vm --nvme size=1G
#@timeout 600

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/docs.sh
. "$(dirname "$0")/../lib/docs.sh"

require_cmd fio mkfs.ext4 lsblk nvme
require_unloadable nvme_c
require_docs mqblk nvme_c
at_exit after_page
# A page shows faults that are made on purpose.
dmesg_expect "I/O error, dev|Buffer I/O error|nvme_c nvmec"

run_page Documentation/nvme_c.rst
after_page
run_page Documentation/nvme-users.rst
