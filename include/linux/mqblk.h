/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mqblk - building blocks for blk-mq drivers
 *
 * Theory of operation
 * ===================
 *
 * mqblk is a library. A driver owns its struct blk_mq_ops, and blk-mq calls the
 * driver directly: mqblk never stands between the two. It offers what every
 * driver needs and easily gets wrong: a tag set with its queue maps, the life of
 * a gendisk, the question who may complete a request, and ways to complete a
 * request later than it was queued.
 *
 * Data flow
 * ---------
 *
 *	blk-mq --queue_rq(s)--> driver --mqblk_rq_start()--> its work
 *	                                                       |
 *	   +------------------+------------------+-------------+
 *	   | mqblk_rq_end()   | mqblk_rq_        | mqblk_timer_park()
 *	   | here and now     | complete()       | mqblk_poll_park()
 *	   |                  | as the block     | later: the queue's timer,
 *	   |                  | layer decides    | or whoever polls
 *	   v                  v                  v
 *	blk_mq_end_request() or blk_mq_end_request_batch(): exactly once
 *
 * Request ownership
 * -----------------
 *
 * The first member of a driver's per-request data is a struct mqblk_rq. Its
 * state says who owns the request, and is changed by functions of this header
 * only.
 *
 *  1. MQBLK_RQ_IDLE: the block layer owns it. The driver has no reference and
 *     must not touch it. A request is in state 1 before queue_rq() takes it, and
 *     after its completion was claimed.
 *  2. MQBLK_RQ_STARTED: the driver owns it, from mqblk_rq_start() on. The code
 *     that works on it has to call exactly one of mqblk_rq_end(), mqblk_rq_complete(),
 *     mqblk_timer_park() or mqblk_poll_park().
 *  3. MQBLK_RQ_PARKED: it waits in a struct mqblk_queue of the driver's, with its
 *     status decided. Only the one who takes it out under that
 *     queue's lock (the timer, the poller, mqblk_queue_timeout(), or
 *     mqblk_queue_hurry(), which takes all) owns it, and it is in state 2 again
 *     from then on. mqblk_rq_lose() parks one that neither the timer nor a poller
 *     will take. A driver with more to do at the end of a request gets it by its
 *     ->complete then, in state 1: see &mqblk_queue.by_driver.
 *
 * The owner makes 2 -> 1 by mqblk_rq_end() or mqblk_rq_complete(). Called for a
 * request that is not in state 2, they warn and change nothing. The change is a
 * load and a store, without an atomic operation, because nobody else can change
 * the state meanwhile: the block layer gave the request to one caller of
 * queue_rq(), and whoever takes it out of a struct mqblk_queue does so under that
 * queue's lock.
 *
 * A driver whose completion paths may meet over a request in state 2, such as an
 * interrupt and the reset of a device, has no single owner. There 2 -> 1 is
 * mqblk_rq_claim(), an atomic compare-and-exchange. The one caller who succeeds
 * may complete the request, by the block layer's functions.
 *
 * A device that answers with a number is given mqblk_rq_id(): the tag, and a
 * generation that changes each time the request is started. The answer is not
 * to be trusted. mqblk_rq_claim_id() makes 2 -> 1 only for a number that is in
 * range, of this queue, in flight and of the right generation.
 *
 * Watched requests
 * ----------------
 *
 * Statistics and tracepoints want to know when a request is taken and when it
 * ends. A disk that offers this has a struct mqblk_watch. Its driver is told
 * when somebody looks, and from then on starts its requests by
 * mqblk_rq_start_watched(). Such a request has one more bit in its state, which
 * makes the test before 2 -> 1 fail. The code that handles the failure sees the
 * bit and reports. So completing a request that nobody watches takes not one
 * instruction more, and a driver needs one test, where it starts a request.
 *
 * Each request keeps its mark until it ends. So watching can be switched on and
 * off while requests are in flight, without waiting for them.
 *
 * Locks
 * -----
 *
 * mqblk_watch_lock (watch.c) guards who watches which disk, and the making and
 * reading of counters. A driver is told under it that watching starts or ends.
 * Requests do not take it.
 *
 * struct mqblk_queue has one lock, taken with interrupts off. It is the innermost
 * one: only the lock of the hrtimer base is taken under it. Nothing is completed
 * under it. No path of a request takes a lock of a disk or of a set.
 *
 * Errors
 * ------
 *
 * A driver that cannot take a request returns a blk_status_t from queue_rq()
 * before mqblk_rq_start(). After it, the status goes to the completion.
 * "Cannot happen" is WARN_ON_ONCE() and refusal, never BUG().
 *
 * A blk-mq driver in four steps
 * -----------------------------
 *
 * 1. Per-request data that begins with struct mqblk_rq, and operations::
 *
 *	static blk_status_t my_queue_rq(struct blk_mq_hw_ctx *hctx,
 *					const struct blk_mq_queue_data *bd)
 *	{
 *		mqblk_rq_start(bd->rq);
 *		mqblk_rq_end(bd->rq, BLK_STS_OK, NULL);
 *		return BLK_STS_OK;
 *	}
 *
 *	static const struct blk_mq_ops my_ops = { .queue_rq = my_queue_rq };
 *
 * 2. A set: fill in struct mqblk_set_params, call mqblk_set_init().
 * 3. A disk: fill in struct mqblk_disk_params, call mqblk_disk_add().
 * 4. At the end: mqblk_disk_remove(), then mqblk_set_exit().
 *
 * tools/bench/floor is that driver, compiled and run as the lower bound of the
 * benchmark. A driver that completes later sets .timeout (and .complete), too. One
 * whose requests wait, for a timer, for a poller, or because they are lost on purpose, has
 * a struct mqblk_queue in what it keeps for each hardware queue, and gives that to the
 * functions below.
 *
 * What mqblk leaves out
 * ---------------------
 *
 * Anything that only one driver needs, and zones, data and hardware.
 */
#ifndef _LINUX_MQBLK_H
#define _LINUX_MQBLK_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/blk-mq.h>
#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/mqblk_rq.h>
#include <linux/nospec.h>
#include <linux/ratelimit_types.h>
#include <linux/spinlock.h>
#include <linux/timerqueue.h>
#include <linux/types.h>

/* watch.c: the rest of what follows, for watched requests */
void mqblk_rq_start_watched(struct mqblk_watch *watch, struct request *rq,
			    enum mqblk_mode mode);
bool mqblk_rq_claim_watched(struct request *rq, unsigned int kept, bool ends,
			    blk_status_t status);
void mqblk_rq_report(struct request *rq, blk_status_t status);

/*
 * As mqblk_rq_claim(), for the only owner of a request that ends with @status; warns if
 * the request is not started. A watched one is reported.
 */
static inline bool mqblk_rq_claim_owned(struct request *rq, blk_status_t status)
{
	struct mqblk_rq *mrq = mqblk_rq(rq);
	unsigned int state = READ_ONCE(mrq->state);

	if (unlikely((state & ~MQBLK_RQ_GEN_MASK) != MQBLK_RQ_STARTED))
		return !WARN_ON_ONCE(!mqblk_rq_claim_watched(rq,
				state & MQBLK_RQ_KEPT_MASK, true, status));
	WRITE_ONCE(mrq->state, (state & MQBLK_RQ_GEN_MASK) | MQBLK_RQ_IDLE);
	return true;
}

/**
 * mqblk_rq_claim_id - win the right to complete the request of a number
 * @tags: tags of the hardware queue that the answer came from
 * @id: any number, mqblk_rq_id() of a request if the device is honest
 * @good: the device says that the request succeeded
 *
 * As mqblk_rq_claim(), for a number from a device. Call mqblk_rq_report() only
 * for a request that did not succeed: for others it was done here.
 *
 * Context: Any.
 * Return: the request, or NULL if @id does not name one that is in flight.
 */
static inline struct request *mqblk_rq_claim_id(struct blk_mq_tags *tags,
						u16 id, bool good)
{
	unsigned int generation = id & MQBLK_RQ_GEN_MASK;
	unsigned int tag = id & MQBLK_RQ_TAG_MASK;
	struct request *rq;

	if (tag >= tags->nr_tags)
		return NULL;
	rq = READ_ONCE(tags->rqs[array_index_nospec(tag, tags->nr_tags)]);
	/* A tag that is free may still point to its last request. */
	if (!rq || rq->tag != tag)
		return NULL;
	/* For the generation, see litmus/rq_generation.litmus of drivers/block/mqblk. */
	if (likely(mqblk_rq_try_claim(mqblk_rq(rq), generation)) ||
	    mqblk_rq_claim_watched(rq, generation | MQBLK_RQ_WATCHED, good,
				   BLK_STS_OK))
		return rq;
	return NULL;
}

/* Ends a claimed request, in the batch if there is one that can take it. */
static inline void mqblk_rq_finish(struct request *rq, blk_status_t status,
				   struct io_comp_batch *iob)
{
	/* A batch ends passthrough requests as good, whatever it is told. */
	if (status != BLK_STS_OK ||
	    !blk_mq_add_to_batch(rq, iob, false, blk_mq_end_request_batch))
		blk_mq_end_request(rq, status);
}

/**
 * mqblk_rq_end - complete a request here and now
 * @rq: a request that the caller owns, and that nobody else may claim
 * @status: its outcome
 * @iob: batch to add it to, or NULL; the caller ends it by mqblk_batch_end()
 *
 * The block layer owns the request when this returns, or when the batch ends.
 *
 * Context: Any, but not under a lock that the submitter of I/O may need.
 */
static inline void mqblk_rq_end(struct request *rq, blk_status_t status,
				struct io_comp_batch *iob)
{
	if (mqblk_rq_claim_owned(rq, status))
		mqblk_rq_finish(rq, status, iob);
}

/**
 * mqblk_rq_complete - complete a request where the block layer wants it
 * @rq: as for mqblk_rq_end()
 * @status: its outcome
 * @iob: as for mqblk_rq_end()
 *
 * The block layer decides by the queue's rq_affinity, the CPU that submitted
 * the request and the number of hardware queues: by an interrupt to another CPU,
 * by the block softirq of this one, or here and now.
 * Needs mqblk_complete_op() as ->complete of the set.
 *
 * Context: Any.
 */
static inline void mqblk_rq_complete(struct request *rq, blk_status_t status,
				     struct io_comp_batch *iob)
{
	if (!mqblk_rq_claim_owned(rq, status))
		return;
	mqblk_rq(rq)->status = status;
	if (!blk_mq_complete_request_remote(rq))
		mqblk_rq_finish(rq, status, iob);
}

/**
 * mqblk_batch_end - complete what a batch has gathered
 * @iob: initialised by DEFINE_IO_COMP_BATCH()
 *
 * Context: as for mqblk_rq_end().
 */
static inline void mqblk_batch_end(struct io_comp_batch *iob)
{
	if (!rq_list_empty(&iob->req_list))
		blk_mq_end_request_batch(iob);
}

/**
 * mqblk_complete_op - end a request on the CPU the block layer chose; for
 * ->complete
 * @rq: a request given to mqblk_rq_complete()
 *
 * Context: Softirq or hard interrupt, called by the block layer.
 */
static inline void mqblk_complete_op(struct request *rq)
{
	blk_mq_end_request(rq, mqblk_rq(rq)->status);
}

/* queue.c: requests that wait */

/**
 * struct mqblk_queue - requests that wait, in the driver's own structure
 * @lock: guards all below and the state of requests in them; taken with
 *	interrupts off
 * @timers: requests parked by mqblk_timer_park(), ordered by deadline
 * @timer: fires at the earliest deadline of @timers; started under @lock only,
 *	and never on a poll queue, where the poller looks at the clock, unless @by_driver
 * @polled: requests parked by mqblk_poll_park(), oldest first
 * @lost: requests given to mqblk_rq_lose()
 * @hurry: nothing waits here any more
 * @hurry_status: what ends meanwhile ends with it; BLK_STS_OK for a status of its own
 * @by_driver: requests are claimed and given to ->complete of their set, which knows
 *	their status, instead of ending with the one they were parked with. For a driver
 *	that has more to do when a request ends, and whose poller looks at the device.
 *	Set after mqblk_queue_init(), and fixed; not with mqblk_queue_timeout()
 */
struct mqblk_queue {
	spinlock_t		lock;
	struct timerqueue_head	timers;
	struct hrtimer		timer;
	struct list_head	polled;
	struct list_head	lost;
	bool			hurry;
	bool			by_driver;
	blk_status_t		hurry_status;
};

void mqblk_queue_init(struct mqblk_queue *queue);
void mqblk_queue_exit(struct mqblk_queue *queue);
void mqblk_timer_park(struct mqblk_queue *queue, struct request *rq,
		      blk_status_t status, ktime_t deadline);
void mqblk_poll_park(struct mqblk_queue *queue, struct request *rq,
		     blk_status_t status);
void mqblk_rq_lose(struct mqblk_queue *queue, struct request *rq);
void mqblk_queue_hurry(struct mqblk_queue *queue, bool hurry,
		       blk_status_t status);
void mqblk_queue_expire(struct mqblk_queue *queue);
int mqblk_queue_poll(struct mqblk_queue *queue, struct io_comp_batch *iob);
enum blk_eh_timer_return mqblk_queue_timeout(struct mqblk_queue *queue,
					     struct request *rq);

/**
 * mqblk_queue_polls - is there anything for mqblk_queue_poll()
 * @queue: of a poll queue
 *
 * A request just being parked may be missed: the poller comes again.
 *
 * Context: Any.
 * Return: whether a request waits for a poller, be it for a time as well.
 */
static inline bool mqblk_queue_polls(struct mqblk_queue *queue)
{
	return !list_empty_careful(&queue->polled) ||
	       rb_first_cached(&queue->timers.rb_root);
}

/* set.c: tag sets */

/**
 * struct mqblk_set_params - what a set is made from
 * @ops: the driver's operations; with ->poll the set may have read and poll
 *	queues, and then ->map_queues must be mqblk_map_queues()
 * @pdu_bytes: size of the driver's per-request data, struct mqblk_rq included
 * @depth: requests per hardware queue, 1 to BLK_MQ_MAX_DEPTH
 * @nr_reserved: of those, requests for BLK_MQ_REQ_RESERVED alone; less than @depth
 * @nr_default: hardware queues for all I/O that has no other, 1 to the number of
 *	CPUs
 * @nr_read: hardware queues for reads, 0 to the number of CPUs; with 0, reads
 *	go to the default queues
 * @nr_poll: hardware queues for polled I/O, 0 to the number of CPUs
 * @node: NUMA node of all memory of the set, or NUMA_NO_NODE
 * @flags: BLK_MQ_F_* beside those that every driver needs
 * @timeout_ms: time after which ->timeout is called; 0: the block layer's 30 s
 * @irq_dev: device whose interrupt vectors say which CPUs a queue is for, one
 *	vector for each queue that is not polled, or NULL
 * @irq_first: its vector for the first queue
 * @driver_data: what ->init_hctx and ->init_request shall get
 */
struct mqblk_set_params {
	const struct blk_mq_ops	*ops;
	unsigned int		pdu_bytes;
	unsigned int		depth;
	unsigned int		nr_reserved;
	unsigned int		nr_default;
	unsigned int		nr_read;
	unsigned int		nr_poll;
	int			node;
	unsigned int		flags;
	unsigned int		timeout_ms;
	struct device		*irq_dev;
	unsigned int		irq_first;
	void			*driver_data;
};

/**
 * struct mqblk_queue_counts - hardware queues by what they serve
 * @nr_default: interrupt-driven (or inline) queues
 * @nr_read: such queues for reads only
 * @nr_poll: polled queues
 */
struct mqblk_queue_counts {
	unsigned int		nr_default;
	unsigned int		nr_read;
	unsigned int		nr_poll;
};

/**
 * struct mqblk_set - a tag set and how its hardware queues are shared out
 * @tags: the block layer's set
 * @queues: counts in force, or, while mqblk_set_resize() runs, wanted
 * @old_queues: counts to map by when the block layer could not grow
 * @irq_dev: as in &struct mqblk_set_params
 * @irq_first: as in &struct mqblk_set_params
 *
 * The owner serialises mqblk_set_resize() against itself.
 */
struct mqblk_set {
	struct blk_mq_tag_set		tags;
	struct mqblk_queue_counts	queues;
	struct mqblk_queue_counts	old_queues;
	struct device			*irq_dev;
	unsigned int			irq_first;
};

int mqblk_set_init(struct mqblk_set *set, const struct mqblk_set_params *params);
void mqblk_set_exit(struct mqblk_set *set);
int mqblk_set_resize(struct mqblk_set *set, unsigned int nr_default,
		     unsigned int nr_poll);
void mqblk_map_queues(struct blk_mq_tag_set *tags);

/* disk.c: disks */

/**
 * struct mqblk_disk_params - what a disk is made from
 * @name: its name in /dev, shorter than DISK_NAME_LEN
 * @fops: the driver's block device operations
 * @limits: the queue's limits
 * @capacity_sects: size in units of 512 bytes
 * @private: becomes both the disk's private_data and the queue's queuedata
 * @major: block major of the driver
 * @first_minor: minor number of the whole disk
 * @minors: consecutive minors for it and its partitions; others get dynamic
 *	numbers; with 0, the disk does too, and @major must be 0
 * @node: NUMA node of its memory, for a disk without set
 */
struct mqblk_disk_params {
	const char				*name;
	const struct block_device_operations	*fops;
	const struct queue_limits		*limits;
	sector_t				capacity_sects;
	void					*private;
	int					major;
	int					first_minor;
	int					minors;
	int					node;
};

struct gendisk *mqblk_disk_add(struct mqblk_set *set,
			       const struct mqblk_disk_params *params);
struct gendisk *mqblk_disk_alloc(struct mqblk_set *set,
				 const struct mqblk_disk_params *params);
int mqblk_disk_publish(struct gendisk *disk, struct device *parent,
		       const struct attribute_group **groups);
void mqblk_disk_remove(struct gendisk *disk);

/* fault.c: faults on purpose */

/**
 * struct mqblk_fault - when something shall fail
 * @probability: percentage of the calls that may fail, 0 to 100; 0 is off
 * @interval: of those calls, only each @interval-th may; 0 means 1
 * @times: how many failures are left, -1 for no end
 * @space: calls that pass before the first may fail
 * @verbose: 0 fails silently, 1 logs a line, 2 and more the stack besides
 * @task_filter: only tasks whose make-it-fail is set; see mqblk_fault_init()
 * @count: calls seen by @interval
 * @ratelimit: how often @verbose may log; an interval of 0 does not limit it
 *
 * The fields mean what they mean in the kernel's fault injection, which is not
 * there in most distributions' kernels. They may be written at any time: a call
 * that races a write goes by the old or by the new values.
 */
struct mqblk_fault {
	unsigned int		probability;
	unsigned int		interval;
	atomic_t		times;
	atomic_t		space;
	unsigned int		verbose;
	bool			task_filter;
	atomic_t		count;
	struct ratelimit_state	ratelimit;
};

void mqblk_fault_init(struct mqblk_fault *fault);
int mqblk_fault_setup(struct mqblk_fault *fault, const char *text);
bool mqblk_fault_hits(struct mqblk_fault *fault, const char *what);

/**
 * mqblk_fault_armed - can mqblk_fault_hits() return true
 * @fault: the fault
 *
 * Context: Any.
 * Return: whether it is on and has failures left.
 */
static inline bool mqblk_fault_armed(const struct mqblk_fault *fault)
{
	return READ_ONCE(fault->probability) && atomic_read(&fault->times);
}

/* watch.c: who looks at the requests of a disk */

/**
 * struct mqblk_watch - a disk whose requests can be watched
 * @disk: the disk
 * @set: called when @on changed, so that the driver starts requests the other
 *	way; under mqblk_watch_lock, may sleep
 * @on: somebody looks; changed under mqblk_watch_lock, read by anyone
 * @stats: counters, or NULL as long as there was nobody to see them; set once,
 *	under mqblk_watch_lock
 * @dir: its directory in debugfs
 * @entry: place among all watches, guarded by mqblk_watch_lock
 *
 * It is part of the driver's data for the disk.
 */
struct mqblk_watch {
	struct gendisk		*disk;
	void			(*set)(struct mqblk_watch *watch, bool on);
	bool			on;
	struct mqblk_stats	*stats;
	struct dentry		*dir;
	struct list_head	entry;
};

void mqblk_watch_free(struct mqblk_watch *watch);
void mqblk_watch_resized(struct mqblk_watch *watch);

/* debugfs.c: files of a disk that can be watched */
void mqblk_watch_add(struct mqblk_watch *watch, struct gendisk *disk,
		     void (*set)(struct mqblk_watch *watch, bool on));
void mqblk_watch_remove(struct mqblk_watch *watch);

#endif /* _LINUX_MQBLK_H */
