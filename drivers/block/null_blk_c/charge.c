// SPDX-License-Identifier: GPL-2.0
/*
 * Who pays for memory: the cgroup of whoever writes.
 *
 * A bio knows the cgroup that it is from, as the io controller sees it; that of the
 * memory controller is the nearest one on the way to the root. Where the io controller is
 * off that is the root, which tells nothing: then it is the cgroup of the process that
 * calls the driver, most often the one that issued the request.
 */
#include <linux/blk-cgroup.h>
#include <linux/cgroup.h>
#include <linux/memcontrol.h>
#include <linux/sched/mm.h>

#include "charge.h"

#if defined(CONFIG_MEMCG) && defined(CONFIG_BLK_CGROUP)
/* The cgroup of a bio that is not the root; NULL if there is none. */
static struct cgroup_subsys_state *nbc_charge_find(struct bio *bio)
{
	struct cgroup_subsys_state *blkcg = bio_blkcg_css(bio), *css;

	if (!blkcg || !blkcg->parent)
		return NULL;
	css = cgroup_get_e_css(blkcg->cgroup, &memory_cgrp_subsys);
	if (css && css->parent)
		return css;
	if (css)
		css_put(css);
	return NULL;
}
#else
static struct cgroup_subsys_state *nbc_charge_find(struct bio *bio)
{
	return NULL;
}
#endif

/**
 * nbc_charge_begin - from here on, charge memory to the cgroup of a bio
 * @charge: output, for nbc_charge_end()
 * @bio: the bio; NULL for none
 *
 * It is about memory that is allocated with __GFP_ACCOUNT.
 *
 * Context: Process context; until nbc_charge_end() in the same process.
 */
void nbc_charge_begin(struct nbc_charge *charge, struct bio *bio)
{
	charge->css = bio ? nbc_charge_find(bio) : NULL;
	if (charge->css)
		charge->before = set_active_memcg(mem_cgroup_from_css(charge->css));
}

/**
 * nbc_charge_end - charge memory to whom it was charged to before
 * @charge: from nbc_charge_begin()
 *
 * Context: As for nbc_charge_begin().
 */
void nbc_charge_end(struct nbc_charge *charge)
{
	if (!charge->css)
		return;
	set_active_memcg(charge->before);
	css_put(charge->css);
}
