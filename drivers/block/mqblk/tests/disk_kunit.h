/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites share: a real set with a real queue or disk, requests that
 * the test holds in its hand, and allocations that fail on order.
 *
 * A test sends passthrough requests of its own, struct mqk_io. The driver only
 * starts them; from there on the test owns them and does with them what it is
 * about. Everything else that reaches the driver is served at once.
 */
#ifndef _MQBLK_TESTS_DISK_KUNIT_H
#define _MQBLK_TESTS_DISK_KUNIT_H

#include <kunit/test.h>
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/mqblk.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "fail_kunit.h"

#define MQK_NAME	"mqkunit"
/* Long enough for any machine; only a test that fails waits for it. */
#define MQK_WAIT	(20 * HZ)

/*
 * The runner reads these lines: warnings between them that match @regex are
 * what the test is about.
 */
#define mqk_expect_begin(regex)	pr_info("expect begin: " regex "\n")
#define mqk_expect_end()	pr_info("expect end\n")

/**
 * struct mqk_dev - a set, and a queue on it, alone or with a disk
 * @set: the set
 * @queue: the queue
 * @disk: the disk, NULL once removed or if there is none
 * @major: its major
 * @first_minor: its minor
 * @end_seq: number of struct mqk_io that ended
 * @nr_init: calls of ->init_hctx that succeeded
 * @nr_exit: calls of ->exit_hctx
 * @fail_init: number, from 1, of a queue whose ->init_hctx fails once, or 0
 * @nr_timeouts: calls of ->timeout
 * @nr_completes: calls of ->complete
 * @park_polled: polled requests which are no struct mqk_io wait for a poller
 * @watch: who watches requests, or NULL
 */
struct mqk_dev {
	struct mqblk_set	set;
	struct request_queue	*queue;
	struct gendisk		*disk;
	int			major;
	int			first_minor;
	atomic_t		end_seq;
	unsigned int		nr_init;
	unsigned int		nr_exit;
	unsigned int		fail_init;
	atomic_t		nr_timeouts;
	atomic_t		nr_completes;
	bool			park_polled;
	struct mqblk_watch	*watch;
};

/**
 * struct mqk_io - a request in the hand of the test
 * @rq: the request
 * @dev: where it was sent
 * @started: the driver got it
 * @ended: its ->end_io was called
 * @nr_ended: how often that was
 * @status: what it ended with
 * @end_time: when
 * @end_seq: after how many others
 * @keep: stays allocated after its end, so that the test may touch it
 * @on_end: called at its end, or NULL
 * @priv: for @on_end
 * @seen: for @on_end
 */
struct mqk_io {
	struct request		*rq;
	struct mqk_dev		*dev;
	struct completion	started;
	struct completion	ended;
	atomic_t		nr_ended;
	blk_status_t		status;
	ktime_t			end_time;
	int			end_seq;
	bool			keep;
	void			(*on_end)(struct mqk_io *io);
	void			*priv;
	unsigned int		seen;
};

static inline struct mqblk_rq *mqk_rq(struct mqk_io *io)
{
	return mqblk_rq(io->rq);
}

/* Without the generation */
static inline enum mqblk_rq_state mqk_state(struct mqk_io *io)
{
	return mqk_rq(io)->state & MQBLK_RQ_STATE_MASK;
}

static inline enum rq_end_io_ret mqk_end(struct request *rq,
					 blk_status_t status)
{
	struct mqk_io *io = rq->end_io_data;
	bool keep = io->keep;

	io->status = status;
	io->end_time = ktime_get();
	io->end_seq = atomic_fetch_inc(&io->dev->end_seq);
	atomic_inc(&io->nr_ended);
	if (io->on_end)
		io->on_end(io);
	/* The test may free @io from here on. */
	complete_all(&io->ended);
	return keep ? RQ_END_IO_NONE : RQ_END_IO_FREE;
}

/* ->end_io has a third argument in newer kernels. */
static inline enum rq_end_io_ret mqk_end_iob(struct request *rq,
					     blk_status_t status,
					     const struct io_comp_batch *iob)
{
	return mqk_end(rq, status);
}

#define mqk_end_io(rq) \
	__builtin_choose_expr(__same_type((rq)->end_io, &mqk_end), \
			      mqk_end, mqk_end_iob)

/* The driver */

static inline void mqk_zero_data(struct request *rq)
{
	struct req_iterator iter;
	struct bio_vec bv;

	if (req_op(rq) == REQ_OP_READ)
		rq_for_each_segment(bv, rq, iter)
			memzero_bvec(&bv);
}

/* Where requests of a hardware queue wait. */
static inline struct mqblk_queue *mqk_queue(struct request *rq)
{
	return rq->mq_hctx->driver_data;
}

static inline void mqk_timer_park(struct request *rq, blk_status_t status,
				  ktime_t deadline)
{
	mqblk_timer_park(mqk_queue(rq), rq, status, deadline);
}

static inline void mqk_poll_park(struct request *rq, blk_status_t status)
{
	mqblk_poll_park(mqk_queue(rq), rq, status);
}

static inline void mqk_rq_lose(struct request *rq)
{
	mqblk_rq_lose(mqk_queue(rq), rq);
}

static inline enum blk_eh_timer_return mqk_rq_timeout(struct request *rq)
{
	return mqblk_queue_timeout(mqk_queue(rq), rq);
}

static inline int mqk_poll(struct blk_mq_hw_ctx *hctx, struct io_comp_batch *iob)
{
	struct mqblk_queue *queue = hctx->driver_data;

	return mqblk_queue_polls(queue) ? mqblk_queue_poll(queue, iob) : 0;
}

static inline blk_status_t mqk_queue_rq(struct blk_mq_hw_ctx *hctx,
					const struct blk_mq_queue_data *bd)
{
	struct mqk_dev *dev = hctx->queue->queuedata;
	struct request *rq = bd->rq;

	if (dev->watch)
		mqblk_rq_start_watched(dev->watch, rq, MQBLK_MODE_INLINE);
	else
		mqblk_rq_start(rq);
	if (rq->end_io == mqk_end_io(rq)) {
		complete_all(&((struct mqk_io *)rq->end_io_data)->started);
	} else if (dev->park_polled && rq->cmd_flags & REQ_POLLED) {
		mqk_poll_park(rq, BLK_STS_NOSPC);
	} else {
		mqk_zero_data(rq);
		mqblk_rq_end(rq, BLK_STS_OK, NULL);
	}
	return BLK_STS_OK;
}

static inline int mqk_init_hctx(struct blk_mq_hw_ctx *hctx, void *data,
				unsigned int idx)
{
	struct mqk_dev *dev = hctx->queue->queuedata;
	struct mqblk_queue *queue;

	if (dev->fail_init == idx + 1) {
		dev->fail_init = 0;
		return -ENOMEM;
	}
	queue = kzalloc(sizeof(*queue), GFP_KERNEL);
	if (!queue)
		return -ENOMEM;
	mqblk_queue_init(queue);
	hctx->driver_data = queue;
	dev->nr_init++;
	return 0;
}

static inline void mqk_exit_hctx(struct blk_mq_hw_ctx *hctx, unsigned int idx)
{
	struct mqk_dev *dev = hctx->queue->queuedata;

	dev->nr_exit++;
	mqblk_queue_exit(hctx->driver_data);
	kfree(hctx->driver_data);
}

static inline enum blk_eh_timer_return mqk_timeout(struct request *rq)
{
	struct mqk_dev *dev = rq->q->queuedata;

	atomic_inc(&dev->nr_timeouts);
	return mqk_rq_timeout(rq);
}

static inline void mqk_complete(struct request *rq)
{
	struct mqk_dev *dev = rq->q->queuedata;

	atomic_inc(&dev->nr_completes);
	mqblk_complete_op(rq);
}

static const struct blk_mq_ops mqk_ops __maybe_unused = {
	.queue_rq	= mqk_queue_rq,
	.complete	= mqk_complete,
	.timeout	= mqk_timeout,
	.init_hctx	= mqk_init_hctx,
	.exit_hctx	= mqk_exit_hctx,
};

static const struct blk_mq_ops mqk_poll_ops __maybe_unused = {
	.queue_rq	= mqk_queue_rq,
	.complete	= mqk_complete,
	.timeout	= mqk_timeout,
	.poll		= mqk_poll,
	.map_queues	= mqblk_map_queues,
	.init_hctx	= mqk_init_hctx,
	.exit_hctx	= mqk_exit_hctx,
};

static const struct block_device_operations mqk_fops = {
	.owner = THIS_MODULE,
};

/*
 * A disk needs a slab cache for bios. The first user makes it and the last one
 * destroys it, which is slow, and noisy if it fails: a suite keeps one.
 */
static struct bio_set mqk_bios;

static inline int mqk_suite_init(struct kunit_suite *suite)
{
	return bioset_init(&mqk_bios, 1, 0, 0);
}

static inline void mqk_suite_exit(struct kunit_suite *suite)
{
	bioset_exit(&mqk_bios);
}

/* Sets and disks, taken down by themselves at the end of the test */

static inline struct mqblk_set_params
mqk_set_params(const struct blk_mq_ops *ops, unsigned int nr_default,
	       unsigned int nr_poll)
{
	return (struct mqblk_set_params) {
		.ops		= ops,
		.pdu_bytes	= sizeof(struct mqblk_rq),
		.depth		= 16,
		.nr_default	= nr_default,
		.nr_poll	= nr_poll,
		.node		= NUMA_NO_NODE,
	};
}

KUNIT_DEFINE_ACTION_WRAPPER(mqk_set_exit, mqblk_set_exit, struct mqblk_set *);

static inline struct mqk_dev *
mqk_set_create(struct kunit *test, const struct mqblk_set_params *params)
{
	struct mqk_dev *dev = kunit_kzalloc(test, sizeof(*dev), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, dev);
	KUNIT_ASSERT_EQ(test, mqblk_set_init(&dev->set, params), 0);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, mqk_set_exit,
						  &dev->set));
	return dev;
}

static inline void mqk_queue_destroy(void *data)
{
	struct request_queue *queue = data;

	blk_mq_destroy_queue(queue);
	blk_put_queue(queue);
}

/*
 * A request queue without a disk. It is made much faster; and of allocations
 * it needs those for its hardware queues, and none for sysfs.
 */
static inline struct mqk_dev *
mqk_queue_create(struct kunit *test, const struct mqblk_set_params *params)
{
	struct mqk_dev *dev = mqk_set_create(test, params);

	dev->queue = blk_mq_alloc_queue(&dev->set.tags, NULL, dev);
	KUNIT_ASSERT_FALSE(test, IS_ERR(dev->queue));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, mqk_queue_destroy,
						  dev->queue));
	return dev;
}

static inline void mqk_unregister(void *data)
{
	struct mqk_dev *dev = data;

	unregister_blkdev(dev->major, MQK_NAME);
}

static inline void mqk_major_create(struct kunit *test, struct mqk_dev *dev)
{
	dev->major = register_blkdev(0, MQK_NAME);
	KUNIT_ASSERT_GT(test, dev->major, 0);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, mqk_unregister, dev));
}

static inline struct gendisk *mqk_disk_add(struct mqk_dev *dev,
					   const char *name,
					   const struct queue_limits *limits,
					   sector_t capacity_sects)
{
	const struct mqblk_disk_params params = {
		.name		= name,
		.fops		= &mqk_fops,
		.limits		= limits,
		.capacity_sects	= capacity_sects,
		.private	= dev,
		.major		= dev->major,
		.first_minor	= dev->first_minor,
		.minors		= 1,
	};

	return mqblk_disk_add(&dev->set, &params);
}

static inline void mqk_disk_remove(void *data)
{
	struct mqk_dev *dev = data;

	if (!dev->disk)
		return;
	mqblk_disk_remove(dev->disk);
	dev->disk = NULL;
}

static inline struct mqk_dev *
mqk_dev_create(struct kunit *test, const struct mqblk_set_params *params)
{
	const struct queue_limits limits = {};
	struct mqk_dev *dev = mqk_set_create(test, params);

	mqk_major_create(test, dev);
	dev->disk = mqk_disk_add(dev, MQK_NAME, &limits, 8);
	if (IS_ERR(dev->disk))
		KUNIT_FAIL_AND_ABORT(test, "no disk: %pe", dev->disk);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, mqk_disk_remove, dev));
	dev->queue = dev->disk->queue;
	return dev;
}

/* Requests */

/* Ends what waits for a time that will not come: it comes now. */
static inline bool mqk_io_hurry(struct mqk_io *io)
{
	struct mqblk_queue *queue = io->rq->mq_hctx->driver_data;
	struct mqblk_rq *mrq = mqk_rq(io);
	bool timed;

	spin_lock_irq(&queue->lock);
	timed = mqk_state(io) == MQBLK_RQ_PARKED && mrq->in_timers;
	if (timed) {
		timerqueue_del(&queue->timers, &mrq->timer);
		mrq->timer.expires = 0;
		timerqueue_add(&queue->timers, &mrq->timer);
		hrtimer_start(&queue->timer, 0, HRTIMER_MODE_ABS);
	}
	spin_unlock_irq(&queue->lock);
	return timed;
}

/* Leaves no request behind, whatever the test did with it. */
static inline void mqk_io_settle(void *data)
{
	struct mqk_io *io = data;

	if (!completion_done(&io->started))
		return;
	if (!atomic_read(&io->nr_ended) && !mqk_io_hurry(io) &&
	    mqk_rq_timeout(io->rq) != BLK_EH_DONE) {
		mqblk_rq_claim(io->rq);
		blk_mq_end_request(io->rq, BLK_STS_IOERR);
	}
	wait_for_completion_timeout(&io->ended, MQK_WAIT);
	if (io->keep)
		blk_mq_free_request(io->rq);
}

static inline struct mqk_io *mqk_io_alloc(struct kunit *test,
					  struct mqk_dev *dev, blk_opf_t flags)
{
	struct mqk_io *io = kunit_kzalloc(test, sizeof(*io), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, io);
	io->dev = dev;
	init_completion(&io->started);
	init_completion(&io->ended);
	io->rq = blk_mq_alloc_request(dev->queue, REQ_OP_DRV_IN | flags, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(io->rq));
	io->rq->end_io = mqk_end_io(io->rq);
	io->rq->end_io_data = io;
	return io;
}

/* Sends a request and waits until the test owns it. */
static inline struct mqk_io *mqk_io_start(struct kunit *test,
					  struct mqk_dev *dev, blk_opf_t flags)
{
	struct mqk_io *io = mqk_io_alloc(test, dev, flags);

	blk_execute_rq_nowait(io->rq, false);
	KUNIT_ASSERT_TRUE(test, wait_for_completion_timeout(&io->started,
							    MQK_WAIT));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, mqk_io_settle, io));
	return io;
}

static inline void mqk_expect_ended(struct kunit *test, struct mqk_io *io,
				    blk_status_t status)
{
	KUNIT_EXPECT_TRUE(test, wait_for_completion_timeout(&io->ended,
							    MQK_WAIT));
	KUNIT_EXPECT_EQ(test, atomic_read(&io->nr_ended), 1);
	KUNIT_EXPECT_EQ(test, (__force u8)io->status, (__force u8)status);
}

static inline void mqk_expect_waiting(struct kunit *test, struct mqk_io *io)
{
	KUNIT_EXPECT_EQ(test, atomic_read(&io->nr_ended), 0);
	KUNIT_EXPECT_EQ(test, mqk_state(io), MQBLK_RQ_PARKED);
}

/* Failing allocations */

static inline void mqk_need_failures(struct kunit *test)
{
	if (!mqk_can_fail_slab(test))
		kunit_skip(test, "fault injection does not reach GFP_KERNEL");
}

#endif /* _MQBLK_TESTS_DISK_KUNIT_H */
