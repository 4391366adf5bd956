// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics of a disk: requests by hardware queue and operation, and a
 * histogram of the time that they took.
 *
 * A queue has counters for each CPU that submits to it, which is where its
 * requests end as well, but for a few. A CPU writes its own with interrupts off
 * and shares no line with others; whoever ends a request on another CPU takes
 * the queue's lock. So the memory grows with CPUs, not with CPUs times queues.
 *
 * Nobody writes a counter but its CPU, not even a reset: that notes what the
 * counters are, and what is shown is what came since. A request that ends
 * meanwhile is before it or after it, and is never lost. On 32-bit machines a
 * reader may see half of a carry.
 *
 * Queues and CPUs that came after they were last looked for are counted, too:
 * their requests together in a last row, "more".
 */
#include <linux/blkdev.h>
#include <linux/compiler.h>
#include <linux/cpumask.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/mqblk.h>
#include <linux/mqblk_compat.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>

#include "stats.h"

/* Bucket 1 begins at 2 to the power of this, plus 1. */
#define MQBLK_BUCKET_SHIFT	7

static const char *const mqblk_op_names[MQBLK_NR_OPS] = {
	[MQBLK_OP_READ]		= "read",
	[MQBLK_OP_WRITE]	= "write",
	[MQBLK_OP_FLUSH]	= "flush",
	[MQBLK_OP_DISCARD]	= "discard",
	[MQBLK_OP_ZEROES]	= "write_zeroes",
	[MQBLK_OP_APPEND]	= "zone_append",
	[MQBLK_OP_ZONE]		= "zone_mgmt",
	[MQBLK_OP_OTHER]	= "other",
};

/* --- arithmetic ----------------------------------------------------------- */

/**
 * mqblk_stats_bucket - where a time belongs
 * @ns: the time
 *
 * Return: index into &mqblk_op_counts.buckets.
 */
unsigned int mqblk_stats_bucket(u64 ns)
{
	unsigned int order = ilog2(ns | BIT_ULL(MQBLK_BUCKET_SHIFT));

	return min(order - MQBLK_BUCKET_SHIFT, MQBLK_NR_BUCKETS - 1);
}

/**
 * mqblk_stats_floor_ns - least time that belongs to a bucket
 * @bucket: index
 *
 * Return: the time in ns.
 */
u64 mqblk_stats_floor_ns(unsigned int bucket)
{
	return bucket ? BIT_ULL(bucket + MQBLK_BUCKET_SHIFT) : 0;
}

/**
 * mqblk_stats_op - what an operation counts as
 * @op: as the block layer calls it
 *
 * Return: as the counters do.
 */
enum mqblk_op mqblk_stats_op(enum req_op op)
{
	switch (op) {
	case REQ_OP_READ:
		return MQBLK_OP_READ;
	case REQ_OP_WRITE:
		return MQBLK_OP_WRITE;
	case REQ_OP_FLUSH:
		return MQBLK_OP_FLUSH;
	case REQ_OP_DISCARD:
		return MQBLK_OP_DISCARD;
	case REQ_OP_WRITE_ZEROES:
		return MQBLK_OP_ZEROES;
	case REQ_OP_ZONE_APPEND:
		return MQBLK_OP_APPEND;
	case REQ_OP_ZONE_OPEN:
	case REQ_OP_ZONE_CLOSE:
	case REQ_OP_ZONE_FINISH:
	case REQ_OP_ZONE_RESET:
	case REQ_OP_ZONE_RESET_ALL:
		return MQBLK_OP_ZONE;
	default:
		return MQBLK_OP_OTHER;
	}
}

/* --- counting ------------------------------------------------------------- */

/* For the one writer; whoever reads sees the old value or the new one. */
static void mqblk_counter_add(u64 *counter, u64 more)
{
	WRITE_ONCE(*counter, *counter + more);
}

static void mqblk_counts_add(struct mqblk_counts *counts,
			     const struct mqblk_sample *sample)
{
	struct mqblk_op_counts *op = &counts->ops[sample->op];

	mqblk_counter_add(&op->requests, 1);
	if (sample->failed)
		mqblk_counter_add(&op->errors, 1);
	else
		mqblk_counter_add(&op->bytes, sample->bytes);
	mqblk_counter_add(&op->total_ns, sample->ns);
	mqblk_counter_add(&op->buckets[mqblk_stats_bucket(sample->ns)], 1);
}

static struct mqblk_queue_stats *
mqblk_stats_queue(const struct mqblk_stats *stats, unsigned int nr)
{
	const unsigned int last = stats->nr_slots - 1;
	struct mqblk_queue_stats *queue = NULL;

	if (nr < last)
		queue = READ_ONCE(stats->queues[nr]);
	return queue ?: stats->queues[last];
}

/* Any CPU counts in the same: few writes have a stream, and only who asks counts. */
static void mqblk_stream_count(const struct mqblk_stats *stats,
			       const struct mqblk_sample *sample)
{
	struct mqblk_stream *stream;

	if (!stats->streams)
		return;
	stream = &stats->streams[sample->stream];
	atomic64_inc(&stream->writes);
	if (!sample->failed)
		atomic64_add(sample->bytes, &stream->bytes);
}

/**
 * mqblk_stats_count - count a request that ended
 * @stats: where
 * @sample: what is known of it
 *
 * Context: Any.
 */
void mqblk_stats_count(struct mqblk_stats *stats,
		       const struct mqblk_sample *sample)
{
	struct mqblk_queue_stats *queue =
		mqblk_stats_queue(stats, sample->queue);
	struct mqblk_counts *own;
	unsigned long flags;

	if (sample->stream)
		mqblk_stream_count(stats, sample);
	local_irq_save(flags);
	own = READ_ONCE(queue->cpus[smp_processor_id()]);
	if (own) {
		mqblk_counts_add(own, sample);
	} else {
		raw_spin_lock(&queue->lock);
		mqblk_counts_add(&queue->shared, sample);
		raw_spin_unlock(&queue->lock);
	}
	local_irq_restore(flags);
}

/* --- summing up ----------------------------------------------------------- */

static void mqblk_op_counts_add(struct mqblk_op_counts *sum,
				const struct mqblk_op_counts *more)
{
	unsigned int i;

	sum->requests += READ_ONCE(more->requests);
	sum->errors += READ_ONCE(more->errors);
	sum->bytes += READ_ONCE(more->bytes);
	sum->total_ns += READ_ONCE(more->total_ns);
	for (i = 0; i < MQBLK_NR_BUCKETS; i++)
		sum->buckets[i] += READ_ONCE(more->buckets[i]);
}

static void mqblk_op_counts_sub(struct mqblk_op_counts *sum,
				const struct mqblk_op_counts *less)
{
	unsigned int i;

	sum->requests -= less->requests;
	sum->errors -= less->errors;
	sum->bytes -= less->bytes;
	sum->total_ns -= less->total_ns;
	for (i = 0; i < MQBLK_NR_BUCKETS; i++)
		sum->buckets[i] -= less->buckets[i];
}

static void mqblk_stats_sum_all(const struct mqblk_queue_stats *queue,
				enum mqblk_op op, struct mqblk_op_counts *sum)
{
	const struct mqblk_counts *own;
	unsigned int cpu;

	memset(sum, 0, sizeof(*sum));
	mqblk_op_counts_add(sum, &queue->shared.ops[op]);
	for_each_possible_cpu(cpu) {
		own = READ_ONCE(queue->cpus[cpu]);
		if (own)
			mqblk_op_counts_add(sum, &own->ops[op]);
	}
}

/**
 * mqblk_stats_sum - what was counted since the last reset
 * @queue: on this queue
 * @op: of this operation
 * @sum: result; of requests that end just now, a part may be in it
 *
 * Context: Any; the caller keeps resets away.
 */
void mqblk_stats_sum(const struct mqblk_queue_stats *queue, enum mqblk_op op,
		     struct mqblk_op_counts *sum)
{
	mqblk_stats_sum_all(queue, op, sum);
	mqblk_op_counts_sub(sum, &queue->base.ops[op]);
}

static void mqblk_streams_reset(struct mqblk_stream *streams)
{
	unsigned int i;

	for (i = 0; streams && i < MQBLK_NR_STREAMS; i++) {
		streams[i].base_writes = atomic64_read(&streams[i].writes);
		streams[i].base_bytes = atomic64_read(&streams[i].bytes);
	}
}

/**
 * mqblk_stats_reset - begin to count from zero
 * @stats: the counters
 *
 * Context: Any; the caller keeps readers and other resets away.
 */
void mqblk_stats_reset(struct mqblk_stats *stats)
{
	struct mqblk_queue_stats *queue;
	unsigned int i;
	int op;

	for (i = 0; i < stats->nr_slots; i++) {
		queue = stats->queues[i];
		for (op = 0; queue && op < MQBLK_NR_OPS; op++)
			mqblk_stats_sum_all(queue, op, &queue->base.ops[op]);
	}
	mqblk_streams_reset(stats->streams);
}

/* --- text ----------------------------------------------------------------- */

static void mqblk_show_queue(const struct mqblk_stats *stats, unsigned int nr,
			     struct seq_file *seq)
{
	if (nr < stats->nr_slots - 1)
		seq_printf(seq, "%5u", nr);
	else
		seq_puts(seq, " more");
}

/* Calls @show for all that is not zero. */
static void mqblk_stats_each(const struct mqblk_stats *stats,
			     struct seq_file *seq,
			     void (*show)(const struct mqblk_stats *stats,
					  struct seq_file *seq, unsigned int nr,
					  enum mqblk_op op,
					  const struct mqblk_op_counts *sum))
{
	struct mqblk_op_counts sum;
	unsigned int nr;
	int op;

	for (nr = 0; nr < stats->nr_slots; nr++) {
		for (op = 0; stats->queues[nr] && op < MQBLK_NR_OPS; op++) {
			mqblk_stats_sum(stats->queues[nr], op, &sum);
			if (sum.requests)
				show(stats, seq, nr, op, &sum);
		}
	}
}

static void mqblk_show_op(const struct mqblk_stats *stats, struct seq_file *seq,
			  unsigned int nr, enum mqblk_op op,
			  const struct mqblk_op_counts *sum)
{
	mqblk_show_queue(stats, nr, seq);
	seq_printf(seq, " %-12s %12llu %8llu %16llu %12llu\n",
		   mqblk_op_names[op], sum->requests, sum->errors, sum->bytes,
		   div64_u64(sum->total_ns, sum->requests));
}

/**
 * mqblk_stats_show - print counters, a line for each queue and operation
 * @stats: the counters, or NULL for none
 * @seq: output
 *
 * Context: Process context; the caller keeps resets away.
 */
void mqblk_stats_show(const struct mqblk_stats *stats, struct seq_file *seq)
{
	seq_puts(seq, "queue operation        requests   errors            bytes      mean_ns\n");
	if (stats)
		mqblk_stats_each(stats, seq, mqblk_show_op);
}

static void mqblk_show_buckets(const struct mqblk_stats *stats,
			       struct seq_file *seq, unsigned int nr,
			       enum mqblk_op op,
			       const struct mqblk_op_counts *sum)
{
	unsigned int i;

	for (i = 0; i < MQBLK_NR_BUCKETS; i++) {
		if (!sum->buckets[i])
			continue;
		mqblk_show_queue(stats, nr, seq);
		seq_printf(seq, " %-12s %12llu %12llu\n", mqblk_op_names[op],
			   mqblk_stats_floor_ns(i), sum->buckets[i]);
	}
}

/**
 * mqblk_stats_show_latency - print histograms, a line for each bucket in use
 * @stats: the counters, or NULL for none
 * @seq: output
 *
 * Context: Process context; the caller keeps resets away.
 */
void mqblk_stats_show_latency(const struct mqblk_stats *stats,
			      struct seq_file *seq)
{
	seq_puts(seq, "queue operation         from_ns     requests\n");
	if (stats)
		mqblk_stats_each(stats, seq, mqblk_show_buckets);
}

/**
 * mqblk_stats_show_streams - print counters of writes, a line for each stream in use
 * @stats: the counters, or NULL for none
 * @seq: output
 *
 * Context: Process context; the caller keeps resets away.
 */
void mqblk_stats_show_streams(const struct mqblk_stats *stats, struct seq_file *seq)
{
	const struct mqblk_stream *stream;
	unsigned int i;
	u64 writes;

	seq_puts(seq, "stream       writes            bytes\n");
	for (i = 1; stats && stats->streams && i < MQBLK_NR_STREAMS; i++) {
		stream = &stats->streams[i];
		writes = atomic64_read(&stream->writes) - stream->base_writes;
		if (writes)
			seq_printf(seq, "%6u %12llu %16llu\n", i, writes,
				   atomic64_read(&stream->bytes) - stream->base_bytes);
	}
}

/* --- life ----------------------------------------------------------------- */

static void mqblk_queue_stats_free(struct mqblk_queue_stats *queue)
{
	unsigned int cpu;

	if (!queue)
		return;
	for_each_possible_cpu(cpu)
		kfree(queue->cpus[cpu]);
	kvfree(queue);
}

static struct mqblk_queue_stats *mqblk_queue_stats_alloc(void)
{
	struct mqblk_queue_stats *queue;

	queue = kvzalloc(struct_size(queue, cpus, nr_cpu_ids), GFP_KERNEL);
	if (queue)
		raw_spin_lock_init(&queue->lock);
	return queue;
}

/**
 * mqblk_stats_add_queue - have counters of their own for a queue and its CPUs
 * @stats: the counters; may be in use
 * @nr: number of the queue
 * @cpus: who submits to it
 *
 * Context: Process context, may sleep; the caller serialises calls.
 * Return: 0, or -ENOMEM, and then requests are counted nevertheless: in the row
 * for queues that are not known, or under a lock.
 */
int mqblk_stats_add_queue(struct mqblk_stats *stats, unsigned int nr,
			  const struct cpumask *cpus)
{
	struct mqblk_queue_stats *queue;
	struct mqblk_counts *own;
	unsigned int cpu;

	if (nr >= stats->nr_slots - 1)
		return 0;
	queue = stats->queues[nr];
	if (!queue) {
		queue = mqblk_queue_stats_alloc();
		if (!queue)
			return -ENOMEM;
		/* It is zeroed before a CPU finds it: see litmus/stats.litmus. */
		smp_store_release(&stats->queues[nr], queue);
	}
	for_each_cpu(cpu, cpus) {
		if (queue->cpus[cpu])
			continue;
		own = kzalloc_node(sizeof(*own), GFP_KERNEL, cpu_to_node(cpu));
		if (!own)
			return -ENOMEM;
		/* Likewise. */
		smp_store_release(&queue->cpus[cpu], own);
	}
	return 0;
}

/**
 * mqblk_stats_free - free counters
 * @stats: that no request will be counted in any more, or NULL
 *
 * Context: Process context.
 */
void mqblk_stats_free(struct mqblk_stats *stats)
{
	unsigned int i;

	if (!stats)
		return;
	for (i = 0; i < stats->nr_slots; i++)
		mqblk_queue_stats_free(stats->queues[i]);
	kfree(stats->streams);
	kfree(stats);
}

/**
 * mqblk_stats_alloc - make counters
 * @nr_queues: hardware queues that a disk can ever have
 *
 * Context: Process context, may sleep.
 * Return: the counters, off, which know no queue; NULL without memory.
 */
struct mqblk_stats *mqblk_stats_alloc(unsigned int nr_queues)
{
	struct mqblk_stats *stats;

	stats = kzalloc(struct_size(stats, queues, nr_queues + 1), GFP_KERNEL);
	if (!stats)
		return NULL;
	stats->nr_slots = nr_queues + 1;
	stats->queues[nr_queues] = mqblk_queue_stats_alloc();
	if (MQBLK_WRITE_STREAMS)
		stats->streams = kcalloc(MQBLK_NR_STREAMS, sizeof(*stats->streams),
					 GFP_KERNEL);
	if (!stats->queues[nr_queues] || (MQBLK_WRITE_STREAMS && !stats->streams)) {
		mqblk_stats_free(stats);
		return NULL;
	}
	return stats;
}
