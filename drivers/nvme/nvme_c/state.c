// SPDX-License-Identifier: GPL-2.0
/*
 * The state of a controller, and what anybody may ask for.
 *
 * nvmec_ctrl_set_state() alone changes the state. To have a controller reset, given up
 * or scanned is to change its state and to queue a work that belongs to those who do it:
 * reset_work is of ctrl.c, scan_work of ns.c. So everybody may ask, from wherever he is,
 * and nobody here waits for more than the work.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/pci.h>
#include <linux/sched/signal.h>
#include <linux/workqueue.h>

#include "ctrl.h"
#include "main.h"
#include "recover.h"
#include "state.h"
#include "trace.h"

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
	if (allowed) {
		nvmec_trace_state(ctrl, nvmec_state_name(ctrl->state),
				  nvmec_state_name(state));
		WRITE_ONCE(ctrl->state, state);
	}
	spin_unlock_irqrestore(&ctrl->state_lock, flags);
	return allowed;
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

/**
 * nvmec_ctrl_reset_wait - reset a controller and wait for the outcome
 * @ctrl: the controller
 *
 * A bus that is frozen leaves it RESETTING: there is no outcome until the bus is
 * recovered, or link.c has had enough of that.
 *
 * Context: Process context of a user, may sleep; a signal ends the wait.
 * Return: 0, -EBUSY if it is not live, -EINTR, -EIO if it did not come up, or -ENOLINK
 * if the bus is frozen.
 */
int nvmec_ctrl_reset_wait(struct nvmec_ctrl *ctrl)
{
	bool busy;

	if (!nvmec_ctrl_reset(ctrl))
		return -EBUSY;
	/* The controller says how long that takes; one may lose patience. */
	for (;;) {
		busy = work_busy(&ctrl->reset_work);
		if (!busy && nvmec_state(ctrl) != NVMEC_RESETTING)
			break;
		if (!busy && pci_channel_offline(ctrl->pdev))
			return -ENOLINK;
		if (msleep_interruptible(NVMEC_LOOK_MS))
			return -EINTR;
	}
	return nvmec_state(ctrl) == NVMEC_DEAD ? -EIO : 0;
}

/**
 * nvmec_ctrl_scan_wait - have namespaces looked for, and wait for the end of it
 * @ctrl: the controller
 *
 * A scan waits for a user's command that wants to be alone, which may take hours. So who
 * waits for the scan can be killed; it is made all the same.
 *
 * Context: Process context of a user, may sleep.
 * Return: 0, or -EINTR.
 */
int nvmec_ctrl_scan_wait(struct nvmec_ctrl *ctrl)
{
	queue_work(nvmec_wq, &ctrl->scan_work);
	while (work_busy(&ctrl->scan_work)) {
		schedule_timeout_killable(msecs_to_jiffies(NVMEC_LOOK_MS));
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return 0;
}

/**
 * nvmec_ctrl_rescan_wait - nvmec_ctrl_scan_wait(), if that can be of use
 * @ctrl: the controller
 *
 * Context: as nvmec_ctrl_scan_wait().
 * Return: the same, or -EBUSY if it is not live.
 */
int nvmec_ctrl_rescan_wait(struct nvmec_ctrl *ctrl)
{
	if (nvmec_state(ctrl) != NVMEC_LIVE)
		return -EBUSY;
	return nvmec_ctrl_scan_wait(ctrl);
}
