/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Data of commands, on a disk without cache and zones: inline, for request.c has it on
 * the path where each instruction counts.
 */
#ifndef _NULL_BLK_C_DATA_H
#define _NULL_BLK_C_DATA_H

#include <linux/bio.h>
#include <linux/pagemap.h>

#include "cmd.h"
#include "store.h"

void nbc_hide_segments(struct bio *bio);
blk_status_t nbc_store_unmap(struct nbc_store *store, enum req_op op, blk_opf_t flags, u64 pos,
			     unsigned int len);

/**
 * nbc_hide_memory - keep what the kernel had in new pages from being read
 * @bio: chain of bios that read
 *
 * A disk without data leaves the memory of a read as it is, which is what makes
 * it fast. But memory that is not up to date, such as new pages of the page
 * cache, may hold anything of the kernel's, and user space will see it: that is
 * zeroed. Memory that user space gave for direct I/O is up to date. BIO_PAGE_PINNED
 * does not tell that: since 7.3 a buffer of the kernel's own, which it copies to pinned
 * pages, comes with it.
 *
 * Context: Any.
 */
static __always_inline void nbc_hide_memory(struct bio *bio)
{
	for (; bio; bio = bio->bi_next) {
		/* A clone has none of its own, and 0. */
		if (bio->bi_vcnt != 1 ||
		    unlikely(!folio_test_uptodate(page_folio(bio_page(bio)))))
			nbc_hide_segments(bio);
	}
}

/**
 * nbc_store_cmd - do an operation on a store
 * @store: where the data is
 * @cmd: what to do; @done bytes of it
 *
 * Context: Process context, may sleep.
 * Return: BLK_STS_OK, BLK_STS_NOSPC without memory, BLK_STS_NOTSUPP for an
 * operation that moves no data.
 */
static __always_inline blk_status_t nbc_store_cmd(struct nbc_store *store,
						  const struct nbc_cmd *cmd)
{
	if (cmd->op == REQ_OP_READ) {
		nbc_store_read(store, cmd->bio, cmd->pos, cmd->done);
		return BLK_STS_OK;
	}
	if (cmd->op == REQ_OP_WRITE || cmd->op == REQ_OP_ZONE_APPEND)
		return nbc_store_write(store, cmd->bio, cmd->pos, cmd->done);
	if (cmd->op == REQ_OP_FLUSH)
		return BLK_STS_OK;
	/* By values, or the command would have to be in memory. */
	return nbc_store_unmap(store, cmd->op, cmd->flags, cmd->pos, cmd->done);
}

#endif /* _NULL_BLK_C_DATA_H */
