/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The operations of block queues, and the end of requests.
 */
#ifndef _NVMEC_IO_H
#define _NVMEC_IO_H

#include <linux/blk-mq.h>

extern const struct blk_mq_ops nvmec_io_ops;
extern const struct blk_mq_ops nvmec_admin_ops;

#endif /* _NVMEC_IO_H */
