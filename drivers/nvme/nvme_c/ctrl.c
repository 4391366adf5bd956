// SPDX-License-Identifier: GPL-2.0
/*
 * Controllers: the state machine, and bringing one up, down and back.
 *
 * nvmec_ctrl_start() and nvmec_ctrl_stop() are the only ways up and down, under
 * run_lock; reset, removal, suspend, power-off and PCI error recovery are made
 * of them. Every wait has a limit that the controller named, and ends at once
 * when the registers read as all ones: then there is no device any more. The limit
 * may be hours, so bring-up also ends when somebody wants to let go of the device.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/blk-mq.h>
#include <linux/delay.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/sched/mm.h>

#include "admin.h"
#include "ctrl.h"
#include "io.h"
#include "main.h"
#include "ns.h"
#include "pci.h"
#include "prp.h"
#include "queue.h"
#include "quirks.h"
#include "recover.h"
#include "rq.h"
#include "subsys.h"

/* The unit of CAP.TO and CRTO. */
#define NVMEC_READY_UNIT_MS	500
/* Bring-ups that may fail before a controller is given up. */
#define NVMEC_MAX_ATTEMPTS	2

/* What ends a wait for CSTS early, besides all ones. */
enum {
	NVMEC_HEED_FAILURE	= BIT(0),	/* CSTS.CFS */
	NVMEC_HEED_STATE	= BIT(1),	/* it is not to be brought up any more */
};

/* --- states --------------------------------------------------------------- */

static const char * const nvmec_state_names[] = {
	[NVMEC_NEW]		= "new",
	[NVMEC_RESETTING]	= "resetting",
	[NVMEC_LIVE]		= "live",
	[NVMEC_REMOVING]	= "deleting",
	[NVMEC_DEAD]		= "dead",
};

const char *nvmec_state_name(enum nvmec_state state)
{
	return nvmec_state_names[state];
}

/* From which states each one may be reached. */
static const unsigned int nvmec_state_from[] = {
	[NVMEC_NEW]		= 0,
	[NVMEC_RESETTING]	= BIT(NVMEC_NEW) | BIT(NVMEC_LIVE),
	[NVMEC_LIVE]		= BIT(NVMEC_RESETTING),
	[NVMEC_REMOVING]	= BIT(NVMEC_NEW) | BIT(NVMEC_RESETTING) |
				  BIT(NVMEC_LIVE),
	[NVMEC_DEAD]		= BIT(NVMEC_NEW) | BIT(NVMEC_RESETTING) |
				  BIT(NVMEC_LIVE) | BIT(NVMEC_REMOVING),
};

/**
 * nvmec_ctrl_set_state - the one function that changes the state
 * @ctrl: the controller
 * @state: what it shall be
 *
 * Context: Any.
 * Return: true for the caller who made the change; false if @state cannot be
 * reached from what the state is.
 */
bool nvmec_ctrl_set_state(struct nvmec_ctrl *ctrl, enum nvmec_state state)
{
	unsigned long flags;
	bool allowed;

	spin_lock_irqsave(&ctrl->state_lock, flags);
	allowed = nvmec_state_from[state] & BIT(ctrl->state);
	if (allowed)
		WRITE_ONCE(ctrl->state, state);
	spin_unlock_irqrestore(&ctrl->state_lock, flags);
	return allowed;
}

/* --- registers ------------------------------------------------------------ */

static u32 nvmec_csts(struct nvmec_ctrl *ctrl)
{
	return readl(ctrl->bar + NVME_REG_CSTS);
}

/* No CSTS reads as all ones: its upper bits are reserved. */
static bool nvmec_all_ones(u32 value)
{
	return value == ~0U;
}

/**
 * nvmec_ctrl_gone - is the device off its bus
 * @ctrl: the controller
 *
 * Context: Any.
 * Return: true if it does not answer any more.
 */
bool nvmec_ctrl_gone(struct nvmec_ctrl *ctrl)
{
	return nvmec_all_ones(nvmec_csts(ctrl));
}

/**
 * nvmec_ctrl_failed - does a controller that was enabled say that it has failed
 * @ctrl: the controller
 *
 * Context: Any.
 * Return: true if only a reset can help.
 */
bool nvmec_ctrl_failed(struct nvmec_ctrl *ctrl)
{
	u32 bits = NVME_CSTS_RDY | NVME_CSTS_CFS | NVME_CSTS_NSSRO;

	return (nvmec_csts(ctrl) & bits) != NVME_CSTS_RDY;
}

/**
 * nvmec_ctrl_fatal - is what it says the controller's own fault
 * @ctrl: the controller
 *
 * Somebody who resets the subsystem is another reason for it not to be ready.
 *
 * Context: Any.
 * Return: true if it has failed by itself.
 */
bool nvmec_ctrl_fatal(struct nvmec_ctrl *ctrl)
{
	u32 csts = nvmec_csts(ctrl);

	return !(csts & NVME_CSTS_NSSRO) &&
	       (csts & (NVME_CSTS_RDY | NVME_CSTS_CFS)) != NVME_CSTS_RDY;
}

/**
 * nvmec_ctrl_subsys_reset - reset the subsystem
 * @ctrl: one of its controllers, running; it has failed afterwards, as have the others
 *
 * Context: Under &nvmec_ctrl.run_lock.
 * Return: 0, or -ENOTTY if the controller does not offer it.
 */
int nvmec_ctrl_subsys_reset(struct nvmec_ctrl *ctrl)
{
	lockdep_assert_held(&ctrl->run_lock);
	if (!NVME_CAP_NSSRC(ctrl->cap))
		return -ENOTTY;
	writel(NVME_SUBSYS_RESET, ctrl->bar + NVME_REG_NSSR);
	return 0;
}

/*
 * Waits until the bits of @mask in CSTS are @value. Returns 0, -ENODEV if the
 * device is gone, -ETIMEDOUT, or by what is heeded -EIO or -ECANCELED.
 */
static int nvmec_wait_csts(struct nvmec_ctrl *ctrl, u32 mask, u32 value,
			   u32 limit_ms, unsigned int heed)
{
	ktime_t end = ktime_add_ms(ktime_get(), limit_ms);
	unsigned int pause_us = 100;
	bool late;
	u32 csts;

	for (;;) {
		late = ktime_after(ktime_get(), end);
		csts = nvmec_csts(ctrl);
		if (nvmec_all_ones(csts))
			return -ENODEV;
		if ((csts & mask) == value)
			return 0;
		if ((heed & NVMEC_HEED_FAILURE) && (csts & NVME_CSTS_CFS))
			return -EIO;
		if ((heed & NVMEC_HEED_STATE) &&
		    nvmec_state(ctrl) != NVMEC_RESETTING)
			return -ECANCELED;
		if (late)
			return -ETIMEDOUT;
		usleep_range(pause_us, 2 * pause_us);
		pause_us = min(2 * pause_us, 20000U);
	}
}

static int nvmec_clear_enable(struct nvmec_ctrl *ctrl, unsigned int heed)
{
	u32 cc = readl(ctrl->bar + NVME_REG_CC);

	if (nvmec_all_ones(cc))
		return -ENODEV;
	cc &= ~(NVME_CC_ENABLE | NVME_CC_SHN_MASK);
	writel(cc, ctrl->bar + NVME_REG_CC);
	nvmec_quirks_after_enable(ctrl);
	return nvmec_wait_csts(ctrl, NVME_CSTS_RDY, 0, ctrl->stop_ms, heed);
}

/**
 * nvmec_ctrl_disable - make the controller forget its queues
 * @ctrl: the controller
 *
 * Context: Process context, may sleep, for as long as the controller asks: two
 * minutes at most.
 * Return: 0, and it does not reach memory any more; or -ENODEV or -ETIMEDOUT.
 */
int nvmec_ctrl_disable(struct nvmec_ctrl *ctrl)
{
	return nvmec_clear_enable(ctrl, 0);
}

/*
 * The bit stays until it is written as 1. As long as it is set, the controller seems to
 * have failed: see nvmec_ctrl_failed(). The other bits of CSTS cannot be written.
 */
VISIBLE_IF_KUNIT void nvmec_ack_subsystem_reset(struct nvmec_ctrl *ctrl)
{
	u32 csts = nvmec_csts(ctrl);

	if (!nvmec_all_ones(csts) && (csts & NVME_CSTS_NSSRO))
		writel(NVME_CSTS_NSSRO, ctrl->bar + NVME_REG_CSTS);
}

/*
 * Tells the controller that power may go. Returns whether it is done with that: then
 * CC.EN must stay as it is, for to clear it is what begins a new life, whose end by
 * power loss would count as unsafe.
 */
VISIBLE_IF_KUNIT bool nvmec_ctrl_shut_down(struct nvmec_ctrl *ctrl)
{
	u32 cc = readl(ctrl->bar + NVME_REG_CC);
	int ret;

	if (nvmec_all_ones(cc) || !(cc & NVME_CC_ENABLE) ||
	    !(nvmec_csts(ctrl) & NVME_CSTS_RDY))
		return false;
	cc &= ~NVME_CC_SHN_MASK;
	cc |= NVME_CC_SHN_NORMAL;
	writel(cc, ctrl->bar + NVME_REG_CC);
	ret = nvmec_wait_csts(ctrl, NVME_CSTS_SHST_MASK, NVME_CSTS_SHST_CMPLT,
			      ctrl->ident.shutdown_ms, NVMEC_HEED_FAILURE);
	if (ret)
		dev_warn(&ctrl->dev, "shutdown: error %d\n", ret);
	return !ret;
}

VISIBLE_IF_KUNIT int nvmec_ctrl_enable(struct nvmec_ctrl *ctrl)
{
	u32 cc = NVME_CC_ENABLE | NVME_CC_AMS_RR | NVME_CC_SHN_NONE |
		 NVME_CC_IOSQES | NVME_CC_IOCQES |
		 (NVMEC_PAGE_SHIFT - 12) << NVME_CC_MPS_SHIFT;

	/* Only so are namespaces of other command sets served. */
	cc |= NVME_CAP_CSS(ctrl->cap) & NVME_CAP_CSS_CSI ? NVME_CC_CSS_CSI :
							   NVME_CC_CSS_NVM;
	writel(cc, ctrl->bar + NVME_REG_CC);
	nvmec_quirks_after_enable(ctrl);
	return nvmec_wait_csts(ctrl, NVME_CSTS_RDY, NVME_CSTS_RDY,
			       ctrl->ready_ms,
			       NVMEC_HEED_FAILURE | NVMEC_HEED_STATE);
}

/* Reads what is fixed, and refuses what this driver cannot work with. */
VISIBLE_IF_KUNIT int nvmec_ctrl_read_caps(struct nvmec_ctrl *ctrl)
{
	u32 timeout;
	u64 cap;

	if (nvmec_ctrl_gone(ctrl))
		return -ENODEV;
	cap = lo_hi_readq(ctrl->bar + NVME_REG_CAP);
	ctrl->vs = readl(ctrl->bar + NVME_REG_VS);
	timeout = NVME_CAP_TIMEOUT(cap);
	/* One unit more: the count may begin late. */
	ctrl->stop_ms = (timeout + 1) * NVMEC_READY_UNIT_MS;
	if (cap & (NVME_CAP_CRMS_CRWMS | NVME_CAP_CRMS_CRIMS)) {
		u32 crto = readl(ctrl->bar + NVME_REG_CRTO);

		timeout = max_t(u32, timeout, NVME_CRTO_CRWMT(crto));
	}
	ctrl->ready_ms = (timeout + 1) * NVMEC_READY_UNIT_MS;
	/* The doorbells were mapped for the stride that it had. */
	if (ctrl->queues &&
	    NVME_CAP_STRIDE(cap) != NVME_CAP_STRIDE(ctrl->cap)) {
		dev_err(&ctrl->dev, "CAP.DSTRD: was %u, now %u\n",
			(unsigned int)NVME_CAP_STRIDE(ctrl->cap),
			(unsigned int)NVME_CAP_STRIDE(cap));
		return -ENODEV;
	}
	ctrl->cap = cap;

	if (NVME_CAP_MPSMIN(cap) + 12 > NVMEC_PAGE_SHIFT) {
		dev_err(&ctrl->dev, "CAP.MPSMIN: pages of 4 KiB are needed, got %u\n",
			(unsigned int)NVME_CAP_MPSMIN(cap));
		return -ENODEV;
	}
	if (!(NVME_CAP_CSS(cap) & NVME_CAP_CSS_NVM)) {
		dev_err(&ctrl->dev, "CAP.CSS: no NVM command set, got %#x\n",
			(unsigned int)NVME_CAP_CSS(cap));
		return -ENODEV;
	}
	if (!NVME_CAP_MQES(cap)) {
		dev_err(&ctrl->dev, "CAP.MQES: 0 is not valid\n");
		return -ENODEV;
	}
	return 0;
}

/* --- queues --------------------------------------------------------------- */

/*
 * By the list of namespaces, not by the tag set: a disk is in the set before it is
 * known here, and the set's lock is held while a queue of it freezes.
 */
static void nvmec_quiesce_io(struct nvmec_ctrl *ctrl)
{
	struct nvmec_ns *ns;

	mutex_lock(&ctrl->ns_lock);
	if (!ctrl->io_quiesced) {
		ctrl->io_quiesced = true;
		list_for_each_entry(ns, &ctrl->namespaces, entry)
			blk_mq_quiesce_queue_nowait(ns->disk->queue);
		if (ctrl->io_set_made)
			blk_mq_wait_quiesce_done(&ctrl->io_set.tags);
	}
	mutex_unlock(&ctrl->ns_lock);
}

static void nvmec_unquiesce_io(struct nvmec_ctrl *ctrl)
{
	struct nvmec_ns *ns;

	mutex_lock(&ctrl->ns_lock);
	if (ctrl->io_quiesced) {
		ctrl->io_quiesced = false;
		list_for_each_entry(ns, &ctrl->namespaces, entry)
			blk_mq_unquiesce_queue(ns->disk->queue);
	}
	mutex_unlock(&ctrl->ns_lock);
}

static void nvmec_quiesce_admin(struct nvmec_ctrl *ctrl)
{
	lockdep_assert_held(&ctrl->run_lock);
	if (!ctrl->admin_quiesced)
		blk_mq_quiesce_queue(ctrl->admin_q);
	ctrl->admin_quiesced = true;
}

static void nvmec_unquiesce_admin(struct nvmec_ctrl *ctrl)
{
	lockdep_assert_held(&ctrl->run_lock);
	if (ctrl->admin_quiesced)
		blk_mq_unquiesce_queue(ctrl->admin_q);
	ctrl->admin_quiesced = false;
}

/* Whether any I/O came back since the queues were started. */
static bool nvmec_io_progress(struct nvmec_ctrl *ctrl)
{
	unsigned int i;

	for (i = 1; i < ctrl->nr_queues; i++) {
		if (READ_ONCE(ctrl->queues[i].progress))
			return true;
	}
	return false;
}

/**
 * nvmec_ctrl_silent - has no I/O come back since the controller was reset for a fault
 * @ctrl: the controller
 *
 * Context: Any.
 * Return: true if that is so: then another reset cannot be worse.
 */
bool nvmec_ctrl_silent(struct nvmec_ctrl *ctrl)
{
	return READ_ONCE(ctrl->suspect) && !nvmec_io_progress(ctrl);
}

/* Takes back every request that the controller did not complete. */
static void nvmec_cancel_all(struct nvmec_ctrl *ctrl)
{
	blk_mq_tagset_busy_iter(&ctrl->admin_set.tags, nvmec_rq_cancel, NULL);
	blk_mq_tagset_wait_completed_request(&ctrl->admin_set.tags);
	if (!ctrl->io_set_made)
		return;
	blk_mq_tagset_busy_iter(&ctrl->io_set.tags, nvmec_rq_cancel, NULL);
	blk_mq_tagset_wait_completed_request(&ctrl->io_set.tags);
}

/*
 * Before a shutdown, the controller shall have no I/O queues any more. If one cannot be
 * deleted, it has to do without that. A command that has no answer is cancelled by
 * nvmec_timeout(), as in bring-up, and the controller is disabled then.
 */
static void nvmec_delete_io_queues(struct nvmec_ctrl *ctrl)
{
	unsigned int i;
	int ret = 0;

	if (nvmec_ctrl_failed(ctrl) || ctrl->admin_quiesced)
		return;
	/* What was done before is seen with it, as in bring-up; see nvmec_timeout(). */
	smp_store_release(&ctrl->starting, true);
	for (i = ctrl->nr_queues - 1; i && !ret; i--) {
		if (ctrl->queues[i].created)
			ret = nvmec_admin_delete_queue(&ctrl->queues[i]);
	}
	WRITE_ONCE(ctrl->starting, false);
	if (ret)
		dev_warn(&ctrl->dev, "I/O queue %u: not deleted: error %d\n",
			 i + 1, ret);
}

/* Keeps the controller from our memory, one way or another. */
static void nvmec_ctrl_halt(struct nvmec_ctrl *ctrl, bool shutdown)
{
	bool done = shutdown && nvmec_ctrl_shut_down(ctrl);

	/* If it cannot be disabled, its bus must do it. */
	if (done || nvmec_ctrl_disable(ctrl))
		pci_clear_master(ctrl->pdev);
}

/**
 * nvmec_ctrl_stop - bring a controller down
 * @ctrl: the controller
 * @shutdown: tell it that power may go
 *
 * Nothing is submitted afterwards, and no request is with the controller: those
 * that were are completed, or wait to be sent again, or fail if it is dead.
 * Does nothing the second time.
 *
 * Context: Process context, under run_lock.
 */
void nvmec_ctrl_stop(struct nvmec_ctrl *ctrl, bool shutdown)
{
	unsigned int i;
	bool stuck;

	lockdep_assert_held(&ctrl->run_lock);
	nvmec_quiesce_io(ctrl);
	if (ctrl->running && shutdown)
		nvmec_delete_io_queues(ctrl);
	nvmec_quiesce_admin(ctrl);
	if (ctrl->running)
		nvmec_ctrl_halt(ctrl, shutdown);
	ctrl->running = false;
	for (i = 0; i < ctrl->nr_queues; i++)
		nvmec_queue_stop(&ctrl->queues[i]);
	ctrl->event_armed = false;
	/* After the last look: a request had its time since the last start. */
	stuck = (ctrl->fault == NVMEC_FAULT_IO || ctrl->fault == NVMEC_FAULT_FATAL) &&
		nvmec_ctrl_silent(ctrl);
	WRITE_ONCE(ctrl->stuck, stuck);
	nvmec_cancel_all(ctrl);
}

static int nvmec_start_admin(struct nvmec_ctrl *ctrl)
{
	struct nvmec_queue *admin = &ctrl->queues[0];
	u32 last = admin->depth - 1;
	int ret;

	ctrl->running = true;
	ret = nvmec_clear_enable(ctrl, NVMEC_HEED_STATE);
	if (ret)
		return ret;
	nvmec_ack_subsystem_reset(ctrl);
	/* Not before: who had it last may have left it with queues of his. */
	pci_set_master(ctrl->pdev);
	ret = nvmec_queue_start(admin);
	if (ret)
		return ret;
	writel(last << 16 | last, ctrl->bar + NVME_REG_AQA);
	lo_hi_writeq(admin->sq_dma, ctrl->bar + NVME_REG_ASQ);
	lo_hi_writeq(admin->cq_dma, ctrl->bar + NVME_REG_ACQ);
	ret = nvmec_ctrl_enable(ctrl);
	if (!ret)
		nvmec_unquiesce_admin(ctrl);
	return ret;
}

static int nvmec_start_io(struct nvmec_ctrl *ctrl)
{
	unsigned int i;
	int ret;

	for (i = 1; i < ctrl->nr_queues; i++) {
		ret = nvmec_queue_start(&ctrl->queues[i]);
		if (!ret)
			ret = nvmec_admin_create_queue(&ctrl->queues[i]);
		if (ret) {
			dev_err(&ctrl->dev, "I/O queue %u: error %d\n", i, ret);
			return ret;
		}
	}
	return 0;
}

/* --- the first bring-up: how many queues ---------------------------------- */

/* I/O queues one would like to have, by what they serve. */
VISIBLE_IF_KUNIT void nvmec_wish_counts(struct nvmec_ctrl *ctrl)
{
	unsigned int cpus = num_possible_cpus();
	struct mqblk_queue_counts *counts = &ctrl->counts;

	counts->nr_poll = min(nvmec_poll_queues, cpus);
	counts->nr_default = cpus;
	counts->nr_read = 0;
	if (nvmec_write_queues) {
		counts->nr_default = min(nvmec_write_queues, cpus);
		counts->nr_read = cpus;
	}
}

/* As many for interrupts as there may be: half for reads, if not all fit. */
static void nvmec_limit_irq_queues(struct mqblk_queue_counts *counts,
				   unsigned int total)
{
	if (counts->nr_default + counts->nr_read <= total)
		return;
	counts->nr_default = min(counts->nr_default, total - total / 2);
	if (!counts->nr_read)
		counts->nr_default = total;
	counts->nr_read = min(counts->nr_read, total - counts->nr_default);
}

/* Gives up queues, but for one that has an interrupt. */
VISIBLE_IF_KUNIT void nvmec_limit_counts(struct mqblk_queue_counts *counts,
					 unsigned int total)
{
	counts->nr_poll = min(counts->nr_poll, total - 1);
	nvmec_limit_irq_queues(counts, total - counts->nr_poll);
}

static unsigned int nvmec_total(const struct mqblk_queue_counts *counts)
{
	return counts->nr_default + counts->nr_read + counts->nr_poll;
}

/**
 * nvmec_limit_vectors - give up queues that have no interrupt
 * @counts: queues by what they serve; lowered
 * @vectors: all there are; if it is one, one queue shares it with the admin queue
 */
void nvmec_limit_vectors(struct mqblk_queue_counts *counts,
			 unsigned int vectors)
{
	nvmec_limit_irq_queues(counts, vectors > 1 ? vectors - 1 : 1);
}

/* Doorbells that the registers have room for, less those of the admin queue. */
VISIBLE_IF_KUNIT unsigned int nvmec_max_queues(struct nvmec_ctrl *ctrl)
{
	size_t stride = sizeof(u32) << NVME_CAP_STRIDE(ctrl->cap);
	size_t pairs = (ctrl->bar_bytes - NVME_REG_DBS) / (2 * stride);

	return pairs ? pairs - 1 : 0;
}

static int nvmec_map_doorbells(struct nvmec_ctrl *ctrl, unsigned int queues)
{
	size_t stride = sizeof(u32) << NVME_CAP_STRIDE(ctrl->cap);

	return nvmec_pci_map(ctrl, NVME_REG_DBS + 2 * (queues + 1) * stride);
}

static void nvmec_free_io_queues(struct nvmec_ctrl *ctrl)
{
	while (ctrl->nr_queues > 1)
		nvmec_queue_free(&ctrl->queues[--ctrl->nr_queues]);
}

static int nvmec_alloc_io_queues(struct nvmec_ctrl *ctrl, unsigned int vectors)
{
	unsigned int nr_irq = ctrl->counts.nr_default + ctrl->counts.nr_read;
	unsigned int total = nvmec_total(&ctrl->counts);
	unsigned int depth, i;
	int ret;

	depth = min_t(unsigned int,
		      nvmec_bounded_depth(nvmec_queue_depth, total) + 1,
		      NVME_CAP_MQES(ctrl->cap) + 1);
	for (i = 1; i <= total; i++) {
		struct nvmec_queue *queue = &ctrl->queues[i];

		ret = nvmec_queue_alloc(ctrl, queue, i, depth);
		if (ret) {
			nvmec_free_io_queues(ctrl);
			return ret;
		}
		queue->polled = i > nr_irq;
		queue->vector = !queue->polled && vectors > 1 ? i : 0;
		ctrl->nr_queues = i + 1;
	}
	return 0;
}

/*
 * Settles the number of I/O queues, and with it that of the interrupts, for the
 * life of the controller.
 */
static int nvmec_settle_queues(struct nvmec_ctrl *ctrl)
{
	struct mqblk_queue_counts *counts = &ctrl->counts;
	unsigned int granted;
	int vectors, ret;

	nvmec_limit_counts(counts, nvmec_max_queues(ctrl));
	granted = nvmec_total(counts);
	ret = nvmec_admin_set_queues(ctrl, &granted);
	if (ret)
		return ret;
	nvmec_limit_counts(counts, granted);

	/* The admin queue's interrupt moves, and it has nothing to do now. */
	nvmec_queue_irq_put(&ctrl->queues[0]);
	vectors = nvmec_pci_alloc_vectors(ctrl);
	if (vectors < 0)
		return vectors;
	ret = nvmec_queue_irq_get(&ctrl->queues[0]);
	if (ret)
		return ret;
	nvmec_limit_vectors(counts, vectors);
	return nvmec_alloc_io_queues(ctrl, vectors);
}

/* After a reset: the hardware queues are there, and each needs its own. */
static int nvmec_resettle_queues(struct nvmec_ctrl *ctrl)
{
	unsigned int granted = ctrl->nr_queues - 1;
	int ret;

	ret = nvmec_admin_set_queues(ctrl, &granted);
	if (ret)
		return ret;
	if (granted < ctrl->nr_queues - 1) {
		dev_err(&ctrl->dev, "number of queues: %u after a reset, were %u\n",
			granted, ctrl->nr_queues - 1);
		return -EIO;
	}
	return 0;
}

/* The number of queues. */
static int nvmec_start_count(struct nvmec_ctrl *ctrl)
{
	return ctrl->nr_queues == 1 ? nvmec_settle_queues(ctrl) :
				      nvmec_resettle_queues(ctrl);
}

/* Whether any CPU has it. The block layer frees the tags of one that none has. */
static bool nvmec_hw_queue_used(const struct blk_mq_tag_set *tags,
				unsigned int hw_queue)
{
	unsigned int type, cpu;

	for (type = 0; type < tags->nr_maps; type++) {
		const struct blk_mq_queue_map *map = &tags->map[type];

		if (!map->nr_queues)
			continue;
		for_each_possible_cpu(cpu) {
			if (map->mq_map[cpu] == hw_queue)
				return true;
		}
	}
	return false;
}

static int nvmec_make_io_set(struct nvmec_ctrl *ctrl)
{
	const struct mqblk_set_params params = {
		.ops		= &nvmec_io_ops,
		.pdu_bytes	= sizeof(struct nvmec_rq),
		.depth		= ctrl->queues[1].depth - 1,
		.nr_default	= ctrl->counts.nr_default,
		.nr_read	= ctrl->counts.nr_read,
		.nr_poll	= ctrl->counts.nr_poll,
		.node		= dev_to_node(&ctrl->pdev->dev),
		.timeout_ms	= nvmec_io_timeout_ms,
		.irq_dev	= ctrl->queues[1].vector ? &ctrl->pdev->dev :
							   NULL,
		.irq_first	= 1,
		.driver_data	= ctrl,
	};
	unsigned int i;
	int ret;

	if (ctrl->io_set_made)
		return 0;
	ret = mqblk_set_init(&ctrl->io_set, &params);
	if (ret)
		return ret;
	for (i = 1; i < ctrl->nr_queues; i++) {
		if (nvmec_hw_queue_used(&ctrl->io_set.tags, i - 1))
			ctrl->queues[i].tags = ctrl->io_set.tags.tags[i - 1];
	}
	ctrl->io_set_made = true;
	return 0;
}

/* --- up, and what leads there --------------------------------------------- */

/* Registers and the memory for queues, before the first bring-up. */
static int nvmec_ctrl_prepare(struct nvmec_ctrl *ctrl)
{
	int ret;

	ret = nvmec_ctrl_read_caps(ctrl);
	if (ret || ctrl->queues)
		return ret;
	nvmec_wish_counts(ctrl);
	ret = nvmec_map_doorbells(ctrl, nvmec_total(&ctrl->counts));
	if (ret)
		return ret;
	if (!nvmec_max_queues(ctrl)) {
		dev_err(&ctrl->dev, "BAR 0: no room for doorbells with DSTRD %u\n",
			(unsigned int)NVME_CAP_STRIDE(ctrl->cap));
		return -ENODEV;
	}
	ctrl->queues = kcalloc(nvmec_total(&ctrl->counts) + 1,
			       sizeof(*ctrl->queues), GFP_KERNEL);
	if (!ctrl->queues)
		return -ENOMEM;
	ret = nvmec_admin_init(ctrl);
	if (ret) {
		kfree(ctrl->queues);
		ctrl->queues = NULL;
	}
	return ret;
}

static const struct nvmec_step nvmec_steps[] = {
	{ "registers", nvmec_ctrl_prepare },
	{ "enable", nvmec_start_admin },
	{ "identify controller", nvmec_admin_identify },
	{ "identify command set", nvmec_admin_identify_nvm, .optional = true },
	{ "subsystem", nvmec_subsys_join, .optional = true },
	{ "number of queues", nvmec_start_count },
	{ "shadow doorbells", nvmec_admin_shadows_start, .optional = true },
	{ "I/O queues", nvmec_start_io },
	{ "tags", nvmec_make_io_set },
	{ "events", nvmec_admin_events_start, .optional = true },
};

/*
 * One rule for all steps: one that fails ends the bring-up, and so does whoever lets go
 * of the controller. An optional one may fail. But if its command had no answer, the
 * controller was disabled to have the command's memory back: then all begins anew,
 * without that step from now on. Returns -EAGAIN for that.
 */
VISIBLE_IF_KUNIT int nvmec_run_steps(struct nvmec_ctrl *ctrl,
				     const struct nvmec_step *steps,
				     unsigned int nr)
{
	const struct nvmec_step *step;
	unsigned int i;
	int ret;

	for (i = 0; i < nr; i++) {
		step = &steps[i];
		if (ctrl->steps_left_out & BIT(i))
			continue;
		if (nvmec_state(ctrl) != NVMEC_RESETTING)
			return -ECANCELED;
		WRITE_ONCE(ctrl->no_answer, false);
		ret = step->run(ctrl);
		if (READ_ONCE(ctrl->no_answer) && step->optional) {
			dev_warn(&ctrl->dev, "%s: no answer, goes without it\n",
				 step->name);
			ctrl->steps_left_out |= BIT(i);
			return -EAGAIN;
		}
		/* Whoever's command it was: the controller is disabled. */
		if (READ_ONCE(ctrl->no_answer))
			ret = -ETIMEDOUT;
		if (!ret || step->optional)
			continue;
		dev_warn(&ctrl->dev, "%s: error %d\n", step->name, ret);
		return ret;
	}
	return 0;
}

/* On an error, nvmec_ctrl_stop() is due. */
static int nvmec_ctrl_start(struct nvmec_ctrl *ctrl)
{
	int ret;

	lockdep_assert_held(&ctrl->run_lock);
	ret = nvmec_run_steps(ctrl, nvmec_steps, ARRAY_SIZE(nvmec_steps));
	if (!ret)
		nvmec_unquiesce_io(ctrl);
	return ret;
}

/**
 * nvmec_ctrl_retire - stop a controller for good
 * @ctrl: the controller, which is dead
 * @shutdown: as for nvmec_ctrl_stop()
 *
 * Whatever waits for it fails now, and whatever comes yet.
 *
 * Context: Process context, under run_lock.
 */
void nvmec_ctrl_retire(struct nvmec_ctrl *ctrl, bool shutdown)
{
	if (!ctrl->admin_q)
		return;
	nvmec_ctrl_stop(ctrl, shutdown);
	nvmec_unquiesce_io(ctrl);
	nvmec_unquiesce_admin(ctrl);
}

/**
 * nvmec_ctrl_bury - nvmec_ctrl_retire(), and tell those who use the disks
 * @ctrl: the controller, which is dead
 * @shutdown: as for nvmec_ctrl_stop()
 *
 * Context: Process context, under run_lock.
 */
void nvmec_ctrl_bury(struct nvmec_ctrl *ctrl, bool shutdown)
{
	/* First: who is told that a disk died may wait for I/O. */
	nvmec_ctrl_retire(ctrl, shutdown);
	nvmec_ns_mark_dead(ctrl);
}

/* It was stopped before. */
static int nvmec_ctrl_bring_up(struct nvmec_ctrl *ctrl)
{
	unsigned int attempt = 0;
	int ret;

	for (;;) {
		/* After the old requests were taken back; see nvmec_timeout(). */
		smp_store_release(&ctrl->starting, true);
		ret = nvmec_ctrl_start(ctrl);
		WRITE_ONCE(ctrl->starting, false);
		if (ret == -ENODEV && nvmec_ctrl_gone(ctrl))
			ret = nvmec_pci_await_link(ctrl) ?: -EIO;
		if (!ret || ret == -ENODEV || ret == -ECANCELED)
			return ret;
		if (ret == -ENOLINK) {
			if (ctrl->admin_q)
				nvmec_ctrl_stop(ctrl, false);
			return ret;
		}
		/* There are fewer steps to leave out each time. */
		if (ret != -EAGAIN && ++attempt == NVMEC_MAX_ATTEMPTS)
			return ret;
		if (ctrl->admin_q)
			nvmec_ctrl_stop(ctrl, false);
	}
}

/* A fault comes again after the longer of the times that it takes to notice one. */
static u64 nvmec_calm_ms(void)
{
	return 10ULL * max(nvmec_io_timeout_ms, nvmec_admin_timeout_ms);
}

/* Down, and if it may still cost a reset, up. */
static int nvmec_ctrl_recover(struct nvmec_ctrl *ctrl)
{
	enum nvmec_fault fault = READ_ONCE(ctrl->fault);
	int ret;

	if (ctrl->admin_q)
		nvmec_ctrl_stop(ctrl, false);
	if (!nvmec_budget_spend(&ctrl->budget, fault, nvmec_io_progress(ctrl),
				ktime_to_ms(ktime_get()), nvmec_calm_ms())) {
		dev_err(&ctrl->dev, "%u resets did not help: given up\n",
			NVMEC_MAX_FAULTS);
		return -EIO;
	}
	WRITE_ONCE(ctrl->suspect, fault != NVMEC_FAULT_NONE);
	ret = nvmec_ctrl_bring_up(ctrl);
	if (ret && ret != -ECANCELED && ret != -ENOLINK)
		dev_err(&ctrl->dev, "cannot bring it up: error %d\n", ret);
	return ret;
}

/*
 * From RESETTING to LIVE, or else from any state to the grave; or it stays RESETTING
 * because the bus is frozen, and who recovers that will be back.
 *
 * I/O waits for this, also that of memory reclaim: memory that it needs must not wait
 * for I/O.
 */
void nvmec_reset_work(struct work_struct *work)
{
	struct nvmec_ctrl *ctrl =
		container_of(work, struct nvmec_ctrl, reset_work);
	unsigned int noio = memalloc_noio_save();
	bool shutdown = false;
	int ret = 0;

	mutex_lock(&ctrl->run_lock);
	if (nvmec_state(ctrl) == NVMEC_RESETTING) {
		ret = nvmec_ctrl_recover(ctrl);
		if (!ret && nvmec_ctrl_set_state(ctrl, NVMEC_LIVE)) {
			dev_info(&ctrl->dev,
				 "live: %u queues, %u for reads and %u for polling beside\n",
				 ctrl->counts.nr_default, ctrl->counts.nr_read,
				 ctrl->counts.nr_poll);
			queue_work(nvmec_wq, &ctrl->scan_work);
		}
		/* Whoever lets go of it wants what it has in its cache kept. */
		shutdown = ret == -ECANCELED;
		if (ret && ret != -ENOLINK)
			nvmec_ctrl_set_state(ctrl, NVMEC_DEAD);
	}
	if (nvmec_state(ctrl) == NVMEC_DEAD)
		nvmec_ctrl_bury(ctrl, shutdown);
	mutex_unlock(&ctrl->run_lock);
	memalloc_noio_restore(noio);
}

/**
 * nvmec_ctrl_fault - have a controller reset for a fault of its own
 * @ctrl: the controller
 * @fault: what it did, or NVMEC_FAULT_NONE if it did nothing wrong
 *
 * One that was reset too often is given up instead.
 *
 * Context: Any; does not wait.
 * Return: false if it is not live, and nothing was started.
 */
bool nvmec_ctrl_fault(struct nvmec_ctrl *ctrl, enum nvmec_fault fault)
{
	bool first = nvmec_state(ctrl) == NVMEC_NEW;

	if (!nvmec_ctrl_set_state(ctrl, NVMEC_RESETTING))
		return false;
	WRITE_ONCE(ctrl->fault, fault);
	if (!first)
		atomic_inc(&ctrl->nr_resets);
	queue_work(nvmec_reset_wq, &ctrl->reset_work);
	return true;
}

/**
 * nvmec_ctrl_reset - have a controller reset, because somebody wants it
 * @ctrl: the controller
 *
 * Context: Any; does not wait.
 * Return: as nvmec_ctrl_fault().
 */
bool nvmec_ctrl_reset(struct nvmec_ctrl *ctrl)
{
	return nvmec_ctrl_fault(ctrl, NVMEC_FAULT_NONE);
}

/**
 * nvmec_ctrl_kill - give a controller up
 * @ctrl: the controller
 *
 * Every request to it fails, those in flight too, and its disks are dead.
 *
 * Context: Any; does not wait.
 */
void nvmec_ctrl_kill(struct nvmec_ctrl *ctrl)
{
	if (!nvmec_ctrl_set_state(ctrl, NVMEC_DEAD))
		return;
	dev_err(&ctrl->dev, "given up: its disks are dead\n");
	queue_work(nvmec_reset_wq, &ctrl->reset_work);
}
