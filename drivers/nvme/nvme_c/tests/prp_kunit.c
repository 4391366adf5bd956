// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of PRP lists: how many entries and pages a transfer needs, what stands in
 * which place, and what cannot be said in a list.
 */
#include <kunit/test.h>
#include <linux/string.h>

#include "../prp.h"

/* Where data begins, and where pages of a list seem to be. */
#define PK_BASE		0x123456789000ULL
#define PK_LIST_DMA	0xabcdef0000000ULL
/* Stands where nothing was written. No case here means it. */
#define PK_UNTOUCHED	0x5a5a5a5a5a5a5a5aULL

static dma_addr_t pk_page_dma(unsigned int page)
{
	/* Not one behind the other, so that only a link leads to the next. */
	return PK_LIST_DMA - page * 0x10000ULL;
}

/* As many pages as the longest list has, with untouched memory. */
static struct nvmec_prp_page *pk_pages(struct kunit *test)
{
	struct nvmec_prp_page *pages;
	unsigned int i;

	pages = kunit_kcalloc(test, NVMEC_PRP_MAX_PAGES, sizeof(*pages),
			      GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pages);
	for (i = 0; i < NVMEC_PRP_MAX_PAGES; i++) {
		pages[i].dma = pk_page_dma(i);
		pages[i].entries = kunit_kmalloc(test, NVMEC_PAGE_SIZE,
						 GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, pages[i].entries);
		memset(pages[i].entries, 0x5a, NVMEC_PAGE_SIZE);
	}
	return pages;
}

/* One piece of memory, of any place and length */

/**
 * struct pk_shape - where a transfer lies, and the list it needs
 * @name: of the case
 * @offset: of its first byte in a page
 * @bytes: its length
 * @entries: pages that it touches
 * @pages: of the list for all but the first entry
 * @last_page: page that the last entry stands in
 * @last_slot: its place there
 */
struct pk_shape {
	const char	*name;
	unsigned int	offset;
	unsigned int	bytes;
	unsigned int	entries;
	unsigned int	pages;
	unsigned int	last_page;
	unsigned int	last_slot;
};

/*
 * entries: the end, offset + bytes, in pages of 4096, rounded up.
 *
 * The list has one entry less. A page has 512 places. If the list fits, they are
 * all for entries; else the last is a link, and 511 are.
 */
static const struct pk_shape pk_shapes[] = {
	{ "512", 0, 512, 1, 1 },
	{ "512 to the end of the page", 3584, 512, 1, 1 },
	/* 3840 + 512 = 4352 */
	{ "512 over the end of the page", 3840, 512, 2, 1, 0, 0 },
	{ "a byte", 4095, 1, 1, 1 },
	{ "two bytes over the end", 4095, 2, 2, 1, 0, 0 },
	{ "4k", 0, 4096, 1, 1 },
	{ "4k at 8", 8, 4096, 2, 1, 0, 0 },
	{ "4k at 4092", 4092, 4096, 2, 1, 0, 0 },
	{ "4k+8", 0, 4104, 2, 1, 0, 0 },
	/* 4088 + 4104 = 8192 */
	{ "4k+8 to the end of a page", 4088, 4104, 2, 1, 0, 0 },
	{ "4k+8 over the end of a page", 4092, 4104, 3, 1, 0, 1 },
	{ "8k", 0, 8192, 2, 1, 0, 0 },
	{ "8k+16", 0, 8208, 3, 1, 0, 1 },
	/* 4080 + 8208 = 12288 */
	{ "8k+16 to the end of a page", 4080, 8208, 3, 1, 0, 1 },
	{ "8k+16 over the end of a page", 4084, 8208, 4, 1, 0, 2 },
	{ "128k", 0, 131072, 32, 1, 0, 30 },
	{ "128k at 512", 512, 131072, 33, 1, 0, 31 },
	/* 513 * 4096: 512 entries are the page, to the last place */
	{ "a list of exactly a page", 0, 2101248, 513, 1, 0, 511 },
	/* a byte more: 513 entries are 511, a link, and 2 */
	{ "a list of a page and one", 0, 2101249, 514, 2, 1, 1 },
	/* 1024 * 4096: 1023 entries are 511, a link, and 512 */
	{ "a list of exactly two pages", 0, 4194304, 1024, 2, 1, 511 },
	/* 1024 entries are 511, a link, 511, a link, and 2 */
	{ "4M at 8", 8, 4194304, 1025, 3, 2, 1 },
	{ "4M at 4092", 4092, 4194304, 1025, 3, 2, 1 },
};

KUNIT_ARRAY_PARAM_DESC(pk_shape, pk_shapes, name);

static void pk_count_test(struct kunit *test)
{
	const struct pk_shape *shape = test->param_value;

	KUNIT_EXPECT_EQ(test, nvmec_prp_count(shape->offset, shape->bytes),
			shape->entries);
	/* Only the offset in the page matters. */
	KUNIT_EXPECT_EQ(test, nvmec_prp_count(PK_BASE + shape->offset,
					      shape->bytes), shape->entries);
	KUNIT_EXPECT_EQ(test, nvmec_prp_pages(shape->entries - 1),
			shape->pages);
}

/* What must stand in a place, if @next is the next entry due. */
static u64 pk_expected(const struct pk_shape *shape, unsigned int page,
		       unsigned int slot, u64 *next)
{
	u64 entry = *next;

	if (shape->entries == 1 || page > shape->last_page ||
	    (page == shape->last_page && slot > shape->last_slot))
		return PK_UNTOUCHED;
	if (page < shape->last_page && slot == 511)
		return pk_page_dma(page + 1);
	*next += 4096;
	return entry;
}

static void pk_expect_list(struct kunit *test, const struct pk_shape *shape,
			   const struct nvmec_prp_page *pages)
{
	u64 next = PK_BASE + 4096;
	unsigned int page, slot;

	for (page = 0; page < NVMEC_PRP_MAX_PAGES; page++) {
		for (slot = 0; slot < 512; slot++)
			KUNIT_ASSERT_EQ_MSG(test,
					    le64_to_cpu(pages[page].entries[slot]),
					    pk_expected(shape, page, slot,
							&next),
					    "page %u, slot %u", page, slot);
	}
	KUNIT_EXPECT_EQ(test, next, PK_BASE + shape->entries * 4096ULL);
}

static void pk_shape_test(struct kunit *test)
{
	const struct pk_shape *shape = test->param_value;
	struct nvmec_prp_page *pages = pk_pages(test);
	struct nvmec_prp_list list;

	nvmec_prp_begin_pages(&list, pages, shape->entries - 1);
	KUNIT_EXPECT_FALSE(test, nvmec_prp_complete(&list));
	KUNIT_EXPECT_TRUE(test, nvmec_prp_add(&list, PK_BASE + shape->offset,
					      shape->bytes));
	KUNIT_EXPECT_TRUE(test, nvmec_prp_complete(&list));
	KUNIT_EXPECT_EQ(test, list.first, PK_BASE + shape->offset);
	pk_expect_list(test, shape, pages);
}

/* In memory that is one piece there is no link, however long it is. */
static void pk_flat_test(struct kunit *test)
{
	struct nvmec_prp_list list;
	unsigned int i;
	__le64 *slots;

	slots = kunit_kcalloc(test, 600, sizeof(*slots), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, slots);
	nvmec_prp_begin(&list, slots, 599);
	KUNIT_EXPECT_TRUE(test, nvmec_prp_add(&list, PK_BASE + 16,
					      600 * 4096 - 16));
	KUNIT_EXPECT_TRUE(test, nvmec_prp_complete(&list));
	for (i = 0; i < 599; i++)
		KUNIT_ASSERT_EQ(test, le64_to_cpu(slots[i]),
				PK_BASE + (i + 1) * 4096ULL);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(slots[599]), 0ULL);
}

/* Pages of a list by its entries, at and around each number that matters */

struct pk_pages_case {
	const char	*name;
	unsigned int	entries;
	unsigned int	pages;
};

static const struct pk_pages_case pk_pages_cases[] = {
	{ "none", 0, 1 },
	{ "one", 1, 1 },
	{ "511", 511, 1 },
	{ "512", 512, 1 },
	{ "513", 513, 2 },
	{ "511 + 512", 1023, 2 },
	{ "511 + 511 + 2", 1024, 3 },
	{ "511 + 511 + 512", 1534, 3 },
	{ "511 + 511 + 511 + 2", 1535, 4 },
};

KUNIT_ARRAY_PARAM_DESC(pk_pages, pk_pages_cases, name);

static void pk_pages_test(struct kunit *test)
{
	const struct pk_pages_case *param = test->param_value;

	KUNIT_EXPECT_EQ(test, nvmec_prp_pages(param->entries), param->pages);
}

/* The longest transfer has no longer list than there is room for. */
static void pk_max_pages_test(struct kunit *test)
{
	unsigned int entries = nvmec_prp_count(4095, 4 * 1024 * 1024);

	KUNIT_EXPECT_LE(test, nvmec_prp_pages(entries - 1),
			NVMEC_PRP_MAX_PAGES);
}

/* Several pieces */

#define PK_MAX_PIECES	3
#define PK_ALL_TAKEN	PK_MAX_PIECES

struct pk_piece {
	dma_addr_t	addr;
	unsigned int	bytes;
};

/**
 * struct pk_pieces - pieces, and what becomes of them
 * @name: of the case
 * @pieces: in order; a length of 0 ends them
 * @entries: of the list
 * @refused: the piece that is refused, or PK_ALL_TAKEN
 * @complete: the list may be used
 * @list: the entries that are written
 */
struct pk_pieces {
	const char	*name;
	struct pk_piece	pieces[PK_MAX_PIECES];
	unsigned int	entries;
	unsigned int	refused;
	bool		complete;
	u64		list[4];
};

static const struct pk_pieces pk_pieces_cases[] = {
	{ "one that needs no list", {{ 0x10200, 512 }}, 0, PK_ALL_TAKEN, true },
	{ "two pages apart", {{ 0x10000, 4096 }, { 0x30000, 4096 }},
	  1, PK_ALL_TAKEN, true, { 0x30000 } },
	{ "backwards", {{ 0x30000, 4096 }, { 0x20000, 4096 }, { 0x10000, 4096 }},
	  2, PK_ALL_TAKEN, true, { 0x20000, 0x10000 } },
	{ "first begins in its page", {{ 0x10e00, 512 }, { 0x30000, 4096 }},
	  1, PK_ALL_TAKEN, true, { 0x30000 } },
	{ "last ends in its page", {{ 0x10000, 4096 }, { 0x30000, 512 }},
	  1, PK_ALL_TAKEN, true, { 0x30000 } },
	{ "of several pages", {{ 0x10800, 6144 }, { 0x30000, 8192 }},
	  3, PK_ALL_TAKEN, true, { 0x11000, 0x30000, 0x31000 } },
	{ "above 4 GiB", {{ 0xfffff000, 8192 }, { 0x7000000000, 4096 }},
	  2, PK_ALL_TAKEN, true, { 0x100000000, 0x7000000000 } },
	{ "second begins in its page", {{ 0x10000, 4096 }, { 0x30200, 3584 }},
	  1, 1, false },
	{ "second begins a dword late", {{ 0x10000, 4096 }, { 0x30004, 4 }},
	  1, 1, false },
	{ "first ends in its page", {{ 0x10000, 512 }, { 0x30000, 4096 }},
	  1, 1, false },
	{ "middle ends in its page",
	  {{ 0x10000, 4096 }, { 0x30000, 4092 }, { 0x50000, 4096 }},
	  2, 2, false, { 0x30000 } },
	{ "first longer than the list", {{ 0x10000, 12288 }}, 1, 0, false },
	{ "second longer than the list", {{ 0x10000, 4096 }, { 0x30000, 8192 }},
	  1, 1, false },
	{ "no room for a second", {{ 0x10000, 4096 }, { 0x30000, 4096 }},
	  0, 1, false },
	{ "too short for the list", {{ 0x10000, 4096 }}, 1, PK_ALL_TAKEN, false },
	{ "two too short for the list", {{ 0x10000, 4096 }, { 0x30000, 4096 }},
	  2, PK_ALL_TAKEN, false, { 0x30000 } },
	{ "none", {}, 0, PK_ALL_TAKEN, false },
};

KUNIT_ARRAY_PARAM_DESC(pk_pieces, pk_pieces_cases, name);

static void pk_pieces_test(struct kunit *test)
{
	const struct pk_pieces *param = test->param_value;
	__le64 slots[ARRAY_SIZE(param->list)] = {};
	struct nvmec_prp_list list;
	unsigned int i;

	nvmec_prp_begin(&list, slots, param->entries);
	for (i = 0; i < PK_MAX_PIECES && param->pieces[i].bytes; i++)
		KUNIT_EXPECT_EQ_MSG(test, i != param->refused,
				    nvmec_prp_add(&list, param->pieces[i].addr,
						  param->pieces[i].bytes),
				    "piece %u", i);
	if (param->refused == PK_ALL_TAKEN)
		KUNIT_EXPECT_EQ(test, nvmec_prp_complete(&list),
				param->complete);
	if (param->complete)
		KUNIT_EXPECT_EQ(test, list.first, param->pieces[0].addr);
	for (i = 0; i < ARRAY_SIZE(slots); i++)
		KUNIT_EXPECT_EQ_MSG(test, le64_to_cpu(slots[i]),
				    param->list[i], "slot %u", i);
}

/*
 * The longest list there is, of pieces that are a page each, read as a controller
 * does: the last place of a page is a link unless what is left fits.
 */

#define PK_CHAIN	1025

static dma_addr_t pk_chain_addr(unsigned int i)
{
	return PK_BASE + (PK_CHAIN - i) * 0x3000ULL;
}

static const struct nvmec_prp_page *
pk_find(struct kunit *test, const struct nvmec_prp_page *pages, u64 dma)
{
	unsigned int i;

	for (i = 0; i < NVMEC_PRP_MAX_PAGES; i++)
		if (pages[i].dma == dma)
			return &pages[i];
	KUNIT_FAIL_AND_ABORT(test, "no page of the list at %#llx", dma);
	return NULL;
}

static void pk_chain_test(struct kunit *test)
{
	struct nvmec_prp_page *pages = pk_pages(test);
	const struct nvmec_prp_page *page = pages;
	unsigned int slot = 0, i;
	struct nvmec_prp_list list;

	nvmec_prp_begin_pages(&list, pages, PK_CHAIN - 1);
	for (i = 0; i < PK_CHAIN; i++)
		KUNIT_ASSERT_TRUE(test, nvmec_prp_add(&list, pk_chain_addr(i),
						      4096));
	KUNIT_EXPECT_TRUE(test, nvmec_prp_complete(&list));
	KUNIT_EXPECT_FALSE(test, nvmec_prp_add(&list, PK_BASE, 4096));

	KUNIT_EXPECT_EQ(test, list.first, pk_chain_addr(0));
	for (i = 1; i < PK_CHAIN; i++) {
		if (slot == 511 && i < PK_CHAIN - 1) {
			page = pk_find(test, pages,
				       le64_to_cpu(page->entries[slot]));
			slot = 0;
		}
		KUNIT_ASSERT_EQ_MSG(test, le64_to_cpu(page->entries[slot++]),
				    pk_chain_addr(i), "entry %u", i);
	}
}

static struct kunit_case pk_cases[] = {
	KUNIT_CASE_PARAM(pk_count_test, pk_shape_gen_params),
	KUNIT_CASE_PARAM(pk_shape_test, pk_shape_gen_params),
	KUNIT_CASE(pk_flat_test),
	KUNIT_CASE_PARAM(pk_pages_test, pk_pages_gen_params),
	KUNIT_CASE(pk_max_pages_test),
	KUNIT_CASE_PARAM(pk_pieces_test, pk_pieces_gen_params),
	KUNIT_CASE(pk_chain_test),
	{}
};

static struct kunit_suite pk_suite = {
	.name		= "nvme_c_prp",
	.test_cases	= pk_cases,
};

kunit_test_suite(pk_suite);
