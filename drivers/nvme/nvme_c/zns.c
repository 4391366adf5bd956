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

#include <linux/blk-mq.h>
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "ask.h"
#include "cmd.h"
#include "complete.h"
#include "ctrl.h"
#include "ident.h"
#include "ns.h"
#include "rq.h"
#include "state.h"
#include "zns.h"

/* A report of 255 zones, or less if the controller moves less at once. */
#define NVMEC_REPORT_BYTES	SZ_16K
/* So often a command of a report may have no answer in time, if nobody else can be asked. */
#define NVMEC_REPORT_TRIES	3
/* Zone attributes: finished by the controller */
#define NVMEC_ZA_ZFC		BIT(0)

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
	/* Several controllers' limits made one have no zones if those are no multiple of it. */
	lim->physical_block_size = min_t(u64, lim->physical_block_size,
					 zsze << info->lba_shift);
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

	return nvmec_ask(ns, &cmd, report, bytes);
}

/**
 * nvmec_zns_other_may - may another controller tell what this one did not
 * @ns: of the one that was asked
 * @error: from nvmec_report_some() or nvmec_zns_wp()
 *
 * Context: Any.
 * Return: true if so; false if the answer was nonsense, or it refused for good.
 */
bool nvmec_zns_other_may(const struct nvmec_ns *ns, int error)
{
	switch (error) {
	case -ETIMEDOUT:
	case -EINTR:
	case -EHOSTUNREACH:
	case -EBUSY:
	case -ENODEV:
		return true;
	}
	return nvmec_state(ns->ctrl) == NVMEC_DEAD || test_bit(GD_DEAD, &ns->disk->state);
}

/**
 * nvmec_report_begin - begin a report of zones
 * @report: filled in
 * @disk: whose zones
 * @sector: in the first one
 * @nr_zones: how many at most
 * @args: who is told of them, or NULL
 *
 * Context: Process context, may sleep. nvmec_report_end() is due if that succeeded.
 * Return: 0 or -ENOMEM.
 */
int nvmec_report_begin(struct nvmec_report *report, struct gendisk *disk,
		       sector_t sector, unsigned int nr_zones,
		       struct blk_report_zones_args *args)
{
	unsigned int zone_sects = disk->queue->limits.chunk_sectors;

	*report = (struct nvmec_report) {
		.disk	= disk,
		.args	= args,
		.sector	= round_down(sector, zone_sects),
		.page	= kmalloc(NVMEC_REPORT_BYTES, GFP_KERNEL),
	};
	report->end = min_t(u64, get_capacity(disk),
			    report->sector + (u64)nr_zones * zone_sects);
	return report->page ? 0 : -ENOMEM;
}

/**
 * nvmec_report_end - undo nvmec_report_begin()
 * @report: the report
 *
 * Context: Process context.
 */
void nvmec_report_end(struct nvmec_report *report)
{
	kfree(report->page);
}

/**
 * nvmec_report_some - report some more zones, by one command
 * @ns: by which namespace
 * @report: not at its end; what was told of already is not told again
 *
 * The command asks for as many zones as there is room for: else each could have one.
 *
 * Context: Process context, may sleep for as long as a reset takes.
 * Return: 0; an errno of who is told; or of nvmec_ask(), also -EIO with a line for a
 * report that makes no sense.
 */
int nvmec_report_some(struct nvmec_ns *ns, struct nvmec_report *report)
{
	unsigned int max_sects = queue_max_hw_sectors(ns->disk->queue);
	unsigned int zone_sects = report->disk->queue->limits.chunk_sectors;
	unsigned int shift = ns->lba_shift - SECTOR_SHIFT, got, i;
	unsigned int bytes = min(NVMEC_REPORT_BYTES >> SECTOR_SHIFT, max_sects) <<
			     SECTOR_SHIFT;
	const struct nvme_zone_report *page = report->page;
	u64 first = report->sector >> shift, said;
	struct device *dev = &ns->ctrl->dev;
	struct blk_zone zone;
	int ret;

	ret = nvmec_report_read(ns, first, report->page, bytes);
	if (ret)
		return ret;
	got = min_t(u64, (report->end - report->sector) >> ilog2(zone_sects),
		    (bytes - sizeof(*page)) / sizeof(page->entries[0]));
	said = le64_to_cpu(page->nr_zones);
	if (said < got)
		return nvmec_zone_nonsense(dev, ns->nsid, first, "number of zones", said);
	for (i = 0; i < got; i++) {
		ret = nvmec_zns_zone(dev, ns->nsid, ns->lba_shift, report->sector >> shift,
				     zone_sects >> shift, &page->entries[i], &zone);
		if (!ret && report->args)
			ret = disk_report_zone(report->disk, &zone, report->nr, report->args);
		if (ret)
			return ret;
		report->nr++;
		report->sector += zone_sects;
		report->cap_sects += zone.capacity;
	}
	return 0;
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

/* By one namespace alone; how many zones there were, or an errno. */
static int nvmec_report(struct nvmec_ns *ns, struct nvmec_report *report)
{
	bool droppable = !report->args || !test_bit(GD_ADDED, &ns->disk->state);
	unsigned int tries = NVMEC_REPORT_TRIES;
	int ret = 0;

	while (!ret && report->sector < report->end) {
		ret = nvmec_report_may_go_on(ns, droppable);
		if (!ret)
			ret = nvmec_report_some(ns, report);
		/* What hung by then may work after the reset. */
		if (ret == -ETIMEDOUT && --tries)
			ret = 0;
	}
	return ret ?: report->nr;
}

/* For ->report_zones. May sleep for as long as a reset takes. */
MQBLK_REPORT_ZONES_FN(nvmec_zns_report_zones)
{
	struct nvmec_report report;
	int ret;

	ret = nvmec_report_begin(&report, disk, sector, nr_zones, MQBLK_REPORT_ZONES_ARGS);
	if (ret)
		return ret;
	ret = nvmec_report(disk->private_data, &report);
	nvmec_report_end(&report);
	/* Nobody else can be asked, and nobody asks again. */
	return ret == -EHOSTUNREACH || ret == -EBUSY ? -EIO : ret;
}

/* --- ways ----------------------------------------------------------------- */

static bool nvmec_zns_differs(struct device *dev, u32 nsid, const char *field, u64 found,
			      u64 have)
{
	dev_err(dev, "namespace %u: %s: %llu sectors, by other controllers %llu: refused\n",
		nsid, field, found, have);
	return false;
}

/**
 * nvmec_zns_fits - are the zones by one controller those that others tell of
 * @dev: to be named in the log
 * @nsid: likewise
 * @have: what is known
 * @found: by this one, which may not have told yet how much can be written
 *
 * Context: Any.
 * Return: true; or false with a line in the log that names the field.
 */
bool nvmec_zns_fits(struct device *dev, u32 nsid, const struct nvmec_zones *have,
		    const struct nvmec_zones *found)
{
	if (found->zone_sects != have->zone_sects)
		return nvmec_zns_differs(dev, nsid, "ZSZE", found->zone_sects,
					 have->zone_sects);
	if (found->sects != have->sects)
		return nvmec_zns_differs(dev, nsid, "NSZE", found->sects, have->sects);
	if (found->cap_sects && found->cap_sects != have->cap_sects)
		return nvmec_zns_differs(dev, nsid, "ZCAP of all zones", found->cap_sects,
					 have->cap_sects);
	return true;
}

/**
 * nvmec_zns_measure - look at all zones, and find out how the blocks are divided
 * @ns: the namespace, which is zoned; &nvmec_ns.zones is written, but for what a report alone
 *	tells if there was an error
 *
 * Context: Process context, under scan_lock, may sleep.
 * Return: 0; -EHOSTUNREACH if the controller cannot tell as it has no access; -EBUSY if it
 * may tell the next time; or another errno, with a line in the log if what was said makes no
 * sense.
 */
int nvmec_zns_measure(struct nvmec_ns *ns)
{
	struct nvmec_report report;
	int ret;

	ns->zones.zone_sects = ns->disk->queue->limits.chunk_sectors;
	ns->zones.sects = get_capacity(ns->disk);
	ret = nvmec_report_begin(&report, ns->disk, 0, UINT_MAX, NULL);
	if (ret)
		return ret;
	ret = nvmec_report(ns, &report);
	nvmec_report_end(&report);
	if (ret < 0)
		return ret;
	ns->zones.cap_sects = report.cap_sects;
	return 0;
}

/**
 * nvmec_zns_wp - where a zone is written next
 * @ns: the namespace
 * @sector: in the zone
 * @wp: written, the end of what can be written if the zone is full
 * @full: written: it is, by writes or as a command has finished it
 *
 * One that the controller has finished of its own (ZFC) has no write pointer.
 *
 * Context: Process context, may sleep for as long as a reset takes.
 * Return: 0; or an errno of nvmec_ask(), -EIO if the zone has no write pointer.
 */
int nvmec_zns_wp(struct nvmec_ns *ns, sector_t sector, sector_t *wp, bool *full)
{
	unsigned int zone_sects = ns->disk->queue->limits.chunk_sectors;
	unsigned int shift = ns->lba_shift - SECTOR_SHIFT;
	u64 first = round_down(sector, zone_sects) >> shift;
	struct nvme_zone_report *report;
	unsigned int bytes = sizeof(*report) + sizeof(report->entries[0]);
	struct blk_zone zone;
	int ret;

	report = kmalloc(bytes, GFP_NOIO);
	if (!report)
		return -ENOMEM;
	ret = nvmec_report_read(ns, first, report, bytes);
	if (!ret && !report->nr_zones)
		ret = nvmec_zone_nonsense(&ns->ctrl->dev, ns->nsid, first,
					  "number of zones", 0);
	if (!ret)
		ret = nvmec_zns_zone(&ns->ctrl->dev, ns->nsid, ns->lba_shift, first,
				     zone_sects >> shift, &report->entries[0], &zone);
	*full = !ret && zone.cond == BLK_ZONE_COND_FULL;
	if (*full && (report->entries[0].za & NVMEC_ZA_ZFC))
		ret = -EIO;
	kfree(report);
	if (ret)
		return ret;
	if (*full)
		*wp = zone.start + zone.capacity;
	else if (nvmec_zone_has_wp(zone.cond))
		*wp = zone.wp;
	else
		ret = -EIO;
	return ret;
}

static MQBLK_END_IO_FN(nvmec_zns_managed)
{
	struct bio *bio = rq->end_io_data;
	u16 nvme_status = nvmec_rq(rq)->status;

	if (status && nvmec_way_status(rq))
		status = nvmec_way_status(rq);
	else if (status && nvme_status && nvmec_status_passes(nvme_status))
		status = BLK_STS_TIMEOUT;
	bio->bi_status = status;
	bio->bi_end_io(bio);
	return RQ_END_IO_FREE;
}

/**
 * nvmec_zns_manage - do to zones what a bio says, by a command of the driver's own
 * @ns: by this way
 * @bio: its &bio.bi_end_io is called; as for other bios of a way, BLK_STS_TRANSPORT and
 *	BLK_STS_TIMEOUT are errors of that
 *
 * Not by the way's disk: the block layer takes such a bio only for a disk whose zones it
 * knows, and with that it has plugs for their writes, see multi_zone.c.
 *
 * Context: Process context, may wait for a tag.
 */
void nvmec_zns_manage(struct nvmec_ns *ns, struct bio *bio)
{
	bool all = bio_op(bio) == REQ_OP_ZONE_RESET_ALL;
	u64 first = bio->bi_iter.bi_sector >> (ns->lba_shift - SECTOR_SHIFT);
	struct nvmec_rq *nrq;
	struct request *rq;

	rq = blk_mq_alloc_request(ns->disk->queue, REQ_OP_DRV_OUT, 0);
	if (IS_ERR(rq)) {
		/* The disk is dead. */
		bio->bi_status = BLK_STS_TRANSPORT;
		bio->bi_end_io(bio);
		return;
	}
	nrq = nvmec_rq(rq);
	nrq->user = false;
	nrq->flags = 0;
	nrq->status = 0;
	nvmec_cmd_zone(&nrq->cmd, ns->nsid, all ? 0 : first,
		       nvmec_op_zone_action(bio_op(bio)), all);
	rq->rq_flags |= RQF_QUIET;
	rq->end_io = nvmec_zns_managed;
	rq->end_io_data = bio;
	blk_execute_rq_nowait(rq, false);
}

/* --- life ----------------------------------------------------------------- */

/**
 * nvmec_zns_start - have the block layer know the zones of a new disk
 * @ns: its namespace; the disk is not published. One of several ways has no zones as far
 *	as the block layer knows, see multi_zone.c
 *
 * Context: Process context, may sleep.
 * Return: 0, also for a disk without zones; or an errno.
 */
int nvmec_zns_start(struct nvmec_ns *ns)
{
	if (!blk_queue_is_zoned(ns->disk->queue) || ns->multi)
		return 0;
	return blk_revalidate_disk_zones(ns->disk);
}

/**
 * nvmec_zns_renew - have the block layer know what the zones of a disk are now
 * @ns: its namespace; nothing happens if it is one of several ways
 *
 * While the disk is held for somebody, nothing can be asked; a scan follows.
 *
 * Context: Process context, under scan_lock, may sleep.
 */
void nvmec_zns_renew(struct nvmec_ns *ns)
{
	int ret;

	if (!blk_queue_is_zoned(ns->disk->queue) || ns->frozen || ns->multi)
		return;
	ret = nvmec_zns_measure(ns);
	if (!ret)
		ret = blk_revalidate_disk_zones(ns->disk);
	if (ret && ret != -EAGAIN && ret != -ECANCELED)
		dev_warn(&ns->ctrl->dev, "namespace %u: its zones are not known anew: error %d\n",
			 ns->nsid, ret);
}
