// SPDX-License-Identifier: GPL-2.0
/*
 * Watches: who looks at the requests of a disk, and what is reported to them.
 * See "Watched requests" in linux/mqblk.h.
 *
 * There are two who look: counting, which is switched on for a disk in debugfs,
 * and the tracepoints, which are on for all disks or for none.
 *
 * The time of a request is read here when it starts and when it is claimed. What
 * the block layer notes, &request.io_start_time_ns, is no substitute: it is not
 * there unless the queue has statistics of its own, nor for passthrough
 * requests, and is the time when the submitter's plug first asked for it.
 */
#include <linux/blkdev.h>
#include <linux/cleanup.h>
#include <linux/export.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/mqblk.h>
#include <linux/mqblk_compat.h>

#include "stats.h"
#include "watch.h"

#define CREATE_TRACE_POINTS
#include <trace/events/mqblk.h>

DEFINE_MUTEX(mqblk_watch_lock);

/* All disks, and how many tracepoints are on; guarded by mqblk_watch_lock. */
static LIST_HEAD(mqblk_watches);
static unsigned int mqblk_nr_tracers;

/* --- requests ------------------------------------------------------------- */

/**
 * mqblk_rq_start_watched - take a request from the block layer, and report it
 * @watch: of its disk
 * @rq: as for mqblk_rq_start()
 * @mode: how it is to complete, as far as is known now
 *
 * Context: Any.
 */
void mqblk_rq_start_watched(struct mqblk_watch *watch, struct request *rq,
			    enum mqblk_mode mode)
{
	struct mqblk_rq *mrq = mqblk_rq(rq);

	WARN_ON_ONCE(mrq->state & MQBLK_RQ_STATE_MASK);
	mrq->watch = watch;
	mrq->mode = mode;
	trace_mqblk_rq_queue(rq);
	mrq->start_ns = ktime_get_ns();
	blk_mq_start_request(rq);
	/* Last: as in mqblk_rq_start(). */
	smp_store_release(&mrq->state,
			  ((mrq->state + MQBLK_RQ_GEN_ONE) & MQBLK_RQ_GEN_MASK) |
			  MQBLK_RQ_WATCHED | MQBLK_RQ_STARTED);
}
EXPORT_SYMBOL_GPL(mqblk_rq_start_watched);

/* Its data is there yet, and with it, what it is written in. */
static unsigned int mqblk_rq_stream(const struct request *rq)
{
	return req_op(rq) == REQ_OP_WRITE && rq->bio ? mqblk_bio_stream(rq->bio) : 0;
}

/**
 * mqblk_rq_report - tell who watches a request, if anybody does, that it ends
 * @rq: a request that the caller claimed by mqblk_rq_claim(), or for which
 *	mqblk_rq_claim_id() was told that it is not good
 * @status: its outcome
 *
 * Does nothing the second time.
 *
 * Context: Any.
 */
void mqblk_rq_report(struct request *rq, blk_status_t status)
{
	struct mqblk_rq *mrq = mqblk_rq(rq);
	struct mqblk_stats *stats;
	u64 ns;

	if (!(mrq->state & MQBLK_RQ_WATCHED))
		return;
	WRITE_ONCE(mrq->state, mrq->state & ~MQBLK_RQ_WATCHED);
	ns = ktime_get_ns() - mrq->start_ns;
	trace_mqblk_rq_done(rq, status, ns);
	stats = READ_ONCE(mrq->watch->stats);
	if (stats && READ_ONCE(stats->on))
		mqblk_stats_count(stats, &(struct mqblk_sample) {
			.queue	= rq->mq_hctx->queue_num,
			.op	= mqblk_stats_op(req_op(rq)),
			.bytes	= blk_rq_bytes(rq),
			.ns	= ns,
			.failed	= status != BLK_STS_OK,
			.stream	= mqblk_rq_stream(rq),
		});
}
EXPORT_SYMBOL_GPL(mqblk_rq_report);

/**
 * mqblk_rq_claim_watched - claim a request that may be watched, and report it
 * @rq: as for mqblk_rq_claim()
 * @kept: what its state is to be besides being started
 * @ends: it ends with @status; otherwise mqblk_rq_report() is the caller's to call
 * @status: its outcome
 *
 * Context: Any.
 * Return: as mqblk_rq_claim().
 */
bool mqblk_rq_claim_watched(struct request *rq, unsigned int kept, bool ends,
			    blk_status_t status)
{
	if (!mqblk_rq_try_claim(mqblk_rq(rq), kept))
		return false;
	if (ends)
		mqblk_rq_report(rq, status);
	return true;
}
EXPORT_SYMBOL_GPL(mqblk_rq_claim_watched);

/* --- who looks ------------------------------------------------------------ */

static bool mqblk_watch_counts(const struct mqblk_watch *watch)
{
	lockdep_assert_held(&mqblk_watch_lock);
	return watch->stats && watch->stats->on;
}

/* Tells the driver, if what it was told last is not true any more. */
static void mqblk_watch_update(struct mqblk_watch *watch)
{
	bool on = mqblk_nr_tracers || mqblk_watch_counts(watch);

	lockdep_assert_held(&mqblk_watch_lock);
	if (watch->on == on)
		return;
	WRITE_ONCE(watch->on, on);
	watch->set(watch, on);
}

/* Makes counters for the queues that there are; returns 0 or -ENOMEM. */
static int mqblk_watch_add_queues(struct mqblk_watch *watch)
{
	struct blk_mq_hw_ctx *hctx;
	unsigned long i;
	int ret;

	lockdep_assert_held(&mqblk_watch_lock);
	queue_for_each_hw_ctx(watch->disk->queue, hctx, i) {
		ret = mqblk_stats_add_queue(watch->stats, hctx->queue_num,
					    hctx->cpumask);
		if (ret)
			return ret;
	}
	return 0;
}

static int mqblk_watch_count_on(struct mqblk_watch *watch)
{
	struct mqblk_stats *stats;
	int ret;

	lockdep_assert_held(&mqblk_watch_lock);
	if (!watch->stats) {
		stats = mqblk_stats_alloc(HCTX_MAX_TYPES * nr_cpu_ids);
		if (!stats)
			return -ENOMEM;
		/* They are made before a request finds them: see litmus/stats.litmus. */
		smp_store_release(&watch->stats, stats);
	}
	ret = mqblk_watch_add_queues(watch);
	if (!ret)
		WRITE_ONCE(watch->stats->on, true);
	return ret;
}

/**
 * mqblk_watch_count - switch counting on or off
 * @watch: of the disk
 * @on: whether requests shall be counted
 *
 * What was counted stays.
 *
 * Context: Process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int mqblk_watch_count(struct mqblk_watch *watch, bool on)
{
	int ret = 0;

	guard(mutex)(&mqblk_watch_lock);
	if (on)
		ret = mqblk_watch_count_on(watch);
	else if (watch->stats)
		WRITE_ONCE(watch->stats->on, false);
	mqblk_watch_update(watch);
	return ret;
}

static void mqblk_watch_update_all(void)
{
	struct mqblk_watch *watch;

	lockdep_assert_held(&mqblk_watch_lock);
	list_for_each_entry(watch, &mqblk_watches, entry)
		mqblk_watch_update(watch);
}

/* A tracepoint is about to be switched on. */
int mqblk_trace_register(void)
{
	guard(mutex)(&mqblk_watch_lock);
	mqblk_nr_tracers++;
	mqblk_watch_update_all();
	return 0;
}

/* A tracepoint was switched off. */
void mqblk_trace_unregister(void)
{
	guard(mutex)(&mqblk_watch_lock);
	mqblk_nr_tracers--;
	mqblk_watch_update_all();
}

/* --- life ----------------------------------------------------------------- */

/**
 * mqblk_watch_begin - let the requests of a disk be watched
 * @watch: with its disk and function set
 *
 * Context: Process context, may sleep; calls @set if somebody looks already.
 */
void mqblk_watch_begin(struct mqblk_watch *watch)
{
	guard(mutex)(&mqblk_watch_lock);
	list_add_tail(&watch->entry, &mqblk_watches);
	mqblk_watch_update(watch);
}

/**
 * mqblk_watch_end - do not let a disk be watched any more
 * @watch: given to mqblk_watch_begin()
 *
 * Context: Process context, may sleep; the driver is told for the last time.
 */
void mqblk_watch_end(struct mqblk_watch *watch)
{
	guard(mutex)(&mqblk_watch_lock);
	list_del(&watch->entry);
	if (!watch->on)
		return;
	WRITE_ONCE(watch->on, false);
	watch->set(watch, false);
}

/**
 * mqblk_watch_free - free what a watch has counted
 * @watch: given to mqblk_watch_remove(); no request of the disk is left
 *
 * Context: Process context.
 */
void mqblk_watch_free(struct mqblk_watch *watch)
{
	mqblk_stats_free(watch->stats);
	watch->stats = NULL;
}
EXPORT_SYMBOL_GPL(mqblk_watch_free);

/**
 * mqblk_watch_resized - the disk has other hardware queues than before
 * @watch: given to mqblk_watch_add()
 *
 * Without this call, or without memory, new queues are counted together.
 *
 * Context: Process context, may sleep.
 */
void mqblk_watch_resized(struct mqblk_watch *watch)
{
	guard(mutex)(&mqblk_watch_lock);
	if (watch->stats)
		mqblk_watch_add_queues(watch);
}
EXPORT_SYMBOL_GPL(mqblk_watch_resized);
