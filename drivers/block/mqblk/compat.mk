# SPDX-License-Identifier: GPL-2.0
#
# Compile probes for linux/mqblk_compat.h, to be included by the Makefile of a directory that
# uses it: $(call probe,EXPRESSION,MACRO) gives -DMACRO if this kernel's headers
# have EXPRESSION.
probe = $(call try-run,echo "extern typeof($(1)) *mqblk_probe;" | \
	$(CC) $(NOSTDINC_FLAGS) $(LINUXINCLUDE) $(KBUILD_CPPFLAGS) \
	$(KBUILD_CFLAGS) -include linux/blk-mq.h -include linux/hrtimer.h \
	-include linux/badblocks.h \
	-fsyntax-only -x c -,-D$(2))

ccflags-y += $(call probe,BLK_MQ_F_SHOULD_MERGE,MQBLK_HAVE_F_SHOULD_MERGE)
ccflags-y += $(call probe,hrtimer_init,MQBLK_HAVE_HRTIMER_INIT)
ccflags-y += $(call probe,(struct blk_mq_ops){ .init_request = (int (*)(struct blk_mq_tag_set *, struct request *, unsigned int, unsigned int))0 },MQBLK_HAVE_UINT_NODE)
ccflags-y += $(call probe,blk_rq_map_sg((struct request_queue *)0, (struct request *)0, (struct scatterlist *)0),MQBLK_HAVE_MAP_SG_QUEUE)
ccflags-y += $(call probe,badblocks_check((struct badblocks *)0, 0, 0, (sector_t *)0, (int *)0),MQBLK_HAVE_INT_BADBLOCKS)
ccflags-y += $(call probe,disk_report_zone,MQBLK_HAVE_DISK_REPORT_ZONE)
ccflags-y += $(call probe,((struct queue_limits *)0)->max_hw_zone_append_sectors,MQBLK_HAVE_MAX_HW_ZONE_APPEND)
ccflags-y += $(call probe,blk_freeze_queue_start_non_owner,MQBLK_HAVE_FREEZE_NON_OWNER)
