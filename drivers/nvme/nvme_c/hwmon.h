/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Temperatures.
 */
#ifndef _NVMEC_HWMON_H
#define _NVMEC_HWMON_H

#include <linux/kconfig.h>

struct nvmec_ctrl;

#if IS_ENABLED(CONFIG_HWMON)
void nvmec_hwmon_add(struct nvmec_ctrl *ctrl);
void nvmec_hwmon_remove(struct nvmec_ctrl *ctrl);
#else
static inline void nvmec_hwmon_add(struct nvmec_ctrl *ctrl)
{
}

static inline void nvmec_hwmon_remove(struct nvmec_ctrl *ctrl)
{
}
#endif

#endif /* _NVMEC_HWMON_H */
