// SPDX-License-Identifier: GPL-2.0
/*
 * Sending a command of user space.
 *
 * It is a request like any other, in the admin queue or in the queue of the namespace's
 * disk. Its data is mapped from its bio like that of a read or write. udata.c has that at
 * hand before there is a request, and takes it back when there is none any more.
 *
 * Admin commands of user space wait for a controller that is being brought up, before
 * they have a request: among those of the bring-up they would be in the way.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blk-mq.h>
#include <linux/capability.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/mqblk_compat.h>
#include <linux/sched/mm.h>

#include "ctrl.h"
#include "disks.h"
#include "main.h"
#include "ns.h"
#include "rq.h"
#include "state.h"
#include "timeout.h"
#include "user.h"

/**
 * nvmec_await_bringup - wait while a controller is being brought up
 * @ctrl: the controller
 *
 * That ends by itself, but may take long, and one may lose patience.
 *
 * Context: Process context, may sleep.
 * Return: 0 or -EINTR.
 */
int nvmec_await_bringup(struct nvmec_ctrl *ctrl)
{
	while (nvmec_state(ctrl) == NVMEC_RESETTING) {
		if (msleep_interruptible(NVMEC_LOOK_MS))
			return -EINTR;
	}
	return 0;
}

static int nvmec_check_target(const struct nvmec_user *user,
			      const struct nvmec_ucmd *ucmd)
{
	/* Fused commands and SGLs are none of the user's business. */
	if (ucmd->cmd.common.flags)
		return -EINVAL;
	if (ucmd->admin)
		return 0;
	if (!user->ns)
		return -ENOTTY;
	if (le32_to_cpu(ucmd->cmd.common.nsid) != user->ns->nsid)
		return -EINVAL;
	return 0;
}

/* Metadata in a buffer of its own goes beside data, if the namespace has such. */
static int nvmec_check_meta(const struct nvmec_user *user, const struct nvmec_ucmd *ucmd)
{
	if (!ucmd->meta_len)
		return 0;
	if (ucmd->admin || !ucmd->len || !user->ns->meta.bytes || user->ns->meta.extended)
		return -EINVAL;
	return 0;
}

/*
 * Does a command work on more blocks than one of the block layer's would? If it took too
 * long for that, others would pay with an abort or a reset.
 */
static bool nvmec_works_on_too_much(const struct nvmec_user *user,
				    const struct nvmec_ucmd *ucmd)
{
	u32 blocks = nvmec_blocks_without_data(ucmd);
	const struct queue_limits *lim;

	if (!blocks)
		return false;
	lim = &user->ns->disk->queue->limits;
	return (u64)blocks << (user->ns->lba_shift - SECTOR_SHIFT) >
	       max(lim->max_write_zeroes_sectors, lim->max_hw_sectors);
}

/**
 * nvmec_passthru_check - may this user send this command
 * @user: who
 * @ucmd: what
 * @effects: what it does, bits NVME_CMD_EFFECTS_*; 0 of one that only asks
 *
 * Context: Process context.
 * Return: 0; -EINVAL, -ENOTTY if there is no namespace, or -EACCES.
 */
int nvmec_passthru_check(const struct nvmec_user *user,
			 const struct nvmec_ucmd *ucmd, u32 *effects)
{
	bool anyone;
	int ret;

	*effects = 0;
	ret = nvmec_check_target(user, ucmd);
	if (!ret)
		ret = nvmec_check_meta(user, ucmd);
	if (ret)
		return ret;
	if (ucmd->admin && nvmec_driver_owns(ucmd))
		return -EACCES;
	if (!ucmd->admin || !nvmec_only_asks(ucmd))
		*effects = nvmec_effects(user->ctrl, ucmd->admin,
					 ucmd->cmd.common.opcode);
	anyone = !user->part && nvmec_anyone_may(ucmd, *effects, user->may_write);
	if (anyone && !nvmec_works_on_too_much(user, ucmd))
		return 0;
	/* Asked last: for most commands it does not matter, and it costs as much as the rest. */
	if (capable(CAP_SYS_ADMIN))
		return 0;
	return anyone ? -EINVAL : -EACCES;
}

/* The same of one that brings ranges, by the copy of them that the controller gets. */
static bool nvmec_brings_too_much(const struct nvmec_user *user,
				  const struct nvmec_ucmd *ucmd,
				  const struct nvmec_udata *data)
{
	unsigned int nr = (le32_to_cpu(ucmd->cmd.dsm.nr) & 0xff) + 1;
	const struct queue_limits *lim;
	u64 blocks;

	if (!nvmec_brings_ranges(ucmd) || capable(CAP_SYS_ADMIN))
		return false;
	lim = &user->ns->disk->queue->limits;
	blocks = nvmec_blocks_of_ranges(nvmec_udata_copied(data), nr);
	return nr > lim->max_discard_segments ||
	       blocks > lim->max_discard_sectors >> (user->ns->lba_shift - SECTOR_SHIFT);
}

/*
 * An unprivileged user has the usual time: less would cost the others a reset, and with
 * more he could hold up who waits for the end of all I/O.
 */
static void nvmec_set_timeout(struct request *rq, u32 timeout_ms)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);

	nrq->patience = 0;
	if (timeout_ms && capable(CAP_SYS_ADMIN))
		rq->timeout = min_t(unsigned long, msecs_to_jiffies(timeout_ms),
				    INT_MAX);
	nrq->hasty = rq->timeout && rq->timeout < rq->q->rq_timeout;
	if (blk_rq_is_poll(rq))
		nvmec_timeout_polled(rq);
}

/* NULL if the controller never had an admin queue. */
static struct request_queue *nvmec_passthru_queue(const struct nvmec_user *user,
						  const struct nvmec_ucmd *ucmd)
{
	return ucmd->admin ? READ_ONCE(user->ctrl->admin_q) : user->ns->disk->queue;
}

/**
 * nvmec_passthru_data - have the data of a command at hand
 * @user: who
 * @ucmd: what; nvmec_passthru_check() said 0
 *
 * Context: as nvmec_udata_get().
 * Return: as nvmec_udata_get(), or -ENODEV.
 */
struct nvmec_udata *nvmec_passthru_data(const struct nvmec_user *user,
					const struct nvmec_ucmd *ucmd)
{
	struct request_queue *q = nvmec_passthru_queue(user, ucmd);

	return q ? nvmec_udata_get(ucmd, q) : ERR_PTR(-ENODEV);
}

/**
 * nvmec_passthru_request - have a request for a command
 * @user: who
 * @ucmd: what; nvmec_passthru_check() said 0
 * @flags: BLK_MQ_REQ_*
 * @opf: REQ_POLLED, or 0
 *
 * Context: Process context, may sleep unless @flags has BLK_MQ_REQ_NOWAIT.
 * Return: the request without data, or an ERR_PTR(): -ENODEV if the device is gone,
 * -EAGAIN if it would have to wait.
 */
struct request *nvmec_passthru_request(const struct nvmec_user *user,
				       const struct nvmec_ucmd *ucmd,
				       blk_mq_req_flags_t flags, blk_opf_t opf)
{
	struct request_queue *q = nvmec_passthru_queue(user, ucmd);
	struct nvmec_rq *nrq;
	struct request *rq;

	if (!q)
		return ERR_PTR(-ENODEV);
	opf |= nvme_is_write(&ucmd->cmd) ? REQ_OP_DRV_OUT : REQ_OP_DRV_IN;
	rq = blk_mq_alloc_request(q, opf, flags);
	if (IS_ERR(rq))
		return rq;
	nrq = nvmec_rq(rq);
	nrq->cmd = ucmd->cmd;
	nrq->user = true;
	nrq->meta = NULL;
	nrq->flags = 0;
	nrq->status = 0;
	nrq->result = 0;
	nvmec_set_timeout(rq, ucmd->timeout_ms);
	return rq;
}

/**
 * nvmec_passthru_map - give a request its data
 * @user: who
 * @ucmd: what
 * @rq: from nvmec_passthru_request(): the namespace does not change while it is there
 * @data: from nvmec_udata_get(), to be kept until the request is free
 *
 * No more than the command moves, if that is known: of a list for more pages than it
 * moves the controller would take the address for that of a page.
 *
 * Context: Any.
 * Return: 0; -EINVAL if there is less than the command moves, more than the controller
 * takes, or ranges of more than the block layer would discard at once. After an error it
 * has no data.
 */
int nvmec_passthru_map(const struct nvmec_user *user, const struct nvmec_ucmd *ucmd,
		       struct request *rq, struct nvmec_udata *data)
{
	const struct nvmec_ns *ns = ucmd->admin ? NULL : user->ns;
	u32 bytes = nvmec_least_bytes(ucmd, ns ? ns->lba_shift : 0, ns ? &ns->meta : NULL);
	u32 meta_bytes, least;

	nvmec_rq(rq)->loose = bytes == NVMEC_BYTES_UNKNOWN;
	if (nvmec_rq(rq)->loose)
		bytes = nvmec_udata_bytes(data);
	else if (nvmec_udata_bytes(data) < bytes)
		return -EINVAL;
	meta_bytes = nvmec_udata_meta_bytes(data);
	if (ns && !nvmec_rq(rq)->loose) {
		least = nvmec_least_meta_bytes(ucmd, &ns->meta);
		if (meta_bytes < least)
			return -EINVAL;
		meta_bytes = least;
	}
	/* What cannot be mapped would wait for ever for its turn to be. */
	if (meta_bytes > dma_max_mapping_size(&user->ctrl->pdev->dev))
		return -EINVAL;
	if (nvmec_brings_too_much(user, ucmd, data))
		return -EINVAL;
	return nvmec_udata_attach(data, rq, bytes, meta_bytes);
}

/**
 * nvmec_passthru_map_piece - give a request its data in one piece
 * @user: who
 * @ucmd: what; nvmec_moves_blocks() is true
 * @rq: from nvmec_passthru_request(): the namespace does not change while it is there
 * @bv: from nvmec_piece_get()
 *
 * Context: Any.
 * Return: 0; -EINVAL if there is less than the command moves, or more than the controller
 * takes. After an error it has no data.
 */
int nvmec_passthru_map_piece(const struct nvmec_user *user, const struct nvmec_ucmd *ucmd,
			     struct request *rq, const struct bio_vec *bv)
{
	const struct nvmec_ns *ns = user->ns;
	u32 bytes = nvmec_blocks_bytes(ucmd, ns->lba_shift, &ns->meta);
	struct nvmec_rq *nrq = nvmec_rq(rq);

	if (bytes > bv->bv_len || bytes > (u64)queue_max_hw_sectors(rq->q) << SECTOR_SHIFT)
		return -EINVAL;
	/* Metadata beside the data would go to address 0. */
	if (ns->meta.bytes && nvmec_least_meta_bytes(ucmd, &ns->meta))
		return -EINVAL;
	nrq->loose = false;
	bvec_set_page(&nrq->piece, bv->bv_page, bytes, bv->bv_offset);
	/* For who counts the bytes of requests. The block layer ends them with the bios. */
	rq->__data_len = bytes;
	return 0;
}

/**
 * nvmec_passthru_status - how a command ended
 * @rq: its request
 * @status: what the block layer says
 *
 * Context: Any.
 * Return: 0; a status of the controller, which is positive; -EINTR if a reset took it
 * back; or an errno if it was not sent.
 */
int nvmec_passthru_status(struct request *rq, blk_status_t status)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);

	if (test_bit(NVMEC_RQ_CANCELLED, &nrq->flags))
		return -EINTR;
	if (nrq->status)
		return nrq->status;
	return blk_status_to_errno(status);
}

/* No I/O while the command runs. Neither scans nor suspend come in between. */
static int nvmec_exclude_io(struct nvmec_ctrl *ctrl)
{
	if (mutex_lock_interruptible(&ctrl->scan_lock))
		return -EINTR;
	if (nvmec_disks_freeze(ctrl, msecs_to_jiffies(READ_ONCE(ctrl->io_timeout_ms))))
		return 0;
	nvmec_disks_thaw(ctrl);
	mutex_unlock(&ctrl->scan_lock);
	return -EBUSY;
}

static void nvmec_include_io(struct nvmec_ctrl *ctrl)
{
	nvmec_disks_thaw(ctrl);
	mutex_unlock(&ctrl->scan_lock);
}

static int nvmec_execute(struct request *rq)
{
	return nvmec_passthru_status(rq, blk_execute_rq(rq, false));
}

/*
 * Before I/O goes on it must be known what it goes to: with the blocks that a namespace
 * had, a request would move another length, to another place. A command that a reset
 * took back may have been done.
 *
 * Memory that is needed meanwhile must not be had by writing to a disk that is held.
 */
static int nvmec_execute_alone(struct nvmec_ctrl *ctrl, struct request *rq,
			       u32 effects)
{
	u32 nsid = le32_to_cpu(nvmec_rq(rq)->cmd.common.nsid);
	unsigned int noio;
	int ret;

	ret = nvmec_exclude_io(ctrl);
	if (ret)
		return ret;
	/* Others' queues are not frozen, and would go on with the blocks of before. */
	if ((effects & NVMEC_EFFECTS_CHANGE) && nvmec_disks_shared(ctrl)) {
		nvmec_include_io(ctrl);
		return -EBUSY;
	}
	noio = memalloc_noio_save();
	ret = nvmec_execute(rq);
	if (ret <= 0 && (effects & NVMEC_EFFECTS_CHANGE))
		ctrl->scan_again(ctrl, nsid);
	nvmec_include_io(ctrl);
	memalloc_noio_restore(noio);
	return ret;
}

static int nvmec_passthru_run(const struct nvmec_user *user,
			      const struct nvmec_ucmd *ucmd, u32 effects,
			      struct nvmec_udata *data, u64 *result)
{
	struct request *rq;
	int ret;

	rq = nvmec_passthru_request(user, ucmd, 0, 0);
	if (IS_ERR(rq))
		return PTR_ERR(rq);
	ret = nvmec_passthru_map(user, ucmd, rq, data);
	if (ret)
		goto free;
	if (ucmd->admin && (effects & NVME_CMD_EFFECTS_CSE_MASK))
		ret = nvmec_execute_alone(user->ctrl, rq, effects);
	else
		ret = nvmec_execute(rq);
	*result = nvmec_rq(rq)->result;
free:
	blk_mq_free_request(rq);
	return ret;
}

/* Some of the admin queue's requests are the driver's in any case. */
static int nvmec_passthru_admin(const struct nvmec_user *user,
				const struct nvmec_ucmd *ucmd, u32 effects,
				struct nvmec_udata *data, u64 *result)
{
	struct semaphore *tags = &user->ctrl->user_admin;
	int ret;

	if (down_killable(tags))
		return -EINTR;
	ret = nvmec_passthru_run(user, ucmd, effects, data, result);
	up(tags);
	return ret;
}

/* The user's pages may be those of a file on a disk: nobody is held up for them. */
static int nvmec_passthru_send(const struct nvmec_user *user,
			       const struct nvmec_ucmd *ucmd, u32 effects, u64 *result)
{
	struct nvmec_udata *data = nvmec_passthru_data(user, ucmd);
	int ret, copied;

	if (IS_ERR(data))
		return PTR_ERR(data);
	if (ucmd->admin)
		ret = nvmec_passthru_admin(user, ucmd, effects, data, result);
	else
		ret = nvmec_passthru_run(user, ucmd, effects, data, result);
	copied = nvmec_udata_put(data, ret >= 0);
	return copied ?: ret;
}

/**
 * nvmec_passthru - send a command of user space and wait for its end
 * @user: who
 * @ucmd: what
 * @result: completion dwords 0 and 1
 *
 * A command that the controller wants to be alone with is alone. One that changes
 * namespaces is followed by a scan, which is over on return.
 *
 * Context: Process context of the user, may sleep, for as long as the command may take.
 * Return: as nvmec_passthru_status(), or what the functions above return.
 */
int nvmec_passthru(const struct nvmec_user *user, const struct nvmec_ucmd *ucmd,
		   u64 *result)
{
	struct nvmec_ctrl *ctrl = user->ctrl;
	u32 effects;
	int ret;

	ret = nvmec_await_bringup(ctrl);
	if (!ret)
		ret = nvmec_passthru_check(user, ucmd, &effects);
	if (ret)
		return ret;
	ret = nvmec_passthru_send(user, ucmd, effects, result);
	/* Who is killed does not see that it is not over, nor what the command did. */
	if (ucmd->admin && (effects & NVMEC_EFFECTS_CHANGE))
		nvmec_ctrl_scan_wait(ctrl);
	return ret;
}
