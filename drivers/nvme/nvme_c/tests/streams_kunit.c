// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of what is made of words about flexible data placement: a configuration, the
 * handles of a namespace, and what a write says then. What is refused is logged in a line.
 */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/sizes.h>

#include "../cmd.h"
#include "../ident.h"
#include "../streams.h"

/* --- configurations ------------------------------------------------------- */

struct sk_config {
	const char	*name;
	u8		fdpa;
	u32		nrg;
	u16		nruh;
	u64		runs;
	bool		good;
	u32		bytes;
};

static const struct sk_config sk_configs[] = {
	{ "8 handles", 0x80, 1, 8, SZ_16M, true, SZ_16M },
	{ "one", 0x80, 1, 1, 512, true, 512 },
	{ "the largest unit", 0x80, 1, 8, U32_MAX, true, U32_MAX },
	{ "a larger one", 0x80, 1, 8, 1ULL << 32, true, 0 },
	{ "FDPA: not valid", 0x7f, 1, 8, SZ_16M },
	{ "NRG: none", 0x80, 0, 8, SZ_16M },
	{ "NRG: two", 0x80, 2, 8, SZ_16M },
	{ "NRUH: none", 0x80, 1, 0, SZ_16M },
	{ "RUNS: none", 0x80, 1, 8, 0 },
};

KUNIT_ARRAY_PARAM_DESC(sk_configs, sk_configs, name);

static void sk_config_test(struct kunit *test)
{
	const struct sk_config *param = test->param_value;
	const struct nvmec_fdp_config config = {
		.fdpa	= param->fdpa,
		.nrg	= cpu_to_le32(param->nrg),
		.nruh	= cpu_to_le16(param->nruh),
		.runs	= cpu_to_le64(param->runs),
	};
	struct nvmec_ns_info info = {};

	KUNIT_EXPECT_EQ(test, nvmec_fdp_config(NULL, 1, &config, &info), param->good);
	KUNIT_EXPECT_EQ(test, info.fdp_handles, param->good ? param->nruh : 0);
	KUNIT_EXPECT_EQ(test, info.stream_bytes, param->bytes);
}

/* --- handles -------------------------------------------------------------- */

#define SK_HANDLES	4

struct sk_handles {
	const char	*name;
	u16		nr;
	u16		pids[SK_HANDLES];
	u16		ruhids[SK_HANDLES];
	bool		good;
};

/* The group has SK_HANDLES reclaim unit handles. */
static const struct sk_handles sk_handles[] = {
	{ "one", 1, { 0 }, { 3 }, true },
	{ "all", 4, { 0, 1, 2, 3 }, { 0, 1, 2, 3 }, true },
	{ "in another order", 4, { 3, 1, 0, 2 }, { 0, 1, 2, 3 }, true },
	{ "by the same unit", 2, { 0, 1 }, { 2, 2 }, true },
	{ "NRUHSD: none", 0, {}, {} },
	{ "NRUHSD: 129", NVMEC_MAX_STREAMS + 1, {}, {} },
	{ "NRUHSD: all ones", U16_MAX, {}, {} },
	{ "PID: too large", 2, { 0, 2 }, { 0, 1 } },
	{ "PID: all ones", 1, { U16_MAX }, { 0 } },
	{ "PID: twice", 3, { 0, 1, 0 }, { 0, 1, 2 } },
	{ "RUHID: too large", 2, { 0, 1 }, { 0, 4 } },
};

KUNIT_ARRAY_PARAM_DESC(sk_handles, sk_handles, name);

static void sk_handles_test(struct kunit *test)
{
	const struct sk_handles *param = test->param_value;
	const struct nvmec_ns_info info = { .fdp = true, .fdp_handles = SK_HANDLES };
	struct nvmec_streams *streams = kunit_kzalloc(test, sizeof(*streams), GFP_KERNEL);
	struct nvmec_fdp_status *status = kunit_kzalloc(test, sizeof(*status), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, streams);
	KUNIT_ASSERT_NOT_NULL(test, status);
	status->nruhsd = cpu_to_le16(param->nr);
	for (i = 0; i < SK_HANDLES; i++) {
		status->handles[i].pid = cpu_to_le16(param->pids[i]);
		status->handles[i].ruhid = cpu_to_le16(param->ruhids[i]);
	}
	streams->nr = 1;
	KUNIT_EXPECT_EQ(test, nvmec_fdp_handles(NULL, 1, status, &info, streams), param->good);
	KUNIT_EXPECT_EQ(test, streams->nr, param->good ? param->nr : 0);
	for (i = 0; i < streams->nr; i++)
		KUNIT_EXPECT_EQ(test, streams->ids[i], param->pids[i]);
}

/* --- commands ------------------------------------------------------------- */

/* Dword 12 is the length and the control, with FUA in bit 30; dword 13 is dsmgmt. */
static void sk_command_test(struct kunit *test)
{
	struct nvme_command cmd = { .rw.control = cpu_to_le16(NVME_RW_FUA) };

	nvmec_cmd_place(&cmd, 0x1234);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(cmd.common.cdw12), 0x40200000);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(cmd.common.cdw13), 0x12340000);
}

static struct kunit_case sk_cases[] = {
	KUNIT_CASE_PARAM(sk_config_test, sk_configs_gen_params),
	KUNIT_CASE_PARAM(sk_handles_test, sk_handles_gen_params),
	KUNIT_CASE(sk_command_test),
	{}
};

static struct kunit_suite sk_suite = {
	.name		= "nvme_c_streams",
	.test_cases	= sk_cases,
};

kunit_test_suite(sk_suite);
