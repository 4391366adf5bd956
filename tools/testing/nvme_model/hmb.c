// SPDX-License-Identifier: GPL-2.0
/*
 * The host memory buffer: what the driver lends is checked, and used. A mark in each chunk
 * is looked at and changed while commands are executed, so that a driver is found which
 * writes there, or frees it too early. When it comes back after a reset, the marks must
 * be in it.
 *
 * Context: the thread of the controller.
 */
#include <linux/random.h>

#include "nvme_model.h"

#define NVMM_DNR(status)	((status) | NVME_STATUS_DNR)

static u32 nvmm_hmb_pages(const struct nvmm_hmb *hmb, u32 i)
{
	return le32_to_cpu(hmb->descs[i].size);
}

/* The end of a chunk, where its mark is. */
static u64 *nvmm_hmb_mark(const struct nvmm_hmb *hmb, u32 i)
{
	return phys_to_virt(le64_to_cpu(hmb->descs[i].addr) +
			    (u64)nvmm_hmb_pages(hmb, i) * NVMM_PAGE - sizeof(u64));
}

static void nvmm_hmb_set(struct nvmm_hmb *hmb, u32 i)
{
	hmb->marks[i] = get_random_u64();
	WRITE_ONCE(*nvmm_hmb_mark(hmb, i), hmb->marks[i]);
}

static void nvmm_hmb_look(struct nvmm_ctrl *ctrl, u32 i)
{
	const struct nvmm_hmb *hmb = &ctrl->hmb;
	u64 mark = READ_ONCE(*nvmm_hmb_mark(hmb, i));

	if (mark != hmb->marks[i])
		nvmm_breach(ctrl, NVMM_HMB, "chunk %u has %#llx, not %#llx", i, mark,
			    hmb->marks[i]);
}

/** nvmm_hmb_use - use the buffer, if there is one */
void nvmm_hmb_use(struct nvmm_ctrl *ctrl)
{
	struct nvmm_hmb *hmb = &ctrl->hmb;

	if (likely(!hmb->on))
		return;
	hmb->next = (hmb->next + 1) % hmb->nr;
	nvmm_hmb_look(ctrl, hmb->next);
	nvmm_hmb_set(hmb, hmb->next);
}

/** nvmm_hmb_forget - the driver does not lend it any more, but may give it back */
void nvmm_hmb_forget(struct nvmm_ctrl *ctrl)
{
	ctrl->hmb.on = false;
}

static bool nvmm_hmb_bad(struct nvmm_ctrl *ctrl, const char *what, u64 value)
{
	nvmm_breach(ctrl, NVMM_HMB, "%s: %#llx", what, value);
	return false;
}

static bool nvmm_hmb_chunk_fits(struct nvmm_ctrl *ctrl,
				const struct nvme_host_mem_buf_desc *desc)
{
	u64 addr = le64_to_cpu(desc->addr);
	u32 pages = le32_to_cpu(desc->size);

	if (!addr || addr % NVMM_PAGE)
		return nvmm_hmb_bad(ctrl, "address of a chunk", addr);
	if (!pages || pages < ctrl->config.hmminds)
		return nvmm_hmb_bad(ctrl, "pages of a chunk", pages);
	return nvmm_memory(ctrl, addr, (u64)pages * NVMM_PAGE);
}

static bool nvmm_hmb_fits(struct nvmm_ctrl *ctrl, const struct nvme_host_mem_buf_desc *descs,
			  u32 nr, u32 pages)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < nr; i++) {
		if (!nvmm_hmb_chunk_fits(ctrl, &descs[i]))
			return false;
		sum += le32_to_cpu(descs[i].size);
	}
	if (sum != pages || pages < ctrl->config.hmmin)
		return nvmm_hmb_bad(ctrl, "pages", pages);
	return true;
}

/* The same buffer as before, as it was. */
static void nvmm_hmb_return(struct nvmm_ctrl *ctrl,
			    const struct nvme_host_mem_buf_desc *descs, u32 nr)
{
	struct nvmm_hmb *hmb = &ctrl->hmb;
	u32 i;

	if (nr != hmb->nr || memcmp(hmb->descs, descs, nr * sizeof(*descs))) {
		nvmm_hmb_bad(ctrl, "another buffer came back, chunks", nr);
		return;
	}
	for (i = 0; i < nr; i++)
		nvmm_hmb_look(ctrl, i);
	ctrl->counts[NVMM_HMB_RETURNED]++;
}

/** nvmm_set_hmb - execute Set Features, host memory buffer; return: a status of NVMe */
u16 nvmm_set_hmb(struct nvmm_ctrl *ctrl, const struct nvme_features *cmd)
{
	u64 list = le32_to_cpu(cmd->dword13) | (u64)le32_to_cpu(cmd->dword14) << 32;
	u32 flags = le32_to_cpu(cmd->dword11), nr = le32_to_cpu(cmd->dword15), i;
	const struct nvme_host_mem_buf_desc *descs;
	struct nvmm_hmb *hmb = &ctrl->hmb;

	if (!ctrl->config.hmpre)
		return NVMM_DNR(NVME_SC_INVALID_FIELD);
	if (!(flags & NVME_HOST_MEM_ENABLE)) {
		ctrl->counts[NVMM_HMB_OFF]++;
		nvmm_hmb_forget(ctrl);
		return 0;
	}
	if (hmb->on) {
		nvmm_hmb_bad(ctrl, "it has a buffer already, chunks", hmb->nr);
		return NVMM_DNR(NVME_SC_CMD_SEQ_ERROR);
	}
	if (!nr || nr > ARRAY_SIZE(hmb->descs) || list % sizeof(*descs) ||
	    (ctrl->config.hmmaxd && nr > ctrl->config.hmmaxd)) {
		nvmm_hmb_bad(ctrl, "chunks", nr);
		return NVMM_DNR(NVME_SC_INVALID_FIELD);
	}
	descs = nvmm_memory(ctrl, list, nr * sizeof(*descs));
	if (!descs || !nvmm_hmb_fits(ctrl, descs, nr, le32_to_cpu(cmd->dword12)))
		return NVMM_DNR(NVME_SC_INVALID_FIELD);
	if (flags & NVME_HOST_MEM_RETURN)
		nvmm_hmb_return(ctrl, descs, nr);
	memcpy(hmb->descs, descs, nr * sizeof(*descs));
	hmb->nr = nr;
	for (i = 0; i < nr; i++)
		nvmm_hmb_set(hmb, i);
	hmb->on = true;
	ctrl->counts[NVMM_HMB_ON]++;
	ctrl->counts[NVMM_HMB_PAGES] = le32_to_cpu(cmd->dword12);
	ctrl->counts[NVMM_HMB_CHUNKS] = nr;
	return 0;
}
