// SPDX-License-Identifier: GPL-2.0
/*
 * The I/O path: from queue_rq() to completion, and what happens to a request
 * that takes too long. The same operations serve the admin queue, whose requests
 * bring their commands with them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/blk-mq.h>
#include <linux/jiffies.h>
#include <linux/mqblk_compat.h>

#include "cmd.h"
#include "ctrl.h"
#include "io.h"
#include "main.h"
#include "map.h"
#include "ns.h"
#include "pci.h"
#include "queue.h"
#include "recover.h"
#include "rq.h"

/* --- submission ----------------------------------------------------------- */

/* The I/O queues stand behind the admin queue. */
static struct nvmec_queue *nvmec_hctx_queue(struct blk_mq_hw_ctx *hctx)
{
	return hctx->driver_data;
}

static struct nvmec_range nvmec_rq_range(const struct nvmec_ns *ns,
					 const struct request *rq)
{
	return (struct nvmec_range) {
		.nsid	= ns->nsid,
		.first	= blk_rq_pos(rq) >> (ns->lba_shift - SECTOR_SHIFT),
		.blocks	= blk_rq_bytes(rq) >> ns->lba_shift,
	};
}

static u16 nvmec_rw_control(const struct request *rq)
{
	u16 control = 0;

	if (rq->cmd_flags & REQ_FUA)
		control |= NVME_RW_FUA;
	if (rq->cmd_flags & (REQ_FAILFAST_DEV | REQ_RAHEAD))
		control |= NVME_RW_LR;
	return control;
}

/* A command that came whole, but for its data if that is in bios. */
static void nvmec_build_passthru(const struct nvmec_rq *nrq,
				 struct nvme_command *cmd, bool mapped)
{
	*cmd = nrq->cmd;
	if (mapped) {
		cmd->common.flags = nrq->cmd_flags;
		cmd->common.dptr = nrq->dptr;
	}
}

/* Who writes zeroes to punch a hole does not want the blocks to stay allocated. */
static u16 nvmec_wz_control(const struct nvmec_ns *ns, const struct request *rq)
{
	if (!READ_ONCE(ns->deac) || (rq->cmd_flags & REQ_NOUNMAP))
		return 0;
	return NVME_WZ_DEAC;
}

static inline void nvmec_build_rw(struct request *rq,
				  struct nvme_command *cmd, u8 opcode)
{
	const struct nvmec_range range = nvmec_rq_range(rq->q->queuedata, rq);
	struct nvmec_rq *nrq = nvmec_rq(rq);

	nvmec_cmd_rw(cmd, opcode, &range, nvmec_rw_control(rq));
	cmd->rw.flags = nrq->cmd_flags;
	cmd->rw.dptr = nrq->dptr;
}

static void nvmec_build_zone(struct request *rq, struct nvme_command *cmd)
{
	static const u8 actions[] = {
		[REQ_OP_ZONE_OPEN]	= NVME_ZONE_OPEN,
		[REQ_OP_ZONE_CLOSE]	= NVME_ZONE_CLOSE,
		[REQ_OP_ZONE_FINISH]	= NVME_ZONE_FINISH,
		[REQ_OP_ZONE_RESET]	= NVME_ZONE_RESET,
		[REQ_OP_ZONE_RESET_ALL]	= NVME_ZONE_RESET,
	};
	const struct nvmec_range range = nvmec_rq_range(rq->q->queuedata, rq);
	const u32 op = (__force u32)req_op(rq);
	bool all = req_op(rq) == REQ_OP_ZONE_RESET_ALL;

	nvmec_cmd_zone(cmd, range.nsid, all ? 0 : range.first, actions[op], all);
}

/* The command of a request that is no read or write, but for its id. */
static noinline void nvmec_build_other(struct request *rq, struct nvme_command *cmd)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);
	struct nvmec_ns *ns = rq->q->queuedata;
	struct nvmec_range range;

	switch (req_op(rq)) {
	case REQ_OP_FLUSH:
		nvmec_cmd_flush(cmd, ns->nsid);
		break;
	case REQ_OP_DISCARD:
		nvmec_cmd_discard(cmd, ns->nsid,
				  blk_rq_nr_discard_segments(rq));
		cmd->common.dptr = nrq->dptr;
		break;
	case REQ_OP_WRITE_ZEROES:
		range = nvmec_rq_range(ns, rq);
		nvmec_cmd_rw(cmd, nvme_cmd_write_zeroes, &range,
			     nvmec_wz_control(ns, rq));
		break;
	case REQ_OP_ZONE_APPEND:
		nvmec_build_rw(rq, cmd, nvme_cmd_zone_append);
		break;
	case REQ_OP_ZONE_OPEN:
	case REQ_OP_ZONE_CLOSE:
	case REQ_OP_ZONE_FINISH:
	case REQ_OP_ZONE_RESET:
	case REQ_OP_ZONE_RESET_ALL:
		nvmec_build_zone(rq, cmd);
		break;
	default:
		nvmec_build_passthru(nrq, cmd, rq->bio);
		break;
	}
}

/* Writes the command of a request whose data is mapped. */
static inline void nvmec_rq_build(struct request *rq, u16 id,
				  struct nvme_command *cmd)
{
	enum req_op op = req_op(rq);

	if (likely(op == REQ_OP_READ || op == REQ_OP_WRITE))
		nvmec_build_rw(rq, cmd, op == REQ_OP_READ ? nvme_cmd_read :
							    nvme_cmd_write);
	else
		nvmec_build_other(rq, cmd);
	cmd->common.command_id = nvmec_wire_id(id);
}

/*
 * Among the commands of a bring-up a user's would be in the way. It fails, as if the
 * reset had taken it back: the block layer would hold those of the bring-up behind one
 * that is to be sent again.
 */
static noinline blk_status_t nvmec_map_passthru(struct nvmec_ctrl *ctrl,
						struct request *rq)
{
	if (nvmec_rq(rq)->user && rq->q == ctrl->admin_q &&
	    nvmec_state(ctrl) == NVMEC_RESETTING) {
		set_bit(NVMEC_RQ_CANCELLED, &nvmec_rq(rq)->flags);
		return BLK_STS_IOERR;
	}
	return rq->bio ? nvmec_map_data(ctrl, rq) : BLK_STS_OK;
}

static inline blk_status_t nvmec_rq_map(struct nvmec_ctrl *ctrl,
					struct request *rq)
{
	switch (req_op(rq)) {
	case REQ_OP_READ:
	case REQ_OP_WRITE:
	case REQ_OP_ZONE_APPEND:
		return nvmec_map_data(ctrl, rq);
	case REQ_OP_DISCARD:
		return nvmec_map_ranges(rq->q->queuedata, rq);
	case REQ_OP_FLUSH:
	case REQ_OP_WRITE_ZEROES:
	case REQ_OP_ZONE_OPEN:
	case REQ_OP_ZONE_CLOSE:
	case REQ_OP_ZONE_FINISH:
	case REQ_OP_ZONE_RESET:
	case REQ_OP_ZONE_RESET_ALL:
		return BLK_STS_OK;
	case REQ_OP_DRV_IN:
	case REQ_OP_DRV_OUT:
		return nvmec_map_passthru(ctrl, rq);
	default:
		return BLK_STS_NOTSUPP;
	}
}

/* A queue that is not live: for now, or for good. */
static blk_status_t nvmec_refuse(struct nvmec_ctrl *ctrl)
{
	if (nvmec_state(ctrl) == NVMEC_DEAD)
		return BLK_STS_IOERR;
	return BLK_STS_RESOURCE;
}

/* Somebody watches a disk, if perhaps not this one. */
static noinline void nvmec_rq_start_watched(struct nvmec_queue *queue,
					    struct request *rq)
{
	struct nvmec_ns *ns = rq->q->queuedata;

	/* Requests to the controller belong to no disk. */
	if (!queue->id || !READ_ONCE(ns->watch.on))
		mqblk_rq_start(rq);
	else
		mqblk_rq_start_watched(&ns->watch, rq, queue->polled ?
				       MQBLK_MODE_POLL : MQBLK_MODE_IRQ);
}

/* Everything that does not need the ring. */
static blk_status_t nvmec_rq_prepare(struct nvmec_queue *queue,
				     struct request *rq)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);
	blk_status_t status;

	if (unlikely(!READ_ONCE(queue->live)))
		return nvmec_refuse(queue->ctrl);
	nrq->flags = 0;
	if (!(rq->rq_flags & RQF_DONTPREP)) {
		nrq->retries = 0;
		rq->rq_flags |= RQF_DONTPREP;
	}
	status = nvmec_rq_map(queue->ctrl, rq);
	if (unlikely(status))
		nvmec_unmap(queue->ctrl, rq);
	return status;
}

/*
 * Puts a request into the ring. It is started last: from then on a completion may end
 * it, also one that a controller made up before it was told of the command.
 */
static inline void nvmec_rq_push(struct nvmec_queue *queue, struct request *rq)
{
	u16 id = nvmec_sq_next_id(queue, rq->tag);

	nvmec_rq_build(rq, id, nvmec_sq_slot(queue));
	mqblk_rq_set_id(rq, id);
	if (static_branch_unlikely(&nvmec_watched))
		nvmec_rq_start_watched(queue, rq);
	else
		mqblk_rq_start(rq);
}

/* Sends requests of one queue, and tells the controller once. */
static void nvmec_send_list(struct nvmec_queue *queue, struct rq_list *rqs)
{
	struct request *rq, *next;

	spin_lock(&queue->sq_lock);
	for (rq = rq_list_peek(rqs); rq; rq = next) {
		/* It may be in another list as soon as it is started. */
		next = rq->rq_next;
		nvmec_rq_push(queue, rq);
	}
	nvmec_sq_ring(queue);
	spin_unlock(&queue->sq_lock);
}

static blk_status_t nvmec_queue_rq(struct blk_mq_hw_ctx *hctx,
				   const struct blk_mq_queue_data *bd)
{
	struct nvmec_queue *queue = nvmec_hctx_queue(hctx);
	blk_status_t status;

	status = nvmec_rq_prepare(queue, bd->rq);
	if (unlikely(status))
		return status;
	spin_lock(&queue->sq_lock);
	nvmec_rq_push(queue, bd->rq);
	if (bd->last)
		nvmec_sq_ring(queue);
	spin_unlock(&queue->sq_lock);
	return BLK_STS_OK;
}

static void nvmec_commit_rqs(struct blk_mq_hw_ctx *hctx)
{
	nvmec_queue_ring(nvmec_hctx_queue(hctx));
}

/* Sends what is in front of the list and for one queue. */
static void nvmec_send_run(struct rq_list *rqs, struct rq_list *left)
{
	struct request *rq = rq_list_peek(rqs);
	struct blk_mq_hw_ctx *hctx = rq->mq_hctx;
	struct nvmec_queue *queue = nvmec_hctx_queue(hctx);
	struct rq_list ready = {};

	do {
		rq_list_pop(rqs);
		if (likely(nvmec_rq_prepare(queue, rq) == BLK_STS_OK))
			rq_list_add_tail(&ready, rq);
		else
			rq_list_add_tail(left, rq);
		rq = rq_list_peek(rqs);
	} while (rq && rq->mq_hctx == hctx);
	if (!rq_list_empty(&ready))
		nvmec_send_list(queue, &ready);
}

/* Requests that cannot be sent now are left; the block layer takes them back. */
static void nvmec_queue_rqs(struct rq_list *rqs)
{
	struct rq_list left = {};

	while (!rq_list_empty(rqs))
		nvmec_send_run(rqs, &left);
	*rqs = left;
}

/* --- completion ----------------------------------------------------------- */

VISIBLE_IF_KUNIT bool nvmec_should_retry(struct request *rq)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);
	const struct nvmec_loss loss = {
		.haste		= blk_noretry_request(rq),
		.final		= nrq->status & NVME_STATUS_DNR,
		.cancelled	= test_bit(NVMEC_RQ_CANCELLED, &nrq->flags),
		.fault		= test_bit(NVMEC_RQ_FAULT, &nrq->flags),
		.stuck		= test_bit(NVMEC_RQ_STUCK, &nrq->flags),
		.timed_out	= test_bit(NVMEC_RQ_TIMED_OUT, &nrq->flags),
		.retries	= nrq->retries,
	};
	enum nvmec_again again;

	if (blk_rq_is_passthrough(rq))
		return false;
	again = nvmec_again(&loss);
	if (again == NVMEC_AGAIN_COUNTED)
		nrq->retries++;
	return again != NVMEC_AGAIN_NO;
}

VISIBLE_IF_KUNIT void nvmec_retry(struct nvmec_ctrl *ctrl, struct request *rq)
{
	unsigned int crd = nvmec_status_crd(nvmec_rq(rq)->status);
	u32 delay_ms = ctrl->ident.retry_ms[crd];

	atomic_inc(&ctrl->nr_retries);
	/* The timeout may have been shortened to wait for an abort. */
	rq->timeout = 0;
	blk_mq_requeue_request(rq, !delay_ms);
	if (delay_ms)
		blk_mq_delay_kick_requeue_list(rq->q, delay_ms);
}

/* Ends a request that did not succeed, or has it sent again. */
static noinline void nvmec_rq_fail(struct nvmec_ctrl *ctrl, struct request *rq)
{
	blk_status_t status = nvmec_status_to_blk(nvmec_rq(rq)->status);

	if (nvmec_state(ctrl) != NVMEC_DEAD && nvmec_should_retry(rq)) {
		nvmec_retry(ctrl, rq);
		return;
	}
	mqblk_rq_report(rq, status);
	blk_mq_end_request(rq, status);
}

/* Where an append went; a controller that names another zone has failed it. */
static noinline void nvmec_append_done(struct nvmec_ctrl *ctrl, struct request *rq)
{
	const struct nvmec_range range = nvmec_rq_range(rq->q->queuedata, rq);
	struct nvmec_ns *ns = rq->q->queuedata;
	unsigned int shift = ns->lba_shift - SECTOR_SHIFT;
	struct nvmec_rq *nrq = nvmec_rq(rq);
	u64 room = (rq->q->limits.chunk_sectors >> shift) - range.blocks;

	if (nrq->result >= range.first && nrq->result - range.first <= room) {
		rq->__sector = nrq->result << shift;
		return;
	}
	dev_err_ratelimited(&ctrl->dev, "namespace %u: zone at block %llu: ALBA: %llu of an append is not in it\n",
			    ns->nsid, range.first, nrq->result);
	nrq->status = NVME_SC_INTERNAL | NVME_STATUS_DNR;
}

/**
 * nvmec_rq_complete - end a request that was taken from the controller; for
 * ->complete
 * @rq: claimed, and its status is known
 *
 * Context: Any.
 */
void nvmec_rq_complete(struct request *rq)
{
	struct nvmec_queue *queue = nvmec_hctx_queue(rq->mq_hctx);
	struct nvmec_ctrl *ctrl = queue->ctrl;

	nvmec_unmap(ctrl, rq);
	if (unlikely(req_op(rq) == REQ_OP_ZONE_APPEND) && !nvmec_rq(rq)->status)
		nvmec_append_done(ctrl, rq);
	if (likely(!nvmec_rq(rq)->status))
		blk_mq_end_request(rq, BLK_STS_OK);
	else
		nvmec_rq_fail(ctrl, rq);
}

/**
 * nvmec_rq_complete_batch - end requests that were successful
 * @iob: a batch of them
 *
 * Context: Any.
 */
void nvmec_rq_complete_batch(struct io_comp_batch *iob)
{
	struct request *rq;

	rq_list_for_each(&iob->req_list, rq)
		nvmec_unmap(nvmec_hctx_queue(rq->mq_hctx)->ctrl, rq);
	blk_mq_end_request_batch(iob);
}

static int nvmec_poll(struct blk_mq_hw_ctx *hctx, struct io_comp_batch *iob)
{
	struct nvmec_queue *queue = nvmec_hctx_queue(hctx);

	if (!nvmec_cq_pending(queue))
		return 0;
	return nvmec_queue_reap(queue, iob);
}

/* --- recovery ------------------------------------------------------------- */

/**
 * nvmec_rq_cancel - take a request back from a controller that is stopped
 * @rq: any request
 * @data: unused
 *
 * For blk_mq_tagset_busy_iter(). The request is sent again, or fails if the
 * controller is dead.
 *
 * Context: Process context; the controller does not reach memory any more.
 * Return: true, to go on with the next request.
 */
bool nvmec_rq_cancel(struct request *rq, void *data)
{
	struct nvmec_ctrl *ctrl = nvmec_hctx_queue(rq->mq_hctx)->ctrl;
	struct nvmec_rq *nrq = nvmec_rq(rq);

	if (!mqblk_rq_claim(rq))
		return true;
	nrq->status = NVME_SC_HOST_ABORTED_CMD;
	set_bit(NVMEC_RQ_CANCELLED, &nrq->flags);
	if (READ_ONCE(ctrl->fault))
		set_bit(NVMEC_RQ_FAULT, &nrq->flags);
	if (READ_ONCE(ctrl->stuck))
		set_bit(NVMEC_RQ_STUCK, &nrq->flags);
	blk_mq_complete_request(rq);
	return true;
}

/*
 * A command of the bring-up has no answer. Whoever brings the controller up waits
 * for this request and must get it back, whatever the state is by now: nobody else
 * can stop the controller meanwhile. It must be stopped first, as it may write to the
 * command's memory.
 */
static enum blk_eh_timer_return nvmec_timeout_bringup(struct nvmec_ctrl *ctrl,
						      struct request *rq)
{
	if (!blk_rq_is_passthrough(rq))
		return BLK_EH_RESET_TIMER;
	if (nvmec_ctrl_disable(ctrl))
		pci_clear_master(ctrl->pdev);
	WRITE_ONCE(ctrl->no_answer, true);
	nvmec_rq_cancel(rq, NULL);
	return BLK_EH_DONE;
}

/* How long to wait for an abort: less than a timeout, for two make a reset. */
static unsigned int nvmec_abort_grace(struct request *rq)
{
	return max_t(unsigned int, rq->timeout / 4, HZ);
}

static void nvmec_timeout_abort(struct nvmec_ctrl *ctrl, struct request *rq)
{
	struct nvmec_queue *queue = nvmec_hctx_queue(rq->mq_hctx);

	dev_warn_ratelimited(&ctrl->dev,
			     "queue %u: command %#x timed out, aborting it\n",
			     queue->id, mqblk_rq_id(rq));
	set_bit(NVMEC_RQ_WANTS_ABORT, &nvmec_rq(rq)->flags);
	rq->timeout = nvmec_abort_grace(rq);
	queue_work(nvmec_wq, &ctrl->abort_work);
}

/* A user who has less patience than the driver says nothing about the controller. */
static enum nvmec_fault nvmec_timeout_fault(const struct nvmec_queue *queue,
					    struct request *rq)
{
	if (nvmec_ctrl_fatal(queue->ctrl))
		return NVMEC_FAULT_FATAL;
	if (queue->id)
		return NVMEC_FAULT_IO;
	if (nvmec_rq(rq)->user && rq->timeout < rq->q->rq_timeout)
		return NVMEC_FAULT_NONE;
	return NVMEC_FAULT_ADMIN;
}

/* Nothing but a reset can help; or if that is not possible any more, an end. */
static void nvmec_timeout_reset(struct nvmec_ctrl *ctrl, struct request *rq)
{
	struct nvmec_queue *queue = nvmec_hctx_queue(rq->mq_hctx);

	dev_warn(&ctrl->dev, "queue %u: command %#x timed out, %s\n",
		 queue->id, mqblk_rq_id(rq),
		 nvmec_state(ctrl) == NVMEC_LIVE ? "resetting the controller" :
						   "giving the controller up");
	if (!nvmec_ctrl_fault(ctrl, nvmec_timeout_fault(queue, rq)) &&
	    nvmec_state(ctrl) == NVMEC_REMOVING)
		nvmec_ctrl_kill(ctrl);
}

/*
 * Statement by statement: the interrupt may be lost, or the doorbell if it stood
 * in memory; the controller may be gone
 * or have failed; somebody may be at work on it; the one command may be stuck,
 * unless nothing at all came back since the last reset; or everything is, and then it
 * is reset, or buried if that is not possible any more. Nothing here waits for the
 * reset, which waits for this.
 */
static enum blk_eh_timer_return nvmec_timeout(struct request *rq)
{
	struct nvmec_queue *queue = nvmec_hctx_queue(rq->mq_hctx);
	struct nvmec_ctrl *ctrl = queue->ctrl;
	enum nvmec_state state = nvmec_state(ctrl);
	bool first;

	if (READ_ONCE(queue->live) && nvmec_queue_reap(queue, NULL) &&
	    !mqblk_rq_in_state(rq, MQBLK_RQ_STARTED)) {
		dev_warn_ratelimited(&ctrl->dev,
				     "queue %u: command %#x had completed without an interrupt\n",
				     queue->id, mqblk_rq_id(rq));
		return BLK_EH_DONE;
	}
	if (!mqblk_rq_in_state(rq, MQBLK_RQ_STARTED))
		return BLK_EH_DONE;
	nvmec_queue_kick(queue);
	atomic_inc(&ctrl->nr_timeouts);
	/* Whoever causes the reset, this one has had its time. */
	first = !test_and_set_bit(NVMEC_RQ_TIMED_OUT, &nvmec_rq(rq)->flags);

	/* One of before the bring-up was taken back before this was set. */
	if (smp_load_acquire(&ctrl->starting)) {
		if (!mqblk_rq_in_state(rq, MQBLK_RQ_STARTED))
			return BLK_EH_DONE;
		return nvmec_timeout_bringup(ctrl, rq);
	}
	if (state == NVMEC_RESETTING || state == NVMEC_DEAD)
		return BLK_EH_RESET_TIMER;
	if (nvmec_ctrl_gone(ctrl) || nvmec_pci_link(ctrl) != NVMEC_LINK_UP) {
		nvmec_pci_lost(ctrl);
		return BLK_EH_RESET_TIMER;
	}
	if (first && state == NVMEC_LIVE && !blk_rq_is_passthrough(rq) &&
	    !nvmec_ctrl_failed(ctrl) && !nvmec_ctrl_silent(ctrl))
		nvmec_timeout_abort(ctrl, rq);
	else
		nvmec_timeout_reset(ctrl, rq);
	return BLK_EH_RESET_TIMER;
}

/* --- life of queues and requests ------------------------------------------ */

static int nvmec_io_init_hctx(struct blk_mq_hw_ctx *hctx, void *data,
			      unsigned int idx)
{
	struct nvmec_ctrl *ctrl = data;

	hctx->driver_data = &ctrl->queues[idx + 1];
	return 0;
}

static int nvmec_admin_init_hctx(struct blk_mq_hw_ctx *hctx, void *data,
				 unsigned int idx)
{
	struct nvmec_ctrl *ctrl = data;

	hctx->driver_data = &ctrl->queues[0];
	return 0;
}

static int nvmec_init_request(struct blk_mq_tag_set *tags, struct request *rq,
			      unsigned int idx, MQBLK_NODE_ARG node)
{
	struct nvmec_ctrl *ctrl = tags->driver_data;
	struct nvmec_rq *nrq = nvmec_rq(rq);

	sg_init_table(nrq->sgl, NVMEC_SMALL_SEGS);
	/* The block layer may hold I/O meanwhile, that of this disk, too. */
	nrq->list = dma_pool_alloc(ctrl->small_pool, GFP_NOIO,
				   &nrq->list_dma);
	return nrq->list ? 0 : -ENOMEM;
}

static void nvmec_exit_request(struct blk_mq_tag_set *tags, struct request *rq,
			       unsigned int idx)
{
	struct nvmec_ctrl *ctrl = tags->driver_data;
	struct nvmec_rq *nrq = nvmec_rq(rq);

	if (nrq->list)
		dma_pool_free(ctrl->small_pool, nrq->list, nrq->list_dma);
}

const struct blk_mq_ops nvmec_io_ops = {
	.queue_rq	= nvmec_queue_rq,
	.queue_rqs	= nvmec_queue_rqs,
	.commit_rqs	= nvmec_commit_rqs,
	.complete	= nvmec_rq_complete,
	.timeout	= nvmec_timeout,
	.poll		= nvmec_poll,
	.map_queues	= mqblk_map_queues,
	.init_hctx	= nvmec_io_init_hctx,
	.init_request	= nvmec_init_request,
	.exit_request	= nvmec_exit_request,
};

const struct blk_mq_ops nvmec_admin_ops = {
	.queue_rq	= nvmec_queue_rq,
	.complete	= nvmec_rq_complete,
	.timeout	= nvmec_timeout,
	.init_hctx	= nvmec_admin_init_hctx,
	.init_request	= nvmec_init_request,
	.exit_request	= nvmec_exit_request,
};
