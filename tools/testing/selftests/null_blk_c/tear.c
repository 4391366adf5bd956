// SPDX-License-Identifier: GPL-2.0
/*
 * tear - readers race writers on the first block of a disk
 *
 * usage: tear DEVICE SECONDS [discard | atomic BYTES | plain BYTES]
 *
 * Every write fills the block with one byte value, so a read that sees two
 * values saw parts of two writes. With atomic, so many bytes are written with
 * RWF_ATOMIC, and with plain, without. Buffers of blocks lie two bytes off, which makes two
 * segments of those that cross a page. Prints the number of reads, and of those
 * that differ from the read before: a race that never happens shows nothing, so
 * it goes on for up to ten times as long until one was seen. Every thread rests
 * at random, because threads that share one CPU may otherwise take turns in an
 * order in which the readers always come right after the discarder.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#ifndef RWF_ATOMIC
#define RWF_ATOMIC	0x40
#endif

#define NR_WRITERS	2
#define NR_READERS	2
#define MAX_RUN		64
#define MAX_REST_US	500

static const char *device;
static unsigned int block;
static time_t end, deadline;
static int fd, flags;
static unsigned long reads, changes, torn;

static void die(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", device, what, strerror(errno));
	exit(1);
}

/* What a thread does before it rests again. */
struct turn {
	unsigned int seed, left;
};

static unsigned char *buffer(void)
{
	void *memory;

	if (posix_memalign(&memory, 4096, block + 4096))
		die("memory");
	if (block > 4096)
		return memory;
	return (unsigned char *)memory + 4096 - block / 2 + 2;
}

static bool goes_on(struct turn *turn)
{
	time_t now = time(NULL);

	if (!turn->left--) {
		turn->left = rand_r(&turn->seed) % MAX_RUN;
		usleep(rand_r(&turn->seed) % MAX_REST_US);
	}
	if (__atomic_load_n(&changes, __ATOMIC_RELAXED))
		return now < end;
	return now < deadline;
}

static void put(unsigned char *data, unsigned char value)
{
	struct iovec part = { .iov_base = data, .iov_len = block };

	memset(data, value, block);
	if (pwritev2(fd, &part, 1, 0, flags) != block)
		die("write");
}

static void *run_writer(void *arg)
{
	struct turn turn = { .seed = (uintptr_t)arg };
	unsigned char *data = buffer(), value = turn.seed;

	while (goes_on(&turn))
		put(data, value += NR_WRITERS);
	return NULL;
}

static void *run_discarder(void *arg)
{
	struct turn turn = { .seed = (uintptr_t)arg };
	uint64_t range[2] = { 0, block };

	while (goes_on(&turn))
		if (ioctl(fd, BLKDISCARD, range))
			die("discard");
	return NULL;
}

static void *run_reader(void *arg)
{
	struct turn turn = { .seed = (uintptr_t)arg };
	unsigned char *data = buffer(), last = 0;

	while (goes_on(&turn)) {
		if (pread(fd, data, block, 0) != block)
			die("read");
		__atomic_fetch_add(&reads, 1, __ATOMIC_RELAXED);
		if (data[0] != last)
			__atomic_fetch_add(&changes, 1, __ATOMIC_RELAXED);
		if (memcmp(data, data + 1, block - 1))
			__atomic_fetch_add(&torn, 1, __ATOMIC_RELAXED);
		last = data[0];
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[NR_WRITERS + NR_READERS + 1];
	uintptr_t i, nr = 0;

	if (argc < 3)
		return 2;
	device = argv[1];
	end = time(NULL) + atoi(argv[2]);
	deadline = time(NULL) + 10 * atoi(argv[2]);
	fd = open(device, O_RDWR | O_DIRECT);
	if (fd < 0 || ioctl(fd, BLKSSZGET, &block))
		die("open");
	if (argc > 4) {
		block = atoi(argv[4]);
		flags = !strcmp(argv[3], "atomic") ? RWF_ATOMIC : 0;
	}
	/* A reader may be the first, and what was there before may be of several writes. */
	put(buffer(), 0);
	for (i = 0; i < NR_WRITERS; i++)
		pthread_create(&threads[nr++], NULL, run_writer, (void *)i);
	for (; i < NR_WRITERS + NR_READERS; i++)
		pthread_create(&threads[nr++], NULL, run_reader, (void *)i);
	if (argc == 4)
		pthread_create(&threads[nr++], NULL, run_discarder, (void *)i);
	while (nr)
		pthread_join(threads[--nr], NULL);
	printf("%lu reads, %lu changes, %lu torn\n", reads, changes, torn);
	return torn || !changes;
}
