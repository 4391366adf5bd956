// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of who may send which command, and of how long its buffer must be. Opcodes and
 * fields are the specification's numbers.
 */
#include <kunit/test.h>

#include "../user.h"

#define PK_CSUPP	BIT(0)
#define PK_LBCC		BIT(1)
#define PK_NIC		BIT(3)
#define PK_CSE		BIT(16)

/* Who may send it: nobody; the privileged; also those who write; anyone */
enum pk_who { PK_NOBODY, PK_ADMIN, PK_WRITER, PK_ANYONE };

struct pk_case {
	const char	*name;
	bool		admin;
	u8		opcode;
	u32		cdw10;
	u32		effects;
	enum pk_who	who;
};

static const struct pk_case pk_cases[] = {
	{ "delete submission queue", true, 0x00, 0, PK_CSUPP, PK_NOBODY },
	{ "create submission queue", true, 0x01, 0, PK_CSUPP, PK_NOBODY },
	{ "delete completion queue", true, 0x04, 0, PK_CSUPP, PK_NOBODY },
	{ "create completion queue", true, 0x05, 0, PK_CSUPP, PK_NOBODY },
	{ "asynchronous event", true, 0x0c, 0, PK_CSUPP, PK_NOBODY },
	{ "doorbell buffers", true, 0x7c, 0, PK_CSUPP, PK_NOBODY },
	{ "set number of queues", true, 0x09, 0x07, PK_CSUPP, PK_NOBODY },
	{ "set it, saved", true, 0x09, 0x80000007, PK_CSUPP, PK_NOBODY },
	{ "set host memory buffer", true, 0x09, 0x0d, PK_CSUPP, PK_NOBODY },
	{ "set volatile write cache", true, 0x09, 0x06, PK_CSUPP, PK_ADMIN },
	{ "get number of queues", true, 0x0a, 0x07, PK_CSUPP, PK_ADMIN },
	{ "identify namespace", true, 0x06, 0x00, PK_CSUPP, PK_ANYONE },
	{ "identify controller", true, 0x06, 0x01, PK_CSUPP, PK_ANYONE },
	{ "identify list", true, 0x06, 0x02, PK_CSUPP, PK_ADMIN },
	{ "identify for a command set", true, 0x06, 0x05, PK_CSUPP, PK_ANYONE },
	{ "log page", true, 0x02, 0x02, PK_CSUPP, PK_ADMIN },
	{ "format", true, 0x80, 0, PK_CSUPP | PK_LBCC, PK_ADMIN },
	{ "admin vendor", true, 0xc0, 0, PK_CSUPP, PK_ADMIN },
	{ "read", false, 0x02, 0, PK_CSUPP, PK_ANYONE },
	{ "read, not offered", false, 0x02, 0, 0, PK_ADMIN },
	{ "read with an effect", false, 0x02, 0, PK_CSUPP | PK_NIC, PK_ADMIN },
	{ "read alone", false, 0x02, 0, PK_CSUPP | PK_CSE, PK_ADMIN },
	{ "read that changes", false, 0x02, 0, PK_CSUPP | PK_LBCC, PK_WRITER },
	{ "compare", false, 0x05, 0, PK_CSUPP, PK_WRITER },
	{ "write", false, 0x01, 0, PK_CSUPP | PK_LBCC, PK_WRITER },
	{ "flush", false, 0x00, 0, PK_CSUPP, PK_ANYONE },
	{ "write zeroes", false, 0x08, 0, PK_CSUPP | PK_LBCC, PK_WRITER },
	{ "reservation report", false, 0x0e, 3, PK_CSUPP, PK_ANYONE },
	{ "copy", false, 0x19, 0, PK_CSUPP | PK_LBCC, PK_ADMIN },
	{ "fabrics", false, 0x7f, 0, PK_CSUPP, PK_ADMIN },
	{ "vendor", false, 0x80, 0, PK_CSUPP, PK_ADMIN },
};

KUNIT_ARRAY_PARAM_DESC(pk_case, pk_cases, name);

static struct nvmec_ucmd pk_ucmd(bool admin, u8 opcode)
{
	return (struct nvmec_ucmd) {
		.admin = admin, .cmd = { .common = { .opcode = opcode } },
	};
}

static void pk_who_test(struct kunit *test)
{
	const struct pk_case *param = test->param_value;
	struct nvmec_ucmd ucmd = pk_ucmd(param->admin, param->opcode);

	ucmd.cmd.common.cdw10 = cpu_to_le32(param->cdw10);
	KUNIT_EXPECT_EQ(test, nvmec_driver_owns(&ucmd), param->who == PK_NOBODY);
	if (param->who == PK_NOBODY)
		return;
	KUNIT_EXPECT_EQ(test, nvmec_anyone_may(&ucmd, param->effects, true),
			param->who >= PK_WRITER);
	KUNIT_EXPECT_EQ(test, nvmec_anyone_may(&ucmd, param->effects, false),
			param->who == PK_ANYONE);
}

/* What only asks changes nothing, whatever a controller's log says of it. */
static void pk_asks_test(struct kunit *test)
{
	const struct { bool admin; u8 opcode; bool asks; } cases[] = {
		{ true, 0x06, true }, { true, 0x02, true }, { true, 0x0a, true },
		{ true, 0x09, false }, { true, 0x0d, false }, { true, 0x10, false },
		{ true, 0x80, false }, { true, 0xc0, false },
		{ false, 0x02, false }, { false, 0x06, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nvmec_ucmd ucmd = pk_ucmd(cases[i].admin, cases[i].opcode);

		KUNIT_EXPECT_EQ_MSG(test, nvmec_only_asks(&ucmd), cases[i].asks,
				    "opcode %#x", cases[i].opcode);
	}
}

struct pk_bytes {
	const char	*name;
	bool		admin;
	u8		opcode;
	u32		cdw10;
	u32		cdw11;
	u32		cdw12;
	u32		cdw13;
	u32		bytes;
};

/* Blocks of 512 bytes */
static const struct pk_bytes pk_lengths[] = {
	{ "identify", true, 0x06, 1, 0, 0, 0, 4096 },
	{ "a dword of a log page", true, 0x02, 0x00000002, 0, 0, 0, 4 },
	{ "a long log page", true, 0x02, 0xffff0002, 0, 0, 0, 0x40000 },
	{ "the longest", true, 0x02, 0xffff0002, 0xffff, 0, 0, U32_MAX - 1 },
	{ "download firmware", true, 0x11, 1023, 0, 0, 0, 4096 },
	{ "get features", true, 0x0a, 0, 0, 0, 0, NVMEC_BYTES_UNKNOWN },
	{ "read a block", false, 0x02, 0, 0, 0, 0, 512 },
	{ "read with flags", false, 0x02, 0, 0, 0xc0000007, 0, 4096 },
	{ "the largest write", false, 0x01, 0, 0, 0xffff, 0, 65536 * 512 },
	{ "flush", false, 0x00, 0, 0, 0xffff, 0, 0 },
	{ "write zeroes", false, 0x08, 0, 0, 0xffff, 0, 0 },
	{ "a range", false, 0x09, 0, 4, 0, 0, 16 },
	{ "all ranges", false, 0x09, 0xff, 4, 0, 0, 4096 },
	{ "zone report", false, 0x7a, 0, 0, 1023, 0, 4096 },
	{ "reset of a zone", false, 0x79, 0, 0, 0, 4, 0 },
	{ "extension of a zone", false, 0x79, 0, 0, 0, 0x10, NVMEC_BYTES_UNKNOWN },
	{ "vendor", false, 0x80, 0, 0, 0, 0, NVMEC_BYTES_UNKNOWN },
};

KUNIT_ARRAY_PARAM_DESC(pk_length, pk_lengths, name);

static void pk_bytes_test(struct kunit *test)
{
	const struct pk_bytes *param = test->param_value;
	struct nvmec_ucmd ucmd = pk_ucmd(param->admin, param->opcode);

	ucmd.cmd.common.cdw10 = cpu_to_le32(param->cdw10);
	ucmd.cmd.common.cdw11 = cpu_to_le32(param->cdw11);
	ucmd.cmd.common.cdw12 = cpu_to_le32(param->cdw12);
	ucmd.cmd.common.cdw13 = cpu_to_le32(param->cdw13);
	KUNIT_EXPECT_EQ(test, nvmec_least_bytes(&ucmd, 9, NULL), param->bytes);
}

/* More blocks than 32 bits can say. */
static void pk_ranges_test(struct kunit *test)
{
	struct nvme_dsm_range ranges[] = {
		{ .nlb = cpu_to_le32(8), .slba = cpu_to_le64(1) },
		{ .nlb = cpu_to_le32(U32_MAX), .slba = 0 },
		{ .nlb = cpu_to_le32(U32_MAX), .slba = 0 },
	};

	KUNIT_EXPECT_EQ(test, nvmec_blocks_of_ranges(ranges, 1), 8);
	KUNIT_EXPECT_EQ(test, nvmec_blocks_of_ranges(ranges, 3), 0x200000006);
}

static struct kunit_case pk_tests[] = {
	KUNIT_CASE_PARAM(pk_who_test, pk_case_gen_params),
	KUNIT_CASE(pk_asks_test),
	KUNIT_CASE_PARAM(pk_bytes_test, pk_length_gen_params),
	KUNIT_CASE(pk_ranges_test),
	{}
};

static struct kunit_suite pk_suite = {
	.name		= "nvme_c_permit",
	.test_cases	= pk_tests,
};

kunit_test_suite(pk_suite);
