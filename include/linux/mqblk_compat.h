/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one file that knows kernel versions, for mqblk and its drivers.
 *
 * All other files use the newest kernel's interfaces. MQBLK_HAVE_* come from
 * compile probes in drivers/block/mqblk/compat.mk, because distribution kernels carry
 * backports that a version number does not tell.
 */
#ifndef _LINUX_MQBLK_COMPAT_H
#define _LINUX_MQBLK_COMPAT_H

#include <linux/badblocks.h>
#include <linux/blk-integrity.h>
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/crc64.h>
#include <linux/hrtimer.h>
#include <linux/io_uring/cmd.h>
#include <linux/nvme.h>

#ifdef MQBLK_HAVE_F_SHOULD_MERGE
/* Merging was asked for by a flag before it became unconditional. */
#define MQBLK_F_BASE	BLK_MQ_F_SHOULD_MERGE
#else
#define MQBLK_F_BASE	0
#endif

#ifdef MQBLK_HAVE_HRTIMER_INIT
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*fn)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
}
#endif

#ifdef MQBLK_HAVE_UINT_NODE
/* What ->init_request gets as the node */
#define MQBLK_NODE_ARG	unsigned int
#else
#define MQBLK_NODE_ARG	int
#endif

static inline int mqblk_rq_map_sg(struct request *rq, struct scatterlist *sgl)
{
#ifdef MQBLK_HAVE_MAP_SG_QUEUE
	return blk_rq_map_sg(rq->q, rq, sgl);
#else
	return blk_rq_map_sg(rq, sgl);
#endif
}

#ifdef MQBLK_HAVE_INT_BADBLOCKS
/* Lengths were ints, and 0 said that it was done. */
static inline bool mqblk_badblocks_set(struct badblocks *list, sector_t first,
				       sector_t sects)
{
	return !badblocks_set(list, first, sects, 1);
}

static inline bool mqblk_badblocks_clear(struct badblocks *list, sector_t first,
					 sector_t sects)
{
	return !badblocks_clear(list, first, sects);
}

static inline int mqblk_badblocks_check(struct badblocks *list, sector_t first,
					sector_t sects, sector_t *first_bad,
					sector_t *bad_sects)
{
	int nr_bad = 0, ret;

	ret = badblocks_check(list, first, sects, first_bad, &nr_bad);
	*bad_sects = nr_bad;
	return ret;
}
#else
#define mqblk_badblocks_set(_list, _first, _sects) \
	badblocks_set(_list, _first, _sects, 1)
#define mqblk_badblocks_clear		badblocks_clear
#define mqblk_badblocks_check		badblocks_check
#endif

#ifdef MQBLK_HAVE_DISK_REPORT_ZONE
/* A function for ->report_zones, and in it, a pointer to the last argument. */
#define MQBLK_REPORT_ZONES_FN(_name)					\
	int _name(struct gendisk *disk, sector_t sector,		\
		  unsigned int nr_zones, struct blk_report_zones_args *args)
#define MQBLK_REPORT_ZONES_ARGS		args
#else
/* Reports of zones had a callback and its data as two arguments. */
struct blk_report_zones_args {
	report_zones_cb	cb;
	void		*data;
};

#define MQBLK_REPORT_ZONES_FN(_name)					\
	int _name(struct gendisk *disk, sector_t sector,		\
		  unsigned int nr_zones, report_zones_cb cb, void *data)
#define MQBLK_REPORT_ZONES_ARGS		(&(struct blk_report_zones_args) \
					 { cb, data })

static inline int disk_report_zone(struct gendisk *disk, struct blk_zone *zone,
				   unsigned int idx,
				   struct blk_report_zones_args *args)
{
	return args->cb(zone, idx, args->data);
}
#endif

#ifndef MQBLK_HAVE_FREEZE_NON_OWNER
/* Nobody asked who freezes a queue, and who unfreezes it. */
#define blk_freeze_queue_start_non_owner	blk_freeze_queue_start
#define blk_mq_unfreeze_queue_non_owner		blk_mq_unfreeze_queue
#endif

/* The largest logical block that the block layer takes, in bytes. */
#ifdef BLK_MAX_BLOCK_SIZE
#define MQBLK_MAX_BLOCK_BYTES	BLK_MAX_BLOCK_SIZE
#else
/* It had no name for it. */
#define MQBLK_MAX_BLOCK_BYTES	PAGE_SIZE
#endif

#ifdef BLK_FEAT_ATOMIC_WRITES
#define MQBLK_FEAT_ATOMIC_WRITES	BLK_FEAT_ATOMIC_WRITES
#else
/* Limits of atomic writes were enough to have them. */
#define MQBLK_FEAT_ATOMIC_WRITES	((__force blk_features_t)0)
#endif

#ifdef MQBLK_HAVE_END_IO_BATCH
/* A function for &struct request.end_io, with arguments rq and status */
#define MQBLK_END_IO_FN(_name)						\
	enum rq_end_io_ret _name(struct request *rq, blk_status_t status,	\
				 const struct io_comp_batch *iob)
#else
#define MQBLK_END_IO_FN(_name)						\
	enum rq_end_io_ret _name(struct request *rq, blk_status_t status)
#endif

#ifdef MQBLK_HAVE_URING_TW_REQ
/*
 * A function for io_uring_cmd_do_in_task_lazy(), and in it, the command and the flags to
 * complete it with.
 */
#define MQBLK_URING_TASK_FN(_name)					\
	void _name(struct io_tw_req tw_req, io_tw_token_t tw)
#define MQBLK_URING_TASK_CMD		io_uring_cmd_from_tw(tw_req)
#define MQBLK_URING_TASK_FLAGS		IO_URING_CMD_TASK_WORK_ISSUE_FLAGS
#else
#define MQBLK_URING_TASK_FN(_name)					\
	void _name(struct io_uring_cmd *task_cmd, unsigned int task_flags)
#define MQBLK_URING_TASK_CMD		task_cmd
#define MQBLK_URING_TASK_FLAGS		task_flags
#endif

/* The command in an entry of a ring, by whatever name the kernel has it. */
static inline const void *mqblk_uring_sqe_cmd(const struct io_uring_sqe *sqe)
{
	return sqe->cmd;
}

/*
 * Linux 7.4 sets the second result apart from the completion, by io_uring_cmd_set_res():
 * this is the place for it.
 */
#ifndef MQBLK_HAVE_URING_DONE32
#define io_uring_cmd_done32	io_uring_cmd_done
#endif

/* A buffer that is registered for a ring; it was looked up without the flags. */
static inline int mqblk_uring_import_fixed(u64 addr, size_t bytes, int rw,
					   struct iov_iter *iter,
					   struct io_uring_cmd *ioucmd,
					   unsigned int issue_flags)
{
#ifdef MQBLK_HAVE_URING_FIXED_FLAGS
	return io_uring_cmd_import_fixed(addr, bytes, rw, iter, ioucmd,
					 issue_flags);
#else
	return io_uring_cmd_import_fixed(addr, bytes, rw, iter, ioucmd);
#endif
}

#ifndef MQBLK_HAVE_URING_FIXED_VEC
static inline int io_uring_cmd_import_fixed_vec(struct io_uring_cmd *ioucmd,
						const struct iovec __user *uvec,
						size_t uvec_segs, int ddir,
						struct iov_iter *iter,
						unsigned int issue_flags)
{
	return -EINVAL;
}
#endif

#ifndef blk_queue_passthrough_stat
/* Commands of user space did not count in the statistics of a disk. */
#define blk_queue_passthrough_stat(_q)	((void)(_q), false)
#endif

/* The driver's limit on zone appends; 0 lets the block layer emulate them. */
static inline void mqblk_limit_zone_append(struct queue_limits *limits,
					   unsigned int sects)
{
#ifdef MQBLK_HAVE_MAX_HW_ZONE_APPEND
	limits->max_hw_zone_append_sectors = sects;
#else
	limits->max_zone_append_sectors = sects;
#endif
}

/* The same from other limits */
static inline void mqblk_copy_zone_append(struct queue_limits *limits,
					  const struct queue_limits *from)
{
#ifdef MQBLK_HAVE_MAX_HW_ZONE_APPEND
	limits->max_hw_zone_append_sectors = from->max_hw_zone_append_sectors;
#else
	limits->max_zone_append_sectors = from->max_zone_append_sectors;
#endif
}

/* What metadata a block has, and how much of that is protection information. */
static inline void mqblk_set_integrity_bytes(struct blk_integrity *bi,
					     unsigned int bytes,
					     unsigned int pi_bytes)
{
#ifdef MQBLK_HAVE_INTEGRITY_TUPLE
	/* It followed from the kind of the checksum. */
	bi->tuple_size = bytes;
#else
	bi->metadata_size = bytes;
	bi->pi_tuple_size = pi_bytes;
#endif
}

#ifdef MQBLK_HAVE_SPLIT_INTERVAL
#define MQBLK_SPLIT_INTERVAL_CAPABLE	BLK_SPLIT_INTERVAL_CAPABLE
#else
/* No data of one block was in two pieces of memory. */
#define MQBLK_SPLIT_INTERVAL_CAPABLE	0
#endif

/*
 * The most metadata of a bio, in bytes, of which the block layer makes how many blocks it
 * takes, and counts the bytes of these in 32 bits. 0: it does not count them.
 */
#ifdef BLK_INTEGRITY_MAX_SIZE
#define MQBLK_MAX_BIO_META	BLK_INTEGRITY_MAX_SIZE
#else
#define MQBLK_MAX_BIO_META	0
#endif

/*
 * The checks of protection information that the block layer wants of a device, bits
 * NVME_RW_PRINFO_PRCHK_*, for a request that has integrity data.
 */
static inline u16 mqblk_rq_checks(struct request *rq, u16 *app_tag)
{
	u16 checks = 0;
#ifdef MQBLK_HAVE_BIP_CHECK
	const struct bio_integrity_payload *bip = bio_integrity(rq->bio);

	if (bip->bip_flags & BIP_CHECK_GUARD)
		checks |= NVME_RW_PRINFO_PRCHK_GUARD;
	if (bip->bip_flags & BIP_CHECK_REFTAG)
		checks |= NVME_RW_PRINFO_PRCHK_REF;
	if (bip->bip_flags & BIP_CHECK_APPTAG) {
		checks |= NVME_RW_PRINFO_PRCHK_APP;
		*app_tag = bip->app_tag;
	}
#else
	/* It wanted all that the format has. */
	const struct blk_integrity *bi = &rq->q->limits.integrity;

	if (bi->csum_type)
		checks |= NVME_RW_PRINFO_PRCHK_GUARD;
	if (bi->flags & BLK_INTEGRITY_REF_TAG)
		checks |= NVME_RW_PRINFO_PRCHK_REF;
#endif
	return checks;
}

#ifndef MQBLK_HAVE_FULL_PI_REF_TAG
/* A tag with all its bits was not to be had. */
#define full_pi_ref_tag		ext_pi_ref_tag
#endif

#ifndef MQBLK_HAVE_CRC64_NVME
/* The same CRC had the name of a firm. */
#define crc64_nvme		crc64_rocksoft_update
#endif

static inline int mqblk_rq_map_kern(struct request *rq, void *data,
				    unsigned int bytes, gfp_t gfp)
{
#ifdef MQBLK_HAVE_MAP_KERN_QUEUE
	return blk_rq_map_kern(rq->q, rq, data, bytes, gfp);
#else
	return blk_rq_map_kern(rq, data, bytes, gfp);
#endif
}

/* Streams that a disk has for writes: how many, 0 for none, and the unit of one, in bytes. */
#ifdef MQBLK_HAVE_WRITE_STREAMS
#define MQBLK_WRITE_STREAMS	1

static inline unsigned int mqblk_write_streams(const struct queue_limits *lim)
{
	return lim->max_write_streams;
}

static inline unsigned int mqblk_stream_bytes(const struct queue_limits *lim)
{
	return lim->write_stream_granularity;
}

static inline void mqblk_limit_streams(struct queue_limits *lim, unsigned int nr,
				       unsigned int bytes)
{
	lim->max_write_streams = nr;
	lim->write_stream_granularity = bytes;
}

/* The stream that a bio is written in, counted from 1; 0 for none */
static inline unsigned int mqblk_bio_stream(const struct bio *bio)
{
	return bio->bi_write_stream;
}
#else
/* There were none. */
#define MQBLK_WRITE_STREAMS	0

static inline unsigned int mqblk_write_streams(const struct queue_limits *lim)
{
	return 0;
}

static inline unsigned int mqblk_stream_bytes(const struct queue_limits *lim)
{
	return 0;
}

static inline void mqblk_limit_streams(struct queue_limits *lim, unsigned int nr,
				       unsigned int bytes)
{
}

static inline unsigned int mqblk_bio_stream(const struct bio *bio)
{
	return 0;
}
#endif

#endif /* _LINUX_MQBLK_COMPAT_H */
