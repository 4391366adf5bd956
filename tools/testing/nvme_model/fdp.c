// SPDX-License-Identifier: GPL-2.0
/*
 * Flexible data placement: one endurance group, in which all namespaces are, with one
 * configuration that is on, and one reclaim group. Each namespace has a placement handle
 * for each reclaim unit handle. What is written by which is counted; it goes nowhere else.
 *
 * Handles are listed from the last placement id to the first: who takes the number of a
 * stream for the id is found out.
 *
 * Context: the thread of the controller.
 */
#include <linux/overflow.h>
#include <linux/slab.h>

#include "nvme_model.h"

#define NVMM_DNR(status)	((status) | NVME_STATUS_DNR)

#define NVMM_FDP_VALID		BIT(7)
#define NVMM_FDP_UNIT_BYTES	SZ_16M
/* Where a write says it: bits 23:20 of dword 12, which are 7:4 of its upper half. */
#define NVMM_DTYPE		0xf0

/** nvmm_fdp_id - say that there is such a thing */
void nvmm_fdp_id(struct nvmm_ctrl *ctrl, struct nvme_id_ctrl *id)
{
	if (!ctrl->config.fdp)
		return;
	id->ctratt |= cpu_to_le32(NVME_CTRL_ATTR_FDPS);
	id->endgidmax = cpu_to_le16(NVMM_ENDGID);
}

/** nvmm_fdp_feature - execute Get Features; return: a status of NVMe */
u16 nvmm_fdp_feature(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd)
{
	if (!ctrl->config.fdp ||
	    (le32_to_cpu(cmd->sqe.features.dword11) & 0xffff) != NVMM_ENDGID)
		return NVMM_DNR(NVME_SC_INVALID_FIELD);
	cmd->result = FDPCFG_FDPE;
	return 0;
}

/** nvmm_log_fdp - fill the log page of configurations; return: how long it is */
u32 nvmm_log_fdp(struct nvmm_ctrl *ctrl)
{
	struct nvme_fdp_config_log *log = (void *)ctrl->page;
	struct nvme_fdp_config_desc *desc = (void *)(log + 1);
	u32 bytes = struct_size(desc, ruhs, ctrl->config.fdp), i;

	if (!ctrl->config.fdp)
		return 0;
	log->sze = cpu_to_le32(sizeof(*log) + bytes);
	desc->dsze = cpu_to_le16(bytes);
	desc->fdpa = NVMM_FDP_VALID;
	desc->nrg = cpu_to_le32(1);
	desc->nruh = cpu_to_le16(ctrl->config.fdp);
	desc->maxpids = cpu_to_le16(ctrl->config.fdp - 1);
	desc->nns = cpu_to_le32(NVMM_NN);
	desc->runs = cpu_to_le64(NVMM_FDP_UNIT_BYTES);
	/* Initially isolated */
	for (i = 0; i < ctrl->config.fdp; i++)
		desc->ruhs[i].ruht = 1;
	return sizeof(*log) + bytes;
}

/** nvmm_fdp_receive - execute I/O Management Receive; return: a status of NVMe */
u16 nvmm_fdp_receive(struct nvmm_ctrl *ctrl, const struct nvme_command *sqe)
{
	u32 nr = ctrl->config.fdp, size = struct_size_t(struct nvme_fdp_ruh_status, ruhsd, nr), i;
	u64 bytes = ((u64)le32_to_cpu(sqe->imr.numd) + 1) * sizeof(u32);
	struct nvme_fdp_ruh_status *status;
	u16 ret;

	if (sqe->imr.mo != NVME_IO_MGMT_RECV_MO_RUHS || bytes > SZ_1M)
		return NVMM_DNR(NVME_SC_INVALID_FIELD);
	ret = nvmm_data_map(ctrl, sqe, bytes);
	if (ret)
		return ret;
	status = kzalloc(size, GFP_NOIO);
	if (!status)
		return NVME_SC_INTERNAL;
	status->nruhsd = cpu_to_le16(nr);
	for (i = 0; i < nr; i++) {
		status->ruhsd[i].pid = cpu_to_le16(nr - 1 - i);
		status->ruhsd[i].ruhid = cpu_to_le16(nr - 1 - i);
		status->ruhsd[i].ruamw = cpu_to_le64(NVMM_FDP_UNIT_BYTES >> 9);
	}
	nvmm_data_to_host(ctrl, status, min(bytes, size));
	kfree(status);
	return 0;
}

/**
 * nvmm_fdp_write - count a write
 * @ctrl: the controller
 * @rw: the command
 * @bytes: how much it writes
 *
 * A directive that is not known, or an id that is none, is a breach. A real controller
 * would write by its first handle then, and so does this one.
 */
void nvmm_fdp_write(struct nvmm_ctrl *ctrl, const struct nvme_rw_command *rw, u64 bytes)
{
	u16 dtype = le16_to_cpu(rw->control) & NVMM_DTYPE;
	u32 pid = le32_to_cpu(rw->dsmgmt) >> 16, slot = NVMM_MAX_HANDLES;

	if (!dtype && !ctrl->config.fdp)
		return;
	if (dtype && (dtype != NVME_RW_DTYPE_DPLCMT || pid >= ctrl->config.fdp))
		nvmm_breach(ctrl, NVMM_DIRECTIVE, "type %#x, placement id %u of %u", dtype, pid,
			    ctrl->config.fdp);
	else if (dtype)
		slot = pid;
	ctrl->placed[slot].writes++;
	ctrl->placed[slot].bytes += bytes;
}

/** nvmm_fdp_show - a line for each placement id, and for writes without: writes and bytes */
ssize_t nvmm_fdp_show(struct nvmm_ctrl *ctrl, char *page)
{
	ssize_t len = 0;
	u32 i;

	for (i = 0; i <= NVMM_MAX_HANDLES; i++) {
		if (!ctrl->placed[i].writes)
			continue;
		if (i == NVMM_MAX_HANDLES)
			len += sysfs_emit_at(page, len, "none");
		else
			len += sysfs_emit_at(page, len, "%u", i);
		len += sysfs_emit_at(page, len, " %llu %llu\n", ctrl->placed[i].writes,
				     ctrl->placed[i].bytes);
	}
	return len;
}

/** nvmm_fdp_forget - begin to count anew */
void nvmm_fdp_forget(struct nvmm_ctrl *ctrl)
{
	memset(ctrl->placed, 0, sizeof(ctrl->placed));
}
