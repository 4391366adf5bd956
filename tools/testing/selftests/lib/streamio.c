// SPDX-License-Identifier: GPL-2.0
/*
 * streamio - write to a disk in streams
 *
 * usage: streamio [-h HINT] DISK STREAM OFFSET BYTES [BLOCK]
 *
 * Writes what stdin has to BYTES from OFFSET on, by io_uring, past the page cache, in pieces
 * of BLOCK bytes (4096), a round of up to 16 at a time, in STREAM. With -h, the file has
 * that hint of how long its data lives (F_SET_RW_HINT).
 *
 * Prints the name of the error, and exits with 1, if there is one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/io_uring.h>

#ifndef F_SET_RW_HINT
#define F_SET_RW_HINT	1036
#endif

#define DEPTH		16
/* Where an entry has the stream; headers may be older than that. */
#define STREAM_AT	44

static unsigned char *rings;
static struct io_uring_sqe *sqes;
static struct io_uring_params params;
static int ring_fd;

static void fail(const char *what)
{
	if (what)
		fprintf(stderr, "%s: ", what);
	printf("%s\n", strerrorname_np(errno));
	exit(1);
}

static unsigned int *word(unsigned int at)
{
	return (unsigned int *)(rings + at);
}

static void open_ring(void)
{
	const int prot = PROT_READ | PROT_WRITE;

	ring_fd = syscall(__NR_io_uring_setup, DEPTH, &params);
	if (ring_fd < 0)
		fail("io_uring_setup");
	rings = mmap(NULL, 1 << 16, prot, MAP_SHARED, ring_fd, IORING_OFF_SQ_RING);
	sqes = mmap(NULL, DEPTH * sizeof(*sqes), prot, MAP_SHARED, ring_fd, IORING_OFF_SQES);
	if (rings == MAP_FAILED || sqes == MAP_FAILED)
		fail("mmap");
}

static void push(int fd, unsigned char stream, const void *data, unsigned int bytes,
		 unsigned long long offset)
{
	unsigned int tail = *word(params.sq_off.tail);
	unsigned int slot = tail & *word(params.sq_off.ring_mask);
	struct io_uring_sqe *sqe = &sqes[slot];

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_WRITE;
	sqe->fd = fd;
	sqe->addr = (unsigned long)data;
	sqe->len = bytes;
	sqe->off = offset;
	((unsigned char *)sqe)[STREAM_AT] = stream;
	word(params.sq_off.array)[slot] = slot;
	__atomic_store_n(word(params.sq_off.tail), tail + 1, __ATOMIC_RELEASE);
}

/* Sends @nr entries and waits for their ends, each of which must have written @bytes. */
static void run(unsigned int nr, unsigned int bytes)
{
	const struct io_uring_cqe *cqes = (void *)(rings + params.cq_off.cqes);
	unsigned int head, i;
	int res, bad = 0;

	if (syscall(__NR_io_uring_enter, ring_fd, nr, nr, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		fail("io_uring_enter");
	head = *word(params.cq_off.head);
	for (i = 0; i < nr; i++, head++) {
		while (__atomic_load_n(word(params.cq_off.tail), __ATOMIC_ACQUIRE) == head)
			if (syscall(__NR_io_uring_enter, ring_fd, 0, 1, IORING_ENTER_GETEVENTS,
				    NULL, 0) < 0 && errno != EINTR)
				fail("io_uring_enter");
		res = cqes[head & *word(params.cq_off.ring_mask)].res;
		if (res != (int)bytes && !bad)
			bad = res < 0 ? -res : EIO;
	}
	__atomic_store_n(word(params.cq_off.head), head, __ATOMIC_RELEASE);
	if (bad) {
		errno = bad;
		fail(NULL);
	}
}

int main(int argc, char **argv)
{
	unsigned long long offset, bytes, hint = 0, at;
	unsigned int block = 4096, stream, nr = 0;
	unsigned char *data;
	int fd, opt;

	while ((opt = getopt(argc, argv, "h:")) == 'h')
		hint = strtoull(optarg, NULL, 0);
	if (opt != -1 || argc - optind < 4) {
		fprintf(stderr, "usage: streamio [-h HINT] DISK STREAM OFFSET BYTES [BLOCK]\n");
		return 2;
	}
	argv += optind;
	stream = strtoul(argv[1], NULL, 0);
	offset = strtoull(argv[2], NULL, 0);
	bytes = strtoull(argv[3], NULL, 0);
	if (argv[4])
		block = strtoul(argv[4], NULL, 0);
	data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED)
		fail("mmap");
	if (fread(data, 1, bytes, stdin) != bytes) {
		errno = ENODATA;
		fail("stdin");
	}
	fd = open(argv[0], O_WRONLY | O_DIRECT);
	if (fd < 0)
		fail(argv[0]);
	if (hint && fcntl(fd, F_SET_RW_HINT, &hint))
		fail("F_SET_RW_HINT");
	open_ring();
	for (at = 0; at + block <= bytes; at += block) {
		push(fd, stream, data + at, block, offset + at);
		if (++nr < DEPTH)
			continue;
		run(nr, block);
		nr = 0;
	}
	if (nr)
		run(nr, block);
	return 0;
}
