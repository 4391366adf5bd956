/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The way to the device.
 */
#ifndef _NVMEC_LINK_H
#define _NVMEC_LINK_H

#include <linux/types.h>

struct nvmec_ctrl;
struct work_struct;

/**
 * enum nvmec_link - what the bus says about the way to a device
 * @NVMEC_LINK_UP: nothing
 * @NVMEC_LINK_FROZEN: an error was seen, and is being recovered
 * @NVMEC_LINK_LOST: there is none any more
 */
enum nvmec_link {
	NVMEC_LINK_UP,
	NVMEC_LINK_FROZEN,
	NVMEC_LINK_LOST,
};

enum nvmec_link nvmec_link_state(struct nvmec_ctrl *ctrl);
void nvmec_link_lost(struct nvmec_ctrl *ctrl);
void nvmec_link_frozen(struct nvmec_ctrl *ctrl);
int nvmec_link_await(struct nvmec_ctrl *ctrl);
void nvmec_frozen_work(struct work_struct *work);
void nvmec_lost_work(struct work_struct *work);

#endif /* _NVMEC_LINK_H */
