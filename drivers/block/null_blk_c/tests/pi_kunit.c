// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of protection information: sums of known data, which tuple fits which block, and
 * how a write in pieces is stored and read back.
 */
#include <kunit/test.h>
#include <linux/bio.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../attr.h"
#include "../cmd.h"
#include "../data.h"
#include "../pi.h"
#include "../store.h"

#define IK_BLOCK_SHIFT	9
#define IK_BLOCK_BYTES	BIT(IK_BLOCK_SHIFT)
#define IK_BLOCKS	8
#define IK_BYTES	(IK_BLOCKS * IK_BLOCK_BYTES)

/* The check values that the CRCs are published with, and a checksum by hand. */
static void ik_sums(struct kunit *test)
{
	const struct nbc_pi crc16 = { .type = 1, .guard = NBC_PI_CRC16 };
	const struct nbc_pi crc64 = { .type = 1, .guard = NBC_PI_CRC64 };
	const struct nbc_pi ip = { .type = 1, .guard = NBC_PI_IP };

	KUNIT_EXPECT_EQ(test, nbc_pi_sum(&crc16, "123456789", 9), 0xd0db);
	KUNIT_EXPECT_EQ(test, nbc_pi_sum(&crc64, "123456789", 9), 0xae8b14860a799888);
	/* ~(0x0102 + 0x0304) */
	KUNIT_EXPECT_EQ(test, nbc_pi_sum(&ip, "\1\2\3\4", 4), 0xfbf9);
}

struct ik_fit {
	const char	*what;
	u8		tuple[16];
	bool		fits[4];
};

/* Block 0x10203 with sum 0x1234, by type; types 1 and 2 want its number, type 3 does not. */
static const struct ik_fit ik_fits16[] = {
	{ "as it should be", { 0x12, 0x34, 0, 0, 0, 1, 2, 3 }, { 0, 1, 1, 1 } },
	{ "an application's tag", { 0x12, 0x34, 9, 9, 0, 1, 2, 3 }, { 0, 1, 1, 1 } },
	{ "another sum", { 0x12, 0x35, 0, 0, 0, 1, 2, 3 }, { 0, 0, 0, 0 } },
	{ "another place", { 0x12, 0x34, 0, 0, 0, 1, 2, 4 }, { 0, 0, 0, 1 } },
	{ "not to be checked", { 9, 9, 0xff, 0xff, 9, 9, 9, 9 }, { 0, 1, 1, 0 } },
	{ "not at all", { 9, 9, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, { 0, 1, 1, 1 } },
	{ "nothing", { }, { 0, 0, 0, 0 } },
};

static const struct ik_fit ik_fits64[] = {
	{ "as it should be", { 0, 0, 0, 0, 0, 0, 0x12, 0x34, 0, 0, 0, 0, 0, 1, 2, 3 },
	  { 0, 1, 1, 1 } },
	{ "another sum", { 1, 0, 0, 0, 0, 0, 0x12, 0x34, 0, 0, 0, 0, 0, 1, 2, 3 },
	  { 0, 0, 0, 0 } },
	{ "another place", { 0, 0, 0, 0, 0, 0, 0x12, 0x34, 0, 0, 1, 0, 0, 1, 2, 3 },
	  { 0, 0, 0, 1 } },
	{ "not to be checked", { 9, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 9 }, { 0, 1, 1, 0 } },
	{ "not at all", { 9, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	  { 0, 1, 1, 1 } },
};

static void ik_check_fits(struct kunit *test, u8 guard, const struct ik_fit *fit,
			  unsigned int nr)
{
	struct nbc_pi pi = { .guard = guard };
	u8 made[16] __aligned(8) = {};

	for (; nr; nr--, fit++) {
		for (pi.type = 1; pi.type <= 3; pi.type++)
			KUNIT_EXPECT_EQ_MSG(test, nbc_pi_fits(&pi, 0x1234, 0x10203, fit->tuple),
					    fit->fits[pi.type], "%s, type %u", fit->what, pi.type);
	}
	for (pi.type = 1; pi.type <= 3; pi.type++) {
		nbc_pi_make(&pi, 0x1234, 0x10203, made);
		KUNIT_EXPECT_TRUE(test, nbc_pi_fits(&pi, 0x1234, 0x10203, made));
		KUNIT_EXPECT_FALSE(test, nbc_pi_fits(&pi, 0x1235, 0x10203, made));
	}
}

static void ik_fits(struct kunit *test)
{
	ik_check_fits(test, NBC_PI_CRC16, ik_fits16, ARRAY_SIZE(ik_fits16));
	ik_check_fits(test, NBC_PI_IP, ik_fits16, ARRAY_SIZE(ik_fits16));
	ik_check_fits(test, NBC_PI_CRC64, ik_fits64, ARRAY_SIZE(ik_fits64));
}

static void ik_places(struct kunit *test)
{
	const struct nbc_pi pi = { .type = 1, .block_shift = 9 }, none = { };

	KUNIT_EXPECT_EQ(test, nbc_pi_place(&pi, 0), 0);
	KUNIT_EXPECT_EQ(test, nbc_pi_place(&pi, 511), 511);
	KUNIT_EXPECT_EQ(test, nbc_pi_place(&pi, 512), 1024);
	KUNIT_EXPECT_EQ(test, nbc_pi_place(&pi, 1537), 3073);
	KUNIT_EXPECT_EQ(test, nbc_pi_place(&none, 1537), 1537);
}

struct ik {
	struct nbc_store	store;
	struct nbc_pi		pi;
	u8			out[IK_BYTES];
	u8			in[IK_BYTES];
};

static void ik_exit(void *data)
{
	struct ik *ik = data;

	nbc_store_destroy(&ik->store);
}

/* Moves the data of all blocks by a bio of three pieces, uneven ones. */
static blk_status_t ik_move(struct ik *ik, enum req_op op, u8 *memory)
{
	static const unsigned int ends[] = { 0, 700, 1100, IK_BYTES };
	struct bio_vec vecs[3];
	struct bio bio = {
		.bi_io_vec	= vecs,
		.bi_vcnt	= 3,
		.bi_iter	= { .bi_size = IK_BYTES },
	};
	struct nbc_cmd cmd = {
		.bio = &bio, .op = op, .len = IK_BYTES, .done = IK_BYTES,
	};
	struct nbc_pi_io io;
	blk_status_t status;
	unsigned int i;

	for (i = 0; i < 3; i++)
		bvec_set_virt(&vecs[i], memory + ends[i], ends[i + 1] - ends[i]);
	status = nbc_pi_begin(&ik->pi, &cmd, &io);
	if (status)
		return status;
	return nbc_pi_end(&ik->pi, &cmd, &io, nbc_store_cmd(&ik->store, &io.cmd));
}

/* Without tuples of its own, a request has those that the disk makes. */
static void ik_stored(struct kunit *test)
{
	struct ik *ik = kunit_kzalloc(test, sizeof(*ik), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, ik);
	nbc_store_create(&ik->store);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, ik_exit, ik), 0);
	KUNIT_ASSERT_EQ(test, nbc_store_configure(&ik->store, 2 * IK_BLOCK_BYTES, NUMA_NO_NODE), 0);
	for (i = 0; i < IK_BYTES; i++)
		ik->out[i] = i * 7 + i / 512;
	for (ik->pi.guard = 0; ik->pi.guard <= NBC_PI_CRC64; ik->pi.guard++) {
		ik->pi.type = 1;
		ik->pi.block_shift = IK_BLOCK_SHIFT;
		nbc_store_discard(&ik->store, 0, 2 * IK_BYTES);
		KUNIT_EXPECT_EQ(test, (__force int)ik_move(ik, REQ_OP_READ, ik->in), 0);
		KUNIT_EXPECT_NULL(test, memchr_inv(ik->in, 0, IK_BYTES));
		KUNIT_EXPECT_EQ(test, (__force int)ik_move(ik, REQ_OP_WRITE, ik->out), 0);
		KUNIT_EXPECT_EQ(test, (__force int)ik_move(ik, REQ_OP_READ, ik->in), 0);
		KUNIT_EXPECT_EQ(test, memcmp(ik->in, ik->out, IK_BYTES), 0);
		/* A bit of block 5 */
		KUNIT_EXPECT_TRUE(test, nbc_store_flip(&ik->store,
						       nbc_pi_place(&ik->pi, 5 * 512 + 9), 4));
		KUNIT_EXPECT_EQ(test, (__force int)ik_move(ik, REQ_OP_READ, ik->in),
				(__force int)BLK_STS_PROTECTION);
	}
}

static struct kunit_case ik_cases[] = {
	KUNIT_CASE(ik_sums),
	KUNIT_CASE(ik_fits),
	KUNIT_CASE(ik_places),
	KUNIT_CASE(ik_stored),
	{ }
};

static struct kunit_suite ik_suite = {
	.name		= "null_blk_c_pi",
	.test_cases	= ik_cases,
};

kunit_test_suite(ik_suite);
