// SPDX-License-Identifier: GPL-2.0
/*
 * What was written to a cache since the last flush, in order.
 *
 * The cache knows which units a power cut may take, but not which write came first, nor
 * what a block held before it was written twice. The history has a copy of each write,
 * in the order in which they completed. To cut the power, all dirty units are dropped,
 * and those writes that the cut spares are done again, on what is durable then. So a
 * block may have any version that it had since the last flush, and a state with the
 * first so many writes has them exactly.
 *
 * Discards, write zeroes and writes with FUA are durable when they complete. They are in
 * the history, and done again, too, where an older write was spared, which must not come
 * to lie over them. If no write is spared there is nothing to do again.
 *
 * Commands that change data take turns, so that their order in the history is that in the
 * cache. A flush makes all durable, and forgets it. So does a write for which the history
 * has no room: it counts units as the cache does, one for each that a write touches, so that
 * it is full before the cache is, and the cache never makes single units durable.
 *
 * Without memory, a write may be durable at once, be it for want of a copy or because the
 * cache had no unit for it, or may have been done in part. Then all that came before is
 * made durable, too, for no power cut spares a later write and not an earlier one, but where
 * the later one had FUA or its zone was made durable. So
 * no write fails that would not fail without a history.
 *
 * Zones
 * -----
 * A sequential zone loses what comes behind the first block that it loses, see losses.c. Its
 * commands come here under the lock of the zone, so their order is that in the zone, and a
 * reset is zeroes from its start on. What makes a single zone durable (zoned.c) has the
 * history forget that zone. Whoever copies a state keeps zones from changing meanwhile, so that
 * their write pointers are those of the data.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cleanup.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "cache.h"
#include "cmd.h"
#include "history.h"
#include "layer.h"
#include "losses.h"
#include "unit.h"

/**
 * struct nbc_entry - a command that changed data
 * @entry: place in the history
 * @pos: first byte
 * @len: number of bytes
 * @nr_units: how much of the cache it counts for
 * @durable: no power cut takes it
 * @atomic: a power cut takes all of it or nothing
 * @data: what was written, NULL for zeroes
 */
struct nbc_entry {
	struct list_head	entry;
	u64			pos;
	unsigned int		len;
	unsigned int		nr_units;
	bool			durable;
	bool			atomic;
	void			*data;
};

static bool nbc_cmd_has_data(const struct nbc_cmd *cmd)
{
	return cmd->op == REQ_OP_WRITE || cmd->op == REQ_OP_ZONE_APPEND;
}

static void nbc_entry_destroy(struct nbc_entry *entry)
{
	kvfree(entry->data);
	kfree(entry);
}

static void *nbc_entry_data(const struct nbc_cmd *cmd)
{
	struct nbc_cursor cursor;
	void *data;

	data = kvmalloc(cmd->done, NBC_GFP & ~__GFP_RETRY_MAYFAIL);
	if (!data)
		return NULL;
	nbc_cursor_init(&cursor, cmd->bio);
	nbc_copy_from_bios(&cursor, data, cmd->done);
	return data;
}

/* A copy of a command, or NULL without memory. */
static struct nbc_entry *nbc_entry_create(const struct nbc_cmd *cmd,
					  unsigned int nr_units)
{
	struct nbc_entry *entry;

	if (!nbc_memory_left())
		return NULL;
	entry = kzalloc(sizeof(*entry), NBC_GFP);
	if (!entry)
		return NULL;
	entry->pos = cmd->pos;
	entry->len = cmd->done;
	entry->nr_units = nr_units;
	entry->durable = !nbc_cmd_has_data(cmd) || cmd->flags & REQ_FUA;
	entry->atomic = cmd->flags & REQ_ATOMIC;
	if (!nbc_cmd_has_data(cmd))
		return entry;
	entry->data = nbc_entry_data(cmd);
	if (entry->data)
		return entry;
	kfree(entry);
	return NULL;
}

/* What a command counts for; zeroes count, too, so that there is an end to them. */
static unsigned int nbc_cmd_units(const struct nbc_history *history,
				  const struct nbc_cmd *cmd)
{
	unsigned int shift = history->cache->store->unit_shift;

	if (!nbc_cmd_has_data(cmd))
		return 1;
	return ((cmd->pos + cmd->done - 1) >> shift) - (cmd->pos >> shift) + 1;
}

static void nbc_history_add(struct nbc_history *history, struct nbc_entry *entry)
{
	list_add_tail(&entry->entry, &history->entries);
	history->nr_units += entry->nr_units;
	history->nr_writes += !entry->durable;
}

/* Forgets what was done from the byte @pos to @end, which no other command is about in part. */
static void nbc_history_forget(struct nbc_history *history, u64 pos, u64 end)
{
	struct nbc_entry *entry, *next;

	list_for_each_entry_safe(entry, next, &history->entries, entry) {
		if (entry->pos < end && entry->pos + entry->len > pos) {
			list_del(&entry->entry);
			history->nr_units -= entry->nr_units;
			history->nr_writes -= !entry->durable;
			nbc_entry_destroy(entry);
		}
		cond_resched();
	}
}

static void nbc_history_make_durable(struct nbc_history *history, u64 pos, u64 end)
{
	lockdep_assert_held(&history->lock);
	nbc_cache_flush_range(history->cache, pos, end);
	nbc_history_forget(history, pos, end);
}

static void nbc_history_flush(struct nbc_history *history)
{
	nbc_history_make_durable(history, 0, U64_MAX);
}

static blk_status_t nbc_history_do(struct nbc_history *history,
				   const struct nbc_cmd *cmd, bool through)
{
	struct nbc_cache *cache = history->cache;

	if (nbc_cmd_has_data(cmd))
		return nbc_cache_write(cache, cmd->bio, cmd->pos, cmd->done,
				       through);
	if (cmd->op == REQ_OP_WRITE_ZEROES && cmd->flags & REQ_NOUNMAP)
		return nbc_store_zero(cache->store, cmd->pos, cmd->done);
	return nbc_store_discard(cache->store, cmd->pos, cmd->done);
}

/*
 * How much of a write is dirty: the units where it begins and ends, if it shares them with
 * others, and all of those that it touches.
 */
struct nbc_dirty {
	bool	first;
	bool	last;
	bool	all;
};

static struct nbc_dirty nbc_cmd_dirty(const struct nbc_history *history,
				      const struct nbc_cmd *cmd)
{
	struct nbc_cache *cache = history->cache;
	u64 end = cmd->pos + cmd->done;

	return (struct nbc_dirty) {
		.first	= nbc_unit_offset(cache->store, cmd->pos) &&
			  nbc_cache_is_dirty(cache, cmd->pos, 1),
		.last	= nbc_unit_offset(cache->store, end) &&
			  nbc_cache_is_dirty(cache, end - 1, 1),
		.all	= nbc_cache_is_dirty(cache, cmd->pos, cmd->done),
	};
}

/*
 * Did a command make durable what is not its own, or itself where it should not? That is what
 * happens without memory for a unit.
 */
static bool nbc_history_overtaken(const struct nbc_history *history,
				  const struct nbc_cmd *cmd,
				  const struct nbc_dirty *before)
{
	struct nbc_dirty after;

	if (!nbc_cmd_has_data(cmd))
		return false;
	after = nbc_cmd_dirty(history, cmd);
	if (cmd->flags & REQ_FUA)
		return (before->first && !after.first) ||
		       (before->last && !after.last);
	return !after.all;
}

/* Does a command and remembers it, @entry, which may be NULL. */
static blk_status_t nbc_history_record(struct nbc_history *history,
				       const struct nbc_cmd *cmd,
				       struct nbc_entry *entry)
{
	struct nbc_dirty before = {};
	blk_status_t status;

	if (nbc_cmd_has_data(cmd))
		before = nbc_cmd_dirty(history, cmd);
	status = nbc_history_do(history, cmd, !entry || cmd->flags & REQ_FUA);
	if (entry)
		nbc_history_add(history, entry);
	if (status || nbc_history_overtaken(history, cmd, &before))
		nbc_history_flush(history);
	return status;
}

static blk_status_t nbc_history_change(struct nbc_history *history,
				       const struct nbc_cmd *cmd)
{
	unsigned int nr_units = nbc_cmd_units(history, cmd);
	struct nbc_entry *entry = NULL;

	lockdep_assert_held(&history->lock);
	if (history->nr_units + nr_units > history->cache->max_units)
		nbc_history_flush(history);
	if (nr_units <= history->cache->max_units)
		entry = nbc_entry_create(cmd, nr_units);
	if (!entry)
		nbc_history_flush(history);
	return nbc_history_record(history, cmd, entry);
}

/**
 * nbc_history_run - do a command on a cache, and remember it
 * @history: the history
 * @cmd: a flush; or a write, write zeroes, discard or secure erase that is not empty
 *
 * Context: Process context, may sleep.
 * Return: as nbc_cache_write().
 */
blk_status_t nbc_history_run(struct nbc_history *history,
			     const struct nbc_cmd *cmd)
{
	blk_status_t status = BLK_STS_OK;

	guard(mutex)(&history->lock);
	if (cmd->op != REQ_OP_FLUSH)
		status = nbc_history_change(history, cmd);
	/* What was erased shall not stay in what is remembered. */
	if (cmd->op == REQ_OP_FLUSH || cmd->op == REQ_OP_SECURE_ERASE)
		nbc_history_flush(history);
	return status;
}

/**
 * nbc_history_flush_range - make durable what was written to a range
 * @history: the history
 * @pos: first byte
 * @end: the byte behind the last one; no command that is not durable crosses either
 *
 * Context: Process context, may sleep.
 */
void nbc_history_flush_range(struct nbc_history *history, u64 pos, u64 end)
{
	guard(mutex)(&history->lock);
	nbc_history_make_durable(history, pos, end);
}

/**
 * struct nbc_redo - doing again what a cut spares
 * @cut: the cut
 * @store: where
 * @zones: what falls back there, NULL without zones
 * @write: number of the next write that may be lost
 * @nr_spared: how many of those before survived
 * @nr_units: how many units they touch, since memory was asked for
 * @full: there is no memory for more of them
 */
struct nbc_redo {
	const struct nbc_cut	*cut;
	struct nbc_store	*store;
	struct nbc_zones	*zones;
	u64			write;
	u64			nr_spared;
	unsigned long		nr_units;
	bool			full;
};

/* Puts a block of an entry, if the cut spares it. Returns whether it is there. */
static bool nbc_redo_block(const struct nbc_history *history,
			   const struct nbc_entry *entry, unsigned int block,
			   struct nbc_redo *redo)
{
	u64 offset = (u64)block << history->block_shift;
	u64 pos = entry->pos + offset;

	if (nbc_losses_cover(history->losses, pos))
		return false;
	/* What becomes of its first block becomes of all of an atomic one. */
	if (!redo->full && nbc_cut_spares(redo->cut, history->nr_writes, redo->write,
					  entry->atomic ? 0 : block)) {
		redo->full = nbc_store_put(redo->store, pos, entry->data + offset,
					   BIT(history->block_shift));
		if (!redo->full)
			return true;
	}
	nbc_losses_add(history->losses, pos);
	return false;
}

static void nbc_redo_write(const struct nbc_history *history,
			   const struct nbc_entry *entry, struct nbc_redo *redo)
{
	unsigned int block;
	bool spared = false;

	redo->nr_units += entry->nr_units;
	if (redo->nr_units >= NBC_UNITS_AT_ONCE && !redo->full) {
		redo->full = !nbc_memory_left();
		redo->nr_units = 0;
	}
	for (block = 0; block < entry->len >> history->block_shift; block++)
		spared |= nbc_redo_block(history, entry, block, redo);
	redo->nr_spared += spared;
}

/*
 * Does again what the cut spares, after what was dirty is lost. Without memory writes are
 * lost from there on, but nothing that is durable: that is there already, and is done again
 * where an older write may have come to lie over it. Where the store has no unit of its own
 * there was none: what is below it, or nothing, is what is durable at the end. Then zones fall
 * back. Returns 0 or -ENOMEM, or, if it may be @interrupted, -EINTR.
 */
static int nbc_history_redo(const struct nbc_history *history,
			    struct nbc_redo *redo, bool interrupted)
{
	struct nbc_entry *entry;

	if (redo->cut->policy == NBC_CUT_LOST && !history->losses)
		return 0;
	nbc_losses_clear(history->losses);
	list_for_each_entry(entry, &history->entries, entry) {
		if (!entry->durable) {
			nbc_redo_write(history, entry, redo);
			redo->write++;
		} else {
			nbc_store_put_over(redo->store, entry->pos, entry->data, entry->len);
			if (!entry->data)
				nbc_losses_renew(history->losses, entry->pos);
		}
		if (interrupted && fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	if (nbc_losses_take(history->losses, redo->zones, redo->store))
		redo->full = true;
	return redo->full ? -ENOMEM : 0;
}

/**
 * nbc_history_copy - make another store what a power cut would leave
 * @history: the history; commands that change data wait meanwhile
 * @cut: which power cut
 * @to: an empty store that nobody uses
 * @zones: a copy of the zones, which do not change meanwhile, for their write pointers to
 *	fall back; NULL without zones
 *
 * Context: Process context, may sleep.
 * Return: 0; -ENOMEM, or -EINTR after a fatal signal, and then @to is empty.
 */
int nbc_history_copy(struct nbc_history *history, const struct nbc_cut *cut,
		     struct nbc_store *to, struct nbc_zones *zones)
{
	struct nbc_redo redo = { .cut = cut, .store = to, .zones = zones };
	unsigned int noio;
	int ret;

	mutex_lock(&history->lock);
	/* Reclaim must not wait for a write that waits for the lock. */
	noio = memalloc_noio_save();
	ret = nbc_store_copy(to, history->cache->store);
	if (!ret)
		ret = nbc_history_redo(history, &redo, true);
	memalloc_noio_restore(noio);
	mutex_unlock(&history->lock);
	if (ret)
		nbc_store_empty(to);
	return ret;
}

/* What is durable, beneath all of @to. Returns 0 or an error. */
static int nbc_history_share_durable(const struct nbc_history *history,
				     struct nbc_state *to, unsigned int nr)
{
	struct nbc_layer *layer;
	unsigned int i;
	int ret;

	ret = nbc_store_copy(&to[0].store, history->cache->store);
	if (ret)
		return ret;
	layer = nbc_layers_freeze(&to[0].store);
	if (!layer)
		return -ENOMEM;
	for (i = 1; i < nr; i++)
		nbc_layers_set_base(&to[i].store, nbc_layer_get(layer));
	nbc_layer_put(layer);
	return 0;
}

/**
 * nbc_history_copy_many - make what power cuts would leave at one moment
 * @history: the history; commands that change data wait meanwhile
 * @cut: which power cut; each state has the next seed
 * @to: an array of states with empty stores, and as for nbc_history_copy() with zones, that
 *	nobody uses
 * @nr: how many they are, not 0
 *
 * What is durable they have in common.
 *
 * Context: Process context, may sleep.
 * Return: 0; -ENOMEM, or -EINTR after a fatal signal, and then @to has anything.
 */
int nbc_history_copy_many(struct nbc_history *history, const struct nbc_cut *cut,
			  struct nbc_state *to, unsigned int nr)
{
	struct nbc_cut each = *cut;
	unsigned int noio, i;
	int ret;

	mutex_lock(&history->lock);
	/* Reclaim must not wait for a write that waits for the lock. */
	noio = memalloc_noio_save();
	ret = nbc_history_share_durable(history, to, nr);
	for (i = 0; !ret && i < nr; i++, each.seed++) {
		struct nbc_redo redo = {
			.cut	= &each,
			.store	= &to[i].store,
			.zones	= to[i].zones,
		};

		ret = nbc_history_redo(history, &redo, true);
	}
	memalloc_noio_restore(noio);
	mutex_unlock(&history->lock);
	return ret;
}

/**
 * nbc_history_create - begin to remember what is written to a cache
 * @cache: an empty cache
 * @block_bytes: size of a logical block, which no power cut tears
 * @zones: those of the disk, NULL if it has none
 *
 * Context: Process context, may sleep.
 * Return: the history, or NULL without memory.
 */
struct nbc_history *nbc_history_create(struct nbc_cache *cache,
				       unsigned int block_bytes,
				       struct nbc_zones *zones)
{
	struct nbc_history *history;

	history = kzalloc_node(sizeof(*history), GFP_KERNEL, cache->store->node);
	if (!history)
		return NULL;
	if (zones) {
		history->losses = nbc_losses_create(zones, cache->store->node);
		if (!history->losses) {
			kfree(history);
			return NULL;
		}
	}
	history->cache = cache;
	history->zones = zones;
	history->block_shift = ilog2(block_bytes);
	mutex_init(&history->lock);
	INIT_LIST_HEAD(&history->entries);
	return history;
}

/**
 * nbc_history_destroy - cut the power: lose what the cut does not spare
 * @history: a history of a cache that no request uses; or NULL
 * @cut: which power cut; zones fall back to what it leaves
 * @name: of the disk, for what is said about it
 *
 * Context: Process context, may sleep.
 */
void nbc_history_destroy(struct nbc_history *history, const struct nbc_cut *cut,
			 const char *name)
{
	struct nbc_redo redo = { .cut = cut };
	int ret;

	if (!history)
		return;
	redo.store = history->cache->store;
	redo.zones = history->zones;
	nbc_cache_drop(history->cache);
	ret = nbc_history_redo(history, &redo, false);
	if (history->nr_writes || cut->policy != NBC_CUT_LOST)
		pr_info("%s: power cut, %s, seed %llu: %llu of %llu writes since the last flush survive\n",
			name, nbc_cut_names[cut->policy], cut->seed,
			redo.nr_spared, history->nr_writes);
	if (ret)
		pr_warn("%s: no memory for more of them, or to hide what zones lost\n", name);
	nbc_history_forget(history, 0, U64_MAX);
	nbc_losses_destroy(history->losses);
	mutex_destroy(&history->lock);
	kfree(history);
}
