// SPDX-License-Identifier: GPL-2.0
/*
 * Disks: from a configuration to queues and a gendisk, and back to nothing.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/slab.h>

#include "null_blk_c.h"

/* A request that nobody polls for, or that was lost, ends after this time. */
#define NBC_TIMEOUT_MS		5000
/* Discard and write zeroes cost what is stored, not what is asked for. */
#define NBC_MAX_RANGE_SECTS	(UINT_MAX >> SECTOR_SHIFT)

static DEFINE_IDA(nbc_indexes);

static const struct block_device_operations nbc_fops = {
	.owner		= THIS_MODULE,
	.report_zones	= nbc_report_zones,
};

static unsigned int nbc_nr_submit(const char *name,
				  const struct nbc_config *config)
{
	unsigned int per_node = min(nr_online_nodes, nr_cpu_ids);

	if (!config->use_per_node_hctx ||
	    config->submit_queues == per_node)
		return config->submit_queues;
	pr_warn("%s: use_per_node_hctx: using %u submit queues\n", name,
		per_node);
	return per_node;
}

static int nbc_set_create(struct nbc_disk *nbd, const char *name,
			  const struct nbc_config *config)
{
	struct mqblk_set_params params = {
		.ops		= &nbc_null_ops,
		.pdu_bytes	= sizeof(struct mqblk_rq),
		.depth		= config->hw_queue_depth,
		.nr_default	= nbc_nr_submit(name, config),
		.nr_poll	= config->poll_queues,
		.node		= config->home_node,
		.timeout_ms	= NBC_TIMEOUT_MS,
	};

	/* Memory for data is allocated with the means to reclaim it. */
	if (config->memory_backed) {
		params.ops = &nbc_data_ops;
		params.flags |= BLK_MQ_F_BLOCKING;
	}
	/* Zones are written one request at a time, under a mutex. */
	if (config->blocking || config->zoned)
		params.flags |= BLK_MQ_F_BLOCKING;
	if (config->no_sched)
		params.flags |= BLK_MQ_F_NO_SCHED_BY_DEFAULT;
	return mqblk_set_init(&nbd->set, &params);
}

static void nbc_limits_fill(struct queue_limits *limits, const char *name,
			    const struct nbc_config *config)
{
	limits->logical_block_size = config->blocksize;
	limits->physical_block_size = config->blocksize;
	limits->max_hw_sectors = config->max_sectors;
	/* Data is copied by bytes, so segments need no alignment; 0 is 511. */
	limits->dma_alignment = 1;
	if (config->virt_boundary)
		limits->virt_boundary_mask = PAGE_SIZE - 1;
	if (config->rotational)
		limits->features |= BLK_FEAT_ROTATIONAL;
	if (config->zoned)
		nbc_zoned_limits(limits, config);
	/* Only a write or a reset may change what a sequential zone holds. */
	if (config->memory_backed && !config->zoned)
		limits->max_write_zeroes_sectors = NBC_MAX_RANGE_SECTS;
	if (config->discard && config->zoned)
		pr_info("%s: discard is not for zones, not offered\n", name);
	else if (config->discard && !config->memory_backed)
		pr_info("%s: discard needs memory_backed, not offered\n", name);
	else if (config->discard)
		limits->max_hw_discard_sectors = NBC_MAX_RANGE_SECTS;
}

static int nbc_gendisk_create(struct nbc_disk *nbd, const char *name,
			      const struct nbc_config *config)
{
	struct queue_limits limits = {};
	const struct mqblk_disk_params params = {
		.name		= name,
		.fops		= &nbc_fops,
		.limits		= &limits,
		.capacity_sects	= (sector_t)config->size << (20 - SECTOR_SHIFT),
		.private	= nbd,
		.major		= nbc_major,
		.first_minor	= nbd->index,
		.minors		= 1,
	};
	int ret = 0;

	nbc_limits_fill(&limits, name, config);
	nbd->disk = mqblk_disk_alloc(&nbd->set, &params);
	if (IS_ERR(nbd->disk))
		return PTR_ERR(nbd->disk);
	if (IS_ENABLED(CONFIG_BLK_DEV_ZONED) && config->zoned)
		ret = blk_revalidate_disk_zones(nbd->disk);
	if (!ret)
		ret = mqblk_disk_publish(nbd->disk, NULL, NULL);
	if (ret)
		put_disk(nbd->disk);
	return ret;
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
	return 0;
}

static void nbc_throttle_create(struct nbc_throttle *throttle,
				const struct nbc_config *config)
{
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

/**
 * nbc_disk_choose_path - send requests the way that the disk's features need
 * @nbd: the disk; its device's lock is held, or nobody knows it yet
 *
 * To be called after every change of what it looks at.
 *
 * Context: Any.
 */
void nbc_disk_choose_path(struct nbc_disk *nbd)
{
	enum nbc_path path = NBC_PATH_INLINE;

	if (nbd->irqmode == NBC_IRQ_SOFTIRQ)
		path = NBC_PATH_SOFTIRQ;
	if (nbd->irqmode == NBC_IRQ_TIMER || nbd->throttle.on ||
	    nbd->badblocks->count || nbd->zones ||
	    mqblk_fault_armed(&nbd->faults[NBC_FAULT_timeout].fault) ||
	    mqblk_fault_armed(&nbd->faults[NBC_FAULT_requeue].fault))
		path = NBC_PATH_FULL;
	WRITE_ONCE(nbd->path, path);
}

/* What the I/O path needs to know. */
static void nbc_disk_configure(struct nbc_disk *nbd, struct nbc_device *dev,
			       const struct nbc_config *config)
{
	nbd->store = config->memory_backed ? &dev->store : NULL;
	nbd->irqmode = config->irqmode;
	nbd->delay = ns_to_ktime(config->completion_nsec);
	nbd->badblocks = &dev->badblocks;
	nbd->badblocks_once = config->badblocks_once;
	nbd->badblocks_partial_io = config->badblocks_partial_io;
	nbd->faults = dev->faults;
	nbd->zones = config->zoned ? dev->zones : NULL;
	nbc_throttle_create(&nbd->throttle, config);
	nbc_disk_choose_path(nbd);
}

/**
 * nbc_disk_create - power a device
 * @dev: the device; dev->lock is held
 * @config: what it shall be; not used after return
 *
 * Context: Process context, may sleep. The disk is live before it returns.
 * Return: the disk, or an ERR_PTR(): -EINVAL for a configuration that is not
 * possible, -EEXIST for a name in use, -ENOSPC if minor numbers ran out,
 * -ENOMEM.
 */
struct nbc_disk *nbc_disk_create(struct nbc_device *dev,
				 const struct nbc_config *config)
{
	const char *name = nbc_device_name(dev);
	struct nbc_disk *nbd;
	int ret;

	ret = nbc_config_check(name, config);
	if (ret)
		return ERR_PTR(ret);
	if (config->memory_backed) {
		ret = nbc_store_configure(&dev->store, config->blocksize,
					  config->home_node);
		if (ret)
			return ERR_PTR(ret);
	}
	ret = nbc_zoned_power_on(dev, config);
	if (ret)
		return ERR_PTR(ret);
	nbd = kzalloc_node(sizeof(*nbd), GFP_KERNEL, config->home_node);
	if (!nbd)
		return ERR_PTR(-ENOMEM);
	nbc_disk_configure(nbd, dev, config);

	nbd->index = ida_alloc_range(&nbc_indexes, config->index, MINORMASK,
				     GFP_KERNEL);
	if (nbd->index < 0) {
		ret = nbd->index;
		goto free;
	}
	ret = nbc_set_create(nbd, name, config);
	if (ret)
		goto free_index;
	ret = nbc_gendisk_create(nbd, name, config);
	if (ret)
		goto exit_set;
	return nbd;
exit_set:
	mqblk_set_exit(&nbd->set);
free_index:
	ida_free(&nbc_indexes, nbd->index);
free:
	kfree(nbd);
	return ERR_PTR(ret);
}

/**
 * nbc_disk_destroy - power a device off
 * @nbd: the disk
 *
 * Requests in flight do not wait for the timer or for limits any more.
 *
 * Context: Process context; waits for requests in flight.
 */
void nbc_disk_destroy(struct nbc_disk *nbd)
{
	mqblk_disk_hurry(nbd->disk);
	mqblk_disk_remove(nbd->disk);
	mqblk_set_exit(&nbd->set);
	ida_free(&nbc_indexes, nbd->index);
	kfree(nbd);
}
