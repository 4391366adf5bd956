// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the memory for long transfers: what each gets, and what is kept back.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/dma-mapping.h>
#include <linux/dmapool.h>
#include <linux/err.h>

#include "../big.h"
#include "../ctrl.h"

static void bk_destroy_pool(void *pool)
{
	dma_pool_destroy(pool);
}

static void bk_exit(void *ctrl)
{
	nvmec_big_exit(ctrl);
}

/* A controller that has memory, and nothing else */
static struct nvmec_ctrl *bk_create(struct kunit *test)
{
	struct nvmec_ctrl *ctrl = kunit_kzalloc(test, sizeof(*ctrl), GFP_KERNEL);
	struct device *dev = kunit_device_register(test, "nvmec_kunit");

	KUNIT_ASSERT_NOT_NULL(test, ctrl);
	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	dev->dma_mask = &dev->coherent_dma_mask;
	dev->coherent_dma_mask = DMA_BIT_MASK(64);
	ctrl->page_pool = dma_pool_create("nvmec kunit", dev, 4096, 4096, 0);
	KUNIT_ASSERT_NOT_NULL(test, ctrl->page_pool);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, bk_destroy_pool,
						  ctrl->page_pool));
	spin_lock_init(&ctrl->big_lock);
	INIT_LIST_HEAD(&ctrl->big_kept);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, bk_exit, ctrl));
	KUNIT_ASSERT_EQ(test, nvmec_big_init(ctrl), 0);
	return ctrl;
}

struct bk_size {
	const char	*name;
	unsigned int	segs;
	unsigned int	lists;
};

static const struct bk_size bk_sizes[] = {
	{ "ranges of a discard", 0, 1 },
	{ "pieces, in a page", 34, 1 },
	{ "the most", 256, 3 },
};

KUNIT_ARRAY_PARAM_DESC(bk_size, bk_sizes, name);

/* All of it can be written, and what it is made of is given back with it. */
static void bk_alloc_test(struct kunit *test)
{
	const struct bk_size *param = test->param_value;
	struct nvmec_ctrl *ctrl = bk_create(test);
	struct nvmec_big *big = nvmec_big_alloc(ctrl, param->segs,
						param->lists);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, big);
	KUNIT_EXPECT_FALSE(test, big->kept);
	KUNIT_EXPECT_EQ(test, !!big->sgl, !!param->segs);
	KUNIT_EXPECT_EQ(test, big->nr_lists, param->lists);
	if (param->segs)
		sg_init_table(big->sgl, param->segs);
	for (i = 0; i < param->lists; i++) {
		KUNIT_EXPECT_EQ(test, big->lists[i].dma & 4095, 0);
		memset(big->lists[i].entries, 0xff, 4096);
	}
	nvmec_big_free(ctrl, big);
}

/* Two are kept back, each enough for any transfer, and can be had again. */
static void bk_kept_test(struct kunit *test)
{
	struct nvmec_ctrl *ctrl = bk_create(test);
	struct nvmec_big *bigs[2];
	unsigned int round, i;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < 2; i++) {
			bigs[i] = nvmec_big_take(ctrl);
			KUNIT_ASSERT_NOT_NULL(test, bigs[i]);
			KUNIT_EXPECT_TRUE(test, bigs[i]->kept);
			KUNIT_EXPECT_EQ(test, bigs[i]->nr_lists, 3);
			sg_init_table(bigs[i]->sgl, 256);
		}
		KUNIT_EXPECT_PTR_NE(test, bigs[0], bigs[1]);
		KUNIT_EXPECT_NULL(test, nvmec_big_take(ctrl));
		for (i = 0; i < 2; i++)
			nvmec_big_free(ctrl, bigs[i]);
	}
}

static struct kunit_case bk_cases[] = {
	KUNIT_CASE_PARAM(bk_alloc_test, bk_size_gen_params),
	KUNIT_CASE(bk_kept_test),
	{}
};

static struct kunit_suite bk_suite = {
	.name		= "nvme_c_big",
	.test_cases	= bk_cases,
};

kunit_test_suite(bk_suite);
