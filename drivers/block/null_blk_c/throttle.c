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
 * A device that was idle is owed NBC_CREDIT_NS. It makes good for timers that fire
 * late, which would otherwise cost a queue of depth 1 a part of its rate with every
 * request.
 *
 * Reading the clock costs as much as the rest of a request that moves no data. A
 * bucket remembers what the clock said last: what is paid for by then has to wait
 * for nothing, whatever the time is now. So a disk below its limits reads the clock
 * once for each credit that it uses up. Who comes after a pause may find a credit
 * that is not used up yet, and then gets another one: two at most.
 */
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/timekeeping.h>

#include "throttle.h"

/* More than a timer is late, less than a person sees. */
#define NBC_CREDIT_NS	(10 * NSEC_PER_MSEC)

/* Of &nbc_throttle.unit_ns: a second, the cost of the lowest rate, fits in 64 bits. */
#define NBC_UNIT_SHIFT	32

/* What reads and writes count for: bytes, and each of the two its own. */
#define NBC_READ_MASK	(BIT(NBC_BUCKET_BYTES) | BIT(NBC_BUCKET_READ_BYTES) | \
			 BIT(NBC_BUCKET_READ_OPS))
#define NBC_WRITE_MASK	(BIT(NBC_BUCKET_BYTES) | BIT(NBC_BUCKET_WRITE_BYTES))

/* The limits that an operation counts for. */
static unsigned long nbc_op_mask(enum req_op op)
{
	unsigned long mask = BIT(NBC_BUCKET_OPS);

	if (op == REQ_OP_READ)
		mask |= NBC_READ_MASK;
	if (op == REQ_OP_WRITE || op == REQ_OP_ZONE_APPEND)
		mask |= NBC_WRITE_MASK;
	if (op_is_write(op))
		mask |= BIT(NBC_BUCKET_WRITE_OPS);
	return mask;
}

/* Takes @cost from a bucket if that is paid for already. */
static bool nbc_bucket_take_paid(struct nbc_bucket *bucket, s64 cost)
{
	s64 seen = atomic64_read(&bucket->seen_ns);
	s64 paid = atomic64_read(&bucket->paid_ns);

	do {
		if (paid + cost > seen)
			return false;
	} while (!atomic64_try_cmpxchg(&bucket->paid_ns, &paid, paid + cost));
	return true;
}

/*
 * Takes @cost from a bucket; returns when that is paid for. Those who take at the same
 * time all pay: see litmus/throttle.litmus.
 */
static ktime_t nbc_bucket_take(struct nbc_bucket *bucket, s64 cost, ktime_t now)
{
	s64 paid = atomic64_read(&bucket->paid_ns);
	s64 next;

	do {
		next = max_t(s64, paid, ktime_to_ns(now) - NBC_CREDIT_NS) + cost;
	} while (!atomic64_try_cmpxchg(&bucket->paid_ns, &paid, next));
	atomic64_set(&bucket->seen_ns, ktime_to_ns(now));
	return ns_to_ktime(next);
}

/**
 * nbc_throttle_set - set a limit
 * @throttle: the limits; requests may use them meanwhile
 * @id: which one
 * @rate: bytes or operations a second, 0 for no limit
 *
 * Context: Any; the caller sees to it that there is one at a time.
 */
void nbc_throttle_set(struct nbc_throttle *throttle, enum nbc_bucket_id id,
		      u64 rate)
{
	unsigned long on = throttle->on & ~BIT(id);

	if (rate) {
		WRITE_ONCE(throttle->unit_ns[id],
			   DIV64_U64_ROUND_UP((u64)NSEC_PER_SEC << NBC_UNIT_SHIFT, rate));
		on |= BIT(id);
	}
	/* Who sees the limit before what it costs pays nothing, or what it did cost. */
	WRITE_ONCE(throttle->on, on);
}

/**
 * nbc_throttle_forget - let nothing be owed any more
 * @throttle: the limits
 * @now: ktime_get()
 *
 * For requests that did not wait until they were paid for. Requests may take tokens
 * meanwhile.
 *
 * Context: Any.
 */
void nbc_throttle_forget(struct nbc_throttle *throttle, ktime_t now)
{
	unsigned int id;

	/* Also of limits that are off, and may be on again. */
	for (id = 0; id < NBC_NR_BUCKETS; id++) {
		atomic64_t *paid_ns = &throttle->buckets[id].paid_ns;
		s64 paid = atomic64_read(paid_ns);

		while (paid > ktime_to_ns(now) &&
		       !atomic64_try_cmpxchg(paid_ns, &paid, ktime_to_ns(now)))
			;
	}
}

/**
 * nbc_throttle_due - when a request may complete
 * @throttle: the limits
 * @op: what it does
 * @bytes: how much it moves; counted if it reads or writes data
 * @now: ktime_get(), or 0 for a caller that has not read the clock: it is read here
 *	if there is need
 *
 * The request's tokens are taken by this call.
 *
 * Context: Any.
 * Return: a time that is after the present, the latest of all limits that apply; or 0
 * if the request need not wait.
 */
ktime_t nbc_throttle_due(struct nbc_throttle *throttle, enum req_op op,
			 unsigned int bytes, ktime_t now)
{
	unsigned long ids = READ_ONCE(throttle->on) & nbc_op_mask(op);
	ktime_t due = 0;
	unsigned int id;

	for_each_set_bit(id, &ids, NBC_NR_BUCKETS) {
		u64 units = id < NBC_BUCKET_OPS ? bytes : 1;
		s64 cost = mul_u64_u64_shr(READ_ONCE(throttle->unit_ns[id]),
					   units, NBC_UNIT_SHIFT);

		if (nbc_bucket_take_paid(&throttle->buckets[id], cost))
			continue;
		now = now ?: ktime_get();
		due = max(due, nbc_bucket_take(&throttle->buckets[id], cost, now));
	}
	return due > now ? due : 0;
}
