/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Operations that wait until the user lets them go.
 */
#ifndef _NULL_BLK_C_HOLD_H
#define _NULL_BLK_C_HOLD_H

#include <linux/blk_types.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "rules.h"

struct nbc_cmd;
struct nbc_disk;
struct nbc_held;

/*
 * Goes on with an operation that waited: ends it with @status, or does it if that is
 * BLK_STS_OK. Owns it, and is in process context.
 */
typedef void (*nbc_held_fn)(struct nbc_disk *ndisk, struct nbc_held *held,
			    blk_status_t status);

/**
 * struct nbc_held - an operation that waits, in what its request or bio has for it
 * @entry: place in &nbc_hold.waiting, guarded by its lock; or in a list of who let it go
 * @id: its number, by which the user names it
 * @verdict: what the rules said
 * @op: what it is to do
 * @flags: REQ_* of the request or bio
 * @first: first sector
 * @nr_sects: number of sectors, 0 for a flush
 * @go: goes on with it
 */
struct nbc_held {
	struct list_head	entry;
	u64			id;
	struct nbc_verdict	verdict;
	enum req_op		op;
	blk_opf_t		flags;
	u64			first;
	unsigned int		nr_sects;
	nbc_held_fn		go;
};

/**
 * struct nbc_hold - the operations of a disk that wait
 * @lock: guards all below; taken with interrupts off
 * @waiting: struct nbc_held, the oldest first
 * @last_id: number of the latest
 * @nr_going: how many tasks go on with some that they took off @waiting
 * @hurry: none waits any more
 * @idle: to be woken when @nr_going has become 0
 */
struct nbc_hold {
	spinlock_t		lock;
	struct list_head	waiting;
	u64			last_id;
	unsigned int		nr_going;
	bool			hurry;
	wait_queue_head_t	idle;
};

/**
 * struct nbc_hold_order - what the user wants to be done with what waits
 * @all: with everything
 * @id: or with one of them
 * @status: BLK_STS_OK lets it go on, any other is what it fails with
 */
struct nbc_hold_order {
	bool			all;
	u64			id;
	blk_status_t		status;
};

void nbc_hold_create(struct nbc_hold *hold);
bool nbc_hold_add(struct nbc_hold *hold, struct nbc_rules *rules, struct nbc_held *held,
		  const struct nbc_cmd *cmd, const struct nbc_verdict *verdict,
		  nbc_held_fn go);
int nbc_hold_parse(const char *text, struct nbc_hold_order *order);
bool nbc_hold_take(struct nbc_hold *hold, const struct nbc_hold_order *order,
		   struct list_head *taken);
bool nbc_hold_take_free(struct nbc_hold *hold, struct nbc_rules *rules,
			struct list_head *taken);
void nbc_hold_go_orphans(struct nbc_hold *hold, struct nbc_disk *ndisk,
			 struct list_head *taken);
void nbc_hold_go(struct nbc_hold *hold, struct nbc_disk *ndisk, struct list_head *taken,
		 blk_status_t status);
void nbc_hold_hurry(struct nbc_hold *hold, struct nbc_disk *ndisk, bool hurry,
		    blk_status_t status);
void nbc_hold_drain(struct nbc_hold *hold);
ssize_t nbc_hold_print(struct nbc_hold *hold, char *page);

#endif /* _NULL_BLK_C_HOLD_H */
