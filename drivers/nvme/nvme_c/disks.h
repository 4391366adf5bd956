/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All disks of a controller at once.
 */
#ifndef _NVMEC_DISKS_H
#define _NVMEC_DISKS_H

#include <linux/types.h>

struct nvmec_ctrl;
struct nvmec_ns;

void nvmec_disks_quiesce(struct nvmec_ctrl *ctrl);
void nvmec_disks_divert(struct nvmec_ctrl *ctrl);
void nvmec_disks_unquiesce(struct nvmec_ctrl *ctrl);
bool nvmec_disks_freeze(struct nvmec_ctrl *ctrl, unsigned long left);
void nvmec_disks_thaw(struct nvmec_ctrl *ctrl);
void nvmec_disk_thaw(struct nvmec_ns *ns);
void nvmec_disks_mark_dead(struct nvmec_ctrl *ctrl);
void nvmec_disks_kick(struct nvmec_ctrl *ctrl);
bool nvmec_disks_shared(struct nvmec_ctrl *ctrl);
void nvmec_disks_set_timeout(struct nvmec_ctrl *ctrl, unsigned int ms);

#endif /* _NVMEC_DISKS_H */
