// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of request ownership: who may complete a request, that it ends exactly
 * once and with its own status, by timer, by poller, by timeout or at once.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kthread.h>
#include <linux/ktime.h>

#include "disk_kunit.h"

#define RK_HOUR_NS	(3600LL * NSEC_PER_SEC)

/* A default and a poll queue. The block layer gives these no scheduler. */
static struct mqblk_set_params rk_params(unsigned int timeout_ms)
{
	struct mqblk_set_params params = mqk_set_params(&mqk_poll_ops, 1, 1);

	params.timeout_ms = timeout_ms;
	return params;
}

static struct mqk_dev *rk_create(struct kunit *test)
{
	const struct mqblk_set_params params = rk_params(0);

	return mqk_queue_create(test, &params);
}

static struct mqk_dev *rk_create_disk(struct kunit *test,
				      unsigned int timeout_ms)
{
	const struct mqblk_set_params params = rk_params(timeout_ms);

	return mqk_dev_create(test, &params);
}

static struct mqk_io *rk_start_keep(struct kunit *test, struct mqk_dev *dev,
				    blk_opf_t flags)
{
	struct mqk_io *io = mqk_io_start(test, dev, flags);

	io->keep = true;
	return io;
}

static ktime_t rk_in_ns(s64 ns)
{
	return ktime_add_ns(ktime_get(), ns);
}

/* Claims */

static void rk_claim_test(struct kunit *test)
{
	struct mqk_io *io = rk_start_keep(test, rk_create(test), 0);

	KUNIT_EXPECT_EQ(test, mqk_state(io), MQBLK_RQ_STARTED);
	KUNIT_EXPECT_TRUE(test, mqblk_rq_claim(io->rq));
	KUNIT_EXPECT_EQ(test, mqk_state(io), MQBLK_RQ_IDLE);
	KUNIT_EXPECT_FALSE(test, mqblk_rq_claim(io->rq));
	KUNIT_EXPECT_EQ(test, atomic_read(&io->nr_ended), 0);
	mqblk_rq_finish(io->rq, BLK_STS_OK, NULL);
	mqk_expect_ended(test, io, BLK_STS_OK);
	/* What comes late finds it gone. */
	KUNIT_EXPECT_FALSE(test, mqblk_rq_claim(io->rq));
}

static void rk_claim_idle_test(struct kunit *test)
{
	struct mqk_io *io = mqk_io_alloc(test, rk_create(test), 0);
	bool claimed = mqblk_rq_claim(io->rq);

	blk_mq_free_request(io->rq);
	KUNIT_EXPECT_FALSE(test, claimed);
}

static void rk_claim_parked_test(struct kunit *test)
{
	struct mqk_io *io = mqk_io_start(test, rk_create(test), 0);

	mqk_timer_park(io->rq, BLK_STS_OK, rk_in_ns(RK_HOUR_NS));
	KUNIT_EXPECT_FALSE(test, mqblk_rq_claim(io->rq));
	mqk_expect_waiting(test, io);
}

/*
 * Two threads meet, and both want the same requests, one after the other. Who
 * wins one has more to do and falls back, so they stay close to each other.
 */

#define RK_RACE_RQS	32

#define RK_MAX_ROUNDS	50000
/* As much as there is time for, but not without any. */
#define RK_MIN_ROUNDS	200
#define RK_RACE_NS	(1LL * NSEC_PER_SEC)

/**
 * struct rk_race - two threads and the requests they race for
 * @rqs: the requests
 * @arrived: two more in each round
 * @left: same, when done with the requests
 * @wins: claims that were won
 * @deadline: after that the threads give up
 */
struct rk_race {
	struct request	*rqs[RK_RACE_RQS];
	atomic_t	arrived;
	atomic_t	left;
	atomic_t	wins;
	ktime_t		deadline;
};

/* Waits until @count is @value, in the shortest loop; looks up seldom. */
static bool rk_race_wait(struct rk_race *race, atomic_t *count, int value)
{
	unsigned int spins = 0;

	atomic_inc(count);
	while (atomic_read(count) < value) {
		cpu_relax();
		if (++spins % 1024)
			continue;
		if (kthread_should_stop() ||
		    ktime_after(ktime_get(), race->deadline))
			return false;
		cond_resched();
	}
	return true;
}

static bool rk_race_round(struct rk_race *race, int round)
{
	unsigned int i;

	if (!rk_race_wait(race, &race->arrived, 2 * round))
		return false;
	for (i = 0; i < RK_RACE_RQS; i++)
		if (mqblk_rq_claim(race->rqs[i]))
			atomic_inc(&race->wins);
	return rk_race_wait(race, &race->left, 2 * round);
}

static int rk_race_thread(void *data)
{
	struct rk_race *race = data;
	int round;

	for (round = 1; round <= RK_MAX_ROUNDS; round++)
		if (!rk_race_round(race, round))
			break;
	while (!kthread_should_stop())
		schedule_timeout_interruptible(HZ / 10);
	return 0;
}

KUNIT_DEFINE_ACTION_WRAPPER(rk_stop, kthread_stop, struct task_struct *);

static struct rk_race *rk_race_start(struct kunit *test, struct mqk_io **ios)
{
	struct rk_race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	struct task_struct *thread;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, race);
	for (i = 0; i < RK_RACE_RQS; i++)
		race->rqs[i] = ios[i]->rq;
	race->deadline = ktime_add_ns(ktime_get(), 20 * RK_RACE_NS);
	thread = kthread_run(rk_race_thread, race, "mqblk_race");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, rk_stop, thread));
	return race;
}

static void rk_claim_race_test(struct kunit *test)
{
	struct mqblk_set_params params = rk_params(0);
	struct mqk_io *ios[RK_RACE_RQS];
	struct rk_race *race;
	struct mqk_dev *dev;
	unsigned int i;
	ktime_t end;
	int round;

	params.depth = RK_RACE_RQS;
	dev = mqk_queue_create(test, &params);
	for (i = 0; i < RK_RACE_RQS; i++)
		ios[i] = mqk_io_start(test, dev, 0);
	race = rk_race_start(test, ios);
	end = rk_in_ns(RK_RACE_NS);
	/* The block layer sees them once; only their state goes round. */
	for (round = 1; round <= RK_MAX_ROUNDS; round++) {
		for (i = 0; i < RK_RACE_RQS; i++)
			mqblk_rq_set_state(mqk_rq(ios[i]), MQBLK_RQ_STARTED);
		KUNIT_ASSERT_TRUE(test, rk_race_round(race, round));
		KUNIT_ASSERT_EQ_MSG(test, atomic_read(&race->wins),
				    round * RK_RACE_RQS, "round %d", round);
		if (round >= RK_MIN_ROUNDS && ktime_after(ktime_get(), end))
			break;
	}
	for (i = 0; i < RK_RACE_RQS; i++) {
		mqblk_rq_finish(ios[i]->rq, BLK_STS_OK, NULL);
		mqk_expect_ended(test, ios[i], BLK_STS_OK);
	}
}

/* A second completion is refused with a warning, and touches nothing. */

static void rk_end_twice_test(struct kunit *test)
{
	struct mqk_io *io = rk_start_keep(test, rk_create(test), 0);

	mqblk_rq_end(io->rq, BLK_STS_NOSPC, NULL);
	mqk_expect_begin("WARNING.*linux/mqblk(_rq)?\\.h");
	mqblk_rq_end(io->rq, BLK_STS_OK, NULL);
	mqk_expect_end();
	mqk_expect_ended(test, io, BLK_STS_NOSPC);
	KUNIT_EXPECT_EQ(test, mqk_state(io), MQBLK_RQ_IDLE);
}

static void rk_complete_twice_test(struct kunit *test)
{
	struct mqk_io *io = rk_start_keep(test, rk_create(test), 0);

	mqblk_rq_complete(io->rq, BLK_STS_NOSPC, NULL);
	mqk_expect_begin("WARNING.*linux/mqblk(_rq)?\\.h");
	mqblk_rq_complete(io->rq, BLK_STS_OK, NULL);
	mqk_expect_end();
	mqk_expect_ended(test, io, BLK_STS_NOSPC);
}

/* A request that the driver does not own is not parked. */

struct rk_park_case {
	const char	*name;
	enum { RK_TIMER, RK_POLL, RK_LOSE } way;
};

static const struct rk_park_case rk_park_cases[] = {
	{ "timer", RK_TIMER },
	{ "poll", RK_POLL },
	{ "lose", RK_LOSE },
};

KUNIT_ARRAY_PARAM_DESC(rk_park, rk_park_cases, name);

static void rk_park(const struct rk_park_case *param, struct mqk_io *io,
		    blk_status_t status)
{
	if (param->way == RK_POLL)
		mqk_poll_park(io->rq, status);
	else if (param->way == RK_LOSE)
		mqk_rq_lose(io->rq);
	else
		mqk_timer_park(io->rq, status, rk_in_ns(RK_HOUR_NS));
}

static void rk_park_idle_test(struct kunit *test)
{
	const struct rk_park_case *param = test->param_value;
	struct mqk_io *io = rk_start_keep(test, rk_create(test), 0);

	mqblk_rq_end(io->rq, BLK_STS_OK, NULL);
	mqk_expect_ended(test, io, BLK_STS_OK);
	mqk_expect_begin("WARNING.*queue\\.c");
	rk_park(param, io, BLK_STS_IOERR);
	mqk_expect_end();
	KUNIT_EXPECT_EQ(test, mqk_state(io), MQBLK_RQ_IDLE);
	/* Were it parked, this would end it a second time. */
	KUNIT_EXPECT_EQ(test, mqk_rq_timeout(io->rq), BLK_EH_RESET_TIMER);
	KUNIT_EXPECT_EQ(test, atomic_read(&io->nr_ended), 1);
}

/* Timeouts */

static void rk_timeout_parked_test(struct kunit *test)
{
	const struct rk_park_case *param = test->param_value;
	struct mqk_io *io = rk_start_keep(test, rk_create(test), 0);

	if (param->way == RK_TIMER)
		kunit_skip(test, "ends by the timer");
	rk_park(param, io, BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, mqk_rq_timeout(io->rq), BLK_EH_DONE);
	mqk_expect_ended(test, io, BLK_STS_TIMEOUT);
	KUNIT_EXPECT_EQ(test, mqk_rq_timeout(io->rq), BLK_EH_RESET_TIMER);
	KUNIT_EXPECT_EQ(test, mqk_poll(io->rq->mq_hctx, NULL), 0);
	mqk_expect_ended(test, io, BLK_STS_TIMEOUT);
}

static void rk_timeout_started_test(struct kunit *test)
{
	struct mqk_io *io = mqk_io_start(test, rk_create(test), 0);

	KUNIT_EXPECT_EQ(test, mqk_rq_timeout(io->rq), BLK_EH_RESET_TIMER);
	KUNIT_EXPECT_EQ(test, atomic_read(&io->nr_ended), 0);
	KUNIT_EXPECT_EQ(test, mqk_state(io), MQBLK_RQ_STARTED);
	mqblk_rq_end(io->rq, BLK_STS_OK, NULL);
	mqk_expect_ended(test, io, BLK_STS_OK);
}

/*
 * The block layer finds four overdue: two that nobody else will end, one that
 * waits for the timer and one that is worked on.
 */
static void rk_timeout_block_layer_test(struct kunit *test)
{
	struct mqk_dev *dev = rk_create_disk(test, 1);
	struct mqk_io *timed = mqk_io_start(test, dev, 0);
	struct mqk_io *polled = mqk_io_start(test, dev, REQ_POLLED);
	struct mqk_io *lost = mqk_io_start(test, dev, 0);
	struct mqk_io *started = mqk_io_start(test, dev, 0);

	mqk_timer_park(timed->rq, BLK_STS_OK, rk_in_ns(3 * NSEC_PER_SEC));
	mqk_poll_park(polled->rq, BLK_STS_OK);
	mqk_rq_lose(lost->rq);
	mqk_expect_ended(test, polled, BLK_STS_TIMEOUT);
	mqk_expect_ended(test, lost, BLK_STS_TIMEOUT);
	KUNIT_EXPECT_GE(test, atomic_read(&dev->nr_timeouts), 2);
	mqk_expect_ended(test, timed, BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, atomic_read(&started->nr_ended), 0);
	mqblk_rq_end(started->rq, BLK_STS_OK, NULL);
	mqk_expect_ended(test, started, BLK_STS_OK);
}

/* The timeout leaves to the timer what the timer will end. */
static void rk_timeout_timer_test(struct kunit *test)
{
	struct mqk_dev *dev = rk_create(test);
	struct mqk_io *io;
	unsigned int i;

	for (i = 0; i < 100; i++) {
		io = rk_start_keep(test, dev, 0);
		mqk_timer_park(io->rq, BLK_STS_OK,
			       rk_in_ns((i % 20) * 5 * NSEC_PER_USEC));
		KUNIT_EXPECT_EQ(test, mqk_rq_timeout(io->rq),
				BLK_EH_RESET_TIMER);
		mqk_expect_ended(test, io, BLK_STS_OK);
		KUNIT_EXPECT_EQ(test, mqk_rq_timeout(io->rq),
				BLK_EH_RESET_TIMER);
		kunit_release_action(test, mqk_io_settle, io);
	}
}

/* The status goes along on every way. */

static void rk_end(struct mqk_io *io, blk_status_t status)
{
	mqblk_rq_end(io->rq, status, NULL);
}

static void rk_end_batch(struct mqk_io *io, blk_status_t status)
{
	DEFINE_IO_COMP_BATCH(iob);

	mqblk_rq_end(io->rq, status, &iob);
	mqblk_batch_end(&iob);
}

static void rk_complete(struct mqk_io *io, blk_status_t status)
{
	mqblk_rq_complete(io->rq, status, NULL);
}

static void rk_complete_batch(struct mqk_io *io, blk_status_t status)
{
	DEFINE_IO_COMP_BATCH(iob);

	mqblk_rq_complete(io->rq, status, &iob);
	mqblk_batch_end(&iob);
}

static void rk_timer(struct mqk_io *io, blk_status_t status)
{
	mqk_timer_park(io->rq, status, rk_in_ns(NSEC_PER_MSEC));
}

static void rk_timer_past(struct mqk_io *io, blk_status_t status)
{
	mqk_timer_park(io->rq, status, 0);
}

static void rk_poll(struct mqk_io *io, blk_status_t status)
{
	mqk_poll_park(io->rq, status);
	mqk_poll(io->rq->mq_hctx, NULL);
}

static void rk_poll_batch(struct mqk_io *io, blk_status_t status)
{
	DEFINE_IO_COMP_BATCH(iob);

	mqk_poll_park(io->rq, status);
	mqk_poll(io->rq->mq_hctx, &iob);
	mqblk_batch_end(&iob);
}

struct rk_way_case {
	const char	*name;
	void		(*end)(struct mqk_io *io, blk_status_t status);
	blk_opf_t	flags;
};

static const struct rk_way_case rk_way_cases[] = {
	{ "end", rk_end },
	{ "end in a batch", rk_end_batch },
	{ "complete", rk_complete },
	{ "complete with a batch", rk_complete_batch },
	/* A polled request is completed where it is. */
	{ "complete polled", rk_complete, REQ_POLLED },
	{ "complete polled with a batch", rk_complete_batch, REQ_POLLED },
	{ "timer", rk_timer },
	{ "timer in the past", rk_timer_past },
	{ "poll", rk_poll, REQ_POLLED },
	{ "poll in a batch", rk_poll_batch, REQ_POLLED },
};

KUNIT_ARRAY_PARAM_DESC(rk_way, rk_way_cases, name);

static void rk_status_test(struct kunit *test)
{
	static const blk_status_t statuses[] = {
		BLK_STS_OK, BLK_STS_IOERR, BLK_STS_NOSPC, BLK_STS_OK,
	};
	const struct rk_way_case *param = test->param_value;
	struct mqk_dev *dev = rk_create(test);
	struct mqk_io *io;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(statuses); i++) {
		io = rk_start_keep(test, dev, param->flags);
		param->end(io, statuses[i]);
		mqk_expect_ended(test, io, statuses[i]);
		KUNIT_EXPECT_EQ(test, mqk_state(io), MQBLK_RQ_IDLE);
	}
}

/* One queue for many CPUs: the block layer takes the completion to its own. */
static void rk_complete_op_test(struct kunit *test)
{
	const struct mqblk_set_params params = mqk_set_params(&mqk_ops, 1, 0);
	struct mqk_dev *dev = mqk_dev_create(test, &params);
	struct mqk_io *io = rk_start_keep(test, dev, 0);

	if (io->rq->mq_hctx->nr_ctx < 2)
		kunit_skip(test, "needs more than one CPU");
	mqblk_rq_complete(io->rq, BLK_STS_PROTECTION, NULL);
	mqk_expect_ended(test, io, BLK_STS_PROTECTION);
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->nr_completes), 1);
}

/* The timer, end to end */

#define RK_TIMED	6

/* In units of 5 ms. */
static const u8 rk_deadlines[RK_TIMED] = { 3, 1, 5, 2, 6, 4 };

/*
 * Parks @ios at deadlines from @first on, in no order. Return: true if that
 * was done before the first deadline.
 */
static bool rk_park_spread(struct mqk_io **ios, ktime_t *deadlines)
{
	ktime_t first = rk_in_ns(50 * NSEC_PER_MSEC);
	unsigned int i;

	for (i = 0; i < RK_TIMED; i++) {
		deadlines[i] = ktime_add_ms(first, 5 * rk_deadlines[i]);
		mqk_timer_park(ios[i]->rq, BLK_STS_OK, deadlines[i]);
	}
	return ktime_before(ktime_get(), first);
}

static bool rk_spread_round(struct kunit *test, struct mqk_dev *dev,
			    struct mqk_io **ios)
{
	ktime_t deadlines[RK_TIMED];
	unsigned int i;
	bool in_time;

	atomic_set(&dev->end_seq, 0);
	for (i = 0; i < RK_TIMED; i++)
		ios[i] = mqk_io_start(test, dev, 0);
	in_time = rk_park_spread(ios, deadlines);
	for (i = 0; i < RK_TIMED; i++) {
		mqk_expect_ended(test, ios[i], BLK_STS_OK);
		KUNIT_EXPECT_GE(test, ktime_to_ns(ios[i]->end_time),
				ktime_to_ns(deadlines[i]));
	}
	return in_time;
}

/*
 * None early, and each in its turn. Requests of a scheduler do not go through
 * batches, which may turn the order round where several are due at once.
 */
static void rk_timer_order_test(struct kunit *test)
{
	const struct mqblk_set_params params = mqk_set_params(&mqk_ops, 1, 0);
	struct mqk_dev *dev = mqk_dev_create(test, &params);
	struct mqk_io *ios[RK_TIMED];
	unsigned int i, tries;

	for (tries = 0; tries < 10; tries++)
		if (rk_spread_round(test, dev, ios))
			break;
	if (tries == 10)
		kunit_skip(test, "too slow to park in time");
	if (!dev->queue->elevator)
		kunit_skip(test, "needs mq-deadline to tell the order");
	for (i = 0; i < RK_TIMED; i++)
		KUNIT_EXPECT_EQ_MSG(test, ios[i]->end_seq, rk_deadlines[i] - 1,
				    "request %u", i);
}

/* How many of the group the driver has given up when the first one ends. */
static void rk_count_idle(struct mqk_io *io)
{
	struct mqk_io **ios = io->priv;
	unsigned int i, nr_idle = 0;

	for (i = 0; i < RK_TIMED; i++)
		nr_idle += mqk_state(ios[i]) == MQBLK_RQ_IDLE;
	io->seen = nr_idle;
}

/*
 * What is due together ends in one batch: all have been claimed before the
 * first of them ends.
 */
static void rk_timer_batch_test(struct kunit *test)
{
	struct mqk_dev *dev = rk_create(test);
	struct mqk_io *ios[RK_TIMED];
	ktime_t deadline;
	unsigned int i, tries = 0;
	bool in_time;

	do {
		for (i = 0; i < RK_TIMED; i++) {
			ios[i] = rk_start_keep(test, dev, 0);
			ios[i]->on_end = rk_count_idle;
			ios[i]->priv = ios;
		}
		deadline = rk_in_ns(30 * NSEC_PER_MSEC);
		for (i = 0; i < RK_TIMED; i++)
			mqk_timer_park(ios[i]->rq, BLK_STS_OK, deadline);
		in_time = ktime_before(ktime_get(), deadline);
		for (i = 0; i < RK_TIMED; i++)
			mqk_expect_ended(test, ios[i], BLK_STS_OK);
		for (i = 0; in_time && i < RK_TIMED; i++) {
			KUNIT_EXPECT_EQ(test, ios[i]->seen, RK_TIMED);
			KUNIT_EXPECT_GE(test, ktime_to_ns(ios[i]->end_time),
					ktime_to_ns(deadline));
		}
		for (i = 0; i < RK_TIMED; i++)
			kunit_release_action(test, mqk_io_settle, ios[i]);
	} while (!in_time && ++tries < 10);
	KUNIT_EXPECT_TRUE_MSG(test, in_time, "too slow to park in time");
}

/* Polling, end to end: the block layer polls while it waits. */
static void rk_poll_block_layer_test(struct kunit *test)
{
	struct mqk_dev *dev = rk_create_disk(test, 0);
	struct request *rq;
	blk_status_t status;

	rq = blk_mq_alloc_request(dev->queue, REQ_OP_DRV_IN | REQ_POLLED, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(rq));
	dev->park_polled = true;
	status = blk_execute_rq(rq, false);
	blk_mq_free_request(rq);
	KUNIT_EXPECT_EQ(test, (__force u8)status, (__force u8)BLK_STS_NOSPC);
}

/* A disk goes away while requests wait */

static void rk_remove_timed_test(struct kunit *test)
{
	struct mqk_dev *dev = rk_create_disk(test, 0);
	struct mqk_io *io = mqk_io_start(test, dev, 0);
	ktime_t deadline = rk_in_ns(100 * NSEC_PER_MSEC);

	mqk_timer_park(io->rq, BLK_STS_OK, deadline);
	mqk_disk_remove(dev);
	KUNIT_EXPECT_GE(test, ktime_to_ns(ktime_get()), ktime_to_ns(deadline));
	KUNIT_EXPECT_TRUE(test, completion_done(&io->ended));
	mqk_expect_ended(test, io, BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, dev->nr_exit, dev->nr_init);
}

/* Nobody polls; the block layer's timeout ends it, and so does the removal. */
static void rk_remove_polled_test(struct kunit *test)
{
	struct mqk_dev *dev = rk_create_disk(test, 1);
	struct mqk_io *io = mqk_io_start(test, dev, REQ_POLLED);

	mqk_poll_park(io->rq, BLK_STS_OK);
	mqk_disk_remove(dev);
	KUNIT_EXPECT_TRUE(test, completion_done(&io->ended));
	mqk_expect_ended(test, io, BLK_STS_TIMEOUT);
	KUNIT_EXPECT_EQ(test, dev->nr_exit, dev->nr_init);
}

static struct kunit_case rk_cases[] = {
	KUNIT_CASE(rk_claim_test),
	KUNIT_CASE(rk_claim_idle_test),
	KUNIT_CASE(rk_claim_parked_test),
	KUNIT_CASE(rk_claim_race_test),
	KUNIT_CASE(rk_end_twice_test),
	KUNIT_CASE(rk_complete_twice_test),
	KUNIT_CASE_PARAM(rk_park_idle_test, rk_park_gen_params),
	KUNIT_CASE_PARAM(rk_timeout_parked_test, rk_park_gen_params),
	KUNIT_CASE(rk_timeout_started_test),
	KUNIT_CASE(rk_timeout_block_layer_test),
	KUNIT_CASE(rk_timeout_timer_test),
	KUNIT_CASE_PARAM(rk_status_test, rk_way_gen_params),
	KUNIT_CASE(rk_complete_op_test),
	KUNIT_CASE(rk_timer_order_test),
	KUNIT_CASE(rk_timer_batch_test),
	KUNIT_CASE(rk_poll_block_layer_test),
	KUNIT_CASE(rk_remove_timed_test),
	KUNIT_CASE(rk_remove_polled_test),
	{}
};

static struct kunit_suite rk_suite = {
	.name		= "mqblk_request",
	.suite_init	= mqk_suite_init,
	.suite_exit	= mqk_suite_exit,
	.test_cases	= rk_cases,
};

kunit_test_suite(rk_suite);
