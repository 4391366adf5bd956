// SPDX-License-Identifier: GPL-2.0
/*
 * Where a controller says that its memory is. CMBLOC has the number of a BAR in bits 2:0 and
 * an offset from bit 12 on. CMBSZ has a size from bit 12 on. Both are in the unit of bits 11:8
 * of CMBSZ: 4 KiB, and 16 times as much with each step.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/sizes.h>

#include "../cmb.h"

#define CK_LOC(bar, offset)	((u32)(offset) << 12 | (bar))
#define CK_SZ(unit, size)	((u32)(size) << 12 | (unit) << 8)

struct ck_case {
	const char	*name;
	u32		cmbloc;
	u32		cmbsz;
	int		ret;
	struct nvmec_cmb cmb;
};

/*
 * BAR 0 has 2 MiB, the first 528384 bytes of it registers; BAR 2 16 MiB; BAR 4 1 TiB. BAR 5
 * has 1 MiB: 32 KiB from 64 KiB on are the table of MSI-X, and 256 bytes from 128 KiB on PBA.
 */
static const u64 ck_bars[6] = { SZ_2M, 0, SZ_16M, 0, 1ULL << 40, SZ_1M };
static const struct nvmec_cmb_kept ck_kept[2] = {
	{ "MTAB", 5, SZ_64K, SZ_32K },
	{ "MPBA", 5, SZ_128K, 256 },
};

#define CK_REGS		(SZ_4K + 2 * 4 * SZ_64K)

static const struct ck_case ck_cases[] = {
	{ "all of a BAR", CK_LOC(2, 0), CK_SZ(2, 16), 0, { 2, 0, SZ_16M } },
	{ "in pages", CK_LOC(2, 3), CK_SZ(0, 5), 0, { 2, 3 * SZ_4K, 5 * SZ_4K } },
	{ "up to its end", CK_LOC(2, 4095), CK_SZ(0, 1), 0, { 2, 4095 * SZ_4K, SZ_4K } },
	{ "one more", CK_LOC(2, 4095), CK_SZ(0, 2), -EINVAL },
	{ "one later", CK_LOC(2, 4096), CK_SZ(0, 1), -EINVAL },
	{ "64 GiB", CK_LOC(4, 0), CK_SZ(6, 1), 0, { 4, 0, 64ULL << 30 } },
	{ "1 TiB", CK_LOC(4, 0), CK_SZ(6, 16), 0, { 4, 0, 1ULL << 40 } },
	{ "a little more", CK_LOC(4, 0), CK_SZ(6, 17), -EINVAL },
	{ "most that can be said", CK_LOC(4, 0), CK_SZ(6, 0xfffff), -EINVAL },
	{ "farthest that can be said", CK_LOC(4, 0xfffff), CK_SZ(6, 1), -EINVAL },
	{ "a unit too large", CK_LOC(4, 0), CK_SZ(7, 1), -EINVAL },
	{ "the largest unit", CK_LOC(4, 0xfffff), CK_SZ(15, 0xfffff), -EINVAL },
	{ "behind the doorbells", CK_LOC(0, 129), CK_SZ(0, 383), 0,
	  { 0, CK_REGS, SZ_2M - CK_REGS } },
	{ "among the doorbells", CK_LOC(0, 128), CK_SZ(0, 1), -EINVAL },
	{ "the registers", CK_LOC(0, 0), CK_SZ(0, 1), -EINVAL },
	{ "up to the table", CK_LOC(5, 0), CK_SZ(0, 16), 0, { 5, 0, SZ_64K } },
	{ "a page of the table", CK_LOC(5, 0), CK_SZ(0, 17), -EINVAL },
	{ "in the table", CK_LOC(5, 18), CK_SZ(0, 1), -EINVAL },
	{ "its last page", CK_LOC(5, 23), CK_SZ(0, 4), -EINVAL },
	{ "between table and PBA", CK_LOC(5, 24), CK_SZ(0, 8), 0,
	  { 5, SZ_64K + SZ_32K, SZ_32K } },
	{ "the PBA", CK_LOC(5, 24), CK_SZ(0, 9), -EINVAL },
	{ "behind it", CK_LOC(5, 33), CK_SZ(0, 1), 0, { 5, 33 * SZ_4K, SZ_4K } },
	{ "all of it", CK_LOC(5, 0), CK_SZ(0, 256), -EINVAL },
	{ "another BAR at the same place", CK_LOC(2, 16), CK_SZ(0, 8), 0,
	  { 2, SZ_64K, SZ_32K } },
	{ "no BAR", CK_LOC(1, 0), CK_SZ(0, 1), -EINVAL },
	{ "no BAR that there can be", CK_LOC(6, 0), CK_SZ(0, 1), -EINVAL },
	{ "another one", CK_LOC(7, 0), CK_SZ(0, 1), -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(ck_case, ck_cases, name);

static void ck_check_test(struct kunit *test)
{
	struct device *dev = kunit_device_register(test, "nvme_c_cmb");
	const struct ck_case *param = test->param_value;
	struct nvmec_cmb_said said = {
		.cmbloc		= param->cmbloc,
		.cmbsz		= param->cmbsz,
		.regs_bytes	= CK_REGS,
	};
	struct nvmec_cmb cmb;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	memcpy(said.bar_bytes, ck_bars, sizeof(ck_bars));
	memcpy(said.kept, ck_kept, sizeof(ck_kept));
	KUNIT_ASSERT_EQ(test, nvmec_cmb_check(dev, &said, &cmb), param->ret);
	if (param->ret)
		return;
	KUNIT_EXPECT_EQ(test, cmb.bar, param->cmb.bar);
	KUNIT_EXPECT_EQ(test, cmb.offset, param->cmb.offset);
	KUNIT_EXPECT_EQ(test, cmb.bytes, param->cmb.bytes);
}

static struct kunit_case ck_tests[] = {
	KUNIT_CASE_PARAM(ck_check_test, ck_case_gen_params),
	{}
};

static struct kunit_suite ck_suite = {
	.name		= "nvme_c_cmb",
	.test_cases	= ck_tests,
};

kunit_test_suite(ck_suite);
