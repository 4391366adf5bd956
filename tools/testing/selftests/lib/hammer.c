// SPDX-License-Identifier: GPL-2.0
/*
 * hammer - open a disk and do I/O, again and again, whatever happens to it
 *
 * usage: hammer DEVICE SECONDS [THREADS]
 *
 * The disk may go at any time: errors are counted, not minded, and the disk is
 * opened again. What matters is that every call returns. Prints how many
 * operations succeeded and failed, and how often the disk was opened.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define BYTES		16384
#define OPS_PER_OPEN	50
#define PAUSE_US	20000	/* closed, at most, unless it was open longer */

static const char *device;
static time_t end;
static unsigned long good, bad, opened;

static int operate(int fd, void *data, unsigned int *seed)
{
	unsigned int choice = rand_r(seed) % 16;
	uint64_t range[2] = { (rand_r(seed) % 256) * BYTES, BYTES };

	if (choice == 0)
		return fsync(fd);
	if (choice == 1)
		return ioctl(fd, BLKDISCARD, range);
	if (choice < 8)
		return pread(fd, data, BYTES, range[0]) == BYTES ? 0 : -1;
	return pwrite(fd, data, BYTES, range[0]) == BYTES ? 0 : -1;
}

/* Errors of a disk that is there, such as a refused discard, come and go. */
static void use(int fd, void *data, unsigned int *seed)
{
	int i, failed_in_a_row = 0;

	for (i = 0; i < OPS_PER_OPEN && failed_in_a_row < 4; i++) {
		if (operate(fd, data, seed)) {
			__atomic_fetch_add(&bad, 1, __ATOMIC_RELAXED);
			failed_in_a_row++;
		} else {
			__atomic_fetch_add(&good, 1, __ATOMIC_RELAXED);
			failed_in_a_row = 0;
		}
	}
}

static unsigned long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ul + now.tv_nsec / 1000;
}

/* Up to as long as the disk was open, so that it is closed at times on any machine */
static void rest(unsigned long since, unsigned int *seed)
{
	unsigned long most = now_us() - since;

	usleep(rand_r(seed) % (most > PAUSE_US ? most : PAUSE_US));
}

static void *run(void *arg)
{
	unsigned int seed = (uintptr_t)arg;
	unsigned long since;
	void *data;
	int fd;

	if (posix_memalign(&data, 4096, BYTES))
		exit(1);
	while (time(NULL) < end) {
		fd = open(device, O_RDWR | O_DIRECT);
		if (fd < 0) {
			usleep(1000);
			continue;
		}
		__atomic_fetch_add(&opened, 1, __ATOMIC_RELAXED);
		since = now_us();
		use(fd, data, &seed);
		close(fd);
		rest(since, &seed);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[64];
	unsigned int nr, i;

	if (argc < 3)
		return 2;
	device = argv[1];
	end = time(NULL) + atoi(argv[2]);
	nr = argc > 3 ? atoi(argv[3]) : 4;
	for (i = 0; i < nr && i < 64; i++)
		pthread_create(&threads[i], NULL, run, (void *)(uintptr_t)i);
	while (i)
		pthread_join(threads[--i], NULL);
	printf("%lu good, %lu bad, opened %lu times\n", good, bad, opened);
	return good ? 0 : 1;
}
