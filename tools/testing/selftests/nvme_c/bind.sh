#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Both drivers side by side on two devices; the kernel's takes back a device that
# nvme_c had, with its data. scripts/bind does it, and refuses what is in use.
#@kernel stock debug kcsan rt
#@vm --nvme size=1G,serial=ours --nvme size=1G,serial=theirs

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_cmd fio mkfs.ext4
require_nvme 2
bind=$SELFTEST_TOP/scripts/bind
[[ -x $bind ]] || skip_all "no $bind"
modprobe nvme || skip_all "no module nvme"
at_exit rmmod nvme nvme_core
nvme_load "$@"
ours=$(nvme_device 0) theirs=$(nvme_device 1)
at_exit nvme_give "$ours" ''
wait_until 10 test -b /dev/nvme0n1
wait_until 10 test -b /dev/nvme1n1

check_eq "the kernel's driver has both" \
	"$(nvme_driver "$ours") $(nvme_driver "$theirs")" "nvme nvme"
name=$(basename "$PCI/devices/$ours"/nvme/nvme*)n1
mkfs.ext4 -q "/dev/$name" 64m
mountpoint=$(mktemp -d)
at_exit rmdir "$mountpoint"
at_exit umount -q "$mountpoint"
mount "/dev/$name" "$mountpoint"
cp "$0" "$mountpoint/file"
check_eq "a mounted disk is refused" "$("$bind" "$ours" 2>&1 || true)" \
	"bind: $ours: refused: /dev/$name is mounted on $mountpoint"
umount "$mountpoint"
exec {fd}<"/dev/$name"
check "so is an open one" bash -c "! '$bind' $ours 2>/dev/null"
exec {fd}<&-
check_eq "it stays where it was" "$(nvme_driver "$ours")" nvme

check "bind" "$bind" "$name"
check_eq "nvme_c has one, nvme the other" \
	"$(nvme_driver "$ours") $(nvme_driver "$theirs")" "nvme_c nvme"
diag "$("$bind" --list)"
check "list" grep -E "^$ours +nvme_c +nvmec0n1$" <("$bind" --list)
mount /dev/nvmec0n1 "$mountpoint"
check "the file is there" cmp "$0" "$mountpoint/file"
cp "$BASH" "$mountpoint/shell"
umount "$mountpoint"
fio_verify nvmec0n1 --offset=128m --size=8m >/dev/null &
job=$!
other=$(basename "$PCI/devices/$theirs"/nvme/nvme*)n1
check "both work at once" fio_verify "$other" --size=8m
check_wait "without each other's help" $job

check "give it back" "$bind" --unbind nvmec0
check_eq "to the kernel's driver" "$(nvme_driver "$ours")" nvme
wait_until 10 test -b "/dev/$name"
mount "/dev/$name" "$mountpoint"
check "what was written is there" cmp "$BASH" "$mountpoint/shell"
umount "$mountpoint"
check "no such device" bash -c "! '$bind' nvme99 2>/dev/null"
check "not an NVMe device" bash -c "! '$bind' 0000:00:00.0 2>/dev/null"
