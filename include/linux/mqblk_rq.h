/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What mqblk keeps of a request, and who owns it: see "Request ownership" in linux/mqblk.h,
 * which drivers include. Nothing here calls any other part of mqblk.
 */
#ifndef _LINUX_MQBLK_RQ_H
#define _LINUX_MQBLK_RQ_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/blk-mq.h>
#include <linux/list.h>
#include <linux/timerqueue.h>
#include <linux/types.h>

struct mqblk_watch;

/**
 * enum mqblk_rq_state - who owns a request
 * @MQBLK_RQ_IDLE: the block layer
 * @MQBLK_RQ_STARTED: the driver's code that works on it
 * @MQBLK_RQ_PARKED: the struct mqblk_queue it waits in
 */
enum mqblk_rq_state {
	MQBLK_RQ_IDLE,
	MQBLK_RQ_STARTED,
	MQBLK_RQ_PARKED,
};

/**
 * enum mqblk_mode - how a watched request is to complete
 * @MQBLK_MODE_INLINE: where it is queued
 * @MQBLK_MODE_SOFTIRQ: as the block layer decides, by mqblk_rq_complete()
 * @MQBLK_MODE_TIMER: by a timer
 * @MQBLK_MODE_POLL: when somebody polls
 * @MQBLK_MODE_IRQ: by an interrupt of the device
 */
enum mqblk_mode {
	MQBLK_MODE_INLINE,
	MQBLK_MODE_SOFTIRQ,
	MQBLK_MODE_TIMER,
	MQBLK_MODE_POLL,
	MQBLK_MODE_IRQ,
};

/* The parts of &mqblk_rq.state and, with the tag below, of mqblk_rq_id(). */
#define MQBLK_RQ_STATE_MASK	GENMASK(1, 0)
#define MQBLK_RQ_WATCHED	BIT(2)
#define MQBLK_RQ_GEN_MASK	GENMASK(15, 12)
#define MQBLK_RQ_GEN_ONE	BIT(12)
#define MQBLK_RQ_TAG_MASK	GENMASK(11, 0)
/* What a request keeps from its start to its end. */
#define MQBLK_RQ_KEPT_MASK	(MQBLK_RQ_GEN_MASK | MQBLK_RQ_WATCHED)

/* Deepest queue whose requests all have a mqblk_rq_id(). */
#define MQBLK_ID_MAX_DEPTH	(MQBLK_RQ_TAG_MASK + 1)

/**
 * struct mqblk_rq - mqblk's part of a request, first in the driver's part
 * @state: enum mqblk_rq_state, see "Request ownership", the generation, and
 *	whether it is watched; to be read by mqblk_rq_in_state()
 * @status: how the request ends; valid while parked and while the block layer
 *	carries the completion to the CPU of its choice
 * @timer: place in &mqblk_queue.timers, guarded by &mqblk_queue.lock
 * @entry: place in &mqblk_queue.polled or &mqblk_queue.lost, guarded by
 *	&mqblk_queue.lock; or in a list of its owner's once taken out
 * @in_timers: parked in @timer rather than in @entry; same guard
 * @mode: enum mqblk_mode; valid if the request is watched
 * @watch: who watches it; valid if the request is watched
 * @start_ns: when it was started, by ktime_get_ns(); valid if it is watched
 */
struct mqblk_rq {
	unsigned int		state;
	blk_status_t		status;
	bool			in_timers;
	u8			mode;
	union {
		struct timerqueue_node	timer;
		struct list_head	entry;
	};
	struct mqblk_watch	*watch;
	u64			start_ns;
};

/**
 * mqblk_rq - mqblk's part of a request
 * @rq: a request of a set whose PDU begins with struct mqblk_rq
 *
 * Return: its struct mqblk_rq.
 */
static inline struct mqblk_rq *mqblk_rq(struct request *rq)
{
	return blk_mq_rq_to_pdu(rq);
}

/**
 * mqblk_rq_in_state - is a request in a state
 * @rq: a request
 * @state: enum mqblk_rq_state
 *
 * Context: Any; the answer may be old when the caller gets it.
 * Return: whether it is.
 */
static inline bool mqblk_rq_in_state(struct request *rq,
				     enum mqblk_rq_state state)
{
	return (READ_ONCE(mqblk_rq(rq)->state) & MQBLK_RQ_STATE_MASK) == state;
}

/* For the owner of a request. */
static inline void mqblk_rq_set_state(struct mqblk_rq *mrq,
				      enum mqblk_rq_state state)
{
	WRITE_ONCE(mrq->state, (mrq->state & MQBLK_RQ_KEPT_MASK) | state);
}

/**
 * mqblk_rq_start - take a request from the block layer
 * @rq: a request that queue_rq() or queue_rqs() was given
 *
 * Starts the request's timeout. The caller owns the request from here on.
 *
 * Context: Any.
 */
static inline void mqblk_rq_start(struct request *rq)
{
	struct mqblk_rq *mrq = mqblk_rq(rq);

	WARN_ON_ONCE(mrq->state & MQBLK_RQ_STATE_MASK);
	blk_mq_start_request(rq);
	/*
	 * Last: a device that lies may complete it from here on. See
	 * litmus/rq_start.litmus of drivers/block/mqblk.
	 */
	smp_store_release(&mrq->state,
			  ((mrq->state + MQBLK_RQ_GEN_ONE) & MQBLK_RQ_GEN_MASK) |
			  MQBLK_RQ_STARTED);
}

/**
 * mqblk_rq_set_id - choose the number by which a device shall answer a request
 * @rq: a request that is not started
 * @id: its tag and a generation
 *
 * For a driver that counts generations by tag: a tag may go from one request to
 * another. The next start of the request makes @id its mqblk_rq_id().
 *
 * Context: Any; the caller has the request from queue_rq().
 */
static inline void mqblk_rq_set_id(struct request *rq, u16 id)
{
	WRITE_ONCE(mqblk_rq(rq)->state,
		   (id - MQBLK_RQ_GEN_ONE) & MQBLK_RQ_GEN_MASK);
}

/*
 * Claiming is the step from STARTED to IDLE, while all else that @kept says of the
 * state is as it was. All ways to claim are this one, but that of the only owner, who
 * needs no atomic operation for it. See litmus/rq_claim.litmus of drivers/block/mqblk.
 */
static inline bool mqblk_rq_try_claim(struct mqblk_rq *mrq, unsigned int kept)
{
	return cmpxchg(&mrq->state, kept | MQBLK_RQ_STARTED,
		       kept | MQBLK_RQ_IDLE) == (kept | MQBLK_RQ_STARTED);
}

/**
 * mqblk_rq_claim - win the right to complete a request
 * @rq: a started request
 *
 * For drivers with completion paths that may meet. Do not give a claimed request
 * to mqblk_rq_end() or mqblk_rq_complete(): they claim it themselves. If requests
 * may be watched, call mqblk_rq_report() before the request ends.
 *
 * Context: Any.
 * Return: true for exactly one caller after each mqblk_rq_start(), which must
 * hand the request to the block layer. false: the request does not belong to
 * the caller, who must not touch it.
 */
static inline bool mqblk_rq_claim(struct request *rq)
{
	struct mqblk_rq *mrq = mqblk_rq(rq);

	return mqblk_rq_try_claim(mrq,
				  READ_ONCE(mrq->state) & MQBLK_RQ_KEPT_MASK);
}

/**
 * mqblk_rq_id - number by which a device shall answer a request
 * @rq: a started request of a set no deeper than MQBLK_ID_MAX_DEPTH
 *
 * Return: tag and generation. Two requests in flight on one hardware queue never
 * have the same, and the next request of the same tag has another one.
 */
static inline u16 mqblk_rq_id(struct request *rq)
{
	return (mqblk_rq(rq)->state & MQBLK_RQ_GEN_MASK) | rq->tag;
}

#endif /* _LINUX_MQBLK_RQ_H */
