/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a power cut leaves of the writes that were not flushed: a choice that depends on
 * nothing but its seed.
 */
#ifndef _NULL_BLK_C_CUT_H
#define _NULL_BLK_C_CUT_H

#include <linux/types.h>

/**
 * enum nbc_cut_policy - which of the writes since the last flush survive
 * @NBC_CUT_LOST: none
 * @NBC_CUT_KEPT: all
 * @NBC_CUT_PREFIX: the first ones, in the order in which they completed
 * @NBC_CUT_TORN: the same, and of the write after them some of its blocks
 * @NBC_CUT_SUBSET: any of them
 * @NBC_CUT_BLOCKS: any blocks of any of them
 * @NBC_NR_CUT_POLICIES: how many policies there are
 */
enum nbc_cut_policy {
	NBC_CUT_LOST,
	NBC_CUT_KEPT,
	NBC_CUT_PREFIX,
	NBC_CUT_TORN,
	NBC_CUT_SUBSET,
	NBC_CUT_BLOCKS,
	NBC_NR_CUT_POLICIES,
};

/**
 * struct nbc_cut - a power cut
 * @policy: what survives
 * @seed: of all that is left to chance
 */
struct nbc_cut {
	enum nbc_cut_policy	policy;
	u64			seed;
};

extern const char * const nbc_cut_names[NBC_NR_CUT_POLICIES];

int nbc_cut_parse(const char *text, struct nbc_cut *cut);
bool nbc_cut_spares(const struct nbc_cut *cut, u64 nr_writes, u64 write,
		    u64 block);

#endif /* _NULL_BLK_C_CUT_H */
