// SPDX-License-Identifier: GPL-2.0
/*
 * The limit: what copying memory costs that is laid out and visited like the
 * blocks of a disk, with nothing around it.
 *
 * By memcpy() as modules of this kernel call it, and by the instruction that
 * memcpy() consists of on x86 processors with ERMS. A kernel that patches itself
 * while it boots has the second in the first; one in user mode does not.
 */
#include <linux/mm.h>
#include <linux/string.h>

#include "load.h"

/**
 * mql_area_alloc - get the memory that stands for a disk
 * @run: whose
 *
 * Context: Process context, may sleep. mql_memory_suffices() has said that there is
 * so much, so that the number of pages fits.
 *
 * Return: 0, or -ENOMEM.
 */
int mql_area_alloc(struct mql_run *run)
{
	run->area_pages = DIV_ROUND_UP_ULL(run->config.span_bytes, PAGE_SIZE);
	run->area = mql_pages_alloc(run->area_pages, NUMA_NO_NODE, false);
	return run->area ? 0 : -ENOMEM;
}

/**
 * mql_area_free - free it
 * @run: whose
 *
 * Context: Process context, may sleep.
 */
void mql_area_free(struct mql_run *run)
{
	mql_pages_free(run->area, run->area_pages);
	run->area = NULL;
}

/**
 * mql_copy_can - does this machine have such a copy
 * @engine: which
 *
 * Return: true if it has.
 */
bool mql_copy_can(enum mql_engine engine)
{
	return engine != MQL_MOVSB || IS_ENABLED(CONFIG_X86_64);
}

static __always_inline void mql_movsb(void *to, const void *from, size_t bytes)
{
#ifdef CONFIG_X86_64
	asm volatile("rep movsb" : "+D" (to), "+S" (from), "+c" (bytes) : : "memory");
#endif
}

/* Not what the compiler makes of a copy of known size. */
static noinline void mql_memcpy(void *to, const void *from, size_t bytes)
{
	memcpy(to, from, bytes);
}

/* One block, page by page; a block smaller than a page lies in one. */
static __always_inline void mql_copy(struct mql_job *job, bool movsb)
{
	unsigned int block_bytes = job->run->config.block_bytes;
	u64 from = mql_random_block(job, job->end) * block_bytes;
	unsigned int offset = offset_in_page(from), part, done;
	struct page **buffer = job->pages + mql_next_slot(job) * job->block_pages;
	struct page **area = job->run->area + (from >> PAGE_SHIFT);
	void *mine, *theirs;

	for (done = 0; done < block_bytes; done += part, buffer++, area++) {
		part = min_t(unsigned int, block_bytes - done, PAGE_SIZE);
		mine = page_address(*buffer);
		theirs = page_address(*area) + offset;
		if (op_is_write(job->opf))
			swap(mine, theirs);
		if (movsb)
			mql_movsb(mine, theirs, part);
		else
			mql_memcpy(mine, theirs, part);
	}
	atomic_dec(&job->in_flight);
}

/**
 * mql_copy_by_memcpy - copy a block by memcpy()
 * @job: whose
 */
void mql_copy_by_memcpy(struct mql_job *job)
{
	mql_copy(job, false);
}

/**
 * mql_copy_by_movsb - copy a block by rep movsb
 * @job: whose
 */
void mql_copy_by_movsb(struct mql_job *job)
{
	mql_copy(job, true);
}
