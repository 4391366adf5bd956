# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What scripts/suspend and scripts/poweroff share: a machine whose root is in its
# memory. That of scripts/vm is a file system of the host, which does not survive
# what they do. Sourced after common.sh.

# own_options ARGUMENT... : of the script; sets kernel
own_options() {
	kernel=stock
	while (($#)); do
		case $1 in
		--kernel)
			kernel=${2-}
			[[ $kernel == @(stock|debug|kcsan) ]] ||
				die "--kernel takes stock, debug or kcsan" 2
			shift
			;;
		--help | -h) usage; exit 0 ;;
		*) die "unknown argument $1; see --help" 2 ;;
		esac
		shift
	done
}

# own_build : the modules; sets work, a directory that vanishes at the end, with the
# monitor's pipe, release, image, modules, and scale, how slow the kernel is
own_build() {
	"$MQBLK_TOP/scripts/setup" build test >&2
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	mkfifo "$work/monitor.in"
	ln -s /dev/null "$work/monitor.out"
	scale=$(slowness "$kernel")
	if [[ $kernel == stock ]]; then
		stock_build
	else
		test_build
	fi
}

stock_build() {
	release=$(default_kernel)
	find_kernel "$release" || die "no kernel $release"
	image=$KERNEL_IMAGE
	say "building the modules for Linux $release"
	make -C "$MQBLK_TOP" -j "$(nproc)" KDIR="$(kernel_build_dir "$release")" \
		>"$work/build.log" 2>&1 ||
		{ tail "$work/build.log" >&2; die "the build failed"; }
	modules=("$MQBLK_TOP"/drivers/{block/mqblk/mqblk,nvme/nvme_c/nvme_c}.ko)
}

test_build() {
	local built
	built=$("$MQBLK_TOP/scripts/kernel" "$kernel")
	hold_kernel "$built"
	image=$built/vmlinuz release=$kernel
	mapfile -t modules < <(find "$built/lib" -name mqblk.ko -o -name nvme_c.ko)
}

# own_root : busybox, fio, our modules and init, whose body is read; to $work/initrd.
# What init says with result becomes a result of the script, with "ok" or "not ok" in
# front; the last is "end".
own_root() {
	local root=$work/root library
	mkdir -p "$root"/{bin,dev,proc,sys,tmp}
	install -m 755 "$(type -P busybox)" "$root/bin/busybox"
	install -m 755 "$(type -P fio)" "$root/bin/fio"
	ldd "$(type -P fio)" | grep -oE '/[^ ]+' | while read -r library; do
		install -D "$library" "$root$library"
	done
	cp "${modules[@]}" "$root"
	{ own_init; cat; } >"$root/init"
	chmod 755 "$root/init"
	(cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet) >"$work/initrd"
}

own_init() {
	sed "s/@scale@/$scale/; s/@parameters@/${OWN_PARAMETERS-}/" <<-'END'
		#!/bin/busybox sh
		/bin/busybox --install -s /bin
		export PATH=/bin
		mount -t proc proc /proc
		mount -t sysfs sysfs /sys
		mount -t devtmpfs devtmpfs /dev
		mount -t tmpfs tmpfs /tmp
		scale=@scale@ parameters='@parameters@'
		# To the log: what waits in a terminal is lost when the machine ends.
		say() { echo "$*" >/dev/kmsg; }
		result() { say "result: $*"; }
		# check NAME COMMAND...
		check() {
			local name=$1
			shift
			"$@" && result "ok $name" || result "not ok $name"
		}
		# wait_until TENTHS COMMAND... : and longer on a slow kernel
		wait_until() {
			local left=$(($1 * scale))
			shift
			until "$@"; do
				[ $((left -= 1)) -gt 0 ] || return
				sleep 0.1
			done
		}
		# monitor COMMAND... : of QEMU
		monitor() { echo "$*" >/dev/ttyS1; }
		busy() { ! grep -q '^ *0 *0$' /sys/block/nvmec0n1/inflight; }
		bind() {
			local device
			for device in /sys/bus/pci/devices/*; do
				[ "$(cat $device/class)" = 0x010802 ] || continue
				echo nvme_c >$device/driver_override
				echo ${device##*/} >/sys/bus/pci/drivers_probe
			done
			echo 1 >/sys/class/nvme_c/nvmec0/rescan_controller
		}
		insmod /mqblk.ko && insmod /nvme_c.ko $parameters && bind
	END
}

# own_boot SECONDS [QEMU ARGUMENT...] : until the machine ends, which is to be in that
# time, or longer on a slow kernel; its console goes to $work/console. The NVMe device
# keeps its data, in $work/disk; OWN_DRIVE is what QEMU is told of that drive, "disk",
# beside (,NAME=VALUE...). What the machine writes to its second serial port is read by
# QEMU's monitor, which opens the pipe first.
own_boot() {
	[[ -e $work/disk ]] || truncate -s 256M "$work/disk"
	say "Linux $release, in a machine of its own"
	timeout $(($1 * scale)) qemu-system-x86_64 -nodefaults -no-user-config \
		-display none -no-reboot -machine q35 -accel tcg,thread=multi \
		-cpu max,la57=off -smp 2 -m 2G -kernel "$image" -initrd "$work/initrd" \
		-append "console=ttyS0 printk.devkmsg=on panic=-1 nokaslr" \
		-chardev "pipe,id=monitor,path=$work/monitor" -mon chardev=monitor \
		-serial "file:$work/console" -serial "file:$work/monitor.in" \
		-drive "if=none,id=disk,file=$work/disk,format=raw,cache=unsafe${OWN_DRIVE-}" \
		-device pcie-root-port,id=root1 \
		-device nvme,bus=root1,serial=own,drive=disk "${@:2}" || {
		say "the machine did not end in time"
		return 1
	}
}

# own_results : of the last boot, a line each
own_results() { tr -d '\r' <"$work/console" | sed -n 's/.*result: //p'; }

# own_report : results are read, and KTAP printed; 1 if one is not ok, or none is "end"
own_report() {
	awk 'BEGIN { print "TAP version 13" }
		sub(/^ok /, "") { print "ok", ++n, $0 }
		sub(/^not ok /, "") { print "not ok", ++n, $0; bad = 1 }
		$0 == "end" { end = 1 }
		END { print "1.." n; exit bad || !end }' || {
		tail -n 40 "$work/console" >&2
		return 1
	}
}
