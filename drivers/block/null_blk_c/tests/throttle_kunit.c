// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of limits: when requests of a stream may complete. All times are made up.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/sizes.h>

#include "../throttle.h"

#define TK_START_NS	(1000 * NSEC_PER_SEC)

/* A stream that always has a request waiting: the rate over all of it */
struct tk_stream {
	const char	*name;
	enum nbc_bucket_id id;
	u64		rate;
	enum req_op	op;
	unsigned int	bytes;
	unsigned int	nr;
	s64		wanted_ns;
};

static const struct tk_stream tk_streams[] = {
	/* nr * bytes / rate, but for the credit of 10 ms */
	{ "1 MiB/s by 4k", NBC_BUCKET_BYTES, SZ_1M, REQ_OP_READ, SZ_4K, 1024,
	  4 * NSEC_PER_SEC },
	{ "1 MiB/s by 1m", NBC_BUCKET_BYTES, SZ_1M, REQ_OP_WRITE, SZ_1M, 10,
	  10 * NSEC_PER_SEC },
	{ "10000 MiB/s by 4k", NBC_BUCKET_BYTES, 10000ULL * SZ_1M, REQ_OP_READ,
	  SZ_4K, 2560000, NSEC_PER_SEC },
	{ "10000 MiB/s by 1m", NBC_BUCKET_BYTES, 10000ULL * SZ_1M, REQ_OP_READ,
	  SZ_1M, 10000, NSEC_PER_SEC },
	{ "an append is a write", NBC_BUCKET_WRITE_BYTES, SZ_1M,
	  REQ_OP_ZONE_APPEND, SZ_64K, 32, 2 * NSEC_PER_SEC },
	{ "the largest request", NBC_BUCKET_BYTES, SZ_1M, REQ_OP_READ,
	  UINT_MAX & ~4095U, 2, 8192 * NSEC_PER_SEC },
	{ "100 a second", NBC_BUCKET_OPS, 100, REQ_OP_FLUSH, 0, 200,
	  2 * NSEC_PER_SEC },
	{ "100 reads a second", NBC_BUCKET_READ_OPS, 100, REQ_OP_READ, SZ_4K,
	  100, NSEC_PER_SEC },
	{ "a discard is a write", NBC_BUCKET_WRITE_OPS, 100, REQ_OP_DISCARD,
	  SZ_1M, 100, NSEC_PER_SEC },
};

KUNIT_ARRAY_PARAM_DESC(tk_stream, tk_streams, name);

static void tk_stream_test(struct kunit *test)
{
	const struct tk_stream *param = test->param_value;
	struct nbc_throttle throttle = {};
	s64 due = 0, wanted, error;
	unsigned int i;

	nbc_throttle_set(&throttle, param->id, param->rate);
	for (i = 0; i < param->nr; i++)
		due = nbc_throttle_due(&throttle, param->op, param->bytes,
				       TK_START_NS);
	wanted = param->wanted_ns - 10 * NSEC_PER_MSEC;
	error = abs(due - TK_START_NS - wanted);
	KUNIT_EXPECT_LE_MSG(test, error * 1000, wanted * 3,
			    "%lld ns, wanted %lld", due - TK_START_NS, wanted);
}

/* A limit that is gone holds nothing up, and forgets what was owed before it comes back. */
static void tk_change_test(struct kunit *test)
{
	struct nbc_throttle throttle = {};
	s64 due;

	nbc_throttle_set(&throttle, NBC_BUCKET_OPS, 1);
	nbc_throttle_due(&throttle, REQ_OP_READ, SZ_4K, TK_START_NS);
	due = nbc_throttle_due(&throttle, REQ_OP_READ, SZ_4K, TK_START_NS);
	KUNIT_EXPECT_GT(test, due, TK_START_NS + NSEC_PER_SEC);

	nbc_throttle_set(&throttle, NBC_BUCKET_OPS, 0);
	KUNIT_EXPECT_EQ(test, nbc_throttle_due(&throttle, REQ_OP_READ, SZ_4K, TK_START_NS),
			0);
	nbc_throttle_forget(&throttle, TK_START_NS);
	nbc_throttle_set(&throttle, NBC_BUCKET_OPS, 1000);
	due = nbc_throttle_due(&throttle, REQ_OP_READ, SZ_4K, TK_START_NS);
	KUNIT_EXPECT_LE(test, due, TK_START_NS + NSEC_PER_MSEC);
}

/* What a limit does not apply to is not held up, and costs it nothing. */
struct tk_other {
	const char	*name;
	enum nbc_bucket_id id;
	enum req_op	op;
};

static const struct tk_other tk_others[] = {
	{ "write, reads limited", NBC_BUCKET_READ_BYTES, REQ_OP_WRITE },
	{ "read, writes limited", NBC_BUCKET_WRITE_BYTES, REQ_OP_READ },
	{ "discard, bytes limited", NBC_BUCKET_BYTES, REQ_OP_DISCARD },
	{ "flush, written bytes limited", NBC_BUCKET_WRITE_BYTES, REQ_OP_FLUSH },
	{ "write, read operations limited", NBC_BUCKET_READ_OPS, REQ_OP_WRITE },
	{ "read, write operations limited", NBC_BUCKET_WRITE_OPS, REQ_OP_READ },
};

KUNIT_ARRAY_PARAM_DESC(tk_other, tk_others, name);

static void tk_other_test(struct kunit *test)
{
	const struct tk_other *param = test->param_value;
	struct nbc_throttle throttle = {};
	int i;

	nbc_throttle_set(&throttle, param->id, 1);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, 0,
				nbc_throttle_due(&throttle, param->op, SZ_1M,
						 TK_START_NS));
	KUNIT_EXPECT_EQ(test, 0,
			atomic64_read(&throttle.buckets[param->id].paid_ns));
}

/* Lateness within the credit costs nothing; idleness saves no more than it. */
static void tk_credit_test(struct kunit *test)
{
	struct nbc_throttle throttle = {};
	s64 now = TK_START_NS, due = 0;
	int i;

	nbc_throttle_set(&throttle, NBC_BUCKET_OPS, 1000);
	/* Each is submitted 0.2 ms after the one before it could complete. */
	for (i = 0; i < 1000; i++) {
		due = nbc_throttle_due(&throttle, REQ_OP_READ, 0, now) ?: now;
		now = due + NSEC_PER_MSEC / 5;
	}
	/* 10 at once by the credit; then 0.2 ms of each 1 ms are made good. */
	KUNIT_EXPECT_LE(test, due, TK_START_NS + 1000 * NSEC_PER_MSEC);

	now = due + 3600 * NSEC_PER_SEC;
	for (i = 0; i < 11; i++)
		due = nbc_throttle_due(&throttle, REQ_OP_READ, 0, now);
	KUNIT_EXPECT_EQ(test, due, now + NSEC_PER_MSEC);
}

/*
 * Whoever does not say what time it is may find a credit from before a pause, and one
 * for the pause, but no more.
 */
static void tk_two_credits_test(struct kunit *test)
{
	struct nbc_throttle throttle = {};
	s64 now = TK_START_NS;
	unsigned int nr = 0;

	nbc_throttle_set(&throttle, NBC_BUCKET_OPS, 1000);
	KUNIT_EXPECT_EQ(test, 0,
			nbc_throttle_due(&throttle, REQ_OP_READ, 0, now));
	now += 3600 * NSEC_PER_SEC;
	while (nr < 100 && !nbc_throttle_due(&throttle, REQ_OP_READ, 0, now))
		nr++;
	KUNIT_EXPECT_EQ(test, nr, 19);
}

/* What is forgotten is debt, not what was paid for. */
static void tk_forget_test(struct kunit *test)
{
	struct nbc_throttle throttle = {};
	int i;

	nbc_throttle_set(&throttle, NBC_BUCKET_OPS, 1000);
	for (i = 0; i < 100; i++)
		nbc_throttle_due(&throttle, REQ_OP_READ, 0, TK_START_NS);
	nbc_throttle_forget(&throttle, TK_START_NS);
	for (i = 1; i <= 3; i++)
		KUNIT_EXPECT_EQ(test, TK_START_NS + i * NSEC_PER_MSEC,
				nbc_throttle_due(&throttle, REQ_OP_READ, 0,
						 TK_START_NS));
}

/* Of several limits the strictest counts. */
static void tk_strictest_test(struct kunit *test)
{
	struct nbc_throttle throttle = {};
	int i;

	nbc_throttle_set(&throttle, NBC_BUCKET_BYTES, SZ_1M);
	nbc_throttle_set(&throttle, NBC_BUCKET_OPS, 1);
	nbc_throttle_set(&throttle, NBC_BUCKET_READ_BYTES, 2 * SZ_1M);
	for (i = 1; i <= 3; i++)
		KUNIT_EXPECT_EQ(test, TK_START_NS - 10 * NSEC_PER_MSEC +
				i * NSEC_PER_SEC,
				nbc_throttle_due(&throttle, REQ_OP_READ, SZ_4K,
						 TK_START_NS));
}

static struct kunit_case tk_cases[] = {
	KUNIT_CASE_PARAM(tk_stream_test, tk_stream_gen_params),
	KUNIT_CASE(tk_change_test),
	KUNIT_CASE_PARAM(tk_other_test, tk_other_gen_params),
	KUNIT_CASE(tk_credit_test),
	KUNIT_CASE(tk_two_credits_test),
	KUNIT_CASE(tk_forget_test),
	KUNIT_CASE(tk_strictest_test),
	{}
};

static struct kunit_suite tk_suite = {
	.name		= "null_blk_c_throttle",
	.test_cases	= tk_cases,
};

kunit_test_suite(tk_suite);
