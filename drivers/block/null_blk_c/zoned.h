/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Zoned disks, for those who make and use disks; and what they find in a kernel without
 * zones.
 */
#ifndef _NULL_BLK_C_ZONED_H
#define _NULL_BLK_C_ZONED_H

#include <linux/blkdev.h>
#include <linux/errno.h>
#include <linux/mqblk_compat.h>

#include "null_blk_c.h"

#ifdef CONFIG_BLK_DEV_ZONED
void nbc_zoned_run(struct nbc_disk *ndisk, struct nbc_cmd *cmd);
int nbc_zone_readonly_store(struct nbc_device *dev, const char *text);
int nbc_zone_offline_store(struct nbc_device *dev, const char *text);
int nbc_zoned_configure(const char *name, struct nbc_config *config);
struct nbc_zones *nbc_zoned_alloc(const char *name, const struct nbc_zone_geometry *geometry,
				  int node);
struct nbc_zones *nbc_zoned_clone(const char *name, struct nbc_zones *from, int node);
void nbc_zoned_be_like(struct nbc_config *config, const struct nbc_zone_geometry *geometry);
int nbc_zoned_check_layers(struct nbc_device *dev, const struct nbc_config *config);
void nbc_zoned_pause(struct nbc_device *dev);
void nbc_zoned_resume(struct nbc_device *dev);
int nbc_zoned_power_on(struct nbc_device *dev, const struct nbc_config *config);
void nbc_zoned_cut_power(struct nbc_disk *ndisk);
void nbc_zoned_limits(struct queue_limits *limits,
		      const struct nbc_config *config);
void nbc_zoned_as_null_blk(struct nbc_config *config);
MQBLK_REPORT_ZONES_FN(nbc_report_zones);
void nbc_reports_drain(struct nbc_disk *ndisk);
#else
static inline void nbc_zoned_run(struct nbc_disk *ndisk, struct nbc_cmd *cmd)
{
	cmd->status = BLK_STS_NOTSUPP;
}

static inline int nbc_zone_readonly_store(struct nbc_device *dev,
					  const char *text)
{
	return -EOPNOTSUPP;
}

static inline int nbc_zone_offline_store(struct nbc_device *dev,
					 const char *text)
{
	return -EOPNOTSUPP;
}

static inline int nbc_zoned_configure(const char *name,
				      struct nbc_config *config)
{
	return 0;
}

static inline struct nbc_zones *
nbc_zoned_alloc(const char *name, const struct nbc_zone_geometry *geometry, int node)
{
	return NULL;
}

static inline struct nbc_zones *nbc_zoned_clone(const char *name, struct nbc_zones *from,
						int node)
{
	return NULL;
}

static inline void nbc_zoned_be_like(struct nbc_config *config,
				     const struct nbc_zone_geometry *geometry)
{
}

static inline int nbc_zoned_check_layers(struct nbc_device *dev,
					 const struct nbc_config *config)
{
	return 0;
}

static inline void nbc_zoned_pause(struct nbc_device *dev)
{
}

static inline void nbc_zoned_resume(struct nbc_device *dev)
{
}

static inline int nbc_zoned_power_on(struct nbc_device *dev,
				     const struct nbc_config *config)
{
	return 0;
}

static inline void nbc_zoned_cut_power(struct nbc_disk *ndisk)
{
}

static inline void nbc_zoned_limits(struct queue_limits *limits,
				    const struct nbc_config *config)
{
}

static inline void nbc_zoned_as_null_blk(struct nbc_config *config)
{
}

static inline void nbc_reports_drain(struct nbc_disk *ndisk)
{
}

#define nbc_report_zones NULL
#endif /* CONFIG_BLK_DEV_ZONED */

#endif /* _NULL_BLK_C_ZONED_H */
