// SPDX-License-Identifier: GPL-2.0
/*
 * Faults on purpose: commands that are lost on their way to the controller, or answered
 * with an error in its place. In debugfs, each disk and each controller (for its admin
 * queue) has a directory with a directory for each fault.
 *
 * Neither reaches the controller. So an error has no effect on data, and after a loss
 * there is nothing to come. A lost command is started like one that was sent, and
 * everything else is the timeout handler's: abort, reset, sending it again. That is what
 * the fault is for, so it does not wait in a struct mqblk_queue. One that is answered does,
 * until it is time.
 *
 * A fault whose probability is not 0 holds nvmec_injecting on. Without any, a request
 * costs one no-op.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cleanup.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/kstrtox.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "ctrl.h"
#include "inject.h"
#include "queue.h"
#include "rq.h"

/* Internal error, not to be tried again: whoever asks for an error shall see one. */
#define NVMEC_INJECT_DEFAULT	(NVME_SC_INTERNAL | NVME_STATUS_DNR)
/* All of the status field but the phase bit. */
#define NVMEC_INJECT_MAX_STATUS	0x7fff
/* Longer than that only time-outs are. */
#define NVMEC_INJECT_MAX_DELAY	(10 * USEC_PER_SEC)

/* On while any fault may hit. */
DEFINE_STATIC_KEY_FALSE(nvmec_injecting);

/* Guards &nvmec_inject_fault.counted, and the files' writers against each other. */
static DEFINE_MUTEX(nvmec_inject_lock);

static struct dentry *nvmec_inject_root;

static const char * const nvmec_inject_names[] = {
	[NVMEC_INJECT_TIMEOUT]	= "timeout_inject",
	[NVMEC_INJECT_STATUS]	= "status_inject",
};

static_assert(ARRAY_SIZE(nvmec_inject_names) == NVMEC_NR_INJECT);

/* --- requests ------------------------------------------------------------- */

static bool nvmec_inject_hits(struct nvmec_inject_fault *fault, u8 opcode)
{
	int only = READ_ONCE(fault->opcode);

	return mqblk_fault_armed(&fault->fault) &&
	       (only < 0 || only == opcode) &&
	       mqblk_fault_hits(&fault->fault, fault->name);
}

/**
 * nvmec_inject_pick - which fault a command has
 * @inject: of its disk, or of the admin queue
 * @opcode: of the command
 *
 * Context: Any.
 * Return: the fault, or NVMEC_INJECT_NONE.
 */
enum nvmec_inject_kind nvmec_inject_pick(struct nvmec_inject *inject, u8 opcode)
{
	unsigned int kind;

	for (kind = 0; kind < NVMEC_NR_INJECT; kind++) {
		if (nvmec_inject_hits(&inject->faults[kind], opcode))
			break;
	}
	return kind;
}

/**
 * nvmec_inject_answer - answer a command in the controller's place
 * @inject: its faults, one of which is NVMEC_INJECT_STATUS
 * @queue: where it would have gone
 * @rq: its request, which is started
 *
 * Context: Any, but not under a lock of @queue; the request may have ended on return.
 */
void nvmec_inject_answer(struct nvmec_inject *inject, struct nvmec_queue *queue,
			 struct request *rq)
{
	const struct nvmec_inject_fault *fault =
		&inject->faults[NVMEC_INJECT_STATUS];

	nvmec_rq(rq)->status = READ_ONCE(fault->status);
	nvmec_rq(rq)->result = 0;
	mqblk_timer_park(&queue->waits, rq, BLK_STS_IOERR,
			 ktime_add_us(ktime_get(), READ_ONCE(fault->delay_us)));
}

/* What waits for its answer gets it now. */
static void nvmec_inject_answer_all(struct nvmec_ctrl *ctrl)
{
	unsigned int i;

	for (i = 0; i < READ_ONCE(ctrl->nr_queues); i++) {
		mqblk_queue_hurry(&ctrl->queues[i].waits, true, BLK_STS_OK);
		mqblk_queue_hurry(&ctrl->queues[i].waits, false, BLK_STS_OK);
	}
}

/* --- files ---------------------------------------------------------------- */

/* Keeps the key as the probability says. */
static void nvmec_inject_count(struct nvmec_inject_fault *fault)
{
	bool on = fault->fault.probability;

	lockdep_assert_held(&nvmec_inject_lock);
	if (fault->counted == on)
		return;
	fault->counted = on;
	if (on)
		static_branch_inc(&nvmec_injecting);
	else
		static_branch_dec(&nvmec_injecting);
}

/* Once it is off, nobody shall have to wait for what it did. */
static void nvmec_inject_set_probability(struct nvmec_inject_fault *fault,
					 unsigned int value)
{
	WRITE_ONCE(fault->fault.probability, value);
	nvmec_inject_count(fault);
	if (!value)
		nvmec_inject_answer_all(fault->ctrl);
}

enum nvmec_inject_form {
	NVMEC_INJECT_NUMBER,
	NVMEC_INJECT_HEX,	/* shown so; written in any way */
	NVMEC_INJECT_BOOL,	/* a number, or a word for it */
};

/**
 * struct nvmec_inject_column - a value of a fault
 * @name: of its file
 * @min: least value
 * @max: largest value
 * @form: how it is written
 * @kinds: faults that have it, by bit
 * @get: reads it
 * @set: changes it, under nvmec_inject_lock
 */
struct nvmec_inject_column {
	const char	*name;
	s64		min;
	s64		max;
	u8		form;
	unsigned long	kinds;
	s64		(*get)(struct nvmec_inject_fault *fault);
	void		(*set)(struct nvmec_inject_fault *fault, s64 value);
};

#define NVMEC_INJECT_ACCESS(_name, _get, _set)				\
static s64 nvmec_inject_get_##_name(struct nvmec_inject_fault *fault)	\
{									\
	return _get;							\
}									\
static void nvmec_inject_put_##_name(struct nvmec_inject_fault *fault,	\
				     s64 value)				\
{									\
	_set;								\
}

NVMEC_INJECT_ACCESS(interval, fault->fault.interval,
		    WRITE_ONCE(fault->fault.interval, value))
NVMEC_INJECT_ACCESS(probability, fault->fault.probability,
		    nvmec_inject_set_probability(fault, value))
NVMEC_INJECT_ACCESS(space, atomic_read(&fault->fault.space),
		    atomic_set(&fault->fault.space, value))
NVMEC_INJECT_ACCESS(times, atomic_read(&fault->fault.times),
		    atomic_set(&fault->fault.times, value))
NVMEC_INJECT_ACCESS(verbose, fault->fault.verbose,
		    WRITE_ONCE(fault->fault.verbose, value))
NVMEC_INJECT_ACCESS(task_filter, fault->fault.task_filter,
		    WRITE_ONCE(fault->fault.task_filter, value))
NVMEC_INJECT_ACCESS(opcode, fault->opcode, WRITE_ONCE(fault->opcode, value))
NVMEC_INJECT_ACCESS(status, fault->status, WRITE_ONCE(fault->status, value))
NVMEC_INJECT_ACCESS(delay_us, fault->delay_us,
		    WRITE_ONCE(fault->delay_us, value))

#define NVMEC_INJECT_ALL	(BIT(NVMEC_INJECT_TIMEOUT) | BIT(NVMEC_INJECT_STATUS))
#define NVMEC_INJECT_COLUMN(_file, _name, _min, _max, _form, _kinds)	\
	{								\
		.name		= _file,				\
		.min		= _min,					\
		.max		= _max,					\
		.form		= NVMEC_INJECT_##_form,				\
		.kinds		= _kinds,				\
		.get		= nvmec_inject_get_##_name,		\
		.set		= nvmec_inject_put_##_name,		\
	}

static const struct nvmec_inject_column nvmec_inject_columns[] = {
	NVMEC_INJECT_COLUMN("interval", interval, 1, INT_MAX, NUMBER,
			    NVMEC_INJECT_ALL),
	NVMEC_INJECT_COLUMN("probability", probability, 0, 100, NUMBER,
			    NVMEC_INJECT_ALL),
	NVMEC_INJECT_COLUMN("space", space, 0, INT_MAX, NUMBER,
			    NVMEC_INJECT_ALL),
	NVMEC_INJECT_COLUMN("times", times, -1, INT_MAX, NUMBER,
			    NVMEC_INJECT_ALL),
	NVMEC_INJECT_COLUMN("verbose", verbose, 0, INT_MAX, NUMBER,
			    NVMEC_INJECT_ALL),
	NVMEC_INJECT_COLUMN("task-filter", task_filter, 0, 1, BOOL,
			    NVMEC_INJECT_ALL),
	NVMEC_INJECT_COLUMN("opcode", opcode, -1, U8_MAX, NUMBER,
			    NVMEC_INJECT_ALL),
	NVMEC_INJECT_COLUMN("status", status, 1, NVMEC_INJECT_MAX_STATUS, HEX,
			    BIT(NVMEC_INJECT_STATUS)),
	NVMEC_INJECT_COLUMN("delay_us", delay_us, 0, NVMEC_INJECT_MAX_DELAY,
			    NUMBER, BIT(NVMEC_INJECT_STATUS)),
};

static_assert(ARRAY_SIZE(nvmec_inject_columns) == NVMEC_NR_INJECT_FILES);

/* From text to a number in range; returns an errno if it is not one. */
static int nvmec_inject_parse(const struct nvmec_inject_column *column,
			      const char *text, s64 *value)
{
	bool on;
	int ret;

	ret = kstrtos64(text, 0, value);
	if (ret == -EINVAL && column->form == NVMEC_INJECT_BOOL) {
		ret = kstrtobool(text, &on);
		*value = on;
	}
	if (!ret && (*value < column->min || *value > column->max))
		ret = -ERANGE;
	return ret;
}

static int nvmec_inject_show(struct seq_file *seq, void *unused)
{
	struct nvmec_inject_file *file = seq->private;
	const struct nvmec_inject_column *column =
		&nvmec_inject_columns[file->column];

	seq_printf(seq, column->form == NVMEC_INJECT_HEX ? "%#llx\n" : "%lld\n",
		   column->get(file->fault));
	return 0;
}

static ssize_t nvmec_inject_write(struct file *file, const char __user *from,
				  size_t len, loff_t *pos)
{
	struct nvmec_inject_file *mine = file_inode(file)->i_private;
	const struct nvmec_inject_column *column =
		&nvmec_inject_columns[mine->column];
	char text[24] = "";
	s64 value;

	if (copy_from_user(text, from, min(len, sizeof(text) - 1)))
		return -EFAULT;
	/* What is longer is no number in range, and must not become one by being cut. */
	if (len >= sizeof(text) || nvmec_inject_parse(column, strim(text), &value)) {
		pr_err_ratelimited("%s/%s: \"%*pE\" is not valid, use %lld to %lld\n",
				   mine->fault->name, column->name,
				   (int)strlen(strim(text)), strim(text),
				   column->min, column->max);
		return -EINVAL;
	}
	guard(mutex)(&nvmec_inject_lock);
	column->set(mine->fault, value);
	return len;
}
DEFINE_SHOW_STORE_ATTRIBUTE(nvmec_inject);

static void nvmec_inject_make_files(struct nvmec_inject_fault *fault,
				    enum nvmec_inject_kind kind,
				    struct dentry *parent)
{
	struct dentry *dir;
	unsigned int i;

	dir = debugfs_create_dir(nvmec_inject_names[kind], parent);
	for (i = 0; i < NVMEC_NR_INJECT_FILES; i++) {
		if (!(nvmec_inject_columns[i].kinds & BIT(kind)))
			continue;
		fault->files[i].fault = fault;
		fault->files[i].column = i;
		debugfs_create_file(nvmec_inject_columns[i].name, 0600, dir,
				    &fault->files[i], &nvmec_inject_fops);
	}
}

/* --- life ----------------------------------------------------------------- */

/**
 * nvmec_inject_add - let faults be made
 * @inject: zeroed memory for them
 * @ctrl: the controller
 * @name: of the disk, or of the controller for its admin queue
 *
 * Whatever debugfs has to say about it, everything else works.
 *
 * Context: Process context, may sleep.
 */
void nvmec_inject_add(struct nvmec_inject *inject, struct nvmec_ctrl *ctrl,
		      const char *name)
{
	struct nvmec_inject_fault *fault;
	unsigned int kind;

	inject->dir = debugfs_create_dir(name, nvmec_inject_root);
	for (kind = 0; kind < NVMEC_NR_INJECT; kind++) {
		fault = &inject->faults[kind];
		snprintf(fault->name, sizeof(fault->name), "%s/%s", name,
			 nvmec_inject_names[kind]);
		mqblk_fault_init(&fault->fault);
		fault->ctrl = ctrl;
		fault->opcode = -1;
		fault->status = NVMEC_INJECT_DEFAULT;
		nvmec_inject_make_files(fault, kind, inject->dir);
	}
}

/**
 * nvmec_inject_remove - switch faults off for good
 * @inject: given to nvmec_inject_add(), or zero
 *
 * Nobody is at work in the files on return, and no command waits for its answer. Does
 * nothing the second time.
 *
 * Context: Process context, may sleep.
 */
void nvmec_inject_remove(struct nvmec_inject *inject)
{
	unsigned int kind;

	debugfs_remove(inject->dir);
	inject->dir = NULL;
	guard(mutex)(&nvmec_inject_lock);
	for (kind = 0; kind < NVMEC_NR_INJECT; kind++) {
		if (inject->faults[kind].counted)
			nvmec_inject_set_probability(&inject->faults[kind], 0);
	}
}

/** nvmec_inject_init - make the directory in debugfs, before there is any controller */
void nvmec_inject_init(void)
{
	nvmec_inject_root = debugfs_create_dir(KBUILD_MODNAME, NULL);
}

/** nvmec_inject_exit - undo nvmec_inject_init(), after the last controller */
void nvmec_inject_exit(void)
{
	debugfs_remove(nvmec_inject_root);
}
