/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rules of a device: what it does to which operations, and where.
 */
#ifndef _NULL_BLK_C_RULES_H
#define _NULL_BLK_C_RULES_H

#include <linux/blk_types.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/seqlock.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "lies.h"
#include "past.h"
#include "rule.h"

struct nbc_cmd;

/* A million ranges, as users have asked for, and what a rule takes is 128 bytes. */
#define NBC_MAX_RULES	BIT(20)
/* Each write to the disk looks at all of them, as long as there are any. */
#define NBC_MAX_STALE	64

/**
 * struct nbc_rules - the rules of a device
 * @lock: guards @tree and @flushes, and in rules what changes. Requests that meet no
 *	rule do not take it
 * @tree: rules by sector: an interval tree, whose nodes stay for an RCU grace period
 * @changes: how often @tree changed
 * @flushes: rules for flushes, which have no sector, in the order in which they came
 * @stale: rules that give readers older data; changes under @lock
 * @nr_stale: how many they are; changes as @ids does, and is read without a lock
 * @ops: operations that any rule is for, or has to see: a bit for each enum req_op; changes
 *	under @lock, and is read without
 * @nr_of_op: by bit of @ops, how many rules are for it
 * @ids: all rules, by number; those with a holder are marked. Changes, as do the rest,
 *	under &nbc_device.config_lock
 * @nr: how many
 * @last_id: number of the latest
 * @rest: begin of a line whose end has not been written yet, or ""; changes as @ids does
 * @stream: more is being written than configfs takes at once; likewise
 * @lies: what those that lie did
 * @past: older data, for those of @stale
 */
struct nbc_rules {
	seqlock_t		lock;
	struct rb_root_cached	tree;
	unsigned int		changes;
	struct list_head	flushes;
	struct list_head	stale;
	unsigned int		nr_stale;
	u32			ops;
	unsigned int		nr_of_op[BITS_PER_TYPE(u32)];
	struct xarray		ids;
	unsigned int		nr;
	u32			last_id;
	char			rest[NBC_RULE_TEXT_BYTES];
	bool			stream;
	struct nbc_lies		lies;
	struct nbc_past		past;
};

/**
 * struct nbc_verdict - what rules say about an operation
 * @rule: number of the rule that decided, 0 for none
 * @status: what it fails with, or BLK_STS_OK
 * @hold: it waits until the user lets it go
 * @orphan: then, what it ends with if the rule's process goes, or BLK_STS_OK to go on
 * @lies: it is not done as it seems
 * @lie: then, in which way: enum nbc_lie
 * @delay_nsec: how much longer it takes
 * @draw: a random number for a lie
 * @at: a random sector, of those that the operation and the rule are both about; for stale
 *	data, the first of them
 * @by: how far away the data goes; for stale data, how many sectors from @at
 */
struct nbc_verdict {
	u32		rule;
	blk_status_t	status;
	bool		hold;
	blk_status_t	orphan;
	bool		lies;
	u8		lie;
	u64		delay_nsec;
	u64		draw;
	u64		at;
	u64		by;
};

void nbc_rules_create(struct nbc_rules *rules);
void nbc_rules_destroy(struct nbc_rules *rules);
int nbc_rules_change(struct nbc_rules *rules, const char *name, const char *text);
ssize_t nbc_rules_print(struct nbc_rules *rules, char *page);
bool nbc_rules_have_holders(struct nbc_rules *rules);
bool nbc_rules_remove_orphans(struct nbc_rules *rules);
bool nbc_rules_has(struct nbc_rules *rules, u32 id);
bool nbc_rules_keep_past(const struct nbc_rules *rules, enum req_op op);
bool nbc_rules_want_past(struct nbc_rules *rules, u64 pos, u64 len);
bool nbc_rules_judge(struct nbc_rules *rules, const struct nbc_cmd *cmd,
		     struct nbc_verdict *verdict);

#endif /* _NULL_BLK_C_RULES_H */
