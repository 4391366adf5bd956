// SPDX-License-Identifier: GPL-2.0
/*
 * When an operation completes, by the model of its device.
 *
 * An operation begins when it came, or later: when the background lets it (a stall), when
 * there is room in the buffer (a write), when the buffer is empty (a flush), when a channel
 * is free (all others). From then on it takes a time that is drawn from the distribution
 * for its kind and size.
 *
 * Nothing waits here. A channel is the time at which it will have done what it was given,
 * and the buffer the time at which it will be empty. Who comes takes its part by one atomic
 * operation, knows at once when it is to complete, and waits for that like for a limit.
 *
 * The n-th number of a generator is a function of the seed, the generator and n. Each
 * hardware queue has a generator; bios share the first one.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/sprintf.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "cmd.h"
#include "latency.h"
#include "model.h"
#include "rule.h"

/* What the generators of a seed differ in; the odd part of 2^64 by the golden ratio. */
#define NBC_DRAW_STEP	0x9e3779b97f4a7c15ULL
/* Where the generator is that says when stalls are; queues have those from 0 up. */
#define NBC_DRAW_STALLS	U32_MAX
/* Room for what is said of lines that are not in force */
#define NBC_LATENCY_NOTE_BYTES	64

static u64 nbc_draw(u64 seed, u32 stream, u64 n)
{
	return nbc_draw_mix(nbc_draw_mix(seed ^ nbc_draw_mix(stream + 1ULL)) +
			    n * NBC_DRAW_STEP);
}

static const struct nbc_class *nbc_model_class(const struct nbc_model *model,
					       const struct nbc_cmd *cmd)
{
	const struct nbc_class *class, *last = NULL;

	for (class = model->classes; class < model->classes + model->nr_classes; class++) {
		if (!(class->ops & nbc_op_bit(cmd->op)))
			continue;
		if (cmd->len <= class->max_bytes)
			return class;
		last = class;
	}
	return last;
}

/* How long it takes, once it has begun. */
static u64 nbc_model_takes(struct nbc_model *model, const struct nbc_class *class,
			   const struct nbc_cmd *cmd)
{
	u32 stream = cmd->queue % model->nr_streams;
	u64 n, takes;

	n = atomic64_fetch_inc(&model->drawn[stream].n);
	takes = nbc_dist_draw(&class->dist, nbc_draw(model->seed, stream, n) >> 32);
	return takes + mul_u64_u64_shr(class->unit_ns, cmd->len, NBC_MODEL_UNIT_SHIFT);
}

/* When an operation can begin that could do so at @at, but for stalls. */
static s64 nbc_model_pass_stall(const struct nbc_model *model, const struct nbc_cmd *cmd,
				s64 at)
{
	const struct nbc_stall *stall = &model->stall;
	u64 period, place, begin;
	s64 epoch;

	if (!(stall->ops & nbc_op_bit(cmd->op)))
		return at;
	epoch = READ_ONCE(model->epoch_ns);
	if (at < epoch)
		return at;
	period = div64_u64_rem(at - epoch, stall->every_ns, &place);
	begin = mul_u64_u64_shr(nbc_draw(model->seed, NBC_DRAW_STALLS, period),
				stall->every_ns - stall->ns, 64);
	if (place < begin || place >= begin + stall->ns)
		return at;
	return ktime_add_safe(at, begin + stall->ns - place);
}

/* Takes room in the buffer for a write; returns when it begins. */
static s64 nbc_model_take_buffer(struct nbc_model *model, const struct nbc_cmd *cmd, s64 at)
{
	s64 cost = mul_u64_u64_shr(model->buffer.unit_ns, cmd->len, NBC_MODEL_UNIT_SHIFT);
	s64 empty = atomic64_read(&model->buffer_empty_ns.n), next;

	do {
		next = ktime_add_safe(max(empty, at), cost);
	} while (!atomic64_try_cmpxchg(&model->buffer_empty_ns.n, &empty, next));
	return max_t(s64, at, next - model->buffer.size_ns);
}

static struct nbc_lone *nbc_model_free_channel(struct nbc_model *model, s64 at)
{
	struct nbc_lone *best = model->channels, *lone = best;
	s64 best_ns = KTIME_MAX, ns;

	for (; lone < model->channels + model->nr_channels; lone++) {
		ns = atomic64_read(&lone->n);
		if (ns >= best_ns)
			continue;
		best = lone;
		best_ns = ns;
		if (ns <= at)
			break;
	}
	return best;
}

static struct nbc_lone *nbc_model_channel(struct nbc_model *model, const struct nbc_cmd *cmd,
					  s64 at)
{
	u32 nr;

	if (!model->stripe)
		return nbc_model_free_channel(model, at);
	div_u64_rem(div64_u64(cmd->pos, model->stripe), model->nr_channels, &nr);
	return &model->channels[nr];
}

/* Takes a channel for so long; returns when the operation completes. */
static s64 nbc_model_take_channel(struct nbc_model *model, const struct nbc_cmd *cmd, s64 at,
				  u64 takes)
{
	struct nbc_lone *channel;
	s64 free, next;

	do {
		channel = nbc_model_channel(model, cmd, at);
		free = atomic64_read(&channel->n);
		next = nbc_model_pass_stall(model, cmd, max(free, at));
		next = ktime_add_safe(next, takes);
	} while (!atomic64_try_cmpxchg(&channel->n, &free, next));
	return next;
}

/**
 * nbc_model_due - when an operation completes
 * @model: the model of its device
 * @cmd: the operation; its time begins at @came
 *
 * Takes its part of the channels and the buffer.
 *
 * Context: Any.
 * Return: the time, on CLOCK_MONOTONIC; 0 for an operation that the model says nothing of.
 */
ktime_t nbc_model_due(struct nbc_model *model, const struct nbc_cmd *cmd)
{
	const struct nbc_class *class = nbc_model_class(model, cmd);
	bool flush = cmd->op == REQ_OP_FLUSH;
	s64 at = cmd->came;
	u64 takes;

	if (!class)
		return 0;
	takes = nbc_model_takes(model, class, cmd);
	if (model->buffer.bytes &&
	    (cmd->op == REQ_OP_WRITE || cmd->op == REQ_OP_ZONE_APPEND))
		at = nbc_model_take_buffer(model, cmd, at);
	else if (flush && model->buffer.flush)
		at = max_t(s64, at, atomic64_read(&model->buffer_empty_ns.n));
	else if (!flush && model->nr_channels)
		return nbc_model_take_channel(model, cmd, at, takes);
	return ktime_add_safe(nbc_model_pass_stall(model, cmd, at), takes);
}

/**
 * nbc_latency_due - when an operation completes, by the model of its device
 * @latency: of the device
 * @cmd: as for nbc_model_due()
 *
 * Context: Any.
 * Return: as nbc_model_due(); 0 without a model.
 */
ktime_t nbc_latency_due(const struct nbc_latency *latency, const struct nbc_cmd *cmd)
{
	struct nbc_model *model;

	guard(rcu)();
	model = rcu_dereference(latency->model);
	return model ? nbc_model_due(model, cmd) : 0;
}

/**
 * nbc_model_restart - let a model begin anew
 * @model: the model, which requests may use
 * @now: the time at which it begins
 *
 * Channels are free, the buffer is empty, and generators begin with their first number.
 *
 * Context: Any.
 */
void nbc_model_restart(struct nbc_model *model, ktime_t now)
{
	unsigned int i;

	WRITE_ONCE(model->epoch_ns, now);
	atomic64_set(&model->buffer_empty_ns.n, 0);
	for (i = 0; i < model->nr_streams; i++)
		atomic64_set(&model->drawn[i].n, 0);
	for (i = 0; i < model->nr_channels; i++)
		atomic64_set(&model->channels[i].n, 0);
}

/**
 * nbc_latency_restart - let the model of a device, if there is one, begin anew
 * @latency: of the device
 * @now: ktime_get()
 *
 * Context: Any.
 */
void nbc_latency_restart(struct nbc_latency *latency, ktime_t now)
{
	struct nbc_model *model;

	guard(rcu)();
	model = rcu_dereference(latency->model);
	if (model)
		nbc_model_restart(model, now);
}

/* A model of all that came so far; NULL as long as that is good, but has no end. */
static struct nbc_model *nbc_latency_parse(const char *name, const char *text)
{
	struct nbc_model_fault fault;
	struct nbc_model *model = nbc_model_parse(text, &fault);

	if (model == ERR_PTR(-ENODATA))
		return NULL;
	if (model == ERR_PTR(-EINVAL))
		pr_err("%s: latency: line %u: \"%*pE\" is not valid, use %s\n", name, fault.line,
		       (int)min(fault.len, 64U), fault.at, fault.wants);
	else if (!IS_ERR(model))
		nbc_model_restart(model, ktime_get());
	return model;
}

/* Forgets what came without end. */
static void nbc_latency_drop_part(struct nbc_latency *latency)
{
	kfree(latency->part);
	latency->part = NULL;
}

/* A new text, or "off": what came before is not continued. */
static void nbc_latency_begin(struct nbc_latency *latency, const char *name)
{
	if (latency->part)
		pr_warn("%s: latency: %zu bytes came without end, and are dropped\n", name,
			strlen(latency->part));
	nbc_latency_drop_part(latency);
	latency->skip = false;
}

static int nbc_latency_append(struct nbc_latency *latency, const char *text)
{
	char *part = kasprintf(GFP_KERNEL_ACCOUNT, "%s%s", latency->part ?: "", text);

	if (!part)
		return -ENOMEM;
	nbc_latency_drop_part(latency);
	latency->part = part;
	return 0;
}

/* Of what a text continues, some was refused: that was said, and the rest is, too. */
static bool nbc_latency_skips(struct nbc_latency *latency, const char *text)
{
	bool skip = latency->skip;

	if (nbc_model_ends(text))
		latency->skip = false;
	return skip;
}

static struct nbc_model *nbc_latency_read(struct nbc_latency *latency, const char *name,
					  const char *text)
{
	struct nbc_model *model;
	int ret;

	/* Who writes nothing wants something, and does not get it. */
	if (!*skip_spaces(text)) {
		pr_err("%s: latency: \"\" is not valid, use off or a model\n", name);
		return ERR_PTR(-EINVAL);
	}
	if (nbc_model_begins(text))
		nbc_latency_begin(latency, name);
	else if (nbc_latency_skips(latency, text))
		return ERR_PTR(-EINVAL);
	ret = nbc_latency_append(latency, text);
	if (ret) {
		/* What comes after it makes no whole any more. */
		nbc_latency_drop_part(latency);
		latency->skip = !nbc_model_ends(text);
		return ERR_PTR(ret);
	}
	model = nbc_latency_parse(name, latency->part);
	if (model) {
		/* The rest of a text is to come, if that began as one. */
		latency->skip = IS_ERR(model) && nbc_model_begins(latency->part) &&
				!nbc_model_ends(latency->part);
		nbc_latency_drop_part(latency);
	}
	return model;
}

/**
 * nbc_latency_change - change the model of a device
 * @latency: of the device
 * @name: its name
 * @text: as for nbc_model_parse(), or a part of it, or "off"
 * @old: output: the model that was in force, if it is not any more, or NULL; to be given to
 *	nbc_model_free() after an RCU grace period
 *
 * Programs write all at once or a page at a time, and shells a line or some of them. So parts
 * are put together until "end" has come. A part that begins a model drops those before.
 *
 * Context: Process context, may sleep, but does not wait for I/O; the caller serialises
 * calls.
 * Return: 0; -EINVAL, with a line in the log but for parts behind the one that is to blame;
 * -ENOMEM. After an error the model is as it was.
 */
int nbc_latency_change(struct nbc_latency *latency, const char *name, const char *text,
		       struct nbc_model **old)
{
	unsigned int noio = memalloc_noio_save();
	struct nbc_model *model = NULL;
	bool off = sysfs_streq(text, "off");

	*old = NULL;
	if (off)
		nbc_latency_begin(latency, name);
	else
		model = nbc_latency_read(latency, name, text);
	memalloc_noio_restore(noio);
	if (IS_ERR(model))
		return PTR_ERR(model);
	if (model || off)
		*old = rcu_replace_pointer(latency->model, model, true);
	return 0;
}

/**
 * nbc_latency_print - print the model of a device
 * @latency: of the device
 * @page: output, PAGE_SIZE bytes
 *
 * Context: Process context; the caller serialises it with nbc_latency_change().
 * Return: number of bytes printed: nothing without a model.
 */
ssize_t nbc_latency_print(struct nbc_latency *latency, char *page)
{
	const struct nbc_model *model = rcu_dereference_protected(latency->model, true);
	ssize_t len = 0;

	if (model)
		len = scnprintf(page, NBC_MODEL_TEXT_BYTES + 1, "%s", model->text);
	/* Those that read it back need not know. */
	if (latency->part && len < NBC_MODEL_TEXT_BYTES - NBC_LATENCY_NOTE_BYTES)
		len += scnprintf(page + len, NBC_LATENCY_NOTE_BYTES,
				 "# a part of a model came without end, and is not in force\n");
	return len;
}

/**
 * nbc_latency_destroy - free the model of a device that nobody uses any more
 * @latency: of the device
 *
 * Context: Process context, may sleep.
 */
void nbc_latency_destroy(struct nbc_latency *latency)
{
	nbc_latency_drop_part(latency);
	nbc_model_free(rcu_dereference_protected(latency->model, true));
}
