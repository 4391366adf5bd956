// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of what is made of identify data: pages that are honest, odd, or made up
 * of nonsense. What is refused is logged in one line.
 */
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/mqblk_compat.h>
#include <linux/string.h>

#include "../ident.h"

/* Stands where nothing must be written. No page here says so. */
#define IK_UNTOUCHED	0x5a

/* --- controllers ---------------------------------------------------------- */

/* The page of a controller that can be used, and says nothing else. */
static struct nvme_id_ctrl *ik_ctrl_page(struct kunit *test)
{
	struct nvme_id_ctrl *id = kunit_kzalloc(test, sizeof(*id), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, id);
	id->sqes = 0x66;
	id->cqes = 0x44;
	return id;
}

static void ik_read(struct kunit *test, const struct nvme_id_ctrl *id,
		    struct nvmec_ident *ident)
{
	memset(ident, 0, sizeof(*ident));
	KUNIT_ASSERT_EQ(test, nvmec_ident_ctrl(NULL, ident, id), 0);
}

/* SQES and CQES: log2 of the least entry in the low half, of the largest above. */

struct ik_type {
	const char	*name;
	u8		sqes;
	u8		cqes;
	u8		cntrltype;
	int		ret;
};

static const struct ik_type ik_types[] = {
	{ "64 and 16 bytes", 0x66, 0x44, 0, 0 },
	{ "an I/O controller", 0x66, 0x44, 1, 0 },
	{ "larger entries too", 0xf6, 0xf4, 1, 0 },
	{ "smaller entries too", 0x60, 0x40, 1, 0 },
	{ "SQES: 128 bytes at least", 0x77, 0x44, 1, -ENODEV },
	{ "SQES: 32 bytes at most", 0x55, 0x44, 1, -ENODEV },
	{ "SQES: halves exchanged", 0x67, 0x44, 1, -ENODEV },
	{ "SQES: none", 0, 0x44, 1, -ENODEV },
	{ "SQES: all ones", 0xff, 0x44, 1, -ENODEV },
	{ "CQES: 32 bytes at least", 0x66, 0x55, 1, -ENODEV },
	{ "CQES: 8 bytes at most", 0x66, 0x33, 1, -ENODEV },
	{ "CQES: none", 0x66, 0, 1, -ENODEV },
	{ "CQES: all ones", 0x66, 0xff, 1, -ENODEV },
	{ "CNTRLTYPE: discovery", 0x66, 0x44, 2, -ENODEV },
	{ "CNTRLTYPE: administrative", 0x66, 0x44, 3, -ENODEV },
	{ "CNTRLTYPE: all ones", 0x66, 0x44, 0xff, -ENODEV },
};

KUNIT_ARRAY_PARAM_DESC(ik_type, ik_types, name);

static void ik_type_test(struct kunit *test)
{
	const struct ik_type *param = test->param_value;
	struct nvme_id_ctrl *id = ik_ctrl_page(test);
	struct nvmec_ident ident, before;

	memset(&ident, IK_UNTOUCHED, sizeof(ident));
	memset(&before, IK_UNTOUCHED, sizeof(before));
	id->sqes = param->sqes;
	id->cqes = param->cqes;
	id->cntrltype = param->cntrltype;
	KUNIT_EXPECT_EQ(test, nvmec_ident_ctrl(NULL, &ident, id), param->ret);
	if (param->ret)
		KUNIT_EXPECT_MEMEQ(test, &ident, &before, sizeof(ident));
}

/* MDTS: 4096 << MDTS bytes, 4 MiB at most; 0 is no limit. */

struct ik_mdts {
	const char	*name;
	u8		mdts;
	u32		bytes;
};

static const struct ik_mdts ik_mdts_cases[] = {
	{ "no limit", 0, 4194304 },
	{ "8 KiB", 1, 8192 },
	{ "128 KiB", 5, 131072 },
	{ "2 MiB", 9, 2097152 },
	{ "4 MiB", 10, 4194304 },
	{ "8 MiB", 11, 4194304 },
	/* the last one that 32 bits can say, and the first one that they cannot */
	{ "2 GiB", 19, 4194304 },
	{ "4 GiB", 20, 4194304 },
	{ "32", 32, 4194304 },
	{ "255", 255, 4194304 },
};

KUNIT_ARRAY_PARAM_DESC(ik_mdts, ik_mdts_cases, name);

static void ik_mdts_test(struct kunit *test)
{
	const struct ik_mdts *param = test->param_value;
	struct nvme_id_ctrl *id = ik_ctrl_page(test);
	struct nvmec_ident ident;

	id->mdts = param->mdts;
	if (param->bytes < PAGE_SIZE) {
		KUNIT_EXPECT_EQ(test, nvmec_ident_ctrl(NULL, &ident, id), -ENODEV);
		return;
	}
	ik_read(test, id, &ident);
	KUNIT_EXPECT_EQ(test, ident.max_bytes, param->bytes);
}

/*
 * Dataset management is bit 2 of ONCS, write zeroes bit 3. WZSL is as MDTS, 0 says
 * nothing; DMRL is a number of ranges, likewise.
 */

struct ik_nvm {
	const char	*name;
	u16		oncs;
	u8		wzsl;
	u8		dmrl;
	u32		zeroes_bytes;
	u16		ranges;
};

/* MDTS is 5 in all of them: 128 KiB. */
static const struct ik_nvm ik_nvm_cases[] = {
	{ "nothing is offered", 0xfff3, 0, 0, 0, 0 },
	{ "nothing, yet there are limits", 0, 5, 5, 0, 0 },
	{ "discard", 0x0004, 0, 0, 0, 256 },
	{ "write zeroes", 0x0008, 0, 0, 131072, 0 },
	{ "both", 0x000c, 0, 0, 131072, 256 },
	{ "both, with less", 0x000c, 1, 1, 8192, 1 },
	{ "both, with more", 0x000c, 10, 255, 4194304, 255 },
	{ "WZSL: 1 GiB", 0x000c, 18, 0, 1073741824, 256 },
	{ "WZSL: 2 GiB", 0x000c, 19, 0, 1073741824, 256 },
	{ "WZSL: 255", 0x000c, 255, 0, 1073741824, 256 },
};

KUNIT_ARRAY_PARAM_DESC(ik_nvm, ik_nvm_cases, name);

static void ik_nvm_test(struct kunit *test)
{
	const struct ik_nvm *param = test->param_value;
	struct nvme_id_ctrl *id = ik_ctrl_page(test);
	struct nvme_id_ctrl_nvm *nvm;
	struct nvmec_ident ident;

	nvm = kunit_kzalloc(test, sizeof(*nvm), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, nvm);
	id->mdts = 5;
	id->oncs = cpu_to_le16(param->oncs);
	nvm->wzsl = param->wzsl;
	nvm->dmrl = param->dmrl;
	ik_read(test, id, &ident);
	nvmec_ident_nvm(&ident, nvm);
	KUNIT_EXPECT_EQ(test, ident.max_zeroes_bytes, param->zeroes_bytes);
	KUNIT_EXPECT_EQ(test, ident.max_ranges, param->ranges);
}

/* DMRSL and DMSL are numbers of blocks, 0 says nothing; the lesser one counts. */
static void ik_discard_blocks_test(struct kunit *test)
{
	static const struct {
		u32	dmrsl;
		u64	dmsl;
		u32	blocks;
	} cases[] = {
		{ 0, 0, U32_MAX },
		{ 8, 0, 8 },
		{ 0, 9, 9 },
		{ 8, 9, 8 },
		{ 9, 8, 8 },
		{ 9, U64_MAX, 9 },
		{ U32_MAX, 1ULL << 32, U32_MAX },
	};
	struct nvme_id_ctrl *id = ik_ctrl_page(test);
	struct nvme_id_ctrl_nvm *nvm;
	struct nvmec_ident ident;
	unsigned int i;

	nvm = kunit_kzalloc(test, sizeof(*nvm), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, nvm);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		nvm->dmrsl = cpu_to_le32(cases[i].dmrsl);
		nvm->dmsl = cpu_to_le64(cases[i].dmsl);
		ik_read(test, id, &ident);
		nvmec_ident_nvm(&ident, nvm);
		KUNIT_EXPECT_EQ(test, ident.max_discard_blocks,
				cases[i].blocks);
	}
}

/* Text */

struct ik_text {
	const char	*name;
	char		serial[20] __nonstring;
	const char	*expected;
};

static const struct ik_text ik_texts[] = {
	{ "blanks behind", "S123                ", "S123" },
	{ "blanks before", "                S123", "S123" },
	{ "blanks around", "   S 1  2     3     ", "S 1  2     3" },
	{ "all of it", "0123456789abcdefghij", "0123456789abcdefghij" },
	{ "NULs behind", "S123", "S123" },
	{ "NULs inside", "S1\0\00023", "S1  23" },
	{ "blanks", "                    ", "" },
	{ "NULs", "", "" },
	{ "control characters", "\t\x01\x1b[31mS\n1\x7f\r", "[31mS 1" },
	{ "beyond ASCII", "\xff\xfe\xa0\xe4S\xc3\xa4\x80\x9fz\xff", "S    z" },
};

KUNIT_ARRAY_PARAM_DESC(ik_text, ik_texts, name);

static void ik_text_test(struct kunit *test)
{
	const struct ik_text *param = test->param_value;
	struct nvme_id_ctrl *id = ik_ctrl_page(test);
	struct nvmec_ident ident;

	memcpy(id->sn, param->serial, sizeof(id->sn));
	ik_read(test, id, &ident);
	KUNIT_EXPECT_STREQ(test, ident.serial, param->expected);
}

/* Each text ends where its field does. */
static void ik_text_lengths_test(struct kunit *test)
{
	struct nvme_id_ctrl *id = ik_ctrl_page(test);
	struct nvmec_ident ident;
	char expected[41];

	memset(id->sn, 's', sizeof(id->sn));
	memset(id->mn, 'm', sizeof(id->mn));
	memset(id->fr, 'f', sizeof(id->fr));
	ik_read(test, id, &ident);
	memset(expected, 's', 20);
	expected[20] = '\0';
	KUNIT_EXPECT_STREQ(test, ident.serial, expected);
	memset(expected, 'm', 40);
	expected[40] = '\0';
	KUNIT_EXPECT_STREQ(test, ident.model, expected);
	KUNIT_EXPECT_STREQ(test, ident.firmware, "ffffffff");
}

/* Times: RTD3E in us, made 5 to 60 s; CRDT in 100 ms, made 10 s at most. */

struct ik_time {
	const char	*name;
	u32		rtd3e;
	u32		shutdown_ms;
	u16		crdt;
	u32		retry_ms;
};

static const struct ik_time ik_times[] = {
	{ "nothing is said", 0, 5000, 0, 0 },
	{ "the least", 1, 5000, 1, 100 },
	{ "just too short, just short enough", 5000999, 5000, 99, 9900 },
	{ "6 s, 10 s", 6000000, 6000, 100, 10000 },
	{ "just short enough, too long", 59999999, 59999, 101, 10000 },
	{ "all ones", U32_MAX, 60000, U16_MAX, 10000 },
};

KUNIT_ARRAY_PARAM_DESC(ik_time, ik_times, name);

static void ik_time_test(struct kunit *test)
{
	const struct ik_time *param = test->param_value;
	struct nvme_id_ctrl *id = ik_ctrl_page(test);
	struct nvmec_ident ident;
	unsigned int i;

	/* Each retry delay by itself: none is taken for another. */
	for (i = 1; i <= 3; i++) {
		id->rtd3e = cpu_to_le32(param->rtd3e);
		id->crdt1 = cpu_to_le16(i == 1 ? param->crdt : 0);
		id->crdt2 = cpu_to_le16(i == 2 ? param->crdt : 0);
		id->crdt3 = cpu_to_le16(i == 3 ? param->crdt : 0);
		ik_read(test, id, &ident);
		KUNIT_EXPECT_EQ(test, ident.shutdown_ms, param->shutdown_ms);
		KUNIT_EXPECT_EQ(test, ident.retry_ms[0], 0);
		KUNIT_EXPECT_EQ(test, ident.retry_ms[i], param->retry_ms);
		KUNIT_EXPECT_EQ(test, ident.retry_ms[i % 3 + 1], 0);
	}
}

/* What is taken as it is */
static void ik_ctrl_fields_test(struct kunit *test)
{
	struct nvme_id_ctrl *id = ik_ctrl_page(test);
	struct nvmec_ident ident;

	id->vid = cpu_to_le16(0x1b36);
	id->cntlid = cpu_to_le16(0x1234);
	id->oacs = cpu_to_le16(0x0100);
	id->nn = cpu_to_le32(256);
	ik_read(test, id, &ident);
	KUNIT_EXPECT_EQ(test, ident.vid, 0x1b36);
	KUNIT_EXPECT_EQ(test, ident.cntlid, 0x1234);
	KUNIT_EXPECT_EQ(test, ident.oacs, 0x0100);
	KUNIT_EXPECT_EQ(test, ident.nn, 256);
	KUNIT_EXPECT_FALSE(test, ident.vwc);
	KUNIT_EXPECT_FALSE(test, ident.sgls);
}

/* The id that means all namespaces is none of them. */
static void ik_nn_test(struct kunit *test)
{
	struct nvme_id_ctrl *id = ik_ctrl_page(test);
	struct nvmec_ident ident;

	id->nn = cpu_to_le32(0xfffffffe);
	ik_read(test, id, &ident);
	KUNIT_EXPECT_EQ(test, ident.nn, 0xfffffffe);
	id->nn = cpu_to_le32(0xffffffff);
	ik_read(test, id, &ident);
	KUNIT_EXPECT_EQ(test, ident.nn, 0xfffffffe);
}

/* SGLs are the two lowest bits, a volatile write cache the lowest of VWC. */
static void ik_flags_test(struct kunit *test)
{
	struct nvme_id_ctrl *id = ik_ctrl_page(test);
	struct nvmec_ident ident;

	id->sgls = cpu_to_le32(1);
	id->vwc = 1;
	ik_read(test, id, &ident);
	KUNIT_EXPECT_TRUE(test, ident.sgls);
	KUNIT_EXPECT_TRUE(test, ident.vwc);
	id->sgls = cpu_to_le32(2);
	id->vwc = 7;
	ik_read(test, id, &ident);
	KUNIT_EXPECT_TRUE(test, ident.sgls);
	KUNIT_EXPECT_TRUE(test, ident.vwc);
	id->sgls = cpu_to_le32(0xfffffffc);
	id->vwc = 0xfe;
	ik_read(test, id, &ident);
	KUNIT_EXPECT_FALSE(test, ident.sgls);
	KUNIT_EXPECT_FALSE(test, ident.vwc);
}

/* --- namespaces ----------------------------------------------------------- */

static const struct nvmec_ident ik_ident = {
	.max_bytes		= 131072,
	.max_zeroes_bytes	= 131072,
	.max_ranges		= 256,
	.vwc			= true,
	/* 65536 blocks: more than any physical block */
	.awupf			= 65535,
};

/* The page of a namespace of 1000 blocks, format 0. */
static struct nvme_id_ns *ik_ns_page(struct kunit *test, u8 lba_shift)
{
	struct nvme_id_ns *id = kunit_kzalloc(test, sizeof(*id), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, id);
	id->nsze = cpu_to_le64(1000);
	id->ncap = cpu_to_le64(1000);
	id->lbaf[0].ds = lba_shift;
	return id;
}

static int ik_ns_read(const struct nvme_id_ns *id, struct nvmec_ns_info *info)
{
	memset(info, IK_UNTOUCHED, sizeof(*info));
	return nvmec_ident_ns(NULL, 1, &ik_ident, id, info);
}

/* A kernel whose block layer takes blocks of 64 KiB, and one that takes a page's. */
static unsigned int ik_64k(void)
{
	return SZ_64K;
}

static unsigned int ik_page(void)
{
	return PAGE_SIZE;
}

static void ik_take_64k(struct kunit *test)
{
	kunit_activate_static_stub(test, nvmec_max_block_bytes, ik_64k);
}

/* LBADS: log2 of the block; all there are. */
static void ik_lbads(struct kunit *test, unsigned int max)
{
	struct nvme_id_ns *id = ik_ns_page(test, 0);
	struct nvmec_ns_info info;
	unsigned int ds;
	bool usable;

	for (ds = 0; ds < 256; ds++) {
		usable = ds >= 9 && ds <= max;
		id->lbaf[0].ds = ds;
		KUNIT_EXPECT_EQ_MSG(test, ik_ns_read(id, &info),
				    usable ? 0 : -ENODEV, "LBADS %u", ds);
		if (!usable)
			continue;
		KUNIT_EXPECT_EQ(test, info.lba_shift, ds);
		KUNIT_EXPECT_EQ(test, info.limits.logical_block_size, 1 << ds);
	}
}

/* What this kernel takes, which without a name for it is a page; and what others do. */
static void ik_lbads_test(struct kunit *test)
{
#ifdef BLK_MAX_BLOCK_SIZE
	ik_lbads(test, ilog2(BLK_MAX_BLOCK_SIZE));
#else
	ik_lbads(test, PAGE_SHIFT);
#endif
	kunit_activate_static_stub(test, nvmec_max_block_bytes, ik_page);
	ik_lbads(test, PAGE_SHIFT);
	kunit_deactivate_static_stub(test, nvmec_max_block_bytes);
	ik_take_64k(test);
	ik_lbads(test, 16);
}

/* A block that is larger than a transfer */
static void ik_mdts_block_test(struct kunit *test)
{
	static const struct {
		u8	ds;
		u32	max_bytes;
		int	ret;
	} cases[] = {
		{ 13, 4096, -ENODEV },
		{ 13, 8192, 0 },
		{ 14, 8192, -ENODEV },
		{ 16, 32768, -ENODEV },
		{ 16, 65536, 0 },
	};
	struct nvme_id_ns *id = ik_ns_page(test, 0);
	struct nvmec_ns_info info;
	unsigned int i;

	ik_take_64k(test);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct nvmec_ident ident = { .max_bytes = cases[i].max_bytes };

		id->lbaf[0].ds = cases[i].ds;
		KUNIT_EXPECT_EQ_MSG(test, nvmec_ident_ns(NULL, 1, &ident, id, &info),
				    cases[i].ret, "LBADS %u", cases[i].ds);
	}
}

/* FLBAS: the format's number in bits 0 to 3, and 5 to 6 above them. */

struct ik_format {
	const char	*name;
	u8		flbas;
	u8		nlbaf;
	u8		format;
	u16		ms;
	int		ret;
};

static const struct ik_format ik_formats[] = {
	{ "the only one", 0, 0, 0, 0, 0 },
	{ "the last of 16", 0x0f, 15, 15, 0, 0 },
	{ "the first beyond 16", 0x20, 16, 16, 0, 0 },
	{ "the last there can be", 0x6f, 63, 63, 0, 0 },
	{ "the last of too many", 0x6f, 255, 63, 0, 0 },
	/* bit 4: where metadata would be; bit 7: reserved */
	{ "other bits", 0x90, 0, 0, 0, 0 },
	{ "beyond the only one", 1, 0, 1, 0, -ENODEV },
	{ "beyond 16", 0x20, 15, 16, 0, -ENODEV },
	{ "beyond 63", 0x6f, 62, 63, 0, -ENODEV },
	{ "metadata", 0, 0, 0, 8, 0 },
	{ "metadata, in the high byte", 0, 0, 0, 0x100, 0 },
};

KUNIT_ARRAY_PARAM_DESC(ik_format, ik_formats, name);

static void ik_format_test(struct kunit *test)
{
	const struct ik_format *param = test->param_value;
	struct nvme_id_ns *id = ik_ns_page(test, 0);
	struct nvmec_ns_info info;

	id->flbas = param->flbas;
	id->nlbaf = param->nlbaf;
	/* The only one that can be used, if that is the one it means. */
	id->lbaf[param->format].ds = 9;
	id->lbaf[param->format].ms = cpu_to_le16(param->ms);
	KUNIT_EXPECT_EQ(test, ik_ns_read(id, &info), param->ret);
}

/* Size: less than 2^63 bytes, that is 2^54 sectors. */

struct ik_size {
	const char	*name;
	u8		lba_shift;
	u64		nsze;
	u64		ncap;
	int		ret;
	u64		sects;
};

static const struct ik_size ik_sizes[] = {
	{ "one block of 512", 9, 1, 1, 0, 1 },
	{ "one block of 4096", 12, 1, 1, 0, 8 },
	{ "thin", 12, 1000, 1, 0, 8000 },
	{ "nothing there", 9, 0, 0, -ENODEV, 0 },
	{ "no capacity", 9, 1000, 0, -ENODEV, 0 },
	{ "2^54 - 1 of 512", 9, BIT_ULL(54) - 1, 1, 0, BIT_ULL(54) - 1 },
	{ "2^54 of 512", 9, BIT_ULL(54), 1, -ENODEV, 0 },
	{ "2^51 - 1 of 4096", 12, BIT_ULL(51) - 1, 1, 0, BIT_ULL(54) - 8 },
	{ "2^51 of 4096", 12, BIT_ULL(51), 1, -ENODEV, 0 },
	{ "one block of 64 KiB", 16, 1, 1, 0, 128 },
	{ "2^47 - 1 of 64 KiB", 16, BIT_ULL(47) - 1, 1, 0, BIT_ULL(54) - 128 },
	{ "2^47 of 64 KiB", 16, BIT_ULL(47), 1, -ENODEV, 0 },
	/* 8 sectors each are 2^64 and 8: none must be taken for 8. */
	{ "2^61 + 1 of 4096", 12, BIT_ULL(61) + 1, 1, -ENODEV, 0 },
	{ "all ones", 9, U64_MAX, U64_MAX, -ENODEV, 0 },
	{ "all ones of 4096", 12, U64_MAX, U64_MAX, -ENODEV, 0 },
};

KUNIT_ARRAY_PARAM_DESC(ik_size, ik_sizes, name);

static void ik_size_test(struct kunit *test)
{
	const struct ik_size *param = test->param_value;
	struct nvme_id_ns *id = ik_ns_page(test, param->lba_shift);
	struct nvmec_ns_info info;

	ik_take_64k(test);
	id->nsze = cpu_to_le64(param->nsze);
	id->ncap = cpu_to_le64(param->ncap);
	KUNIT_EXPECT_EQ(test, ik_ns_read(id, &info), param->ret);
	if (!param->ret)
		KUNIT_EXPECT_EQ(test, info.capacity_sects, param->sects);
}

/* Hints, in blocks: NOIOB; NPWG, NPDG and NOWS less one, if bit 4 says so */

struct ik_hint {
	const char	*name;
	u8		lba_shift;
	u8		nsfeat;
	u16		noiob;
	u16		npwg;
	u16		npdg;
	u16		nows;
	u32		physical_bytes;
	u32		io_min_bytes;
	u32		io_opt_bytes;
	u32		discard_bytes;
	u32		chunk_sects;
};

static const struct ik_hint ik_hints[] = {
	{ "none", 9, 0, 0, 0, 0, 0, 512, 0, 0, 512, 0 },
	{ "none, 4096", 12, 0, 0, 0, 0, 0, 4096, 0, 0, 4096, 0 },
	{ "not announced", 9, 0xef, 0, 7, 15, 31, 512, 0, 0, 512, 0 },
	/* 8, 16 and 32 blocks */
	{ "some", 9, 0x10, 0, 7, 15, 31, 4096, 4096, 16384, 8192, 0 },
	{ "some, 4096", 12, 0x10, 0, 1, 3, 7, 8192, 8192, 32768, 16384, 0 },
	{ "one block", 9, 0x10, 0, 0, 0, 0, 512, 512, 0, 512, 0 },
	/* 65536 blocks are 32 MiB; a physical block is 64 KiB at most */
	{ "the most", 9, 0x10, 0, 0xffff, 0xffff, 0xffff,
	  65536, 65536, 33554432, 33554432, 0 },
	/* and 256 MiB */
	{ "the most, 4096", 12, 0x10, 0, 0xffff, 0xffff, 0xffff,
	  65536, 65536, 268435456, 268435456, 0 },
	/* Blocks of 64 KiB are as large as a physical one can be. */
	{ "none, 64 KiB", 16, 0, 0, 0, 0, 0, 65536, 0, 0, 65536, 0 },
	{ "some, 16 KiB", 14, 0x10, 0, 1, 3, 7, 32768, 32768, 131072, 65536, 0 },
	{ "some, 64 KiB", 16, 0x10, 0, 1, 3, 7, 65536, 65536, 524288, 262144, 0 },
	/* 4 GiB, which 32 bits cannot say */
	{ "the most, 64 KiB", 16, 0x10, 0, 0xffff, 0xffff, 0xffff,
	  65536, 65536, 0, 65536, 0 },
	{ "NOIOB, 64 KiB", 16, 0, 0x8000, 0, 0, 0, 65536, 0, 0, 65536, 4194304 },
	/* 3 blocks */
	{ "NPWG: no power of 2", 9, 0x10, 0, 2, 15, 31,
	  512, 512, 16384, 8192, 0 },
	{ "NPDG: no power of 2", 9, 0x10, 0, 7, 2, 31,
	  4096, 4096, 16384, 512, 0 },
	{ "NOWS: no power of 2", 9, 0x10, 0, 7, 15, 2,
	  4096, 4096, 0, 8192, 0 },
	{ "NOIOB", 9, 0, 256, 0, 0, 0, 512, 0, 0, 512, 256 },
	{ "NOIOB, 4096", 12, 0, 256, 0, 0, 0, 4096, 0, 0, 4096, 2048 },
	{ "NOIOB: one block", 9, 0, 1, 0, 0, 0, 512, 0, 0, 512, 1 },
	{ "NOIOB: the most", 12, 0, 0x8000, 0, 0, 0, 4096, 0, 0, 4096, 262144 },
	{ "NOIOB: no power of 2", 9, 0, 3, 0, 0, 0, 512, 0, 0, 512, 0 },
	{ "NOIOB: all ones", 9, 0, 0xffff, 0, 0, 0, 512, 0, 0, 512, 0 },
};

KUNIT_ARRAY_PARAM_DESC(ik_hint, ik_hints, name);

static void ik_hint_test(struct kunit *test)
{
	const struct ik_hint *param = test->param_value;
	struct nvme_id_ns *id = ik_ns_page(test, param->lba_shift);
	struct nvmec_ns_info info;

	ik_take_64k(test);
	id->nsfeat = param->nsfeat;
	id->noiob = cpu_to_le16(param->noiob);
	id->npwg = cpu_to_le16(param->npwg);
	id->npdg = cpu_to_le16(param->npdg);
	id->nows = cpu_to_le16(param->nows);
	KUNIT_ASSERT_EQ(test, ik_ns_read(id, &info), 0);
	KUNIT_EXPECT_EQ(test, info.limits.physical_block_size,
			param->physical_bytes);
	KUNIT_EXPECT_EQ(test, info.limits.io_min, param->io_min_bytes);
	KUNIT_EXPECT_EQ(test, info.limits.io_opt, param->io_opt_bytes);
	KUNIT_EXPECT_EQ(test, info.limits.discard_granularity,
			param->discard_bytes);
	KUNIT_EXPECT_EQ(test, info.limits.chunk_sectors, param->chunk_sects);
}

/*
 * Atomic writes: AWUPF or, if bit 1 of NSFEAT says so, NAWUPF, less one; not across
 * NABSPF blocks, less one, from NABO on. A physical block is no larger.
 */

struct ik_atomic {
	const char	*name;
	u8		lba_shift;
	u16		awupf;
	u8		nsfeat;
	u16		nawupf;
	u16		nabspf;
	u16		nabo;
	u16		noiob;
	u16		npwg;
	u32		max;
	u32		unit_max;
	u32		boundary;
	u32		physical;
	u32		io_min;
};

static const struct ik_atomic ik_atomics[] = {
	{ "one block", 9, 0, 0, 0, 0, 0, 0, 0, 512, 512, 0, 512, 0 },
	{ "one block of 4096", 12, 0, 0, 0, 0, 0, 0, 0, 4096, 4096, 0, 4096, 0 },
	{ "AWUPF", 9, 7, 0, 0, 0, 0, 0, 0, 4096, 4096, 0, 512, 0 },
	{ "AWUPF: the most", 12, 0xffff, 0, 0, 0, 0, 0, 0,
	  0x10000000, 0x10000000, 0, 4096, 0 },
	{ "one block of 64 KiB", 16, 0, 0, 0, 0, 0, 0, 0, 65536, 65536, 0, 65536, 0 },
	/* 4 GiB: what is beyond 2 GiB is as good */
	{ "AWUPF: the most, 64 KiB", 16, 0xffff, 0, 0, 0, 0, 0, 0,
	  0x80000000, 0x80000000, 0, 65536, 0 },
	{ "boundary of 64 KiB", 16, 7, 0, 0, 3, 0, 0, 0,
	  262144, 262144, 262144, 65536, 0 },
	{ "boundary: 4 GiB", 16, 7, 0, 0, 0xffff, 0, 0, 0,
	  65536, 65536, 65536, 65536, 0 },
	{ "AWUPF: no power of 2", 9, 8, 0, 0, 0, 0, 0, 0, 4608, 4096, 0, 512, 0 },
	{ "NAWUPF", 9, 7, 0x02, 31, 0, 0, 0, 0, 16384, 16384, 0, 512, 0 },
	{ "NAWUPF: not announced", 9, 7, 0, 31, 0, 0, 0, 0, 4096, 4096, 0, 512, 0 },
	{ "boundary", 9, 31, 0, 0, 63, 0, 0, 0, 16384, 16384, 32768, 512, 0 },
	{ "boundary: less than a write", 9, 31, 0, 0, 7, 0, 0, 0,
	  4096, 4096, 4096, 512, 0 },
	{ "boundary: no power of 2", 9, 31, 0, 0, 8, 0, 0, 0, 512, 512, 512, 512, 0 },
	{ "boundary: not from the first block", 9, 31, 0, 0, 63, 1, 0, 0,
	  512, 512, 512, 512, 0 },
	{ "boundary: in a chunk", 9, 31, 0, 0, 63, 0, 128, 0,
	  16384, 16384, 32768, 512, 0 },
	{ "boundary: beyond a chunk", 9, 31, 0, 0, 63, 0, 16, 0,
	  512, 512, 512, 512, 0 },
	{ "beyond a chunk", 9, 31, 0, 0, 0, 0, 16, 0, 8192, 8192, 0, 512, 0 },
	{ "NPWG: less", 9, 31, 0x10, 0, 0, 0, 0, 7, 16384, 16384, 0, 4096, 4096 },
	{ "NPWG: more", 9, 7, 0x10, 0, 0, 0, 0, 31, 4096, 4096, 0, 4096, 16384 },
	{ "NPWG: more than a block", 9, 0, 0x10, 0, 0, 0, 0, 31,
	  512, 512, 0, 512, 16384 },
	{ "NPWG: more than NAWUPF", 9, 31, 0x12, 3, 0, 0, 0, 31,
	  2048, 2048, 0, 2048, 16384 },
};

KUNIT_ARRAY_PARAM_DESC(ik_atomic, ik_atomics, name);

static void ik_atomic_test(struct kunit *test)
{
	const struct ik_atomic *param = test->param_value;
	struct nvmec_ident ident = { .max_bytes = 131072, .awupf = param->awupf };
	struct nvme_id_ns *id = ik_ns_page(test, param->lba_shift);
	struct nvmec_ns_info info;

	ik_take_64k(test);
	id->nsfeat = param->nsfeat;
	id->nawupf = cpu_to_le16(param->nawupf);
	id->nabspf = cpu_to_le16(param->nabspf);
	id->nabo = cpu_to_le16(param->nabo);
	id->noiob = cpu_to_le16(param->noiob);
	id->npwg = cpu_to_le16(param->npwg);
	KUNIT_ASSERT_EQ(test, nvmec_ident_ns(NULL, 1, &ident, id, &info), 0);
	KUNIT_EXPECT_EQ(test, info.limits.atomic_write_hw_max, param->max);
	KUNIT_EXPECT_EQ(test, info.limits.atomic_write_hw_unit_min,
			1 << param->lba_shift);
	KUNIT_EXPECT_EQ(test, info.limits.atomic_write_hw_unit_max,
			param->unit_max);
	KUNIT_EXPECT_EQ(test, info.limits.atomic_write_hw_boundary,
			param->boundary);
	KUNIT_EXPECT_EQ(test, info.limits.physical_block_size, param->physical);
	KUNIT_EXPECT_EQ(test, info.limits.io_min, param->io_min);
}

/* DLFEAT: bit 3, and 1 in the three lowest bits */
static void ik_deac_test(struct kunit *test)
{
	struct nvme_id_ns *id = ik_ns_page(test, 9);
	struct nvmec_ns_info info;
	unsigned int dlfeat;

	for (dlfeat = 0; dlfeat < 256; dlfeat++) {
		id->dlfeat = dlfeat;
		KUNIT_ASSERT_EQ(test, ik_ns_read(id, &info), 0);
		KUNIT_EXPECT_EQ_MSG(test, info.deac, (dlfeat & 0x0f) == 0x09,
				    "DLFEAT %#x", dlfeat);
	}
}

/* What the device says is followed, what users set is left. */
static void ik_renew_test(struct kunit *test)
{
	struct queue_limits said, lim;

	memset(&said, 0x11, sizeof(said));
	said.features = BLK_FEAT_WRITE_CACHE;
	memset(&lim, 0x22, sizeof(lim));
	lim.features = BLK_FEAT_FUA | BLK_FEAT_ROTATIONAL;
	nvmec_limits_renew(&lim, &said);
	KUNIT_EXPECT_EQ(test, (__force u32)lim.features,
			(__force u32)(BLK_FEAT_WRITE_CACHE | BLK_FEAT_ROTATIONAL));
	KUNIT_EXPECT_EQ(test, lim.max_hw_sectors, 0x11111111);
	KUNIT_EXPECT_EQ(test, lim.max_hw_discard_sectors, 0x11111111);
	KUNIT_EXPECT_EQ(test, lim.max_write_zeroes_sectors, 0x11111111);
	KUNIT_EXPECT_EQ(test, lim.physical_block_size, 0x11111111);
	KUNIT_EXPECT_EQ(test, lim.atomic_write_hw_max, 0x11111111);
	KUNIT_EXPECT_EQ(test, lim.max_user_sectors, 0x22222222);
	KUNIT_EXPECT_EQ(test, lim.max_user_discard_sectors, 0x22222222);
	KUNIT_EXPECT_EQ(test, (__force u32)lim.flags, 0x22222222);
}

/* Limits that come from the controller */

struct ik_limit {
	const char		*name;
	u8			lba_shift;
	struct nvmec_ident	ident;
	u32			max_sects;
	u32			zeroes_sects;
	u32			discard_sects;
	u16			discard_segs;
	blk_features_t		features;
};

#define IK_ATOMIC	MQBLK_FEAT_ATOMIC_WRITES
#define IK_CACHE	(BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA | IK_ATOMIC)
/* Less than 4 GiB, in sectors */
#define IK_DISCARD	0x7fffff

static const struct ik_limit ik_limits[] = {
	{ "all", 9, { .max_bytes = 131072, .max_zeroes_bytes = 131072,
		      .max_ranges = 256, .max_discard_blocks = U32_MAX,
		      .vwc = true },
	  256, 256, IK_DISCARD, 256, IK_CACHE },
	{ "none", 9, { .max_bytes = 4194304 }, 8192, 0, 0, 0, IK_ATOMIC },
	{ "one range", 12, { .max_bytes = 8192, .max_ranges = 1,
			     .max_discard_blocks = U32_MAX },
	  16, 0, IK_DISCARD, 1, IK_ATOMIC },
	{ "discard: 1000 blocks of 4096", 12, { .max_bytes = 8192,
						.max_ranges = 1,
						.max_discard_blocks = 1000 },
	  16, 0, 8000, 1, IK_ATOMIC },
	/* A command names 65536 blocks at most. */
	{ "zeroes: 65536 blocks of 512", 9, { .max_bytes = 8192,
					      .max_zeroes_bytes = SZ_1G },
	  16, 65536, 0, 0, IK_ATOMIC },
	{ "zeroes: 65536 blocks of 4096", 12, { .max_bytes = 8192,
						.max_zeroes_bytes = SZ_1G },
	  16, 524288, 0, 0, IK_ATOMIC },
	{ "zeroes: 65536 blocks of 64 KiB", 16, { .max_bytes = 65536,
						  .max_zeroes_bytes = SZ_1G },
	  128, 2097152, 0, 0, IK_ATOMIC },
	{ "zeroes: a block", 16, { .max_bytes = 131072,
				   .max_zeroes_bytes = 65536 },
	  256, 128, 0, 0, IK_ATOMIC },
	{ "zeroes: less than a block", 16, { .max_bytes = 131072,
					     .max_zeroes_bytes = 32768 },
	  256, 0, 0, 0, IK_ATOMIC },
	{ "discard: 3 blocks of 64 KiB", 16, { .max_bytes = 65536, .max_ranges = 1,
					       .max_discard_blocks = 3 },
	  128, 0, 384, 1, IK_ATOMIC },
};

KUNIT_ARRAY_PARAM_DESC(ik_limit, ik_limits, name);

static void ik_limit_test(struct kunit *test)
{
	const struct ik_limit *param = test->param_value;
	struct nvme_id_ns *id = ik_ns_page(test, param->lba_shift);
	struct nvmec_ns_info info;

	ik_take_64k(test);
	KUNIT_ASSERT_EQ(test, nvmec_ident_ns(NULL, 1, &param->ident, id, &info),
			0);
	KUNIT_EXPECT_EQ(test, info.limits.logical_block_size,
			1 << param->lba_shift);
	KUNIT_EXPECT_EQ(test, info.limits.max_hw_sectors, param->max_sects);
	KUNIT_EXPECT_EQ(test, info.limits.max_write_zeroes_sectors,
			param->zeroes_sects);
	KUNIT_EXPECT_EQ(test, info.limits.max_hw_discard_sectors,
			param->discard_sects);
	KUNIT_EXPECT_EQ(test, info.limits.max_discard_segments,
			param->discard_segs);
	KUNIT_EXPECT_EQ(test, (__force u32)info.limits.features,
			(__force u32)param->features);
	/* What a PRP list needs */
	KUNIT_EXPECT_EQ(test, info.limits.virt_boundary_mask, 4095);
	KUNIT_EXPECT_EQ(test, info.limits.dma_alignment, 3);
	KUNIT_EXPECT_EQ(test, info.limits.max_segments, NVMEC_MAX_SEGS);
}

static void ik_read_only_test(struct kunit *test)
{
	struct nvme_id_ns *id = ik_ns_page(test, 9);
	struct nvmec_ns_info info;

	id->nsattr = 0xfe;
	KUNIT_ASSERT_EQ(test, ik_ns_read(id, &info), 0);
	KUNIT_EXPECT_FALSE(test, info.read_only);
	id->nsattr = 0x01;
	KUNIT_ASSERT_EQ(test, ik_ns_read(id, &info), 0);
	KUNIT_EXPECT_TRUE(test, info.read_only);
}

static void ik_ns_ids_test(struct kunit *test)
{
	struct nvme_id_ns *id = ik_ns_page(test, 9);
	struct nvmec_ns_id expected = {};
	struct nvmec_ns_info info;

	memset(id->nguid, 0x11, sizeof(id->nguid));
	memset(id->eui64, 0x22, sizeof(id->eui64));
	memset(expected.nguid, 0x11, sizeof(expected.nguid));
	memset(expected.eui64, 0x22, sizeof(expected.eui64));
	KUNIT_ASSERT_EQ(test, ik_ns_read(id, &info), 0);
	KUNIT_EXPECT_MEMEQ(test, &info.id, &expected, sizeof(expected));
}

/* --- descriptors of a namespace's identity -------------------------------- */

/**
 * struct ik_descs - a page of descriptors
 * @page: it
 * @at: where the next one goes
 * @nonsense: it must not be believed
 * @id: what the page must come to
 */
struct ik_descs {
	u8			*page;
	unsigned int		at;
	bool			nonsense;
	struct nvmec_ns_id	id;
};

/* A page's own allocation: who reads beyond it is found by KASAN. */
static struct ik_descs *ik_descs_create(struct kunit *test)
{
	struct ik_descs *descs = kunit_kzalloc(test, sizeof(*descs),
					       GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, descs);
	descs->page = kunit_kzalloc(test, 4096, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, descs->page);
	return descs;
}

/* A descriptor: type, length, two reserved bytes, value. */
static void ik_descs_add(struct ik_descs *descs, u8 type, u8 bytes, u8 value)
{
	unsigned int at = descs->at;

	descs->page[at] = type;
	descs->page[at + 1] = bytes;
	memset(descs->page + at + 4, value, min(bytes + 0U, 4096 - at - 4));
	descs->at = at + 4 + bytes;
}

/* Fills the page up to a place, with types that nobody knows. */
static void ik_descs_fill(struct ik_descs *descs, unsigned int at)
{
	unsigned int left;

	while ((left = at - descs->at)) {
		/* No rest that is too short for a descriptor with a value. */
		if (left > 259)
			left = min(left - 5, 259U);
		ik_descs_add(descs, 0x7f, left - 4, 0xee);
	}
}

static void ik_descs_expect(struct kunit *test, const struct ik_descs *descs)
{
	struct nvmec_ns_id id = {};

	KUNIT_EXPECT_EQ(test, nvmec_ident_ns_descs(&id, descs->page),
			!descs->nonsense);
	KUNIT_EXPECT_MEMEQ(test, &id, &descs->id, sizeof(id));
}

static void ik_descs_all_test(struct kunit *test)
{
	struct ik_descs *descs = ik_descs_create(test);

	ik_descs_add(descs, 1, 8, 0x11);
	ik_descs_add(descs, 2, 16, 0x22);
	ik_descs_add(descs, 3, 16, 0x33);
	memset(descs->id.eui64, 0x11, 8);
	memset(descs->id.nguid, 0x22, 16);
	ik_descs_add(descs, 4, 1, 2);
	memset(descs->id.uuid, 0x33, 16);
	descs->id.csi = 2;
	ik_descs_expect(test, descs);
}

/* An empty list says nothing: it must not count as a description. */
static void ik_descs_none_test(struct kunit *test)
{
	struct ik_descs *descs = ik_descs_create(test);

	descs->nonsense = true;
	ik_descs_expect(test, descs);
}

/* A list without an identity says nothing, either, but for the command set. */
static void ik_descs_no_identity_test(struct kunit *test)
{
	struct ik_descs *descs = ik_descs_create(test);

	descs->nonsense = true;
	ik_descs_add(descs, 4, 1, 2);
	ik_descs_add(descs, 0xff, 255, 0xff);
	descs->id.csi = 2;
	ik_descs_expect(test, descs);
}

/* Others are stepped over by their length, whatever it is. */
static void ik_descs_unknown_test(struct kunit *test)
{
	struct ik_descs *descs = ik_descs_create(test);

	ik_descs_add(descs, 5, 1, 0x44);
	ik_descs_add(descs, 0, 255, 0x44);
	ik_descs_add(descs, 0xff, 3, 0x44);
	ik_descs_add(descs, 3, 16, 0x33);
	memset(descs->id.uuid, 0x33, 16);
	ik_descs_expect(test, descs);
}

/* With one value of the wrong length, no identity is taken, but the command set. */
static void ik_descs_nidl_test(struct kunit *test)
{
	static const struct {
		u8	type;
		u8	bytes;
	} cases[] = {
		{ 1, 16 }, { 1, 7 }, { 2, 8 }, { 2, 17 }, { 3, 15 }, { 3, 255 },
		{ 4, 2 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ik_descs *descs = ik_descs_create(test);

		descs->nonsense = true;
		ik_descs_add(descs, 2, 16, 0x22);
		ik_descs_add(descs, cases[i].type, cases[i].bytes, 0x44);
		ik_descs_expect(test, descs);
		ik_descs_add(descs, 3, 16, 0x33);
		ik_descs_add(descs, 4, 1, 2);
		descs->id.csi = 2;
		ik_descs_expect(test, descs);
	}
}

static void ik_descs_zero_nidl_test(struct kunit *test)
{
	struct ik_descs *descs = ik_descs_create(test);

	ik_descs_add(descs, 1, 8, 0x11);
	ik_descs_add(descs, 3, 0, 0);
	ik_descs_add(descs, 3, 16, 0x44);
	memset(descs->id.eui64, 0x11, 8);
	ik_descs_expect(test, descs);
}

/* 4 + 16 bytes up to the end, and one byte too far */
static void ik_descs_end_test(struct kunit *test)
{
	struct ik_descs *fits = ik_descs_create(test);
	struct ik_descs *over = ik_descs_create(test);

	ik_descs_fill(fits, 4076);
	ik_descs_add(fits, 3, 16, 0x33);
	memset(fits->id.uuid, 0x33, 16);
	ik_descs_expect(test, fits);

	ik_descs_fill(over, 4077);
	ik_descs_add(over, 3, 16, 0x44);
	over->nonsense = true;
	ik_descs_expect(test, over);
}

/* What is left does not hold a descriptor's four bytes, or just those. */
static void ik_descs_rest_test(struct kunit *test)
{
	unsigned int rest;

	for (rest = 0; rest <= 4; rest++) {
		struct ik_descs *descs = ik_descs_create(test);

		ik_descs_add(descs, 1, 8, 0x11);
		ik_descs_fill(descs, 4096 - rest);
		memset(descs->page + 4096 - rest, 3, rest);
		descs->nonsense = rest == 4;
		if (!descs->nonsense)
			memset(descs->id.eui64, 0x11, 8);
		ik_descs_expect(test, descs);
	}
}

static void ik_descs_ones_test(struct kunit *test)
{
	struct ik_descs *descs = ik_descs_create(test);

	memset(descs->page, 0xff, 4096);
	descs->nonsense = true;
	ik_descs_expect(test, descs);
}

/* --- the list of active namespaces ---------------------------------------- */

/**
 * struct ik_list - a page of the list
 * @name: of the case
 * @ids: how it begins; the rest is 0
 * @after: what the ids are greater than
 * @nn: the largest id
 * @ret: how many there are, or the errno
 */
struct ik_list {
	const char	*name;
	u32		ids[6];
	u32		after;
	u32		nn;
	int		ret;
};

static const struct ik_list ik_lists[] = {
	{ "none", { 0 }, 0, 256, 0 },
	{ "one", { 1 }, 0, 256, 1 },
	{ "some", { 1, 2, 7, 256 }, 0, 256, 4 },
	{ "the largest there is", { 0xfffffffe }, 0, 0xfffffffe, 1 },
	{ "another page", { 8, 9 }, 7, 256, 2 },
	{ "twice the same", { 1, 2, 2 }, 0, 256, -EBADMSG },
	{ "descending", { 1, 3, 2 }, 0, 256, -EBADMSG },
	{ "the page before, again", { 7, 8 }, 7, 256, -EBADMSG },
	{ "too large", { 1, 257 }, 0, 256, -EBADMSG },
	{ "all ones", { 0xffffffff }, 0, 0xfffffffe, -EBADMSG },
	{ "none there can be", { 1 }, 0, 0, -EBADMSG },
	{ "one behind the end", { 1, 2, 0, 5 }, 0, 256, -EBADMSG },
	{ "one behind nothing", { 0, 1 }, 0, 256, -EBADMSG },
};

KUNIT_ARRAY_PARAM_DESC(ik_list, ik_lists, name);

static void ik_list_test(struct kunit *test)
{
	const struct ik_list *param = test->param_value;
	__le32 *page = kunit_kzalloc(test, 4096, GFP_KERNEL);
	u32 *nsids = kunit_kzalloc(test, 4096, GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_NOT_NULL(test, nsids);
	for (i = 0; i < ARRAY_SIZE(param->ids); i++)
		page[i] = cpu_to_le32(param->ids[i]);
	KUNIT_EXPECT_EQ(test, nvmec_ident_ns_list(NULL, page, param->after,
						  param->nn, nsids), param->ret);
	for (i = 0; i < param->ret; i++)
		KUNIT_EXPECT_EQ(test, nsids[i], param->ids[i]);
}

/* A page without an end has 1024 ids; the last one counts like the others. */
static void ik_list_full_test(struct kunit *test)
{
	__le32 *page = kunit_kzalloc(test, 4096, GFP_KERNEL);
	u32 *nsids = kunit_kzalloc(test, 4096, GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_NOT_NULL(test, nsids);
	for (i = 0; i < 1024; i++)
		page[i] = cpu_to_le32(10 + 2 * i);
	KUNIT_EXPECT_EQ(test, nvmec_ident_ns_list(NULL, page, 9, 2056, nsids),
			1024);
	KUNIT_EXPECT_EQ(test, nsids[1023], 2056);
	KUNIT_EXPECT_EQ(test, nvmec_ident_ns_list(NULL, page, 9, 2055, nsids),
			-EBADMSG);
}

static struct kunit_case ik_cases[] = {
	KUNIT_CASE_PARAM(ik_type_test, ik_type_gen_params),
	KUNIT_CASE_PARAM(ik_mdts_test, ik_mdts_gen_params),
	KUNIT_CASE_PARAM(ik_nvm_test, ik_nvm_gen_params),
	KUNIT_CASE(ik_discard_blocks_test),
	KUNIT_CASE_PARAM(ik_text_test, ik_text_gen_params),
	KUNIT_CASE(ik_text_lengths_test),
	KUNIT_CASE_PARAM(ik_time_test, ik_time_gen_params),
	KUNIT_CASE(ik_ctrl_fields_test),
	KUNIT_CASE(ik_nn_test),
	KUNIT_CASE(ik_flags_test),
	KUNIT_CASE(ik_lbads_test),
	KUNIT_CASE(ik_mdts_block_test),
	KUNIT_CASE_PARAM(ik_format_test, ik_format_gen_params),
	KUNIT_CASE_PARAM(ik_size_test, ik_size_gen_params),
	KUNIT_CASE_PARAM(ik_hint_test, ik_hint_gen_params),
	KUNIT_CASE_PARAM(ik_atomic_test, ik_atomic_gen_params),
	KUNIT_CASE(ik_deac_test),
	KUNIT_CASE(ik_renew_test),
	KUNIT_CASE_PARAM(ik_limit_test, ik_limit_gen_params),
	KUNIT_CASE(ik_read_only_test),
	KUNIT_CASE(ik_ns_ids_test),
	KUNIT_CASE(ik_descs_all_test),
	KUNIT_CASE(ik_descs_none_test),
	KUNIT_CASE(ik_descs_no_identity_test),
	KUNIT_CASE(ik_descs_unknown_test),
	KUNIT_CASE(ik_descs_nidl_test),
	KUNIT_CASE(ik_descs_zero_nidl_test),
	KUNIT_CASE(ik_descs_end_test),
	KUNIT_CASE(ik_descs_rest_test),
	KUNIT_CASE(ik_descs_ones_test),
	KUNIT_CASE_PARAM(ik_list_test, ik_list_gen_params),
	KUNIT_CASE(ik_list_full_test),
	{}
};

static struct kunit_suite ik_suite = {
	.name		= "nvme_c_ident",
	.test_cases	= ik_cases,
};

kunit_test_suite(ik_suite);
