/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lies: operations that are said to be done, and are not, or not as they were asked for;
 * and a record of them.
 */
#ifndef _NULL_BLK_C_LIES_H
#define _NULL_BLK_C_LIES_H

#include <linux/blk_types.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct nbc_cmd;
struct nbc_pi;
struct nbc_rules;
struct nbc_store;
struct nbc_verdict;

/**
 * enum nbc_lie - what is not as it is said to be
 * @NBC_LIE_LOST: nothing was done
 * @NBC_LIE_SHORN: only the first blocks were written
 * @NBC_LIE_MISPLACED: the data went elsewhere
 * @NBC_LIE_BITROT: a bit of what was read is wrong, this time
 * @NBC_LIE_DECAY: a bit of what is stored went wrong, before it was read
 * @NBC_LIE_STALE: what was read is what was there before the last write
 * @NBC_NR_LIES: how many there are
 */
enum nbc_lie {
	NBC_LIE_LOST,
	NBC_LIE_SHORN,
	NBC_LIE_MISPLACED,
	NBC_LIE_BITROT,
	NBC_LIE_DECAY,
	NBC_LIE_STALE,
	NBC_NR_LIES,
};

/**
 * struct nbc_lie_entry - a lie that was told
 * @id: its number, from 1 on
 * @time_ns: when, on CLOCK_REALTIME
 * @first: first sector of the operation, 0 for a flush
 * @where: the sector where a bit is wrong, or where the data went, or the first that was
 *	not written, or the first that is stale
 * @bit: which bit of that sector; of stale data, how many sectors
 * @nr_sects: of the operation
 * @rule: number of the rule
 * @op: operation
 * @lie: enum nbc_lie
 */
struct nbc_lie_entry {
	u64		id;
	u64		time_ns;
	u64		first;
	u64		where;
	unsigned int	bit;
	unsigned int	nr_sects;
	u32		rule;
	enum req_op	op;
	enum nbc_lie	lie;
};

/**
 * struct nbc_lies - the record of a device
 * @lock: guards all below; taken with interrupts off
 * @ring: the latest entries; NULL as long as no rule may lie. Set once
 * @nr: how many lies there were
 * @forgotten: how many of the first ones are not to be shown any more
 */
struct nbc_lies {
	spinlock_t		lock;
	struct nbc_lie_entry	*ring;
	u64			nr;
	u64			forgotten;
};

extern const char * const nbc_lie_names[NBC_NR_LIES];

/**
 * struct nbc_lying - a command that is not done as it seems
 * @seems: what the stages before and after its data believe
 * @verdict: what the rules say
 * @entry: what is recorded of it
 */
struct nbc_lying {
	const struct nbc_cmd		*seems;
	const struct nbc_verdict	*verdict;
	struct nbc_lie_entry		entry;
};

void nbc_lies_create(struct nbc_lies *lies);
void nbc_lies_destroy(struct nbc_lies *lies);
int nbc_lies_prepare(struct nbc_lies *lies);
int nbc_lies_forget(struct nbc_lies *lies, const char *text);
ssize_t nbc_lies_print(struct nbc_lies *lies, char *page);

bool nbc_lie_begin(struct nbc_lying *lying, struct nbc_store *store,
		   const struct nbc_pi *pi, unsigned int block_bytes,
		   u64 capacity, struct nbc_cmd *cmd);
void nbc_lie_end(struct nbc_lying *lying, struct nbc_rules *rules,
		 unsigned int block_bytes);

#endif /* _NULL_BLK_C_LIES_H */
