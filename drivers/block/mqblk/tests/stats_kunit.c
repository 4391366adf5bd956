// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of statistics: buckets, counting while others read and reset, the text
 * that comes out, and that each watched request is counted once, however it ends.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mqblk_compat.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "../stats.h"
#include "disk_kunit.h"

#define SK_QUEUES	4
/* The row for queues that are not known. */
#define SK_MORE		SK_QUEUES

/* Arithmetic */

struct sk_bucket_case {
	const char	*name;
	u64		ns;
	unsigned int	bucket;
};

static const struct sk_bucket_case sk_bucket_cases[] = {
	{ "nothing", 0, 0 },
	{ "1 ns", 1, 0 },
	{ "127 ns", 127, 0 },
	{ "128 ns", 128, 0 },
	{ "end of the first", 255, 0 },
	{ "begin of the second", 256, 1 },
	{ "end of the second", 511, 1 },
	{ "1 us", 1000, 2 },
	{ "1 ms", 1000000, 12 },
	{ "1 s", 1000000000, 22 },
	{ "end of the last but one", (1ULL << 38) - 1, 30 },
	{ "begin of the last", 1ULL << 38, 31 },
	{ "all that there is", U64_MAX, 31 },
};

KUNIT_ARRAY_PARAM_DESC(sk_bucket, sk_bucket_cases, name);

static void sk_bucket_test(struct kunit *test)
{
	const struct sk_bucket_case *param = test->param_value;
	unsigned int bucket = mqblk_stats_bucket(param->ns);

	KUNIT_ASSERT_EQ(test, bucket, param->bucket);
	KUNIT_EXPECT_LE(test, mqblk_stats_floor_ns(bucket), param->ns);
	if (bucket < MQBLK_NR_BUCKETS - 1)
		KUNIT_EXPECT_GT(test, mqblk_stats_floor_ns(bucket + 1),
				param->ns);
}

/* Each bucket begins where the one before it ends. */
static void sk_floor_test(struct kunit *test)
{
	unsigned int i;

	for (i = 1; i < MQBLK_NR_BUCKETS; i++) {
		KUNIT_EXPECT_EQ(test, i,
				mqblk_stats_bucket(mqblk_stats_floor_ns(i)));
		KUNIT_EXPECT_EQ(test, i - 1,
				mqblk_stats_bucket(mqblk_stats_floor_ns(i) - 1));
	}
}

struct sk_op_case {
	const char	*name;
	enum req_op	op;
	enum mqblk_op	wanted;
};

static const struct sk_op_case sk_op_cases[] = {
	{ "read", REQ_OP_READ, MQBLK_OP_READ },
	{ "write", REQ_OP_WRITE, MQBLK_OP_WRITE },
	{ "flush", REQ_OP_FLUSH, MQBLK_OP_FLUSH },
	{ "discard", REQ_OP_DISCARD, MQBLK_OP_DISCARD },
	{ "write zeroes", REQ_OP_WRITE_ZEROES, MQBLK_OP_ZEROES },
	{ "zone append", REQ_OP_ZONE_APPEND, MQBLK_OP_APPEND },
	{ "zone open", REQ_OP_ZONE_OPEN, MQBLK_OP_ZONE },
	{ "zone reset all", REQ_OP_ZONE_RESET_ALL, MQBLK_OP_ZONE },
	{ "secure erase", REQ_OP_SECURE_ERASE, MQBLK_OP_OTHER },
	{ "passthrough", REQ_OP_DRV_OUT, MQBLK_OP_OTHER },
};

KUNIT_ARRAY_PARAM_DESC(sk_op, sk_op_cases, name);

static void sk_op_test(struct kunit *test)
{
	const struct sk_op_case *param = test->param_value;

	KUNIT_EXPECT_EQ(test, mqblk_stats_op(param->op), param->wanted);
}

/* Counting */

KUNIT_DEFINE_ACTION_WRAPPER(sk_free, mqblk_stats_free, struct mqblk_stats *);

/* Knows queue 0 with all CPUs, and queue 1 with none. */
static struct mqblk_stats *sk_create(struct kunit *test)
{
	struct mqblk_stats *stats = mqblk_stats_alloc(SK_QUEUES);

	KUNIT_ASSERT_NOT_NULL(test, stats);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, sk_free, stats));
	KUNIT_ASSERT_EQ(test, 0,
			mqblk_stats_add_queue(stats, 0, cpu_possible_mask));
	KUNIT_ASSERT_EQ(test, 0, mqblk_stats_add_queue(stats, 1, cpu_none_mask));
	return stats;
}

static u64 sk_sum_buckets(const struct mqblk_op_counts *counts)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < MQBLK_NR_BUCKETS; i++)
		sum += counts->buckets[i];
	return sum;
}

static void sk_expect(struct kunit *test, const struct mqblk_stats *stats,
		      unsigned int row, u64 requests, u64 errors, u64 bytes)
{
	struct mqblk_op_counts sum;

	KUNIT_ASSERT_NOT_NULL(test, stats->queues[row]);
	mqblk_stats_sum(stats->queues[row], MQBLK_OP_WRITE, &sum);
	KUNIT_EXPECT_EQ(test, sum.requests, requests);
	KUNIT_EXPECT_EQ(test, sum.errors, errors);
	KUNIT_EXPECT_EQ(test, sum.bytes, bytes);
	KUNIT_EXPECT_EQ(test, sk_sum_buckets(&sum), requests);
}

struct sk_row_case {
	const char	*name;
	unsigned int	queue;
	unsigned int	row;
};

static const struct sk_row_case sk_row_cases[] = {
	{ "a counter for each CPU", 0, 0 },
	{ "a CPU that has none", 1, 1 },
	{ "a queue that is not known", 2, SK_MORE },
	{ "the last queue there may be", SK_QUEUES - 1, SK_MORE },
	{ "a queue that cannot be", SK_QUEUES, SK_MORE },
	{ "and another", UINT_MAX, SK_MORE },
};

KUNIT_ARRAY_PARAM_DESC(sk_row, sk_row_cases, name);

/* A good one and a bad one, a reset, and a good one. */
static void sk_count_test(struct kunit *test)
{
	const struct sk_row_case *param = test->param_value;
	struct mqblk_stats *stats = sk_create(test);
	struct mqblk_sample sample = {
		.queue	= param->queue,
		.op	= MQBLK_OP_WRITE,
		.bytes	= 4096,
		.ns	= 1000,
	};

	sk_expect(test, stats, param->row, 0, 0, 0);
	mqblk_stats_count(stats, &sample);
	sk_expect(test, stats, param->row, 1, 0, 4096);
	sample.failed = true;
	mqblk_stats_count(stats, &sample);
	sk_expect(test, stats, param->row, 2, 1, 4096);
	mqblk_stats_reset(stats);
	sk_expect(test, stats, param->row, 0, 0, 0);
	sample.failed = false;
	sample.ns = U64_MAX;
	mqblk_stats_count(stats, &sample);
	sk_expect(test, stats, param->row, 1, 0, 4096);
}

/* A queue that becomes known takes nothing away from the others. */
static void sk_know_test(struct kunit *test)
{
	struct mqblk_stats *stats = sk_create(test);
	const struct mqblk_sample sample = {
		.queue = 2, .op = MQBLK_OP_WRITE, .bytes = 512,
	};

	mqblk_stats_count(stats, &sample);
	KUNIT_ASSERT_EQ(test, 0, mqblk_stats_add_queue(stats, 2, cpu_possible_mask));
	KUNIT_ASSERT_EQ(test, 0, mqblk_stats_add_queue(stats, 2, cpu_possible_mask));
	KUNIT_ASSERT_EQ(test, 0,
			mqblk_stats_add_queue(stats, SK_QUEUES, cpu_possible_mask));
	mqblk_stats_count(stats, &sample);
	sk_expect(test, stats, 2, 1, 0, 512);
	sk_expect(test, stats, SK_MORE, 1, 0, 512);
}

/* Writes in streams are counted by stream, whenever a disk gets some. */
static void sk_streams_test(struct kunit *test)
{
	struct mqblk_stats *stats = sk_create(test);
	struct mqblk_sample sample = {
		.op = MQBLK_OP_WRITE, .bytes = 512, .stream = MQBLK_NR_STREAMS - 1,
	};
	const struct mqblk_stream *stream;

	if (!MQBLK_WRITE_STREAMS)
		kunit_skip(test, "this kernel has no write streams");
	KUNIT_ASSERT_NOT_NULL(test, stats->streams);
	stream = &stats->streams[sample.stream];
	mqblk_stats_count(stats, &sample);
	sample.failed = true;
	mqblk_stats_count(stats, &sample);
	KUNIT_EXPECT_EQ(test, atomic64_read(&stream->writes), 2);
	KUNIT_EXPECT_EQ(test, atomic64_read(&stream->bytes), 512);
	mqblk_stats_reset(stats);
	KUNIT_EXPECT_EQ(test, stream->base_writes, 2);
	KUNIT_EXPECT_EQ(test, stream->base_bytes, 512);
	sample.stream = 0;
	mqblk_stats_count(stats, &sample);
	KUNIT_EXPECT_EQ(test, atomic64_read(&stats->streams[0].writes), 0);
	sk_expect(test, stats, 0, 1, 1, 0);
}

/* Threads count while this one resets: nothing is lost, nothing comes back. */

#define SK_THREADS	2
#define SK_SAMPLES	50000

struct sk_race {
	struct mqblk_stats	*stats;
	atomic_t		left;
};

static int sk_race_thread(void *data)
{
	const struct mqblk_sample known = { .op = MQBLK_OP_WRITE, .bytes = 1 };
	const struct mqblk_sample shared = {
		.queue = 1, .op = MQBLK_OP_WRITE, .bytes = 1,
	};
	struct sk_race *race = data;
	unsigned int i;

	for (i = 0; i < SK_SAMPLES; i++) {
		mqblk_stats_count(race->stats, &known);
		mqblk_stats_count(race->stats, &shared);
		if (!(i % 1024))
			cond_resched();
	}
	atomic_dec(&race->left);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(HZ / 10);
	return 0;
}

KUNIT_DEFINE_ACTION_WRAPPER(sk_stop, kthread_stop, struct task_struct *);

static void sk_race_start(struct kunit *test, struct sk_race *race)
{
	struct task_struct *thread;
	unsigned int i;

	atomic_set(&race->left, SK_THREADS);
	for (i = 0; i < SK_THREADS; i++) {
		thread = kthread_run(sk_race_thread, race, "mqblk_stats");
		KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
		KUNIT_ASSERT_EQ(test, 0,
				kunit_add_action_or_reset(test, sk_stop,
							  thread));
	}
}

static void sk_reset_race_test(struct kunit *test)
{
	struct sk_race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	const u64 wanted = SK_THREADS * SK_SAMPLES;
	unsigned long end = jiffies + MQK_WAIT;
	struct mqblk_op_counts *base, sum;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, race);
	race->stats = sk_create(test);
	sk_race_start(test, race);
	while (atomic_read(&race->left) && time_before(jiffies, end)) {
		mqblk_stats_reset(race->stats);
		cond_resched();
	}
	KUNIT_ASSERT_EQ(test, atomic_read(&race->left), 0);
	for (i = 0; i < 2; i++) {
		base = &race->stats->queues[i]->base.ops[MQBLK_OP_WRITE];
		mqblk_stats_sum(race->stats->queues[i], MQBLK_OP_WRITE, &sum);
		KUNIT_EXPECT_EQ(test, base->requests + sum.requests, wanted);
		KUNIT_EXPECT_EQ(test, base->bytes + sum.bytes, wanted);
		KUNIT_EXPECT_EQ(test, sk_sum_buckets(base) +
				sk_sum_buckets(&sum), wanted);
	}
}

/* Text */

static void sk_expect_text(struct kunit *test, const struct mqblk_stats *stats,
			   void (*show)(const struct mqblk_stats *stats,
					struct seq_file *seq),
			   const char *wanted)
{
	struct seq_file seq = { .size = SZ_4K };

	seq.buf = kunit_kzalloc(test, seq.size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, seq.buf);
	show(stats, &seq);
	KUNIT_ASSERT_LT(test, seq.count, seq.size);
	seq.buf[seq.count] = '\0';
	KUNIT_EXPECT_STREQ(test, seq.buf, wanted);
}

#define SK_HEAD "queue operation        requests   errors            bytes      mean_ns\n"
#define SK_LATENCY_HEAD "queue operation         from_ns     requests\n"

static void sk_text_test(struct kunit *test)
{
	static const struct mqblk_sample samples[] = {
		{ .queue = 0, .op = MQBLK_OP_READ, .bytes = 4096, .ns = 300 },
		{ .queue = 0, .op = MQBLK_OP_READ, .bytes = 512, .ns = 500 },
		{ .queue = 0, .op = MQBLK_OP_FLUSH, .ns = 100 },
		{ .queue = 1, .op = MQBLK_OP_READ, .bytes = 512, .ns = 2048,
		  .failed = true },
		{ .queue = 9, .op = MQBLK_OP_ZEROES, .bytes = U32_MAX },
	};
	struct mqblk_stats *stats = sk_create(test);
	unsigned int i;

	sk_expect_text(test, NULL, mqblk_stats_show, SK_HEAD);
	sk_expect_text(test, NULL, mqblk_stats_show_latency, SK_LATENCY_HEAD);
	sk_expect_text(test, stats, mqblk_stats_show, SK_HEAD);
	for (i = 0; i < ARRAY_SIZE(samples); i++)
		mqblk_stats_count(stats, &samples[i]);
	sk_expect_text(test, stats, mqblk_stats_show, SK_HEAD
		       "    0 read                    2        0             4608          400\n"
		       "    0 flush                   1        0                0          100\n"
		       "    1 read                    1        1                0         2048\n"
		       " more write_zeroes            1        0       4294967295            0\n");
	sk_expect_text(test, stats, mqblk_stats_show_latency, SK_LATENCY_HEAD
		       "    0 read                  256            2\n"
		       "    0 flush                   0            1\n"
		       "    1 read                 2048            1\n"
		       " more write_zeroes            0            1\n");
}

/* Watched requests */

struct sk_dev {
	struct mqblk_watch	watch;
	struct mqk_dev		*dev;
};

/* The requests of the suites are passthrough, so they count as others. */
static void sk_expect_seen(struct kunit *test, struct sk_dev *sk, u64 requests,
			   u64 errors)
{
	struct mqblk_op_counts sum;

	mqblk_stats_sum(sk->watch.stats->queues[SK_MORE], MQBLK_OP_OTHER, &sum);
	KUNIT_EXPECT_EQ(test, sum.requests, requests);
	KUNIT_EXPECT_EQ(test, sum.errors, errors);
	KUNIT_EXPECT_EQ(test, sk_sum_buckets(&sum), requests);
}

static struct sk_dev *sk_create_dev(struct kunit *test)
{
	const struct mqblk_set_params params =
		mqk_set_params(&mqk_poll_ops, 1, 1);
	struct sk_dev *sk = kunit_kzalloc(test, sizeof(*sk), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, sk);
	/* It knows no queue: all requests are in one row. */
	sk->watch.stats = mqblk_stats_alloc(SK_QUEUES);
	KUNIT_ASSERT_NOT_NULL(test, sk->watch.stats);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, sk_free,
						  sk->watch.stats));
	sk->watch.stats->on = true;
	sk->dev = mqk_queue_create(test, &params);
	sk->dev->watch = &sk->watch;
	return sk;
}

static struct mqk_io *sk_start(struct kunit *test, struct sk_dev *sk,
			       blk_opf_t flags)
{
	struct mqk_io *io = mqk_io_start(test, sk->dev, flags);

	io->keep = true;
	return io;
}

static void sk_end(struct mqk_io *io, blk_status_t status)
{
	mqblk_rq_end(io->rq, status, NULL);
}

static void sk_complete(struct mqk_io *io, blk_status_t status)
{
	mqblk_rq_complete(io->rq, status, NULL);
}

static void sk_timer(struct mqk_io *io, blk_status_t status)
{
	mqk_timer_park(io->rq, status, ktime_get());
}

static void sk_poll(struct mqk_io *io, blk_status_t status)
{
	mqk_poll_park(io->rq, status);
	mqk_poll(io->rq->mq_hctx, NULL);
}

static void sk_claim(struct mqk_io *io, blk_status_t status)
{
	if (!mqblk_rq_claim(io->rq))
		return;
	mqblk_rq_report(io->rq, status);
	mqblk_rq_report(io->rq, status);
	mqblk_rq_finish(io->rq, status, NULL);
}

/* The device says whether it is good; the driver, why it is not. */
static void sk_claim_id(struct mqk_io *io, blk_status_t status)
{
	struct blk_mq_tags *tags = io->rq->mq_hctx->tags;
	u16 id = mqblk_rq_id(io->rq);

	if (mqblk_rq_claim_id(tags, id + MQBLK_RQ_GEN_ONE, true) ||
	    mqblk_rq_claim_id(tags, id, status == BLK_STS_OK) != io->rq ||
	    mqblk_rq_claim_id(tags, id, true))
		return;
	mqblk_rq_report(io->rq, status);
	mqblk_rq_finish(io->rq, status, NULL);
}

struct sk_way_case {
	const char	*name;
	void		(*end)(struct mqk_io *io, blk_status_t status);
	blk_opf_t	flags;
};

static const struct sk_way_case sk_way_cases[] = {
	{ "end", sk_end },
	{ "complete", sk_complete },
	{ "timer", sk_timer },
	{ "poll", sk_poll, REQ_POLLED },
	{ "claim", sk_claim },
	{ "claim by number", sk_claim_id },
};

KUNIT_ARRAY_PARAM_DESC(sk_way, sk_way_cases, name);

static void sk_watched_test(struct kunit *test)
{
	const struct sk_way_case *param = test->param_value;
	struct sk_dev *sk = sk_create_dev(test);
	struct mqk_io *io;

	io = sk_start(test, sk, param->flags);
	sk_expect_seen(test, sk, 0, 0);
	param->end(io, BLK_STS_OK);
	mqk_expect_ended(test, io, BLK_STS_OK);
	sk_expect_seen(test, sk, 1, 0);
	io = sk_start(test, sk, param->flags);
	param->end(io, BLK_STS_NOSPC);
	mqk_expect_ended(test, io, BLK_STS_NOSPC);
	sk_expect_seen(test, sk, 2, 1);
}

static void sk_watched_timeout_test(struct kunit *test)
{
	struct sk_dev *sk = sk_create_dev(test);
	struct mqk_io *io = sk_start(test, sk, REQ_POLLED);

	mqk_poll_park(io->rq, BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, mqk_rq_timeout(io->rq), BLK_EH_DONE);
	mqk_expect_ended(test, io, BLK_STS_TIMEOUT);
	sk_expect_seen(test, sk, 1, 1);
}

/* One that started before anybody looked, and one that ends after. */
static void sk_watch_switched_test(struct kunit *test)
{
	struct sk_dev *sk = sk_create_dev(test);
	struct mqk_io *before, *after;

	sk->dev->watch = NULL;
	before = sk_start(test, sk, 0);
	sk->dev->watch = &sk->watch;
	after = sk_start(test, sk, 0);
	mqblk_rq_end(before->rq, BLK_STS_OK, NULL);
	mqk_expect_ended(test, before, BLK_STS_OK);
	sk_expect_seen(test, sk, 0, 0);
	sk->watch.stats->on = false;
	mqblk_rq_end(after->rq, BLK_STS_OK, NULL);
	mqk_expect_ended(test, after, BLK_STS_OK);
	sk_expect_seen(test, sk, 0, 0);
}

/* A second completion is refused and not counted. */
static void sk_watched_twice_test(struct kunit *test)
{
	struct sk_dev *sk = sk_create_dev(test);
	struct mqk_io *io = sk_start(test, sk, 0);

	mqblk_rq_end(io->rq, BLK_STS_OK, NULL);
	mqk_expect_begin("WARNING.*linux/mqblk(_rq)?\\.h");
	mqblk_rq_end(io->rq, BLK_STS_OK, NULL);
	mqk_expect_end();
	mqk_expect_ended(test, io, BLK_STS_OK);
	sk_expect_seen(test, sk, 1, 0);
}

static struct kunit_case sk_cases[] = {
	KUNIT_CASE_PARAM(sk_bucket_test, sk_bucket_gen_params),
	KUNIT_CASE(sk_floor_test),
	KUNIT_CASE_PARAM(sk_op_test, sk_op_gen_params),
	KUNIT_CASE_PARAM(sk_count_test, sk_row_gen_params),
	KUNIT_CASE(sk_know_test),
	KUNIT_CASE(sk_streams_test),
	KUNIT_CASE(sk_reset_race_test),
	KUNIT_CASE(sk_text_test),
	KUNIT_CASE_PARAM(sk_watched_test, sk_way_gen_params),
	KUNIT_CASE(sk_watched_timeout_test),
	KUNIT_CASE(sk_watch_switched_test),
	KUNIT_CASE(sk_watched_twice_test),
	{}
};

static struct kunit_suite sk_suite = {
	.name		= "mqblk_stats",
	.suite_init	= mqk_suite_init,
	.suite_exit	= mqk_suite_exit,
	.test_cases	= sk_cases,
};

kunit_test_suite(sk_suite);
