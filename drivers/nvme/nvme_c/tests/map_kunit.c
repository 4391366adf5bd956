// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of SGLs: what a descriptor looks like, and when one is used.
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
	KUNIT_CASE_PARAM(mk_choice_test, mk_choice_gen_params),
	{}
};

static struct kunit_suite mk_suite = {
	.name		= "nvme_c_map",
	.test_cases	= mk_cases,
};

kunit_test_suite(mk_suite);
