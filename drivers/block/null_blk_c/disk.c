// SPDX-License-Identifier: GPL-2.0
/*
 * Disks: from a configuration to queues and a gendisk, and back to nothing.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/idr.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "history.h"
#include "null_blk_c.h"
#include "unit.h"
#include "zoned.h"

/* Discard and write zeroes cost what is stored, not what is asked for. */
#define NBC_MAX_RANGE_SECTS	(UINT_MAX >> SECTOR_SHIFT)
/* The block layer counts the bytes of a request in 32 bits, and lets it grow to this. */
#define NBC_MAX_REQUEST_SECTS	round_down(NBC_MAX_RANGE_SECTS, PAGE_SECTORS)

int nbc_major;
static DEFINE_IDA(nbc_minors);

static const struct block_device_operations nbc_rq_fops = {
	.owner		= THIS_MODULE,
	.report_zones	= nbc_report_zones,
};

static const struct block_device_operations nbc_bio_fops = {
	.owner		= THIS_MODULE,
	.submit_bio	= nbc_submit_bio,
	.report_zones	= nbc_report_zones,
};

static bool nbc_has_cache(const struct nbc_config *config)
{
	return config->cache_size && config->memory_backed;
}

/*
 * A copy has no largest size, and each request costs: by default the block layer's
 * caps are the only ones. In place of null_blk a disk has its limit, which is what the
 * block layer takes 0 for.
 */
static void nbc_limit_size(struct queue_limits *limits,
			   const struct nbc_config *config)
{
	limits->max_hw_sectors = min(config->max_sectors, NBC_MAX_REQUEST_SECTS);
	if (nbc_defaults.drop_in)
		return;
	limits->max_segments = USHRT_MAX;
	limits->max_segment_size = UINT_MAX;
	if (!config->max_sectors)
		limits->max_hw_sectors = NBC_MAX_REQUEST_SECTS;
}

static void nbc_limit_atomic(struct queue_limits *limits,
			     const struct nbc_config *config)
{
	if (!config->atomic_write)
		return;
	limits->features |= MQBLK_FEAT_ATOMIC_WRITES;
	limits->atomic_write_hw_max = config->atomic_write;
	limits->atomic_write_hw_unit_min = config->blocksize;
	limits->atomic_write_hw_unit_max = config->atomic_write;
}

/* May a disk have what its attribute @name of value @wanted offers? */
static bool nbc_can_discard(const char *disk, const char *name, bool wanted,
			    const struct nbc_config *config)
{
	if (wanted && config->zoned)
		pr_info("%s: %s is not for zones, not offered\n", disk, name);
	else if (wanted && !config->memory_backed)
		pr_info("%s: %s needs memory_backed, not offered\n", disk, name);
	return wanted && config->memory_backed && !config->zoned;
}

static void nbc_limits_fill(struct queue_limits *limits, const char *name,
			    const struct nbc_pi *pi, const struct nbc_config *config)
{
	limits->logical_block_size = config->blocksize;
	limits->physical_block_size = config->blocksize;
	nbc_limit_size(limits, config);
	/* Data is copied by bytes, so segments need no alignment; 0 is 511. */
	limits->dma_alignment = 1;
	if (config->virt_boundary)
		limits->virt_boundary_mask = PAGE_SIZE - 1;
	/* Of requests, the block layer says so itself. */
	if (config->queue_mode == NBC_Q_BIO)
		limits->features |= BLK_FEAT_IO_STAT;
	if (config->rotational)
		limits->features |= BLK_FEAT_ROTATIONAL;
	if (config->zoned)
		nbc_zoned_limits(limits, config);
	/* Only a write or a reset may change what a sequential zone holds. */
	if (config->memory_backed && !config->zoned)
		limits->max_write_zeroes_sectors = NBC_MAX_RANGE_SECTS;
	if (nbc_can_discard(name, "discard", config->discard, config))
		limits->max_hw_discard_sectors = NBC_MAX_RANGE_SECTS;
	if (nbc_can_discard(name, "secure_erase", config->secure_erase, config))
		limits->max_secure_erase_sectors = NBC_MAX_RANGE_SECTS;
	nbc_limit_atomic(limits, config);
	/* Nothing is given up together: the unit is a block. */
	if (config->write_streams)
		mqblk_limit_streams(limits, config->write_streams, config->blocksize);
	if (nbc_has_cache(config)) {
		limits->features |= BLK_FEAT_WRITE_CACHE;
		if (config->fua)
			limits->features |= BLK_FEAT_FUA;
	}
	if (pi->type)
		nbc_pi_limits(pi, limits);
}

static sector_t nbc_capacity(const struct nbc_config *config)
{
	return (sector_t)config->size << (20 - SECTOR_SHIFT);
}

static int nbc_gendisk_create(struct nbc_disk *ndisk, const char *name, int minor,
			      const struct nbc_config *config)
{
	struct queue_limits limits = {};
	const struct mqblk_disk_params params = {
		.name		= name,
		.fops		= config->queue_mode == NBC_Q_BIO ?
				  &nbc_bio_fops : &nbc_rq_fops,
		.limits		= &limits,
		.capacity_sects	= nbc_capacity(config),
		.private	= ndisk,
		.major		= nbc_major,
		.first_minor	= minor,
		.minors		= 1,
		.node		= config->home_node,
	};
	int ret = 0;

	nbc_limits_fill(&limits, name, &ndisk->pi, config);
	/* A bio that waits needs memory for it, which may be waited for. */
	if (config->queue_mode == NBC_Q_BIO && !ndisk->store && !ndisk->zones &&
	    !ndisk->throttle.on && ndisk->irqmode != NBC_IRQ_TIMER)
		limits.features |= BLK_FEAT_NOWAIT;
	ndisk->disk = mqblk_disk_alloc(ndisk->set, &params);
	if (IS_ERR(ndisk->disk))
		return PTR_ERR(ndisk->disk);
	if (IS_ENABLED(CONFIG_BLK_DEV_ZONED) && config->zoned)
		ret = blk_revalidate_disk_zones(ndisk->disk);
	if (!ret)
		ret = mqblk_disk_publish(ndisk->disk, NULL, NULL);
	if (ret)
		put_disk(ndisk->disk);
	return ret;
}

/**
 * nbc_disk_grow - give a disk more sectors
 * @ndisk: the disk, without zones
 * @config: with its new size
 *
 * The new ones read as zeroes, or as what was there before the disk was made smaller. User
 * space is told by an event.
 *
 * Context: Process context, may sleep; requests may be in flight.
 */
void nbc_disk_grow(struct nbc_disk *ndisk, const struct nbc_config *config)
{
	nbc_record_grow(ndisk->record, nbc_capacity(config));
	set_capacity_and_notify(ndisk->disk, nbc_capacity(config));
}

/*
 * Without a history a cache makes single units durable when it is full, and a power cut would
 * leave half of a write.
 */
static int nbc_config_check_atomic(const char *name, const struct nbc_config *config)
{
	if (!config->atomic_write)
		return 0;
	if (!config->memory_backed || config->zoned ||
	    (nbc_has_cache(config) && !config->cache_history)) {
		pr_err("%s: atomic_write: %lu is not valid, use 0 but with memory_backed 1, zoned 0, and cache_history 1 if there is a cache\n",
		       name, config->atomic_write);
		return -EINVAL;
	}
	if (config->atomic_write < config->blocksize) {
		pr_err("%s: atomic_write: %lu is less than a block, use 0 or %lu and more\n",
		       name, config->atomic_write, config->blocksize);
		return -EINVAL;
	}
	return 0;
}

/* What single ranges cannot say. */
static int nbc_config_check(const char *name, const struct nbc_config *config)
{
	unsigned long block_sects = config->blocksize >> SECTOR_SHIFT;

	if (config->max_sectors && config->max_sectors < block_sects) {
		pr_err("%s: max_sectors: %lu is less than a block, use 0 or %lu and more\n",
		       name, config->max_sectors, block_sects);
		return -EINVAL;
	}
	if (config->zoned && !IS_ENABLED(CONFIG_BLK_DEV_ZONED)) {
		pr_err("%s: zoned: 1 is not valid, use 0, as this kernel has no zoned block devices\n",
		       name);
		return -EINVAL;
	}
	if (config->write_streams && !MQBLK_WRITE_STREAMS) {
		pr_err("%s: write_streams: %lu is not valid, use 0, as this kernel has no write streams\n",
		       name, config->write_streams);
		return -EINVAL;
	}
	if (config->pi_type && !IS_ENABLED(CONFIG_BLK_DEV_INTEGRITY)) {
		pr_err("%s: pi_type: %lu is not valid, use 0, as this kernel has no integrity of data\n",
		       name, config->pi_type);
		return -EINVAL;
	}
	if (config->charge_writer && !config->memory_backed) {
		pr_err("%s: charge_writer: 1 is not valid, use 0 with memory_backed 0\n",
		       name);
		return -EINVAL;
	}
	if (config->charge_writer && !IS_ENABLED(CONFIG_MEMCG)) {
		pr_err("%s: charge_writer: 1 is not valid, use 0, as this kernel has no memory cgroups\n",
		       name);
		return -EINVAL;
	}
	if (config->fail_reads && config->memory_backed) {
		pr_err("%s: fail_reads: 1 is not valid, use 0 with memory_backed 1, or a rule\n",
		       name);
		return -EINVAL;
	}
	if (config->cache_history && !nbc_has_cache(config)) {
		pr_err("%s: cache_history: 1 is not valid, use 0 without a cache\n", name);
		return -EINVAL;
	}
	return nbc_config_check_atomic(name, config);
}

/* How fast it is: its timer's delay and its limits. */
static void nbc_disk_read_pace(struct nbc_disk *ndisk, const struct nbc_config *config)
{
	struct nbc_throttle *throttle = &ndisk->throttle;

	WRITE_ONCE(ndisk->delay, ns_to_ktime(config->completion_nsec));
	nbc_throttle_set(throttle, NBC_BUCKET_BYTES,
			 (u64)config->mbps * SZ_1M);
	nbc_throttle_set(throttle, NBC_BUCKET_READ_BYTES,
			 (u64)config->mbps_read * SZ_1M);
	nbc_throttle_set(throttle, NBC_BUCKET_WRITE_BYTES,
			 (u64)config->mbps_write * SZ_1M);
	nbc_throttle_set(throttle, NBC_BUCKET_OPS, config->iops);
	nbc_throttle_set(throttle, NBC_BUCKET_READ_OPS, config->iops_read);
	nbc_throttle_set(throttle, NBC_BUCKET_WRITE_OPS, config->iops_write);
}

static bool nbc_disk_may_fail(const struct nbc_disk *ndisk)
{
	return mqblk_fault_armed(&ndisk->faults[NBC_FAULT_timeout].fault) ||
	       mqblk_fault_armed(&ndisk->faults[NBC_FAULT_requeue].fault);
}

/* What is on: a mask of enum nbc_on. */
static unsigned int nbc_disk_look(const struct nbc_disk *ndisk)
{
	unsigned int on = 0;

	lockdep_assert_held(&ndisk->path_lock);
	if (ndisk->zones)
		on |= BIT(NBC_ON_ZONES);
	if (ndisk->cache)
		on |= BIT(NBC_ON_CACHE);
	if (ndisk->badblocks->count)
		on |= BIT(NBC_ON_BADBLOCKS);
	if (READ_ONCE(ndisk->rules->nr))
		on |= BIT(NBC_ON_RULES);
	if (ndisk->atomic_bytes)
		on |= BIT(NBC_ON_ATOMIC);
	if (ndisk->store && ndisk->store->account)
		on |= BIT(NBC_ON_CHARGE);
	if (ndisk->pi.type)
		on |= BIT(NBC_ON_PI);
	if (ndisk->fail_reads)
		on |= BIT(NBC_ON_FAIL_READS);
	if (nbc_record_on(ndisk->record))
		on |= BIT(NBC_ON_RECORD);
	if (READ_ONCE(ndisk->watch.on))
		on |= BIT(NBC_ON_WATCH);
	if (!ndisk->armed)
		return on;
	if (nbc_disk_may_fail(ndisk))
		on |= BIT(NBC_ON_FAULTS);
	if (ndisk->irqmode == NBC_IRQ_TIMER)
		on |= BIT(NBC_ON_TIMER);
	if (ndisk->throttle.on)
		on |= BIT(NBC_ON_LIMITS);
	if (nbc_latency_on(ndisk->latency))
		on |= BIT(NBC_ON_LATENCY);
	return on;
}

static void nbc_disk_set_path(struct nbc_disk *ndisk)
{
	unsigned int on = nbc_disk_look(ndisk);
	enum nbc_path path = NBC_PATH_INLINE;

	if (on || ndisk->irqmode == NBC_IRQ_TIMER)
		path = NBC_PATH_FULL;
	else if (ndisk->irqmode == NBC_IRQ_SOFTIRQ)
		path = NBC_PATH_SOFTIRQ;
	WRITE_ONCE(ndisk->on, on);
	WRITE_ONCE(ndisk->path, path);
}

/**
 * nbc_disk_choose_path - send requests the way that the disk's features need
 * @ndisk: the disk
 *
 * To be called after every change of what it looks at. Those who change it hold
 * different locks, so the last one to get here must see what all have done: see
 * litmus/path.litmus.
 *
 * Context: Process context.
 */
void nbc_disk_choose_path(struct nbc_disk *ndisk)
{
	spin_lock(&ndisk->path_lock);
	nbc_disk_set_path(ndisk);
	spin_unlock(&ndisk->path_lock);
}

static void nbc_disk_set_armed(struct nbc_disk *ndisk, bool armed)
{
	spin_lock(&ndisk->path_lock);
	WRITE_ONCE(ndisk->armed, armed);
	nbc_disk_set_path(ndisk);
	spin_unlock(&ndisk->path_lock);
}

/**
 * nbc_disk_arm - let the timer, limits, the latency model and faults act on requests
 * @ndisk: a disk that is new, or that was disarmed
 *
 * Context: Process context.
 */
void nbc_disk_arm(struct nbc_disk *ndisk)
{
	/* Some may have taken tokens after it was disarmed. They have ended by now. */
	nbc_throttle_forget(&ndisk->throttle, ktime_get());
	nbc_latency_restart(ndisk->latency, ktime_get());
	nbc_set_hurry(ndisk, false, BLK_STS_OK);
	nbc_bios_hurry(&ndisk->bios, false, BLK_STS_OK);
	nbc_hold_hurry(&ndisk->hold, ndisk, false, BLK_STS_OK);
	nbc_disk_set_armed(ndisk, true);
}

/**
 * nbc_disk_disarm - let go of all requests
 * @ndisk: the disk
 * @status: what those that wait end with; BLK_STS_OK for a status of their own
 *
 * Neither the timer nor limits, faults or rules hold a request any more: those in flight
 * end now, and those to come at once. Limits forget what they are owed for them.
 *
 * Context: Process context.
 */
void nbc_disk_disarm(struct nbc_disk *ndisk, blk_status_t status)
{
	nbc_disk_set_armed(ndisk, false);
	nbc_set_hurry(ndisk, true, status);
	nbc_bios_hurry(&ndisk->bios, true, status);
	nbc_hold_hurry(&ndisk->hold, ndisk, true, status);
	nbc_throttle_forget(&ndisk->throttle, ktime_get());
}

/**
 * nbc_disk_set_pace - change the timer's delay and the limits of a disk
 * @ndisk: the disk
 * @config: with the new ones
 *
 * If there were any, whoever waits for a time waits no longer, and owes nothing: a delay of
 * an hour is undone at once. Of bios, and of operations that a rule held until now, one that
 * has learnt its time and does not wait yet is missed.
 *
 * Context: Process context, may sleep; requests may be in flight. One caller at a time.
 */
void nbc_disk_set_pace(struct nbc_disk *ndisk, const struct nbc_config *config)
{
	bool may_wait = ndisk->throttle.on || ndisk->irqmode == NBC_IRQ_TIMER;

	nbc_set_pause(ndisk);
	nbc_disk_read_pace(ndisk, config);
	nbc_disk_choose_path(ndisk);
	if (may_wait) {
		nbc_set_expire(ndisk);
		nbc_bios_expire(&ndisk->bios);
	}
	nbc_throttle_forget(&ndisk->throttle, ktime_get());
	nbc_set_resume(ndisk);
}

static void nbc_watch_set(struct mqblk_watch *watch, bool on)
{
	nbc_disk_choose_path(container_of(watch, struct nbc_disk, watch));
}

/* Size of a logical block in the store */
static unsigned int nbc_disk_store_block(const struct nbc_pi *pi,
					 const struct nbc_config *config)
{
	return pi->type ? nbc_pi_stretch(config->blocksize) : config->blocksize;
}

static int nbc_disk_add_cache(struct nbc_disk *ndisk, const char *name,
			      const struct nbc_config *config)
{
	if (!nbc_has_cache(config)) {
		if (config->cache_size)
			pr_info("%s: cache_size needs memory_backed, there is no cache\n",
				name);
		return 0;
	}
	ndisk->cache = nbc_cache_create(ndisk->store, (u64)config->cache_size << 20);
	if (!ndisk->cache)
		return -ENOMEM;
	if (!config->cache_history)
		return 0;
	ndisk->history = nbc_history_create(ndisk->cache,
					    nbc_disk_store_block(&ndisk->pi, config),
					    ndisk->zones);
	if (ndisk->history)
		return 0;
	nbc_cache_destroy(ndisk->cache);
	return -ENOMEM;
}

static void nbc_disk_destroy_cache(struct nbc_disk *ndisk, const char *name)
{
	nbc_history_destroy(ndisk->history, &ndisk->cut, name);
	nbc_cache_destroy(ndisk->cache);
}

/* A power cut would bring back what zones keep: with a cache they keep nothing. */
static int nbc_disk_add_kept(struct nbc_disk *ndisk, const char *name)
{
	if (!ndisk->zones || !ndisk->store || ndisk->cache)
		return 0;
	ndisk->kept = nbc_kept_create(ndisk->zones, ndisk->store, name);
	return ndisk->kept ? 0 : -ENOMEM;
}

/* What the I/O path needs to know. */
static int nbc_disk_configure(struct nbc_disk *ndisk, struct nbc_device *dev,
			      const struct nbc_config *config)
{
	int ret;

	ndisk->store = config->memory_backed ? &dev->store : NULL;
	ndisk->pi = config->memory_backed ? dev->pi : (struct nbc_pi) { };
	ndisk->irqmode = config->irqmode;
	ndisk->badblocks = &dev->badblocks;
	ndisk->badblocks_once = config->badblocks_once;
	ndisk->badblocks_partial_io = config->badblocks_partial_io;
	ndisk->fail_reads = config->fail_reads;
	ndisk->atomic_bytes = config->atomic_write;
	init_rwsem(&ndisk->atomic_lock);
	ndisk->faults = dev->faults;
	ndisk->rules = &dev->rules;
	ndisk->latency = &dev->latency;
	ndisk->record = dev->record;
	nbc_bios_create(&ndisk->bios);
	nbc_hold_create(&ndisk->hold);
	ndisk->zones = config->zoned ? dev->zones : NULL;
	nbc_disk_read_pace(ndisk, config);
	spin_lock_init(&ndisk->path_lock);
	ret = nbc_disk_add_cache(ndisk, nbc_device_name(dev), config);
	nbc_disk_choose_path(ndisk);
	return ret;
}

/**
 * nbc_minor_put - let others have the minor number of a device
 * @dev: a device that is off; it may have none
 *
 * Context: Any; the caller holds dev->lock, or is the last who knows of @dev.
 */
void nbc_minor_put(struct nbc_device *dev)
{
	if (dev->minor >= 0)
		ida_free(&nbc_minors, dev->minor);
	dev->minor = -1;
}

/* Reserves the first free minor number from @first on; what the device has is free. */
static int nbc_minor_get(struct nbc_device *dev, unsigned int first)
{
	int minor;

	lockdep_assert_held(&dev->lock);
	if (dev->minor == first)
		return 0;
	nbc_minor_put(dev);
	minor = ida_alloc_range(&nbc_minors, first, MINORMASK, GFP_KERNEL);
	if (minor < 0)
		return minor;
	dev->minor = minor;
	return 0;
}

/* Prepares the device's store for what the disk shall be. Returns 0 or -EINVAL. */
static int nbc_disk_prepare_store(struct nbc_device *dev, const struct nbc_config *config)
{
	const char *name = nbc_device_name(dev);
	struct nbc_pi pi;
	int ret;

	ret = nbc_pi_configure(name, config, &pi);
	if (ret || !config->memory_backed)
		return ret;
	if (!nbc_store_is_empty(&dev->store) && memcmp(&pi, &dev->pi, sizeof(pi))) {
		pr_err("%s: pi_type: there is data with pi_type %u, pi_guard %u and blocks of %lu bytes, use these\n",
		       name, dev->pi.type, dev->pi.guard,
		       dev->pi.type ? BIT(dev->pi.block_shift) : config->blocksize);
		return -EINVAL;
	}
	ret = nbc_store_configure(&dev->store, nbc_disk_store_block(&pi, config),
				  config->home_node);
	if (ret)
		return ret;
	dev->pi = pi;
	nbc_units_account(&dev->store, config->charge_writer);
	return 0;
}

/**
 * nbc_disk_create - power a device
 * @dev: the device; dev->lock is held
 * @config: what it shall be; not used after return
 *
 * Context: Process context, may sleep. The disk is live before it returns, but not
 * armed.
 * Return: the disk, or an ERR_PTR(): -EINVAL for a configuration that is not
 * possible, -EEXIST for a name in use, -ENOSPC if minor numbers ran out,
 * -ENOMEM.
 */
struct nbc_disk *nbc_disk_create(struct nbc_device *dev,
				 const struct nbc_config *config)
{
	const char *name = nbc_device_name(dev);
	struct nbc_disk *ndisk;
	int ret;

	ret = nbc_config_check(name, config);
	if (ret)
		return ERR_PTR(ret);
	ret = nbc_zoned_check_layers(dev, config);
	if (ret)
		return ERR_PTR(ret);
	ret = nbc_disk_prepare_store(dev, config);
	if (ret)
		return ERR_PTR(ret);
	ret = nbc_zoned_power_on(dev, config);
	if (ret)
		return ERR_PTR(ret);
	ndisk = kzalloc_node(sizeof(*ndisk), GFP_KERNEL, config->home_node);
	if (!ndisk)
		return ERR_PTR(-ENOMEM);
	ret = nbc_disk_configure(ndisk, dev, config);
	if (ret)
		goto free;

	ret = nbc_minor_get(dev, config->index);
	if (ret)
		goto destroy_cache;
	ret = nbc_disk_add_kept(ndisk, name);
	if (ret)
		goto destroy_cache;
	ret = nbc_set_get(ndisk, name, config);
	if (ret)
		goto destroy_kept;
	nbc_record_power_on(ndisk->record, nbc_capacity(config), config->blocksize,
			    ndisk->cache);
	ret = nbc_gendisk_create(ndisk, name, dev->minor, config);
	if (ret)
		goto record_power_off;
	/* It is requests that are watched. */
	if (ndisk->set)
		mqblk_watch_add(&ndisk->watch, ndisk->disk, nbc_watch_set);
	return ndisk;
record_power_off:
	nbc_record_power_off(ndisk->record, false);
	nbc_set_put(ndisk);
destroy_kept:
	nbc_kept_destroy(ndisk->kept);
destroy_cache:
	nbc_disk_destroy_cache(ndisk, name);
free:
	kfree(ndisk);
	return ERR_PTR(ret);
}

/**
 * nbc_disk_destroy - power a device off
 * @ndisk: the disk
 * @name: of the device
 *
 * Nothing holds requests in flight any more, see nbc_disk_disarm(). With a
 * cache it is a power cut: the disk is dead before it goes, so that nobody gets
 * to sync, and what was not flushed is lost. If the disk loses power, what waits for its
 * time was not done yet, for all that others know.
 *
 * Context: Process context; waits for requests in flight.
 */
void nbc_disk_destroy(struct nbc_disk *ndisk, const char *name)
{
	nbc_disk_disarm(ndisk, ndisk->loses_power ? BLK_STS_IOERR : BLK_STS_OK);
	if (ndisk->set)
		mqblk_watch_remove(&ndisk->watch);
	if (ndisk->cache || ndisk->loses_power)
		blk_mark_disk_dead(ndisk->disk);
	mqblk_disk_remove(ndisk->disk);
	nbc_reports_drain(ndisk);
	mqblk_watch_free(&ndisk->watch);
	nbc_hold_drain(&ndisk->hold);
	nbc_bios_drain(&ndisk->bios);
	/* Whatever a power cut may spare of what is not durable yet. */
	nbc_record_power_off(ndisk->record,
			     ndisk->cache && READ_ONCE(ndisk->store->nr_dirty));
	/* What is there afterwards may be older than that. */
	nbc_past_forget(&ndisk->rules->past);
	nbc_kept_destroy(ndisk->kept);
	nbc_zoned_cut_power(ndisk);
	nbc_disk_destroy_cache(ndisk, name);
	nbc_set_put(ndisk);
	kfree(ndisk);
}
