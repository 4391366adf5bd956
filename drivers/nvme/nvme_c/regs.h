/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registers.
 */
#ifndef _NVMEC_REGS_H
#define _NVMEC_REGS_H

#include <linux/bits.h>
#include <linux/nvme.h>
#include <linux/types.h>

struct nvmec_ctrl;

/* Registers that are there whatever the number of doorbells. */
#define NVMEC_MIN_BAR_BYTES	(NVME_REG_DBS + 4 * sizeof(u32))

/* What ends a wait for CSTS early, besides all ones. */
enum {
	NVMEC_HEED_FAILURE	= BIT(0),	/* CSTS.CFS */
	NVMEC_HEED_STATE	= BIT(1),	/* it is not to be brought up any more */
};

int nvmec_regs_map(struct nvmec_ctrl *ctrl, size_t bytes);
bool nvmec_ctrl_gone(struct nvmec_ctrl *ctrl);
bool nvmec_ctrl_failed(struct nvmec_ctrl *ctrl);
bool nvmec_ctrl_fatal(struct nvmec_ctrl *ctrl);
int nvmec_ctrl_subsys_reset(struct nvmec_ctrl *ctrl);
int nvmec_ctrl_disable(struct nvmec_ctrl *ctrl);
int nvmec_clear_enable(struct nvmec_ctrl *ctrl, unsigned int heed);
void nvmec_ack_subsystem_reset(struct nvmec_ctrl *ctrl);
bool nvmec_ctrl_shut_down(struct nvmec_ctrl *ctrl);
int nvmec_ctrl_enable(struct nvmec_ctrl *ctrl);
int nvmec_ctrl_read_caps(struct nvmec_ctrl *ctrl);

#endif /* _NVMEC_REGS_H */
