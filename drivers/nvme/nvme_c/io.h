/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The operations of block queues, and the end of requests.
 */
#ifndef _NVMEC_IO_H
#define _NVMEC_IO_H

#include <linux/blk-mq.h>
#include <linux/types.h>

struct nvmec_ctrl;

extern const struct blk_mq_ops nvmec_io_ops;
extern const struct blk_mq_ops nvmec_admin_ops;
void nvmec_rq_complete(struct request *rq);
void nvmec_rq_complete_batch(struct io_comp_batch *iob);
bool nvmec_rq_cancel(struct request *rq, void *data);

#if IS_ENABLED(CONFIG_KUNIT)
/* What only tests call from outside of its file. */
bool nvmec_should_retry(struct request *rq);
void nvmec_retry(struct nvmec_ctrl *ctrl, struct request *rq);
#endif

#endif /* _NVMEC_IO_H */
