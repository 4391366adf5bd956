// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of what zones keep. Part of kept.c.
 */
#include <kunit/test.h>
#include <linux/blkdev.h>
#include <linux/ktime.h>

/* Data is in units of a page, and a zone is a MiB. */
#define KK_ZONE_SECTS	(SZ_1M >> SECTOR_SHIFT)
#define KK_ZONE_PAGES	(SZ_1M >> PAGE_SHIFT)

/**
 * struct kk - zones with data that they may keep
 * @zones: the zones
 * @store: their data
 * @kept: what they keep
 */
struct kk {
	struct nbc_zones	*zones;
	struct nbc_store	store;
	struct nbc_kept		*kept;
};

KUNIT_DEFINE_ACTION_WRAPPER(kk_zones_destroy, nbc_zones_destroy,
			    struct nbc_zones *);
KUNIT_DEFINE_ACTION_WRAPPER(kk_store_destroy, nbc_store_destroy,
			    struct nbc_store *);
KUNIT_DEFINE_ACTION_WRAPPER(kk_kept_destroy, nbc_kept_destroy,
			    struct nbc_kept *);

static struct kk *kk_create(struct kunit *test, unsigned int nr_zones)
{
	const struct nbc_zone_geometry geometry = {
		.disk_sects	= (u64)nr_zones * KK_ZONE_SECTS,
		.zone_sects	= KK_ZONE_SECTS,
		.cap_sects	= KK_ZONE_SECTS,
		.block_bytes	= SECTOR_SIZE,
		.backed		= true,
	};
	struct kk *kk = kunit_kzalloc(test, sizeof(*kk), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, kk);
	nbc_store_create(&kk->store);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, kk_store_destroy,
						  &kk->store));
	kk->zones = nbc_zones_create(&geometry, NUMA_NO_NODE);
	if (!kk->zones)
		kunit_skip(test, "no memory for %u zones", nr_zones);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, kk_zones_destroy,
						  kk->zones));
	kk->kept = nbc_kept_create(kk->zones, &kk->store, "kunit");
	KUNIT_ASSERT_NOT_NULL(test, kk->kept);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, kk_kept_destroy,
						  kk->kept));
	return kk;
}

/* Zone @nr is reset, and was full. */
static void kk_reset(struct kunit *test, struct kk *kk, unsigned int nr)
{
	struct nbc_zone *zone = &kk->zones->zone[nr];

	mutex_lock(&zone->lock);
	zone->wp_sects = 0;
	KUNIT_EXPECT_TRUE(test, nbc_kept_add(kk->kept, zone, KK_ZONE_SECTS));
	mutex_unlock(&zone->lock);
}

/* Zone @nr is written up to @sects. */
static void kk_write(struct kk *kk, unsigned int nr, unsigned int sects)
{
	struct nbc_zone *zone = &kk->zones->zone[nr];

	mutex_lock(&zone->lock);
	zone->wp_sects = sects;
	nbc_kept_written(kk->kept, zone);
	mutex_unlock(&zone->lock);
}

static unsigned long kk_count(struct kk *kk)
{
	struct shrink_control sc = {};

	return nbc_kept_count(kk->kept->shrinker, &sc);
}

static unsigned long kk_scan(struct kk *kk, unsigned long nr)
{
	struct shrink_control sc = { .nr_to_scan = nr };

	return nbc_kept_scan(kk->kept->shrinker, &sc);
}

/* The sum is what is behind the write pointers. */
static void kk_count_test(struct kunit *test)
{
	struct kk *kk = kk_create(test, 3);

	KUNIT_EXPECT_EQ(test, kk_count(kk), SHRINK_EMPTY);
	kk_reset(test, kk, 0);
	KUNIT_EXPECT_EQ(test, kk_count(kk), KK_ZONE_PAGES);
	kk_reset(test, kk, 0);
	KUNIT_EXPECT_EQ(test, kk_count(kk), KK_ZONE_PAGES);
	kk_reset(test, kk, 2);
	KUNIT_EXPECT_EQ(test, kk_count(kk), 2 * KK_ZONE_PAGES);
	kk_write(kk, 0, KK_ZONE_SECTS);
	KUNIT_EXPECT_EQ(test, kk_count(kk), KK_ZONE_PAGES);
	kk_write(kk, 2, KK_ZONE_SECTS);
	KUNIT_EXPECT_EQ(test, kk_count(kk), SHRINK_EMPTY);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(kk->kept->holds, 3));
}

/* Zones are dropped in turn, and who asks for memory is told that there is some. */
static void kk_scan_test(struct kunit *test)
{
	struct reclaim_state *before = current->reclaim_state;
	struct reclaim_state state = {};
	struct kk *kk = kk_create(test, 4);
	unsigned int i;

	for (i = 0; i < 4; i++)
		kk_reset(test, kk, i);
	current->reclaim_state = &state;
	KUNIT_EXPECT_EQ(test, kk_scan(kk, 1), KK_ZONE_PAGES);
	KUNIT_EXPECT_EQ(test, kk_scan(kk, KK_ZONE_PAGES + 1), 2 * KK_ZONE_PAGES);
	current->reclaim_state = before;
	KUNIT_EXPECT_EQ(test, state.reclaimed, 3 * KK_ZONE_PAGES);
	KUNIT_EXPECT_EQ(test, kk_count(kk), KK_ZONE_PAGES);
	KUNIT_EXPECT_EQ(test, bitmap_weight(kk->kept->holds, 4), 1);
}

/* A zone that somebody writes to is left alone. */
static void kk_locked_test(struct kunit *test)
{
	struct kk *kk = kk_create(test, 2);

	kk_reset(test, kk, 0);
	kk_reset(test, kk, 1);
	mutex_lock(&kk->zones->zone[0].lock);
	KUNIT_EXPECT_EQ(test, kk_scan(kk, ULONG_MAX), KK_ZONE_PAGES);
	KUNIT_EXPECT_EQ(test, kk_scan(kk, ULONG_MAX), SHRINK_STOP);
	mutex_unlock(&kk->zones->zone[0].lock);
	KUNIT_EXPECT_EQ(test, kk_scan(kk, ULONG_MAX), KK_ZONE_PAGES);
}

/* Where only the last of a million zones keeps something, that is found at once. */
static void kk_many_test(struct kunit *test)
{
	const unsigned int nr = 1000000;
	struct kk *kk = kk_create(test, nr);
	s64 count_ns, scan_ns;
	ktime_t begin;

	kk_reset(test, kk, nr - 1);
	begin = ktime_get();
	KUNIT_EXPECT_EQ(test, kk_count(kk), KK_ZONE_PAGES);
	count_ns = ktime_to_ns(ktime_sub(ktime_get(), begin));
	begin = ktime_get();
	KUNIT_EXPECT_EQ(test, kk_scan(kk, 1), KK_ZONE_PAGES);
	scan_ns = ktime_to_ns(ktime_sub(ktime_get(), begin));
	kunit_info(test, "%u zones: count %lld ns, scan %lld ns", nr, count_ns,
		   scan_ns);
	KUNIT_EXPECT_LT(test, count_ns, NSEC_PER_MSEC);
	KUNIT_EXPECT_LT(test, scan_ns, NSEC_PER_MSEC);
}

static struct kunit_case kk_cases[] = {
	KUNIT_CASE(kk_count_test),
	KUNIT_CASE(kk_scan_test),
	KUNIT_CASE(kk_locked_test),
	KUNIT_CASE_SLOW(kk_many_test),
	{}
};

static struct kunit_suite kk_suite = {
	.name		= "null_blk_c_kept",
	.test_cases	= kk_cases,
};

kunit_test_suite(kk_suite);
