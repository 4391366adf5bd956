// SPDX-License-Identifier: GPL-2.0
/*
 * Metadata: which formats can be used, by whom, and what commands say of them.
 */
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/blk-integrity.h>
#include <linux/mqblk_compat.h>
#include <linux/nvme.h>
#include <linux/t10-pi.h>

#include "../ident.h"
#include "../meta.h"
#include "../user.h"

struct mk_format {
	const char	*name;
	u16		ms;
	u8		flbas;
	u8		dps;
	u32		elbaf;
	int		ret;
	bool		has_size;
	bool		has_profile;
	u8		pi_offset;
	u8		tag_bytes;
};

/* Guard types stand in bits 7 and 8: 2 is that of 64 bits. */
#define MK_GUARD_32	BIT(7)
#define MK_GUARD_64	(2 << 7)

static const struct mk_format mk_formats[] = {
	{ "none", 0, 0, 0, 0, 0, true, false, 0, 0 },
	{ "eight bytes, type 1", 8, 0, 1, 0, 0, true, true, 0, 2 },
	{ "eight bytes, type 3", 8, 0, 3, 0, 0, true, true, 0, 6 },
	{ "last of 64 bytes", 64, 0, 2, 0, 0, true, true, 56, 2 },
	{ "first of 64 bytes", 64, 0, 2 | 8, 0, 0, true, true, 0, 2 },
	{ "guard of 64 bits", 16, 0, 1, MK_GUARD_64, 0, true, true, 0, 2 },
	{ "the same, type 3", 16, 0, 3, MK_GUARD_64, 0, true, true, 0, 8 },
	{ "last of 64 bytes, guard of 64 bits", 64, 0, 1, MK_GUARD_64, 0, true, true, 48, 2 },
	{ "nothing protected", 64, 0, 0, 0, 0, true, true, 0, 0 },
	{ "too long", 256, 0, 0, 0, 0, false, false, 0, 0 },
	{ "between the data", 64, 0x10, 1, 0, 0, false, false, 0, 0 },
	{ "between the data, protection alone", 8, 0x10, 1, 0, 0, true, false, 0, 0 },
	{ "guard of 32 bits", 16, 0, 1, MK_GUARD_32, 0, false, false, 0, 0 },
	{ "storage tags", 16, 0, 1, MK_GUARD_64 | 8, 0, false, false, 0, 0 },
	{ "type 4", 8, 0, 4, 0, -ENODEV, false, false, 0, 0 },
	{ "shorter than protection", 4, 0, 1, 0, -ENODEV, false, false, 0, 0 },
	{ "shorter than a long one", 8, 0, 1, MK_GUARD_64, -ENODEV, false, false, 0, 0 },
	{ "no room for protection", 0, 0, 1, 0, -ENODEV, false, false, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(mk_format, mk_formats, name);

static int mk_read(struct kunit *test, const struct mk_format *param,
		   struct nvmec_ns_info *info)
{
	struct nvme_id_ns_nvm *nvm = kunit_kzalloc(test, sizeof(*nvm), GFP_KERNEL);
	const struct nvme_lbaf lbaf = { .ms = cpu_to_le16(param->ms), .ds = 9 };
	struct nvme_id_ns *id = kunit_kzalloc(test, sizeof(*id), GFP_KERNEL);
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, id);
	KUNIT_ASSERT_NOT_NULL(test, nvm);
	id->flbas = param->flbas;
	id->dps = param->dps;
	nvm->elbaf[0] = cpu_to_le32(param->elbaf);
	ret = nvmec_meta_ident(NULL, 1, id, &lbaf, info);
	if (!ret && info->meta.pi_type)
		ret = nvmec_meta_guard(NULL, 1, nvm, info);
	return ret;
}

static void mk_format_test(struct kunit *test)
{
	struct nvmec_ns_info info = { .lba_shift = 9, .capacity_sects = 100 };
	const struct mk_format *param = test->param_value;
	const struct blk_integrity *bi = &info.limits.integrity;
	int ret = mk_read(test, param, &info);

	if (!IS_ENABLED(CONFIG_BLK_DEV_INTEGRITY))
		kunit_skip(test, "the kernel has no integrity of data");
	KUNIT_ASSERT_EQ(test, ret, param->ret);
	if (ret)
		return;
	nvmec_meta_limits(&info);
	KUNIT_EXPECT_EQ(test, !!info.capacity_sects, param->has_size);
	KUNIT_EXPECT_EQ(test, !info.no_blocks, param->has_size);
	KUNIT_EXPECT_EQ(test, !!info.limits.max_integrity_segments, param->has_profile);
	KUNIT_EXPECT_EQ(test, bi->pi_offset, param->pi_offset);
	KUNIT_EXPECT_EQ(test, bi->tag_size, param->tag_bytes);
}

/*
 * Blocks beyond a page. Where the block layer has no metadata for them, the controller alone
 * makes it, if it is nothing but protection information.
 */
static void mk_large_test(struct kunit *test)
{
	const bool split = MQBLK_SPLIT_INTERVAL_CAPABLE;
	const bool counts = MQBLK_MAX_BIO_META;
	const struct {
		u8	lba_shift;
		u16	ms;
		u8	dps;
		bool	has_profile;
		bool	has_size;
	} cases[] = {
		/* 2 MiB / 8 blocks of 8 KiB are 2 GiB; of 16 KiB 4 GiB, which is too much */
		{ 13, 8, 1, split, true },
		{ 14, 8, 1, false, true },
		{ 16, 8, 3, false, true },
		{ 14, 8, 0, !counts, !counts },
		{ 13, 8, 0, true, true },
		/* 2 MiB / 64 blocks of 64 KiB are 2 GiB */
		{ 16, 64, 1, split, split },
		{ 16, 64, 0, true, true },
	};
	unsigned int i;

	if (!IS_ENABLED(CONFIG_BLK_DEV_INTEGRITY))
		kunit_skip(test, "the kernel has no integrity of data");
	if (PAGE_SHIFT >= 13)
		kunit_skip(test, "pages are larger");
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct mk_format format = { .ms = cases[i].ms, .dps = cases[i].dps };
		struct nvmec_ns_info info = {
			.lba_shift			= cases[i].lba_shift,
			.capacity_sects			= 128,
			.limits.logical_block_size	= 1 << cases[i].lba_shift,
		};

		KUNIT_ASSERT_EQ(test, mk_read(test, &format, &info), 0);
		nvmec_meta_limits(&info);
		KUNIT_EXPECT_EQ_MSG(test, !!info.limits.max_integrity_segments,
				    cases[i].has_profile, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, !!info.capacity_sects, cases[i].has_size,
				    "case %u", i);
		KUNIT_EXPECT_LT(test, info.limits.dma_alignment, PAGE_SIZE);
	}
}

struct mk_bytes {
	const char	*name;
	u8		opcode;
	u32		cdw12;
	struct nvmec_meta meta;
	u32		data;
	u32		metadata;
};

#define MK_PRACT	BIT(29)

/* Eight blocks of 512 bytes */
static const struct mk_bytes mk_lengths[] = {
	{ "apart", 2, 7, { 64 }, 4096, 512 },
	{ "between", 2, 7, { 64, .extended = true }, 4608, 0 },
	{ "taken off", 2, MK_PRACT | 7, { 8, 1, 8 }, 4096, 0 },
	{ "taken off, between", 2, MK_PRACT | 7, { 8, 1, 8, .extended = true }, 4096, 0 },
	{ "not all of it", 1, MK_PRACT | 7, { 64, 1, 8 }, 4096, 512 },
	{ "compare", 5, MK_PRACT | 7, { 8, 1, 8 }, 4096, 64 },
	{ "verify", 0x0c, 7, { 64 }, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(mk_length, mk_lengths, name);

static void mk_bytes_test(struct kunit *test)
{
	const struct mk_bytes *param = test->param_value;
	struct nvmec_ucmd ucmd = {};

	ucmd.cmd.common.opcode = param->opcode;
	ucmd.cmd.common.cdw12 = cpu_to_le32(param->cdw12);
	KUNIT_EXPECT_EQ(test, nvmec_least_bytes(&ucmd, 9, &param->meta), param->data);
	KUNIT_EXPECT_EQ(test, nvmec_least_meta_bytes(&ucmd, &param->meta), param->metadata);
}

/* The upper 16 of 48 bits stand in dword 3; with a guard of 16 bits there are 32. */
static void mk_tag_test(struct kunit *test)
{
	const struct nvmec_meta short_pi = { 8, 1, 8 }, long_pi = { 16, 1, 16 };
	const struct nvmec_protect protect = {
		.control	= NVME_RW_PRINFO_PRCHK_REF | NVME_RW_PRINFO_PRCHK_APP,
		.app_tag	= 0x1234,
		.ref_tag	= 0x0123456789abcdef,
	};
	struct nvme_command cmd = {};

	nvmec_cmd_protect(&cmd, &short_pi, &protect);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(cmd.rw.reftag), 0x89abcdef);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(cmd.rw.cdw3), 0);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(cmd.rw.lbat), 0x1234);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(cmd.rw.lbatm), 0xffff);
	nvmec_cmd_protect(&cmd, &long_pi, &protect);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(cmd.rw.cdw3), 0x4567);
}

static struct kunit_case mk_tests[] = {
	KUNIT_CASE_PARAM(mk_format_test, mk_format_gen_params),
	KUNIT_CASE(mk_large_test),
	KUNIT_CASE_PARAM(mk_bytes_test, mk_length_gen_params),
	KUNIT_CASE(mk_tag_test),
	{}
};

static struct kunit_suite mk_suite = {
	.name		= "nvme_c_meta",
	.test_cases	= mk_tests,
};

kunit_test_suite(mk_suite);
