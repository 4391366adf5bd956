// SPDX-License-Identifier: GPL-2.0
/*
 * Autonomous power state transitions: a controller that has nothing to do goes to a state
 * that takes less power, by a table that the driver gives it. NVM Express Base
 * Specification, section on power management, and the feature of that name.
 *
 * The table says of each state to which one the controller goes, after how long. A state
 * that executes no commands must be left first when there is one, which takes time. So
 * each is used only if it is entered and left within a limit: the lower one of the
 * controller's own, and of what others bear (PM QoS, latency tolerance).
 *
 * The controller loses the table when it is reset. Every bring-up gives it one.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/array_size.h>
#include <linux/bitfield.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/nvme.h>
#include <linux/pm_qos.h>
#include <linux/slab.h>
#include <linux/time64.h>

#include "admin.h"
#include "apst.h"
#include "cmd.h"
#include "ctrl.h"
#include "main.h"
#include "prp.h"
#include "quirks.h"
#include "state.h"

/*
 * How much longer the controller has nothing to do before it goes to a state than it takes
 * to go there and back: no load loses more than one part in so many by it.
 */
#define NVMEC_APST_PATIENCE	64
/* More than that to enter or to leave a state is nonsense. */
#define NVMEC_APST_MOST_US	(60 * USEC_PER_SEC)

/* An entry of the table: to which state, and after how many milliseconds */
#define NVMEC_APST_ITPS		GENMASK_ULL(7, 3)
#define NVMEC_APST_ITPT		GENMASK_ULL(31, 8)

static_assert(2ULL * NVMEC_APST_MOST_US * NVMEC_APST_PATIENCE / USEC_PER_MSEC <=
	      NVMEC_APST_ITPT >> 8);

/* --- the table ------------------------------------------------------------ */

static int nvmec_apst_check_state(struct device *dev, unsigned int i,
				  const struct nvmec_power *power)
{
	if (!power->idle)
		return 0;
	if (!i) {
		dev_warn(dev, "PSD0: NOPS: state 0 executes no commands: goes without power states\n");
		return -EINVAL;
	}
	if (power->enter_us > NVMEC_APST_MOST_US || power->leave_us > NVMEC_APST_MOST_US) {
		dev_warn(dev, "PSD%u: ENLAT: %u, EXLAT: %u: more than a minute: goes without power states\n",
			 i, power->enter_us, power->leave_us);
		return -EINVAL;
	}
	return 0;
}

/* Nothing is known of a state that says 0 for both times. */
static bool nvmec_apst_fits(const struct nvmec_power *power, u32 most_us)
{
	u32 us = power->enter_us + power->leave_us;

	return power->idle && us && us <= most_us;
}

static u64 nvmec_apst_entry(unsigned int i, const struct nvmec_power *power)
{
	u64 us = (u64)(power->enter_us + power->leave_us) * NVMEC_APST_PATIENCE;

	return FIELD_PREP(NVMEC_APST_ITPS, i) |
	       FIELD_PREP(NVMEC_APST_ITPT, DIV_ROUND_UP_ULL(us, USEC_PER_MSEC));
}

/**
 * nvmec_apst_table - when to go to which power state
 * @dev: for messages
 * @ident: what the controller says of its states
 * @most_us: a state that takes longer to enter and to leave is not used, in microseconds
 * @table: is written
 *
 * From each state the controller goes to the next one that may be used: it gets to the
 * last one step by step.
 *
 * Context: Any.
 * Return: how many states are used; or -EINVAL if the descriptors make no sense: a line
 * names the field.
 */
VISIBLE_IF_KUNIT int nvmec_apst_table(struct device *dev, const struct nvmec_ident *ident,
				      u32 most_us, struct nvme_feat_auto_pst *table)
{
	unsigned int npss = ident->npss, nr = 0, i;
	u64 next = 0;
	int ret;

	memset(table, 0, sizeof(*table));
	if (npss >= ARRAY_SIZE(ident->power)) {
		dev_warn(dev, "NPSS: %u is not valid, at most %zu: goes without power states\n",
			 npss, ARRAY_SIZE(ident->power) - 1);
		return -EINVAL;
	}
	for (i = npss + 1; i--;) {
		ret = nvmec_apst_check_state(dev, i, &ident->power[i]);
		if (ret)
			return ret;
		table->entries[i] = cpu_to_le64(next);
		if (!nvmec_apst_fits(&ident->power[i], most_us))
			continue;
		next = nvmec_apst_entry(i, &ident->power[i]);
		nr++;
	}
	return nr;
}
EXPORT_SYMBOL_IF_KUNIT(nvmec_apst_table);

/* --- on and off ----------------------------------------------------------- */

static bool nvmec_apst_possible(const struct nvmec_ctrl *ctrl)
{
	return ctrl->ident.apsta && !nvmec_has_quirk(ctrl, NVMEC_QUIRK_NO_APST) &&
	       !READ_ONCE(ctrl->apst_mute);
}

/* Of a latency tolerance, both "auto" and "any" are no limit. */
static u32 nvmec_apst_most_us(const struct nvmec_ctrl *ctrl)
{
	s32 borne = READ_ONCE(ctrl->latency_borne_us);
	u32 most = READ_ONCE(ctrl->apst_most_us);

	return borne < 0 ? most : min_t(u32, most, borne);
}

/* With no state to be used, it is switched off. Returns as nvmec_admin(). */
static int nvmec_apst_send(struct nvmec_ctrl *ctrl, bool user)
{
	/* An IOMMU opens all of a page to the controller. */
	struct nvme_feat_auto_pst *table = kzalloc(NVMEC_PAGE_SIZE, GFP_KERNEL);
	struct nvme_command cmd;
	int ret, nr;

	if (!table)
		return -ENOMEM;
	nr = nvmec_apst_table(&ctrl->dev, &ctrl->ident, nvmec_apst_most_us(ctrl), table);
	ret = nr;
	if (nr < 0)
		goto free;
	nvmec_cmd_set_feature(&cmd, NVME_FEAT_AUTO_PST, nr > 0);
	ret = user ? nvmec_admin_for_user(ctrl, &cmd, table, sizeof(*table), NULL) :
		     nvmec_admin(ctrl, &cmd, table, sizeof(*table), NULL);
	if (ret > 0)
		dev_warn(&ctrl->dev, "power states: not taken: error %#x\n", ret);
	/* After an error it has the table of before. */
	if (!ret)
		WRITE_ONCE(ctrl->apst_on, nr > 0);
free:
	kfree(table);
	return ret;
}

/**
 * nvmec_apst_start - have the controller save power
 * @ctrl: the controller, in bring-up, identified
 *
 * One that cannot do so by itself is no error.
 *
 * Context: as nvmec_admin(), under &nvmec_ctrl.run_lock.
 * Return: 0, or an errno: it goes on without.
 */
int nvmec_apst_start(struct nvmec_ctrl *ctrl)
{
	int ret;

	lockdep_assert_held(&ctrl->run_lock);
	WRITE_ONCE(ctrl->apst_on, false);
	if (!nvmec_apst_possible(ctrl))
		return 0;
	ret = nvmec_apst_send(ctrl, false);
	if (READ_ONCE(ctrl->no_answer))
		WRITE_ONCE(ctrl->apst_mute, true);
	return ret > 0 ? -EIO : ret;
}

/**
 * nvmec_apst_work - give the controller another table
 * @work: &nvmec_ctrl.apst_work
 *
 * A bring-up may have given it the one of before just now, so it is tried again afterwards.
 *
 * Context: Process context, may sleep.
 */
void nvmec_apst_work(struct work_struct *work)
{
	struct nvmec_ctrl *ctrl = container_of(to_delayed_work(work), struct nvmec_ctrl,
					       apst_work);
	enum nvmec_state state = nvmec_state(ctrl);
	int ret = -EAGAIN;

	if (state == NVMEC_DEAD || state == NVMEC_REMOVING)
		return;
	if (state == NVMEC_LIVE) {
		if (!nvmec_apst_possible(ctrl))
			return;
		ret = nvmec_apst_send(ctrl, true);
	}
	/* Each time would cost a reset. */
	if (ret == -ETIMEDOUT)
		WRITE_ONCE(ctrl->apst_mute, true);
	if (ret == -EAGAIN || ret == -ENOMEM)
		queue_delayed_work(nvmec_wq, &ctrl->apst_work, HZ);
}

/**
 * nvmec_apst_limit - say how long a power state may take to enter and to leave
 * @ctrl: the controller
 * @us: microseconds; 0 for none of them
 *
 * It holds soon, and after each reset.
 *
 * Context: Process context.
 */
void nvmec_apst_limit(struct nvmec_ctrl *ctrl, u32 us)
{
	WRITE_ONCE(ctrl->apst_most_us, us);
	mod_delayed_work(nvmec_wq, &ctrl->apst_work, 0);
}

/* --- latency tolerance ---------------------------------------------------- */

/* Under a lock of all devices: nothing here waits for a controller. */
static void nvmec_apst_set_tolerance(struct device *dev, s32 us)
{
	struct nvmec_ctrl *ctrl = container_of(dev, struct nvmec_ctrl, dev);

	WRITE_ONCE(ctrl->latency_borne_us, us);
	mod_delayed_work(nvmec_wq, &ctrl->apst_work, 0);
}

/**
 * nvmec_apst_add - let others say which latency they bear
 * @ctrl: its device was added
 *
 * Context: Process context, may sleep.
 */
void nvmec_apst_add(struct nvmec_ctrl *ctrl)
{
	ctrl->dev.power.set_latency_tolerance = nvmec_apst_set_tolerance;
	/* Without the file, the controller's own limit is left. */
	if (dev_pm_qos_expose_latency_tolerance(&ctrl->dev))
		ctrl->dev.power.set_latency_tolerance = NULL;
}

/**
 * nvmec_apst_remove - undo nvmec_apst_add()
 * @ctrl: its device is there yet
 *
 * Context: Process context, may sleep.
 */
void nvmec_apst_remove(struct nvmec_ctrl *ctrl)
{
	if (!ctrl->dev.power.set_latency_tolerance)
		return;
	dev_pm_qos_hide_latency_tolerance(&ctrl->dev);
	ctrl->dev.power.set_latency_tolerance = NULL;
}
