/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asymmetric namespace access: which of several controllers a namespace is to be used by.
 */
#ifndef _NVMEC_ANA_H
#define _NVMEC_ANA_H

#include <linux/types.h>

struct nvmec_ana;
struct nvmec_ctrl;
struct nvmec_ns;
struct work_struct;

const char *nvmec_ana_name(u8 state);
bool nvmec_ana_accessible(u8 state);
void nvmec_ana_renew(struct nvmec_ctrl *ctrl);
void nvmec_ana_ask(struct nvmec_ctrl *ctrl);
void nvmec_ana_read(struct nvmec_ctrl *ctrl);
void nvmec_ana_meet(struct nvmec_ns *ns);
void nvmec_ana_free(struct nvmec_ana *ana);
void nvmec_ana_work(struct work_struct *work);

#endif /* _NVMEC_ANA_H */
