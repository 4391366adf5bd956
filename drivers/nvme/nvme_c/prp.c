// SPDX-License-Identifier: GPL-2.0
/*
 * PRP lists: see prp.h for what they are.
 */
#include <asm/byteorder.h>

#include "prp.h"

/**
 * nvmec_prp_begin - start a list that fits in one piece of memory
 * @list: to be filled by nvmec_prp_add()
 * @slots: where the entries after the first go
 * @entries: how many of them
 */
void nvmec_prp_begin(struct nvmec_prp_list *list, __le64 *slots,
		     unsigned int entries)
{
	list->slot = slots;
	list->end = slots + entries;
	list->left = entries;
	list->page = NULL;
	list->started = false;
	list->partial = false;
}

/**
 * nvmec_prp_begin_pages - start a list that may need several pages
 * @list: to be filled by nvmec_prp_add()
 * @pages: nvmec_prp_pages(@entries) of them; the links between them are set
 * @entries: entries after the first
 */
void nvmec_prp_begin_pages(struct nvmec_prp_list *list,
			   const struct nvmec_prp_page *pages,
			   unsigned int entries)
{
	unsigned int nr = nvmec_prp_pages(entries);
	unsigned int i;

	for (i = 0; i + 1 < nr; i++)
		pages[i].entries[NVMEC_PRP_PER_PAGE - 1] =
			cpu_to_le64(pages[i + 1].dma);

	nvmec_prp_begin(list, pages->entries, entries);
	list->page = pages;
	if (nr > 1)
		list->end = pages->entries + NVMEC_PRP_PER_PAGE - 1;
}

/* Goes to the next page: all that is left, or as many as stand before a link. */
static void nvmec_prp_turn(struct nvmec_prp_list *list)
{
	unsigned int room = list->left;

	if (room > NVMEC_PRP_PER_PAGE)
		room = NVMEC_PRP_PER_PAGE - 1;
	list->page++;
	list->slot = list->page->entries;
	list->end = list->slot + room;
}

/**
 * nvmec_prp_add - add a piece of memory to a list
 * @list: the list
 * @addr: its bus address; at the beginning of a page, unless it is the first
 * @bytes: its length; it ends at the end of a page, unless it is the last
 *
 * Return: false if the piece cannot stand in a list, or there is no room for it.
 */
bool nvmec_prp_add(struct nvmec_prp_list *list, dma_addr_t addr,
		   unsigned int bytes)
{
	unsigned int nr = nvmec_prp_count(addr, bytes);
	unsigned int i;

	if (list->partial)
		return false;
	list->partial = (addr + bytes) & NVMEC_PAGE_MASK;
	if (!list->started) {
		list->started = true;
		list->first = addr;
		addr &= ~(dma_addr_t)NVMEC_PAGE_MASK;
		addr += NVMEC_PAGE_SIZE;
		nr--;
	} else if (addr & NVMEC_PAGE_MASK) {
		return false;
	}
	if (nr > list->left)
		return false;

	for (i = 0; i < nr; i++) {
		if (list->slot == list->end)
			nvmec_prp_turn(list);
		*list->slot++ = cpu_to_le64(addr);
		addr += NVMEC_PAGE_SIZE;
		list->left--;
	}
	return true;
}

/**
 * nvmec_prp_complete - all entries were written
 * @list: the list
 *
 * Return: false if pieces did not fill it; such a list must not be used.
 */
bool nvmec_prp_complete(const struct nvmec_prp_list *list)
{
	return list->started && !list->left;
}
