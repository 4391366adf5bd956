// SPDX-License-Identifier: GPL-2.0
/*
 * Registers, and what they make the controller do: enable, disable, shut down.
 *
 * A write only notes what is wanted; the thread does it, so that it alone knows when
 * the memory of the driver is used no more: CSTS.RDY becomes zero after that.
 */
#include <linux/bitfield.h>

#include "nvme_model.h"

/* Fields of CC that must not change while it is enabled. */
#define NVMM_CC_FIXED	(NVME_CC_CSS_MASK | NVME_CC_MPS_MASK | NVME_CC_AMS_MASK | \
			 NVME_CC_CRIME)

/* There is a reset of the subsystem. */
#define NVMM_CAP_NSSRS	BIT_ULL(36)

/* What it says of memory of its own is there to be asked for. */
#define NVMM_CAP_CMBS	BIT_ULL(57)

/* --- reading ------------------------------------------------------------------------- */

static u64 nvmm_cap(const struct nvmm_config *config)
{
	u64 cmbs = config->cmbsz && config->version >= NVME_VS(1, 4, 0) ? NVMM_CAP_CMBS : 0;

	return cmbs | (config->depth - 1) | BIT_ULL(16) | (u64)config->timeout << 24 |
	       (u64)config->dstrd << 32 | NVMM_CAP_NSSRS | BIT_ULL(37);
}

/* CMBLOC and CMBSZ. Since version 1.4 they are empty as long as nobody wants to know. */
static u64 nvmm_cmb(struct nvmm_ctrl *ctrl)
{
	if (nvmm_cap(&ctrl->config) & NVMM_CAP_CMBS && !(ctrl->cmbmsc & NVME_CMBMSC_CRE))
		return 0;
	return (u64)ctrl->config.cmbsz << 32 | ctrl->config.cmbloc;
}

/* Eight bytes of registers from @offset on, a multiple of eight. */
static u64 nvmm_reg64(struct nvmm_ctrl *ctrl, unsigned int offset)
{
	switch (offset) {
	case NVME_REG_CAP:
		return nvmm_cap(&ctrl->config);
	case NVME_REG_VS:
		return ctrl->config.version;
	case NVME_REG_CC - 4:
		return (u64)ctrl->cc << 32;
	case NVME_REG_CSTS - 4:
		return (u64)ctrl->csts << 32;
	case NVME_REG_NSSR:
		return (u64)ctrl->aqa << 32;
	case NVME_REG_ASQ:
		return ctrl->asq;
	case NVME_REG_ACQ:
		return ctrl->acq;
	case NVME_REG_CMBLOC:
		return nvmm_cmb(ctrl);
	case NVME_REG_CMBMSC:
		return ctrl->cmbmsc;
	}
	return 0;
}

/**
 * nvmm_reg_read - what the driver reads
 * @ctrl: the controller
 * @offset: of the first byte
 * @size: 4 or 8; others are a breach
 *
 * Context: Any, the driver's.
 * Return: the value.
 */
u64 nvmm_reg_read(struct nvmm_ctrl *ctrl, unsigned int offset, int size)
{
	unsigned long flags;
	u64 value;

	if ((size != 4 && size != 8) || offset % size) {
		nvmm_breach(ctrl, NVMM_ACCESS_SIZE, "read of %d bytes at %#x", size,
			    offset);
		return U64_MAX;
	}
	spin_lock_irqsave(&ctrl->lock, flags);
	value = nvmm_reg64(ctrl, round_down(offset, 8)) >> offset % 8 * 8;
	spin_unlock_irqrestore(&ctrl->lock, flags);
	if (size == 4)
		value = (u32)value;
	if (nvmm_has_rules(ctrl, NVMM_AT_READ))
		value = nvmm_rules_read(ctrl, offset, size, value);
	return value;
}

/* --- writing -------------------------------------------------------------------------- */

static void nvmm_check_cc(struct nvmm_ctrl *ctrl, u32 old, u32 cc)
{
	ktime_t patience = ms_to_ktime(ctrl->config.timeout * 500);

	if (old & cc & NVME_CC_ENABLE && (old ^ cc) & NVMM_CC_FIXED)
		nvmm_breach(ctrl, NVMM_CC_CHANGED, "%#x to %#x", old, cc);
	if (~old & cc & NVME_CC_ENABLE && ctrl->csts & NVME_CSTS_RDY)
		nvmm_breach(ctrl, NVMM_ENABLED_TWICE, "CSTS is %#x", ctrl->csts);
	if (old & ~cc & NVME_CC_ENABLE && !ctrl->spoiled &&
	    !(ctrl->csts & (NVME_CSTS_RDY | NVME_CSTS_CFS)) &&
	    ktime_before(ktime_get(), ktime_add(ctrl->enabled_at, patience)))
		nvmm_breach(ctrl, NVMM_DISABLED_EARLY, "CSTS is %#x", ctrl->csts);
}

static void nvmm_write_cc(struct nvmm_ctrl *ctrl, u32 cc)
{
	u32 old = ctrl->cc;

	lockdep_assert_held(&ctrl->lock);
	nvmm_check_cc(ctrl, old, cc);
	if (old & ~cc & NVME_CC_ENABLE)
		ctrl->must_stop = true;
	if (~old & cc & NVME_CC_ENABLE)
		ctrl->enabled_at = ktime_get();
	if (cc & NVME_CC_SHN_MASK && !(old & NVME_CC_SHN_MASK)) {
		ctrl->shutting = true;
		ctrl->csts |= NVME_CSTS_SHST_OCCUR;
	}
	ctrl->cc = cc;
}

/* The halves of a 64-bit register may be written apart. */
static void nvmm_write_halves(u64 *reg, bool high, int size, u64 value)
{
	if (size == 8)
		*reg = value;
	else if (high)
		*reg = (u32)*reg | value << 32;
	else
		*reg = (*reg & ~(u64)U32_MAX) | (u32)value;
}

static void nvmm_write_address(struct nvmm_ctrl *ctrl, u64 *reg, bool high, int size,
			       u64 value)
{
	if (ctrl->cc & NVME_CC_ENABLE)
		nvmm_breach(ctrl, NVMM_ADMIN_QUEUE_CHANGED, "address, CC is %#x",
			    ctrl->cc);
	nvmm_write_halves(reg, high, size, value);
}

/*
 * The subsystem is reset, which is this controller. CSTS.RDY goes when the thread has
 * stopped, as after CC.EN was cleared. The driver may not know yet: another one may have
 * asked for it.
 */
static void nvmm_subsys_reset(struct nvmm_ctrl *ctrl)
{
	lockdep_assert_held(&ctrl->lock);
	ctrl->cc = 0;
	ctrl->csts = (ctrl->csts & NVME_CSTS_RDY) | NVME_CSTS_NSSRO;
	ctrl->aqa = 0;
	ctrl->asq = 0;
	ctrl->acq = 0;
	ctrl->shutting = false;
	ctrl->must_stop = true;
	ctrl->counts[NVMM_SUBSYS_RESETS]++;
	WRITE_ONCE(ctrl->spoiled, true);
}

static void nvmm_write_locked(struct nvmm_ctrl *ctrl, unsigned int offset, int size,
			      u64 value)
{
	switch (offset) {
	case NVME_REG_CC:
		nvmm_write_cc(ctrl, value);
		break;
	case NVME_REG_CSTS:
		ctrl->csts &= ~(value & NVME_CSTS_NSSRO);
		break;
	case NVME_REG_NSSR:
		if (value == NVME_SUBSYS_RESET)
			nvmm_subsys_reset(ctrl);
		break;
	case NVME_REG_AQA:
		if (ctrl->cc & NVME_CC_ENABLE)
			nvmm_breach(ctrl, NVMM_ADMIN_QUEUE_CHANGED, "size, CC is %#x",
				    ctrl->cc);
		ctrl->aqa = value;
		break;
	case NVME_REG_ASQ:
	case NVME_REG_ASQ + 4:
		nvmm_write_address(ctrl, &ctrl->asq, offset & 4, size, value);
		break;
	case NVME_REG_ACQ:
	case NVME_REG_ACQ + 4:
		nvmm_write_address(ctrl, &ctrl->acq, offset & 4, size, value);
		break;
	case NVME_REG_CMBMSC:
	case NVME_REG_CMBMSC + 4:
		nvmm_write_halves(&ctrl->cmbmsc, offset & 4, size, value);
		break;
	}
}

static bool nvmm_size_fits(unsigned int offset, int size)
{
	if (size == 8)
		return offset == NVME_REG_ASQ || offset == NVME_REG_ACQ ||
		       offset == NVME_REG_CMBMSC;
	return size == 4 && !(offset % 4);
}

/**
 * nvmm_reg_write - what the driver writes, to a register or a doorbell
 * @ctrl: the controller
 * @offset: of the first byte
 * @size: how many; anything but the register's is a breach
 * @value: the value
 *
 * Context: Any, the driver's.
 */
void nvmm_reg_write(struct nvmm_ctrl *ctrl, unsigned int offset, int size, u64 value)
{
	unsigned int stride = 4 << ctrl->config.dstrd;
	unsigned long flags;

	if (!nvmm_size_fits(offset, size)) {
		nvmm_breach(ctrl, NVMM_ACCESS_SIZE, "write of %d bytes at %#x", size,
			    offset);
		return;
	}
	if (offset < NVME_REG_DBS) {
		spin_lock_irqsave(&ctrl->lock, flags);
		nvmm_write_locked(ctrl, offset, size, value);
		spin_unlock_irqrestore(&ctrl->lock, flags);
		nvmm_kick(ctrl);
	} else if ((offset - NVME_REG_DBS) % stride) {
		nvmm_breach(ctrl, NVMM_BAD_DOORBELL, "write between doorbells, at %#x",
			    offset);
	} else {
		nvmm_doorbell(ctrl, (offset - NVME_REG_DBS) / stride, value);
	}
}

/**
 * nvmm_regs_reset - a reset of the function: as after power on
 * @ctrl: the controller
 *
 * Context: Any.
 */
void nvmm_regs_reset(struct nvmm_ctrl *ctrl)
{
	unsigned long flags;

	spin_lock_irqsave(&ctrl->lock, flags);
	ctrl->cc = 0;
	ctrl->csts = 0;
	ctrl->aqa = 0;
	ctrl->asq = 0;
	ctrl->acq = 0;
	ctrl->cmbmsc = 0;
	ctrl->must_stop = true;
	spin_unlock_irqrestore(&ctrl->lock, flags);
	memset(ctrl->msix, 0, sizeof(ctrl->msix));
	nvmm_kick(ctrl);
}

/** nvmm_set_csts - change bits of CSTS; context: any */
void nvmm_set_csts(struct nvmm_ctrl *ctrl, u32 clear, u32 set)
{
	unsigned long flags;

	spin_lock_irqsave(&ctrl->lock, flags);
	ctrl->csts = (ctrl->csts & ~clear) | set;
	spin_unlock_irqrestore(&ctrl->lock, flags);
}

/* --- the thread's part ------------------------------------------------------------------ */

/* From here on no command is executed and no memory used. */
static void nvmm_stop(struct nvmm_ctrl *ctrl)
{
	struct nvmm_effect fx = {};
	u32 clear = NVME_CSTS_CFS | NVME_CSTS_SHST_MASK;

	nvmm_forget_all(ctrl);
	nvmm_queues_free(ctrl);
	nvmm_hmb_forget(ctrl);
	nvmm_apst_forget(ctrl);
	if (nvmm_has_rules(ctrl, NVMM_AT_DISABLE) &&
	    nvmm_rules_match(ctrl, NVMM_AT_DISABLE, 0, NULL, &fx))
		nvmm_apply(ctrl, &fx);
	if (!(fx.actions & BIT(NVMM_STUCK)))
		clear |= NVME_CSTS_RDY;
	ctrl->enabled = false;
	ctrl->ready_at = 0;
	ctrl->shutdown_at = 0;
	spin_lock_irq(&ctrl->lock);
	ctrl->must_stop = false;
	ctrl->csts &= ~clear;
	spin_unlock_irq(&ctrl->lock);
}

/* The sizes in AQA are less one; a queue has two entries at least, in whole pages. */
static bool nvmm_make_admin_queue(struct nvmm_ctrl *ctrl)
{
	u32 sq_size = FIELD_GET(GENMASK(11, 0), ctrl->aqa) + 1;
	u32 cq_size = FIELD_GET(GENMASK(27, 16), ctrl->aqa) + 1;

	if (sq_size < 2 || cq_size < 2 || ctrl->asq % NVMM_PAGE ||
	    ctrl->acq % NVMM_PAGE || !ctrl->asq || !ctrl->acq) {
		nvmm_breach(ctrl, NVMM_ADMIN_QUEUE, "AQA %#x ASQ %#llx ACQ %#llx",
			    ctrl->aqa, ctrl->asq, ctrl->acq);
		return false;
	}
	if (!nvmm_memory(ctrl, ctrl->asq, sq_size * sizeof(struct nvme_command)) ||
	    !nvmm_memory(ctrl, ctrl->acq, cq_size * sizeof(struct nvme_completion)))
		return false;
	nvmm_cq_create(ctrl, 0, ctrl->acq, cq_size, true, 0);
	return !nvmm_sq_create(ctrl, 0, ctrl->asq, sq_size, 0);
}

static void nvmm_start(struct nvmm_ctrl *ctrl)
{
	u64 ready_us = ctrl->config.ready_ms * USEC_PER_MSEC;
	struct nvmm_effect fx = {};

	ctrl->enabled = true;
	ctrl->unsafe = true;
	ctrl->spoiled = false;
	ctrl->counts[NVMM_ENABLES]++;
	ctrl->event_config = 0;
	ctrl->host_behavior = 0;
	ctrl->formats_extended = false;
	nvmm_reset_thresholds(ctrl);
	ctrl->wce = ctrl->config.vwc;
	ctrl->masked = 0;
	ctrl->nr_events = 0;
	nvmm_set_csts(ctrl, NVME_CSTS_SHST_MASK, 0);
	if (!nvmm_make_admin_queue(ctrl)) {
		nvmm_set_csts(ctrl, 0, NVME_CSTS_CFS);
		return;
	}
	if (nvmm_has_rules(ctrl, NVMM_AT_ENABLE) &&
	    nvmm_rules_match(ctrl, NVMM_AT_ENABLE, 0, NULL, &fx))
		nvmm_apply(ctrl, &fx);
	if (fx.actions & BIT(NVMM_UNREADY))
		return;
	if (fx.actions & BIT(NVMM_READY))
		ready_us = fx.delay_us;
	ctrl->ready_at = ktime_add_us(ktime_get(), ready_us);
}

static void nvmm_begin_shutdown(struct nvmm_ctrl *ctrl)
{
	struct nvmm_effect fx = {};

	WRITE_ONCE(ctrl->shutting, false);
	if (nvmm_has_rules(ctrl, NVMM_AT_SHUTDOWN) &&
	    nvmm_rules_match(ctrl, NVMM_AT_SHUTDOWN, 0, NULL, &fx))
		nvmm_apply(ctrl, &fx);
	if (!(fx.actions & BIT(NVMM_NOSHUTDOWN)))
		ctrl->shutdown_at = ktime_add_ms(ktime_get(), ctrl->config.shutdown_ms);
}

static bool nvmm_is_due(ktime_t *when)
{
	if (!*when || ktime_before(ktime_get(), *when))
		return false;
	*when = 0;
	return true;
}

/**
 * nvmm_regs_step - do what the registers want
 * @ctrl: the controller, neither gone nor frozen
 *
 * Context: the thread of the controller.
 */
void nvmm_regs_step(struct nvmm_ctrl *ctrl)
{
	if (unlikely(READ_ONCE(ctrl->must_stop)))
		nvmm_stop(ctrl);
	if (unlikely(!ctrl->enabled && READ_ONCE(ctrl->cc) & NVME_CC_ENABLE))
		nvmm_start(ctrl);
	if (unlikely(ctrl->ready_at) && nvmm_is_due(&ctrl->ready_at))
		nvmm_set_csts(ctrl, 0, NVME_CSTS_RDY);
	if (unlikely(READ_ONCE(ctrl->shutting)))
		nvmm_begin_shutdown(ctrl);
	if (unlikely(ctrl->shutdown_at) && nvmm_is_due(&ctrl->shutdown_at)) {
		nvmm_flush_all(ctrl);
		ctrl->unsafe = false;
		ctrl->counts[NVMM_SHUTDOWNS]++;
		nvmm_set_csts(ctrl, NVME_CSTS_SHST_MASK, NVME_CSTS_SHST_CMPLT);
	}
}
