// SPDX-License-Identifier: GPL-2.0
/*
 * Admin commands: queues, aborts, doorbells in memory, format, and what is done with
 * namespaces; the larger ones have files of their own.
 *
 * Context: the thread of the controller.
 */
#include "nvme_model.h"

#define NVMM_DNR(status)	((status) | NVME_STATUS_DNR)

/* --- queues --------------------------------------------------------------------------- */

static bool nvmm_qid_fits(struct nvmm_ctrl *ctrl, u16 qid)
{
	return qid && qid <= ctrl->config.queues;
}

static u16 nvmm_bad_create(struct nvmm_ctrl *ctrl, u16 status, const char *what, u32 value)
{
	nvmm_breach(ctrl, NVMM_CREATE, "%s %u", what, value);
	return NVMM_DNR(status);
}

/* What both kinds of queues want. */
static u16 nvmm_check_create(struct nvmm_ctrl *ctrl, u32 size, u16 flags, u64 base)
{
	if (size < 2 || size > ctrl->config.depth)
		return nvmm_bad_create(ctrl, NVME_SC_QUEUE_SIZE, "entries", size);
	if (!(flags & NVME_QUEUE_PHYS_CONTIG))
		return nvmm_bad_create(ctrl, NVME_SC_INVALID_FIELD, "flags", flags);
	if (base % NVMM_PAGE) {
		nvmm_breach(ctrl, NVMM_CREATE, "queue at %#llx", base);
		return NVMM_DNR(NVME_SC_PRP_INVALID_OFFSET);
	}
	return 0;
}

static u16 nvmm_create_cq(struct nvmm_ctrl *ctrl, const struct nvme_create_cq *cmd)
{
	u16 qid = le16_to_cpu(cmd->cqid), flags = le16_to_cpu(cmd->cq_flags);
	u16 vector = le16_to_cpu(cmd->irq_vector);
	u32 size = le16_to_cpu(cmd->qsize) + 1;
	u64 base = le64_to_cpu(cmd->prp1);
	bool irq = flags & NVME_CQ_IRQ_ENABLED;
	u16 status;

	if (!nvmm_qid_fits(ctrl, qid) || ctrl->cqs[qid].live)
		return nvmm_bad_create(ctrl, NVME_SC_QID_INVALID, "completion queue", qid);
	status = nvmm_check_create(ctrl, size, flags, base);
	if (status)
		return status;
	if (irq && vector > ctrl->config.queues) {
		nvmm_breach(ctrl, NVMM_VECTOR, "vector %u of queue %u", vector, qid);
		return NVMM_DNR(NVME_SC_INVALID_VECTOR);
	}
	if (!nvmm_memory(ctrl, base, size * sizeof(struct nvme_completion)))
		return NVMM_DNR(NVME_SC_INVALID_FIELD);
	nvmm_cq_create(ctrl, qid, base, size, irq, vector);
	return 0;
}

static u16 nvmm_create_sq(struct nvmm_ctrl *ctrl, const struct nvme_create_sq *cmd)
{
	u16 qid = le16_to_cpu(cmd->sqid), cqid = le16_to_cpu(cmd->cqid);
	u32 size = le16_to_cpu(cmd->qsize) + 1;
	u64 base = le64_to_cpu(cmd->prp1);
	u16 status;

	if (!nvmm_qid_fits(ctrl, qid) || ctrl->sqs[qid].live)
		return nvmm_bad_create(ctrl, NVME_SC_QID_INVALID, "submission queue", qid);
	if (!nvmm_qid_fits(ctrl, cqid) || !ctrl->cqs[cqid].live)
		return nvmm_bad_create(ctrl, NVME_SC_CQ_INVALID, "no completion queue",
				       cqid);
	status = nvmm_check_create(ctrl, size, le16_to_cpu(cmd->sq_flags), base);
	if (status)
		return status;
	if (!nvmm_memory(ctrl, base, size * sizeof(struct nvme_command)))
		return NVMM_DNR(NVME_SC_INVALID_FIELD);
	if (nvmm_sq_create(ctrl, qid, base, size, cqid))
		return NVME_SC_INTERNAL;
	return 0;
}

static u16 nvmm_delete_sq(struct nvmm_ctrl *ctrl, const struct nvme_delete_queue *cmd)
{
	u16 qid = le16_to_cpu(cmd->qid);

	if (!nvmm_qid_fits(ctrl, qid) || !ctrl->sqs[qid].live)
		return NVMM_DNR(NVME_SC_QID_INVALID);
	nvmm_forget_queue(ctrl, qid);
	nvmm_sq_delete(ctrl, qid);
	return 0;
}

static u16 nvmm_delete_cq(struct nvmm_ctrl *ctrl, const struct nvme_delete_queue *cmd)
{
	u16 qid = le16_to_cpu(cmd->qid);
	unsigned int i;

	if (!nvmm_qid_fits(ctrl, qid) || !ctrl->cqs[qid].live)
		return NVMM_DNR(NVME_SC_QID_INVALID);
	for (i = 1; i <= ctrl->config.queues; i++) {
		if (!ctrl->sqs[i].live || ctrl->sqs[i].cqid != qid)
			continue;
		nvmm_breach(ctrl, NVMM_DELETE_ORDER,
			    "completion queue %u before submission queue %u", qid, i);
		return NVMM_DNR(NVME_SC_INVALID_QUEUE);
	}
	nvmm_cq_delete(ctrl, qid);
	return 0;
}

/* --- others ------------------------------------------------------------------------------ */

/* Bit 0 of the result: it was not aborted, and may still be answered. */
static u16 nvmm_abort_cmd(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd)
{
	const struct nvme_abort_cmd *abort = &cmd->sqe.abort;

	ctrl->counts[NVMM_ABORTS]++;
	cmd->result = !nvmm_abort(ctrl, le16_to_cpu(abort->sqid), abort->cid);
	return 0;
}

static u16 nvmm_dbbuf(struct nvmm_ctrl *ctrl, const struct nvme_command *sqe)
{
	u64 shadow = le64_to_cpu(sqe->common.dptr.prp1);
	u64 event = le64_to_cpu(sqe->common.dptr.prp2);

	if (!ctrl->config.shadow)
		return NVMM_DNR(NVME_SC_INVALID_OPCODE);
	if (shadow % NVMM_PAGE || event % NVMM_PAGE || !shadow || !event)
		return NVMM_DNR(NVME_SC_INVALID_FIELD);
	if (!nvmm_memory(ctrl, shadow, NVMM_PAGE) || !nvmm_memory(ctrl, event, NVMM_PAGE))
		return NVMM_DNR(NVME_SC_INVALID_FIELD);
	spin_lock_irq(&ctrl->lock);
	ctrl->shadow_base = shadow;
	ctrl->event_base = event;
	spin_unlock_irq(&ctrl->lock);
	return 0;
}

static u16 nvmm_format(struct nvmm_ctrl *ctrl, const struct nvme_command *sqe)
{
	u32 nsid = le32_to_cpu(sqe->format.nsid);
	u32 cdw10 = le32_to_cpu(sqe->format.cdw10), format = cdw10 & 0xf;
	u8 dps = cdw10 >> 5 & NVME_NS_DPS_PI_MASK;
	struct nvmm_ns *ns;
	unsigned long index;
	u16 status = NVMM_DNR(NVME_SC_INVALID_NS);

	/* PIL and MSET */
	if (cdw10 & BIT(8))
		dps |= NVME_NS_DPS_PI_FIRST;
	if (!nvmm_format_fits(format, dps))
		return NVMM_DNR(NVME_SC_INVALID_FORMAT);
	mutex_lock(&ctrl->subsys->ns_lock);
	xa_for_each(&ctrl->namespaces, index, ns) {
		if (!ns->attached || (nsid != NVME_NSID_ALL && nsid != ns->nsid))
			continue;
		nvmm_store_zero(ns, 0, ns->bytes, true);
		nvmm_ns_set_format(ns, format, dps, cdw10 & BIT(4));
		status = 0;
	}
	mutex_unlock(&ctrl->subsys->ns_lock);
	return status;
}

/* An id, or NVME_NSID_ALL: then there may be none. */
static u16 nvmm_delete_ns(struct nvmm_ctrl *ctrl, u32 nsid)
{
	u32 i, first = nsid, last = nsid;
	bool found = false, visible;
	struct nvmm_ns *ns;

	if (nsid == NVME_NSID_ALL) {
		first = 1;
		last = NVMM_NN;
		found = true;
	}
	for (i = first; i <= last; i++) {
		mutex_lock(&ctrl->subsys->ns_lock);
		ns = xa_load(&ctrl->namespaces, i);
		visible = ns && nvmm_ns_delete(ns);
		mutex_unlock(&ctrl->subsys->ns_lock);
		found |= !!ns;
		if (visible)
			nvmm_ns_changed(ctrl, i);
	}
	return found ? 0 : NVMM_DNR(NVME_SC_INVALID_NS);
}

/* Select 0 creates, 1 deletes. */
static u16 nvmm_ns_management(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd)
{
	switch (le32_to_cpu(cmd->sqe.common.cdw10) & 0xf) {
	case 0:
		return nvmm_ns_create(ctrl, cmd);
	case 1:
		return nvmm_delete_ns(ctrl, le32_to_cpu(cmd->sqe.common.nsid));
	}
	return NVMM_DNR(NVME_SC_INVALID_FIELD);
}

/* Select 0 attaches, 1 detaches; the list of controllers must name this one. */
static u16 nvmm_attach(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd)
{
	bool attach = !(le32_to_cpu(cmd->sqe.common.cdw10) & 0xf);
	u32 nsid = le32_to_cpu(cmd->sqe.common.nsid);
	__le16 *list = (__le16 *)ctrl->page;
	struct nvmm_ns *ns;
	u16 status;

	status = nvmm_data_map(ctrl, &cmd->sqe, NVMM_PAGE);
	if (status)
		return status;
	nvmm_data_from_host(ctrl, ctrl->page, NVMM_PAGE);
	if (le16_to_cpu(list[0]) != 1 || le16_to_cpu(list[1]) != ctrl->instance)
		return NVMM_DNR(NVME_SC_CTRL_LIST_INVALID);
	mutex_lock(&ctrl->subsys->ns_lock);
	ns = xa_load(&ctrl->namespaces, nsid);
	if (!ns)
		status = NVMM_DNR(NVME_SC_INVALID_NS);
	else if (ns->attached == attach)
		status = NVMM_DNR(attach ? NVME_SC_NS_ALREADY_ATTACHED :
				  NVME_SC_NS_NOT_ATTACHED);
	else
		ns->attached = attach;
	mutex_unlock(&ctrl->subsys->ns_lock);
	if (!status)
		nvmm_ns_changed(ctrl, nsid);
	return status;
}

/**
 * nvmm_admin - execute an admin command
 * @ctrl: the controller
 * @cmd: the command; its result is set
 *
 * Return: a status of NVMe, or NVMM_NO_ANSWER.
 */
u16 nvmm_admin(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd)
{
	const struct nvme_command *sqe = &cmd->sqe;

	switch (sqe->common.opcode) {
	case nvme_admin_delete_sq:
		return nvmm_delete_sq(ctrl, &sqe->delete_queue);
	case nvme_admin_create_sq:
		return nvmm_create_sq(ctrl, &sqe->create_sq);
	case nvme_admin_get_log_page:
		return nvmm_get_log_page(ctrl, cmd);
	case nvme_admin_delete_cq:
		return nvmm_delete_cq(ctrl, &sqe->delete_queue);
	case nvme_admin_create_cq:
		return nvmm_create_cq(ctrl, &sqe->create_cq);
	case nvme_admin_identify:
		return nvmm_identify(ctrl, cmd);
	case nvme_admin_abort_cmd:
		return nvmm_abort_cmd(ctrl, cmd);
	case nvme_admin_set_features:
		return nvmm_set_features(ctrl, cmd);
	case nvme_admin_get_features:
		return nvmm_get_features(ctrl, cmd);
	case nvme_admin_async_event:
		return nvmm_event_request(ctrl, cmd);
	case nvme_admin_ns_mgmt:
		return nvmm_ns_management(ctrl, cmd);
	case nvme_admin_ns_attach:
		return nvmm_attach(ctrl, cmd);
	case nvme_admin_dbbuf:
		return nvmm_dbbuf(ctrl, sqe);
	case nvme_admin_format_nvm:
		return nvmm_format(ctrl, sqe);
	}
	return NVMM_DNR(NVME_SC_INVALID_OPCODE);
}
