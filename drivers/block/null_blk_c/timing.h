/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Timing: when an operation completes, by the timer's delay and the limits. Requests and
 * bios are peers that ask here.
 */
#ifndef _NULL_BLK_C_TIMING_H
#define _NULL_BLK_C_TIMING_H

#include <linux/ktime.h>

#include "null_blk_c.h"
#include "throttle.h"

/**
 * nbc_timing_due - when an operation that is done now may complete
 * @ndisk: the disk
 * @op: what it did
 * @bytes: its length
 * @polled: it waits for a poller, not for the timer
 *
 * Takes what the operation costs of the disk's limits. Nothing waits on a disk that
 * is not armed.
 *
 * Context: Any.
 * Return: a time of CLOCK_MONOTONIC, or 0 for now.
 */
static inline ktime_t nbc_timing_due(struct nbc_disk *ndisk, enum req_op op,
				     unsigned int bytes, bool polled)
{
	bool timed = ndisk->irqmode == NBC_IRQ_TIMER && !polled;
	ktime_t now = 0, due = 0;

	if ((!timed && !ndisk->throttle.on) || !READ_ONCE(ndisk->armed))
		return 0;
	if (timed)
		now = ktime_get();
	if (ndisk->throttle.on)
		due = nbc_throttle_due(&ndisk->throttle, op, bytes, now);
	return timed ? ktime_add_safe(max(due, now), ndisk->delay) : due;
}

#endif /* _NULL_BLK_C_TIMING_H */
