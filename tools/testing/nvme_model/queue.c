// SPDX-License-Identifier: GPL-2.0
/*
 * Queues: what doorbells say, the next command, and the next completion.
 *
 * The thread makes and frees queues, fetches and posts. A doorbell is rung by the
 * driver at any time, so all of it is under nvmm_ctrl.lock.
 */
#include <linux/bitmap.h>
#include <linux/slab.h>

#include "nvme_model.h"

#define NVMM_IDS	65536U
/* Events of type error: the doorbell is that of no queue, or has a wrong value. */
#define NVMM_EVENT_BAD_DOORBELL		0
#define NVMM_EVENT_DOORBELL_VALUE	1

/* How far it is from @a on to @b in a ring of @size. */
static u32 nvmm_distance(u32 a, u32 b, u32 size)
{
	return b >= a ? b - a : b + size - a;
}

static struct nvme_command *nvmm_entry(const struct nvmm_sq *sq, u16 index)
{
	return phys_to_virt(sq->base + index * sizeof(struct nvme_command));
}

/* --- completions --------------------------------------------------------------------- */

static void nvmm_put(struct nvmm_cq *cq, u16 id, u16 sqid, u16 sq_head, u16 status,
		     u64 result, bool wrong_phase)
{
	struct nvme_completion *entry;

	entry = phys_to_virt(cq->base + cq->tail * sizeof(*entry));
	entry->result.u64 = cpu_to_le64(result);
	entry->sq_head = cpu_to_le16(sq_head);
	entry->sq_id = cpu_to_le16(sqid);
	entry->command_id = id;
	/* Whoever sees the phase sees the rest. */
	smp_wmb();
	WRITE_ONCE(entry->status,
		   cpu_to_le16(status << 1 | (cq->phase ^ wrong_phase)));
	if (++cq->tail == cq->size) {
		cq->tail = 0;
		cq->phase ^= 1;
	}
}

static bool nvmm_is_full(const struct nvmm_cq *cq)
{
	return nvmm_distance(cq->head, cq->tail, cq->size) == cq->size - 1;
}

/** nvmm_cq_has_room - can a completion be posted; context: the thread */
bool nvmm_cq_has_room(struct nvmm_ctrl *ctrl, unsigned int cqid)
{
	return ctrl->cqs[cqid].live && !nvmm_is_full(&ctrl->cqs[cqid]);
}

/* An id of the wanted kind, or the right one if there is none. */
static u16 nvmm_wrong_id(struct nvmm_ctrl *ctrl, u16 sqid, u16 id,
			 enum nvmm_id_kind kind)
{
	struct nvmm_sq *sq = &ctrl->sqs[sqid];
	unsigned int other, found;

	switch (kind) {
	case NVMM_ID_STALE:
		return sq->last_id;
	case NVMM_ID_FREE:
		found = find_next_zero_bit(sq->busy, NVMM_IDS, id + 1);
		return found < NVMM_IDS ? found : id;
	case NVMM_ID_FOREIGN:
		for (other = 0; other < NVMM_MAX_QUEUES; other++) {
			if (other == sqid || !ctrl->sqs[other].live)
				continue;
			found = find_first_bit(ctrl->sqs[other].busy, NVMM_IDS);
			if (found < NVMM_IDS)
				return found;
		}
		return id;
	default:
		return 0xffff;
	}
}

static void nvmm_post_locked(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd, u16 status)
{
	struct nvmm_sq *sq = &ctrl->sqs[cmd->sqid];
	struct nvmm_cq *cq = &ctrl->cqs[sq->cqid];
	u16 right = cmd->sqe.common.command_id, id = right;
	u16 sqid = cmd->sqid, head = sq->head;

	lockdep_assert_held(&ctrl->lock);
	if (nvmm_does(cmd, NVMM_SQHEAD))
		head = cmd->fx->sq_head;
	if (nvmm_does(cmd, NVMM_SQID))
		sqid = cmd->fx->sq_id;
	if (nvmm_does(cmd, NVMM_GHOST))
		nvmm_put(cq, nvmm_wrong_id(ctrl, cmd->sqid, right, cmd->fx->ghost), sqid,
			 head, status, cmd->result, false);
	if (nvmm_does(cmd, NVMM_WRONGID))
		id = nvmm_wrong_id(ctrl, cmd->sqid, right, cmd->fx->wrong);
	/* An answer to another id leaves this one unanswered. */
	if (id == right)
		clear_bit(right, sq->busy);
	if (!nvmm_is_full(cq))
		nvmm_put(cq, id, sqid, head, status, cmd->result,
			 nvmm_does(cmd, NVMM_PHASE));
	if (nvmm_does(cmd, NVMM_TWICE) && !nvmm_is_full(cq))
		nvmm_put(cq, id, sqid, head, status, cmd->result, false);
	sq->told = sq->head;
	sq->last_id = right;
	if (!nvmm_does(cmd, NVMM_NOIRQ))
		cq->fresh = true;
}

/**
 * nvmm_post - answer a command
 * @ctrl: the controller
 * @cmd: the command; its completion queue has room for one entry at least
 * @status: a status of NVMe
 *
 * Context: the thread of the controller.
 */
void nvmm_post(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd, u16 status)
{
	unsigned long flags;

	spin_lock_irqsave(&ctrl->lock, flags);
	if (ctrl->sqs[cmd->sqid].live) {
		nvmm_post_locked(ctrl, cmd, status);
		ctrl->counts[NVMM_COMPLETIONS]++;
	}
	spin_unlock_irqrestore(&ctrl->lock, flags);
}

/** nvmm_interrupts - for all queues with fresh completions; context: the thread */
void nvmm_interrupts(struct nvmm_ctrl *ctrl)
{
	unsigned int i;

	for (i = 0; i <= ctrl->config.queues; i++) {
		struct nvmm_cq *cq = &ctrl->cqs[i];

		if (!cq->fresh)
			continue;
		cq->fresh = false;
		if (cq->irq)
			nvmm_pci_interrupt(ctrl, cq->vector);
	}
}

/* --- submissions ---------------------------------------------------------------------- */

/* A completion for each command that is announced, before any is fetched. */
static void nvmm_answer_early(struct nvmm_ctrl *ctrl, u16 qid, u16 tail)
{
	struct nvmm_sq *sq = &ctrl->sqs[qid];
	struct nvmm_cq *cq = &ctrl->cqs[sq->cqid];
	struct nvmm_effect fx = {};
	u16 i;

	for (i = sq->tail; i != tail; i = (i + 1) % sq->size) {
		struct nvme_command *sqe = nvmm_entry(sq, i);

		if (nvmm_rules_match(ctrl, NVMM_AT_DOORBELL, qid, sqe, &fx) &&
		    fx.actions & BIT(NVMM_EARLY) && cq->live && !nvmm_is_full(cq))
			nvmm_put(cq, sqe->common.command_id, qid, sq->head, 0, 0, false);
	}
}

/* What the entries are now, to see whether they are the same when they are fetched. */
static void nvmm_note_entries(struct nvmm_sq *sq, u16 tail)
{
	u16 i;

	for (i = sq->tail; i != tail; i = (i + 1) % sq->size)
		sq->seen[i] = *nvmm_entry(sq, i);
}

/*
 * The driver may add entries up to the one before the head that it was told. @in_memory:
 * the value is from a shadow, where it may be what it was.
 */
static void nvmm_set_tail(struct nvmm_ctrl *ctrl, u16 qid, u32 tail, bool in_memory)
{
	struct nvmm_sq *sq = &ctrl->sqs[qid];
	u32 used, more;

	if (tail >= sq->size) {
		nvmm_breach(ctrl, NVMM_DOORBELL_VALUE, "tail of queue %u: %u of %u", qid,
			    tail, sq->size);
		nvmm_event(ctrl, NVME_AER_ERROR, NVMM_EVENT_DOORBELL_VALUE,
			   NVME_LOG_ERROR);
		return;
	}
	if (tail == sq->tail && !in_memory) {
		nvmm_breach(ctrl, NVMM_DOORBELL_REPEATED, "tail of queue %u: %u", qid,
			    tail);
		nvmm_event(ctrl, NVME_AER_ERROR, NVMM_EVENT_DOORBELL_VALUE,
			   NVME_LOG_ERROR);
		return;
	}
	used = nvmm_distance(sq->told, sq->tail, sq->size);
	more = nvmm_distance(sq->tail, tail, sq->size);
	if (used + more >= sq->size) {
		nvmm_breach(ctrl, NVMM_QUEUE_OVERRUN, "queue %u: %u entries and %u more",
			    qid, used, more);
		nvmm_event(ctrl, NVME_AER_ERROR, NVMM_EVENT_DOORBELL_VALUE,
			   NVME_LOG_ERROR);
		return;
	}
	if (nvmm_has_rules(ctrl, NVMM_AT_DOORBELL))
		nvmm_answer_early(ctrl, qid, tail);
	if (sq->seen && !in_memory)
		nvmm_note_entries(sq, tail);
	WRITE_ONCE(sq->tail, tail);
}

/* The driver may take off as many entries as were posted. */
static void nvmm_set_head(struct nvmm_ctrl *ctrl, u16 qid, u32 head, bool in_memory)
{
	struct nvmm_cq *cq = &ctrl->cqs[qid];
	u32 posted, taken;

	if (head >= cq->size) {
		nvmm_breach(ctrl, NVMM_DOORBELL_VALUE, "head of queue %u: %u of %u", qid,
			    head, cq->size);
		nvmm_event(ctrl, NVME_AER_ERROR, NVMM_EVENT_DOORBELL_VALUE,
			   NVME_LOG_ERROR);
		return;
	}
	if (head == cq->head && !in_memory) {
		nvmm_breach(ctrl, NVMM_DOORBELL_REPEATED, "head of queue %u: %u", qid,
			    head);
		nvmm_event(ctrl, NVME_AER_ERROR, NVMM_EVENT_DOORBELL_VALUE,
			   NVME_LOG_ERROR);
		return;
	}
	posted = nvmm_distance(cq->head, cq->tail, cq->size);
	taken = nvmm_distance(cq->head, head, cq->size);
	if (taken > posted)
		nvmm_breach(ctrl, NVMM_QUEUE_UNDERRUN, "queue %u: %u taken of %u", qid,
			    taken, posted);
	else
		cq->head = head;
}

static void nvmm_doorbell_locked(struct nvmm_ctrl *ctrl, unsigned int index, u32 value)
{
	bool is_head = index & 1, in_memory;
	unsigned int qid = index / 2;

	lockdep_assert_held(&ctrl->lock);
	if (!(ctrl->csts & NVME_CSTS_RDY) || !(ctrl->cc & NVME_CC_ENABLE)) {
		/* It may not know yet. */
		if (!ctrl->spoiled)
			nvmm_breach(ctrl, NVMM_DOORBELL_DISABLED,
				    "doorbell %u, CC %#x CSTS %#x", index, ctrl->cc,
				    ctrl->csts);
		return;
	}
	if (!is_head && ctrl->csts & NVME_CSTS_SHST_MASK)
		nvmm_breach(ctrl, NVMM_AFTER_SHUTDOWN, "queue %u, CSTS %#x", qid,
			    ctrl->csts);
	if (!is_head && !nvmm_pci_may_master(ctrl))
		nvmm_breach(ctrl, NVMM_MASTER_OFF, "doorbell of queue %u", qid);
	if (qid > ctrl->config.queues ||
	    !(is_head ? ctrl->cqs[qid].live : ctrl->sqs[qid].live)) {
		nvmm_breach(ctrl, NVMM_BAD_DOORBELL, "%s of queue %u",
			    is_head ? "head" : "tail", qid);
		nvmm_event(ctrl, NVME_AER_ERROR, NVMM_EVENT_BAD_DOORBELL, NVME_LOG_ERROR);
		return;
	}
	/* With shadows the register says no more than that they are to be looked at. */
	in_memory = qid && ctrl->shadow_base;
	if (is_head)
		nvmm_set_head(ctrl, qid, value, in_memory);
	else
		nvmm_set_tail(ctrl, qid, value, in_memory);
}

/**
 * nvmm_doorbell - the driver wrote a doorbell
 * @ctrl: the controller
 * @index: its number: twice the queue's, and one more if it is a completion queue's
 * @value: what it wrote
 *
 * Context: Any, the driver's.
 */
void nvmm_doorbell(struct nvmm_ctrl *ctrl, unsigned int index, u32 value)
{
	unsigned long flags;

	spin_lock_irqsave(&ctrl->lock, flags);
	nvmm_doorbell_locked(ctrl, index, value);
	spin_unlock_irqrestore(&ctrl->lock, flags);
	nvmm_kick(ctrl);
}

/**
 * nvmm_sq_fetch - take the next command off a submission queue
 * @ctrl: the controller
 * @qid: the queue
 * @sqe: where to copy the command
 *
 * Context: the thread of the controller.
 * Return: there was one.
 */
bool nvmm_sq_fetch(struct nvmm_ctrl *ctrl, unsigned int qid, struct nvme_command *sqe)
{
	struct nvmm_sq *sq = &ctrl->sqs[qid];
	bool in_memory = qid && ctrl->shadow_base;

	/* The entry is read behind the tail: see litmus/fetch.litmus. */
	if (sq->head == smp_load_acquire(&sq->tail))
		return false;
	*sqe = *nvmm_entry(sq, sq->head);
	if (sq->seen && !in_memory && memcmp(sqe, &sq->seen[sq->head], sizeof(*sqe)))
		nvmm_breach(ctrl, NVMM_ENTRY_OVERWRITTEN, "queue %u, entry %u", qid,
			    sq->head);
	if (test_and_set_bit(sqe->common.command_id, sq->busy))
		nvmm_breach(ctrl, NVMM_ID_IN_USE, "queue %u, id %#x", qid,
			    sqe->common.command_id);
	WRITE_ONCE(sq->head, sq->head + 1 == sq->size ? 0 : sq->head + 1);
	return true;
}

/* --- doorbells in memory ----------------------------------------------------------------- */

static __le32 *nvmm_shadow(u64 base, unsigned int index, u32 dstrd)
{
	return phys_to_virt(base + ((u64)index * (4 << dstrd)));
}

/* Returns whether it moved. */
static bool nvmm_read_pair(struct nvmm_ctrl *ctrl, unsigned int qid)
{
	u32 dstrd = ctrl->config.dstrd;
	struct nvmm_sq *sq = &ctrl->sqs[qid];
	struct nvmm_cq *cq = &ctrl->cqs[qid];
	u32 value;
	bool moved = false;

	if (sq->live) {
		value = le32_to_cpu(READ_ONCE(*nvmm_shadow(ctrl->shadow_base, 2 * qid,
							   dstrd)));
		moved = value != sq->tail;
		nvmm_set_tail(ctrl, qid, value, true);
		WRITE_ONCE(*nvmm_shadow(ctrl->event_base, 2 * qid, dstrd),
			   cpu_to_le32(sq->tail));
	}
	if (cq->live) {
		value = le32_to_cpu(READ_ONCE(*nvmm_shadow(ctrl->shadow_base, 2 * qid + 1,
							   dstrd)));
		nvmm_set_head(ctrl, qid, value, true);
		WRITE_ONCE(*nvmm_shadow(ctrl->event_base, 2 * qid + 1, dstrd),
			   cpu_to_le32(cq->head));
	}
	return moved;
}

/**
 * nvmm_shadows_read - look at the doorbells in memory
 * @ctrl: the controller
 *
 * It tells the driver what it has seen, so that the register is written for what
 * comes later; so the caller looks again until nothing has moved.
 *
 * Context: the thread of the controller.
 * Return: there may be new commands.
 */
bool nvmm_shadows_read(struct nvmm_ctrl *ctrl)
{
	bool moved = false;
	unsigned int qid;

	if (likely(!ctrl->shadow_base))
		return false;
	spin_lock_irq(&ctrl->lock);
	for (qid = 1; qid <= ctrl->config.queues; qid++)
		moved |= nvmm_read_pair(ctrl, qid);
	spin_unlock_irq(&ctrl->lock);
	/* What was told is seen before the doorbells are read again. */
	smp_mb();
	return moved;
}

/* --- life ------------------------------------------------------------------------------- */

/** nvmm_sq_create - make a submission queue; context: the thread; return: 0 or -ENOMEM */
int nvmm_sq_create(struct nvmm_ctrl *ctrl, unsigned int qid, u64 base, u32 size, u16 cqid)
{
	struct nvmm_sq sq = {
		.live = true, .base = base, .size = size, .cqid = cqid,
	};

	sq.busy = bitmap_zalloc(NVMM_IDS, GFP_NOIO);
	if (ctrl->config.check)
		sq.seen = kvcalloc(size, sizeof(*sq.seen), GFP_NOIO);
	if (!sq.busy || (ctrl->config.check && !sq.seen)) {
		bitmap_free(sq.busy);
		return -ENOMEM;
	}
	spin_lock_irq(&ctrl->lock);
	ctrl->sqs[qid] = sq;
	spin_unlock_irq(&ctrl->lock);
	return 0;
}

/** nvmm_cq_create - make a completion queue; context: the thread */
void nvmm_cq_create(struct nvmm_ctrl *ctrl, unsigned int qid, u64 base, u32 size,
		    bool irq, u16 vector)
{
	spin_lock_irq(&ctrl->lock);
	ctrl->cqs[qid] = (struct nvmm_cq){
		.live = true, .irq = irq, .phase = 1, .base = base, .size = size,
		.vector = vector,
	};
	spin_unlock_irq(&ctrl->lock);
}

/** nvmm_sq_delete - forget a submission queue; context: the thread */
void nvmm_sq_delete(struct nvmm_ctrl *ctrl, unsigned int qid)
{
	struct nvmm_sq old = ctrl->sqs[qid];

	spin_lock_irq(&ctrl->lock);
	memset(&ctrl->sqs[qid], 0, sizeof(old));
	spin_unlock_irq(&ctrl->lock);
	bitmap_free(old.busy);
	kvfree(old.seen);
}

/** nvmm_cq_delete - forget a completion queue; context: the thread */
void nvmm_cq_delete(struct nvmm_ctrl *ctrl, unsigned int qid)
{
	spin_lock_irq(&ctrl->lock);
	memset(&ctrl->cqs[qid], 0, sizeof(ctrl->cqs[qid]));
	spin_unlock_irq(&ctrl->lock);
}

/** nvmm_queues_free - forget all; context: the thread, or nobody else is there */
void nvmm_queues_free(struct nvmm_ctrl *ctrl)
{
	unsigned int i;

	for (i = 0; i < NVMM_MAX_QUEUES; i++) {
		nvmm_sq_delete(ctrl, i);
		nvmm_cq_delete(ctrl, i);
	}
	ctrl->shadow_base = 0;
	ctrl->event_base = 0;
}
