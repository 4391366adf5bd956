/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory for data: how much there is, when it is free again, who can give some back.
 */
#ifndef _NULL_BLK_C_MEMORY_H
#define _NULL_BLK_C_MEMORY_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

/**
 * struct nbc_reaper - pages to be freed when nobody reads them any more
 * @lock: guards the two lists; innermost
 * @waiting: pages that were given since the grace period of @due began, by their lru
 * @due: pages that @work frees, which runs if there are any
 * @work: frees @due after a grace period
 * @entry: place among all reapers, guarded by nbc_memory_lock
 */
struct nbc_reaper {
	spinlock_t		lock;
	struct list_head	waiting;
	struct list_head	due;
	struct rcu_work		work;
	struct list_head	entry;
};

/**
 * struct nbc_giver - somebody who keeps memory that others may need
 * @give: gives back all of it that can be taken now; may not wait for locks that are
 *	held where data is written
 * @entry: place among all givers, guarded by nbc_memory_lock
 */
struct nbc_giver {
	void			(*give)(struct nbc_giver *giver);
	struct list_head	entry;
};

int nbc_memory_init(void);
void nbc_memory_exit(void);
long nbc_pages_available(void);
bool nbc_memory_left(void);
bool nbc_memory_covers(u64 bytes);
void nbc_memory_count_kept(int node, long pages);

void nbc_reaper_create(struct nbc_reaper *reaper);
void nbc_reaper_destroy(struct nbc_reaper *reaper);
void nbc_reaper_add(struct nbc_reaper *reaper, struct list_head *pages);
void nbc_reaper_wait(struct nbc_reaper *reaper);

void nbc_giver_add(struct nbc_giver *giver);
void nbc_giver_remove(struct nbc_giver *giver);

#endif /* _NULL_BLK_C_MEMORY_H */
