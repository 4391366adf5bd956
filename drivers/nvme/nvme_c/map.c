// SPDX-License-Identifier: GPL-2.0
/*
 * Making the data of a request reachable for the controller.
 *
 * The memory of a request is mapped piece by piece and goes straight into a PRP
 * list or an SGL. A piece is all that is without a gap, one bvec or several. The
 * bus addresses are kept, as they are needed to unmap; the lengths are in the
 * request still. They are not read back from the lists: the controller can reach
 * those.
 *
 * The queue's virt_boundary makes every piece but the first begin with a page,
 * and every one but the last end with one, which is what a PRP list can say. It
 * does not do so for bvecs: those that follow each other in memory are merged
 * wherever they meet.
 */
#include <kunit/visibility.h>
#include <linux/blk-mq.h>
#include <linux/dma-mapping.h>

#include "nvme_c.h"

static struct device *nvmec_dma_dev(struct nvmec_ctrl *ctrl)
{
	return &ctrl->pdev->dev;
}

/**
 * struct nvmec_walk - a walk over the memory of a request
 * @bio: where the next piece begins, NULL at the end
 * @iter: place in it
 */
struct nvmec_walk {
	struct bio		*bio;
	struct bvec_iter	iter;
};

static void nvmec_walk_begin(struct nvmec_walk *walk, struct request *rq)
{
	walk->bio = rq->bio;
	walk->iter = rq->bio->bi_iter;
}

static struct bio_vec nvmec_walk_bvec(const struct nvmec_walk *walk)
{
	return mp_bvec_iter_bvec(walk->bio->bi_io_vec, walk->iter);
}

static void nvmec_walk_advance(struct nvmec_walk *walk, unsigned int bytes)
{
	bio_advance_iter_single(walk->bio, &walk->iter, bytes);
	if (walk->iter.bi_size)
		return;
	walk->bio = walk->bio->bi_next;
	if (walk->bio)
		walk->iter = walk->bio->bi_iter;
}

/* Takes the next piece; false if there is none. */
static bool nvmec_walk_next(struct nvmec_walk *walk, struct bio_vec *piece)
{
	struct bio_vec bv;

	if (!walk->bio)
		return false;
	*piece = nvmec_walk_bvec(walk);
	nvmec_walk_advance(walk, piece->bv_len);
	while (walk->bio) {
		bv = nvmec_walk_bvec(walk);
		if (bvec_phys(piece) + piece->bv_len != bvec_phys(&bv))
			break;
		piece->bv_len += bv.bv_len;
		nvmec_walk_advance(walk, bv.bv_len);
	}
	return true;
}

static void nvmec_big_free(struct nvmec_ctrl *ctrl, struct nvmec_big *big)
{
	while (big->nr_lists) {
		struct nvmec_prp_page *page = &big->lists[--big->nr_lists];

		dma_pool_free(ctrl->page_pool, page->entries, page->dma);
	}
	mempool_free(big, ctrl->big_pool);
}

/* Memory for a long list, of so many pages. */
static struct nvmec_big *nvmec_big_alloc(struct nvmec_ctrl *ctrl,
					 unsigned int nr_lists)
{
	struct nvmec_big *big = mempool_alloc(ctrl->big_pool, GFP_ATOMIC);

	if (!big)
		return NULL;
	for (big->nr_lists = 0; big->nr_lists < nr_lists; big->nr_lists++) {
		struct nvmec_prp_page *page = &big->lists[big->nr_lists];

		page->entries = dma_pool_alloc(ctrl->page_pool, GFP_ATOMIC,
					       &page->dma);
		if (!page->entries) {
			nvmec_big_free(ctrl, big);
			return NULL;
		}
	}
	return big;
}

/* Unmaps the first @nr pieces of a request. */
static void nvmec_unmap_segs(struct nvmec_ctrl *ctrl, struct request *rq,
			     const dma_addr_t *segs, unsigned int nr)
{
	struct device *dev = nvmec_dma_dev(ctrl);
	enum dma_data_direction dir = rq_dma_dir(rq);
	struct nvmec_walk walk;
	struct bio_vec piece;
	unsigned int i;

	nvmec_walk_begin(&walk, rq);
	for (i = 0; i < nr && nvmec_walk_next(&walk, &piece); i++)
		dma_unmap_page(dev, segs[i], piece.bv_len, dir);
}

/**
 * nvmec_unmap - undo what nvmec_map_data() or nvmec_map_ranges() did
 * @ctrl: the controller
 * @rq: a request that the controller will not touch any more
 *
 * Does nothing the second time.
 *
 * Context: Any.
 */
void nvmec_unmap(struct nvmec_ctrl *ctrl, struct request *rq)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);
	enum nvmec_map map = nrq->map;

	nrq->map = NVMEC_MAP_NONE;
	switch (map) {
	case NVMEC_MAP_NONE:
		break;
	case NVMEC_MAP_ONE:
		dma_unmap_page(nvmec_dma_dev(ctrl), nrq->segs[0],
			       blk_rq_payload_bytes(rq), rq_dma_dir(rq));
		break;
	case NVMEC_MAP_SMALL:
		nvmec_unmap_segs(ctrl, rq, nrq->segs, nrq->nr_segs);
		break;
	case NVMEC_MAP_BIG:
		nvmec_unmap_segs(ctrl, rq, nrq->big->segs, nrq->nr_segs);
		nvmec_big_free(ctrl, nrq->big);
		break;
	case NVMEC_MAP_RANGES:
		nvmec_big_free(ctrl, nrq->big);
		break;
	}
}

/* A PRP list for pieces that are mapped. */
static bool nvmec_list_fill(struct request *rq, struct nvmec_prp_list *list,
			    const dma_addr_t *segs)
{
	struct nvmec_walk walk;
	struct bio_vec piece;

	nvmec_walk_begin(&walk, rq);
	while (nvmec_walk_next(&walk, &piece)) {
		if (!nvmec_prp_add(list, *segs++, piece.bv_len))
			return false;
	}
	return nvmec_prp_complete(list);
}

/* Maps all pieces, or none. */
static blk_status_t nvmec_map_segs(struct nvmec_ctrl *ctrl, struct request *rq,
				   dma_addr_t *segs, unsigned int max)
{
	struct device *dev = nvmec_dma_dev(ctrl);
	enum dma_data_direction dir = rq_dma_dir(rq);
	struct nvmec_walk walk;
	struct bio_vec piece;
	blk_status_t status;
	unsigned int nr = 0;

	nvmec_walk_begin(&walk, rq);
	while (nvmec_walk_next(&walk, &piece)) {
		status = BLK_STS_IOERR;
		if (WARN_ON_ONCE(nr == max))
			goto undo;
		segs[nr] = dma_map_bvec(dev, &piece, dir, 0);
		status = BLK_STS_RESOURCE;
		if (dma_mapping_error(dev, segs[nr]))
			goto undo;
		nr++;
	}
	nvmec_rq(rq)->nr_segs = nr;
	return BLK_STS_OK;
undo:
	nvmec_unmap_segs(ctrl, rq, segs, nr);
	return status;
}

VISIBLE_IF_KUNIT void nvmec_sgl_set(struct nvme_sgl_desc *desc,
				    unsigned int type, dma_addr_t addr,
				    unsigned int bytes)
{
	*desc = (struct nvme_sgl_desc) {
		.addr	= cpu_to_le64(addr),
		.length	= cpu_to_le32(bytes),
		.type	= type << 4,
	};
}

/* Data in one piece: two PRP entries or one of an SGL, and no list. */
static blk_status_t nvmec_map_one(struct nvmec_ctrl *ctrl, struct request *rq,
				  struct bio_vec *bv, unsigned int prps)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);
	struct device *dev = nvmec_dma_dev(ctrl);
	dma_addr_t addr = dma_map_bvec(dev, bv, rq_dma_dir(rq), 0);

	if (dma_mapping_error(dev, addr))
		return BLK_STS_RESOURCE;
	nrq->map = NVMEC_MAP_ONE;
	nrq->segs[0] = addr;
	if (prps > 2) {
		/* An SGL of one entry stands in the command. */
		nrq->sgl = true;
		nvmec_sgl_set(&nrq->dptr.sgl, NVME_SGL_FMT_DATA_DESC, addr,
			      bv->bv_len);
		return BLK_STS_OK;
	}
	nrq->dptr.prp1 = cpu_to_le64(addr);
	nrq->dptr.prp2 = 0;
	if (prps == 2)
		nrq->dptr.prp2 = cpu_to_le64((addr & ~(u64)NVMEC_PAGE_MASK) +
					     NVMEC_PAGE_SIZE);
	return BLK_STS_OK;
}

/* Data in few large pieces: an entry for each, in the list of the request. */
static blk_status_t nvmec_map_sgl(struct nvmec_ctrl *ctrl, struct request *rq)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);
	struct nvme_sgl_desc *desc = nrq->list;
	struct nvmec_walk walk;
	struct bio_vec piece;
	blk_status_t status;
	unsigned int i = 0;

	status = nvmec_map_segs(ctrl, rq, nrq->segs, NVMEC_SMALL_SGES);
	if (status)
		return status;
	nrq->map = NVMEC_MAP_SMALL;

	nvmec_walk_begin(&walk, rq);
	while (nvmec_walk_next(&walk, &piece)) {
		nvmec_sgl_set(&desc[i], NVME_SGL_FMT_DATA_DESC, nrq->segs[i],
			      piece.bv_len);
		i++;
	}
	nrq->sgl = true;
	nvmec_sgl_set(&nrq->dptr.sgl, NVME_SGL_FMT_LAST_SEG_DESC,
		      nrq->list_dma, i * sizeof(*desc));
	return BLK_STS_OK;
}

/* Data in few pieces, or short enough for the list that the request has. */
static blk_status_t nvmec_map_small(struct nvmec_ctrl *ctrl,
				    struct request *rq, unsigned int prps)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);
	struct nvmec_prp_list list;
	blk_status_t status;

	status = nvmec_map_segs(ctrl, rq, nrq->segs, NVMEC_SMALL_SEGS);
	if (status)
		return status;
	nrq->map = NVMEC_MAP_SMALL;

	if (prps == 2) {
		nvmec_prp_begin(&list, &nrq->dptr.prp2, 1);
	} else {
		nrq->dptr.prp2 = cpu_to_le64(nrq->list_dma);
		nvmec_prp_begin(&list, nrq->list, prps - 1);
	}
	if (WARN_ON_ONCE(!nvmec_list_fill(rq, &list, nrq->segs)))
		return BLK_STS_IOERR;
	nrq->dptr.prp1 = cpu_to_le64(list.first);
	return BLK_STS_OK;
}

static blk_status_t nvmec_map_big(struct nvmec_ctrl *ctrl, struct request *rq,
				  unsigned int prps)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);
	struct nvmec_prp_list list;
	struct nvmec_big *big;
	blk_status_t status;

	big = nvmec_big_alloc(ctrl, nvmec_prp_pages(prps - 1));
	if (!big)
		return BLK_STS_RESOURCE;
	status = nvmec_map_segs(ctrl, rq, big->segs, NVMEC_MAX_SEGS);
	if (status) {
		nvmec_big_free(ctrl, big);
		return status;
	}
	nrq->big = big;
	nrq->map = NVMEC_MAP_BIG;

	nvmec_prp_begin_pages(&list, big->lists, prps - 1);
	if (WARN_ON_ONCE(!nvmec_list_fill(rq, &list, big->segs)))
		return BLK_STS_IOERR;
	nrq->dptr.prp1 = cpu_to_le64(list.first);
	nrq->dptr.prp2 = cpu_to_le64(big->lists[0].dma);
	return BLK_STS_OK;
}

/* SGLs are shorter than PRP lists if the pieces are large. */
VISIBLE_IF_KUNIT bool nvmec_wants_sgl(struct nvmec_ctrl *ctrl,
				      unsigned int bytes, unsigned int segs)
{
	unsigned int threshold = READ_ONCE(nvmec_sgl_threshold);

	return threshold && bytes >= threshold && ctrl->ident.sgls &&
	       segs <= NVMEC_SMALL_SGES && bytes / threshold >= segs;
}

/**
 * nvmec_map_data - make the data of a read or write reachable
 * @ctrl: the controller
 * @rq: the request; its data pointer is filled in
 *
 * After an error other than BLK_STS_RESOURCE, nvmec_unmap() is due.
 *
 * Context: Any.
 * Return: BLK_STS_OK; BLK_STS_RESOURCE if there is no memory now, and nothing
 * is mapped; BLK_STS_IOERR if the block layer's limits did not hold.
 */
blk_status_t nvmec_map_data(struct nvmec_ctrl *ctrl, struct request *rq)
{
	unsigned int bytes = blk_rq_payload_bytes(rq);
	struct bio_vec bv = req_bvec(rq);
	unsigned int prps = nvmec_prp_count(bv.bv_offset, bytes);
	unsigned int segs = blk_rq_nr_phys_segments(rq);
	bool sgl = nvmec_wants_sgl(ctrl, bytes, segs);

	nvmec_rq(rq)->sgl = false;
	if (bv.bv_len == bytes && (prps <= 2 || sgl))
		return nvmec_map_one(ctrl, rq, &bv, prps);
	if (sgl)
		return nvmec_map_sgl(ctrl, rq);
	if (segs <= NVMEC_SMALL_SEGS && prps <= NVMEC_SMALL_PRPS + 1)
		return nvmec_map_small(ctrl, rq, prps);
	return nvmec_map_big(ctrl, rq, prps);
}

/**
 * nvmec_map_ranges - make the ranges of a discard reachable
 * @ns: the namespace
 * @rq: the request; its data pointer is filled in
 *
 * Context: Any.
 * Return: BLK_STS_OK; BLK_STS_RESOURCE if there is no memory now; BLK_STS_IOERR
 * if the block layer's limits did not hold. After an error nothing is mapped.
 */
blk_status_t nvmec_map_ranges(struct nvmec_ns *ns, struct request *rq)
{
	unsigned int nr = blk_rq_nr_discard_segments(rq), i = 0;
	unsigned int shift = ns->lba_shift - SECTOR_SHIFT;
	struct nvmec_rq *nrq = nvmec_rq(rq);
	struct nvme_dsm_range *ranges = nrq->list;
	dma_addr_t dma = nrq->list_dma;
	struct bio *bio;

	nrq->sgl = false;
	if (WARN_ON_ONCE(nr > NVME_DSM_MAX_RANGES))
		return BLK_STS_IOERR;
	if (nr > NVMEC_SMALL_RANGES) {
		nrq->big = nvmec_big_alloc(ns->ctrl, 1);
		if (!nrq->big)
			return BLK_STS_RESOURCE;
		nrq->map = NVMEC_MAP_RANGES;
		ranges = (void *)nrq->big->lists[0].entries;
		dma = nrq->big->lists[0].dma;
	}
	__rq_for_each_bio(bio, rq) {
		if (WARN_ON_ONCE(i == nr))
			break;
		ranges[i].cattr = 0;
		ranges[i].nlb = cpu_to_le32(bio->bi_iter.bi_size >>
					    ns->lba_shift);
		ranges[i].slba = cpu_to_le64(bio->bi_iter.bi_sector >> shift);
		i++;
	}
	if (WARN_ON_ONCE(i != nr)) {
		nvmec_unmap(ns->ctrl, rq);
		return BLK_STS_IOERR;
	}
	nrq->dptr.prp1 = cpu_to_le64(dma);
	nrq->dptr.prp2 = 0;
	return BLK_STS_OK;
}
