/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Subsystems.
 */
#ifndef _NVMEC_SUBSYS_H
#define _NVMEC_SUBSYS_H

#include <linux/types.h>

struct device;
struct nvmec_ctrl;
struct nvmec_ident;
struct nvmec_subsys;

/**
 * enum nvmec_policy - which one of several controllers a disk uses
 * @NVMEC_POLICY_NUMA: the nearest of those that work, always the same one
 * @NVMEC_POLICY_ROUND_ROBIN: all that work, in turn
 */
enum nvmec_policy {
	NVMEC_POLICY_NUMA,
	NVMEC_POLICY_ROUND_ROBIN,
};

void nvmec_subsys_nqn(const struct nvmec_ident *ident, char *nqn);
int nvmec_subsys_join(struct nvmec_ctrl *ctrl);
void nvmec_subsys_leave(struct nvmec_ctrl *ctrl);
struct device *nvmec_subsys_hold(struct nvmec_subsys *subsys);
void nvmec_subsys_drop(struct nvmec_subsys *subsys);
const enum nvmec_policy *nvmec_subsys_policy(const struct nvmec_subsys *subsys);
int nvmec_subsys_init(void);
void nvmec_subsys_exit(void);

#endif /* _NVMEC_SUBSYS_H */
