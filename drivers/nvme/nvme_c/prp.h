/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PRP lists and SGL entries: arithmetic on plain values, no device.
 *
 * A transfer is described by entries, each naming one page of the controller's
 * memory page size. The first may begin inside its page and stands in the
 * command. If there are two, the second does too; if there are more, the
 * command names a list of the others. A list longer than a page continues in
 * another page, which the last entry of the first names.
 */
#ifndef _NVMEC_PRP_H
#define _NVMEC_PRP_H

#include <linux/bits.h>
#include <linux/math.h>
#include <linux/sizes.h>
#include <linux/types.h>

#define NVMEC_PAGE_SHIFT	12
#define NVMEC_PAGE_SIZE		BIT(NVMEC_PAGE_SHIFT)
#define NVMEC_PAGE_MASK		(NVMEC_PAGE_SIZE - 1)

#define NVMEC_PRP_PER_PAGE	(NVMEC_PAGE_SIZE / sizeof(__le64))
/* Pages of a list for 4 MiB: 1024 entries besides the first, two links. */
#define NVMEC_PRP_MAX_PAGES	3

/**
 * struct nvmec_prp_page - a page of a list
 * @entries: its memory
 * @dma: the bus address of it
 */
struct nvmec_prp_page {
	__le64		*entries;
	dma_addr_t	dma;
};

/**
 * struct nvmec_prp_list - the list of a transfer while it is written
 * @slot: next entry to write
 * @end: where @slot must go to another page
 * @left: entries to write before the list is full
 * @page: page that @slot is in
 * @first: PRP entry 1, valid after the first piece
 * @started: @first is valid
 * @partial: the last piece did not end with its page: no other can follow
 */
struct nvmec_prp_list {
	__le64				*slot;
	__le64				*end;
	unsigned int			left;
	const struct nvmec_prp_page	*page;
	dma_addr_t			first;
	bool				started;
	bool				partial;
};

/* Entries of a transfer of so many bytes that begins at an offset in a page. */
static inline unsigned int nvmec_prp_count(unsigned int offset,
					   unsigned int bytes)
{
	return DIV_ROUND_UP((offset & NVMEC_PAGE_MASK) + bytes,
			    NVMEC_PAGE_SIZE);
}

/* Pages of a list with so many entries, at least one; links included. */
static inline unsigned int nvmec_prp_pages(unsigned int entries)
{
	if (entries <= NVMEC_PRP_PER_PAGE)
		return 1;
	return DIV_ROUND_UP(entries - 1, NVMEC_PRP_PER_PAGE - 1);
}

void nvmec_prp_begin(struct nvmec_prp_list *list, __le64 *slots,
		     unsigned int entries);
void nvmec_prp_begin_pages(struct nvmec_prp_list *list,
			   const struct nvmec_prp_page *pages,
			   unsigned int entries);
bool nvmec_prp_add(struct nvmec_prp_list *list, dma_addr_t addr,
		   unsigned int bytes);
bool nvmec_prp_complete(const struct nvmec_prp_list *list);

#endif /* _NVMEC_PRP_H */
