// SPDX-License-Identifier: GPL-2.0
/*
 * The loop of a job, and the end of its I/Os.
 *
 * A batch is submitted under one plug. Before it, the thread waits until there is
 * room for it below the depth; a disk that completes at once never lets it wait.
 * Nothing here is shared between jobs, and a thread and the end of its I/Os share
 * but one counter.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/kthread.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/timekeeping.h>

#include "load.h"

/* What O_DIRECT has for its I/O; and nothing shall be merged. */
#define MQL_OPF		(REQ_SYNC | REQ_IDLE | REQ_NOMERGE | REQ_ALLOC_CACHE)

/* --- the end of an I/O ---------------------------------------------------- */

/*
 * In any context, on any CPU. When the counter has reached what the thread waits
 * for, the thread may go on and end; its job is still there until a grace period
 * is over, so that waking it is safe. That is all that RCU covers: it does not keep
 * the module's text for what follows rcu_read_unlock(). Unloading also takes the
 * grace periods of joining the threads and of the module loader, which is long
 * enough unless this is preempted there.
 *
 * Pairs with set_current_state() in mql_sleep(): the counter is changed before
 * @wake_at is read here, and @wake_at is set before the counter is read there.
 */
static void mql_end_io(struct bio *bio)
{
	struct mql_io *io = container_of(bio, struct mql_io, bio);
	struct mql_job *job = bio->bi_private;

	rcu_read_lock();
	if (unlikely(bio->bi_status))
		mql_count_error(job, bio->bi_status);
	if (job->slots && io->slot)
		io->slot->good = !bio->bi_status;
	if (job->latency)
		mql_latency_add(job->latency, ktime_get_ns() - io->start_ns);
	bio_put(bio);
	if (atomic_dec_return(&job->in_flight) == READ_ONCE(job->wake_at))
		wake_up_process(job->task);
	rcu_read_unlock();
}

/* --- waiting -------------------------------------------------------------- */

/*
 * Each way to wait ends by reading the counter with acquire. That orders what
 * mql_end_io() did before it counted, which is writing @good of a slot and, by the
 * disk, the buffer, before what mql_check_slots() reads of both.
 *
 * This one is not counted as load, and no reason for the kernel to say that a task
 * hangs.
 */
static void mql_sleep(struct mql_job *job, int most)
{
	WRITE_ONCE(job->wake_at, most);
	for (;;) {
		set_current_state(TASK_IDLE);
		if (atomic_read_acquire(&job->in_flight) <= most)
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	WRITE_ONCE(job->wake_at, -1);
}

/* Names a hardware queue to bio_poll(), and is never submitted. */
static void mql_poll_init(struct mql_job *job)
{
	bio_init(&job->poll, NULL, NULL, 0, REQ_POLLED);
	job->poll.bi_bdev = job->disk->bdev;
}

/*
 * Some disks need to be asked. The thread is bound to a CPU, so that all that it
 * submits is in the one queue that this CPU polls. To poll with a bio of the batch
 * would be no use as long as its request has not begun, and it never does if the
 * bio fails before that.
 */
static void mql_poll(struct mql_job *job, int most)
{
	const struct request_queue *queue = bdev_get_queue(job->disk->bdev);
	const unsigned int *map = queue->tag_set->map[HCTX_TYPE_POLL].mq_map;

	while (atomic_read_acquire(&job->in_flight) > most) {
		job->poll.bi_cookie = map[raw_smp_processor_id()];
		bio_poll(&job->poll, NULL, BLK_POLL_ONESHOT);
		cond_resched();
	}
}

/* Until at most so many are in flight */
static void mql_wait(struct mql_job *job, int most)
{
	if (atomic_read_acquire(&job->in_flight) <= most)
		return;
	if (job->opf & REQ_POLLED)
		mql_poll(job, most);
	else
		mql_sleep(job, most);
}

/* --- content -------------------------------------------------------------- */

/* Nothing is in flight. */
static void mql_check_slots(struct mql_job *job)
{
	unsigned int i;

	for (i = 0; i < job->nr_slots; i++) {
		struct mql_slot *slot = &job->slots[i];

		if (slot->check && slot->good &&
		    !mql_buffer_holds(job, i, slot->sector))
			job->counts.miscompares++;
		slot->check = false;
	}
}

static void mql_use_slot(struct mql_job *job, struct bio *bio, unsigned int slot)
{
	struct mql_io *io = container_of(bio, struct mql_io, bio);

	io->slot = &job->slots[slot];
	io->slot->sector = bio->bi_iter.bi_sector;
	io->slot->check = !op_is_write(bio->bi_opf);
	if (!io->slot->check)
		mql_buffer_fill(job, slot, bio->bi_iter.bi_sector);
}

/* --- submitting ----------------------------------------------------------- */

static struct bio *mql_bio(struct mql_job *job, blk_opf_t opf, unsigned int nr_vecs)
{
	struct bio *bio = bio_alloc_bioset(job->disk->bdev, nr_vecs, opf,
					   GFP_KERNEL, &mql_bios);
	struct mql_io *io = container_of(bio, struct mql_io, bio);

	io->slot = NULL;
	io->start_ns = 0;
	return bio;
}

static void mql_begin_io(struct mql_job *job, struct mql_io *io)
{
	if (job->latency && !io->start_ns)
		io->start_ns = ktime_get_ns();
}

/* The last bio of a block, or the only one: the I/O ends when all of them have. */
static void mql_submit_bio(struct mql_job *job, struct bio *bio)
{
	mql_begin_io(job, container_of(bio, struct mql_io, bio));
	bio->bi_private = job;
	bio->bi_end_io = mql_end_io;
	submit_bio(bio);
}

/*
 * Goes on in another bio where one is full, as direct I/O does. What the end of the I/O
 * needs to know moves along. Blocks that take several bios are so long that a batch of
 * them must not keep others from the CPU.
 */
static struct bio *mql_next_bio(struct mql_job *job, struct bio *full,
				blk_opf_t opf, unsigned int nr_vecs)
{
	struct mql_io *io = container_of(full, struct mql_io, bio);
	struct bio *bio = mql_bio(job, opf, nr_vecs);
	struct mql_io *next = container_of(bio, struct mql_io, bio);

	mql_begin_io(job, io);
	next->slot = io->slot;
	next->start_ns = io->start_ns;
	bio->bi_iter.bi_sector = bio_end_sector(full);
	bio_chain(full, bio);
	submit_bio(full);
	cond_resched();
	return bio;
}

/* True for @percent of all I/Os */
static bool mql_chance(struct mql_job *job, u64 percent)
{
	return percent && mql_random_block(job, 100) < percent;
}

/* Operation and flags where they are chosen one by one */
static blk_opf_t mql_choose(struct mql_job *job)
{
	const struct mql_config *config = &job->run->config;
	blk_opf_t opf = job->opf;

	if (mql_chance(job, config->flush_percent)) {
		job->counts.flushes++;
		return opf | REQ_OP_WRITE | REQ_PREFLUSH;
	}
	if (!mql_chance(job, config->write_percent))
		return opf;
	job->counts.writes++;
	opf |= REQ_OP_WRITE;
	if (mql_chance(job, config->fua_percent)) {
		job->counts.fuas++;
		opf |= REQ_FUA;
	}
	return opf;
}

static u64 mql_next_block(struct mql_job *job)
{
	u64 block;

	if (job->run->config.pattern == MQL_RANDOM)
		return mql_random_block(job, job->end);
	block = job->next++;
	if (job->next == job->end && job->run->config.pattern == MQL_SEQUENTIAL)
		job->next = job->first;
	return block;
}

static void mql_submit(struct mql_job *job)
{
	unsigned int left = job->run->config.block_bytes, part;
	blk_opf_t opf = job->mixed ? mql_choose(job) : job->opf;
	unsigned int pages = job->block_pages, slot;
	struct page **page;
	struct bio *bio;

	if (opf & REQ_PREFLUSH) {
		mql_submit_bio(job, mql_bio(job, opf, 0));
		return;
	}
	bio = mql_bio(job, opf, min(pages, BIO_MAX_VECS));
	bio->bi_iter.bi_sector = mql_next_block(job) * (left >> SECTOR_SHIFT);
	slot = mql_next_slot(job);
	page = job->pages + slot * pages;
	if (job->slots)
		mql_use_slot(job, bio, slot);
	for (; left; left -= part, pages--) {
		if (bio->bi_vcnt == BIO_MAX_VECS)
			bio = mql_next_bio(job, bio, opf, min(pages, BIO_MAX_VECS));
		part = min_t(unsigned int, left, PAGE_SIZE);
		__bio_add_page(bio, *page++, part, 0);
	}
	mql_submit_bio(job, bio);
}

/* --- zones ---------------------------------------------------------------- */

/* Who has a zone for himself knows where appends go, if they go in order. */
static void mql_end_append(struct bio *bio)
{
	struct mql_io *io = container_of(bio, struct mql_io, bio);
	struct mql_job *job = bio->bi_private;

	if (!bio->bi_status && bio->bi_iter.bi_sector != io->sector)
		atomic_inc(&job->moved);
	mql_end_io(bio);
}

static void mql_append(struct mql_job *job)
{
	unsigned int left = job->run->config.block_bytes, part, slot;
	struct bio *bio = mql_bio(job, job->opf, job->block_pages);
	struct mql_io *io = container_of(bio, struct mql_io, bio);
	struct page **page;

	io->sector = mql_next_block(job) * (left >> SECTOR_SHIFT);
	slot = mql_next_slot(job);
	page = job->pages + slot * job->block_pages;
	bio->bi_iter.bi_sector = io->sector;
	if (job->slots)
		mql_use_slot(job, bio, slot);
	bio->bi_iter.bi_sector = job->zone_sector;
	for (; left; left -= part) {
		part = min_t(unsigned int, left, PAGE_SIZE);
		__bio_add_page(bio, *page++, part, 0);
	}
	mql_begin_io(job, io);
	bio->bi_private = job;
	bio->bi_end_io = mql_end_append;
	submit_bio(bio);
}

static int mql_copy_zone(struct blk_zone *zone, unsigned int index, void *data)
{
	*(struct blk_zone *)data = *zone;
	return 0;
}

/* Makes a zone empty, unless it is of the kind that is always writable. */
static int mql_reset_zone(struct mql_job *job, sector_t sector,
			  struct blk_zone *zone)
{
	struct block_device *bdev = job->disk->bdev;
	int ret;

	/* What is called below is not there, and no disk has zones. */
	if (!IS_ENABLED(CONFIG_BLK_DEV_ZONED))
		return -EOPNOTSUPP;
	ret = blkdev_report_zones(bdev, sector, 1, mql_copy_zone, zone);
	if (ret != 1)
		return ret ?: -EIO;
	if (zone->type == BLK_ZONE_TYPE_CONVENTIONAL) {
		zone->capacity = zone->len;
		return 0;
	}
	ret = blkdev_zone_mgmt(bdev, REQ_OP_ZONE_RESET, sector, zone->len);
	if (!ret)
		job->counts.resets++;
	return ret;
}

/* The zone's blocks are the next ones. There may be none, with a small capacity. */
static int mql_take_zone(struct mql_job *job, sector_t sector,
			 const struct blk_zone *zone)
{
	u64 block_bytes = job->run->config.block_bytes;
	u64 blocks = div64_u64(zone->capacity << SECTOR_SHIFT, block_bytes);

	if (!blocks) {
		pr_err_ratelimited("block_bytes: %llu is not valid, use %llu at most: the zone at sector %llu of %pg has no more\n",
				   block_bytes, zone->capacity << SECTOR_SHIFT,
				   sector, job->disk->bdev);
		return -EINVAL;
	}
	job->next = div64_u64(sector << SECTOR_SHIFT, block_bytes);
	job->end = job->next + blocks;
	return 0;
}

/* The job's next zone; time that is not the load's */
static int mql_enter_zone(struct mql_job *job)
{
	struct mql_disk *disk = job->disk;
	u64 begin = ktime_get_ns();
	struct blk_zone zone;
	sector_t sector;
	int ret;

	mql_wait(job, 0);
	sector = (sector_t)job->zone * disk->zone_sects;
	job->zone_sector = sector;
	job->zone += job->nr_peers;
	if (job->zone >= disk->nr_zones)
		job->zone = job->peer;
	ret = mql_reset_zone(job, sector, &zone) ?:
	      mql_take_zone(job, sector, &zone);
	if (ret)
		return ret;
	WRITE_ONCE(job->reset_ns, job->reset_ns + ktime_get_ns() - begin);
	return 0;
}

/* --- the loop ------------------------------------------------------------- */

/* How many to submit next; 0: it is enough */
static unsigned int mql_next_batch(struct mql_job *job, unsigned long until)
{
	const struct mql_config *config = &job->run->config;
	u64 nr = config->batch;

	if (READ_ONCE(job->run->stop))
		return 0;
	if (config->time_ms && time_after_eq(jiffies, until))
		return 0;
	if (config->ios)
		nr = min(nr, config->ios - job->counts.ios);
	if (job->slots)
		nr = min_t(u64, nr, job->nr_slots - job->slot);
	if (config->pattern != MQL_ZONES || !nr)
		return nr;
	if (job->next == job->end && mql_enter_zone(job)) {
		mql_count_error(job, BLK_STS_IOERR);
		return 0;
	}
	return min(nr, job->end - job->next);
}

static void mql_submit_batch(struct mql_job *job, unsigned int nr)
{
	struct blk_plug plug;
	unsigned int i;

	/* With verify, a buffer is looked at before it is used again. */
	if (job->slots && !job->slot) {
		mql_wait(job, 0);
		mql_check_slots(job);
	}
	mql_wait(job, job->run->config.depth - nr);
	atomic_add(nr, &job->in_flight);
	blk_start_plug(&plug);
	for (i = 0; i < nr; i++)
		job->submit(job);
	blk_finish_plug(&plug);
	WRITE_ONCE(job->counts.ios, job->counts.ios + nr);
	if (!job->mixed && op_is_write(job->opf))
		job->counts.writes += nr;
}

/**
 * mql_job_thread - a job's thread
 * @data: the job
 *
 * Return: 0.
 */
int mql_job_thread(void *data)
{
	struct mql_job *job = data;
	struct mql_run *run = job->run;
	unsigned long until;
	unsigned int nr;

	wait_for_completion(&run->go);
	until = jiffies + msecs_to_jiffies(run->config.time_ms);
	WRITE_ONCE(job->begin_ns, ktime_get_ns());
	while ((nr = mql_next_batch(job, until))) {
		mql_submit_batch(job, nr);
		cond_resched();
	}
	mql_wait(job, 0);
	if (job->slots)
		mql_check_slots(job);
	WRITE_ONCE(job->end_ns, ktime_get_ns());
	if (atomic_dec_and_test(&run->active))
		mql_end();
	return 0;
}

/* The part of the disk that a job has for itself, for the patterns that need it */
static void mql_job_take_part(struct mql_job *job, u64 blocks)
{
	job->end = blocks;
	switch (job->run->config.pattern) {
	case MQL_SEQUENTIAL:
		job->first = div_u64(blocks, job->nr_peers) * job->peer;
		job->end = job->first + div_u64(blocks, job->nr_peers);
		job->next = job->first;
		break;
	case MQL_ZONES:
		job->zone = job->peer;
		job->next = job->end;
		break;
	}
}

/**
 * mql_job_prepare - make a job ready to run
 * @job: its run, index, disk and CPU are set
 */
void mql_job_prepare(struct mql_job *job)
{
	const struct mql_config *config = &job->run->config;
	u64 blocks = div64_u64(config->span_bytes, config->block_bytes);

	job->wake_at = -1;
	job->random = config->seed ^ (u64)job->index << 32;
	job->opf = MQL_OPF;
	if (config->polled) {
		job->opf |= REQ_POLLED;
		mql_poll_init(job);
	}
	job->mixed = config->flush_percent || config->fua_percent ||
		     (config->write_percent && config->write_percent < 100);
	if (config->append)
		job->opf |= REQ_OP_ZONE_APPEND;
	else if (!job->mixed && config->write_percent)
		job->opf |= REQ_OP_WRITE;
	mql_job_take_part(job, blocks);
	switch (config->engine) {
	case MQL_MEMCPY:
		job->submit = mql_copy_by_memcpy;
		break;
	case MQL_MOVSB:
		job->submit = mql_copy_by_movsb;
		break;
	default:
		job->submit = config->append ? mql_append : mql_submit;
	}
}
