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

/**
 * struct nvmec_zones - how the blocks of a namespace are divided
 * @zone_sects: size of a zone; 0 without zones
 * @sects: size of all of them
 * @cap_sects: what can be written in all of them together; 0 if that is not known yet
 */
struct nvmec_zones {
	u32			zone_sects;
	u64			sects;
	u64			cap_sects;
};

/**
 * struct nvmec_report - a report of zones, which takes a command for some of them each
 * @disk: whose zones they are: a namespace's, or that of several ways to it
 * @args: who is told, or NULL
 * @sector: the next zone
 * @end: where the last one that is wanted ends
 * @nr: how many zones there were
 * @cap_sects: what can be written in these
 * @page: memory for the data of a command
 */
struct nvmec_report {
	struct gendisk			*disk;
	struct blk_report_zones_args	*args;
	sector_t			sector;
	sector_t			end;
	unsigned int			nr;
	u64				cap_sects;
	void				*page;
};

#ifdef CONFIG_BLK_DEV_ZONED
int nvmec_zns_ident(struct device *dev, u32 nsid, const struct nvme_id_ns_zns *id,
		    u32 append_sects, struct nvmec_ns_info *info);
int nvmec_zns_zone(struct device *dev, u32 nsid, u8 lba_shift, u64 first, u64 blocks,
		   const struct nvme_zone_descriptor *desc, struct blk_zone *zone);
MQBLK_REPORT_ZONES_FN(nvmec_zns_report_zones);
int nvmec_report_begin(struct nvmec_report *report, struct gendisk *disk,
		       sector_t sector, unsigned int nr_zones,
		       struct blk_report_zones_args *args);
int nvmec_report_some(struct nvmec_ns *ns, struct nvmec_report *report);
void nvmec_report_end(struct nvmec_report *report);
bool nvmec_zns_other_may(const struct nvmec_ns *ns, int error);
bool nvmec_zns_fits(struct device *dev, u32 nsid, const struct nvmec_zones *have,
		    const struct nvmec_zones *found);
int nvmec_zns_measure(struct nvmec_ns *ns);
int nvmec_zns_wp(struct nvmec_ns *ns, sector_t sector, sector_t *wp, bool *full);
void nvmec_zns_manage(struct nvmec_ns *ns, struct bio *bio);
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

static inline bool nvmec_zns_other_may(const struct nvmec_ns *ns, int error)
{
	return false;
}

static inline bool nvmec_zns_fits(struct device *dev, u32 nsid,
				  const struct nvmec_zones *have,
				  const struct nvmec_zones *found)
{
	return true;
}

static inline int nvmec_zns_measure(struct nvmec_ns *ns)
{
	return 0;
}

static inline int nvmec_zns_wp(struct nvmec_ns *ns, sector_t sector, sector_t *wp,
			       bool *full)
{
	return -EOPNOTSUPP;
}

static inline void nvmec_zns_manage(struct nvmec_ns *ns, struct bio *bio)
{
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
