// SPDX-License-Identifier: GPL-2.0
/*
 * The module mqblk.ko. It has no state of its own but who watches which disk;
 * see linux/mqblk.h.
 */
#include <linux/init.h>
#include <linux/module.h>

#include "watch.h"

static int __init mqblk_init(void)
{
	mqblk_debugfs_init();
	return 0;
}

static void __exit mqblk_exit(void)
{
	mqblk_debugfs_exit();
}

/* Before the drivers that use it, if all are built in. */
subsys_initcall(mqblk_init);
module_exit(mqblk_exit);
MODULE_DESCRIPTION("Building blocks for blk-mq drivers");
MODULE_LICENSE("GPL");
