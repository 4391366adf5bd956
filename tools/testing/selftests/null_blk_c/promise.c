// SPDX-License-Identifier: GPL-2.0
/*
 * promise - is what a disk said is durable there after a power cut?
 *
 * usage: promise DEVICE [THREADS]
 *
 * Threads write increasing numbers to blocks of their own, which share pages with
 * those of others, some with RWF_DSYNC, and flush at times, until the disk fails.
 * Once it is back, every block must have a number that is not older than the last
 * one that was promised, and not newer than the last one that was written; and
 * all of the block must be of one write.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#define BLOCKS		64	/* of a thread */
#define MAX_BLOCK	65536
#define PATIENCE_S	30	/* until the disk is there again */

struct lane {
	unsigned int number;
	unsigned int seed;
	uint64_t last;			/* the number given out last */
	uint64_t written[BLOCKS];	/* or attempted */
	uint64_t complete[BLOCKS];
	uint64_t promised[BLOCKS];
	pthread_t thread;
};

static unsigned int block, nr_lanes;
static int fd;

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static void *buffer_alloc(void)
{
	void *buffer;

	if (posix_memalign(&buffer, 4096, MAX_BLOCK))
		die("memory");
	return buffer;
}

static off_t disk_pos(const struct lane *lane, unsigned int i)
{
	return ((off_t)i * nr_lanes + lane->number) * block;
}

static int do_write(struct lane *lane, uint64_t *buffer, int flags)
{
	struct iovec iov = { buffer, block };
	unsigned int i = rand_r(&lane->seed) % BLOCKS;

	lane->written[i] = ++lane->last;
	for (unsigned int j = 0; j < block / sizeof(*buffer); j++)
		buffer[j] = lane->last;
	if (pwritev2(fd, &iov, 1, disk_pos(lane, i), flags) != block)
		return -1;
	lane->complete[i] = lane->last;
	if (flags & RWF_DSYNC)
		lane->promised[i] = lane->last;
	return 0;
}

static int do_flush(struct lane *lane)
{
	if (fdatasync(fd))
		return -1;
	memcpy(lane->promised, lane->complete, sizeof(lane->promised));
	return 0;
}

static void *run(void *arg)
{
	uint64_t *buffer = buffer_alloc();
	struct lane *lane = arg;
	unsigned int choice;
	int ret = 0;

	while (!ret) {
		choice = rand_r(&lane->seed) % 16;
		if (choice == 0)
			ret = do_flush(lane);
		else
			ret = do_write(lane, buffer, choice < 4 ? RWF_DSYNC : 0);
	}
	return NULL;
}

static void reopen(const char *device)
{
	uint64_t bytes = 0;
	int i;

	for (i = 0; i < PATIENCE_S * 100; i++) {
		close(fd);
		fd = open(device, O_RDONLY | O_DIRECT);
		if (fd >= 0 && !ioctl(fd, BLKGETSIZE64, &bytes) && bytes)
			return;
		usleep(10000);
	}
	die("the disk is not back");
}

static int check(const struct lane *lane, unsigned int i, uint64_t *buffer)
{
	if (pread(fd, buffer, block, disk_pos(lane, i)) != block)
		die("read");
	for (unsigned int j = 1; j < block / sizeof(*buffer); j++) {
		if (buffer[j] == buffer[0])
			continue;
		printf("thread %u, block %u: parts of two writes\n",
		       lane->number, i);
		return 1;
	}
	if (buffer[0] >= lane->promised[i] && buffer[0] <= lane->written[i])
		return 0;
	printf("thread %u, block %u: write %llu, but %llu was promised and %llu the last\n",
	       lane->number, i, (unsigned long long)buffer[0],
	       (unsigned long long)lane->promised[i],
	       (unsigned long long)lane->written[i]);
	return 1;
}

int main(int argc, char **argv)
{
	uint64_t *buffer = buffer_alloc(), writes = 0, kept = 0;
	struct lane *lanes;
	unsigned int i, j;
	int bad = 0;

	if (argc < 2)
		return 2;
	nr_lanes = argc > 2 ? atoi(argv[2]) : 1;
	lanes = calloc(nr_lanes, sizeof(*lanes));
	fd = open(argv[1], O_RDWR | O_DIRECT);
	if (fd < 0 || ioctl(fd, BLKSSZGET, &block) || block > MAX_BLOCK)
		die(argv[1]);
	/* Numbers that were there before would look like promises. */
	memset(buffer, 0, block);
	for (i = 0; i < nr_lanes * BLOCKS; i++)
		if (pwrite(fd, buffer, block, (off_t)i * block) != block)
			die("write");
	if (fsync(fd))
		die("flush");
	for (i = 0; i < nr_lanes; i++) {
		lanes[i].number = i;
		lanes[i].seed = i + 1;
		if (pthread_create(&lanes[i].thread, NULL, run, &lanes[i]))
			die("thread");
	}
	for (i = 0; i < nr_lanes; i++)
		pthread_join(lanes[i].thread, NULL);
	reopen(argv[1]);
	for (i = 0; i < nr_lanes; i++) {
		for (j = 0; j < BLOCKS; j++) {
			bad |= check(&lanes[i], j, buffer);
			kept += lanes[i].complete[j] == buffer[0];
		}
		writes += lanes[i].last;
	}
	printf("%llu writes, %llu of %u blocks as written last\n",
	       (unsigned long long)writes, (unsigned long long)kept,
	       nr_lanes * BLOCKS);
	return bad || !writes;
}
