/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a transfer needs that does not fit in its request.
 */
#ifndef _NVMEC_BIG_H
#define _NVMEC_BIG_H

#include <linux/list.h>
#include <linux/types.h>

#include "prp.h"

struct nvmec_ctrl;
struct scatterlist;

/**
 * struct nvmec_big - what a transfer needs that does not fit in its request
 * @sgl: for the pieces, or NULL
 * @lists: pages of the PRP list, or the ranges of a discard
 * @nr_lists: number of them
 * @kept: it is one of those that are kept back
 * @entry: in &nvmec_ctrl.big_kept, unless it is in use
 */
struct nvmec_big {
	struct scatterlist	*sgl;
	struct nvmec_prp_page	lists[NVMEC_PRP_MAX_PAGES];
	unsigned int		nr_lists;
	bool			kept;
	struct list_head	entry;
};

struct nvmec_big *nvmec_big_alloc(struct nvmec_ctrl *ctrl, unsigned int nr_segs,
				  unsigned int nr_lists);
void nvmec_big_free(struct nvmec_ctrl *ctrl, struct nvmec_big *big);
int nvmec_big_init(struct nvmec_ctrl *ctrl);
void nvmec_big_exit(struct nvmec_ctrl *ctrl);

#if IS_ENABLED(CONFIG_KUNIT)
/* What only tests call from outside of its file. */
struct nvmec_big *nvmec_big_take(struct nvmec_ctrl *ctrl);
#endif

#endif /* _NVMEC_BIG_H */
