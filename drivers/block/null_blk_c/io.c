// SPDX-License-Identifier: GPL-2.0
/*
 * The I/O path: from queue_rq() to completion.
 *
 * The functions that take @data are inlined into two sets of operations, with
 * and without data, so that each contains only what it does.
 */
#include <linux/blkdev.h>
#include <linux/ktime.h>
#include <linux/mqblk.h>
#include <linux/pagemap.h>

#include "null_blk_c.h"

/*
 * A disk without data leaves the memory of a read as it is, which is what makes
 * it fast. But memory that is not up to date, such as new pages of the page
 * cache, may hold anything of the kernel's, and user space will see it: that is
 * zeroed. Memory that user space gave for direct I/O is up to date.
 */
static __always_inline void nbc_hide_memory(struct request *rq)
{
	struct bio *bio;

	if (req_op(rq) != REQ_OP_READ)
		return;
	__rq_for_each_bio(bio, rq) {
		if (unlikely(!folio_test_uptodate(page_folio(bio_page(bio)))))
			zero_fill_bio(bio);
	}
}

/* Moves the data of a request that the caller owns. */
static blk_status_t nbc_transfer(struct nbc_store *store, struct request *rq)
{
	u64 pos = (u64)blk_rq_pos(rq) << SECTOR_SHIFT;

	switch (req_op(rq)) {
	case REQ_OP_READ:
		nbc_store_read(store, rq->bio, pos, blk_rq_bytes(rq));
		return BLK_STS_OK;
	case REQ_OP_WRITE:
		return nbc_store_write(store, rq->bio, pos,
				       blk_rq_bytes(rq));
	case REQ_OP_DISCARD:
		nbc_store_discard(store, pos, blk_rq_bytes(rq));
		return BLK_STS_OK;
	case REQ_OP_WRITE_ZEROES:
		if (rq->cmd_flags & REQ_NOUNMAP)
			nbc_store_zero(store, pos, blk_rq_bytes(rq));
		else
			nbc_store_discard(store, pos, blk_rq_bytes(rq));
		return BLK_STS_OK;
	case REQ_OP_FLUSH:
		return BLK_STS_OK;
	default:
		return BLK_STS_NOTSUPP;
	}
}

/* Completes a request that the caller owns, unless it has to wait. */
static __always_inline void nbc_complete(struct nbc_disk *nbd,
					 struct request *rq,
					 blk_status_t status,
					 struct io_comp_batch *iob)
{
	if (rq->mq_hctx->type == HCTX_TYPE_POLL)
		mqblk_poll_park(rq, status);
	else if (nbd->irqmode == NBC_IRQ_SOFTIRQ)
		mqblk_rq_complete(rq, status, iob);
	else if (nbd->irqmode == NBC_IRQ_INLINE)
		mqblk_rq_end(rq, status, iob);
	else
		mqblk_timer_park(rq, status,
				 ktime_add_safe(ktime_get(), nbd->delay));
}

static __always_inline void nbc_handle(struct request *rq, bool data,
				       struct io_comp_batch *iob)
{
	struct nbc_disk *nbd = rq->q->queuedata;
	blk_status_t status = BLK_STS_OK;

	mqblk_rq_start(rq);
	if (data)
		status = nbc_transfer(nbd->store, rq);
	else
		nbc_hide_memory(rq);
	nbc_complete(nbd, rq, status, iob);
}

static __always_inline void nbc_handle_list(struct rq_list *rqs, bool data)
{
	DEFINE_IO_COMP_BATCH(iob);
	struct request *rq;

	while ((rq = rq_list_pop(rqs)))
		nbc_handle(rq, data, &iob);
	mqblk_batch_end(&iob);
}

static blk_status_t nbc_null_queue_rq(struct blk_mq_hw_ctx *hctx,
				      const struct blk_mq_queue_data *bd)
{
	nbc_handle(bd->rq, false, NULL);
	return BLK_STS_OK;
}

static void nbc_null_queue_rqs(struct rq_list *rqs)
{
	nbc_handle_list(rqs, false);
}

static blk_status_t nbc_data_queue_rq(struct blk_mq_hw_ctx *hctx,
				      const struct blk_mq_queue_data *bd)
{
	nbc_handle(bd->rq, true, NULL);
	return BLK_STS_OK;
}

static void nbc_data_queue_rqs(struct rq_list *rqs)
{
	nbc_handle_list(rqs, true);
}

#define NBC_COMMON_OPS						\
	.complete	= mqblk_complete_op,			\
	.timeout	= mqblk_rq_timeout,			\
	.poll		= mqblk_poll,				\
	.map_queues	= mqblk_map_queues,			\
	.init_hctx	= mqblk_init_hctx,			\
	.exit_hctx	= mqblk_exit_hctx

const struct blk_mq_ops nbc_null_ops = {
	.queue_rq	= nbc_null_queue_rq,
	.queue_rqs	= nbc_null_queue_rqs,
	NBC_COMMON_OPS,
};

const struct blk_mq_ops nbc_data_ops = {
	.queue_rq	= nbc_data_queue_rq,
	.queue_rqs	= nbc_data_queue_rqs,
	NBC_COMMON_OPS,
};
