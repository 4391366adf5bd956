// SPDX-License-Identifier: GPL-2.0
/*
 * mqblk_load: a load for block devices from inside the kernel.
 *
 * Theory of operation
 * ===================
 *
 * Purpose
 * -------
 * A program that measures a fast disk measures its own system calls with it: on
 * some machines they cost a hundred times what the disk does. So the load is a
 * kernel thread that submits bios as io_uring would, and what it takes is the
 * block layer and the driver. It is no replacement for fio, which measures what
 * programs get.
 *
 * Use
 * ---
 * Everything is in /sys/kernel/debug/mqblk_load. There is one file for each
 * attribute (see struct mql_config), and
 *
 * - control: "start" begins a run and returns; "run" begins one, and returns when
 *   it has ended; "stop" ends one, and returns then. Who waits may be interrupted
 *   by a signal, which ends the run as well if it came by "run". Reads as idle,
 *   running, stopping or done.
 * - results: lines of a name and a value; they may be read while it runs.
 * - histogram: lines of a time in ns and the number of I/Os that took that long or
 *   longer, but not as long as the next line says. Empty without latency.
 *
 * An attribute that is not valid is refused with a line in the log, and what does
 * not fit together or does not fit the disk is refused by start, with nothing
 * done. The module takes no disk that is mounted, held or open elsewhere.
 *
 * Data flow
 * ---------
 * run.c makes a run from the attributes: it opens the disks (disk.c), makes the
 * buffers (buffer.c) and threads, and lets all begin at once. A thread (job.c)
 * submits batches under a plug until it has done its number of I/Os, its time is
 * over, or it is told to stop; waits for what is in flight; and ends. The last one
 * queues work that joins the threads and closes the disks. Results (result.c) stay
 * until the next run. With the engines memcpy and movsb, jobs copy memory instead
 * (copy.c), which is the limit for a disk that keeps data in memory.
 *
 * States
 * ------
 * enum mql_state: idle or done -> running -> (stopping ->) done. mql_start() and
 * mql_stop() change it, and mql_end_work(), which is the only way out.
 *
 * Locking
 * -------
 * mql_lock guards the attributes, the state and the pointer to the run. It is the
 * only lock, and none but those of the functions that are called under it come
 * after it. Jobs do not take it, and mql_end_work() takes it last, when the state
 * changes; so whoever holds it must not wait for a run. The loop takes no lock at
 * all: what a job's thread writes, and what the end of its I/Os writes, lies in
 * lines of its own.
 *
 * The end of an I/O may come in any context, on any CPU, and after the thread has
 * ended in so far as it still returns from the function that told the thread. So
 * it is an RCU reader, and a run's jobs are freed a grace period later.
 *
 * Errors
 * ------
 * An I/O that fails is counted by its status, and the load goes on. Only a zone
 * that cannot be reset, or is too small for a block, ends its job, which is counted
 * as an error too.
 *
 * What is left out
 * ----------------
 * Rates, reads from more than one part of a disk, discards, and latencies of
 * single I/Os. One run at a time. A disk that never ends an I/O keeps its run from
 * ending, and the module loaded: the block layer has a time limit for that.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bio.h>
#include <linux/cleanup.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "load.h"

/* Bios that lie ready, so that none in flight keeps another from being made */
#define MQL_RESERVE	16

DEFINE_MUTEX(mql_lock);
struct bio_set mql_bios;
static struct dentry *mql_dir;

/* --- control -------------------------------------------------------------- */

static int mql_control_show(struct seq_file *seq, void *unused)
{
	seq_printf(seq, "%s\n", mql_state_name());
	return 0;
}

/* Who is interrupted does not leave a run behind that nobody waits for. */
static int mql_run_and_wait(void)
{
	int ret = mql_start();

	if (ret)
		return ret;
	ret = mql_wait_done();
	if (ret)
		mql_stop();
	return ret ? -EINTR : 0;
}

static int mql_stop_and_wait(void)
{
	mql_stop();
	return mql_wait_done() ? -EINTR : 0;
}

static int mql_control(const char *word)
{
	if (sysfs_streq(word, "start"))
		return mql_start();
	if (sysfs_streq(word, "run"))
		return mql_run_and_wait();
	if (sysfs_streq(word, "stop"))
		return mql_stop_and_wait();
	pr_err("control: \"%*pE\" is not valid, use start, run or stop\n",
	       (int)strcspn(word, "\n"), word);
	return -EINVAL;
}

static ssize_t mql_control_write(struct file *file, const char __user *from,
				 size_t len, loff_t *pos)
{
	char word[16] = "";
	int ret;

	if (copy_from_user(word, from, min(len, sizeof(word) - 1)))
		return -EFAULT;
	ret = mql_control(word);
	return ret ?: len;
}
DEFINE_SHOW_STORE_ATTRIBUTE(mql_control);

/* --- results -------------------------------------------------------------- */

static int mql_results_show(struct seq_file *seq, void *unused)
{
	guard(mutex)(&mql_lock);
	seq_printf(seq, "state %s\n", mql_state_name());
	if (mql_last_run())
		mql_show_results(seq, mql_last_run());
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(mql_results);

static int mql_histogram_show(struct seq_file *seq, void *unused)
{
	guard(mutex)(&mql_lock);
	if (mql_last_run())
		mql_show_histogram(seq, mql_last_run());
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(mql_histogram);

/* --- the module ----------------------------------------------------------- */

static int mql_add_files(void)
{
	mql_dir = debugfs_create_dir(KBUILD_MODNAME, NULL);
	if (IS_ERR(mql_dir)) {
		pr_err("no debugfs to make files in (%pe)\n", mql_dir);
		return PTR_ERR(mql_dir);
	}
	mql_config_add_files(mql_dir);
	debugfs_create_file("control", 0600, mql_dir, NULL, &mql_control_fops);
	debugfs_create_file("results", 0400, mql_dir, NULL, &mql_results_fops);
	debugfs_create_file("histogram", 0400, mql_dir, NULL, &mql_histogram_fops);
	return 0;
}

static int __init mql_init(void)
{
	int ret;

	ret = bioset_init(&mql_bios, MQL_RESERVE, offsetof(struct mql_io, bio),
			  BIOSET_NEED_BVECS | BIOSET_PERCPU_CACHE);
	if (ret)
		return ret;
	ret = mql_add_files();
	if (ret)
		bioset_exit(&mql_bios);
	return ret;
}

/* Nobody has a file open, so nobody starts a run, or waits for one. */
static void __exit mql_exit(void)
{
	debugfs_remove(mql_dir);
	mql_quit();
	bioset_exit(&mql_bios);
}

module_init(mql_init);
module_exit(mql_exit);
MODULE_DESCRIPTION("Load for block devices from inside the kernel");
MODULE_LICENSE("GPL");
