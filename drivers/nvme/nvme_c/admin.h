/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The admin queue.
 */
#ifndef _NVMEC_ADMIN_H
#define _NVMEC_ADMIN_H

#include <linux/nvme.h>
#include <linux/types.h>

struct nvmec_ctrl;
struct nvmec_queue;
struct work_struct;

/*
 * Of NVMEC_ADMIN_TAGS, what commands of user space may have. The others are reserved: a
 * plug takes as many tags at once as commands are to be sent, whatever &nvmec_ctrl.user_admin
 * lets pass.
 */
#define NVMEC_USER_TAGS		20

int nvmec_admin_init(struct nvmec_ctrl *ctrl);
void nvmec_admin_set_timeout(struct nvmec_ctrl *ctrl, unsigned int ms);
void nvmec_admin_exit(struct nvmec_ctrl *ctrl);
int nvmec_admin(struct nvmec_ctrl *ctrl, struct nvme_command *cmd, void *data,
		unsigned int bytes, u32 *result);
int nvmec_admin_for_user(struct nvmec_ctrl *ctrl, struct nvme_command *cmd,
			 void *data, unsigned int bytes, u32 *result);
int nvmec_identify(struct nvmec_ctrl *ctrl, u8 cns, u32 nsid, u8 csi,
		   void *page);
int nvmec_admin_identify(struct nvmec_ctrl *ctrl);
int nvmec_admin_identify_nvm(struct nvmec_ctrl *ctrl);
int nvmec_admin_extend_formats(struct nvmec_ctrl *ctrl);
int nvmec_admin_set_queues(struct nvmec_ctrl *ctrl, unsigned int *count);
int nvmec_admin_create_queue(struct nvmec_queue *queue);
int nvmec_admin_delete_queue(struct nvmec_queue *queue);
int nvmec_admin_shadows_start(struct nvmec_ctrl *ctrl);
void nvmec_admin_shadows_free(struct nvmec_ctrl *ctrl);
int nvmec_admin_events_start(struct nvmec_ctrl *ctrl);
void nvmec_event_work(struct work_struct *work);
void nvmec_abort_work(struct work_struct *work);

#endif /* _NVMEC_ADMIN_H */
