// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that wait: for a deadline, for a poller, or for nothing.
 *
 * A queue of them is part of the driver's own structure, one for each hardware queue or
 * wherever the driver can make requests wait.
 *
 * One hrtimer serves all requests of a queue. They stand in a
 * timerqueue ordered by deadline; the timer is set to the earliest, and its
 * expiry ends every request that is due in one batch, or in several if they are many.
 *
 * mqblk_queue_timeout() may meet the timer or a poller over one request. Whoever
 * unlinks it under the queue's lock owns it; the other finds it not parked.
 */
#include <linux/export.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/mqblk.h>
#include <linux/mqblk_compat.h>

/*
 * So many requests end in one interrupt, and no more: a queue can hold 10,240, and
 * nothing else gets the CPU meanwhile.
 */
#define MQBLK_EXPIRE_AT_ONCE	256

/*
 * The state of a request that was unlinked. One that the driver ends is claimed at once: the
 * driver may claim others' requests by their numbers, or all of a queue, at any time.
 */
static unsigned int mqblk_unparked_state(const struct mqblk_queue *queue)
{
	return queue->by_driver ? MQBLK_RQ_IDLE : MQBLK_RQ_STARTED;
}

/* Unlinks a parked request; the caller owns it from here on. */
static void mqblk_unpark(struct mqblk_queue *queue, struct mqblk_rq *mrq)
{
	lockdep_assert_held(&queue->lock);
	if (mrq->in_timers)
		timerqueue_del(&queue->timers, &mrq->timer);
	else
		list_del(&mrq->entry);
	mqblk_rq_set_state(mrq, mqblk_unparked_state(queue));
}

/* Ends a list of requests that the caller owns; returns how many. */
static int mqblk_end_list(struct mqblk_queue *queue, struct list_head *list,
			  struct io_comp_batch *iob)
{
	bool by_driver = queue->by_driver;
	struct mqblk_rq *mrq, *next;
	int nr = 0;

	list_for_each_entry_safe(mrq, next, list, entry) {
		if (unlikely(by_driver))
			blk_mq_complete_request(blk_mq_rq_from_pdu(mrq));
		else
			mqblk_rq_end(blk_mq_rq_from_pdu(mrq), mrq->status, iob);
		nr++;
	}
	return nr;
}

static void mqblk_timer_arm(struct mqblk_queue *queue)
{
	struct timerqueue_node *first;

	lockdep_assert_held(&queue->lock);
	first = timerqueue_getnext(&queue->timers);
	if (first)
		hrtimer_start(&queue->timer, first->expires, HRTIMER_MODE_ABS);
}

static void mqblk_link_timer(struct mqblk_queue *queue, struct request *rq,
			     ktime_t deadline)
{
	bool polls = rq->mq_hctx->type == HCTX_TYPE_POLL && !queue->by_driver;
	struct mqblk_rq *mrq = mqblk_rq(rq);

	lockdep_assert_held(&queue->lock);
	if (!polls)
		mrq->mode = MQBLK_MODE_TIMER;
	timerqueue_init(&mrq->timer);
	mrq->timer.expires = deadline;
	if (timerqueue_add(&queue->timers, &mrq->timer) && !polls)
		mqblk_timer_arm(queue);
}

/*
 * Links a request that the caller owns to @list, or without one to the timers; the
 * queue owns it from here on. If the caller does not own it there is a warning, and
 * nothing else happens.
 */
static void mqblk_link(struct mqblk_queue *queue, struct request *rq,
		       blk_status_t status, struct list_head *list,
		       ktime_t deadline)
{
	struct mqblk_rq *mrq = mqblk_rq(rq);

	lockdep_assert_held(&queue->lock);
	if (WARN_ON_ONCE((mrq->state & MQBLK_RQ_STATE_MASK) != MQBLK_RQ_STARTED))
		return;
	mrq->status = status;
	mrq->in_timers = !list;
	mqblk_rq_set_state(mrq, MQBLK_RQ_PARKED);
	if (list)
		list_add_tail(&mrq->entry, list);
	else
		mqblk_link_timer(queue, rq, deadline);
}

/* Links a request, or ends it here and now if nothing waits in its queue. */
static void mqblk_park(struct mqblk_queue *queue, struct request *rq,
		       blk_status_t status, struct list_head *list,
		       ktime_t deadline)
{
	unsigned long flags;
	bool hurry;

	spin_lock_irqsave(&queue->lock, flags);
	hurry = queue->hurry;
	if (hurry)
		status = queue->hurry_status ?: status;
	else
		mqblk_link(queue, rq, status, list, deadline);
	spin_unlock_irqrestore(&queue->lock, flags);
	if (!hurry)
		return;
	/* Not if it has ended already: a device that lies may have completed it. */
	if (queue->by_driver && mqblk_rq_claim(rq))
		blk_mq_complete_request(rq);
	else if (!queue->by_driver)
		mqblk_rq_end(rq, status, NULL);
}

/*
 * Moves requests due by @now to @due, up to @max_nr of them. Returns whether there are
 * more.
 */
static bool mqblk_timer_collect(struct mqblk_queue *queue, ktime_t now,
				unsigned int max_nr, struct list_head *due)
{
	struct timerqueue_node *first;
	struct mqblk_rq *mrq;

	lockdep_assert_held(&queue->lock);
	while ((first = timerqueue_getnext(&queue->timers))) {
		if (ktime_after(first->expires, now))
			break;
		if (!max_nr--)
			return true;
		mrq = container_of(first, struct mqblk_rq, timer);
		mqblk_unpark(queue, mrq);
		list_add_tail(&mrq->entry, due);
	}
	return false;
}

/* Moves every request of @list, which waits for no time, to @due. */
static void mqblk_list_collect(struct mqblk_queue *queue,
			       struct list_head *list, struct list_head *due)
{
	struct mqblk_rq *mrq;

	lockdep_assert_held(&queue->lock);
	list_for_each_entry(mrq, list, entry)
		mqblk_rq_set_state(mrq, mqblk_unparked_state(queue));
	list_splice_tail_init(list, due);
}

/*
 * Sets the timer from its own expiry, to @earliest at the earliest. All who start it
 * hold the lock, so that one who has not done so yet cannot come in between.
 */
static enum hrtimer_restart mqblk_timer_again(struct mqblk_queue *queue,
					      ktime_t earliest)
{
	struct timerqueue_node *first = timerqueue_getnext(&queue->timers);

	lockdep_assert_held(&queue->lock);
	if (!first || hrtimer_is_queued(&queue->timer))
		return HRTIMER_NORESTART;
	hrtimer_set_expires(&queue->timer, max(first->expires, earliest));
	return HRTIMER_RESTART;
}

/*
 * Sets the timer for the rest of what was due at @begin. Others get the CPU for as long
 * as it was needed here.
 */
static enum hrtimer_restart mqblk_timer_pause(struct mqblk_queue *queue,
					      ktime_t begin)
{
	enum hrtimer_restart restart;
	ktime_t now = ktime_get();
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	restart = mqblk_timer_again(queue, now + (now - begin));
	spin_unlock_irqrestore(&queue->lock, flags);
	return restart;
}

static enum hrtimer_restart mqblk_timer_expired(struct hrtimer *timer)
{
	struct mqblk_queue *queue =
		container_of(timer, struct mqblk_queue, timer);
	enum hrtimer_restart restart;
	ktime_t now = ktime_get();
	DEFINE_IO_COMP_BATCH(iob);
	unsigned long flags;
	LIST_HEAD(due);
	bool more;

	spin_lock_irqsave(&queue->lock, flags);
	more = mqblk_timer_collect(queue, now, MQBLK_EXPIRE_AT_ONCE, &due);
	restart = more ? HRTIMER_NORESTART : mqblk_timer_again(queue, 0);
	spin_unlock_irqrestore(&queue->lock, flags);

	mqblk_end_list(queue, &due, &iob);
	mqblk_batch_end(&iob);
	return more ? mqblk_timer_pause(queue, now) : restart;
}

/**
 * mqblk_timer_park - complete a request at a deadline
 * @queue: where it waits
 * @rq: a request that the caller owns
 * @status: its outcome
 * @deadline: time of CLOCK_MONOTONIC; not completed before it, unless
 *	mqblk_queue_hurry() says that nothing waits
 *
 * The queue owns the request when this returns; it may have ended already. One of a poll
 * queue ends when somebody polls, but not before the deadline either.
 *
 * Context: Any; ends requests in hard interrupt context.
 */
void mqblk_timer_park(struct mqblk_queue *queue, struct request *rq,
		      blk_status_t status, ktime_t deadline)
{
	mqblk_park(queue, rq, status, NULL, deadline);
}
EXPORT_SYMBOL_GPL(mqblk_timer_park);

/**
 * mqblk_poll_park - complete a request when somebody polls for it
 * @queue: where it waits
 * @rq: a request that the caller owns
 * @status: its outcome
 *
 * The queue owns the request when this returns; it may have ended already. A
 * request that nobody polls for ends by mqblk_queue_timeout().
 *
 * Context: Any.
 */
void mqblk_poll_park(struct mqblk_queue *queue, struct request *rq,
		     blk_status_t status)
{
	mqblk_park(queue, rq, status, &queue->polled, 0);
}
EXPORT_SYMBOL_GPL(mqblk_poll_park);

/**
 * mqblk_queue_poll - complete every request that waits for a poller; for ->poll
 * @queue: of a poll queue
 * @iob: batch that the block layer ends, or NULL
 *
 * Takes the queue's lock: ask mqblk_queue_polls() before.
 *
 * Context: Process context.
 * Return: the number of requests completed or added to @iob.
 */
int mqblk_queue_poll(struct mqblk_queue *queue, struct io_comp_batch *iob)
{
	LIST_HEAD(due);

	spin_lock_irq(&queue->lock);
	mqblk_list_collect(queue, &queue->polled, &due);
	if (timerqueue_getnext(&queue->timers))
		mqblk_timer_collect(queue, ktime_get(), UINT_MAX, &due);
	spin_unlock_irq(&queue->lock);
	return mqblk_end_list(queue, &due, iob);
}
EXPORT_SYMBOL_GPL(mqblk_queue_poll);

/**
 * mqblk_rq_lose - never complete a request
 * @queue: where it stays
 * @rq: a request that the caller owns
 *
 * As a device does that never answers. The request ends by mqblk_queue_timeout(), or by
 * mqblk_queue_hurry().
 *
 * Context: Any.
 */
void mqblk_rq_lose(struct mqblk_queue *queue, struct request *rq)
{
	mqblk_park(queue, rq, BLK_STS_TIMEOUT, &queue->lost, 0);
}
EXPORT_SYMBOL_GPL(mqblk_rq_lose);

/**
 * mqblk_queue_hurry - whether requests wait in a queue
 * @queue: the queue
 * @hurry: they do not: those that wait end now, and those to come at once
 * @status: what they end with; BLK_STS_OK for the status that each was parked with, a
 *	lost one with BLK_STS_TIMEOUT
 *
 * For a disk that goes, and for a while before a resize, which both wait for all that is
 * in flight.
 *
 * Context: Process context.
 */
void mqblk_queue_hurry(struct mqblk_queue *queue, bool hurry,
		       blk_status_t status)
{
	struct mqblk_rq *mrq;
	LIST_HEAD(due);

	spin_lock_irq(&queue->lock);
	queue->hurry = hurry;
	queue->hurry_status = status;
	if (hurry) {
		mqblk_timer_collect(queue, KTIME_MAX, UINT_MAX, &due);
		mqblk_list_collect(queue, &queue->polled, &due);
		mqblk_list_collect(queue, &queue->lost, &due);
	}
	spin_unlock_irq(&queue->lock);
	list_for_each_entry(mrq, &due, entry)
		mrq->status = status ?: mrq->status;
	mqblk_end_list(queue, &due, NULL);
}
EXPORT_SYMBOL_GPL(mqblk_queue_hurry);

/**
 * mqblk_queue_expire - end what waits for the timer
 * @queue: the queue
 *
 * For a disk whose times have changed. What is parked afterwards waits for its deadline.
 *
 * Context: Process context.
 */
void mqblk_queue_expire(struct mqblk_queue *queue)
{
	LIST_HEAD(due);

	spin_lock_irq(&queue->lock);
	mqblk_timer_collect(queue, KTIME_MAX, UINT_MAX, &due);
	spin_unlock_irq(&queue->lock);
	mqblk_end_list(queue, &due, NULL);
}
EXPORT_SYMBOL_GPL(mqblk_queue_expire);

/* Will the request end though nobody does anything about it? */
static bool mqblk_ends_by_timer(struct mqblk_queue *queue, struct request *rq)
{
	struct mqblk_rq *mrq = mqblk_rq(rq);

	lockdep_assert_held(&queue->lock);
	return mrq->in_timers && (rq->mq_hctx->type != HCTX_TYPE_POLL ||
				  ktime_after(mrq->timer.expires, ktime_get()));
}

/**
 * mqblk_queue_timeout - end a request that waited too long; for ->timeout
 * @queue: where it waits, if it does; not one whose requests the driver ends
 * @rq: the request
 *
 * A parked request ends with BLK_STS_TIMEOUT, unless it waits for the timer or
 * its deadline, however far away: it gets another period, as does one that is
 * being worked on at this moment.
 *
 * Context: Process context, called by the block layer.
 * Return: BLK_EH_DONE or BLK_EH_RESET_TIMER.
 */
enum blk_eh_timer_return mqblk_queue_timeout(struct mqblk_queue *queue,
					     struct request *rq)
{
	struct mqblk_rq *mrq = mqblk_rq(rq);
	bool parked;

	spin_lock_irq(&queue->lock);
	parked = mqblk_rq_in_state(rq, MQBLK_RQ_PARKED) &&
		 !mqblk_ends_by_timer(queue, rq);
	if (parked)
		mqblk_unpark(queue, mrq);
	spin_unlock_irq(&queue->lock);

	if (!parked)
		return BLK_EH_RESET_TIMER;
	mqblk_rq_end(rq, BLK_STS_TIMEOUT, NULL);
	return BLK_EH_DONE;
}
EXPORT_SYMBOL_GPL(mqblk_queue_timeout);

/**
 * mqblk_queue_init - make a queue in which no request waits
 * @queue: memory for it
 *
 * Context: Any.
 */
void mqblk_queue_init(struct mqblk_queue *queue)
{
	spin_lock_init(&queue->lock);
	timerqueue_init_head(&queue->timers);
	hrtimer_setup(&queue->timer, mqblk_timer_expired, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS);
	INIT_LIST_HEAD(&queue->polled);
	INIT_LIST_HEAD(&queue->lost);
	queue->hurry = false;
	queue->hurry_status = BLK_STS_OK;
	queue->by_driver = false;
}
EXPORT_SYMBOL_GPL(mqblk_queue_init);

/**
 * mqblk_queue_exit - make ready for a queue's memory to be freed
 * @queue: a queue in which no request waits, and none will
 *
 * Context: Process context, may sleep.
 */
void mqblk_queue_exit(struct mqblk_queue *queue)
{
	hrtimer_cancel(&queue->timer);
	WARN_ON_ONCE(timerqueue_getnext(&queue->timers));
	WARN_ON_ONCE(!list_empty(&queue->polled));
	WARN_ON_ONCE(!list_empty(&queue->lost));
}
EXPORT_SYMBOL_GPL(mqblk_queue_exit);

#if IS_ENABLED(CONFIG_MQBLK_KUNIT_TEST)
#include "tests/queue_kunit.c"
#endif
