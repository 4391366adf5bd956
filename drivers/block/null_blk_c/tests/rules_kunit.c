// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of rules: lines of text, when a rule hits, which rules an operation meets, and what
 * lies make of it.
 */
#include <kunit/test.h>
#include <linux/kernel.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../cmd.h"
#include "../hold.h"
#include "../lies.h"
#include "../rule.h"
#include "../rules.h"

#define RK_RULES	40
#define RK_SECTORS	200
#define RK_ROUNDS	2000

/* A line, and how its rule is printed, or, for one that is refused, what is to blame */
struct rk_line {
	const char	*text;
	const char	*printed;
	const char	*bad;
};

static const struct rk_line rk_lines[] = {
	{ "add,op=READ,status=IOERR",
	  "id=0,op=READ,start=0,status=IOERR,met=0,hits=0\n" },
	{ "add,status=MEDIUM,op=WRITE,nr_sectors=8,start=0x10",
	  "id=0,op=WRITE,start=16,nr_sectors=8,status=MEDIUM,met=0,hits=0\n" },
	{ "add,op=WRITE+READ+FLUSH,delay_nsec=9,chance=5,seed=3,times=7",
	  "id=0,op=READ+WRITE+FLUSH,start=0,chance=5,seed=3,times=7,delay_nsec=9,met=0,hits=0\n" },
	{ "add,op=READ,delay_nsec=9,space=2",
	  "id=0,op=READ,start=0,space=2,delay_nsec=9,met=0,hits=0\n" },
	{ "add,op=ANY,status=NOSPC,start=18014398509481983",
	  "id=0,op=ANY,start=18014398509481983,status=NOSPC,met=0,hits=0\n" },
	{ "add,op=READ,status=IOERR,start=1,nr_sectors=18014398509481983",
	  "id=0,op=READ,start=1,status=IOERR,met=0,hits=0\n" },
	{ "add,op=READ,status=IOERR,chance=1,times=18446744073709551614,space=0,seed=0",
	  "id=0,op=READ,start=0,times=18446744073709551614,status=IOERR,met=0,hits=0\n" },
	{ "add,op=WRITE+FLUSH,hold",
	  "id=0,op=WRITE+FLUSH,start=0,hold,met=0,hits=0\n" },
	{ "add,op=FLUSH+WRITE,lie=lost",
	  "id=0,op=WRITE+FLUSH,start=0,lie=lost,met=0,hits=0\n" },
	{ "add,lie=misplaced,by=8,op=WRITE",
	  "id=0,op=WRITE,start=0,lie=misplaced,by=8,met=0,hits=0\n" },
	{ "add,op=READ,lie=decay",
	  "id=0,op=READ,start=0,lie=decay,met=0,hits=0\n" },
	{ "add,op=READ,lie=stale,nr_sectors=8",
	  "id=0,op=READ,start=0,nr_sectors=8,lie=stale,met=0,hits=0\n" },
	{ "add,op=WRITE,lie=stale", NULL, "add,op=WRITE,lie=stale" },
	{ "add,op=READ,hold=1", NULL, "hold=1" },
	{ "add,op=READ,holder=1,hold", NULL, "holder=1" },
	{ "add,op=READ,hold,holder=0", NULL, "holder=0" },
	{ "add,op=READ,hold,orphans=IOERR", NULL, "orphans=IOERR" },
	{ "add,op=READ,hold,holder=1,orphans=OK", NULL, "orphans=OK" },
	{ "add,op=READ,hold,holder=1,delay_nsec=5", NULL, "delay_nsec=5" },
	{ "add,op=READ,hold,holder=1,by=5", NULL, "by=5" },
	{ "add,op=READ,hold,delay_nsec=5", NULL, "delay_nsec=5" },
	{ "add,op=READ,hold,lie=decay", NULL, "lie=decay" },
	{ "add,op=READ,lie=lost", NULL, "add,op=READ,lie=lost" },
	{ "add,op=ANY,lie=lost", NULL, "add,op=ANY,lie=lost" },
	{ "add,op=WRITE,lie=bitrot", NULL, "add,op=WRITE,lie=bitrot" },
	{ "add,op=FLUSH,lie=shorn", NULL, "add,op=FLUSH,lie=shorn" },
	{ "add,op=WRITE,lie=misplaced", NULL, "add,op=WRITE,lie=misplaced" },
	{ "add,op=WRITE,by=8,lie=misplaced", NULL, "by=8" },
	{ "add,op=WRITE,lie=lost,by=8", NULL, "by=8" },
	{ "add,op=WRITE,delay_nsec=8,by=8", NULL, "by=8" },
	{ "", NULL, "" },
	{ " add,op=READ,status=IOERR", NULL, " add,op=READ,status=IOERR" },
	{ "add", NULL, "add" },
	{ "add,op=READ", NULL, "add,op=READ" },
	{ "add,status=IOERR", NULL, "add,status=IOERR" },
	{ "add,op=READ,,status=IOERR", NULL, "" },
	{ "add,op,status=IOERR", NULL, "op" },
	{ "add,op=,status=IOERR", NULL, "op=" },
	{ "add,op=read,status=IOERR", NULL, "op=read" },
	{ "add,op=READ+,status=IOERR", NULL, "op=READ+" },
	{ "add,op=READ+FOO+WRITE,status=IOERR", NULL, "op=READ+FOO+WRITE" },
	{ "add,op=READ,status=IOERR,op=READ", NULL, "op=READ" },
	{ "add,op=READ,status=", NULL, "status=" },
	{ "add,op=READ,status=OK", NULL, "status=OK" },
	{ "add,op=READ,status=AGAIN", NULL, "status=AGAIN" },
	{ "add,op=READ,status=IOERR,delay_nsec=5", NULL, "delay_nsec=5" },
	{ "add,op=READ,delay_nsec=18446744073709551615", NULL,
	  "delay_nsec=18446744073709551615" },
	{ "add,op=READ,status=IOERR,start=18014398509481984", NULL,
	  "start=18014398509481984" },
	{ "add,op=READ,status=IOERR,start=2,nr_sectors=18014398509481983", NULL,
	  "add,op=READ,status=IOERR,start=2,nr_sectors=18014398509481983" },
	{ "add,op=READ,status=IOERR,chance=0", NULL, "chance=0" },
	{ "add,op=READ,status=IOERR,times=0", NULL, "times=0" },
	{ "add,op=READ,status=IOERR,times=18446744073709551615", NULL,
	  "times=18446744073709551615" },
	{ "removeall,", NULL, "removeall," },
	{ "remove", NULL, "remove" },
	{ "remove,7", NULL, "remove,7" },
	{ "remove,id=4294967296", NULL, "remove,id=4294967296" },
	{ "remove,id=1,id=2", NULL, "remove,id=1,id=2" },
};

/* Without descriptions: a line feed in one would end its line of the result. */
KUNIT_ARRAY_PARAM(rk_line, rk_lines, NULL);

static void rk_parse_test(struct kunit *test)
{
	struct nbc_rule_line *line = kunit_kzalloc(test, sizeof(*line), GFP_KERNEL);
	const struct rk_line *param = test->param_value;
	char *buf = kunit_kzalloc(test, 2 * NBC_RULE_TEXT_BYTES, GFP_KERNEL);
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, line);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	ret = nbc_rule_parse(param->text, strlen(param->text), line);
	if (!param->printed) {
		KUNIT_EXPECT_EQ(test, ret, -EINVAL);
		KUNIT_EXPECT_STREQ(test, line->bad, param->bad);
		KUNIT_EXPECT_NOT_NULL(test, line->wants);
		return;
	}
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_EQ(test, (int)line->verb, (int)NBC_RULE_ADD);
	ret = nbc_rule_print(&line->rule, buf, 2 * NBC_RULE_TEXT_BYTES);
	KUNIT_EXPECT_EQ(test, ret, strlen(buf));
	KUNIT_EXPECT_STREQ(test, buf, param->printed);
}

static void rk_long_line_test(struct kunit *test)
{
	struct nbc_rule_line *line = kunit_kzalloc(test, sizeof(*line), GFP_KERNEL);
	char text[NBC_RULE_TEXT_BYTES + 1];
	unsigned int len;

	KUNIT_ASSERT_NOT_NULL(test, line);
	memset(text, '0', sizeof(text));
	memcpy(text, "remove,id=", 10);
	for (len = NBC_RULE_TEXT_BYTES - 2; len < sizeof(text); len++)
		KUNIT_EXPECT_EQ(test, nbc_rule_parse(text, len, line),
				len < NBC_RULE_TEXT_BYTES ? 0 : -EINVAL);
}

/* Which of the first 64 operations a rule acts on */
static u64 rk_hits(struct kunit *test, const char *text)
{
	struct nbc_rule_line *line = kunit_kzalloc(test, sizeof(*line), GFP_KERNEL);
	u64 hits = 0;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, line);
	KUNIT_ASSERT_EQ(test, nbc_rule_parse(text, strlen(text), line), 0);
	for (i = 0; i < 64; i++) {
		if (nbc_rule_hits(&line->rule))
			hits |= BIT_ULL(i);
	}
	KUNIT_EXPECT_EQ(test, line->rule.hits, hweight64(hits));
	return hits;
}

static void rk_hits_test(struct kunit *test)
{
	u64 hits = rk_hits(test, "add,op=READ,status=IOERR,chance=4,seed=1");

	KUNIT_EXPECT_EQ(test, rk_hits(test, "add,op=READ,status=IOERR"), U64_MAX);
	KUNIT_EXPECT_EQ(test, rk_hits(test, "add,op=READ,status=IOERR,times=3"), 7);
	KUNIT_EXPECT_EQ(test, rk_hits(test, "add,op=READ,status=IOERR,space=60"),
			GENMASK_ULL(63, 60));
	KUNIT_EXPECT_EQ(test, rk_hits(test, "add,op=READ,status=IOERR,space=2,times=1"), 4);
	/* A quarter, which a fair draw misses by more once in a million seeds */
	KUNIT_EXPECT_GT(test, hweight64(hits), 3);
	KUNIT_EXPECT_LT(test, hweight64(hits), 34);
	KUNIT_EXPECT_EQ(test, hits, rk_hits(test, "add,op=READ,status=IOERR,chance=4,seed=1"));
	KUNIT_EXPECT_NE(test, hits, rk_hits(test, "add,op=READ,status=IOERR,chance=4,seed=2"));
	KUNIT_EXPECT_NE(test, hits,
			rk_hits(test, "add,op=READ,status=IOERR,chance=4,seed=1,start=8"));
}

/* An order about what waits */
struct rk_order {
	const char		*text;
	int			ret;
	struct nbc_hold_order	order;
};

static const struct rk_order rk_orders[] = {
	{ "release 1\n", 0, { .id = 1 } },
	{ "release all", 0, { .all = true } },
	{ "fail 0x10 IOERR\n", 0, { .id = 16, .status = BLK_STS_IOERR } },
	{ "fail all MEDIUM", 0, { .all = true, .status = BLK_STS_MEDIUM } },
	{ "", -EINVAL },
	{ "\n", -EINVAL },
	{ "release", -EINVAL },
	{ "release ", -EINVAL },
	{ "release  all", -EINVAL },
	{ "release x", -EINVAL },
	{ "release 1 2", -EINVAL },
	{ "release 18446744073709551616", -EINVAL },
	{ "fail 1", -EINVAL },
	{ "fail all OK", -EINVAL },
	{ "fail all IOERR IOERR", -EINVAL },
	{ "hold 1", -EINVAL },
	{ "release 00000000000000000000000000000000000000000000000000000000001", -EINVAL },
};

static void rk_order_test(struct kunit *test)
{
	const struct rk_order *param = rk_orders;

	for (; param < rk_orders + ARRAY_SIZE(rk_orders); param++) {
		struct nbc_hold_order order = {};

		KUNIT_EXPECT_EQ_MSG(test, nbc_hold_parse(param->text, &order), param->ret,
				    "%s", param->text);
		if (param->ret)
			continue;
		KUNIT_EXPECT_EQ(test, order.all, param->order.all);
		KUNIT_EXPECT_EQ(test, order.id, param->order.id);
		KUNIT_EXPECT_EQ(test, order.status, param->order.status);
	}
}

/* What is done of a write of 16 sectors at sector 32 of a disk of 64 */
static struct nbc_cmd rk_lie(struct kunit *test, struct nbc_verdict verdict, bool does)
{
	struct nbc_cmd seems = {
		.op = REQ_OP_WRITE, .pos = 32 << 9, .len = 16 << 9, .done = 16 << 9,
	};
	struct nbc_lying lying = { .seems = &seems, .verdict = &verdict };
	struct nbc_cmd cmd = seems;

	KUNIT_EXPECT_EQ(test, nbc_lie_begin(&lying, NULL, NULL, 4096, 64 << 9, &cmd), does);
	KUNIT_EXPECT_EQ(test, lying.entry.first, 32);
	KUNIT_EXPECT_EQ(test, lying.entry.nr_sects, 16);
	return cmd;
}

static void rk_lie_test(struct kunit *test)
{
	struct nbc_verdict verdict = { .rule = 1, .lies = true, .lie = NBC_LIE_SHORN };
	struct nbc_cmd cmd;
	u64 by;

	/* Of two blocks, none or one are written. */
	for (verdict.draw = 0; verdict.draw < 9; verdict.draw++) {
		cmd = rk_lie(test, verdict, true);
		KUNIT_EXPECT_EQ(test, cmd.done, verdict.draw % 2 * 4096);
		KUNIT_EXPECT_EQ(test, cmd.pos, 32 << 9);
	}
	/* By a whole number of blocks, and never beyond the end. */
	verdict.lie = NBC_LIE_MISPLACED;
	for (by = 1; by < 200; by++) {
		verdict.by = by;
		cmd = rk_lie(test, verdict, true);
		KUNIT_EXPECT_EQ(test, cmd.pos % 4096, 0);
		KUNIT_EXPECT_LE(test, cmd.pos + cmd.done, 64 << 9);
		KUNIT_EXPECT_EQ(test, cmd.done, 16 << 9);
	}
	verdict.by = 8;
	cmd = rk_lie(test, verdict, true);
	KUNIT_EXPECT_EQ(test, cmd.pos, 40 << 9);
	verdict.lie = NBC_LIE_LOST;
	rk_lie(test, verdict, false);
}

/* Rules that are in the set, by number; those that are not have no length */
struct rk_model {
	u64	first;
	u64	nr;
};

static struct nbc_rules *rk_rules(struct kunit *test)
{
	struct nbc_rules *rules = kunit_kzalloc(test, sizeof(*rules), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rules);
	nbc_rules_create(rules);
	return rules;
}

static void rk_change(struct kunit *test, struct nbc_rules *rules, const char *text)
{
	KUNIT_EXPECT_EQ(test, nbc_rules_change(rules, "kunit", text), strlen(text));
}

/* The rule of the lowest sector that meets a range, of equal ones the oldest; or 0 */
static u32 rk_expected(const struct rk_model *model, u32 nr, u64 first, u64 last)
{
	u32 id, found = 0;

	for (id = 1; id <= nr; id++) {
		if (!model[id].nr || model[id].first > last ||
		    model[id].first + model[id].nr - 1 < first)
			continue;
		if (!found || model[id].first < model[found].first)
			found = id;
	}
	return found;
}

static void rk_meets_test(struct kunit *test)
{
	struct rk_model *model = kunit_kcalloc(test, RK_ROUNDS + 1, sizeof(*model), GFP_KERNEL);
	struct nbc_rules *rules = rk_rules(test);
	struct nbc_verdict verdict;
	struct rnd_state rnd;
	u32 nr = 0, id, i;
	char text[64];

	KUNIT_ASSERT_NOT_NULL(test, model);
	prandom_seed_state(&rnd, 20);
	for (i = 0; i < RK_ROUNDS; i++) {
		struct nbc_cmd cmd = { .op = REQ_OP_READ };
		u64 first = prandom_u32_state(&rnd) % RK_SECTORS;
		u64 len = 1 + prandom_u32_state(&rnd) % 9;

		if (rules->nr < RK_RULES && prandom_u32_state(&rnd) % 3) {
			model[++nr] = (struct rk_model) { first, len };
			snprintf(text, sizeof(text),
				 "add,op=READ,start=%llu,nr_sectors=%llu,status=IOERR",
				 first, len);
			rk_change(test, rules, text);
		} else if (nr) {
			id = 1 + prandom_u32_state(&rnd) % nr;
			snprintf(text, sizeof(text), "remove,id=%u", id);
			KUNIT_EXPECT_EQ(test, nbc_rules_change(rules, "kunit", text),
					model[id].nr ? (int)strlen(text) : -ENOENT);
			model[id].nr = 0;
		}
		cmd.pos = (prandom_u32_state(&rnd) % RK_SECTORS) << SECTOR_SHIFT;
		cmd.len = (1 + prandom_u32_state(&rnd) % 20) << SECTOR_SHIFT;
		id = rk_expected(model, nr, cmd.pos >> SECTOR_SHIFT,
				 ((cmd.pos + cmd.len) >> SECTOR_SHIFT) - 1);
		KUNIT_ASSERT_EQ(test, nbc_rules_judge(rules, &cmd, &verdict), !!id);
		if (id)
			KUNIT_ASSERT_EQ(test, verdict.rule, id);
		cmd.op = REQ_OP_WRITE;
		KUNIT_ASSERT_FALSE(test, nbc_rules_judge(rules, &cmd, &verdict));
	}
	nbc_rules_destroy(rules);
}

static void rk_verdict_test(struct kunit *test)
{
	struct nbc_cmd cmd = { .op = REQ_OP_WRITE, .pos = 8 << 9, .len = 8 << 9 };
	struct nbc_cmd flush = { .op = REQ_OP_FLUSH, .pos = U64_MAX };
	struct nbc_rules *rules = rk_rules(test);
	struct nbc_verdict verdict;

	rk_change(test, rules, "add,op=ANY,delay_nsec=5\n"
		  "add,op=WRITE,start=9,nr_sectors=1,delay_nsec=7\n"
		  "add,op=WRITE,start=12,status=MEDIUM\n"
		  "add,op=WRITE,start=13,delay_nsec=100\n");
	KUNIT_EXPECT_TRUE(test, nbc_rules_judge(rules, &cmd, &verdict));
	KUNIT_EXPECT_EQ(test, verdict.delay_nsec, 12);
	KUNIT_EXPECT_EQ(test, verdict.status, BLK_STS_MEDIUM);
	KUNIT_EXPECT_EQ(test, verdict.rule, 3);
	KUNIT_EXPECT_TRUE(test, nbc_rules_judge(rules, &flush, &verdict));
	KUNIT_EXPECT_EQ(test, verdict.delay_nsec, 5);
	KUNIT_EXPECT_EQ(test, verdict.status, BLK_STS_OK);
	rk_change(test, rules, "remove,id=1");
	KUNIT_EXPECT_FALSE(test, nbc_rules_judge(rules, &flush, &verdict));
	rk_change(test, rules, "removeall");
	KUNIT_EXPECT_FALSE(test, nbc_rules_judge(rules, &cmd, &verdict));
	KUNIT_EXPECT_EQ(test, rules->nr, 0);
	nbc_rules_destroy(rules);
}

static void rk_several_lines_test(struct kunit *test)
{
	static const char good[] = "add,op=READ,status=IOERR\n";
	struct nbc_rules *rules = rk_rules(test);
	char *text = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, text);
	/* What comes before a bad line is taken. */
	snprintf(text, PAGE_SIZE, "%sbad\nremoveall\n", good);
	KUNIT_EXPECT_EQ(test, nbc_rules_change(rules, "kunit", text), strlen(good));
	KUNIT_EXPECT_EQ(test, nbc_rules_change(rules, "kunit", text + strlen(good)), -EINVAL);
	KUNIT_EXPECT_EQ(test, rules->nr, 1);
	/* A text of the greatest length was cut, maybe in the middle of a line. */
	*text = '\0';
	while (strlen(text) + strlen(good) < 4095)
		strcat(text, good);
	strncat(text, good, 4095 - strlen(text));
	KUNIT_ASSERT_EQ(test, strlen(text), 4095);
	KUNIT_EXPECT_EQ(test, nbc_rules_change(rules, "kunit", text), 4095);
	KUNIT_EXPECT_EQ(test, rules->nr, 1 + 4095 / strlen(good));
	/* The rest of that line, in two parts. */
	KUNIT_EXPECT_EQ(test, nbc_rules_change(rules, "kunit", "OE"), 2);
	KUNIT_EXPECT_EQ(test, rules->nr, 1 + 4095 / strlen(good));
	rk_change(test, rules, "RR\n");
	KUNIT_EXPECT_EQ(test, rules->nr, 2 + 4095 / strlen(good));
	/* Their list is cut, too. */
	KUNIT_EXPECT_LT(test, nbc_rules_print(rules, text), 4096);
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, " more\n"));
	nbc_rules_destroy(rules);
}

/* An operation meets more rules than are met under the lock at a time: each, and once. */
static void rk_many_test(struct kunit *test)
{
	const struct nbc_cmd discard = { .op = REQ_OP_DISCARD, .pos = 8 << 9, .len = 4000 << 9 };
	const struct nbc_cmd read = { .op = REQ_OP_READ, .pos = 8 << 9, .len = 4000 << 9 };
	struct nbc_rules *rules = rk_rules(test);
	struct nbc_verdict verdict;
	char text[64];
	u32 i;

	/* Some begin before it, and several at the same sector. */
	for (i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "add,op=DISCARD,start=%u,nr_sectors=9,delay_nsec=3",
			 i / 3 * 4);
		rk_change(test, rules, text);
	}
	KUNIT_EXPECT_FALSE(test, nbc_rules_judge(rules, &read, &verdict));
	for (i = 1; i <= 3; i++) {
		KUNIT_EXPECT_TRUE(test, nbc_rules_judge(rules, &discard, &verdict));
		KUNIT_EXPECT_EQ(test, verdict.delay_nsec, 3000);
		KUNIT_EXPECT_EQ(test, verdict.rule, 1000);
	}
	rk_change(test, rules, "add,op=READ,status=IOERR");
	KUNIT_EXPECT_TRUE(test, nbc_rules_judge(rules, &read, &verdict));
	KUNIT_EXPECT_EQ(test, verdict.rule, 1001);
	rk_change(test, rules, "remove,id=1001");
	KUNIT_EXPECT_FALSE(test, nbc_rules_judge(rules, &read, &verdict));
	rk_change(test, rules, "removeall");
	KUNIT_EXPECT_FALSE(test, nbc_rules_judge(rules, &discard, &verdict));
	KUNIT_EXPECT_EQ(test, rules->ops, 0);
	nbc_rules_destroy(rules);
}

static struct kunit_case rk_cases[] = {
	KUNIT_CASE_PARAM(rk_parse_test, rk_line_gen_params),
	KUNIT_CASE(rk_long_line_test),
	KUNIT_CASE(rk_hits_test),
	KUNIT_CASE(rk_order_test),
	KUNIT_CASE(rk_lie_test),
	KUNIT_CASE(rk_meets_test),
	KUNIT_CASE(rk_verdict_test),
	KUNIT_CASE(rk_several_lines_test),
	KUNIT_CASE(rk_many_test),
	{}
};

static struct kunit_suite rk_suite = {
	.name = "null_blk_c_rules",
	.test_cases = rk_cases,
};

kunit_test_suite(rk_suite);
