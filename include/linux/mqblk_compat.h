/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one file that knows kernel versions, for mqblk and its drivers.
 *
 * All other files use the newest kernel's interfaces. MQBLK_HAVE_* come from
 * compile probes in drivers/block/mqblk/compat.mk, because distribution kernels carry
 * backports that a version number does not tell.
 */
#ifndef _LINUX_MQBLK_COMPAT_H
#define _LINUX_MQBLK_COMPAT_H

#include <linux/badblocks.h>
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/hrtimer.h>

#ifdef MQBLK_HAVE_F_SHOULD_MERGE
/* Merging was asked for by a flag before it became unconditional. */
#define MQBLK_F_BASE	BLK_MQ_F_SHOULD_MERGE
#else
#define MQBLK_F_BASE	0
#endif

#ifdef MQBLK_HAVE_HRTIMER_INIT
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*fn)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
}
#endif

#ifdef MQBLK_HAVE_UINT_NODE
/* What ->init_request gets as the node */
#define MQBLK_NODE_ARG	unsigned int
#else
#define MQBLK_NODE_ARG	int
#endif

static inline int mqblk_rq_map_sg(struct request *rq, struct scatterlist *sgl)
{
#ifdef MQBLK_HAVE_MAP_SG_QUEUE
	return blk_rq_map_sg(rq->q, rq, sgl);
#else
	return blk_rq_map_sg(rq, sgl);
#endif
}

#ifdef MQBLK_HAVE_INT_BADBLOCKS
/* Lengths were ints, and 0 said that it was done. */
static inline bool mqblk_badblocks_set(struct badblocks *list, sector_t first,
				       sector_t sects)
{
	return !badblocks_set(list, first, sects, 1);
}

static inline bool mqblk_badblocks_clear(struct badblocks *list, sector_t first,
					 sector_t sects)
{
	return !badblocks_clear(list, first, sects);
}

static inline int mqblk_badblocks_check(struct badblocks *list, sector_t first,
					sector_t sects, sector_t *first_bad,
					sector_t *bad_sects)
{
	int nr_bad = 0, ret;

	ret = badblocks_check(list, first, sects, first_bad, &nr_bad);
	*bad_sects = nr_bad;
	return ret;
}
#else
#define mqblk_badblocks_set(_list, _first, _sects) \
	badblocks_set(_list, _first, _sects, 1)
#define mqblk_badblocks_clear		badblocks_clear
#define mqblk_badblocks_check		badblocks_check
#endif

#ifdef MQBLK_HAVE_DISK_REPORT_ZONE
/* A function for ->report_zones, and in it, a pointer to the last argument. */
#define MQBLK_REPORT_ZONES_FN(_name)					\
	int _name(struct gendisk *disk, sector_t sector,		\
		  unsigned int nr_zones, struct blk_report_zones_args *args)
#define MQBLK_REPORT_ZONES_ARGS		args
#else
/* Reports of zones had a callback and its data as two arguments. */
struct blk_report_zones_args {
	report_zones_cb	cb;
	void		*data;
};

#define MQBLK_REPORT_ZONES_FN(_name)					\
	int _name(struct gendisk *disk, sector_t sector,		\
		  unsigned int nr_zones, report_zones_cb cb, void *data)
#define MQBLK_REPORT_ZONES_ARGS		(&(struct blk_report_zones_args) \
					 { cb, data })

static inline int disk_report_zone(struct gendisk *disk, struct blk_zone *zone,
				   unsigned int idx,
				   struct blk_report_zones_args *args)
{
	return args->cb(zone, idx, args->data);
}
#endif

#ifndef MQBLK_HAVE_FREEZE_NON_OWNER
/* Nobody asked who freezes a queue, and who unfreezes it. */
#define blk_freeze_queue_start_non_owner	blk_freeze_queue_start
#define blk_mq_unfreeze_queue_non_owner		blk_mq_unfreeze_queue
#endif

#ifdef BLK_FEAT_ATOMIC_WRITES
#define MQBLK_FEAT_ATOMIC_WRITES	BLK_FEAT_ATOMIC_WRITES
#else
/* Limits of atomic writes were enough to have them. */
#define MQBLK_FEAT_ATOMIC_WRITES	((__force blk_features_t)0)
#endif

/* The driver's limit on zone appends; 0 lets the block layer emulate them. */
static inline void mqblk_limit_zone_append(struct queue_limits *limits,
					   unsigned int sects)
{
#ifdef MQBLK_HAVE_MAX_HW_ZONE_APPEND
	limits->max_hw_zone_append_sectors = sects;
#else
	limits->max_zone_append_sectors = sects;
#endif
}

#endif /* _LINUX_MQBLK_COMPAT_H */
