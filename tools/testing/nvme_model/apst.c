// SPDX-License-Identifier: GPL-2.0
/*
 * Autonomous power state transitions: the table that the driver gives is checked, and kept
 * for who looks at it. The controller goes nowhere by it.
 *
 * Its states 0 to 2 execute commands. Those behind do not; they take 2 ms to enter and
 * leave together, 20 ms, 200 ms and 2 s.
 *
 * Context: the thread of the controller.
 */
#include <linux/bitfield.h>

#include "nvme_model.h"

#define NVMM_DNR(status)	((status) | NVME_STATUS_DNR)

#define NVMM_FIRST_IDLE		3
#define NVMM_IDLE_US		1000

#define NVMM_APST_ITPS		GENMASK_ULL(7, 3)
#define NVMM_APST_ITPT		GENMASK_ULL(31, 8)

/** nvmm_apst_id - say which power states there are */
void nvmm_apst_id(struct nvmm_ctrl *ctrl, struct nvme_id_ctrl *id)
{
	u32 us = NVMM_IDLE_US, i;

	if (!ctrl->config.apst)
		return;
	id->apsta = 1;
	id->npss = NVMM_FIRST_IDLE + ctrl->config.apst - 1;
	for (i = NVMM_FIRST_IDLE; i <= id->npss; i++, us *= 10) {
		id->psd[i].flags = NVME_PS_FLAGS_NON_OP_STATE;
		id->psd[i].entry_lat = cpu_to_le32(us);
		id->psd[i].exit_lat = cpu_to_le32(us);
	}
}

/** nvmm_apst_forget - as after a reset */
void nvmm_apst_forget(struct nvmm_ctrl *ctrl)
{
	WRITE_ONCE(ctrl->apst_on, false);
	memset(ctrl->apst, 0, sizeof(ctrl->apst));
}

static bool nvmm_apst_fits(struct nvmm_ctrl *ctrl, u32 state, u64 entry)
{
	u32 to = FIELD_GET(NVMM_APST_ITPS, entry);
	u32 last = NVMM_FIRST_IDLE + ctrl->config.apst - 1;

	if (!entry)
		return true;
	if (entry & ~(NVMM_APST_ITPS | NVMM_APST_ITPT) || state > last ||
	    to < NVMM_FIRST_IDLE || to > last || to <= state) {
		nvmm_breach(ctrl, NVMM_APST, "entry %u: %#llx", state, entry);
		return false;
	}
	return true;
}

/** nvmm_set_apst - execute Set Features, power states; return: a status of NVMe */
u16 nvmm_set_apst(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd)
{
	struct nvme_feat_auto_pst *table = (void *)ctrl->page;
	u32 flags = le32_to_cpu(cmd->sqe.features.dword11), i;
	u16 status;

	if (!ctrl->config.apst || flags & ~1)
		return NVMM_DNR(NVME_SC_INVALID_FIELD);
	status = nvmm_data_map(ctrl, &cmd->sqe, sizeof(*table));
	if (status)
		return status;
	nvmm_data_from_host(ctrl, table, sizeof(*table));
	for (i = 0; i < NVMM_POWER_STATES; i++)
		if (!nvmm_apst_fits(ctrl, i, le64_to_cpu(table->entries[i])))
			return NVMM_DNR(NVME_SC_INVALID_FIELD);
	for (i = 0; i < NVMM_POWER_STATES; i++)
		WRITE_ONCE(ctrl->apst[i], le64_to_cpu(table->entries[i]));
	WRITE_ONCE(ctrl->apst_on, flags & 1);
	ctrl->counts[NVMM_APST_TABLES]++;
	return 0;
}

/** nvmm_apst_show - a word for each entry: from which state to which, after how many ms */
ssize_t nvmm_apst_show(struct nvmm_ctrl *ctrl, char *page)
{
	ssize_t len = 0;
	u32 i;

	if (!READ_ONCE(ctrl->apst_on))
		return sysfs_emit(page, "off\n");
	for (i = 0; i < NVMM_POWER_STATES; i++) {
		u64 entry = READ_ONCE(ctrl->apst[i]);

		if (entry)
			len += scnprintf(page + len, PAGE_SIZE - len, "%s%u:%llu:%llu",
					 len ? " " : "", i, FIELD_GET(NVMM_APST_ITPS, entry),
					 FIELD_GET(NVMM_APST_ITPT, entry));
	}
	return len + scnprintf(page + len, PAGE_SIZE - len, "\n");
}
