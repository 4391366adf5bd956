// SPDX-License-Identifier: GPL-2.0
/*
 * All disks of a controller at once: stopped, frozen, dead.
 *
 * Quiesced, they submit nothing, whatever waits in them; frozen, nobody begins anything,
 * and what was begun ends. The one is for a controller that is down, the other for
 * somebody who wants to be alone with one that works.
 *
 * A way, which is one of several to a disk, is quiesced only while queues of its
 * controller are made or unmade. In between, what waits in it is refused by io.c and goes
 * another way: it is diverted. So nothing waits for a reset that others need not wait for.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/list.h>
#include <linux/mqblk_compat.h>
#include <linux/mutex.h>

#include "ctrl.h"
#include "disks.h"
#include "multi.h"
#include "ns.h"

/**
 * nvmec_disks_quiesce - have nothing submitted by any disk
 * @ctrl: the controller
 *
 * By the list of namespaces, not by the tag set: a disk is in the set before it is
 * known here, and the set's lock is held while a queue of it freezes. Does nothing the
 * second time.
 *
 * Context: Process context, may sleep. On return no request is being submitted.
 */
void nvmec_disks_quiesce(struct nvmec_ctrl *ctrl)
{
	struct nvmec_ns *ns;
	bool news = false;

	mutex_lock(&ctrl->ns_lock);
	list_for_each_entry(ns, &ctrl->namespaces, entry) {
		if (ctrl->io_quiesced && !ns->diverted)
			continue;
		blk_mq_quiesce_queue_nowait(ns->disk->queue);
		WRITE_ONCE(ns->diverted, false);
		news = true;
	}
	ctrl->io_quiesced = true;
	if (news && ctrl->io_set_made)
		blk_mq_wait_quiesce_done(&ctrl->io_set.tags);
	mutex_unlock(&ctrl->ns_lock);
}

/**
 * nvmec_disks_divert - have what waits in ways go other ways
 * @ctrl: quiesced, and none of its I/O queues is live; nvmec_disks_quiesce() is due before
 *	one is again
 *
 * Context: Process context, may sleep.
 */
void nvmec_disks_divert(struct nvmec_ctrl *ctrl)
{
	struct nvmec_ns *ns;

	mutex_lock(&ctrl->ns_lock);
	list_for_each_entry(ns, &ctrl->namespaces, entry) {
		if (!ctrl->io_quiesced || !ns->multi || ns->diverted)
			continue;
		/* Before: what is refused must not be sent to it again. */
		WRITE_ONCE(ns->diverted, true);
		blk_mq_unquiesce_queue(ns->disk->queue);
	}
	mutex_unlock(&ctrl->ns_lock);
}

/**
 * nvmec_disks_unquiesce - undo nvmec_disks_quiesce()
 * @ctrl: the controller
 *
 * Context: Process context, may sleep.
 */
void nvmec_disks_unquiesce(struct nvmec_ctrl *ctrl)
{
	struct nvmec_ns *ns;

	mutex_lock(&ctrl->ns_lock);
	list_for_each_entry(ns, &ctrl->namespaces, entry) {
		if (ctrl->io_quiesced && !ns->diverted)
			blk_mq_unquiesce_queue(ns->disk->queue);
		WRITE_ONCE(ns->diverted, false);
	}
	ctrl->io_quiesced = false;
	mutex_unlock(&ctrl->ns_lock);
}

/**
 * nvmec_disk_thaw - undo nvmec_disks_freeze() for one disk
 * @ns: its namespace; nothing happens if it is not frozen
 *
 * Context: Process context, under scan_lock.
 */
void nvmec_disk_thaw(struct nvmec_ns *ns)
{
	if (ns->frozen)
		blk_mq_unfreeze_queue_non_owner(ns->disk->queue);
	ns->frozen = false;
}

/**
 * nvmec_disks_freeze - let nobody begin I/O, and wait for what is under way
 * @ctrl: the controller; nvmec_disks_thaw() is due, whatever this returns
 * @left: how long to wait, in jiffies
 *
 * Context: Process context, under scan_lock, may sleep.
 * Return: false if not all of it ended in time.
 */
bool nvmec_disks_freeze(struct nvmec_ctrl *ctrl, unsigned long left)
{
	struct nvmec_ns *ns;

	lockdep_assert_held(&ctrl->scan_lock);
	list_for_each_entry(ns, &ctrl->namespaces, entry) {
		ns->frozen = true;
		blk_freeze_queue_start_non_owner(ns->disk->queue);
	}
	list_for_each_entry(ns, &ctrl->namespaces, entry) {
		left = blk_mq_freeze_queue_wait_timeout(ns->disk->queue, left);
		if (!left)
			return false;
	}
	return true;
}

/**
 * nvmec_disks_thaw - undo nvmec_disks_freeze()
 * @ctrl: the controller
 *
 * Context: Process context, under scan_lock.
 */
void nvmec_disks_thaw(struct nvmec_ctrl *ctrl)
{
	struct nvmec_ns *ns;

	lockdep_assert_held(&ctrl->scan_lock);
	list_for_each_entry(ns, &ctrl->namespaces, entry)
		nvmec_disk_thaw(ns);
}

/**
 * nvmec_disks_mark_dead - fail whatever wants to use the disks
 * @ctrl: a dead controller
 *
 * Context: Process context, may sleep.
 */
void nvmec_disks_mark_dead(struct nvmec_ctrl *ctrl)
{
	struct nvmec_ns *ns;

	mutex_lock(&ctrl->ns_lock);
	list_for_each_entry(ns, &ctrl->namespaces, entry)
		blk_mark_disk_dead(ns->disk);
	mutex_unlock(&ctrl->ns_lock);
}

/**
 * nvmec_disks_kick - have bios that wait for a controller looked at again
 * @ctrl: its state has changed
 *
 * Context: Process context, may sleep.
 */
void nvmec_disks_kick(struct nvmec_ctrl *ctrl)
{
	struct nvmec_ns *ns;

	mutex_lock(&ctrl->ns_lock);
	list_for_each_entry(ns, &ctrl->namespaces, entry) {
		if (ns->multi)
			nvmec_multi_kick(ns->multi);
	}
	mutex_unlock(&ctrl->ns_lock);
}

/**
 * nvmec_disks_shared - do other controllers have ways to the same disks
 * @ctrl: the controller
 *
 * Context: Process context, may sleep.
 * Return: true if there is one such disk at least.
 */
bool nvmec_disks_shared(struct nvmec_ctrl *ctrl)
{
	struct nvmec_ns *ns;
	bool shared = false;

	mutex_lock(&ctrl->ns_lock);
	list_for_each_entry(ns, &ctrl->namespaces, entry) {
		if (ns->multi)
			shared |= !list_is_singular(&ns->multi->paths);
	}
	mutex_unlock(&ctrl->ns_lock);
	return shared;
}

/**
 * nvmec_disks_set_timeout - set how long requests may take
 * @ctrl: the controller
 * @ms: from now on, on all its disks; a request that is under way has the time that it
 *	had
 *
 * Context: Process context, may sleep.
 */
void nvmec_disks_set_timeout(struct nvmec_ctrl *ctrl, unsigned int ms)
{
	struct nvmec_ns *ns;

	mutex_lock(&ctrl->ns_lock);
	WRITE_ONCE(ctrl->io_timeout_ms, ms);
	list_for_each_entry(ns, &ctrl->namespaces, entry)
		blk_queue_rq_timeout(ns->disk->queue, msecs_to_jiffies(ms));
	mutex_unlock(&ctrl->ns_lock);
}
