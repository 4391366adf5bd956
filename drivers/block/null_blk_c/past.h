/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The past: what blocks held before they were written last, for rules that give it to
 * readers.
 */
#ifndef _NULL_BLK_C_PAST_H
#define _NULL_BLK_C_PAST_H

#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/types.h>
#include <linux/xarray.h>

struct nbc_cmd;
struct nbc_store;

/* The most memory that the past of a device takes. */
#define NBC_PAST_MAX_BYTES	SZ_64M

/**
 * struct nbc_past - older data of a device
 * @lock: guards all below. Held over writes of blocks whose older data is kept, too, so
 *	that they take turns. Comes after all locks of the device
 * @blocks: by number of the block, memory with what it held, or a value entry for zeroes
 * @bytes: what that takes, to be compared with NBC_PAST_MAX_BYTES
 */
struct nbc_past {
	struct mutex	lock;
	struct xarray	blocks;
	unsigned long	bytes;
};

/**
 * nbc_past_fits - can the past have blocks up to an end?
 * @end: the byte behind the last one
 * @block_bytes: size of a block, a power of two
 *
 * On 32-bit kernels it has none beyond 2 TiB, with blocks of 512 bytes.
 *
 * Context: Any.
 * Return: whether it can.
 */
static inline bool nbc_past_fits(u64 end, unsigned int block_bytes)
{
	return end >> ilog2(block_bytes) <= ULONG_MAX;
}

void nbc_past_create(struct nbc_past *past);
void nbc_past_forget(struct nbc_past *past);
void nbc_past_destroy(struct nbc_past *past);

bool nbc_past_keep(struct nbc_past *past, struct nbc_store *store,
		   unsigned int block_bytes, u64 pos, u64 len);
void nbc_past_forget_range(struct nbc_past *past, unsigned int block_bytes, u64 pos,
			   u64 len);
unsigned int nbc_past_show(struct nbc_past *past, unsigned int block_bytes,
			   const struct nbc_cmd *cmd, u64 start, u64 end, u64 *first);

#endif /* _NULL_BLK_C_PAST_H */
