// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of commands and statuses: every dword of what is built, in the order of
 * the wire, and what each status means. Numbers are the specification's.
 */
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/string.h>

#include "../cmd.h"

#define CK_RING		0x123456789abcd000ULL
#define CK_OTHER	0xfedcba9876543000ULL

static const struct nvmec_range ck_range = {
	.nsid	= 7,
	.first	= 0x0123456789abcdefULL,
	.blocks	= 8,
};

static void ck_read(struct nvme_command *cmd)
{
	nvmec_cmd_rw(cmd, 0x02, &ck_range, 0);
}

/* Force Unit Access is bit 30 of dword 12, Limited Retry bit 31. */
static void ck_write_fua(struct nvme_command *cmd)
{
	nvmec_cmd_rw(cmd, 0x01, &ck_range, NVME_RW_FUA);
}

static void ck_read_limited(struct nvme_command *cmd)
{
	nvmec_cmd_rw(cmd, 0x02, &ck_range, NVME_RW_LR);
}

static void ck_read_one(struct nvme_command *cmd)
{
	const struct nvmec_range range = { .nsid = 1, .blocks = 1 };

	nvmec_cmd_rw(cmd, 0x02, &range, 0);
}

/* The most there is, at the highest address. */
static void ck_zeroes(struct nvme_command *cmd)
{
	const struct nvmec_range range = {
		.nsid	= 0xfffffffe,
		.first	= U64_MAX,
		.blocks	= 65536,
	};

	nvmec_cmd_rw(cmd, 0x08, &range, 0);
}

static void ck_flush(struct nvme_command *cmd)
{
	nvmec_cmd_flush(cmd, 0x12345678);
}

static void ck_discard_one(struct nvme_command *cmd)
{
	nvmec_cmd_discard(cmd, 7, 1);
}

static void ck_discard_most(struct nvme_command *cmd)
{
	nvmec_cmd_discard(cmd, 7, 256);
}

static void ck_identify(struct nvme_command *cmd)
{
	nvmec_cmd_identify(cmd, 0x06, 9, 0x12);
}

static void ck_set_feature(struct nvme_command *cmd)
{
	nvmec_cmd_set_feature(cmd, 0x07, 0x00030004);
}

static void ck_get_log(struct nvme_command *cmd)
{
	nvmec_cmd_get_log(cmd, 0x04, 512);
}

/* 512 KiB are 0x20000 dwords. */
static void ck_get_long_log(struct nvme_command *cmd)
{
	nvmec_cmd_get_log(cmd, 0x0d, 0x80000);
}

static void ck_create_cq(struct nvme_command *cmd)
{
	nvmec_cmd_create_cq(cmd, 3, 1024, CK_RING, true, 5);
}

/* One that is polled has no vector, whatever is said. */
static void ck_create_polled_cq(struct nvme_command *cmd)
{
	nvmec_cmd_create_cq(cmd, 3, 65536, CK_RING, false, 5);
}

static void ck_create_sq(struct nvme_command *cmd)
{
	nvmec_cmd_create_sq(cmd, 3, 2, CK_RING);
}

static void ck_delete_sq(struct nvme_command *cmd)
{
	nvmec_cmd_delete_queue(cmd, nvme_admin_delete_sq, 3);
}

static void ck_delete_cq(struct nvme_command *cmd)
{
	nvmec_cmd_delete_queue(cmd, nvme_admin_delete_cq, 65535);
}

static void ck_abort(struct nvme_command *cmd)
{
	nvmec_cmd_abort(cmd, 3, 0xa01f);
}

static void ck_shadows(struct nvme_command *cmd)
{
	nvmec_cmd_shadows(cmd, CK_RING, CK_OTHER);
}

/**
 * struct ck_build - a command
 * @name: of the case
 * @build: writes it
 * @dwords: it: opcode; namespace; 6 to 9 the data pointer; 10 and on its own
 */
struct ck_build {
	const char	*name;
	void		(*build)(struct nvme_command *cmd);
	u32		dwords[16];
};

static const struct ck_build ck_builds[] = {
	{ "read", ck_read, {
		[0] = 0x02, [1] = 7, [10] = 0x89abcdef, [11] = 0x01234567,
		[12] = 7 } },
	{ "write, FUA", ck_write_fua, {
		[0] = 0x01, [1] = 7, [10] = 0x89abcdef, [11] = 0x01234567,
		[12] = 0x40000007 } },
	{ "read, limited retry", ck_read_limited, {
		[0] = 0x02, [1] = 7, [10] = 0x89abcdef, [11] = 0x01234567,
		[12] = 0x80000007 } },
	{ "read one block", ck_read_one, { [0] = 0x02, [1] = 1 } },
	{ "write zeroes", ck_zeroes, {
		[0] = 0x08, [1] = 0xfffffffe, [10] = 0xffffffff,
		[11] = 0xffffffff, [12] = 0xffff } },
	{ "flush", ck_flush, { [0] = 0x00, [1] = 0x12345678 } },
	/* Attribute Deallocate is bit 2 of dword 11. */
	{ "discard of one range", ck_discard_one, {
		[0] = 0x09, [1] = 7, [10] = 0, [11] = 4 } },
	{ "discard of 256 ranges", ck_discard_most, {
		[0] = 0x09, [1] = 7, [10] = 255, [11] = 4 } },
	/* The command set is the uppermost byte of dword 11. */
	{ "identify", ck_identify, {
		[0] = 0x06, [1] = 9, [10] = 0x06, [11] = 0x12000000 } },
	{ "set feature", ck_set_feature, {
		[0] = 0x09, [10] = 0x07, [11] = 0x00030004 } },
	/* Dwords, less one: low half above the id, high half in dword 11. */
	{ "get log page", ck_get_log, {
		[0] = 0x02, [1] = 0xffffffff, [10] = 0x007f0004 } },
	{ "get long log page", ck_get_long_log, {
		[0] = 0x02, [1] = 0xffffffff, [10] = 0xffff000d, [11] = 1 } },
	/* Dword 10: depth less one, id. 11: vector, interrupts, contiguous. */
	{ "create CQ", ck_create_cq, {
		[0] = 0x05, [6] = 0x9abcd000, [7] = 0x12345678,
		[10] = 0x03ff0003, [11] = 0x00050003 } },
	{ "create polled CQ", ck_create_polled_cq, {
		[0] = 0x05, [6] = 0x9abcd000, [7] = 0x12345678,
		[10] = 0xffff0003, [11] = 0x00000001 } },
	/* 11: its CQ, medium priority (2, from bit 1), contiguous. */
	{ "create SQ", ck_create_sq, {
		[0] = 0x01, [6] = 0x9abcd000, [7] = 0x12345678,
		[10] = 0x00010003, [11] = 0x00030005 } },
	{ "delete SQ", ck_delete_sq, { [0] = 0x00, [10] = 3 } },
	{ "delete CQ", ck_delete_cq, { [0] = 0x04, [10] = 0xffff } },
	{ "abort", ck_abort, { [0] = 0x08, [10] = 0xa01f0003 } },
	{ "shadow doorbells", ck_shadows, {
		[0] = 0x7c, [6] = 0x9abcd000, [7] = 0x12345678,
		[8] = 0x76543000, [9] = 0xfedcba98 } },
};

KUNIT_ARRAY_PARAM_DESC(ck_build, ck_builds, name);

static void ck_build_test(struct kunit *test)
{
	const struct ck_build *param = test->param_value;
	__le32 dwords[ARRAY_SIZE(param->dwords)];
	struct nvme_command cmd;
	unsigned int i;

	/* What was in a ring's entry before must not stay. */
	memset(&cmd, 0xff, sizeof(cmd));
	param->build(&cmd);
	static_assert(sizeof(dwords) == sizeof(cmd));
	memcpy(dwords, &cmd, sizeof(dwords));
	for (i = 0; i < ARRAY_SIZE(dwords); i++)
		KUNIT_EXPECT_EQ_MSG(test, le32_to_cpu(dwords[i]),
				    param->dwords[i], "dword %u", i);
}

/* Statuses */

struct ck_status {
	u16		status;
	blk_status_t	blk;
};

/* Status code type in the upper byte, status code in the lower. */
static const struct ck_status ck_statuses[] = {
	{ 0x000, BLK_STS_OK },
	{ 0x001, BLK_STS_NOTSUPP },		/* invalid opcode */
	{ 0x002, BLK_STS_NOTSUPP },		/* invalid field */
	{ 0x00b, BLK_STS_NOTSUPP },		/* invalid namespace */
	{ 0x020, BLK_STS_TARGET },		/* write protected */
	{ 0x021, BLK_STS_TARGET },		/* command interrupted */
	{ 0x080, BLK_STS_TARGET },		/* LBA out of range */
	{ 0x081, BLK_STS_NOSPC },		/* capacity exceeded */
	{ 0x082, BLK_STS_TARGET },		/* namespace not ready */
	{ 0x083, BLK_STS_RESV_CONFLICT },	/* reservation conflict */
	{ 0x180, BLK_STS_NOTSUPP },		/* conflicting attributes */
	{ 0x181, BLK_STS_PROTECTION },		/* invalid protection info */
	{ 0x182, BLK_STS_TARGET },		/* write to read-only range */
	{ 0x1bd, BLK_STS_ZONE_ACTIVE_RESOURCE },	/* too many active zones */
	{ 0x1be, BLK_STS_ZONE_OPEN_RESOURCE },	/* too many open zones */
	{ 0x280, BLK_STS_MEDIUM },		/* write fault */
	{ 0x281, BLK_STS_MEDIUM },		/* unrecovered read error */
	{ 0x282, BLK_STS_PROTECTION },		/* guard check */
	{ 0x283, BLK_STS_PROTECTION },		/* application tag check */
	{ 0x284, BLK_STS_PROTECTION },		/* reference tag check */
	{ 0x285, BLK_STS_MEDIUM },		/* compare failure */
	{ 0x286, BLK_STS_MEDIUM },		/* access denied */
	{ 0x287, BLK_STS_MEDIUM },		/* deallocated block */
};

/* Retry delay, bits 11 and 12; More, 13; Do Not Retry, 14. */
static const u16 ck_status_bits[] = { 0, 0x0800, 0x1800, 0x2000, 0x4000, 0x7800 };

/* What is not in the table is an error like any other. */
static blk_status_t ck_expected(u16 status)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ck_statuses); i++)
		if (ck_statuses[i].status == status)
			return ck_statuses[i].blk;
	return BLK_STS_IOERR;
}

/* All there are: 8 types of 256 codes. */
static void ck_status_test(struct kunit *test)
{
	unsigned int i;
	u16 status, bits;

	for (status = 0; status < 0x800; status++) {
		for (i = 0; i < ARRAY_SIZE(ck_status_bits); i++) {
			bits = status | ck_status_bits[i];
			KUNIT_EXPECT_EQ_MSG(test,
					    (__force u8)nvmec_status_to_blk(bits),
					    (__force u8)ck_expected(status),
					    "status %#x", bits);
		}
	}
}

static void ck_crd_test(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, nvmec_status_crd(0x0000), 0);
	KUNIT_EXPECT_EQ(test, nvmec_status_crd(0x0800), 1);
	KUNIT_EXPECT_EQ(test, nvmec_status_crd(0x1000), 2);
	KUNIT_EXPECT_EQ(test, nvmec_status_crd(0x1800), 3);
	/* No other bit is taken for it. */
	KUNIT_EXPECT_EQ(test, nvmec_status_crd(0xe7ff), 0);
	KUNIT_EXPECT_EQ(test, nvmec_status_crd(0xffff), 3);
}

static void ck_way_test(struct kunit *test)
{
	/* Path related: internal, inaccessible, host pathing, aborted by the host */
	KUNIT_EXPECT_TRUE(test, nvmec_status_of_way(0x300));
	KUNIT_EXPECT_TRUE(test, nvmec_status_of_way(0x302));
	KUNIT_EXPECT_TRUE(test, nvmec_status_of_way(0x370));
	KUNIT_EXPECT_TRUE(test, nvmec_status_of_way(0x371));
	/* With a delay; but Do Not Retry is for all controllers. */
	KUNIT_EXPECT_TRUE(test, nvmec_status_of_way(0x0b02));
	KUNIT_EXPECT_FALSE(test, nvmec_status_of_way(0x4302));
	/* Namespaces are attached to each controller: with or without Do Not Retry */
	KUNIT_EXPECT_TRUE(test, nvmec_status_of_way(0x000b));
	KUNIT_EXPECT_TRUE(test, nvmec_status_of_way(0x400b));
	/* Of the namespace: no error, internal, of the medium, vendor's */
	KUNIT_EXPECT_FALSE(test, nvmec_status_of_way(0x000));
	KUNIT_EXPECT_FALSE(test, nvmec_status_of_way(0x006));
	KUNIT_EXPECT_FALSE(test, nvmec_status_of_way(0x281));
	KUNIT_EXPECT_FALSE(test, nvmec_status_of_way(0x70b));
}

static void ck_passes_test(struct kunit *test)
{
	/* Internal, interrupted, inaccessible, with a delay, a log page that there is not yet */
	KUNIT_EXPECT_TRUE(test, nvmec_status_passes(0x006));
	KUNIT_EXPECT_TRUE(test, nvmec_status_passes(0x021));
	KUNIT_EXPECT_TRUE(test, nvmec_status_passes(0x302));
	KUNIT_EXPECT_TRUE(test, nvmec_status_passes(0x0806));
	KUNIT_EXPECT_TRUE(test, nvmec_status_passes(0x109));
	/* Do Not Retry; no such opcode, no such field, with a delay, too */
	KUNIT_EXPECT_FALSE(test, nvmec_status_passes(0x4006));
	KUNIT_EXPECT_FALSE(test, nvmec_status_passes(0x001));
	KUNIT_EXPECT_FALSE(test, nvmec_status_passes(0x002));
	KUNIT_EXPECT_FALSE(test, nvmec_status_passes(0x0802));
	/* The same codes of another type are others. */
	KUNIT_EXPECT_TRUE(test, nvmec_status_passes(0x102));
}

static struct kunit_case ck_cases[] = {
	KUNIT_CASE_PARAM(ck_build_test, ck_build_gen_params),
	KUNIT_CASE(ck_status_test),
	KUNIT_CASE(ck_crd_test),
	KUNIT_CASE(ck_way_test),
	KUNIT_CASE(ck_passes_test),
	{}
};

static struct kunit_suite ck_suite = {
	.name		= "nvme_c_cmd",
	.test_cases	= ck_cases,
};

kunit_test_suite(ck_suite);
