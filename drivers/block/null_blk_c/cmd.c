// SPDX-License-Identifier: GPL-2.0
/*
 * Commands: what a disk with features does with an operation, be it from a
 * request or from a bio.
 */
#include <linux/bio.h>
#include <linux/highmem.h>
#include <linux/pagemap.h>

#include "null_blk_c.h"

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
 * nbc_hide_segments - the rest of nbc_hide_memory(), for more than one segment
 * @bio: one bio that reads
 *
 * Context: Any.
 */
void nbc_hide_segments(struct bio *bio)
{
	struct bvec_iter iter;
	struct bio_vec bvec;

	bio_for_each_segment(bvec, bio, iter) {
		if (!folio_test_uptodate(page_folio(bvec.bv_page)))
			memzero_bvec(&bvec);
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
 * nbc_cmd_transfer_good - move the data of a command as far as no block is bad
 * @nbd: the disk
 * @cmd: what to do; @len is set to how much was done
 *
 * Context: As nbc_cmd_transfer().
 * Return: the command's outcome.
 */
blk_status_t nbc_cmd_transfer_good(struct nbc_disk *nbd, struct nbc_cmd *cmd)
{
	blk_status_t bad, status;

	bad = nbc_bad_check(nbd, cmd->pos, &cmd->len);
	status = nbc_cmd_transfer(nbd, cmd);
	return bad ?: status;
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
	if (nbd->zones)
		return nbc_zone_cmd(nbd, cmd);
	return nbc_cmd_transfer_good(nbd, cmd);
}
