/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: where requests meet them. While they are off, each costs a no-op.
 */
#ifndef _NVMEC_TRACE_H
#define _NVMEC_TRACE_H

#include <linux/blk-mq.h>
#include <linux/nvme.h>
#include <linux/tracepoint-defs.h>
#include <linux/types.h>

struct nvmec_ctrl;

DECLARE_TRACEPOINT(nvmec_submit);
DECLARE_TRACEPOINT(nvmec_complete);

void nvmec_trace_submit_on(struct request *rq, u16 id,
			   const struct nvme_command *cmd);
void nvmec_trace_complete_on(struct request *rq);
void nvmec_trace_event(struct nvmec_ctrl *ctrl, u32 result);
void nvmec_trace_state(struct nvmec_ctrl *ctrl, const char *from, const char *to);

/* The command of a request, with its id, is in the ring, and it is not started yet. */
static inline void nvmec_trace_submit(struct request *rq, u16 id,
				      const struct nvme_command *cmd)
{
	if (tracepoint_enabled(nvmec_submit))
		nvmec_trace_submit_on(rq, id, cmd);
}

/* A request was claimed and has its status. */
static inline void nvmec_trace_complete(struct request *rq)
{
	if (tracepoint_enabled(nvmec_complete))
		nvmec_trace_complete_on(rq);
}

#endif /* _NVMEC_TRACE_H */
