/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Timing: when an operation completes, by the timer's delay, the limits and the latency
 * model. Requests and bios are peers that ask here.
 */
#ifndef _NULL_BLK_C_TIMING_H
#define _NULL_BLK_C_TIMING_H

#include <linux/ktime.h>

#include "latency.h"
#include "null_blk_c.h"
#include "throttle.h"

/**
 * nbc_timing_begin - note when a command comes
 * @cmd: the command; @came is set, if it is not or has passed
 * @on: what is on
 *
 * What its data takes is a part of the time that the latency model says.
 *
 * Context: Any.
 */
static inline void nbc_timing_begin(struct nbc_cmd *cmd, unsigned int on)
{
	if (on & BIT(NBC_ON_LATENCY))
		cmd->came = max(cmd->came, ktime_get());
}

/**
 * nbc_timing_set_due - say when a command that is done may complete
 * @ndisk: the disk
 * @cmd: the command; @due is set, and the timer's delay is added to @delay
 * @on: what is on, with any of NBC_ON_TIMING
 *
 * Takes what the command costs of the disk's limits, and its part of what the latency
 * model has.
 *
 * Context: Any.
 */
static inline void nbc_timing_set_due(struct nbc_disk *ndisk, struct nbc_cmd *cmd,
				      unsigned int on)
{
	bool timed = on & BIT(NBC_ON_TIMER) && !cmd->polled;
	ktime_t now = cmd->begin;

	if (timed) {
		cmd->delay = ktime_add_safe(cmd->delay, READ_ONCE(ndisk->delay));
		now = now ?: ktime_get();
	}
	if (on & BIT(NBC_ON_LIMITS))
		cmd->due = nbc_throttle_due(&ndisk->throttle, cmd->op, cmd->len, now);
	if (on & BIT(NBC_ON_LATENCY))
		cmd->due = max(cmd->due, nbc_latency_due(ndisk->latency, cmd));
	if (timed)
		cmd->due = ktime_add_safe(max(cmd->due, now), cmd->delay);
}

#endif /* _NULL_BLK_C_TIMING_H */
