// SPDX-License-Identifier: GPL-2.0
/*
 * Data of commands: to and from the cache, the store, or nowhere. Whether a command may
 * have it is decided before.
 */
#include <linux/bio.h>
#include <linux/highmem.h>
#include <linux/pagemap.h>

#include "cache.h"
#include "data.h"
#include "history.h"
#include "lies.h"
#include "null_blk_c.h"

/* Reads find in the store what the cache has; discards act on both at once. */
static blk_status_t nbc_cache_cmd(struct nbc_cache *cache,
				  const struct nbc_cmd *cmd)
{
	switch (cmd->op) {
	case REQ_OP_WRITE:
	case REQ_OP_ZONE_APPEND:
		return nbc_cache_write(cache, cmd->bio, cmd->pos, cmd->done,
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

static blk_status_t nbc_data_move(struct nbc_disk *ndisk, const struct nbc_cmd *cmd)
{
	if (ndisk->store && !cmd->done && cmd->op != REQ_OP_FLUSH)
		return BLK_STS_OK;
	if (ndisk->history && cmd->op != REQ_OP_READ)
		return nbc_history_run(ndisk->history, cmd);
	if (ndisk->cache)
		return nbc_cache_cmd(ndisk->cache, cmd);
	if (ndisk->store)
		return nbc_store_cmd(ndisk->store, cmd);
	if (cmd->op != REQ_OP_READ)
		return BLK_STS_OK;
	if (ndisk->fail_reads)
		return BLK_STS_IOERR;
	nbc_hide_memory(cmd->bio);
	return BLK_STS_OK;
}

static blk_status_t nbc_data_move_lying(struct nbc_disk *ndisk, const struct nbc_cmd *cmd)
{
	struct nbc_lying lying = {
		.seems		= cmd,
		.verdict	= container_of(cmd, struct nbc_lying_cmd, cmd)->verdict,
	};
	blk_status_t status = BLK_STS_OK;
	struct nbc_cmd other = *cmd;

	other.lies = false;
	if (nbc_lie_begin(&lying, ndisk->store, queue_logical_block_size(ndisk->disk->queue),
			  get_capacity(ndisk->disk) << SECTOR_SHIFT, &other))
		status = nbc_data_move(ndisk, &other);
	if (!status)
		nbc_lie_end(&lying, &ndisk->rules->lies);
	return status;
}

/**
 * nbc_data_run - move the data of a command
 * @ndisk: the disk
 * @cmd: what to do; @done bytes of the data of its bios. Its @status is that of the data,
 *	unless there was an error before
 *
 * Context: Process context, may sleep if the disk keeps data.
 * Return: whether the data was moved.
 */
bool nbc_data_run(struct nbc_disk *ndisk, struct nbc_cmd *cmd)
{
	blk_status_t status;

	/* A command that fails says so, and lies about nothing. */
	if (unlikely(cmd->lies) && !cmd->status)
		status = nbc_data_move_lying(ndisk, cmd);
	else
		status = nbc_data_move(ndisk, cmd);

	cmd->status = cmd->status ?: status;
	return status == BLK_STS_OK;
}
