// SPDX-License-Identifier: GPL-2.0
/*
 * Hardware queues: a disk's own, or those that disks with shared_tags share.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cleanup.h>
#include <linux/nodemask.h>

#include "null_blk_c.h"

/* A request that nobody polls for, or that was lost, ends after this time. */
#define NBC_TIMEOUT_MS		5000

/*
 * With the last CPU of a hardware queue goes the interrupt of most devices, so the
 * block layer lets it go only after the queue's requests. Ours end without it: by a
 * timer, which moves to another CPU, by a poller or by a time-out. And they may wait for
 * hours. This is the flag that a disk has whose I/O is completed by others.
 */
#define NBC_SET_FLAGS		BLK_MQ_F_STACKING

/*
 * Made for the first disk that shares it, from the module's parameters, and freed
 * with the last. The lock guards both, and comes after any device's.
 */
static struct mqblk_set nbc_shared_set;
static unsigned int nbc_shared_users;
static DEFINE_MUTEX(nbc_shared_lock);

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

/*
 * Memory for data is allocated with the means to reclaim it, and zones are
 * written one request at a time, under a mutex.
 */
static bool nbc_may_block(const struct nbc_config *config)
{
	return config->blocking || config->memory_backed || config->zoned;
}

static int nbc_set_create(struct mqblk_set *set, const char *name,
			  const struct nbc_config *config,
			  const struct blk_mq_ops *ops)
{
	struct mqblk_set_params params = {
		.ops		= ops,
		.pdu_bytes	= sizeof(struct nbc_rq),
		.depth		= config->hw_queue_depth,
		.nr_default	= nbc_nr_submit(name, config),
		.nr_poll	= config->poll_queues,
		.node		= config->home_node,
		.flags		= NBC_SET_FLAGS,
		.timeout_ms	= NBC_TIMEOUT_MS,
	};

	if (nbc_may_block(config) || ops == &nbc_any_ops)
		params.flags |= BLK_MQ_F_BLOCKING;
	if (config->no_sched)
		params.flags |= BLK_MQ_F_NO_SCHED_BY_DEFAULT;
	if (config->shared_tag_bitmap)
		params.flags |= BLK_MQ_F_TAG_HCTX_SHARED;
	return mqblk_set_init(set, &params);
}

static int nbc_set_share(const char *name)
{
	int ret;

	guard(mutex)(&nbc_shared_lock);
	if (!nbc_shared_users) {
		ret = nbc_set_create(&nbc_shared_set, name, &nbc_defaults,
				     &nbc_any_ops);
		if (ret)
			return ret;
	}
	nbc_shared_users++;
	return 0;
}

/**
 * nbc_set_get - give a disk hardware queues
 * @ndisk: the disk; @set is set
 * @name: its name
 * @config: what it shall be
 *
 * Context: Process context, may sleep.
 * Return: 0 or the error of mqblk_set_init().
 */
int nbc_set_get(struct nbc_disk *ndisk, const char *name,
		const struct nbc_config *config)
{
	if (config->queue_mode == NBC_Q_BIO)
		return 0;
	if (config->shared_tags) {
		ndisk->set = &nbc_shared_set;
		return nbc_set_share(name);
	}
	ndisk->set = &ndisk->own_set;
	return nbc_set_create(ndisk->set, name, config, config->memory_backed ?
			      &nbc_data_ops : &nbc_null_ops);
}

/**
 * nbc_set_put - take a disk's hardware queues back
 * @ndisk: a disk without gendisk
 *
 * Context: Process context, may sleep.
 */
void nbc_set_put(struct nbc_disk *ndisk)
{
	if (!ndisk->set)
		return;
	if (ndisk->set != &nbc_shared_set) {
		mqblk_set_exit(ndisk->set);
		return;
	}
	guard(mutex)(&nbc_shared_lock);
	if (!--nbc_shared_users)
		mqblk_set_exit(&nbc_shared_set);
}

/**
 * nbc_set_hurry - whether requests of a disk wait in their hardware queues
 * @ndisk: the disk, whose queues are not being resized
 * @hurry: they do not: those that wait end now, and those to come at once
 * @status: as for mqblk_queue_hurry()
 *
 * Context: Process context.
 */
void nbc_set_hurry(struct nbc_disk *ndisk, bool hurry, blk_status_t status)
{
	struct blk_mq_hw_ctx *hctx;
	unsigned long i;

	if (!ndisk->set)
		return;
	queue_for_each_hw_ctx(ndisk->disk->queue, hctx, i)
		mqblk_queue_hurry(hctx->driver_data, hurry, status);
}

/**
 * nbc_set_pause - dispatch no request of a disk
 * @ndisk: the disk
 *
 * Waits for those that are being dispatched. nbc_set_resume() is due.
 *
 * Context: Process context, may sleep.
 */
void nbc_set_pause(struct nbc_disk *ndisk)
{
	if (ndisk->set)
		blk_mq_quiesce_queue(ndisk->disk->queue);
}

/**
 * nbc_set_resume - undo nbc_set_pause()
 * @ndisk: the disk
 *
 * Context: Process context.
 */
void nbc_set_resume(struct nbc_disk *ndisk)
{
	if (ndisk->set)
		blk_mq_unquiesce_queue(ndisk->disk->queue);
}

/**
 * nbc_set_expire - end requests of a disk that wait for their time
 * @ndisk: the disk, whose queues are not being resized
 *
 * Context: Process context.
 */
void nbc_set_expire(struct nbc_disk *ndisk)
{
	struct blk_mq_hw_ctx *hctx;
	unsigned long i;

	if (!ndisk->set)
		return;
	queue_for_each_hw_ctx(ndisk->disk->queue, hctx, i)
		mqblk_queue_expire(hctx->driver_data);
}

/**
 * nbc_set_check_resize - can the number of a disk's hardware queues change
 * @ndisk: the disk
 * @name: its name
 *
 * Context: Process context.
 * Return: 0, or -EINVAL with a line in the log if it shares them or has none.
 */
int nbc_set_check_resize(struct nbc_disk *ndisk, const char *name)
{
	if (ndisk->set == &ndisk->own_set)
		return 0;
	pr_err("%s: submit_queues and poll_queues are fixed with %s\n", name,
	       ndisk->set ? "shared_tags" : "queue_mode 0");
	return -EINVAL;
}

/**
 * nbc_set_resize - change the number of a disk's hardware queues
 * @ndisk: the disk, for which nbc_set_check_resize() said 0, disarmed, so that requests
 *	in flight end
 * @config: what it shall be
 *
 * Context: Process context, may sleep.
 * Return: 0 or the error of mqblk_set_resize().
 */
int nbc_set_resize(struct nbc_disk *ndisk, const struct nbc_config *config)
{
	return mqblk_set_resize(ndisk->set, config->submit_queues,
				config->poll_queues);
}
