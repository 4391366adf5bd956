// SPDX-License-Identifier: GPL-2.0
/*
 * The past: what blocks held before they were written last.
 *
 * A block that is written is read before, and that is kept, in place of what was kept of it
 * until then. It costs memory, so it is done only where a rule may give it to a reader, and
 * there is a limit. Without memory for it nothing is known of the block any more: rather no
 * older data than some that is too old.
 *
 * What was never written is zeroes, and such a block takes no memory but its entry.
 */
#include <linux/bio.h>
#include <linux/bvec.h>
#include <linux/cleanup.h>
#include <linux/highmem.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "cmd.h"
#include "memory.h"
#include "past.h"
#include "store.h"
#include "unit.h"

/* What an entry takes besides its data, about: its share of a node of the XArray. */
#define NBC_PAST_ENTRY_BYTES	16
#define NBC_PAST_ZEROES		xa_mk_value(0)

static unsigned long nbc_past_index(u64 pos, unsigned int block_bytes)
{
	return pos >> ilog2(block_bytes);
}

/**
 * nbc_past_create - make an empty past
 * @past: memory for it
 *
 * Context: Any.
 */
void nbc_past_create(struct nbc_past *past)
{
	mutex_init(&past->lock);
	xa_init(&past->blocks);
	past->bytes = 0;
}

static unsigned long nbc_past_cost(const void *entry, unsigned int block_bytes)
{
	if (!entry)
		return 0;
	return NBC_PAST_ENTRY_BYTES + (xa_is_value(entry) ? 0 : block_bytes);
}

static void nbc_past_free(void *entry)
{
	if (!xa_is_value(entry))
		kfree(entry);
}

static void nbc_past_drop(struct nbc_past *past, unsigned int block_bytes,
			  unsigned long index)
{
	void *entry = xa_erase(&past->blocks, index);

	past->bytes -= nbc_past_cost(entry, block_bytes);
	nbc_past_free(entry);
}

/**
 * nbc_past_forget - forget all older data
 * @past: the past
 *
 * Context: Process context, may sleep.
 */
void nbc_past_forget(struct nbc_past *past)
{
	unsigned long index;
	void *entry;

	guard(mutex)(&past->lock);
	xa_for_each(&past->blocks, index, entry) {
		nbc_past_free(entry);
		cond_resched();
	}
	xa_destroy(&past->blocks);
	past->bytes = 0;
}

/**
 * nbc_past_destroy - free a past
 * @past: one that nobody uses any more
 *
 * Context: Process context, may sleep.
 */
void nbc_past_destroy(struct nbc_past *past)
{
	nbc_past_forget(past);
	mutex_destroy(&past->lock);
}

static void nbc_past_read(struct nbc_store *store, u64 pos, void *memory,
			  unsigned int bytes)
{
	struct bio_vec bv;
	struct bio bio = {
		.bi_io_vec	= &bv,
		.bi_vcnt	= 1,
		.bi_iter	= { .bi_size = bytes },
	};

	bvec_set_virt(&bv, memory, bytes);
	nbc_store_read(store, &bio, pos, bytes);
}

static void *nbc_past_alloc(const struct nbc_past *past, unsigned int block_bytes)
{
	if (past->bytes + NBC_PAST_ENTRY_BYTES + block_bytes > NBC_PAST_MAX_BYTES)
		return NULL;
	return kmalloc(block_bytes, NBC_GFP | __GFP_ACCOUNT);
}

/* What a block holds now becomes its past. Returns whether there was memory. */
static bool nbc_past_keep_block(struct nbc_past *past, struct nbc_store *store,
				unsigned int block_bytes, unsigned long index)
{
	void *old = xa_load(&past->blocks, index), *entry;

	entry = old && !xa_is_value(old) ? old : nbc_past_alloc(past, block_bytes);
	if (!entry)
		return false;
	nbc_past_read(store, (u64)index * block_bytes, entry, block_bytes);
	if (!memchr_inv(entry, 0, block_bytes)) {
		nbc_past_free(entry);
		entry = NBC_PAST_ZEROES;
	}
	if (xa_err(xa_store(&past->blocks, index, entry, NBC_GFP | __GFP_ACCOUNT))) {
		/* It had no entry yet: there is room for one in place of another. */
		nbc_past_free(entry);
		return false;
	}
	past->bytes += nbc_past_cost(entry, block_bytes) - nbc_past_cost(old, block_bytes);
	return true;
}

/**
 * nbc_past_keep - keep what is about to be written over
 * @past: the past, whose lock is held until it is written
 * @store: where the data is
 * @block_bytes: size of a block, a power of two, always the same as long as anything is kept
 * @pos: first byte that will be written
 * @len: number of bytes, whole blocks
 *
 * Context: Process context, may sleep.
 * Return: whether there was memory for all; if not, of some blocks nothing is kept.
 */
bool nbc_past_keep(struct nbc_past *past, struct nbc_store *store,
		   unsigned int block_bytes, u64 pos, u64 len)
{
	unsigned long index = nbc_past_index(pos, block_bytes);
	unsigned long end = nbc_past_index(pos + len, block_bytes);
	bool room = nbc_memory_left(), all = true;

	lockdep_assert_held(&past->lock);
	for (; index < end; index++) {
		if (!room || !nbc_past_keep_block(past, store, block_bytes, index)) {
			nbc_past_drop(past, block_bytes, index);
			all = false;
		}
		cond_resched();
	}
	return all;
}

/**
 * nbc_past_forget_range - forget the older data of some blocks
 * @past: the past, whose lock is held
 * @block_bytes: as for nbc_past_keep()
 * @pos: first byte
 * @len: number of bytes, not 0; blocks that are touched are forgotten
 *
 * The cost is that of what is kept.
 *
 * Context: Process context, may sleep.
 */
void nbc_past_forget_range(struct nbc_past *past, unsigned int block_bytes, u64 pos,
			   u64 len)
{
	unsigned long first = nbc_past_index(pos, block_bytes);
	unsigned long last = nbc_past_index(pos + len - 1, block_bytes);
	unsigned long index;
	void *entry;

	lockdep_assert_held(&past->lock);
	xa_for_each_range(&past->blocks, index, entry, first, last) {
		nbc_past_drop(past, block_bytes, index);
		cond_resched();
	}
}

/* Puts older data in the place of what was read. Returns whether that is something else. */
static bool nbc_past_replace(struct bio_vec *bv, const void *entry, unsigned int offset)
{
	void *memory = bvec_kmap_local(bv);
	bool differs;

	if (xa_is_value(entry)) {
		differs = memchr_inv(memory, 0, bv->bv_len);
		memset(memory, 0, bv->bv_len);
	} else {
		differs = memcmp(memory, entry + offset, bv->bv_len);
		memcpy(memory, entry + offset, bv->bv_len);
	}
	kunmap_local(memory);
	flush_dcache_page(bv->bv_page);
	return differs;
}

/**
 * nbc_past_show - give a reader what blocks held before they were written last
 * @past: the past
 * @block_bytes: as for nbc_past_keep()
 * @cmd: a read that was done
 * @start: blocks from this byte on,
 * @end: to this one, which is not one of them
 * @first: output, first byte where something else was read than there is
 *
 * Context: Process context, may sleep.
 * Return: number of bytes in pieces of memory that have something else now; 0 if nothing
 * is known of the blocks, or if they held the same.
 */
unsigned int nbc_past_show(struct nbc_past *past, unsigned int block_bytes,
			   const struct nbc_cmd *cmd, u64 start, u64 end, u64 *first)
{
	u64 pos = cmd->pos, stop = cmd->pos + cmd->done;
	struct nbc_cursor cursor;
	unsigned int stale = 0;

	if (!nbc_past_fits(stop, block_bytes))
		return 0;
	guard(mutex)(&past->lock);
	for (nbc_cursor_init(&cursor, cmd->bio); pos < stop;) {
		struct bio_vec bv = bio_iter_iovec(cursor.bio, cursor.iter);
		unsigned int offset = pos & (block_bytes - 1);
		u64 block = pos - offset;
		void *entry = NULL;

		bv.bv_len = min_t(u64, min(bv.bv_len, block_bytes - offset), stop - pos);
		if (block < end && block + block_bytes > start)
			entry = xa_load(&past->blocks, nbc_past_index(block, block_bytes));
		if (entry && nbc_past_replace(&bv, entry, offset)) {
			if (!stale)
				*first = pos;
			stale += bv.bv_len;
		}
		nbc_cursor_advance(&cursor, bv.bv_len);
		pos += bv.bv_len;
	}
	return stale;
}
