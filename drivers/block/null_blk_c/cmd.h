/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Commands: operations on a disk, wherever they come from.
 */
#ifndef _NULL_BLK_C_CMD_H
#define _NULL_BLK_C_CMD_H

#include <linux/blk_types.h>
#include <linux/ktime.h>
#include <linux/types.h>

/**
 * struct nbc_cmd - one operation on a disk, from a request or from a bio
 * @bio: chain of bios with the data
 * @op: what to do
 * @flags: REQ_* of the request or bio
 * @pos: first byte; a zone append sets it to where the data went
 * @len: number of bytes, 0 for a flush
 * @done: how many of them are to be done, and were in the end; a stage that forbids a part
 *	makes it less
 * @status: the outcome; what a stage found stays, whatever later ones find
 * @polled: it waits for a poller, not for the timer
 * @lies: it is the first part of a struct nbc_lying_cmd
 * @queue: number of the hardware queue that it came by
 * @begin: when its time begins, on CLOCK_MONOTONIC; 0 for when its data is done
 * @came: when it came, on CLOCK_MONOTONIC, if there is a latency model
 * @delay: how long it takes besides, whatever the limits say
 * @due: when it may complete; 0 for now
 */
struct nbc_cmd {
	struct bio	*bio;
	enum req_op	op;
	blk_opf_t	flags;
	u64		pos;
	unsigned int	len;
	unsigned int	done;
	blk_status_t	status;
	bool		polled;
	bool		lies;
	unsigned int	queue;
	ktime_t		begin;
	ktime_t		came;
	ktime_t		delay;
	ktime_t		due;
};

struct nbc_verdict;

/**
 * struct nbc_lying_cmd - one whose data is not dealt with as everybody believes
 * @cmd: what they believe
 * @verdict: what the rules say
 */
struct nbc_lying_cmd {
	struct nbc_cmd			cmd;
	const struct nbc_verdict	*verdict;
};

#endif /* _NULL_BLK_C_CMD_H */
