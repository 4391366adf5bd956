// SPDX-License-Identifier: GPL-2.0
/*
 * powercut - does a power cut leave what its policy says, and nothing else?
 *
 * usage: powercut ROOT DISK STATE BLOCK HISTORIES SEED
 *
 * ROOT is null_blk_c's directory in configfs, DISK a powered device in it with
 * cache_history and blocks of BLOCK bytes, STATE another one, which is off. Does
 * HISTORIES random histories of writes, flushes, discards and zeroes to DISK, one
 * command at a time, and compares what each policy leaves in STATE with a model that
 * knows which states are possible. At the end of each history the power of DISK is cut,
 * and what it leaves must be what STATE said before.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "snap.h"

#define BLOCKS		48	/* of the window that is written */
#define MAX_LEN		6	/* blocks of a write */
#define MAX_BLOCK	65536
#define MAX_ENTRIES	40

enum policy { LOST, KEPT, PREFIX, TORN, SUBSET, EACH, NR_POLICIES };

static const char * const policies[NR_POLICIES] = {
	"lost", "kept", "prefix", "torn", "subset", "blocks",
};

/* A command since the last flush; zeroes have stamp 0. */
struct entry {
	unsigned int first;
	unsigned int nr;
	uint64_t stamp;
	bool durable;
};

static const char *disk, *state;
static unsigned int block;
static uint64_t seed;
static char *buffer;

static uint64_t base[BLOCKS];		/* what was durable at the last flush */
static struct entry entries[MAX_ENTRIES];
static unsigned int nr_entries;
static uint64_t last_stamp;
static bool prefix_seen[MAX_ENTRIES + 1];

static uint64_t draw(void)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return seed >> 33;
}

static void fill(uint64_t stamp, unsigned int nr)
{
	uint64_t *words = (uint64_t *)buffer;
	size_t i;

	for (i = 0; i < (size_t)nr * block / sizeof(*words); i++)
		words[i] = stamp;
}

static void do_zero(int fd, const struct entry *e, unsigned long request)
{
	uint64_t range[2] = { (uint64_t)e->first * block, (uint64_t)e->nr * block };

	if (ioctl(fd, request, range))
		die("discard");
}

static void do_flush(int fd)
{
	unsigned int i, b;

	if (fdatasync(fd))
		die("flush");
	for (i = 0; i < nr_entries; i++) {
		for (b = 0; b < entries[i].nr; b++)
			base[entries[i].first + b] = entries[i].stamp;
	}
	nr_entries = 0;
}

/* One command of 20 is a flush, two are discards, two zeroes, the others writes. */
static void do_command(int fd)
{
	struct entry *e = &entries[nr_entries];
	unsigned int kind = draw() % 20;

	if (!kind) {
		do_flush(fd);
		return;
	}
	e->nr = 1 + draw() % MAX_LEN;
	e->first = draw() % (BLOCKS - e->nr + 1);
	e->durable = kind < 5;
	e->stamp = e->durable ? 0 : ++last_stamp;
	fill(e->stamp, e->nr);
	if (kind < 3)
		do_zero(fd, e, BLKDISCARD);
	else if (kind < 5)
		do_zero(fd, e, BLKZEROOUT);
	else if (pwrite(fd, buffer, (size_t)e->nr * block,
			(off_t)e->first * block) != (ssize_t)e->nr * block)
		die("write");
	nr_entries++;
}

static void read_state(const char *dev, uint64_t *found)
{
	size_t words = block / sizeof(uint64_t), i;
	int fd = disk_open(dev, O_RDONLY);
	unsigned int b;

	if (pread(fd, buffer, (size_t)BLOCKS * block, 0) != (ssize_t)BLOCKS * block)
		die("read");
	close(fd);
	for (b = 0; b < BLOCKS; b++) {
		uint64_t *data = (uint64_t *)(buffer + (size_t)b * block);

		for (i = 1; i < words; i++) {
			if (data[i] != data[0]) {
				fprintf(stderr, "block %u is torn\n", b);
				exit(1);
			}
		}
		found[b] = data[0];
	}
}

static bool covers(const struct entry *e, unsigned int b)
{
	return b >= e->first && b < e->first + e->nr;
}

/*
 * May block @b be @value, if the first @nr writes survive, and the one after them in
 * part if @torn?
 */
static bool may_be(unsigned int b, uint64_t value, unsigned int nr, bool torn)
{
	bool found = base[b] == value;
	unsigned int i, write = 0;

	for (i = 0; i < nr_entries; i++) {
		const struct entry *e = &entries[i];

		if (covers(e, b)) {
			if (e->durable || write < nr)
				found = e->stamp == value;
			else if (torn && write == nr)
				found |= e->stamp == value;
		}
		write += !e->durable;
	}
	return found;
}

static unsigned int nr_writes(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < nr_entries; i++)
		nr += !entries[i].durable;
	return nr;
}

static bool is_prefix(const uint64_t *found, unsigned int nr, bool torn)
{
	unsigned int b;

	for (b = 0; b < BLOCKS; b++) {
		if (!may_be(b, found[b], nr, torn))
			return false;
	}
	return true;
}

static bool is_some_prefix(const uint64_t *found, bool torn)
{
	unsigned int nr, all = nr_writes();

	for (nr = 0; nr <= all; nr++) {
		if (is_prefix(found, nr, torn)) {
			if (!torn)
				prefix_seen[nr] = true;
			return true;
		}
	}
	return false;
}

/* The index of the last entry that block @b may have its value from, or -1 for none. */
static int origin(unsigned int b, uint64_t value)
{
	int i;

	for (i = nr_entries - 1; i >= 0; i--) {
		if (covers(&entries[i], b) && entries[i].stamp == value)
			return i;
		if (covers(&entries[i], b) && entries[i].durable)
			return -2;
	}
	return base[b] == value ? -1 : -2;
}

/* Any version since the last flush; of whole writes, if @whole. */
static bool is_mixture(const uint64_t *found, bool whole)
{
	unsigned int b, c;
	int from;

	for (b = 0; b < BLOCKS; b++) {
		from = origin(b, found[b]);
		if (from == -2)
			return false;
		if (from < 0 || !whole || entries[from].durable)
			continue;
		/* The write survived: each block has it, or what came later. */
		for (c = 0; c < BLOCKS; c++) {
			if (covers(&entries[from], c) && origin(c, found[c]) < from)
				return false;
		}
	}
	return true;
}

static bool is_possible(const uint64_t *found, enum policy policy)
{
	switch (policy) {
	case LOST:
		return is_prefix(found, 0, false);
	case KEPT:
		return is_prefix(found, nr_writes(), false);
	case PREFIX:
		return is_some_prefix(found, false);
	case TORN:
		return is_some_prefix(found, true);
	default:
		return is_mixture(found, policy == SUBSET);
	}
}

static void print_difference(const uint64_t *found)
{
	unsigned int i, b;

	for (i = 0; i < nr_entries; i++)
		fprintf(stderr, "  %u+%u: %llu%s\n", entries[i].first, entries[i].nr,
			(unsigned long long)entries[i].stamp,
			entries[i].durable ? ", durable" : "");
	for (b = 0; b < BLOCKS; b++)
		fprintf(stderr, "  block %u: %llu, durable before %llu\n", b,
			(unsigned long long)found[b], (unsigned long long)base[b]);
}

/* Makes STATE what the cut would leave, and reads it. */
static void take_state(const char *cut, uint64_t *found)
{
	char text[128];

	snprintf(text, sizeof(text), "%s %s", disk, cut);
	attr(state, "crash_state", text);
	attr(state, "power", "1");
	read_state(state, found);
	attr(state, "power", "0");
}

static void check_policy(enum policy policy, uint64_t number, bool really)
{
	uint64_t found[BLOCKS], after[BLOCKS];
	char cut[64];

	snprintf(cut, sizeof(cut), "%s %llu", policies[policy],
		 (unsigned long long)number);
	take_state(cut, found);
	if (!is_possible(found, policy)) {
		fprintf(stderr, "%s: not possible\n", cut);
		print_difference(found);
		exit(1);
	}
	if (!really)
		return;
	attr(disk, "power_cut", cut);
	attr(disk, "power", "1");
	read_state(disk, after);
	if (memcmp(found, after, sizeof(found))) {
		fprintf(stderr, "%s: the cut left something else\n", cut);
		print_difference(after);
		exit(1);
	}
	memcpy(base, after, sizeof(base));
	nr_entries = 0;
}

static void run_history(void)
{
	unsigned int nr = draw() % MAX_ENTRIES, i;
	int fd = disk_open(disk, O_RDWR);

	for (i = 0; i < nr; i++)
		do_command(fd);
	for (i = 0; i < NR_POLICIES; i++)
		check_policy(i, draw(), false);
	close(fd);
	check_policy(draw() % NR_POLICIES, draw(), true);
}

int main(int argc, char **argv)
{
	unsigned int histories, i, nr_seen = 0;

	if (argc != 7) {
		fprintf(stderr, "usage: powercut ROOT DISK STATE BLOCK HISTORIES SEED\n");
		return 2;
	}
	root = argv[1];
	disk = argv[2];
	state = argv[3];
	block = atoi(argv[4]);
	histories = atoi(argv[5]);
	seed = strtoull(argv[6], NULL, 0);
	buffer = buffer_new((size_t)BLOCKS * MAX_BLOCK);
	for (i = 0; i < histories; i++)
		run_history();
	for (i = 0; i <= MAX_ENTRIES; i++)
		nr_seen += prefix_seen[i];
	/* There are some hundred writes; a policy that spares none would be all-lost. */
	if (nr_seen < 2) {
		fprintf(stderr, "prefixes of %u lengths only\n", nr_seen);
		return 1;
	}
	printf("%u histories of blocks of %u bytes, prefixes of %u lengths\n",
	       histories, block, nr_seen);
	return 0;
}
