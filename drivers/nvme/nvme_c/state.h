/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of a controller, and what anybody may ask for.
 */
#ifndef _NVMEC_STATE_H
#define _NVMEC_STATE_H

#include <linux/compiler.h>
#include <linux/types.h>

#include "ctrl.h"
#include "recover.h"

/* How often a user who waits for a controller looks again. */
#define NVMEC_LOOK_MS		5

static inline enum nvmec_state nvmec_state(struct nvmec_ctrl *ctrl)
{
	return READ_ONCE(ctrl->state);
}

bool nvmec_ctrl_set_state(struct nvmec_ctrl *ctrl, enum nvmec_state state);
const char *nvmec_state_name(enum nvmec_state state);
bool nvmec_ctrl_fault(struct nvmec_ctrl *ctrl, enum nvmec_fault fault);
bool nvmec_ctrl_reset(struct nvmec_ctrl *ctrl);
void nvmec_ctrl_kill(struct nvmec_ctrl *ctrl);
int nvmec_ctrl_reset_wait(struct nvmec_ctrl *ctrl);
int nvmec_ctrl_scan_wait(struct nvmec_ctrl *ctrl);
int nvmec_ctrl_rescan_wait(struct nvmec_ctrl *ctrl);

#endif /* _NVMEC_STATE_H */
