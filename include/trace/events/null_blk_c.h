/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM null_blk_c

#if !defined(_TRACE_NULL_BLK_C_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_NULL_BLK_C_H

#include <linux/blkdev.h>
#include <linux/tracepoint.h>

/*
 * A write to a zone, before it is done, or a change of its condition, after it
 * was: @cond is the condition at that moment.
 */
TRACE_EVENT(nbc_zone_op,
	TP_PROTO(const struct gendisk *disk, enum req_op op,
		 unsigned int zone_no, unsigned int cond),
	TP_ARGS(disk, op, zone_no, cond),
	TP_STRUCT__entry(
		__string(disk, disk->disk_name)
		__field(unsigned int, op)
		__field(unsigned int, zone_no)
		__field(unsigned int, cond)
	),
	TP_fast_assign(
		__assign_str(disk);
		__entry->op = (__force unsigned int)op;
		__entry->zone_no = zone_no;
		__entry->cond = cond;
	),
	TP_printk("disk=%s op=%s zone=%u cond=%s", __get_str(disk),
		  blk_op_str((__force enum req_op)__entry->op),
		  __entry->zone_no, blk_zone_cond_str(__entry->cond))
);

/* A report of at most @nr_zones zones is about to be made. */
TRACE_EVENT(nbc_report_zones,
	TP_PROTO(const struct gendisk *disk, unsigned int nr_zones),
	TP_ARGS(disk, nr_zones),
	TP_STRUCT__entry(
		__string(disk, disk->disk_name)
		__field(unsigned int, nr_zones)
	),
	TP_fast_assign(
		__assign_str(disk);
		__entry->nr_zones = nr_zones;
	),
	TP_printk("disk=%s nr_zones=%u", __get_str(disk), __entry->nr_zones)
);

#endif /* _TRACE_NULL_BLK_C_H */

#include <trace/define_trace.h>
