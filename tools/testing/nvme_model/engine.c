// SPDX-License-Identifier: GPL-2.0
/*
 * The thread of a controller: it waits until a register or a doorbell is written or a
 * time has come, and then does what the registers want, executes the commands that wait
 * for that, and those that were announced.
 */
#include <linux/kthread.h>
#include <linux/slab.h>

#include "nvme_model.h"

/* Commands of one queue before the next one has its turn. */
#define NVMM_BURST	64

/** nvmm_kick - there may be something to do; context: any */
void nvmm_kick(struct nvmm_ctrl *ctrl)
{
	/* Behind what is to be seen: see litmus/kick.litmus. */
	smp_store_release(&ctrl->work, true);
	wake_up(&ctrl->wait);
}

/* --- what rules do to the controller --------------------------------------------------- */

static const struct {
	enum nvmm_action	action;
	u32			clear;
	u32			set;
} nvmm_csts_actions[] = {
	{ NVMM_CFS,		0,		NVME_CSTS_CFS },
	{ NVMM_NSSRO,		0,		NVME_CSTS_NSSRO },
	{ NVMM_CLEARREADY,	NVME_CSTS_RDY,	0 },
};

static void nvmm_storm(struct nvmm_ctrl *ctrl, u32 interrupts)
{
	unsigned int vector;

	while (interrupts--)
		for (vector = 0; vector <= ctrl->config.queues; vector++)
			nvmm_pci_interrupt(ctrl, vector);
}

/**
 * nvmm_apply - do what rules want of the controller itself
 * @ctrl: the controller
 * @fx: what they want; what is for a command is left to others
 *
 * Context: Process context, no lock held: the driver's interrupt handler may run.
 */
void nvmm_apply(struct nvmm_ctrl *ctrl, const struct nvmm_effect *fx)
{
	unsigned int i;
	u32 n;

	WRITE_ONCE(ctrl->spoiled, true);
	for (i = 0; i < ARRAY_SIZE(nvmm_csts_actions); i++)
		if (fx->actions & BIT(nvmm_csts_actions[i].action))
			nvmm_set_csts(ctrl, nvmm_csts_actions[i].clear,
				      nvmm_csts_actions[i].set);
	if (fx->actions & BIT(NVMM_EVENT))
		for (n = 0; n < fx->events; n++)
			nvmm_event(ctrl, fx->event_type, fx->event_info, fx->event_log);
	if (fx->actions & BIT(NVMM_IRQSTORM))
		nvmm_storm(ctrl, fx->irqs);
	if (fx->actions & BIT(NVMM_CUT))
		nvmm_cut(ctrl);
	if (fx->actions & (BIT(NVMM_GONE) | BIT(NVMM_CUT)))
		WRITE_ONCE(ctrl->gone, true);
	if (fx->actions & BIT(NVMM_FREEZE))
		WRITE_ONCE(ctrl->frozen, true);
	if (fx->actions & BIT(NVMM_RELEASE)) {
		WRITE_ONCE(ctrl->frozen, false);
		WRITE_ONCE(ctrl->release, true);
		/* What "stuck" held, too */
		if (!(READ_ONCE(ctrl->cc) & NVME_CC_ENABLE))
			nvmm_set_csts(ctrl, NVME_CSTS_RDY, 0);
	}
	/* As a device that lost its power: it knows nothing any more. */
	if (fx->actions & BIT(NVMM_BACK)) {
		nvmm_regs_reset(ctrl);
		WRITE_ONCE(ctrl->gone, false);
	}
	nvmm_kick(ctrl);
}

/* --- commands --------------------------------------------------------------------------- */

static void nvmm_spoil_shadows(struct nvmm_ctrl *ctrl, const struct nvmm_cmd *cmd)
{
	__le32 *index;

	if (!ctrl->event_base)
		return;
	index = phys_to_virt(ctrl->event_base +
			     2 * cmd->sqid * (4 << ctrl->config.dstrd));
	WRITE_ONCE(*index, cpu_to_le32(cmd->fx->shadow));
}

/* Bit 1 of an opcode: the driver gets data. */
static void nvmm_spoil(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd, u16 status)
{
	if (nvmm_does(cmd, NVMM_DATA) && !status && cmd->sqe.common.opcode & 2)
		nvmm_data_patch(ctrl, cmd->fx);
	if (nvmm_does(cmd, NVMM_RESULT))
		cmd->result = cmd->fx->result;
	if (nvmm_does(cmd, NVMM_SHADOW))
		nvmm_spoil_shadows(ctrl, cmd);
}

/*
 * Of a command that is not answered, the begin may be all that is done. Its data is still
 * laid out as all of it is: one that is to be of use has more than two pages.
 */
static void nvmm_cut_short(struct nvmm_cmd *cmd)
{
	struct nvme_rw_command *rw = &cmd->sqe.rw;

	if (cmd->sqid && cmd->fx->blocks && rw->opcode == nvme_cmd_write)
		rw->length = cpu_to_le16(min(le16_to_cpu(rw->length), cmd->fx->blocks - 1));
}

static void nvmm_execute(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd)
{
	u16 status;

	ctrl->nr_pieces = 0;
	if (nvmm_does(cmd, NVMM_MUTE))
		nvmm_cut_short(cmd);
	cmd->result = 0;
	if (nvmm_does(cmd, NVMM_STATUS))
		status = cmd->fx->status;
	else if (nvmm_does(cmd, NVMM_NODATA))
		status = 0;
	else if (cmd->sqid)
		status = nvmm_io(ctrl, cmd);
	else
		status = nvmm_admin(ctrl, cmd);
	if (status == NVMM_NO_ANSWER || nvmm_does(cmd, NVMM_MUTE))
		return;
	if (unlikely(cmd->fx))
		nvmm_spoil(ctrl, cmd, status);
	nvmm_post(ctrl, cmd, status);
}

/* Keeps a command for later; false without memory. */
static bool nvmm_put_off(struct nvmm_ctrl *ctrl, const struct nvmm_cmd *cmd)
{
	struct nvmm_cmd *copy = kmemdup(cmd, sizeof(*cmd), GFP_NOIO);

	if (!copy)
		return false;
	copy->own_fx = *cmd->fx;
	copy->fx = &copy->own_fx;
	copy->held = nvmm_does(copy, NVMM_HOLD);
	ctrl->counts[NVMM_HELD] += copy->held;
	copy->due = ktime_add_us(ktime_get(), copy->fx->delay_us);
	list_add_tail(&copy->link, &ctrl->waiting);
	return true;
}

/* Rules may end it in the middle of its work. */
static bool nvmm_died(const struct nvmm_ctrl *ctrl)
{
	return READ_ONCE(ctrl->gone) ||
	       (READ_ONCE(ctrl->csts) & (NVME_CSTS_RDY | NVME_CSTS_CFS)) != NVME_CSTS_RDY;
}

static void nvmm_take(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd)
{
	ctrl->counts[cmd->sqid ? NVMM_IO_COMMANDS : NVMM_ADMIN_COMMANDS]++;
	if (nvmm_has_rules(ctrl, NVMM_AT_COMMAND)) {
		memset(&cmd->own_fx, 0, sizeof(cmd->own_fx));
		if (nvmm_rules_match(ctrl, NVMM_AT_COMMAND, cmd->sqid, &cmd->sqe,
				     &cmd->own_fx)) {
			cmd->fx = &cmd->own_fx;
			nvmm_apply(ctrl, cmd->fx);
			if (nvmm_died(ctrl))
				return;
		}
	}
	if (nvmm_does(cmd, NVMM_DROP))
		return;
	if ((nvmm_does(cmd, NVMM_HOLD) || nvmm_does(cmd, NVMM_DELAY)) &&
	    nvmm_put_off(ctrl, cmd))
		return;
	nvmm_execute(ctrl, cmd);
}

static void nvmm_unhold(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd)
{
	ctrl->counts[NVMM_HELD] -= cmd->held;
	cmd->held = false;
}

static void nvmm_forget(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd)
{
	nvmm_unhold(ctrl, cmd);
	list_del(&cmd->link);
	kfree(cmd);
}

/** nvmm_forget_queue - drop what waits of a submission queue; context: the thread */
void nvmm_forget_queue(struct nvmm_ctrl *ctrl, u16 sqid)
{
	struct nvmm_cmd *cmd, *next;

	list_for_each_entry_safe(cmd, next, &ctrl->waiting, link)
		if (cmd->sqid == sqid)
			nvmm_forget(ctrl, cmd);
}

/** nvmm_forget_all - drop all commands and event requests; context: the thread */
void nvmm_forget_all(struct nvmm_ctrl *ctrl)
{
	struct nvmm_cmd *cmd, *next;

	list_for_each_entry_safe(cmd, next, &ctrl->waiting, link)
		nvmm_forget(ctrl, cmd);
	ctrl->nr_aers = 0;
	ctrl->aborts = 0;
}

/**
 * nvmm_abort - end a command that waits
 * @ctrl: the controller
 * @sqid: the queue it came from
 * @id: its id
 *
 * Those that are held by a rule are not found: that is what the rule is for.
 *
 * Context: the thread of the controller.
 * Return: it was aborted.
 */
bool nvmm_abort(struct nvmm_ctrl *ctrl, u16 sqid, u16 id)
{
	struct nvmm_cmd *cmd;

	list_for_each_entry(cmd, &ctrl->waiting, link) {
		if (cmd->sqid != sqid || cmd->sqe.common.command_id != id || cmd->held ||
		    !nvmm_cq_has_room(ctrl, ctrl->sqs[sqid].cqid))
			continue;
		nvmm_post(ctrl, cmd, NVME_SC_ABORT_REQ);
		nvmm_forget(ctrl, cmd);
		return true;
	}
	return false;
}

/* --- the loop ------------------------------------------------------------------------------ */

/* What waits by now is due. What is held later is not let go of by that. */
static void nvmm_let_go(struct nvmm_ctrl *ctrl)
{
	struct nvmm_cmd *cmd;

	if (likely(!READ_ONCE(ctrl->release)))
		return;
	WRITE_ONCE(ctrl->release, false);
	list_for_each_entry(cmd, &ctrl->waiting, link) {
		nvmm_unhold(ctrl, cmd);
		cmd->due = 0;
	}
}

/* Moves what is due to @due. */
static void nvmm_find_due(struct nvmm_ctrl *ctrl, struct list_head *due)
{
	struct nvmm_cmd *cmd, *next;
	ktime_t now = ktime_get();

	list_for_each_entry_safe(cmd, next, &ctrl->waiting, link) {
		if (!cmd->held && !ktime_after(cmd->due, now))
			list_move_tail(&cmd->link, due);
	}
}

/* Executes what is due; what finds no room for its completion waits on. */
static void nvmm_waiting_step(struct nvmm_ctrl *ctrl)
{
	struct nvmm_cmd *cmd;
	LIST_HEAD(due);

	if (likely(list_empty(&ctrl->waiting)))
		return;
	nvmm_find_due(ctrl, &due);
	while ((cmd = list_first_entry_or_null(&due, struct nvmm_cmd, link))) {
		struct nvmm_sq *sq = &ctrl->sqs[cmd->sqid];

		if (sq->live && !nvmm_cq_has_room(ctrl, sq->cqid)) {
			list_move_tail(&cmd->link, &ctrl->waiting);
			continue;
		}
		if (sq->live)
			nvmm_execute(ctrl, cmd);
		nvmm_forget(ctrl, cmd);
	}
}

static void nvmm_queue_step(struct nvmm_ctrl *ctrl, unsigned int qid)
{
	unsigned int n = NVMM_BURST;
	struct nvmm_cmd cmd;

	while (ctrl->sqs[qid].live && nvmm_cq_has_room(ctrl, ctrl->sqs[qid].cqid)) {
		if (!n--) {
			WRITE_ONCE(ctrl->work, true);
			return;
		}
		if (!nvmm_sq_fetch(ctrl, qid, &cmd.sqe))
			return;
		cmd.sqid = qid;
		cmd.fx = NULL;
		nvmm_take(ctrl, &cmd);
		if (unlikely(READ_ONCE(ctrl->frozen) || nvmm_died(ctrl)))
			return;
	}
}

static bool nvmm_works(struct nvmm_ctrl *ctrl)
{
	u32 csts = READ_ONCE(ctrl->csts);

	return !ctrl->gone && !ctrl->frozen && csts & NVME_CSTS_RDY &&
	       !(csts & NVME_CSTS_CFS) &&
	       (csts & NVME_CSTS_SHST_MASK) != NVME_CSTS_SHST_CMPLT &&
	       ctrl->enabled && nvmm_pci_may_master(ctrl);
}

/* All that is not the driver's work. */
static void nvmm_work(struct nvmm_ctrl *ctrl)
{
	u64 begin = ctrl->config.time ? ktime_get_ns() : 0;
	unsigned int qid;

	nvmm_waiting_step(ctrl);
	do {
		for (qid = 0; qid <= ctrl->config.queues; qid++)
			nvmm_queue_step(ctrl, qid);
	} while (nvmm_works(ctrl) && nvmm_shadows_read(ctrl));
	nvmm_events_send(ctrl);
	if (ctrl->config.time)
		ctrl->counts[NVMM_BUSY_NS] += ktime_get_ns() - begin;
}

static void nvmm_step(struct nvmm_ctrl *ctrl)
{
	/* Also if there is nothing to do: it holds for what waits now. */
	nvmm_let_go(ctrl);
	if (READ_ONCE(ctrl->gone) || READ_ONCE(ctrl->frozen))
		return;
	nvmm_regs_step(ctrl);
	if (!nvmm_works(ctrl))
		return;
	nvmm_work(ctrl);
	if (READ_ONCE(ctrl->gone) || READ_ONCE(ctrl->frozen))
		return;
	nvmm_interrupts(ctrl);
	nvmm_pci_retry_interrupts(ctrl);
}

/* The earliest time at which something is to be done; KTIME_MAX if none is known. */
static ktime_t nvmm_next_time(struct nvmm_ctrl *ctrl)
{
	ktime_t next = KTIME_MAX;
	struct nvmm_cmd *cmd;

	if (READ_ONCE(ctrl->gone) || READ_ONCE(ctrl->frozen))
		return KTIME_MAX;
	if (ctrl->ready_at)
		next = min(next, ctrl->ready_at);
	if (ctrl->shutdown_at)
		next = min(next, ctrl->shutdown_at);
	if (!nvmm_works(ctrl))
		return next;
	list_for_each_entry(cmd, &ctrl->waiting, link)
		if (!cmd->held)
			next = min(next, cmd->due);
	return next;
}

static bool nvmm_has_work(struct nvmm_ctrl *ctrl)
{
	return READ_ONCE(ctrl->work) || kthread_should_stop();
}

/* What is due and finds no room waits for the doorbell, and not for ever shorter. */
static void nvmm_sleep(struct nvmm_ctrl *ctrl)
{
	ktime_t next = nvmm_next_time(ctrl);

	if (next == KTIME_MAX) {
		wait_event_interruptible(ctrl->wait, nvmm_has_work(ctrl));
		return;
	}
	next = max(ktime_sub(next, ktime_get()), us_to_ktime(50));
	wait_event_interruptible_hrtimeout(ctrl->wait, nvmm_has_work(ctrl), next);
}

static int nvmm_thread(void *data)
{
	struct nvmm_ctrl *ctrl = data;

	while (!kthread_should_stop()) {
		nvmm_sleep(ctrl);
		/*
		 * A kick that this takes away has been seen, with what it was for; a
		 * mere store could wipe it out. See litmus/kick.litmus.
		 */
		xchg(&ctrl->work, false);
		nvmm_step(ctrl);
		cond_resched();
	}
	return 0;
}

/** nvmm_engine_start - start the thread; return: 0 or an errno */
int nvmm_engine_start(struct nvmm_ctrl *ctrl)
{
	struct task_struct *thread;

	INIT_LIST_HEAD(&ctrl->waiting);
	ctrl->cc = 0;
	ctrl->csts = 0;
	ctrl->must_stop = false;
	ctrl->shutting = false;
	ctrl->enabled = false;
	ctrl->unsafe = false;
	ctrl->spoiled = false;
	ctrl->gone = false;
	ctrl->frozen = false;
	ctrl->ready_at = 0;
	ctrl->shutdown_at = 0;
	memset(&ctrl->hmb, 0, sizeof(ctrl->hmb));
	nvmm_apst_forget(ctrl);
	thread = kthread_run(nvmm_thread, ctrl, "nvme_model/%s", ctrl->name);
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	ctrl->thread = thread;
	return 0;
}

/** nvmm_engine_stop - end the thread, and forget everything but the data */
void nvmm_engine_stop(struct nvmm_ctrl *ctrl)
{
	kthread_stop(ctrl->thread);
	ctrl->thread = NULL;
	nvmm_forget_all(ctrl);
	nvmm_queues_free(ctrl);
}
