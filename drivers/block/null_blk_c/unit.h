/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Units: the pieces in which a store keeps its data, and how bytes get there.
 * For store.c, and for the cache, which lays units over those of the store.
 */
#ifndef _NULL_BLK_C_UNIT_H
#define _NULL_BLK_C_UNIT_H

#include <linux/bio.h>
#include <linux/bits.h>
#include <linux/bvec.h>
#include <linux/cache.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/prefetch.h>
#include <linux/sched.h>
#include <linux/seqlock.h>
#include <linux/sizes.h>
#include <linux/xarray.h>

#include "store.h"

#define NBC_GFP		(GFP_NOIO | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)
/* After so many units others get the CPU, grace periods end, memory is checked. */
#define NBC_UNITS_AT_ONCE	256
/* In longer requests the next unit is not fetched ahead: that is slower at 1 MiB. */
#define NBC_AHEAD_BYTES		SZ_128K
/* Units in the XArray that are dirty. */
#define NBC_DIRTY_MARK		XA_MARK_0
/* Units in a layer's that belong to what lies on it. */
#define NBC_MOVED_MARK		XA_MARK_1

/* Bits of the private word of a unit's first page; see "Guards" in store.c. */
enum nbc_unit_bit {
	/*
	 * Not durable: a power cut takes it away. Its lru is the head of a
	 * list, guarded by the XArray's lock, of the unit beneath: the durable
	 * one, which is found again then. Empty for a hole.
	 */
	NBC_UNIT_DIRTY,
	/*
	 * From here on, of a dirty unit: where the write began that laid it over a
	 * durable one, in bytes from its start. Before that, both hold the same, unless
	 * somebody wrote there later.
	 */
	NBC_UNIT_BEGIN_SHIFT,
};

/**
 * struct nbc_guard - what keeps the blocks of some units whole, see store.c
 * @lock: taken to write to the units; who reads looks at its sequence
 */
struct nbc_guard {
	seqlock_t	lock;
} ____cacheline_aligned_in_smp;

extern struct nbc_guard *nbc_guards;
extern unsigned int nbc_guard_mask;

int nbc_units_init(void);
void nbc_units_exit(void);
void nbc_copy_part(void *to, const void *from, unsigned int bytes);
void nbc_units_account(struct nbc_store *store, bool account);
struct page *nbc_unit_alloc(struct nbc_store *store, bool zeroed);
void nbc_unit_free(struct nbc_store *store, struct page *unit);

static inline unsigned int nbc_unit_order(const struct nbc_store *store)
{
	return store->unit_shift - PAGE_SHIFT;
}

static inline unsigned int nbc_unit_bytes(const struct nbc_store *store)
{
	return 1U << store->unit_shift;
}

/* Where in its unit the byte @pos is. */
static inline unsigned int nbc_unit_offset(const struct nbc_store *store,
					   u64 pos)
{
	return pos & (nbc_unit_bytes(store) - 1);
}

/* The lock of the guard of a unit, by the unit's number. */
static inline seqlock_t *nbc_unit_guard(const struct nbc_store *store,
					unsigned long index)
{
	return &nbc_guards[(index + store->guard_offset) & nbc_guard_mask].lock;
}

static inline bool nbc_unit_is_dirty(const struct page *unit)
{
	return READ_ONCE(unit->private) & BIT(NBC_UNIT_DIRTY);
}

/* Makes a unit dirty that nobody else knows, by a write that begins at @begin in it. */
static inline void nbc_unit_set_dirty(struct page *unit, unsigned int begin)
{
	set_page_private(unit, BIT(NBC_UNIT_DIRTY) |
			 (unsigned long)begin << NBC_UNIT_BEGIN_SHIFT);
}

static inline void nbc_unit_set_durable(struct page *unit)
{
	WRITE_ONCE(unit->private, 0);
}

/* What nbc_unit_set_dirty() was told, of a dirty unit. */
static inline unsigned int nbc_unit_begin(const struct page *unit)
{
	return READ_ONCE(unit->private) >> NBC_UNIT_BEGIN_SHIFT;
}

/* The XArray's lock is held, but not by all who read the count. */
static inline void nbc_count_dirty(struct nbc_store *store, int nr)
{
	WRITE_ONCE(store->nr_dirty, store->nr_dirty + nr);
}

/* Moves a unit, and the one beneath it, to the list. Under the XArray's lock. */
static inline void nbc_take_unit(struct nbc_store *store, struct page *unit,
				 struct list_head *units)
{
	if (nbc_unit_is_dirty(unit)) {
		list_splice_tail_init(&unit->lru, units);
		nbc_count_dirty(store, -1);
	}
	list_add_tail(&unit->lru, units);
}

/*
 * Is what the XArray has a unit? NULL, and the entry for "zeroes, whatever is below"
 * (layer.c), are less than any address: one comparison tells.
 */
static __always_inline bool nbc_is_unit(const void *entry)
{
	return (unsigned long)entry > (unsigned long)XA_ZERO_ENTRY;
}

/*
 * Steps to the next unit and returns it; what is no nbc_is_unit() is a hole. After xas_set()
 * or at the beginning, this is the unit that was set.
 */
static __always_inline struct page *nbc_next_unit(struct xa_state *xas)
{
	struct page *unit = xas_next(xas);

	while (unlikely(xa_is_retry(unit))) {
		xas_reset(xas);
		unit = xas_next(xas);
	}
	return unit;
}

/* Starts to fetch @bytes at @data into the cache, to be read or written soon. */
static __always_inline void nbc_prefetch(const void *data, unsigned int bytes,
					 bool write)
{
	const void *end = data + bytes;

	for (; data < end; data += L1_CACHE_BYTES) {
		if (write)
			prefetchw(data);
		else
			prefetch(data);
	}
}

/*
 * Starts to fetch the unit behind the one where @xas is, while that one is copied:
 * its beginning, if it is in the same node. Under RCU.
 */
static __always_inline void nbc_prefetch_next(struct xa_state *xas, bool write)
{
	struct xa_node *node = xas->xa_node;
	void *next;

	if (xas_not_node(node) || xas->xa_offset == XA_CHUNK_MASK)
		return;
	next = xa_entry(xas->xa, node, xas->xa_offset + 1);
	if (next && !xa_is_internal(next))
		nbc_prefetch(page_address(next), NBC_PREFETCH_BYTES, write);
}

/* Leaves the RCU section for a moment, now and then; goes on at @next. */
static __always_inline void nbc_walk_breathe(struct xa_state *xas,
					     unsigned long next)
{
	if (next % NBC_UNITS_AT_ONCE)
		return;
	xas_set(xas, next);
	rcu_read_unlock();
	cond_resched();
	rcu_read_lock();
}

/**
 * struct nbc_cursor - where in the memory of a chain of bios the next byte is
 * @bio: the bio, NULL at the end
 * @iter: place in it
 */
struct nbc_cursor {
	struct bio		*bio;
	struct bvec_iter	iter;
};

static inline void nbc_cursor_init(struct nbc_cursor *cursor, struct bio *bio)
{
	cursor->bio = bio;
	cursor->iter = bio->bi_iter;
}

static __always_inline void nbc_cursor_advance(struct nbc_cursor *cursor,
					       unsigned int bytes)
{
	bvec_iter_advance_single(cursor->bio->bi_io_vec, &cursor->iter, bytes);
	if (cursor->iter.bi_size)
		return;
	cursor->bio = cursor->bio->bi_next;
	if (cursor->bio)
		cursor->iter = cursor->bio->bi_iter;
}

/*
 * Pages and sectors as aligned words: a copy of one is compiled inline, to a
 * few instructions.
 */
struct nbc_page {
	u64 words[PAGE_SIZE / sizeof(u64)];
};

struct nbc_sector {
	u64 words[SECTOR_SIZE / sizeof(u64)];
};

/*
 * Copies between memory of a bio, @to or @from, and @data, the other. As
 * much as a page of the former is a page; @data may begin anywhere in a unit.
 */
static __always_inline void nbc_copy_bytes(void *to, const void *from,
					   const void *data, unsigned int bytes)
{
	if (likely(bytes == PAGE_SIZE && PAGE_ALIGNED(data)))
		*(struct nbc_page *)to = *(const struct nbc_page *)from;
	else
		nbc_copy_part(to, from, bytes);
}

/* Copies @bytes from the bios to @data. */
static __always_inline void nbc_copy_from_bios(struct nbc_cursor *cursor,
					       void *data, unsigned int bytes)
{
	do {
		struct bio_vec bv = bio_iter_iovec(cursor->bio, cursor->iter);
		unsigned int part = min(bytes, bv.bv_len);
		void *memory = bvec_kmap_local(&bv);

		nbc_copy_bytes(data, memory, data, part);
		kunmap_local(memory);
		nbc_cursor_advance(cursor, part);
		data += part;
		bytes -= part;
	} while (bytes);
}

#endif /* _NULL_BLK_C_UNIT_H */
