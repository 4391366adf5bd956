/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What was written to a cache since the last flush, in order.
 */
#ifndef _NULL_BLK_C_HISTORY_H
#define _NULL_BLK_C_HISTORY_H

#include <linux/blk_types.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include "cut.h"
#include "store.h"

struct nbc_cache;
struct nbc_cmd;
struct nbc_losses;
struct nbc_zones;

/**
 * struct nbc_history - what a power cut may take or leave
 * @cache: the cache
 * @zones: those of the disk, NULL if it has none
 * @block_shift: log2 of a logical block's size in bytes
 * @lock: guards all below, and what the cache holds: commands that change data take
 *	turns. Whoever has it does not wait for I/O, nor for memory that I/O must free
 * @entries: struct nbc_entry, in order of completion
 * @nr_writes: how many of them a power cut may take
 * @nr_units: how many units they touch, one by one
 * @losses: for the power cut that is looked at, NULL without @zones. Here because the real
 *	one must not need memory
 */
struct nbc_history {
	struct nbc_cache	*cache;
	struct nbc_zones	*zones;
	unsigned int		block_shift;
	struct mutex		lock;
	struct list_head	entries;
	u64			nr_writes;
	unsigned long		nr_units;
	struct nbc_losses	*losses;
};

/**
 * struct nbc_state - what a power cut would leave
 * @store: the data
 * @zones: the zones, NULL if there are none
 */
struct nbc_state {
	struct nbc_store	store;
	struct nbc_zones	*zones;
};

struct nbc_history *nbc_history_create(struct nbc_cache *cache,
				       unsigned int block_bytes,
				       struct nbc_zones *zones);
void nbc_history_destroy(struct nbc_history *history, const struct nbc_cut *cut,
			 const char *name);
blk_status_t nbc_history_run(struct nbc_history *history,
			     const struct nbc_cmd *cmd);
void nbc_history_flush_range(struct nbc_history *history, u64 pos, u64 end);
int nbc_history_copy_many(struct nbc_history *history, const struct nbc_cut *cut,
			  struct nbc_state *to, unsigned int nr);
int nbc_history_copy(struct nbc_history *history, const struct nbc_cut *cut,
		     struct nbc_store *to, struct nbc_zones *zones);

#endif /* _NULL_BLK_C_HISTORY_H */
