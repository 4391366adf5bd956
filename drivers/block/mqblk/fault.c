// SPDX-License-Identifier: GPL-2.0
/*
 * Faults on purpose: whether this call is the one that shall fail.
 *
 * A driver asks mqblk_fault_hits() where it can fail, and fails as it thinks
 * right. The kernel's own fault injection does the same, but most distributions
 * build their kernels without it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/mqblk.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>

/**
 * mqblk_fault_init - make a fault that never hits
 * @fault: memory for it
 *
 * Probability 0, interval 1, times 1, space 0, verbose 2 and no filter. With
 * CONFIG_FAULT_INJECTION a task is filtered by /proc/PID/make-it-fail; without,
 * there is nothing to filter by, and @task_filter is ignored.
 *
 * Context: Any.
 */
void mqblk_fault_init(struct mqblk_fault *fault)
{
	*fault = (struct mqblk_fault) {
		.interval	= 1,
		.times		= ATOMIC_INIT(1),
		.verbose	= 2,
	};
	ratelimit_state_init(&fault->ratelimit, 0, 0);
}
EXPORT_SYMBOL_GPL(mqblk_fault_init);

/**
 * mqblk_fault_setup - set a fault by a line of text
 * @fault: the fault; unchanged on error
 * @text: "interval,probability,space,times", decimal numbers
 *
 * The order is that of the kernel's own fault injection. The fault is silent
 * afterwards: verbose is 0.
 *
 * Context: Any.
 * Return: 0, or -EINVAL for a text of another form, an interval of 0, a
 * probability over 100 or a number below 0, but for times, which may be -1.
 */
int mqblk_fault_setup(struct mqblk_fault *fault, const char *text)
{
	int interval, probability, space, times;
	char rest;

	if (sscanf(text, "%d,%d,%d,%d%c", &interval, &probability, &space,
		   &times, &rest) != 4)
		return -EINVAL;
	if (interval < 1 || probability < 0 || probability > 100 || space < 0 ||
	    times < -1)
		return -EINVAL;
	fault->interval = interval;
	fault->probability = probability;
	atomic_set(&fault->space, space);
	atomic_set(&fault->times, times);
	fault->verbose = 0;
	return 0;
}
EXPORT_SYMBOL_GPL(mqblk_fault_setup);

static bool mqblk_fault_filtered(const struct mqblk_fault *fault)
{
#ifdef CONFIG_FAULT_INJECTION
	return READ_ONCE(fault->task_filter) &&
	       !(in_task() && current->make_it_fail);
#else
	return false;
#endif
}

static void mqblk_fault_log(struct mqblk_fault *fault, const char *what)
{
	unsigned int verbose = READ_ONCE(fault->verbose);

	if (!verbose || !__ratelimit(&fault->ratelimit))
		return;
	pr_notice("%s: failing on purpose: interval %u, probability %u, space %d, times %d\n",
		  what, fault->interval, fault->probability,
		  atomic_read(&fault->space), atomic_read(&fault->times));
	if (verbose > 1)
		dump_stack();
}

/**
 * mqblk_fault_hits - shall this call fail
 * @fault: when to
 * @what: the name of the fault, for the log
 *
 * Asked in this order: is it on, is the task one that shall fail, are failures
 * left, is the space used up, is it the interval's turn, and do the dice say so.
 *
 * Context: Any.
 * Return: true if it shall.
 */
bool mqblk_fault_hits(struct mqblk_fault *fault, const char *what)
{
	unsigned int interval = READ_ONCE(fault->interval);
	unsigned int probability = READ_ONCE(fault->probability);

	if (!mqblk_fault_armed(fault) || mqblk_fault_filtered(fault))
		return false;
	if (atomic_add_unless(&fault->space, -1, 0))
		return false;
	if (interval > 1 &&
	    (unsigned int)atomic_inc_return(&fault->count) % interval)
		return false;
	if (probability < 100 && get_random_u32_below(100) >= probability)
		return false;
	/* Others may have taken the last one meanwhile; -1 is never used up. */
	if (atomic_read(&fault->times) != -1 &&
	    !atomic_add_unless(&fault->times, -1, 0))
		return false;
	mqblk_fault_log(fault, what);
	return true;
}
EXPORT_SYMBOL_GPL(mqblk_fault_hits);
