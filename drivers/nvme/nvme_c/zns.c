// SPDX-License-Identifier: GPL-2.0
/*
 * Zoned namespaces: NVM Express Zoned Namespace Command Set Specification.
 *
 * Reads, writes and appends go the way of all I/O, and so does what is done to zones.
 * Here is what else there is: limits, and reports of zones. Nothing of those is believed:
 * a zone that is not where it must be, or whose write pointer leads out of it, fails the
 * report with a line that names the field, and a namespace with such zones gets no disk.
 *
 * A disk learns its zones before it is published, and again in each scan, so after each
 * reset. Then the report is read twice: the block layer drops all that it knows of the
 * zones if a report fails, so one that fails must not reach it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/log2.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "ask.h"
#include "ctrl.h"
#include "ident.h"
#include "ns.h"
#include "state.h"
#include "zns.h"

/* A report of 255 zones, or less if the controller moves less at once. */
#define NVMEC_REPORT_BYTES	SZ_16K

/* --- what a namespace says ------------------------------------------------ */

/* A number that counts from 0, and has all ones for no limit, which is 0 here. */
static u32 nvmec_zns_limit(__le32 number)
{
	return le32_to_cpu(number) + 1;
}

static int nvmec_zns_check(struct device *dev, u32 nsid,
			   const struct nvme_id_ns_zns *id, u64 zsze,
			   const struct nvmec_ns_info *info)
{
	unsigned int shift = info->lba_shift - SECTOR_SHIFT;
	u32 open = nvmec_zns_limit(id->mor), active = nvmec_zns_limit(id->mar);

	if (id->zoc) {
		dev_err(dev, "namespace %u: ZOC: %#x, only zones that keep their capacity can be used\n",
			nsid, le16_to_cpu(id->zoc));
		return -ENODEV;
	}
	if (!is_power_of_2(zsze) || zsze > U32_MAX >> shift) {
		dev_err(dev, "namespace %u: ZSZE: zones of %llu blocks, a power of 2 up to %u can be used\n",
			nsid, zsze, U32_MAX >> shift);
		return -ENODEV;
	}
	if (info->capacity_sects & ((zsze << shift) - 1)) {
		dev_err(dev, "namespace %u: NSZE: %llu blocks are no multiple of ZSZE, %llu\n",
			nsid, (u64)info->capacity_sects >> shift, zsze);
		return -ENODEV;
	}
	if (active && (!open || open > active)) {
		dev_err(dev, "namespace %u: MOR: %u open zones, but MAR: %u active ones\n",
			nsid, open, active);
		return -ENODEV;
	}
	return 0;
}

/**
 * nvmec_zns_ident - check and read what a zoned namespace says of its zones
 * @dev: to be named in the log
 * @nsid: likewise
 * @id: identify data of the namespace for the zoned command set
 * @append_sects: largest append that the controller takes, in units of 512 bytes
 * @info: from nvmec_ident_ns(), completed
 *
 * Discard and write zeroes are left out, as write pointers do not move with them; so are
 * atomic writes, of which zones make no statement.
 *
 * Context: Any.
 * Return: 0; or -ENODEV with a line in the log if the namespace cannot be used.
 */
int nvmec_zns_ident(struct device *dev, u32 nsid, const struct nvme_id_ns_zns *id,
		    u32 append_sects, struct nvmec_ns_info *info)
{
	struct queue_limits *lim = &info->limits;
	u64 zsze = le64_to_cpu(id->lbafe[info->format].zsze);
	int ret;

	ret = nvmec_zns_check(dev, nsid, id, zsze, info);
	if (ret)
		return ret;
	lim->features |= BLK_FEAT_ZONED;
	lim->features &= ~MQBLK_FEAT_ATOMIC_WRITES;
	lim->chunk_sectors = zsze << (info->lba_shift - SECTOR_SHIFT);
	lim->max_open_zones = nvmec_zns_limit(id->mor);
	lim->max_active_zones = nvmec_zns_limit(id->mar);
	/* The block layer makes writes of appends if none of a block can be taken. */
	append_sects = round_down(min(append_sects, lim->chunk_sectors),
				  BIT(info->lba_shift - SECTOR_SHIFT));
	mqblk_limit_zone_append(lim, append_sects);
	lim->max_hw_discard_sectors = 0;
	lim->max_discard_segments = 0;
	lim->max_write_zeroes_sectors = 0;
	lim->atomic_write_hw_max = 0;
	lim->atomic_write_hw_boundary = 0;
	lim->atomic_write_hw_unit_min = 0;
	lim->atomic_write_hw_unit_max = 0;
	return 0;
}

/* --- reports -------------------------------------------------------------- */

static int nvmec_zone_nonsense(struct device *dev, u32 nsid, u64 first,
			       const char *field, u64 value)
{
	dev_err_ratelimited(dev, "namespace %u: zone at block %llu: %s: %#llx makes no sense\n",
			    nsid, first, field, value);
	return -EIO;
}

/* Conditions are numbered alike by the specification and by the block layer. */
static bool nvmec_zone_has_wp(u8 cond)
{
	return cond >= BLK_ZONE_COND_EMPTY && cond <= BLK_ZONE_COND_CLOSED;
}

/**
 * nvmec_zns_zone - check and read what a controller says of a zone
 * @dev: to be named in the log
 * @nsid: likewise
 * @lba_shift: log2 of the logical block size in bytes
 * @first: the zone's first block
 * @blocks: how many it has
 * @desc: the descriptor
 * @zone: written, in units of 512 bytes
 *
 * Context: Any.
 * Return: 0; or -EIO with a line in the log that names the field.
 */
int nvmec_zns_zone(struct device *dev, u32 nsid, u8 lba_shift, u64 first, u64 blocks,
		   const struct nvme_zone_descriptor *desc, struct blk_zone *zone)
{
	u64 zcap = le64_to_cpu(desc->zcap), wp = le64_to_cpu(desc->wp);
	u64 zslba = le64_to_cpu(desc->zslba);
	unsigned int shift = lba_shift - SECTOR_SHIFT;
	u8 cond = desc->zs >> 4;

	if ((desc->zt & 0xf) != NVME_ZONE_TYPE_SEQWRITE_REQ)
		return nvmec_zone_nonsense(dev, nsid, first, "ZT", desc->zt);
	if (zslba != first)
		return nvmec_zone_nonsense(dev, nsid, first, "ZSLBA", zslba);
	if (!zcap || zcap > blocks)
		return nvmec_zone_nonsense(dev, nsid, first, "ZCAP", zcap);
	if (!nvmec_zone_has_wp(cond) && cond < BLK_ZONE_COND_READONLY)
		return nvmec_zone_nonsense(dev, nsid, first, "ZS", desc->zs);
	if (!nvmec_zone_has_wp(cond))
		wp = first + blocks;
	else if (wp < first || wp - first > zcap)
		return nvmec_zone_nonsense(dev, nsid, first, "WP", wp);
	*zone = (struct blk_zone) {
		.start		= first << shift,
		.len		= blocks << shift,
		.wp		= wp << shift,
		.type		= BLK_ZONE_TYPE_SEQWRITE_REQ,
		.cond		= cond,
		.capacity	= zcap << shift,
	};
	return 0;
}

static int nvmec_report_read(struct nvmec_ns *ns, u64 first,
			     struct nvme_zone_report *report, unsigned int bytes)
{
	const struct nvme_command cmd = {
		.zmr = {
			.opcode	= nvme_cmd_zone_mgmt_recv,
			.nsid	= cpu_to_le32(ns->nsid),
			.slba	= cpu_to_le64(first),
			.numd	= cpu_to_le32(bytes / sizeof(u32) - 1),
			.zra	= NVME_ZRA_ZONE_REPORT,
			.zrasf	= NVME_ZRASF_ZONE_REPORT_ALL,
			.pr	= NVME_REPORT_ZONE_PARTIAL,
		},
	};
	int ret;

	ret = nvmec_ask(ns, &cmd, report, bytes);
	/* Zones have no other way, and nobody asks again. */
	return ret == -EHOSTUNREACH || ret == -EBUSY ? -EIO : ret;
}

/*
 * A namespace may have millions of zones, and a controller take its time for each report.
 * A scan ends where somebody wants its lock, or lets go of the controller: but not in the
 * middle of what the block layer asks of a disk that is in use, as it would drop what it
 * knows. A user ends with his process.
 */
static int nvmec_report_may_go_on(const struct nvmec_ns *ns, bool droppable)
{
	struct nvmec_ctrl *ctrl = ns->ctrl;
	enum nvmec_state state = nvmec_state(ctrl);

	if (state == NVMEC_DEAD)
		return -EIO;
	if (fatal_signal_pending(current))
		return -EINTR;
	if (!droppable)
		return 0;
	if (state == NVMEC_REMOVING)
		return -ECANCELED;
	return READ_ONCE(ctrl->scan_unwanted) ? -EAGAIN : 0;
}

/*
 * One command's worth of zones, from number @nr and block @first on, of @max that there
 * are. Returns how many, or an errno. Without @args they are looked at only.
 *
 * It has as many as the buffer has room for: else each report could have one.
 */
static int nvmec_report_some(struct nvmec_ns *ns, u64 first, unsigned int nr,
			     unsigned int max, struct nvme_zone_report *report,
			     unsigned int bytes, struct blk_report_zones_args *args)
{
	u64 blocks = ns->disk->queue->limits.chunk_sectors >>
		     (ns->lba_shift - SECTOR_SHIFT);
	struct device *dev = &ns->ctrl->dev;
	struct blk_zone zone;
	unsigned int i, got;
	u64 said;
	int ret;

	ret = nvmec_report_read(ns, first, report, bytes);
	if (ret)
		return ret;
	got = min_t(size_t, max,
		    (bytes - sizeof(*report)) / sizeof(report->entries[0]));
	said = le64_to_cpu(report->nr_zones);
	if (said < got)
		return nvmec_zone_nonsense(dev, ns->nsid, first, "number of zones", said);
	for (i = 0; i < got; i++, first += blocks) {
		ret = nvmec_zns_zone(dev, ns->nsid, ns->lba_shift, first, blocks,
				     &report->entries[i], &zone);
		if (!ret && args)
			ret = disk_report_zone(ns->disk, &zone, nr + i, args);
		if (ret)
			return ret;
	}
	return got;
}

/* Returns how many zones there were, or an errno. */
static int nvmec_report(struct nvmec_ns *ns, sector_t sector, unsigned int nr_zones,
			struct blk_report_zones_args *args)
{
	unsigned int zone_sects = ns->disk->queue->limits.chunk_sectors;
	unsigned int max_sects = queue_max_hw_sectors(ns->disk->queue);
	unsigned int bytes = min(NVMEC_REPORT_BYTES >> SECTOR_SHIFT, max_sects) <<
			     SECTOR_SHIFT;
	bool droppable = !args || !test_bit(GD_ADDED, &ns->disk->state);
	sector_t end = get_capacity(ns->disk);
	struct nvme_zone_report *report;
	unsigned int nr = 0;
	int ret = 0;

	report = kmalloc(bytes, GFP_KERNEL);
	if (!report)
		return -ENOMEM;
	sector = round_down(sector, zone_sects);
	while (nr < nr_zones && sector < end) {
		ret = nvmec_report_may_go_on(ns, droppable);
		if (ret)
			break;
		ret = nvmec_report_some(ns, sector >> (ns->lba_shift - SECTOR_SHIFT),
					nr, min_t(u64, nr_zones - nr,
						  (end - sector) >> ilog2(zone_sects)),
					report, bytes, args);
		if (ret < 0)
			break;
		nr += ret;
		sector += (sector_t)ret * zone_sects;
	}
	kfree(report);
	return ret < 0 ? ret : nr;
}

/* For ->report_zones. May sleep for as long as a reset takes. */
MQBLK_REPORT_ZONES_FN(nvmec_zns_report_zones)
{
	return nvmec_report(disk->private_data, sector, nr_zones,
			    MQBLK_REPORT_ZONES_ARGS);
}

/* --- life ----------------------------------------------------------------- */

/**
 * nvmec_zns_start - have the block layer know the zones of a new disk
 * @ns: its namespace; the disk is not published
 *
 * Context: Process context, may sleep.
 * Return: 0, also for a disk without zones; or an errno.
 */
int nvmec_zns_start(struct nvmec_ns *ns)
{
	if (!blk_queue_is_zoned(ns->disk->queue))
		return 0;
	return blk_revalidate_disk_zones(ns->disk);
}

/**
 * nvmec_zns_renew - have the block layer know what the zones of a disk are now
 * @ns: its namespace
 *
 * While the disk is held for somebody, nothing can be asked; a scan follows.
 *
 * Context: Process context, under scan_lock, may sleep.
 */
void nvmec_zns_renew(struct nvmec_ns *ns)
{
	int ret;

	if (!blk_queue_is_zoned(ns->disk->queue) || ns->frozen)
		return;
	ret = nvmec_report(ns, 0, UINT_MAX, NULL);
	if (ret >= 0)
		ret = blk_revalidate_disk_zones(ns->disk);
	if (ret < 0 && ret != -EAGAIN && ret != -ECANCELED)
		dev_warn(&ns->ctrl->dev, "namespace %u: its zones are not known anew: error %d\n",
			 ns->nsid, ret);
}
