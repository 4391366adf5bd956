/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Distributions of times: tables of percentiles, from which times are drawn.
 */
#ifndef _NULL_BLK_C_DIST_H
#define _NULL_BLK_C_DIST_H

#include <linux/time64.h>
#include <linux/types.h>

/* Longest time, a day: sums of many fit in 64 bits. */
#define NBC_DIST_MAX_NS		(86400ULL * NSEC_PER_SEC)
/* Longest table; that of a normal distribution has 185 points. */
#define NBC_DIST_MAX_POINTS	192

/**
 * struct nbc_point - a percentile
 * @share: how many of 2^32 draws are below it
 * @ns: the time
 */
struct nbc_point {
	u32	share;
	u64	ns;
};

/**
 * struct nbc_dist - a distribution of times
 * @nr: number of points, 1 and more
 * @points: with @share and @ns ascending. Between two of them times are as likely, and there
 *	is none below the first or above the last
 */
struct nbc_dist {
	unsigned int		nr;
	struct nbc_point	*points;
};

int nbc_dist_create(struct nbc_dist *dist, const struct nbc_point *points,
		    unsigned int nr);
int nbc_dist_normal(struct nbc_dist *dist, u64 mean_ns, u64 deviation_ns);
int nbc_dist_lognormal(struct nbc_dist *dist, u64 median_ns, u64 p99_ns);
void nbc_dist_destroy(struct nbc_dist *dist);
u64 nbc_dist_draw(const struct nbc_dist *dist, u32 share);
u64 nbc_draw_mix(u64 number);

#endif /* _NULL_BLK_C_DIST_H */
