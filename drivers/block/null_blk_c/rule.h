/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rules: what a disk does to operations that it would otherwise do well, and the line of
 * text that says so.
 */
#ifndef _NULL_BLK_C_RULE_H
#define _NULL_BLK_C_RULE_H

#include <linux/bits.h>
#include <linux/blk_types.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/pid.h>
#include <linux/rbtree.h>
#include <linux/types.h>

/* Longest line, with its end. */
#define NBC_RULE_TEXT_BYTES	256
/* A byte's position must fit in 63 bits. */
#define NBC_RULE_MAX_SECTOR	(LLONG_MAX >> SECTOR_SHIFT)
/* &nbc_rule.times: as often as it is met. */
#define NBC_RULE_FOREVER	U64_MAX

/**
 * enum nbc_action - what a rule does
 * @NBC_ACT_NONE: nothing, there is no rule
 * @NBC_ACT_STATUS: the operation fails, and nothing of it is done
 * @NBC_ACT_DELAY: it takes longer
 * @NBC_ACT_HOLD: it waits until the user lets it go
 * @NBC_ACT_LIE: it is said to be done, and is not
 */
enum nbc_action {
	NBC_ACT_NONE,
	NBC_ACT_STATUS,
	NBC_ACT_DELAY,
	NBC_ACT_HOLD,
	NBC_ACT_LIE,
};

/**
 * struct nbc_rule - a rule
 * @node: place in the tree of rules
 * @first: first sector that it is for
 * @last: last one
 * @subtree_last: greatest @last in the tree from @node down
 * @flush: place in the list of rules for flushes, or of those with NBC_LIE_STALE
 * @rcu: for those who still look at it after it was taken out
 * @id: its number; 0 until it has one
 * @ops: which operations it is for: a bit for each enum req_op
 * @action: enum nbc_action
 * @status: with NBC_ACT_STATUS, what the operation ends with; with @holder, what those that
 *	wait end with when it is gone, or BLK_STS_OK to let them go on
 * @lie: with NBC_ACT_LIE, enum nbc_lie
 * @chance: it hits one operation in so many, by chance
 * @delay_nsec: with NBC_ACT_DELAY, how much longer it takes
 * @by: with NBC_LIE_MISPLACED, how many sectors away the data goes
 * @holder: with NBC_ACT_HOLD, the process that the rule ends with, or NULL; a reference
 * @seed: of all that is left to chance
 * @met: operations that it met while @times was not used up
 * @hits: how many of them it acted on
 * @times: how many more it may act on, or NBC_RULE_FOREVER
 * @space: how many more pass before the first that it may act on
 *
 * The first four and all up to @seed do not change as long as others know of the rule. The
 * rest is guarded by &nbc_rules.lock.
 */
struct nbc_rule {
	struct rb_node		node;
	u64			first;
	u64			last;
	u64			subtree_last;
	union {
		struct list_head	flush;
		struct rcu_head		rcu;
	};
	u32			id;
	u32			ops;
	u8			action;
	blk_status_t		status;
	u8			lie;
	u32			chance;
	union {
		u64		delay_nsec;
		u64		by;
		struct pid	*holder;
	};
	u64			seed;
	u64			met;
	u64			hits;
	u64			times;
	u64			space;
};

/**
 * enum nbc_rule_verb - what a line asks for
 * @NBC_RULE_ADD: a new rule
 * @NBC_RULE_REMOVE: the rule of a number goes
 * @NBC_RULE_REMOVE_ALL: all rules go
 */
enum nbc_rule_verb {
	NBC_RULE_ADD,
	NBC_RULE_REMOVE,
	NBC_RULE_REMOVE_ALL,
};

/**
 * struct nbc_rule_line - a line of text, understood or not
 * @verb: what it asks for
 * @rule: what to add, or, to remove one, its @id
 * @text: copy of the line, in pieces
 * @bad: if it was not understood: the part of @text that is to blame, or all of it
 * @wants: and what could be there
 */
struct nbc_rule_line {
	enum nbc_rule_verb	verb;
	struct nbc_rule		rule;
	char			text[NBC_RULE_TEXT_BYTES];
	const char		*bad;
	const char		*wants;
};

/* The bit of an operation in &nbc_rule.ops. */
static inline u32 nbc_op_bit(enum req_op op)
{
	return BIT((__force unsigned int)op);
}

bool nbc_rule_begins(const char *text);
int nbc_rule_parse(const char *text, size_t len, struct nbc_rule_line *line);
void nbc_rule_put_holder(struct nbc_rule *rule);
bool nbc_rule_orphaned(const struct nbc_rule *rule);
int nbc_rule_print(const struct nbc_rule *rule, char *buf, size_t size);
u64 nbc_rule_draw(const struct nbc_rule *rule, u64 what);
bool nbc_rule_hits(struct nbc_rule *rule);
int nbc_status_parse(const char *name, blk_status_t *status);
u32 nbc_ops_parse(char *names);

/* What nbc_status_parse() takes, for a line in the log. */
extern const char nbc_status_wants[];
/* Likewise nbc_ops_parse() */
extern const char nbc_ops_wants[];

#endif /* _NULL_BLK_C_RULE_H */
