/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Completions, and what becomes of them.
 */
#ifndef _NVMEC_COMPLETE_H
#define _NVMEC_COMPLETE_H

#include <linux/blk-mq.h>
#include <linux/types.h>

struct nvmec_ctrl;
struct nvmec_queue;
struct work_struct;

blk_status_t nvmec_way_status(struct request *rq);
void nvmec_rq_complete(struct request *rq);
void nvmec_rq_complete_batch(struct io_comp_batch *iob);
bool nvmec_rq_cancel(struct request *rq, void *data);
int nvmec_queue_reap(struct nvmec_queue *queue, struct io_comp_batch *iob);
void nvmec_queue_more(struct work_struct *work);
int nvmec_queue_irq_get(struct nvmec_queue *queue);
void nvmec_queue_irq_put(struct nvmec_queue *queue);
int nvmec_queue_start(struct nvmec_queue *queue);
void nvmec_queue_stop(struct nvmec_queue *queue);
bool nvmec_io_progress(struct nvmec_ctrl *ctrl);
bool nvmec_ctrl_silent(struct nvmec_ctrl *ctrl);

#if IS_ENABLED(CONFIG_KUNIT)
/* What only tests call from outside of its file. */
bool nvmec_should_retry(struct request *rq);
void nvmec_retry(struct nvmec_ctrl *ctrl, struct request *rq);
#endif

#endif /* _NVMEC_COMPLETE_H */
