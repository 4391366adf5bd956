// SPDX-License-Identifier: GPL-2.0
/*
 * reinsert - load the module, do I/O, and unload it, again and again
 *
 * usage: reinsert MODULE ROUNDS
 *
 * MODULE is null_blk_c.ko; what it needs is loaded. In each round its disk keeps what
 * was written. Says what went wrong, and exits with 1. One program for all rounds: to
 * start insmod and rmmod for each takes longer than what they do.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/module.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BYTES		4096
#define PATIENCE_S	10

static const char disk[] = "/dev/nullbc0";
static int nr_round;

static void fail(const char *what)
{
	printf("round %d: %s: %s\n", nr_round, what, strerror(errno));
	exit(1);
}

static void load(const char *module)
{
	int flags = strstr(module, ".ko.") ? MODULE_INIT_COMPRESSED_FILE : 0;
	char params[128];
	int fd = open(module, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fail(module);
	snprintf(params, sizeof(params),
		 "gb=1 memory_backed=1 discard=1 irqmode=%d submit_queues=%d",
		 nr_round % 3, nr_round % 2 + 1);
	if (syscall(SYS_finit_module, fd, params, flags))
		fail("load");
	close(fd);
}

/* The disk's last user may let go a moment later. */
static void unload(void)
{
	time_t end = time(NULL) + PATIENCE_S;

	while (syscall(SYS_delete_module, "null_blk_c", O_NONBLOCK)) {
		if ((errno != EAGAIN && errno != EBUSY) || time(NULL) > end)
			fail("unload");
		usleep(1000);
	}
}

static int open_disk(int flags)
{
	int fd = open(disk, flags | O_CLOEXEC);

	if (fd < 0)
		fail(disk);
	return fd;
}

static void write_and_read(void)
{
	char data[BYTES], got[BYTES];
	int fd;

	memset(data, 'a' + nr_round % 26, sizeof(data));
	fd = open_disk(O_WRONLY);
	if (write(fd, data, sizeof(data)) != sizeof(data))
		fail("write");
	if (fsync(fd))
		fail("fsync");
	close(fd);
	fd = open_disk(O_RDONLY);
	if (read(fd, got, sizeof(got)) != sizeof(got))
		fail("read");
	close(fd);
	errno = EILSEQ;
	if (memcmp(data, got, sizeof(data)))
		fail("compare");
}

int main(int argc, char **argv)
{
	int nr_rounds;

	if (argc != 3 || (nr_rounds = atoi(argv[2])) < 1) {
		fprintf(stderr, "usage: reinsert MODULE ROUNDS\n");
		return 2;
	}
	for (nr_round = 0; nr_round < nr_rounds; nr_round++) {
		load(argv[1]);
		write_and_read();
		unload();
	}
	return 0;
}
