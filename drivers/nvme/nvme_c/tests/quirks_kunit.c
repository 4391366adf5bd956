// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of quirks: what the parameter may say, which devices have which, and what
 * follows from it. What is refused is logged in one line.
 */
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/string.h>

#include "../counts.h"
#include "../ctrl.h"
#include "../quirks.h"

/**
 * struct qk_text - a text of the parameter
 * @name: of the case
 * @text: it
 * @ret: number of rules, or the errno; there is room for 3
 */
struct qk_text {
	const char	*name;
	const char	*text;
	int		ret;
};

static const struct qk_text qk_texts[] = {
	{ "one", "1b36:0010:no_sgl", 1 },
	{ "letters", "ABCD:abcd:no_sgl", 1 },
	{ "two of a device", "1b36:0010:no_sgl,no_descs", 2 },
	{ "two devices", "1b36:0010:no_sgl,1cc1:8201:^bogus_ids", 2 },
	{ "as many as there is room for", "1b36:0010:no_sgl,no_descs,no_discard", 3 },
	{ "one more", "1b36:0010:no_sgl,no_descs,no_discard,no_sgl", -EINVAL },
	{ "nothing", "", -EINVAL },
	{ "a name alone", "no_sgl", -EINVAL },
	{ "no such name", "1b36:0010:no_such", -EINVAL },
	{ "no name", "1b36:0010:", -EINVAL },
	{ "half a name", "1b36:0010:no_", -EINVAL },
	{ "no device", "1b36:no_sgl", -EINVAL },
	{ "an empty device", "1b36::no_sgl", -EINVAL },
	{ "too short", "1b36:10:no_sgl", -EINVAL },
	{ "too long", "1b36:00010:no_sgl", -EINVAL },
	{ "no digits", "1b36:001g:no_sgl", -EINVAL },
	{ "a sign", "1b36:+010:no_sgl", -EINVAL },
	{ "one part more", "1b36:0010:no_sgl:no_descs", -EINVAL },
	{ "an end that is none", "1b36:0010:no_sgl,", -EINVAL },
	{ "twice not", "1b36:0010:^^no_sgl", -EINVAL },
	{ "a blank", "1b36:0010: no_sgl", -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(qk_text, qk_texts, name);

static void qk_text_test(struct kunit *test)
{
	const struct qk_text *param = test->param_value;
	struct nvmec_quirk_rule rules[3];

	KUNIT_EXPECT_EQ(test, nvmec_quirks_parse(param->text, rules, 3),
			param->ret);
}

/**
 * struct qk_device - a device, and what the user said
 * @name: of the case
 * @vendor: PCI vendor
 * @device: PCI device
 * @subvendor: PCI subsystem vendor
 * @text: of the parameter, or NULL
 * @quirks: what comes of it
 */
struct qk_device {
	const char	*name;
	u16		vendor;
	u16		device;
	u16		subvendor;
	const char	*text;
	unsigned long	quirks;
};

#define QK_BOGUS	BIT(NVMEC_QUIRK_BOGUS_IDS)
#define QK_SGL		BIT(NVMEC_QUIRK_NO_SGL)
#define QK_DESCS	BIT(NVMEC_QUIRK_NO_DESCS)

static const struct qk_device qk_devices[] = {
	{ "unknown", 0x1b36, 0x0010, 0x1af4, NULL, 0 },
	{ "known", 0x1cc1, 0x8201, 0x1cc1, NULL, QK_BOGUS },
	{ "known by its subsystem", 0x8086, 0x0a54, 0x108e, NULL, QK_BOGUS },
	{ "of another subsystem", 0x8086, 0x0a54, 0x8086, NULL, 0 },
	{ "the user adds one", 0x1cc1, 0x8201, 0, "1cc1:8201:no_sgl",
	  QK_BOGUS | QK_SGL },
	{ "and takes one", 0x1cc1, 0x8201, 0, "1cc1:8201:^bogus_ids", 0 },
	{ "the last word", 0x1b36, 0x0010, 0, "1b36:0010:^no_sgl,no_sgl", QK_SGL },
	{ "two", 0x1b36, 0x0010, 0, "1b36:0010:no_sgl,no_descs",
	  QK_SGL | QK_DESCS },
	{ "another's", 0x1b36, 0x0011, 0, "1b36:0010:no_sgl", 0 },
};

KUNIT_ARRAY_PARAM_DESC(qk_device, qk_devices, name);

static void qk_device_test(struct kunit *test)
{
	const struct qk_device *param = test->param_value;
	struct nvmec_quirk_rule rules[3];
	int nr = 0;

	if (param->text)
		nr = nvmec_quirks_parse(param->text, rules, 3);
	KUNIT_ASSERT_GE(test, nr, 0);
	KUNIT_EXPECT_EQ(test, nvmec_quirks_of(param->vendor, param->device,
					      param->subvendor, rules, nr),
			param->quirks);
}

static void qk_ident_test(struct kunit *test)
{
	struct nvmec_ctrl *ctrl = kunit_kzalloc(test, sizeof(*ctrl), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ctrl);
	ctrl->ident.max_zeroes_bytes = 4096;
	ctrl->ident.max_ranges = 256;
	ctrl->ident.sgls = true;
	ctrl->ident.oacs = 0x0102;
	nvmec_quirks_ident(ctrl);
	KUNIT_EXPECT_EQ(test, ctrl->ident.max_zeroes_bytes, 4096);
	KUNIT_EXPECT_EQ(test, ctrl->ident.max_ranges, 256);
	KUNIT_EXPECT_TRUE(test, ctrl->ident.sgls);
	KUNIT_EXPECT_EQ(test, ctrl->ident.oacs, 0x0102);
	ctrl->quirks = BIT(NVMEC_NR_QUIRKS) - 1;
	nvmec_quirks_ident(ctrl);
	KUNIT_EXPECT_EQ(test, ctrl->ident.max_zeroes_bytes, 0);
	KUNIT_EXPECT_EQ(test, ctrl->ident.max_ranges, 0);
	KUNIT_EXPECT_FALSE(test, ctrl->ident.sgls);
	KUNIT_EXPECT_EQ(test, ctrl->ident.oacs, 0x0002);
}

/* 16384 requests together, but 64 in each queue if that is more */
static void qk_depth_test(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, nvmec_bounded_depth(1023, 1), 1023);
	KUNIT_EXPECT_EQ(test, nvmec_bounded_depth(1023, 16), 1023);
	KUNIT_EXPECT_EQ(test, nvmec_bounded_depth(1023, 64), 256);
	KUNIT_EXPECT_EQ(test, nvmec_bounded_depth(1023, 256), 64);
	KUNIT_EXPECT_EQ(test, nvmec_bounded_depth(1023, 4096), 64);
	KUNIT_EXPECT_EQ(test, nvmec_bounded_depth(7, 4096), 7);
	KUNIT_EXPECT_EQ(test, nvmec_bounded_depth(4095, 4), 4095);
	KUNIT_EXPECT_EQ(test, nvmec_bounded_depth(4095, 8), 2048);
}

static struct kunit_case qk_cases[] = {
	KUNIT_CASE_PARAM(qk_text_test, qk_text_gen_params),
	KUNIT_CASE_PARAM(qk_device_test, qk_device_gen_params),
	KUNIT_CASE(qk_ident_test),
	KUNIT_CASE(qk_depth_test),
	{}
};

static struct kunit_suite qk_suite = {
	.name		= "nvme_c_quirks",
	.test_cases	= qk_cases,
};

kunit_test_suite(qk_suite);
