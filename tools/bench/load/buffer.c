// SPDX-License-Identifier: GPL-2.0
/*
 * Memory: pages, the buffers of jobs, and what is in them.
 *
 * A buffer is single pages with gaps between them, as the memory of programs is
 * on a machine that has run for a while. They are marked up to date, as those of
 * a program that does direct I/O are, so that a driver that looks sees the same.
 *
 * With verify, each word of a block depends on the seed, the sector that it
 * belongs to and its place there, and on nothing else. So whoever writes a block
 * writes the same, and a reader can tell.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/list.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "load.h"

/* Makes words of neighbouring sectors differ in all their bits. */
#define MQL_CONTENT_FACTOR	0x9e3779b97f4a7c15ULL

/* Rather no run than a program killed for it; what is missing is said by us. */
#define MQL_GFP			(GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/* --- is there enough ------------------------------------------------------ */

/* What a run takes; the gaps between pages are there for one job at a time. */
static u64 mql_memory_needed(const struct mql_config *config)
{
	u64 buffers = config->jobs * config->depth;
	u64 pages = (buffers + config->depth) *
		    DIV_ROUND_UP_ULL(config->block_bytes, PAGE_SIZE);
	u64 bytes = 0;

	if (config->engine != MQL_DISK)
		pages += DIV_ROUND_UP_ULL(config->span_bytes, PAGE_SIZE);
	if (config->verify)
		bytes += buffers * sizeof(struct mql_slot);
	if (config->latency)
		bytes += config->jobs * sizeof(struct mql_latency);
	return bytes + pages * (PAGE_SIZE + sizeof(struct page *));
}

static u64 mql_memory_available(void)
{
	return (u64)max(si_mem_available(), 0L) << PAGE_SHIFT;
}

/**
 * mql_memory_suffices - is there memory for a run
 * @config: what the run does
 *
 * So that memory is not used up before it turns out to be too little. What others
 * take meanwhile is not known, so that getting it may fail all the same.
 *
 * Return: true if there seems to be.
 */
bool mql_memory_suffices(const struct mql_config *config)
{
	return mql_memory_needed(config) <= mql_memory_available();
}

/**
 * mql_memory_refuse - say that there is no memory for a run
 * @config: what the run does
 */
void mql_memory_refuse(const struct mql_config *config)
{
	pr_err("memory: a run needs %llu bytes, and %llu are available: use fewer jobs, or a smaller depth, block_bytes%s\n",
	       mql_memory_needed(config), mql_memory_available(),
	       config->engine == MQL_DISK ? "" : " or span_bytes");
}

/* --- pages and buffers ---------------------------------------------------- */

/**
 * mql_pages_alloc - get pages with something in them
 * @nr: how many
 * @node: where
 * @gaps: none of them shall lie beside the one before
 *
 * Context: Process context, may sleep. A signal that kills the caller ends it.
 *
 * Return: an array of them, for mql_pages_free(), or NULL.
 */
struct page **mql_pages_alloc(unsigned long nr, int node, bool gaps)
{
	struct page **pages = kvcalloc(nr, sizeof(*pages), MQL_GFP);
	struct page *gap, *next;
	LIST_HEAD(unused);
	unsigned long i;

	if (!pages)
		return NULL;
	for (i = 0; i < nr; i++) {
		if (fatal_signal_pending(current))
			break;
		pages[i] = alloc_pages_node(node, MQL_GFP, 0);
		if (!pages[i])
			break;
		memset(page_address(pages[i]), i, PAGE_SIZE);
		SetPageUptodate(pages[i]);
		gap = gaps ? alloc_pages_node(node, MQL_GFP, 0) : NULL;
		if (gap)
			list_add(&gap->lru, &unused);
		cond_resched();
	}
	list_for_each_entry_safe(gap, next, &unused, lru)
		__free_page(gap);
	if (i == nr)
		return pages;
	mql_pages_free(pages, nr);
	return NULL;
}

/**
 * mql_pages_free - give them back
 * @pages: the array, or NULL; it may be incomplete
 * @nr: its size
 *
 * Context: Process context, may sleep.
 */
void mql_pages_free(struct page **pages, unsigned long nr)
{
	unsigned long i;

	for (i = 0; pages && i < nr && pages[i]; i++) {
		ClearPageUptodate(pages[i]);
		__free_page(pages[i]);
		cond_resched();
	}
	kvfree(pages);
}

/**
 * mql_buffers_alloc - make the buffers of a job
 * @job: whose
 *
 * As many as may be in flight, so that none is used twice at a time.
 *
 * Context: Process context, may sleep.
 *
 * Return: 0, or -ENOMEM; mql_buffers_free() is for either case.
 */
int mql_buffers_alloc(struct mql_job *job)
{
	const struct mql_config *config = &job->run->config;

	job->nr_slots = config->depth;
	job->block_pages = DIV_ROUND_UP(config->block_bytes, PAGE_SIZE);
	job->pages = mql_pages_alloc(job->nr_slots * job->block_pages,
				     cpu_to_node(job->cpu), true);
	if (!job->pages)
		return -ENOMEM;
	if (!config->verify)
		return 0;
	job->slots = kvcalloc(job->nr_slots, sizeof(*job->slots), MQL_GFP);
	return job->slots ? 0 : -ENOMEM;
}

/**
 * mql_buffers_free - free them
 * @job: whose
 *
 * Context: Process context, may sleep.
 */
void mql_buffers_free(struct mql_job *job)
{
	mql_pages_free(job->pages, job->nr_slots * job->block_pages);
	kvfree(job->slots);
}

/* --- content -------------------------------------------------------------- */

static u64 mql_content(u64 seed, sector_t sector, unsigned int word)
{
	return (seed ^ (sector << 6 | word)) * MQL_CONTENT_FACTOR;
}

/* A sector of a buffer, as words */
static u64 *mql_buffer_sector(const struct mql_job *job, unsigned int slot,
			      unsigned int sector)
{
	unsigned int per_page = PAGE_SIZE >> SECTOR_SHIFT;
	struct page *page = job->pages[slot * job->block_pages + sector / per_page];

	return page_address(page) + (sector % per_page << SECTOR_SHIFT);
}

/**
 * mql_buffer_fill - write what belongs into a block
 * @job: whose buffer
 * @slot: which
 * @sector: first one of the block
 */
void mql_buffer_fill(const struct mql_job *job, unsigned int slot, sector_t sector)
{
	const struct mql_config *config = &job->run->config;
	unsigned int i, word;
	u64 *words;

	for (i = 0; i < config->block_bytes >> SECTOR_SHIFT; i++) {
		words = mql_buffer_sector(job, slot, i);
		for (word = 0; word < SECTOR_SIZE / sizeof(u64); word++)
			words[word] = mql_content(config->seed, sector + i, word);
	}
}

/**
 * mql_buffer_holds - does a buffer hold what belongs into a block
 * @job: whose buffer
 * @slot: which
 * @sector: first one of the block
 *
 * Return: true if it does, in every word.
 */
bool mql_buffer_holds(const struct mql_job *job, unsigned int slot, sector_t sector)
{
	const struct mql_config *config = &job->run->config;
	unsigned int i, word;
	const u64 *words;

	for (i = 0; i < config->block_bytes >> SECTOR_SHIFT; i++) {
		words = mql_buffer_sector(job, slot, i);
		for (word = 0; word < SECTOR_SIZE / sizeof(u64); word++) {
			if (words[word] != mql_content(config->seed, sector + i, word))
				return false;
		}
	}
	return true;
}
