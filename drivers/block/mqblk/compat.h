/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one file that knows kernel versions.
 *
 * All other files use the newest kernel's interfaces. MQBLK_HAVE_* come from
 * compile probes in the Makefile, because distribution kernels carry backports
 * that a version number does not tell.
 */
#ifndef _MQBLK_COMPAT_H
#define _MQBLK_COMPAT_H

#include <linux/blk-mq.h>
#include <linux/hrtimer.h>

#ifdef MQBLK_HAVE_F_SHOULD_MERGE
/* Merging was asked for by a flag before it became unconditional. */
#define MQBLK_F_BASE	BLK_MQ_F_SHOULD_MERGE
#else
#define MQBLK_F_BASE	0
#endif

#ifdef MQBLK_HAVE_HRTIMER_INIT
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*fn)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
}
#endif

#endif /* _MQBLK_COMPAT_H */
