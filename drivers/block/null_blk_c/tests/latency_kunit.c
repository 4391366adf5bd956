// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of latency models: texts, distributions, channels, buffer and stalls. All times are
 * made up.
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "../cmd.h"
#include "../latency.h"
#include "../model.h"

#define LK_START_NS	(1000LL * NSEC_PER_SEC)
#define LK_DRAWS	1000000

static void lk_free(void *model)
{
	nbc_model_free(model);
}

/* A model of @text, between its first and its last line */
static struct nbc_model *lk_model(struct kunit *test, const char *text)
{
	char *whole = kunit_kzalloc(test, NBC_MODEL_TEXT_BYTES, GFP_KERNEL);
	struct nbc_model_fault fault = {};
	struct nbc_model *model;

	KUNIT_ASSERT_NOT_NULL(test, whole);
	snprintf(whole, NBC_MODEL_TEXT_BYTES, "latency 1\n%s\nend\n", text);
	model = nbc_model_parse(whole, &fault);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(model), "%ld: line %u: %.*s: %s", PTR_ERR(model),
			       fault.line, fault.len, fault.at, fault.wants);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, lk_free, model));
	nbc_model_restart(model, LK_START_NS);
	return model;
}

/* How long after @at an operation completes */
static s64 lk_takes(struct nbc_model *model, enum req_op op, u64 pos, unsigned int len, s64 at)
{
	const struct nbc_cmd cmd = {
		.op	= op,
		.pos	= pos,
		.len	= len,
		.came	= at,
	};

	return nbc_model_due(model, &cmd) - at;
}

/*
 * Distributions, and by hand: percentiles, mean and deviation. A lognormal one with a median
 * m and a 99th percentile of 5m has s = ln 5 / 2.32635 = 0.69184: p99.9 is m * exp(3.09023 s),
 * the mean m * exp(s^2 / 2), the deviation mean * sqrt(exp(s^2) - 1).
 */
struct lk_dist {
	const char	*text;
	u64		p50;
	u64		p99;
	u64		p999;
	u64		mean;
	u64		deviation;
};

static const struct lk_dist lk_dists[] = {
	{ "op=READ fixed=80000", 80000, 80000, 80000, 80000, 0 },
	{ "op=READ normal=1000000,100000", 1000000, 1232635, 1309023, 1000000, 100000 },
	{ "op=READ lognormal=100000,500000", 100000, 500000, 848100, 127040, 99540 },
	/* Flat where it is looked at; the mean is that of each part times its share. */
	{ "op=READ percentiles=49:8000,51:8000,98.9:12000,99.1:12000,99.8:30000,99.96:30000",
	  8000, 12000, 30000, 3920 + 160 + 4790 + 24 + 147 + 60, 0 },
};

static void lk_dist_name(const struct lk_dist *dist, char *name)
{
	strscpy(name, dist->text, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(lk_dist, lk_dists, lk_dist_name);

/* Within 1 %, @wanted is where @permille of the draws end. */
static void lk_expect_percentile(struct kunit *test, const u64 below[2], u64 permille_x10,
				 const char *name)
{
	u64 share = LK_DRAWS / 10000 * permille_x10;

	KUNIT_EXPECT_LT_MSG(test, below[0], share, "%s is too low", name);
	KUNIT_EXPECT_GE_MSG(test, below[1], share, "%s is too high", name);
}

static void lk_count(u64 below[2], u64 draw, u64 wanted)
{
	below[0] += draw < wanted - wanted / 100;
	below[1] += draw <= wanted + wanted / 100;
}

static void lk_dist_test(struct kunit *test)
{
	const struct lk_dist *dist = test->param_value;
	struct nbc_model *model = lk_model(test, dist->text);
	u64 p50[2] = {}, p99[2] = {}, p999[2] = {}, sum = 0, squares = 0, mean;
	unsigned int i;

	for (i = 0; i < LK_DRAWS; i++) {
		s64 draw = lk_takes(model, REQ_OP_READ, 0, SZ_4K, LK_START_NS);
		s64 away = draw - (s64)dist->mean;

		lk_count(p50, draw, dist->p50);
		lk_count(p99, draw, dist->p99);
		lk_count(p999, draw, dist->p999);
		sum += draw;
		squares += away * away;
	}
	lk_expect_percentile(test, p50, 5000, "p50");
	lk_expect_percentile(test, p99, 9900, "p99");
	lk_expect_percentile(test, p999, 9990, "p99.9");
	mean = div_u64(sum, LK_DRAWS);
	KUNIT_EXPECT_LE_MSG(test, abs_diff(mean, dist->mean) * 100, dist->mean, "mean %llu",
			    mean);
	if (dist->deviation)
		KUNIT_EXPECT_LE(test, abs_diff((u64)int_sqrt64(div_u64(squares, LK_DRAWS)),
					       dist->deviation) * 100, dist->deviation);
}

/* The same seed draws the same, another one does not; so do other queues. */
static void lk_seed_test(struct kunit *test)
{
	struct nbc_model *one = lk_model(test, "seed=7\nop=READ normal=1000000,100000");
	struct nbc_model *same = lk_model(test, "seed=7\nop=READ normal=1000000,100000");
	struct nbc_model *other = lk_model(test, "seed=8\nop=READ normal=1000000,100000");
	struct nbc_cmd cmd = { .op = REQ_OP_READ, .came = LK_START_NS, .queue = 1 };
	s64 first = 0, draw;
	unsigned int i, by_seed = 0, by_queue = 0;

	for (i = 0; i < 1000; i++) {
		draw = lk_takes(one, REQ_OP_READ, 0, 512, LK_START_NS);
		first = first ?: draw;
		KUNIT_ASSERT_EQ(test, draw, lk_takes(same, REQ_OP_READ, 0, 512, LK_START_NS));
		by_seed += draw == lk_takes(other, REQ_OP_READ, 0, 512, LK_START_NS);
		by_queue += draw == nbc_model_due(one, &cmd) - LK_START_NS;
	}
	KUNIT_EXPECT_LE(test, by_seed, 5);
	KUNIT_EXPECT_LE(test, by_queue, 5);
	nbc_model_restart(one, LK_START_NS);
	KUNIT_EXPECT_EQ(test, first, lk_takes(one, REQ_OP_READ, 0, 512, LK_START_NS));
}

/* What is larger than all classes has the largest; what has none is not delayed. */
static void lk_classes_test(struct kunit *test)
{
	struct nbc_model *model = lk_model(test,
		"op=READ bytes=16384 fixed=20\n"
		"op=READ+WRITE bytes=4096 fixed=10 rate=1000000000\n"
		"op=WRITE fixed=30");

	KUNIT_EXPECT_EQ(test, 10 + 4096, lk_takes(model, REQ_OP_READ, 0, 4096, LK_START_NS));
	KUNIT_EXPECT_EQ(test, 10 + 512, lk_takes(model, REQ_OP_WRITE, 0, 512, LK_START_NS));
	KUNIT_EXPECT_EQ(test, 20, lk_takes(model, REQ_OP_READ, 0, 4097, LK_START_NS));
	KUNIT_EXPECT_EQ(test, 20, lk_takes(model, REQ_OP_READ, 0, SZ_1M, LK_START_NS));
	KUNIT_EXPECT_EQ(test, 30, lk_takes(model, REQ_OP_WRITE, 0, SZ_1M, LK_START_NS));
	KUNIT_EXPECT_EQ(test, -LK_START_NS,
			lk_takes(model, REQ_OP_FLUSH, 0, 0, LK_START_NS));
}

/* Two channels: who comes third waits for the first of them. */
static void lk_channels_test(struct kunit *test)
{
	struct nbc_model *model = lk_model(test, "channels=2\nop=ANY fixed=1000");
	static const s64 wanted[] = { 1000, 1000, 2000, 2000, 3000 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wanted); i++)
		KUNIT_EXPECT_EQ(test, wanted[i],
				lk_takes(model, REQ_OP_READ, 0, 4096, LK_START_NS));
	KUNIT_EXPECT_EQ(test, 1000, lk_takes(model, REQ_OP_FLUSH, 0, 0, LK_START_NS));
	KUNIT_EXPECT_EQ(test, 1500,
			lk_takes(model, REQ_OP_READ, 0, 4096, LK_START_NS + 1500));
	nbc_model_restart(model, LK_START_NS);
	KUNIT_EXPECT_EQ(test, 1000, lk_takes(model, REQ_OP_READ, 0, 4096, LK_START_NS));
}

static void lk_stripe_test(struct kunit *test)
{
	struct nbc_model *model = lk_model(test, "channels=3 stripe=65536\nop=ANY fixed=1000");

	KUNIT_EXPECT_EQ(test, 1000, lk_takes(model, REQ_OP_READ, 0, 4096, LK_START_NS));
	KUNIT_EXPECT_EQ(test, 2000, lk_takes(model, REQ_OP_READ, 61440, 4096, LK_START_NS));
	KUNIT_EXPECT_EQ(test, 1000, lk_takes(model, REQ_OP_READ, 65536, 4096, LK_START_NS));
	KUNIT_EXPECT_EQ(test, 3000, lk_takes(model, REQ_OP_READ, 196608, 4096, LK_START_NS));
}

/* A buffer of two blocks, of which 4096 bytes drain in 4096 ns */
static void lk_buffer_test(struct kunit *test)
{
	struct nbc_model *model = lk_model(test,
		"buffer=8192 drain=1000000000 flush\nchannels=1\n"
		"op=WRITE fixed=10\nop=FLUSH fixed=5\nop=READ fixed=7");

	KUNIT_EXPECT_EQ(test, 10, lk_takes(model, REQ_OP_WRITE, 0, 4096, LK_START_NS));
	KUNIT_EXPECT_EQ(test, 10, lk_takes(model, REQ_OP_WRITE, 0, 4096, LK_START_NS));
	KUNIT_EXPECT_EQ(test, 4106, lk_takes(model, REQ_OP_WRITE, 0, 4096, LK_START_NS));
	KUNIT_EXPECT_EQ(test, 12288 + 5, lk_takes(model, REQ_OP_FLUSH, 0, 0, LK_START_NS));
	KUNIT_EXPECT_EQ(test, 7, lk_takes(model, REQ_OP_READ, 0, 4096, LK_START_NS));
	KUNIT_EXPECT_EQ(test, 10,
			lk_takes(model, REQ_OP_WRITE, 0, 4096, LK_START_NS + 12288));
}

/* Each period has one stall, and nothing begins in it. */
static void lk_stall_test(struct kunit *test)
{
	struct nbc_model *model = lk_model(test,
		"seed=3\nstall=1000 every=10000 op=READ\nop=READ+WRITE fixed=10");
	unsigned int period, at, stalled, places = 0, last = 0, first;
	s64 takes;

	for (period = 0; period < 100; period++) {
		stalled = 0;
		first = 0;
		for (at = 0; at < 10000; at += 10) {
			s64 now = LK_START_NS + period * 10000 + at;

			KUNIT_ASSERT_EQ(test, 10, lk_takes(model, REQ_OP_WRITE, 0, 512, now));
			takes = lk_takes(model, REQ_OP_READ, 0, 512, now);
			KUNIT_ASSERT_GE(test, takes, 10);
			KUNIT_ASSERT_LE(test, takes, 1010);
			if (takes == 10)
				continue;
			if (!stalled++)
				first = at;
			/* All end with it. */
			KUNIT_ASSERT_LE(test, abs_diff(first + 1010U, at + (u32)takes), 10);
		}
		KUNIT_EXPECT_EQ(test, 100, stalled);
		places += first != last;
		last = first;
	}
	KUNIT_EXPECT_GE(test, places, 90);
}

struct lk_bad {
	const char	*name;
	const char	*text;
	unsigned int	line;
	const char	*at;
	const char	*wants;
};

#define LK_BAD(_name, _body, _line, _at, _wants)	\
	{ _name, "latency 1\n" _body "\nend\n", _line, _at, _wants }
#define LK_OP	"op=READ fixed=1\n"

static const struct lk_bad lk_bads[] = {
	{ "no head", LK_OP "end\n", 1, "op=READ fixed=1", "latency 1" },
	{ "of another version", "latency 2\n" LK_OP "end\n", 1, "latency 2", "latency 1" },
	{ "no operation", "latency 1\nend\n", 3, "", "one line of op=" },
	{ "no operation, and no line feed", "latency 1\nend", 2, "", "one line of op=" },
	{ "behind end", "latency 1\n" LK_OP "end\nend\n", 4, "end", "nothing behind" },
	LK_BAD("unknown word", LK_OP "foo=1", 3, "foo=1", "op=, seed="),
	LK_BAD("word that goes with others", LK_OP "drain=5000", 3, "drain=5000", "first"),
	LK_BAD("twice", "op=READ op=WRITE fixed=1", 2, "op=WRITE", "each word once"),
	LK_BAD("two lines of a kind", "seed=1\nseed=2\n" LK_OP, 3, "seed=2", "one line"),
	LK_BAD("seed", "seed=x", 2, "seed=x", "64 bits"),
	LK_BAD("no channels", "channels=0", 2, "channels=0", "1 to 1024"),
	LK_BAD("many channels", "channels=1025", 2, "channels=1025", "1 to 1024"),
	LK_BAD("stripe", "channels=2 stripe=511", 2, "stripe=511", "512 to"),
	LK_BAD("buffer alone", "buffer=4096", 2, "buffer=4096", "drain=RATE"),
	LK_BAD("drain", "buffer=4096 drain=1", 2, "drain=1", "1024 to"),
	LK_BAD("flush with a value", "buffer=4096 flush=1", 2, "flush=1", "without"),
	LK_BAD("stall alone", "stall=1", 2, "stall=1", "every=NS"),
	LK_BAD("stall without end", "stall=5 every=5", 2, "stall=5 every=5", "more than"),
	LK_BAD("operation", "op=READS fixed=1", 2, "op=READS", "REQ_OP_"),
	LK_BAD("no distribution", "op=READ", 2, "op=READ", "one of fixed="),
	LK_BAD("two", "op=READ fixed=1 normal=1,1", 2, "op=READ fixed=1 normal=1,1", "one of"),
	LK_BAD("bytes", "op=READ bytes=0 fixed=1", 2, "bytes=0", "512 to"),
	LK_BAD("rate", "op=READ rate=1000000000001 fixed=1", 2, "rate=1000000000001", "1024"),
	LK_BAD("negative", "op=READ fixed=-1", 2, "fixed=-1", "0 to"),
	LK_BAD("more than a day", "op=READ fixed=86400000000001", 2, "fixed=86400000000001",
	       "86400000000000"),
	LK_BAD("normal", "op=READ normal=1", 2, "normal=1", "MEAN,DEVIATION"),
	LK_BAD("p99 below median", "op=READ lognormal=2,1", 2, "lognormal=2,1", "MEDIAN,P99"),
	LK_BAD("lognormal of 0", "op=READ lognormal=0,1", 2, "lognormal=0,1", "1 to"),
	LK_BAD("no percentiles", "op=READ percentiles", 2, "percentiles", "PERCENT:NS"),
	LK_BAD("none", "op=READ percentiles=", 2, "percentiles=", "PERCENT:NS"),
	LK_BAD("half of one", "op=READ percentiles=1:1,2", 2, "percentiles=1:1,2", "PERCENT:NS"),
	LK_BAD("above 100", "op=READ percentiles=100.1:1", 2, "percentiles=100.1:1", "100"),
	LK_BAD("decimals", "op=READ percentiles=1.0000001:1", 2, "percentiles=1.0000001:1",
	       "6 decimals"),
	LK_BAD("order", "op=READ percentiles=50:1,50:2", 2, "percentiles=50:1,50:2", "in order"),
	LK_BAD("falling", "op=READ percentiles=50:2,60:1", 2, "percentiles=50:2,60:1",
	       "in order"),
	LK_BAD("a class twice", LK_OP "op=READ+WRITE fixed=2", 3, "op=READ+WRITE fixed=2",
	       "each operation"),
	LK_BAD("foreign word", "op=READ fixed=1 every=5", 2, "op=READ fixed=1 every=5",
	       "a distribution"),
};

KUNIT_ARRAY_PARAM_DESC(lk_bad, lk_bads, name);

static void lk_bad_test(struct kunit *test)
{
	const struct lk_bad *bad = test->param_value;
	struct nbc_model_fault fault = {};
	struct nbc_model *model = nbc_model_parse(bad->text, &fault);

	KUNIT_ASSERT_PTR_EQ(test, ERR_PTR(-EINVAL), model);
	KUNIT_EXPECT_EQ(test, bad->line, fault.line);
	KUNIT_EXPECT_EQ_MSG(test, strlen(bad->at), fault.len, "%s", fault.at);
	KUNIT_EXPECT_EQ_MSG(test, 0, strncmp(bad->at, fault.at, fault.len), "%s", fault.at);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(fault.wants, bad->wants), "%s", fault.wants);
}

/* What is good so far, and not all. */
static void lk_part_test(struct kunit *test)
{
	static const char whole[] = "# first\n\nlatency 1\nseed=5 # second\nop=READ fixed=1\nend";
	struct nbc_model_fault fault;
	struct nbc_model *model;
	char text[sizeof(whole)];
	unsigned int len;

	for (len = 0; len < sizeof(whole) - 1; len++) {
		memcpy(text, whole, len);
		text[len] = '\0';
		KUNIT_EXPECT_PTR_EQ_MSG(test, ERR_PTR(-ENODATA), nbc_model_parse(text, &fault),
					"\"%s\"", text);
		KUNIT_EXPECT_FALSE(test, nbc_model_ends(text));
		KUNIT_EXPECT_EQ(test, len >= strlen("# first\n\nlatency 1"),
				nbc_model_begins(text));
	}
	model = nbc_model_parse(whole, &fault);
	KUNIT_ASSERT_FALSE(test, IS_ERR(model));
	nbc_model_free(model);
	KUNIT_EXPECT_TRUE(test, nbc_model_ends(whole));
	KUNIT_EXPECT_FALSE(test, nbc_model_begins("end\nlatency 1"));
	KUNIT_EXPECT_FALSE(test, nbc_model_ends("ends\n# end\nsend"));
}

/* A text that was damaged is refused or taken, and nothing else. */
static void lk_damage_test(struct kunit *test)
{
	static const char good[] =
		"latency 1 # comment\nseed=9\nchannels=8 stripe=4096\nbuffer=8192 drain=9999 flush\n"
		"stall=9 every=99 op=READ\nop=READ bytes=4096 percentiles=1:70,50:80,99.9:300\n"
		"op=WRITE normal=5,2 rate=5000\nop=FLUSH lognormal=5,9\nend\n";
	unsigned int i, taken = 0, n = 20000;
	struct nbc_model_fault fault;
	struct nbc_model *model;
	char text[sizeof(good)];

	for (i = 0; i < n; i++) {
		u64 draw = nbc_draw_mix(i);

		memcpy(text, good, sizeof(good));
		text[draw % (sizeof(good) - 1)] = draw >> 32;
		text[(draw >> 16) % (sizeof(good) - 1)] = good[(draw >> 40) % sizeof(good)];
		model = nbc_model_parse(text, &fault);
		if (model == ERR_PTR(-ENODATA))
			continue;
		if (IS_ERR(model)) {
			KUNIT_ASSERT_EQ(test, -EINVAL, PTR_ERR(model));
			KUNIT_ASSERT_TRUE(test, fault.at >= text &&
					  fault.at + fault.len <= text + sizeof(text));
			continue;
		}
		taken++;
		KUNIT_EXPECT_GT(test, nbc_model_due(model, &(struct nbc_cmd) {
			.op = REQ_OP_READ, .len = 4096, .came = LK_START_NS }), 0);
		nbc_model_free(model);
	}
	KUNIT_EXPECT_GT(test, taken, 0);
	KUNIT_EXPECT_LT(test, taken, n);
}

static struct kunit_case lk_cases[] = {
	KUNIT_CASE_PARAM_ATTR(lk_dist_test, lk_dist_gen_params, { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE(lk_seed_test),
	KUNIT_CASE(lk_classes_test),
	KUNIT_CASE(lk_channels_test),
	KUNIT_CASE(lk_stripe_test),
	KUNIT_CASE(lk_buffer_test),
	KUNIT_CASE(lk_stall_test),
	KUNIT_CASE_PARAM(lk_bad_test, lk_bad_gen_params),
	KUNIT_CASE(lk_part_test),
	KUNIT_CASE(lk_damage_test),
	{}
};

static struct kunit_suite lk_suite = {
	.name		= "null_blk_c_latency",
	.test_cases	= lk_cases,
};

kunit_test_suite(lk_suite);
