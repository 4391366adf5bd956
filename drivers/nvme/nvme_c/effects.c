// SPDX-License-Identifier: GPL-2.0
/*
 * What commands do: the log page of a controller, and what the specification says.
 */
#include <linux/slab.h>

#include "admin.h"
#include "cmd.h"
#include "ctrl.h"
#include "state.h"
#include "user.h"

/*
 * The log page, read when somebody first asks, and kept. It changes with the firmware,
 * which this does not heed until the controller is bound again. NULL if there is none,
 * or none now.
 */
static const struct nvme_effects_log *nvmec_effects_log(struct nvmec_ctrl *ctrl)
{
	struct nvme_effects_log *log, *other;
	struct nvme_command cmd;

	/* With the cmpxchg() below: what it points to was read before. */
	log = smp_load_acquire(&ctrl->effects);
	if (log || !(ctrl->ident.lpa & NVME_CTRL_LPA_CMD_EFFECTS_LOG) ||
	    nvmec_state(ctrl) != NVMEC_LIVE)
		return log;
	log = kmalloc(sizeof(*log), GFP_KERNEL);
	if (!log)
		return NULL;
	nvmec_cmd_get_log(&cmd, NVME_LOG_CMD_EFFECTS, sizeof(*log));
	if (nvmec_admin(ctrl, &cmd, log, sizeof(*log), NULL)) {
		kfree(log);
		return NULL;
	}
	other = cmpxchg(&ctrl->effects, NULL, log);
	if (!other)
		return log;
	kfree(log);
	return other;
}

/**
 * nvmec_effects_at_hand - would nvmec_effects() ask nobody
 * @ctrl: the controller
 *
 * Context: Any.
 * Return: true if the controller was asked, or has nothing to say.
 */
bool nvmec_effects_at_hand(struct nvmec_ctrl *ctrl)
{
	return READ_ONCE(ctrl->effects) ||
	       !(ctrl->ident.lpa & NVME_CTRL_LPA_CMD_EFFECTS_LOG);
}

/**
 * nvmec_effects - what a command does
 * @ctrl: the controller, which is asked once
 * @admin: it is an admin command
 * @opcode: of it
 *
 * Context: as nvmec_admin().
 * Return: bits NVME_CMD_EFFECTS_*: those that the specification says, and what the
 * controller says.
 */
u32 nvmec_effects(struct nvmec_ctrl *ctrl, bool admin, u8 opcode)
{
	const struct nvme_effects_log *log = nvmec_effects_log(ctrl);
	u32 known = nvmec_known_effects(admin, opcode);

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
