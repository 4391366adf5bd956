// SPDX-License-Identifier: GPL-2.0
/*
 * deadline - is any request completed too early?
 *
 * usage: deadline DEVICE NANOSECONDS REQUESTS [DEPTH [THREADS]]
 *
 * Every thread keeps DEPTH reads in flight until it has made REQUESTS. The clock
 * is read before a submission and after its completion, so a time below
 * NANOSECONDS was too short in the device too. Prints least, mean and greatest
 * time in microseconds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MAX_DEPTH	256
#define BYTES		4096

struct worker {
	pthread_t thread;
	long long least, sum, greatest;
};

static const char *device;
static unsigned int requests, depth = 1;

static void die(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", device, what, strerror(errno));
	exit(1);
}

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void account(struct worker *worker, long long time)
{
	if (!worker->least || time < worker->least)
		worker->least = time;
	if (time > worker->greatest)
		worker->greatest = time;
	worker->sum += time;
}

static void submit(aio_context_t context, struct iocb *iocb)
{
	iocb->aio_data = now();
	if (syscall(SYS_io_submit, context, 1, &iocb) != 1)
		die("io_submit");
}

static void *run(void *arg)
{
	struct io_event events[MAX_DEPTH];
	struct iocb iocbs[MAX_DEPTH] = {};
	struct worker *worker = arg;
	aio_context_t context = 0;
	unsigned int submitted = 0, ended = 0;
	void *data;
	int fd, i, nr;

	fd = open(device, O_RDONLY | O_DIRECT);
	if (fd < 0 || posix_memalign(&data, 4096, BYTES) ||
	    syscall(SYS_io_setup, depth, &context))
		die("set-up");
	for (; submitted < depth && submitted < requests; submitted++) {
		iocbs[submitted].aio_fildes = fd;
		iocbs[submitted].aio_lio_opcode = IOCB_CMD_PREAD;
		iocbs[submitted].aio_buf = (uintptr_t)data;
		iocbs[submitted].aio_nbytes = BYTES;
		/* Far apart, so that nothing merges. */
		iocbs[submitted].aio_offset = submitted * 16LL * BYTES;
		submit(context, &iocbs[submitted]);
	}
	while (ended < submitted) {
		nr = syscall(SYS_io_getevents, context, 1, depth, events, NULL);
		for (i = 0; i < nr; i++) {
			account(worker, now() - (long long)events[i].data);
			if (events[i].res != BYTES)
				die("read");
			if (submitted < requests) {
				submit(context, (struct iocb *)events[i].obj);
				submitted++;
			}
		}
		ended += nr > 0 ? nr : 0;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct worker workers[64] = {}, all = {};
	unsigned int nr = 1, i;
	long long wanted;

	if (argc < 4)
		return 2;
	device = argv[1];
	wanted = atoll(argv[2]);
	requests = atoi(argv[3]);
	if (argc > 4)
		depth = atoi(argv[4]);
	if (argc > 5)
		nr = atoi(argv[5]);
	if (!depth || depth > MAX_DEPTH || !nr || nr > 64)
		return 2;
	for (i = 0; i < nr; i++)
		pthread_create(&workers[i].thread, NULL, run, &workers[i]);
	for (i = 0; i < nr; i++) {
		pthread_join(workers[i].thread, NULL);
		account(&all, workers[i].least);
		account(&all, workers[i].greatest);
		all.sum += workers[i].sum - workers[i].least -
			   workers[i].greatest;
	}
	printf("%lld %lld %lld\n", all.least / 1000,
	       all.sum / 1000 / nr / requests, all.greatest / 1000);
	return all.least < wanted;
}
