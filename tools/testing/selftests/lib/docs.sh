# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The commands of a page of the documentation, as a reader types them: tools/doc/blocks.py
# does that. Sourced after lib.sh.

blocks=$SELFTEST_TOP/tools/doc/blocks.py

# require_docs MODULE... : modprobe finds them, as after "make modules_install". It looks
# for them, and for what they need, in a directory of its own: to make a list of all the
# kernel's modules takes minutes where the processor is emulated.
require_docs() {
	local module release
	[[ -n ${MQBLK_VM-} ]] || skip_all "it makes and removes disks; only in a test machine"
	[[ -x $blocks && -x /usr/bin/python3 ]] || skip_all "no $blocks, or no python3 for it"
	require_module "$@"
	docs_work=$(mktemp -d)
	at_exit rm -rf "$docs_work"
	release=$(</proc/sys/kernel/osrelease)
	mkdir -p "$docs_work/bin" "$docs_work/lib/modules/$release"
	for module; do
		docs_module "$module" "$docs_work/lib/modules/$release"
	done
	touch "$docs_work/lib/modules/$release"/modules.{order,builtin,builtin.modinfo}
	depmod -b "$docs_work" "$release"
	cat >"$docs_work/bin/modprobe" <<-END
		#!/bin/sh
		case " \$* " in
		$(printf '*" %s "*|' "$@")'') exec $(type -P modprobe) -d "$docs_work" "\$@" ;;
		esac
		exec $(type -P modprobe) "\$@"
	END
	chmod 755 "$docs_work/bin/modprobe"
	PATH=$docs_work/bin:$PATH
}

# docs_module NAME DIRECTORY : its file, and those that it needs
docs_module() {
	local name
	look_for_module "$1"
	# shellcheck disable=SC2154 # lib.sh has it
	[[ -n ${selftest_files[$1]} ]] || return 0
	cp "${selftest_files[$1]}" "$2"
	# shellcheck disable=SC2154
	for name in ${selftest_deps[$1]}; do
		docs_module "$name" "$2"
	done
}

# run_page PAGE : a result for each of its blocks, of commands that the page does not say
# are only shown
run_page() {
	local line name='' verdict='' why='' count=0
	while IFS= read -r line; do
		if [[ $line == $'\t'* ]]; then
			why+=${why:+$'\n'}${line#$'\t'}
			continue
		fi
		doc_result "$verdict" "$name" "$why"
		read -r verdict name <<<"$line"
		why='' count=$((count + 1))
	done < <("$blocks" --run "$1" 2>&1)
	doc_result "$verdict" "$name" "$why"
	((count)) || not_ok "$1 has commands"
}

# doc_result VERDICT NAME WHY
doc_result() {
	case $1 in
	'') ;;
	pass) ok "$2" ;;
	fail) not_ok "$2" "$3" ;;
	*) not_ok "tools/doc/blocks.py" "$1 $2" ;;
	esac
}

# after_page : what a page leaves, and the next would find
after_page() {
	local module point dir
	while read -r _ point _; do
		case $point in
		/mnt | /media | /tmp/?) umount -l "$point" ;;
		esac
	done <"/proc/$BASHPID/mounts"
	for dir in /sys/kernel/config/{null_blk_c,nullb}/*/; do
		[[ -e $dir/power ]] || continue
		echo 0 >"$dir/power"
		# Those that were made at load stay.
		rmdir "$dir" 2>/dev/null || true
	done
	for dir in /sys/bus/pci/devices/*/; do
		[[ $(<"$dir/class") != 0x010802 ]] || echo >"$dir/driver_override"
	done
	! type -P nvme >/dev/null || nvme disconnect-all &>/dev/null || true
	ip address del 10.98.0.2/24 dev lo 2>/dev/null || true
	rm -f /etc/nvme/hostnqn
	modprobe -q -r nvme-tcp nvmet-tcp nvmet || true
	for module in null_blk_c nvme_c nvme nvme_core mqblk_load mqblk; do
		wait_until 10 rmmod_quietly "$module" || not_ok "$module can be unloaded"
	done
}
