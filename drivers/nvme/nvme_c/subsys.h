/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Subsystems.
 */
#ifndef _NVMEC_SUBSYS_H
#define _NVMEC_SUBSYS_H

#include <linux/types.h>

struct nvmec_ctrl;
struct nvmec_ident;

void nvmec_subsys_nqn(const struct nvmec_ident *ident, char *nqn);
int nvmec_subsys_join(struct nvmec_ctrl *ctrl);
void nvmec_subsys_leave(struct nvmec_ctrl *ctrl);
int nvmec_subsys_init(void);
void nvmec_subsys_exit(void);

#endif /* _NVMEC_SUBSYS_H */
