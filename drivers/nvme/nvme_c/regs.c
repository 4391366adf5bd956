// SPDX-License-Identifier: GPL-2.0
/*
 * Registers: mapping them, and the waits that the specification has for them.
 *
 * Every wait has a limit that the controller named, and ends at once when the registers
 * read as all ones: then there is no device any more. The limit may be hours, so one also
 * ends when somebody wants to let go of the device.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/device.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/pci.h>

#include "ctrl.h"
#include "prp.h"
#include "quirks.h"
#include "regs.h"
#include "state.h"

/* The unit of CAP.TO and CRTO. */
#define NVMEC_READY_UNIT_MS	500

/**
 * nvmec_regs_map - map the registers
 * @ctrl: the controller; no queue is in use
 * @bytes: how many are wanted; fewer are mapped if there are not as many
 *
 * Context: Process context, may sleep.
 * Return: 0; -ENODEV if there are too few for any use, or -ENOMEM, and then what
 * was mapped is still.
 */
int nvmec_regs_map(struct nvmec_ctrl *ctrl, size_t bytes)
{
	resource_size_t room = pci_resource_len(ctrl->pdev, 0);
	void __iomem *bar;

	if (room < NVMEC_MIN_BAR_BYTES) {
		dev_err(&ctrl->dev, "BAR 0: %llu bytes, at least %zu are needed\n",
			(u64)room, (size_t)NVMEC_MIN_BAR_BYTES);
		return -ENODEV;
	}
	bytes = clamp_t(u64, bytes, NVMEC_MIN_BAR_BYTES, room);
	/* The old ones stay until there are new ones: registers are read on. */
	bar = ioremap(pci_resource_start(ctrl->pdev, 0), bytes);
	if (!bar)
		return -ENOMEM;
	if (ctrl->bar)
		iounmap(ctrl->bar);
	ctrl->bar = bar;
	ctrl->bar_bytes = bytes;
	return 0;
}

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

/**
 * nvmec_clear_enable - have the controller forget what it was told
 * @ctrl: the controller
 * @heed: bits NVMEC_HEED_*: what ends the wait early
 *
 * Context: Process context, may sleep, for as long as the controller asks: two
 * minutes at most.
 * Return: 0, and it does not reach memory any more; -ENODEV if it is gone; -ETIMEDOUT;
 * or by what is heeded -EIO or -ECANCELED.
 */
int nvmec_clear_enable(struct nvmec_ctrl *ctrl, unsigned int heed)
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

/**
 * nvmec_ack_subsystem_reset - have CSTS.NSSRO cleared
 * @ctrl: the controller, disabled
 *
 * The bit stays until it is written as 1. As long as it is set, the controller seems to
 * have failed: see nvmec_ctrl_failed(). The other bits of CSTS cannot be written.
 *
 * Context: Any.
 */
void nvmec_ack_subsystem_reset(struct nvmec_ctrl *ctrl)
{
	u32 csts = nvmec_csts(ctrl);

	if (!nvmec_all_ones(csts) && (csts & NVME_CSTS_NSSRO))
		writel(NVME_CSTS_NSSRO, ctrl->bar + NVME_REG_CSTS);
}

/**
 * nvmec_ctrl_shut_down - tell the controller that power may go
 * @ctrl: the controller; nothing is submitted
 *
 * Context: Process context, may sleep, for as long as it says that this may take.
 * Return: true if it is done with that: then CC.EN must stay as it is, for to clear it
 * is what begins a new life, whose end by power loss would count as unsafe.
 */
bool nvmec_ctrl_shut_down(struct nvmec_ctrl *ctrl)
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

/**
 * nvmec_ctrl_enable - have the controller begin
 * @ctrl: the controller, which has the addresses of its admin queue
 *
 * Context: Process context, may sleep, for as long as it says that this may take.
 * Return: 0, -ENODEV if it is gone, -EIO if it failed, -ETIMEDOUT, or -ECANCELED if it
 * is not to be brought up any more.
 */
int nvmec_ctrl_enable(struct nvmec_ctrl *ctrl)
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

/**
 * nvmec_ctrl_read_caps - read what is fixed
 * @ctrl: the controller; what it can do and how long it takes for that is written
 *
 * Context: Any.
 * Return: 0, or -ENODEV if it is gone or this driver cannot work with it.
 */
int nvmec_ctrl_read_caps(struct nvmec_ctrl *ctrl)
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
