// SPDX-License-Identifier: GPL-2.0
/*
 * The data of a namespace: pages in an XArray, made when they are first written. What
 * was never written, or was discarded, reads as zeroes.
 *
 * Guard: nvmm_ctrl.ns_lock.
 */
#include <linux/slab.h>

#include "nvme_model.h"

static void *nvmm_store_make(struct nvmm_ns *ns, unsigned long index)
{
	void *page = (void *)get_zeroed_page(GFP_NOIO);

	if (!page)
		return NULL;
	if (xa_is_err(xa_store(&ns->pages, index, page, GFP_NOIO))) {
		free_page((unsigned long)page);
		return NULL;
	}
	return page;
}

/** nvmm_store_read - copy @bytes from @offset on to @to */
void nvmm_store_read(struct nvmm_ns *ns, u64 offset, void *to, u32 bytes)
{
	while (bytes) {
		u32 in = offset & ~PAGE_MASK, n = min_t(u32, bytes, PAGE_SIZE - in);
		void *page = xa_load(&ns->pages, offset >> PAGE_SHIFT);

		if (page)
			memcpy(to, page + in, n);
		else
			memset(to, 0, n);
		to += n;
		offset += n;
		bytes -= n;
	}
}

/**
 * nvmm_store_write - copy @bytes from @from to @offset
 * @ns: the namespace
 * @offset: where in it
 * @from: the data
 * @bytes: how much
 *
 * Return: 0, or -ENOMEM with a part of it written.
 */
int nvmm_store_write(struct nvmm_ns *ns, u64 offset, const void *from, u32 bytes)
{
	while (bytes) {
		u32 in = offset & ~PAGE_MASK, n = min_t(u32, bytes, PAGE_SIZE - in);
		unsigned long index = offset >> PAGE_SHIFT;
		void *page = xa_load(&ns->pages, index);

		if (!page)
			page = nvmm_store_make(ns, index);
		if (!page)
			return -ENOMEM;
		memcpy(page + in, from, n);
		from += n;
		offset += n;
		bytes -= n;
	}
	return 0;
}

/** nvmm_store_zero - @bytes from @offset on read as zeroes; whole pages are freed */
void nvmm_store_zero(struct nvmm_ns *ns, u64 offset, u64 bytes)
{
	while (bytes) {
		u32 in = offset & ~PAGE_MASK;
		u64 n = min_t(u64, bytes, PAGE_SIZE - in);
		void *page = xa_load(&ns->pages, offset >> PAGE_SHIFT);

		if (page && n == PAGE_SIZE) {
			xa_erase(&ns->pages, offset >> PAGE_SHIFT);
			free_page((unsigned long)page);
		} else if (page) {
			memset(page + in, 0, n);
		}
		offset += n;
		bytes -= n;
	}
}

/** nvmm_store_free - free all of it */
void nvmm_store_free(struct nvmm_ns *ns)
{
	unsigned long index;
	void *page;

	xa_for_each(&ns->pages, index, page)
		free_page((unsigned long)page);
	xa_destroy(&ns->pages);
}
