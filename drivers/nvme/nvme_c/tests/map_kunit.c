// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of SGLs: what a descriptor looks like, and when one is used; and of lists of
 * pieces that are a page each.
 */
#include <kunit/test.h>
#include <linux/string.h>

#include "../ctrl.h"
#include "../main.h"
#include "../map.h"

/* Descriptors: address, length, three reserved bytes, type and subtype. */

struct mk_desc {
	const char	*name;
	unsigned int	type;
	dma_addr_t	addr;
	unsigned int	bytes;
	u8		wire[16];
};

static const struct mk_desc mk_descs[] = {
	{ "data", 0, 0x0123456789abcdef, 0x00100200,
	  { 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01,
	    0x00, 0x02, 0x10, 0x00, 0, 0, 0, 0x00 } },
	{ "last segment", 3, 0x1000, 256,
	  { 0x00, 0x10, 0, 0, 0, 0, 0, 0, 0x00, 0x01, 0, 0, 0, 0, 0, 0x30 } },
};

KUNIT_ARRAY_PARAM_DESC(mk_desc, mk_descs, name);

static void mk_desc_test(struct kunit *test)
{
	const struct mk_desc *param = test->param_value;
	struct nvme_sgl_desc desc;

	static_assert(sizeof(desc) == sizeof(param->wire));
	memset(&desc, 0xff, sizeof(desc));
	nvmec_sgl_set(&desc, param->type, param->addr, param->bytes);
	KUNIT_EXPECT_MEMEQ(test, (const u8 *)&desc, param->wire, sizeof(desc));
}

/* Lists of as many pieces as there are pages. */

#define MK_MAX_PIECES	3

struct mk_piece {
	dma_addr_t	addr;
	unsigned int	bytes;
};

/**
 * struct mk_single - pieces, and whether they are a page each
 * @name: of the case
 * @pieces: in order; a length of 0 ends them
 * @prps: pages of the transfer
 * @taken: they are; then the entries are the addresses of all but the first
 */
struct mk_single {
	const char	*name;
	struct mk_piece	pieces[MK_MAX_PIECES];
	unsigned int	prps;
	bool		taken;
};

static const struct mk_single mk_singles[] = {
	{ "one", {{ 0x10200, 512 }}, 1, true },
	{ "two", {{ 0x10000, 4096 }, { 0x30000, 4096 }}, 2, true },
	{ "backwards", {{ 0x30000, 4096 }, { 0x20000, 4096 }, { 0x10000, 4096 }}, 3, true },
	{ "first begins in its page", {{ 0x10e00, 512 }, { 0x30000, 4096 }}, 2, true },
	{ "last ends in its page", {{ 0x10000, 4096 }, { 0x30000, 512 }}, 2, true },
	{ "above 4 GiB", {{ 0xfffff000, 4096 }, { 0x7000000000, 4096 }}, 2, true },
	{ "first of two pages", {{ 0x10000, 8192 }, { 0x30000, 4096 }}, 3, false },
	{ "second begins in its page", {{ 0x10000, 4096 }, { 0x30200, 3584 }}, 2, false },
	{ "second begins a dword late", {{ 0x10000, 4096 }, { 0x30004, 4 }}, 2, false },
	{ "first ends in its page", {{ 0x10000, 512 }, { 0x30000, 4096 }}, 2, false },
	{ "first was moved in its page", {{ 0x10200, 4096 }, { 0x30000, 4096 }}, 2, false },
	{ "middle ends in its page",
	  {{ 0x10000, 4096 }, { 0x30000, 4092 }, { 0x50000, 4096 }}, 3, false },
	{ "middle begins in its page",
	  {{ 0x10000, 4096 }, { 0x30004, 4092 }, { 0x50000, 4096 }}, 3, false },
};

KUNIT_ARRAY_PARAM_DESC(mk_single, mk_singles, name);

static void mk_single_test(struct kunit *test)
{
	const struct mk_single *param = test->param_value;
	struct scatterlist sgl[MK_MAX_PIECES];
	struct sg_table segs = { .sgl = sgl };
	__le64 slots[MK_MAX_PIECES] = {};
	unsigned int i;

	sg_init_table(sgl, ARRAY_SIZE(sgl));
	for (i = 0; i < MK_MAX_PIECES && param->pieces[i].bytes; i++) {
		sg_dma_address(&sgl[i]) = param->pieces[i].addr;
		sg_dma_len(&sgl[i]) = param->pieces[i].bytes;
	}
	segs.nents = i;
	KUNIT_ASSERT_EQ(test, nvmec_list_fill_single(&segs, slots, param->prps),
			param->taken);
	for (i = 1; param->taken && i < segs.nents; i++)
		KUNIT_EXPECT_EQ(test, le64_to_cpu(slots[i - 1]), param->pieces[i].addr);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(slots[param->prps - 1]), 0ULL);
}

/**
 * struct mk_choice - a transfer, and whether it gets an SGL
 * @name: of the case
 * @offered: the controller knows SGLs
 * @threshold: bytes of an average piece from which one is used
 * @bytes: of the transfer
 * @segs: pieces of it
 * @sgl: it gets one
 */
struct mk_choice {
	const char	*name;
	bool		offered;
	unsigned int	threshold;
	unsigned int	bytes;
	unsigned int	segs;
	bool		sgl;
};

/* The list that a request has holds 16 descriptors. */
static const struct mk_choice mk_choices[] = {
	{ "one piece, just long enough", true, 32768, 32768, 1, true },
	{ "one piece, too short", true, 32768, 32767, 1, false },
	{ "two pieces, just long enough", true, 32768, 65536, 2, true },
	{ "two pieces, too short", true, 32768, 65535, 2, false },
	{ "16 pieces", true, 32768, 524288, 16, true },
	{ "17 pieces", true, 32768, 4194304, 17, false },
	{ "not offered", false, 32768, 4194304, 1, false },
	{ "not wanted", true, 0, 4194304, 1, false },
	{ "always wanted", true, 1, 512, 1, true },
	{ "always wanted, but too many", true, 1, 69632, 17, false },
};

KUNIT_ARRAY_PARAM_DESC(mk_choice, mk_choices, name);

static void mk_threshold_restore(void *saved)
{
	nvmec_sgl_threshold = (unsigned long)saved;
}

static void mk_choice_test(struct kunit *test)
{
	const struct mk_choice *param = test->param_value;
	struct nvmec_ctrl *ctrl = kunit_kzalloc(test, sizeof(*ctrl),
						GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ctrl);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, mk_threshold_restore,
						  (void *)(unsigned long)nvmec_sgl_threshold));
	nvmec_sgl_threshold = param->threshold;
	ctrl->ident.sgls = param->offered;
	KUNIT_EXPECT_EQ(test, nvmec_wants_sgl(ctrl, param->bytes, param->segs),
			param->sgl);
}

static struct kunit_case mk_cases[] = {
	KUNIT_CASE_PARAM(mk_desc_test, mk_desc_gen_params),
	KUNIT_CASE_PARAM(mk_single_test, mk_single_gen_params),
	KUNIT_CASE_PARAM(mk_choice_test, mk_choice_gen_params),
	{}
};

static struct kunit_suite mk_suite = {
	.name		= "nvme_c_map",
	.test_cases	= mk_cases,
};

kunit_test_suite(mk_suite);
