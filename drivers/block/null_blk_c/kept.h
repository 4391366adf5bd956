/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the zones of a disk keep in the store after a reset, see kept.c.
 */
#ifndef _NULL_BLK_C_KEPT_H
#define _NULL_BLK_C_KEPT_H

#include <linux/atomic.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include "memory.h"
#include "zone.h"

struct nbc_store;
struct shrinker;

/* A zone that is written again is counted anew after so much. */
#define NBC_KEPT_STEP_SECTS	(SZ_1M >> SECTOR_SHIFT)

/**
 * struct nbc_kept - what the zones of a disk keep
 * @zones: the zones
 * @store: where their data is
 * @shrinker: gives it to the kernel
 * @giver: gives it to writes that find no memory
 * @sects: how much it is
 * @node: where the kernel counts it
 * @hand: the zone at which dropping goes on; changes without a lock, any will do
 * @holds: a bit for each zone, set if it keeps something; changes under its lock
 */
struct nbc_kept {
	struct nbc_zones	*zones;
	struct nbc_store	*store;
	struct shrinker		*shrinker;
	struct nbc_giver	giver;
	atomic_long_t		sects;
	int			node;
	unsigned int		hand;
	unsigned long		holds[];
};

#ifdef CONFIG_BLK_DEV_ZONED
struct nbc_kept *nbc_kept_create(struct nbc_zones *zones,
				 struct nbc_store *store, const char *name);
void nbc_kept_destroy(struct nbc_kept *kept);
#else
static inline struct nbc_kept *nbc_kept_create(struct nbc_zones *zones,
					       struct nbc_store *store,
					       const char *name)
{
	return NULL;
}

static inline void nbc_kept_destroy(struct nbc_kept *kept)
{
}
#endif

bool nbc_kept_add(struct nbc_kept *kept, struct nbc_zone *zone,
		  unsigned int sects);
void nbc_kept_recount(struct nbc_kept *kept, struct nbc_zone *zone);
void nbc_kept_drop(struct nbc_kept *kept, struct nbc_zone *zone);

/**
 * nbc_kept_written - note that a zone was written to
 * @kept: of its disk, or NULL if that keeps nothing
 * @zone: the zone, whose write pointer has moved; its lock is held
 *
 * Context: Process context.
 */
static inline void nbc_kept_written(struct nbc_kept *kept,
				    struct nbc_zone *zone)
{
	if (zone->kept_sects &&
	    (zone->wp_sects >= zone->kept_sects ||
	     zone->wp_sects - zone->kept_from_sects >= NBC_KEPT_STEP_SECTS))
		nbc_kept_recount(kept, zone);
}

#endif /* _NULL_BLK_C_KEPT_H */
