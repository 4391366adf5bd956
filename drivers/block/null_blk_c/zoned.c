// SPDX-License-Identifier: GPL-2.0
/*
 * Zoned disks: commands on zones and their data, limits, reports, and how zones
 * come with power.
 *
 * Zones belong to the device and outlive power, as data does: switched on again
 * with the same geometry, a disk finds its zones, those that were open closed.
 * Another geometry makes new zones, and what sequential zones held is dropped.
 *
 * With a cache a power cut loses what was not flushed. The write pointer of a zone falls
 * back to where its data ends then, so that it is never above data that is not there, see
 * losses.c.
 * Data is lost from the first lost byte of the zone on. Thus what shall be there for sure
 * takes with it what is before it in the zone: a write with FUA makes that durable, and so
 * does finishing the zone.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/align.h>
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/cleanup.h>
#include <linux/highmem.h>
#include <linux/kstrtox.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/sizes.h>
#include <linux/srcu.h>
#include <linux/string.h>

#include "history.h"
#include "losses.h"
#include "null_blk_c.h"
#include "zoned.h"

#define CREATE_TRACE_POINTS
#include <trace/events/null_blk_c.h>

/* What reads get from beyond the write pointer. */
#define NBC_UNWRITTEN		0xff
/* A command's length is 32 bits of bytes, a zone may be larger. */
#define NBC_DISCARD_BYTES	SZ_1G
/* log2 of a MiB in sectors */
#define NBC_MB_SHIFT		(20 - SECTOR_SHIFT)

static void nbc_zoned_trace(struct nbc_disk *ndisk, struct nbc_zone *zone,
			    enum req_op op)
{
	trace_nbc_zone_op(ndisk->disk, op, nbc_zone_no(ndisk->zones, zone),
			  READ_ONCE(zone->cond));
}

/* Sets all memory of the bios but the first @skip bytes. */
static void nbc_fill_bios(struct bio *bio, unsigned int skip, u8 value)
{
	struct bvec_iter iter;
	struct bio_vec bv;

	for (; bio; bio = bio->bi_next) {
		bio_for_each_segment(bv, bio, iter) {
			unsigned int part = min(skip, bv.bv_len);
			void *memory;

			skip -= part;
			if (part == bv.bv_len)
				continue;
			memory = bvec_kmap_local(&bv);
			memset(memory + part, value, bv.bv_len - part);
			kunmap_local(memory);
			flush_dcache_page(bv.bv_page);
		}
	}
}

static void nbc_zoned_check_bad(struct nbc_disk *ndisk, struct nbc_cmd *cmd)
{
	if (READ_ONCE(ndisk->on) & BIT(NBC_ON_BADBLOCKS))
		nbc_badblocks_check(ndisk, cmd);
}

/* Takes no lock: reads do not wait for writes of the same zone. */
static blk_status_t nbc_zoned_read(struct nbc_disk *ndisk, struct nbc_cmd *cmd)
{
	u64 sector = cmd->pos >> SECTOR_SHIFT;
	struct nbc_zone *zone = nbc_zone_at(ndisk->zones, sector);
	unsigned int written, len;
	blk_status_t status;
	u64 end;

	status = nbc_zone_readable(ndisk->zones, zone, &written);
	if (status != BLK_STS_OK)
		return status;
	nbc_zoned_check_bad(ndisk, cmd);
	if (!ndisk->store) {
		if (!cmd->status)
			nbc_data_run(ndisk, cmd);
		return BLK_STS_OK;
	}

	len = cmd->done;
	end = (nbc_zone_start(ndisk->zones, zone) + written) << SECTOR_SHIFT;
	cmd->done = min_t(u64, len, end - min(end, cmd->pos));
	nbc_data_run(ndisk, cmd);
	if (cmd->done < len)
		nbc_fill_bios(cmd->bio, cmd->done, NBC_UNWRITTEN);
	return BLK_STS_OK;
}

/* A conventional zone is written as a disk without zones is. */
static blk_status_t nbc_zoned_write_conv(struct nbc_disk *ndisk,
					 struct nbc_cmd *cmd)
{
	nbc_zoned_check_bad(ndisk, cmd);
	nbc_data_run(ndisk, cmd);
	return BLK_STS_OK;
}

static blk_status_t nbc_zoned_discard(struct nbc_disk *ndisk, u64 pos, u64 len)
{
	struct nbc_cmd cmd = { .op = REQ_OP_DISCARD, .pos = pos };

	for (; len && !cmd.status; len -= cmd.done) {
		cmd.done = min_t(u64, len, NBC_DISCARD_BYTES);
		nbc_data_run(ndisk, &cmd);
		cmd.pos += cmd.done;
	}
	return cmd.status;
}

/* The byte behind a zone. */
static u64 nbc_zoned_end(struct nbc_disk *ndisk, struct nbc_zone *zone)
{
	return (nbc_zone_start(ndisk->zones, zone) +
		nbc_zone_len(ndisk->zones, zone)) << SECTOR_SHIFT;
}

/* Makes durable what a zone has, to which nobody writes. */
static void nbc_zoned_flush(struct nbc_disk *ndisk, struct nbc_zone *zone)
{
	u64 start = nbc_zone_start(ndisk->zones, zone) << SECTOR_SHIFT;
	u64 end = nbc_zoned_end(ndisk, zone);

	lockdep_assert_held(&zone->lock);
	if (ndisk->history)
		nbc_history_flush_range(ndisk->history, start, end);
	else if (ndisk->cache)
		nbc_cache_flush_range(ndisk->cache, start, end);
}

/* Drops the data of a zone, with what it kept. */
static blk_status_t nbc_zoned_empty(struct nbc_disk *ndisk, struct nbc_zone *zone)
{
	return nbc_zoned_discard(ndisk,
				nbc_zone_start(ndisk->zones, zone) << SECTOR_SHIFT,
				(u64)nbc_zone_len(ndisk->zones, zone) << SECTOR_SHIFT);
}

/* Moves the data of a write that the zone is open for, then its pointer. */
static void nbc_zoned_fill(struct nbc_disk *ndisk, struct nbc_zone *zone,
			   struct nbc_cmd *cmd)
{
	lockdep_assert_held(&zone->lock);
	nbc_zoned_check_bad(ndisk, cmd);
	if (!nbc_data_run(ndisk, cmd)) {
		/* A part may be there, where a finished zone reads as zeroes. */
		nbc_zoned_discard(ndisk, cmd->pos, cmd->done);
		cmd->done = 0;
	} else if (cmd->done && cmd->flags & REQ_FUA) {
		nbc_zoned_flush(ndisk, zone);
	}
	nbc_zone_write_end(ndisk->zones, zone, cmd->done >> SECTOR_SHIFT);
	nbc_kept_written(ndisk->kept, zone);
}

static blk_status_t nbc_zoned_write(struct nbc_disk *ndisk, struct nbc_zone *zone,
				    struct nbc_cmd *cmd)
{
	u64 start = nbc_zone_start(ndisk->zones, zone);
	blk_status_t status;

	nbc_zone_lock(ndisk->zones, zone);
	nbc_zoned_trace(ndisk, zone, cmd->op);
	if (cmd->op == REQ_OP_ZONE_APPEND)
		cmd->pos = (start + zone->wp_sects) << SECTOR_SHIFT;
	status = nbc_zone_write_begin(ndisk->zones, zone,
				      (cmd->pos >> SECTOR_SHIFT) - start,
				      cmd->len >> SECTOR_SHIFT);
	if (status == BLK_STS_OK)
		nbc_zoned_fill(ndisk, zone, cmd);
	mutex_unlock(&zone->lock);
	return status;
}

/*
 * After a reset a zone may keep what it has. If it was finished, nobody knows how much
 * that is: it would count as memory that can be had, and is not there.
 */
static bool nbc_zoned_keeps(struct nbc_disk *ndisk, struct nbc_zone *zone)
{
	return !zone->finished && nbc_kept_add(ndisk->kept, zone, zone->wp_sects);
}

/*
 * What a command does to the data of a zone before the zone changes. Over layers there may be
 * no memory to hide what a zone holds: then it is not reset. Otherwise this does not fail.
 */
static blk_status_t nbc_zoned_prepare(struct nbc_disk *ndisk, struct nbc_zone *zone,
				      enum req_op op)
{
	/* What fails makes nothing durable. */
	if (op == REQ_OP_ZONE_FINISH && !nbc_zone_is_writable(ndisk->zones, zone))
		return BLK_STS_IOERR;
	if (op == REQ_OP_ZONE_FINISH) {
		nbc_zoned_flush(ndisk, zone);
		nbc_kept_drop(ndisk->kept, zone);
	} else if (op == REQ_OP_ZONE_RESET && nbc_zone_is_writable(ndisk->zones, zone) &&
		   !nbc_zoned_keeps(ndisk, zone)) {
		return nbc_zoned_empty(ndisk, zone);
	}
	return BLK_STS_OK;
}

static blk_status_t nbc_zoned_change(struct nbc_disk *ndisk,
				     struct nbc_zone *zone, enum req_op op)
{
	blk_status_t status;

	nbc_zone_lock(ndisk->zones, zone);
	status = nbc_zoned_prepare(ndisk, zone, op);
	if (status == BLK_STS_OK)
		status = nbc_zone_manage(ndisk->zones, zone, op);
	if (status == BLK_STS_OK)
		nbc_zoned_trace(ndisk, zone, op);
	mutex_unlock(&zone->lock);
	return status;
}

/* Skips what cannot be reset: a zone that fails meanwhile is no error either. */
static blk_status_t nbc_zoned_reset_all(struct nbc_disk *ndisk)
{
	struct nbc_zones *zones = ndisk->zones;
	blk_status_t status;
	unsigned int i;

	for (i = zones->geometry.nr_conv; i < zones->nr_zones; i++) {
		if (READ_ONCE(zones->zone[i].cond) == BLK_ZONE_COND_EMPTY)
			continue;
		status = nbc_zoned_change(ndisk, &zones->zone[i], REQ_OP_ZONE_RESET);
		if (status == BLK_STS_NOSPC)
			return status;
		cond_resched();
	}
	return BLK_STS_OK;
}

/* Returns what zones say; what other stages do is in the command. */
static blk_status_t nbc_zoned_do(struct nbc_disk *ndisk, struct nbc_cmd *cmd)
{
	struct nbc_zone *zone;

	if (cmd->op == REQ_OP_FLUSH) {
		nbc_data_run(ndisk, cmd);
		return BLK_STS_OK;
	}
	zone = nbc_zone_at(ndisk->zones, cmd->pos >> SECTOR_SHIFT);
	switch (cmd->op) {
	case REQ_OP_READ:
		return nbc_zoned_read(ndisk, cmd);
	case REQ_OP_WRITE:
		if (nbc_zone_is_conv(ndisk->zones, zone))
			return nbc_zoned_write_conv(ndisk, cmd);
		return nbc_zoned_write(ndisk, zone, cmd);
	case REQ_OP_ZONE_APPEND:
		if (nbc_zone_is_conv(ndisk->zones, zone))
			return BLK_STS_IOERR;
		return nbc_zoned_write(ndisk, zone, cmd);
	case REQ_OP_ZONE_OPEN:
	case REQ_OP_ZONE_CLOSE:
	case REQ_OP_ZONE_FINISH:
	case REQ_OP_ZONE_RESET:
		return nbc_zoned_change(ndisk, zone, cmd->op);
	case REQ_OP_ZONE_RESET_ALL:
		return nbc_zoned_reset_all(ndisk);
	default:
		return BLK_STS_NOTSUPP;
	}
}

/**
 * nbc_zoned_run - do a command on a zoned disk
 * @ndisk: the disk
 * @cmd: what to do, within one zone; a zone append sets @pos
 *
 * The command's status may be, besides those of nbc_data_run() and nbc_badblocks_check(),
 * BLK_STS_IOERR if the zone's condition or write pointer does not permit it,
 * BLK_STS_ZONE_ACTIVE_RESOURCE and BLK_STS_ZONE_OPEN_RESOURCE if a limit does not.
 *
 * Context: Process context, may sleep; takes the zone's lock.
 */
void nbc_zoned_run(struct nbc_disk *ndisk, struct nbc_cmd *cmd)
{
	blk_status_t status = nbc_zoned_do(ndisk, cmd);

	cmd->status = cmd->status ?: status;
}

/* Zones that are reported at once; they stand on the stack meanwhile. */
#define NBC_REPORT_CHUNK	8

/* Who asks for a report has the disk open, which does not keep its zones. */
DEFINE_STATIC_SRCU(nbc_reports);

static unsigned int nbc_report_live(const struct nbc_disk *ndisk, sector_t sector,
				    unsigned int skip, struct blk_zone *chunk)
{
	struct nbc_zones *zones = ndisk->zones;
	unsigned int first, nr, i;

	first = min((sector >> zones->zone_shift) + skip, zones->nr_zones);
	nr = min(zones->nr_zones - first, NBC_REPORT_CHUNK);
	for (i = 0; i < nr; i++)
		nbc_zone_report(zones, &zones->zone[first + i], &chunk[i]);
	return nr;
}

/*
 * Reads up to NBC_REPORT_CHUNK zones, from that of @sector and @skip more on. Returns
 * how many, 0 behind the last one, or -ENODEV if the disk is gone.
 */
static int nbc_report_read(struct gendisk *disk, sector_t sector,
			   unsigned int skip, struct blk_zone *chunk)
{
	int ret = -ENODEV, idx;

	idx = srcu_read_lock(&nbc_reports);
	if (!test_bit(GD_DEAD, &disk->state))
		ret = nbc_report_live(disk->private_data, sector, skip, chunk);
	srcu_read_unlock(&nbc_reports, idx);
	return ret;
}

/*
 * What is read is handed on without the zones: that writes to the memory of who asked,
 * which may wait for as long as they like, and with it would whoever waits for the
 * report to end.
 */
static int nbc_report(struct gendisk *disk, sector_t sector,
		      unsigned int nr_zones, struct blk_report_zones_args *args)
{
	struct blk_zone chunk[NBC_REPORT_CHUNK];
	unsigned int done = 0;
	int nr, i, ret;

	trace_nbc_report_zones(disk, nr_zones);
	while (done < nr_zones) {
		nr = nbc_report_read(disk, sector, done, chunk);
		if (nr <= 0)
			return nr ?: done;
		for (i = 0; i < nr && done < nr_zones; i++) {
			ret = disk_report_zone(disk, &chunk[i], done++, args);
			if (ret)
				return ret;
		}
	}
	return done;
}

/**
 * nbc_reports_drain - wait until no report looks at the zones any more
 * @ndisk: a disk that was removed: no more begin
 *
 * Context: Process context, may sleep; does not wait for who asked for a report.
 */
void nbc_reports_drain(struct nbc_disk *ndisk)
{
	/* See litmus/zone_report.litmus. */
	if (ndisk->zones)
		synchronize_srcu(&nbc_reports);
}

/* For ->report_zones. */
MQBLK_REPORT_ZONES_FN(nbc_report_zones)
{
	return nbc_report(disk, sector, nr_zones, MQBLK_REPORT_ZONES_ARGS);
}

/* Attributes */

/* Breaks a zone, or mends it. Returns 0; -ENOMEM if it is not mended. */
static int nbc_zoned_toggle(struct nbc_disk *ndisk, struct nbc_zone *zone,
			    enum blk_zone_cond cond)
{
	int ret = 0;

	nbc_zone_lock(ndisk->zones, zone);
	nbc_kept_drop(ndisk->kept, zone);
	if (READ_ONCE(zone->cond) == cond && nbc_zoned_empty(ndisk, zone))
		ret = -ENOMEM;
	else
		nbc_zone_toggle(ndisk->zones, zone, cond);
	mutex_unlock(&zone->lock);
	return ret;
}

static int nbc_zoned_break(struct nbc_device *dev, const char *attr,
			   const char *text, enum blk_zone_cond cond)
{
	struct nbc_zones *zones;
	u64 sector, first;
	int ret;

	guard(mutex)(&dev->lock);
	if (!dev->disk || !dev->disk->zones) {
		pr_err("%s: %s: the device is not a zoned one that is powered\n",
		       nbc_device_name(dev), attr);
		return -EINVAL;
	}
	zones = dev->disk->zones;
	first = (u64)zones->geometry.nr_conv << zones->zone_shift;
	ret = kstrtou64(text, 0, &sector);
	if (!ret && (sector < first || sector >= zones->geometry.disk_sects))
		ret = -EINVAL;
	if (ret) {
		pr_err("%s: %s: \"%*pE\" is not valid, use a sector, %llu to %llu\n",
		       nbc_device_name(dev), attr, (int)strcspn(text, "\n"),
		       text, first, zones->geometry.disk_sects - 1);
		return ret;
	}
	ret = nbc_zoned_toggle(dev->disk, nbc_zone_at(zones, sector), cond);
	if (ret)
		pr_err("%s: %s: no memory to hide what a snapshot has of the zone\n",
		       nbc_device_name(dev), attr);
	return ret;
}

/**
 * nbc_zone_readonly_store - make a zone read-only, or empty if it is so
 * @dev: the device
 * @text: any sector of the zone
 *
 * Context: Process context; takes dev->lock, waits for a write to the zone.
 * Return: 0; -EINVAL without power or zones, for a zone that is not sequential,
 * or for what is not a sector of the disk; -ERANGE for a number of more than 64
 * bits; -ENOMEM without memory to hide what a snapshot has of a zone that is to be empty,
 * which stays as it is.
 */
int nbc_zone_readonly_store(struct nbc_device *dev, const char *text)
{
	return nbc_zoned_break(dev, "zone_readonly", text,
			      BLK_ZONE_COND_READONLY);
}

/**
 * nbc_zone_offline_store - make a zone fail, or empty if it does
 * @dev: as for nbc_zone_readonly_store()
 * @text: likewise
 *
 * Context: As nbc_zone_readonly_store().
 * Return: as nbc_zone_readonly_store().
 */
int nbc_zone_offline_store(struct nbc_device *dev, const char *text)
{
	return nbc_zoned_break(dev, "zone_offline", text, BLK_ZONE_COND_OFFLINE);
}

/* Power */

static int nbc_zoned_check(const char *name, const struct nbc_config *config)
{
	if (config->zone_size > config->size) {
		pr_err("%s: zone_size: %lu is more than size, use at most %lu\n",
		       name, config->zone_size, config->size);
		return -EINVAL;
	}
	if (config->zone_capacity > config->zone_size) {
		pr_err("%s: zone_capacity: %lu is more than zone_size, use at most %lu\n",
		       name, config->zone_capacity, config->zone_size);
		return -EINVAL;
	}
	if (config->zone_capacity && config->zone_capacity < config->zone_size &&
	    config->size % config->zone_size) {
		pr_err("%s: zone_capacity: %lu is less than zone_size, use %lu or a size of whole zones\n",
		       name, config->zone_capacity, config->zone_size);
		return -EINVAL;
	}
	return 0;
}

static void nbc_zoned_lower(const char *name, const char *attr,
			    unsigned long *value, unsigned long use)
{
	pr_info("%s: %s: %lu is too much, using %lu\n", name, attr, *value, use);
	*value = use;
}

/* A limit that is no limit reads as 0. */
static void nbc_zoned_adjust(const char *name, struct nbc_config *config)
{
	unsigned long nr_zones = DIV_ROUND_UP(config->size, config->zone_size);
	unsigned long nr_seq;

	if (config->zone_nr_conv >= nr_zones)
		nbc_zoned_lower(name, "zone_nr_conv", &config->zone_nr_conv,
				nr_zones - 1);
	nr_seq = nr_zones - config->zone_nr_conv;
	if (config->zone_max_active >= nr_seq)
		nbc_zoned_lower(name, "zone_max_active",
				&config->zone_max_active, 0);
	if (config->zone_max_active &&
	    config->zone_max_open > config->zone_max_active)
		nbc_zoned_lower(name, "zone_max_open", &config->zone_max_open,
				config->zone_max_active);
	else if (config->zone_max_open >= nr_seq)
		nbc_zoned_lower(name, "zone_max_open", &config->zone_max_open,
				0);
}

/**
 * nbc_zoned_configure - check what a zoned disk shall be, and lower its limits
 * @name: of the disk
 * @config: what was asked for; set to what will be
 *
 * Context: Process context.
 * Return: 0, or -EINVAL if there can be no such disk.
 */
int nbc_zoned_configure(const char *name, struct nbc_config *config)
{
	int ret;

	if (!config->zoned)
		return 0;
	ret = nbc_zoned_check(name, config);
	if (ret)
		return ret;
	nbc_zoned_adjust(name, config);
	return 0;
}

static unsigned int nbc_zoned_cap_sects(const struct nbc_config *config)
{
	return (config->zone_capacity ?: config->zone_size) << NBC_MB_SHIFT;
}

static unsigned int nbc_zoned_append_sects(const struct nbc_config *config)
{
	unsigned int block_sects = config->blocksize >> SECTOR_SHIFT;

	return min(ALIGN_DOWN((unsigned int)config->zone_append_max_sectors,
			      block_sects),
		   nbc_zoned_cap_sects(config));
}

/**
 * nbc_zoned_alloc - make zones, if there is memory for them
 * @name: of the device
 * @geometry: how it is divided
 * @node: where to allocate from, or NUMA_NO_NODE
 *
 * Context: Process context, may sleep.
 * Return: as nbc_zones_create().
 */
struct nbc_zones *nbc_zoned_alloc(const char *name, const struct nbc_zone_geometry *geometry,
				  int node)
{
	u64 bytes = nbc_zones_bytes(geometry);
	struct nbc_zones *zones = NULL;

	if (nbc_memory_covers(bytes))
		zones = nbc_zones_create(geometry, node);
	if (!zones)
		pr_err("%s: zone_size: %u makes %llu zones, and there are no %llu MiB of memory for them; use larger ones\n",
		       name, geometry->zone_sects >> NBC_MB_SHIFT,
		       nbc_zone_count(geometry), bytes >> 20);
	return zones;
}

/**
 * nbc_zoned_clone - copy zones
 * @name: of the device that gets them
 * @from: zones that nobody uses
 * @node: where to allocate from, or NUMA_NO_NODE
 *
 * Context: Process context, may sleep.
 * Return: the copy, without limits, or NULL without memory.
 */
struct nbc_zones *nbc_zoned_clone(const char *name, struct nbc_zones *from, int node)
{
	struct nbc_zones *zones = nbc_zoned_alloc(name, &from->geometry, node);

	if (zones)
		nbc_zones_copy(zones, from);
	return zones;
}

/**
 * nbc_zoned_be_like - ask for zones of a geometry
 * @config: set so that its disk has such zones
 * @geometry: the geometry, of zones with data
 *
 * Context: Any.
 */
void nbc_zoned_be_like(struct nbc_config *config, const struct nbc_zone_geometry *geometry)
{
	config->memory_backed = true;
	config->zoned = true;
	config->size = geometry->disk_sects >> NBC_MB_SHIFT;
	config->blocksize = geometry->block_bytes;
	config->zone_size = geometry->zone_sects >> NBC_MB_SHIFT;
	config->zone_capacity = geometry->cap_sects >> NBC_MB_SHIFT;
	config->zone_nr_conv = geometry->nr_conv;
	config->zone_full = geometry->full;
}

/**
 * nbc_zoned_check_layers - may a disk have its zones, over layers?
 * @dev: the device, off; dev->lock is held
 * @config: what its disk shall be, by nbc_zoned_configure()
 *
 * There they do not start anew: that would hide data of a snapshot, which takes memory.
 *
 * Context: Process context.
 * Return: 0, or -EINVAL if the data has no zones, or others.
 */
int nbc_zoned_check_layers(struct nbc_device *dev, const struct nbc_config *config)
{
	struct nbc_config fits = *config;
	const struct {
		const char	*name;
		unsigned long	value;
		unsigned long	*use;
	} all[] = {
		{ "memory_backed", config->memory_backed, &fits.memory_backed },
		{ "size", config->size, &fits.size },
		{ "blocksize", config->blocksize, &fits.blocksize },
		{ "zone_size", config->zone_size, &fits.zone_size },
		{ "zone_capacity", config->zone_capacity ?: config->zone_size,
		  &fits.zone_capacity },
		{ "zone_nr_conv", config->zone_nr_conv, &fits.zone_nr_conv },
		{ "zone_full", config->zone_full, &fits.zone_full },
	};
	unsigned int i;

	lockdep_assert_held(&dev->lock);
	if (!config->zoned || !dev->store.base)
		return 0;
	if (!dev->zones) {
		pr_err("%s: zoned: 1 is not valid, use 0, as the data is that of a snapshot without zones or has some\n",
		       nbc_device_name(dev));
		return -EINVAL;
	}
	nbc_zoned_be_like(&fits, &dev->zones->geometry);
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		if (all[i].value == *all[i].use)
			continue;
		pr_err("%s: %s: %lu is not valid, use %lu, as the data is that of a snapshot or has some\n",
		       nbc_device_name(dev), all[i].name, all[i].value, *all[i].use);
		return -EINVAL;
	}
	return 0;
}

/* Drops what zones keep, and waits for the command that is under way in each. */
static void nbc_zoned_settle(struct nbc_device *dev)
{
	struct nbc_zones *zones = dev->zones;
	unsigned int i;

	for (i = zones->geometry.nr_conv; i < zones->nr_zones; i++) {
		mutex_lock(&zones->zone[i].lock);
		if (dev->disk)
			nbc_kept_drop(dev->disk->kept, &zones->zone[i]);
		mutex_unlock(&zones->zone[i].lock);
		cond_resched();
	}
}

/**
 * nbc_zoned_pause - let the zones of a device stay as they are
 * @dev: the device, powered or not; dev->lock is held, or dev->config_lock while it is powered
 *
 * When this returns no command on a sequential zone is under way, its data is all below the
 * write pointer, and none begins before nbc_zoned_resume(). Nothing happens without zones.
 *
 * Context: Process context, may sleep; waits for the command that is under way in each zone,
 * which waits for nobody. The caller must not wait for I/O, nor for memory that I/O must
 * free, until nbc_zoned_resume().
 */
void nbc_zoned_pause(struct nbc_device *dev)
{
	lockdep_assert(lockdep_is_held(&dev->lock) || lockdep_is_held(&dev->config_lock));
	if (!dev->zones)
		return;
	/* Most of what is kept goes while commands go on. */
	if (dev->disk && dev->disk->kept)
		nbc_zoned_settle(dev);
	nbc_zones_pause(dev->zones);
	nbc_zoned_settle(dev);
}

/**
 * nbc_zoned_resume - undo nbc_zoned_pause()
 * @dev: the device
 *
 * Context: Process context.
 */
void nbc_zoned_resume(struct nbc_device *dev)
{
	if (dev->zones)
		nbc_zones_resume(dev->zones);
}

/* Drops the data of sequential zones with the zones: they would show it. */
static int nbc_zoned_renew(struct nbc_device *dev,
			   const struct nbc_zone_geometry *geometry, int node)
{
	u64 first = (u64)geometry->nr_conv * geometry->zone_sects;
	struct nbc_zones *zones;

	zones = nbc_zoned_alloc(nbc_device_name(dev), geometry, node);
	if (!zones)
		return -ENOMEM;
	nbc_store_discard(&dev->store, first << SECTOR_SHIFT,
			  (geometry->disk_sects - first) << SECTOR_SHIFT);
	nbc_zones_destroy(dev->zones);
	dev->zones = zones;
	return 0;
}

/**
 * nbc_zoned_power_on - prepare the zones of a device
 * @dev: the device, off; dev->lock is held
 * @config: what its disk shall be, by nbc_zoned_configure()
 *
 * Afterwards @dev has the zones that the disk needs, or none.
 *
 * Context: Process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int nbc_zoned_power_on(struct nbc_device *dev, const struct nbc_config *config)
{
	const struct nbc_zone_geometry geometry = {
		.disk_sects	= (u64)config->size << NBC_MB_SHIFT,
		.zone_sects	= config->zone_size << NBC_MB_SHIFT,
		.cap_sects	= nbc_zoned_cap_sects(config),
		.nr_conv	= config->zone_nr_conv,
		.block_bytes	= config->blocksize,
		.full		= config->zone_full,
		.backed		= config->memory_backed,
	};
	int ret = 0;

	lockdep_assert_held(&dev->lock);
	if (!config->zoned) {
		nbc_zones_destroy(dev->zones);
		dev->zones = NULL;
		return 0;
	}
	if (!dev->zones || !nbc_zones_fit(dev->zones, &geometry))
		ret = nbc_zoned_renew(dev, &geometry, config->home_node);
	if (ret)
		return ret;
	nbc_zones_restart(dev->zones, config->zone_max_open, config->zone_max_active);
	dev->zones->finish_opens = nbc_defaults.drop_in;
	return 0;
}

/**
 * nbc_zoned_cut_power - let zones be as the cache leaves them
 * @ndisk: a disk that nobody uses, whose cache is about to be dropped
 *
 * Zones that lose nothing are not looked at. With a history it is that which knows what is
 * lost, see nbc_history_destroy().
 *
 * Context: Process context, may sleep.
 */
void nbc_zoned_cut_power(struct nbc_disk *ndisk)
{
	struct nbc_zones *zones = ndisk->zones;
	struct nbc_zone *zone;
	u64 pos;

	if (!zones || !ndisk->cache || ndisk->history)
		return;
	pos = (u64)zones->geometry.nr_conv << zones->zone_shift << SECTOR_SHIFT;
	while (nbc_cache_first_lost(ndisk->cache, &pos)) {
		zone = nbc_zone_at(zones, pos >> SECTOR_SHIFT);
		nbc_zone_lose(zones, zone, (pos >> SECTOR_SHIFT) - nbc_zone_start(zones, zone),
			      ndisk->store);
		pos = nbc_zoned_end(ndisk, zone);
		cond_resched();
	}
}

/**
 * nbc_zoned_limits - say that a disk is zoned
 * @limits: the disk's limits
 * @config: what it shall be
 *
 * Context: Any.
 */
void nbc_zoned_limits(struct queue_limits *limits,
		      const struct nbc_config *config)
{
	limits->features |= BLK_FEAT_ZONED;
	limits->chunk_sectors = config->zone_size << NBC_MB_SHIFT;
	limits->max_open_zones = config->zone_max_open;
	limits->max_active_zones = config->zone_max_active;
	mqblk_limit_zone_append(limits, nbc_zoned_append_sects(config));
}

/**
 * nbc_zoned_as_null_blk - let attributes of zones read as null_blk has them
 * @config: of a zoned disk
 *
 * Context: Any.
 */
void nbc_zoned_as_null_blk(struct nbc_config *config)
{
	config->zone_append_max_sectors = nbc_zoned_append_sects(config);
	config->zone_capacity = config->zone_capacity ?: config->zone_size;
}
