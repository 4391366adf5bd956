/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The driver's part of a request.
 */
#ifndef _NVMEC_RQ_H
#define _NVMEC_RQ_H

#include <linux/bits.h>
#include <linux/blk-mq.h>
#include <linux/bvec.h>
#include <linux/mqblk.h>
#include <linux/nvme.h>
#include <linux/scatterlist.h>
#include <linux/types.h>

#include "cmd.h"

struct nvmec_big;

/* As many pieces as 128 KiB can have need no allocation. */
#define NVMEC_SMALL_SEGS	33
#define NVMEC_SMALL_LIST_BYTES	256
#define NVMEC_SMALL_PRPS	(NVMEC_SMALL_LIST_BYTES / sizeof(__le64))
#define NVMEC_SMALL_SGES \
	(NVMEC_SMALL_LIST_BYTES / sizeof(struct nvme_sgl_desc))

/**
 * enum nvmec_map - how the data of a request was made reachable
 * @NVMEC_MAP_NONE: it has none
 * @NVMEC_MAP_ONE: one piece, at &nvmec_rq.one_addr
 * @NVMEC_MAP_SMALL: pieces by &nvmec_rq.sgl, list in &nvmec_rq.list
 * @NVMEC_MAP_BIG: both in &nvmec_rq.big
 * @NVMEC_MAP_RANGES: a page of ranges in &nvmec_rq.big
 */
enum nvmec_map {
	NVMEC_MAP_NONE,
	NVMEC_MAP_ONE,
	NVMEC_MAP_SMALL,
	NVMEC_MAP_BIG,
	NVMEC_MAP_RANGES,
};

/* Beside one of them: metadata, at &nvmec_rq.meta_addr */
#define NVMEC_MAP_META	BIT(4)

/**
 * struct nvmec_rq - the driver's part of a request
 * @mrq: mqblk's part
 * @map: what nvmec_unmap() shall undo: enum nvmec_map and perhaps NVMEC_MAP_META
 * @cmd_flags: of the command: whether @dptr is an SGL
 * @status: of the completion, without the phase bit
 * @retries: how often it was sent again
 * @user: @cmd is a user's; then @hasty, @loose, @patience, @deadline and @meta are valid
 * @hasty: he gave it less time than the driver gives
 * @loose: the controller may move less than the data
 * @flags: bits NVMEC_RQ_*
 * @one_bytes: length of the data with NVMEC_MAP_ONE
 * @one_addr: bus address of it
 * @patience: how long it may take, in jiffies, of one that the user is to poll for; 0 if
 *	nothing but &request.timeout counts
 * @deadline: when that is over; 0 until it was looked at first
 * @result: of the completion
 * @dptr: data pointer of the command
 * @cmd: the whole command, if it is not made from the request
 * @big: valid with NVMEC_MAP_BIG and NVMEC_MAP_RANGES
 * @piece: the data of a request that has bytes, but no bio: a user's command, see piece.c
 * @meta: metadata that a user's command moves, or NULL
 * @meta_bytes: length of metadata that is mapped, or that is to be
 * @meta_addr: its bus address
 * @list: memory of NVMEC_SMALL_LIST_BYTES for the controller to read
 * @list_dma: its bus address
 * @segs: the pieces, with NVMEC_MAP_SMALL and NVMEC_MAP_BIG
 * @sgl: memory for @segs of short transfers
 */
struct nvmec_rq {
	struct mqblk_rq			mrq;
	u8				map;
	u8				cmd_flags;
	u16				status;
	u8				retries;
	bool				user;
	bool				hasty;
	bool				loose;
	unsigned long			flags;
	unsigned int			one_bytes;
	unsigned int			patience;
	dma_addr_t			one_addr;
	unsigned long			deadline;
	u64				result;
	union nvme_data_ptr		dptr;
	struct nvme_command		cmd;
	struct nvmec_big		*big;
	struct bio_vec			piece;
	void				*meta;
	unsigned int			meta_bytes;
	dma_addr_t			meta_addr;
	void				*list;
	dma_addr_t			list_dma;
	struct sg_table			segs;
	struct scatterlist		sgl[NVMEC_SMALL_SEGS];
};

/* Bits of &nvmec_rq.flags. */
enum {
	NVMEC_RQ_WANTS_ABORT,	/* abort_work shall send one */
	NVMEC_RQ_TIMED_OUT,	/* its time ran out, once at least */
	NVMEC_RQ_CANCELLED,	/* taken back from the controller by a reset */
	NVMEC_RQ_FAULT,		/* which was made for a fault */
	NVMEC_RQ_STUCK,		/* and no I/O came back since the one before */
};

static inline struct nvmec_rq *nvmec_rq(struct request *rq)
{
	return blk_mq_rq_to_pdu(rq);
}

/* The opcode of a request's command, be it sent or not. */
static inline u8 nvmec_rq_opcode(struct request *rq)
{
	return blk_rq_is_passthrough(rq) ? nvmec_rq(rq)->cmd.common.opcode :
					   nvmec_op_opcode(req_op(rq));
}

#endif /* _NVMEC_RQ_H */
