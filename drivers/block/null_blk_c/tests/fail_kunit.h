/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allocations that fail on demand, where the kernel has fault injection.
 */
#ifndef _NULL_BLK_C_FAIL_KUNIT_H
#define _NULL_BLK_C_FAIL_KUNIT_H

#include <linux/gfp.h>
#include <linux/sched.h>

#ifdef CONFIG_FAULT_INJECTION
/* From now on, the @nth allocation of this task fails; 0: none. */
static inline void nbc_fail_nth(unsigned int nth)
{
	current->fail_nth = nth;
}

/* What is left of nbc_fail_nth(). */
static inline unsigned int nbc_fail_left(void)
{
	return current->fail_nth;
}
#else
static inline void nbc_fail_nth(unsigned int nth) {}
static inline unsigned int nbc_fail_left(void) { return 0; }
#endif

/* Does the allocation of a page fail on demand? */
static inline bool nbc_can_fail(void)
{
	struct page *page;

	nbc_fail_nth(1);
	page = alloc_page(GFP_KERNEL | __GFP_NOWARN);
	nbc_fail_nth(0);
	if (page)
		__free_page(page);
	return !page;
}

#endif /* _NULL_BLK_C_FAIL_KUNIT_H */
