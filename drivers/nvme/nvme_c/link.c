// SPDX-License-Identifier: GPL-2.0
/*
 * The way to the device: what the bus says about it, and what is done when registers read
 * as all ones.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/iopoll.h>
#include <linux/jiffies.h>
#include <linux/pci.h>
#include <linux/workqueue.h>

#include "ctrl.h"
#include "link.h"
#include "main.h"
#include "regs.h"
#include "state.h"

/*
 * How long the bus may stay frozen. Nobody tells a driver that it could not be
 * recovered; what the kernel tries takes a little more than a minute.
 */
#define NVMEC_FROZEN_MS		90000
/*
 * How long registers may read as all ones before that is taken for the end. The bus
 * cuts a device off as soon as it sees an error, and tells the driver a moment later.
 */
#define NVMEC_LOST_MS		1000

/**
 * nvmec_link_state - what the bus says about the way to the device
 * @ctrl: the controller
 *
 * Context: Any.
 * Return: enum nvmec_link; the registers may know better, and earlier.
 */
enum nvmec_link nvmec_link_state(struct nvmec_ctrl *ctrl)
{
	switch (READ_ONCE(ctrl->pdev->error_state)) {
	case pci_channel_io_frozen:
		return NVMEC_LINK_FROZEN;
	case pci_channel_io_perm_failure:
		return NVMEC_LINK_LOST;
	default:
		return NVMEC_LINK_UP;
	}
}

/**
 * nvmec_link_lost - registers read as all ones, or the bus says that it is no way
 * @ctrl: the controller
 *
 * A device that is gone is given up, now or in a second. One behind a bus that is frozen
 * is left to those who recover it: they tell, or give it up when they do not succeed.
 *
 * Context: Any; does not wait.
 */
void nvmec_link_lost(struct nvmec_ctrl *ctrl)
{
	switch (nvmec_link_state(ctrl)) {
	case NVMEC_LINK_LOST:
		nvmec_ctrl_kill(ctrl);
		break;
	case NVMEC_LINK_UP:
		queue_delayed_work(nvmec_reset_wq, &ctrl->lost_work,
				   msecs_to_jiffies(NVMEC_LOST_MS));
		break;
	case NVMEC_LINK_FROZEN:
		break;
	}
}

/**
 * nvmec_link_frozen - the bus is frozen, and somebody is to recover it
 * @ctrl: the controller, which nobody brings up meanwhile
 *
 * It is given up if that takes too long; whoever brings it up again cancels frozen_work.
 *
 * Context: Any; does not wait.
 */
void nvmec_link_frozen(struct nvmec_ctrl *ctrl)
{
	queue_delayed_work(nvmec_reset_wq, &ctrl->frozen_work,
			   msecs_to_jiffies(NVMEC_FROZEN_MS));
}

/**
 * nvmec_link_await - wait for what becomes of a device that reads as all ones
 * @ctrl: the controller, which is being brought up
 *
 * Context: Process context, may sleep; for a second.
 * Return: 0 if it answers again; -ENOLINK if the bus is frozen: then somebody will have
 * it brought up again, or it is given up; -ENODEV if it is gone.
 */
int nvmec_link_await(struct nvmec_ctrl *ctrl)
{
	enum nvmec_link link;
	bool gone;

	/* A timeout is the answer, too. */
	read_poll_timeout(nvmec_ctrl_gone, gone,
			  !gone || nvmec_link_state(ctrl) != NVMEC_LINK_UP ||
			  nvmec_state(ctrl) != NVMEC_RESETTING,
			  5000, NVMEC_LOST_MS * USEC_PER_MSEC, false, ctrl);
	link = nvmec_link_state(ctrl);
	if (link == NVMEC_LINK_FROZEN) {
		nvmec_link_frozen(ctrl);
		if (nvmec_link_state(ctrl) == NVMEC_LINK_FROZEN)
			return -ENOLINK;
		/* Recovered meanwhile; who said so may have cancelled it before. */
		cancel_delayed_work(&ctrl->frozen_work);
		return 0;
	}
	return gone || link == NVMEC_LINK_LOST ? -ENODEV : 0;
}

void nvmec_frozen_work(struct work_struct *work)
{
	struct nvmec_ctrl *ctrl = container_of(to_delayed_work(work),
					       struct nvmec_ctrl, frozen_work);

	dev_err(&ctrl->dev, "the bus was not recovered in %u s\n",
		NVMEC_FROZEN_MS / 1000);
	nvmec_ctrl_kill(ctrl);
}

/* Gone, unless it answers again, or the bus is at work on it. */
void nvmec_lost_work(struct work_struct *work)
{
	struct nvmec_ctrl *ctrl = container_of(to_delayed_work(work),
					       struct nvmec_ctrl, lost_work);

	if (nvmec_ctrl_gone(ctrl) && nvmec_link_state(ctrl) != NVMEC_LINK_FROZEN)
		nvmec_ctrl_kill(ctrl);
}
