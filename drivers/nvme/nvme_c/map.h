/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Making the data of a request reachable for the controller.
 */
#ifndef _NVMEC_MAP_H
#define _NVMEC_MAP_H

#include <linux/blk-mq.h>
#include <linux/bvec.h>
#include <linux/dma-mapping.h>
#include <linux/jump_label.h>
#include <linux/memremap.h>
#include <linux/nvme.h>
#include <linux/pci.h>
#include <linux/types.h>

#include "ctrl.h"
#include "prp.h"
#include "rq.h"

struct nvmec_ns;

blk_status_t nvmec_map_lists(struct nvmec_ctrl *ctrl, struct request *rq, struct bio_vec bv);
blk_status_t nvmec_map_protected(struct nvmec_ns *ns, struct request *rq);
blk_status_t nvmec_map_user_meta(struct nvmec_ctrl *ctrl, struct request *rq);
blk_status_t nvmec_map_ranges(struct nvmec_ns *ns, struct request *rq);
void nvmec_unmap_lists(struct nvmec_ctrl *ctrl, struct request *rq);
bool nvmec_takes_peers(struct nvmec_ctrl *ctrl);

/* On while data may lie in memory of other devices. */
DECLARE_STATIC_KEY_FALSE(nvmec_peers);

/* Does a piece of data lie in memory of a device, be it this one or another? */
static inline bool nvmec_is_peer(const struct bio_vec *bv)
{
	return IS_ENABLED(CONFIG_PCI_P2PDMA) && static_branch_unlikely(&nvmec_peers) &&
	       is_pci_p2pdma_page(bv->bv_page);
}

static inline struct device *nvmec_dma_dev(struct nvmec_ctrl *ctrl)
{
	return &ctrl->pdev->dev;
}

/* The first bvec of a read or write. */
static inline struct bio_vec nvmec_rq_bvec(const struct request *rq)
{
	return mp_bvec_iter_bvec(rq->bio->bi_io_vec, rq->bio->bi_iter);
}

/* Maps data that is in one piece, @bv. Returns false if there is no room. */
static inline bool nvmec_map_one(struct nvmec_ctrl *ctrl, struct request *rq,
				 struct bio_vec bv)
{
	struct device *dev = nvmec_dma_dev(ctrl);
	struct nvmec_rq *nrq = nvmec_rq(rq);
	dma_addr_t addr = dma_map_bvec(dev, &bv, rq_dma_dir(rq), 0);

	if (unlikely(dma_mapping_error(dev, addr)))
		return false;
	nrq->one_addr = addr;
	nrq->one_bytes = bv.bv_len;
	nrq->map = NVMEC_MAP_ONE;
	return true;
}

/* Maps one piece, @bv, that ends @end bytes behind the beginning of its first page. */
static inline blk_status_t nvmec_map_short(struct nvmec_ctrl *ctrl, struct request *rq,
					   struct bio_vec bv, unsigned int end)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);
	dma_addr_t page;

	if (unlikely(!nvmec_map_one(ctrl, rq, bv)))
		return BLK_STS_RESOURCE;
	page = nrq->one_addr & ~(dma_addr_t)NVMEC_PAGE_MASK;
	nrq->dptr.prp1 = cpu_to_le64(nrq->one_addr);
	nrq->dptr.prp2 = 0;
	if (end > NVMEC_PAGE_SIZE)
		nrq->dptr.prp2 = cpu_to_le64(page + NVMEC_PAGE_SIZE);
	return BLK_STS_OK;
}

/**
 * nvmec_map_data - make the data of a read or write reachable
 * @ctrl: the controller
 * @rq: the request; its data pointer is filled in
 *
 * After an error other than BLK_STS_RESOURCE, nvmec_unmap() is due. One piece in
 * one page or two is what nearly all short requests have: both PRP entries stand
 * in the command.
 *
 * Context: Any.
 * Return: BLK_STS_OK; BLK_STS_RESOURCE if there is no memory now, and nothing
 * is mapped; BLK_STS_TARGET if the controller does not reach the memory of another device
 * that the data is in; BLK_STS_IOERR if the block layer's limits did not hold, or the data
 * cannot be mapped at all.
 */
static inline blk_status_t nvmec_map_data(struct nvmec_ctrl *ctrl,
					  struct request *rq)
{
	struct bio_vec bv = nvmec_rq_bvec(rq);
	unsigned int end = (bv.bv_offset & NVMEC_PAGE_MASK) + blk_rq_bytes(rq);

	nvmec_rq(rq)->cmd_flags = 0;
	if (unlikely(bv.bv_len != blk_rq_bytes(rq) || end > 2 * NVMEC_PAGE_SIZE ||
		     nvmec_is_peer(&bv)))
		return nvmec_map_lists(ctrl, rq, bv);
	return nvmec_map_short(ctrl, rq, bv, end);
}

/**
 * nvmec_map_piece - make the data of a request reachable that has no bio
 * @ctrl: the controller
 * @rq: the request; &nvmec_rq.piece is its data, its data pointer is filled in
 *
 * Context: Any.
 * Return: as nvmec_map_data().
 */
static inline blk_status_t nvmec_map_piece(struct nvmec_ctrl *ctrl, struct request *rq)
{
	struct bio_vec bv = nvmec_rq(rq)->piece;

	nvmec_rq(rq)->cmd_flags = 0;
	return nvmec_map_short(ctrl, rq, bv,
			       (bv.bv_offset & NVMEC_PAGE_MASK) + bv.bv_len);
}

/**
 * nvmec_unmap - undo what nvmec_map_data() and the functions of map.c did
 * @ctrl: the controller
 * @rq: a request that the controller will not touch any more
 *
 * Does nothing the second time.
 *
 * Context: Any.
 */
static inline void nvmec_unmap(struct nvmec_ctrl *ctrl, struct request *rq)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);

	if (nrq->map == NVMEC_MAP_ONE) {
		nrq->map = NVMEC_MAP_NONE;
		dma_unmap_page(nvmec_dma_dev(ctrl), nrq->one_addr,
			       nrq->one_bytes, rq_dma_dir(rq));
	} else if (nrq->map) {
		nvmec_unmap_lists(ctrl, rq);
	}
}

#if IS_ENABLED(CONFIG_KUNIT)
/* What only tests call from outside of its file. */
void nvmec_sgl_set(struct nvme_sgl_desc *desc, unsigned int type,
		   dma_addr_t addr, unsigned int bytes);
bool nvmec_list_fill_single(const struct sg_table *segs, __le64 *slots,
			    unsigned int prps);
bool nvmec_wants_sgl(struct nvmec_ctrl *ctrl, unsigned int bytes,
		     unsigned int segs);
#endif

#endif /* _NVMEC_MAP_H */
