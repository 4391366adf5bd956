// SPDX-License-Identifier: GPL-2.0
/*
 * Bios of a namespace that several controllers reach.
 *
 * The disk takes a bio, chooses a way, and sends a clone to the way's own disk, which
 * nobody else uses. The bio is the owner's again when the clone was successful, or
 * failed with an error that another way would have, too. Otherwise the clone waits in a
 * list, and again_work sends another one by another way. So no error is hidden, and no
 * bio is ended twice: it has one clone at a time.
 *
 * What makes an error one of the way is decided in complete.c, where the status is
 * known. It says so by two statuses that nothing else in this driver uses:
 * BLK_STS_TRANSPORT is for a request that had no part in what happened, and is sent again
 * without limit, as each time costs a reset or a controller. BLK_STS_TIMEOUT is for one
 * that may be to blame itself, and is sent again a few times.
 *
 * A way is live, or the driver lets go of its controller, which still works then but is
 * the last choice, or it is of no use now. Of those that are live, the controller says by
 * ANA which are the better ones, and which must not be used: see ana.c. With none of use,
 * bios wait as long as one is being reset, or for &nvmec_multi.removal_s; and as long as a
 * change of access may take (ANATT), if one is in change or inaccessible: from when there
 * was none of use, as one takes over because the others have gone. Else they fail.
 *
 * Whatever changes that queues again_work; what only time changes, again_work finds by
 * itself: it comes back for whoever waits.
 *
 * Flushes
 * -------
 * The volatile write cache is a property of a controller (VWC in its identify data), and so
 * is the feature that switches it. That a flush covers what was written by another
 * controller of the subsystem is nowhere said in so many words: the section on the Flush
 * command says "all commands completed" before it. So no one is relied upon. Each way
 * remembers that it has written, and a flush goes by all ways of use that have. If one of
 * them does not take it for a reason of the way, it is sent again, a few times: it has
 * not succeeded as long as a way of use has something to write. One that is being reset is
 * waited for. One that is dead, or must not be used, cannot be asked: the flush of another
 * one has to do. One that is let go of is flushed before it is taken off the list.
 *
 * &nvmec_ns.path_cache is the mark of a way that has written, and counts the flushes that
 * are on their way. Who writes marks it before the bio ends. Who flushes takes the mark
 * away and counts itself, at a stroke, and then sends the flush; if that fails, the mark is
 * back as the count falls. So whoever finds neither mark nor count knows that a flush has
 * succeeded which began after the write.
 *
 * Life
 * ----
 * The list of ways is read under RCU, and a clone has a reference of its way,
 * &nvmec_ns.path_users. Who removes a way takes it off the list and waits for that
 * reference to become idle, and only then removes the way's disk. A clone waits on the
 * list of the task that sends it while ->submit_bio returns, when no lock is held: so
 * nothing but a reference can keep the way's disk for it. The structure of the disk lives
 * as long as a way does, and nothing is done with it after the reference was dropped.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/nvme.h>
#include <linux/percpu-refcount.h>
#include <linux/rculist.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/topology.h>

#include "ctrl.h"
#include "main.h"
#include "multi.h"
#include "ns.h"
#include "recover.h"
#include "state.h"
#include "zns.h"

/* &nvmec_ns.path_cache: the mark, and each flush */
#define NVMEC_CACHE_DIRTY	1
#define NVMEC_CACHE_FLUSH	2

/* How long to wait before a bio is sent again that may be to blame itself. */
#define NVMEC_MULTI_PAUSE	(HZ / 10)

/**
 * struct nvmec_multi_io - a bio on its way
 * @multi: whose
 * @path: by which way, with a reference of &nvmec_ns.path_users; while it waits, the
 *	last one, without
 * @bio: the bio
 * @begin: when it came, for the statistics of the disk
 * @tries: how often it was sent again, where that counted
 * @done: bytes at the begin of @bio that are in its zone already
 * @part: bytes that @clone moves, if it is a part of what is left
 * @not_before: when it may be sent, in jiffies
 * @flush_left: flushes of its ways that it waits for, and one for who sends them
 * @flush_done: there are none, or they have ended
 * @flush_good: one was successful
 * @flush_lost: one failed for a reason of the way
 * @unsure: of a write to a zone: it was sent before, and perhaps done
 * @refused: so it was, and now it was refused: the zone is to be asked
 * @flush_status: why one failed, if that was no matter of the way
 * @parent: of a flush of a way: who waits for it; then of the others @path and @clone alone
 *	are valid
 * @clone: what is sent
 */
struct nvmec_multi_io {
	struct nvmec_multi	*multi;
	struct nvmec_ns		*path;
	struct bio		*bio;
	unsigned long		begin;
	unsigned int		tries;
	unsigned int		done;
	unsigned int		part;
	unsigned long		not_before;
	atomic_t		flush_left;
	bool			flush_done;
	bool			flush_good;
	bool			flush_lost;
	bool			unsure;
	bool			refused;
	blk_status_t		flush_status;
	struct nvmec_multi_io	*parent;
	/* Last, as the bio set wants it */
	struct bio		clone;
};

/* Clones: one for each bio, so that memory for one is enough to go on. */
static struct bio_set nvmec_multi_bios;
/* Flushes of ways, while their parents have memory of the others. */
static struct bio_set nvmec_flush_bios;
/*
 * For &nvmec_multi.again_work: it may wait for a tag, so it is not in the queue of what
 * gives tags back; and it is waited for by other works, so it is not in theirs.
 */
static struct workqueue_struct *nvmec_multi_wq;

static struct nvmec_multi_io *nvmec_multi_io(struct bio *clone)
{
	return container_of(clone, struct nvmec_multi_io, clone);
}

/* --- choosing a way ------------------------------------------------------- */

/* How good a way is by what its controller says, from 0: not to be used now. */
static unsigned int nvmec_path_access(const struct nvmec_ns *path)
{
	switch (READ_ONCE(path->ana_state)) {
	case NVME_ANA_OPTIMIZED:
		return 2;
	case NVME_ANA_NONOPTIMIZED:
		return 1;
	default:
		return 0;
	}
}

/*
 * How long to hope for a way that is in change, or inaccessible, in jiffies: as long as a
 * change may take, from its begin, from a reset, or from when there was no other way.
 */
static unsigned long nvmec_path_hope_end(const struct nvmec_ns *path)
{
	unsigned long own = READ_ONCE(path->ana_until), end = jiffies;

	/* Pairs with nvmec_multi_look(), which writes the time first. */
	if (smp_load_acquire(&path->multi->none))
		end = READ_ONCE(path->multi->none_since);
	end += path->ctrl->ident.anatt_s * HZ;
	return time_after(own, end) ? own : end;
}

/* May it be used now, or soon? */
static bool nvmec_path_hope(const struct nvmec_ns *path)
{
	/* Pairs with nvmec_ana_set(), which writes the time first. */
	switch (smp_load_acquire(&path->ana_state)) {
	case NVME_ANA_OPTIMIZED:
	case NVME_ANA_NONOPTIMIZED:
		return true;
	case NVME_ANA_PERSISTENT_LOSS:
		return false;
	default:
		return time_before(jiffies, nvmec_path_hope_end(path));
	}
}

/* How good a way is if its controller is in a state, from 0: of no use. */
static unsigned int nvmec_path_grade_in(const struct nvmec_ns *path,
					enum nvmec_state state)
{
	unsigned int access = nvmec_path_access(path);

	switch (state) {
	case NVMEC_LIVE:
		return access ? access + 1 : 0;
	case NVMEC_REMOVING:
		/* It may be let go of while it is reset. */
		return access && !READ_ONCE(path->diverted);
	default:
		return 0;
	}
}

static unsigned int nvmec_path_grade(const struct nvmec_ns *path)
{
	return nvmec_path_grade_in(path, nvmec_state(path->ctrl));
}

static int nvmec_path_distance(const struct nvmec_ns *path)
{
	int node = dev_to_node(&path->ctrl->pdev->dev);

	return node == NUMA_NO_NODE ? LOCAL_DISTANCE :
				      node_distance(numa_node_id(), node);
}

/* Its grade for a bio that @shun has failed: whatever works is better than that one. */
static unsigned int nvmec_path_rank(const struct nvmec_ns *path,
				    const struct nvmec_ns *shun)
{
	unsigned int grade = nvmec_path_grade(path);

	return path == shun ? min(grade, 1u) : grade;
}

/* Is the first of the two the better one? */
static bool nvmec_path_beats(const struct nvmec_ns *path, const struct nvmec_ns *best,
			     const struct nvmec_ns *shun)
{
	unsigned int rank = nvmec_path_rank(path, shun), best_rank;

	if (!rank || !best)
		return rank;
	best_rank = nvmec_path_rank(best, shun);
	if (rank != best_rank)
		return rank > best_rank;
	if (best == shun || path == shun)
		return best == shun;
	return nvmec_path_distance(path) < nvmec_path_distance(best);
}

static struct nvmec_ns *nvmec_multi_best(struct nvmec_multi *multi,
					 const struct nvmec_ns *shun)
{
	struct nvmec_ns *path, *best = NULL;

	list_for_each_entry_rcu(path, &multi->paths, path_entry) {
		if (nvmec_path_beats(path, best, shun))
			best = path;
	}
	return best;
}

/* The next one in turn of those that are the best, or NULL if that is one or none. */
static struct nvmec_ns *nvmec_multi_turn(struct nvmec_multi *multi)
{
	unsigned int nr = 0, best = 1, grade, turn;
	struct nvmec_ns *path;

	list_for_each_entry_rcu(path, &multi->paths, path_entry) {
		grade = nvmec_path_grade(path);
		if (grade > best)
			nr = 0;
		best = max(grade, best);
		nr += grade == best;
	}
	if (nr < 2)
		return NULL;
	turn = this_cpu_inc_return(*multi->turns) % nr;
	list_for_each_entry_rcu(path, &multi->paths, path_entry) {
		if (nvmec_path_grade(path) == best && !turn--)
			return path;
	}
	return NULL;
}

/**
 * nvmec_multi_choose - choose a way
 * @multi: of these
 * @shun: another one is better, whatever its controller says of it; or NULL
 *
 * One that is just being removed has no more references to give, and is off the list at
 * the next look.
 *
 * Context: Any.
 * Return: the way, with a reference of its &nvmec_ns.path_users, or NULL if none is of
 * use.
 */
struct nvmec_ns *nvmec_multi_choose(struct nvmec_multi *multi,
				    const struct nvmec_ns *shun)
{
	struct nvmec_ns *path = NULL;

	if (unlikely(test_bit(NVMEC_MULTI_LOST, &multi->flags)))
		return NULL;
	rcu_read_lock();
	if (READ_ONCE(*multi->policy) == NVMEC_POLICY_ROUND_ROBIN && !shun)
		path = nvmec_multi_turn(multi);
	if (!path)
		path = nvmec_multi_best(multi, shun);
	if (path && !percpu_ref_tryget_live(&path->path_users))
		path = NULL;
	rcu_read_unlock();
	return path;
}

/* --- waiting -------------------------------------------------------------- */

/**
 * nvmec_path_returns - is there something to wait for at a way
 * @path: the way
 *
 * It is being brought up; or it is up, and its controller may take it back in time. One
 * that the driver lets go of has no time: its end waits for bios that wait for it.
 *
 * Context: Any.
 * Return: true if that is so, or if it is of use now.
 */
bool nvmec_path_returns(const struct nvmec_ns *path)
{
	switch (nvmec_state(path->ctrl)) {
	case NVMEC_DEAD:
		return false;
	case NVMEC_REMOVING:
		return nvmec_path_access(path);
	case NVMEC_LIVE:
		/* Pairs with nvmec_ana_renew(): whoever sees it live sees its new time. */
		smp_rmb();
		return nvmec_path_hope(path);
	default:
		return true;
	}
}

static bool nvmec_multi_returns(struct nvmec_multi *multi)
{
	struct nvmec_ns *path;
	bool found = false;

	rcu_read_lock();
	list_for_each_entry_rcu(path, &multi->paths, path_entry)
		found |= nvmec_path_returns(path);
	rcu_read_unlock();
	return found;
}

/*
 * How long until the first hope for a way ends, in jiffies. Before bios are looked at: who
 * has hope afterwards has it until then at least.
 */
static unsigned long nvmec_multi_hope_left(struct nvmec_multi *multi)
{
	unsigned long left = MAX_JIFFY_OFFSET, now = jiffies, end;
	const struct nvmec_ns *path;

	rcu_read_lock();
	list_for_each_entry_rcu(path, &multi->paths, path_entry) {
		end = nvmec_path_hope_end(path);
		if (!nvmec_path_access(path) && time_before(now, end))
			left = min(left, end - now);
	}
	rcu_read_unlock();
	return left;
}

/* Is there a way of use? If so, nothing that was begun against the disk goes on. */
static void nvmec_multi_look(struct nvmec_multi *multi)
{
	struct nvmec_ns *path = nvmec_multi_choose(multi, NULL);

	if (path) {
		WRITE_ONCE(multi->none, false);
		clear_bit(NVMEC_MULTI_EXPIRED, &multi->flags);
		/* Whoever removes the last way queues it after this reference has gone. */
		cancel_delayed_work(&multi->removal_work);
		percpu_ref_put(&path->path_users);
	} else if (!multi->none) {
		WRITE_ONCE(multi->none_since, jiffies);
		/* After the time: see nvmec_path_hope_end(). */
		smp_store_release(&multi->none, true);
	}
}

/*
 * With no way of use: is there anything to wait for? While the machine is switched off
 * there always is: if bios failed while other disks still work, a RAID would take this
 * one for broken, and write that down.
 */
static bool nvmec_multi_hopes(struct nvmec_multi *multi)
{
	unsigned int removal_s = READ_ONCE(multi->removal_s);

	if (system_state > SYSTEM_RUNNING || nvmec_multi_returns(multi))
		return true;
	if (!removal_s || test_bit(NVMEC_MULTI_CLOSING, &multi->flags) ||
	    test_bit(NVMEC_MULTI_EXPIRED, &multi->flags))
		return false;
	/* Nothing happens if it is on its way already. */
	queue_delayed_work(nvmec_wq, &multi->removal_work, removal_s * HZ);
	return true;
}

/**
 * nvmec_multi_forsake - a way has gone
 * @multi: if that was the last one, the time begins that others have to come
 *
 * Context: Process context.
 */
void nvmec_multi_forsake(struct nvmec_multi *multi)
{
	unsigned long delay = 0;

	if (!nvmec_multi_hopes(multi))
		nvmec_multi_kick(multi);
	if (!list_empty(&multi->paths) || test_bit(NVMEC_MULTI_CLOSING, &multi->flags))
		return;
	/* Nobody else would remove a disk that has no way at all. */
	if (!test_bit(NVMEC_MULTI_EXPIRED, &multi->flags))
		delay = READ_ONCE(multi->removal_s) * HZ;
	queue_delayed_work(nvmec_wq, &multi->removal_work, delay);
}

/**
 * nvmec_multi_hurry - have what waits for a way wait for another time
 * @multi: whose &nvmec_multi.removal_s was changed; the time begins anew, if it runs
 *
 * Context: Process context.
 */
void nvmec_multi_hurry(struct nvmec_multi *multi)
{
	/* If a way comes meanwhile, it finds one, and nothing happens. */
	if (delayed_work_pending(&multi->removal_work))
		mod_delayed_work(nvmec_wq, &multi->removal_work,
				 READ_ONCE(multi->removal_s) * HZ);
}

/**
 * nvmec_multi_expire - end the time that ways have to come
 * @multi: whose; the caller has one of its references
 *
 * Context: Process context, may sleep.
 */
void nvmec_multi_expire(struct nvmec_multi *multi)
{
	mod_delayed_work(nvmec_wq, &multi->removal_work, 0);
	flush_delayed_work(&multi->removal_work);
}

/**
 * nvmec_multi_stop - fail what waits, and end all works
 * @multi: has no way, and is closing
 *
 * Context: Process context, may sleep; also &nvmec_multi.removal_work itself.
 */
void nvmec_multi_stop(struct nvmec_multi *multi)
{
	nvmec_multi_kick(multi);
	flush_delayed_work(&multi->again_work);
	cancel_delayed_work_sync(&multi->again_work);
	if (current_work() == &multi->removal_work.work)
		cancel_delayed_work(&multi->removal_work);
	else
		cancel_delayed_work_sync(&multi->removal_work);
	/* That one may have kicked. */
	cancel_delayed_work_sync(&multi->again_work);
}

/**
 * nvmec_multi_kick - have bios that wait looked at again
 * @multi: a way was added or removed, or its controller changed its state
 *
 * Context: Any.
 */
void nvmec_multi_kick(struct nvmec_multi *multi)
{
	mod_delayed_work(nvmec_multi_wq, &multi->again_work, 0);
}

/**
 * nvmec_multi_await - wait a little for a way
 * @multi: of these there was none of use
 *
 * For whoever has no bio to wait with. Not for ways that are to come: see multi_zone.c.
 *
 * Context: Process context, may sleep.
 * Return: 0 to look again; -ENODEV if there is nothing to wait for, -EINTR at the end of
 * the process.
 */
int nvmec_multi_await(struct nvmec_multi *multi)
{
	if (test_bit(NVMEC_MULTI_LOST, &multi->flags) || !nvmec_multi_returns(multi))
		return -ENODEV;
	/* Notes when hope began, too: see nvmec_path_hope_end(). */
	nvmec_multi_kick(multi);
	return schedule_timeout_killable(NVMEC_MULTI_PAUSE) &&
	       fatal_signal_pending(current) ? -EINTR : 0;
}

/* The work looks whether there is a time that the bio has to wait. */
static void nvmec_multi_wait(struct nvmec_multi_io *io)
{
	struct nvmec_multi *multi = io->multi;
	unsigned long flags;

	spin_lock_irqsave(&multi->lock, flags);
	bio_list_add(&multi->waiting, &io->clone);
	spin_unlock_irqrestore(&multi->lock, flags);
	nvmec_multi_kick(multi);
}

/* Is it too early to send a bio? Then again_work comes back in time. */
static bool nvmec_multi_early(struct nvmec_multi *multi, const struct nvmec_multi_io *io)
{
	unsigned long now = jiffies;

	if (!time_before(now, io->not_before))
		return false;
	multi->again_in = min(multi->again_in, io->not_before - now);
	return true;
}

/* --- flushes -------------------------------------------------------------- */

/* Has an error to do with the way? */
static bool nvmec_path_failed(const struct nvmec_ns *path, blk_status_t status)
{
	if (status == BLK_STS_TRANSPORT || status == BLK_STS_TIMEOUT)
		return true;
	/* The block layer's, for a disk that is dead, or io.c's for a controller */
	return status == BLK_STS_IOERR &&
	       (test_bit(GD_DEAD, &path->disk->state) ||
		nvmec_state(path->ctrl) == NVMEC_DEAD);
}

/* Before the bio ends: who sends a flush afterwards finds the mark. */
static void nvmec_path_wrote(struct nvmec_ns *path, const struct bio *bio)
{
	if (!(bio->bi_opf & REQ_FUA) && bio->bi_iter.bi_size &&
	    !(atomic_read(&path->path_cache) & NVMEC_CACHE_DIRTY))
		atomic_or(NVMEC_CACHE_DIRTY, &path->path_cache);
}

/* With full barriers: before the flush is sent, and after it has failed. */
static void nvmec_path_count_flush(struct nvmec_ns *path, int add, int dirty)
{
	int old = atomic_read(&path->path_cache);

	while (!atomic_try_cmpxchg(&path->path_cache, &old,
				   ((old & ~NVMEC_CACHE_DIRTY) + add) | dirty))
		;
}

/* Has it something to write, and can it be told to, at the end of a reset at the latest? */
static bool nvmec_path_unflushed(const struct nvmec_ns *path)
{
	/* Once: a reset that begins or ends meanwhile makes no difference. */
	enum nvmec_state state = nvmec_state(path->ctrl);

	return atomic_read(&path->path_cache) &&
	       (state == NVMEC_RESETTING || nvmec_path_grade_in(path, state));
}

/* It has to be waited for first. */
static bool nvmec_path_unready(const struct nvmec_ns *path)
{
	return nvmec_state(path->ctrl) == NVMEC_RESETTING &&
	       atomic_read(&path->path_cache);
}

/* Has a way other than @path something to write? */
static bool nvmec_multi_unflushed(struct nvmec_multi *multi, const struct nvmec_ns *path)
{
	struct nvmec_ns *other;
	bool found = false;

	rcu_read_lock();
	list_for_each_entry_rcu(other, &multi->paths, path_entry)
		found |= other != path && nvmec_path_unflushed(other);
	rcu_read_unlock();
	return found;
}

static bool nvmec_multi_unready(struct nvmec_multi *multi)
{
	struct nvmec_ns *path;
	bool found = false;

	rcu_read_lock();
	list_for_each_entry_rcu(path, &multi->paths, path_entry)
		found |= nvmec_path_unready(path);
	rcu_read_unlock();
	return found;
}

/* Does a bio have to wait for flushes of other ways than the one that it is to go by? */
static bool nvmec_multi_needs_flush(struct nvmec_multi *multi, const struct bio *bio,
				    const struct nvmec_ns *path)
{
	if (likely(!(bio->bi_opf & REQ_PREFLUSH)))
		return false;
	return nvmec_multi_unflushed(multi, path);
}

/* The next way that is to be flushed, with a reference of its &nvmec_ns.path_users. */
static struct nvmec_ns *nvmec_multi_next_unflushed(struct nvmec_multi *multi)
{
	struct nvmec_ns *path, *found = NULL;

	rcu_read_lock();
	list_for_each_entry_rcu(path, &multi->paths, path_entry) {
		if (path->path_flush_seq == multi->flush_seq ||
		    !nvmec_path_unflushed(path) ||
		    !percpu_ref_tryget_live(&path->path_users))
			continue;
		path->path_flush_seq = multi->flush_seq;
		found = path;
		break;
	}
	rcu_read_unlock();
	return found;
}

/* After the last one again_work goes on with the bio. */
static void nvmec_multi_flush_put(struct nvmec_multi_io *io)
{
	if (!atomic_dec_and_test(&io->flush_left))
		return;
	io->flush_done = true;
	nvmec_multi_wait(io);
}

static void nvmec_path_flushed(struct bio *bio)
{
	struct nvmec_multi_io *flush = nvmec_multi_io(bio), *parent = flush->parent;
	struct nvmec_ns *path = flush->path;
	blk_status_t status = bio->bi_status;

	if (!status)
		WRITE_ONCE(parent->flush_good, true);
	else if (nvmec_path_failed(path, status))
		WRITE_ONCE(parent->flush_lost, true);
	else
		WRITE_ONCE(parent->flush_status, status);
	if (status)
		nvmec_path_count_flush(path, -NVMEC_CACHE_FLUSH, NVMEC_CACHE_DIRTY);
	else
		atomic_sub(NVMEC_CACHE_FLUSH, &path->path_cache);
	bio_put(bio);
	nvmec_multi_flush_put(parent);
	percpu_ref_put(&path->path_users);
}

static void nvmec_path_flush(struct nvmec_ns *path, struct nvmec_multi_io *parent)
{
	struct nvmec_multi_io *flush;
	struct bio *bio;

	/* Memory comes back from flushes that were sent: there is no list of bios here. */
	bio = bio_alloc_bioset(path->disk->part0, 0, REQ_OP_WRITE | REQ_PREFLUSH, GFP_NOIO,
			       &nvmec_flush_bios);
	bio->bi_end_io = nvmec_path_flushed;
	flush = nvmec_multi_io(bio);
	flush->path = path;
	flush->parent = parent;
	atomic_inc(&parent->flush_left);
	nvmec_path_count_flush(path, NVMEC_CACHE_FLUSH, 0);
	submit_bio_noacct(bio);
}

/*
 * Sends flushes by all ways that have written; the bio waits for them. One that is being
 * reset by now refuses it.
 */
static void nvmec_multi_flush(struct nvmec_multi_io *io)
{
	struct nvmec_ns *path;

	atomic_set(&io->flush_left, 1);
	io->multi->flush_seq++;
	while ((path = nvmec_multi_next_unflushed(io->multi)))
		nvmec_path_flush(path, io);
	nvmec_multi_flush_put(io);
}

/* --- there and back ------------------------------------------------------- */

static void nvmec_multi_end(struct nvmec_multi_io *io, blk_status_t status)
{
	unsigned long begin = io->begin;
	struct bio *bio = io->bio;

	bio_put(&io->clone);
	if (unlikely(status))
		bio->bi_status = status;
	bio_end_io_acct(bio, begin);
	bio_endio(bio);
}

/* A write to a zone; then an append is one, too. */
static bool nvmec_multi_in_order(const struct nvmec_multi_io *io)
{
	return io->multi->zones.zone_sects && bio_op(io->bio) == REQ_OP_WRITE &&
	       io->bio->bi_iter.bi_size;
}

/*
 * Has the error to do with the way? Then the bio is sent by another one. If an earlier way
 * may have done what this one refuses, the zone is asked: see multi_zone.c.
 */
static bool nvmec_multi_takes_back(struct nvmec_multi_io *io, blk_status_t status)
{
	bool failed = nvmec_path_failed(io->path, status);
	bool spent = status == BLK_STS_TIMEOUT && io->tries++ >= NVMEC_MAX_RETRIES;

	if (test_bit(NVMEC_MULTI_LOST, &io->multi->flags) || (!failed && !io->unsure))
		return false;
	if (failed && nvmec_multi_in_order(io)) {
		io->unsure = true;
		/* If it was done, it is this way's to be flushed, with REQ_FUA, too. */
		atomic_or(NVMEC_CACHE_DIRTY, &io->path->path_cache);
	}
	/* The zone has the last word. */
	if (spent && !io->unsure)
		return false;
	if (status == BLK_STS_TIMEOUT)
		io->not_before = jiffies + NVMEC_MULTI_PAUSE;
	io->refused = !failed || spent;
	nvmec_multi_wait(io);
	return true;
}

static blk_status_t nvmec_multi_status(blk_status_t status)
{
	/* How ways say why is nobody else's business. */
	if (status == BLK_STS_TRANSPORT || status == BLK_STS_TIMEOUT)
		return BLK_STS_IOERR;
	return status;
}

static void nvmec_multi_end_io(struct bio *clone)
{
	struct nvmec_multi_io *io = nvmec_multi_io(clone);
	blk_status_t status = clone->bi_status;
	struct nvmec_ns *path = io->path;

	if (likely(!status) && op_is_write(io->bio->bi_opf))
		nvmec_path_wrote(path, io->bio);
	if (likely(!status) || !nvmec_multi_takes_back(io, status))
		nvmec_multi_end(io, nvmec_multi_status(status));
	/* Last: it keeps the structure of the disk. */
	percpu_ref_put(&path->path_users);
}

/* A part of a write to a zone: what is left is sent when it has ended. */
static void nvmec_multi_part_end_io(struct bio *clone)
{
	struct nvmec_multi_io *io = nvmec_multi_io(clone);
	struct nvmec_ns *path = io->path;

	if (clone->bi_status) {
		nvmec_multi_end_io(clone);
		return;
	}
	nvmec_path_wrote(path, io->bio);
	io->done += io->part;
	/* None to be avoided */
	io->path = NULL;
	nvmec_multi_wait(io);
	percpu_ref_put(&path->path_users);
}

/*
 * A write to a zone is no longer than what its way takes at once: else the way's disk would
 * make several of it, which are under way together. The disk's own limits may be larger, by
 * its user, or as the way has come since.
 */
static void nvmec_multi_cut(struct nvmec_multi_io *io, const struct nvmec_ns *path)
{
	unsigned int max_sects = queue_max_sectors(path->disk->queue);

	if (likely(bio_sectors(&io->clone) <= max_sects))
		return;
	io->part = max_sects << SECTOR_SHIFT;
	io->clone.bi_iter.bi_size = io->part;
	io->clone.bi_end_io = nvmec_multi_part_end_io;
}

/* Returns NULL for lack of memory, if the bio does not want to wait for that. */
static struct nvmec_multi_io *nvmec_multi_clone(struct nvmec_multi *multi,
						struct block_device *to,
						struct bio *bio)
{
	gfp_t gfp = bio->bi_opf & REQ_NOWAIT ? GFP_NOWAIT : GFP_NOIO;
	struct nvmec_multi_io *io;
	struct bio *clone;

	clone = bio_alloc_clone(to, bio, gfp, &nvmec_multi_bios);
	if (!clone)
		return NULL;
	clone->bi_opf &= ~REQ_POLLED;
	clone->bi_end_io = nvmec_multi_end_io;
	io = nvmec_multi_io(clone);
	io->multi = multi;
	io->bio = bio;
	io->flush_done = false;
	io->flush_good = false;
	io->flush_lost = false;
	io->unsure = false;
	io->refused = false;
	io->flush_status = BLK_STS_OK;
	return io;
}

static void nvmec_multi_begin(struct nvmec_multi_io *io, struct nvmec_ns *path)
{
	io->path = path;
	io->tries = 0;
	io->done = 0;
	io->begin = bio_start_io_acct(io->bio);
	io->not_before = io->begin;
}

static __always_inline void nvmec_multi_take(struct bio *bio, bool in_order)
{
	struct nvmec_multi *multi = bio->bi_bdev->bd_disk->private_data;
	struct nvmec_ns *path = nvmec_multi_choose(multi, NULL);
	struct nvmec_multi_io *io = NULL;

	/* To the disk itself while there is no way. */
	if (likely(path || !(bio->bi_opf & REQ_NOWAIT)))
		io = nvmec_multi_clone(multi, (path ? path->disk : multi->disk)->part0,
				       bio);
	if (unlikely(!io)) {
		if (path)
			percpu_ref_put(&path->path_users);
		bio_wouldblock_error(bio);
		return;
	}
	nvmec_multi_begin(io, path);
	if (likely(path && !nvmec_multi_needs_flush(multi, bio, path))) {
		if (in_order)
			nvmec_multi_cut(io, path);
		submit_bio_noacct(&io->clone);
		return;
	}
	io->path = NULL;
	nvmec_multi_wait(io);
	if (path)
		percpu_ref_put(&path->path_users);
}

/**
 * nvmec_multi_submit_bio - take a bio; for ->submit_bio
 * @bio: for the disk of a struct nvmec_multi
 *
 * Context: that of ->submit_bio.
 */
void nvmec_multi_submit_bio(struct bio *bio)
{
	nvmec_multi_take(bio, false);
}

/**
 * nvmec_multi_submit_write - take a write to a zone
 * @bio: the only one of its zone that is under way
 *
 * Context: that of ->submit_bio.
 */
void nvmec_multi_submit_write(struct bio *bio)
{
	nvmec_multi_take(bio, true);
}

/* A command that finishes a zone begins or ends. Pairs with nvmec_multi_in_zone(). */
static void nvmec_multi_note_finish(struct nvmec_multi *multi)
{
	WRITE_ONCE(multi->last_finish, jiffies);
}

static void nvmec_multi_finish_end_io(struct bio *clone)
{
	nvmec_multi_note_finish(nvmec_multi_io(clone)->multi);
	nvmec_multi_end_io(clone);
}

/**
 * nvmec_multi_put_off - have a bio sent by again_work
 * @bio: for the disk of a struct nvmec_multi
 *
 * Context: that of ->submit_bio.
 */
void nvmec_multi_put_off(struct bio *bio)
{
	struct nvmec_multi *multi = bio->bi_bdev->bd_disk->private_data;
	struct nvmec_multi_io *io = nvmec_multi_clone(multi, multi->disk->part0, bio);

	if (unlikely(!io)) {
		bio_wouldblock_error(bio);
		return;
	}
	nvmec_multi_begin(io, NULL);
	if (bio_op(bio) == REQ_OP_ZONE_FINISH)
		nvmec_multi_note_finish(multi);
	nvmec_multi_wait(io);
}

/* By its way. What is done to zones, again_work sends: see nvmec_multi_submit_zoned(). */
static void nvmec_multi_send_again(struct nvmec_multi_io *io)
{
	if (bio_op(&io->clone) == REQ_OP_ZONE_FINISH)
		io->clone.bi_end_io = nvmec_multi_finish_end_io;
	if (op_is_zone_mgmt(bio_op(&io->clone)))
		nvmec_zns_manage(io->path, &io->clone);
	else
		submit_bio_noacct(&io->clone);
}

/* By a way whose reference the caller has. The old clone is freed before there is a new one. */
static void nvmec_multi_resend(struct nvmec_multi_io *old, struct nvmec_ns *path)
{
	const struct nvmec_multi_io was = {
		.multi	= old->multi,
		.bio	= old->bio,
		.begin	= old->begin,
		.tries	= old->tries,
		.done	= old->done,
		.unsure	= old->unsure,
		.flush_done = old->flush_done,
	};
	struct nvmec_multi_io *io;

	bio_put(&old->clone);
	/* Whoever did not want to wait has waited by now. */
	was.bio->bi_opf &= ~REQ_NOWAIT;
	io = nvmec_multi_clone(was.multi, path->disk->part0, was.bio);
	if (unlikely(!io)) {
		percpu_ref_put(&path->path_users);
		was.bio->bi_status = BLK_STS_RESOURCE;
		bio_end_io_acct(was.bio, was.begin);
		bio_endio(was.bio);
		return;
	}
	io->path = path;
	io->begin = was.begin;
	io->not_before = was.begin;
	io->tries = was.tries;
	io->done = was.done;
	io->unsure = was.unsure;
	io->flush_done = was.flush_done;
	if (unlikely(io->done))
		bio_advance(&io->clone, io->done);
	if (nvmec_multi_in_order(io))
		nvmec_multi_cut(io, path);
	nvmec_multi_send_again(io);
}

/*
 * Takes what has become of a bio's flushes, if they have ended. Returns whether that is the
 * end of the bio, too. If not, it may have to be flushed once more.
 */
static bool nvmec_multi_flushed(struct nvmec_multi *multi, struct nvmec_multi_io *io)
{
	blk_status_t status = io->flush_status;
	bool again = io->flush_lost && nvmec_multi_unflushed(multi, NULL);

	if (!status && again && io->tries++ >= NVMEC_MAX_RETRIES)
		status = BLK_STS_IOERR;
	if (status || (io->flush_good && !again && !io->bio->bi_iter.bi_size)) {
		nvmec_multi_end(io, status);
		return true;
	}
	if (!again)
		return false;
	io->flush_done = false;
	io->flush_good = false;
	io->flush_lost = false;
	io->not_before = jiffies + NVMEC_MULTI_PAUSE;
	return false;
}

/* For a bio that has no way, or cannot be flushed now: whether that is its end. */
static bool nvmec_multi_fail(struct nvmec_multi *multi, struct nvmec_multi_io *io)
{
	if (!(io->bio->bi_opf & REQ_FAILFAST_MASK) &&
	    !test_bit(NVMEC_MULTI_LOST, &multi->flags) && nvmec_multi_hopes(multi))
		return false;
	nvmec_multi_end(io, BLK_STS_IOERR);
	return true;
}

/*
 * How much of a write is in its zone, in bytes, by where that is written next. What cannot be
 * the work of this write alone is none of it: a zone that is written beyond its end, or one
 * that is full while a command that finishes zones was under way.
 */
static u64 nvmec_multi_in_zone(const struct nvmec_multi_io *io, sector_t wp, bool full)
{
	const struct bvec_iter *iter = &io->bio->bi_iter;
	u64 done;

	if (wp <= iter->bi_sector)
		return 0;
	/* Pairs with nvmec_multi_note_finish(). */
	if (full && time_after_eq(READ_ONCE(io->multi->last_finish), io->begin))
		return 0;
	done = (u64)(wp - iter->bi_sector) << SECTOR_SHIFT;
	return done > iter->bi_size ? 0 : done;
}

/*
 * A write was refused that an earlier way may have done: asks its zone. Returns 0 if what is
 * left of it is to be sent; -EAGAIN if another way may tell more; or 1, and it has ended.
 *
 * What an earlier way has done may be in its cache yet. A write that was to be on the medium
 * goes on as one with a flush, also if nothing else is left of it.
 */
static int nvmec_multi_settle(struct nvmec_multi_io *io, struct nvmec_ns *path)
{
	unsigned int noio = memalloc_noio_save();
	struct bio *bio = io->bio;
	sector_t wp;
	bool full;
	u64 done;
	int ret;

	ret = nvmec_zns_wp(path, bio->bi_iter.bi_sector, &wp, &full);
	memalloc_noio_restore(noio);
	if (ret && nvmec_zns_other_may(path, ret) && io->tries++ < NVMEC_MAX_RETRIES) {
		io->path = path;
		io->not_before = jiffies + NVMEC_MULTI_PAUSE;
		return -EAGAIN;
	}
	done = ret ? 0 : nvmec_multi_in_zone(io, wp, full);
	if (done <= io->done) {
		nvmec_multi_end(io, nvmec_multi_status(io->clone.bi_status));
		return 1;
	}
	if (done == bio->bi_iter.bi_size && !(bio->bi_opf & REQ_FUA)) {
		nvmec_multi_end(io, BLK_STS_OK);
		return 1;
	}
	io->done = done;
	io->refused = false;
	if (bio->bi_opf & REQ_FUA) {
		bio->bi_opf |= REQ_PREFLUSH;
		io->flush_done = false;
	}
	return 0;
}

/* Whether a bio that waited has found its way, or its end. */
static bool nvmec_multi_try(struct nvmec_multi *multi, struct nvmec_multi_io *io)
{
	struct nvmec_ns *path;
	int ret;

	if (nvmec_multi_flushed(multi, io))
		return true;
	path = nvmec_multi_choose(multi, io->path);
	if (!path)
		return nvmec_multi_fail(multi, io);
	if (nvmec_multi_early(multi, io)) {
		percpu_ref_put(&path->path_users);
		return false;
	}
	if (unlikely(io->refused)) {
		ret = nvmec_multi_settle(io, path);
		if (ret)
			percpu_ref_put(&path->path_users);
		/* If its time has come meanwhile, the work comes back at once. */
		if (ret == -EAGAIN && !nvmec_multi_early(multi, io))
			multi->again_in = 0;
		if (ret)
			return ret > 0;
	}
	if (!io->flush_done && nvmec_multi_needs_flush(multi, io->bio, path)) {
		percpu_ref_put(&path->path_users);
		/* The end of the reset queues the work. */
		if (nvmec_multi_unready(multi))
			return nvmec_multi_fail(multi, io);
		nvmec_multi_flush(io);
		return true;
	}
	nvmec_multi_resend(io, path);
	return true;
}

/**
 * nvmec_multi_again - &nvmec_multi.again_work
 * @work: of it
 *
 * Whatever changes what a bio may hope for queues this work afterwards, and so does the
 * work itself for the time when hope ends.
 *
 * Context: Process context, may wait for tags of a way.
 */
void nvmec_multi_again(struct work_struct *work)
{
	struct nvmec_multi *multi =
		container_of(work, struct nvmec_multi, again_work.work);
	struct bio_list todo = BIO_EMPTY_LIST, left = BIO_EMPTY_LIST;
	struct bio *clone;

	nvmec_multi_look(multi);
	multi->again_in = nvmec_multi_hope_left(multi);
	spin_lock_irq(&multi->lock);
	bio_list_merge(&todo, &multi->waiting);
	bio_list_init(&multi->waiting);
	spin_unlock_irq(&multi->lock);
	while ((clone = bio_list_pop(&todo))) {
		if (!nvmec_multi_try(multi, nvmec_multi_io(clone)))
			bio_list_add(&left, clone);
	}
	spin_lock_irq(&multi->lock);
	bio_list_merge_head(&multi->waiting, &left);
	spin_unlock_irq(&multi->lock);
	/* Nothing happens if somebody has queued it meanwhile: then it comes sooner. */
	if (!bio_list_empty(&left) && multi->again_in < MAX_JIFFY_OFFSET)
		queue_delayed_work(nvmec_multi_wq, &multi->again_work,
				   multi->again_in + 1);
}

/* --- the module ----------------------------------------------------------- */

/**
 * nvmec_multi_io_init - have memory and a work queue for bios
 *
 * Context: Process context, may sleep, before the first controller.
 * Return: 0 or an errno.
 */
int nvmec_multi_io_init(void)
{
	int ret;

	ret = bioset_init(&nvmec_multi_bios, BIO_POOL_SIZE,
			  offsetof(struct nvmec_multi_io, clone), BIOSET_PERCPU_CACHE);
	if (ret)
		return ret;
	ret = bioset_init(&nvmec_flush_bios, BIO_POOL_SIZE,
			  offsetof(struct nvmec_multi_io, clone), 0);
	if (ret)
		goto exit_bios;
	nvmec_multi_wq = alloc_workqueue("nvme_c_multi", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (nvmec_multi_wq)
		return 0;
	ret = -ENOMEM;
	bioset_exit(&nvmec_flush_bios);
exit_bios:
	bioset_exit(&nvmec_multi_bios);
	return ret;
}

/**
 * nvmec_multi_io_exit - undo nvmec_multi_io_init()
 *
 * Context: Process context, may sleep, after the last disk.
 */
void nvmec_multi_io_exit(void)
{
	destroy_workqueue(nvmec_multi_wq);
	bioset_exit(&nvmec_flush_bios);
	bioset_exit(&nvmec_multi_bios);
}
