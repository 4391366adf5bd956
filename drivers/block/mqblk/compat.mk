# SPDX-License-Identifier: GPL-2.0
#
# Compile probes for compat.h, to be included by the Makefile of a directory that
# uses it: $(call probe,EXPRESSION,MACRO) gives -DMACRO if this kernel's headers
# have EXPRESSION.
probe = $(call try-run,echo "extern typeof($(1)) *mqblk_probe;" | \
	$(CC) $(NOSTDINC_FLAGS) $(LINUXINCLUDE) $(KBUILD_CPPFLAGS) \
	$(KBUILD_CFLAGS) -include linux/blk-mq.h -include linux/hrtimer.h \
	-fsyntax-only -x c -,-D$(2))

ccflags-y += $(call probe,BLK_MQ_F_SHOULD_MERGE,MQBLK_HAVE_F_SHOULD_MERGE)
ccflags-y += $(call probe,hrtimer_init,MQBLK_HAVE_HRTIMER_INIT)
ccflags-y += $(call probe,disk_report_zone,MQBLK_HAVE_DISK_REPORT_ZONE)
ccflags-y += $(call probe,((struct queue_limits *)0)->max_hw_zone_append_sectors,MQBLK_HAVE_MAX_HW_ZONE_APPEND)
