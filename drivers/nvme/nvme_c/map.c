// SPDX-License-Identifier: GPL-2.0
/*
 * Making the data of a request reachable for the controller.
 *
 * Data in one piece is mapped as it is; all other goes into a scatterlist that the
 * request has, which is mapped in one step: that is what an IOMMU wants, and what
 * costs least for many pieces. From there it goes into a PRP list or an SGL.
 *
 * The queue's virt_boundary makes every piece but the first begin with a page,
 * and every one but the last end with one, which is what a PRP list can say.
 *
 * Data may lie in memory of a device (P2PDMA). Only the mapping of a scatterlist knows which
 * way leads there, and whether there is one, so such data takes that path, be it in one piece
 * or not. Disks with metadata do not say that they can, because metadata is mapped as it is.
 * No disk does without the parameter peer_data: main.c has why.
 *
 * Metadata is in one piece, and so in one buffer: the block layer merges no requests whose
 * metadata would be in two.
 */
#include <kunit/visibility.h>
#include <linux/blk-integrity.h>
#include <linux/blk-mq.h>
#include <linux/dma-mapping.h>
#include <linux/mqblk_compat.h>
#include <linux/scatterlist.h>

#include "big.h"
#include "ctrl.h"
#include "ident.h"
#include "main.h"
#include "map.h"
#include "ns.h"
#include "prp.h"
#include "rq.h"

DEFINE_STATIC_KEY_FALSE(nvmec_peers);

/**
 * nvmec_takes_peers - may data of a controller's disks lie in memory of other devices
 * @ctrl: the controller
 *
 * Which devices it reaches is known of each request only.
 *
 * Context: Any.
 * Return: true if it may.
 */
bool nvmec_takes_peers(struct nvmec_ctrl *ctrl)
{
	return IS_ENABLED(CONFIG_PCI_P2PDMA) && static_key_enabled(&nvmec_peers) &&
	       dma_pci_p2pdma_supported(nvmec_dma_dev(ctrl));
}

/**
 * nvmec_unmap_lists - the part of nvmec_unmap() that is not for short requests
 * @ctrl: the controller
 * @rq: as for nvmec_unmap()
 *
 * Context: Any.
 */
void nvmec_unmap_lists(struct nvmec_ctrl *ctrl, struct request *rq)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);
	enum nvmec_map map = nrq->map;

	if (nrq->map & NVMEC_MAP_META) {
		nrq->map &= ~NVMEC_MAP_META;
		dma_unmap_page(nvmec_dma_dev(ctrl), nrq->meta_addr,
			       nrq->meta_bytes, rq_dma_dir(rq));
		nvmec_unmap(ctrl, rq);
		return;
	}
	nrq->map = NVMEC_MAP_NONE;
	if (map == NVMEC_MAP_SMALL || map == NVMEC_MAP_BIG)
		dma_unmap_sgtable(nvmec_dma_dev(ctrl), &nrq->segs,
				  rq_dma_dir(rq), 0);
	if (map == NVMEC_MAP_BIG || map == NVMEC_MAP_RANGES)
		nvmec_big_free(ctrl, nrq->big);
}

/*
 * Adds the pages that come first of @nr pieces, as far as they can go without a
 * turn to another page of the list. Most pieces of most lists are such pages.
 * Returns how many.
 */
static unsigned int nvmec_list_fill_pages(struct nvmec_prp_list *list,
					  const struct scatterlist *sg,
					  unsigned int nr)
{
	__le64 *slot = list->slot;
	dma_addr_t addr;
	unsigned int i;

	nr = min_t(unsigned int, nr, list->end - slot);
	for (i = 0; i < nr; i++, sg++) {
		addr = sg_dma_address(sg);
		if (sg_dma_len(sg) != NVMEC_PAGE_SIZE || addr & NVMEC_PAGE_MASK)
			break;
		*slot++ = cpu_to_le64(addr);
	}
	list->slot = slot;
	list->left -= i;
	return i;
}

/* A PRP list for pieces that are mapped; their array is in one piece, too. */
static bool nvmec_list_fill(struct nvmec_prp_list *list,
			    const struct sg_table *segs)
{
	const struct scatterlist *sg = segs->sgl, *end = sg + segs->nents;

	while (sg < end) {
		if (!nvmec_prp_add(list, sg_dma_address(sg), sg_dma_len(sg)))
			return false;
		sg++;
		/* After one that ended inside of a page there can be none. */
		if (!list->partial)
			sg += nvmec_list_fill_pages(list, sg, end - sg);
	}
	return nvmec_prp_complete(list);
}

/*
 * Why data was not mapped. There may be room later, and then it is tried again. What never
 * can be must have an end: removal waits for it. Some kernels say EIO if there is no room,
 * and also of memory of a device.
 */
static noinline blk_status_t nvmec_map_status(const struct sg_table *segs, int err)
{
	struct scatterlist *sg;
	unsigned int i;

	switch (err) {
	case -ENOMEM:
		return BLK_STS_RESOURCE;
	case -EREMOTEIO:
		return BLK_STS_TARGET;
	case -EINVAL:
		return BLK_STS_IOERR;
	}
	for_each_sgtable_sg(segs, sg, i) {
		if (is_pci_p2pdma_page(sg_page(sg)))
			return BLK_STS_TARGET;
	}
	return BLK_STS_RESOURCE;
}

/* Maps all pieces, by way of @sgl with room for @max of them; or none. */
static __always_inline blk_status_t nvmec_map_segs(struct nvmec_ctrl *ctrl,
						   struct request *rq,
						   struct scatterlist *sgl,
						   unsigned int max)
{
	struct sg_table *segs = &nvmec_rq(rq)->segs;
	int ret;

	if (WARN_ON_ONCE(rq->nr_phys_segments > max))
		return BLK_STS_IOERR;
	segs->sgl = sgl;
	segs->orig_nents = mqblk_rq_map_sg(rq, sgl);
	ret = dma_map_sgtable(nvmec_dma_dev(ctrl), segs, rq_dma_dir(rq),
			      DMA_ATTR_NO_WARN);
	return unlikely(ret) ? nvmec_map_status(segs, ret) : BLK_STS_OK;
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

/* One piece of any length: an SGL of one entry, which stands in the command. */
static blk_status_t nvmec_map_sge(struct nvmec_ctrl *ctrl, struct request *rq,
				  struct bio_vec bv)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);

	if (!nvmec_map_one(ctrl, rq, bv))
		return BLK_STS_RESOURCE;
	nrq->cmd_flags = NVME_CMD_SGL_METABUF;
	nvmec_sgl_set(&nrq->dptr.sgl, NVME_SGL_FMT_DATA_DESC,
		      nrq->one_addr, bv.bv_len);
	return BLK_STS_OK;
}

/* Data in few large pieces: an entry for each, in the list of the request. */
static noinline blk_status_t nvmec_map_sgl(struct nvmec_ctrl *ctrl, struct request *rq)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);
	struct nvme_sgl_desc *desc = nrq->list;
	struct scatterlist *sg;
	blk_status_t status;
	unsigned int i;

	status = nvmec_map_segs(ctrl, rq, nrq->sgl, NVMEC_SMALL_SGES);
	if (status)
		return status;
	nrq->map = NVMEC_MAP_SMALL;

	for_each_sgtable_dma_sg(&nrq->segs, sg, i)
		nvmec_sgl_set(&desc[i], NVME_SGL_FMT_DATA_DESC,
			      sg_dma_address(sg), sg_dma_len(sg));
	nrq->cmd_flags = NVME_CMD_SGL_METABUF;
	nvmec_sgl_set(&nrq->dptr.sgl, NVME_SGL_FMT_LAST_SEG_DESC,
		      nrq->list_dma, i * sizeof(*desc));
	return BLK_STS_OK;
}

/*
 * A list of @prps - 1 entries for as many pieces as there are pages, as nearly all short
 * requests have. Each is a page then, if all begin and end with one, but for the beginning
 * of the first and the end of the last. Returns whether that is so.
 */
VISIBLE_IF_KUNIT bool nvmec_list_fill_single(const struct sg_table *segs, __le64 *slots,
					     unsigned int prps)
{
	const struct scatterlist *sg = segs->sgl, *last = sg + prps - 1;
	dma_addr_t odd = 0, end, addr = sg_dma_address(sg);

	if (segs->nents != prps)
		return false;
	while (sg < last) {
		end = addr + sg_dma_len(sg++);
		addr = sg_dma_address(sg);
		odd |= end | addr;
		*slots++ = cpu_to_le64(addr);
	}
	return !(odd & NVMEC_PAGE_MASK);
}

static noinline bool nvmec_list_fill_any(const struct sg_table *segs, __le64 *slots,
					 unsigned int prps)
{
	struct nvmec_prp_list list;

	nvmec_prp_begin(&list, slots, prps - 1);
	return nvmec_list_fill(&list, segs);
}

/* Data in few pieces, or short enough for the list that the request has. */
static blk_status_t nvmec_map_small(struct nvmec_ctrl *ctrl,
				    struct request *rq, unsigned int prps)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);
	__le64 *slots = nrq->list;
	blk_status_t status;

	status = nvmec_map_segs(ctrl, rq, nrq->sgl, NVMEC_SMALL_SEGS);
	if (status)
		return status;
	nrq->map = NVMEC_MAP_SMALL;

	nrq->dptr.prp2 = cpu_to_le64(nrq->list_dma);
	if (prps <= 2) {
		/* Of one page, the second entry is reserved, and 0. */
		nrq->dptr.prp2 = 0;
		slots = &nrq->dptr.prp2;
	}
	if (!nvmec_list_fill_single(&nrq->segs, slots, prps) &&
	    WARN_ON_ONCE(!nvmec_list_fill_any(&nrq->segs, slots, prps)))
		return BLK_STS_IOERR;
	nrq->dptr.prp1 = cpu_to_le64(sg_dma_address(nrq->segs.sgl));
	return BLK_STS_OK;
}

static blk_status_t nvmec_map_big(struct nvmec_ctrl *ctrl, struct request *rq,
				  unsigned int prps)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);
	struct nvmec_prp_list list;
	struct nvmec_big *big;
	blk_status_t status;

	big = nvmec_big_alloc(ctrl, rq->nr_phys_segments,
			      nvmec_prp_pages(prps - 1));
	if (!big)
		return BLK_STS_RESOURCE;
	sg_init_table(big->sgl, rq->nr_phys_segments);
	status = nvmec_map_segs(ctrl, rq, big->sgl, NVMEC_MAX_SEGS);
	if (status) {
		nvmec_big_free(ctrl, big);
		return status;
	}
	nrq->big = big;
	nrq->map = NVMEC_MAP_BIG;

	nvmec_prp_begin_pages(&list, big->lists, prps - 1);
	if (WARN_ON_ONCE(!nvmec_list_fill(&list, &nrq->segs)))
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

	return threshold && ctrl->ident.sgls && segs <= NVMEC_SMALL_SGES &&
	       bytes >= (u64)threshold * segs;
}

/*
 * A controller that moves two pages of more takes the second entry for the second page,
 * where it is the list's address: the list must have a page of its own then.
 */
static bool nvmec_wants_big(struct request *rq, unsigned int prps)
{
	return blk_rq_is_passthrough(rq) && nvmec_rq(rq)->user &&
	       nvmec_rq(rq)->loose && prps > 2;
}

/* Data of any shape. */
static noinline blk_status_t nvmec_map_prps(struct nvmec_ctrl *ctrl,
					    struct request *rq,
					    unsigned int prps)
{
	if (rq->nr_phys_segments <= NVMEC_SMALL_SEGS &&
	    prps <= NVMEC_SMALL_PRPS + 1 && !nvmec_wants_big(rq, prps))
		return nvmec_map_small(ctrl, rq, prps);
	return nvmec_map_big(ctrl, rq, prps);
}

/**
 * nvmec_map_lists - the part of nvmec_map_data() that is not for short requests
 * @ctrl: the controller
 * @rq: as for nvmec_map_data()
 * @bv: its first piece
 *
 * Context: Any.
 * Return: as nvmec_map_data().
 */
blk_status_t nvmec_map_lists(struct nvmec_ctrl *ctrl, struct request *rq, struct bio_vec bv)
{
	unsigned int bytes = blk_rq_bytes(rq);

	/* Admin commands have PRPs only (section on the PRP or SGL selector). */
	if (rq->q != ctrl->admin_q &&
	    nvmec_wants_sgl(ctrl, bytes, rq->nr_phys_segments)) {
		if (bv.bv_len == bytes && !nvmec_is_peer(&bv))
			return nvmec_map_sge(ctrl, rq, bv);
		return nvmec_map_sgl(ctrl, rq);
	}
	return nvmec_map_prps(ctrl, rq,
			      nvmec_prp_count(bv.bv_offset, bytes));
}

/* Metadata in one piece, beside data that is mapped. */
static blk_status_t nvmec_map_meta(struct nvmec_ctrl *ctrl, struct request *rq,
				   struct bio_vec bv)
{
	struct device *dev = nvmec_dma_dev(ctrl);
	struct nvmec_rq *nrq = nvmec_rq(rq);
	dma_addr_t addr = dma_map_bvec(dev, &bv, rq_dma_dir(rq), 0);

	if (unlikely(dma_mapping_error(dev, addr)))
		return BLK_STS_RESOURCE;
	nrq->meta_addr = addr;
	nrq->meta_bytes = bv.bv_len;
	nrq->map |= NVMEC_MAP_META;
	return BLK_STS_OK;
}

/**
 * nvmec_map_protected - make data and metadata of a read or write reachable
 * @ns: a namespace that has metadata
 * @rq: the request; its data pointer is filled in
 *
 * Context: Any. nvmec_unmap() is due, whatever this returns.
 * Return: as nvmec_map_data(); or BLK_STS_NOTSUPP if the block layer has no metadata for
 * it, and the controller cannot make it alone.
 */
blk_status_t nvmec_map_protected(struct nvmec_ns *ns, struct request *rq)
{
	const struct nvmec_meta *meta = &ns->meta;
	struct bio_vec bv = {};
	blk_status_t status;

	if (blk_integrity_rq(rq))
		bv = rq_integrity_vec(rq);
	else if (!nvmec_meta_strips(meta))
		return BLK_STS_NOTSUPP;
	status = nvmec_map_data(ns->ctrl, rq);
	if (status || !blk_integrity_rq(rq))
		return status;
	if (WARN_ON_ONCE(bv.bv_len != (blk_rq_bytes(rq) >> ns->lba_shift) * meta->bytes))
		return BLK_STS_IOERR;
	return nvmec_map_meta(ns->ctrl, rq, bv);
}

/**
 * nvmec_map_user_meta - make the metadata of a user's command reachable
 * @ctrl: the controller
 * @rq: the request; its data is mapped
 *
 * Context: Any. nvmec_unmap() is due, whatever this returns.
 * Return: BLK_STS_OK, or BLK_STS_RESOURCE.
 */
blk_status_t nvmec_map_user_meta(struct nvmec_ctrl *ctrl, struct request *rq)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);
	struct bio_vec bv;

	bvec_set_virt(&bv, nrq->meta, nrq->meta_bytes);
	return nvmec_map_meta(ctrl, rq, bv);
}

static void nvmec_set_range(struct nvme_dsm_range *range, u64 slba, u32 nlb)
{
	range->cattr = 0;
	range->nlb = cpu_to_le32(nlb);
	range->slba = cpu_to_le64(slba);
}

/**
 * nvmec_map_ranges - make the ranges of a discard reachable
 * @ns: the namespace
 * @rq: the request; its data pointer is filled in
 *
 * Always in a page: there are controllers that fetch as many ranges as a command
 * can have, whatever this one says.
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
	struct nvme_dsm_range *ranges;
	struct bio *bio;

	nrq->cmd_flags = 0;
	if (WARN_ON_ONCE(nr > NVME_DSM_MAX_RANGES))
		return BLK_STS_IOERR;
	nrq->big = nvmec_big_alloc(ns->ctrl, 0, 1);
	if (!nrq->big)
		return BLK_STS_RESOURCE;
	nrq->map = NVMEC_MAP_RANGES;
	ranges = (void *)nrq->big->lists[0].entries;
	/* Bios that follow each other merge if there can be one range alone. */
	if (nr == 1) {
		nvmec_set_range(&ranges[i++], blk_rq_pos(rq) >> shift,
				blk_rq_bytes(rq) >> ns->lba_shift);
	} else {
		__rq_for_each_bio(bio, rq) {
			if (WARN_ON_ONCE(i == nr))
				break;
			nvmec_set_range(&ranges[i++],
					bio->bi_iter.bi_sector >> shift,
					bio->bi_iter.bi_size >> ns->lba_shift);
		}
	}
	if (WARN_ON_ONCE(i != nr)) {
		nvmec_unmap(ns->ctrl, rq);
		return BLK_STS_IOERR;
	}
	nrq->dptr.prp1 = cpu_to_le64(nrq->big->lists[0].dma);
	nrq->dptr.prp2 = 0;
	return BLK_STS_OK;
}
