// SPDX-License-Identifier: GPL-2.0
/*
 * The rules of a device, which can be changed while it is busy.
 *
 * An operation asks first whether there is any rule for its kind, and for its sectors: it
 * goes down the interval tree without a lock, under RCU, and does it again if the tree
 * changed meanwhile. So whoever meets no rule writes nothing that others read. Who meets one
 * takes the lock, for what a rule does depends on how many it met before.
 *
 * Of the rules that an operation meets, those with lower first sectors come first, and of
 * equal ones the older. A delay adds to what came before; any other action is the last.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cleanup.h>
#include <linux/interval_tree_generic.h>
#include <linux/math64.h>
#include <linux/printk.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "cmd.h"
#include "rule.h"
#include "rules.h"

/* What configfs takes of an attribute, and what it gives. */
#define NBC_RULES_PAGE_BYTES	min(PAGE_SIZE, SZ_4K)

/* A mark in &nbc_rules.ids */
#define NBC_RULE_HAS_HOLDER	XA_MARK_1

/* So many rules are met under the lock, some microseconds, and then others get it. */
#define NBC_RULES_AT_ONCE	64

#define NBC_RULE_FIRST(_rule)	((_rule)->first)
#define NBC_RULE_LAST(_rule)	((_rule)->last)
INTERVAL_TREE_DEFINE(struct nbc_rule, node, u64, subtree_last, NBC_RULE_FIRST,
		     NBC_RULE_LAST, static, nbc_rule_tree)

static struct nbc_rule *nbc_rule_of(struct rb_node *node)
{
	return rb_entry(node, struct nbc_rule, node);
}

/*
 * Is any rule of the tree for @first to @last? The tree may change meanwhile, and then the
 * answer may be wrong, but the way down always ends: who changes it never makes a loop.
 */
static bool nbc_tree_meets(const struct rb_root_cached *tree, u64 first, u64 last)
{
	struct rb_node *node = READ_ONCE(tree->rb_root.rb_node), *left;

	/* Before the first of all, no need to go down. */
	left = READ_ONCE(tree->rb_leftmost);
	if (!left || nbc_rule_of(left)->first > last)
		return false;
	while (node && READ_ONCE(nbc_rule_of(node)->subtree_last) >= first) {
		left = READ_ONCE(node->rb_left);
		/* If one there reaches so far and begins too late, so do all that follow. */
		if (left && READ_ONCE(nbc_rule_of(left)->subtree_last) >= first) {
			node = left;
			continue;
		}
		if (nbc_rule_of(node)->first > last)
			return false;
		if (nbc_rule_of(node)->last >= first)
			return true;
		node = READ_ONCE(node->rb_right);
	}
	return false;
}

/* See litmus/rules_move.litmus. */
static bool nbc_rules_meet(struct nbc_rules *rules, u64 first, u64 last)
{
	unsigned int seq;
	bool meets;

	guard(rcu)();
	do {
		seq = read_seqbegin(&rules->lock);
		meets = nbc_tree_meets(&rules->tree, first, last);
	} while (read_seqretry(&rules->lock, seq));
	return meets;
}

static void nbc_rule_lie(const struct nbc_rule *rule, const struct nbc_cmd *cmd,
			 struct nbc_verdict *verdict)
{
	u64 first = cmd->pos >> SECTOR_SHIFT;
	u64 last = first + max(cmd->len >> SECTOR_SHIFT, 1U) - 1;

	verdict->lies = true;
	verdict->lie = rule->lie;
	verdict->by = rule->by;
	verdict->draw = nbc_rule_draw(rule, 1);
	if (cmd->op == REQ_OP_FLUSH)
		return;
	first = max(first, rule->first);
	last = min(last, rule->last);
	if (rule->lie == NBC_LIE_STALE) {
		verdict->at = first;
		verdict->by = last - first + 1;
		return;
	}
	verdict->at = first + (u32)nbc_rule_draw(rule, 2) % (u32)(last - first + 1);
}

/* Lets a rule act on what it meets. Returns whether others may, too. */
static bool nbc_rule_act(struct nbc_rule *rule, const struct nbc_cmd *cmd,
			 struct nbc_verdict *verdict)
{
	if (!(rule->ops & nbc_op_bit(cmd->op)) || !nbc_rule_hits(rule))
		return true;
	verdict->rule = rule->id;
	if (rule->action == NBC_ACT_DELAY) {
		verdict->delay_nsec += min(rule->delay_nsec,
					   LONG_MAX - verdict->delay_nsec);
		return true;
	}
	verdict->hold = rule->action == NBC_ACT_HOLD;
	if (verdict->hold)
		verdict->orphan = rule->status;
	else
		verdict->status = rule->status;
	if (rule->action == NBC_ACT_LIE)
		nbc_rule_lie(rule, cmd, verdict);
	return false;
}

static void nbc_rules_act_on_flush(struct nbc_rules *rules, const struct nbc_cmd *cmd,
				   struct nbc_verdict *verdict)
{
	struct nbc_rule *rule;

	read_seqlock_excl_bh(&rules->lock);
	list_for_each_entry(rule, &rules->flushes, flush) {
		if (!nbc_rule_act(rule, cmd, verdict))
			break;
	}
	read_sequnlock_excl_bh(&rules->lock);
}

/*
 * Where an operation is among the rules that it meets
 *
 * @first: first sector of the operation
 * @last: last sector of the operation
 * @met: first sector of the rule that it met last
 * @id: number of that rule, 0 before the first one
 * @rule: the next one, if the tree has not changed since
 * @changes: &nbc_rules.changes of that time
 */
struct nbc_rule_walk {
	u64		first;
	u64		last;
	u64		met;
	u32		id;
	struct nbc_rule	*rule;
	unsigned int	changes;
};

/* The rule to go on with: the tree may have changed since the lock was let go. */
static struct nbc_rule *nbc_walk_go_on(struct nbc_rules *rules, struct nbc_rule_walk *walk)
{
	u64 from = max(walk->first, walk->met);
	struct nbc_rule *rule;

	if (walk->id && walk->changes == rules->changes)
		return walk->rule;
	rule = nbc_rule_tree_iter_first(&rules->tree, from, walk->last);
	/* Those that it met come first, in this order. */
	while (walk->id && rule &&
	       (rule->first < walk->met ||
		(rule->first == walk->met && rule->id <= walk->id)))
		rule = nbc_rule_tree_iter_next(rule, from, walk->last);
	return rule;
}

/* Meets some rules, under the lock. Returns whether there are more. */
static bool nbc_rules_act_on_some(struct nbc_rules *rules, const struct nbc_cmd *cmd,
				  struct nbc_rule_walk *walk, struct nbc_verdict *verdict)
{
	struct nbc_rule *rule = nbc_walk_go_on(rules, walk);
	unsigned int nr = 0;

	for (; rule && nr < NBC_RULES_AT_ONCE; nr++) {
		walk->met = rule->first;
		walk->id = rule->id;
		if (!nbc_rule_act(rule, cmd, verdict))
			return false;
		rule = nbc_rule_tree_iter_next(rule, walk->first, walk->last);
	}
	walk->rule = rule;
	walk->changes = rules->changes;
	return rule;
}

static void nbc_rules_act(struct nbc_rules *rules, const struct nbc_cmd *cmd,
			  u64 first, u64 last, struct nbc_verdict *verdict)
{
	struct nbc_rule_walk walk = { .first = first, .last = last };
	bool more;

	/* A rule that is taken out while the lock is let go stays in memory. */
	guard(rcu)();
	do {
		read_seqlock_excl_bh(&rules->lock);
		more = nbc_rules_act_on_some(rules, cmd, &walk, verdict);
		read_sequnlock_excl_bh(&rules->lock);
	} while (more);
}

/* What changes data, so that older data is to be kept before, or forgotten */
static u32 nbc_rules_past_ops(void)
{
	return nbc_op_bit(REQ_OP_WRITE) | nbc_op_bit(REQ_OP_ZONE_APPEND) |
	       nbc_op_bit(REQ_OP_DISCARD) | nbc_op_bit(REQ_OP_SECURE_ERASE) |
	       nbc_op_bit(REQ_OP_WRITE_ZEROES);
}

/**
 * nbc_rules_keep_past - may an operation change data whose past a rule wants?
 * @rules: the rules
 * @op: what the operation does
 *
 * Context: Any.
 * Return: whether it may; nbc_rules_want_past() tells.
 */
bool nbc_rules_keep_past(const struct nbc_rules *rules, enum req_op op)
{
	return READ_ONCE(rules->nr_stale) && nbc_op_bit(op) & nbc_rules_past_ops();
}

/**
 * nbc_rules_want_past - does any rule give readers older data of a place?
 * @rules: the rules
 * @pos: first byte
 * @len: number of bytes
 *
 * Context: Not in hard interrupts.
 * Return: whether any does.
 */
bool nbc_rules_want_past(struct nbc_rules *rules, u64 pos, u64 len)
{
	u64 first = pos >> SECTOR_SHIFT, last = (pos + len - 1) >> SECTOR_SHIFT;
	struct nbc_rule *rule;
	bool wants = false;

	read_seqlock_excl_bh(&rules->lock);
	list_for_each_entry(rule, &rules->stale, flush) {
		wants = rule->first <= last && rule->last >= first;
		if (wants)
			break;
	}
	read_sequnlock_excl_bh(&rules->lock);
	return wants;
}

/**
 * nbc_rules_judge - what do the rules say about an operation?
 * @rules: the rules
 * @cmd: the operation; one on a whole zone, or on all of them, is judged by its first
 *	sector, and a flush by rules for flushes, wherever they are
 * @verdict: output, if the return is true
 *
 * Context: Not in hard interrupts.
 * Return: whether any rule acts on it, or has to see it.
 */
bool nbc_rules_judge(struct nbc_rules *rules, const struct nbc_cmd *cmd,
		     struct nbc_verdict *verdict)
{
	bool flush = cmd->op == REQ_OP_FLUSH;
	u64 first = cmd->pos >> SECTOR_SHIFT;
	u64 last = first + max(cmd->len >> SECTOR_SHIFT, 1U) - 1;

	if (!(READ_ONCE(rules->ops) & nbc_op_bit(cmd->op)) ||
	    (!flush && !nbc_rules_meet(rules, first, last)))
		return false;
	*verdict = (struct nbc_verdict) { };
	if (flush)
		nbc_rules_act_on_flush(rules, cmd, verdict);
	else
		nbc_rules_act(rules, cmd, first, last, verdict);
	return verdict->rule || nbc_rules_keep_past(rules, cmd->op);
}

/**
 * nbc_rules_has - is there a rule of a number?
 * @rules: the rules
 * @id: the number
 *
 * Context: Any.
 * Return: whether there is, at this moment.
 */
bool nbc_rules_has(struct nbc_rules *rules, u32 id)
{
	return xa_load(&rules->ids, id);
}

static bool nbc_rule_has_sectors(const struct nbc_rule *rule)
{
	return rule->ops & ~nbc_op_bit(REQ_OP_FLUSH);
}

static bool nbc_rule_is_stale(const struct nbc_rule *rule)
{
	return rule->action == NBC_ACT_LIE && rule->lie == NBC_LIE_STALE;
}

/* What a rule acts on or has to see */
static u32 nbc_rule_sees(const struct nbc_rule *rule)
{
	return rule->ops | (nbc_rule_is_stale(rule) ? nbc_rules_past_ops() : 0);
}

/* One rule more or less for these operations */
static void nbc_rules_count_ops(struct nbc_rules *rules, unsigned long ops, int by)
{
	u32 any = rules->ops;
	unsigned int op;

	for_each_set_bit(op, &ops, BITS_PER_TYPE(u32)) {
		rules->nr_of_op[op] += by;
		if (rules->nr_of_op[op])
			any |= BIT(op);
		else
			any &= ~BIT(op);
	}
	WRITE_ONCE(rules->ops, any);
}

/*
 * Who goes down the tree without the lock may find the rule at once, and follow its
 * pointers. The barrier of write_seqlock() has them written before: see
 * litmus/rules_new.litmus.
 */
static void nbc_rule_link(struct nbc_rules *rules, struct nbc_rule *rule)
{
	write_seqlock_bh(&rules->lock);
	if (nbc_rule_has_sectors(rule))
		nbc_rule_tree_insert(rule, &rules->tree);
	if (rule->ops & nbc_op_bit(REQ_OP_FLUSH))
		list_add_tail(&rule->flush, &rules->flushes);
	if (nbc_rule_is_stale(rule))
		list_add_tail(&rule->flush, &rules->stale);
	nbc_rules_count_ops(rules, nbc_rule_sees(rule), 1);
	rules->changes++;
	write_sequnlock_bh(&rules->lock);
}

static void nbc_rule_unlink(struct nbc_rules *rules, struct nbc_rule *rule)
{
	write_seqlock_bh(&rules->lock);
	if (nbc_rule_has_sectors(rule))
		nbc_rule_tree_remove(rule, &rules->tree);
	if (rule->ops & nbc_op_bit(REQ_OP_FLUSH) || nbc_rule_is_stale(rule))
		list_del(&rule->flush);
	nbc_rules_count_ops(rules, nbc_rule_sees(rule), -1);
	rules->changes++;
	write_sequnlock_bh(&rules->lock);
}

static bool nbc_rule_has_holder(const struct nbc_rule *rule)
{
	return rule->action == NBC_ACT_HOLD && rule->holder;
}

static int nbc_rules_add(struct nbc_rules *rules, const struct nbc_rule *like)
{
	struct nbc_rule *rule;
	int ret;

	if (rules->nr >= NBC_MAX_RULES ||
	    (nbc_rule_is_stale(like) && rules->nr_stale >= NBC_MAX_STALE))
		return -ENOSPC;
	if (like->action == NBC_ACT_LIE && nbc_lies_prepare(&rules->lies))
		return -ENOMEM;
	rule = kmemdup(like, sizeof(*like), GFP_KERNEL_ACCOUNT);
	if (!rule)
		return -ENOMEM;
	ret = xa_alloc_cyclic(&rules->ids, &rule->id, rule, XA_LIMIT(1, U32_MAX),
			      &rules->last_id, GFP_KERNEL_ACCOUNT);
	if (ret < 0) {
		kfree(rule);
		return ret;
	}
	if (nbc_rule_has_holder(rule))
		xa_set_mark(&rules->ids, rule->id, NBC_RULE_HAS_HOLDER);
	nbc_rule_link(rules, rule);
	if (nbc_rule_is_stale(rule))
		WRITE_ONCE(rules->nr_stale, rules->nr_stale + 1);
	WRITE_ONCE(rules->nr, rules->nr + 1);
	return 0;
}

static int nbc_rules_remove(struct nbc_rules *rules, u32 id)
{
	struct nbc_rule *rule = xa_erase(&rules->ids, id);

	if (!rule)
		return -ENOENT;
	nbc_rule_unlink(rules, rule);
	if (nbc_rule_is_stale(rule)) {
		WRITE_ONCE(rules->nr_stale, rules->nr_stale - 1);
		/* No write keeps its blocks' past any more: a later rule must not find it. */
		nbc_past_forget(&rules->past);
	}
	nbc_rule_put_holder(rule);
	kfree_rcu(rule, rcu);
	WRITE_ONCE(rules->nr, rules->nr - 1);
	return 0;
}

/**
 * nbc_rules_have_holders - does any rule end with a process?
 * @rules: the rules
 *
 * Context: Process context; the caller serialises it with nbc_rules_change().
 * Return: whether any does.
 */
bool nbc_rules_have_holders(struct nbc_rules *rules)
{
	return xa_marked(&rules->ids, NBC_RULE_HAS_HOLDER);
}

/**
 * nbc_rules_remove_orphans - remove rules whose process is gone
 * @rules: the rules
 *
 * Context: Process context, may sleep; the caller serialises it with nbc_rules_change().
 * Return: whether there was any.
 */
bool nbc_rules_remove_orphans(struct nbc_rules *rules)
{
	struct nbc_rule *rule;
	unsigned long id;
	bool any = false;

	xa_for_each_marked(&rules->ids, id, rule, NBC_RULE_HAS_HOLDER) {
		if (!nbc_rule_orphaned(rule))
			continue;
		nbc_rules_remove(rules, id);
		any = true;
		cond_resched();
	}
	return any;
}

static void nbc_rules_remove_all(struct nbc_rules *rules)
{
	struct nbc_rule *rule;
	unsigned long id;

	xa_for_each(&rules->ids, id, rule) {
		nbc_rules_remove(rules, id);
		cond_resched();
	}
}

static int nbc_rules_obey(struct nbc_rules *rules, const struct nbc_rule_line *line)
{
	switch (line->verb) {
	case NBC_RULE_ADD:
		return nbc_rules_add(rules, &line->rule);
	case NBC_RULE_REMOVE:
		return nbc_rules_remove(rules, line->rule.id);
	case NBC_RULE_REMOVE_ALL:
		nbc_rules_remove_all(rules);
		return 0;
	}
	return -EINVAL;
}

static void nbc_rules_complain(const char *name, const struct nbc_rule_line *line, int ret)
{
	if (ret == -EINVAL)
		pr_err("%s: rules: \"%*pE\" is not valid, use %s\n", name,
		       (int)strlen(line->bad), line->bad, line->wants);
	else if (ret == -ENOENT)
		pr_err("%s: rules: there is no rule %u, see the list\n", name,
		       line->rule.id);
	else if (ret == -ENOSPC && nbc_rule_is_stale(&line->rule))
		pr_err("%s: rules: there are %u with lie=stale or %lu in all already, which is the most\n",
		       name, NBC_MAX_STALE, NBC_MAX_RULES);
	else if (ret == -ENOSPC)
		pr_err("%s: rules: there are %lu already, which is the most\n", name,
		       NBC_MAX_RULES);
}

static int nbc_rules_change_one(struct nbc_rules *rules, const char *name,
				const char *text, size_t len)
{
	struct nbc_rule_line *line = kmalloc(sizeof(*line), GFP_KERNEL);
	int ret;

	if (!line)
		return -ENOMEM;
	ret = nbc_rule_parse(text, len, line);
	if (!ret) {
		ret = nbc_rules_obey(rules, line);
		/* One that was added has it now. */
		if (ret && line->verb == NBC_RULE_ADD)
			nbc_rule_put_holder(&line->rule);
	}
	nbc_rules_complain(name, line, ret);
	kfree(line);
	return ret;
}

/*
 * Length of a text up to where it is cut: not in the middle of a line, if it can be. Who
 * writes more than a page does so by buffers of his own, which end anywhere.
 */
static size_t nbc_rules_whole(struct nbc_rules *rules, const char *text)
{
	size_t len = strlen(text);
	const char *end;

	if (len >= NBC_RULES_PAGE_BYTES - 1)
		rules->stream = true;
	else if (!len || text[len - 1] == '\n')
		rules->stream = false;
	if (!rules->stream)
		return len;
	end = strrchr(text, '\n');
	if (end)
		return end - text + 1;
	return len < NBC_RULE_TEXT_BYTES ? 0 : len;
}

/* The first line: that which was begun before, with the end that it has now */
static int nbc_rules_change_first(struct nbc_rules *rules, const char *name,
				  const char *text, size_t len)
{
	char line[2 * NBC_RULE_TEXT_BYTES];

	if (!*rules->rest)
		return nbc_rules_change_one(rules, name, text, len);
	scnprintf(line, sizeof(line), "%s%.*s", rules->rest, (int)len, text);
	*rules->rest = '\0';
	return nbc_rules_change_one(rules, name, line, strlen(line));
}

/*
 * A line that has a begin only is whole after all if the next write begins another one: the
 * text that it was the last of had no line feed at its end.
 */
static int nbc_rules_end_rest(struct nbc_rules *rules, const char *name, const char *text)
{
	if (!*rules->rest || !nbc_rule_begins(text))
		return 0;
	rules->stream = false;
	return nbc_rules_change_first(rules, name, "", 0);
}

/* Keeps the begin of a line for the next write, but for one that is too long in any case. */
static size_t nbc_rules_keep_rest(struct nbc_rules *rules, const char *text)
{
	size_t len = strlen(rules->rest), more = strlen(text);

	if (more >= sizeof(rules->rest) - len)
		return 0;
	memcpy(rules->rest + len, text, more + 1);
	return more;
}

static ssize_t nbc_rules_change_lines(struct nbc_rules *rules, const char *name,
				      const char *text)
{
	size_t end, at = 0, len;
	int ret;

	ret = nbc_rules_end_rest(rules, name, text);
	if (ret)
		return ret;
	end = nbc_rules_whole(rules, text);
	while (at < end || !*text) {
		len = min(strcspn(text + at, "\n"), end - at);
		ret = nbc_rules_change_first(rules, name, text + at, len);
		if (ret) {
			rules->stream = false;
			return at ?: ret;
		}
		if (!*text)
			break;
		at = min(at + len + 1, end);
	}
	at += nbc_rules_keep_rest(rules, text + at);
	/* It was too long. */
	if (!at && *text) {
		rules->stream = false;
		return nbc_rules_change_first(rules, name, text, strlen(text));
	}
	return at;
}

/**
 * nbc_rules_change - add and remove rules
 * @rules: the rules
 * @name: of their device
 * @text: lines for nbc_rule_parse(), or a part of more than a page of them
 *
 * Each line is taken or refused as a whole. The first that is refused ends it.
 *
 * Context: Process context, may sleep, but does not wait for I/O; the caller serialises
 * calls. Operations that come when this has returned meet the new rules.
 * Return: how many bytes of @text were taken. If the first line is refused: -EINVAL for
 * one that is not understood, -ENOENT for a rule that is not there, -ENOSPC for one too
 * many, -ENOMEM. After an error nothing has changed.
 */
int nbc_rules_change(struct nbc_rules *rules, const char *name, const char *text)
{
	unsigned int noio = memalloc_noio_save();
	int ret = nbc_rules_change_lines(rules, name, text);

	memalloc_noio_restore(noio);
	return ret;
}

/**
 * nbc_rules_print - print the rules, a line each
 * @rules: the rules
 * @page: output, PAGE_SIZE bytes
 *
 * Context: Process context; the caller serialises it with nbc_rules_change().
 * Return: number of bytes printed. Of rules that do not fit, a line says how many there
 * are. One more says that a line has no end yet, and is not in force.
 */
ssize_t nbc_rules_print(struct nbc_rules *rules, char *page)
{
	/* Room for those lines. */
	size_t size = NBC_RULES_PAGE_BYTES - 96, len = 0, nr = 0, printed;
	char text[2 * NBC_RULE_TEXT_BYTES];
	struct nbc_rule *rule;
	unsigned long id;

	xa_for_each(&rules->ids, id, rule) {
		read_seqlock_excl_bh(&rules->lock);
		printed = nbc_rule_print(rule, text, sizeof(text));
		read_sequnlock_excl_bh(&rules->lock);
		if (len + printed > size)
			break;
		memcpy(page + len, text, printed);
		len += printed;
		nr++;
	}
	if (nr < rules->nr)
		len += scnprintf(page + len, 32, "# %zu more\n", rules->nr - nr);
	if (*rules->rest)
		len += scnprintf(page + len, 64,
				 "# a line came without end, and is not in force\n");
	return len;
}

/**
 * nbc_rules_create - make a set of rules, with none in it
 * @rules: memory for it
 *
 * Context: Any.
 */
void nbc_rules_create(struct nbc_rules *rules)
{
	seqlock_init(&rules->lock);
	rules->tree = RB_ROOT_CACHED;
	INIT_LIST_HEAD(&rules->flushes);
	INIT_LIST_HEAD(&rules->stale);
	nbc_past_create(&rules->past);
	nbc_lies_create(&rules->lies);
	xa_init_flags(&rules->ids, XA_FLAGS_ALLOC1);
}

/**
 * nbc_rules_destroy - free all rules
 * @rules: a set that nobody asks any more
 *
 * Context: Process context, may sleep.
 */
void nbc_rules_destroy(struct nbc_rules *rules)
{
	nbc_rules_remove_all(rules);
	xa_destroy(&rules->ids);
	nbc_lies_destroy(&rules->lies);
	nbc_past_destroy(&rules->past);
}
