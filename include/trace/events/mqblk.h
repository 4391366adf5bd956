/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints of mqblk: what becomes of the requests of its disks.
 *
 * A disk's driver reports its requests only while one of these is on, or
 * statistics are: the register functions see to that.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mqblk

#if !defined(_TRACE_MQBLK_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_MQBLK_H

#include <linux/blkdev.h>
#include <linux/mqblk.h>
#include <linux/tracepoint.h>

#ifndef _TRACE_MQBLK_ONCE
#define _TRACE_MQBLK_ONCE
int mqblk_trace_register(void);
void mqblk_trace_unregister(void);
#endif

TRACE_DEFINE_ENUM(MQBLK_MODE_INLINE);
TRACE_DEFINE_ENUM(MQBLK_MODE_SOFTIRQ);
TRACE_DEFINE_ENUM(MQBLK_MODE_TIMER);
TRACE_DEFINE_ENUM(MQBLK_MODE_POLL);
TRACE_DEFINE_ENUM(MQBLK_MODE_IRQ);

#define show_mqblk_mode(mode)						\
	__print_symbolic(mode,						\
			 { MQBLK_MODE_INLINE,	"inline" },		\
			 { MQBLK_MODE_SOFTIRQ,	"softirq" },		\
			 { MQBLK_MODE_TIMER,	"timer" },		\
			 { MQBLK_MODE_POLL,	"poll" },		\
			 { MQBLK_MODE_IRQ,	"irq" })

TRACE_EVENT_FN(mqblk_rq_queue,
	TP_PROTO(struct request *rq),

	TP_ARGS(rq),

	TP_STRUCT__entry(
		__string(disk,		mqblk_rq(rq)->watch->disk->disk_name)
		__string(op,		blk_op_str(req_op(rq)))
		__field(unsigned int,	queue)
		__field(int,		tag)
		__field(sector_t,	sector)
		__field(unsigned int,	bytes)
		__field(u8,		mode)
	),

	TP_fast_assign(
		__assign_str(disk);
		__assign_str(op);
		__entry->queue	= rq->mq_hctx->queue_num;
		__entry->tag	= rq->tag;
		__entry->sector	= blk_rq_is_passthrough(rq) ? 0 : blk_rq_pos(rq);
		__entry->bytes	= blk_rq_bytes(rq);
		__entry->mode	= mqblk_rq(rq)->mode;
	),

	TP_printk("%s queue=%u tag=%d op=%s sector=%llu bytes=%u mode=%s",
		  __get_str(disk), __entry->queue, __entry->tag, __get_str(op),
		  (unsigned long long)__entry->sector, __entry->bytes,
		  show_mqblk_mode(__entry->mode)),

	mqblk_trace_register, mqblk_trace_unregister
);

TRACE_EVENT_FN(mqblk_rq_done,
	TP_PROTO(struct request *rq, blk_status_t status, u64 ns),

	TP_ARGS(rq, status, ns),

	TP_STRUCT__entry(
		__string(disk,		mqblk_rq(rq)->watch->disk->disk_name)
		__string(op,		blk_op_str(req_op(rq)))
		__field(unsigned int,	queue)
		__field(int,		tag)
		__field(sector_t,	sector)
		__field(unsigned int,	bytes)
		__field(u8,		mode)
		__field(int,		error)
		__field(u64,		ns)
	),

	TP_fast_assign(
		__assign_str(disk);
		__assign_str(op);
		__entry->queue	= rq->mq_hctx->queue_num;
		__entry->tag	= rq->tag;
		__entry->sector	= blk_rq_is_passthrough(rq) ? 0 : blk_rq_pos(rq);
		__entry->bytes	= blk_rq_bytes(rq);
		__entry->mode	= mqblk_rq(rq)->mode;
		__entry->error	= blk_status_to_errno(status);
		__entry->ns	= ns;
	),

	TP_printk("%s queue=%u tag=%d op=%s sector=%llu bytes=%u mode=%s error=%d ns=%llu",
		  __get_str(disk), __entry->queue, __entry->tag, __get_str(op),
		  (unsigned long long)__entry->sector, __entry->bytes,
		  show_mqblk_mode(__entry->mode), __entry->error, __entry->ns),

	mqblk_trace_register, mqblk_trace_unregister
);

#endif /* _TRACE_MQBLK_H */

/* This part must be outside protection. */
#include <trace/define_trace.h>
