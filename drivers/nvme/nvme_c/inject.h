/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Faults on purpose.
 */
#ifndef _NVMEC_INJECT_H
#define _NVMEC_INJECT_H

#include <linux/blkdev.h>
#include <linux/jump_label.h>
#include <linux/mqblk.h>
#include <linux/types.h>

struct dentry;
struct nvmec_ctrl;
struct nvmec_queue;

/**
 * enum nvmec_inject_kind - what a fault does to a command that is to be sent
 * @NVMEC_INJECT_TIMEOUT: it is lost on its way to the controller
 * @NVMEC_INJECT_STATUS: it is answered with a status in the controller's place
 * @NVMEC_INJECT_NONE: nothing
 */
enum nvmec_inject_kind {
	NVMEC_INJECT_TIMEOUT,
	NVMEC_INJECT_STATUS,
	NVMEC_INJECT_NONE,
};

#define NVMEC_NR_INJECT		NVMEC_INJECT_NONE
/* Files of a fault: see the table in inject.c. */
#define NVMEC_NR_INJECT_FILES	9
#define NVMEC_INJECT_NAME_BYTES	(DISK_NAME_LEN + 16)

/**
 * struct nvmec_inject_file - a file of a fault
 * @fault: the fault
 * @column: which of its values
 */
struct nvmec_inject_file {
	struct nvmec_inject_fault	*fault;
	unsigned int			column;
};

/**
 * struct nvmec_inject_fault - a fault on purpose
 * @name: for the log, with that of the disk or controller
 * @fault: when it hits
 * @ctrl: the controller
 * @opcode: of the commands that it may hit, or -1 for all
 * @status: what it answers, as in &nvmec_rq.status
 * @delay_us: after which time it answers
 * @counted: it is among those for which nvmec_injecting is on; guarded by the mutex of
 *	inject.c
 * @files: in debugfs
 */
struct nvmec_inject_fault {
	char				name[NVMEC_INJECT_NAME_BYTES];
	struct mqblk_fault		fault;
	struct nvmec_ctrl		*ctrl;
	int				opcode;
	u16				status;
	u32				delay_us;
	bool				counted;
	struct nvmec_inject_file	files[NVMEC_NR_INJECT_FILES];
};

/**
 * struct nvmec_inject - the faults on purpose of a namespace, or of the admin queue
 * @dir: their directory in debugfs
 * @faults: by enum nvmec_inject_kind
 */
struct nvmec_inject {
	struct dentry			*dir;
	struct nvmec_inject_fault	faults[NVMEC_NR_INJECT];
};

DECLARE_STATIC_KEY_FALSE(nvmec_injecting);

enum nvmec_inject_kind nvmec_inject_pick(struct nvmec_inject *inject, u8 opcode);
void nvmec_inject_answer(struct nvmec_inject *inject, struct nvmec_queue *queue,
			 struct request *rq);
void nvmec_inject_add(struct nvmec_inject *inject, struct nvmec_ctrl *ctrl,
		      const char *name);
void nvmec_inject_remove(struct nvmec_inject *inject);
void nvmec_inject_init(void);
void nvmec_inject_exit(void);

#endif /* _NVMEC_INJECT_H */
