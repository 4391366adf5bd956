// SPDX-License-Identifier: GPL-2.0
/*
 * The module mqblk.ko. It has no state of its own; see linux/mqblk.h.
 */
#include <linux/module.h>

MODULE_DESCRIPTION("Building blocks for blk-mq drivers");
MODULE_LICENSE("GPL");
