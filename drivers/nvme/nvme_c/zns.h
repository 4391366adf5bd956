/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Zoned namespaces: what they say, checked, and what the block layer is told of it.
 */
#ifndef _NVMEC_ZNS_H
#define _NVMEC_ZNS_H

#include <linux/blkdev.h>
#include <linux/mqblk_compat.h>
#include <linux/nvme.h>
#include <linux/types.h>

struct device;
struct nvmec_ns;
struct nvmec_ns_info;

#ifdef CONFIG_BLK_DEV_ZONED
int nvmec_zns_ident(struct device *dev, u32 nsid, const struct nvme_id_ns_zns *id,
		    u32 append_sects, struct nvmec_ns_info *info);
int nvmec_zns_zone(struct device *dev, u32 nsid, u8 lba_shift, u64 first, u64 blocks,
		   const struct nvme_zone_descriptor *desc, struct blk_zone *zone);
MQBLK_REPORT_ZONES_FN(nvmec_zns_report_zones);
int nvmec_zns_start(struct nvmec_ns *ns);
void nvmec_zns_renew(struct nvmec_ns *ns);
#else
#define nvmec_zns_report_zones	NULL

static inline int nvmec_zns_ident(struct device *dev, u32 nsid,
				  const struct nvme_id_ns_zns *id,
				  u32 append_sects, struct nvmec_ns_info *info)
{
	return -ENODEV;
}

static inline int nvmec_zns_start(struct nvmec_ns *ns)
{
	return 0;
}

static inline void nvmec_zns_renew(struct nvmec_ns *ns)
{
}
#endif

#endif /* _NVMEC_ZNS_H */
