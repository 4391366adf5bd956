#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Directories: what names are refused, what happens twice, and what cannot be
# removed.
#@group config
#@builtin null_blk_c.nr_devices=1 null_blk_c.gb=1

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

nbc_load nr_devices=1 gb=1
long=$(printf 'x%.0s' {1..31})

check "a name of 31 characters" nbc_disk "$long" size=1
check "is that of the disk" test -b "/dev/$long"
check "and goes" nbc_destroy "$long"
message=$(LC_ALL=C mkdir "$NBC_ROOT/x$long" 2>&1) || true
check_eq "one of 32 is too long" "${message##*: }" "File name too long"
log_wants "mkdir: \"x$long\" is not valid, use at most 31 characters"
check "no such directory" test ! -e "$NBC_ROOT/x$long"
for name in $'z\nINJECTED=yes' "two words" $'tab\t' 'a!b' $'esc\e' $'\xff' 'ü' 'a"b' 'a\b' 'a%b' 'a*'; do
	check "$(printf 'mkdir %q is refused' "$name")" expect_errno EINVAL mkdir "$NBC_ROOT/$name"
done
log_wants 'mkdir: "z\nINJECTED=yes" is not valid, use letters, digits and #+-.:=@_'
name=a0.-+:=@_#
check "a name of all that is valid" nbc_disk "$name" size=1
check "is that of the disk" test -b "/dev/$name"
check "and goes" nbc_destroy "$name"

nbc_disk d size=1
check "a name can be taken once" expect_errno EEXIST mkdir "$NBC_ROOT/d"
check "also that of a disk made at load" expect_errno EEXIST mkdir "$NBC_ROOT/nullbc0"
check "which rmdir refuses" expect_errno EPERM rmdir "$NBC_ROOT/nullbc0"
check "and leaves there" test -b /dev/nullbc0
check "on when on" nbc_power d 1
check "off" nbc_power d 0
check "off when off" nbc_power d 0
check "the disk is gone" test ! -e /dev/d
check "on again" nbc_power d 1
check "rmdir removes a disk that is on" rmdir "$NBC_ROOT/d"
check "and its node" test ! -e /dev/d

check "a disk made at load can be switched off" nbc_power nullbc0 0
check "and is gone" test ! -e /dev/nullbc0
check "changed" nbc_set nullbc0 size=2
check "and on again" nbc_power nullbc0 1
check_eq "with the new size" "$(blockdev --getsize64 /dev/nullbc0)" 2097152
check_log
check_eq "nothing else was said" "$(kmsg_since_start | grep -c 'null_blk_c: ')" 12
