// SPDX-License-Identifier: GPL-2.0
/*
 * Commands: what a disk with features does with an operation, be it from a
 * request or from a bio.
 */
#include <linux/blkdev.h>
#include <linux/pagemap.h>

#include "null_blk_c.h"

/**
 * nbc_hide_memory - keep what the kernel had in new pages from being read
 * @bio: chain of bios that read
 *
 * A disk without data leaves the memory of a read as it is, which is what makes
 * it fast. But memory that is not up to date, such as new pages of the page
 * cache, may hold anything of the kernel's, and user space will see it: that is
 * zeroed. Memory that user space gave for direct I/O is up to date.
 *
 * Context: Any.
 */
void nbc_hide_memory(struct bio *bio)
{
	for (; bio; bio = bio->bi_next) {
		if (unlikely(!folio_test_uptodate(page_folio(bio_page(bio)))))
			zero_fill_bio(bio);
	}
}

/**
 * nbc_store_cmd - do an operation on a store
 * @store: where the data is
 * @cmd: what to do
 *
 * Context: Process context, may sleep.
 * Return: BLK_STS_OK, BLK_STS_NOSPC without memory, BLK_STS_NOTSUPP for an
 * operation that moves no data.
 */
blk_status_t nbc_store_cmd(struct nbc_store *store, const struct nbc_cmd *cmd)
{
	switch (cmd->op) {
	case REQ_OP_READ:
		nbc_store_read(store, cmd->bio, cmd->pos, cmd->len);
		return BLK_STS_OK;
	case REQ_OP_WRITE:
	case REQ_OP_ZONE_APPEND:
		return nbc_store_write(store, cmd->bio, cmd->pos, cmd->len);
	case REQ_OP_DISCARD:
		nbc_store_discard(store, cmd->pos, cmd->len);
		return BLK_STS_OK;
	case REQ_OP_WRITE_ZEROES:
		if (cmd->flags & REQ_NOUNMAP)
			nbc_store_zero(store, cmd->pos, cmd->len);
		else
			nbc_store_discard(store, cmd->pos, cmd->len);
		return BLK_STS_OK;
	case REQ_OP_FLUSH:
		return BLK_STS_OK;
	default:
		return BLK_STS_NOTSUPP;
	}
}

/* Reads find in the store what the cache has; discards act on both at once. */
static blk_status_t nbc_cache_cmd(struct nbc_cache *cache,
				  const struct nbc_cmd *cmd)
{
	switch (cmd->op) {
	case REQ_OP_WRITE:
	case REQ_OP_ZONE_APPEND:
		return nbc_cache_write(cache, cmd->bio, cmd->pos, cmd->len,
				       cmd->flags & REQ_FUA);
	case REQ_OP_FLUSH:
		nbc_cache_flush(cache);
		return BLK_STS_OK;
	default:
		return nbc_store_cmd(cache->store, cmd);
	}
}

/**
 * nbc_cmd_transfer - move the data of a command, whatever the features say
 * @nbd: the disk
 * @cmd: what to do; @len bytes of the data of its bios
 *
 * Context: Process context, may sleep if the disk keeps data.
 * Return: the command's outcome.
 */
blk_status_t nbc_cmd_transfer(struct nbc_disk *nbd, const struct nbc_cmd *cmd)
{
	if (nbd->store && !cmd->len && cmd->op != REQ_OP_FLUSH)
		return BLK_STS_OK;
	if (nbd->cache)
		return nbc_cache_cmd(nbd->cache, cmd);
	if (nbd->store)
		return nbc_store_cmd(nbd->store, cmd);
	if (cmd->op == REQ_OP_READ)
		nbc_hide_memory(cmd->bio);
	return BLK_STS_OK;
}

/**
 * nbc_cmd_run - do a command on a disk with features
 * @nbd: the disk
 * @cmd: what to do; a zone append sets @pos
 *
 * Context: As nbc_cmd_transfer().
 * Return: the command's outcome.
 */
blk_status_t nbc_cmd_run(struct nbc_disk *nbd, struct nbc_cmd *cmd)
{
	blk_status_t bad, status;

	if (nbd->zones)
		return nbc_zone_cmd(nbd, cmd);
	bad = nbc_bad_check(nbd, cmd->pos, &cmd->len);
	status = nbc_cmd_transfer(nbd, cmd);
	return bad ?: status;
}
