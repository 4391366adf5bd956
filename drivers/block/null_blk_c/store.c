// SPDX-License-Identifier: GPL-2.0
/*
 * The store: a device's data, sparse and in memory.
 *
 * Units
 * -----
 * Data is kept in units of a page, or of a logical block where that is larger.
 * An XArray maps the number of a unit to its first page. What is not there
 * reads as zeroes.
 *
 * Guards
 * ------
 * A unit is found under RCU. A logical block lies in one unit, and nobody ever
 * sees part of one write to it: who writes to a unit holds the lock of its guard,
 * a seqlock, and who reads copies without it, and once more with it if the
 * sequence says that a write came in between. So readers of one unit do not wait
 * for each other, and write nothing that another reads; and a reader copies twice
 * at most, whatever writers do. What a first copy may have torn is in memory
 * that the request owns until it completes. See litmus/store_read.litmus.
 *
 * Guards stand apart from the units, in a small table for all stores, which stays
 * in the caches: a lock in struct page costs a miss for each unit of a large disk.
 * A unit's guard is found by its number. There are many more guards than CPUs, so
 * that two which happen to want the same one are rare; they take turns then. A
 * unit that lies beneath another (see cache.c) has the same number and guard.
 * Nobody holds two guards.
 *
 * A new unit is filled before it is put into the XArray, and that takes the XArray's
 * lock, as does taking units out. It comes after a guard's. See
 * litmus/store_new_unit.litmus.
 *
 * A guard's lock is a spinlock_t: preemption is off under it and interrupts are on,
 * but with PREEMPT_RT, where it is a mutex that lends its holder the priority of who
 * waits. A reader that finds a write under way waits by taking the lock there, which
 * may sleep, and may so under RCU. Nothing under it sleeps otherwise.
 *
 * Layers
 * ------
 * Beneath a store there may be layers with data that does not change, after snapshots
 * (layer.c). What is said here is about units of the store's own. Where it has none, and
 * only there, the layers are asked: a hole is one if they have nothing either.
 *
 * Fetching ahead
 * --------------
 * What is stored is seldom in the processor's caches, nor are its addresses in the
 * TLB. A copy of a page waits for that at its begin, and the processor does nothing
 * else meanwhile, for the copy is one instruction. So while a page is copied the
 * next one is fetched: that of the next unit of a request, unless this is so long
 * that the processor finds out by itself, and, where requests come in a list, that of
 * the next request (request.c). One line of each request is fetched before, for all of a
 * list together, so that the XArray's nodes and the TLB are waited for at once and not
 * by turns. It is only a hint: what is fetched may have been taken out, or written to,
 * when it is used.
 *
 * A unit that was taken out may still be in use by those who found it before.
 * Their requests overlap the discard in time, so either order of the two is
 * right. It is freed after a grace period, see memory.c, litmus/store_discard.litmus and
 * litmus/store_discard_write.litmus.
 *
 * Memory
 * ------
 * Allocation may reclaim memory but not wait for I/O, which might be ours.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/numa.h>
#include <linux/printk.h>
#include <linux/sched/signal.h>

#include "layer.h"
#include "memory.h"
#include "store.h"
#include "unit.h"

/* Copies @bytes from @data to the bios. */
static __always_inline void nbc_copy_to_bios(struct nbc_cursor *cursor,
					     const void *data,
					     unsigned int bytes)
{
	do {
		struct bio_vec bv = bio_iter_iovec(cursor->bio, cursor->iter);
		unsigned int part = min(bytes, bv.bv_len);
		void *memory = bvec_kmap_local(&bv);

		nbc_copy_bytes(memory, data, data, part);
		kunmap_local(memory);
		flush_dcache_page(bv.bv_page);
		nbc_cursor_advance(cursor, part);
		data += part;
		bytes -= part;
	} while (bytes);
}

/* Zeroes @bytes of the bios. */
static noinline void nbc_zero_bios(struct nbc_cursor *cursor,
				   unsigned int bytes)
{
	do {
		struct bio_vec bv = bio_iter_iovec(cursor->bio, cursor->iter);

		bv.bv_len = min(bytes, bv.bv_len);
		memzero_bvec(&bv);
		nbc_cursor_advance(cursor, bv.bv_len);
		bytes -= bv.bv_len;
	} while (bytes);
}

/*
 * The durable unit beneath @unit, whose guard the caller has locked. NULL for
 * none, or if @unit was taken out. Old reads may still be there.
 */
struct page *nbc_unit_beneath(struct nbc_store *store, unsigned long index,
			      struct page *unit)
{
	struct page *beneath = NULL;

	if (likely(!nbc_unit_is_dirty(unit)))
		return NULL;
	xa_lock(&store->units);
	if (xa_load(&store->units, index) == unit)
		beneath = list_first_entry_or_null(&unit->lru, struct page, lru);
	xa_unlock(&store->units);
	return beneath;
}

/**
 * nbc_store_prefetch - say which data will soon be copied
 * @store: the store
 * @pos: its first byte
 * @bytes: how much to fetch; no more than what is in one unit, and NBC_PREFETCH_BYTES
 * @write: it will be written
 *
 * Context: Any.
 */
void nbc_store_prefetch(struct nbc_store *store, u64 pos, unsigned int bytes,
			bool write)
{
	unsigned int offset = nbc_unit_offset(store, pos);
	struct page *unit;

	bytes = min3(bytes, nbc_unit_bytes(store) - offset, NBC_PREFETCH_BYTES);
	rcu_read_lock();
	unit = xa_load(&store->units, pos >> store->unit_shift);
	if (unit)
		nbc_prefetch(page_address(unit) + offset, bytes, write);
	rcu_read_unlock();
}

/* For a reader that met a writer: none comes in between again. */
static noinline void nbc_read_unit_locked(seqlock_t *guard,
					  struct nbc_cursor *cursor,
					  const void *data, unsigned int bytes)
{
	read_seqlock_excl(guard);
	nbc_copy_to_bios(cursor, data, bytes);
	read_sequnlock_excl(guard);
}

/* Copies @bytes from @data, in a unit, to the bios: what is there at one time. */
static __always_inline void nbc_read_unit(seqlock_t *guard,
					  struct nbc_cursor *cursor,
					  const void *data, unsigned int bytes)
{
	struct nbc_cursor start = *cursor;
	unsigned int seq;

	seq = read_seqbegin(guard);
	nbc_copy_to_bios(cursor, data, bytes);
	if (likely(!read_seqretry(guard, seq)))
		return;
	*cursor = start;
	nbc_read_unit_locked(guard, cursor, data, bytes);
}

/* Where a store has no unit of its own. Under RCU. */
static noinline void nbc_read_hole(struct nbc_store *store,
				   struct nbc_cursor *cursor,
				   unsigned long index, unsigned int offset,
				   unsigned int bytes)
{
	struct nbc_sight sight;
	struct page *unit = NULL;

	if (unlikely(nbc_store_layers(store))) {
		nbc_layers_look(store, index, &sight);
		unit = nbc_sight_unit(&sight);
	}
	if (unit)
		nbc_read_unit(nbc_unit_guard(store, index), cursor,
			      page_address(unit) + offset, bytes);
	else
		nbc_zero_bios(cursor, bytes);
}

/**
 * nbc_store_read - copy data to memory
 * @store: the store
 * @bio: the memory, a chain by bi_next; stays as it is
 * @pos: first byte
 * @len: number of bytes, that of the chain
 *
 * Context: Process context, may sleep.
 */
void nbc_store_read(struct nbc_store *store, struct bio *bio, u64 pos,
		    unsigned long len)
{
	unsigned long part;
	unsigned long unit_bytes = nbc_unit_bytes(store);
	unsigned long offset = nbc_unit_offset(store, pos);
	unsigned long index = pos >> store->unit_shift;
	bool ahead = len <= NBC_AHEAD_BYTES;
	XA_STATE(xas, &store->units, index);
	struct nbc_cursor cursor;
	struct page *unit;

	nbc_cursor_init(&cursor, bio);
	rcu_read_lock();
	for (; len; len -= part) {
		part = min(len, unit_bytes - offset);
		unit = nbc_next_unit(&xas);
		if (ahead && len > part)
			nbc_prefetch_next(&xas, false);
		if (likely(nbc_is_unit(unit)))
			nbc_read_unit(nbc_unit_guard(store, index), &cursor,
				      page_address(unit) + offset, part);
		else
			nbc_read_hole(store, &cursor, index, offset, part);
		offset = 0;
		nbc_walk_breathe(&xas, ++index);
	}
	rcu_read_unlock();
}

static __always_inline void nbc_write_unit(seqlock_t *guard,
					   struct nbc_cursor *cursor,
					   void *data, unsigned int bytes)
{
	write_seqlock(guard);
	nbc_copy_from_bios(cursor, data, bytes);
	write_sequnlock(guard);
}

/*
 * Copies what is in the layers below, or zeroes, into a new unit. Returns 0; -EAGAIN if
 * that is still being written to.
 */
static int nbc_unit_inherit(struct nbc_store *store, struct page *unit,
			    const struct nbc_sight *sight)
{
	struct page *from = nbc_sight_unit(sight);

	if (!from) {
		memset(page_address(unit), 0, nbc_unit_bytes(store));
		return 0;
	}
	/*
	 * Whoever saw the layer sees that it is to settle, or those who wrote to it: see
	 * litmus/layer_settle.litmus.
	 */
	if (smp_load_acquire(&store->settling))
		return -EAGAIN;
	memcpy(page_address(unit), page_address(from), nbc_unit_bytes(store));
	return 0;
}

/*
 * Prepares a new unit for a place where the store has none. If it will not be written as a
 * @whole, it has what a read sees there. Returns 0; -EAGAIN if it is to be tried again.
 */
static int nbc_unit_prepare(struct nbc_store *store, unsigned long index,
			    struct page *unit, bool whole, struct nbc_sight *sight)
{
	int ret = 0;

	rcu_read_lock();
	nbc_layers_look(store, index, sight);
	if (nbc_is_unit(sight->own))
		ret = -EAGAIN;
	else if (!whole)
		ret = nbc_unit_inherit(store, unit, sight);
	rcu_read_unlock();
	if (ret)
		nbc_layers_settle(store);
	return ret;
}

/*
 * Writes @part bytes into a hole, and moves the cursor behind them. Returns 0;
 * -EAGAIN if it is to be tried again, as there may be a unit by now; -ENOMEM.
 */
static int nbc_fill_hole(struct nbc_store *store, struct nbc_cursor *cursor,
			 unsigned long index, unsigned int offset,
			 unsigned int part)
{
	struct nbc_sight sight = { .generation = nbc_store_generation(store) };
	bool layers = nbc_generation_layers(sight.generation);
	bool whole = part == nbc_unit_bytes(store);
	struct page *unit;
	int ret = 0;

	unit = nbc_unit_alloc(store, !whole && !layers);
	if (!unit)
		return -ENOMEM;
	if (unlikely(layers))
		ret = nbc_unit_prepare(store, index, unit, whole, &sight);
	if (!ret) {
		nbc_copy_from_bios(cursor, page_address(unit) + offset, part);
		ret = nbc_layers_put(store, index, &sight, unit, NULL);
	}
	if (ret)
		nbc_unit_free(store, unit);
	return ret;
}

/**
 * nbc_store_write - copy data from memory
 * @store: the store
 * @bio: the memory, a chain by bi_next; stays as it is
 * @pos: first byte
 * @len: number of bytes, that of the chain
 *
 * Context: Process context, may sleep.
 * Return: BLK_STS_OK; BLK_STS_NOSPC without memory, and then what comes before
 * the block that found none is written.
 */
blk_status_t nbc_store_write(struct nbc_store *store, struct bio *bio, u64 pos,
			     unsigned long len)
{
	unsigned long part;
	unsigned long unit_bytes = nbc_unit_bytes(store);
	unsigned long offset = nbc_unit_offset(store, pos);
	unsigned long index = pos >> store->unit_shift;
	bool ahead = len <= NBC_AHEAD_BYTES;
	XA_STATE(xas, &store->units, index);
	struct nbc_cursor cursor;
	unsigned int nr_new = 0;
	struct page *unit;
	int ret;

	nbc_cursor_init(&cursor, bio);
	rcu_read_lock();
	for (; len; len -= part) {
		part = min(len, unit_bytes - offset);
		unit = nbc_next_unit(&xas);
		if (ahead && len > part)
			nbc_prefetch_next(&xas, true);
		if (likely(nbc_is_unit(unit))) {
			nbc_write_unit(nbc_unit_guard(store, index), &cursor,
				       page_address(unit) + offset, part);
		} else {
			struct nbc_cursor behind = cursor;

			rcu_read_unlock();
			if (!(nr_new++ % NBC_UNITS_AT_ONCE) &&
			    !nbc_memory_left())
				return BLK_STS_NOSPC;
			ret = nbc_fill_hole(store, &behind, index, offset, part);
			if (ret && ret != -EAGAIN)
				return BLK_STS_NOSPC;
			rcu_read_lock();
			if (ret) {
				xas_reset(&xas);
				part = 0;
				continue;
			}
			xas_set(&xas, index + 1);
			cursor = behind;
		}
		offset = 0;
		nbc_walk_breathe(&xas, ++index);
	}
	rcu_read_unlock();
	return BLK_STS_OK;
}

/*
 * Copies what is below, or @zeroes, into a unit of the store's own. Unlike a write, who needs
 * one has not asked yet if there is memory. Returns as nbc_layers_put().
 */
static int nbc_unit_copy_up(struct nbc_store *store, unsigned long index,
			    bool zeroes)
{
	struct nbc_sight sight;
	struct page *unit;
	int ret;

	if (!nbc_memory_left())
		return -ENOMEM;
	unit = nbc_unit_alloc(store, zeroes);
	if (!unit)
		return -ENOMEM;
	ret = nbc_unit_prepare(store, index, unit, zeroes, &sight);
	if (!ret)
		ret = nbc_layers_put(store, index, &sight, unit, NULL);
	if (ret)
		nbc_unit_free(store, unit);
	return ret;
}

/* As nbc_store_own(), but a new unit may have @zeroes instead of what is below. */
static int nbc_unit_own(struct nbc_store *store, unsigned long index,
			bool hidden, bool zeroes)
{
	struct nbc_sight sight;
	int ret = -EAGAIN;

	while (ret == -EAGAIN && nbc_store_layers(store)) {
		rcu_read_lock();
		nbc_layers_look(store, index, &sight);
		rcu_read_unlock();
		if (nbc_is_unit(sight.own) ||
		    !(sight.own ? hidden : !!sight.below))
			return 0;
		ret = nbc_unit_copy_up(store, index, zeroes);
	}
	return ret == -EAGAIN ? 0 : ret;
}

/**
 * nbc_store_own - copy a unit from the layers below, unless the store has its own
 * @store: the store
 * @index: number of the unit
 * @hidden: one with zeroes, where the store hides what is below
 *
 * Context: Process context, may sleep.
 * Return: 0 if the store has one, or there is none below either; -ENOMEM if it needs one,
 * and there is no memory to spare (nbc_memory_left()).
 */
int nbc_store_own(struct nbc_store *store, unsigned long index, bool hidden)
{
	return nbc_unit_own(store, index, hidden, false);
}

/* The unit of a number, or a new one with zeroes, if nobody else adds any. */
static struct page *nbc_unit_get(struct nbc_store *store, unsigned long index)
{
	struct page *unit;

	if (nbc_store_own(store, index, true))
		return NULL;
	unit = xa_load(&store->units, index);
	if (unit)
		return unit;
	unit = nbc_unit_alloc(store, true);
	if (unit && xa_err(xa_store(&store->units, index, unit, NBC_GFP))) {
		nbc_unit_free(store, unit);
		unit = NULL;
	}
	return unit;
}

/**
 * nbc_store_put - copy data from the kernel's memory
 * @store: a store that nobody uses, without dirty units
 * @pos: first byte
 * @data: the memory
 * @len: number of bytes
 *
 * Context: Process context, may sleep.
 * Return: 0; -ENOMEM, and then what comes before is written.
 */
int nbc_store_put(struct nbc_store *store, u64 pos, const void *data,
		  unsigned long len)
{
	unsigned long part;
	struct page *unit;

	for (; len; len -= part) {
		unsigned int offset = nbc_unit_offset(store, pos);

		part = min(len, nbc_unit_bytes(store) - offset);
		unit = nbc_unit_get(store, pos >> store->unit_shift);
		if (!unit)
			return -ENOMEM;
		memcpy(page_address(unit) + offset, data, part);
		pos += part;
		data += part;
	}
	return 0;
}

/**
 * nbc_store_put_over - copy data from the kernel's memory over what a store has itself
 * @store: a store that nobody uses, without dirty units
 * @pos: first byte
 * @data: the memory; NULL for zeroes
 * @len: number of bytes
 *
 * Where the store has no unit of its own nothing happens.
 *
 * Context: Process context, may sleep.
 */
void nbc_store_put_over(struct nbc_store *store, u64 pos, const void *data,
			unsigned long len)
{
	u64 at = pos, end = pos + len;
	unsigned long index = pos >> store->unit_shift;
	unsigned long part;
	struct page *unit;

	for (; at < end; at += part) {
		unit = xa_find(&store->units, &index, (end - 1) >> store->unit_shift, XA_PRESENT);
		if (!unit)
			return;
		at = max(at, (u64)index << store->unit_shift);
		part = min_t(u64, end - at, nbc_unit_bytes(store) - nbc_unit_offset(store, at));
		if (data)
			memcpy(page_address(unit) + nbc_unit_offset(store, at),
			       data + (at - pos), part);
		else
			memset(page_address(unit) + nbc_unit_offset(store, at), 0, part);
		index++;
		cond_resched();
	}
}

/*
 * Moves the units of one whole node of the XArray to the list. Storing nothing
 * over the range of a node drops the node at once. Does nothing if there are layers.
 */
static bool nbc_take_node(struct nbc_store *store, unsigned long first,
			  struct list_head *units)
{
	XA_STATE(xas, &store->units, first);
	XA_STATE_ORDER(node, &store->units, first, XA_CHUNK_SHIFT);
	struct page *unit;

	xas_lock(&xas);
	if (unlikely(nbc_generation_layers(store->generation))) {
		xas_unlock(&xas);
		return false;
	}
	xas_for_each(&xas, unit, first + XA_CHUNK_MASK) {
		if (nbc_is_unit(unit))
			nbc_take_unit(store, unit, units);
	}
	xas_store(&node, NULL);
	xas_unlock(&xas);
	return true;
}

/* Moves some units of one node of the XArray to the list, unless there are layers. */
static bool nbc_take_units(struct nbc_store *store, unsigned long first,
			   unsigned long last, struct list_head *units)
{
	XA_STATE(xas, &store->units, first);
	struct page *unit;

	xas_lock(&xas);
	if (unlikely(nbc_generation_layers(store->generation))) {
		xas_unlock(&xas);
		return false;
	}
	xas_for_each(&xas, unit, last) {
		xas_store(&xas, NULL);
		if (nbc_is_unit(unit))
			nbc_take_unit(store, unit, units);
	}
	xas_unlock(&xas);
	return true;
}

/* Takes the units first to last out of the XArray, node by node, unless there are layers. */
static void nbc_take_out(struct nbc_store *store, unsigned long first,
			 unsigned long last, struct list_head *units)
{
	unsigned long index = first;
	bool taken;

	while (xa_find(&store->units, &index, last, XA_PRESENT)) {
		unsigned long node_first = index & ~XA_CHUNK_MASK;
		unsigned long node_last = index | XA_CHUNK_MASK;

		if (node_first >= first && node_last <= last)
			taken = nbc_take_node(store, node_first, units);
		else
			taken = nbc_take_units(store, index,
					       min(node_last, last), units);
		cond_resched();
		if (node_last >= last || !taken)
			break;
		index = node_last + 1;
	}
}

/* Makes a unit read as zeroes, whatever is below. Returns as nbc_layers_put(). */
static int nbc_hide_unit(struct nbc_store *store, unsigned long index,
			 struct list_head *units)
{
	struct nbc_sight sight;
	void *entry;

	rcu_read_lock();
	nbc_layers_look(store, index, &sight);
	entry = sight.below ? XA_ZERO_ENTRY : NULL;
	rcu_read_unlock();
	if (sight.own == entry)
		return 0;
	return nbc_layers_put(store, index, &sight, entry, units);
}

/* The same for all from @first to @last. Returns 0 or -ENOMEM. */
static int nbc_hide_units(struct nbc_store *store, unsigned long first,
			  unsigned long last, struct list_head *units)
{
	unsigned long index = first;
	int ret;

	while (nbc_layers_find(store, &index, last)) {
		do {
			ret = nbc_hide_unit(store, index, units);
		} while (ret == -EAGAIN);
		if (ret || index == last)
			return ret;
		index++;
		cond_resched();
	}
	return 0;
}

/* Makes the units @first to @last read as zeroes. Returns 0 or, with layers, -ENOMEM. */
static int nbc_discard_units(struct nbc_store *store, unsigned long first,
			     unsigned long last)
{
	unsigned long generation = nbc_store_generation(store);
	LIST_HEAD(units);
	int ret = 0;

	if (likely(!nbc_generation_layers(generation)))
		nbc_take_out(store, first, last, &units);
	/* The store may have been frozen meanwhile: then all is looked at again. */
	if (unlikely(nbc_generation_layers(generation) ||
		     nbc_store_generation(store) != generation))
		ret = nbc_hide_units(store, first, last, &units);
	if (!list_empty(&units))
		nbc_reaper_add(&store->reaper, &units);
	return ret;
}

/* Zeroes @len bytes at @pos, which lie in one unit, if it is there. Returns whether it is. */
static bool nbc_zero_unit(struct nbc_store *store, u64 pos, u64 len)
{
	unsigned long index = pos >> store->unit_shift;
	unsigned int offset = nbc_unit_offset(store, pos);
	seqlock_t *guard = nbc_unit_guard(store, index);
	struct page *unit, *beneath;

	rcu_read_lock();
	write_seqlock(guard);
	unit = xa_load(&store->units, index);
	if (unit) {
		memset(page_address(unit) + offset, 0, len);
		beneath = nbc_unit_beneath(store, index, unit);
		if (unlikely(beneath))
			memset(page_address(beneath) + offset, 0, len);
	}
	write_sequnlock(guard);
	rcu_read_unlock();
	return unit;
}

/*
 * The same, in a unit of the store's own, if there are others. Nothing is copied to be zeroed
 * at once. Returns 0 or -ENOMEM.
 */
static int nbc_zero_part(struct nbc_store *store, u64 pos, u64 len)
{
	unsigned long index = pos >> store->unit_shift;
	bool whole = len == nbc_unit_bytes(store);
	unsigned long generation;

	do {
		generation = READ_ONCE(store->generation);
		if (nbc_generation_layers(generation) &&
		    nbc_unit_own(store, index, false, whole))
			return -ENOMEM;
		if (nbc_zero_unit(store, pos, len))
			break;
	} while (unlikely(nbc_store_generation(store) != generation));
	return 0;
}

/**
 * nbc_store_discard - make a range read as zeroes, and free its memory
 * @store: the store
 * @pos: first byte
 * @len: number of bytes, not 0
 *
 * Units that lie in the range only in part are zeroed there. The cost is that
 * of the units stored, not of the range. Units beneath a cache's go, too: what is
 * discarded does not come back at a power cut. What is in layers below is hidden.
 *
 * Context: Process context, may sleep.
 * Return: BLK_STS_OK; BLK_STS_NOSPC if there are layers, and no memory to hide what is
 * in them. Then a part is done.
 */
blk_status_t nbc_store_discard(struct nbc_store *store, u64 pos, u64 len)
{
	u64 end = pos + len, mask = nbc_unit_bytes(store) - 1;
	u64 first = min(end, (pos + mask) & ~mask);
	u64 last = max(first, end & ~mask);
	int ret = 0;

	if (pos < first)
		ret = nbc_zero_part(store, pos, first - pos);
	if (!ret && first < last)
		ret = nbc_discard_units(store, first >> store->unit_shift,
					(last - 1) >> store->unit_shift);
	if (!ret && last < end)
		ret = nbc_zero_part(store, last, end - last);
	return ret ? BLK_STS_NOSPC : BLK_STS_OK;
}

/**
 * nbc_store_zero - make a range read as zeroes, and keep its memory
 * @store: the store
 * @pos: first byte
 * @len: number of bytes
 *
 * Holes stay holes. The cost is that of the units stored. As with discard, a
 * power cut changes nothing.
 *
 * Context: Process context, may sleep.
 * Return: BLK_STS_OK; BLK_STS_NOSPC if there are layers, and no memory for the store's own
 * of what is in them. Then a part is done.
 */
blk_status_t nbc_store_zero(struct nbc_store *store, u64 pos, u64 len)
{
	unsigned long index = pos >> store->unit_shift;
	u64 end = pos + len;
	unsigned long last = (end - 1) >> store->unit_shift;

	for (; nbc_layers_find(store, &index, last); index++) {
		u64 start = (u64)index << store->unit_shift;
		u64 stop = start + nbc_unit_bytes(store);

		start = max(start, pos);
		if (nbc_zero_part(store, start, min(stop, end) - start))
			return BLK_STS_NOSPC;
		if (index == last)
			break;
		cond_resched();
	}
	return BLK_STS_OK;
}

/* Turns bits over in a unit of the store's own. Returns whether there is one. */
static bool nbc_flip_unit(struct nbc_store *store, u64 pos, u8 mask)
{
	unsigned long index = pos >> store->unit_shift;
	unsigned int offset = nbc_unit_offset(store, pos);
	seqlock_t *guard = nbc_unit_guard(store, index);
	struct page *unit, *beneath;

	rcu_read_lock();
	write_seqlock(guard);
	unit = xa_load(&store->units, index);
	if (unit) {
		((u8 *)page_address(unit))[offset] ^= mask;
		beneath = nbc_unit_beneath(store, index, unit);
		if (beneath)
			((u8 *)page_address(beneath))[offset] ^= mask;
	}
	write_sequnlock(guard);
	rcu_read_unlock();
	return unit;
}

/**
 * nbc_store_flip - turn bits over
 * @store: the store
 * @pos: of a byte
 * @mask: bits of it
 *
 * They stay so, until they are written, and over a power cut.
 *
 * Context: Process context.
 * Return: false for a hole, where there is no bit, or without memory to turn it over in a
 * copy of what is in a layer below.
 */
bool nbc_store_flip(struct nbc_store *store, u64 pos, u8 mask)
{
	unsigned long generation;
	bool flipped;

	do {
		generation = READ_ONCE(store->generation);
		if (nbc_generation_layers(generation) &&
		    nbc_store_own(store, pos >> store->unit_shift, false))
			return false;
		flipped = nbc_flip_unit(store, pos, mask);
	} while (!flipped && nbc_store_generation(store) != generation);
	return flipped;
}

/**
 * nbc_store_create - make an empty store
 * @store: memory for it
 *
 * Context: Process context, may sleep.
 */
void nbc_store_create(struct nbc_store *store)
{
	xa_init(&store->units);
	store->base = NULL;
	store->generation = 0;
	store->settling = false;
	store->unit_shift = PAGE_SHIFT;
	/* The first blocks of all disks, which are busy, have guards of their own. */
	store->guard_offset = hash_ptr(store, BITS_PER_TYPE(store->guard_offset));
	store->node = NUMA_NO_NODE;
	store->account = false;
	store->nr_dirty = 0;
	nbc_reaper_create(&store->reaper);
}

/*
 * Copies a durable unit, or what hides one, into a store that nobody else changes. Where
 * there is no layer, nothing is hidden: who writes looks for such an entry only if there
 * are any (nbc_store_layers()).
 */
static int nbc_unit_put_copy(struct nbc_store *to, unsigned long index,
			     struct page *from)
{
	struct page *unit;
	int ret;

	if (!nbc_is_unit(from)) {
		if (!nbc_store_layers(to))
			return 0;
		return xa_err(xa_store(&to->units, index, from, NBC_GFP));
	}
	unit = nbc_unit_alloc(to, false);
	if (!unit)
		return -ENOMEM;
	memcpy(page_address(unit), page_address(from), nbc_unit_bytes(to));
	ret = xa_err(xa_store(&to->units, index, unit, NBC_GFP));
	if (ret)
		nbc_unit_free(to, unit);
	return ret;
}

/**
 * nbc_store_copy - copy what is durable in a store to another one
 * @to: an empty store that nobody uses
 * @from: a store that nobody writes to meanwhile
 *
 * Layers are shared.
 *
 * Context: Process context, may sleep.
 * Return: 0; -ENOMEM, or -EINTR after a fatal signal, and then part of it is copied.
 */
int nbc_store_copy(struct nbc_store *to, struct nbc_store *from)
{
	unsigned int nr_new = 0;
	unsigned long index;
	struct page *unit;
	int ret;

	to->unit_shift = from->unit_shift;
	nbc_layers_share_base(to, from);
	for (index = 0; (unit = nbc_units_next(&from->units, &index)); index++) {
		if (nbc_is_unit(unit) && nbc_unit_is_dirty(unit))
			unit = nbc_unit_beneath(from, index, unit);
		if (!unit)
			continue;
		if (!(nr_new++ % NBC_UNITS_AT_ONCE) && !nbc_memory_left())
			return -ENOMEM;
		ret = nbc_unit_put_copy(to, index, unit);
		if (ret)
			return ret;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/**
 * nbc_store_empty - free all data of a store
 * @store: a store that nobody uses
 *
 * There are no layers beneath it then.
 *
 * Context: Process context, may sleep.
 */
void nbc_store_empty(struct nbc_store *store)
{
	nbc_layers_set_base(store, NULL);
	nbc_discard_units(store, 0, ULONG_MAX);
	/* What hid units of layers */
	xa_destroy(&store->units);
}

/**
 * nbc_store_destroy - free a store and all data in it
 * @store: a store that nobody uses any more
 *
 * Context: Process context, may sleep.
 */
void nbc_store_destroy(struct nbc_store *store)
{
	nbc_store_empty(store);
	nbc_units_account(store, false);
	nbc_reaper_destroy(&store->reaper);
}

/**
 * nbc_store_configure - prepare a store for a block size and a node
 * @store: a store that no request uses
 * @block_bytes: logical block size, a power of two
 * @node: where to allocate from, or NUMA_NO_NODE
 *
 * Context: Process context.
 * Return: 0, or -EINVAL if there is data in units smaller than a block; that
 * happens with blocks larger than a page only.
 */
int nbc_store_configure(struct nbc_store *store, unsigned int block_bytes,
			int node)
{
	unsigned int shift = max_t(unsigned int, PAGE_SHIFT, ilog2(block_bytes));

	if (nbc_store_is_empty(store))
		store->unit_shift = shift;
	if (shift > store->unit_shift) {
		pr_err("blocksize: %u is not valid, use at most %lu while there is data\n",
		       block_bytes, 1UL << store->unit_shift);
		return -EINVAL;
	}
	store->node = node;
	return 0;
}
