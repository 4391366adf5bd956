// SPDX-License-Identifier: GPL-2.0
/*
 * Features: those that a driver sets, and the ones that it reads.
 *
 * Context: the thread of the controller.
 */
#include "nvme_model.h"

#define NVMM_DNR(status)	((status) | NVME_STATUS_DNR)
#define NVMM_BEHAVIOR_BYTES	sizeof(struct nvme_feat_host_behavior)

/* Both numbers are less one, in either direction. */
static u32 nvmm_queues_granted(struct nvmm_ctrl *ctrl, u32 wanted)
{
	u32 most = ctrl->config.queues - 1;

	return min(wanted & 0xffff, most) | min(wanted >> 16, most) << 16;
}

static u16 nvmm_set_number_of_queues(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd)
{
	u32 wanted = le32_to_cpu(cmd->sqe.features.dword11);
	unsigned int i;

	if ((wanted & 0xffff) == 0xffff || wanted >> 16 == 0xffff)
		return NVMM_DNR(NVME_SC_INVALID_FIELD);
	for (i = 1; i <= ctrl->config.queues; i++)
		if (ctrl->cqs[i].live || ctrl->sqs[i].live)
			return NVMM_DNR(NVME_SC_CMD_SEQ_ERROR);
	cmd->result = nvmm_queues_granted(ctrl, wanted);
	return 0;
}

/* The threshold that a command means, or NULL if there is none. */
static u16 *nvmm_threshold(struct nvmm_ctrl *ctrl, const struct nvmm_cmd *cmd)
{
	u32 selector = le32_to_cpu(cmd->sqe.features.dword11);
	u32 sensor = selector >> NVME_TEMP_THRESH_SELECT_SHIFT & 0xf;
	u32 type = selector >> 20 & 3;

	if (sensor >= NVMM_NR_TEMPS || type > 1)
		return NULL;
	return &ctrl->thresholds[sensor][type];
}

static u16 nvmm_set_threshold(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd)
{
	u16 *threshold = nvmm_threshold(ctrl, cmd);

	if (!threshold)
		return NVMM_DNR(NVME_SC_INVALID_FIELD);
	*threshold = le32_to_cpu(cmd->sqe.features.dword11) & NVME_TEMP_THRESH_MASK;
	return 0;
}

static u16 nvmm_get_threshold(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd)
{
	u16 *threshold = nvmm_threshold(ctrl, cmd);

	if (!threshold)
		return NVMM_DNR(NVME_SC_INVALID_FIELD);
	cmd->result = *threshold;
	return 0;
}

/** nvmm_reset_thresholds - what they are after a reset */
void nvmm_reset_thresholds(struct nvmm_ctrl *ctrl)
{
	unsigned int i;

	for (i = 0; i < NVMM_NR_TEMPS; i++) {
		ctrl->thresholds[i][0] = i ? U16_MAX : NVMM_WARM_KELVIN;
		ctrl->thresholds[i][1] = 0;
	}
}

static u16 nvmm_set_timestamp(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd)
{
	__le64 stamp;
	u16 status = nvmm_data_map(ctrl, &cmd->sqe, sizeof(stamp));

	if (status)
		return status;
	nvmm_data_from_host(ctrl, &stamp, sizeof(stamp));
	ctrl->timestamp = le64_to_cpu(stamp);
	return 0;
}

static u16 nvmm_set_behavior(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd)
{
	u16 status = nvmm_data_map(ctrl, &cmd->sqe, NVMM_BEHAVIOR_BYTES);

	if (status)
		return status;
	nvmm_data_from_host(ctrl, ctrl->page, NVMM_BEHAVIOR_BYTES);
	ctrl->host_behavior = ctrl->page[0];
	ctrl->formats_extended = ctrl->page[offsetof(struct nvme_feat_host_behavior, lbafee)];
	return 0;
}

/** nvmm_set_features - execute Set Features; return: a status of NVMe */
u16 nvmm_set_features(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd)
{
	u32 value = le32_to_cpu(cmd->sqe.features.dword11);

	switch (le32_to_cpu(cmd->sqe.features.fid) & 0xff) {
	case NVME_FEAT_NUM_QUEUES:
		return nvmm_set_number_of_queues(ctrl, cmd);
	case NVME_FEAT_ASYNC_EVENT:
		ctrl->event_config = value;
		return 0;
	case NVME_FEAT_VOLATILE_WC:
		if (!ctrl->config.vwc)
			return NVMM_DNR(NVME_SC_INVALID_FIELD);
		ctrl->wce = value & 1;
		if (!ctrl->wce)
			nvmm_flush_all(ctrl);
		return 0;
	case NVME_FEAT_TEMP_THRESH:
		return nvmm_set_threshold(ctrl, cmd);
	case NVME_FEAT_TIMESTAMP:
		return nvmm_set_timestamp(ctrl, cmd);
	case NVME_FEAT_HOST_BEHAVIOR:
		return nvmm_set_behavior(ctrl, cmd);
	case NVME_FEAT_HOST_MEM_BUF:
		return nvmm_set_hmb(ctrl, &cmd->sqe.features);
	case NVME_FEAT_AUTO_PST:
		return nvmm_set_apst(ctrl, cmd);
	case NVME_FEAT_ARBITRATION:
	case NVME_FEAT_POWER_MGMT:
	case NVME_FEAT_ERR_RECOVERY:
	case NVME_FEAT_IRQ_COALESCE:
	case NVME_FEAT_IRQ_CONFIG:
	case NVME_FEAT_WRITE_ATOMIC:
		return 0;
	}
	return NVMM_DNR(NVME_SC_INVALID_FIELD);
}

static u16 nvmm_answer_data(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd,
			    const void *data, u32 bytes)
{
	u16 status = nvmm_data_map(ctrl, &cmd->sqe, bytes);

	if (!status)
		nvmm_data_to_host(ctrl, data, bytes);
	return status;
}

/** nvmm_get_features - execute Get Features; return: a status of NVMe */
u16 nvmm_get_features(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd)
{
	u32 most = ctrl->config.queues - 1;
	__le64 stamp;

	switch (le32_to_cpu(cmd->sqe.features.fid) & 0xff) {
	case NVME_FEAT_NUM_QUEUES:
		cmd->result = most | most << 16;
		return 0;
	case NVME_FEAT_ASYNC_EVENT:
		cmd->result = ctrl->event_config;
		return 0;
	case NVME_FEAT_VOLATILE_WC:
		if (!ctrl->config.vwc)
			return NVMM_DNR(NVME_SC_INVALID_FIELD);
		cmd->result = ctrl->wce;
		return 0;
	case NVME_FEAT_TIMESTAMP:
		stamp = cpu_to_le64(ctrl->timestamp);
		return nvmm_answer_data(ctrl, cmd, &stamp, sizeof(stamp));
	case NVME_FEAT_HOST_BEHAVIOR:
		memset(ctrl->page, 0, NVMM_BEHAVIOR_BYTES);
		ctrl->page[0] = ctrl->host_behavior;
		ctrl->page[offsetof(struct nvme_feat_host_behavior, lbafee)] =
			ctrl->formats_extended;
		return nvmm_answer_data(ctrl, cmd, ctrl->page, NVMM_BEHAVIOR_BYTES);
	case NVME_FEAT_TEMP_THRESH:
		return nvmm_get_threshold(ctrl, cmd);
	case NVME_FEAT_FDP:
		return nvmm_fdp_feature(ctrl, cmd);
	case NVME_FEAT_ARBITRATION:
	case NVME_FEAT_POWER_MGMT:
	case NVME_FEAT_ERR_RECOVERY:
	case NVME_FEAT_IRQ_COALESCE:
	case NVME_FEAT_IRQ_CONFIG:
	case NVME_FEAT_WRITE_ATOMIC:
		return 0;
	}
	return NVMM_DNR(NVME_SC_INVALID_FIELD);
}
