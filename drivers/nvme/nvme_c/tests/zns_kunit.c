// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of what is made of a zoned namespace's own words: its limits, and its report of a
 * zone. What is refused is logged in one line.
 */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/mqblk_compat.h>
#include <linux/sizes.h>

#include "../ident.h"
#include "../zns.h"

/* --- limits --------------------------------------------------------------- */

/* Blocks of 4 KiB, format 1, 16 zones of 1024 blocks unless the case says otherwise */
#define ZK_SHIFT	12
#define ZK_FORMAT	1
#define ZK_BLOCKS	16384
#define ZK_ZONE		1024

struct zk_limits {
	const char	*name;
	u64		zsze;
	u64		blocks;
	u16		zoc;
	u32		mar;
	u32		mor;
	int		ret;
	u32		max_active;
	u32		max_open;
};

/* MAR and MOR count from 0, and are all ones if there is no limit, which is 0 then. */
static const struct zk_limits zk_limits[] = {
	{ "no limits", ZK_ZONE, ZK_BLOCKS, 0, U32_MAX, U32_MAX, 0, 0, 0 },
	{ "14 active, 7 open", ZK_ZONE, ZK_BLOCKS, 0, 13, 6, 0, 14, 7 },
	{ "one of each", ZK_ZONE, ZK_BLOCKS, 0, 0, 0, 0, 1, 1 },
	{ "open ones only", ZK_ZONE, ZK_BLOCKS, 0, U32_MAX, 6, 0, 0, 7 },
	{ "one zone", ZK_BLOCKS, ZK_BLOCKS, 0, 0, 0, 0, 1, 1 },
	{ "ZSZE: none", 0, ZK_BLOCKS, 0, 0, 0, -ENODEV },
	{ "ZSZE: no power of 2", 1000, 16000, 0, 0, 0, -ENODEV },
	{ "ZSZE: 2 TiB", BIT_ULL(29), BIT_ULL(29), 0, 0, 0, -ENODEV },
	{ "ZSZE: the top bit", BIT_ULL(63), ZK_BLOCKS, 0, 0, 0, -ENODEV },
	{ "ZSZE: all ones", U64_MAX, ZK_BLOCKS, 0, 0, 0, -ENODEV },
	{ "NSZE: half a zone", ZK_ZONE, ZK_ZONE / 2, 0, 0, 0, -ENODEV },
	{ "NSZE: a block more", ZK_ZONE, ZK_BLOCKS + 1, 0, 0, 0, -ENODEV },
	{ "ZOC: capacity changes", ZK_ZONE, ZK_BLOCKS, 1, 0, 0, -ENODEV },
	{ "MOR: more than active", ZK_ZONE, ZK_BLOCKS, 0, 3, 4, -ENODEV },
	{ "MOR: no limit, MAR: one", ZK_ZONE, ZK_BLOCKS, 0, 3, U32_MAX, -ENODEV },
};

KUNIT_ARRAY_PARAM_DESC(zk_limits, zk_limits, name);

static void zk_limits_test(struct kunit *test)
{
	const struct zk_limits *param = test->param_value;
	struct nvmec_ns_info info = {
		.format		= ZK_FORMAT,
		.lba_shift	= ZK_SHIFT,
		.capacity_sects	= param->blocks << (ZK_SHIFT - SECTOR_SHIFT),
		.limits.max_write_zeroes_sectors = 128,
		.limits.max_hw_discard_sectors = 128,
	};
	struct nvme_id_ns_zns *id = kunit_kzalloc(test, sizeof(*id), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, id);
	id->zoc = cpu_to_le16(param->zoc);
	id->mar = cpu_to_le32(param->mar);
	id->mor = cpu_to_le32(param->mor);
	id->lbafe[ZK_FORMAT].zsze = cpu_to_le64(param->zsze);
	KUNIT_ASSERT_EQ(test, nvmec_zns_ident(NULL, 1, id, 256, &info), param->ret);
	if (param->ret)
		return;
	KUNIT_EXPECT_TRUE(test, info.limits.features & BLK_FEAT_ZONED);
	KUNIT_EXPECT_EQ(test, info.limits.chunk_sectors, param->zsze * 8);
	KUNIT_EXPECT_EQ(test, info.limits.max_active_zones, param->max_active);
	KUNIT_EXPECT_EQ(test, info.limits.max_open_zones, param->max_open);
	KUNIT_EXPECT_EQ(test, info.limits.max_write_zeroes_sectors, 0);
	KUNIT_EXPECT_EQ(test, info.limits.max_hw_discard_sectors, 0);
}

/* Appends are whole blocks, and none if the controller takes less than one. */
static void zk_append_test(struct kunit *test)
{
	static const struct {
		u8	shift;
		u32	sects;
		u32	expected;
	} cases[] = {
		{ 12, 256, 256 },
		{ 12, 20, 16 },
		{ 16, 256, 256 },
		{ 16, 255, 128 },
		{ 16, 64, 0 },
	};
	struct nvme_id_ns_zns *id = kunit_kzalloc(test, sizeof(*id), GFP_KERNEL);
	struct queue_limits expected;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, id);
	id->lbafe[ZK_FORMAT].zsze = cpu_to_le64(ZK_ZONE);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nvmec_ns_info info = {
			.format		= ZK_FORMAT,
			.lba_shift	= cases[i].shift,
			.capacity_sects	= ZK_BLOCKS << (cases[i].shift - SECTOR_SHIFT),
		};

		KUNIT_ASSERT_EQ(test, nvmec_zns_ident(NULL, 1, id, cases[i].sects, &info), 0);
		expected = info.limits;
		mqblk_limit_zone_append(&expected, cases[i].expected);
		KUNIT_EXPECT_MEMEQ_MSG(test, &info.limits, &expected, sizeof(expected),
				       "case %u", i);
	}
}

/* A physical block of 64 KiB, whatever the zones: no larger than one of them. */
static void zk_physical_test(struct kunit *test)
{
	static const struct {
		u64		zsze;
		unsigned int	expected;
	} cases[] = {
		{ 1, SZ_4K },
		{ 2, SZ_8K },
		{ 16, SZ_64K },
		{ ZK_ZONE, SZ_64K },
		{ BIT_ULL(28), SZ_64K },
	};
	struct nvme_id_ns_zns *id = kunit_kzalloc(test, sizeof(*id), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, id);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nvmec_ns_info info = {
			.format		= ZK_FORMAT,
			.lba_shift	= ZK_SHIFT,
			.capacity_sects	= cases[i].zsze << (ZK_SHIFT - SECTOR_SHIFT),
			.limits.physical_block_size = SZ_64K,
		};

		id->lbafe[ZK_FORMAT].zsze = cpu_to_le64(cases[i].zsze);
		KUNIT_ASSERT_EQ(test, nvmec_zns_ident(NULL, 1, id, 256, &info), 0);
		KUNIT_EXPECT_EQ_MSG(test, info.limits.physical_block_size,
				    cases[i].expected, "case %u", i);
	}
}

/* --- zones ---------------------------------------------------------------- */

/* The zone at block 2048, of 1024 blocks of 4 KiB: sectors 16384 to 24575 */
#define ZK_FIRST	2048

struct zk_zone {
	const char	*name;
	u8		zt;
	u8		zs;
	u64		zcap;
	u64		zslba;
	u64		wp;
	int		ret;
	sector_t	wp_sects;
};

static const struct zk_zone zk_zones[] = {
	{ "empty", 2, 0x10, 1024, 2048, 2048, 0, 16384 },
	{ "open by a write", 2, 0x20, 1024, 2048, 2049, 0, 16392 },
	{ "open by a command", 2, 0x30, 1024, 2048, 2048, 0, 16384 },
	{ "closed", 2, 0x40, 768, 2048, 2058, 0, 16464 },
	{ "written to its capacity", 2, 0x20, 768, 2048, 2816, 0, 22528 },
	{ "read-only", 2, 0xd0, 1024, 2048, U64_MAX, 0, 24576 },
	{ "full", 2, 0xe0, 768, 2048, U64_MAX, 0, 24576 },
	{ "offline", 2, 0xf0, 768, 2048, 0, 0, 24576 },
	{ "ZT: none", 0, 0x10, 1024, 2048, 2048, -EIO },
	{ "ZT: conventional", 1, 0x10, 1024, 2048, 2048, -EIO },
	{ "ZS: none", 2, 0x00, 1024, 2048, 2048, -EIO },
	{ "ZS: reserved", 2, 0x50, 1024, 2048, 2048, -EIO },
	{ "ZS: reserved below read-only", 2, 0xc0, 1024, 2048, 2048, -EIO },
	{ "ZCAP: none", 2, 0x10, 0, 2048, 2048, -EIO },
	{ "ZCAP: more than the zone", 2, 0x10, 1025, 2048, 2048, -EIO },
	{ "ZCAP: all ones", 2, 0x10, U64_MAX, 2048, 2048, -EIO },
	{ "ZSLBA: the zone before", 2, 0x10, 1024, 1024, 1024, -EIO },
	{ "ZSLBA: the zone behind", 2, 0x10, 1024, 3072, 3072, -EIO },
	{ "ZSLBA: all ones", 2, 0x10, 1024, U64_MAX, 2048, -EIO },
	{ "WP: before the zone", 2, 0x20, 1024, 2048, 2047, -EIO },
	{ "WP: behind the capacity", 2, 0x20, 768, 2048, 2817, -EIO },
	{ "WP: all ones", 2, 0x40, 1024, 2048, U64_MAX, -EIO },
};

KUNIT_ARRAY_PARAM_DESC(zk_zone, zk_zones, name);

static void zk_zone_test(struct kunit *test)
{
	const struct zk_zone *param = test->param_value;
	const struct nvme_zone_descriptor desc = {
		.zt	= param->zt,
		.zs	= param->zs,
		.zcap	= cpu_to_le64(param->zcap),
		.zslba	= cpu_to_le64(param->zslba),
		.wp	= cpu_to_le64(param->wp),
	};
	struct blk_zone zone = {};

	KUNIT_ASSERT_EQ(test, nvmec_zns_zone(NULL, 1, ZK_SHIFT, ZK_FIRST, ZK_ZONE,
					     &desc, &zone), param->ret);
	if (param->ret)
		return;
	KUNIT_EXPECT_EQ(test, zone.start, 16384);
	KUNIT_EXPECT_EQ(test, zone.len, 8192);
	KUNIT_EXPECT_EQ(test, zone.capacity, param->zcap * 8);
	KUNIT_EXPECT_EQ(test, zone.wp, param->wp_sects);
	KUNIT_EXPECT_EQ(test, zone.cond, param->zs >> 4);
	KUNIT_EXPECT_EQ(test, zone.type, BLK_ZONE_TYPE_SEQWRITE_REQ);
}

/* --- by several controllers ----------------------------------------------- */

static void zk_fits_test(struct kunit *test)
{
	/* 16 zones of 4 MiB, of which 3 MiB each can be written */
	const struct nvmec_zones have = { 8192, 16 * 8192, 16 * 6144 };
	const struct {
		struct nvmec_zones	found;
		bool			fits;
	} cases[] = {
		{ { 8192, 16 * 8192, 16 * 6144 }, true },
		{ { 4096, 16 * 8192, 16 * 6144 }, false },
		{ { 8192, 15 * 8192, 16 * 6144 }, false },
		{ { 8192, 16 * 8192, 16 * 6144 - 8 }, false },
		/* It has not told yet */
		{ { 8192, 16 * 8192, 0 }, true },
		{ { 4096, 16 * 8192, 0 }, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ(test, nvmec_zns_fits(NULL, 1, &have, &cases[i].found),
				cases[i].fits);
}

static struct kunit_case zk_tests[] = {
	KUNIT_CASE_PARAM(zk_limits_test, zk_limits_gen_params),
	KUNIT_CASE(zk_append_test),
	KUNIT_CASE(zk_physical_test),
	KUNIT_CASE_PARAM(zk_zone_test, zk_zone_gen_params),
	KUNIT_CASE(zk_fits_test),
	{}
};

static struct kunit_suite zk_suite = {
	.name		= "nvme_c_zns",
	.test_cases	= zk_tests,
};

kunit_test_suite(zk_suite);
