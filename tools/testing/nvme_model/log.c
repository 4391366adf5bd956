// SPDX-License-Identifier: GPL-2.0
/*
 * Log pages, and asynchronous events: an event waits for a request of the driver's, and
 * the next one of its type until the driver has read the log page that it names.
 *
 * Context: the thread of the controller, where nothing else is said.
 */
#include <linux/unaligned.h>

#include "nvme_model.h"

#define NVMM_DNR(status)	((status) | NVME_STATUS_DNR)
#define NVMM_ERROR_BYTES	64

/* --- events ---------------------------------------------------------------------------- */

/**
 * nvmm_event - something happened that the driver may want to know
 * @ctrl: the controller
 * @type: of the event, 0 to 7
 * @info: which one of the type
 * @log_page: where it can read more
 *
 * Events that find no room are lost, as real ones are.
 *
 * Context: Any, with nvmm_ctrl.lock held or not.
 */
void nvmm_event(struct nvmm_ctrl *ctrl, u8 type, u8 info, u8 log_page)
{
	unsigned long flags;

	spin_lock_irqsave(&ctrl->event_lock, flags);
	if (ctrl->nr_events < NVMM_MAX_EVENTS)
		ctrl->events[ctrl->nr_events++] = type | info << 8 | log_page << 16;
	spin_unlock_irqrestore(&ctrl->event_lock, flags);
}

/* Takes the first event out whose type is not masked. */
static bool nvmm_take_event(struct nvmm_ctrl *ctrl, u32 *event)
{
	unsigned long flags;
	bool found = false;
	unsigned int i;

	spin_lock_irqsave(&ctrl->event_lock, flags);
	for (i = 0; i < ctrl->nr_events && !found; i++) {
		if (ctrl->masked & BIT(ctrl->events[i] & 7))
			continue;
		*event = ctrl->events[i];
		ctrl->nr_events--;
		memmove(ctrl->events + i, ctrl->events + i + 1,
			(ctrl->nr_events - i) * sizeof(*event));
		found = true;
	}
	spin_unlock_irqrestore(&ctrl->event_lock, flags);
	return found;
}

/** nvmm_events_send - answer requests with the events that wait */
void nvmm_events_send(struct nvmm_ctrl *ctrl)
{
	struct nvmm_cmd cmd = {};
	u32 event;

	while (READ_ONCE(ctrl->nr_events) && ctrl->nr_aers &&
	       nvmm_cq_has_room(ctrl, 0) && nvmm_take_event(ctrl, &event)) {
		cmd.sqe.common.command_id = ctrl->aer_ids[--ctrl->nr_aers];
		cmd.result = event;
		ctrl->masked |= BIT(event & 7);
		ctrl->counts[NVMM_EVENTS]++;
		nvmm_post(ctrl, &cmd, 0);
	}
}

/** nvmm_event_request - execute an Asynchronous Event Request; return: a status */
u16 nvmm_event_request(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd)
{
	if (ctrl->nr_aers == NVMM_MAX_AERS) {
		nvmm_breach(ctrl, NVMM_TOO_MANY_AERS, "more than %u", NVMM_MAX_AERS);
		return NVMM_DNR(NVME_SC_ASYNC_LIMIT);
	}
	ctrl->aer_ids[ctrl->nr_aers++] = cmd->sqe.common.command_id;
	return NVMM_NO_ANSWER;
}

/**
 * nvmm_ns_changed - tell the driver that a namespace came, went or changed
 * @ctrl: the controller
 * @nsid: the namespace
 *
 * Context: Process context, ns_lock not held.
 */
void nvmm_ns_changed(struct nvmm_ctrl *ctrl, u32 nsid)
{
	unsigned int i;

	mutex_lock(&ctrl->subsys->ns_lock);
	for (i = 0; i < min(ctrl->nr_changed, NVMM_MAX_CHANGED); i++)
		if (ctrl->changed[i] == nsid)
			break;
	if (i < NVMM_MAX_CHANGED && i == ctrl->nr_changed)
		ctrl->changed[ctrl->nr_changed++] = nsid;
	else if (i == NVMM_MAX_CHANGED)
		ctrl->nr_changed = NVMM_MAX_CHANGED + 1;
	mutex_unlock(&ctrl->subsys->ns_lock);
	if (READ_ONCE(ctrl->event_config) & NVME_AEN_CFG_NS_ATTR)
		nvmm_event(ctrl, NVME_AER_NOTICE, NVME_AER_NOTICE_NS_CHANGED,
			   NVME_LOG_CHANGED_NS);
	nvmm_kick(ctrl);
}

/**
 * nvmm_ana_changed - tell the driver that access to a namespace is another one
 * @ctrl: the controller
 *
 * Context: Process context, ns_lock not held.
 */
void nvmm_ana_changed(struct nvmm_ctrl *ctrl)
{
	if (READ_ONCE(ctrl->event_config) & NVME_AEN_CFG_ANA_CHANGE)
		nvmm_event(ctrl, NVME_AER_NOTICE, NVME_AER_NOTICE_ANA, NVME_LOG_ANA);
	nvmm_kick(ctrl);
}

/* --- log pages ----------------------------------------------------------------------------- */

static void nvmm_log_smart(struct nvmm_ctrl *ctrl)
{
	struct nvme_smart_log *log = (void *)ctrl->page;

	put_unaligned_le16(310, log->temperature);
	log->avail_spare = 100;
	log->spare_thresh = 10;
	put_unaligned_le64(ctrl->counts[NVMM_ENABLES], log->power_cycles);
	put_unaligned_le64(ctrl->unsafe_shutdowns, log->unsafe_shutdowns);
	put_unaligned_le64(ctrl->counts[NVMM_IO_COMMANDS], log->host_reads);
}

static void nvmm_log_firmware(struct nvmm_ctrl *ctrl)
{
	struct nvme_fw_slot_info_log *log = (void *)ctrl->page;

	log->afi = 1;
	log->frs[0] = cpu_to_le64(get_unaligned_le64("1       "));
}

/* The list is empty again when it has been read; all ones first if it is too long. */
static void nvmm_log_changed(struct nvmm_ctrl *ctrl, bool retain)
{
	__le32 *list = (__le32 *)ctrl->page;
	unsigned int i;

	mutex_lock(&ctrl->subsys->ns_lock);
	if (ctrl->nr_changed > NVMM_MAX_CHANGED)
		list[0] = cpu_to_le32(NVME_NSID_ALL);
	else
		for (i = 0; i < ctrl->nr_changed; i++)
			list[i] = cpu_to_le32(ctrl->changed[i]);
	if (!retain)
		ctrl->nr_changed = 0;
	mutex_unlock(&ctrl->subsys->ns_lock);
}

static void nvmm_log_effects(struct nvmm_ctrl *ctrl)
{
	static const u8 admin[] = {
		nvme_admin_delete_sq, nvme_admin_create_sq, nvme_admin_get_log_page,
		nvme_admin_delete_cq, nvme_admin_create_cq, nvme_admin_identify,
		nvme_admin_abort_cmd, nvme_admin_set_features, nvme_admin_get_features,
		nvme_admin_async_event,
	};
	static const u8 io[] = {
		nvme_cmd_flush, nvme_cmd_write, nvme_cmd_read, nvme_cmd_compare,
		nvme_cmd_write_zeroes, nvme_cmd_dsm, nvme_cmd_verify,
	};
	struct nvme_effects_log *log = (void *)ctrl->page;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(admin); i++)
		log->acs[admin[i]] = cpu_to_le32(NVME_CMD_EFFECTS_CSUPP);
	for (i = 0; i < ARRAY_SIZE(io); i++)
		log->iocs[io[i]] = cpu_to_le32(NVME_CMD_EFFECTS_CSUPP);
	log->acs[nvme_admin_ns_mgmt] = cpu_to_le32(NVME_CMD_EFFECTS_CSUPP |
						   NVME_CMD_EFFECTS_NIC);
	log->acs[nvme_admin_ns_attach] = cpu_to_le32(NVME_CMD_EFFECTS_CSUPP |
						     NVME_CMD_EFFECTS_NIC);
	log->acs[nvme_admin_format_nvm] = cpu_to_le32(NVME_CMD_EFFECTS_CSUPP |
						      NVME_CMD_EFFECTS_LBCC |
						      NVME_CMD_EFFECTS_NCC);
}

/* A group for each namespace, whether there is room for the driver to know of it or not. */
static void nvmm_log_ana(struct nvmm_ctrl *ctrl)
{
	struct nvme_ana_rsp_hdr *header = (void *)ctrl->page;
	struct nvme_ana_group_desc *group = (void *)(header + 1);
	unsigned long index;
	struct nvmm_ns *ns;
	u32 nr = 0;

	mutex_lock(&ctrl->subsys->ns_lock);
	xa_for_each(&ctrl->namespaces, index, ns) {
		if (!ns->attached || nr == NVMM_ANA_GROUPS)
			continue;
		group->grpid = cpu_to_le32(ns->nsid);
		group->nnsids = cpu_to_le32(1);
		group->state = ns->ana_state;
		group->nsids[0] = cpu_to_le32(ns->nsid);
		group = (void *)&group->nsids[1];
		nr++;
	}
	mutex_unlock(&ctrl->subsys->ns_lock);
	header->ngrps = cpu_to_le16(nr);
}

/* Returns how long the page is, 0 if there is none. */
static u32 nvmm_fill_log(struct nvmm_ctrl *ctrl, u8 lid, bool retain)
{
	memset(ctrl->page, 0, NVMM_PAGE);
	switch (lid) {
	case NVME_LOG_ERROR:
		return NVMM_ERROR_ENTRIES * NVMM_ERROR_BYTES;
	case NVME_LOG_SMART:
		nvmm_log_smart(ctrl);
		return sizeof(struct nvme_smart_log);
	case NVME_LOG_FW_SLOT:
		nvmm_log_firmware(ctrl);
		return sizeof(struct nvme_fw_slot_info_log);
	case NVME_LOG_CHANGED_NS:
		nvmm_log_changed(ctrl, retain);
		return NVMM_PAGE;
	case NVME_LOG_ANA:
		if (!ctrl->config.anatt)
			return 0;
		nvmm_log_ana(ctrl);
		return NVMM_PAGE;
	case NVME_LOG_CMD_EFFECTS:
		nvmm_log_effects(ctrl);
		return NVMM_PAGE;
	case NVME_LOG_FDP_CONFIGS:
		return nvmm_log_fdp(ctrl);
	}
	return 0;
}

/* Reading it lets the next event come whose log page this is. */
static void nvmm_unmask(struct nvmm_ctrl *ctrl, u8 lid)
{
	switch (lid) {
	case NVME_LOG_ERROR:
		clear_bit(NVME_AER_ERROR, &ctrl->masked);
		break;
	case NVME_LOG_SMART:
		clear_bit(NVME_AER_SMART, &ctrl->masked);
		break;
	case NVME_LOG_FW_SLOT:
	case NVME_LOG_CHANGED_NS:
	case NVME_LOG_ANA:
		clear_bit(NVME_AER_NOTICE, &ctrl->masked);
		break;
	}
}

/* Past the end of a page there is nothing, which is zeroes here. */
static void nvmm_send_log(struct nvmm_ctrl *ctrl, u64 offset, u64 bytes)
{
	if (offset >= NVMM_PAGE)
		return;
	nvmm_data_to_host(ctrl, ctrl->page + offset, min(bytes, NVMM_PAGE - offset));
}

/** nvmm_get_log_page - execute Get Log Page; return: a status of NVMe */
u16 nvmm_get_log_page(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd)
{
	const struct nvme_get_log_page_command *log = &cmd->sqe.get_log_page;
	u64 bytes = ((u64)le16_to_cpu(log->numdu) << 16 | le16_to_cpu(log->numdl)) * 4 + 4;
	bool retain = log->lsp & 0x80;
	u64 offset = le64_to_cpu(log->lpo);
	u16 status;

	if (offset % 4 || bytes > SZ_1M)
		return NVMM_DNR(NVME_SC_INVALID_FIELD);
	if (!nvmm_fill_log(ctrl, log->lid, retain))
		return NVMM_DNR(NVME_SC_INVALID_LOG_PAGE);
	status = nvmm_data_map(ctrl, &cmd->sqe, bytes);
	if (status)
		return status;
	nvmm_send_log(ctrl, offset, bytes);
	if (!retain)
		nvmm_unmask(ctrl, log->lid);
	return 0;
}
