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
 * Disks with a cache keep nothing: a power cut would bring it back.
 */
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/shrinker.h>

#include "null_blk_c.h"

/* The part of memory that all disks may keep */
#define NBC_KEPT_PART		4

/* Disks that may keep something; taken under a zone's lock, too. */
static LIST_HEAD(nbc_kept_disks);
static DEFINE_MUTEX(nbc_kept_lock);
/* The sum of nbc_zone.kept_sects; some of that was written over since. */
static atomic_long_t nbc_kept_sects;

static void nbc_kept_set(struct nbc_zone *zone, unsigned int sects)
{
	lockdep_assert_held(&zone->lock);
	atomic_long_add((long)sects - zone->kept_sects, &nbc_kept_sects);
	/* The shrinker looks at it without the lock. */
	WRITE_ONCE(zone->kept_sects, sects);
}

static long nbc_kept_max_sects(void)
{
	return (long)(totalram_pages() / NBC_KEPT_PART) << PAGE_SECTORS_SHIFT;
}

/**
 * nbc_kept_add - let a zone that is being reset keep what it has
 * @nbd: the disk
 * @zone: the zone; its lock is held
 * @sects: how much of it was written before the reset
 *
 * Context: Process context.
 * Return: whether it may. If not, all that it has is to be discarded.
 */
bool nbc_kept_add(struct nbc_disk *nbd, struct nbc_zone *zone,
		  unsigned int sects)
{
	if (!nbd->kept)
		return false;
	/* A finished zone counts as written to its end. */
	sects = min(sects, nbc_zone_capacity(nbd->zones, zone));
	nbc_kept_set(zone, max(zone->kept_sects, sects));
	if (atomic_long_read(&nbc_kept_sects) <= nbc_kept_max_sects())
		return true;
	nbc_kept_set(zone, 0);
	return false;
}

/**
 * nbc_kept_forget - note that all that a zone kept was written over
 * @zone: the zone; its lock is held
 *
 * Context: Process context.
 */
void nbc_kept_forget(struct nbc_zone *zone)
{
	nbc_kept_set(zone, 0);
}

/**
 * nbc_kept_drop - discard what a zone has behind its write pointer
 * @nbd: the disk
 * @zone: the zone; its lock is held
 *
 * Context: Process context, may sleep; allocates nothing.
 * Return: how many sectors that were at most.
 */
unsigned int nbc_kept_drop(struct nbc_disk *nbd, struct nbc_zone *zone)
{
	unsigned int wp = zone->wp_sects, sects;
	u64 start = nbc_zone_start(nbd->zones, zone) + wp;

	lockdep_assert_held(&zone->lock);
	if (!zone->kept_sects)
		return 0;
	sects = zone->kept_sects - min(wp, zone->kept_sects);
	if (sects)
		nbc_store_discard(nbd->store, start << SECTOR_SHIFT,
				  (u64)sects << SECTOR_SHIFT);
	nbc_kept_set(zone, 0);
	return sects;
}

static unsigned long nbc_kept_count(struct shrinker *shrinker,
				    struct shrink_control *sc)
{
	struct nbc_zones *zones = ((struct nbc_disk *)shrinker->private_data)->zones;
	unsigned long sects = 0;
	unsigned int i;

	if (!atomic_long_read(&nbc_kept_sects))
		return SHRINK_EMPTY;
	for (i = zones->geometry.nr_conv; i < zones->nr_zones; i++)
		sects += READ_ONCE(zones->zone[i].kept_sects);
	return sects >> PAGE_SECTORS_SHIFT ?: SHRINK_EMPTY;
}

/*
 * Drops @wanted pages and a little more, if there are as many. Goes on behind the
 * zone where it ended the last time. Returns how many were dropped.
 */
static unsigned long nbc_kept_sweep(struct nbc_disk *nbd, unsigned long wanted)
{
	struct nbc_zones *zones = nbd->zones;
	unsigned int hand = READ_ONCE(zones->kept_hand), i;
	unsigned long dropped = 0;

	for (i = 0; i < zones->nr_zones && dropped < wanted; i++) {
		struct nbc_zone *zone = &zones->zone[hand];

		hand = hand + 1 < zones->nr_zones ? hand + 1 : 0;
		if (!READ_ONCE(zone->kept_sects) || !mutex_trylock(&zone->lock))
			continue;
		dropped += nbc_kept_drop(nbd, zone) >> PAGE_SECTORS_SHIFT;
		mutex_unlock(&zone->lock);
		cond_resched();
	}
	WRITE_ONCE(zones->kept_hand, hand);
	return dropped;
}

static unsigned long nbc_kept_scan(struct shrinker *shrinker,
				   struct shrink_control *sc)
{
	return nbc_kept_sweep(shrinker->private_data, sc->nr_to_scan) ?:
	       SHRINK_STOP;
}

/**
 * nbc_kept_drop_all - free what all disks keep, but for zones that are locked
 *
 * Waits for what the kernel took back, too: it may still have to become free memory.
 *
 * Context: Process context, may sleep; the caller may hold a zone's lock.
 */
void nbc_kept_drop_all(void)
{
	struct nbc_disk *nbd;

	guard(mutex)(&nbc_kept_lock);
	list_for_each_entry(nbd, &nbc_kept_disks, kept_entry) {
		if (atomic_long_read(&nbc_kept_sects))
			nbc_kept_sweep(nbd, ULONG_MAX);
		nbc_store_settle(nbd->store);
	}
}

/**
 * nbc_kept_create - let the zones of a disk keep data, if it has any to keep
 * @nbd: the disk
 * @name: its name
 *
 * Context: Process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int nbc_kept_create(struct nbc_disk *nbd, const char *name)
{
	if (!nbd->zones || !nbd->store || nbd->cache)
		return 0;
	nbd->kept = shrinker_alloc(0, "null_blk_c-%s", name);
	if (!nbd->kept)
		return -ENOMEM;
	nbd->kept->count_objects = nbc_kept_count;
	nbd->kept->scan_objects = nbc_kept_scan;
	nbd->kept->private_data = nbd;
	shrinker_register(nbd->kept);
	guard(mutex)(&nbc_kept_lock);
	list_add_tail(&nbd->kept_entry, &nbc_kept_disks);
	return 0;
}

/**
 * nbc_kept_destroy - drop all that the zones of a disk keep
 * @nbd: a disk that no request uses; it may have kept nothing
 *
 * Context: Process context, may sleep.
 */
void nbc_kept_destroy(struct nbc_disk *nbd)
{
	unsigned int i;

	if (!nbd->kept)
		return;
	shrinker_free(nbd->kept);
	scoped_guard(mutex, &nbc_kept_lock)
		list_del(&nbd->kept_entry);
	for (i = 0; i < nbd->zones->nr_zones; i++) {
		struct nbc_zone *zone = &nbd->zones->zone[i];

		mutex_lock(&zone->lock);
		nbc_kept_drop(nbd, zone);
		mutex_unlock(&zone->lock);
		cond_resched();
	}
}
