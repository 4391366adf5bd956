# SPDX-License-Identifier: GPL-2.0
#
# Compile probes for linux/mqblk_compat.h, to be included by the Makefile of a directory that
# uses it: $(call probe,EXPRESSION,MACRO) gives -DMACRO if this kernel's headers
# have EXPRESSION.
probe = $(call try-run,echo "extern typeof($(1)) *mqblk_probe;" | \
	$(CC) $(NOSTDINC_FLAGS) $(LINUXINCLUDE) $(KBUILD_CPPFLAGS) \
	$(KBUILD_CFLAGS) -include linux/blk-mq.h -include linux/hrtimer.h \
	-include linux/badblocks.h -include linux/io_uring/cmd.h \
	-include linux/blk-integrity.h -include linux/t10-pi.h -include linux/crc64.h \
	-fsyntax-only -x c -,-D$(2))

ccflags-y += $(call probe,BLK_MQ_F_SHOULD_MERGE,MQBLK_HAVE_F_SHOULD_MERGE)
ccflags-y += $(call probe,hrtimer_init,MQBLK_HAVE_HRTIMER_INIT)
ccflags-y += $(call probe,(struct blk_mq_ops){ .init_request = (int (*)(struct blk_mq_tag_set *, struct request *, unsigned int, unsigned int))0 },MQBLK_HAVE_UINT_NODE)
ccflags-y += $(call probe,blk_rq_map_sg((struct request_queue *)0, (struct request *)0, (struct scatterlist *)0),MQBLK_HAVE_MAP_SG_QUEUE)
ccflags-y += $(call probe,blk_rq_map_kern((struct request_queue *)0, (struct request *)0, (void *)0, 0, 0),MQBLK_HAVE_MAP_KERN_QUEUE)
ccflags-y += $(call probe,badblocks_check((struct badblocks *)0, 0, 0, (sector_t *)0, (int *)0),MQBLK_HAVE_INT_BADBLOCKS)
ccflags-y += $(call probe,disk_report_zone,MQBLK_HAVE_DISK_REPORT_ZONE)
ccflags-y += $(call probe,((struct queue_limits *)0)->max_hw_zone_append_sectors,MQBLK_HAVE_MAX_HW_ZONE_APPEND)
ccflags-y += $(call probe,blk_freeze_queue_start_non_owner,MQBLK_HAVE_FREEZE_NON_OWNER)
ccflags-y += $(call probe,((rq_end_io_fn *)0)((struct request *)0, 0, (const struct io_comp_batch *)0),MQBLK_HAVE_END_IO_BATCH)
ccflags-y += $(call probe,io_uring_cmd_from_tw,MQBLK_HAVE_URING_TW_REQ)
ccflags-y += $(call probe,io_uring_cmd_done32,MQBLK_HAVE_URING_DONE32)
ccflags-y += $(call probe,io_uring_cmd_import_fixed(0, 0, 0, (struct iov_iter *)0, (struct io_uring_cmd *)0, 0),MQBLK_HAVE_URING_FIXED_FLAGS)
ccflags-y += $(call probe,io_uring_cmd_import_fixed_vec,MQBLK_HAVE_URING_FIXED_VEC)
ccflags-y += $(call probe,((struct blk_integrity *)0)->tuple_size,MQBLK_HAVE_INTEGRITY_TUPLE)
ccflags-y += $(call probe,BLK_SPLIT_INTERVAL_CAPABLE,MQBLK_HAVE_SPLIT_INTERVAL)
ccflags-y += $(call probe,BIP_CHECK_GUARD,MQBLK_HAVE_BIP_CHECK)
ccflags-y += $(call probe,full_pi_ref_tag,MQBLK_HAVE_FULL_PI_REF_TAG)
ccflags-y += $(call probe,crc64_nvme,MQBLK_HAVE_CRC64_NVME)
ccflags-y += $(call probe,((struct queue_limits *)0)->max_write_streams,MQBLK_HAVE_WRITE_STREAMS)
