/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Attributes of controllers and disks.
 */
#ifndef _NVMEC_SYSFS_H
#define _NVMEC_SYSFS_H

#include <linux/sysfs.h>

struct nvmec_ctrl;

extern const struct attribute_group *nvmec_ctrl_groups[];
extern const struct attribute_group nvmec_ns_group;
extern const struct attribute_group *nvmec_ns_groups[];

#endif /* _NVMEC_SYSFS_H */
