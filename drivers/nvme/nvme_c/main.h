/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the whole module has: parameters, works, and the class of controllers.
 */
#ifndef _NVMEC_MAIN_H
#define _NVMEC_MAIN_H

#include <linux/types.h>

struct class;
struct workqueue_struct;

/* Of the kernel's nvme_core: to find out whether it is there. */
struct nvme_ctrl;
void nvme_uninit_ctrl(struct nvme_ctrl *ctrl);

/* Longer is as good as for ever, and the sum of a few of them fits everywhere. */
#define NVMEC_MAX_IO_TIMEOUT_S		86400
#define NVMEC_MAX_ADMIN_TIMEOUT_S	3600

extern struct workqueue_struct *nvmec_wq;
extern struct workqueue_struct *nvmec_reset_wq;
extern struct class nvmec_class;
extern unsigned int nvmec_io_timeout_ms;
extern unsigned int nvmec_admin_timeout_ms;
extern unsigned int nvmec_queue_depth;
extern unsigned int nvmec_write_queues;
extern unsigned int nvmec_poll_queues;
extern unsigned int nvmec_sgl_threshold;
extern unsigned int nvmec_max_hmb_mib;
extern unsigned int nvmec_ps_max_latency_us;
extern bool nvmec_bind_class;
extern bool nvmec_drop_in;
extern bool nvmec_multipath;
extern bool nvmec_p2pdma;

#endif /* _NVMEC_MAIN_H */
