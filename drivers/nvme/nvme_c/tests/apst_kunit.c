// SPDX-License-Identifier: GPL-2.0
/*
 * The table of power states. An entry is a state in bits 7:3, and milliseconds from bit 8
 * on: 64 times as long as it takes to enter and to leave the state.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/nvme.h>

#include "../apst.h"
#include "../ident.h"

#define AK_ENTRY(to, ms)	((u64)(ms) << 8 | (to) << 3)

struct ak_state {
	bool	idle;
	u32	enter_us;
	u32	leave_us;
};

struct ak_case {
	const char	*name;
	u8		npss;
	struct ak_state	states[6];
	u32		most_us;
	int		ret;
	u64		entries[6];
};

static const struct ak_case ak_cases[] = {
	/* 5000 us and 50000 us, by 64: 320 ms and 3200 ms */
	{ "one after the other", 4,
	  { {}, {}, {}, { true, 2000, 3000 }, { true, 20000, 30000 } }, 100000, 2,
	  { AK_ENTRY(3, 320), AK_ENTRY(3, 320), AK_ENTRY(3, 320), AK_ENTRY(4, 3200) } },
	{ "the second takes too long", 4,
	  { {}, {}, {}, { true, 2000, 3000 }, { true, 20000, 30000 } }, 49999, 1,
	  { AK_ENTRY(3, 320), AK_ENTRY(3, 320), AK_ENTRY(3, 320) } },
	{ "the first does", 2, { {}, { true, 2000, 3000 }, { true, 10, 15 } }, 4999, 1,
	  { AK_ENTRY(2, 2), AK_ENTRY(2, 2) } },
	{ "just not too long", 1, { {}, { true, 2000, 3000 } }, 5000, 1, { AK_ENTRY(1, 320) } },
	{ "both do", 2, { {}, { true, 200, 300 }, { true, 200, 301 } }, 499, 0, {} },
	{ "not allowed", 1, { {}, { true, 1, 0 } }, 0, 0, {} },
	{ "rounded up", 1, { {}, { true, 1, 0 } }, 1, 1, { AK_ENTRY(1, 1) } },
	{ "unknown times", 1, { {}, { true, 0, 0 } }, U32_MAX, 0, {} },
	{ "none executes no commands", 2, { {}, { false, 1, 1 }, {} }, U32_MAX, 0, {} },
	{ "not among them", 0, { {}, { true, 2, 3 } }, U32_MAX, 0, {} },
	/* 120 s by 64 is 7680 s */
	{ "a minute", 1, { {}, { true, 60000000, 60000000 } }, U32_MAX, 1,
	  { AK_ENTRY(1, 7680000) } },
	{ "more than a minute to enter", 1, { {}, { true, 60000001, 1 } }, 100, -EINVAL, {} },
	{ "more to leave", 1, { {}, { true, 1, U32_MAX } }, 100, -EINVAL, {} },
	{ "nowhere to execute commands", 1, { { true, 1, 1 } }, 100, -EINVAL, {} },
	{ "too many", 32, {}, 100, -EINVAL, {} },
};

KUNIT_ARRAY_PARAM_DESC(ak_case, ak_cases, name);

static void ak_table_test(struct kunit *test)
{
	struct nvme_feat_auto_pst *table = kunit_kzalloc(test, sizeof(*table), GFP_KERNEL);
	struct nvmec_ident *ident = kunit_kzalloc(test, sizeof(*ident), GFP_KERNEL);
	struct device *dev = kunit_device_register(test, "nvme_c_apst");
	const struct ak_case *param = test->param_value;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, table);
	KUNIT_ASSERT_NOT_NULL(test, ident);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	ident->npss = param->npss;
	for (i = 0; i < ARRAY_SIZE(param->states); i++) {
		ident->power[i].idle = param->states[i].idle;
		ident->power[i].enter_us = param->states[i].enter_us;
		ident->power[i].leave_us = param->states[i].leave_us;
	}
	KUNIT_ASSERT_EQ(test, nvmec_apst_table(dev, ident, param->most_us, table), param->ret);
	for (i = 0; param->ret >= 0 && i < ARRAY_SIZE(table->entries); i++)
		KUNIT_EXPECT_EQ_MSG(test, le64_to_cpu(table->entries[i]),
				    i < ARRAY_SIZE(param->entries) ? param->entries[i] : 0,
				    "entry %u", i);
}

static struct kunit_case ak_tests[] = {
	KUNIT_CASE_PARAM(ak_table_test, ak_case_gen_params),
	{}
};

static struct kunit_suite ak_suite = {
	.name		= "nvme_c_apst",
	.test_cases	= ak_tests,
};

kunit_test_suite(ak_suite);
