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
 * Locks
 * -----
 * A unit is found under RCU. Bit 0 of its first page's private word is its
 * lock, held by whoever reads or writes its bytes: a logical block lies in one
 * unit, so nobody ever sees part of one write to it. Preemption is off under
 * it, interrupts are on. Requests to different units share no lock. A new unit
 * is filled before it is put into the XArray, and that takes the XArray's lock,
 * as does taking units out. The two are never held together.
 *
 * A unit that was taken out may still be in use by those who found it before.
 * Their requests overlap the discard in time, so either order of the two is
 * right. It is freed after a grace period, by a work item, in batches.
 *
 * Memory
 * ------
 * Allocation may reclaim memory but not wait for I/O, which might be ours, and
 * gives up rather than have somebody killed for it: the write fails and the
 * device lives on.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bio.h>
#include <linux/bit_spinlock.h>
#include <linux/blk-mq.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched.h>

#include "store.h"

#define NBC_GFP		(GFP_NOIO | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)
/* A CPU is offered to others, and grace periods may end, after so many units. */
#define NBC_UNITS_AT_ONCE	64
/* Bit of the first page's private word that is the unit's lock. */
#define NBC_UNIT_LOCK_BIT	0

static struct workqueue_struct *nbc_reap_wq;

/**
 * struct nbc_cursor - where in a request's memory the next byte is
 * @bio: the bio, NULL at the end
 * @iter: place in it
 */
struct nbc_cursor {
	struct bio		*bio;
	struct bvec_iter	iter;
};

static void nbc_cursor_init(struct nbc_cursor *cursor, struct request *rq)
{
	cursor->bio = rq->bio;
	cursor->iter = rq->bio->bi_iter;
}

static void nbc_cursor_advance(struct nbc_cursor *cursor, unsigned int bytes)
{
	bio_advance_iter_single(cursor->bio, &cursor->iter, bytes);
	if (cursor->iter.bi_size)
		return;
	cursor->bio = cursor->bio->bi_next;
	if (cursor->bio)
		cursor->iter = cursor->bio->bi_iter;
}

/*
 * Whole pages are the common case, and a copy of constant size is compiled
 * inline.
 */
static __always_inline void nbc_copy_bytes(void *to, const void *from,
					   unsigned int bytes)
{
	if (likely(bytes == PAGE_SIZE))
		memcpy(to, from, PAGE_SIZE);
	else
		memcpy(to, from, bytes);
}

/* Copies @bytes from @data to the request, or zeroes if @data is NULL. */
static void nbc_copy_to_request(struct nbc_cursor *cursor, const void *data,
				unsigned int bytes)
{
	while (bytes) {
		struct bio_vec bv = bio_iter_iovec(cursor->bio, cursor->iter);
		unsigned int part = min(bytes, bv.bv_len);
		void *memory = bvec_kmap_local(&bv);

		if (data) {
			nbc_copy_bytes(memory, data, part);
			data += part;
		} else {
			memset(memory, 0, part);
		}
		kunmap_local(memory);
		flush_dcache_page(bv.bv_page);
		nbc_cursor_advance(cursor, part);
		bytes -= part;
	}
}

/* Copies @bytes from the request to @data. */
static void nbc_copy_from_request(struct nbc_cursor *cursor, void *data,
				  unsigned int bytes)
{
	while (bytes) {
		struct bio_vec bv = bio_iter_iovec(cursor->bio, cursor->iter);
		unsigned int part = min(bytes, bv.bv_len);
		void *memory = bvec_kmap_local(&bv);

		nbc_copy_bytes(data, memory, part);
		data += part;
		kunmap_local(memory);
		nbc_cursor_advance(cursor, part);
		bytes -= part;
	}
}

static unsigned int nbc_unit_order(const struct nbc_store *store)
{
	return store->unit_shift - PAGE_SHIFT;
}

static u64 nbc_unit_bytes(const struct nbc_store *store)
{
	return 1ULL << store->unit_shift;
}

/* How many of @len bytes at @pos lie in the unit of @pos. */
static u64 nbc_unit_part(const struct nbc_store *store, u64 pos, u64 len)
{
	u64 offset = pos & (nbc_unit_bytes(store) - 1);

	return min(len, nbc_unit_bytes(store) - offset);
}

/* Address of the byte @pos, which lies in @unit. */
static void *nbc_unit_at(const struct nbc_store *store, struct page *unit,
			 u64 pos)
{
	return page_address(unit) + (pos & (nbc_unit_bytes(store) - 1));
}

static void nbc_unit_lock(struct page *unit)
{
	bit_spin_lock(NBC_UNIT_LOCK_BIT, &unit->private);
}

static void nbc_unit_unlock(struct page *unit)
{
	bit_spin_unlock(NBC_UNIT_LOCK_BIT, &unit->private);
}

/* A unit that nobody else knows yet; zeroed unless all of it is to be written. */
static struct page *nbc_unit_alloc(struct nbc_store *store, bool zeroed)
{
	gfp_t gfp = NBC_GFP | (zeroed ? __GFP_ZERO : 0);
	unsigned int order = nbc_unit_order(store);
	struct page *unit;

	if (order)
		gfp |= __GFP_COMP;
	unit = alloc_pages_node(store->node, gfp, order);
	if (!unit && flush_rcu_work(&store->reap))
		unit = alloc_pages_node(store->node, gfp, order);
	if (unit)
		set_page_private(unit, 0);
	return unit;
}

static void nbc_unit_free(struct nbc_store *store, struct page *unit)
{
	set_page_private(unit, 0);
	__free_pages(unit, nbc_unit_order(store));
}

/*
 * Steps to the next unit and returns it, NULL for a hole. After xas_set() or at
 * the beginning, this is the unit that was set.
 */
static struct page *nbc_next_unit(struct xa_state *xas)
{
	struct page *unit;

	do {
		unit = xas_next(xas);
	} while (xas_retry(xas, unit));
	return unit;
}

/* Leaves the RCU section for a moment, now and then; goes on at @next. */
static void nbc_walk_breathe(struct xa_state *xas, unsigned long next,
			     unsigned int *nr_units)
{
	if (++*nr_units % NBC_UNITS_AT_ONCE)
		return;
	xas_set(xas, next);
	rcu_read_unlock();
	cond_resched();
	rcu_read_lock();
}

/**
 * nbc_store_read - copy data to a request
 * @store: the store
 * @rq: a read request that the caller owns
 * @pos: its first byte
 *
 * Context: Process context, may sleep.
 */
void nbc_store_read(struct nbc_store *store, struct request *rq, u64 pos)
{
	XA_STATE(xas, &store->units, pos >> store->unit_shift);
	unsigned int len = blk_rq_bytes(rq), nr_units = 0;
	struct nbc_cursor cursor;

	nbc_cursor_init(&cursor, rq);
	rcu_read_lock();
	while (len) {
		unsigned int part = nbc_unit_part(store, pos, len);
		struct page *unit = nbc_next_unit(&xas);

		if (unit) {
			nbc_unit_lock(unit);
			nbc_copy_to_request(&cursor,
					    nbc_unit_at(store, unit, pos), part);
			nbc_unit_unlock(unit);
		} else {
			nbc_copy_to_request(&cursor, NULL, part);
		}
		pos += part;
		len -= part;
		nbc_walk_breathe(&xas, pos >> store->unit_shift, &nr_units);
	}
	rcu_read_unlock();
}

/*
 * Writes @part bytes at @pos into a hole. Returns 0; -EEXIST if there is a unit
 * now, and then the cursor has not moved; -ENOMEM.
 */
static int nbc_fill_hole(struct nbc_store *store, struct nbc_cursor *cursor,
			 u64 pos, unsigned int part)
{
	struct nbc_cursor start = *cursor;
	struct page *unit;
	void *found;

	unit = nbc_unit_alloc(store, part < nbc_unit_bytes(store));
	if (!unit)
		return -ENOMEM;
	nbc_copy_from_request(cursor, nbc_unit_at(store, unit, pos), part);
	found = xa_cmpxchg(&store->units, pos >> store->unit_shift, NULL, unit,
			   NBC_GFP);
	if (!found)
		return 0;
	nbc_unit_free(store, unit);
	*cursor = start;
	return xa_is_err(found) ? xa_err(found) : -EEXIST;
}

/**
 * nbc_store_write - copy data from a request
 * @store: the store
 * @rq: a write request that the caller owns
 * @pos: its first byte
 *
 * Context: Process context, may sleep.
 * Return: BLK_STS_OK; BLK_STS_NOSPC without memory, and then what comes before
 * the block that found none is written.
 */
blk_status_t nbc_store_write(struct nbc_store *store, struct request *rq,
			     u64 pos)
{
	XA_STATE(xas, &store->units, pos >> store->unit_shift);
	unsigned int len = blk_rq_bytes(rq), nr_units = 0;
	struct nbc_cursor cursor;
	int ret;

	nbc_cursor_init(&cursor, rq);
	rcu_read_lock();
	while (len) {
		unsigned int part = nbc_unit_part(store, pos, len);
		struct page *unit = nbc_next_unit(&xas);

		if (unit) {
			nbc_unit_lock(unit);
			nbc_copy_from_request(&cursor,
					      nbc_unit_at(store, unit, pos),
					      part);
			nbc_unit_unlock(unit);
		} else {
			rcu_read_unlock();
			ret = nbc_fill_hole(store, &cursor, pos, part);
			if (ret && ret != -EEXIST)
				return BLK_STS_NOSPC;
			rcu_read_lock();
			if (ret) {
				xas_reset(&xas);
				continue;
			}
			xas_set(&xas, (pos + part) >> store->unit_shift);
		}
		pos += part;
		len -= part;
		nbc_walk_breathe(&xas, pos >> store->unit_shift, &nr_units);
	}
	rcu_read_unlock();
	return BLK_STS_OK;
}

/* Frees units that nobody finds any more, after a grace period. */
static void nbc_retire(struct nbc_store *store, struct list_head *units)
{
	bool idle;

	spin_lock(&store->retired_lock);
	idle = list_empty(&store->reapable);
	list_splice_tail_init(units, idle ? &store->reapable : &store->retired);
	idle = idle && !list_empty(&store->reapable);
	spin_unlock(&store->retired_lock);
	if (idle)
		queue_rcu_work(nbc_reap_wq, &store->reap);
}

static void nbc_reap(struct work_struct *work)
{
	struct nbc_store *store =
		container_of(to_rcu_work(work), struct nbc_store, reap);
	LIST_HEAD(units);
	bool more;

	spin_lock(&store->retired_lock);
	list_splice_init(&store->reapable, &units);
	list_splice_init(&store->retired, &store->reapable);
	more = !list_empty(&store->reapable);
	spin_unlock(&store->retired_lock);
	if (more)
		queue_rcu_work(nbc_reap_wq, &store->reap);
	put_pages_list(&units);
}

/* Takes the units first to last out of the XArray. */
static void nbc_take_out(struct nbc_store *store, unsigned long first,
			 unsigned long last)
{
	XA_STATE(xas, &store->units, first);
	unsigned int nr_units = 0;
	struct page *unit;
	LIST_HEAD(units);

	xas_lock(&xas);
	xas_for_each(&xas, unit, last) {
		xas_store(&xas, NULL);
		list_add_tail(&unit->lru, &units);
		if (++nr_units % NBC_UNITS_AT_ONCE)
			continue;
		xas_pause(&xas);
		xas_unlock(&xas);
		cond_resched();
		xas_lock(&xas);
	}
	xas_unlock(&xas);
	nbc_retire(store, &units);
}

/* Zeroes @len bytes at @pos, which lie in one unit, if it is there. */
static void nbc_zero_part(struct nbc_store *store, u64 pos, u64 len)
{
	struct page *unit;

	rcu_read_lock();
	unit = xa_load(&store->units, pos >> store->unit_shift);
	if (unit) {
		nbc_unit_lock(unit);
		memset(nbc_unit_at(store, unit, pos), 0, len);
		nbc_unit_unlock(unit);
	}
	rcu_read_unlock();
}

/**
 * nbc_store_discard - make a range read as zeroes, and free its memory
 * @store: the store
 * @pos: first byte
 * @len: number of bytes, not 0
 *
 * Units that lie in the range only in part are zeroed there. The cost is that
 * of the units stored, not of the range.
 *
 * Context: Process context, may sleep.
 */
void nbc_store_discard(struct nbc_store *store, u64 pos, u64 len)
{
	u64 end = pos + len, mask = nbc_unit_bytes(store) - 1;

	if (pos & mask) {
		u64 part = nbc_unit_part(store, pos, len);

		nbc_zero_part(store, pos, part);
		pos += part;
	}
	if (end & mask && end > pos) {
		nbc_zero_part(store, end & ~mask, end & mask);
		end &= ~mask;
	}
	if (pos < end)
		nbc_take_out(store, pos >> store->unit_shift,
			     (end - 1) >> store->unit_shift);
}

/**
 * nbc_store_zero - make a range read as zeroes, and keep its memory
 * @store: the store
 * @pos: first byte
 * @len: number of bytes
 *
 * Holes stay holes. The cost is that of the units stored.
 *
 * Context: Process context, may sleep.
 */
void nbc_store_zero(struct nbc_store *store, u64 pos, u64 len)
{
	u64 end = pos + len;
	unsigned long index = pos >> store->unit_shift;

	while (xa_find(&store->units, &index, (end - 1) >> store->unit_shift,
		       XA_PRESENT)) {
		u64 start = max(pos, (u64)index << store->unit_shift);

		nbc_zero_part(store, start,
			      nbc_unit_part(store, start, end - start));
		cond_resched();
		if (!++index)
			break;
	}
}

/**
 * nbc_store_create - make an empty store
 * @store: memory for it
 *
 * Context: Any.
 */
void nbc_store_create(struct nbc_store *store)
{
	xa_init(&store->units);
	store->unit_shift = PAGE_SHIFT;
	store->node = NUMA_NO_NODE;
	spin_lock_init(&store->retired_lock);
	INIT_LIST_HEAD(&store->retired);
	INIT_LIST_HEAD(&store->reapable);
	INIT_RCU_WORK(&store->reap, nbc_reap);
}

/**
 * nbc_store_destroy - free a store and all data in it
 * @store: a store that nobody uses any more
 *
 * Context: Process context, may sleep.
 */
void nbc_store_destroy(struct nbc_store *store)
{
	nbc_take_out(store, 0, ULONG_MAX);
	/* The second time for what was retired while the first was waited for. */
	flush_rcu_work(&store->reap);
	flush_rcu_work(&store->reap);
	WARN_ON_ONCE(!list_empty(&store->reapable));
	xa_destroy(&store->units);
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

	store->node = node;
	if (xa_empty(&store->units))
		store->unit_shift = shift;
	if (shift <= store->unit_shift)
		return 0;
	pr_err("blocksize: %u is not valid, use at most %lu while there is data\n",
	       block_bytes, 1UL << store->unit_shift);
	return -EINVAL;
}

/**
 * nbc_store_init - prepare for stores, at module load
 *
 * Context: Process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int nbc_store_init(void)
{
	nbc_reap_wq = alloc_workqueue("null_blk_c",
				      WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return nbc_reap_wq ? 0 : -ENOMEM;
}

/**
 * nbc_store_exit - undo nbc_store_init(), when no store is left
 *
 * Context: Process context, may sleep.
 */
void nbc_store_exit(void)
{
	destroy_workqueue(nbc_reap_wq);
}
