// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of queue pairs: a controller that is played by the test, in memory, and
 * real requests. It completes what it was sent, and much that it was not.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/iopoll.h>
#include <linux/ktime.h>
#include <linux/mqblk.h>
#include <linux/string.h>

#include "../complete.h"
#include "../ctrl.h"
#include "../io.h"
#include "../link.h"
#include "../queue.h"
#include "../recover.h"
#include "../rq.h"
#include "../state.h"
#include "bar_kunit.h"

/* A ring is soon full, so that it is soon gone round. */
#define QK_DEPTH	8
#define QK_TAGS		6
/* Long enough for any machine; only a test that fails waits for it. */
#define QK_WAIT_US	(20 * USEC_PER_SEC)
#define QK_NO_TIMEOUT_MS	(3600 * MSEC_PER_SEC)
/* Registers up to the doorbells of the first queue pairs */
#define QK_BAR_BYTES	(NVME_REG_DBS + 64)
/* Stands where a completion must not write. No case means it. */
#define QK_UNTOUCHED	0x5a5a

/**
 * struct qk_dev - a controller in memory
 * @ctrl: the driver's view of it
 * @queue: its only queue pair
 * @tail: where the controller writes its next completion
 * @phase: with what phase bit
 * @nr_resets: how often the driver wanted to reset it
 * @nr_events: events that were handed on
 */
struct qk_dev {
	struct nvmec_ctrl	ctrl;
	struct nvmec_queue	queue;
	unsigned int		tail;
	unsigned int		phase;
	unsigned int		nr_resets;
	unsigned int		nr_events;
};

/**
 * struct qk_io - a request
 * @rq: the request
 * @id: command id under which the controller got it
 * @ended: it has ended
 * @nr_ended: how often it did
 * @status: with what status
 * @result: with what result
 */
struct qk_io {
	struct request		*rq;
	u16			id;
	struct completion	ended;
	atomic_t		nr_ended;
	blk_status_t		status;
	u64			result;
};

/* --- the controller ------------------------------------------------------- */

static void qk_reset_work(struct work_struct *work)
{
	container_of(work, struct qk_dev, ctrl.reset_work)->nr_resets++;
}

static void qk_event_work(struct work_struct *work)
{
	container_of(to_delayed_work(work), struct qk_dev,
		     ctrl.event_work)->nr_events++;
}

static void qk_flush(void *data)
{
	struct qk_dev *dev = data;

	flush_delayed_work(&dev->ctrl.lost_work);
	flush_work(&dev->ctrl.reset_work);
	flush_delayed_work(&dev->ctrl.event_work);
}

static void qk_exit_set(void *data)
{
	mqblk_set_exit(data);
}

static void qk_destroy_queue(void *data)
{
	blk_mq_destroy_queue(data);
	blk_put_queue(data);
}

static void qk_init_ctrl(struct kunit *test, struct qk_dev *dev)
{
	struct nvmec_ctrl *ctrl = &dev->ctrl;

	ctrl->dev.init_name = "nvmec_kunit";
	ctrl->pdev = kunit_kzalloc(test, sizeof(*ctrl->pdev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctrl->pdev);
	ctrl->pdev->error_state = pci_channel_io_normal;
	ctrl->bar = nvk_bar(test, QK_BAR_BYTES);
	ctrl->bar_bytes = QK_BAR_BYTES;
	ctrl->state = NVMEC_LIVE;
	ctrl->queues = &dev->queue;
	ctrl->nr_queues = 1;
	spin_lock_init(&ctrl->state_lock);
	mutex_init(&ctrl->run_lock);
	INIT_WORK(&ctrl->reset_work, qk_reset_work);
	INIT_DELAYED_WORK(&ctrl->event_work, qk_event_work);
	INIT_DELAYED_WORK(&ctrl->lost_work, nvmec_lost_work);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, qk_flush,
							   dev));
}

static void qk_init_queue(struct kunit *test, struct qk_dev *dev,
			  unsigned int id, unsigned int depth)
{
	struct nvmec_queue *queue = &dev->queue;

	queue->ctrl = &dev->ctrl;
	queue->id = id;
	queue->depth = depth;
	/* It needs no interrupt: the test looks. */
	queue->polled = true;
	spin_lock_init(&queue->sq_lock);
	spin_lock_init(&queue->cq_lock);
	queue->sqes = kunit_kcalloc(test, depth, sizeof(*queue->sqes),
				    GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, queue->sqes);
	queue->cqes = kunit_kcalloc(test, depth, sizeof(*queue->cqes),
				    GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, queue->cqes);
	queue->gens = kunit_kzalloc(test, depth, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, queue->gens);
}

/* One hardware queue that leads to the queue pair, whatever its id */
/* Those of the driver, but the requests here have no data: they need no lists. */
static const struct blk_mq_ops *qk_ops(struct kunit *test)
{
	struct blk_mq_ops *ops = kunit_kzalloc(test, sizeof(*ops), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ops);
	*ops = nvmec_admin_ops;
	ops->init_request = NULL;
	ops->exit_request = NULL;
	return ops;
}

static void qk_init_set(struct kunit *test, struct qk_dev *dev)
{
	const struct mqblk_set_params params = {
		.ops		= qk_ops(test),
		.pdu_bytes	= sizeof(struct nvmec_rq),
		.depth		= QK_TAGS,
		.nr_default	= 1,
		.node		= NUMA_NO_NODE,
		.flags		= BLK_MQ_F_NO_SCHED_BY_DEFAULT,
		.timeout_ms	= QK_NO_TIMEOUT_MS,
		.driver_data	= &dev->ctrl,
	};
	struct mqblk_set *set = &dev->ctrl.admin_set;
	struct request_queue *q;

	KUNIT_ASSERT_EQ(test, mqblk_set_init(set, &params), 0);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, qk_exit_set,
							   set));
	q = blk_mq_alloc_queue(&set->tags, NULL, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(q));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, qk_destroy_queue, q));
	dev->ctrl.admin_q = q;
	dev->queue.tags = set->tags.tags[0];
}

static void qk_start(struct kunit *test, struct qk_dev *dev)
{
	int ret;

	mutex_lock(&dev->ctrl.run_lock);
	ret = nvmec_queue_start(&dev->queue);
	mutex_unlock(&dev->ctrl.run_lock);
	KUNIT_ASSERT_EQ(test, ret, 0);
	dev->tail = 0;
	dev->phase = 1;
}

static void qk_stop(struct qk_dev *dev)
{
	mutex_lock(&dev->ctrl.run_lock);
	nvmec_queue_set_live(&dev->queue, false);
	nvmec_queue_stop(&dev->queue);
	mutex_unlock(&dev->ctrl.run_lock);
}

/* A controller whose queue pair works, but has no requests. */
static struct qk_dev *qk_create_bare(struct kunit *test, unsigned int id,
				     unsigned int depth)
{
	struct qk_dev *dev = kunit_kzalloc(test, sizeof(*dev), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, dev);
	qk_init_ctrl(test, dev);
	qk_init_queue(test, dev, id, depth);
	qk_start(test, dev);
	return dev;
}

static struct qk_dev *qk_create(struct kunit *test, unsigned int id)
{
	struct qk_dev *dev = qk_create_bare(test, id, QK_DEPTH);

	qk_init_set(test, dev);
	return dev;
}

/* The controller writes a completion. */
static void qk_post(struct qk_dev *dev, u16 id, u16 status, u64 result)
{
	struct nvmec_cqe *cqe = &dev->queue.cqes[dev->tail];

	cqe->result = cpu_to_le64(result);
	/* Not trusted, so all the same. */
	cqe->sq_head = cpu_to_le16(0xffff);
	cqe->sq_id = cpu_to_le16(0xffff);
	cqe->id_status = cpu_to_le32((u32)status << 17 | dev->phase << 16 | id);
	if (++dev->tail == dev->queue.depth) {
		dev->tail = 0;
		dev->phase ^= 1;
	}
}

static u32 qk_sq_doorbell(struct qk_dev *dev)
{
	return readl(dev->queue.sq_doorbell.reg);
}

static u32 qk_cq_doorbell(struct qk_dev *dev)
{
	return readl(dev->queue.cq_doorbell.reg);
}

/* --- requests ------------------------------------------------------------- */

static enum rq_end_io_ret qk_end(struct request *rq, blk_status_t status)
{
	struct qk_io *io = rq->end_io_data;

	io->status = status;
	io->result = nvmec_rq(rq)->result;
	atomic_inc(&io->nr_ended);
	complete_all(&io->ended);
	return RQ_END_IO_FREE;
}

/* ->end_io has a third argument in newer kernels. */
static enum rq_end_io_ret qk_end_iob(struct request *rq, blk_status_t status,
				     const struct io_comp_batch *iob)
{
	return qk_end(rq, status);
}

#define qk_end_io(rq) \
	__builtin_choose_expr(__same_type((rq)->end_io, &qk_end), \
			      qk_end, qk_end_iob)

/* Leaves no request behind, whatever the test did with it. */
static void qk_settle(void *data)
{
	struct qk_io *io = data;

	if (!atomic_read(&io->nr_ended) && mqblk_rq_claim(io->rq))
		blk_mq_end_request(io->rq, BLK_STS_IOERR);
	wait_for_completion_timeout(&io->ended, usecs_to_jiffies(QK_WAIT_US));
}

static struct qk_io *qk_alloc(struct kunit *test, struct qk_dev *dev)
{
	struct qk_io *io = kunit_kzalloc(test, sizeof(*io), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, io);
	init_completion(&io->ended);
	io->rq = blk_mq_alloc_request(dev->ctrl.admin_q, REQ_OP_DRV_IN, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(io->rq));
	io->rq->end_io = qk_end_io(io->rq);
	io->rq->end_io_data = io;
	nvmec_rq(io->rq)->cmd = (struct nvme_command) {};
	nvmec_rq(io->rq)->status = QK_UNTOUCHED;
	return io;
}

/* Sends a request and waits until the controller is told. */
static void qk_execute(struct kunit *test, struct qk_dev *dev,
		       struct qk_io *io)
{
	u32 old = qk_sq_doorbell(dev), new = (old + 1) % dev->queue.depth, told;

	nvmec_rq(io->rq)->cmd.common.opcode = 0xc0;
	nvmec_rq(io->rq)->cmd.common.cdw10 = cpu_to_le32(0x12345678);
	blk_execute_rq_nowait(io->rq, false);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, qk_settle,
							   io));
	KUNIT_ASSERT_EQ(test, 0,
			read_poll_timeout(qk_sq_doorbell, told, told == new,
					  100, QK_WAIT_US, false, dev));
	io->id = dev->queue.sqes[old].common.command_id;
}

static struct qk_io *qk_send(struct kunit *test, struct qk_dev *dev)
{
	struct qk_io *io = qk_alloc(test, dev);

	qk_execute(test, dev, io);
	return io;
}

static int qk_reap(struct qk_dev *dev)
{
	return nvmec_queue_reap(&dev->queue, NULL);
}

static void qk_expect_ended(struct kunit *test, struct qk_io *io,
			    blk_status_t status, u64 result)
{
	KUNIT_ASSERT_TRUE(test,
			  wait_for_completion_timeout(&io->ended,
						      usecs_to_jiffies(QK_WAIT_US)));
	KUNIT_EXPECT_EQ(test, atomic_read(&io->nr_ended), 1);
	KUNIT_EXPECT_EQ(test, (__force u8)io->status, (__force u8)status);
	KUNIT_EXPECT_EQ(test, io->result, result);
}

static void qk_expect_in_flight(struct kunit *test, struct qk_io *io)
{
	KUNIT_EXPECT_EQ(test, atomic_read(&io->nr_ended), 0);
	KUNIT_EXPECT_TRUE(test, mqblk_rq_in_state(io->rq, MQBLK_RQ_STARTED));
	KUNIT_EXPECT_EQ(test, nvmec_rq(io->rq)->status, QK_UNTOUCHED);
}

/* --- submission ----------------------------------------------------------- */

static void qk_send_test(struct kunit *test)
{
	struct qk_dev *dev = qk_create(test, 1);
	struct qk_io *io = qk_send(test, dev);
	struct nvme_command *sqe = &dev->queue.sqes[0];

	KUNIT_EXPECT_EQ(test, sqe->common.opcode, 0xc0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(sqe->common.cdw10), 0x12345678);
	KUNIT_EXPECT_EQ(test, sqe->common.command_id, mqblk_rq_id(io->rq));
	KUNIT_EXPECT_EQ(test, qk_sq_doorbell(dev), 1);
	qk_expect_in_flight(test, io);
}

/* Of a tag, 16 ids go round; those of another do not move with them. */
static void qk_next_id_test(struct kunit *test)
{
	struct qk_dev *dev = qk_create_bare(test, 1, QK_DEPTH);
	unsigned int i;

	spin_lock(&dev->queue.sq_lock);
	for (i = 1; i <= 300; i++)
		KUNIT_EXPECT_EQ(test, nvmec_sq_next_id(&dev->queue, 5),
				i % 16 << 12 | 5);
	KUNIT_EXPECT_EQ(test, nvmec_sq_next_id(&dev->queue, 4), 0x1004);
	spin_unlock(&dev->queue.sq_lock);
}

/* A tag that went to another request: its old id means nothing any more. */
static void qk_other_request_test(struct kunit *test)
{
	struct qk_dev *dev = qk_create(test, 1);
	struct qk_io *io = qk_send(test, dev), *next;
	unsigned int tag = io->id & 0xfff;

	qk_post(dev, io->id, 0, 1);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 1);
	qk_expect_ended(test, io, BLK_STS_OK, 1);
	do {
		next = qk_alloc(test, dev);
		/* As that of a flush, which has a request of its own */
		nvmec_rq(next->rq)->mrq.state = 0;
		qk_execute(test, dev, next);
	} while ((next->id & 0xfff) != tag);
	KUNIT_EXPECT_NE(test, next->id, io->id);
	qk_post(dev, io->id, 0x0281, 2);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 1);
	KUNIT_EXPECT_EQ(test, dev->queue.nr_bogus, 1);
	qk_expect_in_flight(test, next);
}

/* --- completion ----------------------------------------------------------- */

struct qk_status {
	const char	*name;
	u16		status;
	blk_status_t	blk;
};

static const struct qk_status qk_statuses[] = {
	{ "success", 0, BLK_STS_OK },
	{ "invalid opcode", 0x0001, BLK_STS_NOTSUPP },
	{ "read error", 0x0281, BLK_STS_MEDIUM },
	{ "read error, do not retry", 0x4281, BLK_STS_MEDIUM },
	{ "all ones", 0x7fff, BLK_STS_IOERR },
};

KUNIT_ARRAY_PARAM_DESC(qk_status, qk_statuses, name);

static void qk_status_test(struct kunit *test)
{
	const struct qk_status *param = test->param_value;
	struct qk_dev *dev = qk_create(test, 1);
	struct qk_io *io = qk_send(test, dev);

	KUNIT_EXPECT_EQ(test, qk_reap(dev), 0);
	qk_post(dev, io->id, param->status, 0xfedcba9876543210ULL);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 1);
	qk_expect_ended(test, io, param->blk, 0xfedcba9876543210ULL);
	KUNIT_EXPECT_EQ(test, qk_cq_doorbell(dev), 1);
	KUNIT_EXPECT_EQ(test, dev->queue.nr_bogus, 0);
}

/*
 * Three times round the ring, one by one: an entry is new if its phase bit is 1 in
 * the first round, 0 in the second, 1 in the third.
 */
static void qk_wrap_test(struct kunit *test)
{
	struct qk_dev *dev = qk_create(test, 1);
	struct qk_io *io;
	unsigned int i;

	for (i = 1; i <= 3 * QK_DEPTH; i++) {
		io = qk_send(test, dev);
		/* What is there is from the round before. */
		KUNIT_ASSERT_EQ(test, qk_reap(dev), 0);
		qk_post(dev, io->id, 0, i);
		KUNIT_ASSERT_EQ(test, qk_reap(dev), 1);
		qk_expect_ended(test, io, BLK_STS_OK, i);
		KUNIT_ASSERT_EQ(test, dev->queue.cq_head, i % 8);
		KUNIT_ASSERT_EQ(test, dev->queue.cq_phase,
				i < 8 || (i >= 16 && i < 24));
		KUNIT_ASSERT_EQ(test, qk_cq_doorbell(dev), i % 8);
	}
	KUNIT_EXPECT_EQ(test, dev->queue.nr_bogus, 0);
}

/* All that are in flight, in another order, over the end of the ring. */
static void qk_order_test(struct kunit *test)
{
	static const unsigned int order[QK_TAGS] = { 3, 0, 5, 4, 1, 2 };
	struct qk_dev *dev = qk_create(test, 1);
	struct qk_io *ios[QK_TAGS];
	unsigned int round, i;

	for (round = 0; round < 4; round++) {
		for (i = 0; i < QK_TAGS; i++)
			ios[i] = qk_send(test, dev);
		for (i = 0; i < QK_TAGS; i++)
			qk_post(dev, ios[order[i]]->id, 0, order[i]);
		KUNIT_ASSERT_EQ(test, qk_reap(dev), QK_TAGS);
		for (i = 0; i < QK_TAGS; i++)
			qk_expect_ended(test, ios[i], BLK_STS_OK, i);
		/* 6, 12, 18, 24 */
		KUNIT_EXPECT_EQ(test, qk_cq_doorbell(dev),
				(round + 1) * 6 % 8);
	}
	KUNIT_EXPECT_EQ(test, dev->queue.nr_bogus, 0);
}

/* --- sent again ----------------------------------------------------------- */

/**
 * struct qk_again - an error, and what the driver makes of it
 * @name: of the case
 * @cmd_flags: of the request
 * @status: of the completion; bit 14 is DNR
 * @flags: why it came back
 * @retries: how often it was sent again before
 * @again: it is sent again
 * @counted: and that counts
 */
struct qk_again {
	const char	*name;
	blk_opf_t	cmd_flags;
	u16		status;
	unsigned long	flags;
	u8		retries;
	bool		again;
	bool		counted;
};

#define QK_CANCELLED	BIT(NVMEC_RQ_CANCELLED)
#define QK_FAULT	(QK_CANCELLED | BIT(NVMEC_RQ_FAULT))
#define QK_STUCK	(QK_FAULT | BIT(NVMEC_RQ_STUCK))
#define QK_TIMED_OUT	BIT(NVMEC_RQ_TIMED_OUT)

/* What is decided has tests of its own; here is where it is read from. */
static const struct qk_again qk_agains[] = {
	{ "a read", REQ_OP_READ, 0x0281, 0, 0, true, true },
	{ "a write", REQ_OP_WRITE, 0x0280, 0, 0, true, true },
	{ "a flush", REQ_OP_FLUSH, 0x0006, 0, 0, true, true },
	{ "the fifth time", REQ_OP_READ, 0x0281, 0, 4, true, true },
	{ "the sixth time", REQ_OP_READ, 0x0281, 0, 5, false, false },
	{ "do not retry", REQ_OP_READ, 0x4281, 0, 0, false, false },
	{ "in haste", REQ_OP_READ | REQ_FAILFAST_DEV, 0x0281, 0, 0, false,
	  false },
	{ "a command of the driver", REQ_OP_DRV_IN, 0x0281, 0, 0, false,
	  false },
	{ "a user's reset", REQ_OP_READ, 0x0371, QK_CANCELLED | QK_TIMED_OUT, 5,
	  true, false },
	{ "a user's reset, in haste", REQ_OP_READ | REQ_FAILFAST_DEV, 0x0371,
	  QK_CANCELLED, 0, true, false },
	{ "a user's reset, a command of the driver", REQ_OP_DRV_IN, 0x0371,
	  QK_CANCELLED, 0, false, false },
	{ "reset by another", REQ_OP_READ, 0x0371, QK_FAULT, 5, true, false },
	{ "reset by another, in haste", REQ_OP_READ | REQ_FAILFAST_DRIVER,
	  0x0371, QK_FAULT, 0, false, false },
	{ "reset by it", REQ_OP_READ, 0x0371, QK_FAULT | QK_TIMED_OUT, 4, true,
	  true },
	{ "reset by it too often", REQ_OP_READ, 0x0371,
	  QK_FAULT | QK_TIMED_OUT, 5, false, false },
	{ "nothing comes back", REQ_OP_READ, 0x0371, QK_STUCK, 0, false,
	  false },
};

KUNIT_ARRAY_PARAM_DESC(qk_again, qk_agains, name);

/* No queue is needed for the decision. */
static void qk_again_test(struct kunit *test)
{
	const struct qk_again *param = test->param_value;
	struct request *rq = kunit_kzalloc(test, sizeof(*rq) +
					   sizeof(struct nvmec_rq), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rq);
	rq->cmd_flags = param->cmd_flags;
	nvmec_rq(rq)->status = param->status;
	nvmec_rq(rq)->flags = param->flags;
	nvmec_rq(rq)->retries = param->retries;
	KUNIT_EXPECT_EQ(test, nvmec_should_retry(rq), param->again);
	KUNIT_EXPECT_EQ(test, nvmec_rq(rq)->retries,
			param->retries + param->counted);
}

/* The retry delay that the status names; the others are too long to wait for. */
static void qk_delay_once(struct kunit *test, unsigned int crd, u32 delay_ms)
{
	struct qk_dev *dev = qk_create(test, 1);
	struct qk_io *io = qk_send(test, dev);
	unsigned long begin = jiffies;
	unsigned int i;
	u32 told;

	for (i = 0; i < ARRAY_SIZE(dev->ctrl.ident.retry_ms); i++)
		dev->ctrl.ident.retry_ms[i] = QK_NO_TIMEOUT_MS;
	dev->ctrl.ident.retry_ms[crd] = delay_ms;
	KUNIT_ASSERT_TRUE(test, mqblk_rq_claim(io->rq));
	nvmec_rq(io->rq)->status = 0x0281 | crd << 11;
	nvmec_retry(&dev->ctrl, io->rq);
	KUNIT_ASSERT_EQ(test, 0,
			read_poll_timeout(qk_sq_doorbell, told, told == 2, 100,
					  QK_WAIT_US, false, dev));
	/* In what the delay is counted in: jiffies may lag behind the time. */
	KUNIT_EXPECT_GE(test, jiffies - begin, msecs_to_jiffies(delay_ms));
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->ctrl.nr_retries), 1);

	qk_post(dev, dev->queue.sqes[1].common.command_id, 0, crd);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 1);
	qk_expect_ended(test, io, BLK_STS_OK, crd);
}

static void qk_delay_test(struct kunit *test)
{
	unsigned int crd;

	qk_delay_once(test, 0, 0);
	for (crd = 1; crd <= 3; crd++)
		qk_delay_once(test, crd, 200);
}

/* --- time runs out -------------------------------------------------------- */

/**
 * struct qk_timeout - a command of the driver that has no answer
 * @name: of the case
 * @state: of the controller
 * @starting: reset_work waits for the command
 * @ended: the command is ended
 * @after: state afterwards
 * @nr_resets: how often reset_work was queued
 */
struct qk_timeout {
	const char		*name;
	enum nvmec_state	state;
	bool			starting;
	bool			ended;
	enum nvmec_state	after;
	unsigned int		nr_resets;
};

/* What reset_work waits for it cannot end itself, nor can another. */
static const struct qk_timeout qk_timeouts[] = {
	{ "live", NVMEC_LIVE, false, false, NVMEC_RESETTING, 1 },
	{ "resetting, not begun", NVMEC_RESETTING, false, false,
	  NVMEC_RESETTING, 0 },
	{ "let go of", NVMEC_REMOVING, false, false, NVMEC_DEAD, 1 },
	{ "dead", NVMEC_DEAD, false, false, NVMEC_DEAD, 0 },
	{ "brought up", NVMEC_RESETTING, true, true, NVMEC_RESETTING, 0 },
	{ "brought up, let go of", NVMEC_REMOVING, true, true, NVMEC_REMOVING,
	  0 },
	{ "brought up, dead", NVMEC_DEAD, true, true, NVMEC_DEAD, 0 },
};

KUNIT_ARRAY_PARAM_DESC(qk_timeout, qk_timeouts, name);

static void qk_timeout_test(struct kunit *test)
{
	const struct qk_timeout *param = test->param_value;
	struct qk_dev *dev = qk_create(test, 0);
	struct qk_io *io = qk_send(test, dev);

	dev->ctrl.state = param->state;
	dev->ctrl.starting = param->starting;
	writel(NVME_CC_ENABLE, dev->ctrl.bar + NVME_REG_CC);
	if (!param->starting)
		writel(NVME_CSTS_RDY, dev->ctrl.bar + NVME_REG_CSTS);
	KUNIT_EXPECT_EQ(test, nvmec_admin_ops.timeout(io->rq),
			param->ended ? BLK_EH_DONE : BLK_EH_RESET_TIMER);
	qk_flush(dev);
	KUNIT_EXPECT_EQ(test, nvmec_state(&dev->ctrl), param->after);
	KUNIT_EXPECT_EQ(test, dev->nr_resets, param->nr_resets);
	KUNIT_EXPECT_EQ(test, dev->ctrl.fault, param->after == NVMEC_RESETTING &&
			param->nr_resets ? NVMEC_FAULT_ADMIN : NVMEC_FAULT_NONE);
	KUNIT_EXPECT_EQ(test, readl(dev->ctrl.bar + NVME_REG_CC),
			param->ended ? 0 : NVME_CC_ENABLE);
	if (param->ended)
		qk_expect_ended(test, io, BLK_STS_IOERR, 0);
	else
		qk_expect_in_flight(test, io);
}

/**
 * struct qk_fault - a command times out on a live controller
 * @name: of the case
 * @queue: whose command it is
 * @csts: what the controller says about itself
 * @fault: what the reset is for
 */
struct qk_fault {
	const char		*name;
	unsigned int		queue;
	u32			csts;
	enum nvmec_fault	fault;
};

static const struct qk_fault qk_faults[] = {
	{ "admin", 0, NVME_CSTS_RDY, NVMEC_FAULT_ADMIN },
	{ "I/O", 1, NVME_CSTS_RDY, NVMEC_FAULT_IO },
	{ "admin, failed", 0, NVME_CSTS_RDY | NVME_CSTS_CFS, NVMEC_FAULT_FATAL },
	{ "I/O, failed", 1, NVME_CSTS_RDY | NVME_CSTS_CFS, NVMEC_FAULT_FATAL },
	{ "I/O, not ready any more", 1, 0, NVMEC_FAULT_FATAL },
	{ "I/O, somebody reset the subsystem", 1, NVME_CSTS_NSSRO, NVMEC_FAULT_IO },
};

KUNIT_ARRAY_PARAM_DESC(qk_fault, qk_faults, name);

static void qk_fault_test(struct kunit *test)
{
	const struct qk_fault *param = test->param_value;
	struct qk_dev *dev = qk_create(test, param->queue);
	struct qk_io *io = qk_send(test, dev);

	dev->ctrl.state = NVMEC_LIVE;
	/* An abort did not help. */
	set_bit(NVMEC_RQ_TIMED_OUT, &nvmec_rq(io->rq)->flags);
	writel(param->csts, dev->ctrl.bar + NVME_REG_CSTS);
	KUNIT_EXPECT_EQ(test, nvmec_io_ops.timeout(io->rq), BLK_EH_RESET_TIMER);
	qk_flush(dev);
	KUNIT_EXPECT_EQ(test, dev->nr_resets, 1);
	KUNIT_EXPECT_EQ(test, dev->ctrl.fault, param->fault);
}

/**
 * struct qk_lost - a command times out, and there may be no way to the device
 * @name: of the case
 * @csts: CSTS
 * @link: what the bus says
 * @state: of the controller afterwards
 * @waits: it is looked at again in a while
 * @csts_then: and CSTS is this by then
 * @link_then: and the bus says this
 * @state_then: what it is then
 */
struct qk_lost {
	const char		*name;
	u32			csts;
	pci_channel_state_t	link;
	enum nvmec_state	state;
	bool			waits;
	u32			csts_then;
	pci_channel_state_t	link_then;
	enum nvmec_state	state_then;
};

static const struct qk_lost qk_losts[] = {
	{ "the way is there", 0x01, pci_channel_io_normal, NVMEC_RESETTING },
	{ "pulled out, and the bus knows", ~0U, pci_channel_io_perm_failure,
	  NVMEC_DEAD },
	{ "pulled out, and nobody knows", ~0U, pci_channel_io_normal,
	  NVMEC_LIVE, true, ~0U, pci_channel_io_normal, NVMEC_DEAD },
	{ "pulled out, and then the bus knows", ~0U, pci_channel_io_normal,
	  NVMEC_LIVE, true, ~0U, pci_channel_io_perm_failure, NVMEC_DEAD },
	{ "frozen", ~0U, pci_channel_io_frozen, NVMEC_LIVE },
	{ "frozen, but registers can be read", 0x01, pci_channel_io_frozen,
	  NVMEC_LIVE },
	{ "cut off, then frozen", ~0U, pci_channel_io_normal, NVMEC_LIVE, true,
	  ~0U, pci_channel_io_frozen, NVMEC_LIVE },
	{ "cut off, then back", ~0U, pci_channel_io_normal, NVMEC_LIVE, true,
	  0x01, pci_channel_io_normal, NVMEC_LIVE },
};

KUNIT_ARRAY_PARAM_DESC(qk_lost, qk_losts, name);

static void qk_lost_test(struct kunit *test)
{
	const struct qk_lost *param = test->param_value;
	struct qk_dev *dev = qk_create(test, 0);
	struct qk_io *io = qk_send(test, dev);

	writel(param->csts, dev->ctrl.bar + NVME_REG_CSTS);
	dev->ctrl.pdev->error_state = param->link;
	KUNIT_EXPECT_EQ(test, nvmec_admin_ops.timeout(io->rq),
			BLK_EH_RESET_TIMER);
	KUNIT_EXPECT_EQ(test, nvmec_state(&dev->ctrl), param->state);
	KUNIT_EXPECT_EQ(test, delayed_work_pending(&dev->ctrl.lost_work),
			param->waits);
	if (!param->waits)
		return;
	writel(param->csts_then, dev->ctrl.bar + NVME_REG_CSTS);
	dev->ctrl.pdev->error_state = param->link_then;
	qk_flush(dev);
	KUNIT_EXPECT_EQ(test, nvmec_state(&dev->ctrl), param->state_then);
}

/* What a request that is taken back knows of the reset. */
static void qk_cancel_test(struct kunit *test)
{
	static const struct {
		enum nvmec_fault	fault;
		bool			stuck;
		unsigned long		flags;
	} cases[] = {
		{ NVMEC_FAULT_NONE, false, QK_CANCELLED },
		{ NVMEC_FAULT_BOGUS, false, QK_FAULT },
		{ NVMEC_FAULT_IO, false, QK_FAULT },
		{ NVMEC_FAULT_IO, true, QK_STUCK },
	};
	struct qk_dev *dev = qk_create(test, 1);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct qk_io *io = qk_send(test, dev);

		dev->ctrl.fault = cases[i].fault;
		dev->ctrl.stuck = cases[i].stuck;
		KUNIT_EXPECT_TRUE(test, nvmec_rq_cancel(io->rq, NULL));
		qk_expect_ended(test, io, BLK_STS_IOERR, 0);
		KUNIT_EXPECT_EQ(test, nvmec_rq(io->rq)->flags, cases[i].flags);
	}
}

/* What comes back is progress, whatever its status; what was not sent is none. */
static void qk_progress_test(struct kunit *test)
{
	struct qk_dev *dev = qk_create(test, 1);
	struct qk_io *io = qk_send(test, dev);

	KUNIT_EXPECT_FALSE(test, dev->queue.progress);
	qk_post(dev, 0xffff, 0, 0);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 1);
	KUNIT_EXPECT_FALSE(test, dev->queue.progress);
	qk_post(dev, io->id, 0x0281, 0);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 1);
	KUNIT_EXPECT_TRUE(test, dev->queue.progress);
	qk_stop(dev);
	KUNIT_EXPECT_TRUE(test, dev->queue.progress);
	qk_start(test, dev);
	KUNIT_EXPECT_FALSE(test, dev->queue.progress);
}

/* --- completions of nothing ----------------------------------------------- */

/**
 * struct qk_bogus - an id under which no command is in flight
 * @name: of the case
 * @and: what is left of the id of one that is
 * @xor: what is changed in that
 */
struct qk_bogus {
	const char	*name;
	u16		and;
	u16		xor;
};

/* Of an id, 12 bits are the tag, here 0 to 5, and 4 the generation. */
static const struct qk_bogus qk_bogus_cases[] = {
	{ "another generation", 0xffff, 0x1000 },
	{ "a generation far away", 0xffff, 0x8000 },
	{ "all other bits of the generation", 0xffff, 0xf000 },
	{ "a tag that is free", 0xffff, 0x0001 },
	{ "the first tag beyond", 0xf000, QK_TAGS },
	{ "the last tag there can be", 0xf000, 0x0fff },
	{ "all ones", 0, 0xffff },
	{ "the event's", 0, NVMEC_EVENT_ID },
	{ "the event's, of its generation", 0xf000, NVMEC_EVENT_ID },
};

KUNIT_ARRAY_PARAM_DESC(qk_bogus, qk_bogus_cases, name);

/* On an I/O queue, while an event may come on the admin queue. */
static void qk_bogus_test(struct kunit *test)
{
	const struct qk_bogus *param = test->param_value;
	struct qk_dev *dev = qk_create(test, 1);
	struct qk_io *io = qk_send(test, dev);

	dev->ctrl.event_armed = true;
	qk_post(dev, (io->id & param->and) ^ param->xor, 0x0281, 1);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 1);
	KUNIT_EXPECT_EQ(test, dev->queue.nr_bogus, 1);
	/* It is dropped, and its place is free. */
	KUNIT_EXPECT_EQ(test, qk_cq_doorbell(dev), 1);
	qk_expect_in_flight(test, io);
	qk_flush(dev);
	KUNIT_EXPECT_TRUE(test, dev->ctrl.event_armed);
	KUNIT_EXPECT_EQ(test, dev->nr_events, 0);

	qk_post(dev, io->id, 0, 2);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 1);
	qk_expect_ended(test, io, BLK_STS_OK, 2);
	KUNIT_EXPECT_EQ(test, dev->queue.nr_bogus, 1);
}

/* One request, two completions, at once */
static void qk_twice_test(struct kunit *test)
{
	struct qk_dev *dev = qk_create(test, 1);
	struct qk_io *io = qk_send(test, dev);

	qk_post(dev, io->id, 0, 1);
	qk_post(dev, io->id, 0x0281, 2);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 2);
	qk_expect_ended(test, io, BLK_STS_OK, 1);
	KUNIT_EXPECT_EQ(test, dev->queue.nr_bogus, 1);
}

/* The second comes when the request has ended, or the next has its tag. */
static void qk_late_test(struct kunit *test)
{
	struct qk_dev *dev = qk_create(test, 1);
	struct qk_io *io = qk_send(test, dev), *next;

	qk_post(dev, io->id, 0, 1);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 1);
	qk_expect_ended(test, io, BLK_STS_OK, 1);
	qk_post(dev, io->id, 0x0281, 2);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 1);
	KUNIT_EXPECT_EQ(test, dev->queue.nr_bogus, 1);

	/* Tags go round; one of these has that tag. */
	do {
		next = qk_send(test, dev);
	} while ((next->id & 0xfff) != (io->id & 0xfff));
	qk_post(dev, io->id, 0x0281, 3);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 1);
	KUNIT_EXPECT_EQ(test, dev->queue.nr_bogus, 2);
	qk_expect_in_flight(test, next);
	qk_expect_ended(test, io, BLK_STS_OK, 1);
}

/* A request that the block layer holds, and the driver was not given. */
static void qk_not_started_test(struct kunit *test)
{
	struct qk_dev *dev = qk_create(test, 1);
	struct qk_io *io = qk_alloc(test, dev);

	qk_post(dev, mqblk_rq_id(io->rq), 0, 1);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 1);
	KUNIT_EXPECT_EQ(test, dev->queue.nr_bogus, 1);
	KUNIT_EXPECT_EQ(test, nvmec_rq(io->rq)->status, QK_UNTOUCHED);
	KUNIT_EXPECT_EQ(test, atomic_read(&io->nr_ended), 0);
	blk_mq_free_request(io->rq);
}

/* Before a queue has requests, as the I/O queues in bring-up. */
static void qk_no_tags_test(struct kunit *test)
{
	struct qk_dev *dev = qk_create_bare(test, 1, QK_DEPTH);

	qk_post(dev, 0x1000, 0, 1);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 1);
	KUNIT_EXPECT_EQ(test, dev->queue.nr_bogus, 1);
}

/* The sixteenth costs a reset, and those after it no other. */
static void qk_reset_test(struct kunit *test)
{
	struct qk_dev *dev = qk_create(test, 1);
	struct qk_io *io = qk_send(test, dev);
	unsigned int i;

	for (i = 1; i <= 40; i++) {
		qk_post(dev, 0xffff, 0, i);
		KUNIT_ASSERT_EQ(test, qk_reap(dev), 1);
		qk_flush(dev);
		KUNIT_ASSERT_EQ(test, dev->queue.nr_bogus, i);
		KUNIT_ASSERT_EQ(test, nvmec_state(&dev->ctrl),
				i < 16 ? NVMEC_LIVE : NVMEC_RESETTING);
		KUNIT_ASSERT_EQ(test, dev->ctrl.fault,
				i < 16 ? NVMEC_FAULT_NONE : NVMEC_FAULT_BOGUS);
		KUNIT_ASSERT_EQ(test, dev->nr_resets, i < 16 ? 0 : 1);
	}
	qk_expect_in_flight(test, io);
}

/* A start forgets them. */
static void qk_restart_test(struct kunit *test)
{
	struct qk_dev *dev = qk_create(test, 1);
	unsigned int i;

	for (i = 0; i < QK_DEPTH + 3; i++) {
		qk_post(dev, 0xffff, 0, 0);
		KUNIT_ASSERT_EQ(test, qk_reap(dev), 1);
	}
	/* In the second round, and not at the beginning */
	KUNIT_EXPECT_EQ(test, dev->queue.cq_head, 3);
	KUNIT_EXPECT_EQ(test, dev->queue.cq_phase, 0);
	qk_stop(dev);
	qk_start(test, dev);
	KUNIT_EXPECT_EQ(test, dev->queue.nr_bogus, 0);
	KUNIT_EXPECT_EQ(test, dev->queue.cq_head, 0);
	KUNIT_EXPECT_EQ(test, dev->queue.cq_phase, 1);
	KUNIT_EXPECT_EQ(test, dev->queue.sq_tail, 0);
	/* Nothing of the life before is new. */
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 0);
}

/* --- how much at once ----------------------------------------------------- */

struct qk_bound {
	const char	*name;
	unsigned int	depth;
	int		most;
};

static const struct qk_bound qk_bounds[] = {
	{ "the least there is", 2, 1 },
	{ "8", 8, 7 },
	{ "13", 13, 12 },
};

KUNIT_ARRAY_PARAM_DESC(qk_bound, qk_bounds, name);

/* All of a ring is new at once, which no honest controller does. */
static void qk_bound_test(struct kunit *test)
{
	const struct qk_bound *param = test->param_value;
	struct qk_dev *dev = qk_create_bare(test, 1, param->depth);
	unsigned int i;

	for (i = 0; i < param->depth; i++)
		qk_post(dev, 0xffff, 0, 0);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), param->most);
	KUNIT_EXPECT_EQ(test, qk_cq_doorbell(dev), param->most);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 1);
	KUNIT_EXPECT_EQ(test, qk_cq_doorbell(dev), 0);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 0);
	KUNIT_EXPECT_EQ(test, dev->queue.nr_bogus, param->depth);
}

/* --- stopping ------------------------------------------------------------- */

/* What was completed ends; no register is written any more. */
static void qk_stop_test(struct kunit *test)
{
	struct qk_dev *dev = qk_create(test, 1);
	struct qk_io *done = qk_send(test, dev);
	struct qk_io *open = qk_send(test, dev);

	qk_post(dev, done->id, 0, 1);
	qk_stop(dev);
	qk_expect_ended(test, done, BLK_STS_OK, 1);
	qk_expect_in_flight(test, open);
	KUNIT_EXPECT_EQ(test, qk_cq_doorbell(dev), 0);
	writel(0, dev->queue.sq_doorbell.reg);
	nvmec_queue_kick(&dev->queue);
	KUNIT_EXPECT_EQ(test, qk_sq_doorbell(dev), 0);
	qk_stop(dev);
	qk_expect_in_flight(test, open);
}

/* --- events --------------------------------------------------------------- */

static void qk_event_test(struct kunit *test)
{
	struct qk_dev *dev = qk_create(test, 0);

	dev->ctrl.event_armed = true;
	qk_post(dev, NVMEC_EVENT_ID, 0, 0xffffffff00040002ULL);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 1);
	qk_flush(dev);
	KUNIT_EXPECT_EQ(test, dev->nr_events, 1);
	KUNIT_EXPECT_EQ(test, dev->ctrl.event, 0x00040002);
	KUNIT_EXPECT_FALSE(test, dev->ctrl.event_armed);
	KUNIT_EXPECT_EQ(test, dev->queue.nr_bogus, 0);

	/* One that was not asked for */
	qk_post(dev, NVMEC_EVENT_ID, 0, 0x00050002);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 1);
	qk_flush(dev);
	KUNIT_EXPECT_EQ(test, dev->nr_events, 1);
	KUNIT_EXPECT_EQ(test, dev->ctrl.event, 0x00040002);
	KUNIT_EXPECT_EQ(test, dev->queue.nr_bogus, 1);
}

/* It is asked for one event at a time, and for none while it is stopped. */
static void qk_arm_test(struct kunit *test)
{
	struct qk_dev *dev = qk_create(test, 0);

	nvmec_queue_arm_event(&dev->queue);
	KUNIT_EXPECT_TRUE(test, dev->ctrl.event_armed);
	KUNIT_EXPECT_EQ(test, qk_sq_doorbell(dev), 1);
	KUNIT_EXPECT_EQ(test, dev->queue.sqes[0].common.opcode, 0x0c);
	KUNIT_EXPECT_EQ(test, dev->queue.sqes[0].common.command_id,
			NVMEC_EVENT_ID);
	nvmec_queue_arm_event(&dev->queue);
	KUNIT_EXPECT_EQ(test, qk_sq_doorbell(dev), 1);

	qk_stop(dev);
	dev->ctrl.event_armed = false;
	nvmec_queue_arm_event(&dev->queue);
	KUNIT_EXPECT_FALSE(test, dev->ctrl.event_armed);
	KUNIT_EXPECT_EQ(test, qk_sq_doorbell(dev), 1);
	KUNIT_EXPECT_EQ(test, dev->queue.sq_tail, 1);
}

/* One after the other: ten are handled at once, the others a second later each. */
static void qk_storm_test(struct kunit *test)
{
	struct qk_dev *dev = qk_create(test, 0);
	unsigned int i;

	for (i = 1; i <= 20; i++) {
		dev->ctrl.event_armed = true;
		qk_post(dev, NVMEC_EVENT_ID, 0, i);
		KUNIT_ASSERT_EQ(test, qk_reap(dev), 1);
		KUNIT_EXPECT_EQ_MSG(test,
				    timer_pending(&dev->ctrl.event_work.timer),
				    i > 10, "event %u", i);
		qk_flush(dev);
		KUNIT_EXPECT_EQ(test, dev->nr_events, i);
	}
	/* Long after the first of them */
	dev->ctrl.events_since -= 10 * HZ + 1;
	dev->ctrl.event_armed = true;
	qk_post(dev, NVMEC_EVENT_ID, 0, i);
	KUNIT_ASSERT_EQ(test, qk_reap(dev), 1);
	KUNIT_EXPECT_FALSE(test, timer_pending(&dev->ctrl.event_work.timer));
}

/* The request for an event fails: there is none, and none is armed. */
static void qk_event_error_test(struct kunit *test)
{
	struct qk_dev *dev = qk_create(test, 0);

	dev->ctrl.event_armed = true;
	qk_post(dev, NVMEC_EVENT_ID, 0x0105, 0x00040002);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 1);
	qk_flush(dev);
	KUNIT_EXPECT_EQ(test, dev->nr_events, 0);
	KUNIT_EXPECT_FALSE(test, dev->ctrl.event_armed);
	KUNIT_EXPECT_EQ(test, dev->queue.nr_bogus, 0);
}

/* --- doorbells ------------------------------------------------------------ */

#define QK_NO_SHADOW	0xffff

/**
 * struct qk_place - where the doorbells of a queue are
 * @name: of the case
 * @id: the queue
 * @stride: CAP.DSTRD: 4 << stride bytes from one to the next
 * @reg: offset of the submission doorbell; the other one is next to it
 * @sq_shadow: offset of its shadow, or QK_NO_SHADOW
 * @cq_shadow: same, of the other one
 */
struct qk_place {
	const char	*name;
	u16		id;
	u8		stride;
	unsigned long	reg;
	u16		sq_shadow;
	u16		cq_shadow;
};

/* Number 2n of queue n, and 2n + 1. Shadows take a page. */
static const struct qk_place qk_places[] = {
	{ "admin queue", 0, 0, 0x1000, QK_NO_SHADOW, QK_NO_SHADOW },
	{ "queue 1", 1, 0, 0x1008, 8, 12 },
	{ "queue 5", 5, 0, 0x1028, 40, 44 },
	{ "queue 1, 16 bytes apart", 1, 2, 0x1020, 32, 48 },
	{ "queue 511", 511, 0, 0x1ff8, 4088, 4092 },
	{ "queue 512: beyond a page", 512, 0, 0x2000,
	  QK_NO_SHADOW, QK_NO_SHADOW },
	{ "queue 1, the most apart", 1, 15, 0x41000,
	  QK_NO_SHADOW, QK_NO_SHADOW },
	/* 2 * 1024 is inside, 3 * 1024 is, 4 * 1024 is not */
	{ "queue 1, 1024 bytes apart", 1, 8, 0x1800, 2048, 3072 },
	{ "queue 2, 1024 bytes apart", 2, 8, 0x2000,
	  QK_NO_SHADOW, QK_NO_SHADOW },
};

KUNIT_ARRAY_PARAM_DESC(qk_place, qk_places, name);

static void qk_expect_place(struct kunit *test, struct qk_dev *dev,
			    const struct nvmec_doorbell *db, unsigned long reg,
			    u16 shadow)
{
	void *shadows = dev->ctrl.shadows;

	KUNIT_EXPECT_EQ(test, db->reg - dev->ctrl.bar, reg);
	if (shadow == QK_NO_SHADOW) {
		KUNIT_EXPECT_NULL(test, db->shadow);
	} else {
		KUNIT_EXPECT_PTR_EQ(test, (void *)db->shadow, shadows + shadow);
		KUNIT_EXPECT_PTR_EQ(test, (void *)db->event,
				    shadows + 4096 + shadow);
	}
}

static void qk_place_test(struct kunit *test)
{
	const struct qk_place *param = test->param_value;
	struct qk_dev *dev = qk_create_bare(test, param->id, QK_DEPTH);
	unsigned long next = param->reg + (4UL << param->stride);

	dev->ctrl.cap = (u64)param->stride << 32;
	dev->ctrl.shadows = kunit_kzalloc(test, 8192, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, dev->ctrl.shadows);
	dev->ctrl.shadows_on = true;
	qk_start(test, dev);
	qk_expect_place(test, dev, &dev->queue.sq_doorbell, param->reg,
			param->sq_shadow);
	qk_expect_place(test, dev, &dev->queue.cq_doorbell, next,
			param->cq_shadow);

	/* Not offered, or not any more since a reset */
	dev->ctrl.shadows_on = false;
	qk_start(test, dev);
	qk_expect_place(test, dev, &dev->queue.sq_doorbell, param->reg,
			QK_NO_SHADOW);
	qk_expect_place(test, dev, &dev->queue.cq_doorbell, next,
			QK_NO_SHADOW);
}

/* Does the step from @old to @new pass @event? Modulo 2^16. */

struct qk_step {
	const char	*name;
	u16		event;
	u16		old;
	u16		new;
	bool		passed;
};

static const struct qk_step qk_steps[] = {
	{ "it waits for the next", 5, 5, 6, true },
	{ "it waits for the one after", 6, 5, 6, false },
	{ "it had waited for this one", 4, 5, 6, false },
	{ "it waits for much later", 100, 5, 6, false },
	{ "it waits for much earlier", 0xff00, 5, 6, false },
	{ "four steps, the first", 5, 5, 9, true },
	{ "four steps, the last", 8, 5, 9, true },
	{ "four steps, one before", 4, 5, 9, false },
	{ "four steps, one after", 9, 5, 9, false },
	{ "no step", 5, 5, 5, false },
	{ "no step, one before", 4, 5, 5, false },
	{ "wrap, the first", 0xfffe, 0xfffe, 2, true },
	{ "wrap, the last number", 0xffff, 0xfffe, 2, true },
	{ "wrap, 0", 0, 0xfffe, 2, true },
	{ "wrap, the last", 1, 0xfffe, 2, true },
	{ "wrap, one before", 0xfffd, 0xfffe, 2, false },
	{ "wrap, one after", 2, 0xfffe, 2, false },
	/* From the end of a ring of 8 to its beginning: up by 2^16 - 7. */
	{ "ring's end, which it waits for", 7, 7, 0, true },
	{ "ring's end, one after", 0, 7, 0, false },
	{ "ring's end, one before", 6, 7, 0, false },
};

KUNIT_ARRAY_PARAM_DESC(qk_step, qk_steps, name);

static void qk_step_test(struct kunit *test)
{
	const struct qk_step *param = test->param_value;

	KUNIT_EXPECT_EQ(test, nvmec_event_passed(param->event, param->old,
						 param->new), param->passed);
}

/* Something new in the ring. */
static void qk_push(struct qk_dev *dev)
{
	dev->ctrl.event_armed = false;
	nvmec_queue_arm_event(&dev->queue);
}

/* The register is written only if the controller wants it, or on a kick. */
static void qk_shadow_test(struct kunit *test)
{
	struct qk_dev *dev = qk_create_bare(test, 1, QK_DEPTH);
	struct nvmec_queue *queue = &dev->queue;
	__le32 *shadows = kunit_kzalloc(test, 8192, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, shadows);
	dev->ctrl.shadows = shadows;
	dev->ctrl.shadows_on = true;
	qk_start(test, dev);

	/* Queue 1's tail is the third doorbell; it waits for the step from 0. */
	qk_push(dev);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(shadows[2]), 1);
	KUNIT_EXPECT_EQ(test, qk_sq_doorbell(dev), 1);
	qk_push(dev);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(shadows[2]), 2);
	KUNIT_EXPECT_EQ(test, qk_sq_doorbell(dev), 1);
	/* Nothing is new: nothing is said. */
	nvmec_queue_ring(queue);
	KUNIT_EXPECT_EQ(test, qk_sq_doorbell(dev), 1);
	nvmec_queue_kick(queue);
	KUNIT_EXPECT_EQ(test, qk_sq_doorbell(dev), 2);
	/* It has that value: to write it again is an error. */
	writel(0x5a5a, queue->sq_doorbell.reg);
	nvmec_queue_kick(queue);
	KUNIT_EXPECT_EQ(test, qk_sq_doorbell(dev), 0x5a5a);

	/* The head is the fourth. */
	qk_post(dev, 0xffff, 0, 0);
	qk_post(dev, 0xffff, 0, 0);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 2);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(shadows[3]), 2);
	KUNIT_EXPECT_EQ(test, qk_cq_doorbell(dev), 2);
	shadows[1024 + 3] = cpu_to_le32(3);
	qk_post(dev, 0xffff, 0, 0);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 1);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(shadows[3]), 3);
	KUNIT_EXPECT_EQ(test, qk_cq_doorbell(dev), 2);
	qk_post(dev, 0xffff, 0, 0);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 1);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(shadows[3]), 4);
	KUNIT_EXPECT_EQ(test, qk_cq_doorbell(dev), 4);

	/* Room that it does not look for */
	qk_post(dev, 0xffff, 0, 0);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 1);
	KUNIT_EXPECT_EQ(test, qk_cq_doorbell(dev), 4);
	nvmec_queue_kick(queue);
	KUNIT_EXPECT_EQ(test, qk_cq_doorbell(dev), 5);
	writel(0x5a5a, queue->cq_doorbell.reg);
	nvmec_queue_kick(queue);
	KUNIT_EXPECT_EQ(test, qk_cq_doorbell(dev), 0x5a5a);
}

/* Without shadows the registers say all: nothing is written twice. */
static void qk_kick_test(struct kunit *test)
{
	struct qk_dev *dev = qk_create_bare(test, 1, QK_DEPTH);

	qk_push(dev);
	qk_post(dev, 0xffff, 0, 0);
	KUNIT_EXPECT_EQ(test, qk_reap(dev), 1);
	KUNIT_EXPECT_EQ(test, qk_sq_doorbell(dev), 1);
	KUNIT_EXPECT_EQ(test, qk_cq_doorbell(dev), 1);
	writel(0x5a5a, dev->queue.sq_doorbell.reg);
	writel(0x5a5a, dev->queue.cq_doorbell.reg);
	nvmec_queue_kick(&dev->queue);
	KUNIT_EXPECT_EQ(test, qk_sq_doorbell(dev), 0x5a5a);
	KUNIT_EXPECT_EQ(test, qk_cq_doorbell(dev), 0x5a5a);
}

static struct kunit_case qk_cases[] = {
	KUNIT_CASE(qk_send_test),
	KUNIT_CASE(qk_next_id_test),
	KUNIT_CASE(qk_other_request_test),
	KUNIT_CASE_PARAM(qk_status_test, qk_status_gen_params),
	KUNIT_CASE(qk_wrap_test),
	KUNIT_CASE(qk_order_test),
	KUNIT_CASE_PARAM(qk_again_test, qk_again_gen_params),
	KUNIT_CASE(qk_delay_test),
	KUNIT_CASE_PARAM(qk_timeout_test, qk_timeout_gen_params),
	KUNIT_CASE_PARAM(qk_fault_test, qk_fault_gen_params),
	KUNIT_CASE_PARAM(qk_lost_test, qk_lost_gen_params),
	KUNIT_CASE(qk_cancel_test),
	KUNIT_CASE(qk_progress_test),
	KUNIT_CASE_PARAM(qk_bogus_test, qk_bogus_gen_params),
	KUNIT_CASE(qk_twice_test),
	KUNIT_CASE(qk_late_test),
	KUNIT_CASE(qk_not_started_test),
	KUNIT_CASE(qk_no_tags_test),
	KUNIT_CASE(qk_reset_test),
	KUNIT_CASE(qk_restart_test),
	KUNIT_CASE_PARAM(qk_bound_test, qk_bound_gen_params),
	KUNIT_CASE(qk_stop_test),
	KUNIT_CASE(qk_event_test),
	KUNIT_CASE(qk_arm_test),
	KUNIT_CASE(qk_storm_test),
	KUNIT_CASE(qk_event_error_test),
	KUNIT_CASE_PARAM(qk_place_test, qk_place_gen_params),
	KUNIT_CASE_PARAM(qk_step_test, qk_step_gen_params),
	KUNIT_CASE(qk_shadow_test),
	KUNIT_CASE(qk_kick_test),
	{}
};

static struct kunit_suite qk_suite = {
	.name		= "nvme_c_queue",
	.test_cases	= qk_cases,
};

kunit_test_suite(qk_suite);
