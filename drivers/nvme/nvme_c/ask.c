// SPDX-License-Identifier: GPL-2.0
/*
 * Commands of the driver's own to a namespace, which read something that only an I/O queue
 * tells: its zones, its handles. Those to the controller are admin.c's.
 */
#include <linux/blk-mq.h>
#include <linux/err.h>
#include <linux/mqblk_compat.h>
#include <linux/string.h>

#include "ask.h"
#include "cmd.h"
#include "ns.h"
#include "rq.h"

/* How often a command is sent again that a reset took back. */
#define NVMEC_ASK_TRIES	3

static int nvmec_ask_once(struct nvmec_ns *ns, const struct nvme_command *cmd, void *data,
			  unsigned int bytes)
{
	struct nvmec_rq *nrq;
	struct request *rq;
	int ret;

	rq = blk_mq_alloc_request(ns->disk->queue, REQ_OP_DRV_IN, 0);
	if (IS_ERR(rq))
		return PTR_ERR(rq);
	nrq = nvmec_rq(rq);
	nrq->user = false;
	nrq->flags = 0;
	nrq->status = 0;
	nrq->cmd = *cmd;
	/* What the controller does not write shall not be old memory. */
	memset(data, 0, bytes);
	ret = mqblk_rq_map_kern(rq, data, bytes, GFP_KERNEL);
	if (!ret) {
		ret = blk_status_to_errno(blk_execute_rq(rq, false));
		if (test_bit(NVMEC_RQ_TIMED_OUT, &nrq->flags) && ret)
			ret = -ETIMEDOUT;
		else if (test_bit(NVMEC_RQ_CANCELLED, &nrq->flags))
			ret = -EINTR;
		else if (nvmec_status_of_way(nrq->status))
			ret = -EHOSTUNREACH;
		else if (nrq->status)
			ret = nvmec_status_passes(nrq->status) ? -EBUSY : -EIO;
	}
	blk_mq_free_request(rq);
	return ret;
}

/**
 * nvmec_ask - read something of a namespace by an I/O command
 * @ns: the namespace; its disk may be unpublished
 * @cmd: the command, but for its data pointer
 * @data: memory of kmalloc(); all of it is written
 * @bytes: how much the command moves, a multiple of 4
 *
 * Context: Process context, may sleep for as long as a reset takes.
 * Return: 0; -ETIMEDOUT if there was no answer in time; -EINTR if a reset took it back for
 * another reason, more than once; -EHOSTUNREACH if the
 * controller cannot tell, and another one may; -EBUSY if it does not tell now, and may the
 * next time; or another errno.
 */
int nvmec_ask(struct nvmec_ns *ns, const struct nvme_command *cmd, void *data,
	      unsigned int bytes)
{
	int ret, tries = NVMEC_ASK_TRIES;

	do {
		ret = nvmec_ask_once(ns, cmd, data, bytes);
	} while (ret == -EINTR && --tries);
	return ret;
}
