// SPDX-License-Identifier: GPL-2.0
/*
 * Memory for long transfers: a scatterlist and the pages of a PRP list.
 *
 * It is allocated for each of them, without waiting. A few are kept back, complete, for
 * the time when there is no memory: memory is made free by writing, and a long write that
 * needed memory first would wait for itself. A request that finds none kept back is sent
 * again when another has ended.
 *
 * Nothing is larger than it has to be: a scatterlist has as many entries as the request
 * has pieces, and is apart from the rest, so that most take no more than a page.
 */
#include <kunit/visibility.h>
#include <linux/dmapool.h>
#include <linux/slab.h>

#include "big.h"
#include "ctrl.h"
#include "ident.h"
#include "prp.h"

/* Long transfers that can always be made, however scarce memory is. */
#define NVMEC_KEPT_BIG		2

static void nvmec_big_destroy(struct nvmec_ctrl *ctrl, struct nvmec_big *big)
{
	while (big->nr_lists) {
		struct nvmec_prp_page *page = &big->lists[--big->nr_lists];

		dma_pool_free(ctrl->page_pool, page->entries, page->dma);
	}
	kfree(big->sgl);
	kfree(big);
}

static struct nvmec_big *nvmec_big_create(struct nvmec_ctrl *ctrl,
					  unsigned int nr_segs,
					  unsigned int nr_lists, gfp_t gfp)
{
	struct nvmec_big *big = kzalloc(sizeof(*big), gfp);
	struct nvmec_prp_page *page;

	if (!big)
		return NULL;
	if (nr_segs) {
		big->sgl = kmalloc_array(nr_segs, sizeof(*big->sgl), gfp);
		if (!big->sgl)
			goto destroy;
	}
	while (big->nr_lists < nr_lists) {
		page = &big->lists[big->nr_lists];
		page->entries = dma_pool_alloc(ctrl->page_pool, gfp,
					       &page->dma);
		if (!page->entries)
			goto destroy;
		big->nr_lists++;
	}
	return big;
destroy:
	nvmec_big_destroy(ctrl, big);
	return NULL;
}

/* One that was kept back, which is enough for any transfer; or NULL. */
VISIBLE_IF_KUNIT struct nvmec_big *nvmec_big_take(struct nvmec_ctrl *ctrl)
{
	struct nvmec_big *big;
	unsigned long flags;

	spin_lock_irqsave(&ctrl->big_lock, flags);
	big = list_first_entry_or_null(&ctrl->big_kept, struct nvmec_big,
				       entry);
	if (big)
		list_del(&big->entry);
	spin_unlock_irqrestore(&ctrl->big_lock, flags);
	return big;
}

/**
 * nvmec_big_alloc - have memory for a long transfer
 * @ctrl: the controller
 * @nr_segs: pieces of its data, at most NVMEC_MAX_SEGS; or 0
 * @nr_lists: pages for the controller to read, at most NVMEC_PRP_MAX_PAGES
 *
 * Context: Any.
 * Return: the memory, or NULL if there is none now.
 */
struct nvmec_big *nvmec_big_alloc(struct nvmec_ctrl *ctrl, unsigned int nr_segs,
				  unsigned int nr_lists)
{
	struct nvmec_big *big;

	if (WARN_ON_ONCE(nr_segs > NVMEC_MAX_SEGS ||
			 nr_lists > NVMEC_PRP_MAX_PAGES))
		return NULL;
	big = nvmec_big_create(ctrl, nr_segs, nr_lists,
			       GFP_NOWAIT | __GFP_NOWARN);
	return big ?: nvmec_big_take(ctrl);
}

/**
 * nvmec_big_free - give memory of a long transfer back
 * @ctrl: the controller
 * @big: from nvmec_big_alloc(); the controller does not reach it any more
 *
 * Context: Any.
 */
void nvmec_big_free(struct nvmec_ctrl *ctrl, struct nvmec_big *big)
{
	unsigned long flags;

	if (!big->kept) {
		nvmec_big_destroy(ctrl, big);
		return;
	}
	spin_lock_irqsave(&ctrl->big_lock, flags);
	list_add(&big->entry, &ctrl->big_kept);
	spin_unlock_irqrestore(&ctrl->big_lock, flags);
}

/**
 * nvmec_big_init - keep some memory back
 * @ctrl: the controller, which has its pool of pages
 *
 * Context: Process context, may sleep.
 * Return: 0 or -ENOMEM; nvmec_big_exit() is due in any case.
 */
int nvmec_big_init(struct nvmec_ctrl *ctrl)
{
	struct nvmec_big *big;
	unsigned int i;

	for (i = 0; i < NVMEC_KEPT_BIG; i++) {
		big = nvmec_big_create(ctrl, NVMEC_MAX_SEGS,
				       NVMEC_PRP_MAX_PAGES, GFP_KERNEL);
		if (!big)
			return -ENOMEM;
		big->kept = true;
		nvmec_big_free(ctrl, big);
	}
	return 0;
}

/**
 * nvmec_big_exit - undo nvmec_big_init()
 * @ctrl: the controller; it has no requests any more
 *
 * Context: Process context.
 */
void nvmec_big_exit(struct nvmec_ctrl *ctrl)
{
	struct nvmec_big *big;

	while ((big = nvmec_big_take(ctrl)))
		nvmec_big_destroy(ctrl, big);
}
