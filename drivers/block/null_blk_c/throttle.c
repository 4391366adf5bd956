// SPDX-License-Identifier: GPL-2.0
/*
 * Limits on bandwidth and operations: when a request may complete.
 *
 * A limit is a bucket of tokens, kept as the time at which all tokens that were
 * taken will have flowed in. A request takes what it needs and completes at that
 * time, as on a device that is so slow. No queue is stopped and none waits for
 * a tick; a request of any size has its time, and the debt of one is paid by
 * those after it.
 *
 * A device that was idle is owed NBC_CREDIT_NS, no more. It makes good for timers
 * that fire late, which would otherwise cost a queue of depth 1 a part of its
 * rate with every request.
 */
#include <linux/math64.h>
#include <linux/minmax.h>

#include "throttle.h"

/* More than a timer is late, less than a person sees. */
#define NBC_CREDIT_NS	(10 * NSEC_PER_MSEC)

/* Takes @units of @rate from a bucket; returns when they are paid for. */
static ktime_t nbc_bucket_take(struct nbc_bucket *bucket, u64 rate, u64 units,
			       ktime_t now)
{
	s64 paid = atomic64_read(&bucket->paid_ns);
	s64 cost, next;

	cost = div64_u64(units * NSEC_PER_SEC, rate);
	do {
		next = max_t(s64, paid, ktime_to_ns(now) - NBC_CREDIT_NS) + cost;
	} while (!atomic64_try_cmpxchg(&bucket->paid_ns, &paid, next));
	return ns_to_ktime(next);
}

/**
 * nbc_throttle_set - set a limit
 * @throttle: the limits; no request uses them yet
 * @id: which one
 * @rate: bytes or operations a second, 0 for no limit
 *
 * Context: Any.
 */
void nbc_throttle_set(struct nbc_throttle *throttle, enum nbc_bucket_id id,
		      u64 rate)
{
	throttle->rates[id] = rate;
	if (rate)
		throttle->on = true;
}

/**
 * nbc_throttle_forget - let nothing be owed any more
 * @throttle: the limits
 *
 * For requests that did not wait until they were paid for.
 *
 * Context: Any.
 */
void nbc_throttle_forget(struct nbc_throttle *throttle)
{
	int id;

	for (id = 0; id < NBC_NR_BUCKETS; id++)
		atomic64_set(&throttle->buckets[id].paid_ns, 0);
}

/**
 * nbc_throttle_due - when a request may complete
 * @throttle: the limits
 * @op: what it does
 * @bytes: how much it moves; counted if it reads or writes data
 * @now: ktime_get()
 *
 * The request's tokens are taken by this call.
 *
 * Context: Any.
 * Return: a time that is not before @now; the latest of all limits that apply.
 */
ktime_t nbc_throttle_due(struct nbc_throttle *throttle, enum req_op op,
			 unsigned int bytes, ktime_t now)
{
	bool reads = op == REQ_OP_READ;
	bool writes = op == REQ_OP_WRITE || op == REQ_OP_ZONE_APPEND;
	const u64 units[NBC_NR_BUCKETS] = {
		[NBC_BUCKET_BYTES]	 = reads || writes ? bytes : 0,
		[NBC_BUCKET_READ_BYTES]	 = reads ? bytes : 0,
		[NBC_BUCKET_WRITE_BYTES] = writes ? bytes : 0,
		[NBC_BUCKET_OPS]	 = 1,
		[NBC_BUCKET_READ_OPS]	 = reads,
		[NBC_BUCKET_WRITE_OPS]	 = op_is_write(op),
	};
	ktime_t due = now;
	int id;

	for (id = 0; id < NBC_NR_BUCKETS; id++) {
		u64 rate = throttle->rates[id];

		if (rate && units[id])
			due = max(due, nbc_bucket_take(&throttle->buckets[id],
						       rate, units[id], now));
	}
	return due;
}
