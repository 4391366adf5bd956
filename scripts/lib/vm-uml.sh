# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # shared with scripts/vm
#
# What scripts/vm needs to know of user mode: the kernel is a program, serial lines are
# files that it inherits, and hostfs shows the host's files. Sourced by scripts/vm;
# vm-qemu.sh says what has to be here.

machine_check() {
	local option
	for option in ${icount:+--icount} ${plugin:+--plugin} ${nvme:+--nvme} \
		${monitor:+--monitor} ${qemu_extra:+--qemu}; do
		die "$option: only QEMU has that, and $release is a user-mode kernel, a program" 2
	done
	check_cpus
	check_memory
}

machine_kernel() {
	image=$1/linux
	modules=$(modules_in "$1")
	release=$("$image" --version) || die "$image does not run here" 125
}

machine_kind() { echo "user mode"; }

machine_shell() { echo /dev/tty0; }

# has_option NAME : the kernel says what it was built with
has_option() { "$image" --showconfig | grep -qx "CONFIG_$1=y"; }

# number_of_cpus : that the kernel can have
most_cpus() {
	if has_option SMP; then
		"$image" --showconfig | sed -n 's/^CONFIG_NR_CPUS=//p'
	else
		echo 1
	fi
}

check_cpus() {
	local most
	most=$(most_cpus)
	cpus=${cpus:-$((most < 2 ? most : 2))}
	((cpus <= most)) ||
		die "--cpus $cpus: this user-mode kernel has at most $most" 2
}

# in_mib SIZE : as QEMU takes it, a number without a letter is in MiB
in_mib() {
	local number=${1%[KMGTkmgt]}
	case ${1#"$number"} in
	[kK]) echo $((number / 1024)) ;;
	'' | [mM]) echo "$number" ;;
	[gG]) echo $((number * 1024)) ;;
	[tT]) echo $((number * 1024 * 1024)) ;;
	esac
}

# The memory is a file, which nobody sees: it must be mapped to be executed, and a
# directory in memory is faster than one on a disk.
choose_memory_dir() {
	for memory_dir in ${TMPDIR:+"$TMPDIR"} /dev/shm /tmp; do
		[[ -d $memory_dir && -w $memory_dir ]] || continue
		[[ ,$(findmnt -no OPTIONS -T "$memory_dir"), != *,noexec,* ]] || continue
		free_mib=$(df --output=avail -BM "$memory_dir" | tail -n 1 | tr -dc 0-9)
		((free_mib < memory_mib)) || return 0
	done
	return 1
}

check_memory() {
	local have
	[[ $memory =~ ^[1-9][0-9]*[KMGTkmgt]?$ ]] ||
		die "--memory $memory: not a size such as 512M or 4G" 2
	memory_mib=$(in_mib "$memory")
	((memory_mib >= 64)) || die "--memory $memory: user mode takes 64M at least" 2
	have=$(awk '$1 == "MemAvailable:" { print int($2 / 1024) }' /proc/meminfo)
	((memory_mib <= have)) ||
		die "--memory $memory: only $have MiB of memory are free here" 125
	choose_memory_dir ||
		die "--memory $memory: no room for a file of that size in ${TMPDIR:+$TMPDIR, }/dev/shm or /tmp that programs may be mapped from" 125
}

# smp_args : from 6.16 on seccomp makes page faults cheaper, and with it comes SMP
smp_args() { ! has_option SMP || echo "seccomp=on ncpus=$cpus"; }

machine_command() {
	local words
	read -ra words <<<"$(smp_args) $append"
	command=("$MQBLK_TOP/scripts/lib/vm-uml-start" "$work" "$console" "$memory_dir"
		"$image" "mem=${memory_mib}M" "initrd=$work/initrd" "uml_dir=$work/uml/"
		umid=vm earlyprintk keep_bootcon console=ttyS3
		panic=-1 noreboot norandmaps "${words[@]}")
}
