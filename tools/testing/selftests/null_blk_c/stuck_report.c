// SPDX-License-Identifier: GPL-2.0
/*
 * stuck_report - ask for a report of zones into memory that never comes
 *
 * usage: stuck_report DEVICE
 *
 * The memory for the zones is registered with userfaultfd, and nobody serves it: the
 * kernel waits where it writes the first zone, until this program is killed. Exits with
 * 4 where the kernel has no userfaultfd.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/blkzoned.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE	4096UL
#define ZONES	16

/* The report's head is at the end of the first page, the zones are in the second. */
static struct blk_zone_report *make_memory(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	char *memory;
	int fd;

	memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (memory == MAP_FAILED || fd < 0 || ioctl(fd, UFFDIO_API, &api))
		return NULL;
	reg.range.start = (uintptr_t)memory + PAGE;
	reg.range.len = PAGE;
	if (ioctl(fd, UFFDIO_REGISTER, &reg))
		return NULL;
	return (void *)(memory + PAGE - sizeof(struct blk_zone_report));
}

int main(int argc, char **argv)
{
	struct blk_zone_report *report = make_memory();
	int fd;

	if (!report)
		return 4;
	fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
	if (fd < 0) {
		perror("stuck_report");
		return 1;
	}
	report->sector = 0;
	report->nr_zones = ZONES;
	return ioctl(fd, BLKREPORTZONE, report) ? 1 : 0;
}
