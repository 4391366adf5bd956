/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A ring of io_uring for one command at a time, by plain system calls: no library is
 * needed where the tests run.
 */
#ifndef _URING_H
#define _URING_H

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/io_uring.h>

#ifndef IORING_URING_CMD_FIXED
#define IORING_URING_CMD_FIXED	1
#endif

struct uring {
	struct io_uring_params params;
	unsigned char *rings, *sqes;
	unsigned int sqe_bytes, cqe_bytes;
	unsigned long long ended;
	int fd;
};

static inline unsigned int *uring_word(const struct uring *ring, unsigned int at)
{
	return (unsigned int *)(ring->rings + at);
}

/*
 * io_uring_setup() as a program of 32 bits calls it, whose ring this is from then on.
 * Returns a file descriptor, or -1 and errno.
 */
static int uring_setup32(unsigned int entries, struct io_uring_params *params)
{
#ifdef __x86_64__
	struct io_uring_params *low;
	int ret;

	low = mmap(NULL, sizeof(*low), PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (low == MAP_FAILED)
		return -1;
	*low = *params;
	asm volatile("int $0x80" : "=a" (ret)
		     : "a" (__NR_io_uring_setup), "b" (entries), "c" (low)
		     : "memory", "r8", "r9", "r10", "r11");
	*params = *low;
	if (ret >= 0)
		return ret;
	errno = -ret;
#else
	errno = EOPNOTSUPP;
#endif
	return -1;
}

/* Returns 0, or -1 and errno. @flags are IORING_SETUP_*. */
static int uring_open(struct uring *ring, unsigned int flags, int compat)
{
	const int prot = PROT_READ | PROT_WRITE;

	memset(ring, 0, sizeof(*ring));
	ring->params.flags = flags;
	ring->sqe_bytes = flags & IORING_SETUP_SQE128 ? 128 : 64;
	ring->cqe_bytes = flags & IORING_SETUP_CQE32 ? 32 : 16;
	ring->fd = compat ? uring_setup32(4, &ring->params) :
			    syscall(__NR_io_uring_setup, 4, &ring->params);
	if (ring->fd < 0)
		return -1;
	ring->rings = mmap(NULL, 1 << 16, prot, MAP_SHARED, ring->fd,
			   IORING_OFF_SQ_RING);
	ring->sqes = mmap(NULL, 4 * ring->sqe_bytes, prot, MAP_SHARED, ring->fd,
			  IORING_OFF_SQES);
	return ring->rings == MAP_FAILED || ring->sqes == MAP_FAILED ? -1 : 0;
}

static int uring_register(struct uring *ring, void *addr, size_t bytes)
{
	const struct iovec iov = { .iov_base = addr, .iov_len = bytes };

	return syscall(__NR_io_uring_register, ring->fd, IORING_REGISTER_BUFFERS,
		       &iov, 1);
}

/*
 * Sends the @op of the file @fd, whose @bytes are @cmd. Returns 0, or -errno: then there
 * will be no completion.
 */
static int uring_send(struct uring *ring, int fd, unsigned int op, const void *cmd,
		      size_t bytes, int fixed)
{
	const struct io_sqring_offsets *sq = &ring->params.sq_off;
	unsigned int tail = *uring_word(ring, sq->tail);
	unsigned int slot = tail & *uring_word(ring, sq->ring_mask);
	struct io_uring_sqe *sqe = (void *)(ring->sqes + slot * ring->sqe_bytes);

	memset(sqe, 0, ring->sqe_bytes);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = op;
	sqe->user_data = tail;
	if (fixed)
		sqe->rw_flags = IORING_URING_CMD_FIXED;
	if (bytes > ring->sqe_bytes - offsetof(struct io_uring_sqe, cmd))
		bytes = ring->sqe_bytes - offsetof(struct io_uring_sqe, cmd);
	memcpy(sqe->cmd, cmd, bytes);
	uring_word(ring, sq->array)[slot] = slot;
	__atomic_store_n(uring_word(ring, sq->tail), tail + 1, __ATOMIC_RELEASE);
	if (syscall(__NR_io_uring_enter, ring->fd, 1, 0, 0, NULL, 0) < 0)
		return -errno;
	return 0;
}

/*
 * Waits for the end of a command. Returns what the completion says, or -errno; @result is
 * its second part. &uring.ended says which command it was, counted from 0.
 */
static int uring_wait(struct uring *ring, unsigned long long *result)
{
	const struct io_cqring_offsets *cq = &ring->params.cq_off;
	unsigned int head = *uring_word(ring, cq->head);
	struct io_uring_cqe *cqe;
	unsigned int slot;
	int ret;

	while (__atomic_load_n(uring_word(ring, cq->tail), __ATOMIC_ACQUIRE) == head)
		if (syscall(__NR_io_uring_enter, ring->fd, 0, 1,
			    IORING_ENTER_GETEVENTS, NULL, 0) < 0 && errno != EINTR)
			return -errno;
	slot = head & *uring_word(ring, cq->ring_mask);
	cqe = (void *)(ring->rings + cq->cqes + slot * ring->cqe_bytes);
	ret = cqe->res;
	ring->ended = cqe->user_data;
	*result = ring->cqe_bytes == 32 ? *(unsigned long long *)(cqe + 1) : 0;
	__atomic_store_n(uring_word(ring, cq->head), head + 1, __ATOMIC_RELEASE);
	return ret;
}

#endif /* _URING_H */
