// SPDX-License-Identifier: GPL-2.0
/*
 * Completions: the interrupt, and what becomes of what it finds.
 *
 * queue.c takes entries from a completion queue under its lock, and says what else it has
 * seen. Requests are ended here after the lock is let go, in a batch if they were
 * successful, or sent again; what the controller says or does wrong becomes the work of
 * those who see to it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/blk-mq.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/pci.h>
#include <linux/sched.h>

#include "cmd.h"
#include "complete.h"
#include "ctrl.h"
#include "main.h"
#include "map.h"
#include "ns.h"
#include "queue.h"
#include "recover.h"
#include "rq.h"
#include "state.h"
#include "trace.h"

/* So many events in that time are handled at once; those beyond wait in between. */
#define NVMEC_EVENT_BURST	10
#define NVMEC_EVENT_WINDOW	(10 * HZ)
#define NVMEC_EVENT_PAUSE	HZ

/* --- the end of a request ------------------------------------------------- */

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

/*
 * A status may say that access to a namespace has changed, before an event does. A
 * controller that says one thing and does another is not asked for each command.
 */
static void nvmec_ana_heed(struct nvmec_ctrl *ctrl, u16 status)
{
	unsigned long now = jiffies, end = READ_ONCE(ctrl->ana_asked) + NVMEC_EVENT_PAUSE;

	switch (status & NVME_SCT_SC_MASK) {
	case NVME_SC_ANA_PERSISTENT_LOSS:
	case NVME_SC_ANA_INACCESSIBLE:
	case NVME_SC_ANA_TRANSITION:
		if (ctrl->ident.ana)
			queue_delayed_work(nvmec_wq, &ctrl->ana_work,
					   time_before(now, end) ? end - now : 0);
	}
}

/**
 * nvmec_way_status - has what a request ended with to do with the way that it went
 * @rq: did not succeed
 *
 * Then it may go another way, see multi_io.c: BLK_STS_TRANSPORT, or BLK_STS_TIMEOUT if it
 * may be to blame itself.
 *
 * Context: Any.
 * Return: one of these, or BLK_STS_OK if that is not so.
 */
blk_status_t nvmec_way_status(struct request *rq)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);
	struct nvmec_ns *ns = rq->q->queuedata;

	if (test_bit(NVMEC_RQ_TIMED_OUT, &nrq->flags) &&
	    test_bit(NVMEC_RQ_CANCELLED, &nrq->flags))
		return BLK_STS_TIMEOUT;
	if (test_bit(NVMEC_RQ_STUCK, &nrq->flags))
		return BLK_STS_TIMEOUT;
	if (test_bit(NVMEC_RQ_CANCELLED, &nrq->flags))
		return BLK_STS_TRANSPORT;
	if (!nvmec_status_of_way(nrq->status))
		return BLK_STS_OK;
	nvmec_ana_heed(ns->ctrl, nrq->status);
	return BLK_STS_TIMEOUT;
}

/*
 * Whether a request of one of several ways is not for its own disk to send again. A write
 * to a zone that failed may have been done in part: multi_io.c, which asks the zone then,
 * sends it.
 */
static blk_status_t nvmec_way_lost(struct request *rq)
{
	struct nvmec_ns *ns = rq->q->queuedata;
	blk_status_t status;

	if (blk_rq_is_passthrough(rq) || !ns->multi)
		return BLK_STS_OK;
	status = nvmec_way_status(rq);
	if (!status && blk_queue_is_zoned(rq->q) && req_op(rq) == REQ_OP_WRITE &&
	    (nvmec_rq(rq)->status & NVME_SCT_MASK) == NVME_SCT_GENERIC &&
	    nvmec_status_passes(nvmec_rq(rq)->status))
		return BLK_STS_TIMEOUT;
	return status;
}

/* Ends a request that did not succeed, or has it sent again. */
static noinline void nvmec_rq_fail(struct nvmec_ctrl *ctrl, struct request *rq)
{
	blk_status_t status = nvmec_way_lost(rq);

	if (status) {
		/* Nothing has failed yet that anybody should hear of. */
		rq->rq_flags |= RQF_QUIET;
		blk_mq_end_request(rq, status);
		return;
	}
	status = nvmec_status_to_blk(nvmec_rq(rq)->status);
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
	struct nvmec_ns *ns = rq->q->queuedata;
	unsigned int shift = ns->lba_shift - SECTOR_SHIFT;
	u64 first = blk_rq_pos(rq) >> shift;
	struct nvmec_rq *nrq = nvmec_rq(rq);
	u64 room = (rq->q->limits.chunk_sectors >> shift) -
		   (blk_rq_bytes(rq) >> ns->lba_shift);

	if (nrq->result >= first && nrq->result - first <= room) {
		rq->__sector = nrq->result << shift;
		return;
	}
	dev_err_ratelimited(&ctrl->dev, "namespace %u: zone at block %llu: ALBA: %llu of an append is not in it\n",
			    ns->nsid, first, nrq->result);
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

	nvmec_trace_complete(rq);
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

	rq_list_for_each(&iob->req_list, rq) {
		nvmec_trace_complete(rq);
		nvmec_unmap(nvmec_hctx_queue(rq->mq_hctx)->ctrl, rq);
	}
	blk_mq_end_request_batch(iob);
}

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

/* --- what a controller says ----------------------------------------------- */

/* How long an event that comes now waits: a storm of them is slowed down. */
static unsigned long nvmec_event_delay(struct nvmec_ctrl *ctrl)
{
	if (!ctrl->nr_events ||
	    time_after(jiffies, ctrl->events_since + NVMEC_EVENT_WINDOW)) {
		ctrl->events_since = jiffies;
		ctrl->nr_events = 0;
	}
	return ctrl->nr_events++ < NVMEC_EVENT_BURST ? 0 : NVMEC_EVENT_PAUSE;
}

/*
 * An asynchronous event has come. The next one is asked for when it was handled. So to
 * handle it later is all that it takes against a controller that has one after the other.
 */
static void nvmec_event_came(struct nvmec_ctrl *ctrl, u32 event)
{
	nvmec_trace_event(ctrl, event);
	ctrl->event = event;
	queue_delayed_work(nvmec_wq, &ctrl->event_work,
			   nvmec_event_delay(ctrl));
}

/*
 * What a queue has found out beside requests. Still under the lock: no other event can
 * come before this one is known.
 */
static noinline void nvmec_heed(struct nvmec_queue *queue,
				const struct nvmec_haul *haul)
{
	lockdep_assert_held(&queue->cq_lock);
	if (haul->verdict & NVMEC_HAUL_EVENT)
		nvmec_event_came(queue->ctrl, haul->event);
	if (haul->verdict & NVMEC_HAUL_BOGUS)
		nvmec_ctrl_fault(queue->ctrl, NVMEC_FAULT_BOGUS);
}

/* Ends requests that were taken, where the block layer wants it. */
static void nvmec_end_list(struct rq_list *done, struct io_comp_batch *iob)
{
	struct request *rq = rq_list_peek(done), *next;

	for (; rq; rq = next) {
		/* From here on it may be somebody else's. */
		next = rq->rq_next;
		if (blk_mq_complete_request_remote(rq))
			continue;
		/*
		 * A batch ends passthrough requests as good, whatever happened, and
		 * does not ask where an append went.
		 */
		if (nvmec_rq(rq)->status || req_op(rq) == REQ_OP_ZONE_APPEND ||
		    !blk_mq_add_to_batch(rq, iob, false,
					 nvmec_rq_complete_batch))
			nvmec_rq_complete(rq);
	}
}

/* Takes what there is and ends it. */
static unsigned int nvmec_reap(struct nvmec_queue *queue, struct nvmec_haul *haul,
			       struct io_comp_batch *iob)
{
	unsigned int nr;

	spin_lock_irq(&queue->cq_lock);
	nr = nvmec_queue_collect(queue, haul);
	if (unlikely(haul->verdict))
		nvmec_heed(queue, haul);
	spin_unlock_irq(&queue->cq_lock);
	nvmec_end_list(&haul->done, iob);
	return nr;
}

/**
 * nvmec_queue_reap - end what the controller has completed
 * @queue: the queue
 * @iob: batch that the caller ends, or NULL
 *
 * Context: Process context, interrupts on.
 * Return: the number of completions.
 */
int nvmec_queue_reap(struct nvmec_queue *queue, struct io_comp_batch *iob)
{
	struct nvmec_haul haul = {};

	return nvmec_reap(queue, &haul, iob);
}

/**
 * nvmec_io_progress - has any I/O come back since the queues were started
 * @ctrl: the controller
 *
 * Context: Any.
 * Return: true if that is so.
 */
bool nvmec_io_progress(struct nvmec_ctrl *ctrl)
{
	unsigned int i;

	for (i = 1; i < ctrl->nr_queues; i++) {
		if (READ_ONCE(ctrl->queues[i].progress))
			return true;
	}
	return false;
}

/**
 * nvmec_ctrl_silent - has no I/O come back since the controller was reset for a fault
 * @ctrl: the controller
 *
 * Context: Any.
 * Return: true if that is so: then another reset cannot be worse.
 */
bool nvmec_ctrl_silent(struct nvmec_ctrl *ctrl)
{
	return READ_ONCE(ctrl->suspect) && !nvmec_io_progress(ctrl);
}

/* --- the interrupt -------------------------------------------------------- */

/**
 * nvmec_queue_more - go on after an interrupt that had too much to do
 * @work: &nvmec_queue.more
 *
 * Context: Process context.
 */
void nvmec_queue_more(struct work_struct *work)
{
	struct nvmec_queue *queue =
		container_of(work, struct nvmec_queue, more);
	struct nvmec_haul haul;

	do {
		cond_resched();
		haul = (struct nvmec_haul) {};
		nvmec_reap(queue, &haul, NULL);
	} while (haul.verdict & NVMEC_HAUL_MORE);
}

static irqreturn_t nvmec_queue_irq(int irq, void *data)
{
	struct nvmec_queue *queue = data;
	DEFINE_IO_COMP_BATCH(iob);
	struct nvmec_haul haul = {};
	unsigned int nr;

	spin_lock(&queue->cq_lock);
	nr = nvmec_queue_collect(queue, &haul);
	if (unlikely(haul.verdict))
		nvmec_heed(queue, &haul);
	spin_unlock(&queue->cq_lock);
	if (!nr)
		return IRQ_NONE;

	nvmec_end_list(&haul.done, &iob);
	if (!rq_list_empty(&iob.req_list))
		nvmec_rq_complete_batch(&iob);
	if (unlikely(haul.verdict & NVMEC_HAUL_MORE))
		queue_work(nvmec_wq, &queue->more);
	return IRQ_HANDLED;
}

/**
 * nvmec_queue_irq_get - have the interrupt of a queue
 * @queue: the queue; nothing to do if it is polled
 *
 * Context: Process context, under &nvmec_ctrl.run_lock.
 * Return: 0 or an error of the interrupt.
 */
int nvmec_queue_irq_get(struct nvmec_queue *queue)
{
	struct nvmec_ctrl *ctrl = queue->ctrl;
	int ret;

	lockdep_assert_held(&ctrl->run_lock);
	if (queue->polled)
		return 0;
	ret = pci_request_irq(ctrl->pdev, queue->vector, nvmec_queue_irq, NULL,
			      queue, "%s q%u", dev_name(&ctrl->dev), queue->id);
	queue->has_irq = !ret;
	return ret;
}

/**
 * nvmec_queue_irq_put - let go of the interrupt of a queue
 * @queue: the queue
 *
 * The handler does not run any more on return. Does nothing the second time.
 *
 * Context: Process context, under &nvmec_ctrl.run_lock.
 */
void nvmec_queue_irq_put(struct nvmec_queue *queue)
{
	lockdep_assert_held(&queue->ctrl->run_lock);
	if (queue->has_irq)
		pci_free_irq(queue->ctrl->pdev, queue->vector, queue);
	queue->has_irq = false;
}

/**
 * nvmec_queue_start - make a queue ready for the controller to know it
 * @queue: the queue; the admin queue before the controller is enabled, an I/O
 *	queue before it is created
 *
 * Context: Process context, under &nvmec_ctrl.run_lock.
 * Return: 0, or an error of the interrupt.
 */
int nvmec_queue_start(struct nvmec_queue *queue)
{
	int ret;

	queue->created = false;
	nvmec_queue_rewind(queue);
	ret = nvmec_queue_irq_get(queue);
	if (!ret)
		nvmec_queue_set_live(queue, true);
	return ret;
}

/**
 * nvmec_queue_stop - undo nvmec_queue_start()
 * @queue: the controller does not work on it any more, and it is not live
 *
 * What it had completed is ended. Does nothing the second time.
 *
 * Context: Process context, under &nvmec_ctrl.run_lock.
 */
void nvmec_queue_stop(struct nvmec_queue *queue)
{
	nvmec_queue_irq_put(queue);
	nvmec_queue_reap(queue, NULL);
}
