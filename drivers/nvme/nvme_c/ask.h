/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Commands of the driver's own to a namespace.
 */
#ifndef _NVMEC_ASK_H
#define _NVMEC_ASK_H

#include <linux/nvme.h>

struct nvmec_ns;

int nvmec_ask(struct nvmec_ns *ns, const struct nvme_command *cmd, void *data,
	      unsigned int bytes);

#endif /* _NVMEC_ASK_H */
