// SPDX-License-Identifier: GPL-2.0
/*
 * What commands do: the log page of a controller, and what the specification says.
 */
#include <linux/array_size.h>
#include <linux/lockdep.h>
#include <linux/slab.h>

#include "admin.h"
#include "cmd.h"
#include "ctrl.h"
#include "user.h"

/* Effects that no command has which only reads. */
#define NVMEC_EFFECTS_NO_READ	(NVME_CMD_EFFECTS_NCC | NVME_CMD_EFFECTS_NIC | \
				 NVME_CMD_EFFECTS_CCC | NVME_CMD_EFFECTS_CSE_MASK)

static bool nvmec_effects_of_read(struct nvmec_ctrl *ctrl, const char *field, u8 opcode,
				  __le32 said)
{
	u32 effects = le32_to_cpu(said);

	if ((effects & (NVME_CMD_EFFECTS_CSUPP | NVMEC_EFFECTS_NO_READ)) ==
	    NVME_CMD_EFFECTS_CSUPP)
		return true;
	dev_warn(&ctrl->dev, "effects log: %s%u: %#x, of a command that is always there and only reads: goes without the log\n",
		 field, opcode, effects);
	return false;
}

/* By commands of which the answer is known. A page that was not written has none. */
static bool nvmec_effects_make_sense(struct nvmec_ctrl *ctrl,
				     const struct nvme_effects_log *log)
{
	static const u8 admin[] = { nvme_admin_get_log_page, nvme_admin_identify };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(admin); i++) {
		if (!nvmec_effects_of_read(ctrl, "ACS", admin[i], log->acs[admin[i]]))
			return false;
	}
	return nvmec_effects_of_read(ctrl, "IOCS", nvme_cmd_read,
				     log->iocs[nvme_cmd_read]);
}

/**
 * nvmec_effects_read - have the controller say what its commands do
 * @ctrl: the controller, in bring-up; one that says nothing is none the worse
 *
 * Once: a log page changes with the firmware, which this does not heed until the
 * controller is bound again. Whoever sends a command later asks nobody: he could wait
 * for as long as the controller likes.
 *
 * Context: as nvmec_admin(), under &nvmec_ctrl.run_lock.
 * Return: 0, or an errno: then the specification alone says what commands do.
 */
int nvmec_effects_read(struct nvmec_ctrl *ctrl)
{
	struct nvme_effects_log *log;
	struct nvme_command cmd;
	int ret;

	lockdep_assert_held(&ctrl->run_lock);
	if (ctrl->effects || !(ctrl->ident.lpa & NVME_CTRL_LPA_CMD_EFFECTS_LOG))
		return 0;
	log = kmalloc(sizeof(*log), GFP_KERNEL);
	if (!log)
		return -ENOMEM;
	nvmec_cmd_get_log(&cmd, NVME_LOG_CMD_EFFECTS, sizeof(*log));
	ret = nvmec_admin(ctrl, &cmd, log, sizeof(*log), NULL);
	if (ret || !nvmec_effects_make_sense(ctrl, log)) {
		kfree(log);
		return ret < 0 ? ret : -EIO;
	}
	/*
	 * With nvmec_effects(): what it points to was read before, see
	 * litmus/effects.litmus.
	 */
	smp_store_release(&ctrl->effects, log);
	return 0;
}

/**
 * nvmec_effects - what a command does
 * @ctrl: the controller, which is not asked
 * @admin: it is an admin command
 * @opcode: of it
 *
 * Context: Any.
 * Return: bits NVME_CMD_EFFECTS_*: those that the specification says, and what the
 * controller says.
 */
u32 nvmec_effects(struct nvmec_ctrl *ctrl, bool admin, u8 opcode)
{
	u32 known = nvmec_known_effects(admin, opcode);
	const struct nvme_effects_log *log;

	/* With nvmec_effects_read(): what the log has is seen with it. */
	log = smp_load_acquire(&ctrl->effects);
	if (!log)
		return known;
	known &= ~NVME_CMD_EFFECTS_CSUPP;
	return known | le32_to_cpu(admin ? log->acs[opcode] : log->iocs[opcode]);
}

/**
 * nvmec_effects_free - forget what the controller said
 * @ctrl: a controller that nobody uses any more
 *
 * Context: Any.
 */
void nvmec_effects_free(struct nvmec_ctrl *ctrl)
{
	kfree(ctrl->effects);
}
