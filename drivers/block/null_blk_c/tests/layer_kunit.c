// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of layers. Part of layer.c.
 *
 * A store, what is frozen of it, and stores over that do the same as models of them:
 * a byte for each unit's worth of data says what must be read.
 */
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <kunit/test-bug.h>
#include <linux/bio.h>
#include <linux/ktime.h>
#include <linux/prandom.h>
#include <linux/sizes.h>

#include "../../mqblk/tests/fail_kunit.h"

/* Units of a store here, on both sides of the end of a node of the XArray */
#define NBC_LK_UNITS	80
#define NBC_LK_SECTS	(NBC_LK_UNITS * (PAGE_SIZE >> SECTOR_SHIFT))
#define NBC_LK_STORES	4
#define NBC_LK_LAYERS	6

/**
 * struct nbc_lk_model - what is to be read
 * @sects: a byte for each sector, which all of its bytes have
 */
struct nbc_lk_model {
	u8	sects[NBC_LK_SECTS];
};

/**
 * struct nbc_lk - stores and layers with their models
 * @stores: the stores
 * @store_models: what they have
 * @layers: what was frozen, NULL for none
 * @layer_models: what that has
 * @buffer: memory of a request, as long as a store
 * @rnd: where random numbers come from
 * @stamp: what was written last
 */
struct nbc_lk {
	struct nbc_store	stores[NBC_LK_STORES];
	struct nbc_lk_model	store_models[NBC_LK_STORES];
	struct nbc_layer	*layers[NBC_LK_LAYERS];
	struct nbc_lk_model	layer_models[NBC_LK_LAYERS];
	u8			*buffer;
	struct rnd_state	rnd;
	u8			stamp;
};

static u32 nbc_lk_draw(struct nbc_lk *lk, u32 below)
{
	return prandom_u32_state(&lk->rnd) % below;
}

static void nbc_lk_bio(struct bio *bio, struct bio_vec *vec, void *data,
		       unsigned int len)
{
	bio_init(bio, NULL, vec, 1, REQ_OP_READ);
	__bio_add_page(bio, virt_to_page(data), len, offset_in_page(data));
}

static void nbc_lk_check(struct kunit *test, struct nbc_lk *lk,
			 struct nbc_store *store, const struct nbc_lk_model *model)
{
	struct bio_vec vec;
	struct bio bio;
	unsigned int i, wrong = 0;

	memset(lk->buffer, 0xff, NBC_LK_SECTS << SECTOR_SHIFT);
	nbc_lk_bio(&bio, &vec, lk->buffer, NBC_LK_SECTS << SECTOR_SHIFT);
	nbc_store_read(store, &bio, 0, NBC_LK_SECTS << SECTOR_SHIFT);
	for (i = 0; i < NBC_LK_SECTS; i++)
		wrong += !!memchr_inv(lk->buffer + (i << SECTOR_SHIFT),
				      model->sects[i], SECTOR_SIZE);
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

static void nbc_lk_write(struct kunit *test, struct nbc_lk *lk, unsigned int nr,
			 unsigned int first, unsigned int len)
{
	struct bio_vec vec;
	struct bio bio;

	lk->stamp = lk->stamp % 250 + 1;
	memset(lk->buffer, lk->stamp, len << SECTOR_SHIFT);
	nbc_lk_bio(&bio, &vec, lk->buffer, len << SECTOR_SHIFT);
	KUNIT_EXPECT_EQ(test, BLK_STS_OK,
			nbc_store_write(&lk->stores[nr], &bio,
					(u64)first << SECTOR_SHIFT,
					len << SECTOR_SHIFT));
	memset(&lk->store_models[nr].sects[first], lk->stamp, len);
}

static void nbc_lk_zero(struct kunit *test, struct nbc_lk *lk, unsigned int nr,
			unsigned int first, unsigned int len, bool keep)
{
	u64 pos = (u64)first << SECTOR_SHIFT;
	blk_status_t status;

	if (keep)
		status = nbc_store_zero(&lk->stores[nr], pos, (u64)len << SECTOR_SHIFT);
	else
		status = nbc_store_discard(&lk->stores[nr], pos,
					   (u64)len << SECTOR_SHIFT);
	KUNIT_EXPECT_EQ(test, BLK_STS_OK, status);
	memset(&lk->store_models[nr].sects[first], 0, len);
}

static void nbc_lk_freeze(struct kunit *test, struct nbc_lk *lk, unsigned int nr,
			  unsigned int layer)
{
	nbc_layer_put(lk->layers[layer]);
	lk->layers[layer] = NULL;
	if (nbc_layers_depth(&lk->stores[nr]) >= NBC_MAX_LAYERS)
		return;
	lk->layers[layer] = nbc_layers_freeze(&lk->stores[nr]);
	KUNIT_ASSERT_NOT_NULL(test, lk->layers[layer]);
	lk->layer_models[layer] = lk->store_models[nr];
}

static void nbc_lk_clone(struct nbc_lk *lk, unsigned int nr, unsigned int layer)
{
	if (!lk->layers[layer])
		return;
	nbc_store_empty(&lk->stores[nr]);
	nbc_layers_set_base(&lk->stores[nr], nbc_layer_get(lk->layers[layer]));
	lk->store_models[nr] = lk->layer_models[layer];
}

static void nbc_lk_drop(struct nbc_lk *lk, unsigned int nr, unsigned int layer)
{
	nbc_layer_put(lk->layers[layer]);
	lk->layers[layer] = NULL;
	nbc_layers_merge(&lk->stores[nr]);
}

static void nbc_lk_step(struct kunit *test, struct nbc_lk *lk)
{
	unsigned int nr = nbc_lk_draw(lk, NBC_LK_STORES);
	unsigned int first = nbc_lk_draw(lk, NBC_LK_SECTS);
	unsigned int max = NBC_LK_SECTS - first;
	unsigned int len = 1 + nbc_lk_draw(lk, nbc_lk_draw(lk, 8) ? min(max, 24) : max);

	switch (nbc_lk_draw(lk, 17)) {
	case 0:
		nbc_lk_freeze(test, lk, nr, nbc_lk_draw(lk, NBC_LK_LAYERS));
		break;
	case 1:
		nbc_lk_clone(lk, nr, nbc_lk_draw(lk, NBC_LK_LAYERS));
		break;
	case 2:
	case 3:
		nbc_lk_zero(test, lk, nr, first, len, false);
		break;
	case 4:
		nbc_lk_zero(test, lk, nr, first, len, true);
		break;
	case 5:
		nbc_lk_drop(lk, nr, nbc_lk_draw(lk, NBC_LK_LAYERS));
		break;
	default:
		nbc_lk_write(test, lk, nr, first, len);
	}
	nbc_lk_check(test, lk, &lk->stores[nr], &lk->store_models[nr]);
}

static struct nbc_lk *nbc_lk_create(struct kunit *test)
{
	struct nbc_lk *lk = kunit_kzalloc(test, sizeof(*lk), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, lk);
	lk->buffer = kunit_kmalloc(test, NBC_LK_SECTS << SECTOR_SHIFT, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, lk->buffer);
	for (i = 0; i < NBC_LK_STORES; i++)
		nbc_store_create(&lk->stores[i]);
	return lk;
}

static void nbc_lk_destroy(struct nbc_lk *lk)
{
	unsigned int i;

	for (i = 0; i < NBC_LK_LAYERS; i++)
		nbc_layer_put(lk->layers[i]);
	for (i = 0; i < NBC_LK_STORES; i++)
		nbc_store_destroy(&lk->stores[i]);
}

/* Stores and layers are written to, frozen, cloned and freed, and do as models do. */
static void nbc_lk_random_test(struct kunit *test)
{
	struct nbc_lk *lk = nbc_lk_create(test);
	unsigned int round, i;

	for (round = 0; round < 4; round++) {
		prandom_seed_state(&lk->rnd, round);
		for (i = 0; i < 500; i++)
			nbc_lk_step(test, lk);
		for (i = 0; i < NBC_LK_LAYERS; i++) {
			nbc_lk_clone(lk, 0, i);
			nbc_lk_check(test, lk, &lk->stores[0], &lk->store_models[0]);
		}
	}
	nbc_lk_destroy(lk);
}

/* Bits are turned over in the store, and not in what was frozen of it. */
static void nbc_lk_flip_test(struct kunit *test)
{
	struct nbc_lk *lk = nbc_lk_create(test);

	nbc_lk_write(test, lk, 0, 0, 8);
	nbc_lk_freeze(test, lk, 0, 0);
	KUNIT_EXPECT_TRUE(test, nbc_store_flip(&lk->stores[0], 100, 1));
	KUNIT_EXPECT_FALSE(test, nbc_store_flip(&lk->stores[0], PAGE_SIZE, 1));
	nbc_lk_clone(lk, 1, 0);
	nbc_lk_check(test, lk, &lk->stores[1], &lk->layer_models[0]);
	/* Turned back, it is as before. */
	KUNIT_EXPECT_TRUE(test, nbc_store_flip(&lk->stores[0], 100, 1));
	nbc_lk_check(test, lk, &lk->stores[0], &lk->store_models[0]);
	/* What is hidden has no bits. */
	nbc_lk_zero(test, lk, 1, 0, 8, false);
	KUNIT_EXPECT_FALSE(test, nbc_store_flip(&lk->stores[1], 100, 1));
	nbc_lk_destroy(lk);
}

static void *nbc_lk_entry(struct nbc_store *store, unsigned long index)
{
	guard(rcu)();
	return nbc_units_entry(&store->units, index);
}

/* A whole unit is not copied, a discard takes no page, and a clone has its own. */
static void nbc_lk_memory_test(struct kunit *test)
{
	struct nbc_lk *lk = nbc_lk_create(test);
	struct nbc_store *store = &lk->stores[0];

	nbc_lk_write(test, lk, 0, 0, NBC_LK_SECTS);
	nbc_lk_freeze(test, lk, 0, 0);
	KUNIT_EXPECT_TRUE(test, xa_empty(&store->units));
	nbc_lk_zero(test, lk, 0, 0, 16, false);
	KUNIT_EXPECT_TRUE(test, xa_is_zero(nbc_lk_entry(store, 0)));
	KUNIT_EXPECT_TRUE(test, xa_is_zero(nbc_lk_entry(store, 1)));
	KUNIT_EXPECT_NULL(test, nbc_lk_entry(store, 2));
	nbc_lk_write(test, lk, 0, 3, 1);
	KUNIT_EXPECT_TRUE(test, nbc_is_unit(nbc_lk_entry(store, 0)));
	nbc_lk_check(test, lk, store, &lk->store_models[0]);
	nbc_store_empty(store);
	KUNIT_EXPECT_TRUE(test, xa_empty(&store->units));
	KUNIT_EXPECT_EQ(test, 1, lk->layers[0]->refs);
	nbc_lk_destroy(lk);
}

/* What is in no layer any more is freed, and what hid it. */
static void nbc_lk_merge_test(struct kunit *test)
{
	struct nbc_lk *lk = nbc_lk_create(test);
	struct nbc_store *store = &lk->stores[0];
	unsigned int i;

	for (i = 0; i < NBC_LK_LAYERS; i++) {
		nbc_lk_write(test, lk, 0, 8 * i, 24);
		nbc_lk_zero(test, lk, 0, 8 * i + 4, 12, false);
		nbc_lk_freeze(test, lk, 0, i);
	}
	KUNIT_EXPECT_EQ(test, NBC_LK_LAYERS, nbc_layers_depth(store));
	nbc_layers_merge(store);
	KUNIT_EXPECT_EQ(test, NBC_LK_LAYERS, nbc_layers_depth(store));
	/* One in the middle, then the first and the last */
	nbc_lk_drop(lk, 0, 2);
	KUNIT_EXPECT_EQ(test, NBC_LK_LAYERS - 1, nbc_layers_depth(store));
	nbc_lk_check(test, lk, store, &lk->store_models[0]);
	nbc_lk_drop(lk, 0, 0);
	nbc_lk_drop(lk, 0, NBC_LK_LAYERS - 1);
	KUNIT_EXPECT_EQ(test, NBC_LK_LAYERS - 3, nbc_layers_depth(store));
	nbc_lk_check(test, lk, store, &lk->store_models[0]);
	for (i = 0; i < NBC_LK_LAYERS; i++) {
		nbc_lk_clone(lk, 1, i);
		nbc_lk_check(test, lk, &lk->stores[1], &lk->store_models[1]);
	}
	nbc_store_empty(&lk->stores[1]);
	for (i = 0; i < NBC_LK_LAYERS; i++)
		nbc_lk_drop(lk, 0, i);
	KUNIT_EXPECT_EQ(test, 0, nbc_layers_depth(store));
	nbc_lk_check(test, lk, store, &lk->store_models[0]);
	nbc_lk_destroy(lk);
}

/* When its last layer has gone, a store is one that had none: nothing is hidden. */
static void nbc_lk_end_test(struct kunit *test)
{
	struct nbc_lk *lk = nbc_lk_create(test);
	struct nbc_store *store = &lk->stores[0];
	unsigned long index, generation;
	unsigned int i;

	nbc_lk_write(test, lk, 0, 0, NBC_LK_SECTS);
	for (i = 0; i < 3; i++) {
		generation = store->generation;
		nbc_lk_freeze(test, lk, 0, 0);
		KUNIT_EXPECT_TRUE(test, nbc_store_layers(store));
		nbc_lk_zero(test, lk, 0, 16 * i, 40, false);
		nbc_lk_drop(lk, 0, 0);
		KUNIT_EXPECT_FALSE(test, nbc_store_layers(store));
		/* Who looked before must see that much has changed. */
		KUNIT_EXPECT_GT(test, store->generation, generation);
		for (index = 0; index < NBC_LK_UNITS; index++)
			KUNIT_EXPECT_FALSE(test, xa_is_zero(nbc_lk_entry(store, index)));
		KUNIT_EXPECT_NULL(test, nbc_lk_entry(store, 2 * i + 2));
		nbc_lk_check(test, lk, store, &lk->store_models[0]);
		/* A part of what was hidden, and then nothing is beneath it. */
		nbc_lk_write(test, lk, 0, 17 * i + 1, 2);
		nbc_lk_check(test, lk, store, &lk->store_models[0]);
	}
	nbc_lk_zero(test, lk, 0, 0, NBC_LK_SECTS, false);
	KUNIT_EXPECT_TRUE(test, xa_empty(&store->units));
	nbc_lk_destroy(lk);
}

/* In the middle of a merge: another store, which must not have to wait for the end of it. */
static bool nbc_lk_adopt_and_freeze(struct xarray *upper, unsigned long index,
				    void *entry)
{
	struct kunit *test = kunit_get_current_test();
	struct nbc_lk *lk = test->priv;
	bool free = mutex_trylock(&nbc_layers_lock);

	kunit_deactivate_static_stub(test, nbc_units_adopt);
	KUNIT_EXPECT_TRUE(test, free);
	if (free) {
		mutex_unlock(&nbc_layers_lock);
		nbc_lk_freeze(test, lk, 1, 1);
		nbc_lk_write(test, lk, 1, 0, 12);
		nbc_lk_clone(lk, 2, 1);
		nbc_lk_check(test, lk, &lk->stores[1], &lk->store_models[1]);
		nbc_lk_check(test, lk, &lk->stores[2], &lk->store_models[2]);
	}
	return nbc_units_adopt(upper, index, entry);
}

/* Other stores do not wait for a merge, however large it is. */
static void nbc_lk_merge_beside_test(struct kunit *test)
{
	struct nbc_lk *lk = nbc_lk_create(test);

	test->priv = lk;
	nbc_lk_write(test, lk, 1, 0, NBC_LK_SECTS);
	nbc_lk_write(test, lk, 0, 0, NBC_LK_SECTS);
	nbc_lk_freeze(test, lk, 0, 0);
	kunit_activate_static_stub(test, nbc_units_adopt, nbc_lk_adopt_and_freeze);
	nbc_lk_drop(lk, 0, 0);
	KUNIT_EXPECT_EQ(test, 1, nbc_layers_depth(&lk->stores[1]));
	KUNIT_EXPECT_EQ(test, 0, nbc_layers_depth(&lk->stores[0]));
	nbc_lk_check(test, lk, &lk->stores[0], &lk->store_models[0]);
	nbc_lk_destroy(lk);
}

/*
 * A copy of a store from which the last layer went has nothing that hides any: its
 * generation says that there are no layers, and such an entry could never be written to.
 */
static void nbc_lk_copy_test(struct kunit *test)
{
	struct nbc_lk *lk = nbc_lk_create(test);

	nbc_lk_write(test, lk, 0, 0, 24);
	nbc_lk_freeze(test, lk, 0, 0);
	nbc_lk_zero(test, lk, 0, 0, 8, false);
	nbc_lk_drop(lk, 0, 0);
	KUNIT_EXPECT_EQ(test, 0, nbc_layers_depth(&lk->stores[0]));
	/* As it is for a moment, between the last layer's end and that of what hid its units */
	xa_store(&lk->stores[0].units, 0, XA_ZERO_ENTRY, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, 0, nbc_store_copy(&lk->stores[1], &lk->stores[0]));
	lk->store_models[1] = lk->store_models[0];
	KUNIT_EXPECT_NULL(test, nbc_lk_entry(&lk->stores[1], 0));
	nbc_lk_check(test, lk, &lk->stores[1], &lk->store_models[1]);
	/* Or it is written to for ever. */
	if (!nbc_lk_entry(&lk->stores[1], 0))
		nbc_lk_write(test, lk, 1, 0, 4);
	nbc_lk_check(test, lk, &lk->stores[1], &lk->store_models[1]);
	nbc_lk_destroy(lk);
}

/*
 * What hides units counts as found in the store's own tree, too. Else each step of a second
 * discard passes all such entries that are left.
 */
static void nbc_lk_find_hidden_test(struct kunit *test)
{
	struct nbc_lk *lk = nbc_lk_create(test);
	struct nbc_store *store = &lk->stores[0];
	unsigned long i, found;

	nbc_lk_write(test, lk, 0, 0, NBC_LK_SECTS);
	nbc_lk_freeze(test, lk, 0, 0);
	nbc_lk_zero(test, lk, 0, 0, NBC_LK_SECTS, false);
	for (i = 0; i < NBC_LK_UNITS; i++) {
		found = NBC_LK_UNITS - 1;
		scoped_guard(rcu)
			KUNIT_EXPECT_TRUE(test, nbc_units_find(&store->units, i, &found));
		KUNIT_EXPECT_EQ(test, i, found);
	}
	found = ULONG_MAX;
	scoped_guard(rcu)
		KUNIT_EXPECT_FALSE(test, nbc_units_find(&store->units, i, &found));
	nbc_lk_zero(test, lk, 0, 0, NBC_LK_SECTS, false);
	KUNIT_EXPECT_TRUE(test, xa_is_zero(nbc_lk_entry(store, NBC_LK_UNITS - 1)));
	/* What hides nothing any more goes with the next discard. */
	nbc_lk_drop(lk, 0, 0);
	nbc_lk_zero(test, lk, 0, 0, NBC_LK_SECTS, false);
	KUNIT_EXPECT_TRUE(test, xa_empty(&store->units));
	nbc_lk_check(test, lk, store, &lk->store_models[0]);
	nbc_lk_destroy(lk);
}

static long nbc_lk_none_available(void)
{
	return LONG_MIN / 2;
}

/* Who copies from a layer leaves the reserve alone, and nothing is changed then. */
static void nbc_lk_reserve_test(struct kunit *test)
{
	struct nbc_lk *lk = nbc_lk_create(test);
	struct nbc_store *store = &lk->stores[0];

	nbc_lk_write(test, lk, 0, 0, NBC_LK_SECTS);
	nbc_lk_freeze(test, lk, 0, 0);
	kunit_activate_static_stub(test, nbc_pages_available, nbc_lk_none_available);
	KUNIT_EXPECT_EQ(test, BLK_STS_NOSPC, nbc_store_zero(store, 0, 4 * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, BLK_STS_NOSPC, nbc_store_zero(store, 0, SECTOR_SIZE));
	KUNIT_EXPECT_EQ(test, BLK_STS_NOSPC, nbc_store_discard(store, 0, SECTOR_SIZE));
	KUNIT_EXPECT_FALSE(test, nbc_store_flip(store, 100, 1));
	KUNIT_EXPECT_EQ(test, -ENOMEM, nbc_store_put(store, 0, lk->buffer, SECTOR_SIZE));
	KUNIT_EXPECT_TRUE(test, xa_empty(&store->units));
	nbc_lk_check(test, lk, store, &lk->store_models[0]);
	/* To discard whole units takes none. */
	nbc_lk_zero(test, lk, 0, 0, 16, false);
	kunit_deactivate_static_stub(test, nbc_pages_available);
	nbc_lk_zero(test, lk, 0, 4, 32, true);
	nbc_lk_check(test, lk, store, &lk->store_models[0]);
	nbc_lk_destroy(lk);
}

/* Writes or discards eight units but for their outer sectors; the @nth allocation fails. */
static blk_status_t nbc_lk_fail(struct nbc_lk *lk, bool discard, unsigned int nth,
				unsigned int *left)
{
	const unsigned int len = (8 * PAGE_SIZE >> SECTOR_SHIFT) - 2;
	blk_status_t status;
	struct bio_vec vec;
	struct bio bio;

	memset(lk->buffer, 0, len << SECTOR_SHIFT);
	nbc_lk_bio(&bio, &vec, lk->buffer, len << SECTOR_SHIFT);
	mqk_fail_nth(nth);
	if (discard)
		status = nbc_store_discard(&lk->stores[0], SECTOR_SIZE,
					   len << SECTOR_SHIFT);
	else
		status = nbc_store_write(&lk->stores[0], &bio, SECTOR_SIZE,
					 len << SECTOR_SHIFT);
	*left = mqk_fail_left();
	memset(&lk->store_models[0].sects[1], 0, len);
	return status;
}

/* How many sectors are still what they were; all others must be zeroes. */
static unsigned int nbc_lk_old(struct kunit *test, struct nbc_lk *lk)
{
	struct bio_vec vec;
	unsigned int i, nr = 0;
	struct bio bio;

	nbc_lk_bio(&bio, &vec, lk->buffer, NBC_LK_SECTS << SECTOR_SHIFT);
	nbc_store_read(&lk->stores[0], &bio, 0, NBC_LK_SECTS << SECTOR_SHIFT);
	for (i = 0; i < NBC_LK_SECTS; i++) {
		u8 *sect = lk->buffer + (i << SECTOR_SHIFT);

		KUNIT_EXPECT_TRUE(test, *sect == lk->stamp || !*sect);
		KUNIT_EXPECT_NULL(test, memchr_inv(sect, *sect, SECTOR_SIZE));
		nr += *sect == lk->stamp;
	}
	return nr;
}

/* Lets one allocation after the other fail. Returns how often the command did. */
static unsigned int nbc_lk_nomem_round(struct kunit *test, struct nbc_lk *lk, bool discard)
{
	const unsigned int changed = (8 * PAGE_SIZE >> SECTOR_SHIFT) - 2;
	unsigned int nth, left = 0, failed = 0;

	for (nth = 1; !left && nth < 100; nth++) {
		nbc_store_empty(&lk->stores[0]);
		memset(&lk->store_models[0], 0, sizeof(lk->store_models[0]));
		nbc_lk_write(test, lk, 0, 0, NBC_LK_SECTS);
		nbc_lk_freeze(test, lk, 0, 0);
		if (nbc_lk_fail(lk, discard, nth, &left)) {
			failed++;
			KUNIT_EXPECT_GT(test, nbc_lk_old(test, lk),
					NBC_LK_SECTS - changed);
			/* With memory, the rest can be done. */
			KUNIT_EXPECT_EQ(test, BLK_STS_OK,
					nbc_lk_fail(lk, discard, 0, &left));
			left = 0;
		}
		nbc_lk_check(test, lk, &lk->stores[0], &lk->store_models[0]);
		nbc_lk_clone(lk, 1, 0);
		nbc_lk_check(test, lk, &lk->stores[1], &lk->layer_models[0]);
	}
	KUNIT_EXPECT_NE(test, 0, left);
	return failed;
}

/*
 * Without memory a command fails, each block is old or new, and the layer as it was. What the
 * slab allocates when it has no node at hand counts in one run and not in the next, so that an
 * allocation may be passed over: then there is another round.
 */
static void nbc_lk_nomem(struct kunit *test, bool discard, unsigned int least)
{
	struct nbc_lk *lk = nbc_lk_create(test);
	unsigned int round, failed = 0;

	for (round = 0; round < 8 && failed < least; round++)
		failed = nbc_lk_nomem_round(test, lk, discard);
	KUNIT_EXPECT_GE(test, failed, least);
	nbc_lk_destroy(lk);
}

static void nbc_lk_nomem_write_test(struct kunit *test)
{
	if (!mqk_can_fail_pages(test))
		kunit_skip(test, "no fault injection for pages");
	/* A page for each unit */
	nbc_lk_nomem(test, false, 4);
}

static void nbc_lk_nomem_discard_test(struct kunit *test)
{
	if (!mqk_can_fail_pages(test))
		kunit_skip(test, "no fault injection for pages");
	/* A page for the first unit and one for the last */
	nbc_lk_nomem(test, true, 2);
}

static struct kunit_case nbc_lk_cases[] = {
	KUNIT_CASE(nbc_lk_merge_test),
	KUNIT_CASE(nbc_lk_merge_beside_test),
	KUNIT_CASE(nbc_lk_end_test),
	KUNIT_CASE(nbc_lk_memory_test),
	KUNIT_CASE(nbc_lk_flip_test),
	KUNIT_CASE(nbc_lk_reserve_test),
	KUNIT_CASE(nbc_lk_find_hidden_test),
	KUNIT_CASE(nbc_lk_copy_test),
	KUNIT_CASE(nbc_lk_nomem_write_test),
	KUNIT_CASE(nbc_lk_nomem_discard_test),
	KUNIT_CASE_SLOW(nbc_lk_random_test),
	{}
};

static struct kunit_suite nbc_lk_suite = {
	.name		= "null_blk_c_layer",
	.test_cases	= nbc_lk_cases,
};

kunit_test_suite(nbc_lk_suite);
