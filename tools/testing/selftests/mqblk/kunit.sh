#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The KUnit suites of mqblk: they run when the module is loaded, and say what they
# found in debugfs.
#@kernel debug
#@vm --append kunit.enable=1 --append kunit.autorun=1
#@timeout 120
#@core

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/faults.sh
. "$(dirname "$0")/../lib/faults.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/kunit.sh
. "$(dirname "$0")/../lib/kunit.sh"

kunit_run mqblk
