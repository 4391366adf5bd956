// SPDX-License-Identifier: GPL-2.0
/*
 * insn: how often each instruction of the kernel's modules is executed
 *
 * A plugin for QEMU's TCG (scripts/vm --plugin insn.so,out=DIR). Each address in
 * the modules' part of the x86-64 address space that holds an instruction gets two
 * counters: how often it was executed, and how often it wrote to a device. The
 * first is incremented by the translated code itself, so that a run is hardly
 * slower; the second by a callback, as only that can tell a device from memory.
 * All other code runs as if the plugin were not there.
 *
 * Marks
 * -----
 * Where modules lie is known in the guest only, and what happens when, too. The
 * guest calls the address MARK (the program mark.c does): then all counters that
 * are not zero are written to a file, and are zeroed. The files are DIR/1, DIR/2
 * and so on, and each has lines of
 *
 *   ADDRESS EXECUTED WRITES-TO-DEVICES
 *
 * with the address in hexadecimal. A file is complete when the call returns.
 *
 * Exactness
 * ---------
 * With one virtual CPU each execution is counted, and once. With more of them,
 * two that increment the same counter at the same time lose one. An instruction
 * with a rep prefix counts once for each iteration and once for its end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mark.h"
#include "qemu-plugin-v1.h"

/* Where Linux loads modules when its own image is not moved (nokaslr). */
#define AREA_START	0xffffffffc0000000ULL
#define AREA_SIZE	0x3f000000ULL
#define PAGE_BYTES	4096

struct counter {
	uint64_t executed;
	uint64_t device_writes;
};

struct page {
	struct counter counters[PAGE_BYTES];
};

/* Allocated when code of a page is translated, and never freed: translations
 * hold their addresses.
 */
static struct page *pages[AREA_SIZE / PAGE_BYTES];

static char *directory;
static unsigned int marks;

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static bool in_area(uint64_t vaddr)
{
	return vaddr - AREA_START < AREA_SIZE;
}

static void *allocate(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory) {
		perror("insn");
		abort();
	}
	return memory;
}

/* Virtual CPUs translate at the same time. */
static struct page *get_page(uint64_t vaddr)
{
	struct page **page = &pages[(vaddr - AREA_START) / PAGE_BYTES];
	struct page *old = __atomic_load_n(page, __ATOMIC_ACQUIRE);
	struct page *new;

	if (old)
		return old;
	new = allocate(sizeof(*new));
	if (__atomic_compare_exchange_n(page, &old, new, false,
					__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return new;
	free(new);
	return old;
}

static struct counter *counter_of(uint64_t vaddr)
{
	return &get_page(vaddr)->counters[vaddr % PAGE_BYTES];
}

static void write_page(FILE *out, uint64_t vaddr, struct page *page)
{
	for (size_t i = 0; i < PAGE_BYTES; i++) {
		const struct counter *c = &page->counters[i];

		if (c->executed)
			fprintf(out, "%" PRIx64 " %" PRIu64 " %" PRIu64 "\n",
				vaddr + i, c->executed, c->device_writes);
	}
	memset(page, 0, sizeof(*page));
}

static void write_pages(FILE *out)
{
	for (size_t i = 0; i < AREA_SIZE / PAGE_BYTES; i++)
		if (pages[i])
			write_page(out, AREA_START + i * PAGE_BYTES, pages[i]);
}

static void on_mark(unsigned int vcpu, void *data)
{
	char name[4096];
	FILE *out;

	snprintf(name, sizeof(name), "%s/%u", directory, ++marks);
	out = fopen(name, "w");
	if (!out) {
		perror(name);
		return;
	}
	write_pages(out);
	if (fclose(out))
		perror(name);
}

static void on_store(unsigned int vcpu, qemu_plugin_meminfo_t info,
		     uint64_t vaddr, void *data)
{
	struct counter *counter = data;
	struct qemu_plugin_hwaddr *where = qemu_plugin_get_hwaddr(info, vaddr);

	if (where && qemu_plugin_hwaddr_is_io(where))
		counter->device_writes++;
}

static void count(struct qemu_plugin_insn *insn, struct counter *counter)
{
	qemu_plugin_register_vcpu_insn_exec_inline(insn,
						   QEMU_PLUGIN_INLINE_ADD_U64,
						   &counter->executed, 1);
	qemu_plugin_register_vcpu_mem_cb(insn, on_store, QEMU_PLUGIN_CB_NO_REGS,
					 QEMU_PLUGIN_MEM_W, counter);
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t vaddr = qemu_plugin_insn_vaddr(insn);

		if (in_area(vaddr))
			count(insn, counter_of(vaddr));
		else if (vaddr == MARK)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark,
							       QEMU_PLUGIN_CB_NO_REGS,
							       NULL);
	}
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
					   const struct qemu_info_t *info,
					   int argc, char **argv)
{
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "insn: expected one argument, out=DIRECTORY\n");
		return 1;
	}
	if (!info->system_emulation || strcmp(info->target_name, "x86_64")) {
		fprintf(stderr, "insn: for qemu-system-x86_64 only\n");
		return 1;
	}
	directory = strdup(argv[0] + 4);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	return 0;
}
