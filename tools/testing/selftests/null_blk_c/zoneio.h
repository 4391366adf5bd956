/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What programs that use zoned disks have in common: reports and commands. Comes after
 * snap.h.
 */
#ifndef _SELFTEST_ZONEIO_H
#define _SELFTEST_ZONEIO_H

/* Describes the zone that begins at a sector. */
static void zone_report_at(int file, uint64_t sector, struct blk_zone *zone)
{
	struct {
		struct blk_zone_report head;
		struct blk_zone zone;
	} report = {
		.head.sector	= sector,
		.head.nr_zones	= 1,
	};

	if (ioctl(file, BLKREPORTZONE, &report) || report.head.nr_zones != 1)
		die("report");
	*zone = report.zone;
}

/* A command on one zone, BLK*ZONE. Returns as ioctl(). */
static int zone_command(int file, unsigned long request, uint64_t sector, uint64_t sects)
{
	struct blk_zone_range range = { .sector = sector, .nr_sectors = sects };

	return ioctl(file, request, &range);
}

/* What a zone that is not open is, with its write pointer at @wp, in any unit, of @cap */
static unsigned int zone_closed_cond(unsigned int wp, unsigned int cap)
{
	if (wp >= cap)
		return BLK_ZONE_COND_FULL;
	return wp ? BLK_ZONE_COND_CLOSED : BLK_ZONE_COND_EMPTY;
}

/* Is all memory of these bytes @value? */
static bool bytes_are(const char *data, size_t len, unsigned char value)
{
	return !len || ((unsigned char)data[0] == value && !memcmp(data, data + 1, len - 1));
}

/* Is a block of these bytes the word @stamp, again and again? */
static bool stamped(const char *data, size_t len, uint32_t stamp)
{
	return !memcmp(data, &stamp, sizeof(stamp)) &&
	       !memcmp(data, data + sizeof(stamp), len - sizeof(stamp));
}

static void stamp_bytes(char *data, size_t len, uint32_t stamp)
{
	size_t i;

	for (i = 0; i < len; i += sizeof(stamp))
		memcpy(data + i, &stamp, sizeof(stamp));
}

#endif /* _SELFTEST_ZONEIO_H */
