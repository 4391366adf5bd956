// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the past: what it gives a reader, after any writes, and what it costs.
 */
#include <kunit/test.h>
#include <linux/bio.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../cmd.h"
#include "../past.h"
#include "../store.h"

#define PK_BLOCK_BYTES	512
#define PK_BLOCKS	32
#define PK_BYTES	(PK_BLOCKS * PK_BLOCK_BYTES)

struct pk {
	struct nbc_store	store;
	struct nbc_past		past;
	u8			memory[PK_BYTES];
};

static void pk_exit(void *data)
{
	struct pk *pk = data;

	nbc_past_destroy(&pk->past);
	nbc_store_destroy(&pk->store);
}

static struct pk *pk_init(struct kunit *test)
{
	struct pk *pk = kunit_kzalloc(test, sizeof(*pk), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pk);
	nbc_store_create(&pk->store);
	nbc_past_create(&pk->past);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, pk_exit, pk), 0);
	KUNIT_ASSERT_EQ(test, nbc_store_configure(&pk->store, PK_BLOCK_BYTES, NUMA_NO_NODE), 0);
	return pk;
}

/* Writes @nr blocks of @value, from block @first on. */
static void pk_write(struct kunit *test, struct pk *pk, unsigned int first,
		     unsigned int nr, u8 value)
{
	u64 pos = (u64)first * PK_BLOCK_BYTES;
	u64 len = (u64)nr * PK_BLOCK_BYTES;

	mutex_lock(&pk->past.lock);
	KUNIT_EXPECT_TRUE(test, nbc_past_keep(&pk->past, &pk->store, PK_BLOCK_BYTES, pos, len));
	mutex_unlock(&pk->past.lock);
	memset(pk->memory, value, len);
	KUNIT_ASSERT_EQ(test, nbc_store_put(&pk->store, pos, pk->memory, len), 0);
}

static void pk_forget(struct pk *pk, unsigned int first, unsigned int nr)
{
	mutex_lock(&pk->past.lock);
	nbc_past_forget_range(&pk->past, PK_BLOCK_BYTES, (u64)first * PK_BLOCK_BYTES,
			      (u64)nr * PK_BLOCK_BYTES);
	mutex_unlock(&pk->past.lock);
}

/*
 * Reads all, of which blocks @start to @end may be stale, into &pk.memory. Returns how many
 * blocks were; @first is the first.
 */
static unsigned int pk_read(struct pk *pk, unsigned int start, unsigned int end,
			    unsigned int *first)
{
	struct bio_vec bv;
	struct bio bio = {
		.bi_io_vec	= &bv,
		.bi_vcnt	= 1,
		.bi_iter	= { .bi_size = PK_BYTES },
	};
	struct nbc_cmd cmd = {
		.bio = &bio, .op = REQ_OP_READ, .len = PK_BYTES, .done = PK_BYTES,
	};
	unsigned int stale;
	u64 byte = 0;

	bvec_set_virt(&bv, pk->memory, PK_BYTES);
	nbc_store_read(&pk->store, &bio, 0, PK_BYTES);
	stale = nbc_past_show(&pk->past, PK_BLOCK_BYTES, &cmd, start * PK_BLOCK_BYTES,
			      end * PK_BLOCK_BYTES, &byte);
	*first = byte / PK_BLOCK_BYTES;
	return stale / PK_BLOCK_BYTES;
}

static u8 pk_block(const struct pk *pk, unsigned int block)
{
	const u8 *memory = pk->memory + block * PK_BLOCK_BYTES;

	return memchr_inv(memory, *memory, PK_BLOCK_BYTES) ? 255 : *memory;
}

/* The version before the last one, zeroes before the first, in the range only. */
static void pk_versions(struct kunit *test)
{
	struct pk *pk = pk_init(test);
	unsigned int first;

	KUNIT_EXPECT_EQ(test, pk_read(pk, 0, PK_BLOCKS, &first), 0);
	pk_write(test, pk, 4, 8, 1);
	KUNIT_EXPECT_EQ(test, pk_read(pk, 0, PK_BLOCKS, &first), 8);
	KUNIT_EXPECT_EQ(test, first, 4);
	KUNIT_EXPECT_EQ(test, pk_block(pk, 4), 0);
	pk_write(test, pk, 8, 8, 2);
	KUNIT_EXPECT_EQ(test, pk_read(pk, 6, 10, &first), 4);
	KUNIT_EXPECT_EQ(test, first, 6);
	KUNIT_EXPECT_EQ(test, pk_block(pk, 5), 1);
	KUNIT_EXPECT_EQ(test, pk_block(pk, 7), 0);
	KUNIT_EXPECT_EQ(test, pk_block(pk, 9), 1);
	KUNIT_EXPECT_EQ(test, pk_block(pk, 10), 2);
	/* The same again: what is given is older, and no lie. */
	pk_write(test, pk, 9, 1, 2);
	KUNIT_EXPECT_EQ(test, pk_read(pk, 9, 10, &first), 0);
	KUNIT_EXPECT_EQ(test, pk_block(pk, 9), 2);
	pk_write(test, pk, 9, 1, 3);
	pk_write(test, pk, 9, 1, 4);
	KUNIT_EXPECT_EQ(test, pk_read(pk, 9, 10, &first), 1);
	KUNIT_EXPECT_EQ(test, pk_block(pk, 9), 3);
	pk_forget(pk, 9, 1);
	KUNIT_EXPECT_EQ(test, pk_read(pk, 9, 10, &first), 0);
	KUNIT_EXPECT_EQ(test, pk_block(pk, 9), 4);
	KUNIT_EXPECT_EQ(test, pk_read(pk, 8, 11, &first), 2);
	nbc_past_forget(&pk->past);
	KUNIT_EXPECT_EQ(test, pk_read(pk, 0, PK_BLOCKS, &first), 0);
}

/* What it takes comes back, and at the limit a block is forgotten. */
static void pk_costs(struct kunit *test)
{
	struct pk *pk = pk_init(test);
	unsigned long zeroes, data;
	unsigned int first;

	pk_write(test, pk, 0, 4, 1);
	zeroes = pk->past.bytes;
	KUNIT_EXPECT_GT(test, zeroes, 0);
	KUNIT_EXPECT_LT(test, zeroes, PK_BLOCK_BYTES);
	pk_write(test, pk, 0, 4, 2);
	data = pk->past.bytes;
	KUNIT_EXPECT_EQ(test, data, zeroes + 4 * PK_BLOCK_BYTES);
	pk_write(test, pk, 0, 4, 3);
	KUNIT_EXPECT_EQ(test, pk->past.bytes, data);

	pk->past.bytes += NBC_PAST_MAX_BYTES - data;
	mutex_lock(&pk->past.lock);
	KUNIT_EXPECT_FALSE(test, nbc_past_keep(&pk->past, &pk->store, PK_BLOCK_BYTES,
					       4 * PK_BLOCK_BYTES, PK_BLOCK_BYTES));
	KUNIT_EXPECT_TRUE(test, nbc_past_keep(&pk->past, &pk->store, PK_BLOCK_BYTES,
					      0, PK_BLOCK_BYTES));
	mutex_unlock(&pk->past.lock);
	KUNIT_EXPECT_EQ(test, pk_read(pk, 4, 5, &first), 0);
	pk->past.bytes -= NBC_PAST_MAX_BYTES - data;

	pk_forget(pk, 0, PK_BLOCKS);
	KUNIT_EXPECT_EQ(test, pk->past.bytes, 0);
	KUNIT_EXPECT_TRUE(test, xa_empty(&pk->past.blocks));
}

static struct kunit_case pk_cases[] = {
	KUNIT_CASE(pk_versions),
	KUNIT_CASE(pk_costs),
	{ }
};

static struct kunit_suite pk_suite = {
	.name		= "null_blk_c_past",
	.test_cases	= pk_cases,
};

kunit_test_suite(pk_suite);
