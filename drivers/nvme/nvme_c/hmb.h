/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host memory buffer.
 */
#ifndef _NVMEC_HMB_H
#define _NVMEC_HMB_H

#include <linux/types.h>

struct nvmec_ctrl;

int nvmec_hmb_start(struct nvmec_ctrl *ctrl);
void nvmec_hmb_stop(struct nvmec_ctrl *ctrl);
void nvmec_hmb_forget(struct nvmec_ctrl *ctrl);
void nvmec_hmb_free(struct nvmec_ctrl *ctrl);

#endif /* _NVMEC_HMB_H */
