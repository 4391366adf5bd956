// SPDX-License-Identifier: GPL-2.0
/*
 * registers FILE (OFFSET VALUE)...
 *
 * Writes words of 32 bits to the memory of a PCI device, a resource file of sysfs.
 * OFFSET "all" means each word of it.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static void set(volatile uint32_t *words, size_t nr, const char *offset,
		uint32_t value)
{
	size_t i;

	if (!strcmp(offset, "all")) {
		for (i = 0; i < nr; i++)
			words[i] = value;
		return;
	}
	i = strtoul(offset, NULL, 0) / sizeof(*words);
	if (i >= nr)
		errx(2, "%s is beyond the end", offset);
	words[i] = value;
}

int main(int argc, char **argv)
{
	struct stat st;
	void *words;
	int fd, i;

	if (argc < 4 || argc % 2)
		errx(2, "usage: registers FILE (OFFSET VALUE)...");
	fd = open(argv[1], O_RDWR);
	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", argv[1]);
	words = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (words == MAP_FAILED)
		err(1, "%s: mmap", argv[1]);
	for (i = 2; i < argc; i += 2)
		set(words, st.st_size / sizeof(uint32_t), argv[i],
		    strtoul(argv[i + 1], NULL, 0));
	return 0;
}
