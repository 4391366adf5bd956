// SPDX-License-Identifier: GPL-2.0
/*
 * Opening disks: for us alone, and only if nobody else has them.
 *
 * An exclusive open fails if a file system, swap or another disk holds the disk,
 * or a partition of it. Programs that merely have it open do not hold it, so
 * openers are counted as well.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "load.h"

static const char *mql_why_not_open(int error)
{
	switch (error) {
	case -EBUSY:
		return "is mounted or held by something else";
	case -ENOENT:
		return "does not exist";
	case -ENOTBLK:
		return "is no block device";
	case -EACCES:
	case -EROFS:
		return "is read-only, and there is something to write";
	case -ENXIO:
	case -ENODEV:
		return "has no driver";
	default:
		return "cannot be opened";
	}
}

static int mql_check_size(const struct mql_config *config, const char *path,
			  struct block_device *bdev)
{
	if (bdev_nr_bytes(bdev) < config->span_bytes) {
		pr_err("disks: %s has %llu bytes, and span_bytes is %llu\n", path,
		       bdev_nr_bytes(bdev), config->span_bytes);
		return -ENOSPC;
	}
	if (config->block_bytes & (bdev_logical_block_size(bdev) - 1)) {
		pr_err("block_bytes: %llu is not valid, use a multiple of %u, the logical block of %s\n",
		       config->block_bytes, bdev_logical_block_size(bdev), path);
		return -EINVAL;
	}
	return 0;
}

/*
 * A queue that could be polled may have no hardware queues for it. One without
 * blk-mq has none, and each of its bios would have to be polled by itself.
 */
static bool mql_can_poll(const struct request_queue *queue)
{
	if (!(queue->limits.features & BLK_FEAT_POLL))
		return false;
	return queue->tag_set && queue->tag_set->map[HCTX_TYPE_POLL].nr_queues;
}

/* A block is one segment for each page, as there are gaps between them. */
static int mql_check_polled(const struct mql_config *config, const char *path,
			    struct block_device *bdev)
{
	struct request_queue *queue = bdev_get_queue(bdev);
	u64 most;

	if (!mql_can_poll(queue)) {
		pr_err("disks: %s cannot be polled\n", path);
		return -EOPNOTSUPP;
	}
	/* A block that takes several requests needs more of them than depth says. */
	most = min3((u64)queue_max_bytes(queue), (u64)MQL_BIO_BYTES,
		    (u64)queue_max_segments(queue) << PAGE_SHIFT);
	if (config->block_bytes > most) {
		pr_err("block_bytes: %llu is not valid, use %llu at most with polled: %s takes no more in one piece\n",
		       config->block_bytes, most, path);
		return -EINVAL;
	}
	/* A thread that sleeps until a request is free does not poll. */
	most = queue->nr_requests;
	if (config->depth > most) {
		pr_err("depth: %llu is not valid, use %llu at most with polled: %s has no more requests\n",
		       config->depth, most, path);
		return -EINVAL;
	}
	return 0;
}

/* Each zone begins with a block. How much of a zone can be written is seen there. */
static int mql_check_zones(const struct mql_config *config, const char *path,
			   struct block_device *bdev)
{
	u64 zone_bytes = (u64)bdev_zone_sectors(bdev) << SECTOR_SHIFT;
	u32 rest;

	if (!bdev_is_zoned(bdev)) {
		pr_err("disks: %s has no zones, and pattern is zones\n", path);
		return -EOPNOTSUPP;
	}
	div_u64_rem(zone_bytes, config->block_bytes, &rest);
	if (!rest)
		return 0;
	pr_err("block_bytes: %llu is not valid, use what divides %llu, the size of a zone of %s\n",
	       config->block_bytes, zone_bytes, path);
	return -EINVAL;
}

static int mql_check_features(const struct mql_config *config, const char *path,
			      struct block_device *bdev)
{
	if (config->pattern == MQL_ZONES)
		return mql_check_zones(config, path, bdev);
	if (config->polled)
		return mql_check_polled(config, path, bdev);
	return 0;
}

/*
 * Whoever opens a partition is counted as an opener of the whole disk as well. So
 * what is left without those of partitions has the disk itself open.
 */
static int mql_openers_of_whole(struct gendisk *disk)
{
	int openers = atomic_read(&disk->part0->bd_openers);
	struct block_device *part;
	unsigned long index;

	xa_for_each_start(&disk->part_tbl, index, part, 1)
		openers -= atomic_read(&part->bd_openers);
	return openers;
}

/* Besides us: of a disk or its partitions, or of a partition or its disk */
static bool mql_is_open_elsewhere(struct block_device *bdev)
{
	guard(mutex)(&bdev->bd_disk->open_mutex);
	if (atomic_read(&bdev->bd_openers) > 1)
		return true;
	return bdev_is_partition(bdev) && mql_openers_of_whole(bdev->bd_disk);
}

static int mql_check_disk(const struct mql_config *config, const char *path,
			  struct block_device *bdev)
{
	if (mql_is_open_elsewhere(bdev)) {
		pr_err("disks: %s is open elsewhere\n", path);
		return -EBUSY;
	}
	return mql_check_size(config, path, bdev) ?:
	       mql_check_features(config, path, bdev);
}

static void mql_disk_measure(const struct mql_config *config, struct mql_disk *disk)
{
	disk->blocks = div64_u64(config->span_bytes, config->block_bytes);
	if (config->pattern != MQL_ZONES)
		return;
	disk->zone_sects = bdev_zone_sectors(disk->bdev);
	disk->nr_zones = min_t(u64, UINT_MAX,
			       (config->span_bytes >> SECTOR_SHIFT) >>
			       ilog2(disk->zone_sects));
}

static int mql_disk_open(struct mql_run *run, const char *path)
{
	struct mql_disk *disk = &run->disks[run->nr_disks];
	blk_mode_t mode = BLK_OPEN_READ;
	struct file *file;
	int ret;

	if (mql_config_writes(&run->config))
		mode |= BLK_OPEN_WRITE;
	file = bdev_file_open_by_path(path, mode, run, NULL);
	if (IS_ERR(file)) {
		pr_err("disks: %s %s (%pe)\n", path,
		       mql_why_not_open(PTR_ERR(file)), file);
		return PTR_ERR(file);
	}
	disk->file = file;
	disk->bdev = file_bdev(file);
	run->nr_disks++;
	ret = mql_check_disk(&run->config, path, disk->bdev);
	if (!ret)
		mql_disk_measure(&run->config, disk);
	return ret;
}

/* Each job on a disk needs a block, or a zone, of its own. */
static int mql_check_shares(const struct mql_run *run)
{
	u64 peers = DIV_ROUND_UP_ULL(run->config.jobs, run->nr_disks);
	const struct mql_disk *disk;
	u64 most;

	if (run->config.jobs < run->nr_disks) {
		pr_err("jobs: %llu is not valid, use %u at least: one for each disk\n",
		       run->config.jobs, run->nr_disks);
		return -EINVAL;
	}
	for (disk = run->disks; disk < run->disks + run->nr_disks; disk++) {
		most = disk->zone_sects ? disk->nr_zones : disk->blocks;
		if (run->config.pattern == MQL_RANDOM || peers <= most)
			continue;
		pr_err("jobs: %llu is not valid, use %llu at most: the span of %pg has no more %s\n",
		       run->config.jobs, most * run->nr_disks, disk->bdev,
		       disk->zone_sects ? "zones" : "blocks");
		return -EINVAL;
	}
	return 0;
}

static bool mql_poll_same_queue(const struct mql_job *one, const struct mql_job *other)
{
	const struct request_queue *queue = bdev_get_queue(one->disk->bdev);
	const unsigned int *map = queue->tag_set->map[HCTX_TYPE_POLL].mq_map;

	return queue == bdev_get_queue(other->disk->bdev) &&
	       map[one->cpu] == map[other->cpu];
}

/**
 * mql_check_pollers - can the jobs of a run poll without waiting for each other
 * @run: its jobs have their disks and CPUs
 *
 * A thread that sleeps until a request is free does not poll. If each of those that
 * share a hardware queue did so, nobody would be left to end a request. So together
 * they may have no more in flight than the queue has.
 *
 * Return: 0, or -EINVAL after a line in the log.
 */
int mql_check_pollers(const struct mql_run *run)
{
	const struct mql_job *end = run->jobs + run->nr_jobs, *job, *other;
	unsigned long most;
	u64 sharers;

	if (!run->config.polled)
		return 0;
	for (job = run->jobs; job < end; job++) {
		sharers = 0;
		for (other = run->jobs; other < end; other++)
			sharers += mql_poll_same_queue(job, other);
		most = bdev_get_queue(job->disk->bdev)->nr_requests;
		if (sharers * run->config.depth <= most)
			continue;
		pr_err("depth: %llu is not valid with %llu jobs that poll one queue of %pg: together they may have its %lu requests in flight\n",
		       run->config.depth, sharers, job->disk->bdev, most);
		return -EINVAL;
	}
	return 0;
}

/**
 * mql_disks_open - open the disks of a run
 * @run: its config says which
 *
 * Context: Process context, may sleep. On error the caller closes what is open.
 *
 * Return: 0, or an errno after a line in the log.
 */
int mql_disks_open(struct mql_run *run)
{
	char *paths = kstrdup(run->config.disks, GFP_KERNEL);
	char *rest = paths, *path;
	int ret = 0;

	if (!paths)
		return -ENOMEM;
	while (!ret && (path = strsep(&rest, " \t\n"))) {
		if (*path)
			ret = mql_disk_open(run, path);
	}
	kfree(paths);
	return ret ?: mql_check_shares(run);
}

/**
 * mql_disks_close - close them
 * @run: whose
 *
 * They can be opened by others, and their drivers unloaded, on return. So they are
 * put at once: fput() leaves it to a worker if a kernel thread calls it, and to wait
 * for that worker is not possible; flush_delayed_fput() closes what the worker has
 * not taken yet, files of others among it.
 *
 * Context: Process context, may sleep. Takes a disk's open_mutex.
 */
void mql_disks_close(struct mql_run *run)
{
	while (run->nr_disks)
		__fput_sync(run->disks[--run->nr_disks].file);
}
