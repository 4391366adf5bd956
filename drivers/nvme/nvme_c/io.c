// SPDX-License-Identifier: GPL-2.0
/*
 * The I/O path down to the ring. The same operations serve the admin queue, whose
 * requests bring their commands with them. The way back is complete.c's.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blk-integrity.h>
#include <linux/blk-mq.h>
#include <linux/minmax.h>
#include <linux/mqblk_compat.h>
#include <linux/t10-pi.h>

#include "cmd.h"
#include "complete.h"
#include "ctrl.h"
#include "inject.h"
#include "io.h"
#include "map.h"
#include "meta.h"
#include "ns.h"
#include "queue.h"
#include "rq.h"
#include "state.h"
#include "streams.h"
#include "timeout.h"
#include "trace.h"

/* --- submission ----------------------------------------------------------- */

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

	if (likely(!(rq->cmd_flags & (REQ_FUA | REQ_FAILFAST_DEV | REQ_RAHEAD))))
		return 0;
	if (rq->cmd_flags & REQ_FUA)
		control |= NVME_RW_FUA;
	if (rq->cmd_flags & (REQ_FAILFAST_DEV | REQ_RAHEAD))
		control |= NVME_RW_LR;
	return control;
}

/* A command that came whole, but for its data if that was mapped. */
static noinline void nvmec_build_passthru(const struct nvmec_rq *nrq,
					  struct nvme_command *cmd)
{
	*cmd = nrq->cmd;
	if (nrq->map) {
		cmd->common.flags = nrq->cmd_flags;
		cmd->common.dptr = nrq->dptr;
	}
	if (nrq->map & NVMEC_MAP_META)
		cmd->common.metadata = cpu_to_le64(nrq->meta_addr);
}

/*
 * With a buffer for metadata the controller makes the checks that the block layer wants.
 * Without one it makes protection information and takes it off, and checks all of it.
 */
static void nvmec_build_protection(const struct nvmec_ns *ns, struct request *rq,
				   struct nvme_command *cmd)
{
	struct nvmec_protect protect = { .ref_tag = full_pi_ref_tag(rq) };
	struct nvmec_rq *nrq = nvmec_rq(rq);

	if (nrq->map & NVMEC_MAP_META) {
		cmd->rw.metadata = cpu_to_le64(nrq->meta_addr);
		protect.control = mqblk_rq_checks(rq, &protect.app_tag);
	} else {
		protect.control = NVME_RW_PRINFO_PRACT | nvmec_meta_checks(&ns->meta);
	}
	if (ns->meta.pi_type)
		nvmec_cmd_protect(cmd, &ns->meta, &protect);
}

/* A stream that is not there any more is none: its data goes where others go. */
static void nvmec_build_stream(const struct nvmec_streams *streams,
			       const struct request *rq, struct nvme_command *cmd)
{
	unsigned int stream = mqblk_bio_stream(rq->bio);

	if (stream && stream <= READ_ONCE(streams->nr))
		nvmec_cmd_place(cmd, READ_ONCE(streams->ids[stream - 1]));
}

/* What few namespaces have. */
static noinline void nvmec_build_extra(const struct nvmec_ns *ns, struct request *rq,
				       struct nvme_command *cmd)
{
	if (ns->meta.bytes)
		nvmec_build_protection(ns, rq, cmd);
	if (req_op(rq) == REQ_OP_WRITE)
		nvmec_build_stream(&ns->streams, rq, cmd);
}

/* Who writes zeroes to punch a hole does not want the blocks to stay allocated. */
static u16 nvmec_wz_control(const struct nvmec_ns *ns, const struct request *rq)
{
	if (!READ_ONCE(ns->deac) || (rq->cmd_flags & REQ_NOUNMAP))
		return 0;
	return NVME_WZ_DEAC;
}

/* Protection information of zeroes, without a check: there is nothing to be checked. */
static void nvmec_build_zeroes(const struct nvmec_ns *ns, struct request *rq,
			       struct nvme_command *cmd)
{
	const struct nvmec_range range = nvmec_rq_range(ns, rq);
	const struct nvmec_protect protect = {
		.control	= NVME_RW_PRINFO_PRACT,
		.ref_tag	= full_pi_ref_tag(rq),
	};

	nvmec_cmd_rw(cmd, nvme_cmd_write_zeroes, &range, nvmec_wz_control(ns, rq));
	if (ns->meta.pi_type)
		nvmec_cmd_protect(cmd, &ns->meta, &protect);
}

static inline void nvmec_build_rw(struct request *rq,
				  struct nvme_command *cmd, u8 opcode)
{
	const struct nvmec_ns *ns = rq->q->queuedata;
	const struct nvmec_range range = nvmec_rq_range(ns, rq);
	const __le64 prp1 = nvmec_rq(rq)->dptr.prp1, prp2 = nvmec_rq(rq)->dptr.prp2;
	const u8 flags = nvmec_rq(rq)->cmd_flags;

	nvmec_cmd_rw(cmd, opcode, &range, nvmec_rw_control(rq));
	cmd->rw.flags = flags;
	cmd->rw.dptr.prp1 = prp1;
	cmd->rw.dptr.prp2 = prp2;
	if (unlikely(READ_ONCE(ns->extra)))
		nvmec_build_extra(ns, rq, cmd);
}

static void nvmec_build_zone(struct request *rq, struct nvme_command *cmd)
{
	const struct nvmec_range range = nvmec_rq_range(rq->q->queuedata, rq);
	bool all = req_op(rq) == REQ_OP_ZONE_RESET_ALL;

	nvmec_cmd_zone(cmd, range.nsid, all ? 0 : range.first,
		       nvmec_op_zone_action(req_op(rq)), all);
}

/* The command of a request that is no read or write, but for its id. */
static noinline void nvmec_build_other(struct request *rq, struct nvme_command *cmd)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);
	struct nvmec_ns *ns = rq->q->queuedata;

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
		nvmec_build_zeroes(ns, rq, cmd);
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
		WARN_ON_ONCE(1);
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
	else if (blk_op_is_passthrough(op))
		nvmec_build_passthru(nvmec_rq(rq), cmd);
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
	blk_status_t status = BLK_STS_OK;

	if (nvmec_rq(rq)->user && rq->q == ctrl->admin_q &&
	    nvmec_state(ctrl) == NVMEC_RESETTING) {
		set_bit(NVMEC_RQ_CANCELLED, &nvmec_rq(rq)->flags);
		return BLK_STS_IOERR;
	}
	/* Under RCU, which nvmec_outlast_users() waits for. */
	if (READ_ONCE(ctrl->leaving))
		rq->timeout = min(rq->timeout, rq->q->rq_timeout);
	if (rq->bio)
		status = nvmec_map_data(ctrl, rq);
	else if (blk_rq_bytes(rq))
		return nvmec_map_piece(ctrl, rq);
	if (!status && nvmec_rq(rq)->user && nvmec_rq(rq)->meta)
		status = nvmec_map_user_meta(ctrl, rq);
	return status;
}

static inline blk_status_t nvmec_map_rw(struct nvmec_ctrl *ctrl, struct request *rq)
{
	struct nvmec_ns *ns = rq->q->queuedata;

	if (unlikely(ns->meta.bytes))
		return nvmec_map_protected(ns, rq);
	return nvmec_map_data(ctrl, rq);
}

static noinline blk_status_t nvmec_map_other(struct nvmec_ctrl *ctrl, struct request *rq)
{
	switch (req_op(rq)) {
	case REQ_OP_ZONE_APPEND:
		return nvmec_map_rw(ctrl, rq);
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
	default:
		return BLK_STS_NOTSUPP;
	}
}

static inline blk_status_t nvmec_rq_map(struct nvmec_ctrl *ctrl,
					struct request *rq)
{
	if (likely(req_op(rq) == REQ_OP_READ || req_op(rq) == REQ_OP_WRITE))
		return nvmec_map_rw(ctrl, rq);
	if (blk_rq_is_passthrough(rq))
		return nvmec_map_passthru(ctrl, rq);
	return nvmec_map_other(ctrl, rq);
}

/*
 * A queue that is not live: for now, or for good. Of several ways another one is taken, see
 * nvmec_disks_divert(); nothing has failed yet that anybody should hear of.
 */
static noinline blk_status_t nvmec_refuse(struct nvmec_queue *queue, struct request *rq)
{
	const struct nvmec_ns *ns = rq->q->queuedata;

	if (nvmec_state(queue->ctrl) == NVMEC_DEAD)
		return BLK_STS_IOERR;
	if (!queue->id || !ns->multi)
		return BLK_STS_RESOURCE;
	rq->rq_flags |= RQF_QUIET;
	if (!blk_rq_is_passthrough(rq))
		return BLK_STS_TRANSPORT;
	/* A user's is taken back as those that were sent: others wait behind it. */
	nvmec_rq(rq)->flags = BIT(NVMEC_RQ_CANCELLED);
	return BLK_STS_IOERR;
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
static inline blk_status_t nvmec_rq_prepare(struct nvmec_queue *queue,
					    struct request *rq)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);
	blk_status_t status;

	if (unlikely(!READ_ONCE(queue->live)))
		return nvmec_refuse(queue, rq);
	nrq->flags = 0;
	if (likely(!(rq->rq_flags & RQF_DONTPREP))) {
		nrq->retries = 0;
		rq->rq_flags |= RQF_DONTPREP;
	}
	status = nvmec_rq_map(queue->ctrl, rq);
	if (unlikely(status))
		nvmec_unmap(queue->ctrl, rq);
	return status;
}

static inline void nvmec_rq_start(struct nvmec_queue *queue, struct request *rq,
				  u16 id)
{
	mqblk_rq_set_id(rq, id);
	if (static_branch_unlikely(&nvmec_watched))
		nvmec_rq_start_watched(queue, rq);
	else
		mqblk_rq_start(rq);
}

/*
 * Puts a request into the ring. It is started last: from then on a completion may end
 * it, also one that a controller made up before it was told of the command.
 */
static inline void nvmec_rq_push(struct nvmec_queue *queue, struct request *rq)
{
	u16 id = nvmec_sq_next_id(queue, rq->tag);
	struct nvme_command *cmd = nvmec_sq_slot(queue);

	nvmec_rq_build(rq, id, cmd);
	nvmec_trace_submit(rq, id, cmd);
	nvmec_rq_start(queue, rq, id);
}

/*
 * Faults on purpose are on, if perhaps not those of this request: whether one takes it. It
 * is started as if it had been sent, and then has an answer, or none.
 */
static noinline bool nvmec_rq_inject(struct nvmec_queue *queue, struct request *rq)
{
	struct nvmec_ns *ns = rq->q->queuedata;
	struct nvmec_inject *inject = queue->id ? &ns->inject : &queue->ctrl->inject;
	enum nvmec_inject_kind kind = nvmec_inject_pick(inject, nvmec_rq_opcode(rq));

	if (kind == NVMEC_INJECT_NONE)
		return false;
	spin_lock(&queue->sq_lock);
	nvmec_rq_start(queue, rq, nvmec_sq_next_id(queue, rq->tag));
	spin_unlock(&queue->sq_lock);
	/* Otherwise the timeout handler sees to it, as with a device that is silent. */
	if (kind == NVMEC_INJECT_STATUS)
		nvmec_inject_answer(inject, queue, rq);
	return true;
}

static inline bool nvmec_rq_injected(struct nvmec_queue *queue, struct request *rq)
{
	return static_branch_unlikely(&nvmec_injecting) && nvmec_rq_inject(queue, rq);
}

/* Sends requests of one queue, @rq and what is behind it, and tells the controller once. */
static void nvmec_send_chain(struct nvmec_queue *queue, struct request *rq)
{
	struct request *next;

	spin_lock(&queue->sq_lock);
	for (; rq; rq = next) {
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
	if (nvmec_rq_injected(queue, bd->rq)) {
		if (bd->last)
			nvmec_queue_ring(queue);
		return BLK_STS_OK;
	}
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

/* Sends @rq and what is behind it for the same queue. Returns the first of another one. */
static struct request *nvmec_send_run(struct request *rq, struct rq_list *left)
{
	struct blk_mq_hw_ctx *hctx = rq->mq_hctx;
	struct nvmec_queue *queue = nvmec_hctx_queue(hctx);
	struct request *ready, **end = &ready, *next;

	do {
		next = rq->rq_next;
		if (unlikely(nvmec_rq_prepare(queue, rq))) {
			rq_list_add_tail(left, rq);
		} else if (!nvmec_rq_injected(queue, rq)) {
			*end = rq;
			end = &rq->rq_next;
		}
		rq = next;
	} while (rq && rq->mq_hctx == hctx);
	*end = NULL;
	if (ready)
		nvmec_send_chain(queue, ready);
	return next;
}

/* Requests that cannot be sent now are left; the block layer takes them back. */
static void nvmec_queue_rqs(struct rq_list *rqs)
{
	struct request *rq = rq_list_peek(rqs);
	struct rq_list left = {};

	while (rq)
		rq = nvmec_send_run(rq, &left);
	*rqs = left;
}

static int nvmec_poll(struct blk_mq_hw_ctx *hctx, struct io_comp_batch *iob)
{
	struct nvmec_queue *queue = nvmec_hctx_queue(hctx);

	if (!nvmec_cq_pending(queue))
		return 0;
	return nvmec_queue_reap(queue, iob);
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
