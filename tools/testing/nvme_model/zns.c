// SPDX-License-Identifier: GPL-2.0
/*
 * Zoned namespaces, those with the command set of their descriptors set to 2: zones that are
 * written in order, reports of them, and what can be done to them. Controllers that share
 * one have the same write pointers. No zone stays open, and all of a zone can be written.
 * Rules can change each byte of a report.
 *
 * Context: the thread of the controller, under nvmm_subsys.ns_lock.
 */
#include <linux/blkzoned.h>
#include <linux/slab.h>

#include "nvme_model.h"

#define NVMM_DNR(status)	((status) | NVME_STATUS_DNR)
/* The longest report. */
#define NVMM_MAX_REPORT		SZ_1M

static u64 nvmm_zone_blocks(const struct nvmm_ns *ns)
{
	return ns->zone_bytes >> ns->shift;
}

static u64 nvmm_zone_count(const struct nvmm_ns *ns)
{
	return ns->bytes / ns->zone_bytes;
}

static u64 nvmm_zone_written(struct nvmm_ns *ns, u64 zone)
{
	return xa_to_value(xa_load(&ns->store->written, zone));
}

static u16 nvmm_zone_set_written(struct nvmm_ns *ns, u64 zone, u64 blocks)
{
	return xa_err(xa_store(&ns->store->written, zone, xa_mk_value(blocks), GFP_KERNEL)) ?
	       NVME_SC_INTERNAL : 0;
}

/** nvmm_zns_id_ns - what Identify says of the zones; return: a status of NVMe */
u16 nvmm_zns_id_ns(struct nvmm_ctrl *ctrl, struct nvmm_ns *ns)
{
	struct nvme_id_ns_zns *id = (void *)ctrl->page;
	unsigned int i;

	if (ns->csi != NVME_CSI_ZNS)
		return NVMM_DNR(NVME_SC_INVALID_FIELD);
	/* All ones: no limit */
	id->mar = cpu_to_le32(U32_MAX);
	id->mor = cpu_to_le32(U32_MAX);
	for (i = 0; i < NVMM_NR_FORMATS; i++)
		id->lbafe[i].zsze = cpu_to_le64(ns->zone_bytes >> nvmm_formats[i].shift);
	return 0;
}

/**
 * nvmm_zns_write - may blocks be written
 * @ns: the namespace, which is zoned
 * @lba: the first block, within it
 * @blocks: how many
 *
 * If so, the write pointer moves.
 *
 * Return: a status of NVMe.
 */
u16 nvmm_zns_write(struct nvmm_ns *ns, u64 lba, u32 blocks)
{
	u64 size = nvmm_zone_blocks(ns), zone = lba / size;
	u64 written = nvmm_zone_written(ns, zone);

	if (written == size)
		return NVMM_DNR(NVME_SC_ZONE_FULL);
	if (lba % size != written)
		return NVMM_DNR(NVME_SC_ZONE_INVALID_WRITE);
	if (blocks > size - written)
		return NVMM_DNR(NVME_SC_ZONE_BOUNDARY_ERROR);
	return nvmm_zone_set_written(ns, zone, written + blocks);
}

/**
 * nvmm_zns_append - where an append goes
 * @ns: the namespace, which is zoned
 * @lba: the first block of the zone; changed to that of the append
 *
 * Return: a status of NVMe.
 */
u16 nvmm_zns_append(struct nvmm_ns *ns, u64 *lba)
{
	u64 size = nvmm_zone_blocks(ns), zone = *lba / size;
	u64 written = nvmm_zone_written(ns, zone);

	if (*lba % size)
		return NVMM_DNR(NVME_SC_INVALID_FIELD);
	if (written == size)
		return NVMM_DNR(NVME_SC_ZONE_FULL);
	*lba += written;
	return 0;
}

static u16 nvmm_zone_reset(struct nvmm_ns *ns, u64 zone)
{
	if (nvmm_store_zero(ns, zone * ns->zone_bytes, ns->zone_bytes, true))
		return NVME_SC_INTERNAL;
	return nvmm_zone_set_written(ns, zone, 0);
}

static u16 nvmm_zone_do(struct nvmm_ns *ns, u64 zone, u8 action)
{
	switch (action) {
	case NVME_ZONE_OPEN:
	case NVME_ZONE_CLOSE:
		return 0;
	case NVME_ZONE_FINISH:
		return nvmm_zone_set_written(ns, zone, nvmm_zone_blocks(ns));
	case NVME_ZONE_RESET:
		return nvmm_zone_reset(ns, zone);
	default:
		return NVMM_DNR(NVME_SC_INVALID_FIELD);
	}
}

/** nvmm_zns_send - execute Zone Management Send; return: a status of NVMe */
u16 nvmm_zns_send(struct nvmm_ns *ns, const struct nvme_zone_mgmt_send_cmd *cmd)
{
	u64 zone = le64_to_cpu(cmd->slba) / nvmm_zone_blocks(ns);
	u64 end = zone + 1;
	u16 status = 0;

	if (cmd->select_all & 1) {
		zone = 0;
		end = nvmm_zone_count(ns);
	}
	if (end > nvmm_zone_count(ns))
		return NVMM_DNR(NVME_SC_LBA_RANGE);
	for (; zone < end && !status; zone++)
		status = nvmm_zone_do(ns, zone, cmd->zsa);
	return status;
}

static void nvmm_describe_zone(struct nvmm_ns *ns, u64 zone,
			       struct nvme_zone_descriptor *desc)
{
	u64 size = nvmm_zone_blocks(ns), written = nvmm_zone_written(ns, zone);
	u8 cond = !written ? BLK_ZONE_COND_EMPTY : written == size ? BLK_ZONE_COND_FULL :
							     BLK_ZONE_COND_CLOSED;

	desc->zt = NVME_ZONE_TYPE_SEQWRITE_REQ;
	desc->zs = cond << 4;
	desc->zcap = cpu_to_le64(size);
	desc->zslba = cpu_to_le64(zone * size);
	desc->wp = cpu_to_le64(zone * size + written);
}

static void nvmm_fill_report(struct nvmm_ns *ns, struct nvme_zone_report *report,
			     u64 first, u64 room, bool partial)
{
	u64 left = nvmm_zone_count(ns) - first, nr = min(left, room), i;

	report->nr_zones = cpu_to_le64(partial ? nr : left);
	for (i = 0; i < nr; i++)
		nvmm_describe_zone(ns, first + i, &report->entries[i]);
}

/** nvmm_zns_receive - execute Zone Management Receive; return: a status of NVMe */
u16 nvmm_zns_receive(struct nvmm_ctrl *ctrl, struct nvmm_ns *ns,
		     const struct nvme_command *sqe)
{
	u64 bytes = ((u64)le32_to_cpu(sqe->zmr.numd) + 1) * sizeof(u32);
	u64 first = le64_to_cpu(sqe->zmr.slba) / nvmm_zone_blocks(ns);
	struct nvme_zone_report *report;
	u16 status;

	if (sqe->zmr.zra != NVME_ZRA_ZONE_REPORT || bytes < sizeof(*report) ||
	    bytes > NVMM_MAX_REPORT)
		return NVMM_DNR(NVME_SC_INVALID_FIELD);
	if (first >= nvmm_zone_count(ns))
		return NVMM_DNR(NVME_SC_LBA_RANGE);
	status = nvmm_data_map(ctrl, sqe, bytes);
	if (status)
		return status;
	report = kvzalloc(bytes, GFP_KERNEL);
	if (!report)
		return NVME_SC_INTERNAL;
	nvmm_fill_report(ns, report, first,
			 (bytes - sizeof(*report)) / sizeof(report->entries[0]),
			 sqe->zmr.pr & NVME_REPORT_ZONE_PARTIAL);
	nvmm_data_to_host(ctrl, report, bytes);
	kvfree(report);
	return 0;
}
