/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a disk is known by, over all controllers.
 */
#ifndef _NVMEC_HEAD_H
#define _NVMEC_HEAD_H

#include <linux/blkdev.h>
#include <linux/list.h>
#include <linux/types.h>

#include "ident.h"

struct device;

/**
 * struct nvmec_head - what a disk is known by, over all controllers
 * @entry: in the list of all, guarded by nvmec_heads_lock
 * @id: the identities that it is shown with, zero if another disk has one
 * @name: of the disk
 * @nsid: its namespace id
 * @cntlid: its controller
 * @shared: other controllers of the subsystem may have the namespace, too
 * @subnqn: the subsystem
 */
struct nvmec_head {
	struct list_head	entry;
	struct nvmec_ns_id	id;
	char			name[DISK_NAME_LEN];
	u32			nsid;
	u16			cntlid;
	bool			shared;
	char			subnqn[NVMEC_NQN_BYTES];
};

void nvmec_head_add(struct nvmec_head *head, struct device *dev);
void nvmec_head_rename(struct nvmec_head *head, const char *name);
void nvmec_head_remove(struct nvmec_head *head);

#endif /* _NVMEC_HEAD_H */
