// SPDX-License-Identifier: GPL-2.0
/*
 * Kept data: what a zone that was reset leaves in the store, for its next writes.
 *
 * To free a zone's units at a reset and to allocate and zero others for the next
 * writes takes several times as long as to copy the data. Nobody reads behind the
 * write pointer, so the units of a zone that was reset may as well stay, and are
 * written over in place. They are dropped where they would be seen, by a command
 * that moves the pointer without writing, and when the disk loses power.
 *
 * All disks together keep a part of the machine's memory and no more. Under pressure
 * the kernel takes it back through a shrinker, zone by zone, and before a write fails
 * for want of memory, all of it is dropped. Both only try the zones' locks: whoever
 * holds one may be waiting for that memory.
 *
 * A shrinker is called very often, and looks only at the zones that keep something: a
 * bit for each zone tells which, and a sum how much it is. The sum follows the write
 * pointer in steps. What it says is counted as memory that the kernel can reclaim.
 *
 * Disks with a cache keep nothing: a power cut would bring it back. Zones keep nothing either
 * as long as there are layers beneath the store: what lies behind a write pointer would be in
 * the next snapshot, and to drop it would take memory. So whoever takes a snapshot drops it
 * before.
 */
#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/find.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/swap.h>

#include "kept.h"
#include "layer.h"
#include "store.h"

/* The part of memory that all disks may keep */
#define NBC_KEPT_PART		4

/* The sum of &nbc_kept.sects over all disks */
static atomic_long_t nbc_kept_sects;

/* Says that a zone keeps what is from sector @from to sector @to of it. */
static void nbc_kept_set(struct nbc_kept *kept, struct nbc_zone *zone,
			 unsigned int from, unsigned int to)
{
	long before = zone->kept_sects - zone->kept_from_sects;
	long after = to - from;

	lockdep_assert_held(&zone->lock);
	zone->kept_from_sects = from;
	zone->kept_sects = to;
	if (!before != !after)
		change_bit(nbc_zone_no(kept->zones, zone), kept->holds);
	atomic_long_add(after - before, &kept->sects);
	atomic_long_add(after - before, &nbc_kept_sects);
	nbc_memory_count_kept(kept->node, (after >> PAGE_SECTORS_SHIFT) -
					  (before >> PAGE_SECTORS_SHIFT));
}

static long nbc_kept_max_sects(void)
{
	return (long)(totalram_pages() / NBC_KEPT_PART) << PAGE_SECTORS_SHIFT;
}

/**
 * nbc_kept_add - let a zone that is being reset keep what it has
 * @kept: of the disk, or NULL if it keeps nothing
 * @zone: the zone; its lock is held
 * @sects: how much of it was written before the reset
 *
 * Context: Process context.
 * Return: whether it may. If not, all that it has is to be discarded.
 */
bool nbc_kept_add(struct nbc_kept *kept, struct nbc_zone *zone,
		  unsigned int sects)
{
	if (!kept || nbc_store_layers(kept->store))
		return false;
	nbc_kept_set(kept, zone, 0, max(zone->kept_sects, sects));
	if (atomic_long_read(&nbc_kept_sects) <= nbc_kept_max_sects())
		return true;
	nbc_kept_set(kept, zone, 0, 0);
	return false;
}

/**
 * nbc_kept_recount - the rest of nbc_kept_written()
 * @kept: of the disk
 * @zone: the zone, which keeps less than was said last; its lock is held
 *
 * Context: Process context.
 */
void nbc_kept_recount(struct nbc_kept *kept, struct nbc_zone *zone)
{
	if (zone->wp_sects < zone->kept_sects)
		nbc_kept_set(kept, zone, zone->wp_sects, zone->kept_sects);
	else
		nbc_kept_set(kept, zone, 0, 0);
}

/**
 * nbc_kept_drop - discard what a zone has behind its write pointer
 * @kept: of the disk, or NULL if it keeps nothing
 * @zone: the zone; its lock is held
 *
 * Context: Process context, may sleep; allocates nothing.
 */
void nbc_kept_drop(struct nbc_kept *kept, struct nbc_zone *zone)
{
	unsigned int wp = zone->wp_sects;
	u64 start;

	lockdep_assert_held(&zone->lock);
	if (!zone->kept_sects)
		return;
	start = nbc_zone_start(kept->zones, zone) + wp;
	if (wp < zone->kept_sects)
		nbc_store_discard(kept->store, start << SECTOR_SHIFT,
				  (u64)(zone->kept_sects - wp) << SECTOR_SHIFT);
	nbc_kept_set(kept, zone, 0, 0);
}

static unsigned long nbc_kept_count(struct shrinker *shrinker,
				    struct shrink_control *sc)
{
	struct nbc_kept *kept = shrinker->private_data;

	return atomic_long_read(&kept->sects) >> PAGE_SECTORS_SHIFT ?:
	       SHRINK_EMPTY;
}

/*
 * Drops @wanted pages and a little more, if there are as many. Goes on behind the
 * zone where it ended the last time. Returns how many were dropped.
 */
static unsigned long nbc_kept_sweep(struct nbc_kept *kept, unsigned long wanted)
{
	unsigned int hand = READ_ONCE(kept->hand), nr;
	unsigned long dropped = 0;
	struct nbc_zone *zone;

	for_each_set_bit_wrap(nr, kept->holds, kept->zones->nr_zones, hand) {
		if (dropped >= wanted)
			break;
		zone = &kept->zones->zone[nr];
		if (mutex_trylock(&zone->lock)) {
			dropped += (zone->kept_sects - zone->kept_from_sects) >>
				   PAGE_SECTORS_SHIFT;
			nbc_kept_drop(kept, zone);
			mutex_unlock(&zone->lock);
		}
		WRITE_ONCE(kept->hand, nr);
		cond_resched();
	}
	return dropped;
}

static unsigned long nbc_kept_scan(struct shrinker *shrinker,
				   struct shrink_control *sc)
{
	unsigned long dropped;

	dropped = nbc_kept_sweep(shrinker->private_data, sc->nr_to_scan);
	/* They are free after a grace period: whoever reclaims need not give up. */
	mm_account_reclaimed_pages(dropped);
	return dropped ?: SHRINK_STOP;
}

static void nbc_kept_give(struct nbc_giver *giver)
{
	struct nbc_kept *kept = container_of(giver, struct nbc_kept, giver);

	if (atomic_long_read(&kept->sects))
		nbc_kept_sweep(kept, ULONG_MAX);
}

/**
 * nbc_kept_create - let the zones of a disk keep data
 * @zones: its zones, which keep nothing
 * @store: where their data is
 * @name: of the disk
 *
 * Context: Process context, may sleep.
 * Return: what takes it back, or NULL without memory.
 */
struct nbc_kept *nbc_kept_create(struct nbc_zones *zones,
				 struct nbc_store *store, const char *name)
{
	struct nbc_kept *kept;

	kept = kvzalloc_node(struct_size(kept, holds,
					 BITS_TO_LONGS(zones->nr_zones)),
			     GFP_KERNEL, store->node);
	if (!kept)
		return NULL;
	kept->shrinker = shrinker_alloc(0, "null_blk_c-%s", name);
	if (!kept->shrinker) {
		kvfree(kept);
		return NULL;
	}
	kept->zones = zones;
	kept->store = store;
	kept->node = store->node;
	kept->giver.give = nbc_kept_give;
	kept->shrinker->count_objects = nbc_kept_count;
	kept->shrinker->scan_objects = nbc_kept_scan;
	kept->shrinker->private_data = kept;
	shrinker_register(kept->shrinker);
	nbc_giver_add(&kept->giver);
	return kept;
}

/**
 * nbc_kept_destroy - drop all that the zones of a disk keep
 * @kept: of a disk that no request uses; or NULL
 *
 * Context: Process context, may sleep.
 */
void nbc_kept_destroy(struct nbc_kept *kept)
{
	if (!kept)
		return;
	nbc_giver_remove(&kept->giver);
	shrinker_free(kept->shrinker);
	/* Nobody holds the lock of a zone any more. */
	nbc_kept_sweep(kept, ULONG_MAX);
	WARN_ON_ONCE(atomic_long_read(&kept->sects));
	kvfree(kept);
}

#if IS_ENABLED(CONFIG_BLK_DEV_NULL_BLK_C_KUNIT_TEST)
#include "tests/kept_kunit.c"
#endif
