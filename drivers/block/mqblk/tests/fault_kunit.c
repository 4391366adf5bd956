// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of faults on purpose: which calls hit, and what sets them.
 */
#include <kunit/test.h>
#include <linux/mqblk.h>
#include <linux/string.h>

/* Calls of one fault after another; x is a hit, a dot none. */
struct fk_calls {
	const char	*name;
	const char	*text;
	const char	*hits;
};

static const struct fk_calls fk_calls[] = {
	/* interval, probability, space, times */
	{ "off",			"1,0,0,-1",	"......" },
	{ "always",			"1,100,0,-1",	"xxxxxx" },
	{ "twice",			"1,100,0,2",	"xx...." },
	{ "never any more",		"1,100,0,0",	"......" },
	{ "after a space",		"1,100,3,-1",	"...xxx" },
	{ "every second",		"2,100,0,-1",	".x.x.x" },
	{ "every third, once",		"3,100,0,1",	"..x..." },
	{ "space before interval",	"2,100,1,-1",	"..x.x." },
};

KUNIT_ARRAY_PARAM_DESC(fk_calls, fk_calls, name);

static void fk_calls_test(struct kunit *test)
{
	const struct fk_calls *param = test->param_value;
	struct mqblk_fault fault;
	int i;

	mqblk_fault_init(&fault);
	KUNIT_ASSERT_EQ(test, 0, mqblk_fault_setup(&fault, param->text));
	for (i = 0; param->hits[i]; i++)
		KUNIT_EXPECT_EQ_MSG(test, param->hits[i] == 'x',
				    mqblk_fault_hits(&fault, "test"),
				    "call %d", i);
}

/* The dice: of 10,000 calls at 30 % some 3,000, by 10 standard deviations */
static void fk_probability_test(struct kunit *test)
{
	struct mqblk_fault fault;
	int i, hits = 0;

	mqblk_fault_init(&fault);
	KUNIT_ASSERT_EQ(test, 0, mqblk_fault_setup(&fault, "1,30,0,-1"));
	for (i = 0; i < 10000; i++)
		hits += mqblk_fault_hits(&fault, "test");
	KUNIT_EXPECT_GT(test, hits, 2540);
	KUNIT_EXPECT_LT(test, hits, 3460);
}

static void fk_init_test(struct kunit *test)
{
	struct mqblk_fault fault;

	mqblk_fault_init(&fault);
	KUNIT_EXPECT_FALSE(test, mqblk_fault_armed(&fault));
	KUNIT_EXPECT_FALSE(test, mqblk_fault_hits(&fault, "test"));
	fault.probability = 100;
	KUNIT_EXPECT_TRUE(test, mqblk_fault_armed(&fault));
	fault.verbose = 0;
	KUNIT_EXPECT_TRUE(test, mqblk_fault_hits(&fault, "test"));
	KUNIT_EXPECT_FALSE(test, mqblk_fault_armed(&fault));
}

static const char * const fk_bad_texts[] = {
	"", "1", "1,2,3", "1,2,3,4,5", "1,2,3,4x", "x,2,3,4", "0,1,0,1",
	"-1,1,0,1", "1,-1,0,1", "1,101,0,1", "1,1,-1,1", "1,1,0,-2",
};

static void fk_bad_text_test(struct kunit *test)
{
	struct mqblk_fault fault, before;
	int i;

	mqblk_fault_init(&fault);
	KUNIT_ASSERT_EQ(test, 0, mqblk_fault_setup(&fault, "5,6,7,8"));
	before = fault;
	for (i = 0; i < ARRAY_SIZE(fk_bad_texts); i++) {
		KUNIT_EXPECT_EQ_MSG(test, -EINVAL,
				    mqblk_fault_setup(&fault, fk_bad_texts[i]),
				    "\"%s\"", fk_bad_texts[i]);
		KUNIT_EXPECT_MEMEQ(test, &before, &fault, sizeof(fault));
	}
}

static struct kunit_case fk_cases[] = {
	KUNIT_CASE_PARAM(fk_calls_test, fk_calls_gen_params),
	KUNIT_CASE(fk_probability_test),
	KUNIT_CASE(fk_init_test),
	KUNIT_CASE(fk_bad_text_test),
	{}
};

static struct kunit_suite fk_suite = {
	.name		= "mqblk_fault",
	.test_cases	= fk_cases,
};

kunit_test_suite(fk_suite);
