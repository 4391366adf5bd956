// SPDX-License-Identifier: GPL-2.0
/*
 * Tag sets: hardware queues, their maps, and resizing them under load.
 */
#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/mqblk.h>
#include <linux/mqblk_compat.h>
#include <linux/sched/mm.h>
#include <linux/string.h>

static unsigned int mqblk_queue_total(const struct mqblk_queue_counts *queues)
{
	return queues->nr_default + queues->nr_read + queues->nr_poll;
}

/* The block layer insists on ->map_queues where there are several maps. */
static bool mqblk_ops_valid(const struct blk_mq_ops *ops)
{
	return !ops->poll || ops->map_queues;
}

static bool mqblk_queues_valid(const struct mqblk_queue_counts *queues,
			       const struct blk_mq_ops *ops)
{
	return queues->nr_default && queues->nr_default <= nr_cpu_ids &&
	       queues->nr_read <= nr_cpu_ids &&
	       queues->nr_poll <= nr_cpu_ids &&
	       (ops->poll || !(queues->nr_read || queues->nr_poll));
}

/* A type without queues is left out: the block layer uses the default ones. */
static void mqblk_map_type(struct mqblk_set *set, enum hctx_type type,
			   unsigned int nr, unsigned int first)
{
	struct blk_mq_queue_map *map = &set->tags.map[type];

	map->nr_queues = nr;
	map->queue_offset = first;
	if (!nr)
		return;
	if (set->irq_dev && type != HCTX_TYPE_POLL)
		blk_mq_map_hw_queues(map, set->irq_dev, set->irq_first + first);
	else
		blk_mq_map_queues(map);
}

/**
 * mqblk_map_queues - share out hardware queues over CPUs; for ->map_queues
 * @tags: the &mqblk_set.tags of a set
 *
 * Default queues come first, then those for reads, then poll queues. While the
 * block layer falls back from a failed growth it has the old number of queues
 * already and @queues still has the new one: then the old counts are mapped.
 *
 * Context: Process context, called by the block layer.
 */
void mqblk_map_queues(struct blk_mq_tag_set *tags)
{
	struct mqblk_set *set = container_of(tags, struct mqblk_set, tags);
	const struct mqblk_queue_counts *queues = &set->queues;

	if (tags->nr_hw_queues != mqblk_queue_total(queues))
		queues = &set->old_queues;
	mqblk_map_type(set, HCTX_TYPE_DEFAULT, queues->nr_default, 0);
	if (tags->nr_maps <= HCTX_TYPE_POLL)
		return;
	mqblk_map_type(set, HCTX_TYPE_READ, queues->nr_read,
		       queues->nr_default);
	mqblk_map_type(set, HCTX_TYPE_POLL, queues->nr_poll,
		       queues->nr_default + queues->nr_read);
}
EXPORT_SYMBOL_GPL(mqblk_map_queues);

/**
 * mqblk_set_init - make a tag set
 * @set: memory for it, which outlives every disk made on it
 * @params: what it is made from; not used after return
 *
 * Context: Process context, may sleep.
 * Return: 0, -EINVAL for parameters that make no sense, or -ENOMEM; after an
 * error there is nothing to undo.
 */
int mqblk_set_init(struct mqblk_set *set, const struct mqblk_set_params *params)
{
	struct blk_mq_tag_set *tags = &set->tags;

	memset(set, 0, sizeof(*set));
	set->queues.nr_default = params->nr_default;
	set->queues.nr_read = params->nr_read;
	set->queues.nr_poll = params->nr_poll;
	set->old_queues = set->queues;
	set->irq_dev = params->irq_dev;
	set->irq_first = params->irq_first;
	if (!mqblk_ops_valid(params->ops) ||
	    !mqblk_queues_valid(&set->queues, params->ops) ||
	    params->depth > BLK_MQ_MAX_DEPTH ||
	    params->pdu_bytes < sizeof(struct mqblk_rq))
		return -EINVAL;

	tags->ops = params->ops;
	tags->nr_hw_queues = mqblk_queue_total(&set->queues);
	tags->nr_maps = params->ops->poll ? HCTX_MAX_TYPES : 1;
	tags->queue_depth = params->depth;
	tags->reserved_tags = params->nr_reserved;
	tags->cmd_size = params->pdu_bytes;
	tags->numa_node = params->node;
	tags->flags = MQBLK_F_BASE | params->flags;
	tags->driver_data = params->driver_data;
	tags->timeout = msecs_to_jiffies(params->timeout_ms);
	return blk_mq_alloc_tag_set(tags);
}
EXPORT_SYMBOL_GPL(mqblk_set_init);

/**
 * mqblk_set_exit - free a tag set
 * @set: a set whose disks are all removed
 *
 * Context: Process context, may sleep.
 */
void mqblk_set_exit(struct mqblk_set *set)
{
	blk_mq_free_tag_set(&set->tags);
}
EXPORT_SYMBOL_GPL(mqblk_set_exit);

/**
 * mqblk_set_resize - change the number of hardware queues while disks run
 * @set: a set whose ->map_queues is mqblk_map_queues()
 * @nr_default: new number of default queues, 1 to the number of CPUs
 * @nr_poll: new number of poll queues, up to the number of CPUs; more than 0
 *	needs ->poll
 *
 * Requests in flight are waited for; new ones wait until the change is made.
 *
 * Context: Process context, may sleep; the caller serialises calls for @set.
 * Return: 0; -EINVAL for counts that make no sense; -ENOMEM if the block layer
 * could not do it, and then the counts are what they were.
 */
int mqblk_set_resize(struct mqblk_set *set, unsigned int nr_default,
		     unsigned int nr_poll)
{
	const struct mqblk_queue_counts wanted = {
		.nr_default	= nr_default,
		.nr_read	= set->queues.nr_read,
		.nr_poll	= nr_poll,
	};
	unsigned int noio;

	if (!mqblk_queues_valid(&wanted, set->tags.ops))
		return -EINVAL;

	set->old_queues = set->queues;
	set->queues = wanted;
	/* Disks are frozen meanwhile: memory must not wait for I/O to them. */
	noio = memalloc_noio_save();
	blk_mq_update_nr_hw_queues(&set->tags, mqblk_queue_total(&wanted));
	memalloc_noio_restore(noio);
	/* The map tells, too: the sum may be the same as before. */
	if (set->tags.nr_hw_queues == mqblk_queue_total(&wanted) &&
	    set->tags.map[HCTX_TYPE_DEFAULT].nr_queues == nr_default)
		return 0;
	set->queues = set->old_queues;
	return -ENOMEM;
}
EXPORT_SYMBOL_GPL(mqblk_set_resize);
