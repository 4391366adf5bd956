// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints: what they say of a request, and dwords of a command in words.
 */
#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/trace_seq.h>

#include "ctrl.h"
#include "ns.h"
#include "queue.h"
#include "rq.h"
#include "trace.h"

#define CREATE_TRACE_POINTS
#include <trace/events/nvme_c.h>

/* --- requests ------------------------------------------------------------- */

static enum nvmec_trace_set nvmec_trace_set(const struct nvmec_queue *queue,
					    const struct nvmec_ns *ns)
{
	if (!queue->id)
		return NVMEC_TRACE_ADMIN;
	return ns->id.csi == NVME_CSI_ZNS ? NVMEC_TRACE_ZNS : NVMEC_TRACE_NVM;
}

/* All but the dwords. */
static struct nvmec_trace_cmd nvmec_trace_cmd(struct request *rq, u16 id)
{
	struct nvmec_queue *queue = nvmec_hctx_queue(rq->mq_hctx);
	const struct nvmec_ns *ns = rq->q->queuedata;

	return (struct nvmec_trace_cmd) {
		.ctrl	= dev_name(&queue->ctrl->dev),
		.queue	= queue->id,
		.id	= id,
		.nsid	= queue->id ? ns->nsid :
				      le32_to_cpu(nvmec_rq(rq)->cmd.common.nsid),
		.set	= nvmec_trace_set(queue, ns),
		.opcode	= nvmec_rq_opcode(rq),
	};
}

/**
 * nvmec_trace_submit_on - trace a command that goes to the controller
 * @rq: its request
 * @id: its id
 * @cmd: the command
 *
 * Context: Any.
 */
void nvmec_trace_submit_on(struct request *rq, u16 id,
			   const struct nvme_command *cmd)
{
	struct nvmec_trace_cmd trace = nvmec_trace_cmd(rq, id);
	const __le32 *dwords = (const __le32 *)cmd;
	unsigned int i;

	for (i = 0; i < NVMEC_TRACE_DWORDS; i++)
		trace.cdw[i] = le32_to_cpu(dwords[10 + i]);
	trace_nvmec_submit(&trace);
}

/**
 * nvmec_trace_complete_on - trace the end of a command
 * @rq: its request, which was claimed and has its status
 *
 * Context: Any.
 */
void nvmec_trace_complete_on(struct request *rq)
{
	struct nvmec_trace_cmd trace = nvmec_trace_cmd(rq, mqblk_rq_id(rq));
	const struct nvmec_rq *nrq = nvmec_rq(rq);

	trace_nvmec_complete(&trace, nrq->status, nrq->result, nrq->retries);
}

/**
 * nvmec_trace_event - trace an asynchronous event
 * @ctrl: the controller
 * @result: completion dword 0 of its request
 *
 * Context: Any.
 */
void nvmec_trace_event(struct nvmec_ctrl *ctrl, u32 result)
{
	trace_nvmec_event(dev_name(&ctrl->dev), result);
}

/**
 * nvmec_trace_state - trace a change of state
 * @ctrl: the controller
 * @from: name of the old state
 * @to: name of the new one
 *
 * Context: Any.
 */
void nvmec_trace_state(struct nvmec_ctrl *ctrl, const char *from, const char *to)
{
	trace_nvmec_state(dev_name(&ctrl->dev), from, to);
}

/* --- dwords in words ------------------------------------------------------ */

/* Fields of command dword 10 and, in names with 11 to 13, of those */
#define NVMEC_CDW_LOW		GENMASK(15, 0)
#define NVMEC_CDW_HIGH		GENMASK(31, 16)
#define NVMEC_CDW_BYTE		GENMASK(7, 0)
#define NVMEC_CDW11_CSI		GENMASK(31, 24)
#define NVMEC_CDW13_ALL		BIT(8)

static u64 nvmec_trace_slba(const u32 *cdw)
{
	return (u64)cdw[1] << 32 | cdw[0];
}

/* Any command that nothing is known of here. */
static void nvmec_trace_raw(struct trace_seq *seq, const u32 *cdw)
{
	unsigned int i;

	for (i = 0; i < NVMEC_TRACE_DWORDS; i++)
		trace_seq_printf(seq, " cdw%u=%#x", 10 + i, cdw[i]);
}

static void nvmec_trace_admin(struct trace_seq *seq, u8 opcode, const u32 *cdw)
{
	u32 low = FIELD_GET(NVMEC_CDW_LOW, cdw[0]);
	u32 high = FIELD_GET(NVMEC_CDW_HIGH, cdw[0]);

	switch (opcode) {
	case nvme_admin_delete_sq:
	case nvme_admin_delete_cq:
		trace_seq_printf(seq, " qid=%u", low);
		break;
	case nvme_admin_create_sq:
		trace_seq_printf(seq, " qid=%u entries=%u cqid=%u flags=%#lx", low,
				 high + 1, cdw[1] >> 16, cdw[1] & NVMEC_CDW_LOW);
		break;
	case nvme_admin_create_cq:
		trace_seq_printf(seq, " qid=%u entries=%u vector=%u flags=%#lx", low,
				 high + 1, cdw[1] >> 16, cdw[1] & NVMEC_CDW_LOW);
		break;
	case nvme_admin_get_log_page:
		trace_seq_printf(seq, " log=%#lx bytes=%llu", cdw[0] & NVMEC_CDW_BYTE,
				 4 * (((u64)(cdw[1] & NVMEC_CDW_LOW) << 16 | high) + 1));
		break;
	case nvme_admin_identify:
		trace_seq_printf(seq, " cns=%#lx csi=%lu", cdw[0] & NVMEC_CDW_BYTE,
				 FIELD_GET(NVMEC_CDW11_CSI, cdw[1]));
		break;
	case nvme_admin_abort_cmd:
		trace_seq_printf(seq, " sqid=%u cid=%#x", low, high);
		break;
	case nvme_admin_set_features:
		trace_seq_printf(seq, " feature=%#lx value=%#x",
				 cdw[0] & NVMEC_CDW_BYTE, cdw[1]);
		break;
	case nvme_admin_get_features:
		trace_seq_printf(seq, " feature=%#lx", cdw[0] & NVMEC_CDW_BYTE);
		break;
	default:
		nvmec_trace_raw(seq, cdw);
		break;
	}
}

static const char *nvmec_trace_zone_action(u8 action)
{
	switch (action) {
	case NVME_ZONE_CLOSE:
		return "close";
	case NVME_ZONE_FINISH:
		return "finish";
	case NVME_ZONE_OPEN:
		return "open";
	case NVME_ZONE_RESET:
		return "reset";
	case NVME_ZONE_OFFLINE:
		return "offline";
	case NVME_ZONE_SET_DESC_EXT:
		return "set_descriptor_extension";
	default:
		return "unknown";
	}
}

static void nvmec_trace_blocks(struct trace_seq *seq, const u32 *cdw)
{
	trace_seq_printf(seq, " slba=%llu blocks=%lu control=%#x",
			 nvmec_trace_slba(cdw), (cdw[2] & NVMEC_CDW_LOW) + 1,
			 cdw[2] >> 16);
}

static void nvmec_trace_nvm(struct trace_seq *seq, u8 opcode, const u32 *cdw)
{
	switch (opcode) {
	case nvme_cmd_flush:
		break;
	case nvme_cmd_read:
	case nvme_cmd_write:
	case nvme_cmd_compare:
	case nvme_cmd_write_zeroes:
	case nvme_cmd_write_uncor:
	case nvme_cmd_verify:
		nvmec_trace_blocks(seq, cdw);
		break;
	case nvme_cmd_dsm:
		trace_seq_printf(seq, " ranges=%lu attributes=%#x",
				 (cdw[0] & NVMEC_CDW_BYTE) + 1, cdw[1]);
		break;
	default:
		nvmec_trace_raw(seq, cdw);
		break;
	}
}

/* What the zoned command set has beside all those of NVM */
static void nvmec_trace_zns(struct trace_seq *seq, u8 opcode, const u32 *cdw)
{
	switch (opcode) {
	case nvme_cmd_zone_append:
		nvmec_trace_blocks(seq, cdw);
		break;
	case nvme_cmd_zone_mgmt_send:
		trace_seq_printf(seq, " slba=%llu action=%s all=%u",
				 nvmec_trace_slba(cdw),
				 nvmec_trace_zone_action(cdw[3] & NVMEC_CDW_BYTE),
				 !!(cdw[3] & NVMEC_CDW13_ALL));
		break;
	case nvme_cmd_zone_mgmt_recv:
		trace_seq_printf(seq, " slba=%llu bytes=%llu action=%#lx",
				 nvmec_trace_slba(cdw), 4 * ((u64)cdw[2] + 1),
				 cdw[3] & NVMEC_CDW_BYTE);
		break;
	default:
		nvmec_trace_nvm(seq, opcode, cdw);
		break;
	}
}

/**
 * nvmec_trace_words - what the dwords of a command say, in words
 * @seq: where to write it
 * @set: enum nvmec_trace_set
 * @opcode: of @set
 * @cdw: dwords 10 to 15
 *
 * Context: of who reads a trace.
 * Return: the text, which is in @seq, with a blank before each word.
 */
const char *nvmec_trace_words(struct trace_seq *seq, u8 set, u8 opcode,
			      const u32 *cdw)
{
	const char *text = trace_seq_buffer_ptr(seq);

	if (set == NVMEC_TRACE_ADMIN)
		nvmec_trace_admin(seq, opcode, cdw);
	else if (set == NVMEC_TRACE_ZNS)
		nvmec_trace_zns(seq, opcode, cdw);
	else
		nvmec_trace_nvm(seq, opcode, cdw);
	trace_seq_putc(seq, 0);
	return text;
}
