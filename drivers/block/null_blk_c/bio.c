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

static void nbc_bio_wait(struct nbc_disk *ndisk, const struct nbc_bio_done *done,
			 ktime_t due)
{
	struct nbc_waiter *waiter = mempool_alloc(&nbc_waiter_pool, GFP_NOIO);
	struct nbc_bios *bios = &ndisk->bios;

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

static void nbc_bio_run(struct nbc_disk *ndisk, struct nbc_cmd *cmd, unsigned int on)
{
	struct nbc_verdict verdict;
	ktime_t due = cmd->due;

	if (on & BIT(NBC_ON_RULES) && nbc_rules_judge(ndisk->rules, cmd, &verdict))
		nbc_cmd_run_judged(ndisk, cmd, &verdict, on);
	else
		nbc_cmd_run(ndisk, cmd, on);
	/* A flush before a write may have been told to take longer. */
	cmd->due = max(cmd->due, due);
}

static void nbc_bio_do(struct nbc_disk *ndisk, struct bio *bio, struct nbc_cmd *cmd)
{
	unsigned int on = READ_ONCE(ndisk->on);

	*cmd = (struct nbc_cmd) {
		.op	= REQ_OP_FLUSH,
		.flags	= bio->bi_opf,
	};
	if (bio->bi_opf & REQ_PREFLUSH) {
		/* A flush alone is a command, one before a write is a part of it. */
		nbc_bio_run(ndisk, cmd, bio->bi_iter.bi_size ? on & ~NBC_ON_TIMING : on);
		if (cmd->status || !bio->bi_iter.bi_size)
			return;
	}
	cmd->bio = bio;
	cmd->op = bio_op(bio);
	cmd->pos = (u64)bio->bi_iter.bi_sector << SECTOR_SHIFT;
	cmd->len = bio->bi_iter.bi_size;
	nbc_bio_run(ndisk, cmd, on);
	if (cmd->op == REQ_OP_ZONE_APPEND)
		bio->bi_iter.bi_sector = cmd->pos >> SECTOR_SHIFT;
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
	struct nbc_cmd cmd;

	done.bio = bio_split_to_limits(bio);
	if (!done.bio)
		return;
	done.counted = blk_queue_io_stat(ndisk->disk->queue);
	if (done.counted)
		done.start = bio_start_io_acct(done.bio);
	nbc_bio_do(ndisk, done.bio, &cmd);
	done.status = cmd.status;
	if (cmd.due)
		nbc_bio_wait(ndisk, &done, cmd.due);
	else
		nbc_bio_end(&done);
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
	mempool_exit(&nbc_waiter_pool);
	kmem_cache_destroy(nbc_waiter_cache);
}
