// SPDX-License-Identifier: GPL-2.0
/*
 * snaprace - is a snapshot of a busy disk one that may be?
 *
 * usage: snaprace ROOT DISK CLONE BLOCK THREADS ROUNDS
 *
 * ROOT is null_blk_c's directory in configfs, DISK a powered device in it with blocks of
 * BLOCK bytes, whose first blocks are zeroes, CLONE another one, which is off. THREADS
 * write to DISK all the time, each to blocks of its own, which share units with those of
 * the others, and one block at a time: with the number of its write. Meanwhile snapshots are
 * taken, ROUNDS of them. Each of them is cloned, read twice, and must have for each thread
 * what a first part of its writes leaves: all that had ended before the snapshot, and none
 * that began afterwards. In the end, the disk must have the last write to each block.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "snap.h"

#define BLOCKS		32	/* of each thread */
#define MAX_THREADS	16
#define MAX_WRITES	(1 << 22)

struct writer {
	unsigned int number;
	unsigned int seed;
	pthread_t thread;
	char *buffer;
	unsigned char *target;		/* which block each write went to */
	_Atomic uint32_t begun;
	_Atomic uint32_t ended;
};

static struct writer writers[MAX_THREADS];
static const char *disk, *clone_name;
static unsigned int block, threads;
static _Atomic bool stop;
static long worst_ns;
static int fd;

/* Neighbours in a unit belong to others. */
static unsigned int disk_block(const struct writer *w, unsigned int nr)
{
	return nr * threads + w->number;
}

static void write_one(struct writer *w, uint32_t number)
{
	unsigned int nr = rand_r(&w->seed) % BLOCKS, i;
	uint32_t *words = (uint32_t *)w->buffer;

	for (i = 0; i < block / sizeof(*words); i++)
		words[i] = number;
	w->target[number] = nr;
	atomic_store(&w->begun, number);
	if (pwrite(fd, w->buffer, block, (off_t)disk_block(w, nr) * block) != block)
		die("write");
	atomic_store(&w->ended, number);
}

static void *write_all(void *data)
{
	struct writer *w = data;
	uint32_t number;

	for (number = 1; number < MAX_WRITES && !atomic_load(&stop); number++)
		write_one(w, number);
	return NULL;
}

/* What a block of the thread has: one number, or the program ends. */
static uint32_t number_of(const char *data, const struct writer *w, unsigned int nr)
{
	const uint32_t *words = (const uint32_t *)(data + (size_t)disk_block(w, nr) * block);
	unsigned int i;

	for (i = 1; i < block / sizeof(*words); i++) {
		if (words[i] == words[0])
			continue;
		fprintf(stderr, "thread %u, block %u is torn: %u and %u\n", w->number, nr,
			words[0], words[i]);
		exit(1);
	}
	return words[0];
}

/* Is it what the writes up to one of @least to @most leave? */
static void check_writer(const char *data, const struct writer *w, uint32_t least,
			 uint32_t most, const char *what)
{
	uint32_t has[BLOCKS], wants[BLOCKS] = { 0 }, last = 0, number;
	unsigned int nr;

	for (nr = 0; nr < BLOCKS; nr++) {
		has[nr] = number_of(data, w, nr);
		if (has[nr] > last)
			last = has[nr];
	}
	if (last < least)
		last = least;
	for (number = 1; number <= last; number++)
		wants[w->target[number]] = number;
	for (nr = 0; nr < BLOCKS; nr++) {
		if (has[nr] == wants[nr] && last <= most)
			continue;
		fprintf(stderr, "%s: thread %u, block %u: write %u is there and not %u; %u to %u may be the last, %u is\n",
			what, w->number, nr, has[nr], wants[nr], least, most, last);
		exit(1);
	}
}

static void read_all(int file, char *data)
{
	ssize_t bytes = (ssize_t)BLOCKS * threads * block;

	if (pread(file, data, bytes, 0) != bytes)
		die("read");
}

static void take(const char *name)
{
	struct timespec begin, end;
	long ns;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	attr(disk, "snapshot", name);
	clock_gettime(CLOCK_MONOTONIC, &end);
	ns = (end.tv_sec - begin.tv_sec) * 1000000000L + end.tv_nsec - begin.tv_nsec;
	if (ns > worst_ns)
		worst_ns = ns;
}

static void round_once(unsigned int round, char *first, char *second)
{
	uint32_t least[MAX_THREADS], most[MAX_THREADS];
	char name[16], origin[64];
	unsigned int i;
	int file;

	snprintf(name, sizeof(name), "r%u", round);
	snprintf(origin, sizeof(origin), "%s/%s", disk, name);
	for (i = 0; i < threads; i++)
		least[i] = atomic_load(&writers[i].ended);
	take(name);
	for (i = 0; i < threads; i++)
		most[i] = atomic_load(&writers[i].begun);
	attr(clone_name, "origin", origin);
	attr(clone_name, "power", "1");
	file = disk_open(clone_name, O_RDONLY);
	read_all(file, first);
	for (i = 0; i < threads; i++)
		check_writer(first, &writers[i], least[i], most[i], name);
	usleep(rand() % 2000);
	read_all(file, second);
	if (memcmp(first, second, (size_t)BLOCKS * threads * block)) {
		fprintf(stderr, "%s: the snapshot has changed\n", name);
		exit(1);
	}
	close(file);
	attr(clone_name, "power", "0");
	/* Some stay for a while, so that there are several layers. */
	if (round >= 5) {
		snprintf(name, sizeof(name), "r%u", round - 5);
		attr(disk, "snapshot_drop", name);
	}
}

static void start(struct writer *w, unsigned int number)
{
	w->number = number;
	w->seed = number + 1;
	w->buffer = buffer_new(block);
	w->target = malloc(MAX_WRITES);
	if (!w->target || pthread_create(&w->thread, NULL, write_all, w))
		die("thread");
}

int main(int argc, char **argv)
{
	unsigned int rounds, i;
	char *first, *second;

	if (argc != 7)
		return 2;
	root = argv[1];
	disk = argv[2];
	clone_name = argv[3];
	block = atoi(argv[4]);
	threads = atoi(argv[5]);
	rounds = atoi(argv[6]);
	if (!threads || threads > MAX_THREADS)
		return 2;
	fd = disk_open(disk, O_RDWR);
	first = buffer_new((size_t)BLOCKS * threads * block);
	second = buffer_new((size_t)BLOCKS * threads * block);
	for (i = 0; i < threads; i++)
		start(&writers[i], i);
	for (i = 0; i < rounds; i++)
		round_once(i, first, second);
	atomic_store(&stop, true);
	for (i = 0; i < threads; i++)
		pthread_join(writers[i].thread, NULL);
	read_all(fd, first);
	for (i = 0; i < threads; i++)
		check_writer(first, &writers[i], writers[i].ended, writers[i].ended,
			     "the disk");
	printf("the longest snapshot: %ld us; %u writes of thread 0\n", worst_ns / 1000,
	       writers[0].ended);
	return 0;
}
