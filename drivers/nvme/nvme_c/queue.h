/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Queue pairs.
 */
#ifndef _NVMEC_QUEUE_H
#define _NVMEC_QUEUE_H

#include <linux/bitfield.h>
#include <linux/blk-mq.h>
#include <linux/io.h>
#include <linux/lockdep.h>
#include <linux/mqblk.h>
#include <linux/nvme.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct nvmec_ctrl;

/* Admin queue: few commands are ever in flight at once. */
#define NVMEC_ADMIN_DEPTH	32
#define NVMEC_ADMIN_TAGS	30
/* Command id of the asynchronous event request: beyond the tags. */
#define NVMEC_EVENT_ID		NVMEC_ADMIN_TAGS

/**
 * struct nvmec_cqe - a completion queue entry, in words that are read once
 * @result: of the command
 * @sq_head: how far the controller has read; not trusted and not used
 * @sq_id: not trusted and not used
 * @id_status: command id, above it phase (bit 16) and status
 */
struct nvmec_cqe {
	__le64	result;
	__le16	sq_head;
	__le16	sq_id;
	__le32	id_status;
};

/* The phase bit in &nvmec_cqe.id_status. */
#define NVMEC_CQE_PHASE		BIT(16)

static_assert(sizeof(struct nvmec_cqe) == sizeof(struct nvme_completion));
static_assert(offsetof(struct nvmec_cqe, id_status) ==
	      offsetof(struct nvme_completion, command_id));

/**
 * struct nvmec_doorbell - where the controller is told of a ring index
 * @reg: the register
 * @shadow: the same in memory, or NULL
 * @event: in memory too: the index that the controller was content with
 * @told: what @reg was given last; kept with @shadow only
 */
struct nvmec_doorbell {
	void __iomem	*reg;
	__le32		*shadow;
	__le32		*event;
	u16		told;
};

/**
 * struct nvmec_queue - a submission queue and its completion queue
 * @ctrl: their controller
 * @tags: whose requests it carries; NULL until there are any, and if no CPU has it
 * @id: 0: admin; n: I/O queue n, of hardware queue n - 1
 * @depth: entries in each
 * @vector: interrupt vector, unless @polled
 * @polled: completes only when somebody looks
 * @has_irq: the interrupt is requested; changed under &nvmec_ctrl.run_lock
 * @live: the controller knows it; changed under both locks, and from true to false
 *	only while the block layer submits nothing
 * @created: an I/O queue that the controller was told to make; guarded by
 *	&nvmec_ctrl.run_lock
 * @sq_lock: guards @sq_tail, @sq_told and what is written to @sqes; taken before
 *	@cq_lock, if both are
 * @sqes: submission entries
 * @gens: generation of the last command of each tag, guarded by @sq_lock. Of the tag
 *	and not of the request: with a scheduler, or for a flush, a tag goes from one
 *	request to another, and a late completion must not fit that
 * @sq_doorbell: for @sq_tail
 * @sq_tail: next entry to write
 * @sq_told: what @sq_doorbell was given
 * @cq_lock: guards the following; taken in interrupt context
 * @cqes: completion entries
 * @cq_doorbell: for @cq_head
 * @cq_head: next entry to read
 * @cq_phase: phase bit of entries that are new
 * @nr_bogus: entries that named no command in flight
 * @progress: a command came back since the queue was started
 * @more: reaps on after an interrupt that had too much to do
 * @waits: requests that a fault on purpose answers later
 * @sq_dma: bus address of @sqes
 * @cq_dma: bus address of @cqes
 */
struct nvmec_queue {
	struct nvmec_ctrl	*ctrl;
	struct blk_mq_tags	*tags;
	u16			id;
	u16			depth;
	u16			vector;
	bool			polled;
	bool			has_irq;
	bool			live;
	bool			created;

	spinlock_t		sq_lock ____cacheline_aligned_in_smp;
	struct nvme_command	*sqes;
	u8			*gens;
	struct nvmec_doorbell	sq_doorbell;
	u16			sq_tail;
	u16			sq_told;

	spinlock_t		cq_lock ____cacheline_aligned_in_smp;
	struct nvmec_cqe	*cqes;
	struct nvmec_doorbell	cq_doorbell;
	u16			cq_head;
	u8			cq_phase;
	unsigned int		nr_bogus;
	bool			progress;

	struct work_struct	more;
	struct mqblk_queue	waits;
	dma_addr_t		sq_dma;
	dma_addr_t		cq_dma;
};

/* What a queue has seen, beside requests: bits of &nvmec_haul.verdict. */
enum {
	NVMEC_HAUL_MORE		= BIT(0),	/* as many as are taken at once */
	NVMEC_HAUL_EVENT	= BIT(1),	/* &nvmec_haul.event has come */
	NVMEC_HAUL_BOGUS	= BIT(2),	/* too many that were not in flight */
};

/**
 * struct nvmec_haul - what was taken from a completion queue
 * @done: requests that are claimed, and have their status
 * @event: completion dword 0 of an asynchronous event, with NVMEC_HAUL_EVENT
 * @verdict: what whoever took it has to see to; nearly always 0
 */
struct nvmec_haul {
	struct rq_list	done;
	u32		event;
	u32		verdict;
};

int nvmec_queue_alloc(struct nvmec_ctrl *ctrl, struct nvmec_queue *queue,
		      unsigned int id, unsigned int depth, work_func_t more);
void nvmec_queue_free(struct nvmec_queue *queue);
void nvmec_queue_arm_event(struct nvmec_queue *queue);
void nvmec_sq_ring(struct nvmec_queue *queue);
void nvmec_queue_ring(struct nvmec_queue *queue);
void nvmec_queue_kick(struct nvmec_queue *queue);
unsigned int nvmec_queue_collect(struct nvmec_queue *queue,
				 struct nvmec_haul *haul);
void nvmec_queue_rewind(struct nvmec_queue *queue);
void nvmec_queue_set_live(struct nvmec_queue *queue, bool live);

/* The I/O queues stand behind the admin queue. */
static inline struct nvmec_queue *nvmec_hctx_queue(struct blk_mq_hw_ctx *hctx)
{
	return hctx->driver_data;
}

/**
 * nvmec_cq_pending - does it look as if there were new completions
 * @queue: the queue
 *
 * For pollers: to look costs less than to take the lock, and is more frequent.
 *
 * Context: Any; the answer may be old when the caller gets it.
 * Return: false if there was none.
 */
static inline bool nvmec_cq_pending(struct nvmec_queue *queue)
{
	struct nvmec_cqe *cqe = &queue->cqes[READ_ONCE(queue->cq_head)];

	return !!(le32_to_cpu(READ_ONCE(cqe->id_status)) & NVMEC_CQE_PHASE) ==
	       READ_ONCE(queue->cq_phase);
}

/**
 * nvmec_sq_slot - the next entry of a submission queue
 * @queue: the queue; it has fewer tags than entries, so that there is one
 *
 * Context: Under &nvmec_queue.sq_lock. The controller may be told of the entry
 * after it was written: nvmec_sq_ring().
 * Return: where to write the command.
 */
static inline struct nvme_command *nvmec_sq_slot(struct nvmec_queue *queue)
{
	struct nvme_command *slot;

	lockdep_assert_held(&queue->sq_lock);
	slot = &queue->sqes[queue->sq_tail];
	if (++queue->sq_tail == queue->depth)
		queue->sq_tail = 0;
	return slot;
}

/**
 * nvmec_sq_next_id - the command id of the next command of a tag
 * @queue: the queue
 * @tag: of the request
 *
 * Context: Under &nvmec_queue.sq_lock.
 * Return: an id that none of the last 15 commands of that tag had.
 */
static inline u16 nvmec_sq_next_id(struct nvmec_queue *queue, unsigned int tag)
{
	lockdep_assert_held(&queue->sq_lock);
	return FIELD_PREP(MQBLK_RQ_GEN_MASK, ++queue->gens[tag] & 0xf) | tag;
}

#if IS_ENABLED(CONFIG_KUNIT)
/* What only tests call from outside of its file. */
bool nvmec_event_passed(u16 event, u16 old, u16 new);
#endif

#endif /* _NVMEC_QUEUE_H */
