/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Zones: conditions, write pointers and limits, without a disk.
 */
#ifndef _NULL_BLK_C_ZONE_H
#define _NULL_BLK_C_ZONE_H

#include <linux/bits.h>
#include <linux/blk_types.h>
#include <linux/blkzoned.h>
#include <linux/cache.h>
#include <linux/list.h>
#include <linux/math.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/**
 * struct nbc_zone_geometry - how a disk is divided into zones
 * @disk_sects: size of the disk
 * @zone_sects: size of each zone but the last, which has what is left; a power
 *	of two
 * @cap_sects: how much of a sequential zone can be written; less than
 *	@zone_sects only if the last zone is as large as the others
 * @nr_conv: how many zones are conventional, the first ones; the last is not
 * @block_bytes: logical block size, the unit of all writes
 * @full: sequential zones start full
 * @backed: there is data, which only zones that know of it may show
 *
 * Sectors are units of 512 bytes everywhere.
 */
struct nbc_zone_geometry {
	u64		disk_sects;
	unsigned int	zone_sects;
	unsigned int	cap_sects;
	unsigned int	nr_conv;
	unsigned int	block_bytes;
	bool		full;
	bool		backed;
};

/**
 * struct nbc_zone - state of a zone
 * @lock: held by whoever writes to the zone or changes or reports its state; a
 *	conventional zone's is not used
 * @entry: place in &nbc_zones.implicit, guarded by &nbc_zones.lock
 * @wp_sects: write pointer, from the start of the zone; it means nothing in a
 *	zone that is conventional, read-only or offline
 * @cond: enum blk_zone_cond
 * @finished: it is full though it was not written to its end; changes with @cond
 * @writing: nbc_zone_write_begin() was called and nbc_zone_write_end() was not
 * @kept_sects: if it is more than @wp_sects, the store has data of before the last
 *	reset in between; guarded by @lock, see kept.c
 * @kept_from_sects: what is counted as kept is from here to @kept_sects; same guard
 *
 * @wp_sects, @cond and @writing change under @lock and, where there are limits,
 * under &nbc_zones.lock as well. Only with the latter alone may an implicitly
 * open zone be closed, on behalf of another that is to be opened. Reads look at
 * @cond and @wp_sects without a lock.
 */
struct nbc_zone {
	struct mutex		lock;
	struct list_head	entry;
	unsigned int		wp_sects;
	u8			cond;
	bool			finished;
	bool			writing;
	unsigned int		kept_sects;
	unsigned int		kept_from_sects;
} ____cacheline_aligned_in_smp;

/* What is on for the zones of a device: bits of &nbc_zones.on */
#define NBC_ZONES_LIMITED	BIT(0)	/* there are limits */
#define NBC_ZONES_PAUSED	BIT(1)	/* who would change a zone waits */

/**
 * struct nbc_zones - the zones of a device
 * @geometry: as they were created
 * @zone_shift: log2 of &nbc_zone_geometry.zone_sects
 * @nr_zones: how many there are
 * @max_open: how many may be open, 0 for any number
 * @max_active: how many may be open or closed, 0 for any number
 * @on: NBC_ZONES_*; NBC_ZONES_PAUSED changes while requests run, by nbc_zones_pause()
 * @finish_opens: finishing a zone takes what opening it takes
 * @lock: guards @nr_open, @nr_active, @implicit and @nr_pauses; without limits not taken by
 *	requests
 * @nr_open: how many are open
 * @nr_active: how many are open or closed
 * @implicit: zones that are implicitly open, the longest so first
 * @nr_pauses: how many nbc_zones_resume() must undo
 * @zone: their state
 *
 * Members above @lock but @on change only while no request runs. Every request reads them,
 * so they share no cache line with those below, which writers of zones change.
 */
struct nbc_zones {
	struct nbc_zone_geometry	geometry;
	unsigned int			zone_shift;
	unsigned int			nr_zones;
	unsigned int			max_open;
	unsigned int			max_active;
	unsigned int			on;
	bool				finish_opens;

	spinlock_t			lock ____cacheline_aligned_in_smp;
	unsigned int			nr_open;
	unsigned int			nr_active;
	struct list_head		implicit;
	unsigned int			nr_pauses;

	struct nbc_zone			zone[];
};

static inline unsigned int nbc_zone_no(const struct nbc_zones *zones,
				       const struct nbc_zone *zone)
{
	return zone - zones->zone;
}

static inline struct nbc_zone *nbc_zone_at(struct nbc_zones *zones, u64 sector)
{
	return &zones->zone[sector >> zones->zone_shift];
}

static inline u64 nbc_zone_start(const struct nbc_zones *zones,
				 const struct nbc_zone *zone)
{
	return (u64)nbc_zone_no(zones, zone) << zones->zone_shift;
}

static inline bool nbc_zone_is_conv(const struct nbc_zones *zones,
				    const struct nbc_zone *zone)
{
	return nbc_zone_no(zones, zone) < zones->geometry.nr_conv;
}

#ifdef CONFIG_BLK_DEV_ZONED
u64 nbc_zone_count(const struct nbc_zone_geometry *geometry);
u64 nbc_zones_bytes(const struct nbc_zone_geometry *geometry);
struct nbc_zones *nbc_zones_create(const struct nbc_zone_geometry *geometry,
				   int node);
void nbc_zones_destroy(struct nbc_zones *zones);
bool nbc_zones_fit(const struct nbc_zones *zones,
		   const struct nbc_zone_geometry *geometry);
void nbc_zones_restart(struct nbc_zones *zones, unsigned int max_open,
		       unsigned int max_active);
void nbc_zones_pause(struct nbc_zones *zones);
void nbc_zones_resume(struct nbc_zones *zones);
void nbc_zone_wait(struct nbc_zones *zones, struct nbc_zone *zone);
void nbc_zones_copy(struct nbc_zones *to, struct nbc_zones *from);

unsigned int nbc_zone_len(const struct nbc_zones *zones,
			  const struct nbc_zone *zone);
unsigned int nbc_zone_capacity(const struct nbc_zones *zones,
			       const struct nbc_zone *zone);
blk_status_t nbc_zone_readable(const struct nbc_zones *zones,
			       struct nbc_zone *zone, unsigned int *sects);
blk_status_t nbc_zone_write_begin(struct nbc_zones *zones,
				  struct nbc_zone *zone, unsigned int offset,
				  unsigned int sects);
void nbc_zone_write_end(struct nbc_zones *zones, struct nbc_zone *zone,
			unsigned int sects);
blk_status_t nbc_zone_manage(struct nbc_zones *zones, struct nbc_zone *zone,
			     enum req_op op);
bool nbc_zone_is_writable(const struct nbc_zones *zones, const struct nbc_zone *zone);
bool nbc_zone_toggle(struct nbc_zones *zones, struct nbc_zone *zone,
		     enum blk_zone_cond cond);
bool nbc_zone_fall_back(struct nbc_zones *zones, struct nbc_zone *zone,
			unsigned int sects);
void nbc_zone_report(struct nbc_zones *zones, struct nbc_zone *zone,
		     struct blk_zone *report);

/**
 * nbc_zone_lock - take the lock of a zone, to change the zone or its data
 * @zones: the zones
 * @zone: one of them
 *
 * Context: Process context, may sleep. Waits until zones are not paused.
 */
static inline void nbc_zone_lock(struct nbc_zones *zones, struct nbc_zone *zone)
{
	mutex_lock(&zone->lock);
	while (unlikely(READ_ONCE(zones->on) & NBC_ZONES_PAUSED))
		nbc_zone_wait(zones, zone);
}
#else
static inline void nbc_zones_destroy(struct nbc_zones *zones)
{
}

static inline void nbc_zones_copy(struct nbc_zones *to, struct nbc_zones *from)
{
}
#endif /* CONFIG_BLK_DEV_ZONED */

#endif /* _NULL_BLK_C_ZONE_H */
