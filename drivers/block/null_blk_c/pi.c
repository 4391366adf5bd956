// SPDX-License-Identifier: GPL-2.0
/*
 * Protection information, as T10 defines it: each block has a tuple with a guard, which
 * is a checksum of its data, an application tag, which is nobody's business here, and a
 * reference tag, which with types 1 and 2 is the number of the block. The block layer makes
 * and checks the tuples, or whoever sends the bio; and so does the disk: what it is told to
 * write must fit its tuple and its place. Where a request comes without tuples, the disk
 * makes them, and checks them when it reads.
 *
 * Where they are
 * --------------
 * In the store a block has twice its size: the data, the tuple, and nothing. To the store,
 * the cache and the history it is a block like any other. So a block and its tuple are
 * written and read as one, whoever else is there, and a power cut keeps or loses both.
 *
 * Tuples are stored with all bits inverted. What was never written, or was discarded, is
 * zeroes in the store, and so its tuple has all bits set, which means that there is nothing
 * to check.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bio.h>
#include <linux/blk-integrity.h>
#include <linux/crc-t10dif.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/log2.h>
#include <linux/mqblk_compat.h>
#include <linux/printk.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/t10-pi.h>
#include <linux/unaligned.h>
#include <net/checksum.h>

#include "attr.h"
#include "pi.h"
#include "unit.h"

/* Each block of a request takes some pieces of memory, and there is an end to that. */
#define NBC_PI_MAX_BYTES	SZ_256K
#define NBC_PI_MAX_TUPLE	sizeof(struct crc64_pi_tuple)
/* A read, or a write in place, must not fail for want of memory: it is waited for. */
#define NBC_PI_GFP		(GFP_NOIO | __GFP_NOWARN)

static unsigned int nbc_pi_tuple_bytes(const struct nbc_pi *pi)
{
	return pi->guard == NBC_PI_CRC64 ? sizeof(struct crc64_pi_tuple) :
					   sizeof(struct t10_pi_tuple);
}

static unsigned int nbc_pi_block_bytes(const struct nbc_pi *pi)
{
	return 1U << pi->block_shift;
}

/* What no range of an attribute says: returns what pi_type cannot be together with. */
static const char *nbc_pi_forbids(const struct nbc_config *config)
{
	if (!config->memory_backed)
		return "memory_backed 0";
	if (config->queue_mode != NBC_Q_RQ)
		return "queue_mode 0";
	if (config->zoned)
		return "zoned 1";
	if (config->size > NBC_MAX_SIZE_MB / 2)
		return "a size beyond half of the greatest";
	return NULL;
}

/**
 * nbc_pi_configure - find out how blocks shall be protected
 * @name: of the device, for the log
 * @config: what the user wants
 * @pi: output
 *
 * Context: Any.
 * Return: 0; -EINVAL, and a line in the log, for what cannot be.
 */
int nbc_pi_configure(const char *name, const struct nbc_config *config,
		     struct nbc_pi *pi)
{
	const char *forbids;

	*pi = (struct nbc_pi) { };
	if (!config->pi_type)
		return 0;
	forbids = nbc_pi_forbids(config);
	if (forbids) {
		pr_err("%s: pi_type: %lu is not valid with %s, use 0\n", name,
		       config->pi_type, forbids);
		return -EINVAL;
	}
	pi->type = config->pi_type;
	pi->guard = config->pi_guard;
	pi->block_shift = ilog2(config->blocksize);
	return 0;
}

/* What is said in 32 bits takes twice as much in the store. */
static void nbc_pi_limit_range(unsigned int *max_sects, unsigned int block_sects)
{
	*max_sects = round_down(*max_sects / 2, block_sects);
}

/**
 * nbc_pi_limits - tell the block layer how blocks are protected
 * @pi: how
 * @limits: of the disk; the block size and the greatest requests are there already
 *
 * Context: Any.
 */
void nbc_pi_limits(const struct nbc_pi *pi, struct queue_limits *limits)
{
	static const enum blk_integrity_checksum sums[] = {
		[NBC_PI_CRC16]	= BLK_INTEGRITY_CSUM_CRC,
		[NBC_PI_IP]	= BLK_INTEGRITY_CSUM_IP,
		[NBC_PI_CRC64]	= BLK_INTEGRITY_CSUM_CRC64,
	};
	unsigned int max_sects = max(NBC_PI_MAX_BYTES, nbc_pi_block_bytes(pi)) >> SECTOR_SHIFT;
	unsigned int block_sects = nbc_pi_block_bytes(pi) >> SECTOR_SHIFT;
	unsigned int tuple_bytes = nbc_pi_tuple_bytes(pi);
	struct blk_integrity *bi = &limits->integrity;

	mqblk_set_integrity_bytes(bi, tuple_bytes, tuple_bytes);
	bi->csum_type = sums[pi->guard];
	bi->flags = BLK_INTEGRITY_DEVICE_CAPABLE | MQBLK_SPLIT_INTERVAL_CAPABLE;
	bi->tag_size = sizeof(__be16);
	if (pi->type == T10_PI_TYPE3_PROTECTION)
		bi->tag_size = tuple_bytes - (pi->guard == NBC_PI_CRC64 ? sizeof(__be64) :
									  sizeof(__be16));
	else
		bi->flags |= BLK_INTEGRITY_REF_TAG;
	limits->max_integrity_segments = USHRT_MAX;
	/* Some kernels make a tuple for each piece of memory. */
	if (!MQBLK_SPLIT_INTERVAL_CAPABLE)
		limits->dma_alignment = nbc_pi_block_bytes(pi) - 1;
	limits->max_hw_sectors = limits->max_hw_sectors ?
				 min(limits->max_hw_sectors, max_sects) : max_sects;
	nbc_pi_limit_range(&limits->max_write_zeroes_sectors, block_sects);
	nbc_pi_limit_range(&limits->max_hw_discard_sectors, block_sects);
	nbc_pi_limit_range(&limits->max_secure_erase_sectors, block_sects);
}

/* --- tuples: plain values ----------------------------------------------------------- */

static u64 nbc_pi_sum_more(const struct nbc_pi *pi, u64 sum, const void *data,
			   unsigned int bytes)
{
	switch (pi->guard) {
	case NBC_PI_IP:
		return (__force u32)csum_partial(data, bytes, (__force __wsum)(u32)sum);
	case NBC_PI_CRC64:
		return crc64_nvme(sum, data, bytes);
	default:
		return crc_t10dif_update(sum, data, bytes);
	}
}

static u64 nbc_pi_sum_end(const struct nbc_pi *pi, u64 sum)
{
	__be16 folded;

	if (pi->guard != NBC_PI_IP)
		return sum;
	/* This sum is in the order of bytes that it has in memory. */
	folded = (__force __be16)csum_fold((__force __wsum)(u32)sum);
	return be16_to_cpu(folded);
}

/**
 * nbc_pi_sum - sum up data for a guard
 * @pi: how
 * @data: the data
 * @bytes: number of bytes
 *
 * Context: Any.
 * Return: what the guard is, as a number.
 */
u64 nbc_pi_sum(const struct nbc_pi *pi, const void *data, unsigned int bytes)
{
	return nbc_pi_sum_end(pi, nbc_pi_sum_more(pi, 0, data, bytes));
}

/**
 * nbc_pi_make - make a tuple
 * @pi: how
 * @sum: of the block's data, from nbc_pi_sum()
 * @block: number of the block
 * @tuple: output
 *
 * Context: Any.
 */
void nbc_pi_make(const struct nbc_pi *pi, u64 sum, u64 block, void *tuple)
{
	struct crc64_pi_tuple *ext = tuple;
	struct t10_pi_tuple *t10 = tuple;

	if (pi->type == T10_PI_TYPE3_PROTECTION)
		block = 0;
	if (pi->guard == NBC_PI_CRC64) {
		ext->guard_tag = cpu_to_be64(sum);
		ext->app_tag = 0;
		put_unaligned_be48(block, ext->ref_tag);
	} else {
		t10->guard_tag = cpu_to_be16(sum);
		t10->app_tag = 0;
		t10->ref_tag = cpu_to_be32(lower_32_bits(block));
	}
}

/* Does a tuple say that nothing is to be checked? */
static bool nbc_pi_escapes(const struct nbc_pi *pi, __be16 app_tag, const void *ref_tag,
			   unsigned int ref_bytes)
{
	if (app_tag != T10_PI_APP_ESCAPE)
		return false;
	return pi->type != T10_PI_TYPE3_PROTECTION || !memchr_inv(ref_tag, 0xff, ref_bytes);
}

/**
 * nbc_pi_fits - does a tuple fit its block?
 * @pi: how blocks are protected
 * @sum: of the block's data
 * @block: number of the block
 * @tuple: the tuple
 *
 * Context: Any.
 * Return: whether it does, or says that nothing is to be checked.
 */
bool nbc_pi_fits(const struct nbc_pi *pi, u64 sum, u64 block, const void *tuple)
{
	bool any_ref = pi->type == T10_PI_TYPE3_PROTECTION;
	const struct crc64_pi_tuple *ext = tuple;
	const struct t10_pi_tuple *t10 = tuple;

	if (pi->guard == NBC_PI_CRC64)
		return nbc_pi_escapes(pi, ext->app_tag, ext->ref_tag, sizeof(ext->ref_tag)) ||
		       (be64_to_cpu(ext->guard_tag) == sum &&
			(any_ref || get_unaligned_be48(ext->ref_tag) == lower_48_bits(block)));
	return nbc_pi_escapes(pi, t10->app_tag, &t10->ref_tag, sizeof(t10->ref_tag)) ||
	       (be16_to_cpu(t10->guard_tag) == sum &&
		(any_ref || be32_to_cpu(t10->ref_tag) == lower_32_bits(block)));
}

/* --- the blocks of a command ---------------------------------------------------------- */

/*
 * Where in a command the next block is
 *
 * @bio: the bio
 * @data: its data
 * @meta: its tuples, if it has some
 * @block: number of the block on the disk
 * @left: how many blocks there are from here on
 */
struct nbc_pi_walk {
	struct bio		*bio;
	struct bvec_iter	data;
	struct bvec_iter	meta;
	u64			block;
	unsigned int		left;
};

static void nbc_pi_walk_bio(struct nbc_pi_walk *walk, struct bio *bio)
{
	walk->bio = bio;
	if (!bio)
		return;
	walk->data = bio->bi_iter;
	if (bio_integrity(bio))
		walk->meta = bio_integrity(bio)->bip_iter;
}

static void nbc_pi_walk_init(struct nbc_pi_walk *walk, const struct nbc_pi *pi,
			     const struct nbc_cmd *cmd)
{
	walk->block = cmd->pos >> pi->block_shift;
	walk->left = cmd->done >> pi->block_shift;
	nbc_pi_walk_bio(walk, cmd->bio);
}

/* The next piece of the block's data, of which @bytes are left; steps behind it. */
static struct bio_vec nbc_pi_walk_piece(struct nbc_pi_walk *walk, unsigned int bytes)
{
	struct bio_vec bv = bio_iter_iovec(walk->bio, walk->data);

	bv.bv_len = min(bv.bv_len, bytes);
	bvec_iter_advance_single(walk->bio->bi_io_vec, &walk->data, bv.bv_len);
	return bv;
}

/* After the block's data: goes to the next block. Returns whether there is one. */
static bool nbc_pi_walk_next(struct nbc_pi_walk *walk)
{
	walk->block++;
	if (!--walk->left)
		return false;
	if (!walk->data.bi_size)
		nbc_pi_walk_bio(walk, walk->bio->bi_next);
	return walk->bio;
}

/* Sums up the block's data, and steps behind it. */
static u64 nbc_pi_walk_sum(struct nbc_pi_walk *walk, const struct nbc_pi *pi)
{
	unsigned int left = nbc_pi_block_bytes(pi);
	u64 sum = 0;

	while (left) {
		struct bio_vec bv = nbc_pi_walk_piece(walk, left);
		void *memory = bvec_kmap_local(&bv);

		sum = nbc_pi_sum_more(pi, sum, memory, bv.bv_len);
		kunmap_local(memory);
		left -= bv.bv_len;
	}
	return nbc_pi_sum_end(pi, sum);
}

/* Copies the block's tuple to or from memory. Returns false if the bio has none. */
static bool nbc_pi_walk_tuple(struct nbc_pi_walk *walk, const struct nbc_pi *pi,
			      void *tuple, bool to_bio)
{
	struct bio_integrity_payload *bip = bio_integrity(walk->bio);
	unsigned int left = nbc_pi_tuple_bytes(pi);

	if (!bip || walk->meta.bi_size < left)
		return false;
	while (left) {
		struct bio_vec bv = bvec_iter_bvec(bip->bip_vec, walk->meta);
		void *memory;

		bv.bv_len = min(bv.bv_len, left);
		memory = bvec_kmap_local(&bv);
		if (to_bio)
			memcpy(memory, tuple, bv.bv_len);
		else
			memcpy(tuple, memory, bv.bv_len);
		kunmap_local(memory);
		bvec_iter_advance(bip->bip_vec, &walk->meta, bv.bv_len);
		tuple += bv.bv_len;
		left -= bv.bv_len;
	}
	return true;
}

/**
 * nbc_pi_verify - does what is to be written fit its tuples?
 * @pi: how blocks are protected
 * @cmd: a write of some blocks
 *
 * Context: Process context.
 * Return: BLK_STS_OK, or BLK_STS_PROTECTION if any block does not.
 */
blk_status_t nbc_pi_verify(const struct nbc_pi *pi, const struct nbc_cmd *cmd)
{
	u8 tuple[NBC_PI_MAX_TUPLE] __aligned(8);
	struct nbc_pi_walk walk;

	nbc_pi_walk_init(&walk, pi, cmd);
	do {
		if (!nbc_pi_walk_tuple(&walk, pi, tuple, false))
			return BLK_STS_OK;
		if (!nbc_pi_fits(pi, nbc_pi_walk_sum(&walk, pi), walk.block, tuple))
			return BLK_STS_PROTECTION;
	} while (nbc_pi_walk_next(&walk));
	return BLK_STS_OK;
}

/* --- as the store gets it --------------------------------------------------------------- */

/* The stored tuple of the block with number @nr in the command */
static u8 *nbc_pi_stored(const struct nbc_pi *pi, const struct nbc_pi_io *io, unsigned int nr)
{
	return io->tuples + nr * nbc_pi_tuple_bytes(pi);
}

static void nbc_pi_invert(const struct nbc_pi *pi, u8 *tuple)
{
	unsigned int i;

	for (i = 0; i < nbc_pi_tuple_bytes(pi); i++)
		tuple[i] ^= 0xff;
}

/* Makes the stored tuple of what a bio writes, and leaves @walk where it was in the data. */
static void nbc_pi_store_tuple(struct nbc_pi_walk *walk, const struct nbc_pi *pi, u8 *tuple)
{
	struct nbc_pi_walk copy = *walk;

	if (!nbc_pi_walk_tuple(walk, pi, tuple, false))
		nbc_pi_make(pi, nbc_pi_walk_sum(&copy, pi), walk->block, tuple);
	nbc_pi_invert(pi, tuple);
}

/* Lines up the block's data, its tuple and nothing. Returns behind the last piece. */
static struct bio_vec *nbc_pi_line_up(struct nbc_pi_walk *walk, const struct nbc_pi *pi,
				      const struct nbc_pi_io *io, u8 *tuple,
				      struct bio_vec *vec)
{
	void *nothing = io->tuples + io->tuples_bytes - PAGE_SIZE;
	unsigned int left, part;

	for (left = nbc_pi_block_bytes(pi); left; left -= vec++->bv_len)
		*vec = nbc_pi_walk_piece(walk, left);
	bvec_set_virt(vec++, tuple, nbc_pi_tuple_bytes(pi));
	left = nbc_pi_block_bytes(pi) - nbc_pi_tuple_bytes(pi);
	for (; left; left -= part) {
		part = min_t(unsigned int, left, PAGE_SIZE);
		bvec_set_virt(vec++, nothing, part);
	}
	return vec;
}

static unsigned int nbc_pi_max_vecs(const struct nbc_pi *pi, const struct nbc_cmd *cmd)
{
	unsigned int nr_blocks = cmd->done >> pi->block_shift;
	unsigned int nr = nr_blocks * (2 + DIV_ROUND_UP(nbc_pi_block_bytes(pi), PAGE_SIZE));
	struct bvec_iter iter;
	struct bio_vec bv;
	struct bio *bio;

	/* Between two blocks a piece may be cut. */
	for (bio = cmd->bio; bio; bio = bio->bi_next) {
		bio_for_each_segment(bv, bio, iter)
			nr++;
	}
	return nr;
}

static bool nbc_pi_alloc(const struct nbc_pi *pi, const struct nbc_cmd *cmd,
			 struct nbc_pi_io *io)
{
	unsigned int nr_blocks = cmd->done >> pi->block_shift;

	io->tuples_bytes = PAGE_ALIGN(nr_blocks * nbc_pi_tuple_bytes(pi)) + PAGE_SIZE;
	io->tuples = alloc_pages_exact(io->tuples_bytes, NBC_PI_GFP | __GFP_ZERO);
	if (!io->tuples)
		return false;
	io->vecs = kvmalloc_array(nbc_pi_max_vecs(pi, cmd), sizeof(*io->vecs),
				  NBC_PI_GFP);
	if (io->vecs)
		return true;
	free_pages_exact(io->tuples, io->tuples_bytes);
	io->tuples = NULL;
	return false;
}

static void nbc_pi_free(struct nbc_pi_io *io)
{
	kvfree(io->vecs);
	free_pages_exact(io->tuples, io->tuples_bytes);
}

static void nbc_pi_fill(const struct nbc_pi *pi, const struct nbc_cmd *cmd,
			struct nbc_pi_io *io)
{
	struct bio_vec *vec = io->vecs;
	struct nbc_pi_walk walk;
	u8 *tuple = io->tuples;

	nbc_pi_walk_init(&walk, pi, cmd);
	do {
		if (cmd->op == REQ_OP_WRITE)
			nbc_pi_store_tuple(&walk, pi, tuple);
		vec = nbc_pi_line_up(&walk, pi, io, tuple, vec);
		tuple += nbc_pi_tuple_bytes(pi);
	} while (nbc_pi_walk_next(&walk));
	io->bio = (struct bio) {
		.bi_io_vec	= io->vecs,
		.bi_vcnt	= min_t(unsigned int, vec - io->vecs, USHRT_MAX),
		.bi_iter	= { .bi_size = nbc_pi_stretch(cmd->done) },
	};
	io->cmd.bio = &io->bio;
}

/**
 * nbc_pi_begin - say a command in the words of the store
 * @pi: how blocks are protected
 * @cmd: the command
 * @io: output, until nbc_pi_end()
 *
 * Context: Process context, may sleep.
 * Return: BLK_STS_OK; BLK_STS_NOSPC without memory, and then nbc_pi_end() is not called.
 */
blk_status_t nbc_pi_begin(const struct nbc_pi *pi, const struct nbc_cmd *cmd,
			  struct nbc_pi_io *io)
{
	bool moves = cmd->op == REQ_OP_READ || cmd->op == REQ_OP_WRITE;

	io->cmd = *cmd;
	io->cmd.pos = nbc_pi_stretch(cmd->pos);
	io->cmd.len = nbc_pi_stretch(cmd->len);
	io->cmd.done = nbc_pi_stretch(cmd->done);
	io->tuples = NULL;
	if (!moves || !cmd->done)
		return BLK_STS_OK;
	if (!nbc_pi_alloc(pi, cmd, io))
		return BLK_STS_NOSPC;
	nbc_pi_fill(pi, cmd, io);
	return BLK_STS_OK;
}

/* Gives tuples that were read to who reads, or checks them for him. */
static blk_status_t nbc_pi_deliver(const struct nbc_pi *pi, const struct nbc_cmd *cmd,
				   const struct nbc_pi_io *io)
{
	struct nbc_pi_walk walk;
	unsigned int nr = 0;

	nbc_pi_walk_init(&walk, pi, cmd);
	do {
		u8 *tuple = nbc_pi_stored(pi, io, nr++);
		u64 sum;

		nbc_pi_invert(pi, tuple);
		if (nbc_pi_walk_tuple(&walk, pi, tuple, true)) {
			bio_advance_iter(walk.bio, &walk.data, nbc_pi_block_bytes(pi));
			continue;
		}
		sum = nbc_pi_walk_sum(&walk, pi);
		if (!nbc_pi_fits(pi, sum, walk.block, tuple))
			return BLK_STS_PROTECTION;
	} while (nbc_pi_walk_next(&walk));
	return BLK_STS_OK;
}

/**
 * nbc_pi_end - after the store has done a command
 * @pi: how blocks are protected
 * @cmd: the command
 * @io: from nbc_pi_begin()
 * @status: of the store
 *
 * Context: Process context.
 * Return: @status; or BLK_STS_PROTECTION for a read without room for tuples, if one does
 * not fit.
 */
blk_status_t nbc_pi_end(const struct nbc_pi *pi, const struct nbc_cmd *cmd,
			struct nbc_pi_io *io, blk_status_t status)
{
	if (!io->tuples)
		return status;
	if (!status && cmd->op == REQ_OP_READ)
		status = nbc_pi_deliver(pi, cmd, io);
	nbc_pi_free(io);
	return status;
}
