// SPDX-License-Identifier: GPL-2.0
/*
 * mkzonefs - make a zonefs of a zoned disk
 *
 * usage: mkzonefs DEVICE [FEATURES]
 *
 * Debian 12 has no program for it. All there is of this file system is one block, at
 * the start of the first zone, which has to be empty or conventional. FEATURES are
 * bits, 1 for one file of all conventional zones.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK	4096

/* Numbers are little-endian; what follows is for owner, group and permissions. */
struct super {
	uint32_t magic;
	uint32_t crc;
	char label[64];
	uint8_t uuid[16];
	uint64_t features;
} __attribute__((packed));

/* CRC-32 of Ethernet's, not inverted at the end; field crc counts as 0. */
static uint32_t checksum(const uint8_t *byte)
{
	uint32_t crc = ~0U;

	for (int i = 0; i < BLOCK; i++) {
		crc ^= byte[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return crc;
}

int main(int argc, char **argv)
{
	static uint8_t block[BLOCK] __attribute__((aligned(BLOCK)));
	struct super *super = (struct super *)block;
	int fd;

	if (argc < 2)
		return 2;
	super->magic = htole32(0x5a4f4653);
	strcpy(super->label, "selftest");
	memset(super->uuid, 0x5a, sizeof(super->uuid));
	if (argc > 2)
		super->features = htole64(strtoull(argv[2], NULL, 0));
	super->crc = htole32(checksum(block));
	fd = open(argv[1], O_WRONLY | O_DIRECT);
	if (fd < 0 || write(fd, block, BLOCK) != BLOCK || fsync(fd)) {
		perror(argv[1]);
		return 1;
	}
	return 0;
}
