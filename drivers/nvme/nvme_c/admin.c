// SPDX-License-Identifier: GPL-2.0
/*
 * The admin queue: commands that somebody waits for, asynchronous events, and
 * aborts.
 *
 * An admin command is a request like any other, so that the block layer counts
 * its time; its caller sleeps until it has ended. Data is at most a page, which
 * the controller reaches by one PRP entry.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitfield.h>
#include <linux/blkdev.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "admin.h"
#include "cmd.h"
#include "complete.h"
#include "ctrl.h"
#include "ident.h"
#include "io.h"
#include "main.h"
#include "prp.h"
#include "queue.h"
#include "quirks.h"
#include "recover.h"
#include "rq.h"
#include "state.h"

/* Fields of completion dword 0 of an asynchronous event. */
#define NVMEC_EVENT_TYPE	GENMASK(2, 0)
#define NVMEC_EVENT_INFO	GENMASK(15, 8)
#define NVMEC_EVENT_LOG		GENMASK(23, 16)

/* --- commands ------------------------------------------------------------- */

/*
 * Sends a command that has its data pointer, and waits for it. Those of the driver go before
 * those of user space, which it does not wait for.
 */
static int nvmec_admin_send(struct nvmec_ctrl *ctrl,
			    const struct nvme_command *cmd, u32 *result,
			    bool user)
{
	struct nvmec_rq *nrq;
	struct request *rq;
	int ret;

	rq = blk_mq_alloc_request(ctrl->admin_q, REQ_OP_DRV_IN,
				  user ? BLK_MQ_REQ_NOWAIT : BLK_MQ_REQ_RESERVED);
	if (IS_ERR(rq))
		return PTR_ERR(rq);
	nrq = nvmec_rq(rq);
	nrq->cmd = *cmd;
	nrq->user = user;
	nrq->meta = NULL;
	nrq->hasty = false;
	nrq->patience = 0;
	nrq->flags = 0;
	nrq->status = NVME_SC_HOST_ABORTED_CMD;
	nrq->result = 0;
	blk_execute_rq(rq, !user);
	ret = nrq->status;
	if (user && test_bit(NVMEC_RQ_CANCELLED, &nrq->flags))
		ret = test_bit(NVMEC_RQ_TIMED_OUT, &nrq->flags) ? -ETIMEDOUT :
								  -EAGAIN;
	if (result)
		*result = lower_32_bits(nrq->result);
	blk_mq_free_request(rq);
	return ret;
}

static int nvmec_admin_run(struct nvmec_ctrl *ctrl, struct nvme_command *cmd,
			   void *data, unsigned int bytes, u32 *result, bool user)
{
	enum dma_data_direction dir = nvme_is_write(cmd) ? DMA_TO_DEVICE : DMA_FROM_DEVICE;
	struct device *dev = &ctrl->pdev->dev;
	dma_addr_t dma;
	int ret;

	if (!data)
		return nvmec_admin_send(ctrl, cmd, result, user);
	if (WARN_ON_ONCE(((unsigned long)data & (NVMEC_PAGE_SIZE - 1)) + bytes >
			 NVMEC_PAGE_SIZE))
		return -EINVAL;
	/* What the controller does not write shall not be old memory. */
	if (dir == DMA_FROM_DEVICE)
		memset(data, 0, bytes);
	dma = dma_map_single(dev, data, bytes, dir);
	if (dma_mapping_error(dev, dma))
		return -ENOMEM;
	cmd->common.dptr.prp1 = cpu_to_le64(dma);
	ret = nvmec_admin_send(ctrl, cmd, result, user);
	dma_unmap_single(dev, dma, bytes, dir);
	return ret;
}

/**
 * nvmec_admin - send an admin command and wait for its end
 * @ctrl: the controller
 * @cmd: the command; its id, and with @data its data pointer, are filled in
 * @data: memory for the controller to write, or by the opcode to read, from kmalloc(), in
 *	one page; or NULL
 * @bytes: length of @data
 * @result: where completion dword 0 goes, or NULL
 *
 * Context: Process context, may sleep; by the admin timeout at most.
 * Return: 0; a status of the controller, which is positive; or an errno.
 */
int nvmec_admin(struct nvmec_ctrl *ctrl, struct nvme_command *cmd, void *data,
		unsigned int bytes, u32 *result)
{
	return nvmec_admin_run(ctrl, cmd, data, bytes, result, false);
}

/**
 * nvmec_admin_for_user - nvmec_admin(), for somebody who reads or writes a file
 * @ctrl: the controller
 * @cmd: see nvmec_admin(), as for the others
 * @data: see @cmd
 * @bytes: see @cmd
 * @result: see @cmd
 *
 * As commands that a user sends himself, it takes none of the requests that are kept for
 * the driver, and is not sent to a controller that is being reset or is suspended.
 *
 * Context: Process context of the user, or of a work, may sleep.
 * Return: as nvmec_admin(); -EAGAIN if the controller is not live, or has enough to do for
 * users; -ETIMEDOUT if there was no answer, which cost a reset.
 */
int nvmec_admin_for_user(struct nvmec_ctrl *ctrl, struct nvme_command *cmd,
			 void *data, unsigned int bytes, u32 *result)
{
	int ret;

	if (nvmec_state(ctrl) != NVMEC_LIVE)
		return -EAGAIN;
	if (down_trylock(&ctrl->user_admin))
		return -EAGAIN;
	ret = nvmec_admin_run(ctrl, cmd, data, bytes, result, true);
	up(&ctrl->user_admin);
	return ret;
}

/**
 * nvmec_identify - read a page of identify data
 * @ctrl: the controller
 * @cns: which one
 * @nsid: of which namespace, or 0
 * @csi: of which command set
 * @page: NVME_IDENTIFY_DATA_SIZE bytes from kmalloc()
 *
 * Context: as nvmec_admin().
 * Return: as nvmec_admin().
 */
int nvmec_identify(struct nvmec_ctrl *ctrl, u8 cns, u32 nsid, u8 csi,
		   void *page)
{
	struct nvme_command cmd;

	nvmec_cmd_identify(&cmd, cns, nsid, csi);
	return nvmec_admin(ctrl, &cmd, page, NVME_IDENTIFY_DATA_SIZE, NULL);
}

/* A status is no errno. */
static int nvmec_to_errno(int ret)
{
	return ret > 0 ? -EIO : ret;
}

/* --- identify controller -------------------------------------------------- */

/* How much a command of user space may move. */
static int nvmec_admin_limit(struct nvmec_ctrl *ctrl)
{
	struct queue_limits limits = queue_limits_start_update(ctrl->admin_q);

	limits.max_hw_sectors = ctrl->ident.max_bytes >> SECTOR_SHIFT;
	return queue_limits_commit_update(ctrl->admin_q, &limits);
}

/**
 * nvmec_admin_identify - learn what the controller is
 * @ctrl: the controller; its @ident is written
 *
 * Context: as nvmec_admin().
 * Return: 0, -ENODEV if it is nothing that can be used, or another errno.
 */
int nvmec_admin_identify(struct nvmec_ctrl *ctrl)
{
	struct nvme_id_ctrl *id;
	int ret;

	id = kmalloc(sizeof(*id), GFP_KERNEL);
	if (!id)
		return -ENOMEM;
	ret = nvmec_identify(ctrl, NVME_ID_CNS_CTRL, 0, 0, id);
	if (ret) {
		dev_err(&ctrl->dev, "identify controller: error %#x\n", ret);
		ret = nvmec_to_errno(ret);
	} else {
		ret = nvmec_ident_ctrl(&ctrl->dev, &ctrl->ident, id);
	}
	if (!ret) {
		nvmec_quirks_ident(ctrl);
		ret = nvmec_admin_limit(ctrl);
	}
	kfree(id);
	return ret;
}

/**
 * nvmec_admin_identify_nvm - learn the limits that the NVM command set has of its own
 * @ctrl: identified; its @ident is completed. Older ones say nothing
 *
 * Context: as nvmec_admin().
 * Return: 0, or an errno: nothing is known then.
 */
int nvmec_admin_identify_nvm(struct nvmec_ctrl *ctrl)
{
	struct nvme_id_ctrl_nvm *nvm;
	int ret;

	if (!nvmec_offers(ctrl, NVME_ID_CNS_CS_CTRL))
		return 0;
	nvm = kmalloc(NVME_IDENTIFY_DATA_SIZE, GFP_KERNEL);
	if (!nvm)
		return -ENOMEM;
	ret = nvmec_identify(ctrl, NVME_ID_CNS_CS_CTRL, 0, NVME_CSI_NVM, nvm);
	if (!ret)
		nvmec_ident_nvm(&ctrl->ident, nvm);
	kfree(nvm);
	return nvmec_to_errno(ret);
}

/**
 * nvmec_admin_extend_formats - have namespaces with formats that are extended be usable
 * @ctrl: identified; &nvmec_ctrl.formats_extended is written. Older ones have no such
 *	formats
 *
 * Until the host says that it knows of them (LBAFEE, NVM Express Base Specification, Host
 * Behavior Support), the controller refuses I/O to them.
 *
 * Context: as nvmec_admin().
 * Return: 0, or an errno: such namespaces cannot be used then.
 */
int nvmec_admin_extend_formats(struct nvmec_ctrl *ctrl)
{
	struct nvme_feat_host_behavior *behavior;
	struct nvme_command cmd;
	int ret;

	ctrl->formats_extended = false;
	if (!ctrl->ident.elbas)
		return 0;
	behavior = kzalloc(NVMEC_PAGE_SIZE, GFP_KERNEL);
	if (!behavior)
		return -ENOMEM;
	behavior->lbafee = 1;
	nvmec_cmd_set_feature(&cmd, NVME_FEAT_HOST_BEHAVIOR, 0);
	ret = nvmec_admin(ctrl, &cmd, behavior, sizeof(*behavior), NULL);
	ctrl->formats_extended = !ret;
	kfree(behavior);
	return nvmec_to_errno(ret);
}

/* --- queues --------------------------------------------------------------- */

/**
 * nvmec_admin_set_queues - ask for I/O queues
 * @ctrl: the controller
 * @count: how many; lowered if fewer were granted
 *
 * Context: as nvmec_admin().
 * Return: 0 or an errno.
 */
int nvmec_admin_set_queues(struct nvmec_ctrl *ctrl, unsigned int *count)
{
	u32 ask = *count - 1, result;
	struct nvme_command cmd;
	int ret;

	nvmec_cmd_set_feature(&cmd, NVME_FEAT_NUM_QUEUES, ask << 16 | ask);
	ret = nvmec_admin(ctrl, &cmd, NULL, 0, &result);
	if (ret) {
		dev_err(&ctrl->dev, "number of queues: error %#x\n", ret);
		return nvmec_to_errno(ret);
	}
	*count = min3(*count, (result & 0xffff) + 1, (result >> 16) + 1);
	return 0;
}

/**
 * nvmec_admin_create_queue - make an I/O queue known to the controller
 * @queue: started
 *
 * Context: as nvmec_admin().
 * Return: 0 or an errno.
 */
int nvmec_admin_create_queue(struct nvmec_queue *queue)
{
	struct nvmec_ctrl *ctrl = queue->ctrl;
	struct nvme_command cmd;
	int ret;

	nvmec_cmd_create_cq(&cmd, queue->id, queue->depth, queue->cq_dma,
			    !queue->polled, queue->vector);
	ret = nvmec_admin(ctrl, &cmd, NULL, 0, NULL);
	if (ret)
		return nvmec_to_errno(ret);
	nvmec_cmd_create_sq(&cmd, queue->id, queue->depth, queue->sq_dma);
	ret = nvmec_admin(ctrl, &cmd, NULL, 0, NULL);
	queue->created = !ret;
	return nvmec_to_errno(ret);
}

/**
 * nvmec_admin_delete_queue - have the controller forget an I/O queue
 * @queue: created; nothing is submitted to it
 *
 * Context: as nvmec_admin().
 * Return: 0 or an errno.
 */
int nvmec_admin_delete_queue(struct nvmec_queue *queue)
{
	struct nvmec_ctrl *ctrl = queue->ctrl;
	struct nvme_command cmd;
	int ret;

	queue->created = false;
	nvmec_cmd_delete_queue(&cmd, nvme_admin_delete_sq, queue->id);
	ret = nvmec_admin(ctrl, &cmd, NULL, 0, NULL);
	if (ret)
		return nvmec_to_errno(ret);
	nvmec_cmd_delete_queue(&cmd, nvme_admin_delete_cq, queue->id);
	return nvmec_to_errno(nvmec_admin(ctrl, &cmd, NULL, 0, NULL));
}

/* --- shadow doorbells ----------------------------------------------------- */

/**
 * nvmec_admin_shadows_start - have the controller look for doorbells in memory
 * @ctrl: the controller; it has no I/O queue yet
 *
 * One that does not offer it, or an interrupt pin, is no error.
 *
 * Context: as nvmec_admin().
 * Return: 0, or an errno: there are none then.
 */
int nvmec_admin_shadows_start(struct nvmec_ctrl *ctrl)
{
	struct device *dev = &ctrl->pdev->dev;
	struct nvme_command cmd;
	int ret;

	ctrl->shadows_on = false;
	if (!(ctrl->ident.oacs & NVME_CTRL_OACS_DBBUF_SUPP))
		return 0;
	/* The write of a completion doorbell is what lowers a pin. */
	if (!pci_dev_msi_enabled(ctrl->pdev))
		return 0;
	if (!ctrl->shadows)
		ctrl->shadows = dma_alloc_coherent(dev, 2 * NVMEC_PAGE_SIZE,
						   &ctrl->shadows_dma,
						   GFP_KERNEL);
	if (!ctrl->shadows)
		return -ENOMEM;
	memset(ctrl->shadows, 0, 2 * NVMEC_PAGE_SIZE);
	nvmec_cmd_shadows(&cmd, ctrl->shadows_dma,
			  ctrl->shadows_dma + NVMEC_PAGE_SIZE);
	ret = nvmec_admin(ctrl, &cmd, NULL, 0, NULL);
	ctrl->shadows_on = !ret;
	return nvmec_to_errno(ret);
}

/**
 * nvmec_admin_shadows_free - free the shadow doorbells
 * @ctrl: stopped
 *
 * Context: Process context, may sleep.
 */
void nvmec_admin_shadows_free(struct nvmec_ctrl *ctrl)
{
	if (ctrl->shadows)
		dma_free_coherent(&ctrl->pdev->dev, 2 * NVMEC_PAGE_SIZE,
				  ctrl->shadows, ctrl->shadows_dma);
	ctrl->shadows = NULL;
}

/* --- asynchronous events -------------------------------------------------- */

/**
 * nvmec_admin_events_start - ask for asynchronous events
 * @ctrl: the controller; one that does not offer them is none the worse
 *
 * Notices are asked for where OAES has them. Warnings about its health have no bit
 * there: every controller knows them.
 *
 * Context: as nvmec_admin().
 * Return: 0, or an errno: then it is asked for those that it reports unasked.
 */
int nvmec_admin_events_start(struct nvmec_ctrl *ctrl)
{
	u32 wanted = NVME_SMART_CRIT_SPARE | NVME_SMART_CRIT_TEMPERATURE |
		     NVME_SMART_CRIT_RELIABILITY | NVME_SMART_CRIT_MEDIA |
		     NVME_SMART_CRIT_VOLATILE_MEMORY;
	struct nvme_command cmd;
	int ret;

	wanted |= ctrl->ident.oaes & NVME_AEN_CFG_NS_ATTR;
	if (nvmec_multipath && ctrl->ident.ana)
		wanted |= ctrl->ident.oaes & NVME_AEN_CFG_ANA_CHANGE;
	nvmec_cmd_set_feature(&cmd, NVME_FEAT_ASYNC_EVENT, wanted);
	ret = nvmec_admin(ctrl, &cmd, NULL, 0, NULL);
	if (!READ_ONCE(ctrl->no_answer))
		nvmec_queue_arm_event(&ctrl->queues[0]);
	return nvmec_to_errno(ret);
}

/*
 * To read its log page is what makes the controller report the next one. A whole page,
 * for there are controllers that write one, however little was asked for. Returns false
 * without memory.
 */
static bool nvmec_event_read_log(struct nvmec_ctrl *ctrl, u8 lid)
{
	struct nvme_command cmd;
	void *page;
	int ret;

	page = kmalloc(NVMEC_PAGE_SIZE, GFP_KERNEL);
	if (!page)
		return false;
	nvmec_cmd_get_log(&cmd, lid, NVMEC_PAGE_SIZE);
	ret = nvmec_admin(ctrl, &cmd, page, NVMEC_PAGE_SIZE, NULL);
	kfree(page);
	return ret != -ENOMEM;
}

/* Only one request for an event is with the controller at a time. */
void nvmec_event_work(struct work_struct *work)
{
	struct nvmec_ctrl *ctrl = container_of(to_delayed_work(work),
					       struct nvmec_ctrl, event_work);
	u32 type = FIELD_GET(NVMEC_EVENT_TYPE, ctrl->event);
	u32 info = FIELD_GET(NVMEC_EVENT_INFO, ctrl->event);
	u32 lid = FIELD_GET(NVMEC_EVENT_LOG, ctrl->event);
	bool broken = type == NVME_AER_ERROR && info == NVME_AER_ERROR_PERSIST_INT_ERR;

	/* One that has to be reset does not wait for memory. */
	if (!nvmec_event_read_log(ctrl, lid) && !broken) {
		queue_delayed_work(nvmec_wq, &ctrl->event_work, HZ);
		return;
	}
	if (type == NVME_AER_NOTICE && info == NVME_AER_NOTICE_NS_CHANGED)
		queue_work(nvmec_wq, &ctrl->scan_work);
	else if (type == NVME_AER_NOTICE && info == NVME_AER_NOTICE_ANA)
		mod_delayed_work(nvmec_wq, &ctrl->ana_work, 0);
	else
		dev_warn_ratelimited(&ctrl->dev,
				     "asynchronous event: type %u, information %#x, log page %#x\n",
				     type, info, lid);
	if (broken)
		nvmec_ctrl_fault(ctrl, NVMEC_FAULT_EVENT);
	nvmec_queue_arm_event(&ctrl->queues[0]);
}

/* --- aborts --------------------------------------------------------------- */

/**
 * struct nvmec_abort - a command to abort
 * @found: there is one
 * @sqid: its queue
 * @id: its id
 */
struct nvmec_abort {
	bool	found;
	u16	sqid;
	u16	id;
};

static bool nvmec_abort_find(struct request *rq, void *data)
{
	struct nvmec_queue *queue = rq->mq_hctx->driver_data;
	struct nvmec_abort *abort = data;

	if (!test_and_clear_bit(NVMEC_RQ_WANTS_ABORT, &nvmec_rq(rq)->flags))
		return true;
	abort->found = true;
	abort->sqid = queue->id;
	abort->id = mqblk_rq_id(rq);
	return false;
}

/*
 * One abort at a time, which is below every limit that ACL may name. What it
 * achieves shows at the command itself: it completes, or its time runs out again.
 */
void nvmec_abort_work(struct work_struct *work)
{
	struct nvmec_ctrl *ctrl =
		container_of(work, struct nvmec_ctrl, abort_work);
	struct nvme_command cmd;

	while (nvmec_state(ctrl) == NVMEC_LIVE) {
		struct nvmec_abort abort = {};

		blk_mq_tagset_busy_iter(&ctrl->io_set.tags, nvmec_abort_find,
					&abort);
		if (!abort.found)
			break;
		nvmec_cmd_abort(&cmd, abort.sqid, abort.id);
		atomic_inc(&ctrl->nr_aborts);
		nvmec_admin(ctrl, &cmd, NULL, 0, NULL);
	}
}

/* --- life ----------------------------------------------------------------- */

/**
 * nvmec_admin_set_timeout - set how long an admin command may take
 * @ctrl: the controller
 * @ms: from now on; one that is under way has the time that it had
 *
 * Context: Process context, may sleep.
 */
void nvmec_admin_set_timeout(struct nvmec_ctrl *ctrl, unsigned int ms)
{
	mutex_lock(&ctrl->ns_lock);
	WRITE_ONCE(ctrl->admin_timeout_ms, ms);
	if (ctrl->admin_q)
		blk_queue_rq_timeout(ctrl->admin_q, msecs_to_jiffies(ms));
	mutex_unlock(&ctrl->ns_lock);
}

/* The time may have been changed since the queue was made. */
static void nvmec_admin_publish(struct nvmec_ctrl *ctrl, struct request_queue *q)
{
	mutex_lock(&ctrl->ns_lock);
	ctrl->admin_q = q;
	blk_queue_rq_timeout(q, msecs_to_jiffies(ctrl->admin_timeout_ms));
	mutex_unlock(&ctrl->ns_lock);
}

/**
 * nvmec_admin_init - make the admin queue
 * @ctrl: the controller
 *
 * Data of user space that is not in whole pages goes through some of our own: a transfer
 * may be longer than the user knows.
 *
 * Context: Process context, may sleep.
 * Return: 0 or an errno, and nothing is left.
 */
int nvmec_admin_init(struct nvmec_ctrl *ctrl)
{
	const struct mqblk_set_params params = {
		.ops		= &nvmec_admin_ops,
		.pdu_bytes	= sizeof(struct nvmec_rq),
		.depth		= NVMEC_ADMIN_TAGS,
		.nr_reserved	= NVMEC_ADMIN_TAGS - NVMEC_USER_TAGS,
		.nr_default	= 1,
		.node		= dev_to_node(&ctrl->pdev->dev),
		.flags		= BLK_MQ_F_NO_SCHED_BY_DEFAULT,
		.timeout_ms	= READ_ONCE(ctrl->admin_timeout_ms),
		.driver_data	= ctrl,
	};
	struct queue_limits limits = {
		.max_segments		= NVMEC_MAX_SEGS,
		.max_segment_size	= UINT_MAX,
		.virt_boundary_mask	= NVMEC_PAGE_SIZE - 1,
		.dma_alignment		= sizeof(u32) - 1,
		.dma_pad_mask		= NVMEC_PAGE_SIZE - 1,
	};
	struct request_queue *q;
	int ret;

	ret = nvmec_queue_alloc(ctrl, &ctrl->queues[0], 0, NVMEC_ADMIN_DEPTH,
				nvmec_queue_more);
	if (ret)
		return ret;
	ret = mqblk_set_init(&ctrl->admin_set, &params);
	if (ret)
		goto free_queue;
	q = blk_mq_alloc_queue(&ctrl->admin_set.tags, &limits, NULL);
	if (IS_ERR(q)) {
		ret = PTR_ERR(q);
		goto exit_set;
	}
	nvmec_admin_publish(ctrl, q);
	ctrl->queues[0].tags = ctrl->admin_set.tags.tags[0];
	ctrl->nr_queues = 1;
	return 0;
exit_set:
	mqblk_set_exit(&ctrl->admin_set);
free_queue:
	nvmec_queue_free(&ctrl->queues[0]);
	return ret;
}

/**
 * nvmec_admin_exit - take the admin queue down
 * @ctrl: stopped
 *
 * Context: Process context, may sleep.
 */
void nvmec_admin_exit(struct nvmec_ctrl *ctrl)
{
	blk_mq_destroy_queue(ctrl->admin_q);
	mqblk_set_exit(&ctrl->admin_set);
	nvmec_queue_free(&ctrl->queues[0]);
}
