/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Limits on bandwidth and operations.
 */
#ifndef _NULL_BLK_C_THROTTLE_H
#define _NULL_BLK_C_THROTTLE_H

#include <linux/atomic.h>
#include <linux/blk_types.h>
#include <linux/ktime.h>
#include <linux/types.h>

/**
 * struct nbc_bucket - one limit
 * @rate: units a second, 0 for no limit
 * @paid_ns: when all that was taken is paid for, on the clock of ktime_get()
 */
struct nbc_bucket {
	u64		rate;
	atomic64_t	paid_ns;
};

/* What a limit is on. */
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
 * @buckets: by enum nbc_bucket_id
 * @on: whether there is any limit
 */
struct nbc_throttle {
	struct nbc_bucket	buckets[NBC_NR_BUCKETS];
	bool			on;
};

void nbc_throttle_set(struct nbc_throttle *throttle, enum nbc_bucket_id id,
		      u64 rate);
void nbc_throttle_forget(struct nbc_throttle *throttle);
ktime_t nbc_throttle_due(struct nbc_throttle *throttle, enum req_op op,
			 unsigned int bytes, ktime_t now);

#endif /* _NULL_BLK_C_THROTTLE_H */
