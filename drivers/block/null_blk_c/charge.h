/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who pays for memory: the cgroup of whoever writes.
 */
#ifndef _NULL_BLK_C_CHARGE_H
#define _NULL_BLK_C_CHARGE_H

struct bio;
struct cgroup_subsys_state;
struct mem_cgroup;

/**
 * struct nbc_charge - whom memory is charged to, for a while
 * @css: the cgroup, a reference, or NULL for that of the caller
 * @before: whom it was charged to before
 */
struct nbc_charge {
	struct cgroup_subsys_state	*css;
	struct mem_cgroup		*before;
};

void nbc_charge_begin(struct nbc_charge *charge, struct bio *bio);
void nbc_charge_end(struct nbc_charge *charge);

#endif /* _NULL_BLK_C_CHARGE_H */
