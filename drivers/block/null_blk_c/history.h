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

struct nbc_cache;
struct nbc_cmd;
struct nbc_store;

/**
 * struct nbc_history - what a power cut may take or leave
 * @cache: the cache
 * @block_shift: log2 of a logical block's size in bytes
 * @lock: guards all below, and what the cache holds: commands that change data take
 *	turns. Whoever has it does not wait for I/O, nor for memory that I/O must free
 * @entries: struct nbc_entry, in order of completion
 * @nr_writes: how many of them a power cut may take
 * @nr_units: how many units they touch, one by one
 */
struct nbc_history {
	struct nbc_cache	*cache;
	unsigned int		block_shift;
	struct mutex		lock;
	struct list_head	entries;
	u64			nr_writes;
	unsigned long		nr_units;
};

struct nbc_history *nbc_history_create(struct nbc_cache *cache,
				       unsigned int block_bytes);
void nbc_history_destroy(struct nbc_history *history, const struct nbc_cut *cut,
			 const char *name);
blk_status_t nbc_history_run(struct nbc_history *history,
			     const struct nbc_cmd *cmd);
int nbc_history_copy_many(struct nbc_history *history, const struct nbc_cut *cut,
			  struct nbc_store *to, unsigned int nr);
int nbc_history_copy(struct nbc_history *history, const struct nbc_cut *cut,
		     struct nbc_store *to);

#endif /* _NULL_BLK_C_HISTORY_H */
