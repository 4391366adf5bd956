// SPDX-License-Identifier: GPL-2.0
/*
 * Commands of user space by io_uring: checked as those of ioctls are, sent without
 * waiting for their end, and completed where the task of the ring gets to it.
 *
 * A request ends with its command, not with the task's completion of it: a task that
 * does not look after its ring must not hold up a reset, or the removal of the disk.
 * What is left for the task is in the io_uring command's own bytes.
 *
 * Nothing here waits if the ring does not allow it. -EAGAIN has io_uring ask again from a
 * thread that may. So do commands that must be alone, or change namespaces: all of their
 * work is done in that thread.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blk-mq.h>
#include <linux/err.h>
#include <linux/mqblk_compat.h>
#include <linux/nvme_ioctl.h>

#include "complete.h"
#include "ctrl.h"
#include "ns.h"
#include "queue.h"
#include "rq.h"
#include "state.h"
#include "user.h"

/**
 * struct nvmec_uring - what is kept in an io_uring command
 * @data: as of nvmec_udata_get(), unless @piece
 * @page: as of nvmec_piece_get(), if @piece
 * @polled: the hardware queue to look at for completions, or NULL; the open file keeps it
 * @result: completion dwords 0 and 1
 * @status: as nvmec_passthru_status()
 * @piece: the data is in one piece
 * @reads: the controller writes it
 */
struct nvmec_uring {
	union {
		struct nvmec_udata	*data;
		struct page		*page;
	};
	struct blk_mq_hw_ctx	*polled;
	u64			result;
	int			status;
	bool			piece;
	bool			reads;
};

static struct nvmec_uring *nvmec_uring(struct io_uring_cmd *ioucmd)
{
	return io_uring_cmd_to_pdu(ioucmd, struct nvmec_uring);
}

/* --- what is asked for ---------------------------------------------------- */

/* As on the kernel's driver: each device takes its own commands. */
static int nvmec_uring_op(const struct nvmec_user *user, u32 op, struct nvmec_ucmd *ucmd)
{
	ucmd->admin = !user->ns;
	ucmd->vec = op == (ucmd->admin ? NVME_URING_CMD_ADMIN_VEC : NVME_URING_CMD_IO_VEC);
	if (ucmd->vec || op == (ucmd->admin ? NVME_URING_CMD_ADMIN : NVME_URING_CMD_IO))
		return 0;
	return -ENOTTY;
}

/* All of @ucmd is written here: it comes from the stack. */
static int nvmec_uring_parse(const struct nvmec_user *user,
			     struct io_uring_cmd *ioucmd, unsigned int issue_flags,
			     struct nvmec_ucmd *ucmd)
{
	const unsigned int big = IO_URING_F_SQE128 | IO_URING_F_CQE32;
	int ret;

	static_assert(sizeof(struct nvme_uring_cmd) ==
		      offsetof(struct nvme_passthru_cmd64, result));
	ret = nvmec_uring_op(user, ioucmd->cmd_op, ucmd);
	if (ret)
		return ret;
	if ((issue_flags & big) != big)
		return -EOPNOTSUPP;
	ucmd->compat = issue_flags & IO_URING_F_COMPAT;
	ucmd->fixed = ioucmd->flags & IORING_URING_CMD_FIXED ? ioucmd : NULL;
	ucmd->issue_flags = issue_flags;
	/* The entry of the ring stays within the user's reach. */
	nvmec_ucmd_fill(ucmd, mqblk_uring_sqe_cmd(ioucmd->sqe));
	return 0;
}

static int nvmec_uring_check(const struct nvmec_user *user,
			     const struct nvmec_ucmd *ucmd, u32 *effects)
{
	int ret;

	if (ucmd->admin && nvmec_state(user->ctrl) == NVMEC_RESETTING) {
		if (ucmd->issue_flags & IO_URING_F_NONBLOCK)
			return -EAGAIN;
		ret = nvmec_await_bringup(user->ctrl);
		if (ret)
			return ret;
	}
	return nvmec_passthru_check(user, ucmd, effects);
}

/* --- completion ----------------------------------------------------------- */

/* Returns 0, or why what was read cannot be given to the user. */
static int nvmec_uring_let_go(const struct nvmec_uring *pdu)
{
	if (!pdu->piece)
		return nvmec_udata_put(pdu->data, pdu->status >= 0);
	nvmec_piece_put(pdu->page, pdu->reads);
	return 0;
}

/* In the ring's task, or in its place if that is gone. */
static MQBLK_URING_TASK_FN(nvmec_uring_end)
{
	struct io_uring_cmd *ioucmd = MQBLK_URING_TASK_CMD;
	struct nvmec_uring *pdu = nvmec_uring(ioucmd);
	int ret = nvmec_uring_let_go(pdu);

	io_uring_cmd_done32(ioucmd, ret ?: pdu->status, pdu->result,
			    MQBLK_URING_TASK_FLAGS);
}

/* In whatever context the request ends. Afterwards @ioucmd may be gone. */
static MQBLK_END_IO_FN(nvmec_uring_rq_end)
{
	struct nvmec_queue *queue = rq->mq_hctx->driver_data;
	struct io_uring_cmd *ioucmd = rq->end_io_data;
	struct nvmec_uring *pdu = nvmec_uring(ioucmd);

	pdu->result = nvmec_rq(rq)->result;
	pdu->status = nvmec_passthru_status(rq, status);
	if (!queue->id)
		up(&queue->ctrl->user_admin);
	io_uring_cmd_do_in_task_lazy(ioucmd, nvmec_uring_end);
	return RQ_END_IO_FREE;
}

/**
 * nvmec_uring_iopoll - look for completions; for ->uring_cmd_iopoll
 * @ioucmd: a command that is under way
 * @iob: batch that the caller ends
 * @poll_flags: unused: this looks once, and io_uring comes again
 *
 * The request may have ended, and be another's by now, so it is not touched.
 *
 * Context: Process context.
 * Return: the number of completions, perhaps of other commands.
 */
int nvmec_uring_iopoll(struct io_uring_cmd *ioucmd, struct io_comp_batch *iob,
		       unsigned int poll_flags)
{
	struct blk_mq_hw_ctx *hctx = nvmec_uring(ioucmd)->polled;
	struct nvmec_queue *queue;
	int nr = 0;

	/* While the disk's queue is in use its rings are there. */
	if (!hctx || !percpu_ref_tryget(&hctx->queue->q_usage_counter))
		return 0;
	queue = hctx->driver_data;
	if (nvmec_cq_pending(queue))
		nr = nvmec_queue_reap(queue, iob);
	percpu_ref_put(&hctx->queue->q_usage_counter);
	return nr;
}

/* --- submission ----------------------------------------------------------- */

static struct request *nvmec_uring_request(const struct nvmec_user *user,
					   const struct nvmec_ucmd *ucmd)
{
	blk_mq_req_flags_t flags = 0;
	blk_opf_t opf = 0;

	if (ucmd->issue_flags & IO_URING_F_NONBLOCK)
		flags |= BLK_MQ_REQ_NOWAIT;
	if (ucmd->issue_flags & IO_URING_F_IOPOLL)
		opf |= REQ_POLLED;
	return nvmec_passthru_request(user, ucmd, flags, opf);
}

/* Afterwards @ioucmd may be gone. */
static int nvmec_uring_start(struct io_uring_cmd *ioucmd, struct request *rq)
{
	nvmec_uring(ioucmd)->polled = blk_rq_is_poll(rq) ? rq->mq_hctx : NULL;
	rq->end_io = nvmec_uring_rq_end;
	rq->end_io_data = ioucmd;
	blk_execute_rq_nowait(rq, false);
	return -EIOCBQUEUED;
}

static int nvmec_uring_send_piece(const struct nvmec_user *user,
				  const struct nvmec_ucmd *ucmd,
				  struct io_uring_cmd *ioucmd,
				  const struct bio_vec *bv, struct page *page)
{
	struct nvmec_uring *pdu = nvmec_uring(ioucmd);
	struct request *rq;
	int ret;

	rq = nvmec_uring_request(user, ucmd);
	if (IS_ERR(rq))
		return PTR_ERR(rq);
	ret = nvmec_passthru_map_piece(user, ucmd, rq, bv);
	if (ret) {
		blk_mq_free_request(rq);
		return ret;
	}
	pdu->page = page;
	pdu->piece = true;
	pdu->reads = !nvme_is_write(&ucmd->cmd);
	return nvmec_uring_start(ioucmd, rq);
}

static int nvmec_uring_send(const struct nvmec_user *user,
			    const struct nvmec_ucmd *ucmd,
			    struct io_uring_cmd *ioucmd, struct nvmec_udata *data)
{
	struct nvmec_uring *pdu = nvmec_uring(ioucmd);
	struct request *rq;
	int ret;

	rq = nvmec_uring_request(user, ucmd);
	if (IS_ERR(rq))
		return PTR_ERR(rq);
	ret = nvmec_passthru_map(user, ucmd, rq, data);
	if (ret) {
		blk_mq_free_request(rq);
		return ret;
	}
	pdu->data = data;
	pdu->piece = false;
	return nvmec_uring_start(ioucmd, rq);
}

/* Some of the admin queue's requests are the driver's in any case. */
static int nvmec_uring_send_admin(const struct nvmec_user *user,
				  const struct nvmec_ucmd *ucmd,
				  struct io_uring_cmd *ioucmd,
				  struct nvmec_udata *data)
{
	struct semaphore *tags = &user->ctrl->user_admin;
	int ret;

	if (ucmd->issue_flags & IO_URING_F_NONBLOCK) {
		if (down_trylock(tags))
			return -EAGAIN;
	} else if (down_killable(tags)) {
		return -EINTR;
	}
	ret = nvmec_uring_send(user, ucmd, ioucmd, data);
	if (ret != -EIOCBQUEUED)
		up(tags);
	return ret;
}

/* What must be alone, or is followed by a scan: from its begin to its end. */
static int nvmec_uring_run(const struct nvmec_user *user,
			   const struct nvmec_ucmd *ucmd,
			   struct io_uring_cmd *ioucmd)
{
	u64 result = 0;
	int ret;

	if (ucmd->issue_flags & IO_URING_F_NONBLOCK)
		return -EAGAIN;
	ret = nvmec_passthru(user, ucmd, &result);
	if (ret < 0)
		return ret;
	io_uring_cmd_done32(ioucmd, ret, result, ucmd->issue_flags);
	return -EIOCBQUEUED;
}

/**
 * nvmec_uring_cmd - an io_uring command for a controller or a namespace
 * @user: who
 * @ioucmd: what
 * @issue_flags: IO_URING_F_*
 *
 * Context: Process context with the user's memory; sleeps for long only if @issue_flags
 * lack IO_URING_F_NONBLOCK.
 * Return: -EIOCBQUEUED if it is under way, or done; -EAGAIN if it would have to wait;
 * -EOPNOTSUPP if the ring's entries are not of the large kind, -ENOTTY if there is no
 * such command, or what nvmec_passthru() returns before it sends anything.
 */
int nvmec_uring_cmd(const struct nvmec_user *user, struct io_uring_cmd *ioucmd,
		    unsigned int issue_flags)
{
	/* Kernels that clear what is on the stack need not: it is written before it is read. */
	struct nvmec_ucmd ucmd __uninitialized;
	struct bio_vec bv __uninitialized;
	struct nvmec_udata *data;
	struct page *page;
	u32 effects;
	int ret;

	ret = nvmec_uring_parse(user, ioucmd, issue_flags, &ucmd);
	if (!ret)
		ret = nvmec_uring_check(user, &ucmd, &effects);
	if (ret)
		return ret;
	if (ucmd.admin &&
	    (effects & (NVME_CMD_EFFECTS_CSE_MASK | NVMEC_EFFECTS_CHANGE)))
		return nvmec_uring_run(user, &ucmd, ioucmd);
	/* Nothing is held while the user's pages come. */
	if (!ucmd.admin && nvmec_piece_get(&ucmd, user->ns->disk->queue, &bv, &page)) {
		ret = nvmec_uring_send_piece(user, &ucmd, ioucmd, &bv, page);
		if (ret != -EIOCBQUEUED)
			nvmec_piece_put(page, false);
		return ret;
	}
	data = nvmec_passthru_data(user, &ucmd);
	if (IS_ERR(data))
		return PTR_ERR(data);
	if (ucmd.admin)
		ret = nvmec_uring_send_admin(user, &ucmd, ioucmd, data);
	else
		ret = nvmec_uring_send(user, &ucmd, ioucmd, data);
	if (ret != -EIOCBQUEUED)
		nvmec_udata_put(data, false);
	return ret;
}
