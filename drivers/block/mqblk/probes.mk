# SPDX-License-Identifier: GPL-2.0
#
# Compile probes for compat.h: $(call probe,NAME,MACRO) gives -DMACRO if this
# kernel's headers declare NAME.
probe = $(call try-run,echo "extern typeof($(1)) *mqblk_probe;" | \
	$(CC) $(NOSTDINC_FLAGS) $(LINUXINCLUDE) $(KBUILD_CPPFLAGS) \
	$(KBUILD_CFLAGS) -include linux/blk-mq.h -include linux/hrtimer.h \
	-fsyntax-only -x c -,-D$(2))

ccflags-y += $(call probe,BLK_MQ_F_SHOULD_MERGE,MQBLK_HAVE_F_SHOULD_MERGE)
ccflags-y += $(call probe,hrtimer_init,MQBLK_HAVE_HRTIMER_INIT)
