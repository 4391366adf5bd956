/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests that take too long.
 */
#ifndef _NVMEC_TIMEOUT_H
#define _NVMEC_TIMEOUT_H

#include <linux/blk-mq.h>

void nvmec_timeout_polled(struct request *rq);
enum blk_eh_timer_return nvmec_timeout(struct request *rq);

#endif /* _NVMEC_TIMEOUT_H */
