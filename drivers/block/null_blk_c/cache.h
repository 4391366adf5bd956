/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The volatile write cache over a store.
 */
#ifndef _NULL_BLK_C_CACHE_H
#define _NULL_BLK_C_CACHE_H

#include <linux/blk_types.h>
#include <linux/cache.h>
#include <linux/types.h>

struct bio;
struct nbc_store;

/**
 * struct nbc_cache - what is written to a store and may be lost
 * @store: the store, whose dirty units are the cache's contents
 * @max_units: how many of them there may be
 * @nr_evict: how many are made durable when there is no room
 * @hand: where to look for them; changes without a lock, any value will do. Not
 *	on the line of the others, which all writes read
 */
struct nbc_cache {
	struct nbc_store	*store;
	unsigned long		max_units;
	unsigned int		nr_evict;

	unsigned long		hand ____cacheline_aligned_in_smp;
};

struct nbc_cache *nbc_cache_create(struct nbc_store *store, u64 max_bytes);
void nbc_cache_destroy(struct nbc_cache *cache);

blk_status_t nbc_cache_write(struct nbc_cache *cache, struct bio *bio, u64 pos,
			     unsigned long len, bool fua);
bool nbc_cache_is_dirty(struct nbc_cache *cache, u64 pos, unsigned long len);
void nbc_cache_flush(struct nbc_cache *cache);
void nbc_cache_flush_range(struct nbc_cache *cache, u64 pos, u64 end);
bool nbc_cache_first_lost(struct nbc_cache *cache, u64 *pos);
void nbc_cache_drop(struct nbc_cache *cache);

#endif /* _NULL_BLK_C_CACHE_H */
