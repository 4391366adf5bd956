// SPDX-License-Identifier: GPL-2.0
/*
 * snapmodel - do disks, snapshots and clones have what a model says?
 *
 * usage: snapmodel ROOT BLOCK OPERATIONS SEED [ATTRIBUTE=VALUE...]
 *
 * ROOT is null_blk_c's directory in configfs. Makes devices there with blocks of BLOCK
 * bytes and the attributes, and does so many random operations, one after the other:
 * writes, discards, zeroes, snapshots of devices that are on or off, dropping them, clones of
 * them, power cycles, devices that are removed and made again. A model in memory knows
 * what each disk and each snapshot must have. Reads are compared with it on the way, and
 * everything at the end.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define DISK_BYTES	(1 << 20)
#define MAX_BLOCKS	(DISK_BYTES / 512)
#define DEVICES		3
#define SNAPSHOTS	4	/* of each device */
#define PATIENCE_US	30000000

/* What each block has: the number of the write that it is of, 0 for zeroes. */
struct contents {
	uint32_t stamp[MAX_BLOCKS];
};

struct snapshot {
	bool taken;
	struct contents contents;
};

struct device {
	char name[8];
	bool on;
	int fd;
	struct contents contents;
	struct snapshot snapshots[SNAPSHOTS];
};

static struct device devices[DEVICES];
static const char *root;
static char **attributes;
static bool cached;
static unsigned int block, blocks;
static uint64_t seed;
static uint32_t last_stamp;
static unsigned long operation;
static char *buffer;

static void die(const char *what)
{
	fprintf(stderr, "operation %lu: %s: %s\n", operation, what, strerror(errno));
	exit(1);
}

static unsigned int draw(unsigned int below)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 33) % below;
}

static void attr(const struct device *dev, const char *name, const char *value)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s/%s", root, dev->name, name);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		die(path);
	if (write(fd, value, strlen(value)) < 0) {
		fprintf(stderr, "%s = %s: ", path, value);
		die("write");
	}
	close(fd);
}

static void power_on(struct device *dev)
{
	unsigned int waited;
	char path[64];

	attr(dev, "power", "1");
	snprintf(path, sizeof(path), "/dev/%s", dev->name);
	for (waited = 0; waited < PATIENCE_US; waited += 1000) {
		dev->fd = open(path, O_RDWR | O_DIRECT);
		if (dev->fd >= 0) {
			dev->on = true;
			return;
		}
		usleep(1000);
	}
	die(path);
}

/* What is in a cache is to stay. */
static void power_off(struct device *dev)
{
	if (fdatasync(dev->fd))
		die("flush");
	close(dev->fd);
	attr(dev, "power", "0");
	dev->on = false;
}

static void create(struct device *dev)
{
	char path[256], text[16];
	char **pair;

	snprintf(path, sizeof(path), "%s/%s", root, dev->name);
	if (mkdir(path, 0755))
		die(path);
	snprintf(text, sizeof(text), "%u", block);
	attr(dev, "blocksize", text);
	attr(dev, "size", "1");
	attr(dev, "memory_backed", "1");
	attr(dev, "discard", "1");
	for (pair = attributes; *pair; pair++) {
		char *name = strdup(*pair), *value = strchr(name, '=');

		*value = '\0';
		attr(dev, name, value + 1);
		free(name);
	}
	memset(&dev->contents, 0, sizeof(dev->contents));
	power_on(dev);
}

static void destroy(struct device *dev)
{
	char path[256];
	int i;

	if (dev->on)
		power_off(dev);
	snprintf(path, sizeof(path), "%s/%s", root, dev->name);
	if (rmdir(path))
		die(path);
	for (i = 0; i < SNAPSHOTS; i++)
		dev->snapshots[i].taken = false;
}

static void fill(uint32_t stamp, unsigned int nr)
{
	uint32_t *words = (uint32_t *)buffer;
	size_t i;

	for (i = 0; i < (size_t)nr * block / sizeof(*words); i++)
		words[i] = stamp;
}

static void compare(struct device *dev, unsigned int first, unsigned int nr)
{
	ssize_t bytes = (ssize_t)nr * block;
	const uint32_t *words = (uint32_t *)buffer;
	size_t i;

	if (pread(dev->fd, buffer, bytes, (off_t)first * block) != bytes)
		die("read");
	for (i = 0; i < bytes / sizeof(*words); i++) {
		unsigned int at = first + i * sizeof(*words) / block;

		if (words[i] == dev->contents.stamp[at])
			continue;
		fprintf(stderr, "operation %lu: %s: block %u, word %zu: %u is there and not %u\n",
			operation, dev->name, at, i % (block / sizeof(*words)), words[i],
			dev->contents.stamp[at]);
		exit(1);
	}
}

/* Most are short; some are as large as the disk. */
static unsigned int draw_len(unsigned int first)
{
	unsigned int max = blocks - first;

	if (draw(20) && max > 24)
		max = 24;
	return 1 + draw(max);
}

static void do_write(struct device *dev, unsigned int first, unsigned int nr)
{
	ssize_t bytes = (ssize_t)nr * block;
	unsigned int i;

	fill(++last_stamp, nr);
	if (pwrite(dev->fd, buffer, bytes, (off_t)first * block) != bytes)
		die("write");
	for (i = 0; i < nr; i++)
		dev->contents.stamp[first + i] = last_stamp;
}

static void do_zero(struct device *dev, unsigned int first, unsigned int nr,
		    unsigned long request)
{
	uint64_t range[2] = { (uint64_t)first * block, (uint64_t)nr * block };

	if (ioctl(dev->fd, request, range))
		die("zero");
	memset(&dev->contents.stamp[first], 0, nr * sizeof(uint32_t));
}

static void io(struct device *dev)
{
	unsigned int first = draw(blocks), nr = draw_len(first);

	switch (draw(10)) {
	case 0:
		do_zero(dev, first, nr, BLKDISCARD);
		break;
	case 1:
		do_zero(dev, first, nr, BLKZEROOUT);
		break;
	case 2:
		if (fdatasync(dev->fd))
			die("flush");
		break;
	case 3 ... 5:
		compare(dev, first, nr);
		break;
	default:
		do_write(dev, first, nr);
	}
}

static void toggle(struct device *dev, unsigned int i)
{
	struct snapshot *snapshot = &dev->snapshots[i];
	char name[8];

	snprintf(name, sizeof(name), "s%u", i);
	if (snapshot->taken) {
		attr(dev, "snapshot_drop", name);
		snapshot->taken = false;
		return;
	}
	if (cached && dev->on)
		power_off(dev);
	attr(dev, "snapshot", name);
	snapshot->contents = dev->contents;
	snapshot->taken = true;
	if (!dev->on)
		power_on(dev);
}

static void clone(struct device *dev, struct device *from, unsigned int i)
{
	char text[32];

	if (!from->snapshots[i].taken)
		return;
	if (dev->on)
		power_off(dev);
	snprintf(text, sizeof(text), "%s/s%u", from->name, i);
	attr(dev, "origin", text);
	dev->contents = from->snapshots[i].contents;
	power_on(dev);
	compare(dev, 0, blocks);
}

static void step(void)
{
	struct device *dev = &devices[draw(DEVICES)];

	switch (draw(100)) {
	case 0 ... 2:
		toggle(dev, draw(SNAPSHOTS));
		break;
	case 3 ... 4:
		clone(dev, &devices[draw(DEVICES)], draw(SNAPSHOTS));
		break;
	case 5:
		power_off(dev);
		power_on(dev);
		break;
	case 6:
		if (draw(4))
			break;
		destroy(dev);
		create(dev);
		break;
	default:
		io(dev);
	}
}

static void compare_all(void)
{
	int i, j;

	for (i = 0; i < DEVICES; i++)
		compare(&devices[i], 0, blocks);
	/* Each snapshot, by clones of it on the last device, whose own are gone then. */
	for (i = 0; i < DEVICES; i++) {
		for (j = 0; j < SNAPSHOTS; j++)
			clone(&devices[DEVICES - 1], &devices[i], j);
	}
}

int main(int argc, char **argv)
{
	unsigned long operations;
	unsigned int i;

	if (argc < 5)
		return 2;
	root = argv[1];
	block = atoi(argv[2]);
	blocks = DISK_BYTES / block;
	operations = strtoul(argv[3], NULL, 0);
	seed = strtoull(argv[4], NULL, 0);
	attributes = argv + 5;
	for (i = 5; i < argc; i++)
		cached |= !strncmp(argv[i], "cache_size=", 11);
	if (posix_memalign((void **)&buffer, 4096, DISK_BYTES))
		die("memory");
	for (i = 0; i < DEVICES; i++) {
		snprintf(devices[i].name, sizeof(devices[i].name), "m%u", i);
		create(&devices[i]);
	}
	for (operation = 0; operation < operations; operation++)
		step();
	compare_all();
	/* The device that others were cloned from may go first, or last. */
	for (i = 0; i < DEVICES; i++)
		destroy(&devices[seed & 1 ? i : DEVICES - 1 - i]);
	return 0;
}
