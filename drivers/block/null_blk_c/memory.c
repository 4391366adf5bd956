// SPDX-License-Identifier: GPL-2.0
/*
 * Memory for data: how much there is, when it is free again, who can give some back.
 *
 * Reserve
 * -------
 * A write fails, and the device lives on, rather than take what everybody else needs to
 * run: some memory is left to them.
 *
 * Reapers
 * -------
 * Pages that were taken out of a store may still be in use by those who found them
 * before, under RCU. They are freed after a grace period, by a work item, in batches.
 * Each store has a reaper of its own, so that discards on several disks share no lock.
 *
 * Givers
 * ------
 * Whoever keeps memory that it can do without registers here. Before a write fails for
 * want of memory, all givers are asked to give back what they keep, and all reapers are
 * waited for: it does not matter whose memory it was. Writers that come meanwhile have
 * the next round in common, which begins after all of them came.
 *
 * What is kept counts as memory that the kernel can reclaim (KReclaimable in
 * /proc/meminfo), and so as available, for everybody but us.
 *
 * Nothing here knows of stores, zones or disks.
 */
#include <kunit/static_stub.h>
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/cpumask.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/vmstat.h>

#include "memory.h"

/* Pages given back in one call; they stand in an array on the stack. */
#define NBC_FREE_AT_ONCE	32
/* Allocations below that are made without asking. */
#define NBC_SMALL_BYTES		SZ_16M
/*
 * So many rounds of a reaper free all that was added before the first: while one round
 * ends, it waits for the next, and goes in the third.
 */
#define NBC_REAPER_ROUNDS	3

static struct workqueue_struct *nbc_reaper_wq;
/* Available memory, in pages, below which no data is added. */
static long nbc_reserve_pages __ro_after_init;

/* All of them; the lock is taken where data is written, so under a zone's lock, too. */
static LIST_HEAD(nbc_reapers);
static LIST_HEAD(nbc_givers);
static DEFINE_MUTEX(nbc_memory_lock);
/* How often memory was collected; the last time may not be over. Changes under the lock. */
static unsigned long nbc_nr_collects;
/* What all givers keep, which counts as available. */
static atomic_long_t nbc_kept_pages;

/* --- reapers -------------------------------------------------------------- */

/* Frees a list of pages, which may be long. */
static void nbc_free_pages(struct list_head *pages)
{
	struct page *some[NBC_FREE_AT_ONCE];
	struct page *page, *next;
	int nr = 0;

	list_for_each_entry_safe(page, next, pages, lru) {
		some[nr++] = page;
		if (nr < NBC_FREE_AT_ONCE)
			continue;
		release_pages(some, nr);
		nr = 0;
		cond_resched();
	}
	release_pages(some, nr);
}

static void nbc_reaper_work(struct work_struct *work)
{
	struct nbc_reaper *reaper =
		container_of(to_rcu_work(work), struct nbc_reaper, work);
	LIST_HEAD(pages);
	bool more;

	spin_lock(&reaper->lock);
	list_splice_init(&reaper->due, &pages);
	list_splice_init(&reaper->waiting, &reaper->due);
	more = !list_empty(&reaper->due);
	spin_unlock(&reaper->lock);
	if (more)
		queue_rcu_work(nbc_reaper_wq, &reaper->work);
	nbc_free_pages(&pages);
}

/**
 * nbc_reaper_add - free pages when nobody reads them any more
 * @reaper: who frees them
 * @pages: first pages of what was allocated, linked by their lru, not empty; nobody finds
 *	them any more
 *
 * Context: Any but hard interrupts.
 */
void nbc_reaper_add(struct nbc_reaper *reaper, struct list_head *pages)
{
	bool idle;

	spin_lock(&reaper->lock);
	idle = list_empty(&reaper->due);
	list_splice_tail(pages, idle ? &reaper->due : &reaper->waiting);
	spin_unlock(&reaper->lock);
	if (idle)
		queue_rcu_work(nbc_reaper_wq, &reaper->work);
}

/**
 * nbc_reaper_wait - wait until what was added before is free memory
 * @reaper: the reaper
 *
 * Context: Process context, may sleep.
 */
void nbc_reaper_wait(struct nbc_reaper *reaper)
{
	int i;

	for (i = 0; i < NBC_REAPER_ROUNDS; i++)
		flush_rcu_work(&reaper->work);
}

/**
 * nbc_reaper_create - make a reaper
 * @reaper: memory for it
 *
 * Context: Process context, may sleep.
 */
void nbc_reaper_create(struct nbc_reaper *reaper)
{
	spin_lock_init(&reaper->lock);
	INIT_LIST_HEAD(&reaper->waiting);
	INIT_LIST_HEAD(&reaper->due);
	INIT_RCU_WORK(&reaper->work, nbc_reaper_work);
	guard(mutex)(&nbc_memory_lock);
	list_add_tail(&reaper->entry, &nbc_reapers);
}

/**
 * nbc_reaper_destroy - free what a reaper has, and end it
 * @reaper: a reaper that gets no more
 *
 * Context: Process context, may sleep.
 */
void nbc_reaper_destroy(struct nbc_reaper *reaper)
{
	scoped_guard(mutex, &nbc_memory_lock)
		list_del(&reaper->entry);
	nbc_reaper_wait(reaper);
	WARN_ON_ONCE(!list_empty(&reaper->due));
}

/* --- givers --------------------------------------------------------------- */

/**
 * nbc_giver_add - register somebody who keeps memory
 * @giver: with its function set
 *
 * Context: Process context, may sleep.
 */
void nbc_giver_add(struct nbc_giver *giver)
{
	guard(mutex)(&nbc_memory_lock);
	list_add_tail(&giver->entry, &nbc_givers);
}

/**
 * nbc_giver_remove - undo nbc_giver_add()
 * @giver: the giver, which is not asked any more on return
 *
 * Context: Process context, may sleep.
 */
void nbc_giver_remove(struct nbc_giver *giver)
{
	guard(mutex)(&nbc_memory_lock);
	list_del(&giver->entry);
}

/**
 * nbc_memory_count_kept - note that a giver keeps more, or less
 * @node: where most of it is, or NUMA_NO_NODE
 * @pages: how much more
 *
 * Context: Any.
 */
void nbc_memory_count_kept(int node, long pages)
{
	if (node == NUMA_NO_NODE)
		node = first_memory_node;
	atomic_long_add(pages, &nbc_kept_pages);
	mod_node_page_state(NODE_DATA(node), NR_KERNEL_MISC_RECLAIMABLE, pages);
}

/* --- how much there is ---------------------------------------------------- */

/* What is available, and not because we would give it back. */
long nbc_pages_available(void)
{
	KUNIT_STATIC_STUB_REDIRECT(nbc_pages_available);
	return si_mem_available() - atomic_long_read(&nbc_kept_pages);
}

/* Free pages that the CPUs keep for themselves, which si_mem_available() leaves out. */
static long nbc_pages_of_cpus(void)
{
	struct zone *zone;
	int node, cpu, i;
	long nr = 0;

	for_each_online_node(node) {
		for (i = 0; i < MAX_NR_ZONES; i++) {
			zone = &NODE_DATA(node)->node_zones[i];
			if (!populated_zone(zone))
				continue;
			for_each_online_cpu(cpu)
				nr += READ_ONCE(per_cpu_ptr(zone->per_cpu_pageset,
							    cpu)->count);
		}
	}
	return nr;
}

/* All reapers have each round together, as they wait for the same grace periods. */
static void nbc_reapers_wait(void)
{
	struct nbc_reaper *reaper;
	int i;

	lockdep_assert_held(&nbc_memory_lock);
	for (i = 0; i < NBC_REAPER_ROUNDS; i++)
		list_for_each_entry(reaper, &nbc_reapers, entry)
			flush_rcu_work(&reaper->work);
}

/*
 * Makes free memory of all that givers keep and that reapers have. Who comes while this
 * goes on may have freed something that is not looked at any more. But the next time
 * begins after they came, and is for all of them. See litmus/memory_collect.litmus.
 */
static void nbc_memory_collect(void)
{
	struct nbc_giver *giver;
	unsigned long seen;

	/* What the caller freed comes before the count: pairs with the barrier below. */
	smp_mb();
	seen = READ_ONCE(nbc_nr_collects);

	guard(mutex)(&nbc_memory_lock);
	if (nbc_nr_collects != seen)
		return;
	WRITE_ONCE(nbc_nr_collects, seen + 1);
	/* Who saw the count before this has freed what is looked for now. */
	smp_mb();
	list_for_each_entry(giver, &nbc_givers, entry)
		giver->give(giver);
	nbc_reapers_wait();
}

/**
 * nbc_memory_left - is there memory to spare for some more data
 *
 * If not, what is kept is freed, and what is being freed is waited for. That may stay
 * with a CPU: a tenth of all memory can, and on a kernel without SMP it does until it is
 * used.
 *
 * Context: Process context, may sleep; the caller may hold a zone's lock.
 * Return: whether there is.
 */
bool nbc_memory_left(void)
{
	if (likely(nbc_pages_available() > nbc_reserve_pages))
		return true;
	nbc_memory_collect();
	return nbc_pages_available() + nbc_pages_of_cpus() > nbc_reserve_pages;
}

/**
 * nbc_memory_covers - is there that much memory
 * @bytes: how much
 *
 * For allocations that a user can make as large as the machine: the kernel would try,
 * and kill processes for it. What is small is not looked at, so that a disk whose data
 * fills the memory can still be changed.
 *
 * Context: Process context, may sleep.
 * Return: whether it is worth trying.
 */
bool nbc_memory_covers(u64 bytes)
{
	if (bytes < NBC_SMALL_BYTES)
		return true;
	nbc_memory_collect();
	return (u64)max(nbc_pages_available(), 0L) > bytes >> PAGE_SHIFT;
}

/* --- life ----------------------------------------------------------------- */

/**
 * nbc_memory_init - prepare for reapers, at module load
 *
 * Context: Process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int __init nbc_memory_init(void)
{
	nbc_reserve_pages = clamp(totalram_pages() / 32, SZ_64M >> PAGE_SHIFT,
				  SZ_1G >> PAGE_SHIFT);
	nbc_reaper_wq = alloc_workqueue("null_blk_c",
					WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return nbc_reaper_wq ? 0 : -ENOMEM;
}

/**
 * nbc_memory_exit - undo nbc_memory_init(), when no reaper is left
 *
 * Context: Process context, may sleep.
 */
void nbc_memory_exit(void)
{
	destroy_workqueue(nbc_reaper_wq);
}
