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
 * the history, and done again, too: an older write that is spared must not come
 * to lie over them.
 *
 * A flush excludes commands that change data: it makes all durable, and forgets
 * it. So does a write for which the history has no room: it counts units as the cache
 * does, one for each that a write touches, so that it is full before the cache is, and
 * the cache never makes single units durable.
 *
 * Without memory for its copy, a write comes after a flush of all others, and is durable
 * at once: no write fails that would not fail without a history.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "cache.h"
#include "cmd.h"
#include "history.h"
#include "unit.h"

/**
 * struct nbc_entry - a command that changed data
 * @entry: place in the history
 * @pos: first byte
 * @len: number of bytes
 * @nr_units: how much of the cache it counts for
 * @durable: no power cut takes it
 * @data: what was written, NULL for zeroes
 */
struct nbc_entry {
	struct list_head	entry;
	u64			pos;
	unsigned int		len;
	unsigned int		nr_units;
	bool			durable;
	void			*data;
};

static bool nbc_cmd_has_data(const struct nbc_cmd *cmd)
{
	return cmd->op == REQ_OP_WRITE;
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

	data = kvmalloc(cmd->done, NBC_GFP);
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

static bool nbc_history_reserve(struct nbc_history *history, unsigned int nr_units)
{
	if (atomic_long_add_return(nr_units, &history->nr_units) <=
	    history->cache->max_units)
		return true;
	atomic_long_sub(nr_units, &history->nr_units);
	return false;
}

static void nbc_history_add(struct nbc_history *history, struct nbc_entry *entry)
{
	spin_lock(&history->list_lock);
	list_add_tail(&entry->entry, &history->entries);
	history->nr_writes += !entry->durable;
	spin_unlock(&history->list_lock);
}

static void nbc_history_forget(struct nbc_history *history)
{
	struct nbc_entry *entry, *next;

	list_for_each_entry_safe(entry, next, &history->entries, entry) {
		nbc_entry_destroy(entry);
		cond_resched();
	}
	INIT_LIST_HEAD(&history->entries);
	history->nr_writes = 0;
	atomic_long_set(&history->nr_units, 0);
}

static void nbc_history_flush(struct nbc_history *history)
{
	lockdep_assert_held_write(&history->lock);
	nbc_cache_flush(history->cache);
	nbc_history_forget(history);
}

static blk_status_t nbc_history_do(struct nbc_history *history,
				   const struct nbc_cmd *cmd, bool through)
{
	struct nbc_cache *cache = history->cache;

	if (nbc_cmd_has_data(cmd))
		return nbc_cache_write(cache, cmd->bio, cmd->pos, cmd->done,
				       through);
	if (cmd->op == REQ_OP_WRITE_ZEROES && cmd->flags & REQ_NOUNMAP)
		nbc_store_zero(cache->store, cmd->pos, cmd->done);
	else
		nbc_store_discard(cache->store, cmd->pos, cmd->done);
	return BLK_STS_OK;
}

/* Does a command and remembers it. Returns false if there is no room for that. */
static bool nbc_history_try(struct nbc_history *history,
			    const struct nbc_cmd *cmd, blk_status_t *status)
{
	unsigned int nr_units = nbc_cmd_units(history, cmd);
	struct nbc_entry *entry;

	lockdep_assert_held(&history->lock);
	if (!nbc_history_reserve(history, nr_units))
		return false;
	entry = nbc_entry_create(cmd, nr_units);
	if (entry)
		*status = nbc_history_do(history, cmd, cmd->flags & REQ_FUA);
	if (entry && !*status) {
		nbc_history_add(history, entry);
		return true;
	}
	atomic_long_sub(nr_units, &history->nr_units);
	if (!entry)
		return false;
	nbc_entry_destroy(entry);
	return true;
}

/* The same where there was no room: after a flush there is, or the write is durable. */
static blk_status_t nbc_history_make_room(struct nbc_history *history,
					  const struct nbc_cmd *cmd)
{
	blk_status_t status;

	down_write(&history->lock);
	nbc_history_flush(history);
	if (!nbc_history_try(history, cmd, &status))
		status = nbc_history_do(history, cmd, true);
	up_write(&history->lock);
	return status;
}

/**
 * nbc_history_run - do a command on a cache, and remember it
 * @history: the history
 * @cmd: a flush, or a write, write zeroes or discard that is not empty
 *
 * Context: Process context, may sleep.
 * Return: as nbc_cache_write().
 */
blk_status_t nbc_history_run(struct nbc_history *history,
			     const struct nbc_cmd *cmd)
{
	blk_status_t status = BLK_STS_OK;
	bool done;

	if (cmd->op == REQ_OP_FLUSH) {
		down_write(&history->lock);
		nbc_history_flush(history);
		up_write(&history->lock);
		return BLK_STS_OK;
	}
	down_read(&history->lock);
	done = nbc_history_try(history, cmd, &status);
	up_read(&history->lock);
	return done ? status : nbc_history_make_room(history, cmd);
}

/* Returns 1 if something of the entry was done, 0 if nothing, -ENOMEM. */
static int nbc_entry_redo(const struct nbc_history *history,
			  const struct nbc_entry *entry,
			  const struct nbc_cut *cut, u64 write,
			  struct nbc_store *store)
{
	unsigned int bytes = BIT(history->block_shift);
	u64 offset;
	int ret = 0;

	if (!entry->data) {
		nbc_store_discard(store, entry->pos, entry->len);
		return 1;
	}
	if (entry->durable)
		return nbc_store_put(store, entry->pos, entry->data,
				     entry->len) ?: 1;
	/* The last block may be a part, where a bad one ended the write. */
	for (offset = 0; offset < entry->len; offset += bytes) {
		if (!nbc_cut_spares(cut, history->nr_writes, write,
				    offset >> history->block_shift))
			continue;
		ret = nbc_store_put(store, entry->pos + offset,
				    entry->data + offset,
				    min_t(u64, bytes, entry->len - offset)) ?: 1;
		if (ret < 0)
			break;
	}
	return ret;
}

/* Does again what the cut spares. Returns 0 or -ENOMEM, and how many writes it were. */
static int nbc_history_redo(const struct nbc_history *history,
			    const struct nbc_cut *cut, struct nbc_store *store,
			    u64 *nr_spared)
{
	struct nbc_entry *entry;
	u64 write = 0;
	int ret;

	*nr_spared = 0;
	list_for_each_entry(entry, &history->entries, entry) {
		ret = nbc_entry_redo(history, entry, cut, write, store);
		if (ret < 0)
			return ret;
		if (!entry->durable) {
			*nr_spared += ret;
			write++;
		}
		cond_resched();
	}
	return 0;
}

/**
 * nbc_history_copy - make another store what a power cut would leave
 * @history: the history; commands that change data wait meanwhile
 * @cut: which power cut
 * @to: an empty store that nobody uses
 *
 * Context: Process context, may sleep.
 * Return: 0; -ENOMEM, or -EINTR after a fatal signal, and then @to is empty.
 */
int nbc_history_copy(struct nbc_history *history, const struct nbc_cut *cut,
		     struct nbc_store *to)
{
	unsigned int noio;
	u64 nr_spared;
	int ret;

	down_write(&history->lock);
	/* Reclaim must not wait for a write that waits for the lock. */
	noio = memalloc_noio_save();
	ret = nbc_store_copy(to, history->cache->store);
	if (!ret)
		ret = nbc_history_redo(history, cut, to, &nr_spared);
	memalloc_noio_restore(noio);
	up_write(&history->lock);
	if (ret)
		nbc_store_empty(to);
	return ret;
}

/**
 * nbc_history_create - begin to remember what is written to a cache
 * @cache: an empty cache
 * @block_bytes: size of a logical block, which no power cut tears
 *
 * Context: Process context, may sleep.
 * Return: the history, or NULL without memory.
 */
struct nbc_history *nbc_history_create(struct nbc_cache *cache,
				       unsigned int block_bytes)
{
	struct nbc_history *history;

	history = kzalloc_node(sizeof(*history), GFP_KERNEL, cache->store->node);
	if (!history)
		return NULL;
	history->cache = cache;
	history->block_shift = ilog2(block_bytes);
	init_rwsem(&history->lock);
	spin_lock_init(&history->list_lock);
	INIT_LIST_HEAD(&history->entries);
	return history;
}

/**
 * nbc_history_destroy - cut the power: lose what the cut does not spare
 * @history: a history of a cache that no request uses; or NULL
 * @cut: which power cut
 * @name: of the disk, for what is said about it
 *
 * Context: Process context, may sleep.
 */
void nbc_history_destroy(struct nbc_history *history, const struct nbc_cut *cut,
			 const char *name)
{
	u64 nr_spared;
	int ret;

	if (!history)
		return;
	nbc_cache_drop(history->cache);
	ret = nbc_history_redo(history, cut, history->cache->store, &nr_spared);
	pr_info("%s: power cut, %s, seed %llu: %llu of %llu writes since the last flush survive\n",
		name, nbc_cut_names[cut->policy], cut->seed, nr_spared,
		history->nr_writes);
	if (ret)
		pr_warn("%s: no memory for those that come after\n", name);
	nbc_history_forget(history);
	kfree(history);
}
