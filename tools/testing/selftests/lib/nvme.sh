# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# More for the tests of nvme_c: devices, who drives them, and their disks.
# Sourced after lib.sh and disk.sh.

NVME_CLASS=0x010802
PCI=/sys/bus/pci

# nvme_device N : PCI address of the Nth NVMe device of the machine, from 0
nvme_device() {
	local file class nr=0
	for file in "$PCI"/devices/*/class; do
		# One that just goes is none.
		read -r class 2>/dev/null <"$file" || continue
		[[ $class == "$NVME_CLASS" ]] || continue
		((nr++ == $1)) || continue
		file=${file%/class}
		echo "${file##*/}"
		return
	done
}

# require_nvme COUNT : devices that the test may write to, which is never so
# outside of a test machine unless somebody says so
require_nvme() {
	[[ -n ${MQBLK_VM-} || -n ${NVMEC_TEST_DEVICES-} ]] ||
		skip_all "NVMe devices lose their data; set NVMEC_TEST_DEVICES=1"
	[[ -n $(nvme_device $(($1 - 1))) ]] || skip_all "fewer than $1 NVMe devices"
}

# nvme_load [PARAMETER=VALUE...] : the module, with no device yet; those that it had before
# it was unloaded would be taken at once, in any order, and be named by that
nvme_load() {
	local file driver
	require_module nvme_c
	for file in "$PCI"/devices/*/driver_override; do
		read -r driver 2>/dev/null <"$file" || continue
		[[ $driver != nvme_c ]] || echo >"$file"
	done
	load_module nvme_c "$@"
}

nvme_driver() {
	[[ ! -e $PCI/devices/$1/driver ]] ||
		(cd -P "$PCI/devices/$1/driver" && echo "${PWD##*/}")
}

# nvme_give ADDRESS DRIVER : '' means any
nvme_give() {
	local device=$PCI/devices/$1
	echo "$2" >"$device/driver_override" || return
	[[ ! -e $device/driver ]] || echo "$1" >"$device/driver/unbind" || return
	[[ -z $2 ]] || echo "$1" >"$PCI/drivers_probe" || return
	[[ -z $2 || $(nvme_driver "$1") == "$2" ]]
}

# nvme_bind N... : give devices to nvme_c until the test ends, and wait for disks
nvme_bind() {
	local nr address
	for nr; do
		address=$(nvme_device "$nr")
		nvme_give "$address" nvme_c || return
		at_exit nvme_unbind "$nr"
		nvme_rescan "$(nvme_ctrl "$nr")" || return
	done
}

# nvme_by_kernel N : load the kernel's driver, which takes the Nth device until the test
# ends; sets other to its controller's character device
nvme_by_kernel() {
	local theirs
	modprobe nvme || skip_all "no module nvme"
	at_exit rmmod nvme nvme_core
	theirs=$(nvme_device "$1")
	wait_until 10 test -e "$PCI/devices/$theirs/nvme" || return
	other=/dev/$(basename "$PCI/devices/$theirs"/nvme/nvme*)
	wait_until 10 test -c "$other"
}

nvme_unbind() {
	local address
	address=$(nvme_device "$1")
	[[ -z $address ]] || nvme_give "$address" ''
}

# nvme_ctrl N : name of the controller of the Nth device
nvme_ctrl() {
	local dir
	for dir in "$PCI/devices/$(nvme_device "$1")"/nvme_c/*; do
		[[ ! -e $dir ]] || echo "${dir##*/}"
	done
}

nvme_attr() { show "/sys/class/nvme_c/$1/$2"; }

# nvme_state_is NAME STATE : for wait_until
nvme_state_is() { [[ $(nvme_attr "$1" state) == "$2" ]]; }

nvme_reset() { echo 1 >"/sys/class/nvme_c/$1/reset_controller"; }
nvme_rescan() { echo 1 >"/sys/class/nvme_c/$1/rescan_controller"; }

# nvme_irqs NAME : interrupts of its I/O queues so far
nvme_irqs() {
	awk -v n="$1" '$(NF - 1) == n && $NF != "q0" {
		for (i = 2; i <= 9 && $i ~ /^[0-9]+$/; i++) sum += $i
	} END { print sum + 0 }' /proc/interrupts
}

# fio_verify DISK [FIO OPTION...] : write at random, and read back; what is read
# must be what was written. A file in the place of a disk that went would keep a new
# one out.
fio_verify() {
	local disk=$1
	shift
	fio --name=verify --filename="/dev/$disk" --direct=1 --thread \
		--ioengine=io_uring --iodepth=32 --bs=4k --rw=randwrite \
		--size=16m --verify=crc32c --verify_fatal=1 \
		--allow_file_create=0 "$@"
}

# monitor COMMAND : have the monitor of the test machine do something; what it
# answers is not waited for, what it does has to be
monitor() {
	local name port=''
	for name in /sys/class/virtio-ports/*/name; do
		[[ ! -e $name || $(<"$name") != monitor ]] || port=${name%/name}
	done
	[[ -n $port ]] || return
	printf '%s\n' "$1" >"/dev/${port##*/}"
}


# The cover: memory that can be put over the registers of an NVMe device, so that the
# driver reads what the test wants. QEMU's ivshmem is such memory; of two devices at
# one address the one that came last is seen. The NVMe device itself goes on as if
# nothing had happened, and gets no doorbell meanwhile.

# nvme_cover : PCI address of it; the tests' machines have at most one
nvme_cover() {
	local dir vendor device
	for dir in "$PCI"/devices/*; do
		read -r vendor <"$dir/vendor"
		read -r device <"$dir/device"
		[[ $vendor,$device != 0x1af4,0x1110 ]] || echo "${dir##*/}"
	done
}

# require_cover : the machine has one
require_cover() {
	[[ -n $(nvme_cover) ]] || skip_all "no ivshmem device"
	helper registers
	echo 1 >"$PCI/devices/$(nvme_cover)/enable"
}

# pci_write ADDRESS OFFSET BYTES : to configuration space, BYTES as printf takes them
pci_write() {
	# shellcheck disable=SC2059 # the bytes are escapes
	printf "$3" | dd of="$PCI/devices/$1/config" bs=1 seek=$(($2)) conv=notrunc \
		status=none
}

# le32 NUMBER : its low 32 bits, as pci_write takes them
le32() {
	printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) \
		$(($1 >> 16 & 255)) $(($1 >> 24 & 255))
}

# pci_base ADDRESS BAR : where it is
pci_base() {
	local bars
	mapfile -t bars <"$PCI/devices/$1/resource"
	echo "${bars[$2]%% *}"
}

# nvme_cover_move ADDRESS : the memory of the cover, BAR 2
nvme_cover_move() {
	local cover
	cover=$(nvme_cover)
	pci_write "$cover" 4 '\0\0'
	pci_write "$cover" 0x18 "$(le32 "$1")"
	pci_write "$cover" 0x1c "$(le32 "$1 >> 32")"
	pci_write "$cover" 4 '\2\0'
}

# nvme_cover_fill (OFFSET VALUE)... : while it is off
nvme_cover_fill() { registers "$PCI/devices/$(nvme_cover)/resource2" "$@"; }

# nvme_cover_on N : over the registers of the Nth NVMe device
nvme_cover_on() { nvme_cover_move "$(pci_base "$(nvme_device "$1")" 0)"; }

# nvme_cover_off : where the kernel put it
nvme_cover_off() { nvme_cover_move "$(pci_base "$(nvme_cover)" 2)"; }

# Faults on purpose

INJECT=/sys/kernel/debug/nvme_c

# inject DISK|CONTROLLER status|timeout FILE=VALUE...
inject() {
	local dir=$INJECT/$1/${2}_inject pair
	shift 2
	for pair; do echo "${pair#*=}" >"$dir/${pair%%=*}" || return; done
}

# Temperatures

# nvme_temps CONTROLLER : their directory
nvme_temps() {
	local dir
	for dir in "/sys/class/nvme_c/$1"/hwmon[0-9]* "/sys/class/nvme_c/$1"/hwmon/hwmon*; do
		[[ ! -e $dir/name ]] || echo "$dir"
	done
}
# nvme_has_temps CONTROLLER : for wait_until
nvme_has_temps() { [[ -n $(nvme_temps "$1") ]]; }
