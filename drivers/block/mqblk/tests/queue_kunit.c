// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the queues that requests wait in. Part of queue.c.
 *
 * The requests are real. Deadlines are hours away, so the timer never fires by
 * itself: what it is set to is read from it, and its expiry is played by
 * calling mqblk_timer_collect() with a time of the test's choice.
 */
#include "disk_kunit.h"

#define QK_MAX		10
#define QK_HOUR_NS	(3600LL * NSEC_PER_SEC)
/* Later than any deadline here. */
#define QK_NEVER_NS	(1000 * QK_HOUR_NS)

/**
 * struct qk - requests that wait
 * @dev: with a default queue and a poll queue
 * @ios: requests in the order they were parked
 * @nr: how many
 * @queue: where they wait
 * @base: deadlines count from here
 */
struct qk {
	struct mqk_dev		*dev;
	struct mqk_io		*ios[QK_MAX];
	unsigned int		nr;
	struct mqblk_queue	*queue;
	ktime_t			base;
};

static int qk_init(struct kunit *test)
{
	const struct mqblk_set_params params =
		mqk_set_params(&mqk_poll_ops, 1, 1);
	struct qk *qk = kunit_kzalloc(test, sizeof(*qk), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, qk);
	qk->dev = mqk_queue_create(test, &params);
	qk->base = ktime_get();
	test->priv = qk;
	return 0;
}

/* Every second one fails, to see that each keeps its own status. */
static blk_status_t qk_status(unsigned int idx)
{
	return idx % 2 ? BLK_STS_IOERR : BLK_STS_OK;
}

static struct mqk_io *qk_start(struct kunit *test, blk_opf_t flags)
{
	struct qk *qk = test->priv;
	struct mqk_io *io = mqk_io_start(test, qk->dev, flags);

	io->keep = true;
	qk->ios[qk->nr++] = io;
	qk->queue = mqk_queue(io->rq);
	return io;
}

static void qk_timer_park(struct kunit *test, unsigned int hours)
{
	struct qk *qk = test->priv;
	blk_status_t status = qk_status(qk->nr);
	struct mqk_io *io = qk_start(test, 0);

	mqk_timer_park(io->rq, status,
		       ktime_add_ns(qk->base, hours * QK_HOUR_NS));
}

static void qk_poll_park(struct kunit *test)
{
	struct qk *qk = test->priv;
	blk_status_t status = qk_status(qk->nr);
	struct mqk_io *io = qk_start(test, REQ_POLLED);

	mqk_poll_park(io->rq, status);
}

static void qk_collect(struct qk *qk, s64 now_ns, struct list_head *due)
{
	/* As when it has fired. */
	hrtimer_cancel(&qk->queue->timer);
	spin_lock_irq(&qk->queue->lock);
	mqblk_timer_collect(qk->queue, ktime_add_ns(qk->base, now_ns), UINT_MAX,
			    due);
	mqblk_timer_arm(qk->queue);
	spin_unlock_irq(&qk->queue->lock);
}

/* @list holds the first @nr that @order names, and nothing else. */
static void qk_expect_list(struct kunit *test, struct list_head *list,
			   const u8 *order, unsigned int nr)
{
	struct qk *qk = test->priv;
	unsigned int idx = 0;
	struct mqblk_rq *mrq;

	list_for_each_entry(mrq, list, entry) {
		KUNIT_ASSERT_LT(test, idx, nr);
		KUNIT_EXPECT_PTR_EQ_MSG(test, mrq, mqk_rq(qk->ios[order[idx]]),
					"place %u", idx);
		idx++;
	}
	KUNIT_EXPECT_EQ(test, idx, nr);
}

/* Ends @list and expects that to end the @nr requests that @order names. */
static void qk_expect_end(struct kunit *test, struct list_head *list,
			  const u8 *order, unsigned int nr)
{
	struct qk *qk = test->priv;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, mqblk_end_list(qk->queue, list, NULL), nr);
	for (i = 0; i < nr; i++) {
		struct mqk_io *io = qk->ios[order[i]];

		mqk_expect_ended(test, io, qk_status(order[i]));
		KUNIT_EXPECT_EQ(test, io->end_seq, i);
		KUNIT_EXPECT_EQ(test, mqk_state(io), MQBLK_RQ_IDLE);
	}
}

/* The timer is set to @hours, or not at all if that is 0. */
static void qk_expect_armed(struct kunit *test, unsigned int hours)
{
	struct qk *qk = test->priv;
	struct hrtimer *timer = &qk->queue->timer;
	ktime_t expires;

	KUNIT_EXPECT_EQ(test, hrtimer_active(timer), hours > 0);
	if (!hours)
		return;
	expires = hrtimer_get_expires(timer);
	KUNIT_EXPECT_EQ(test, ktime_to_ns(ktime_sub(expires, qk->base)),
			hours * QK_HOUR_NS);
}

/* Order: by deadline, and as they came where deadlines are equal. */

struct qk_order_case {
	const char	*name;
	unsigned int	nr;
	u8		hours[QK_MAX];
	u8		order[QK_MAX];
};

static const struct qk_order_case qk_order_cases[] = {
	{ "one", 1, { 1 }, { 0 } },
	{ "ascending", 4, { 1, 2, 3, 4 }, { 0, 1, 2, 3 } },
	{ "descending", 4, { 4, 3, 2, 1 }, { 3, 2, 1, 0 } },
	/* Deadline 1 is in place 3, 2 in place 1, 3 in place 5, ... */
	{ "mixed", 8, { 5, 2, 8, 1, 7, 3, 6, 4 }, { 3, 1, 5, 7, 0, 6, 4, 2 } },
	{ "inside out", 8, { 4, 5, 3, 6, 2, 7, 1, 8 },
	  { 6, 4, 2, 0, 1, 3, 5, 7 } },
	{ "all equal", 8, { 1, 1, 1, 1, 1, 1, 1, 1 },
	  { 0, 1, 2, 3, 4, 5, 6, 7 } },
	{ "pairs", 6, { 3, 1, 3, 1, 2, 2 }, { 1, 3, 4, 5, 0, 2 } },
	{ "equal after later", 6, { 2, 3, 2, 3, 2, 1 }, { 5, 0, 2, 4, 1, 3 } },
};

KUNIT_ARRAY_PARAM_DESC(qk_order, qk_order_cases, name);

static void qk_order_test(struct kunit *test)
{
	const struct qk_order_case *param = test->param_value;
	struct qk *qk = test->priv;
	unsigned int i;
	LIST_HEAD(due);

	for (i = 0; i < param->nr; i++)
		qk_timer_park(test, param->hours[i]);
	for (i = 0; i < param->nr; i++)
		mqk_expect_waiting(test, qk->ios[i]);
	qk_collect(qk, QK_NEVER_NS, &due);
	for (i = 0; i < param->nr; i++)
		KUNIT_EXPECT_EQ(test, mqk_state(qk->ios[i]),
				MQBLK_RQ_STARTED);
	qk_expect_list(test, &due, param->order, param->nr);
	qk_expect_armed(test, 0);
	qk_expect_end(test, &due, param->order, param->nr);
}

/* Batches: what is due at a time, and no more; the timer is for the rest. */

struct qk_batch_case {
	const char	*name;
	unsigned int	nr;
	u8		hours[QK_MAX];
	s64		now_ns;
	unsigned int	nr_due;
	u8		due[QK_MAX];
	unsigned int	armed;
};

static const struct qk_batch_case qk_batch_cases[] = {
	{ "nothing due", 3, { 3, 1, 2 }, 0, 0, {}, 1 },
	{ "a moment before", 3, { 3, 1, 2 }, QK_HOUR_NS - 1, 0, {}, 1 },
	{ "at the deadline", 3, { 3, 1, 2 }, QK_HOUR_NS, 1, { 1 }, 2 },
	{ "a moment after", 3, { 3, 1, 2 }, QK_HOUR_NS + 1, 1, { 1 }, 2 },
	{ "the first two", 4, { 4, 2, 1, 3 }, 2 * QK_HOUR_NS, 2, { 2, 1 }, 3 },
	{ "all but the last", 4, { 4, 2, 1, 3 }, 4 * QK_HOUR_NS - 1, 3,
	  { 2, 1, 3 }, 4 },
	{ "all", 4, { 4, 2, 1, 3 }, 4 * QK_HOUR_NS, 4, { 2, 1, 3, 0 }, 0 },
	{ "equal ones go together", 6, { 2, 1, 2, 1, 2, 1 }, QK_HOUR_NS, 3,
	  { 1, 3, 5 }, 2 },
	{ "equal ones stay together", 6, { 2, 1, 2, 1, 2, 1 }, QK_HOUR_NS - 1,
	  0, {}, 1 },
	{ "late by hours", 3, { 1, 5, 2 }, 4 * QK_HOUR_NS, 2, { 0, 2 }, 5 },
};

KUNIT_ARRAY_PARAM_DESC(qk_batch, qk_batch_cases, name);

static void qk_batch_test(struct kunit *test)
{
	const struct qk_batch_case *param = test->param_value;
	struct qk *qk = test->priv;
	unsigned int i, nr_waiting = 0;
	LIST_HEAD(due);

	for (i = 0; i < param->nr; i++)
		qk_timer_park(test, param->hours[i]);
	qk_collect(qk, param->now_ns, &due);
	qk_expect_list(test, &due, param->due, param->nr_due);
	qk_expect_armed(test, param->armed);
	for (i = 0; i < param->nr; i++)
		nr_waiting += mqk_state(qk->ios[i]) == MQBLK_RQ_PARKED;
	KUNIT_EXPECT_EQ(test, nr_waiting, param->nr - param->nr_due);
	qk_expect_end(test, &due, param->due, param->nr_due);
}

static void qk_collect_empty_test(struct kunit *test)
{
	struct qk *qk = test->priv;
	struct mqk_io *io = qk_start(test, 0);
	LIST_HEAD(due);

	qk_collect(qk, QK_NEVER_NS, &due);
	KUNIT_EXPECT_TRUE(test, list_empty(&due));
	qk_expect_armed(test, 0);
	KUNIT_EXPECT_EQ(test, mqk_state(io), MQBLK_RQ_STARTED);
}

/* An earlier deadline sets the timer anew, a later or equal one does not. */
static void qk_arm_test(struct kunit *test)
{
	static const struct {
		u8	hours;
		u8	armed;
	} steps[] = {
		{ 5, 5 }, { 6, 5 }, { 5, 5 }, { 3, 3 }, { 4, 3 }, { 2, 2 },
		{ 7, 2 }, { 1, 1 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		qk_timer_park(test, steps[i].hours);
		qk_expect_armed(test, steps[i].armed);
	}
}

/* One is taken out, and the others keep their order. */

struct qk_unpark_case {
	const char	*name;
	u8		out;
	u8		rest[4];
	/* Deadline of the first of the rest. */
	u8		armed;
};

/* Deadlines are 2, 1, 4, 3, 5 hours: the order is 1, 0, 3, 2, 4. */
static const struct qk_unpark_case qk_unpark_cases[] = {
	{ "first", 1, { 0, 3, 2, 4 }, 2 },
	{ "middle", 3, { 1, 0, 2, 4 }, 1 },
	{ "last", 4, { 1, 0, 3, 2 }, 1 },
};

KUNIT_ARRAY_PARAM_DESC(qk_unpark, qk_unpark_cases, name);

static void qk_park_five(struct kunit *test)
{
	static const u8 hours[] = { 2, 1, 4, 3, 5 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(hours); i++)
		qk_timer_park(test, hours[i]);
}

static void qk_unpark_test(struct kunit *test)
{
	const struct qk_unpark_case *param = test->param_value;
	struct qk *qk = test->priv;
	struct mqblk_rq *mrq;
	LIST_HEAD(due);

	qk_park_five(test);
	mrq = mqk_rq(qk->ios[param->out]);
	spin_lock_irq(&qk->queue->lock);
	mqblk_unpark(qk->queue, mrq);
	spin_unlock_irq(&qk->queue->lock);
	KUNIT_EXPECT_EQ(test, mrq->state & MQBLK_RQ_STATE_MASK, MQBLK_RQ_STARTED);

	qk_collect(qk, QK_NEVER_NS, &due);
	qk_expect_list(test, &due, param->rest, 4);
	qk_expect_end(test, &due, param->rest, 4);
	mqblk_rq_end(qk->ios[param->out]->rq, BLK_STS_OK, NULL);
}

/*
 * The timer may fire for one that has been taken out. It ends nothing then and
 * is set to the first of the rest.
 */
static void qk_expired_early_test(struct kunit *test)
{
	const struct qk_unpark_case *param = test->param_value;
	struct qk *qk = test->priv;
	struct mqk_io *out;
	unsigned int i;

	qk_park_five(test);
	out = qk->ios[param->out];
	spin_lock_irq(&qk->queue->lock);
	mqblk_unpark(qk->queue, mqk_rq(out));
	spin_unlock_irq(&qk->queue->lock);
	mqblk_rq_end(out->rq, BLK_STS_TIMEOUT, NULL);

	hrtimer_cancel(&qk->queue->timer);
	KUNIT_EXPECT_EQ(test, mqblk_timer_expired(&qk->queue->timer),
			HRTIMER_RESTART);
	/* What the caller of a timer's function does then. */
	hrtimer_restart(&qk->queue->timer);
	/* If it was started meanwhile, it is left alone. */
	KUNIT_EXPECT_EQ(test, mqblk_timer_expired(&qk->queue->timer),
			HRTIMER_NORESTART);
	for (i = 0; i < ARRAY_SIZE(param->rest); i++)
		mqk_expect_waiting(test, qk->ios[param->rest[i]]);
	qk_expect_armed(test, param->armed);
	KUNIT_EXPECT_EQ(test, mqk_rq_timeout(out->rq), BLK_EH_RESET_TIMER);
	KUNIT_EXPECT_EQ(test, atomic_read(&out->nr_ended), 1);
}

/*
 * One interrupt ends a part of what is due, and the timer is set again, to a time that
 * leaves the CPU to others for a while.
 */
static void qk_expire_part_test(struct kunit *test)
{
	const unsigned int nr = MQBLK_EXPIRE_AT_ONCE + 1;
	struct mqblk_set_params params = mqk_set_params(&mqk_ops, 1, 0);
	enum mqblk_rq_state last_but_one, last;
	enum hrtimer_restart restart;
	struct mqblk_queue *queue;
	ktime_t now, expires;
	struct mqk_io **ios;
	struct mqk_dev *dev;
	unsigned int i;

	params.depth = nr;
	dev = mqk_queue_create(test, &params);
	ios = kunit_kcalloc(test, nr, sizeof(*ios), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ios);
	for (i = 0; i < nr; i++) {
		ios[i] = mqk_io_start(test, dev, 0);
		ios[i]->keep = true;
	}
	queue = mqk_queue(ios[0]->rq);
	/* All are due, and the timer cannot fire. */
	local_irq_disable();
	for (i = 0; i < nr; i++)
		mqk_timer_park(ios[i]->rq, BLK_STS_OK, ktime_get());
	hrtimer_cancel(&queue->timer);
	now = ktime_get();
	restart = mqblk_timer_expired(&queue->timer);
	expires = hrtimer_get_expires(&queue->timer);
	last_but_one = mqk_state(ios[nr - 2]);
	last = mqk_state(ios[nr - 1]);
	if (restart == HRTIMER_RESTART)
		hrtimer_restart(&queue->timer);
	local_irq_enable();
	KUNIT_EXPECT_EQ(test, restart, HRTIMER_RESTART);
	KUNIT_EXPECT_GT(test, expires, now);
	KUNIT_EXPECT_EQ(test, last_but_one, MQBLK_RQ_IDLE);
	KUNIT_EXPECT_EQ(test, last, MQBLK_RQ_PARKED);
	for (i = 0; i < nr; i++)
		mqk_expect_ended(test, ios[i], BLK_STS_OK);
}

/* Polling */

static void qk_poll_order_test(struct kunit *test)
{
	static const u8 order[] = { 0, 1, 2, 3 };
	struct qk *qk = test->priv;
	struct blk_mq_hw_ctx *hctx;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		qk_poll_park(test);
	hctx = qk->ios[0]->rq->mq_hctx;
	KUNIT_EXPECT_EQ(test, hctx->type, HCTX_TYPE_POLL);
	qk_expect_list(test, &qk->queue->polled, order, ARRAY_SIZE(order));

	KUNIT_EXPECT_EQ(test, mqk_poll(hctx, NULL), ARRAY_SIZE(order));
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		mqk_expect_ended(test, qk->ios[i], qk_status(i));
		KUNIT_EXPECT_EQ(test, qk->ios[i]->end_seq, i);
	}
	KUNIT_EXPECT_EQ(test, mqk_poll(hctx, NULL), 0);
}

static void qk_poll_empty_test(struct kunit *test)
{
	DEFINE_IO_COMP_BATCH(iob);
	struct mqk_io *io = qk_start(test, REQ_POLLED);

	KUNIT_EXPECT_EQ(test, mqk_poll(io->rq->mq_hctx, NULL), 0);
	KUNIT_EXPECT_EQ(test, mqk_poll(io->rq->mq_hctx, &iob), 0);
	KUNIT_EXPECT_TRUE(test, rq_list_empty(&iob.req_list));
	KUNIT_EXPECT_EQ(test, mqk_state(io), MQBLK_RQ_STARTED);
}

/* Those that went well end with the batch and not before. */
static void qk_poll_batch_test(struct kunit *test)
{
	struct qk *qk = test->priv;
	DEFINE_IO_COMP_BATCH(iob);
	unsigned int i;

	for (i = 0; i < 4; i++)
		qk_poll_park(test);
	KUNIT_EXPECT_EQ(test, mqk_poll(qk->ios[0]->rq->mq_hctx, &iob), 4);
	KUNIT_EXPECT_EQ(test, atomic_read(&qk->ios[0]->nr_ended), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&qk->ios[2]->nr_ended), 0);
	mqblk_batch_end(&iob);
	for (i = 0; i < 4; i++)
		mqk_expect_ended(test, qk->ios[i], qk_status(i));
}

/* A timeout takes one out of the middle; the poller ends the others. */
static void qk_poll_timeout_test(struct kunit *test)
{
	static const u8 rest[] = { 0, 2 };
	struct qk *qk = test->priv;
	unsigned int i;

	for (i = 0; i < 3; i++)
		qk_poll_park(test);
	KUNIT_EXPECT_EQ(test, mqk_rq_timeout(qk->ios[1]->rq), BLK_EH_DONE);
	mqk_expect_ended(test, qk->ios[1], BLK_STS_TIMEOUT);
	qk_expect_list(test, &qk->queue->polled, rest, ARRAY_SIZE(rest));
	KUNIT_EXPECT_EQ(test, mqk_poll(qk->ios[0]->rq->mq_hctx, NULL), 2);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, atomic_read(&qk->ios[i]->nr_ended), 1);
}

/* Of those with a deadline the poller ends what is due, and no timer is set. */
static void qk_poll_deadline_test(struct kunit *test)
{
	struct qk *qk = test->priv;
	struct blk_mq_hw_ctx *hctx;

	mqk_timer_park(qk_start(test, REQ_POLLED)->rq, qk_status(0),
		       ktime_sub_ns(ktime_get(), 1));
	mqk_timer_park(qk_start(test, REQ_POLLED)->rq, qk_status(1),
		       ktime_add_ns(ktime_get(), NSEC_PER_SEC * 3600LL));
	hctx = qk->ios[0]->rq->mq_hctx;
	qk->queue = hctx->driver_data;
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&qk->queue->timer));
	KUNIT_EXPECT_EQ(test, mqk_poll(hctx, NULL), 1);
	mqk_expect_ended(test, qk->ios[0], qk_status(0));
	KUNIT_EXPECT_EQ(test, mqk_rq_timeout(qk->ios[1]->rq),
			BLK_EH_RESET_TIMER);
	mqk_expect_waiting(test, qk->ios[1]);
	/* In a hurry, one that nobody polls for does not keep the disk. */
	mqblk_queue_hurry(qk->queue, true, BLK_STS_OK);
	mqk_expect_ended(test, qk->ios[1], qk_status(1));
	mqk_timer_park(qk_start(test, REQ_POLLED)->rq, qk_status(2),
		       ktime_add_ns(ktime_get(), NSEC_PER_SEC * 3600LL));
	mqk_expect_ended(test, qk->ios[2], qk_status(2));
}

/*
 * In a hurry all that waits ends, for the timer, for a poller or for nothing, and what
 * is parked later does not wait. Afterwards it does again.
 */
static void qk_hurry_test(struct kunit *test)
{
	struct qk *qk = test->priv;
	unsigned int i;

	qk_park_five(test);
	mqk_poll_park(qk_start(test, 0)->rq, qk_status(5));
	mqk_rq_lose(qk_start(test, 0)->rq);
	mqblk_queue_hurry(qk->queue, true, BLK_STS_OK);
	for (i = 0; i < 6; i++)
		mqk_expect_ended(test, qk->ios[i], qk_status(i));
	mqk_expect_ended(test, qk->ios[6], BLK_STS_TIMEOUT);

	mqk_rq_lose(qk_start(test, 0)->rq);
	mqk_expect_ended(test, qk->ios[7], BLK_STS_TIMEOUT);
	mqk_poll_park(qk_start(test, 0)->rq, qk_status(8));
	mqk_expect_ended(test, qk->ios[8], qk_status(8));

	mqblk_queue_hurry(qk->queue, false, BLK_STS_OK);
	mqk_poll_park(qk_start(test, 0)->rq, qk_status(9));
	mqk_expect_waiting(test, qk->ios[9]);
}

/* What waits for the timer ends, as if its time had come; all else waits on, now and later. */
static void qk_expire_test(struct kunit *test)
{
	struct qk *qk = test->priv;
	unsigned int i;

	qk_park_five(test);
	mqk_poll_park(qk_start(test, 0)->rq, qk_status(5));
	mqk_rq_lose(qk_start(test, 0)->rq);
	mqblk_queue_expire(qk->queue);
	for (i = 0; i < 5; i++)
		mqk_expect_ended(test, qk->ios[i], qk_status(i));
	mqk_expect_waiting(test, qk->ios[5]);
	mqk_expect_waiting(test, qk->ios[6]);

	qk_timer_park(test, 1);
	mqk_expect_waiting(test, qk->ios[7]);
	qk_expect_armed(test, 1);
}

/* Both ways to wait do not meet, not even in one queue. */
static void qk_both_test(struct kunit *test)
{
	static const u8 timed[] = { 0 };
	struct qk *qk = test->priv;
	LIST_HEAD(due);

	qk_timer_park(test, 1);
	mqk_poll_park(qk_start(test, 0)->rq, qk_status(1));
	qk_collect(qk, QK_NEVER_NS, &due);
	qk_expect_list(test, &due, timed, 1);
	qk_expect_end(test, &due, timed, 1);
	mqk_expect_waiting(test, qk->ios[1]);
	KUNIT_EXPECT_EQ(test, mqk_poll(qk->ios[1]->rq->mq_hctx, NULL), 1);
	mqk_expect_ended(test, qk->ios[1], qk_status(1));
}

static void qk_life_test(struct kunit *test)
{
	struct mqblk_queue *queue;

	queue = kunit_kmalloc(test, sizeof(*queue), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, queue);
	memset(queue, 0xa5, sizeof(*queue));
	mqblk_queue_init(queue);
	KUNIT_EXPECT_TRUE(test, list_empty(&queue->polled));
	KUNIT_EXPECT_TRUE(test, list_empty(&queue->lost));
	KUNIT_EXPECT_NULL(test, timerqueue_getnext(&queue->timers));
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&queue->timer));
	KUNIT_EXPECT_FALSE(test, queue->hurry);
	KUNIT_EXPECT_FALSE(test, mqblk_queue_polls(queue));
	KUNIT_EXPECT_EQ(test, mqblk_queue_poll(queue, NULL), 0);
	mqblk_queue_exit(queue);
}

/* What the driver ends goes through its ->complete, claimed, and once only. */
static void qk_by_driver_test(struct kunit *test)
{
	static const u8 order[] = { 1, 0 };
	struct qk *qk = test->priv;
	LIST_HEAD(due);

	qk_timer_park(test, 2);
	qk_timer_park(test, 1);
	qk_timer_park(test, 3);
	qk->queue->by_driver = true;
	qk_collect(qk, 2 * QK_HOUR_NS, &due);
	qk_expect_end(test, &due, order, 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&qk->dev->nr_completes), 2);
	INIT_LIST_HEAD(&due);
	qk_collect(qk, QK_NEVER_NS, &due);
	/* A device that lies, or a reset, cannot take it away meanwhile. */
	KUNIT_EXPECT_FALSE(test, mqblk_rq_claim(qk->ios[2]->rq));
	KUNIT_EXPECT_EQ(test, mqblk_end_list(qk->queue, &due, NULL), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&qk->dev->nr_completes), 3);
	mqk_expect_ended(test, qk->ios[2], qk_status(2));
}

static struct kunit_case qk_cases[] = {
	KUNIT_CASE_PARAM(qk_order_test, qk_order_gen_params),
	KUNIT_CASE_PARAM(qk_batch_test, qk_batch_gen_params),
	KUNIT_CASE(qk_collect_empty_test),
	KUNIT_CASE(qk_arm_test),
	KUNIT_CASE_PARAM(qk_unpark_test, qk_unpark_gen_params),
	KUNIT_CASE_PARAM(qk_expired_early_test, qk_unpark_gen_params),
	KUNIT_CASE(qk_expire_part_test),
	KUNIT_CASE(qk_poll_order_test),
	KUNIT_CASE(qk_poll_empty_test),
	KUNIT_CASE(qk_poll_batch_test),
	KUNIT_CASE(qk_poll_timeout_test),
	KUNIT_CASE(qk_poll_deadline_test),
	KUNIT_CASE(qk_hurry_test),
	KUNIT_CASE(qk_expire_test),
	KUNIT_CASE(qk_both_test),
	KUNIT_CASE(qk_by_driver_test),
	KUNIT_CASE(qk_life_test),
	{}
};

static struct kunit_suite qk_suite = {
	.name		= "mqblk_queue",
	.suite_init	= mqk_suite_init,
	.suite_exit	= mqk_suite_exit,
	.init		= qk_init,
	.test_cases	= qk_cases,
};

kunit_test_suite(qk_suite);
