// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the cache.
 *
 * Most of them do the same to a cache and to a model of two flat buffers: what
 * must be read now, and what must be read after a power cut.
 */
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "../cache.h"
#include "../layer.h"
#include "../memory.h"
#include "../store.h"
#include "../../mqblk/tests/fail_kunit.h"

/* Units in the window that the model covers */
#define NBC_UNITS		16
/* Positions are given in eighths of a unit: sectors, if units are pages. */
#define NBC_EIGHTHS		8
/* Longest time that anything may take that has to happen at some time. */
#define NBC_PATIENCE		(60 * HZ)
/* Steps of a script */
#define NBC_STEPS		8

/**
 * struct nbc_geometry - where the model's window is
 * @name: in words
 * @block_bytes: what the store is configured for
 * @first_unit: first unit of the window
 */
struct nbc_geometry {
	const char	*name;
	unsigned int	block_bytes;
	unsigned int	first_unit;
};

/* A node of the XArray has 64 slots: 63 is the last one of a node. */
static const struct nbc_geometry nbc_geometries[] = {
	{ "units of a page",		512,	0 },
	{ "units 58 to 73",		512,	58 },
	{ "units of 16 KiB",		16384,	0 },
	{ "units of 16 KiB, 58 to 73",	16384,	58 },
};

KUNIT_ARRAY_PARAM_DESC(nbc_geometry, nbc_geometries, name);

/**
 * struct nbc_fixture - a store with a cache, and the model of both
 * @store: the store
 * @cache: its cache
 * @unit_bytes: size of a unit
 * @base: byte of the store that the window begins at
 * @len: length of the window
 * @now: what must be read
 * @durable: what must be read after a power cut
 * @data: what is written or read
 * @random: for whatever is drawn
 */
struct nbc_fixture {
	struct nbc_store	store;
	struct nbc_cache	*cache;
	unsigned int		unit_bytes;
	u64			base;
	size_t			len;
	u8			*now;
	u8			*durable;
	u8			*data;
	struct rnd_state	random;
};

/* What can be done to the fixture. */
enum nbc_step_op {
	NBC_END,
	NBC_WRITE,
	NBC_FUA,
	NBC_FLUSH,
	NBC_DISCARD,
	NBC_ZERO,
	NBC_CUT,
	NBC_NR_OPS,
};

/**
 * struct nbc_step - of a script
 * @op: enum nbc_step_op
 * @first: where it begins, in eighths of a unit
 * @nr: how long it is, likewise
 * @dirty: how many units are dirty afterwards
 */
struct nbc_step {
	enum nbc_step_op	op;
	unsigned int		first;
	unsigned int		nr;
	unsigned int		dirty;
};

#define NBC_W(...)	{ NBC_WRITE, __VA_ARGS__ }
#define NBC_F(...)	{ NBC_FUA, __VA_ARGS__ }
#define NBC_D(...)	{ NBC_DISCARD, __VA_ARGS__ }
#define NBC_Z(...)	{ NBC_ZERO, __VA_ARGS__ }
#define NBC_SYNC	{ NBC_FLUSH, 0, 0, 0 }
#define NBC_LOSE	{ NBC_CUT, 0, 0, 0 }

/**
 * struct nbc_script - steps after one another
 * @name: in words
 * @steps: the steps, up to NBC_END
 */
struct nbc_script {
	const char	*name;
	struct nbc_step	steps[NBC_STEPS];
};

/* Eighths 0 to 7 are unit 0, 8 to 15 unit 1, 16 to 23 unit 2. */
static const struct nbc_script nbc_scripts[] = {
	{ "a unit is lost",
	  { NBC_W(0, 8, 1), NBC_LOSE } },
	{ "a part of a unit is lost",
	  { NBC_W(3, 2, 1), NBC_LOSE } },
	{ "what was flushed stays",
	  { NBC_W(2, 20, 3), NBC_SYNC, NBC_LOSE } },
	{ "flush of nothing",
	  { NBC_SYNC, NBC_LOSE, NBC_SYNC } },
	{ "written after the flush",
	  { NBC_W(0, 16, 2), NBC_SYNC, NBC_W(4, 8, 2), NBC_LOSE } },
	{ "again in the same unit",
	  { NBC_W(0, 16, 2), NBC_W(2, 4, 2), NBC_SYNC, NBC_W(2, 1, 1),
	    NBC_W(3, 1, 1), NBC_LOSE } },
	{ "a whole unit over a durable one",
	  { NBC_W(0, 8, 1), NBC_SYNC, NBC_W(0, 8, 1), NBC_LOSE,
	    NBC_W(0, 8, 1), NBC_SYNC, NBC_LOSE } },
	{ "FUA into a hole",
	  { NBC_F(3, 2, 0), NBC_LOSE } },
	{ "FUA over a durable unit",
	  { NBC_W(0, 8, 1), NBC_SYNC, NBC_F(2, 3, 0), NBC_LOSE } },
	{ "FUA beside dirty blocks, nothing beneath",
	  { NBC_W(0, 2, 1), NBC_F(2, 2, 1), NBC_F(7, 1, 1), NBC_LOSE } },
	{ "FUA beside dirty blocks, over a durable unit",
	  { NBC_W(0, 8, 1), NBC_SYNC, NBC_W(4, 2, 1), NBC_F(2, 2, 1),
	    NBC_LOSE } },
	{ "FUA over dirty blocks, and dirty ones over FUA",
	  { NBC_W(0, 8, 1), NBC_SYNC, NBC_W(0, 6, 1), NBC_F(2, 2, 1),
	    NBC_W(3, 1, 1), NBC_LOSE } },
	{ "FUA over a dirty unit",
	  { NBC_W(0, 8, 1), NBC_F(0, 8, 0), NBC_LOSE } },
	/* Unit 0 in part, unit 1 all of it: that is dirty no more. */
	{ "FUA over dirty units",
	  { NBC_W(4, 16, 3), NBC_F(6, 10, 2), NBC_LOSE } },
	{ "flush after FUA",
	  { NBC_W(0, 4, 1), NBC_F(2, 4, 1), NBC_SYNC, NBC_LOSE } },
	{ "discard of a dirty unit",
	  { NBC_W(0, 16, 2), NBC_D(0, 8, 1), NBC_LOSE } },
	{ "discard of a dirty unit over a durable one",
	  { NBC_W(0, 8, 1), NBC_SYNC, NBC_W(0, 8, 1), NBC_D(0, 8, 0),
	    NBC_LOSE } },
	{ "discard of parts",
	  { NBC_W(0, 24, 3), NBC_SYNC, NBC_W(0, 24, 3), NBC_D(4, 16, 2),
	    NBC_LOSE } },
	{ "discard of FUA beneath",
	  { NBC_W(0, 2, 1), NBC_F(4, 2, 1), NBC_D(0, 8, 0), NBC_LOSE } },
	{ "written after a discard",
	  { NBC_W(0, 8, 1), NBC_SYNC, NBC_D(0, 8, 0), NBC_W(2, 2, 1),
	    NBC_LOSE } },
	{ "zeroes over dirty units",
	  { NBC_W(0, 16, 2), NBC_SYNC, NBC_W(0, 16, 2), NBC_Z(4, 12, 2),
	    NBC_LOSE } },
	{ "zeroes, and written over",
	  { NBC_W(0, 8, 1), NBC_Z(0, 8, 1), NBC_W(1, 2, 1), NBC_LOSE } },
	{ "zeroes into holes",
	  { NBC_Z(0, 20, 0), NBC_LOSE } },
	{ "lost twice, and written again",
	  { NBC_W(0, 12, 2), NBC_LOSE, NBC_LOSE, NBC_W(4, 8, 2), NBC_SYNC,
	    NBC_LOSE } },
	/* The node of the XArray goes with its only unit, and comes again. */
	{ "around the last slot of a node",
	  { NBC_W(40, 16, 2), NBC_SYNC, NBC_W(44, 8, 2), NBC_F(47, 2, 2),
	    NBC_LOSE, NBC_W(32, 32, 4), NBC_LOSE } },
};

KUNIT_ARRAY_PARAM_DESC(nbc_script, nbc_scripts, name);

static void nbc_fixture_end(void *data)
{
	struct nbc_fixture *f = data;

	nbc_cache_destroy(f->cache);
	nbc_store_destroy(&f->store);
}

static void nbc_stop(void *task)
{
	kthread_stop(task);
}

static void *nbc_zalloc(struct kunit *test, size_t bytes)
{
	void *memory = kunit_kzalloc(test, bytes, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, memory);
	return memory;
}

/* A cache of at most @max_units units. */
static struct nbc_fixture *nbc_fixture(struct kunit *test,
				       const struct nbc_geometry *geometry,
				       unsigned int max_units)
{
	struct nbc_fixture *f = nbc_zalloc(test, sizeof(*f));

	nbc_store_create(&f->store);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, nbc_fixture_end, f));
	KUNIT_ASSERT_EQ(test, 0,
			nbc_store_configure(&f->store, geometry->block_bytes,
					    NUMA_NO_NODE));
	f->unit_bytes = max_t(unsigned int, PAGE_SIZE, geometry->block_bytes);
	f->len = NBC_UNITS * f->unit_bytes;
	f->base = (u64)geometry->first_unit * f->unit_bytes;
	f->now = nbc_zalloc(test, f->len);
	f->durable = nbc_zalloc(test, f->len);
	f->data = nbc_zalloc(test, f->len);
	f->cache = nbc_cache_create(&f->store, max_units * f->unit_bytes);
	KUNIT_ASSERT_NOT_NULL(test, f->cache);
	prandom_seed_state(&f->random, 1);
	return f;
}

static void nbc_bio_init(struct bio *bio, struct bio_vec *bv, void *data,
			 size_t len)
{
	bio_init(bio, NULL, bv, 1, REQ_OP_WRITE);
	__bio_add_page(bio, virt_to_page(data), len, offset_in_page(data));
}

/* Reads @len bytes at @offset of the window to the same place of @data. */
static void nbc_read_data(struct nbc_fixture *f, size_t offset, size_t len)
{
	struct bio_vec bv;
	struct bio bio;

	nbc_bio_init(&bio, &bv, f->data + offset, len);
	nbc_store_read(&f->store, &bio, f->base + offset, len);
}

/* 0, or -ENOSPC for BLK_STS_NOSPC; KUnit knows integers. */
static int nbc_write_data(struct nbc_fixture *f, size_t offset, size_t len,
			  bool fua)
{
	struct bio_vec bv;
	struct bio bio;

	nbc_bio_init(&bio, &bv, f->data + offset, len);
	return blk_status_to_errno(nbc_cache_write(f->cache, &bio,
						   f->base + offset, len, fua));
}

static void nbc_write(struct kunit *test, struct nbc_fixture *f, size_t offset,
		      size_t len, bool fua)
{
	prandom_bytes_state(&f->random, f->data + offset, len);
	memcpy(f->now + offset, f->data + offset, len);
	if (fua)
		memcpy(f->durable + offset, f->data + offset, len);
	KUNIT_EXPECT_EQ(test, 0, nbc_write_data(f, offset, len, fua));
}

static void nbc_flush(struct nbc_fixture *f)
{
	nbc_cache_flush(f->cache);
	memcpy(f->durable, f->now, f->len);
}

static void nbc_cut(struct nbc_fixture *f)
{
	nbc_cache_drop(f->cache);
	memcpy(f->now, f->durable, f->len);
}

static void nbc_do(struct kunit *test, struct nbc_fixture *f,
		   enum nbc_step_op op, size_t offset, size_t len)
{
	switch (op) {
	case NBC_WRITE:
	case NBC_FUA:
		nbc_write(test, f, offset, len, op == NBC_FUA);
		break;
	case NBC_FLUSH:
		nbc_flush(f);
		break;
	case NBC_DISCARD:
	case NBC_ZERO:
		memset(f->now + offset, 0, len);
		memset(f->durable + offset, 0, len);
		if (op == NBC_DISCARD)
			nbc_store_discard(&f->store, f->base + offset, len);
		else
			nbc_store_zero(&f->store, f->base + offset, len);
		break;
	case NBC_CUT:
		nbc_cut(f);
		break;
	default:
		KUNIT_FAIL(test, "no operation %d", op);
	}
}

/* How many units in the XArray have the mark of dirty ones. */
static unsigned int nbc_nr_marked(struct nbc_fixture *f)
{
	unsigned int nr = 0;
	unsigned long index;
	struct page *unit;

	xa_for_each_marked(&f->store.units, index, unit, XA_MARK_0)
		nr++;
	return nr;
}

/* Is the window what the model says? */
static void nbc_check(struct kunit *test, struct nbc_fixture *f,
		      const char *what, unsigned int nr)
{
	size_t i;

	KUNIT_EXPECT_EQ_MSG(test, nbc_nr_marked(f), f->store.nr_dirty, "%s %u",
			    what, nr);
	nbc_read_data(f, 0, f->len);
	if (!memcmp(f->data, f->now, f->len))
		return;
	for (i = 0; f->data[i] == f->now[i]; i++)
		;
	KUNIT_FAIL(test, "%s %u: byte %zu of the window is %#x, not %#x", what,
		   nr, i, f->data[i], f->now[i]);
}

static void nbc_run_script(struct kunit *test,
			   const struct nbc_geometry *geometry,
			   const struct nbc_script *script)
{
	struct nbc_fixture *f = nbc_fixture(test, geometry, NBC_UNITS);
	unsigned int eighth = f->unit_bytes / NBC_EIGHTHS, i;
	const struct nbc_step *step = script->steps;

	for (i = 1; i <= NBC_STEPS && step->op != NBC_END; i++, step++) {
		nbc_do(test, f, step->op, step->first * eighth,
		       step->nr * eighth);
		nbc_check(test, f, geometry->name, i);
		KUNIT_EXPECT_EQ_MSG(test, step->dirty, f->store.nr_dirty,
				    "%s, step %u", geometry->name, i);
	}
	kunit_release_action(test, nbc_fixture_end, f);
	KUNIT_EXPECT_TRUE(test, xa_empty(&f->store.units));
}

/* Each script in each geometry; after each step, what is read and what is dirty. */
static void scripts(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nbc_geometries); i++)
		nbc_run_script(test, &nbc_geometries[i], test->param_value);
}

static void nbc_do_random(struct kunit *test, struct nbc_fixture *f)
{
	/* Flushes and power cuts, which come without a range, are rare. */
	static const u8 ops[] = {
		NBC_WRITE, NBC_WRITE, NBC_WRITE, NBC_WRITE, NBC_WRITE, NBC_WRITE,
		NBC_FUA, NBC_FUA, NBC_FUA, NBC_DISCARD, NBC_DISCARD, NBC_ZERO,
		NBC_ZERO, NBC_FLUSH, NBC_CUT, NBC_CUT,
	};
	u32 draw = prandom_u32_state(&f->random);
	unsigned int eighth = f->unit_bytes / NBC_EIGHTHS;
	unsigned int first = (draw >> 8) % (NBC_UNITS * NBC_EIGHTHS);
	unsigned int nr = 1 + (draw >> 16) % (3 * NBC_EIGHTHS);

	nr = min(nr, NBC_UNITS * NBC_EIGHTHS - first);
	nbc_do(test, f, ops[draw % ARRAY_SIZE(ops)], first * eighth,
	       nr * eighth);
}

/* Anything in any order. */
static void any_order(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value, NBC_UNITS);
	unsigned int i;

	for (i = 0; i < 1000 && test->status != KUNIT_FAILURE; i++) {
		nbc_do_random(test, f);
		nbc_check(test, f, "operation", i);
		cond_resched();
	}
}

/*
 * Units 0 to 9 one after the other, with room for 4: from unit 4 on, each one
 * evicts one, so 0 to 5 are durable in the end.
 */
static void evict_the_oldest(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value, 4);
	unsigned int i;

	for (i = 0; i < 10; i++) {
		nbc_write(test, f, i * f->unit_bytes, f->unit_bytes, false);
		nbc_check(test, f, "unit", i);
		KUNIT_EXPECT_EQ(test, min(i + 1, 4), f->store.nr_dirty);
	}
	memcpy(f->durable, f->now, 6 * f->unit_bytes);
	nbc_cut(f);
	nbc_check(test, f, "cut", 0);
}

/*
 * Whatever is written, there never is more than room for, and what is lost in
 * the end are the dirty units.
 */
static void evict_at_random(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value, 3);
	unsigned int i, dirty, lost = 0;

	for (i = 0; i < 500; i++) {
		size_t offset = prandom_u32_state(&f->random) % NBC_UNITS *
				f->unit_bytes;
		size_t len = i % 2 ? f->unit_bytes : f->unit_bytes / 2;

		nbc_write(test, f, offset, len, i % 7 == 0);
		KUNIT_ASSERT_LE(test, f->store.nr_dirty, 3);
		nbc_check(test, f, "write", i);
	}
	dirty = f->store.nr_dirty;
	nbc_cache_drop(f->cache);
	nbc_read_data(f, 0, f->len);
	for (i = 0; i < f->len; i += f->unit_bytes)
		lost += !!memcmp(f->data + i, f->now + i, f->unit_bytes);
	KUNIT_EXPECT_EQ(test, dirty, lost);
}

/* A request larger than the cache. */
static void write_more_than_room(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value, 1);

	nbc_write(test, f, 0, f->len, false);
	nbc_check(test, f, "write", 0);
	KUNIT_EXPECT_EQ(test, 1, f->store.nr_dirty);
	/* All but the last unit had to go. */
	memcpy(f->durable, f->now, f->len - f->unit_bytes);
	nbc_cut(f);
	nbc_check(test, f, "cut", 0);
}

/* Has somebody else than the test a reference on the unit? */
static bool nbc_is_shared(struct page *unit)
{
	return page_count(unit) > 1;
}

/* A flush moves no data: the dirty unit is the durable one. What was, is freed. */
static void flush_keeps_the_unit(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value, NBC_UNITS);
	unsigned long index = f->base >> f->store.unit_shift;
	unsigned long deadline = jiffies + NBC_PATIENCE;
	struct page *old, *new;

	nbc_write(test, f, 0, f->unit_bytes, false);
	nbc_flush(f);
	old = xa_load(&f->store.units, index);
	KUNIT_ASSERT_NOT_NULL(test, old);
	get_page(old);
	nbc_write(test, f, 0, f->unit_bytes / 2, false);
	new = xa_load(&f->store.units, index);
	KUNIT_EXPECT_PTR_NE(test, old, new);
	nbc_flush(f);
	KUNIT_EXPECT_PTR_EQ(test, new, xa_load(&f->store.units, index));
	while (nbc_is_shared(old) && time_before(jiffies, deadline))
		msleep(20);
	KUNIT_EXPECT_FALSE(test, nbc_is_shared(old));
	put_page(old);
}

static void nbc_expect_lost(struct kunit *test, struct nbc_fixture *f, u64 from,
			    s64 lost)
{
	u64 pos = f->base + from * f->unit_bytes;
	bool found = nbc_cache_first_lost(f->cache, &pos);

	KUNIT_EXPECT_EQ(test, lost >= 0, found);
	if (found)
		KUNIT_EXPECT_EQ(test, lost, (s64)(pos - f->base));
}

/* Written in order, with flushes: what was flushed last is the end of what stays. */
static void first_lost(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value, NBC_UNITS);
	unsigned int unit = f->unit_bytes, eighth = unit / NBC_EIGHTHS;

	nbc_expect_lost(test, f, 0, -1);
	nbc_write(test, f, 0, unit + eighth, false);
	nbc_expect_lost(test, f, 0, 0);
	nbc_flush(f);
	nbc_expect_lost(test, f, 0, -1);
	nbc_write(test, f, unit + eighth, eighth, false);
	nbc_write(test, f, unit + 2 * eighth, 2 * unit, false);
	nbc_expect_lost(test, f, 0, unit + eighth);
	nbc_expect_lost(test, f, 2, 2 * unit);
	nbc_cache_flush_range(f->cache, f->base + unit, f->base + 2 * unit);
	nbc_expect_lost(test, f, 0, 2 * unit);
	nbc_cache_flush_range(f->cache, f->base, f->base + 3 * unit + 1);
	nbc_expect_lost(test, f, 0, -1);
}

/* Without memory */

static void nbc_need_failures(struct kunit *test)
{
	if (!mqk_can_fail_pages(test))
		kunit_skip(test, "no fault injection for pages");
}

static void nbc_expect_failed(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 0, mqk_fail_left());
}

/* No memory to lay a dirty unit over a durable one: the latter is written. */
static void write_through_without_memory(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value, NBC_UNITS);
	size_t half = f->unit_bytes / 2;

	nbc_need_failures(test);
	nbc_write(test, f, 0, f->len, false);
	nbc_flush(f);
	mqk_fail_nth(1);
	nbc_write(test, f, half, half, false);
	nbc_expect_failed(test);
	memcpy(f->durable, f->now, f->len);
	nbc_check(test, f, "write", 0);
	KUNIT_EXPECT_EQ(test, 0, f->store.nr_dirty);
	nbc_cut(f);
	nbc_check(test, f, "cut", 0);
}

/* No memory for a unit beneath a dirty one: that becomes durable, all of it. */
static void fua_beneath_without_memory(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value, NBC_UNITS);
	size_t half = f->unit_bytes / 2;

	nbc_need_failures(test);
	nbc_write(test, f, 0, half, false);
	mqk_fail_nth(1);
	nbc_write(test, f, half, half, true);
	nbc_expect_failed(test);
	memcpy(f->durable, f->now, f->len);
	KUNIT_EXPECT_EQ(test, 0, f->store.nr_dirty);
	nbc_cut(f);
	nbc_check(test, f, "cut", 0);
}

/* A hole that cannot be filled stays one. */
static void hole_without_memory(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value, NBC_UNITS);

	nbc_need_failures(test);
	mqk_fail_nth(1);
	KUNIT_EXPECT_EQ(test, -ENOSPC,
			nbc_write_data(f, 0, f->unit_bytes, false));
	nbc_expect_failed(test);
	mqk_fail_nth(1);
	KUNIT_EXPECT_EQ(test, -ENOSPC,
			nbc_write_data(f, 0, f->unit_bytes, true));
	nbc_expect_failed(test);
	nbc_check(test, f, "write", 0);
	KUNIT_EXPECT_TRUE(test, xa_empty(&f->store.units));
}

/* Flush, power cut and writes to dirty units need none. */
static void other_without_memory(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value, NBC_UNITS);

	nbc_need_failures(test);
	nbc_write(test, f, 0, f->len, false);
	mqk_fail_nth(1);
	nbc_write(test, f, 0, f->len, false);
	nbc_flush(f);
	nbc_cut(f);
	KUNIT_EXPECT_EQ(test, 1, mqk_fail_left());
	nbc_check(test, f, "cut", 0);
}

/* Where zeroes hide what is below, a write with FUA is kept as well. */
static void fua_over_what_hides(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value, NBC_UNITS);
	unsigned long first = f->base / f->unit_bytes;

	KUNIT_ASSERT_EQ(test, 0, xa_err(xa_store(&f->store.units, first,
						 XA_ZERO_ENTRY, GFP_KERNEL)));
	nbc_write(test, f, f->unit_bytes / 2, f->unit_bytes / NBC_EIGHTHS, true);
	nbc_check(test, f, "write", 0);
	nbc_cut(f);
	nbc_check(test, f, "cut", 0);
}

static long nbc_none_available(void)
{
	return LONG_MIN / 2;
}

/* A copy of what is in a layer needs memory, and leaves the reserve alone. */
static void layer_without_memory(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value, NBC_UNITS);
	struct nbc_layer *layer;

	nbc_write(test, f, 0, f->len, false);
	nbc_flush(f);
	layer = nbc_layers_freeze(&f->store);
	KUNIT_ASSERT_NOT_NULL(test, layer);
	nbc_layer_put(layer);
	kunit_activate_static_stub(test, nbc_pages_available, nbc_none_available);
	KUNIT_EXPECT_EQ(test, -ENOSPC,
			nbc_write_data(f, 0, f->unit_bytes, false));
	KUNIT_EXPECT_EQ(test, -ENOSPC,
			nbc_write_data(f, 0, f->unit_bytes / 2, true));
	KUNIT_EXPECT_TRUE(test, xa_empty(&f->store.units));
	kunit_deactivate_static_stub(test, nbc_pages_available);
	nbc_check(test, f, "write", 0);
}

/* Requests that meet */

/**
 * struct nbc_writer - a task that writes rising numbers to an eighth of unit 0
 * @f: the fixture
 * @offset: where that is in the window
 * @fua: with FUA?
 * @data: what is written: a number, again and again
 * @done: the last number that was written
 * @failed: how many writes failed
 * @task: the task
 */
struct nbc_writer {
	struct nbc_fixture	*f;
	size_t			offset;
	bool			fua;
	u64			*data;
	u64			done;
	unsigned int		failed;
	struct task_struct	*task;
};

static int nbc_writer_thread(void *data)
{
	struct nbc_writer *w = data;
	unsigned int len = w->f->unit_bytes / NBC_EIGHTHS;
	u64 number;

	for (number = 1; !kthread_should_stop(); number++) {
		struct bio_vec bv;
		struct bio bio;

		memset64(w->data, number, len / sizeof(number));
		nbc_bio_init(&bio, &bv, w->data, len);
		if (nbc_cache_write(w->f->cache, &bio, w->f->base + w->offset,
				    len, w->fua))
			w->failed++;
		/* Pairs with the acquire in nbc_expect_not_older(). */
		smp_store_release(&w->done, number);
		cond_resched();
	}
	return 0;
}

static int nbc_flush_thread(void *data)
{
	struct nbc_fixture *f = data;

	while (!kthread_should_stop()) {
		nbc_cache_flush(f->cache);
		usleep_range(10, 50);
	}
	return 0;
}

static struct task_struct *nbc_thread(struct kunit *test, int (*fn)(void *data),
				      void *data)
{
	struct task_struct *task = kthread_run(fn, data, "null_blk_c_test");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, nbc_stop, task));
	return task;
}

static struct nbc_writer *nbc_writer(struct kunit *test, struct nbc_fixture *f,
				     unsigned int eighth, bool fua)
{
	struct nbc_writer *w = nbc_zalloc(test, sizeof(*w));

	w->f = f;
	w->offset = eighth * f->unit_bytes / NBC_EIGHTHS;
	w->fua = fua;
	w->data = nbc_zalloc(test, f->unit_bytes / NBC_EIGHTHS);
	w->task = nbc_thread(test, nbc_writer_thread, w);
	return w;
}

/* All of an eighth is one number, no older than when the read began. */
static void nbc_expect_not_older(struct kunit *test, struct nbc_writer *w)
{
	unsigned int len = w->f->unit_bytes / NBC_EIGHTHS, i;
	/* Pairs with the release in nbc_writer_thread(). */
	u64 done = smp_load_acquire(&w->done);
	u64 *got = (u64 *)(w->f->data + w->offset);

	nbc_read_data(w->f, w->offset, len);
	KUNIT_ASSERT_GE(test, *got, done);
	for (i = 1; i < len / sizeof(*got); i++)
		KUNIT_ASSERT_EQ(test, *got, got[i]);
}

/*
 * Neighbours in a unit, with FUA and without, while the unit becomes durable
 * again and again: what was written is read, at once and in the end.
 */
static void flush_below_writers(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value, NBC_UNITS);
	unsigned long deadline = jiffies + NBC_PATIENCE;
	struct task_struct *flusher;
	struct nbc_writer *w[3];
	unsigned int i, rounds;

	for (i = 0; i < ARRAY_SIZE(w); i++)
		w[i] = nbc_writer(test, f, 3 * i, i == 1);
	flusher = nbc_thread(test, nbc_flush_thread, f);
	for (rounds = 0; rounds < 2000; rounds++) {
		if (time_after(jiffies, deadline))
			break;
		nbc_expect_not_older(test, w[rounds % ARRAY_SIZE(w)]);
		cond_resched();
	}
	KUNIT_EXPECT_GE(test, rounds, 100);
	kunit_release_action(test, nbc_stop, flusher);
	for (i = 0; i < ARRAY_SIZE(w); i++) {
		kunit_release_action(test, nbc_stop, w[i]->task);
		KUNIT_EXPECT_EQ(test, 0, w[i]->failed);
	}
	for (i = 0; i < ARRAY_SIZE(w); i++) {
		nbc_read_data(f, w[i]->offset, sizeof(u64));
		KUNIT_EXPECT_EQ(test, w[i]->done,
				*(u64 *)(f->data + w[i]->offset));
	}
	/* After a cut, FUA data is as it was. */
	nbc_cache_drop(f->cache);
	nbc_read_data(f, w[1]->offset, sizeof(u64));
	KUNIT_EXPECT_EQ(test, w[1]->done, *(u64 *)(f->data + w[1]->offset));
}

static struct kunit_case nbc_cache_cases[] = {
	KUNIT_CASE_PARAM(scripts, nbc_script_gen_params),
	KUNIT_CASE_PARAM(any_order, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(evict_the_oldest, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(evict_at_random, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(write_more_than_room, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(flush_keeps_the_unit, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(first_lost, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(write_through_without_memory, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(fua_beneath_without_memory, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(hole_without_memory, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(other_without_memory, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(fua_over_what_hides, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(layer_without_memory, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(flush_below_writers, nbc_geometry_gen_params),
	{}
};

static struct kunit_suite nbc_cache_suite = {
	.name = "null_blk_c_cache",
	.test_cases = nbc_cache_cases,
};

kunit_test_suite(nbc_cache_suite);
