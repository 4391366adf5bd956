/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Commands: operations on a disk, wherever they come from.
 */
#ifndef _NULL_BLK_C_CMD_H
#define _NULL_BLK_C_CMD_H

#include <linux/blk_types.h>
#include <linux/types.h>

/**
 * struct nbc_cmd - one operation on a disk, from a request or from a bio
 * @bio: chain of bios with the data
 * @op: what to do
 * @flags: REQ_* of the request or bio
 * @pos: first byte; a zone append sets it to where the data went
 * @len: number of bytes, 0 for a flush
 */
struct nbc_cmd {
	struct bio	*bio;
	enum req_op	op;
	blk_opf_t	flags;
	u64		pos;
	unsigned int	len;
};

#endif /* _NULL_BLK_C_CMD_H */
