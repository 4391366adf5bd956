// SPDX-License-Identifier: GPL-2.0
/*
 * peer write|read MEMORY DISK OFFSET BYTES SEED
 * peer hold MEMORY [DISK]
 *
 * Direct I/O of a disk with memory of a PCI device. MEMORY is its p2pmem/allocate, or "-" for
 * memory of the process. write: what the seed makes is put there, and written to the disk.
 * read: the disk is read to there, and it must be what the seed makes. The memory begins with
 * another page, so that data is not where the memory begins.
 *
 * hold: maps a piece, says "mapped", and uses it until it goes, which ends it well: by loads,
 * or by reads of the disk. A read may be short then, when part of the piece is gone: another
 * one follows, until one fails.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE		4096UL
#define HELD_BYTES	(64 * PAGE)

static sigjmp_buf gone;

static void on_bus_error(int sig)
{
	siglongjmp(gone, sig);
}

static void *map(const char *memory, size_t bytes)
{
	int flags = MAP_SHARED, fd = -1;
	void *at;

	if (strcmp(memory, "-")) {
		fd = open(memory, O_RDWR);
		if (fd < 0)
			err(1, "%s", memory);
	} else {
		flags |= MAP_ANONYMOUS;
	}
	at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (at == MAP_FAILED)
		err(1, "mmap %s", memory);
	if (fd >= 0)
		close(fd);
	return at;
}

static int open_disk(const char *disk)
{
	int fd = open(disk, O_RDWR | O_DIRECT);

	if (fd < 0)
		err(1, "%s", disk);
	return fd;
}

/* Each word is another one, and another one with each seed. */
static uint64_t word(uint64_t seed, size_t nr)
{
	return (seed * 0x9e3779b97f4a7c15ULL) ^ (nr * 0xbf58476d1ce4e5b9ULL);
}

static void transfer(int writes, char **arg)
{
	size_t bytes = strtoul(arg[3], NULL, 0), nr;
	uint64_t seed = strtoull(arg[4], NULL, 0);
	off_t offset = strtoull(arg[2], NULL, 0);
	volatile uint64_t *data;
	int fd = open_disk(arg[1]);
	ssize_t done;

	data = (void *)((char *)map(arg[0], bytes + PAGE) + PAGE);
	for (nr = 0; nr < bytes / sizeof(*data); nr++)
		data[nr] = writes ? word(seed, nr) : ~word(seed, nr);
	done = writes ? pwrite(fd, (void *)data, bytes, offset) :
			pread(fd, (void *)data, bytes, offset);
	if (done < 0)
		err(1, "%s", arg[1]);
	if ((size_t)done != bytes)
		errx(1, "%zd of %zu bytes", done, bytes);
	for (nr = 0; !writes && nr < bytes / sizeof(*data); nr++) {
		if (data[nr] != word(seed, nr))
			errx(1, "word %zu is %#llx", nr, (unsigned long long)data[nr]);
	}
}

static void hold(const char *memory, const char *disk)
{
	volatile char *data = map(memory, HELD_BYTES);
	int fd = disk ? open_disk(disk) : -1;

	signal(SIGBUS, on_bus_error);
	puts("mapped");
	fflush(stdout);
	if (sigsetjmp(gone, 1))
		return;
	while (fd < 0 || pread(fd, (void *)data, HELD_BYTES, 0) > 0) {
		data[0];
		usleep(1000);
	}
	/* What it cannot get at is gone; another error is one. */
	if (errno != EFAULT)
		err(1, "%s", disk);
}

int main(int argc, char **argv)
{
	if (argc == 7 && !strcmp(argv[1], "write"))
		transfer(1, argv + 2);
	else if (argc == 7 && !strcmp(argv[1], "read"))
		transfer(0, argv + 2);
	else if ((argc == 3 || argc == 4) && !strcmp(argv[1], "hold"))
		hold(argv[2], argv[3]);
	else
		errx(2, "see the head of peer.c");
	return 0;
}
