# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154 # scripts/vm sets what is wanted
#
# What scripts/vm needs to know of QEMU: the machine with virtio ports for output, 9p
# for files, and NVMe devices. Sourced by scripts/vm. Each of the machines defines
#
#   machine_check      what has to be installed, and refuse what it cannot do
#   machine_kernel DIR the kernel in a directory: sets image, modules and release
#   machine_kind       what scripts/vm prints of it
#   machine_shell      the terminal that --shell gets, in the machine
#   machine_command    sets command, which runs with the directory $work

foreign=''

machine_check() {
	cpus=${cpus:-$((2 - ${icount:-0}))}
	[[ -z $icount || $cpus == 1 ]] || die "--icount works with one CPU only" 2
	if [[ -n $foreign ]]; then
		machine_arm64
		return
	fi
	need_command qemu-system-x86_64 qemu-system-x86
	qemu=(qemu-system-x86_64 -machine q35)
	serial=ttyS0
	choose_accelerator
}

# With a kernel for 64-bit Arm comes a root whose programs are for it.
machine_kernel() {
	[[ ! -d $1/root-arm64 ]] || foreign=$(realpath "$1/root-arm64")
	for image in "$1/vmlinuz" "$1/arch/x86/boot/bzImage" ''; do
		[[ -r $image ]] && break
	done
	[[ -n $image ]] || die "$1: neither linux, vmlinuz nor arch/x86/boot/bzImage" 125
	modules=$(modules_in "$1")
	release=${modules##*/}
	release=${release:-${1##*/}}
}

machine_arm64() {
	need_command qemu-system-aarch64 qemu-system-arm
	[[ -z $icount$plugin ]] || die "--icount and --plugin are for this processor only" 2
	qemu=(qemu-system-aarch64 -machine "virt,gic-version=3")
	serial=ttyAMA0
	accel="TCG, arm64"
	# Signing pointers by an algorithm of QEMU's own costs little.
	accel_args=(-accel "tcg,thread=multi" -cpu "max,pauth-impdef=on")
}

machine_kind() { echo "$accel"; }

machine_shell() { echo /dev/hvc0; }

# The processor must offer it and the device must open; one of them alone is
# seen in containers and nested machines.
kvm_works() {
	grep -qwE 'vmx|svm' /proc/cpuinfo && { : <>/dev/kvm; } 2>/dev/null
}

# Five-level paging under QEMU 7.2's TCG was seen to crash guests in the block
# layer; hence la57=off.
choose_accelerator() {
	if [[ -n $icount ]]; then
		accel="TCG, virtual time"
		accel_args=(-accel "tcg,thread=single" -cpu "max,la57=off"
			-icount "shift=0,align=off,sleep=off")
	elif [[ -z $plugin ]] && kvm_works; then
		accel=KVM
		accel_args=(-accel kvm -cpu host)
	else
		accel=TCG
		accel_args=(-accel "tcg,thread=multi" -cpu "max,la57=off")
	fi
	[[ -z $plugin ]] || accel_args+=(-plugin "file=$(plugin_path)")
}

plugin_path() {
	local rest=${plugin#"${plugin%%,*}"}
	printf '%s%s' "$(realpath -e "${plugin%%,*}")" "$rest"
}

share_args() {
	local i
	for i in "${!shares[@]}"; do
		command+=(-fsdev "local,id=share$i,path=${shares[i]},security_model=none,multidevs=remap"
			-device "virtio-9p-pci,fsdev=share$i,mount_tag=share$i")
	done
}

# inject FILE EVENT ONCE FIELD VALUE : an error of FILE, as QEMU's blkdebug takes it
inject() {
	printf '[inject-error]\nevent = "%s"\nerrno = "5"\nonce = "%s"\n%s = "%s"\n' \
		"${@:2}" >>"$1.blkdebug"
}

# inject_errors FILE bad=WHAT|once=WHAT... : sectors, and types of requests
inject_errors() {
	local word what once
	for word in "${@:2}"; do
		what=${word#*=} once=off
		[[ $word != once=* ]] || once=on
		if [[ $what =~ ^[0-9]+$ ]]; then
			inject "$1" read_aio $once sector "$what"
			inject "$1" write_aio $once sector "$what"
		else
			inject "$1" none $once iotype "$what"
		fi
	done
}

# One for all who are below it
switch_args() {
	[[ " ${command[*]} " != *,id=switch,* ]] || return 0
	command+=(-device "pcie-root-port,id=above,slot=99,chassis=99"
		-device "x3130-upstream,id=switch,bus=above")
}

# The disks of an NVMe device are sparse files that end with the machine, so that
# nothing has to be written out; but with errors, flushes have to reach blkdebug.
nvme_args() {
	local i word n size block namespaces limit speed slot rest words bad file cache
	for i in "${!nvme[@]}"; do
		size=1G block=512 namespaces=1 limit='' speed='' rest=''
		slot=pcie-root-port
		bad=() cache=unsafe
		IFS=, read -ra words <<<"${nvme[i]}"
		for word in "${words[@]}"; do
			case $word in
			size=*) size=${word#*=} ;;
			block=*) block=${word#*=} ;;
			namespaces=*) namespaces=${word#*=} ;;
			bad=* | once=*) bad+=("$word") ;;
			speed=*) speed=,x-speed=${word#*=} ;;
			switch) slot=xio3130-downstream,bus=switch; switch_args ;;
			iops=*) limit=,throttling.iops-total=${word#*=} ;;
			*) rest+=,$word ;;
			esac
		done
		command+=(-device "$slot,id=slot$i,slot=$((i + 1)),chassis=$((i + 1))$speed"
			-device "nvme,id=nvme$i,bus=slot$i,serial=vm$i$rest")
		for ((n = 1; n <= namespaces; n++)); do
			file=$work/nvme$i-$n
			truncate -s "$size" "$file"
			inject_errors "$file" "${bad[@]}"
			[[ ! -e $file.blkdebug ]] || {
				file=blkdebug:$file.blkdebug:$file
				cache=writeback
			}
			command+=(-drive "if=none,id=nvme$i-$n,file=$file,format=raw,cache=$cache,discard=unmap$limit"
				-device "nvme-ns,bus=nvme$i,drive=nvme$i-$n,nsid=$n,logical_block_size=$block,physical_block_size=$block")
		done
	done
}

channel_args() {
	local name
	command+=(-device "virtio-serial-pci,id=channels")
	if [[ -n $shell ]]; then
		command+=(-chardev "stdio,id=terminal,signal=off"
			-device "virtconsole,chardev=terminal,nr=0")
	fi
	for name in stdout stderr control; do
		command+=(-chardev "file,id=$name,path=$work/$name"
			-device "virtserialport,chardev=$name,name=$name")
	done
}

# The monitor and the port are each other's other end. QEMU opens pipes for reading
# and writing, so that none of them waits.
monitor_args() {
	mkfifo "$work/asked" "$work/answered"
	ln -s asked "$work/monitor.in"
	ln -s answered "$work/monitor.out"
	ln -s answered "$work/port.in"
	ln -s asked "$work/port.out"
	command+=(-chardev "pipe,id=monitor,path=$work/monitor"
		-mon "chardev=monitor,mode=readline"
		-chardev "pipe,id=port,path=$work/port"
		-device "virtserialport,chardev=port,name=monitor")
}

# TCG translates a program again where its addresses are new: norandmaps makes starting
# one three times as fast. no_timer_check: on a busy host the timer may not tick while the
# guest watches whether it does, and it would panic.
machine_command() {
	command=("${qemu[@]}" -nodefaults -no-user-config -display none -no-reboot
		"${accel_args[@]}" -smp "$cpus" -m "$memory"
		-kernel "$image" -initrd "$work/initrd"
		-append "console=$serial panic=-1 nokaslr norandmaps no_timer_check$append"
		-serial "file:$console"
		-fsdev "local,id=root,path=${foreign:-/},security_model=none,readonly=on,multidevs=remap"
		-device "virtio-9p-pci,fsdev=root,mount_tag=root")
	channel_args
	[[ -z $monitor ]] || monitor_args
	share_args
	command+=("${qemu_extra[@]}")
	nvme_args
}
