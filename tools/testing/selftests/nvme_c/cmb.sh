#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Memory of a controller as the data of disks: of its own disk, of one below the same switch,
# and of one that does not reach it. It may be reset, and taken away, while it is mapped and
# in use. Where the kernel has no P2PDMA, the controller works without.
#@kernel stock
#@timeout 300
#@vm --monitor --nvme size=64M,switch,cmb_size_mb=16 --nvme size=64M,switch --nvme size=64M

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"

require_nvme 3
helper peer

# Which is which does not follow from their order on the bus.
nr_of() {
	local nr
	for nr in 0 1 2; do
		[[ $(nvme_attr "$(nvme_ctrl $nr)" serial) != "vm$1" ]] || echo $nr
	done
}
bind_all() { nvme_bind 0 && nvme_bind 1 && nvme_bind 2; }

nvme_load peer_data=1 "$@"
check "bind" bind_all
own=$(nr_of 0) near=$(nr_of 1) far=$(nr_of 2)
device=$(nvme_device "$own")
mem=$PCI/devices/$device/p2pmem
ctrl=$(nvme_ctrl "$own")
own_disk=/dev/${ctrl}n1
near_disk=/dev/$(nvme_ctrl "$near")n1
far_disk=/dev/$(nvme_ctrl "$far")n1
# Bit 57 of CAP: version 1.4. The memory is all of BAR 2, in units of 4 KiB, for anything.
check_eq "CMBLOC" "$(($(nvme_attr "$ctrl" cmbloc) & 7))" 2
check_eq "CMBSZ" "$(($(nvme_attr "$ctrl" cmbsz) >> 12 << (12 + 4 * ($(nvme_attr "$ctrl" cmbsz) >> 8 & 15))))" \
	$((16 << 20))
check "a controller without has no such attributes" \
	test ! -e "/sys/class/nvme_c/$(nvme_ctrl "$near")/cmbsz"

if ! grep -q ' pci_p2pdma_add_resource$' /proc/kallsyms; then
	check "a line says that the kernel cannot" \
		kmsg_has "controller memory buffer: not used: no P2PDMA in this kernel"
	check "it works without" fio_verify "${own_disk#/dev/}" --size=1m
	exit
fi

check "a line says how much" kmsg_has "controller memory buffer: 16384 KiB in BAR 2"
check_eq "size" "$(show "$mem/size")" $((16 << 20))
check_eq "published" "$(show "$mem/published")" 1

# --- data --------------------------------------------------------------------

# round NAME DISK BYTES : written from the memory of the controller, and read to it; the other
# way of each is memory of the process
seed=0
round() {
	local at=$((1 << 20))
	((++seed))
	check "$1, $3 bytes: written from it" peer write "$mem/allocate" "$2" $at "$3" $seed
	check "$1, $3 bytes: that is on the disk" peer read - "$2" $at "$3" $seed
	((++seed))
	peer write - "$2" $at "$3" $seed
	check "$1, $3 bytes: read to it" peer read "$mem/allocate" "$2" $at "$3" $seed
}
# One page, two, a list of the request's, an SGL or that, and one that is allocated
for bytes in 512 4096 8192 65536 131072 1048576; do
	round "its own disk" "$own_disk" $bytes
	round "the other disk" "$near_disk" $bytes
done
check_eq "all of it is free again" "$(show "$mem/available")" $((16 << 20))

# A processor whose host bridge lets devices talk may have a way. Without, nothing waits.
dmesg_expect "critical target error, dev ${far_disk#/dev/}"
peer write - "$far_disk" 0 4096 4242
said=$(peer read "$mem/allocate" "$far_disk" 0 4096 4242 2>&1) && said=fine
check "a disk without a way to it: an error, or the data" \
	eval "[[ '$said' == fine || '$said' == *'Remote I/O error' ]]"
check "and it works" peer read - "$far_disk" 0 4096 4242

# --- it may go ---------------------------------------------------------------

# holds NAME COMMAND... : in the background, until it says that it has the memory
holds() {
	"${@:2}" >"$dir/$1" 2>&1 &
	job=$!
	check "$1: mapped" wait_until 20 grep -q mapped "$dir/$1"
}
dir=$(mktemp -d)
at_exit rm -rf "$dir"

holds "a reset" peer hold "$mem/allocate" "$near_disk"
check "a reset meanwhile" nvme_reset "$ctrl"
check "who has it goes on" kill -0 $job
round "its own disk, after a reset" "$own_disk" 65536
round "the other disk, after a reset" "$near_disk" 65536

reading=$job
holds "unbound, idle" peer hold "$mem/allocate"
check "unbound meanwhile" timeout 60 bash -c "echo $device >$PCI/devices/$device/driver/unbind"
check_wait "who read to it is told" $reading
check_wait "who looked at it is told" $job
check "it is gone" test ! -e "$mem"
check "the other disk works" fio_verify "${near_disk#/dev/}" --size=1m

# --- not asked for -----------------------------------------------------------

check "unload" unload_modules
nvme_load "$@"
check "bind" bind_all
check_eq "published all the same" "$(show "$mem/published")" 1
near_disk=/dev/$(nvme_ctrl "$near")n1
untold() { ! peer write "$mem/allocate" "$near_disk" 0 4096 1; }
check "no disk takes it unless told" untold
check "unload" unload_modules
nvme_load peer_data=1 "$@"
check "bind" bind_all
near_disk=/dev/$(nvme_ctrl "$near")n1

# --- it may be taken out -----------------------------------------------------

check_eq "all of it is there" "$(show "$mem/available")" $((16 << 20))
round "bound again" "$near_disk" 65536
holds "taken out" peer hold "$mem/allocate" "$near_disk"
reading=$job
holds "taken out, idle" peer hold "$mem/allocate"
dmesg_expect "pcieport .* pciehp"
dmesg_expect "I/O error, dev .*, sector"
check "take it out" monitor "device_del nvme0"
check "it is gone" wait_until 60 test ! -e "$PCI/devices/$device"
check_wait "who read to it is told" $reading
check_wait "who looked at it is told" $job
check "the other disk works" fio_verify "${near_disk#/dev/}" --size=1m
