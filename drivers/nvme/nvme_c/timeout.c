// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that take too long.
 *
 * What is decided here is done by works: an abort by abort_work of admin.c, a reset or the
 * end by reset_work of ctrl.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blk-mq.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/pci.h>
#include <linux/workqueue.h>

#include "complete.h"
#include "ctrl.h"
#include "link.h"
#include "main.h"
#include "queue.h"
#include "recover.h"
#include "regs.h"
#include "rq.h"
#include "state.h"
#include "timeout.h"

/* How often to look for a command whose user perhaps does not poll, in jiffies. */
#define NVMEC_POLL_LOOK		HZ

/* --- commands that a user is to poll for ---------------------------------- */

/**
 * nvmec_timeout_polled - have a command end whose user does not poll for it
 * @rq: a user's, for a queue that is polled; not yet sent
 *
 * Nobody else looks into that queue, and whoever waits for the end of all I/O would wait
 * for as long as the command may take. So its time seems to run out again and again, and
 * then nvmec_timeout() looks.
 *
 * Context: Any.
 */
void nvmec_timeout_polled(struct request *rq)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);

	nrq->patience = rq->timeout ?: rq->q->rq_timeout;
	/* Its time begins when it is sent, which a reset may put off: see the first look. */
	nrq->deadline = 0;
	rq->timeout = min_t(unsigned int, nrq->patience, NVMEC_POLL_LOOK);
}

/* Has the time of a request not really run out? */
static bool nvmec_timeout_early(struct request *rq)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);

	if (!blk_rq_is_passthrough(rq) || !nrq->user || !nrq->patience)
		return false;
	/* The first look is &request.timeout after the start. */
	if (!nrq->deadline)
		nrq->deadline = (jiffies + nrq->patience - rq->timeout) ?: 1;
	if (time_before(jiffies, nrq->deadline))
		return true;
	rq->timeout = nrq->patience;
	nrq->patience = 0;
	return false;
}

/* --- commands that take too long ------------------------------------------ */

/*
 * A command of the bring-up has no answer. Whoever brings the controller up waits
 * for this request and must get it back, whatever the state is by now: nobody else
 * can stop the controller meanwhile. It must be stopped first, as it may write to the
 * command's memory. A user's, which may be there when queues are deleted, is taken back
 * when that is done.
 */
static enum blk_eh_timer_return nvmec_timeout_bringup(struct nvmec_ctrl *ctrl,
						      struct request *rq)
{
	if (nvmec_hctx_queue(rq->mq_hctx)->id || nvmec_rq(rq)->user)
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
static bool nvmec_timeout_hasty(struct request *rq)
{
	return blk_rq_is_passthrough(rq) && nvmec_rq(rq)->user && nvmec_rq(rq)->hasty;
}

static enum nvmec_fault nvmec_timeout_fault(const struct nvmec_queue *queue,
					    struct request *rq)
{
	if (nvmec_ctrl_fatal(queue->ctrl))
		return NVMEC_FAULT_FATAL;
	/* But if nothing came back since the last reset, others' I/O must not wait for ever. */
	if (nvmec_timeout_hasty(rq) &&
	    (!queue->id || nvmec_io_progress(queue->ctrl)))
		return NVMEC_FAULT_NONE;
	return queue->id ? NVMEC_FAULT_IO : NVMEC_FAULT_ADMIN;
}

/* Nothing but a reset can help; or if that is not possible any more, an end. */
static void nvmec_timeout_reset(struct nvmec_ctrl *ctrl, struct request *rq)
{
	struct nvmec_queue *queue = nvmec_hctx_queue(rq->mq_hctx);

	/* The end would cost what is being written: it has the usual time first. */
	if (nvmec_state(ctrl) == NVMEC_REMOVING && nvmec_timeout_hasty(rq)) {
		nvmec_rq(rq)->hasty = false;
		rq->timeout = rq->q->rq_timeout;
		return;
	}
	dev_warn(&ctrl->dev, "queue %u: command %#x timed out, %s\n",
		 queue->id, mqblk_rq_id(rq),
		 nvmec_state(ctrl) == NVMEC_LIVE ? "resetting the controller" :
						   "giving the controller up");
	if (!nvmec_ctrl_fault(ctrl, nvmec_timeout_fault(queue, rq)) &&
	    nvmec_state(ctrl) == NVMEC_REMOVING)
		nvmec_ctrl_kill(ctrl);
}

/**
 * nvmec_timeout - the time of a request has run out; for ->timeout
 * @rq: the request
 *
 * Statement by statement: nobody may have polled; the interrupt may be lost, or the
 * doorbell if it stood in memory; the controller may be gone or have failed; somebody may
 * be at work on it; the one command may be stuck, a user's like any other, if it is not
 * for the admin queue and something came back since the last reset;
 * or everything is, and then it is reset, or buried if that is not possible any more.
 * Nothing here waits for the reset, which waits for this.
 *
 * Context: Process context of the block layer, may sleep.
 * Return: BLK_EH_DONE if it is not in flight any more, or BLK_EH_RESET_TIMER.
 */
enum blk_eh_timer_return nvmec_timeout(struct request *rq)
{
	struct nvmec_queue *queue = nvmec_hctx_queue(rq->mq_hctx);
	struct nvmec_ctrl *ctrl = queue->ctrl;
	enum nvmec_state state = nvmec_state(ctrl);
	bool early = nvmec_timeout_early(rq);
	bool first;

	if (READ_ONCE(queue->live) && nvmec_queue_reap(queue, NULL) && !early &&
	    !mqblk_rq_in_state(rq, MQBLK_RQ_STARTED)) {
		dev_warn_ratelimited(&ctrl->dev,
				     "queue %u: command %#x had completed without an interrupt\n",
				     queue->id, mqblk_rq_id(rq));
		return BLK_EH_DONE;
	}
	if (!mqblk_rq_in_state(rq, MQBLK_RQ_STARTED))
		return BLK_EH_DONE;
	if (early)
		return BLK_EH_RESET_TIMER;
	nvmec_queue_kick(queue);
	atomic_inc(&ctrl->nr_timeouts);
	/* Whoever causes the reset, this one has had its time. */
	first = !test_and_set_bit(NVMEC_RQ_TIMED_OUT, &nvmec_rq(rq)->flags);

	/*
	 * One of before the bring-up was taken back before this was set: see
	 * litmus/starting.litmus.
	 */
	if (smp_load_acquire(&ctrl->starting)) {
		if (!mqblk_rq_in_state(rq, MQBLK_RQ_STARTED))
			return BLK_EH_DONE;
		return nvmec_timeout_bringup(ctrl, rq);
	}
	if (state == NVMEC_RESETTING || state == NVMEC_DEAD)
		return BLK_EH_RESET_TIMER;
	if (nvmec_ctrl_gone(ctrl) || nvmec_link_state(ctrl) != NVMEC_LINK_UP) {
		nvmec_link_lost(ctrl);
		return BLK_EH_RESET_TIMER;
	}
	if (first && state == NVMEC_LIVE && queue->id &&
	    !nvmec_ctrl_failed(ctrl) && !nvmec_ctrl_silent(ctrl))
		nvmec_timeout_abort(ctrl, rq);
	else
		nvmec_timeout_reset(ctrl, rq);
	return BLK_EH_RESET_TIMER;
}
