// SPDX-License-Identifier: GPL-2.0
/*
 * unpolled - a polled read that nobody polls for
 *
 * usage: unpolled DEVICE SECONDS
 *
 * Submits one read to a ring set up for polling, waits, and only then asks for
 * the result. Prints the errno it ended with, or 0.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static void *map(int ring, off_t what, size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
			    ring, what);

	if (memory == MAP_FAILED)
		die("mmap");
	return memory;
}

int main(int argc, char **argv)
{
	struct io_uring_params params = { .flags = IORING_SETUP_IOPOLL };
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	char *sq, *cq;
	void *data;
	int fd, ring;

	if (argc < 3)
		return 2;
	fd = open(argv[1], O_RDONLY | O_DIRECT);
	if (fd < 0)
		die(argv[1]);
	ring = syscall(SYS_io_uring_setup, 1, &params);
	if (ring < 0)
		die("io_uring_setup");
	if (posix_memalign(&data, 4096, 4096))
		die("memory");
	sqe = map(ring, IORING_OFF_SQES, sizeof(*sqe));
	sq = map(ring, IORING_OFF_SQ_RING, 4096);
	cq = map(ring, IORING_OFF_CQ_RING, 4096);

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_READ;
	sqe->fd = fd;
	sqe->addr = (uintptr_t)data;
	sqe->len = 4096;
	*(unsigned int *)(sq + params.sq_off.array) = 0;
	__atomic_store_n((unsigned int *)(sq + params.sq_off.tail), 1,
			 __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 0, 0, NULL, 0) != 1)
		die("submit");
	sleep(atoi(argv[2]));
	if (syscall(SYS_io_uring_enter, ring, 0, 1, IORING_ENTER_GETEVENTS,
		    NULL, 0) < 0)
		die("wait");
	cqe = (void *)(cq + params.cq_off.cqes);
	if (!__atomic_load_n((unsigned int *)(cq + params.cq_off.tail),
			     __ATOMIC_ACQUIRE))
		die("no result");
	printf("%s\n", cqe->res < 0 ? strerrorname_np(-cqe->res) : "0");
	return 0;
}
