// SPDX-License-Identifier: GPL-2.0
/*
 * Distributions of times.
 *
 * Whatever a distribution is made from, it becomes a table of percentiles when it is made.
 * A time is drawn by the inverse transform: a random share of all draws, for which the
 * table has the time below which so many lie. All of it is arithmetic of integers.
 *
 * A normal distribution has points where its tail halves four times over: as the tail's
 * curve is flat in that measure, a straight line between two points is off by less than
 * 0.2 % of a deviation.
 */
#include <linux/errno.h>
#include <linux/int_log.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "dist.h"

/* Deviations from the mean have so many binary places. */
#define NBC_Z_SHIFT	16
/* Logarithms to base 2 have as many as intlog2()'s. */
#define NBC_LOG_SHIFT	24
/* How many deviations above the mean the 99th percentile is. */
#define NBC_Z_P99	152460

/* The first of nbc_z[] is for a tail of 2^-1, each quarter of a power has one. */
#define NBC_Z_FIRST	4

/* How many deviations away the tail of 2^-(i/4) begins, from i = 4 on: 93 values. */
static const u32 nbc_z[] = {
	0, 13156, 24625, 34877, 44203, 52799, 60799, 68304, 75389, 82113, 88523, 94655,
	100540, 106205, 111671, 116956, 122076, 127045, 131874, 136575, 141156, 145626,
	149992, 154260, 158437, 162528, 166537, 170470, 174330, 178121, 181847, 185510,
	189113, 192660, 196152, 199592, 202983, 206325, 209622, 212875, 216085, 219254,
	222384, 225476, 228531, 231550, 234536, 237488, 240408, 243296, 246155, 248984,
	251785, 254558, 257304, 260024, 262719, 265389, 268035, 270657, 273257, 275834,
	278390, 280924, 283438, 285931, 288405, 290860, 293295, 295712, 298111, 300493,
	302857, 305204, 307535, 309849, 312148, 314431, 316699, 318952, 321190, 323413,
	325623, 327818, 330000, 332169, 334324, 336467, 338597, 340714, 342819, 344912,
	346994,
};

#define NBC_NR_NORMAL	(2 * ARRAY_SIZE(nbc_z) - 1)
static_assert(NBC_NR_NORMAL <= NBC_DIST_MAX_POINTS);

/* 2^-(i/4), and ln(2)^i / i! for the series of 2^x, with 32 binary places. */
static const u64 nbc_quarters[] = { 4294967296, 3611622603, 3037000500, 2553802834 };
static const u64 nbc_exp2_terms[] = {
	4294967296, 2977044472, 1031764991, 238388332, 41309550, 5726720, 661577, 65510,
};

/* The time that is so many deviations away from the mean. */
typedef u64 (*nbc_time_fn)(s64 z, u64 first, u64 second);

static u64 nbc_normal_time(s64 z, u64 mean_ns, u64 deviation_ns)
{
	u64 away = mul_u64_u64_shr(deviation_ns, abs(z), NBC_Z_SHIFT);

	if (z < 0)
		return mean_ns - min(away, mean_ns);
	return min(mean_ns + away, NBC_DIST_MAX_NS);
}

static u64 nbc_log2(u64 number)
{
	unsigned int shift = max(fls64(number), 32) - 32;

	return intlog2(number >> shift) + ((u64)shift << NBC_LOG_SHIFT);
}

/* From a logarithm with NBC_LOG_SHIFT binary places to the number, at most that of a day. */
static u64 nbc_exp2(u64 log)
{
	u64 x = (log & (BIT_ULL(NBC_LOG_SHIFT) - 1)) << (32 - NBC_LOG_SHIFT), sum = 0;
	unsigned int whole = log >> NBC_LOG_SHIFT;
	int i;

	if (log >= nbc_log2(NBC_DIST_MAX_NS))
		return NBC_DIST_MAX_NS;
	for (i = ARRAY_SIZE(nbc_exp2_terms) - 1; i >= 0; i--)
		sum = nbc_exp2_terms[i] + mul_u64_u64_shr(sum, x, 32);
	return whole < 32 ? sum >> (32 - whole) : sum << (whole - 32);
}

static u64 nbc_lognormal_time(s64 z, u64 median_ns, u64 p99_ns)
{
	u64 log = nbc_log2(median_ns);
	/* Of 31 and 19 bits */
	u64 away = div_u64((nbc_log2(p99_ns) - log) * abs(z), NBC_Z_P99);

	return nbc_exp2(z < 0 ? log - min(away, log) : log + away);
}

/* From the lower end of the normal distribution to the upper. */
static int nbc_dist_from_normal(struct nbc_dist *dist, nbc_time_fn time, u64 first,
				u64 second)
{
	unsigned int n = ARRAY_SIZE(nbc_z), i;
	struct nbc_point *points;

	points = kmalloc_array(NBC_NR_NORMAL, sizeof(*points), GFP_KERNEL_ACCOUNT);
	if (!points)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		unsigned int quarter = i + NBC_Z_FIRST;
		u32 tail = nbc_quarters[quarter % 4] >> (quarter / 4);

		s64 z = nbc_z[i];

		points[n - 1 - i] = (struct nbc_point) { tail, time(-z, first, second) };
		points[n - 1 + i] = (struct nbc_point) { -tail, time(z, first, second) };
	}
	dist->points = points;
	dist->nr = NBC_NR_NORMAL;
	return 0;
}

/**
 * nbc_dist_create - make a distribution of percentiles
 * @dist: output, to be given to nbc_dist_destroy(); unchanged on error
 * @points: percentiles, as &nbc_dist.points
 * @nr: how many, 1 to NBC_DIST_MAX_POINTS; with one, all times are the same
 *
 * Context: Process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int nbc_dist_create(struct nbc_dist *dist, const struct nbc_point *points,
		    unsigned int nr)
{
	struct nbc_point *copy = kmemdup(points, array_size(nr, sizeof(*points)),
					 GFP_KERNEL_ACCOUNT);

	if (!copy)
		return -ENOMEM;
	dist->points = copy;
	dist->nr = nr;
	return 0;
}

/**
 * nbc_dist_normal - make a normal distribution
 * @dist: as for nbc_dist_create()
 * @mean_ns: its mean, up to NBC_DIST_MAX_NS
 * @deviation_ns: its standard deviation, likewise. What would be less than 0 is 0
 *
 * Context: Process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int nbc_dist_normal(struct nbc_dist *dist, u64 mean_ns, u64 deviation_ns)
{
	return nbc_dist_from_normal(dist, nbc_normal_time, mean_ns, deviation_ns);
}

/**
 * nbc_dist_lognormal - make a distribution whose logarithm is normal
 * @dist: as for nbc_dist_create()
 * @median_ns: its median, 1 to NBC_DIST_MAX_NS
 * @p99_ns: its 99th percentile, from @median_ns to NBC_DIST_MAX_NS
 *
 * Context: Process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int nbc_dist_lognormal(struct nbc_dist *dist, u64 median_ns, u64 p99_ns)
{
	return nbc_dist_from_normal(dist, nbc_lognormal_time, median_ns, p99_ns);
}

/**
 * nbc_dist_destroy - free a distribution
 * @dist: the distribution, or zeroes
 *
 * Context: Any.
 */
void nbc_dist_destroy(struct nbc_dist *dist)
{
	kfree(dist->points);
}

/* The last point at or below @share, or the first one. */
static const struct nbc_point *nbc_dist_find(const struct nbc_dist *dist, u32 share)
{
	unsigned int low = 0, high = dist->nr;

	while (high - low > 1) {
		unsigned int middle = (low + high) / 2;

		if (dist->points[middle].share <= share)
			low = middle;
		else
			high = middle;
	}
	return &dist->points[low];
}

/**
 * nbc_dist_draw - the time below which a share of all times lies
 * @dist: the distribution
 * @share: the share, of 2^32; a random number gives a random time
 *
 * Context: Any.
 * Return: the time in ns.
 */
u64 nbc_dist_draw(const struct nbc_dist *dist, u32 share)
{
	const struct nbc_point *point = nbc_dist_find(dist, share), *next = point + 1;

	if (share <= point->share || next == dist->points + dist->nr)
		return point->ns;
	return point->ns + mul_u64_u32_div(next->ns - point->ns, share - point->share,
					   next->share - point->share);
}

/**
 * nbc_draw_mix - from a number to a random one
 * @number: any number. The n-th number of a generator comes from its seed and n
 *
 * The steps are those of splitmix64: each bit of @number may turn each bit of the result.
 *
 * Context: Any.
 * Return: a number of 64 bits; different ones for different @number.
 */
u64 nbc_draw_mix(u64 number)
{
	number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9ULL;
	number = (number ^ (number >> 27)) * 0x94d049bb133111ebULL;
	return number ^ (number >> 31);
}
