// SPDX-License-Identifier: GPL-2.0
/*
 * queue_mode 0: bios come straight to the driver, without requests, hardware
 * queues and scheduler, as they do to the kernel's brd or to device mapper.
 *
 * A bio is done where it is submitted, and ends there (irqmode 0 and 1) or waits
 * for its time with a timer of its own. The block layer does not know of bios that
 * wait: nbc_bios_drain() waits for them before the disk goes.
 *
 * Requests wait in their hardware queue, which has one timer. A bio has neither a hardware
 * queue nor memory of the driver's that it could stand in a queue with: it needs a waiter
 * from a pool, and every CPU has a queue of hrtimers already. So the two do not share
 * the machinery, but their commands have the same deadline.
 */
#include <linux/blkdev.h>
#include <linux/hrtimer.h>
#include <linux/mempool.h>
#include <linux/slab.h>

#include "null_blk_c.h"

/* Waiting bios that there is memory for in any case. */
#define NBC_MIN_WAITERS	64

/**
 * struct nbc_bio_done - a bio that was done, and has not ended yet
 * @bio: the bio
 * @status: how it went
 * @counted: its I/O accounting was begun, and is to be ended
 * @start: when that was
 */
struct nbc_bio_done {
	struct bio		*bio;
	blk_status_t		status;
	bool			counted;
	unsigned long		start;
};

/**
 * struct nbc_waiter - a bio that waits for its time
 * @timer: ends it
 * @bios: of the disk
 * @entry: place in &nbc_bios.waiting
 * @done: the bio
 */
struct nbc_waiter {
	struct hrtimer		timer;
	struct nbc_bios		*bios;
	struct list_head	entry;
	struct nbc_bio_done	done;
};

static struct kmem_cache *nbc_waiter_cache;
static mempool_t nbc_waiter_pool;
static mempool_t nbc_held_pool;

/*
 * A bio that was split is the last of its parts, and may have the error of an
 * earlier one already: what it says itself must not hide that.
 */
static void nbc_bio_end(const struct nbc_bio_done *done)
{
	if (done->status)
		done->bio->bi_status = done->status;
	if (done->counted)
		bio_end_io_acct(done->bio, done->start);
	bio_endio(done->bio);
}

/* Ends what waited. The disk may be gone when this returns. */
static void nbc_waiter_end(struct nbc_waiter *waiter)
{
	struct nbc_bios *bios = waiter->bios;
	unsigned long flags;

	nbc_bio_end(&waiter->done);
	spin_lock_irqsave(&bios->lock, flags);
	list_del(&waiter->entry);
	/* Under the lock: who drains may go on to destroy the pool. */
	mempool_free(waiter, &nbc_waiter_pool);
	if (list_empty(&bios->waiting))
		wake_up(&bios->idle);
	spin_unlock_irqrestore(&bios->lock, flags);
}

static enum hrtimer_restart nbc_waiter_expired(struct hrtimer *timer)
{
	nbc_waiter_end(container_of(timer, struct nbc_waiter, timer));
	return HRTIMER_NORESTART;
}

/* Memory to wait in. Without, a bio that must not wait for it has ended: try again. */
static void *nbc_bio_place(const struct nbc_bio_done *done, mempool_t *pool)
{
	struct nbc_bio_done again = *done;
	void *place;

	if (likely(!(done->bio->bi_opf & REQ_NOWAIT)))
		return mempool_alloc(pool, GFP_NOIO);
	place = mempool_alloc(pool, GFP_NOWAIT);
	if (!place) {
		again.status = BLK_STS_AGAIN;
		nbc_bio_end(&again);
	}
	return place;
}

static void nbc_bio_wait(struct nbc_disk *ndisk, const struct nbc_bio_done *done,
			 ktime_t due)
{
	struct nbc_waiter *waiter = nbc_bio_place(done, &nbc_waiter_pool);
	struct nbc_bios *bios = &ndisk->bios;

	if (!waiter)
		return;
	waiter->bios = bios;
	waiter->done = *done;
	hrtimer_setup(&waiter->timer, nbc_waiter_expired, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS);
	spin_lock_irq(&bios->lock);
	list_add_tail(&waiter->entry, &bios->waiting);
	if (bios->hurry)
		waiter->done.status = bios->hurry_status ?: done->status;
	hrtimer_start(&waiter->timer, bios->hurry ? 0 : due, HRTIMER_MODE_ABS);
	spin_unlock_irq(&bios->lock);
}

/**
 * struct nbc_held_bio - a bio that waits until the user lets it go
 * @held: what says so
 * @done: the bio, of which nothing is done, or its flush
 * @flush: it is before its flush
 * @due: when it may complete, as far as that is known
 */
struct nbc_held_bio {
	struct nbc_held		held;
	struct nbc_bio_done	done;
	bool			flush;
	ktime_t			due;
};

static void nbc_bio_go(struct nbc_disk *ndisk, struct nbc_held *held, blk_status_t status);

/* Returns false if it shall be done after all. */
static bool nbc_bio_hold(struct nbc_disk *ndisk, const struct nbc_bio_done *done, bool flush,
			 const struct nbc_cmd *cmd, const struct nbc_verdict *verdict)
{
	struct nbc_held_bio *hbio = nbc_bio_place(done, &nbc_held_pool);

	if (!hbio)
		return true;
	hbio->done = *done;
	hbio->flush = flush;
	hbio->due = cmd->due;
	if (nbc_hold_add(&ndisk->hold, ndisk->rules, &hbio->held, cmd, verdict, nbc_bio_go))
		return true;
	mempool_free(hbio, &nbc_held_pool);
	return false;
}

/*
 * A flush before a write may take until @due. By the latency model that comes on top of what
 * the write takes; but the write has its channel and its place in the buffer from now on,
 * or a flush would stop all others for as long as it takes.
 */
static void nbc_bio_add_flush(struct nbc_cmd *cmd, ktime_t due)
{
	if (cmd->came && due > cmd->came)
		cmd->due = ktime_add_safe(max(cmd->due, cmd->came), due - cmd->came);
	else
		cmd->due = max(cmd->due, due);
}

/* The same as nbc_bio_run(), if there are rules or a record. */
static bool nbc_bio_run_special(struct nbc_disk *ndisk, const struct nbc_bio_done *done,
				bool flush, struct nbc_cmd *cmd, unsigned int on,
				const struct nbc_verdict *judged)
{
	struct nbc_verdict verdict;

	if (!judged && on & BIT(NBC_ON_RULES) &&
	    nbc_rules_judge(ndisk->rules, cmd, &verdict)) {
		if (verdict.hold && nbc_bio_hold(ndisk, done, flush, cmd, &verdict))
			return false;
		judged = &verdict;
	}
	if (on & BIT(NBC_ON_LATENCY))
		cmd->due = 0;
	nbc_cmd_run_special(ndisk, cmd, judged, on);
	return true;
}

/*
 * Does a command of a bio, or lets it wait: then returns false. @judged is what rules said
 * before, or NULL.
 */
static bool nbc_bio_run(struct nbc_disk *ndisk, const struct nbc_bio_done *done, bool flush,
			struct nbc_cmd *cmd, unsigned int on,
			const struct nbc_verdict *judged)
{
	ktime_t due = cmd->due;

	if (judged || on & NBC_ON_SPECIAL) {
		if (!nbc_bio_run_special(ndisk, done, flush, cmd, on, judged))
			return false;
	} else {
		if (on & BIT(NBC_ON_LATENCY))
			cmd->due = 0;
		nbc_cmd_run(ndisk, cmd, on);
	}
	nbc_bio_add_flush(cmd, due);
	return true;
}

static void nbc_bio_finish(struct nbc_disk *ndisk, struct nbc_bio_done *done,
			   const struct nbc_cmd *cmd)
{
	done->status = cmd->status;
	if (cmd->due)
		nbc_bio_wait(ndisk, done, cmd->due);
	else
		nbc_bio_end(done);
}

static void nbc_bio_do_data(struct nbc_disk *ndisk, struct nbc_bio_done *done, ktime_t due,
			    const struct nbc_verdict *judged)
{
	struct bio *bio = done->bio;
	struct nbc_cmd cmd = {
		.bio	= bio,
		.op	= bio_op(bio),
		.flags	= bio->bi_opf,
		.pos	= (u64)bio->bi_iter.bi_sector << SECTOR_SHIFT,
		.len	= bio->bi_iter.bi_size,
		.due	= due,
	};

	if (!nbc_bio_run(ndisk, done, false, &cmd, READ_ONCE(ndisk->on), judged))
		return;
	if (cmd.op == REQ_OP_ZONE_APPEND)
		bio->bi_iter.bi_sector = cmd.pos >> SECTOR_SHIFT;
	nbc_bio_finish(ndisk, done, &cmd);
}

/* A flush alone is a command, one before a write is a part of it. */
static void nbc_bio_do_flush(struct nbc_disk *ndisk, struct nbc_bio_done *done,
			     const struct nbc_verdict *judged)
{
	unsigned int on = READ_ONCE(ndisk->on);
	bool alone = !done->bio->bi_iter.bi_size;
	struct nbc_cmd cmd = {
		.op	= REQ_OP_FLUSH,
		.flags	= done->bio->bi_opf,
	};

	/* The delay and the limits are those of the whole. */
	if (!alone)
		on &= ~(BIT(NBC_ON_TIMER) | BIT(NBC_ON_LIMITS));
	if (!nbc_bio_run(ndisk, done, true, &cmd, on, judged))
		return;
	if (cmd.status || alone)
		nbc_bio_finish(ndisk, done, &cmd);
	else
		nbc_bio_do_data(ndisk, done, cmd.due, NULL);
}

/*
 * For &nbc_held.go: nobody else has the bio any more. Its place in the pool is given back
 * first: what comes after its flush may have to wait, too, and then needs one.
 */
static void nbc_bio_go(struct nbc_disk *ndisk, struct nbc_held *held, blk_status_t status)
{
	struct nbc_held_bio *place = container_of(held, struct nbc_held_bio, held);
	struct nbc_held_bio hbio = *place;

	mempool_free(place, &nbc_held_pool);
	if (status) {
		hbio.done.status = status;
		nbc_bio_end(&hbio.done);
	} else if (hbio.flush) {
		nbc_bio_do_flush(ndisk, &hbio.done, &hbio.held.verdict);
	} else {
		nbc_bio_do_data(ndisk, &hbio.done, hbio.due, &hbio.held.verdict);
	}
}

/**
 * nbc_submit_bio - do a bio; for ->submit_bio
 * @bio: the bio, of a disk with queue_mode 0
 *
 * Context: Process context, may sleep.
 */
void nbc_submit_bio(struct bio *bio)
{
	struct nbc_disk *ndisk = bio->bi_bdev->bd_disk->private_data;
	struct nbc_bio_done done = {};

	done.bio = bio_split_to_limits(bio);
	if (!done.bio)
		return;
	done.counted = blk_queue_io_stat(ndisk->disk->queue);
	if (done.counted)
		done.start = bio_start_io_acct(done.bio);
	if (done.bio->bi_opf & REQ_PREFLUSH)
		nbc_bio_do_flush(ndisk, &done, NULL);
	else
		nbc_bio_do_data(ndisk, &done, 0, NULL);
}

/**
 * nbc_bios_create - make a list of waiting bios
 * @bios: memory for it
 *
 * Context: Any.
 */
void nbc_bios_create(struct nbc_bios *bios)
{
	spin_lock_init(&bios->lock);
	INIT_LIST_HEAD(&bios->waiting);
	init_waitqueue_head(&bios->idle);
}

/**
 * nbc_bios_expire - end bios that wait for their time
 * @bios: the list
 *
 * One that knows its time and does not wait yet is missed.
 *
 * Context: Process context.
 */
void nbc_bios_expire(struct nbc_bios *bios)
{
	struct nbc_waiter *waiter;

	spin_lock_irq(&bios->lock);
	list_for_each_entry(waiter, &bios->waiting, entry)
		if (hrtimer_try_to_cancel(&waiter->timer) == 1)
			hrtimer_start(&waiter->timer, 0, HRTIMER_MODE_ABS);
	spin_unlock_irq(&bios->lock);
}

/**
 * nbc_bios_hurry - whether bios wait for their time
 * @bios: the list
 * @hurry: they do not: those that wait end now, and those to come at once
 * @status: what they end with; BLK_STS_OK for a status of their own
 *
 * Context: Process context.
 */
void nbc_bios_hurry(struct nbc_bios *bios, bool hurry, blk_status_t status)
{
	struct nbc_waiter *waiter;

	spin_lock_irq(&bios->lock);
	bios->hurry = hurry;
	bios->hurry_status = status;
	list_for_each_entry(waiter, &bios->waiting, entry) {
		/* One whose timer runs at this moment ends by itself. */
		if (!hurry || hrtimer_try_to_cancel(&waiter->timer) != 1)
			continue;
		waiter->done.status = status ?: waiter->done.status;
		hrtimer_start(&waiter->timer, 0, HRTIMER_MODE_ABS);
	}
	spin_unlock_irq(&bios->lock);
}

/**
 * nbc_bios_drain - wait until no bio waits
 * @bios: the list of a disk that gets no more
 *
 * Context: Process context, may sleep.
 */
void nbc_bios_drain(struct nbc_bios *bios)
{
	spin_lock_irq(&bios->lock);
	wait_event_lock_irq(bios->idle, list_empty(&bios->waiting), bios->lock);
	spin_unlock_irq(&bios->lock);
}

/**
 * nbc_bios_init - prepare for waiting bios, at module load
 *
 * Context: Process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int __init nbc_bios_init(void)
{
	int ret;

	nbc_waiter_cache = KMEM_CACHE(nbc_waiter, 0);
	if (!nbc_waiter_cache)
		return -ENOMEM;
	ret = mempool_init_slab_pool(&nbc_waiter_pool, NBC_MIN_WAITERS,
				     nbc_waiter_cache);
	if (ret)
		goto destroy_cache;
	ret = mempool_init_kmalloc_pool(&nbc_held_pool, NBC_MIN_WAITERS,
					sizeof(struct nbc_held_bio));
	if (ret)
		goto exit_pool;
	return 0;
exit_pool:
	mempool_exit(&nbc_waiter_pool);
destroy_cache:
	kmem_cache_destroy(nbc_waiter_cache);
	return ret;
}

/**
 * nbc_bios_exit - undo nbc_bios_init(), when no disk is left
 *
 * Context: Process context, may sleep.
 */
void nbc_bios_exit(void)
{
	mempool_exit(&nbc_held_pool);
	mempool_exit(&nbc_waiter_pool);
	kmem_cache_destroy(nbc_waiter_cache);
}
