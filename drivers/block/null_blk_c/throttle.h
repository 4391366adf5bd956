/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Limits on bandwidth and operations.
 */
#ifndef _NULL_BLK_C_THROTTLE_H
#define _NULL_BLK_C_THROTTLE_H

#include <linux/atomic.h>
#include <linux/blk_types.h>
#include <linux/cache.h>
#include <linux/ktime.h>
#include <linux/types.h>

/**
 * struct nbc_bucket - what was taken of a limit
 * @paid_ns: when all of it is paid for, on the clock of ktime_get()
 * @seen_ns: what the clock said when somebody last had to read it
 *
 * Written by each request that the limit is on. Reads and writes that have limits
 * of their own do not meet here.
 */
struct nbc_bucket {
	atomic64_t	paid_ns;
	atomic64_t	seen_ns;
} ____cacheline_aligned_in_smp;

/* What a limit is on; those on bytes come first. */
enum nbc_bucket_id {
	NBC_BUCKET_BYTES,
	NBC_BUCKET_READ_BYTES,
	NBC_BUCKET_WRITE_BYTES,
	NBC_BUCKET_OPS,
	NBC_BUCKET_READ_OPS,
	NBC_BUCKET_WRITE_OPS,
	NBC_NR_BUCKETS,
};

/**
 * struct nbc_throttle - the limits of a disk
 * @on: which limits there are, a mask of enum nbc_bucket_id; changes while requests
 *	look at it, by nbc_throttle_set()
 * @unit_ns: what a unit costs of a limit that is on, by enum nbc_bucket_id, in ns
 *	with NBC_UNIT_SHIFT binary places; changes likewise
 * @buckets: by enum nbc_bucket_id
 */
struct nbc_throttle {
	unsigned long		on;
	u64			unit_ns[NBC_NR_BUCKETS];
	struct nbc_bucket	buckets[NBC_NR_BUCKETS];
};

void nbc_throttle_set(struct nbc_throttle *throttle, enum nbc_bucket_id id,
		      u64 rate);
void nbc_throttle_forget(struct nbc_throttle *throttle, ktime_t now);
ktime_t nbc_throttle_due(struct nbc_throttle *throttle, enum req_op op,
			 unsigned int bytes, ktime_t now);

#endif /* _NULL_BLK_C_THROTTLE_H */
