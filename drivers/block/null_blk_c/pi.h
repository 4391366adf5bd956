/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Protection information: a tuple for each block, which says what is in it and where it
 * belongs. See pi.c.
 */
#ifndef _NULL_BLK_C_PI_H
#define _NULL_BLK_C_PI_H

#include <linux/bio.h>
#include <linux/errno.h>
#include <linux/types.h>

#include "cmd.h"

struct nbc_config;
struct queue_limits;

/**
 * enum nbc_pi_guard - values of pi_guard: how the data of a block is summed up
 * @NBC_PI_CRC16: CRC of T10, 16 bits
 * @NBC_PI_IP: checksum of the Internet Protocol, 16 bits
 * @NBC_PI_CRC64: CRC of NVMe, 64 bits
 */
enum nbc_pi_guard {
	NBC_PI_CRC16,
	NBC_PI_IP,
	NBC_PI_CRC64,
};

/**
 * struct nbc_pi - how blocks are protected
 * @type: of T10, 1 to 3; 0 for not at all, and then there is nothing else
 * @guard: enum nbc_pi_guard
 * @block_shift: log2 of a block's size in bytes
 */
struct nbc_pi {
	u8	type;
	u8	guard;
	u8	block_shift;
};

/**
 * struct nbc_pi_io - a command as the store gets it
 * @cmd: the command
 * @bio: its memory, if it has any
 * @vecs: pieces of that
 * @tuples: tuples as they are stored, and behind them a page that nobody reads
 * @tuples_bytes: size of all that
 */
struct nbc_pi_io {
	struct nbc_cmd	cmd;
	struct bio	bio;
	struct bio_vec	*vecs;
	void		*tuples;
	size_t		tuples_bytes;
};

/* How many bytes of the store a number of bytes of the disk, whole blocks, takes. */
static inline u64 nbc_pi_stretch(u64 bytes)
{
	return 2 * bytes;
}

/* Where in the store a byte of the disk is. */
static inline u64 nbc_pi_place(const struct nbc_pi *pi, u64 pos)
{
	u64 offset = pos & (BIT_ULL(pi->block_shift) - 1);

	return pi->type ? nbc_pi_stretch(pos - offset) + offset : pos;
}

#ifdef CONFIG_BLK_DEV_INTEGRITY
int nbc_pi_configure(const char *name, const struct nbc_config *config,
		     struct nbc_pi *pi);
void nbc_pi_limits(const struct nbc_pi *pi, struct queue_limits *limits);
blk_status_t nbc_pi_verify(const struct nbc_pi *pi, const struct nbc_cmd *cmd);
blk_status_t nbc_pi_begin(const struct nbc_pi *pi, const struct nbc_cmd *cmd,
			  struct nbc_pi_io *io);
blk_status_t nbc_pi_end(const struct nbc_pi *pi, const struct nbc_cmd *cmd,
			struct nbc_pi_io *io, blk_status_t status);

u64 nbc_pi_sum(const struct nbc_pi *pi, const void *data, unsigned int bytes);
void nbc_pi_make(const struct nbc_pi *pi, u64 sum, u64 block, void *tuple);
bool nbc_pi_fits(const struct nbc_pi *pi, u64 sum, u64 block, const void *tuple);
#else
static inline int nbc_pi_configure(const char *name, const struct nbc_config *config,
				   struct nbc_pi *pi)
{
	*pi = (struct nbc_pi) { };
	return 0;
}

static inline void nbc_pi_limits(const struct nbc_pi *pi, struct queue_limits *limits) { }

static inline blk_status_t nbc_pi_verify(const struct nbc_pi *pi,
					 const struct nbc_cmd *cmd)
{
	return BLK_STS_NOTSUPP;
}

static inline blk_status_t nbc_pi_begin(const struct nbc_pi *pi, const struct nbc_cmd *cmd,
					struct nbc_pi_io *io)
{
	return BLK_STS_NOTSUPP;
}

static inline blk_status_t nbc_pi_end(const struct nbc_pi *pi, const struct nbc_cmd *cmd,
				      struct nbc_pi_io *io, blk_status_t status)
{
	return status;
}
#endif

#endif /* _NULL_BLK_C_PI_H */
