// SPDX-License-Identifier: GPL-2.0
/*
 * The I/O path: from queue_rq() to completion.
 *
 * The functions that take @data are inlined into two sets of operations, with
 * and without data, so that each contains only what it does. Whatever else a
 * disk may be asked for is in nbc_handle_full(), and the one word that sends a
 * request there is the one that says how it completes.
 */
#include <linux/blkdev.h>
#include <linux/ktime.h>
#include <linux/mqblk.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "data.h"
#include "null_blk_c.h"

/* Who waits for the first of a batch waits until so much is copied, and no more. */
#define NBC_BATCH_BYTES	SZ_64K

/*
 * Requests that came together and are done
 *
 * @iob: those that complete when the batch is over
 * @begin: when the time of those begins that wait for the timer, or 0 if none did so
 *	far. The device got them all at once, so it begins with the first, and one
 *	interrupt ends them
 */
struct nbc_batch {
	struct io_comp_batch	iob;
	ktime_t			begin;
};

/* Where requests wait that are in the same hardware queue. */
static __always_inline struct mqblk_queue *nbc_rq_queue(const struct request *rq)
{
	return rq->mq_hctx->driver_data;
}

static __always_inline void nbc_cmd_init(struct nbc_cmd *cmd, struct request *rq)
{
	*cmd = (struct nbc_cmd) {
		.bio	= rq->bio,
		.op	= req_op(rq),
		.flags	= rq->cmd_flags,
		.pos	= (u64)blk_rq_pos(rq) << SECTOR_SHIFT,
		.len	= blk_rq_bytes(rq),
		.done	= blk_rq_bytes(rq),
		.polled	= rq->mq_hctx->type == HCTX_TYPE_POLL,
		.queue	= rq->mq_hctx->queue_num,
	};
}

/* With data, each request's time begins when it was copied. */
static void nbc_batch_begin(struct nbc_disk *ndisk, struct nbc_cmd *cmd,
			    struct nbc_batch *batch)
{
	if (cmd->polled || ndisk->store)
		return;
	if (!batch->begin)
		batch->begin = ktime_get();
	cmd->begin = batch->begin;
}

/*
 * Completes a request that the caller owns, unless it has to wait. @batch is NULL
 * for one that came alone.
 */
static void nbc_complete_full(struct nbc_disk *ndisk, struct request *rq,
			      const struct nbc_cmd *cmd, struct nbc_batch *batch)
{
	struct io_comp_batch *iob = batch ? &batch->iob : NULL;

	if (cmd->due)
		mqblk_timer_park(nbc_rq_queue(rq), rq, cmd->status, cmd->due);
	else if (cmd->polled)
		mqblk_poll_park(nbc_rq_queue(rq), rq, cmd->status);
	else if (ndisk->irqmode == NBC_IRQ_SOFTIRQ)
		mqblk_rq_complete(rq, cmd->status, iob);
	else
		mqblk_rq_end(rq, cmd->status, iob);
}

static void nbc_finish(struct nbc_disk *ndisk, struct request *rq,
		       const struct nbc_cmd *cmd, struct nbc_batch *batch)
{
	if (cmd->op == REQ_OP_ZONE_APPEND)
		rq->__sector = cmd->pos >> SECTOR_SHIFT;
	nbc_complete_full(ndisk, rq, cmd, batch);
}

static void nbc_run(struct nbc_disk *ndisk, struct request *rq,
		    struct nbc_batch *batch, unsigned int on)
{
	struct nbc_cmd cmd;

	nbc_cmd_init(&cmd, rq);
	if (batch && (on & NBC_ON_TIMING) == BIT(NBC_ON_TIMER))
		nbc_batch_begin(ndisk, &cmd, batch);
	nbc_cmd_run(ndisk, &cmd, on);
	nbc_finish(ndisk, rq, &cmd, batch);
}

static struct nbc_held *nbc_rq_held(struct request *rq)
{
	struct nbc_rq *nrq = blk_mq_rq_to_pdu(rq);

	return &nrq->held;
}

/* For &nbc_held.go: nobody else has the request any more. */
static void nbc_rq_go(struct nbc_disk *ndisk, struct nbc_held *held, blk_status_t status)
{
	struct request *rq =
		blk_mq_rq_from_pdu(container_of(held, struct nbc_rq, held));
	struct nbc_cmd cmd;

	if (status) {
		mqblk_rq_end(rq, status, NULL);
		return;
	}
	nbc_cmd_init(&cmd, rq);
	nbc_cmd_run_special(ndisk, &cmd, &held->verdict, READ_ONCE(ndisk->on));
	nbc_finish(ndisk, rq, &cmd, NULL);
}

/* The same, if there are rules or a record. */
static void nbc_run_special(struct nbc_disk *ndisk, struct request *rq,
			    struct nbc_batch *batch, unsigned int on)
{
	struct nbc_verdict verdict;
	struct nbc_cmd cmd;
	bool judged;

	nbc_cmd_init(&cmd, rq);
	judged = on & BIT(NBC_ON_RULES) && nbc_rules_judge(ndisk->rules, &cmd, &verdict);
	if (!judged && !(on & BIT(NBC_ON_RECORD))) {
		nbc_run(ndisk, rq, batch, on);
		return;
	}
	if (judged && verdict.hold &&
	    nbc_hold_add(&ndisk->hold, ndisk->rules, nbc_rq_held(rq), &cmd, &verdict,
			 nbc_rq_go))
		return;
	nbc_cmd_run_special(ndisk, &cmd, judged ? &verdict : NULL, on);
	nbc_finish(ndisk, rq, &cmd, batch);
}

static bool nbc_fault_hits(struct nbc_disk *ndisk, enum nbc_fault_id id)
{
	struct nbc_fault *fault = &ndisk->faults[id];

	return mqblk_fault_armed(&fault->fault) &&
	       mqblk_fault_hits(&fault->fault,
				config_item_name(&fault->group.cg_item));
}

/*
 * Sends a request back in one of the two ways there are, in turn: by refusing it,
 * and by taking it and giving it back.
 */
static blk_status_t nbc_requeue(struct nbc_disk *ndisk, struct request *rq)
{
	if (atomic_inc_return(&ndisk->requeues) & 1)
		return BLK_STS_RESOURCE;
	mqblk_rq_start(rq);
	if (mqblk_rq_claim(rq))
		blk_mq_requeue_request(rq, true);
	return BLK_STS_OK;
}

static enum mqblk_mode nbc_mode(const struct nbc_disk *ndisk,
				const struct request *rq)
{
	if (rq->mq_hctx->type == HCTX_TYPE_POLL)
		return MQBLK_MODE_POLL;
	if (ndisk->irqmode == NBC_IRQ_TIMER)
		return MQBLK_MODE_TIMER;
	return ndisk->irqmode == NBC_IRQ_SOFTIRQ ? MQBLK_MODE_SOFTIRQ :
						 MQBLK_MODE_INLINE;
}

static void nbc_start(struct nbc_disk *ndisk, struct request *rq, unsigned int on)
{
	if (on & BIT(NBC_ON_WATCH))
		mqblk_rq_start_watched(&ndisk->watch, rq, nbc_mode(ndisk, rq));
	else
		mqblk_rq_start(rq);
}

/*
 * Takes a request of a disk with something switched on, or refuses it: it is the
 * block layer's still unless the return is BLK_STS_OK.
 */
static noinline blk_status_t nbc_handle_full(struct nbc_disk *ndisk,
					     struct request *rq,
					     struct nbc_batch *batch)
{
	unsigned int on = READ_ONCE(ndisk->on);
	bool faults = on & BIT(NBC_ON_FAULTS);

	if (faults && nbc_fault_hits(ndisk, NBC_FAULT_requeue))
		return nbc_requeue(ndisk, rq);
	nbc_start(ndisk, rq, on);
	if ((faults && nbc_fault_hits(ndisk, NBC_FAULT_timeout)) ||
	    (blk_should_fake_timeout(rq->q) && READ_ONCE(ndisk->armed)))
		mqblk_rq_lose(nbc_rq_queue(rq), rq);
	else if (on & NBC_ON_SPECIAL)
		nbc_run_special(ndisk, rq, batch, on);
	else
		nbc_run(ndisk, rq, batch, on);
	return BLK_STS_OK;
}

/* Starts to fetch up to @bytes of what a request will copy. */
static __always_inline void nbc_prefetch_rq(struct nbc_disk *ndisk,
					    const struct request *rq,
					    unsigned int bytes)
{
	if (req_op(rq) == REQ_OP_READ || req_op(rq) == REQ_OP_WRITE)
		nbc_store_prefetch(ndisk->store,
				   (u64)blk_rq_pos(rq) << SECTOR_SHIFT,
				   min(bytes, blk_rq_bytes(rq)),
				   req_op(rq) == REQ_OP_WRITE);
}

/* Before a list of several is done: one line of each request. */
static __always_inline void nbc_prefetch_list(struct nbc_disk *ndisk,
					      struct rq_list *rqs)
{
	struct request *rq;

	rq_list_for_each(rqs, rq)
		nbc_prefetch_rq(ndisk, rq, 1);
}

/* Before a request of a list is done: the next one, of which @rqs is the rest. */
static __always_inline void nbc_prefetch_first(struct nbc_disk *ndisk,
					       struct rq_list *rqs)
{
	struct request *rq = rq_list_peek(rqs);

	if (rq)
		nbc_prefetch_rq(ndisk, rq, NBC_PREFETCH_BYTES);
}

/* Leaves in @rqs what was refused: the block layer queues it again. */
static noinline void nbc_list_full(struct nbc_disk *ndisk, struct rq_list *rqs)
{
	struct nbc_batch batch = {};
	struct rq_list refused = {};
	struct request *rq;

	/* As in nbc_list_plain() */
	if (!rq_list_peek(rqs)->rq_next) {
		rq = rq_list_pop(rqs);
		if (nbc_handle_full(ndisk, rq, NULL))
			rq_list_add_tail(rqs, rq);
		return;
	}
	if (ndisk->store)
		nbc_prefetch_list(ndisk, rqs);
	while ((rq = rq_list_pop(rqs))) {
		if (ndisk->store)
			nbc_prefetch_first(ndisk, rqs);
		if (nbc_handle_full(ndisk, rq, &batch))
			rq_list_add_tail(&refused, rq);
	}
	*rqs = refused;
	mqblk_batch_end(&batch.iob);
}

/* Does what a plain request asks for, up to its completion. */
static __always_inline blk_status_t nbc_do_plain(struct nbc_disk *ndisk,
						 struct request *rq, bool data)
{
	mqblk_rq_start(rq);
	if (data) {
		struct nbc_cmd cmd;

		nbc_cmd_init(&cmd, rq);
		return nbc_store_cmd(ndisk->store, &cmd);
	}
	if (req_op(rq) == REQ_OP_READ)
		nbc_hide_memory(rq->bio);
	return BLK_STS_OK;
}

static __always_inline void nbc_handle_plain(struct nbc_disk *ndisk,
					     struct request *rq, bool data,
					     bool softirq,
					     struct io_comp_batch *iob)
{
	blk_status_t status = nbc_do_plain(ndisk, rq, data);

	if (rq->mq_hctx->type == HCTX_TYPE_POLL)
		mqblk_poll_park(nbc_rq_queue(rq), rq, status);
	else if (softirq)
		mqblk_rq_complete(rq, status, iob);
	else
		mqblk_rq_end(rq, status, iob);
}

static __always_inline void nbc_list_plain(struct nbc_disk *ndisk,
					   struct rq_list *rqs, bool data,
					   bool softirq)
{
	DEFINE_IO_COMP_BATCH(iob);
	unsigned int copied = 0;
	struct request *rq;

	/* A batch costs more to end than one request does. */
	if (!rq_list_peek(rqs)->rq_next) {
		nbc_handle_plain(ndisk, rq_list_pop(rqs), data, softirq, NULL);
		return;
	}
	if (data)
		nbc_prefetch_list(ndisk, rqs);
	while ((rq = rq_list_pop(rqs))) {
		if (data)
			nbc_prefetch_first(ndisk, rqs);
		if (data)
			copied += blk_rq_bytes(rq);
		nbc_handle_plain(ndisk, rq, data, softirq, &iob);
		if (data && copied >= NBC_BATCH_BYTES) {
			mqblk_batch_end(&iob);
			copied = 0;
		}
	}
	mqblk_batch_end(&iob);
}

/* Where the disk's requests go now. */
static __always_inline enum nbc_path nbc_path(const struct nbc_disk *ndisk,
					      const struct request_queue *q)
{
	if (IS_ENABLED(CONFIG_FAIL_IO_TIMEOUT) &&
	    unlikely(test_bit(QUEUE_FLAG_FAIL_IO, &q->queue_flags)))
		return NBC_PATH_FULL;
	return READ_ONCE(ndisk->path);
}

static __always_inline blk_status_t nbc_handle(struct request *rq, bool data)
{
	struct nbc_disk *ndisk = rq->q->queuedata;
	enum nbc_path path = nbc_path(ndisk, rq->q);

	if (path == NBC_PATH_SOFTIRQ)
		nbc_handle_plain(ndisk, rq, data, true, NULL);
	else if (path == NBC_PATH_INLINE)
		nbc_handle_plain(ndisk, rq, data, false, NULL);
	else
		return nbc_handle_full(ndisk, rq, NULL);
	return BLK_STS_OK;
}

/* All of a list is for one disk. */
static __always_inline void nbc_handle_list(struct rq_list *rqs, bool data)
{
	struct request_queue *q = rq_list_peek(rqs)->q;
	struct nbc_disk *ndisk = q->queuedata;
	enum nbc_path path = nbc_path(ndisk, q);

	if (path == NBC_PATH_SOFTIRQ)
		nbc_list_plain(ndisk, rqs, data, true);
	else if (path == NBC_PATH_INLINE)
		nbc_list_plain(ndisk, rqs, data, false);
	else
		nbc_list_full(ndisk, rqs);
}

/*
 * Sets up a hardware queue, or fails on purpose, if it is one more than there were:
 * without one that it had, the block layer cannot go on.
 */
static int nbc_init_hctx(struct blk_mq_hw_ctx *hctx, void *data,
			 unsigned int idx)
{
	struct request_queue *q = hctx->queue;
	struct mqblk_queue *queue;

	if (idx >= q->nr_hw_queues &&
	    nbc_fault_hits(q->queuedata, NBC_FAULT_init_hctx))
		return -EFAULT;
	queue = kzalloc_node(sizeof(*queue), GFP_KERNEL, hctx->numa_node);
	if (!queue)
		return -ENOMEM;
	mqblk_queue_init(queue);
	hctx->driver_data = queue;
	return 0;
}

static void nbc_exit_hctx(struct blk_mq_hw_ctx *hctx, unsigned int idx)
{
	mqblk_queue_exit(hctx->driver_data);
	kfree(hctx->driver_data);
	hctx->driver_data = NULL;
}

static int nbc_poll(struct blk_mq_hw_ctx *hctx, struct io_comp_batch *iob)
{
	struct mqblk_queue *queue = hctx->driver_data;

	return mqblk_queue_polls(queue) ? mqblk_queue_poll(queue, iob) : 0;
}

static enum blk_eh_timer_return nbc_timeout(struct request *rq)
{
	return mqblk_queue_timeout(nbc_rq_queue(rq), rq);
}

static blk_status_t nbc_null_queue_rq(struct blk_mq_hw_ctx *hctx,
				      const struct blk_mq_queue_data *bd)
{
	return nbc_handle(bd->rq, false);
}

static void nbc_null_queue_rqs(struct rq_list *rqs)
{
	nbc_handle_list(rqs, false);
}

static blk_status_t nbc_data_queue_rq(struct blk_mq_hw_ctx *hctx,
				      const struct blk_mq_queue_data *bd)
{
	return nbc_handle(bd->rq, true);
}

static void nbc_data_queue_rqs(struct rq_list *rqs)
{
	nbc_handle_list(rqs, true);
}

/* Disks with and without data may share a set. */
static blk_status_t nbc_any_queue_rq(struct blk_mq_hw_ctx *hctx,
				     const struct blk_mq_queue_data *bd)
{
	struct nbc_disk *ndisk = bd->rq->q->queuedata;

	return nbc_handle(bd->rq, ndisk->store);
}

#define NBC_COMMON_OPS						\
	.complete	= mqblk_complete_op,			\
	.timeout	= nbc_timeout,			\
	.poll		= nbc_poll,				\
	.map_queues	= mqblk_map_queues,			\
	.init_hctx	= nbc_init_hctx,			\
	.exit_hctx	= nbc_exit_hctx

const struct blk_mq_ops nbc_null_ops = {
	.queue_rq	= nbc_null_queue_rq,
	.queue_rqs	= nbc_null_queue_rqs,
	NBC_COMMON_OPS,
};

const struct blk_mq_ops nbc_data_ops = {
	.queue_rq	= nbc_data_queue_rq,
	.queue_rqs	= nbc_data_queue_rqs,
	NBC_COMMON_OPS,
};

const struct blk_mq_ops nbc_any_ops = {
	.queue_rq	= nbc_any_queue_rq,
	NBC_COMMON_OPS,
};
