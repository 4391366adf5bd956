// SPDX-License-Identifier: GPL-2.0
/*
 * failnth - does something with a failing allocation at each of its steps
 *
 * failnth mkdir DIR		make the directory
 * failnth write FILE TEXT UNDO [OTHER]
 *				write TEXT to an attribute; UNDO, to the same or to
 *				OTHER, undoes that
 * failnth insmod FILE PARAMS [STEPS]
 *				load a module: only the last 100 steps of it, or so many,
 *				as those before are of the kernel's loader, and slow
 * failnth dd FILE		write 64 KiB at 0, direct
 *
 * The first time the first allocation fails that the kernel makes for it, the next
 * time the second, until it is through without meeting a failure. What succeeds
 * in spite of one is undone and tried again. An attempt may end with ENOMEM, or
 * ENOSPC for data; any other error ends the program. insmod may end with EINVAL, too: the
 * kernel says so where it finds no memory for the directory that shows a module's driver
 * (module_add_driver()).
 *
 * Prints how many attempts failed and how many succeeded in spite of a failure.
 * Needs a kernel with CONFIG_FAULT_INJECTION and CONFIG_FAILSLAB.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_STEPS	20000
#define LAST_STEPS	100
#define DATA_BYTES	65536

static char **args;
static int fd, undo_fd;
static void *data;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int do_mkdir(void)
{
	return mkdir(args[0], 0755);
}

static int undo_mkdir(void)
{
	return rmdir(args[0]);
}

static int do_write(void)
{
	return pwrite(fd, args[1], strlen(args[1]), 0) < 0 ? -1 : 0;
}

static int undo_write(void)
{
	return pwrite(undo_fd, args[2], strlen(args[2]), 0) < 0 ? -1 : 0;
}

static int do_insmod(void)
{
	return syscall(SYS_finit_module, fd, args[1], 0);
}

/* A module may be busy for a moment with what it has just begun. */
static int undo_insmod(void)
{
	char name[64] = "";
	int tries;

	sscanf(strrchr(args[0], '/') + 1, "%63[^.]", name);
	for (tries = 0; tries < 1000; tries++) {
		if (!syscall(SYS_delete_module, name, O_NONBLOCK))
			return 0;
		if (errno != EBUSY && errno != EAGAIN)
			return -1;
		usleep(10000);
	}
	return -1;
}

static int do_dd(void)
{
	return pwrite(fd, data, DATA_BYTES, 0) < 0 ? -1 : 0;
}

static int undo_nothing(void)
{
	return 0;
}

static const struct {
	const char	*name;
	int		nr_args;
	int		nr_more;	/* that may be left out */
	int		flags;
	int		last;	/* only so many of its steps, or 0 for all */
	int		also;	/* an errno that is right, too */
	int		(*act)(void);
	int		(*undo)(void);
} actions[] = {
	{ "mkdir", 1, 0, -1, 0, ENOSPC, do_mkdir, undo_mkdir },
	{ "write", 3, 1, O_WRONLY, 0, ENOSPC, do_write, undo_write },
	{ "insmod", 2, 1, O_RDONLY, LAST_STEPS, EINVAL, do_insmod, undo_insmod },
	{ "dd", 1, 0, O_WRONLY | O_DIRECT, 0, ENOSPC, do_dd, undo_nothing },
};

static int open_fail_nth(void)
{
	char path[64];
	int nth;

	snprintf(path, sizeof(path), "/proc/self/task/%d/fail-nth", getpid());
	nth = open(path, O_RDWR);
	if (nth < 0)
		die("fail-nth");
	return nth;
}

static void arm(int nth, int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", n);

	if (pwrite(nth, text, len, 0) != len)
		die("arm");
}

/* How many more allocations it takes until one fails; 0 if one did. Disarms it. */
static int left(int nth)
{
	char text[16] = "";
	int n;

	if (pread(nth, text, sizeof(text) - 1, 0) < 0)
		die("fail-nth");
	n = atoi(text);
	if (n)
		arm(nth, 0);
	return n;
}

/* The first step to try: so many before the end, if all would be too many. */
static int first_step(int nth, int (*act)(void), int (*undo)(void), int last)
{
	int steps;

	if (!last)
		return 1;
	arm(nth, MAX_STEPS);
	if (act())
		die("without a failure");
	steps = MAX_STEPS - left(nth);
	if (undo())
		die("undo");
	return steps > last ? steps - last : 1;
}

int main(int argc, char **argv)
{
	int failed = 0, in_spite = 0, nth, n, ret, error, was_met, last;
	unsigned int i;

	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (argc > 1 && !strcmp(argv[1], actions[i].name))
			break;
	}
	if (i == sizeof(actions) / sizeof(actions[0]) ||
	    argc < 2 + actions[i].nr_args ||
	    argc > 2 + actions[i].nr_args + actions[i].nr_more) {
		fprintf(stderr, "usage: see the head of failnth.c\n");
		return 2;
	}
	args = argv + 2;
	if (actions[i].flags >= 0) {
		fd = open(args[0], actions[i].flags);
		if (fd < 0)
			die(args[0]);
	}
	undo_fd = fd;
	last = actions[i].last;
	if (argc > 2 + actions[i].nr_args && last) {
		last = atoi(args[2]);
	} else if (argc > 2 + actions[i].nr_args) {
		undo_fd = open(args[3], actions[i].flags);
		if (undo_fd < 0)
			die(args[3]);
	}
	data = aligned_alloc(4096, DATA_BYTES);
	if (!data)
		die("memory");
	memset(data, 'x', DATA_BYTES);
	nth = open_fail_nth();

	n = first_step(nth, actions[i].act, actions[i].undo, last);
	for (; n < MAX_STEPS; n++) {
		arm(nth, n);
		ret = actions[i].act();
		error = errno;
		was_met = !left(nth);
		if (ret && !was_met) {
			errno = error;
			die("no failure was met, yet it failed");
		}
		if (ret && error != ENOMEM && error != actions[i].also) {
			errno = error;
			fprintf(stderr, "step %d: ", n);
			die("wrong error");
		}
		if (!was_met)
			break;
		failed += ret != 0;
		in_spite += ret == 0;
		if (!ret && actions[i].undo())
			die("undo");
	}
	printf("%d failed, %d succeeded in spite of a failure\n", failed,
	       in_spite);
	return n == MAX_STEPS;
}
