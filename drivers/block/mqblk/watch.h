/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Watches, and their files in debugfs.
 */
#ifndef _MQBLK_WATCH_H
#define _MQBLK_WATCH_H

#include <linux/mqblk.h>
#include <linux/mutex.h>

/* watch.c */
extern struct mutex mqblk_watch_lock;
int mqblk_watch_count(struct mqblk_watch *watch, bool on);
void mqblk_watch_begin(struct mqblk_watch *watch);
void mqblk_watch_end(struct mqblk_watch *watch);

/* debugfs.c */
void mqblk_debugfs_init(void);
void mqblk_debugfs_exit(void);

#endif /* _MQBLK_WATCH_H */
