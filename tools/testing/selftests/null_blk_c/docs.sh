#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the documentation shows works as it is typed, and prints what it shows: the pages
# about disks of null_blk_c.
#@group config
#@long
#@timeout 900

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/docs.sh
. "$(dirname "$0")/../lib/docs.sh"

require_cmd blkzone fsck.ext4 mkfs.ext4 lsblk strings
require_unloadable null_blk_c
require_docs mqblk null_blk_c
at_exit after_page
# Pages show what fails, and mount what a power cut left.
dmesg_expect "I/O error, dev|Buffer I/O error|EXT4-fs|JBD2: I/O error|attempt to access beyond end"

run_page Documentation/null_blk-users.rst
after_page
run_page Documentation/null_blk_c.rst
after_page
run_page Documentation/mqblk.rst
after_page
run_page Documentation/commit.rst
after_page
run_page Documentation/slow.rst
after_page
run_page Documentation/image.rst
after_page
run_page Documentation/crashtest.rst
after_page
run_page Documentation/benchmarking.rst
after_page
run_page Documentation/export.rst
