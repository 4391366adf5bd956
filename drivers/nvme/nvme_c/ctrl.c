// SPDX-License-Identifier: GPL-2.0
/*
 * Controllers: bringing one up, down and back.
 *
 * nvmec_ctrl_start() and nvmec_ctrl_stop() are the only ways up and down, under
 * run_lock; reset, removal, suspend, power-off and PCI error recovery are made
 * of them. It is at the top, and calls what a controller has; who is below asks for a
 * reset through state.c, and reset_work is here.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/blk-mq.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/sched/mm.h>

#include "admin.h"
#include "ana.h"
#include "apst.h"
#include "cmb.h"
#include "complete.h"
#include "counts.h"
#include "ctrl.h"
#include "disks.h"
#include "hmb.h"
#include "io.h"
#include "link.h"
#include "main.h"
#include "queue.h"
#include "recover.h"
#include "regs.h"
#include "rq.h"
#include "state.h"
#include "subsys.h"
#include "user.h"

/* Bring-ups that may fail before a controller is given up. */
#define NVMEC_MAX_ATTEMPTS	2

/* --- queues --------------------------------------------------------------- */

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
 * deleted, it has to do without that; and so if all of them take longer than one command
 * may. A command that has no answer is cancelled by nvmec_timeout(), as in bring-up, and
 * the controller is disabled then. Nor shall it have memory of the host's.
 */
static void nvmec_delete_io_queues(struct nvmec_ctrl *ctrl)
{
	unsigned long end = jiffies + msecs_to_jiffies(READ_ONCE(ctrl->admin_timeout_ms));
	unsigned int i;
	int ret = 0;

	if (nvmec_ctrl_failed(ctrl) || ctrl->admin_quiesced)
		return;
	/* What was done before is seen with it, as in bring-up; see nvmec_timeout(). */
	smp_store_release(&ctrl->starting, true);
	for (i = ctrl->nr_queues - 1; i && !ret; i--) {
		if (!ctrl->queues[i].created)
			continue;
		ret = time_after(jiffies, end) ? -ETIME :
			nvmec_admin_delete_queue(&ctrl->queues[i]);
	}
	/* Afterwards: what it still does for the queues may need it. */
	if (!ret)
		nvmec_hmb_stop(ctrl);
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
 * that were are completed, or wait to be sent again, or go another way if there may be
 * one, or fail if it is dead.
 * Does nothing the second time.
 *
 * Context: Process context, under run_lock.
 */
void nvmec_ctrl_stop(struct nvmec_ctrl *ctrl, bool shutdown)
{
	unsigned int i;
	bool stuck;

	lockdep_assert_held(&ctrl->run_lock);
	nvmec_disks_quiesce(ctrl);
	if (ctrl->running && shutdown)
		nvmec_delete_io_queues(ctrl);
	nvmec_quiesce_admin(ctrl);
	/* Whoever polls may find completions later than that, and must not say so. */
	for (i = 0; i < ctrl->nr_queues; i++)
		nvmec_queue_set_live(&ctrl->queues[i], false);
	if (ctrl->running)
		nvmec_ctrl_halt(ctrl, shutdown);
	ctrl->running = false;
	for (i = 0; i < ctrl->nr_queues; i++)
		nvmec_queue_stop(&ctrl->queues[i]);
	ctrl->event_armed = false;
	WRITE_ONCE(ctrl->hmb_on, false);
	/* After the last look: a request had its time since the last start. */
	stuck = (ctrl->fault == NVMEC_FAULT_IO || ctrl->fault == NVMEC_FAULT_FATAL) &&
		nvmec_ctrl_silent(ctrl);
	WRITE_ONCE(ctrl->stuck, stuck);
	nvmec_cancel_all(ctrl);
	nvmec_disks_divert(ctrl);
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

	/* A queue is live before the controller knows of it. */
	nvmec_disks_quiesce(ctrl);
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

static int nvmec_map_doorbells(struct nvmec_ctrl *ctrl, unsigned int queues)
{
	size_t stride = sizeof(u32) << NVME_CAP_STRIDE(ctrl->cap);

	return nvmec_regs_map(ctrl, NVME_REG_DBS + 2 * (queues + 1) * stride);
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

		ret = nvmec_queue_alloc(ctrl, queue, i, depth,
					nvmec_queue_more);
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
	vectors = nvmec_alloc_vectors(ctrl);
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
		.timeout_ms	= READ_ONCE(ctrl->io_timeout_ms),
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
	{ "controller memory buffer", nvmec_cmb_start, .optional = true },
	{ "enable", nvmec_start_admin },
	{ "identify controller", nvmec_admin_identify },
	{ "identify command set", nvmec_admin_identify_nvm, .optional = true },
	{ "extended formats", nvmec_admin_extend_formats, .optional = true },
	{ "subsystem", nvmec_subsys_join, .optional = true },
	{ "number of queues", nvmec_start_count },
	{ "shadow doorbells", nvmec_admin_shadows_start, .optional = true },
	{ "host memory buffer", nvmec_hmb_start, .optional = true },
	{ "power states", nvmec_apst_start, .optional = true },
	{ "I/O queues", nvmec_start_io },
	{ "tags", nvmec_make_io_set },
	{ "effects log", nvmec_effects_read, .optional = true },
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
		nvmec_disks_unquiesce(ctrl);
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
	nvmec_disks_unquiesce(ctrl);
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
	nvmec_disks_mark_dead(ctrl);
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
			ret = nvmec_link_await(ctrl) ?: -EIO;
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
static u64 nvmec_calm_ms(struct nvmec_ctrl *ctrl)
{
	return 10ULL * max(READ_ONCE(ctrl->io_timeout_ms),
			   READ_ONCE(ctrl->admin_timeout_ms));
}

/* Down, and if it may still cost a reset, up. */
static int nvmec_ctrl_recover(struct nvmec_ctrl *ctrl)
{
	enum nvmec_fault fault = READ_ONCE(ctrl->fault);
	int ret;

	if (ctrl->admin_q)
		nvmec_ctrl_stop(ctrl, false);
	if (!nvmec_budget_spend(&ctrl->budget, fault, nvmec_io_progress(ctrl),
				ktime_to_ms(ktime_get()), nvmec_calm_ms(ctrl))) {
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
		if (!ret)
			nvmec_ana_renew(ctrl);
		if (!ret && nvmec_ctrl_set_state(ctrl, NVMEC_LIVE)) {
			dev_info(&ctrl->dev,
				 "live: %u queues, %u for reads and %u for polling beside\n",
				 ctrl->counts.nr_default, ctrl->counts.nr_read,
				 ctrl->counts.nr_poll);
			queue_work(nvmec_wq, &ctrl->scan_work);
			/* A scan may have to wait for I/O that waits for what this says. */
			nvmec_ana_ask(ctrl);
		}
		/* Whoever lets go of it wants what it has in its cache kept. */
		shutdown = ret == -ECANCELED;
		if (ret && ret != -ENOLINK)
			nvmec_ctrl_set_state(ctrl, NVMEC_DEAD);
	}
	if (nvmec_state(ctrl) == NVMEC_DEAD)
		nvmec_ctrl_bury(ctrl, shutdown);
	nvmec_disks_kick(ctrl);
	mutex_unlock(&ctrl->run_lock);
	memalloc_noio_restore(noio);
}
