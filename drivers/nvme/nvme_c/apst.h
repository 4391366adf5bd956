/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Autonomous power state transitions.
 */
#ifndef _NVMEC_APST_H
#define _NVMEC_APST_H

#include <linux/types.h>

struct device;
struct nvme_feat_auto_pst;
struct nvmec_ctrl;
struct nvmec_ident;
struct work_struct;

int nvmec_apst_start(struct nvmec_ctrl *ctrl);
void nvmec_apst_limit(struct nvmec_ctrl *ctrl, u32 us);
void nvmec_apst_work(struct work_struct *work);
void nvmec_apst_add(struct nvmec_ctrl *ctrl);
void nvmec_apst_remove(struct nvmec_ctrl *ctrl);

#if IS_ENABLED(CONFIG_KUNIT)
/* What only tests call from outside of its file. */
int nvmec_apst_table(struct device *dev, const struct nvmec_ident *ident, u32 most_us,
		     struct nvme_feat_auto_pst *table);
#endif

#endif /* _NVMEC_APST_H */
