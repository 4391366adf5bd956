/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Statistics of a disk, for watch.c and debugfs.c.
 */
#ifndef _MQBLK_STATS_H
#define _MQBLK_STATS_H

#include <linux/atomic.h>
#include <linux/blk-mq.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/**
 * enum mqblk_op - what requests are told apart by
 * @MQBLK_OP_READ: read
 * @MQBLK_OP_WRITE: write
 * @MQBLK_OP_FLUSH: flush
 * @MQBLK_OP_DISCARD: discard
 * @MQBLK_OP_ZEROES: write zeroes
 * @MQBLK_OP_APPEND: zone append
 * @MQBLK_OP_ZONE: zone management
 * @MQBLK_OP_OTHER: all else: passthrough, secure erase
 * @MQBLK_NR_OPS: how many these are
 */
enum mqblk_op {
	MQBLK_OP_READ,
	MQBLK_OP_WRITE,
	MQBLK_OP_FLUSH,
	MQBLK_OP_DISCARD,
	MQBLK_OP_ZEROES,
	MQBLK_OP_APPEND,
	MQBLK_OP_ZONE,
	MQBLK_OP_OTHER,
	MQBLK_NR_OPS,
};

/* Bucket 0 is below 256 ns, bucket n from 2^(n+7) ns, the last from 275 s on. */
#define MQBLK_NR_BUCKETS	32

/**
 * struct mqblk_op_counts - what is counted of one operation
 * @requests: that ended, well or not
 * @errors: of them, not well
 * @bytes: that the good ones were about
 * @total_ns: that all took together
 * @buckets: requests by the time that they took
 */
struct mqblk_op_counts {
	u64	requests;
	u64	errors;
	u64	bytes;
	u64	total_ns;
	u64	buckets[MQBLK_NR_BUCKETS];
};

/**
 * struct mqblk_counts - counters that one CPU writes, or who holds a lock
 * @ops: by enum mqblk_op
 */
struct mqblk_counts {
	struct mqblk_op_counts	ops[MQBLK_NR_OPS];
};

/**
 * struct mqblk_queue_stats - counters of a hardware queue
 * @lock: guards writing to @shared; taken with interrupts off, innermost
 * @shared: for CPUs that are not in @cpus
 * @base: what all the others were at the last reset; guarded by
 *	mqblk_watch_lock
 * @cpus: for the CPUs that submit to this queue, or NULL; set once, under
 *	mqblk_watch_lock
 */
struct mqblk_queue_stats {
	raw_spinlock_t		lock;
	struct mqblk_counts	shared;
	struct mqblk_counts	base;
	struct mqblk_counts	*cpus[];
};

/* A bio says its stream in a byte. */
#define MQBLK_NR_STREAMS	256

/**
 * struct mqblk_stream - writes in a stream
 * @writes: that ended, well or not
 * @bytes: that the good ones were about
 * @base_writes: @writes at the last reset; guarded by mqblk_watch_lock
 * @base_bytes: @bytes then; likewise
 */
struct mqblk_stream {
	atomic64_t	writes;
	atomic64_t	bytes;
	u64		base_writes;
	u64		base_bytes;
};

/**
 * struct mqblk_stats - counters of a disk
 * @on: requests are counted; changed under mqblk_watch_lock
 * @nr_slots: hardware queues that the disk can ever have, and one
 * @streams: by number of the stream, as a disk may have some later; NULL if the kernel has
 *	none
 * @queues: of each queue, NULL until it is known, and at last one for all
 *	queues that are not; set once, under mqblk_watch_lock
 */
struct mqblk_stats {
	bool				on;
	unsigned int			nr_slots;
	struct mqblk_stream		*streams;
	struct mqblk_queue_stats	*queues[] __counted_by(nr_slots);
};

/**
 * struct mqblk_sample - a request that ended
 * @queue: number of its hardware queue
 * @op: operation
 * @bytes: length
 * @ns: time that it took
 * @failed: not well
 * @stream: of a write: that it is in, or 0
 */
struct mqblk_sample {
	unsigned int	queue;
	enum mqblk_op	op;
	unsigned int	bytes;
	u64		ns;
	bool		failed;
	u8		stream;
};

unsigned int mqblk_stats_bucket(u64 ns);
u64 mqblk_stats_floor_ns(unsigned int bucket);
enum mqblk_op mqblk_stats_op(enum req_op op);
struct mqblk_stats *mqblk_stats_alloc(unsigned int nr_queues);
void mqblk_stats_free(struct mqblk_stats *stats);
int mqblk_stats_add_queue(struct mqblk_stats *stats, unsigned int nr,
			  const struct cpumask *cpus);
void mqblk_stats_count(struct mqblk_stats *stats,
		       const struct mqblk_sample *sample);
void mqblk_stats_reset(struct mqblk_stats *stats);
void mqblk_stats_sum(const struct mqblk_queue_stats *queue, enum mqblk_op op,
		     struct mqblk_op_counts *sum);
void mqblk_stats_show(const struct mqblk_stats *stats, struct seq_file *seq);
void mqblk_stats_show_latency(const struct mqblk_stats *stats,
			      struct seq_file *seq);
void mqblk_stats_show_streams(const struct mqblk_stats *stats,
			      struct seq_file *seq);

#endif /* _MQBLK_STATS_H */
