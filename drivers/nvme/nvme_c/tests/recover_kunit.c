// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of recovery: what becomes of requests that did not succeed, and how many
 * resets a controller may cost.
 */
#include <kunit/test.h>

#include "../recover.h"

/* --- requests ------------------------------------------------------------- */

struct rk_loss {
	const char		*name;
	struct nvmec_loss	loss;
	enum nvmec_again	again;
};

static const struct rk_loss rk_losses[] = {
	{ "an error", { }, NVMEC_AGAIN_COUNTED },
	{ "an error, the fifth", { .retries = 4 }, NVMEC_AGAIN_COUNTED },
	{ "an error, the sixth", { .retries = 5 }, NVMEC_AGAIN_NO },
	{ "an error that stays", { .final = true }, NVMEC_AGAIN_NO },
	{ "an error, in haste", { .haste = true }, NVMEC_AGAIN_NO },
	{ "an error after its time had run out", { .timed_out = true },
	  NVMEC_AGAIN_COUNTED },
	{ "a reset that a user wants", { .cancelled = true },
	  NVMEC_AGAIN_FREE },
	{ "the same, in haste", { .cancelled = true, .haste = true },
	  NVMEC_AGAIN_FREE },
	{ "the same, when all was used up", { .cancelled = true, .retries = 5 },
	  NVMEC_AGAIN_FREE },
	{ "the same, its time had run out",
	  { .cancelled = true, .timed_out = true, .retries = 5 },
	  NVMEC_AGAIN_FREE },
	{ "the fault of another", { .cancelled = true, .fault = true },
	  NVMEC_AGAIN_FREE },
	{ "the fault of another, when all was used up",
	  { .cancelled = true, .fault = true, .retries = 5 },
	  NVMEC_AGAIN_FREE },
	{ "the fault of another, in haste",
	  { .cancelled = true, .fault = true, .haste = true },
	  NVMEC_AGAIN_NO },
	{ "its time ran out",
	  { .cancelled = true, .fault = true, .timed_out = true, .retries = 4 },
	  NVMEC_AGAIN_COUNTED },
	{ "its time ran out too often",
	  { .cancelled = true, .fault = true, .timed_out = true, .retries = 5 },
	  NVMEC_AGAIN_NO },
	{ "nothing comes back",
	  { .cancelled = true, .fault = true, .stuck = true },
	  NVMEC_AGAIN_NO },
	{ "nothing comes back, its time ran out",
	  { .cancelled = true, .fault = true, .stuck = true,
	    .timed_out = true }, NVMEC_AGAIN_NO },
};

KUNIT_ARRAY_PARAM_DESC(rk_loss, rk_losses, name);

static void rk_again_test(struct kunit *test)
{
	const struct rk_loss *param = test->param_value;

	KUNIT_EXPECT_EQ(test, nvmec_again(&param->loss), param->again);
}

/* --- resets --------------------------------------------------------------- */

/**
 * struct rk_faults - the same fault again and again
 * @name: of the case
 * @fault: the fault
 * @progress: I/O came back in between
 * @step_ms: time between two
 * @allowed: how many resets it gets, of 100
 */
struct rk_faults {
	const char		*name;
	enum nvmec_fault	fault;
	bool			progress;
	unsigned int		step_ms;
	unsigned int		allowed;
};

/* All is forgiven after this time. */
#define RK_CALM_MS	600000

static const struct rk_faults rk_fault_cases[] = {
	{ "users want it", NVMEC_FAULT_NONE, false, 1, 100 },
	{ "I/O hangs, other does not", NVMEC_FAULT_IO, true, 37500, 100 },
	{ "all I/O hangs", NVMEC_FAULT_IO, false, 37500, 5 },
	{ "admin commands hang", NVMEC_FAULT_ADMIN, false, 60000, 5 },
	{ "admin commands hang, I/O does not", NVMEC_FAULT_ADMIN, true, 60000,
	  5 },
	{ "bogus completions, at once", NVMEC_FAULT_BOGUS, true, 0, 5 },
	{ "it fails, after some I/O", NVMEC_FAULT_FATAL, true, 30000, 5 },
	{ "errors are reported", NVMEC_FAULT_EVENT, true, 100, 5 },
	{ "just not long enough apart", NVMEC_FAULT_EVENT, true,
	  RK_CALM_MS - 1, 5 },
	{ "long apart", NVMEC_FAULT_EVENT, true, RK_CALM_MS, 100 },
};

KUNIT_ARRAY_PARAM_DESC(rk_fault, rk_fault_cases, name);

static void rk_budget_test(struct kunit *test)
{
	const struct rk_faults *param = test->param_value;
	struct nvmec_budget budget = {};
	unsigned int nr = 0;
	u64 now_ms = 12345;

	while (nr < 100 && nvmec_budget_spend(&budget, param->fault,
					      param->progress, now_ms,
					      RK_CALM_MS)) {
		nr++;
		now_ms += param->step_ms;
	}
	KUNIT_EXPECT_EQ(test, nr, param->allowed);
}

/* Progress of I/O does not fill it; a long calm does; users do neither. */
static void rk_refill_test(struct kunit *test)
{
	struct nvmec_budget budget = {};
	u64 now_ms = 0;
	int i;

	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_TRUE(test,
				  nvmec_budget_spend(&budget, NVMEC_FAULT_ADMIN,
						     true, ++now_ms,
						     RK_CALM_MS));
	KUNIT_EXPECT_TRUE(test, nvmec_budget_spend(&budget, NVMEC_FAULT_IO,
						   true, ++now_ms,
						   RK_CALM_MS));
	KUNIT_EXPECT_TRUE(test, nvmec_budget_spend(&budget, NVMEC_FAULT_NONE,
						   false, now_ms + 1000,
						   RK_CALM_MS));
	KUNIT_EXPECT_FALSE(test, nvmec_budget_spend(&budget, NVMEC_FAULT_BOGUS,
						    true, ++now_ms,
						    RK_CALM_MS));
	now_ms += RK_CALM_MS;
	KUNIT_EXPECT_TRUE(test, nvmec_budget_spend(&budget, NVMEC_FAULT_BOGUS,
						   true, now_ms, RK_CALM_MS));
	KUNIT_EXPECT_EQ(test, budget.spent, 1);
}

static struct kunit_case rk_cases[] = {
	KUNIT_CASE_PARAM(rk_again_test, rk_loss_gen_params),
	KUNIT_CASE_PARAM(rk_budget_test, rk_fault_gen_params),
	KUNIT_CASE(rk_refill_test),
	{}
};

static struct kunit_suite rk_suite = {
	.name		= "nvme_c_recover",
	.test_cases	= rk_cases,
};

kunit_test_suite(rk_suite);
