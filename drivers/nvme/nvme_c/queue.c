// SPDX-License-Identifier: GPL-2.0
/*
 * Queue pairs: rings, doorbells, and collecting completions.
 *
 * Submission entries are written under sq_lock, and the doorbell is rung once
 * for all that were. A ring is deeper than it has tags, so it is never full.
 *
 * Completions are collected under cq_lock, which gives the completion queue one
 * reader at a time, be it the interrupt, a poller or the timeout handler. Whoever it
 * is gets what was collected and a verdict, and acts on it: see complete.c. Each entry
 * is read once: what the controller changes afterwards does not matter. An entry that
 * names no command in flight is dropped and counted, and of many of them the verdict
 * says so.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/dma-mapping.h>
#include <linux/slab.h>

#include "cmd.h"
#include "ctrl.h"
#include "prp.h"
#include "queue.h"
#include "rq.h"

/* Bogus completions after which a controller is reset. */
#define NVMEC_MAX_BOGUS		16

#define NVMEC_CQE_ID		GENMASK(15, 0)
#define NVMEC_CQE_STATUS_SHIFT	17

/* --- doorbells ------------------------------------------------------------ */

/*
 * The controller wants to be told of the step from @old to @new if that passes
 * @event, the value that it was content with last; all modulo 2^16.
 */
VISIBLE_IF_KUNIT bool nvmec_event_passed(u16 event, u16 old, u16 new)
{
	return (u16)(new - event - 1) < (u16)(new - old);
}

/*
 * Tells the controller that a ring index went from @old to @new. With shadow
 * doorbells it looks into memory by itself while it is busy, and the register is
 * needed only if it said so. What it says is a hint: if it does not look, the
 * timeout handler rings.
 */
static void nvmec_doorbell_ring(struct nvmec_doorbell *db, u16 old, u16 new)
{
	if (db->shadow) {
		/*
		 * What was done in the ring before the index that says so: see
		 * litmus/shadow_entry.litmus.
		 */
		dma_wmb();
		WRITE_ONCE(*db->shadow, cpu_to_le32(new));
		/*
		 * The index is written before the event index is read; the
		 * controller writes the one and then reads the other: see
		 * litmus/shadow_event.litmus.
		 */
		mb();
		if (!nvmec_event_passed(le32_to_cpu(READ_ONCE(*db->event)),
					old, new))
			return;
		db->told = new;
	}
	/*
	 * writel() orders what was done in the ring before, see
	 * litmus/sq_doorbell.litmus; and the start of the requests, see
	 * litmus/rq_round_trip.litmus.
	 */
	writel(new, db->reg);
}

/*
 * Writes the register of a doorbell that stands in memory, where the controller may
 * have overlooked it. Without a shadow it has the value already, and to write a value
 * twice is an error.
 */
static void nvmec_doorbell_kick(struct nvmec_doorbell *db, u16 value)
{
	if (!db->shadow || db->told == value)
		return;
	db->told = value;
	writel(value, db->reg);
}

/* --- submission ----------------------------------------------------------- */

/**
 * nvmec_sq_ring - tell the controller of the entries that were written
 * @queue: the queue
 *
 * Context: Under &nvmec_queue.sq_lock.
 */
void nvmec_sq_ring(struct nvmec_queue *queue)
{
	lockdep_assert_held(&queue->sq_lock);
	if (queue->sq_told == queue->sq_tail)
		return;
	nvmec_doorbell_ring(&queue->sq_doorbell, queue->sq_told,
			    queue->sq_tail);
	queue->sq_told = queue->sq_tail;
}

/**
 * nvmec_queue_arm_event - ask for an asynchronous event, unless that was done
 * @queue: the admin queue; nothing is asked if it is not live
 *
 * Under sq_lock from the look at the queue to the entry: nobody stops it in between.
 *
 * Context: Process context.
 */
void nvmec_queue_arm_event(struct nvmec_queue *queue)
{
	struct nvmec_ctrl *ctrl = queue->ctrl;
	bool arm;

	spin_lock(&queue->sq_lock);
	spin_lock_irq(&queue->cq_lock);
	arm = queue->live && !ctrl->event_armed;
	if (arm)
		ctrl->event_armed = true;
	spin_unlock_irq(&queue->cq_lock);
	if (arm) {
		*nvmec_sq_slot(queue) = (struct nvme_command) {
			.common = {
				.opcode		= nvme_admin_async_event,
				.command_id	= nvmec_wire_id(NVMEC_EVENT_ID),
			},
		};
		nvmec_sq_ring(queue);
	}
	spin_unlock(&queue->sq_lock);
}

/**
 * nvmec_queue_ring - tell the controller what it was not told yet
 * @queue: the queue
 *
 * Context: Process context.
 */
void nvmec_queue_ring(struct nvmec_queue *queue)
{
	spin_lock(&queue->sq_lock);
	nvmec_sq_ring(queue);
	spin_unlock(&queue->sq_lock);
}

/**
 * nvmec_queue_kick - write both doorbells, whatever the shadows say
 * @queue: a queue whose commands take long
 *
 * The controller may have overlooked entries in the one ring, or room in the other.
 *
 * Context: Process context.
 */
void nvmec_queue_kick(struct nvmec_queue *queue)
{
	spin_lock(&queue->sq_lock);
	if (READ_ONCE(queue->live))
		nvmec_doorbell_kick(&queue->sq_doorbell, queue->sq_told);
	spin_unlock(&queue->sq_lock);

	spin_lock_irq(&queue->cq_lock);
	if (queue->live)
		nvmec_doorbell_kick(&queue->cq_doorbell, queue->cq_head);
	spin_unlock_irq(&queue->cq_lock);
}

/* --- completion ----------------------------------------------------------- */

/* An entry that names no command in flight: the controller is at fault. */
static void nvmec_cq_bogus(struct nvmec_queue *queue, u32 id_status,
			   struct nvmec_haul *haul)
{
	dev_warn_ratelimited(&queue->ctrl->dev,
			     "queue %u: completion of command %#x, which is not in flight\n",
			     queue->id, (unsigned int)(id_status & NVMEC_CQE_ID));
	if (++queue->nr_bogus >= NVMEC_MAX_BOGUS)
		haul->verdict |= NVMEC_HAUL_BOGUS;
}

/* The event request has no struct request; it is the admin queue's only. */
static bool nvmec_cq_event(struct nvmec_queue *queue, u32 id_status, u32 result,
			   struct nvmec_haul *haul)
{
	struct nvmec_ctrl *ctrl = queue->ctrl;

	if (queue->id || (id_status & NVMEC_CQE_ID) != NVMEC_EVENT_ID ||
	    !ctrl->event_armed)
		return false;
	ctrl->event_armed = false;
	if (!(id_status >> NVMEC_CQE_STATUS_SHIFT)) {
		/* Marked, as the result in nvmec_cq_take() */
		WRITE_ONCE(haul->event, result);
		haul->verdict |= NVMEC_HAUL_EVENT;
	}
	return true;
}

/* Takes the request of an entry that is new, if there is one. */
static inline void nvmec_cq_take(struct nvmec_queue *queue,
				 struct nvmec_cqe *cqe, u32 id_status,
				 struct nvmec_haul *haul)
{
	struct request *rq = NULL;
	struct nvmec_rq *nrq;
	bool good;

	/*
	 * The phase was read before; nothing of the entry may be older: see
	 * litmus/cq_phase.litmus.
	 */
	dma_rmb();
	/* A status of 0, without shifting it out before it is needed. */
	good = id_status < BIT(NVMEC_CQE_STATUS_SHIFT);
	if (likely(queue->tags))
		rq = mqblk_rq_claim_id(queue->tags, id_status & NVMEC_CQE_ID,
				       good);
	if (unlikely(!rq)) {
		if (!nvmec_cq_event(queue, id_status,
				    (u32)le64_to_cpu(READ_ONCE(cqe->result)),
				    haul))
			nvmec_cq_bogus(queue, id_status, haul);
		return;
	}
	nrq = nvmec_rq(rq);
	nrq->status = id_status >> NVMEC_CQE_STATUS_SHIFT;
	/*
	 * Read before the doorbell gives the place back, whose barrier orders
	 * writes alone: this one, as it is marked. See litmus/cq_reuse.litmus.
	 */
	WRITE_ONCE(nrq->result, le64_to_cpu(READ_ONCE(cqe->result)));
	rq_list_add_tail(&haul->done, rq);
}

/* One less than the ring has: it must not look as if nothing had moved. */
static unsigned int nvmec_reap_limit(const struct nvmec_queue *queue)
{
	return queue->depth - 1;
}

/**
 * nvmec_queue_collect - take new entries, as many as the limit allows
 * @queue: the queue
 * @haul: empty; what is found is added
 *
 * Their places are free on return, and their requests are the caller's, who ends them
 * outside of the lock, and sees to the verdict.
 *
 * Context: Under &nvmec_queue.cq_lock.
 * Return: the number of entries.
 */
unsigned int nvmec_queue_collect(struct nvmec_queue *queue,
				 struct nvmec_haul *haul)
{
	unsigned int limit = nvmec_reap_limit(queue), nr;
	u16 head = queue->cq_head;
	u8 phase = queue->cq_phase;
	struct nvmec_cqe *cqe;
	u32 id_status;

	lockdep_assert_held(&queue->cq_lock);
	for (nr = 0; nr < limit; nr++) {
		cqe = &queue->cqes[head];
		/* Phase, status and id are one word: they belong together. */
		id_status = le32_to_cpu(READ_ONCE(cqe->id_status));
		if (!!(id_status & NVMEC_CQE_PHASE) != phase)
			break;
		nvmec_cq_take(queue, cqe, id_status, haul);
		if (++head == queue->depth) {
			head = 0;
			phase ^= 1;
		}
	}
	if (!nr)
		return 0;
	if (unlikely(nr == limit))
		haul->verdict |= NVMEC_HAUL_MORE;
	if (!rq_list_empty(&haul->done))
		WRITE_ONCE(queue->progress, true);
	if (queue->live)
		nvmec_doorbell_ring(&queue->cq_doorbell, queue->cq_head, head);
	WRITE_ONCE(queue->cq_head, head);
	WRITE_ONCE(queue->cq_phase, phase);
	return nr;
}

/* --- life ----------------------------------------------------------------- */

/**
 * nvmec_queue_alloc - make a queue pair
 * @ctrl: its controller
 * @queue: to be set up
 * @id: 0 for the admin queue
 * @depth: entries in each ring
 * @more: for &nvmec_queue.more
 *
 * Context: Process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int nvmec_queue_alloc(struct nvmec_ctrl *ctrl, struct nvmec_queue *queue,
		      unsigned int id, unsigned int depth, work_func_t more)
{
	struct device *dev = &ctrl->pdev->dev;

	queue->ctrl = ctrl;
	queue->id = id;
	queue->depth = depth;
	/* Nothing in it is new, also before it was ever started. */
	queue->cq_phase = 1;
	spin_lock_init(&queue->sq_lock);
	spin_lock_init(&queue->cq_lock);
	INIT_WORK(&queue->more, more);
	mqblk_queue_init(&queue->waits);
	queue->waits.by_driver = true;
	queue->gens = kzalloc_node(depth, GFP_KERNEL, dev_to_node(dev));
	if (!queue->gens)
		return -ENOMEM;
	queue->sqes = dma_alloc_coherent(dev, depth * sizeof(*queue->sqes),
					 &queue->sq_dma, GFP_KERNEL);
	if (!queue->sqes)
		goto free_gens;
	queue->cqes = dma_alloc_coherent(dev, depth * sizeof(*queue->cqes),
					 &queue->cq_dma, GFP_KERNEL);
	if (!queue->cqes)
		goto free_sqes;
	return 0;
free_sqes:
	dma_free_coherent(dev, depth * sizeof(*queue->sqes), queue->sqes,
			  queue->sq_dma);
	queue->sqes = NULL;
free_gens:
	kfree(queue->gens);
	return -ENOMEM;
}

/**
 * nvmec_queue_free - free a queue pair
 * @queue: stopped, or never made
 *
 * Context: Process context, may sleep.
 */
void nvmec_queue_free(struct nvmec_queue *queue)
{
	struct device *dev;

	if (!queue->sqes)
		return;
	dev = &queue->ctrl->pdev->dev;
	cancel_work_sync(&queue->more);
	mqblk_queue_exit(&queue->waits);
	dma_free_coherent(dev, queue->depth * sizeof(*queue->cqes),
			  queue->cqes, queue->cq_dma);
	dma_free_coherent(dev, queue->depth * sizeof(*queue->sqes),
			  queue->sqes, queue->sq_dma);
	kfree(queue->gens);
	queue->sqes = NULL;
}

/* Queue n has doorbell 2n for its tail and 2n + 1 for its head. */
static void nvmec_doorbell_init(struct nvmec_ctrl *ctrl,
				struct nvmec_doorbell *db, unsigned int nr)
{
	size_t at = (size_t)nr * sizeof(u32) << NVME_CAP_STRIDE(ctrl->cap);

	db->reg = ctrl->bar + NVME_REG_DBS + at;
	db->shadow = NULL;
	db->told = 0;
	/* The admin queue's are to be written anyway. */
	if (!ctrl->shadows_on || nr < 2 || at >= NVMEC_PAGE_SIZE)
		return;
	db->shadow = ctrl->shadows + at;
	db->event = ctrl->shadows + NVMEC_PAGE_SIZE + at;
}

/**
 * nvmec_queue_rewind - begin anew with empty rings
 * @queue: the queue, which is not live
 *
 * Context: Process context.
 */
void nvmec_queue_rewind(struct nvmec_queue *queue)
{
	spin_lock_irq(&queue->cq_lock);
	memset(queue->cqes, 0, queue->depth * sizeof(*queue->cqes));
	queue->cq_head = 0;
	queue->cq_phase = 1;
	queue->nr_bogus = 0;
	WRITE_ONCE(queue->progress, false);
	nvmec_doorbell_init(queue->ctrl, &queue->cq_doorbell,
			    2 * queue->id + 1);
	spin_unlock_irq(&queue->cq_lock);

	spin_lock(&queue->sq_lock);
	queue->sq_tail = 0;
	queue->sq_told = 0;
	nvmec_doorbell_init(queue->ctrl, &queue->sq_doorbell, 2 * queue->id);
	spin_unlock(&queue->sq_lock);
}

/**
 * nvmec_queue_set_live - the controller knows a queue, or does not any more
 * @queue: the queue; for false, nothing is submitted to it
 * @live: which of both
 *
 * Context: Process context, under &nvmec_ctrl.run_lock.
 */
void nvmec_queue_set_live(struct nvmec_queue *queue, bool live)
{
	spin_lock(&queue->sq_lock);
	spin_lock_irq(&queue->cq_lock);
	WRITE_ONCE(queue->live, live);
	spin_unlock_irq(&queue->cq_lock);
	spin_unlock(&queue->sq_lock);
}
