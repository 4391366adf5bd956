// SPDX-License-Identifier: GPL-2.0
/*
 * mark: tells the plugin insn.so to write its counters to a file
 *
 * Puts a function that returns at once at the address MARK and calls it. Does
 * nothing where the plugin is not loaded.
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

#include "mark.h"

int main(void)
{
	unsigned char *code = mmap((void *)(uintptr_t)MARK, 4096,
				   PROT_READ | PROT_WRITE | PROT_EXEC,
				   MAP_PRIVATE | MAP_ANONYMOUS |
				   MAP_FIXED_NOREPLACE, -1, 0);

	if (code == MAP_FAILED) {
		perror("mark: mmap");
		return 1;
	}
	code[0] = 0xc3; /* ret */
	((void (*)(void))code)();
	return 0;
}
