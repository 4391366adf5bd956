#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What nvme-cli does on the devices of nvme_c: what it prints is what it prints of the
# same device under the kernel's driver; what is written by a command is read by the
# disk, and the other way round.
#@kernel stock debug kcsan
#@timeout 300
#@vm --nvme size=64M,namespaces=2,serial=tools,mdts=5

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_cmd nvme
require_nvme 1

dir=$(mktemp -d)
at_exit rm -rf "$dir"

# asks CTRL NS GENERIC : all that can be asked, into a file each
asks() {
	local ctrl=$1 ns=$2 generic=$3 out=$4
	mkdir "$out"
	nvme id-ctrl "$ctrl" -o binary >"$out/id-ctrl"
	nvme id-ctrl "$ns" -o binary >"$out/id-ctrl-by-ns"
	nvme id-ns "$ns" -o binary >"$out/id-ns"
	nvme id-ns "$ctrl" -n 2 -o binary >"$out/id-ns-2"
	nvme id-ns "$generic" -o binary >"$out/id-ns-generic"
	nvme list-ns "$ctrl" >"$out/list-ns"
	nvme ns-descs "$ns" -o json >"$out/ns-descs"
	nvme list-ctrl "$ctrl" >"$out/list-ctrl"
	nvme fw-log "$ctrl" -o binary >"$out/fw-log"
	nvme effects-log "$ctrl" -o binary >"$out/effects-log"
	nvme error-log "$ctrl" -e 1 -o binary >"$out/error-log"
	nvme get-feature "$ctrl" -f 0x06 >"$out/feature-cache"
	nvme get-feature "$ctrl" -f 0x03 -n 1 >"$out/feature-ranges" 2>&1
	nvme smart-log "$ctrl" | grep -E 'temperature|critical|spare' >"$out/smart-log"
}

nvme_by_kernel 0
theirs=${other#/dev/}
asks "$other" "/dev/${theirs}n1" "/dev/ng${theirs#nvme}n1" "$dir/theirs" || true
nvme_load "$@"
nvme_bind 0
check "there is a character device for the controller" test -c /dev/nvmec0
check "and one for each namespace" test -c /dev/ngc0n1 -a -c /dev/ngc0n2
asks /dev/nvmec0 /dev/nvmec0n1 /dev/ngc0n1 "$dir/ours" || true
for file in "$dir"/theirs/*; do
	name=${file##*/}
	[[ -s $file ]] || continue
	check "$name: the same as by the kernel's driver" cmp "$file" "$dir/ours/$name"
done

head -c 65536 /dev/urandom >"$dir/data"
same() { cmp "$dir/data" "$1"; }
check "write" nvme write /dev/nvmec0n1 -s 16 -c 127 -z 65536 -d "$dir/data"
dd if=/dev/nvmec0n1 of="$dir/back" bs=512 skip=16 count=128 iflag=direct status=none
check "the disk has it" same "$dir/back"
check "read" nvme read /dev/ngc0n1 -s 16 -c 127 -z 65536 -d "$dir/back"
check "is the same" same "$dir/back"
check "compare" nvme compare /dev/nvmec0n1 -s 16 -c 127 -z 65536 -d "$dir/data"
differs() { ! nvme compare /dev/nvmec0n1 -s 17 -c 127 -z 65536 -d "$dir/data"; }
check "compare with another place" differs
check "flush" nvme flush /dev/nvmec0n1
check "write zeroes" nvme write-zeroes /dev/nvmec0n1 -s 16 -c 127
check_eq "are there" "$(dd if=/dev/nvmec0n1 bs=512 skip=16 count=128 iflag=direct \
	status=none | tr -d '\0' | wc -c)" 0
check "discard" nvme dsm /dev/nvmec0n1 -d -s 0 -b 128
check "reset" nvme reset /dev/nvmec0
check "live again" wait_until 20 nvme_state_is nvmec0 live
check "rescan" nvme ns-rescan /dev/nvmec0
block_is() { [[ $(queue_limit nvmec0n1 logical_block_size 2>/dev/null) == "$1" ]]; }
check "format" nvme format /dev/nvmec0 -n 1 -l 4 -f
check "the disk has the new blocks when it returns" block_is 4096
