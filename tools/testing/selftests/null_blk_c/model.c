// SPDX-License-Identifier: GPL-2.0
/*
 * model - random operations on a disk, checked against a copy in memory
 *
 * usage: model DEVICE OPERATIONS SECONDS [THREADS [KIB]]
 *
 * OPERATIONS is a set of letters: r read, w write, d discard, z write zeroes,
 * p punch a hole. The first KIB (default 1024) of the disk must read as zeroes
 * at the start. Buffers begin at odd multiples of two bytes and are vectors of
 * several pieces. Everything around the buffer of a read must stay untouched.
 *
 * With several THREADS, every thread owns the blocks whose number modulo THREADS
 * is its own, so that neighbours in a page belong to others. Operations are one
 * block long then.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define MAX_BLOCKS	64	/* of an operation */
#define MAX_PIECES	16
#define LEAST_OPS	50	/* of a thread, however slow the machine */
#define GUARD		0xa5

struct lane {
	unsigned int number;
	unsigned int seed;
	unsigned char *model;	/* this lane's blocks, one after the other */
	unsigned char *arena;	/* where pieces of buffers lie */
	struct iovec pieces[MAX_PIECES];
	int nr_pieces;
	unsigned long done;
	pthread_t thread;
};

static const char *device, *operations;
static unsigned int block, nr_lanes, lane_blocks;
static size_t arena_bytes;
static time_t end;
static int fd;

static void die(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", device, what, strerror(errno));
	exit(1);
}

static unsigned int below(struct lane *lane, unsigned int limit)
{
	return rand_r(&lane->seed) % limit;
}

/* Where block @first of the lane is on the disk. */
static off_t disk_pos(const struct lane *lane, unsigned int first)
{
	return ((off_t)first * nr_lanes + lane->number) * block;
}

/* Cuts @len bytes into pieces of whole blocks with odd gaps between them. */
static void make_pieces(struct lane *lane, unsigned int len)
{
	unsigned char *at = lane->arena;

	lane->nr_pieces = 0;
	while (len) {
		unsigned int part = (1 + below(lane, len / block)) * block;

		if (lane->nr_pieces == MAX_PIECES - 1)
			part = len;
		at += 2 * (1 + below(lane, 2048));
		lane->pieces[lane->nr_pieces].iov_base = at;
		lane->pieces[lane->nr_pieces++].iov_len = part;
		at += part;
		len -= part;
	}
}

static void check_read(struct lane *lane, unsigned int first)
{
	unsigned char *model = lane->model + (size_t)first * block;
	int i;

	for (i = 0; i < lane->nr_pieces; i++) {
		struct iovec *piece = &lane->pieces[i];

		if (memcmp(piece->iov_base, model, piece->iov_len)) {
			fprintf(stderr, "%s: wrong data in piece %d of the read at %lld, operation %lu of lane %u\n",
				device, i, (long long)disk_pos(lane, first),
				lane->done, lane->number);
			exit(1);
		}
		model += piece->iov_len;
		memset(piece->iov_base, GUARD, piece->iov_len);
	}
	for (size_t j = 0; j < arena_bytes; j++) {
		if (lane->arena[j] == GUARD)
			continue;
		fprintf(stderr, "%s: a read wrote outside of its buffer\n",
			device);
		exit(1);
	}
}

static void do_read(struct lane *lane, unsigned int first, unsigned int len)
{
	memset(lane->arena, GUARD, arena_bytes);
	if (preadv(fd, lane->pieces, lane->nr_pieces,
		   disk_pos(lane, first)) != len)
		die("read");
	check_read(lane, first);
}

static void do_write(struct lane *lane, unsigned int first, unsigned int len)
{
	unsigned char *model = lane->model + (size_t)first * block;
	int i;

	for (i = 0; i < lane->nr_pieces; i++) {
		unsigned char *data = lane->pieces[i].iov_base;
		size_t bytes = lane->pieces[i].iov_len;

		for (size_t j = 0; j < bytes; j++)
			data[j] = model[j] = rand_r(&lane->seed) >> 4;
		model += bytes;
	}
	if (pwritev(fd, lane->pieces, lane->nr_pieces,
		    disk_pos(lane, first)) != len)
		die("write");
}

static void do_zero(struct lane *lane, char op, unsigned int first,
		    unsigned int len)
{
	uint64_t range[2] = { disk_pos(lane, first), len };
	int ret;

	memset(lane->model + (size_t)first * block, 0, len);
	if (op == 'd')
		ret = ioctl(fd, BLKDISCARD, range);
	else if (op == 'z')
		ret = ioctl(fd, BLKZEROOUT, range);
	else
		ret = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				range[0], len);
	if (ret)
		die(op == 'd' ? "discard" : op == 'z' ? "zero" : "punch");
}

static void operate(struct lane *lane)
{
	unsigned int nr = nr_lanes > 1 ? 1 : 1 + below(lane, MAX_BLOCKS);
	unsigned int first = below(lane, lane_blocks - nr + 1);
	char op = operations[below(lane, strlen(operations))];

	make_pieces(lane, nr * block);
	if (op == 'r')
		do_read(lane, first, nr * block);
	else if (op == 'w')
		do_write(lane, first, nr * block);
	else
		do_zero(lane, op, first, nr * block);
	lane->done++;
}

static void read_all(struct lane *lane)
{
	unsigned int step = nr_lanes > 1 ? 1 : MAX_BLOCKS, first, nr;

	for (first = 0; first < lane_blocks; first += nr) {
		nr = lane_blocks - first < step ? lane_blocks - first : step;
		make_pieces(lane, nr * block);
		do_read(lane, first, nr * block);
	}
}

static void *run(void *arg)
{
	struct lane *lane = arg;

	read_all(lane);
	while (lane->done < LEAST_OPS || time(NULL) < end)
		operate(lane);
	read_all(lane);
	return NULL;
}

static void lane_start(struct lane *lane, unsigned int number)
{
	lane->number = number;
	lane->seed = number + 1;
	lane->model = calloc(lane_blocks, block);
	if (!lane->model ||
	    posix_memalign((void **)&lane->arena, 4096, arena_bytes))
		die("memory");
	if (pthread_create(&lane->thread, NULL, run, lane))
		die("thread");
}

int main(int argc, char **argv)
{
	unsigned long done = 0, kib;
	struct lane *lanes;
	unsigned int i;

	if (argc < 4)
		return 2;
	device = argv[1];
	operations = argv[2];
	end = time(NULL) + atoi(argv[3]);
	nr_lanes = argc > 4 ? atoi(argv[4]) : 1;
	kib = argc > 5 ? atoi(argv[5]) : 1024;
	fd = open(device, O_RDWR | O_DIRECT);
	if (fd < 0 || ioctl(fd, BLKSSZGET, &block))
		die("open");
	lane_blocks = kib * 1024 / block / nr_lanes;
	arena_bytes = (nr_lanes > 1 ? 1 : MAX_BLOCKS) * block +
		      (MAX_PIECES + 1) * 4096;
	lanes = calloc(nr_lanes, sizeof(*lanes));
	for (i = 0; i < nr_lanes; i++)
		lane_start(&lanes[i], i);
	for (i = 0; i < nr_lanes; i++) {
		pthread_join(lanes[i].thread, NULL);
		done += lanes[i].done;
	}
	printf("%lu operations\n", done);
	return 0;
}
