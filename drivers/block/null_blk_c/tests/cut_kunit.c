// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of power cuts: what a policy and a seed spare.
 */
#include <kunit/test.h>
#include <linux/bitops.h>
#include <linux/kernel.h>

#include "../cut.h"

#define CK_WRITES	9
#define CK_BLOCKS	5
#define CK_SEEDS	1000

/* A text, and what it means; no policy for one that is refused */
struct ck_text {
	const char	*text;
	int		policy;
	u64		seed;
};

static const struct ck_text ck_texts[] = {
	{ "lost", NBC_CUT_LOST, 0 },
	{ "kept\n", NBC_CUT_KEPT, 0 },
	{ "prefix 7", NBC_CUT_PREFIX, 7 },
	{ " torn  0x10\n", NBC_CUT_TORN, 16 },
	{ "subset 18446744073709551615", NBC_CUT_SUBSET, U64_MAX },
	{ "blocks 0", NBC_CUT_BLOCKS, 0 },
	{ "", -1 },
	{ "\n", -1 },
	{ "7", -1 },
	{ "los", -1 },
	{ "lost?", -1 },
	{ "Lost", -1 },
	{ "prefix seven", -1 },
	{ "prefix -1", -1 },
	{ "prefix 18446744073709551616", -1 },
	{ "prefix 7 8", -1 },
	{ "prefix 0000000000000000000000000000000000000000000000000000000000007", -1 },
};

/* Without descriptions: a line feed in one would end its line of the result. */
KUNIT_ARRAY_PARAM(ck_text, ck_texts, NULL);

static void ck_parse_test(struct kunit *test)
{
	const struct ck_text *param = test->param_value;
	struct nbc_cut cut = { .policy = NBC_NR_CUT_POLICIES, .seed = 42 };

	if (param->policy < 0) {
		KUNIT_EXPECT_EQ(test, nbc_cut_parse(param->text, &cut), -EINVAL);
		KUNIT_EXPECT_EQ(test, (int)cut.policy, (int)NBC_NR_CUT_POLICIES);
		KUNIT_EXPECT_EQ(test, cut.seed, 42);
		return;
	}
	KUNIT_EXPECT_EQ(test, nbc_cut_parse(param->text, &cut), 0);
	KUNIT_EXPECT_EQ(test, (int)cut.policy, param->policy);
	KUNIT_EXPECT_EQ(test, cut.seed, param->seed);
}

/* The blocks of a write that are spared, a bit for each. */
static unsigned long ck_spared(const struct nbc_cut *cut, unsigned int write)
{
	unsigned long spared = 0;
	unsigned int block;

	for (block = 0; block < CK_BLOCKS; block++) {
		if (nbc_cut_spares(cut, CK_WRITES, write, block))
			spared |= BIT(block);
	}
	return spared;
}

static void ck_all_or_nothing_test(struct kunit *test)
{
	struct nbc_cut cut = { .policy = NBC_CUT_LOST, .seed = 3 };
	unsigned int write;

	for (write = 0; write < CK_WRITES; write++)
		KUNIT_EXPECT_EQ(test, ck_spared(&cut, write), 0);
	cut.policy = NBC_CUT_KEPT;
	for (write = 0; write < CK_WRITES; write++)
		KUNIT_EXPECT_EQ(test, ck_spared(&cut, write), GENMASK(CK_BLOCKS - 1, 0));
}

/* How many of the first writes are whole, and that nothing comes after those. */
static unsigned int ck_prefix(struct kunit *test, const struct nbc_cut *cut)
{
	unsigned int write = 0, nr;

	while (write < CK_WRITES && ck_spared(cut, write) == GENMASK(CK_BLOCKS - 1, 0))
		write++;
	nr = write;
	if (cut->policy == NBC_CUT_TORN)
		write++;
	for (; write < CK_WRITES; write++)
		KUNIT_EXPECT_EQ(test, ck_spared(cut, write), 0);
	return nr;
}

/* Each length of a prefix is as likely: 100 of 1000 seeds, more or less. */
static void ck_prefix_test(struct kunit *test)
{
	struct nbc_cut cut = { .policy = NBC_CUT_PREFIX };
	unsigned int seen[CK_WRITES + 1] = {};
	unsigned int i;

	for (cut.seed = 0; cut.seed < CK_SEEDS; cut.seed++)
		seen[ck_prefix(test, &cut)]++;
	for (i = 0; i <= CK_WRITES; i++) {
		KUNIT_EXPECT_GT(test, seen[i], 60);
		KUNIT_EXPECT_LT(test, seen[i], 140);
	}
}

/* Some of the writes at the end are torn, and each block by itself. */
static void ck_torn_test(struct kunit *test)
{
	struct nbc_cut cut = { .policy = NBC_CUT_TORN };
	unsigned int blocks = 0, torn = 0;
	unsigned int nr;

	for (cut.seed = 0; cut.seed < CK_SEEDS; cut.seed++) {
		nr = ck_prefix(test, &cut);
		if (nr == CK_WRITES)
			continue;
		torn++;
		blocks += hweight_long(ck_spared(&cut, nr));
	}
	/* Whole ones count as part of the prefix, so it is a little less than half. */
	KUNIT_EXPECT_GT(test, torn, CK_SEEDS / 2);
	KUNIT_EXPECT_GT(test, blocks, torn * CK_BLOCKS * 40 / 100);
	KUNIT_EXPECT_LT(test, blocks, torn * CK_BLOCKS * 55 / 100);
}

/* Half of the writes, or of the blocks; whole writes, or not. */
static void ck_chance_test(struct kunit *test)
{
	struct nbc_cut cut = { .policy = NBC_CUT_SUBSET };
	unsigned int whole = 0, blocks = 0;
	unsigned int write;

	for (cut.seed = 0; cut.seed < CK_SEEDS; cut.seed++) {
		for (write = 0; write < CK_WRITES; write++) {
			unsigned long spared = ck_spared(&cut, write);

			whole += !!spared;
			if (spared)
				KUNIT_EXPECT_EQ(test, spared, GENMASK(CK_BLOCKS - 1, 0));
		}
	}
	cut.policy = NBC_CUT_BLOCKS;
	for (cut.seed = 0; cut.seed < CK_SEEDS; cut.seed++) {
		for (write = 0; write < CK_WRITES; write++)
			blocks += hweight_long(ck_spared(&cut, write));
	}
	KUNIT_EXPECT_GT(test, whole, CK_SEEDS * CK_WRITES * 45 / 100);
	KUNIT_EXPECT_LT(test, whole, CK_SEEDS * CK_WRITES * 55 / 100);
	KUNIT_EXPECT_GT(test, blocks, CK_SEEDS * CK_WRITES * CK_BLOCKS * 45 / 100);
	KUNIT_EXPECT_LT(test, blocks, CK_SEEDS * CK_WRITES * CK_BLOCKS * 55 / 100);
}

/* A seed leaves the same each time, and another one something else. */
static void ck_same_test(struct kunit *test)
{
	struct nbc_cut cut = { .policy = NBC_CUT_BLOCKS, .seed = 1 };
	unsigned long spared[4];
	unsigned int write;

	for (write = 0; write < ARRAY_SIZE(spared); write++)
		spared[write] = ck_spared(&cut, write);
	for (write = 0; write < ARRAY_SIZE(spared); write++)
		KUNIT_EXPECT_EQ(test, ck_spared(&cut, write), spared[write]);
	cut.seed = 2;
	for (write = 0; write < ARRAY_SIZE(spared); write++) {
		if (ck_spared(&cut, write) != spared[write])
			return;
	}
	KUNIT_FAIL(test, "two seeds leave the same of %u writes", write);
}

static struct kunit_case ck_cases[] = {
	KUNIT_CASE_PARAM(ck_parse_test, ck_text_gen_params),
	KUNIT_CASE(ck_all_or_nothing_test),
	KUNIT_CASE(ck_prefix_test),
	KUNIT_CASE(ck_torn_test),
	KUNIT_CASE(ck_chance_test),
	KUNIT_CASE(ck_same_test),
	{}
};

static struct kunit_suite ck_suite = {
	.name		= "null_blk_c_cut",
	.test_cases	= ck_cases,
};

kunit_test_suite(ck_suite);
