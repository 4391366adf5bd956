/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tests in which threads wait for each other.
 */
#ifndef _NULL_BLK_C_WAIT_KUNIT_H
#define _NULL_BLK_C_WAIT_KUNIT_H

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/sched.h>

/* Longest time that anything may take that has to happen at some time. */
#define NBC_PATIENCE	(60 * HZ)

/* Does a thread come to wait for a lock, or for what nothing interrupts? */
static bool nbc_is_blocked(struct task_struct *task)
{
	unsigned long deadline = jiffies + NBC_PATIENCE;

	while (READ_ONCE(task->__state) != TASK_UNINTERRUPTIBLE) {
		if (time_after(jiffies, deadline))
			return false;
		msleep(20);
	}
	return true;
}

#endif
