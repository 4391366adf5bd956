// SPDX-License-Identifier: GPL-2.0
/*
 * The data of a namespace: pages in an XArray, made when they are first written. What
 * was never written, or was discarded, reads as zeroes.
 *
 * A lossy controller writes to copies of pages in a second one, unless a write is to be
 * safe at once. A flush puts them in the place of the old pages, a cut of power drops
 * them.
 *
 * Guard: nvmm_subsys.ns_lock.
 */
#include <linux/slab.h>

#include "nvme_model.h"

static void *nvmm_keep_page(struct xarray *pages, unsigned long index, void *page)
{
	if (page && xa_is_err(xa_store(pages, index, page, GFP_NOIO))) {
		free_page((unsigned long)page);
		return NULL;
	}
	return page;
}

/* The page that a write which is safe at once goes to, made if need be. */
static void *nvmm_safe_page(struct nvmm_ns *ns, unsigned long index)
{
	return xa_load(&ns->store->pages, index) ?:
	       nvmm_keep_page(&ns->store->pages, index, (void *)get_zeroed_page(GFP_NOIO));
}

/* The page that another one goes to: a copy, made if need be. */
static void *nvmm_dirty_page(struct nvmm_ns *ns, unsigned long index)
{
	void *page = xa_load(&ns->store->dirty, index), *old;

	if (page)
		return page;
	page = (void *)get_zeroed_page(GFP_NOIO);
	old = xa_load(&ns->store->pages, index);
	if (page && old)
		copy_page(page, old);
	return nvmm_keep_page(&ns->store->dirty, index, page);
}

/** nvmm_store_read - copy @bytes from @offset on to @to */
void nvmm_store_read(struct nvmm_ns *ns, u64 offset, void *to, u32 bytes)
{
	while (bytes) {
		u32 in = offset & ~PAGE_MASK, n = min_t(u32, bytes, PAGE_SIZE - in);
		void *page = NULL;

		if (unlikely(!xa_empty(&ns->store->dirty)))
			page = xa_load(&ns->store->dirty, offset >> PAGE_SHIFT);
		if (!page)
			page = xa_load(&ns->store->pages, offset >> PAGE_SHIFT);
		if (page)
			memcpy(to, page + in, n);
		else
			memset(to, 0, n);
		to += n;
		offset += n;
		bytes -= n;
	}
}

/* Within a page; @from NULL: zeroes. */
static int nvmm_write_page(struct nvmm_ns *ns, u64 offset, const void *from, u32 n,
			   bool safe)
{
	unsigned long index = offset >> PAGE_SHIFT;
	void *page = safe ? nvmm_safe_page(ns, index) : nvmm_dirty_page(ns, index);
	u32 in = offset & ~PAGE_MASK;

	if (!page)
		return -ENOMEM;
	if (from)
		memcpy(page + in, from, n);
	else
		memset(page + in, 0, n);
	if (unlikely(safe && !xa_empty(&ns->store->dirty))) {
		void *dirty = xa_load(&ns->store->dirty, index);

		if (dirty)
			memcpy(dirty + in, page + in, n);
	}
	return 0;
}

/**
 * nvmm_store_write - copy @bytes from @from to @offset
 * @ns: the namespace
 * @offset: where in it
 * @from: the data
 * @bytes: how much
 * @safe: a cut of power does not lose it
 *
 * Return: 0, or -ENOMEM with a part of it written.
 */
int nvmm_store_write(struct nvmm_ns *ns, u64 offset, const void *from, u32 bytes,
		     bool safe)
{
	int ret = 0;

	while (bytes && !ret) {
		u32 n = min_t(u32, bytes, PAGE_SIZE - (offset & ~PAGE_MASK));

		ret = nvmm_write_page(ns, offset, from, n, safe);
		from += n;
		offset += n;
		bytes -= n;
	}
	return ret;
}

static void nvmm_drop_page(struct nvmm_ns *ns, unsigned long index)
{
	free_page((unsigned long)xa_erase(&ns->store->pages, index));
	free_page((unsigned long)xa_erase(&ns->store->dirty, index));
}

/**
 * nvmm_store_zero - have @bytes from @offset on read as zeroes
 * @ns: the namespace
 * @offset: where in it
 * @bytes: how much
 * @safe: a cut of power does not bring the old data back; whole pages are freed
 *
 * Return: 0, or -ENOMEM with a part of it done.
 */
int nvmm_store_zero(struct nvmm_ns *ns, u64 offset, u64 bytes, bool safe)
{
	int ret = 0;

	while (bytes && !ret) {
		u64 n = min_t(u64, bytes, PAGE_SIZE - (offset & ~PAGE_MASK));
		unsigned long index = offset >> PAGE_SHIFT;

		if (safe && n == PAGE_SIZE)
			nvmm_drop_page(ns, index);
		else if (xa_load(&ns->store->pages, index) || xa_load(&ns->store->dirty, index))
			ret = nvmm_write_page(ns, offset, NULL, n, safe);
		offset += n;
		bytes -= n;
	}
	return ret;
}

/** nvmm_store_flush - make all of it safe */
void nvmm_store_flush(struct nvmm_ns *ns)
{
	unsigned long index;
	void *page, *old;

	xa_for_each(&ns->store->dirty, index, page) {
		old = xa_store(&ns->store->pages, index, page, GFP_NOIO);
		if (xa_is_err(old))
			continue;
		xa_erase(&ns->store->dirty, index);
		free_page((unsigned long)old);
	}
}

/** nvmm_free_pages - forget all pages of a kind */
void nvmm_free_pages(struct xarray *pages)
{
	unsigned long index;
	void *page;

	xa_for_each(pages, index, page)
		free_page((unsigned long)page);
	xa_destroy(pages);
}

/** nvmm_store_cut - lose what is not safe */
void nvmm_store_cut(struct nvmm_ns *ns)
{
	nvmm_free_pages(&ns->store->dirty);
}

/** nvmm_store_alloc - make a store that has one user; return: the store or NULL */
struct nvmm_store *nvmm_store_alloc(void)
{
	struct nvmm_store *store = kzalloc_obj(*store, GFP_NOIO);

	if (!store)
		return NULL;
	refcount_set(&store->users, 1);
	xa_init(&store->written);
	xa_init(&store->pages);
	xa_init(&store->dirty);
	xa_init(&store->meta);
	return store;
}

/** nvmm_store_put - one user less; the last one frees all of it */
void nvmm_store_put(struct nvmm_store *store)
{
	if (!refcount_dec_and_test(&store->users))
		return;
	nvmm_free_pages(&store->dirty);
	nvmm_free_pages(&store->pages);
	nvmm_free_pages(&store->meta);
	xa_destroy(&store->written);
	kfree(store);
}

/* --- all namespaces of a controller ------------------------------------------------- */

/** nvmm_flush_all - make all data of a controller safe; context: may sleep */
void nvmm_flush_all(struct nvmm_ctrl *ctrl)
{
	unsigned long nsid;
	struct nvmm_ns *ns;

	mutex_lock(&ctrl->subsys->ns_lock);
	xa_for_each(&ctrl->namespaces, nsid, ns)
		nvmm_store_flush(ns);
	mutex_unlock(&ctrl->subsys->ns_lock);
}

/** nvmm_cut - lose all data that is not safe; context: may sleep */
void nvmm_cut(struct nvmm_ctrl *ctrl)
{
	unsigned long nsid;
	struct nvmm_ns *ns;

	mutex_lock(&ctrl->subsys->ns_lock);
	xa_for_each(&ctrl->namespaces, nsid, ns)
		nvmm_store_cut(ns);
	mutex_unlock(&ctrl->subsys->ns_lock);
}

/** nvmm_is_safe - is a write safe at once, with or without FUA */
bool nvmm_is_safe(struct nvmm_ctrl *ctrl, bool fua)
{
	return likely(!ctrl->config.lossy) || fua || !ctrl->wce;
}
