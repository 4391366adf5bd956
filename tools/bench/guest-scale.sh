# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154	# out and here are guest's
#
# Counts which cache lines the kernel reads and writes for I/Os of the load inside it.
# Sourced by guest. As guest-gate.sh, with the plugin insn/lines.c, for which the mark before
# a run begins a count and the one behind it ends it; and kallsyms has all symbols. What is
# counted is what the load's threads do themselves: from when they are in the load's code
# until another task has the CPU, and no interrupts of the timer.

# shellcheck source-path=SCRIPTDIR source=guest-gate.sh
. "$here/guest-gate.sh"

# The places in the code that the plugin asks for, from symbols in order of their addresses
places()
{
	awk '
		before { print before, $1; before = "" }
		$3 == "__schedule" { before = "leave " $1 }
		$3 == "asm_sysvec_apic_timer_interrupt" { before = "interrupt " $1 }
		$3 == "native_irq_return_iret" { before = "return " $1 }
		in_load { end = $1; in_load = 0 }
		$4 == "[mqblk_load]" { if (!start) start = $1; in_load = 1 }
		END { print "enter", start, end }'
}

prepare()
{
	prepare_disks
	cp /proc/kallsyms "$out/kallsyms"
	grep -i ' t ' /proc/kallsyms | LC_ALL=C sort | places >"$out/marks/when"
	[[ $(wc -l <"$out/marks/when") == 4 ]] || die "a symbol of the kernel is missing"
}
