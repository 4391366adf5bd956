// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of what zones lose when the power is cut: the rule, and a history of a zoned disk.
 */
#include <kunit/test.h>
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/mm.h>
#include <linux/numa.h>
#include <linux/string.h>

#include "../cache.h"
#include "../cmd.h"
#include "../history.h"
#include "../losses.h"
#include "../store.h"
#include "../zone.h"

/* A zone, in sectors, which are blocks: two units */
#define LK_ZONE		(2 * PAGE_SECTORS)
#define LK_ZONES	4
#define LK_ZONE_BYTES	(LK_ZONE << SECTOR_SHIFT)
#define LK_BYTES	(LK_ZONES * LK_ZONE_BYTES)
#define LK_CACHE_BYTES	SZ_1M
#define LK_SEEDS	256

/* The first is conventional. */
static const struct nbc_zone_geometry lk_geometry = {
	.disk_sects	= LK_ZONES * LK_ZONE,
	.zone_sects	= LK_ZONE,
	.cap_sects	= LK_ZONE,
	.nr_conv	= 1,
	.block_bytes	= SECTOR_SIZE,
};

static u64 lk_pos(unsigned int zone, unsigned int sector)
{
	return (u64)(zone * LK_ZONE + sector) << SECTOR_SHIFT;
}

static void lk_zones_free(void *zones)
{
	nbc_zones_destroy(zones);
}

static struct nbc_zones *lk_zones(struct kunit *test)
{
	struct nbc_zones *zones = nbc_zones_create(&lk_geometry, NUMA_NO_NODE);

	KUNIT_ASSERT_NOT_NULL(test, zones);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, lk_zones_free, zones));
	nbc_zones_restart(zones, 0, 0);
	return zones;
}

static void lk_losses_free(void *losses)
{
	nbc_losses_destroy(losses);
}

static struct nbc_losses *lk_losses(struct kunit *test)
{
	struct nbc_losses *losses = nbc_losses_create(lk_zones(test), NUMA_NO_NODE);

	KUNIT_ASSERT_NOT_NULL(test, losses);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, lk_losses_free, losses));
	return losses;
}

/* A zone loses what comes behind its first loss, until it is reset, and no other zone does. */
static void lk_rule_test(struct kunit *test)
{
	struct nbc_losses *losses = lk_losses(test);

	KUNIT_EXPECT_FALSE(test, nbc_losses_cover(losses, lk_pos(1, 0)));
	KUNIT_EXPECT_FALSE(test, nbc_losses_cover(losses, lk_pos(3, LK_ZONE - 1)));
	nbc_losses_add(losses, lk_pos(2, 5));
	KUNIT_EXPECT_EQ(test, losses->from_sects[2], 5);
	KUNIT_EXPECT_FALSE(test, nbc_losses_cover(losses, lk_pos(2, 4)));
	KUNIT_EXPECT_TRUE(test, nbc_losses_cover(losses, lk_pos(2, 5)));
	KUNIT_EXPECT_TRUE(test, nbc_losses_cover(losses, lk_pos(2, LK_ZONE - 1)));
	KUNIT_EXPECT_FALSE(test, nbc_losses_cover(losses, lk_pos(1, LK_ZONE - 1)));
	KUNIT_EXPECT_FALSE(test, nbc_losses_cover(losses, lk_pos(3, 5)));
	/* The first counts, in whatever order they are found. */
	nbc_losses_add(losses, lk_pos(2, 9));
	KUNIT_EXPECT_EQ(test, losses->from_sects[2], 5);
	nbc_losses_add(losses, lk_pos(2, 2));
	KUNIT_EXPECT_EQ(test, losses->from_sects[2], 2);
	/* Zeroes in the middle of a zone, or in another one, are no reset. */
	nbc_losses_renew(losses, lk_pos(2, 1));
	nbc_losses_renew(losses, lk_pos(1, 0));
	KUNIT_EXPECT_EQ(test, losses->from_sects[2], 2);
	nbc_losses_renew(losses, lk_pos(2, 0));
	KUNIT_EXPECT_EQ(test, losses->from_sects[2], NBC_NO_LOSS);
	KUNIT_EXPECT_FALSE(test, nbc_losses_cover(losses, lk_pos(2, 9)));
	/* A conventional zone has each block by itself. */
	nbc_losses_add(losses, lk_pos(0, 3));
	KUNIT_EXPECT_FALSE(test, nbc_losses_cover(losses, lk_pos(0, 3)));
	nbc_losses_add(losses, lk_pos(3, LK_ZONE - 1));
	nbc_losses_clear(losses);
	KUNIT_EXPECT_FALSE(test, nbc_losses_cover(losses, lk_pos(3, LK_ZONE - 1)));
	/* Without zones nothing is covered. */
	nbc_losses_add(NULL, 0);
	nbc_losses_renew(NULL, 0);
	KUNIT_EXPECT_FALSE(test, nbc_losses_cover(NULL, 0));
}

/**
 * struct lk_disk - what a zoned disk with a history has
 * @store: its data
 * @cache: over that
 * @zones: its zones
 * @history: of the cache
 * @copy: what a cut would leave of @store; empty in between
 * @data: what is written, or read
 */
struct lk_disk {
	struct nbc_store	store;
	struct nbc_cache	*cache;
	struct nbc_zones	*zones;
	struct nbc_history	*history;
	struct nbc_store	copy;
	u8			*data;
};

static void lk_disk_free(void *data)
{
	static const struct nbc_cut cut = { .policy = NBC_CUT_LOST };
	struct lk_disk *d = data;

	nbc_history_destroy(d->history, &cut, "kunit");
	nbc_cache_destroy(d->cache);
	nbc_store_destroy(&d->copy);
	nbc_store_destroy(&d->store);
}

static struct lk_disk *lk_disk(struct kunit *test)
{
	struct lk_disk *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, d);
	d->zones = lk_zones(test);
	nbc_store_create(&d->store);
	nbc_store_create(&d->copy);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, lk_disk_free, d));
	KUNIT_ASSERT_EQ(test, 0, nbc_store_configure(&d->store, SECTOR_SIZE, NUMA_NO_NODE));
	d->cache = nbc_cache_create(&d->store, LK_CACHE_BYTES);
	KUNIT_ASSERT_NOT_NULL(test, d->cache);
	d->history = nbc_history_create(d->cache, SECTOR_SIZE, d->zones);
	KUNIT_ASSERT_NOT_NULL(test, d->history);
	d->data = kunit_kzalloc(test, LK_BYTES, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, d->data);
	return d;
}

static void lk_bio_init(struct bio *bio, struct bio_vec *bv, void *data, size_t len)
{
	bio_init(bio, NULL, bv, 1, REQ_OP_WRITE);
	__bio_add_page(bio, virt_to_page(data), len, offset_in_page(data));
}

/* 0 or an error; KUnit knows integers. */
static int lk_run(struct lk_disk *d, const struct nbc_cmd *cmd)
{
	return blk_status_to_errno(nbc_history_run(d->history, cmd));
}

static int lk_manage(struct lk_disk *d, unsigned int nr, enum req_op op)
{
	struct nbc_zone *zone = &d->zones->zone[nr];
	blk_status_t status;

	mutex_lock(&zone->lock);
	status = nbc_zone_manage(d->zones, zone, op);
	mutex_unlock(&zone->lock);
	return blk_status_to_errno(status);
}

/* Reads all that a store has. */
static void lk_read(struct lk_disk *d, struct nbc_store *store)
{
	struct bio_vec bv;
	struct bio bio;

	lk_bio_init(&bio, &bv, d->data, LK_BYTES);
	nbc_store_read(store, &bio, 0, LK_BYTES);
}

/* A write to a zone, at its write pointer if it has one, of bytes @stamp */
static void lk_write(struct kunit *test, struct lk_disk *d, enum req_op op, blk_opf_t flags,
		     unsigned int nr, unsigned int sects, u8 stamp)
{
	struct nbc_zone *zone = &d->zones->zone[nr];
	bool conv = nbc_zone_is_conv(d->zones, zone);
	unsigned int at = conv ? 0 : zone->wp_sects;
	struct bio_vec bv;
	struct bio bio;
	struct nbc_cmd cmd = {
		.bio	= &bio,
		.op	= op,
		.flags	= flags,
		.pos	= lk_pos(nr, at),
		.len	= sects << SECTOR_SHIFT,
		.done	= sects << SECTOR_SHIFT,
	};

	memset(d->data, stamp, cmd.len);
	lk_bio_init(&bio, &bv, d->data, cmd.len);
	mutex_lock(&zone->lock);
	if (!conv)
		nbc_zone_write_begin(d->zones, zone, at, sects);
	KUNIT_EXPECT_EQ(test, lk_run(d, &cmd), 0);
	if (!conv)
		nbc_zone_write_end(d->zones, zone, sects);
	mutex_unlock(&zone->lock);
}

static void lk_reset(struct kunit *test, struct lk_disk *d, unsigned int nr)
{
	struct nbc_cmd cmd = {
		.op	= REQ_OP_DISCARD,
		.pos	= lk_pos(nr, 0),
		.len	= LK_ZONE_BYTES,
		.done	= LK_ZONE_BYTES,
	};

	KUNIT_EXPECT_EQ(test, lk_run(d, &cmd), 0);
	KUNIT_EXPECT_EQ(test, lk_manage(d, nr, REQ_OP_ZONE_RESET), 0);
}

static void lk_flush(struct kunit *test, struct lk_disk *d)
{
	struct nbc_cmd cmd = { .op = REQ_OP_FLUSH };

	KUNIT_EXPECT_EQ(test, lk_run(d, &cmd), 0);
}

static void lk_flush_zone(struct lk_disk *d, unsigned int nr)
{
	nbc_history_flush_range(d->history, lk_pos(nr, 0), lk_pos(nr + 1, 0));
}

/* The writes of lk_history(): which zone has what in the end, a letter a block */
static const char * const lk_wrote[LK_ZONES] = { "dd", "aaaabbbhh", "ggg", "eeffff" };

/*
 * Zone 1 is durable up to block 4, and zone 3 up to block 2. Zone 2 was written, reset, and
 * written again.
 */
static void lk_history(struct kunit *test, struct lk_disk *d)
{
	lk_write(test, d, REQ_OP_WRITE, 0, 1, 4, 'a');
	lk_flush(test, d);
	lk_write(test, d, REQ_OP_ZONE_APPEND, 0, 1, 3, 'b');
	lk_write(test, d, REQ_OP_WRITE, 0, 2, 5, 'c');
	lk_write(test, d, REQ_OP_WRITE, 0, 0, 2, 'd');
	lk_write(test, d, REQ_OP_WRITE, REQ_FUA, 3, 2, 'e');
	lk_flush_zone(d, 3);
	lk_write(test, d, REQ_OP_WRITE, 0, 3, 4, 'f');
	lk_reset(test, d, 2);
	lk_write(test, d, REQ_OP_ZONE_APPEND, 0, 2, 3, 'g');
	lk_write(test, d, REQ_OP_WRITE, 0, 1, 2, 'h');
	KUNIT_EXPECT_EQ(test, d->history->nr_writes, 6);
}

/* Write pointers after the first so many of the writes b, c, d, f, g and h */
static const unsigned int lk_prefixes[][LK_ZONES] = {
	{ 0, 4, 0, 2 }, { 0, 7, 0, 2 }, { 0, 7, 0, 2 }, { 0, 7, 0, 2 },
	{ 0, 7, 0, 6 }, { 0, 7, 3, 6 }, { 0, 9, 3, 6 },
};

/* Bits of those prefixes that zones are as after. */
static unsigned int lk_prefix(const struct nbc_zones *zones)
{
	unsigned int i, nr, is = 0;

	for (i = 0; i < ARRAY_SIZE(lk_prefixes); i++) {
		is |= BIT(i);
		for (nr = 1; nr < LK_ZONES; nr++) {
			if (zones->zone[nr].wp_sects != lk_prefixes[i][nr])
				is &= ~BIT(i);
		}
	}
	return is;
}

/* Data is what was written, up to each write pointer, and nothing is behind. */
static void lk_check_data(struct kunit *test, struct lk_disk *d, struct nbc_store *store,
			  const struct nbc_zones *zones)
{
	unsigned int nr, sector;

	lk_read(d, store);
	for (nr = 1; nr < LK_ZONES; nr++) {
		unsigned int wp = zones->zone[nr].wp_sects;

		KUNIT_EXPECT_LE(test, wp, strlen(lk_wrote[nr]));
		KUNIT_EXPECT_EQ(test, (int)zones->zone[nr].cond,
				wp == d->zones->zone[nr].wp_sects ?
				(int)d->zones->zone[nr].cond :
				wp ? BLK_ZONE_COND_CLOSED : BLK_ZONE_COND_EMPTY);
		for (sector = 0; sector < LK_ZONE; sector++) {
			u8 wanted = sector < wp ? lk_wrote[nr][sector] : 0;

			KUNIT_EXPECT_NULL_MSG(test, memchr_inv(d->data + lk_pos(nr, sector),
							       wanted, SECTOR_SIZE),
					      "zone %u, block %u", nr, sector);
		}
	}
}

/**
 * struct lk_seen - what states there were
 * @prefixes: a bit for each of lk_prefixes[], of policy prefix
 * @wp: by zone, a bit for each write pointer
 */
struct lk_seen {
	unsigned int	prefixes;
	unsigned long	wp[LK_ZONES];
};

static void lk_check_cut(struct kunit *test, struct lk_disk *d, const struct nbc_cut *cut,
			 struct lk_seen *seen)
{
	struct nbc_zones *zones = nbc_zones_create(&lk_geometry, NUMA_NO_NODE);
	unsigned int nr, is;

	KUNIT_ASSERT_NOT_NULL(test, zones);
	nbc_zones_copy(zones, d->zones);
	KUNIT_EXPECT_EQ(test, nbc_history_copy(d->history, cut, &d->copy, zones), 0);
	lk_check_data(test, d, &d->copy, zones);
	is = lk_prefix(zones);
	if (cut->policy == NBC_CUT_LOST)
		KUNIT_EXPECT_EQ(test, is, BIT(0));
	if (cut->policy == NBC_CUT_KEPT)
		KUNIT_EXPECT_EQ(test, is, BIT(6));
	if (cut->policy == NBC_CUT_PREFIX)
		KUNIT_EXPECT_NE(test, is, 0);
	seen->prefixes |= is;
	for (nr = 0; nr < LK_ZONES; nr++)
		seen->wp[nr] |= BIT(zones->zone[nr].wp_sects);
	nbc_store_empty(&d->copy);
	nbc_zones_destroy(zones);
}

/* Each policy, with many seeds; all states that are possible come. */
static void lk_policies_test(struct kunit *test)
{
	struct lk_disk *d = lk_disk(test);
	struct nbc_cut cut = {};
	unsigned int policy;

	lk_history(test, d);
	for (policy = 0; policy < NBC_NR_CUT_POLICIES; policy++) {
		struct lk_seen seen = {};

		cut.policy = policy;
		for (cut.seed = 0; cut.seed < LK_SEEDS; cut.seed++)
			lk_check_cut(test, d, &cut, &seen);
		switch (cut.policy) {
		case NBC_CUT_PREFIX:
			KUNIT_EXPECT_EQ(test, seen.prefixes, GENMASK(6, 0));
			break;
		case NBC_CUT_SUBSET:
			/* Whole writes, and the later one only with the first. */
			KUNIT_EXPECT_EQ(test, seen.wp[1], BIT(4) | BIT(7) | BIT(9));
			KUNIT_EXPECT_EQ(test, seen.wp[2], BIT(0) | BIT(3));
			KUNIT_EXPECT_EQ(test, seen.wp[3], BIT(2) | BIT(6));
			break;
		case NBC_CUT_BLOCKS:
			KUNIT_EXPECT_EQ(test, seen.wp[1], GENMASK(9, 4));
			KUNIT_EXPECT_EQ(test, seen.wp[2], GENMASK(3, 0));
			KUNIT_EXPECT_EQ(test, seen.wp[3], GENMASK(6, 2));
			break;
		default:
			break;
		}
	}
}

/* A zone that is made durable loses nothing, and the others what they would have lost. */
static void lk_flush_range_test(struct kunit *test)
{
	struct nbc_cut cut = { .policy = NBC_CUT_LOST };
	struct lk_disk *d = lk_disk(test);

	lk_history(test, d);
	lk_flush_zone(d, 2);
	KUNIT_EXPECT_EQ(test, d->history->nr_writes, 4);
	KUNIT_EXPECT_FALSE(test, nbc_cache_is_dirty(d->cache, lk_pos(2, 0), LK_ZONE_BYTES));
	KUNIT_EXPECT_TRUE(test, nbc_cache_is_dirty(d->cache, lk_pos(1, 0), LK_ZONE_BYTES));
	nbc_history_destroy(d->history, &cut, "kunit");
	d->history = NULL;
	KUNIT_EXPECT_EQ(test, d->zones->zone[1].wp_sects, 4);
	KUNIT_EXPECT_EQ(test, d->zones->zone[2].wp_sects, 3);
	KUNIT_EXPECT_EQ(test, d->zones->zone[3].wp_sects, 2);
	lk_check_data(test, d, &d->store, d->zones);
}

/* The real cut leaves what the copy said. */
static void lk_cut_test(struct kunit *test)
{
	unsigned int policy, nr;

	for (policy = 0; policy < NBC_NR_CUT_POLICIES; policy++) {
		struct nbc_cut cut = { .policy = policy, .seed = 42 };
		struct lk_disk *d = lk_disk(test);
		struct lk_seen seen = {};

		lk_history(test, d);
		lk_check_cut(test, d, &cut, &seen);
		nbc_history_destroy(d->history, &cut, "kunit");
		d->history = NULL;
		for (nr = 0; nr < LK_ZONES; nr++)
			KUNIT_EXPECT_EQ(test, seen.wp[nr], BIT(d->zones->zone[nr].wp_sects));
		lk_check_data(test, d, &d->store, d->zones);
	}
}

/* Finished and broken zones do not fall back, and what they have is not touched. */
static void lk_take_test(struct kunit *test)
{
	struct nbc_losses *losses = lk_losses(test);
	struct lk_disk *d = lk_disk(test);

	lk_write(test, d, REQ_OP_WRITE, 0, 1, 4, 'a');
	lk_write(test, d, REQ_OP_WRITE, 0, 2, 4, 'a');
	lk_write(test, d, REQ_OP_WRITE, 0, 3, 4, 'a');
	lk_flush(test, d);
	KUNIT_EXPECT_EQ(test, lk_manage(d, 2, REQ_OP_ZONE_FINISH), 0);
	mutex_lock(&d->zones->zone[3].lock);
	nbc_zone_toggle(d->zones, &d->zones->zone[3], BLK_ZONE_COND_READONLY);
	mutex_unlock(&d->zones->zone[3].lock);
	nbc_losses_add(losses, lk_pos(1, 2));
	nbc_losses_add(losses, lk_pos(2, 2));
	nbc_losses_add(losses, lk_pos(3, 2));
	KUNIT_EXPECT_EQ(test, nbc_losses_take(losses, d->zones, &d->store), 0);
	KUNIT_EXPECT_EQ(test, d->zones->zone[1].wp_sects, 2);
	KUNIT_EXPECT_EQ(test, d->zones->zone[2].wp_sects, LK_ZONE);
	KUNIT_EXPECT_EQ(test, (int)d->zones->zone[3].cond, BLK_ZONE_COND_READONLY);
	lk_read(d, &d->store);
	KUNIT_EXPECT_NULL(test, memchr_inv(d->data + lk_pos(1, 0), 'a', 2 << SECTOR_SHIFT));
	KUNIT_EXPECT_NULL(test, memchr_inv(d->data + lk_pos(1, 2), 0,
					   (LK_ZONE - 2) << SECTOR_SHIFT));
	KUNIT_EXPECT_NULL(test, memchr_inv(d->data + lk_pos(2, 0), 'a', 4 << SECTOR_SHIFT));
	KUNIT_EXPECT_NULL(test, memchr_inv(d->data + lk_pos(3, 0), 'a', 4 << SECTOR_SHIFT));
}

static struct kunit_case lk_cases[] = {
	KUNIT_CASE(lk_rule_test),
	KUNIT_CASE(lk_take_test),
	KUNIT_CASE(lk_policies_test),
	KUNIT_CASE(lk_flush_range_test),
	KUNIT_CASE(lk_cut_test),
	{}
};

static struct kunit_suite lk_suite = {
	.name		= "null_blk_c_losses",
	.test_cases	= lk_cases,
};

kunit_test_suite(lk_suite);
