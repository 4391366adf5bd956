# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What scripts/suspend and scripts/poweroff share: a machine whose root is in its
# memory. That of scripts/vm is a file system of the host, which does not survive
# what they do. Sourced after common.sh.

# own_build : the modules; sets work, a directory that vanishes at the end, and
# release
own_build() {
	"$MQBLK_TOP/scripts/setup" build test >&2
	release=$(default_kernel)
	find_kernel "$release" || die "no kernel $release"
	say "building the modules for Linux $release"
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	make -C "$MQBLK_TOP" -j "$(nproc)" KDIR="$(kernel_build_dir "$release")" \
		>"$work/build.log" 2>&1 ||
		{ tail "$work/build.log" >&2; die "the build failed"; }
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
	cp "$MQBLK_TOP"/drivers/{block/mqblk/mqblk,nvme/nvme_c/nvme_c}.ko "$root"
	{ own_init; cat; } >"$root/init"
	chmod 755 "$root/init"
	(cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet) >"$work/initrd"
}

own_init() {
	cat <<-'END'
		#!/bin/busybox sh
		/bin/busybox --install -s /bin
		export PATH=/bin
		mount -t proc proc /proc
		mount -t sysfs sysfs /sys
		mount -t devtmpfs devtmpfs /dev
		mount -t tmpfs tmpfs /tmp
		result() { echo "result: $*"; }
		# check NAME COMMAND...
		check() {
			local name=$1
			shift
			"$@" && result "ok $name" || result "not ok $name"
		}
		# wait_until TENTHS COMMAND...
		wait_until() {
			local left=$1
			shift
			until "$@"; do
				[ $((left -= 1)) -gt 0 ] || return
				sleep 0.1
			done
		}
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
		insmod /mqblk.ko && insmod /nvme_c.ko && bind
	END
}

# own_boot SECONDS [QEMU ARGUMENT...] : until the machine ends, which is to be in that
# time; its console goes to $work/console. The NVMe device keeps its data, in
# $work/disk; OWN_DRIVE is what QEMU is told of that drive beside (,NAME=VALUE...).
own_boot() {
	[[ -e $work/disk ]] || truncate -s 256M "$work/disk"
	say "Linux $release, in a machine of its own"
	timeout "$1" qemu-system-x86_64 -nodefaults -no-user-config -display none \
		-no-reboot -machine q35 -accel tcg,thread=multi -cpu max,la57=off \
		-smp 2 -m 2G -kernel "$KERNEL_IMAGE" -initrd "$work/initrd" \
		-append "console=ttyS0 panic=-1 nokaslr" -serial "file:$work/console" \
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
