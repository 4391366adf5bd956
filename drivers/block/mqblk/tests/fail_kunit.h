/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allocations that fail on demand, where the kernel has fault injection. For the
 * suites of mqblk, and of the drivers on it.
 *
 * The kernel spares allocations that may reclaim memory, and single pages, unless
 * it is told otherwise by files in debugfs. Where tests run at boot there is nobody
 * to write these, so a test sets what is behind them, for as long as it runs.
 */
#ifndef _MQBLK_TESTS_FAIL_KUNIT_H
#define _MQBLK_TESTS_FAIL_KUNIT_H

#include <kunit/test.h>
#include <linux/dcache.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#ifdef CONFIG_FAULT_INJECTION
/* The @nth allocation of this task from here on fails; 0: none. */
static inline void mqk_fail_nth(unsigned int nth)
{
	WRITE_ONCE(current->fail_nth, nth);
}

/* Ends it. Return: how many allocations were left to go; 0: one failed. */
static inline unsigned int mqk_fail_left(void)
{
	unsigned int left = READ_ONCE(current->fail_nth);

	WRITE_ONCE(current->fail_nth, 0);
	return left;
}
#else
static inline void mqk_fail_nth(unsigned int nth)
{
}

static inline unsigned int mqk_fail_left(void)
{
	return 1;
}
#endif

/* Ends it. Return: an allocation failed. */
static inline bool mqk_fail_end(void)
{
	return !mqk_fail_left();
}

/**
 * struct mqk_knob - a setting of the kernel's fault injection
 * @dir: its directory in debugfs
 * @name: its file there
 * @bytes: size of its type; with 0 as value, what fails is not limited by it
 */
struct mqk_knob {
	const char	*dir;
	const char	*name;
	size_t		bytes;
};

static const struct mqk_knob mqk_knobs[] = {
	{ "failslab", "ignore-gfp-wait", sizeof(bool) },
	{ "failslab", "verbose", sizeof(unsigned long) },
	{ "fail_page_alloc", "ignore-gfp-wait", sizeof(bool) },
	{ "fail_page_alloc", "min-order", sizeof(u32) },
	{ "fail_page_alloc", "verbose", sizeof(unsigned long) },
};

/**
 * struct mqk_knob_was - a setting that a test has changed
 * @setting: where it is
 * @bytes: its size
 * @was: what it was
 */
struct mqk_knob_was {
	void		*setting;
	size_t		bytes;
	unsigned long	was;
};

static inline void mqk_knob_restore(void *data)
{
	struct mqk_knob_was *knob = data;

	memcpy(knob->setting, &knob->was, knob->bytes);
}

/* What a file of debugfs shows, or NULL. */
static inline void *mqk_knob_find(const struct mqk_knob *knob)
{
	struct dentry *dir = debugfs_lookup(knob->dir, NULL), *file;
	void *setting = NULL;

	if (IS_ERR_OR_NULL(dir))
		return NULL;
	file = debugfs_lookup(knob->name, dir);
	if (!IS_ERR_OR_NULL(file)) {
		setting = d_inode(file)->i_private;
		dput(file);
	}
	dput(dir);
	return setting;
}

static inline void mqk_knob_zero(struct kunit *test,
				 const struct mqk_knob *knob)
{
	void *setting = mqk_knob_find(knob);
	struct mqk_knob_was *was;

	if (!setting)
		return;
	was = kunit_kzalloc(test, sizeof(*was), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, was);
	was->setting = setting;
	was->bytes = knob->bytes;
	memcpy(&was->was, setting, knob->bytes);
	memset(setting, 0, knob->bytes);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, mqk_knob_restore, was));
}

/* Until the test ends, any allocation can be made to fail, in silence. */
static inline void mqk_fail_any(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mqk_knobs); i++)
		mqk_knob_zero(test, &mqk_knobs[i]);
}

/* Does the allocation of a page fail on demand? From here on, it does if it can. */
static inline bool mqk_can_fail_pages(struct kunit *test)
{
	struct page *page;

	mqk_fail_any(test);
	mqk_fail_nth(1);
	page = alloc_page(GFP_KERNEL | __GFP_NOWARN);
	mqk_fail_nth(0);
	if (page)
		__free_page(page);
	return !page;
}

/* The same for small allocations. */
static inline bool mqk_can_fail_slab(struct kunit *test)
{
	void *mem;

	mqk_fail_any(test);
	mqk_fail_nth(1);
	mem = kmalloc(64, GFP_KERNEL);
	mqk_fail_nth(0);
	kfree(mem);
	return !mem;
}

#endif /* _MQBLK_TESTS_FAIL_KUNIT_H */
