// SPDX-License-Identifier: GPL-2.0
/*
 * passthru-load DEVICE IOS DEPTH SPAN_BLOCKS [fixed]
 *
 * Reads 4 KiB at random by commands of io_uring (NVME_URING_CMD_IO) on the character
 * device of a namespace with blocks of 512 bytes, DEPTH at a time: as many as ended are
 * sent again by one system call. Prints the nanoseconds of an I/O. With "fixed", its
 * buffers are registered.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <linux/io_uring.h>
#include <linux/nvme_ioctl.h>

#ifndef IORING_URING_CMD_FIXED
#define IORING_URING_CMD_FIXED	1
#endif

#define BYTES		4096
#define SQE_BYTES	128
#define CQE_BYTES	32
#define MOST		1024	/* depth */

static struct io_uring_params params = {
	.flags = IORING_SETUP_SQE128 | IORING_SETUP_CQE32,
};
static unsigned char *rings, *sqes, *buffers;
static int ring, device, fixed;
static unsigned long long span, state = 88172645463325252ULL;

static void die(const char *what)
{
	fprintf(stderr, "passthru-load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static unsigned int *word(unsigned int at) { return (unsigned int *)(rings + at); }

/* Marsaglia's xorshift */
static unsigned long long chance(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void open_ring(unsigned int depth)
{
	struct iovec iov = { .iov_len = (size_t)depth * BYTES };

	ring = syscall(__NR_io_uring_setup, depth, &params);
	if (ring < 0)
		die("io_uring_setup");
	rings = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		     IORING_OFF_SQ_RING);
	sqes = mmap(NULL, (size_t)params.sq_entries * SQE_BYTES, PROT_READ | PROT_WRITE,
		    MAP_SHARED, ring, IORING_OFF_SQES);
	buffers = mmap(NULL, iov.iov_len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (rings == MAP_FAILED || sqes == MAP_FAILED || buffers == MAP_FAILED)
		die("mmap");
	iov.iov_base = buffers;
	if (fixed && syscall(__NR_io_uring_register, ring, IORING_REGISTER_BUFFERS, &iov, 1))
		die("register");
}

/* Puts a read into the ring, whose buffer is the one with that number. */
static void put(unsigned int nr, unsigned int nsid)
{
	unsigned int tail = *word(params.sq_off.tail);
	unsigned int slot = tail & *word(params.sq_off.ring_mask);
	struct io_uring_sqe *sqe = (void *)(sqes + slot * SQE_BYTES);
	struct nvme_uring_cmd *cmd = (void *)sqe->cmd;
	unsigned long long lba = chance() % (span / 8) * 8;

	memset(sqe, 0, SQE_BYTES);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = device;
	sqe->cmd_op = NVME_URING_CMD_IO;
	sqe->user_data = nr;
	if (fixed)
		sqe->rw_flags = IORING_URING_CMD_FIXED;
	cmd->opcode = 2;
	cmd->nsid = nsid;
	cmd->addr = (unsigned long)(buffers + (size_t)nr * BYTES);
	cmd->data_len = BYTES;
	cmd->cdw10 = lba;
	cmd->cdw11 = lba >> 32;
	cmd->cdw12 = BYTES / 512 - 1;
	word(params.sq_off.array)[slot] = slot;
	__atomic_store_n(word(params.sq_off.tail), tail + 1, __ATOMIC_RELEASE);
}

/* Takes what ended; the numbers of their buffers are in @free. Returns how many. */
static unsigned int take(unsigned int *free)
{
	unsigned int head = *word(params.cq_off.head), nr = 0;
	const struct io_uring_cqe *cqe;

	while (__atomic_load_n(word(params.cq_off.tail), __ATOMIC_ACQUIRE) != head) {
		cqe = (void *)(rings + params.cq_off.cqes +
			       (head & *word(params.cq_off.ring_mask)) * CQE_BYTES);
		if (cqe->res) {
			errno = cqe->res < 0 ? -cqe->res : EIO;
			die("read");
		}
		free[nr++] = cqe->user_data;
		head++;
	}
	__atomic_store_n(word(params.cq_off.head), head, __ATOMIC_RELEASE);
	return nr;
}

static void run(unsigned long ios, unsigned int depth, unsigned int nsid)
{
	unsigned int free[MOST], nr_free = depth, nr, sent;
	unsigned long begun = 0, ended = 0;

	for (nr = 0; nr < depth; nr++)
		free[nr] = nr;
	while (ended < ios) {
		for (sent = 0; sent < nr_free && begun < ios; sent++, begun++)
			put(free[sent], nsid);
		if (syscall(__NR_io_uring_enter, ring, sent, 1, IORING_ENTER_GETEVENTS, NULL,
			    0) < 0 && errno != EINTR)
			die("io_uring_enter");
		nr_free = take(free);
		ended += nr_free;
	}
}

static unsigned long long now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

int main(int argc, char **argv)
{
	unsigned long long begin;
	unsigned long ios;
	unsigned int depth;
	int nsid;

	if (argc < 5)
		return 2;
	ios = strtoul(argv[2], NULL, 0);
	depth = strtoul(argv[3], NULL, 0);
	span = strtoull(argv[4], NULL, 0);
	fixed = argc > 5 && !strcmp(argv[5], "fixed");
	if (!ios || !depth || depth > MOST || span < 8)
		return 2;
	device = open(argv[1], O_RDONLY);
	if (device < 0)
		die(argv[1]);
	nsid = ioctl(device, NVME_IOCTL_ID);
	if (nsid < 0)
		die("NVME_IOCTL_ID");
	open_ring(depth);
	run(ios / 10 + 1, depth, nsid);
	begin = now_ns();
	run(ios, depth, nsid);
	printf("%.0f\n", (double)(now_ns() - begin) / ios);
	return 0;
}
