/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What programs that take snapshots and crash states have in common. Whatever goes wrong ends
 * the program.
 */
#ifndef _SELFTEST_SNAP_H
#define _SELFTEST_SNAP_H

#define PATIENCE_US	30000000

/* null_blk_c's directory in configfs */
static const char *root;

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static void attr(const char *dev, const char *name, const char *value)
{
	char path[256];
	int file;

	snprintf(path, sizeof(path), "%s/%s/%s", root, dev, name);
	file = open(path, O_WRONLY);
	if (file < 0 || write(file, value, strlen(value)) < 0)
		die(path);
	close(file);
}

/* A disk that was just switched on may have no name yet. */
static int disk_open(const char *dev, int flags)
{
	unsigned int waited;
	char path[64];
	int file;

	snprintf(path, sizeof(path), "/dev/%s", dev);
	for (waited = 0; waited < PATIENCE_US; waited += 1000) {
		file = open(path, flags | O_DIRECT);
		if (file >= 0)
			return file;
		usleep(1000);
	}
	die(path);
	return -1;
}

static char *buffer_new(size_t bytes)
{
	char *buffer;

	if (posix_memalign((void **)&buffer, 4096, bytes))
		die("memory");
	return buffer;
}

#endif /* _SELFTEST_SNAP_H */
