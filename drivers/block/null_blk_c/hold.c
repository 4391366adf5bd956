// SPDX-License-Identifier: GPL-2.0
/*
 * Operations that wait until the user lets them go: a debugger's breakpoints, for a disk.
 *
 * A rule holds an operation before anything of it is done. So those that are let go in
 * another order are done in that order, and one that is failed has done nothing. Who takes
 * an operation off the list, under its lock, owns it and goes on with it, in the own
 * process: the disk stays until nbc_hold_drain(), which waits for that.
 *
 * A request that is held does not time out: its time is the user's.
 */
#include <linux/blkdev.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "cmd.h"
#include "hold.h"
#include "rule.h"

/* Longest order: a word, a number and a status. */
#define NBC_ORDER_TEXT_BYTES	64
/* Longest line of the list. */
#define NBC_HELD_TEXT_BYTES	128
/* What configfs gives of an attribute. */
#define NBC_HOLD_PAGE_BYTES	min(PAGE_SIZE, SZ_4K)

/* Flags of interest to who looks at what waits. */
static const struct {
	blk_opf_t	flag;
	const char	*name;
} nbc_held_flags[] = {
	{ REQ_SYNC,	"SYNC" },
	{ REQ_META,	"META" },
	{ REQ_PRIO,	"PRIO" },
	{ REQ_FUA,	"FUA" },
	{ REQ_RAHEAD,	"RAHEAD" },
};

/**
 * nbc_hold_create - make a list of operations that wait; so far none may
 * @hold: memory for it
 *
 * Context: Any.
 */
void nbc_hold_create(struct nbc_hold *hold)
{
	spin_lock_init(&hold->lock);
	INIT_LIST_HEAD(&hold->waiting);
	init_waitqueue_head(&hold->idle);
	hold->hurry = true;
}

/**
 * nbc_hold_add - let an operation wait
 * @hold: where
 * @rules: whose it is
 * @held: memory that belongs to the operation
 * @cmd: the operation
 * @verdict: says that it waits
 * @go: to go on with it
 *
 * Context: Any.
 * Return: whether it waits: somebody else may own it when this returns. Otherwise nothing
 * waits at this time, or the rule is gone.
 */
bool nbc_hold_add(struct nbc_hold *hold, struct nbc_rules *rules, struct nbc_held *held,
		  const struct nbc_cmd *cmd, const struct nbc_verdict *verdict,
		  nbc_held_fn go)
{
	unsigned long flags;
	bool waits;

	held->verdict = *verdict;
	held->op = cmd->op;
	held->flags = cmd->flags;
	held->first = cmd->op == REQ_OP_FLUSH ? 0 : cmd->pos >> SECTOR_SHIFT;
	held->nr_sects = cmd->len >> SECTOR_SHIFT;
	held->go = go;
	spin_lock_irqsave(&hold->lock, flags);
	/* Who removes the rule looks here after that. */
	waits = !hold->hurry && nbc_rules_has(rules, verdict->rule);
	if (waits) {
		held->id = ++hold->last_id;
		list_add_tail(&held->entry, &hold->waiting);
	}
	spin_unlock_irqrestore(&hold->lock, flags);
	return waits;
}

/**
 * nbc_hold_parse - understand what is to be done with what waits
 * @text: "release ID", "release all", "fail ID STATUS" or "fail all STATUS"
 * @order: output; undefined on error
 *
 * Context: Any.
 * Return: 0 or -EINVAL.
 */
int nbc_hold_parse(const char *text, struct nbc_hold_order *order)
{
	char copy[NBC_ORDER_TEXT_BYTES];
	char *rest, *verb, *id;

	if (strscpy(copy, text, sizeof(copy)) < 0)
		return -EINVAL;
	rest = strim(copy);
	verb = strsep(&rest, " ");
	id = strsep(&rest, " ");
	if (!id)
		return -EINVAL;
	order->all = !strcmp(id, "all");
	order->id = 0;
	order->status = BLK_STS_OK;
	if (!order->all && kstrtou64(id, 0, &order->id))
		return -EINVAL;
	if (!strcmp(verb, "release"))
		return rest ? -EINVAL : 0;
	if (strcmp(verb, "fail") || !rest)
		return -EINVAL;
	return nbc_status_parse(rest, &order->status);
}

/**
 * nbc_hold_take - take off what an order is about
 * @hold: the list
 * @order: the order
 * @taken: to which list
 *
 * Context: Process context.
 * Return: whether there is any: then nbc_hold_go() has to be called.
 */
bool nbc_hold_take(struct nbc_hold *hold, const struct nbc_hold_order *order,
		   struct list_head *taken)
{
	struct nbc_held *held;
	bool any;

	spin_lock_irq(&hold->lock);
	if (order->all)
		list_splice_init(&hold->waiting, taken);
	list_for_each_entry(held, &hold->waiting, entry) {
		if (held->id == order->id) {
			list_move_tail(&held->entry, taken);
			break;
		}
	}
	any = !list_empty(taken);
	hold->nr_going += any;
	spin_unlock_irq(&hold->lock);
	return any;
}

/**
 * nbc_hold_take_free - take off those whose rule is gone
 * @hold: the list
 * @rules: the rules
 * @taken: to which list
 *
 * Context: Process context.
 * Return: as nbc_hold_take().
 */
bool nbc_hold_take_free(struct nbc_hold *hold, struct nbc_rules *rules,
			struct list_head *taken)
{
	struct nbc_held *held, *next;
	bool any;

	spin_lock_irq(&hold->lock);
	list_for_each_entry_safe(held, next, &hold->waiting, entry) {
		if (!nbc_rules_has(rules, held->verdict.rule))
			list_move_tail(&held->entry, taken);
	}
	any = !list_empty(taken);
	hold->nr_going += any;
	spin_unlock_irq(&hold->lock);
	return any;
}

/* All that was taken has gone on. */
static void nbc_hold_gone(struct nbc_hold *hold)
{
	/* Under the lock: who drains may go on to free it. */
	spin_lock_irq(&hold->lock);
	if (!--hold->nr_going)
		wake_up(&hold->idle);
	spin_unlock_irq(&hold->lock);
}

/**
 * nbc_hold_go - go on with operations that waited
 * @hold: where they did
 * @ndisk: its disk, which may be gone when this returns
 * @taken: from nbc_hold_take() or nbc_hold_take_free()
 * @status: what they fail with, or BLK_STS_OK to do them, one after the other
 *
 * Context: Process context, may sleep.
 */
void nbc_hold_go(struct nbc_hold *hold, struct nbc_disk *ndisk, struct list_head *taken,
		 blk_status_t status)
{
	struct nbc_held *held, *next;

	list_for_each_entry_safe(held, next, taken, entry) {
		held->go(ndisk, held, status);
		cond_resched();
	}
	nbc_hold_gone(hold);
}

/**
 * nbc_hold_go_orphans - go on with operations whose rule went with its process
 * @hold: where they waited
 * @ndisk: as for nbc_hold_go()
 * @taken: likewise; each ends with what its rule said, or goes on
 *
 * Context: Process context, may sleep.
 */
void nbc_hold_go_orphans(struct nbc_hold *hold, struct nbc_disk *ndisk,
			 struct list_head *taken)
{
	struct nbc_held *held, *next;

	list_for_each_entry_safe(held, next, taken, entry) {
		held->go(ndisk, held, held->verdict.orphan);
		cond_resched();
	}
	nbc_hold_gone(hold);
}

/**
 * nbc_hold_hurry - whether operations wait
 * @hold: the list
 * @ndisk: its disk
 * @hurry: they do not: those that wait go on now, and those to come at once
 * @status: as for nbc_hold_go()
 *
 * Context: Process context, may sleep.
 */
void nbc_hold_hurry(struct nbc_hold *hold, struct nbc_disk *ndisk, bool hurry,
		    blk_status_t status)
{
	LIST_HEAD(taken);

	spin_lock_irq(&hold->lock);
	hold->hurry = hurry;
	if (hurry) {
		list_splice_init(&hold->waiting, &taken);
		hold->nr_going++;
	}
	spin_unlock_irq(&hold->lock);
	if (hurry)
		nbc_hold_go(hold, ndisk, &taken, status);
}

/**
 * nbc_hold_drain - wait until nobody goes on with anything
 * @hold: of a disk that gets no more
 *
 * Context: Process context, may sleep.
 */
void nbc_hold_drain(struct nbc_hold *hold)
{
	spin_lock_irq(&hold->lock);
	wait_event_lock_irq(hold->idle, !hold->nr_going, hold->lock);
	spin_unlock_irq(&hold->lock);
}

static int nbc_held_print(const struct nbc_held *held, char *buf)
{
	const char *separator = " ";
	unsigned int i;
	int len;

	len = scnprintf(buf, NBC_HELD_TEXT_BYTES, "%llu %s %llu %u", held->id,
			blk_op_str(held->op), held->first, held->nr_sects);
	for (i = 0; i < ARRAY_SIZE(nbc_held_flags); i++) {
		if (!(held->flags & nbc_held_flags[i].flag))
			continue;
		len += scnprintf(buf + len, NBC_HELD_TEXT_BYTES - len, "%s%s", separator,
				 nbc_held_flags[i].name);
		separator = ",";
	}
	return len + scnprintf(buf + len, NBC_HELD_TEXT_BYTES - len, "\n");
}

/**
 * nbc_hold_print - print what waits, the oldest first, a line each
 * @hold: the list
 * @page: output, PAGE_SIZE bytes
 *
 * A line is its number, operation, first sector and number of sectors, and flags.
 *
 * Context: Process context.
 * Return: number of bytes printed; the list is cut at a line.
 */
ssize_t nbc_hold_print(struct nbc_hold *hold, char *page)
{
	char text[NBC_HELD_TEXT_BYTES];
	struct nbc_held *held;
	ssize_t len = 0;
	int printed;

	spin_lock_irq(&hold->lock);
	list_for_each_entry(held, &hold->waiting, entry) {
		printed = nbc_held_print(held, text);
		if (len + printed >= NBC_HOLD_PAGE_BYTES)
			break;
		memcpy(page + len, text, printed);
		len += printed;
	}
	spin_unlock_irq(&hold->lock);
	return len;
}
