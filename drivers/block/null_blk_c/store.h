/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The store: a device's data, sparse and in memory.
 */
#ifndef _NULL_BLK_C_STORE_H
#define _NULL_BLK_C_STORE_H

#include <linux/blk_types.h>
#include <linux/cache.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "memory.h"

/* As much as is worth fetching early: a large page is more than the nearest cache. */
#define NBC_PREFETCH_BYTES	min(PAGE_SIZE, SZ_4K)

struct bio;
struct nbc_layer;
struct page;

/**
 * struct nbc_store - the data of a device
 * @units: XArray of struct page, first page of each unit, by unit number
 * @unit_shift: log2 of a unit's size in bytes; changes only while @units is
 *	empty and no request runs
 * @guard_offset: which of all guards is that of unit 0, see store.c
 * @node: NUMA node to allocate from; changes only while no request runs
 * @account: units are charged to a cgroup; changes by nbc_units_account()
 * @nr_dirty: units that a cache has not made durable yet; guarded by the lock
 *	of @units
 * @base: the layer beneath @units, NULL for none; changes as layer.c says
 * @generation: odd as long as there are layers, or were a moment ago; another number, which
 *	was never there before, whenever @base changes; changes as @base does
 * @settling: units of @base may still be written to
 * @reaper: frees units that were taken out. Discards change it, so it is not on the
 *	line that requests read
 */
struct nbc_store {
	struct xarray		units ____cacheline_aligned_in_smp;
	unsigned int		unit_shift;
	unsigned int		guard_offset;
	int			node;
	bool			account;
	unsigned long		nr_dirty;
	struct nbc_layer	*base;
	unsigned long		generation;
	bool			settling;

	struct nbc_reaper	reaper ____cacheline_aligned_in_smp;
};

/* The largest logical block, up to @wanted, that a store can have while it has its data. */
static inline unsigned long nbc_store_block_bytes(const struct nbc_store *store,
						  unsigned long wanted)
{
	return min(wanted, 1UL << store->unit_shift);
}

/* Has a store no data, nor any below? Of one that no request uses. */
static inline bool nbc_store_is_empty(const struct nbc_store *store)
{
	return xa_empty(&store->units) && !store->base;
}

void nbc_store_create(struct nbc_store *store);
void nbc_store_destroy(struct nbc_store *store);
int nbc_store_configure(struct nbc_store *store, unsigned int block_bytes,
			int node);

struct page *nbc_unit_beneath(struct nbc_store *store, unsigned long index,
			      struct page *unit);
void nbc_store_prefetch(struct nbc_store *store, u64 pos, unsigned int bytes,
			bool write);
void nbc_store_read(struct nbc_store *store, struct bio *bio, u64 pos,
		    unsigned long len);
blk_status_t nbc_store_write(struct nbc_store *store, struct bio *bio, u64 pos,
			     unsigned long len);
int nbc_store_put(struct nbc_store *store, u64 pos, const void *data,
		  unsigned long len);
void nbc_store_put_over(struct nbc_store *store, u64 pos, const void *data,
			unsigned long len);
int nbc_store_copy(struct nbc_store *to, struct nbc_store *from);
void nbc_store_empty(struct nbc_store *store);
int nbc_store_own(struct nbc_store *store, unsigned long index, bool hidden);
blk_status_t nbc_store_discard(struct nbc_store *store, u64 pos, u64 len);
bool nbc_store_flip(struct nbc_store *store, u64 pos, u8 mask);
blk_status_t nbc_store_zero(struct nbc_store *store, u64 pos, u64 len);

#endif /* _NULL_BLK_C_STORE_H */
