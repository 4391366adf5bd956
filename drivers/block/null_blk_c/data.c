// SPDX-License-Identifier: GPL-2.0
/*
 * Data of commands: to and from the cache, the store, or nowhere. Whether a command may
 * have it is decided before.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bio.h>
#include <linux/cleanup.h>
#include <linux/highmem.h>
#include <linux/pagemap.h>
#include <linux/printk.h>
#include <linux/sizes.h>

#include "cache.h"
#include "data.h"
#include "history.h"
#include "lies.h"
#include "null_blk_c.h"

/**
 * nbc_store_unmap - the part of nbc_store_cmd() that takes data away
 * @store: where the data is
 * @op: the operation
 * @flags: REQ_* of the request or bio
 * @pos: first byte
 * @len: number of bytes
 *
 * Context: Process context, may sleep.
 * Return: as nbc_store_cmd().
 */
blk_status_t nbc_store_unmap(struct nbc_store *store, enum req_op op, blk_opf_t flags, u64 pos,
			     unsigned int len)
{
	switch (op) {
	case REQ_OP_WRITE_ZEROES:
		if (flags & REQ_NOUNMAP)
			return nbc_store_zero(store, pos, len);
		fallthrough;
	case REQ_OP_DISCARD:
	case REQ_OP_SECURE_ERASE:
		return nbc_store_discard(store, pos, len);
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

static blk_status_t nbc_data_move_protected(struct nbc_disk *ndisk,
					    const struct nbc_cmd *cmd)
{
	struct nbc_pi_io io;
	blk_status_t status;

	status = nbc_pi_begin(&ndisk->pi, cmd, &io);
	if (status)
		return status;
	return nbc_pi_end(&ndisk->pi, cmd, &io, nbc_data_move(ndisk, &io.cmd));
}

/* The same, for a command that changes what a rule may want the past of. */
static blk_status_t nbc_data_move_past(struct nbc_disk *ndisk, const struct nbc_cmd *cmd)
{
	unsigned int block_bytes = queue_logical_block_size(ndisk->disk->queue);
	bool write = cmd->op == REQ_OP_WRITE || cmd->op == REQ_OP_ZONE_APPEND;
	struct nbc_past *past = &ndisk->rules->past;
	blk_status_t status;

	if (!cmd->done || !nbc_past_fits(cmd->pos + cmd->done, block_bytes) ||
	    !nbc_rules_want_past(ndisk->rules, cmd->pos, cmd->done))
		return nbc_data_move(ndisk, cmd);
	guard(mutex)(&past->lock);
	/* A rule that has gone meanwhile has had all forgotten. */
	if (!nbc_rules_want_past(ndisk->rules, cmd->pos, cmd->done))
		return nbc_data_move(ndisk, cmd);
	if (write && !nbc_past_keep(past, ndisk->store, block_bytes, cmd->pos, cmd->done))
		pr_warn_ratelimited("%s: rules: lie=stale: no memory for what blocks held before, %d MiB at most; reads of some are true\n",
				    ndisk->disk->disk_name, NBC_PAST_MAX_BYTES / SZ_1M);
	status = nbc_data_move(ndisk, cmd);
	if (!write || status)
		nbc_past_forget_range(past, block_bytes, cmd->pos, cmd->done);
	return status;
}

static blk_status_t nbc_data_change(struct nbc_disk *ndisk, const struct nbc_cmd *cmd)
{
	if (ndisk->pi.type)
		return nbc_data_move_protected(ndisk, cmd);
	if (nbc_rules_keep_past(ndisk->rules, cmd->op))
		return nbc_data_move_past(ndisk, cmd);
	return nbc_data_move(ndisk, cmd);
}

/* A command that fails says so, and lies about nothing. */
static blk_status_t nbc_data_move_judged(struct nbc_disk *ndisk, const struct nbc_cmd *cmd)
{
	struct nbc_lying lying = {
		.seems		= cmd,
		.verdict	= container_of(cmd, struct nbc_lying_cmd, cmd)->verdict,
	};
	unsigned int block_bytes = queue_logical_block_size(ndisk->disk->queue);
	blk_status_t status = BLK_STS_OK;
	struct nbc_cmd other = *cmd;

	other.lies = false;
	if (cmd->status || !lying.verdict->lies)
		return nbc_data_change(ndisk, &other);
	if (nbc_lie_begin(&lying, ndisk->store, &ndisk->pi, block_bytes,
			  get_capacity(ndisk->disk) << SECTOR_SHIFT, &other)) {
		/* A cut that took it would take what its zone has behind that place. */
		if (ndisk->zones && other.pos != cmd->pos)
			other.flags |= REQ_FUA;
		status = nbc_data_change(ndisk, &other);
	}
	/* What decayed did so, even if the disk finds it itself, by its protection. */
	if (!status || lying.entry.lie == NBC_LIE_DECAY)
		nbc_lie_end(&lying, ndisk->rules, block_bytes);
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

	if (unlikely(cmd->lies))
		status = nbc_data_move_judged(ndisk, cmd);
	else
		status = nbc_data_move(ndisk, cmd);

	cmd->status = cmd->status ?: status;
	return status == BLK_STS_OK;
}

/**
 * nbc_data_run_protected - move the data of a command, with protection information
 * @ndisk: a disk that has that
 * @cmd: as for nbc_data_run(); a write that does not fit its tuples fails, and nothing of it
 *	is done
 *
 * Context: Process context, may sleep.
 */
void nbc_data_run_protected(struct nbc_disk *ndisk, struct nbc_cmd *cmd)
{
	blk_status_t status = BLK_STS_OK;

	if (cmd->op == REQ_OP_WRITE && cmd->done)
		status = nbc_pi_verify(&ndisk->pi, cmd);
	if (status)
		cmd->done = 0;
	else if (cmd->lies)
		status = nbc_data_move_judged(ndisk, cmd);
	else
		status = nbc_data_move_protected(ndisk, cmd);
	cmd->status = cmd->status ?: status;
}
