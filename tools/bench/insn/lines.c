// SPDX-License-Identifier: GPL-2.0
/*
 * lines: which cache lines each CPU reads and writes, and by which instructions
 *
 * A plugin for QEMU's TCG (scripts/vm --plugin lines.so,out=DIR). What the kernel and its
 * modules read and write between two marks is counted, by virtual CPU, instruction and
 * line of 64 bytes. Lines that one CPU writes and another one uses are what keeps a
 * driver from getting faster with more CPUs; whether there are any can be seen with two,
 * and needs no clock.
 *
 * Marks
 * -----
 * The guest calls the address MARK (the program mark.c does). The first call begins a
 * count, the second ends it, and so on. Each leaves a file, DIR/1, DIR/2 and so on, and
 * those of the second kind have lines of
 *
 *   CPU INSTRUCTION LINE KIND NUMBER
 *
 * with the addresses in hexadecimal. LINE is that of its first byte. KIND is r or w, and R
 * or W where the instruction is an atomic one, which is a read and a write. A file is
 * complete when the call returns.
 *
 * What counts
 * -----------
 * The first mark of two reads DIR/when, if it is there: lines of
 *
 *   enter|leave|interrupt|return START END
 *
 * with ranges of addresses. A CPU counts from when it enters until it leaves, and not from
 * an interrupt until it returns from that. So the timer's work, and that of other tasks,
 * can be told apart from what a task does by itself. An instruction is seen where it reads
 * or writes memory, as all of these do at their beginning. Without the file all is counted.
 *
 * Locking
 * -------
 * Each virtual CPU has a table with a lock, which it holds while it counts; whoever writes
 * a file holds the lock of one after the other. An access of another CPU at the time of a
 * mark may be counted or not. Tables are in virtual addresses: memory that is mapped twice
 * is two lines.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mark.h"
#include "qemu-plugin-v1.h"

/* The kernel's image and its modules, when they are not moved (nokaslr) */
#define TEXT_START	0xffffffff80000000ULL
#define LINE_BYTES	64
#define MOST_CPUS	64
#define FIRST_SLOTS	4096

/* The upper bit of all addresses of the kernel is set; here it says that the instruction
 * is an atomic one.
 */
#define ATOMIC		(UINT64_C(1) << 63)

struct slot {
	uint64_t insn;
	uint64_t line;		/* and 1 if it is written */
	uint64_t number;	/* 0: free */
};

struct range {
	uint64_t start;
	uint64_t end;
};

enum { ENTER, LEAVE, INTERRUPT, RETURN, NR_RANGES };

static const char *const range_names[NR_RANGES] = {
	"enter", "leave", "interrupt", "return",
};

struct table {
	pthread_mutex_t lock;
	bool entered;
	bool interrupted;
	struct slot *slots;
	size_t size;		/* a power of two */
	size_t used;
};

static struct range ranges[NR_RANGES];
static bool have_ranges;
static struct table tables[MOST_CPUS];
static char *directory;
static unsigned int marks;
static bool counting;

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static struct slot *allocate(size_t size)
{
	struct slot *slots = calloc(size, sizeof(*slots));

	if (!slots) {
		perror("lines");
		abort();
	}
	return slots;
}

/* The slot of a key, or the free one where it belongs. A table is never full. */
static struct slot *find(const struct table *table, uint64_t insn, uint64_t line)
{
	uint64_t hash = (insn * 31 + line) * 0x9e3779b97f4a7c15ULL;
	size_t place = (hash >> 32) & (table->size - 1);

	for (;; place = (place + 1) & (table->size - 1)) {
		struct slot *slot = &table->slots[place];

		if (!slot->number || (slot->insn == insn && slot->line == line))
			return slot;
	}
}

static void grow(struct table *table)
{
	struct table old = *table;

	table->size = old.size ? 2 * old.size : FIRST_SLOTS;
	table->slots = allocate(table->size);
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].number)
			*find(table, old.slots[i].insn, old.slots[i].line) = old.slots[i];
	free(old.slots);
}

static void add(struct table *table, uint64_t insn, uint64_t line)
{
	struct slot *slot;

	if (table->used * 2 >= table->size)
		grow(table);
	slot = find(table, insn, line);
	if (!slot->number) {
		slot->insn = insn;
		slot->line = line;
		table->used++;
	}
	slot->number++;
}

static bool is_in(uint64_t insn, int range)
{
	return insn >= ranges[range].start && insn < ranges[range].end;
}

/* Where is this CPU, now that it is here? */
static bool counts(struct table *table, uint64_t insn)
{
	if (!have_ranges)
		return true;
	if (is_in(insn, ENTER)) {
		table->entered = true;
		table->interrupted = false;
	} else if (is_in(insn, LEAVE)) {
		table->entered = false;
	} else if (is_in(insn, INTERRUPT)) {
		table->interrupted = true;
	} else if (is_in(insn, RETURN)) {
		table->interrupted = false;
		return false;
	}
	return table->entered && !table->interrupted;
}

static void on_access(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t vaddr,
		      void *data)
{
	uint64_t line = vaddr & ~(LINE_BYTES - 1ULL), insn = (uintptr_t)data;
	struct table *table = &tables[vcpu];

	if (!__atomic_load_n(&counting, __ATOMIC_RELAXED))
		return;
	pthread_mutex_lock(&table->lock);
	if (counts(table, insn | ATOMIC))
		add(table, insn, line | qemu_plugin_mem_is_store(info));
	pthread_mutex_unlock(&table->lock);
}

static void read_range(const char *line)
{
	uint64_t start, end;
	char name[16];

	if (sscanf(line, "%15s %" SCNx64 " %" SCNx64, name, &start, &end) != 3)
		return;
	for (int i = 0; i < NR_RANGES; i++)
		if (!strcmp(name, range_names[i])) {
			ranges[i].start = start;
			ranges[i].end = end;
		}
}

/* Nobody counts meanwhile. */
static void read_ranges(void)
{
	char text[4096];
	FILE *in;

	snprintf(text, sizeof(text), "%s/when", directory);
	in = fopen(text, "r");
	have_ranges = in;
	while (in && fgets(text, sizeof(text), in))
		read_range(text);
	if (in)
		fclose(in);
}

static void write_slot(FILE *out, unsigned int vcpu, const struct slot *slot)
{
	bool atomic = slot->insn & ATOMIC;
	char kind = slot->line & 1 ? (atomic ? 'W' : 'w') : (atomic ? 'R' : 'r');

	fprintf(out, "%u %" PRIx64 " %" PRIx64 " %c %" PRIu64 "\n", vcpu,
		slot->insn | ATOMIC,
		slot->line & ~UINT64_C(1), kind, slot->number);
}

static void write_and_clear(FILE *out, unsigned int vcpu)
{
	struct table *table = &tables[vcpu];

	pthread_mutex_lock(&table->lock);
	for (size_t i = 0; i < table->size; i++)
		if (table->slots[i].number)
			write_slot(out, vcpu, &table->slots[i]);
	free(table->slots);
	table->slots = NULL;
	table->size = 0;
	table->used = 0;
	table->entered = false;
	table->interrupted = false;
	pthread_mutex_unlock(&table->lock);
}

static void on_mark(unsigned int vcpu, void *data)
{
	char name[4096];
	FILE *out;

	__atomic_store_n(&counting, false, __ATOMIC_SEQ_CST);
	snprintf(name, sizeof(name), "%s/%u", directory, ++marks);
	out = fopen(name, "w");
	if (!out) {
		perror(name);
		return;
	}
	for (unsigned int i = 0; i < MOST_CPUS; i++)
		write_and_clear(out, i);
	if (fclose(out))
		perror(name);
	if (marks % 2)
		read_ranges();
	__atomic_store_n(&counting, marks % 2, __ATOMIC_SEQ_CST);
}

/* A lock prefix, or an exchange with memory, which has none and does not need it. Both may
 * come after other prefixes.
 */
static bool is_atomic(const struct qemu_plugin_insn *insn)
{
	const uint8_t *code = qemu_plugin_insn_data(insn);
	size_t size = qemu_plugin_insn_size(insn), i;

	for (i = 0; i < size && strchr("\x2e\x36\x3e\x26\x64\x65\x66\x67\xf2\xf3", code[i]) &&
	     code[i]; i++)
		;
	if (i < size && code[i] == 0xf0)
		return true;
	if (i < size && (code[i] & 0xf0) == 0x40)
		i++;
	return i + 1 < size && (code[i] & 0xfe) == 0x86 && code[i + 1] < 0xc0;
}

static void watch(struct qemu_plugin_insn *insn)
{
	uint64_t vaddr = qemu_plugin_insn_vaddr(insn);

	if (!is_atomic(insn))
		vaddr &= ~ATOMIC;
	qemu_plugin_register_vcpu_mem_cb(insn, on_access, QEMU_PLUGIN_CB_NO_REGS,
					 QEMU_PLUGIN_MEM_RW, (void *)(uintptr_t)vaddr);
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t vaddr = qemu_plugin_insn_vaddr(insn);

		if (vaddr >= TEXT_START)
			watch(insn);
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
		fprintf(stderr, "lines: expected one argument, out=DIRECTORY\n");
		return 1;
	}
	if (!info->system_emulation || strcmp(info->target_name, "x86_64") ||
	    info->system.max_vcpus > MOST_CPUS) {
		fprintf(stderr, "lines: for qemu-system-x86_64 with at most %d CPUs\n",
			MOST_CPUS);
		return 1;
	}
	for (unsigned int i = 0; i < MOST_CPUS; i++)
		pthread_mutex_init(&tables[i].lock, NULL);
	directory = strdup(argv[0] + 4);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	return 0;
}
