// SPDX-License-Identifier: GPL-2.0
/*
 * I/O commands. Data goes straight between the driver's memory and the store.
 *
 * Context: the thread of the controller.
 */
#include "nvme_model.h"

#define NVMM_DNR(status)	((status) | NVME_STATUS_DNR)

static u16 nvmm_check_range(struct nvmm_ctrl *ctrl, struct nvmm_ns *ns, u64 lba,
			    u64 blocks)
{
	u64 size = ns->bytes >> ns->shift;

	if (blocks <= size && lba <= size - blocks)
		return 0;
	nvmm_breach(ctrl, NVMM_RANGE, "namespace %u: %llu blocks from %llu on, of %llu",
		    ns->nsid, blocks, lba, size);
	return NVMM_DNR(NVME_SC_LBA_RANGE);
}

static void nvmm_read_pieces(struct nvmm_ctrl *ctrl, struct nvmm_ns *ns, u64 offset)
{
	unsigned int i;

	for (i = 0; i < ctrl->nr_pieces; i++) {
		nvmm_store_read(ns, offset, ctrl->pieces[i].at, ctrl->pieces[i].bytes);
		offset += ctrl->pieces[i].bytes;
	}
}

static u16 nvmm_write_pieces(struct nvmm_ctrl *ctrl, struct nvmm_ns *ns, u64 offset,
			     bool safe)
{
	unsigned int i;

	for (i = 0; i < ctrl->nr_pieces; i++) {
		if (nvmm_store_write(ns, offset, ctrl->pieces[i].at,
				     ctrl->pieces[i].bytes, safe))
			return NVME_SC_WRITE_FAULT;
		offset += ctrl->pieces[i].bytes;
	}
	return 0;
}

static u16 nvmm_compare_pieces(struct nvmm_ctrl *ctrl, struct nvmm_ns *ns, u64 offset)
{
	unsigned int i;
	u32 done, n;

	for (i = 0; i < ctrl->nr_pieces; i++) {
		for (done = 0; done < ctrl->pieces[i].bytes; done += n, offset += n) {
			n = min(ctrl->pieces[i].bytes - done, NVMM_PAGE);
			nvmm_store_read(ns, offset, ctrl->page, n);
			if (memcmp(ctrl->page, ctrl->pieces[i].at + done, n))
				return NVMM_DNR(NVME_SC_COMPARE_FAILED);
		}
	}
	return 0;
}

static u16 nvmm_rw(struct nvmm_ctrl *ctrl, struct nvmm_ns *ns,
		   const struct nvme_rw_command *rw, const struct nvme_command *sqe)
{
	u32 blocks = le16_to_cpu(rw->length) + 1;
	u64 lba = le64_to_cpu(rw->slba), offset = lba << ns->shift;
	u16 status = nvmm_check_range(ctrl, ns, lba, blocks);
	bool fua;

	if (!status && rw->opcode == nvme_cmd_write)
		nvmm_fdp_write(ctrl, rw, (u64)blocks << ns->shift);
	if (unlikely(nvmm_ms(ns)))
		return status ?: nvmm_protected_rw(ctrl, ns, sqe);
	if (!status)
		status = nvmm_data_map(ctrl, sqe, (u64)blocks << ns->shift);
	if (status)
		return status;
	switch (rw->opcode) {
	case nvme_cmd_read:
		nvmm_read_pieces(ctrl, ns, offset);
		return 0;
	case nvme_cmd_write:
	case nvme_cmd_zone_append:
		if (ns->csi == NVME_CSI_ZNS)
			status = nvmm_zns_write(ns, lba, blocks);
		if (status)
			return status;
		fua = le16_to_cpu(rw->control) & NVME_RW_FUA;
		ctrl->counts[NVMM_FUA_WRITES] += fua;
		return nvmm_write_pieces(ctrl, ns, offset, nvmm_is_safe(ctrl, fua));
	}
	return nvmm_compare_pieces(ctrl, ns, offset);
}

static u16 nvmm_write_zeroes(struct nvmm_ctrl *ctrl, struct nvmm_ns *ns,
			     const struct nvme_write_zeroes_cmd *cmd)
{
	u32 blocks = le16_to_cpu(cmd->length) + 1;
	u64 lba = le64_to_cpu(cmd->slba);
	bool fua = le16_to_cpu(cmd->control) & NVME_RW_FUA;
	u16 status = nvmm_check_range(ctrl, ns, lba, blocks);

	if (!status && nvmm_store_zero(ns, lba << ns->shift, (u64)blocks << ns->shift,
				       nvmm_is_safe(ctrl, fua)))
		return NVME_SC_WRITE_FAULT;
	return status ?: nvmm_meta_zero(ns, (const struct nvme_rw_command *)cmd);
}

static u16 nvmm_verify(struct nvmm_ctrl *ctrl, struct nvmm_ns *ns,
		       const struct nvme_rw_command *rw)
{
	return nvmm_check_range(ctrl, ns, le64_to_cpu(rw->slba),
				le16_to_cpu(rw->length) + 1);
}

/* All ranges are looked at before any is discarded. */
static u16 nvmm_discard(struct nvmm_ctrl *ctrl, struct nvmm_ns *ns,
			const struct nvme_command *sqe)
{
	const struct nvme_dsm_range *ranges = (void *)ctrl->page;
	u32 nr = (le32_to_cpu(sqe->dsm.nr) & 0xff) + 1, i;
	u32 bytes = nr * sizeof(*ranges);
	u16 status = nvmm_data_map(ctrl, sqe, bytes);

	if (status)
		return status;
	nvmm_data_from_host(ctrl, ctrl->page, bytes);
	for (i = 0; i < nr; i++) {
		status = nvmm_check_range(ctrl, ns, le64_to_cpu(ranges[i].slba),
					  le32_to_cpu(ranges[i].nlb));
		if (status)
			return status;
	}
	if (!(le32_to_cpu(sqe->dsm.attributes) & NVME_DSMGMT_AD))
		return 0;
	for (i = 0; i < nr; i++) {
		if (nvmm_store_zero(ns, le64_to_cpu(ranges[i].slba) << ns->shift,
				    (u64)le32_to_cpu(ranges[i].nlb) << ns->shift,
				    nvmm_is_safe(ctrl, false)))
			return NVME_SC_WRITE_FAULT;
		nvmm_meta_discard(ns, le64_to_cpu(ranges[i].slba),
				  le32_to_cpu(ranges[i].nlb));
	}
	return 0;
}

/* What only zoned namespaces have. */
static u16 nvmm_zoned(struct nvmm_ctrl *ctrl, struct nvmm_ns *ns, struct nvmm_cmd *cmd)
{
	struct nvme_rw_command rw = cmd->sqe.rw;
	u16 status;

	switch (rw.opcode) {
	case nvme_cmd_zone_mgmt_send:
		return nvmm_zns_send(ns, &cmd->sqe.zms);
	case nvme_cmd_zone_mgmt_recv:
		return nvmm_zns_receive(ctrl, ns, &cmd->sqe);
	}
	cmd->result = le64_to_cpu(rw.slba);
	status = nvmm_zns_append(ns, &cmd->result);
	rw.slba = cpu_to_le64(cmd->result);
	return status ?: nvmm_rw(ctrl, ns, &rw, &cmd->sqe);
}

static bool nvmm_changes_data(u8 opcode)
{
	return opcode == nvme_cmd_zone_append || opcode == nvme_cmd_zone_mgmt_send ||
	       opcode == nvme_cmd_write || opcode == nvme_cmd_write_zeroes ||
	       opcode == nvme_cmd_dsm;
}

/* What access to a namespace by this controller is like: 0, or a status. */
static u16 nvmm_access(const struct nvmm_ctrl *ctrl, const struct nvmm_ns *ns)
{
	if (!ctrl->config.anatt)
		return 0;
	switch (ns->ana_state) {
	case NVME_ANA_INACCESSIBLE:
		return NVME_SC_ANA_INACCESSIBLE;
	case NVME_ANA_PERSISTENT_LOSS:
		return NVME_SC_ANA_PERSISTENT_LOSS;
	case NVME_ANA_CHANGE:
		return NVME_SC_ANA_TRANSITION;
	}
	return 0;
}

static u16 nvmm_io_locked(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd)
{
	const struct nvme_command *sqe = &cmd->sqe;
	struct nvmm_ns *ns = xa_load(&ctrl->namespaces, le32_to_cpu(sqe->common.nsid));

	if (!ns || !ns->attached)
		return NVMM_DNR(NVME_SC_INVALID_NS);
	if (unlikely(nvmm_access(ctrl, ns)))
		return nvmm_access(ctrl, ns);
	if (nvmm_formats[ns->format].guard && !ctrl->formats_extended)
		return NVMM_DNR(NVME_SC_INVALID_NS);
	if (ns->readonly && nvmm_changes_data(sqe->common.opcode))
		return NVMM_DNR(NVME_SC_NS_WRITE_PROTECTED);
	switch (sqe->common.opcode) {
	case nvme_cmd_read:
	case nvme_cmd_write:
	case nvme_cmd_compare:
		return nvmm_rw(ctrl, ns, &sqe->rw, sqe);
	case nvme_cmd_flush:
		ctrl->counts[NVMM_FLUSHES]++;
		nvmm_store_flush(ns);
		return 0;
	case nvme_cmd_write_zeroes:
		return nvmm_write_zeroes(ctrl, ns, &sqe->write_zeroes);
	case nvme_cmd_dsm:
		return nvmm_discard(ctrl, ns, sqe);
	case nvme_cmd_verify:
		return nvmm_verify(ctrl, ns, &sqe->rw);
	case nvme_cmd_io_mgmt_recv:
		if (ctrl->config.fdp)
			return nvmm_fdp_receive(ctrl, sqe);
		break;
	case nvme_cmd_zone_append:
	case nvme_cmd_zone_mgmt_send:
	case nvme_cmd_zone_mgmt_recv:
		if (ns->csi == NVME_CSI_ZNS)
			return nvmm_zoned(ctrl, ns, cmd);
	}
	nvmm_breach(ctrl, NVMM_UNKNOWN_COMMAND, "opcode %#x", sqe->common.opcode);
	return NVMM_DNR(NVME_SC_INVALID_OPCODE);
}

/**
 * nvmm_io - execute an I/O command
 * @ctrl: the controller
 * @cmd: the command
 *
 * Return: a status of NVMe.
 */
u16 nvmm_io(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd)
{
	u16 status;

	nvmm_hmb_use(ctrl);
	if (cmd->sqe.common.opcode == nvme_cmd_flush &&
	    le32_to_cpu(cmd->sqe.common.nsid) == NVME_NSID_ALL) {
		ctrl->counts[NVMM_FLUSHES]++;
		nvmm_flush_all(ctrl);
		return 0;
	}
	/*
	 * It is hardly ever held, and mutex_lock() by itself may let another thread
	 * run: what that does would be in the time that the model works.
	 */
	if (!mutex_trylock(&ctrl->subsys->ns_lock))
		mutex_lock(&ctrl->subsys->ns_lock);
	status = nvmm_io_locked(ctrl, cmd);
	mutex_unlock(&ctrl->subsys->ns_lock);
	return status;
}
