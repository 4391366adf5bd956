// SPDX-License-Identifier: GPL-2.0
/*
 * The data of a user's command in one piece that two PRP entries can name: in one page of
 * the user's, or in a registered buffer. Nearly all commands have such data that are sent
 * in great number. So it takes no memory, and no bio: the request has the piece itself.
 *
 * As other data, see udata.c, the piece is there before the command has a request. The
 * page is let go of after the request is free.
 */
#include <linux/bvec.h>
#include <linux/blkdev.h>
#include <linux/mm.h>
#include <linux/mqblk_compat.h>
#include <linux/nvme.h>
#include <linux/uio.h>

#include "prp.h"
#include "user.h"

/* A page of the user's. */
static bool nvmec_piece_pin(const struct nvmec_ucmd *ucmd, struct bio_vec *bv)
{
	unsigned int offset = offset_in_page(ucmd->addr);
	struct page *page;

	if (ucmd->len > PAGE_SIZE - offset || ucmd->addr != (unsigned long)ucmd->addr)
		return false;
	if (pin_user_pages_fast(ucmd->addr, 1, nvme_is_write(&ucmd->cmd) ? 0 : FOLL_WRITE,
				&page) != 1)
		return false;
	bvec_set_page(bv, page, ucmd->len, offset);
	return true;
}

/* The ring keeps a registered buffer until the command has ended. */
static noinline bool nvmec_piece_find(const struct nvmec_ucmd *ucmd, struct bio_vec *bv)
{
	int dir = nvme_is_write(&ucmd->cmd) ? ITER_SOURCE : ITER_DEST;
	const struct bio_vec *first;
	struct iov_iter iter;
	size_t skip;

	if (mqblk_uring_import_fixed(ucmd->addr, ucmd->len, dir, &iter, ucmd->fixed,
				     ucmd->issue_flags) || !iov_iter_is_bvec(&iter))
		return false;
	first = iter.bvec;
	skip = iter.iov_offset;
	if (skip > first->bv_len || ucmd->len > first->bv_len - skip)
		return false;
	bvec_set_page(bv, first->bv_page, ucmd->len, first->bv_offset + skip);
	return true;
}

/**
 * nvmec_piece_get - have the data of a command at hand, if it is such a piece
 * @ucmd: an I/O command
 * @q: the queue it is for
 * @bv: where the data is
 * @pinned: the page to be let go of with nvmec_piece_put(), or NULL
 *
 * It is not, too, if commands count in the statistics of the disk, or if the user cannot
 * give it: nvmec_udata_get() says why.
 *
 * Context: as nvmec_udata_get().
 * Return: true if it is; nvmec_piece_put() is due.
 */
bool nvmec_piece_get(const struct nvmec_ucmd *ucmd, struct request_queue *q,
		     struct bio_vec *bv, struct page **pinned)
{
	if (!ucmd->len || ucmd->len > 2 * NVMEC_PAGE_SIZE || ucmd->meta_len || ucmd->vec ||
	    !nvmec_moves_blocks(ucmd))
		return false;
	/* The block layer counts what has a bio. */
	if (blk_queue_passthrough_stat(q))
		return false;
	*pinned = NULL;
	if (ucmd->fixed) {
		if (!nvmec_piece_find(ucmd, bv))
			return false;
	} else {
		if (!nvmec_piece_pin(ucmd, bv))
			return false;
		*pinned = bv->bv_page;
	}
	if (!((bv->bv_offset | bv->bv_len) & blk_lim_dma_alignment_and_pad(&q->limits)) &&
	    (bv->bv_offset & NVMEC_PAGE_MASK) + bv->bv_len <= 2 * NVMEC_PAGE_SIZE)
		return true;
	nvmec_piece_put(*pinned, false);
	return false;
}

/**
 * nvmec_piece_put - let go of the page of a piece
 * @pinned: from nvmec_piece_get()
 * @written: the controller may have written it
 *
 * Context: Process context, may sleep, after the request was freed.
 */
void nvmec_piece_put(struct page *pinned, bool written)
{
	if (pinned)
		unpin_user_page_range_dirty_lock(pinned, 1, written);
}
