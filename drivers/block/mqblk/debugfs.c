// SPDX-License-Identifier: GPL-2.0
/*
 * Files in debugfs: mqblk/DISK/ with enable, stats, latency, streams and reset.
 *
 * A file that is being read or written keeps mqblk_watch_remove() waiting, and
 * with it the disk; so mqblk_watch_lock is not held there.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/cleanup.h>
#include <linux/debugfs.h>
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/kstrtox.h>
#include <linux/mqblk_compat.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "stats.h"
#include "watch.h"

static struct dentry *mqblk_debugfs_root;

/* What was written to @name, "1" or "0" in all its ways; returns 0 or an errno. */
static int mqblk_read_bool(const struct mqblk_watch *watch, const char *name,
			   const char __user *from, size_t len, bool *value)
{
	char text[8] = "";
	size_t got = min(len, sizeof(text) - 1);

	if (copy_from_user(text, from, got))
		return -EFAULT;
	if (got == len && !kstrtobool(strim(text), value))
		return 0;
	pr_err_ratelimited("%s: %s: \"%s\" is not valid, use 0 or 1\n",
			   watch->disk->disk_name, name, strim(text));
	return -EINVAL;
}

static int mqblk_enable_show(struct seq_file *seq, void *unused)
{
	struct mqblk_watch *watch = seq->private;

	guard(mutex)(&mqblk_watch_lock);
	seq_printf(seq, "%d\n", watch->stats && watch->stats->on);
	return 0;
}

static ssize_t mqblk_enable_write(struct file *file, const char __user *from,
				  size_t len, loff_t *pos)
{
	struct mqblk_watch *watch = file_inode(file)->i_private;
	bool on;
	int ret;

	ret = mqblk_read_bool(watch, "enable", from, len, &on);
	if (!ret)
		ret = mqblk_watch_count(watch, on);
	return ret ?: len;
}
DEFINE_SHOW_STORE_ATTRIBUTE(mqblk_enable);

static int mqblk_counters_show(struct seq_file *seq, void *unused)
{
	struct mqblk_watch *watch = seq->private;

	guard(mutex)(&mqblk_watch_lock);
	mqblk_stats_show(watch->stats, seq);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(mqblk_counters);

static int mqblk_latency_show(struct seq_file *seq, void *unused)
{
	struct mqblk_watch *watch = seq->private;

	guard(mutex)(&mqblk_watch_lock);
	mqblk_stats_show_latency(watch->stats, seq);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(mqblk_latency);

static int mqblk_streams_show(struct seq_file *seq, void *unused)
{
	struct mqblk_watch *watch = seq->private;

	guard(mutex)(&mqblk_watch_lock);
	mqblk_stats_show_streams(watch->stats, seq);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(mqblk_streams);

/* To write 0 asks for nothing, and nothing is done. */
static ssize_t mqblk_reset_write(struct file *file, const char __user *from,
				 size_t len, loff_t *pos)
{
	struct mqblk_watch *watch = file_inode(file)->i_private;
	bool wanted;
	int ret;

	ret = mqblk_read_bool(watch, "reset", from, len, &wanted);
	if (ret)
		return ret;
	guard(mutex)(&mqblk_watch_lock);
	if (wanted && watch->stats)
		mqblk_stats_reset(watch->stats);
	return len;
}

static const struct file_operations mqblk_reset_fops = {
	.owner	= THIS_MODULE,
	.open	= simple_open,
	.write	= mqblk_reset_write,
};

/* debugfs takes its own errors for a parent, and makes nothing then. */
static void mqblk_files_create(struct mqblk_watch *watch)
{
	struct dentry *dir;

	dir = debugfs_create_dir(watch->disk->disk_name, mqblk_debugfs_root);
	debugfs_create_file("enable", 0600, dir, watch, &mqblk_enable_fops);
	debugfs_create_file("stats", 0400, dir, watch, &mqblk_counters_fops);
	debugfs_create_file("latency", 0400, dir, watch, &mqblk_latency_fops);
	if (MQBLK_WRITE_STREAMS)
		debugfs_create_file("streams", 0400, dir, watch, &mqblk_streams_fops);
	debugfs_create_file("reset", 0200, dir, watch, &mqblk_reset_fops);
	watch->dir = dir;
}

/**
 * mqblk_watch_add - let the requests of a disk be watched
 * @watch: part of the driver's data for the disk
 * @disk: the disk, published
 * @set: as in &struct mqblk_watch
 *
 * Whatever debugfs has to say about it, the disk works.
 *
 * Context: Process context, may sleep; calls @set if somebody looks already.
 */
void mqblk_watch_add(struct mqblk_watch *watch, struct gendisk *disk,
		     void (*set)(struct mqblk_watch *watch, bool on))
{
	watch->disk = disk;
	watch->set = set;
	mqblk_watch_begin(watch);
	mqblk_files_create(watch);
}
EXPORT_SYMBOL_GPL(mqblk_watch_add);

/**
 * mqblk_watch_remove - do not let a disk be watched any more
 * @watch: given to mqblk_watch_add()
 *
 * Due before mqblk_disk_remove(). Requests that are watched end as such. Nobody is at
 * work in the disk's files on return.
 *
 * Context: Process context, may sleep; the driver is told for the last time.
 */
void mqblk_watch_remove(struct mqblk_watch *watch)
{
	debugfs_remove(watch->dir);
	mqblk_watch_end(watch);
}
EXPORT_SYMBOL_GPL(mqblk_watch_remove);

/* Before any disk is there. */
void mqblk_debugfs_init(void)
{
	mqblk_debugfs_root = debugfs_create_dir("mqblk", NULL);
}

void mqblk_debugfs_exit(void)
{
	debugfs_remove(mqblk_debugfs_root);
}
