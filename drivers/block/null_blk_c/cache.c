// SPDX-License-Identifier: GPL-2.0
/*
 * The cache: writes that a power cut takes away, unless they were flushed.
 *
 * Layers
 * ------
 * The XArray of the store holds what a read must see; a read does not know of
 * the cache. A unit in it is durable or dirty. A write never changes a durable
 * unit: it lays a new one over it, a dirty copy with the write's data, and the
 * durable unit is kept beneath, as a list in the lru of the dirty one. So a
 * block has one place at any time, and does not move:
 *
 *	write	hole, or durable unit -> dirty unit over it; dirty unit: in place
 *	flush	dirty unit -> durable unit, and what was beneath is freed
 *	drop	dirty unit -> what is beneath
 *
 * A flush copies nothing, needs no memory and cannot fail.
 *
 * Order
 * -----
 * - FUA writes go to the dirty unit, if there is one, and to the durable one
 *   beneath: blocks beside them in the unit stay dirty.
 * - A flush walks the dirty units in ascending order and holds the lock of one at
 *   a time. What became dirty behind it is not its concern.
 * - Discard and write zeroes act on both layers at once. They are durable when
 *   they complete, and nothing older comes back at a power cut.
 *
 * Room
 * ----
 * The cache is as large as the memory of its dirty units. Before one is added to
 * a full cache, some are made durable, from where the last eviction ended on, in
 * ascending order and round the disk: with sequential writes these are the
 * oldest. This, too, needs no memory, so a write always goes on. Writers that do
 * so at the same time may exceed the limit, by one unit each.
 *
 * What is in a layer below the store (layer.c) is copied into a durable unit of its own
 * before a dirty one is laid over that. So a power cut has nothing to do with layers. This
 * needs memory.
 *
 * Without memory for a dirty unit, a write changes the durable one in place. So
 * no write fails with a cache that would not fail without.
 *
 * Locks
 * -----
 * A unit's bytes and state are guarded by its guard, see store.c, and so is what
 * lies over it: who writes locks the guard of a number first, and finds the unit
 * then: see litmus/cache_durable.litmus and litmus/cache_over.litmus. The state, the mark
 * of dirty units in the XArray, the lists of what is beneath and the count of dirty units
 * change under the XArray's lock, too. It is not taken where a write finds the unit as it
 * needs it. A hole is filled under the XArray's lock alone.
 *
 * To make a unit durable changes no byte of it. This takes the guard's lock and
 * leaves its sequence alone, so that readers go on.
 *
 * A unit that was taken out by a discard may still be written to by those who
 * found it before, as if they had come before the discard.
 */
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include "cache.h"
#include "unit.h"

/* Evict this part of the cache at once, */
#define NBC_EVICT_SHARE		64
/* but not more units than this, so that a write does not wait for long. */
#define NBC_EVICT_AT_ONCE	64

/**
 * struct nbc_piece - the part of a write that goes to one unit
 * @store: where the unit is
 * @cursor: the data
 * @index: number of the unit
 * @offset: first byte in the unit
 * @bytes: how many
 * @through: to be durable when written
 * @spare: a unit that is in no store yet, or NULL
 */
struct nbc_piece {
	struct nbc_store	*store;
	struct nbc_cursor	cursor;
	unsigned long		index;
	unsigned int		offset;
	unsigned int		bytes;
	bool			through;
	struct page		*spare;
};

static bool nbc_piece_is_whole(const struct nbc_piece *piece)
{
	return piece->bytes == nbc_unit_bytes(piece->store);
}

static __always_inline void nbc_piece_copy(struct nbc_piece *piece,
					   struct page *unit)
{
	nbc_copy_from_bios(&piece->cursor, page_address(unit) + piece->offset,
			   piece->bytes);
}

/*
 * Makes a dirty unit, whose guard the caller has locked, durable, and moves the one
 * beneath to @old. Nothing happens to a unit that was taken out.
 */
static void nbc_unit_make_durable(struct nbc_store *store, unsigned long index,
				  struct page *unit, struct list_head *old)
{
	XA_STATE(xas, &store->units, index);

	xas_lock(&xas);
	if (xas_load(&xas) == unit) {
		xas_clear_mark(&xas, NBC_DIRTY_MARK);
		nbc_unit_set_durable(unit);
		list_splice_tail_init(&unit->lru, old);
		nbc_count_dirty(store, -1);
	}
	xas_unlock(&xas);
}

/*
 * Makes up to @max_nr dirty units durable, from @index to @last, and moves @index behind
 * them. Returns how many it has looked at.
 */
static unsigned int nbc_units_make_durable(struct nbc_store *store,
					   unsigned long *index,
					   unsigned long last,
					   unsigned int max_nr)
{
	unsigned int nr = 0;
	struct page *unit;
	seqlock_t *guard;
	LIST_HEAD(old);

	rcu_read_lock();
	while (nr < max_nr) {
		/* Without a lock: see litmus/cache_flush.litmus. */
		unit = xa_find(&store->units, index, last, NBC_DIRTY_MARK);
		if (!unit)
			break;
		guard = nbc_unit_guard(store, *index);
		read_seqlock_excl(guard);
		if (nbc_unit_is_dirty(unit))
			nbc_unit_make_durable(store, *index, unit, &old);
		read_sequnlock_excl(guard);
		++*index;
		nr++;
	}
	rcu_read_unlock();
	if (!list_empty(&old))
		nbc_reaper_add(&store->reaper, &old);
	return nr;
}

/* Makes room for one dirty unit. */
static void nbc_cache_make_room(struct nbc_cache *cache)
{
	unsigned long index = READ_ONCE(cache->hand);

	while (READ_ONCE(cache->store->nr_dirty) >= cache->max_units) {
		if (!nbc_units_make_durable(cache->store, &index, ULONG_MAX,
					    cache->nr_evict))
			index = 0;
		cond_resched();
	}
	WRITE_ONCE(cache->hand, index);
}

/*
 * Puts the spare unit into the XArray, dirty, in place of @old, whose guard the
 * caller has locked; NULL for a hole. Returns 0; -EAGAIN if something else is there; or
 * the XArray's error.
 */
static int nbc_unit_put_over(struct nbc_piece *piece, struct xa_state *xas,
			     struct page *old)
{
	struct page *unit = piece->spare;
	int ret;

	lockdep_assert_held(&piece->store->units.xa_lock);
	if (xas_load(xas) != old)
		return -EAGAIN;
	/* Others find it as soon as it is there. */
	INIT_LIST_HEAD(&unit->lru);
	nbc_unit_set_dirty(unit, piece->offset);
	xas_store(xas, unit);
	ret = xas_error(xas);
	if (ret) {
		nbc_unit_set_durable(unit);
		return ret;
	}
	xas_set_mark(xas, NBC_DIRTY_MARK);
	if (old)
		list_add(&old->lru, &unit->lru);
	nbc_count_dirty(piece->store, 1);
	piece->spare = NULL;
	return 0;
}

/* Lays a dirty unit with the piece in it over a durable one. */
static int nbc_write_over(struct nbc_piece *piece, struct page *unit)
{
	XA_STATE(xas, &piece->store->units, piece->index);
	int ret;

	if (!nbc_piece_is_whole(piece))
		nbc_copy_part(page_address(piece->spare), page_address(unit),
			      nbc_unit_bytes(piece->store));
	nbc_piece_copy(piece, piece->spare);
	xas_lock(&xas);
	ret = nbc_unit_put_over(piece, &xas, unit);
	xas_unlock(&xas);
	return ret;
}

/* Puts the spare unit beneath a dirty one, unless that was taken out. */
static struct page *nbc_unit_put_beneath(struct nbc_piece *piece,
					 struct page *unit)
{
	struct page *beneath = NULL;

	memset(page_address(piece->spare), 0, nbc_unit_bytes(piece->store));
	xa_lock(&piece->store->units);
	if (xa_load(&piece->store->units, piece->index) == unit) {
		swap(beneath, piece->spare);
		list_add(&beneath->lru, &unit->lru);
	}
	xa_unlock(&piece->store->units);
	return beneath;
}

/*
 * Writes to a dirty unit so that the piece is durable. If the piece is the whole
 * unit, or there is no memory for one beneath, the unit becomes durable instead.
 */
static void nbc_write_through(struct nbc_piece *piece, struct page *unit)
{
	struct nbc_cursor start = piece->cursor;
	struct page *beneath = NULL;
	LIST_HEAD(old);

	nbc_piece_copy(piece, unit);
	if (!nbc_piece_is_whole(piece)) {
		beneath = nbc_unit_beneath(piece->store, piece->index, unit);
		if (!beneath && piece->spare)
			beneath = nbc_unit_put_beneath(piece, unit);
	}
	if (beneath) {
		piece->cursor = start;
		nbc_piece_copy(piece, beneath);
		return;
	}
	nbc_unit_make_durable(piece->store, piece->index, unit, &old);
	if (!list_empty(&old))
		nbc_reaper_add(&piece->store->reaper, &old);
}

/*
 * Puts the spare unit into the XArray, durable, where there is a hole, or zeroes that hide
 * what is below. Returns as nbc_unit_put_over().
 */
static int nbc_unit_put_through(struct nbc_piece *piece, struct xa_state *xas)
{
	void *found;
	int ret;

	lockdep_assert_held(&piece->store->units.xa_lock);
	/* xa_cmpxchg() says NULL for such zeroes, and leaves them there. */
	found = xas_load(xas);
	if (nbc_is_unit(found))
		return -EAGAIN;
	xas_store(xas, piece->spare);
	ret = xas_error(xas);
	if (!ret)
		piece->spare = NULL;
	return ret;
}

/* Fills a hole by the spare unit. Returns as nbc_unit_put_over(). */
static int nbc_write_hole(struct nbc_piece *piece)
{
	XA_STATE(xas, &piece->store->units, piece->index);
	struct page *unit = piece->spare;
	int ret;

	if (!unit)
		return -ENOMEM;
	if (!nbc_piece_is_whole(piece))
		memset(page_address(unit), 0, nbc_unit_bytes(piece->store));
	nbc_piece_copy(piece, unit);
	do {
		xas_lock(&xas);
		ret = piece->through ? nbc_unit_put_through(piece, &xas) :
				       nbc_unit_put_over(piece, &xas, NULL);
		xas_unlock(&xas);
	} while (xas_nomem(&xas, NBC_GFP));
	return ret;
}

/* Writes to a unit whose guard the caller has locked. Returns 0 or -EAGAIN. */
static int nbc_write_found(struct nbc_piece *piece, struct page *unit)
{
	bool dirty = nbc_unit_is_dirty(unit);

	if (piece->through && dirty)
		nbc_write_through(piece, unit);
	else if (piece->through || dirty)
		nbc_piece_copy(piece, unit);
	else
		return nbc_write_over(piece, unit);
	return 0;
}

/*
 * Steps to the next unit and writes to it, if it is there and as the write needs
 * it: dirty, or durable for FUA. Returns false if it is not. @ahead fetches the one
 * behind.
 */
static __always_inline bool nbc_write_in_place(struct nbc_piece *piece,
					       struct xa_state *xas, bool ahead)
{
	seqlock_t *guard = nbc_unit_guard(piece->store, piece->index);
	struct page *unit;
	bool fits;

	write_seqlock(guard);
	unit = nbc_next_unit(xas);
	if (ahead)
		nbc_prefetch_next(xas, true);
	fits = nbc_is_unit(unit) && nbc_unit_is_dirty(unit) != piece->through;
	if (likely(fits))
		nbc_piece_copy(piece, unit);
	write_sequnlock(guard);
	return fits;
}

/* As whatever the piece finds needs it. Returns as nbc_unit_put_over(), or -ENOMEM. */
static int nbc_write_piece(struct nbc_piece *piece)
{
	seqlock_t *guard = nbc_unit_guard(piece->store, piece->index);
	struct nbc_cursor start = piece->cursor;
	struct page *unit;
	int ret;

	do {
		/* What is durable is the store's own, so that it can lie beneath. */
		ret = nbc_store_own(piece->store, piece->index, true);
		if (ret)
			return ret;
		piece->cursor = start;
		rcu_read_lock();
		write_seqlock(guard);
		unit = xa_load(&piece->store->units, piece->index);
		if (unit)
			ret = nbc_write_found(piece, unit);
		write_sequnlock(guard);
		rcu_read_unlock();
		if (!unit)
			ret = nbc_write_hole(piece);
	} while (ret == -EAGAIN);
	return ret;
}

/* Where a unit may have to be added, for which there is @memory or not. */
static int nbc_write_new(struct nbc_cache *cache, struct nbc_piece *piece,
			 bool memory)
{
	int ret;

	piece->spare = memory ? nbc_unit_alloc(piece->store, false) : NULL;
	if (!piece->spare)
		piece->through = true;
	if (!piece->through)
		nbc_cache_make_room(cache);
	ret = nbc_write_piece(piece);
	if (piece->spare)
		nbc_unit_free(piece->store, piece->spare);
	return ret;
}

/**
 * nbc_cache_write - copy data from memory to the cache, or through it
 * @cache: the cache
 * @bio: the memory, a chain by bi_next; stays as it is
 * @pos: first byte
 * @len: number of bytes, that of the chain
 * @fua: shall the data be durable when this returns?
 *
 * Context: Process context, may sleep.
 * Return: BLK_STS_OK; BLK_STS_NOSPC if there was a hole and no memory, and then
 * what comes before the block that found none is written.
 */
blk_status_t nbc_cache_write(struct nbc_cache *cache, struct bio *bio, u64 pos,
			     unsigned long len, bool fua)
{
	struct nbc_store *store = cache->store;
	unsigned long unit_bytes = nbc_unit_bytes(store);
	struct nbc_piece piece = {
		.store	= store,
		.index	= pos >> store->unit_shift,
		.offset	= nbc_unit_offset(store, pos),
	};
	XA_STATE(xas, &store->units, piece.index);
	bool ahead = len <= NBC_AHEAD_BYTES;
	unsigned int nr_new = 0;
	bool memory = true;

	nbc_cursor_init(&piece.cursor, bio);
	rcu_read_lock();
	for (; len; len -= piece.bytes) {
		piece.bytes = min(len, unit_bytes - piece.offset);
		piece.through = fua;
		if (!nbc_write_in_place(&piece, &xas,
					ahead && len > piece.bytes)) {
			rcu_read_unlock();
			if (!(nr_new++ % NBC_UNITS_AT_ONCE))
				memory = nbc_memory_left();
			if (nbc_write_new(cache, &piece, memory))
				return BLK_STS_NOSPC;
			rcu_read_lock();
			xas_set(&xas, piece.index + 1);
		}
		piece.offset = 0;
		nbc_walk_breathe(&xas, ++piece.index);
	}
	rcu_read_unlock();
	return BLK_STS_OK;
}

/**
 * nbc_cache_flush_range - make durable what was written to a range
 * @cache: the cache
 * @pos: first byte
 * @end: the byte behind the last one
 *
 * What shares a unit with the range is durable, too.
 *
 * Context: Process context, may sleep.
 */
void nbc_cache_flush_range(struct nbc_cache *cache, u64 pos, u64 end)
{
	struct nbc_store *store = cache->store;
	unsigned long index = pos >> store->unit_shift;
	unsigned long last = (end - 1) >> store->unit_shift;

	while (nbc_units_make_durable(store, &index, last, NBC_UNITS_AT_ONCE))
		cond_resched();
}

/**
 * nbc_cache_is_dirty - is nothing of a range durable?
 * @cache: the cache
 * @pos: first byte
 * @len: number of bytes, not 0
 *
 * Context: Any.
 * Return: whether each unit of the range is there and dirty; it may be so no more.
 */
bool nbc_cache_is_dirty(struct nbc_cache *cache, u64 pos, unsigned long len)
{
	struct nbc_store *store = cache->store;
	unsigned long index = pos >> store->unit_shift;
	unsigned long last = (pos + len - 1) >> store->unit_shift;

	for (; index <= last; index++) {
		if (!xa_get_mark(&store->units, index, NBC_DIRTY_MARK))
			return false;
	}
	return true;
}

/**
 * nbc_cache_flush - make durable what was written
 * @cache: the cache
 *
 * Reads and writes go on meanwhile; a write that has not completed when this is
 * called may be durable afterwards, or not.
 *
 * Context: Process context, may sleep.
 */
void nbc_cache_flush(struct nbc_cache *cache)
{
	nbc_cache_flush_range(cache, 0, U64_MAX);
}

/**
 * nbc_cache_first_lost - where the first data is that a power cut takes away
 * @cache: a cache and a store that no request uses
 * @pos: where to look from, on a boundary of units; set to the answer
 *
 * A unit may be durable in its first part and written on. What comes before the first
 * write to it that was not durable counts as durable, which is right where data is
 * written in order.
 *
 * Context: Process context.
 * Return: whether there is such data.
 */
bool nbc_cache_first_lost(struct nbc_cache *cache, u64 *pos)
{
	struct nbc_store *store = cache->store;
	unsigned long index = *pos >> store->unit_shift;
	struct page *unit;

	unit = xa_find(&store->units, &index, ULONG_MAX, NBC_DIRTY_MARK);
	if (!unit)
		return false;
	*pos = ((u64)index << store->unit_shift) + nbc_unit_begin(unit);
	return true;
}

/* Takes a dirty unit away; what is beneath is there again. */
static void nbc_drop_unit(struct nbc_store *store, unsigned long index,
			  struct page *unit)
{
	XA_STATE(xas, &store->units, index);
	struct page *beneath;

	xas_lock(&xas);
	beneath = list_first_entry_or_null(&unit->lru, struct page, lru);
	if (beneath)
		list_del_init(&unit->lru);
	xas_load(&xas);
	xas_clear_mark(&xas, NBC_DIRTY_MARK);
	xas_store(&xas, beneath);
	nbc_count_dirty(store, -1);
	xas_unlock(&xas);
}

/**
 * nbc_cache_drop - cut the power: lose what was not made durable
 * @cache: a cache and a store that no request uses
 *
 * Context: Process context, may sleep.
 */
void nbc_cache_drop(struct nbc_cache *cache)
{
	struct nbc_store *store = cache->store;
	unsigned long index;
	struct page *unit;
	LIST_HEAD(lost);

	xa_for_each_marked(&store->units, index, unit, NBC_DIRTY_MARK) {
		nbc_drop_unit(store, index, unit);
		list_add_tail(&unit->lru, &lost);
		cond_resched();
	}
	WARN_ON_ONCE(store->nr_dirty);
	if (!list_empty(&lost))
		nbc_reaper_add(&store->reaper, &lost);
}

/**
 * nbc_cache_create - put an empty cache over a store
 * @store: the store, configured, with no other cache
 * @max_bytes: how much of it may be dirty; at least one unit can be
 *
 * Context: Process context, may sleep.
 * Return: the cache, or NULL without memory.
 */
struct nbc_cache *nbc_cache_create(struct nbc_store *store, u64 max_bytes)
{
	struct nbc_cache *cache;

	cache = kzalloc_node(sizeof(*cache), GFP_KERNEL, store->node);
	if (!cache)
		return NULL;
	cache->store = store;
	cache->max_units = max(max_bytes >> store->unit_shift, 1);
	cache->nr_evict = clamp(cache->max_units / NBC_EVICT_SHARE, 1,
				NBC_EVICT_AT_ONCE);
	return cache;
}

/**
 * nbc_cache_destroy - drop and free a cache
 * @cache: a cache and a store that no request uses; or NULL
 *
 * Context: Process context, may sleep.
 */
void nbc_cache_destroy(struct nbc_cache *cache)
{
	if (!cache)
		return;
	nbc_cache_drop(cache);
	kfree(cache);
}
