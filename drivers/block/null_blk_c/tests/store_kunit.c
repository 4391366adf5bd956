// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the store.
 *
 * Most of them do the same to a store and to a model of it: a flat buffer that
 * says what must be read. The rest looks at what a model cannot say: memory
 * that is given back, memory that is not there, and requests that meet.
 */
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <kunit/test-bug.h>
#include <linux/bio.h>
#include <linux/bits.h>
#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "../unit.h"
#include "../../mqblk/tests/fail_kunit.h"

/* Units in the window that the model covers, if the geometry does not say. */
#define NBC_UNITS		8
/* What a read must not change. No pattern has it, nor has the model. */
#define NBC_GUARD		0xff
/*
 * Patterns are 1, 2 ... 251, again and again, from anywhere on: a prime, so that
 * it shows when data ends up at another sector.
 */
#define NBC_PERIOD		251
#define NBC_TIB			BIT_ULL(40)
/* Longest time that anything may take that has to happen at some time. */
#define NBC_PATIENCE		(60 * HZ)

/**
 * struct nbc_geometry - where the model's window is
 * @name: in words
 * @block_bytes: what the store is configured for
 * @first_unit: first unit of the window; negative ones count back from byte
 *	1 << 63, the end of the longest device
 * @nr_units: length of the window, 0 for NBC_UNITS
 */
struct nbc_geometry {
	const char	*name;
	unsigned int	block_bytes;
	s64		first_unit;
	unsigned int	nr_units;
};

/* A node of the XArray has 64 slots: 63 and 4095 are the last ones of nodes. */
static const struct nbc_geometry nbc_geometries[] = {
	{ "units of a page",		512,	0 },
	{ "blocks of 4096",		4096,	0 },
	{ "units 60 to 67",		512,	60 },
	{ "units 4092 to 4099",		512,	4092 },
	{ "units before the last page",	512,	-9 },
	{ "units of 16 KiB",		16384,	0 },
	{ "units of 16 KiB, 60 to 67",	16384,	60 },
	{ "units of 16 KiB, the last",	16384,	-8 },
};

KUNIT_ARRAY_PARAM_DESC(nbc_geometry, nbc_geometries, name);

/**
 * struct nbc_extent - a range of the window
 * @name: in words
 * @unit: where it begins, in units
 * @sects: and in sectors; may be negative
 * @units: how long it is, in units
 * @more: and in sectors; may be negative
 * @whole: how many units lie in it completely
 */
struct nbc_extent {
	const char	*name;
	int		unit;
	int		sects;
	int		units;
	int		more;
	unsigned int	whole;
};

/* Between units 3 and 4 is where some geometries have the end of a node. */
static const struct nbc_extent nbc_extents[] = {
	{ "first sector of a unit",	3, 0,	0, 1,	0 },
	{ "last sector of a unit",	4, -1,	0, 1,	0 },
	{ "begin of a unit",		4, 0,	0, 3,	0 },
	{ "middle of a unit",		3, 2,	0, 3,	0 },
	{ "end of a unit",		4, -3,	0, 3,	0 },
	{ "a unit",			3, 0,	1, 0,	1 },
	{ "end and begin",		4, -3,	0, 5,	0 },
	{ "two units",			3, 0,	2, 0,	2 },
	{ "end, unit and begin",	3, -1,	1, 3,	1 },	/* 3 */
	{ "middle to middle",		1, 5,	5, -2,	4 },	/* 2 to 5 */
	{ "all but the outer sectors",	0, 1,	8, -2,	6 },	/* 1 to 6 */
	{ "everything",			0, 0,	8, 0,	8 },
};

/**
 * struct nbc_layout - how a request's data lies in memory
 * @name: in words
 * @start: where the first segment begins
 * @gap: bytes between segments
 * @lens: lengths of segments, again and again; the first 0 means all there is
 * @per_bio: segments in a bio, 0 for any number in the only one
 */
struct nbc_layout {
	const char	*name;
	unsigned int	start;
	unsigned int	gap;
	unsigned int	lens[4];
	unsigned int	per_bio;
};

/* Odd lengths: 505 + 7 + 1531 + 517 are five sectors. */
static const struct nbc_layout nbc_layouts[] = {
	{ "one segment",	0,	0,	{ } },
	{ "sectors",		512,	512,	{ 512, 512, 512, 512 } },
	{ "odd segments",	7,	3,	{ 505, 7, 1531, 517 } },
	{ "bios",		512,	512,	{ 512, 1024, 4096, 512 }, 2 },
	{ "odd bios",		2047,	1,	{ 505, 7, 1531, 517 }, 1 },
};

#define NBC_PLAIN	(&nbc_layouts[0])
#define NBC_ODD		(&nbc_layouts[2])

/**
 * struct nbc_segment - a segment's place in the memory of a struct nbc_io
 * @at: first byte
 * @len: number of bytes
 */
struct nbc_segment {
	size_t	at;
	size_t	len;
};

/**
 * struct nbc_io - memory for requests, and the bios over it
 * @memory: what the segments lie in
 * @memory_bytes: its size
 * @used_bytes: how much of it the present request may use, gaps included
 * @max_segs: room in the arrays below
 * @nr_segs: segments of the present request
 * @nr_bios: its bios
 * @segs: its segments
 * @bvecs: the same for the bios
 * @bios: its bios
 * @was: copies of @bios and @bvecs, to see that they don't change
 */
struct nbc_io {
	u8			*memory;
	size_t			memory_bytes;
	size_t			used_bytes;
	unsigned int		max_segs;
	unsigned int		nr_segs;
	unsigned int		nr_bios;
	struct nbc_segment	*segs;
	struct bio_vec		*bvecs;
	struct bio		*bios;
	struct {
		struct bio_vec	*bvecs;
		struct bio	*bios;
	} was;
};

/**
 * struct nbc_fixture - a store and its model
 * @store: the store
 * @unit_bytes: size of its units
 * @base: byte of the store that the window begins at
 * @len: length of the window
 * @model: what must be read in the window
 * @data: data on its way, at the same offsets
 * @pattern: what patterns are cut from
 * @io: for requests up to the size of the window
 * @seed: number of the last pattern
 */
struct nbc_fixture {
	struct nbc_store	store;
	unsigned int		unit_bytes;
	u64			base;
	size_t			len;
	u8			*model;
	u8			*data;
	u8			*pattern;
	struct nbc_io		*io;
	unsigned int		seed;
};

KUNIT_DEFINE_ACTION_WRAPPER(nbc_destroy, nbc_store_destroy, struct nbc_store *);
KUNIT_DEFINE_ACTION_WRAPPER(nbc_stop, kthread_stop, struct task_struct *);

static void *nbc_zalloc(struct kunit *test, size_t nr, size_t bytes)
{
	void *memory = kunit_kcalloc(test, nr, bytes, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, memory);
	return memory;
}

/* No gap is longer than the segments around it. */
static size_t nbc_io_bytes(size_t len)
{
	return 2 * len + SZ_4K;
}

/* Room for a request of @len bytes in any layout. */
static struct nbc_io *nbc_io_alloc(struct kunit *test, size_t len)
{
	struct nbc_io *io = nbc_zalloc(test, 1, sizeof(*io));

	io->memory_bytes = nbc_io_bytes(len);
	io->memory = nbc_zalloc(test, 1, io->memory_bytes);
	io->max_segs = len / SECTOR_SIZE + ARRAY_SIZE(nbc_layouts[0].lens);
	io->segs = nbc_zalloc(test, io->max_segs, sizeof(*io->segs));
	io->bvecs = nbc_zalloc(test, io->max_segs, sizeof(*io->bvecs));
	io->bios = nbc_zalloc(test, io->max_segs, sizeof(*io->bios));
	io->was.bvecs = nbc_zalloc(test, io->max_segs, sizeof(*io->bvecs));
	io->was.bios = nbc_zalloc(test, io->max_segs, sizeof(*io->bios));
	return io;
}

/* Puts a segment into the last bio, or into a new one behind it. */
static void nbc_io_add(struct kunit *test, struct nbc_io *io,
		       const struct nbc_layout *layout, size_t at, size_t len)
{
	unsigned int max = layout->per_bio ?: io->max_segs;
	u8 *memory = io->memory + at;
	struct bio *bio;

	KUNIT_ASSERT_LT(test, io->nr_segs, io->max_segs);
	KUNIT_ASSERT_LE(test, at + len, io->used_bytes);
	if (io->nr_segs % max == 0) {
		bio = &io->bios[io->nr_bios++];
		bio_init(bio, NULL, &io->bvecs[io->nr_segs], max, REQ_OP_WRITE);
		if (io->nr_bios > 1)
			bio[-1].bi_next = bio;
	}
	bio = &io->bios[io->nr_bios - 1];
	KUNIT_ASSERT_EQ(test, len,
			bio_add_page(bio, virt_to_page(memory), len,
				     offset_in_page(memory)));
	io->segs[io->nr_segs].at = at;
	io->segs[io->nr_segs].len = len;
	io->nr_segs++;
}

/* Makes bios for @len bytes; the memory is all guard. Returns the first. */
static struct bio *nbc_io_build(struct kunit *test, struct nbc_io *io,
				const struct nbc_layout *layout, size_t len)
{
	size_t part, at = layout->start;
	unsigned int nr;

	io->nr_segs = 0;
	io->nr_bios = 0;
	io->used_bytes = nbc_io_bytes(len);
	memset(io->memory, NBC_GUARD, io->used_bytes);
	for (nr = 0; len; nr++) {
		part = layout->lens[nr % ARRAY_SIZE(layout->lens)] ?: len;
		part = min(part, len);
		nbc_io_add(test, io, layout, at, part);
		at += part + layout->gap;
		len -= part;
	}
	memcpy(io->was.bvecs, io->bvecs, io->nr_segs * sizeof(*io->bvecs));
	memcpy(io->was.bios, io->bios, io->nr_bios * sizeof(*io->bios));
	return io->bios;
}

static void nbc_io_expect_unchanged(struct kunit *test, struct nbc_io *io,
				    const char *what)
{
	KUNIT_EXPECT_EQ_MSG(test, 0,
			    memcmp(io->was.bios, io->bios,
				   io->nr_bios * sizeof(*io->bios)),
			    "%s: a bio has changed", what);
	KUNIT_EXPECT_EQ_MSG(test, 0,
			    memcmp(io->was.bvecs, io->bvecs,
				   io->nr_segs * sizeof(*io->bvecs)),
			    "%s: a segment has changed", what);
}

/* From a flat buffer to the segments. */
static void nbc_io_scatter(struct nbc_io *io, const u8 *data)
{
	unsigned int i;

	for (i = 0; i < io->nr_segs; i++) {
		memcpy(io->memory + io->segs[i].at, data, io->segs[i].len);
		data += io->segs[i].len;
	}
}

/* From the segments to a flat buffer. Nothing but the segments has changed. */
static void nbc_io_gather(struct kunit *test, struct nbc_io *io, u8 *data,
			  const char *what)
{
	unsigned int i;

	for (i = 0; i < io->nr_segs; i++) {
		memcpy(data, io->memory + io->segs[i].at, io->segs[i].len);
		memset(io->memory + io->segs[i].at, NBC_GUARD, io->segs[i].len);
		data += io->segs[i].len;
	}
	KUNIT_EXPECT_NULL_MSG(test,
			      memchr_inv(io->memory, NBC_GUARD, io->used_bytes),
			      "%s: written beside the segments", what);
}

static struct nbc_fixture *nbc_fixture(struct kunit *test,
				       const struct nbc_geometry *geometry)
{
	struct nbc_fixture *f = nbc_zalloc(test, 1, sizeof(*f));
	s64 first = geometry->first_unit;
	size_t i;

	nbc_store_create(&f->store);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, nbc_destroy,
						  &f->store));
	KUNIT_ASSERT_EQ(test, 0,
			nbc_store_configure(&f->store, geometry->block_bytes,
					    NUMA_NO_NODE));
	f->unit_bytes = max_t(unsigned int, PAGE_SIZE, geometry->block_bytes);
	f->len = (geometry->nr_units ?: NBC_UNITS) * f->unit_bytes;
	f->base = first * f->unit_bytes;
	if (first < 0)
		f->base += 1ULL << 63;
	f->model = nbc_zalloc(test, 1, f->len);
	f->data = nbc_zalloc(test, 1, f->len);
	f->pattern = nbc_zalloc(test, 1, f->len + NBC_PERIOD);
	for (i = 0; i < f->len + NBC_PERIOD; i++)
		f->pattern[i] = i % NBC_PERIOD + 1;
	f->io = nbc_io_alloc(test, f->len);
	return f;
}

static size_t nbc_extent_offset(const struct nbc_fixture *f,
				const struct nbc_extent *extent)
{
	return extent->unit * (int)f->unit_bytes + extent->sects * SECTOR_SIZE;
}

static size_t nbc_extent_len(const struct nbc_fixture *f,
			     const struct nbc_extent *extent)
{
	return extent->units * (int)f->unit_bytes + extent->more * SECTOR_SIZE;
}

static unsigned int nbc_units_stored(struct nbc_store *store)
{
	unsigned int nr = 0;
	unsigned long index;
	struct page *unit;

	xa_for_each(&store->units, index, unit)
		nr++;
	return nr;
}

/* Another pattern each time */
static void nbc_pattern(struct nbc_fixture *f, u8 *data, size_t len)
{
	memcpy(data, f->pattern + ++f->seed * 97 % NBC_PERIOD, len);
}

static void nbc_expect_model(struct kunit *test, const struct nbc_fixture *f,
			     const u8 *data, size_t offset, size_t len,
			     const char *what)
{
	const u8 *model = f->model + offset;
	size_t i;

	if (!memcmp(data, model, len))
		return;
	for (i = 0; data[i] == model[i]; i++)
		;
	KUNIT_FAIL(test, "%s: byte %zu of the window is %#x, not %#x", what,
		   offset + i, data[i], model[i]);
}

static void nbc_read(struct kunit *test, struct nbc_fixture *f,
		     const struct nbc_layout *layout, size_t offset, size_t len,
		     const char *what)
{
	struct bio *bio = nbc_io_build(test, f->io, layout, len);

	nbc_store_read(&f->store, bio, f->base + offset, len);
	nbc_io_expect_unchanged(test, f->io, what);
	nbc_io_gather(test, f->io, f->data, what);
	nbc_expect_model(test, f, f->data, offset, len, what);
}

/* Is the window what the model says? */
static void nbc_check(struct kunit *test, struct nbc_fixture *f,
		      const char *what)
{
	nbc_read(test, f, NBC_PLAIN, 0, f->len, what);
}

/* 0, or -ENOSPC for BLK_STS_NOSPC; KUnit knows integers. */
static int nbc_write_bios(struct nbc_store *store, struct bio *bio, u64 pos,
			  size_t len)
{
	return blk_status_to_errno(nbc_store_write(store, bio, pos, len));
}

/* Writes what @data is by now; the model is not told. */
static int nbc_write_data(struct kunit *test, struct nbc_fixture *f,
			  const struct nbc_layout *layout, size_t offset,
			  size_t len, const char *what)
{
	struct bio *bio = nbc_io_build(test, f->io, layout, len);
	int ret;

	nbc_io_scatter(f->io, f->data);
	ret = nbc_write_bios(&f->store, bio, f->base + offset, len);
	nbc_io_expect_unchanged(test, f->io, what);
	return ret;
}

static void nbc_write(struct kunit *test, struct nbc_fixture *f,
		      const struct nbc_layout *layout, size_t offset,
		      size_t len, const char *what)
{
	nbc_pattern(f, f->data, len);
	memcpy(f->model + offset, f->data, len);
	KUNIT_EXPECT_EQ_MSG(test, 0,
			    nbc_write_data(test, f, layout, offset, len, what),
			    "%s", what);
}

static void nbc_fill(struct kunit *test, struct nbc_fixture *f)
{
	nbc_write(test, f, NBC_PLAIN, 0, f->len, "fill");
}

static void nbc_discard(struct nbc_fixture *f, size_t offset, size_t len)
{
	memset(f->model + offset, 0, len);
	nbc_store_discard(&f->store, f->base + offset, len);
}

static void nbc_zero(struct nbc_fixture *f, size_t offset, size_t len)
{
	memset(f->model + offset, 0, len);
	nbc_store_zero(&f->store, f->base + offset, len);
}

static void nbc_empty(struct nbc_fixture *f)
{
	nbc_discard(f, 0, f->len);
}

/* Every second unit of a full window becomes a hole. */
static void nbc_fill_half(struct kunit *test, struct nbc_fixture *f)
{
	size_t offset;

	nbc_fill(test, f);
	for (offset = 0; offset < f->len; offset += 2 * f->unit_bytes)
		nbc_discard(f, offset, f->unit_bytes);
}

/* Reads, writes, discards: every extent */

/* What a request is called in a message */
struct nbc_what {
	char text[64];
};

static const char *nbc_what(struct nbc_what *what,
			    const struct nbc_extent *extent,
			    const struct nbc_layout *layout)
{
	snprintf(what->text, sizeof(what->text), "%s, %s", extent->name,
		 layout->name);
	return what->text;
}

typedef void (*nbc_request_fn)(struct kunit *test, struct nbc_fixture *f,
			       const struct nbc_layout *layout, size_t offset,
			       size_t len, const char *what);

/* Calls @request with every extent in every layout. */
static void nbc_each_request(struct kunit *test, nbc_request_fn request)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value);
	struct nbc_what what;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(nbc_extents); i++)
		for (j = 0; j < ARRAY_SIZE(nbc_layouts); j++)
			request(test, f, &nbc_layouts[j],
				nbc_extent_offset(f, &nbc_extents[i]),
				nbc_extent_len(f, &nbc_extents[i]),
				nbc_what(&what, &nbc_extents[i],
					 &nbc_layouts[j]));
}

static void nbc_read_holes(struct kunit *test, struct nbc_fixture *f,
			   const struct nbc_layout *layout, size_t offset,
			   size_t len, const char *what)
{
	nbc_read(test, f, layout, offset, len, what);
	KUNIT_EXPECT_TRUE_MSG(test, xa_empty(&f->store.units), "%s", what);
}

/* Nothing was written: all is zero, and stays a hole. */
static void read_from_holes(struct kunit *test)
{
	nbc_each_request(test, nbc_read_holes);
}

static void nbc_read_half(struct kunit *test, struct nbc_fixture *f,
			  const struct nbc_layout *layout, size_t offset,
			  size_t len, const char *what)
{
	if (xa_empty(&f->store.units))
		nbc_fill_half(test, f);
	nbc_read(test, f, layout, offset, len, what);
}

/* Units and holes take turns. */
static void read_units_and_holes(struct kunit *test)
{
	nbc_each_request(test, nbc_read_half);
}

static void nbc_write_holes(struct kunit *test, struct nbc_fixture *f,
			    const struct nbc_layout *layout, size_t offset,
			    size_t len, const char *what)
{
	nbc_empty(f);
	nbc_write(test, f, layout, offset, len, what);
	nbc_check(test, f, what);
}

/* The rest of a unit that is written in part is zero. */
static void write_into_holes(struct kunit *test)
{
	nbc_each_request(test, nbc_write_holes);
}

static void nbc_write_units(struct kunit *test, struct nbc_fixture *f,
			    const struct nbc_layout *layout, size_t offset,
			    size_t len, const char *what)
{
	if (xa_empty(&f->store.units))
		nbc_fill(test, f);
	nbc_write(test, f, layout, offset, len, what);
	nbc_check(test, f, what);
	KUNIT_EXPECT_EQ_MSG(test, NBC_UNITS, nbc_units_stored(&f->store), "%s",
			    what);
}

/* What is beside the write stays as it was. */
static void write_over_units(struct kunit *test)
{
	nbc_each_request(test, nbc_write_units);
}

static void nbc_write_half(struct kunit *test, struct nbc_fixture *f,
			   const struct nbc_layout *layout, size_t offset,
			   size_t len, const char *what)
{
	nbc_fill_half(test, f);
	nbc_write(test, f, layout, offset, len, what);
	nbc_check(test, f, what);
}

static void write_over_units_and_holes(struct kunit *test)
{
	nbc_each_request(test, nbc_write_half);
}

/* Units that lie in the extent go, parts at its ends are zeroed. */
static void discard(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value);
	const struct nbc_extent *extent = nbc_extents;

	for (; extent < nbc_extents + ARRAY_SIZE(nbc_extents); extent++) {
		nbc_fill(test, f);
		nbc_discard(f, nbc_extent_offset(f, extent),
			    nbc_extent_len(f, extent));
		nbc_check(test, f, extent->name);
		KUNIT_EXPECT_EQ_MSG(test, NBC_UNITS - extent->whole,
				    nbc_units_stored(&f->store), "%s",
				    extent->name);
		/* The holes can be filled again. */
		nbc_write(test, f, NBC_ODD, 0, f->len, extent->name);
		nbc_check(test, f, extent->name);
	}
}

static void discard_units_and_holes(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value);
	const struct nbc_extent *extent = nbc_extents;

	for (; extent < nbc_extents + ARRAY_SIZE(nbc_extents); extent++) {
		nbc_fill_half(test, f);
		nbc_discard(f, nbc_extent_offset(f, extent),
			    nbc_extent_len(f, extent));
		nbc_check(test, f, extent->name);
		/* Once more: there is nothing. */
		nbc_discard(f, nbc_extent_offset(f, extent),
			    nbc_extent_len(f, extent));
		nbc_check(test, f, extent->name);
	}
}

/* All units stay, zeroed to the byte. */
static void zero(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value);
	const struct nbc_extent *extent = nbc_extents;

	for (; extent < nbc_extents + ARRAY_SIZE(nbc_extents); extent++) {
		nbc_fill(test, f);
		nbc_zero(f, nbc_extent_offset(f, extent),
			 nbc_extent_len(f, extent));
		nbc_check(test, f, extent->name);
		KUNIT_EXPECT_EQ_MSG(test, NBC_UNITS,
				    nbc_units_stored(&f->store), "%s",
				    extent->name);
	}
}

/* Holes stay holes. */
static void zero_units_and_holes(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value);
	const struct nbc_extent *extent = nbc_extents;

	for (; extent < nbc_extents + ARRAY_SIZE(nbc_extents); extent++) {
		nbc_fill_half(test, f);
		nbc_zero(f, nbc_extent_offset(f, extent),
			 nbc_extent_len(f, extent));
		nbc_check(test, f, extent->name);
		KUNIT_EXPECT_EQ_MSG(test, NBC_UNITS / 2,
				    nbc_units_stored(&f->store), "%s",
				    extent->name);
	}
}

/* Ranges and counts that the window does not show */

/*
 * A TiB has 2^28 pages: if they were visited one by one, that would take much
 * longer. The bytes of units 0 and 4097 are what is there.
 */
static void discard_huge(struct kunit *test)
{
	static const struct nbc_geometry at_0 = { "", 512, 0 };
	static const struct nbc_geometry far = { "", 512, 4097 };
	const struct nbc_geometry *geometries[] = { &at_0, &far };
	unsigned long begin;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(geometries); i++) {
		struct nbc_fixture *f = nbc_fixture(test, geometries[i]);

		nbc_write(test, f, NBC_PLAIN, 0, SECTOR_SIZE, "a sector");
		begin = jiffies;
		nbc_store_zero(&f->store, 0, NBC_TIB);
		memset(f->model, 0, f->len);
		nbc_check(test, f, "zero");
		KUNIT_EXPECT_FALSE(test, xa_empty(&f->store.units));
		nbc_store_discard(&f->store, 0, NBC_TIB);
		KUNIT_EXPECT_TRUE(test, xa_empty(&f->store.units));
		/* And of an empty store. */
		nbc_store_discard(&f->store, SECTOR_SIZE, NBC_TIB);
		nbc_store_zero(&f->store, SECTOR_SIZE, NBC_TIB);
		KUNIT_EXPECT_TRUE(test, time_before(jiffies, begin + 5 * HZ));
		nbc_check(test, f, "discard");
	}
}

/*
 * The range ends in the middle of a node, or begins there: what is outside
 * stays. The three nodes of units 0 to 191 are full.
 */
static void discard_parts_of_nodes(struct kunit *test)
{
	static const struct nbc_geometry nodes = { "", 512, 0, 192 };
	static const struct {
		unsigned int first, nr;
	} ranges[] = {
		{ 0, 64 }, { 64, 64 }, { 128, 64 },	/* one node */
		{ 0, 128 }, { 64, 128 }, { 0, 192 },	/* some */
		{ 1, 63 }, { 0, 63 }, { 64, 1 }, { 127, 1 },	/* part of one */
		{ 63, 2 }, { 127, 2 },			/* of two */
		{ 63, 66 }, { 62, 67 }, { 1, 190 },	/* one and parts */
		{ 64, 65 }, { 63, 65 },
	};
	struct nbc_fixture *f = nbc_fixture(test, &nodes);
	struct nbc_what what;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		snprintf(what.text, sizeof(what.text), "%u units at %u",
			 ranges[i].nr, ranges[i].first);
		nbc_fill(test, f);
		nbc_discard(f, ranges[i].first * f->unit_bytes,
			    ranges[i].nr * f->unit_bytes);
		nbc_check(test, f, what.text);
		KUNIT_EXPECT_EQ_MSG(test, 192 - ranges[i].nr,
				    nbc_units_stored(&f->store), "%s",
				    what.text);
	}
}

/* Writes @nr units from @first on. Unit i gets page (i + shift) % 7 of @data. */
static void nbc_write_many(struct kunit *test, struct nbc_fixture *f,
			   unsigned int first, unsigned int nr,
			   unsigned int shift)
{
	struct bio_vec *bvecs = nbc_zalloc(test, nr, sizeof(*bvecs));
	struct bio bio;
	unsigned int i;

	bio_init(&bio, NULL, bvecs, nr, REQ_OP_WRITE);
	for (i = first; i < first + nr; i++)
		KUNIT_ASSERT_EQ(test, PAGE_SIZE,
				bio_add_page(&bio,
					     virt_to_page(f->io->memory +
							  (i + shift) % 7 *
							  PAGE_SIZE),
					     PAGE_SIZE, 0));
	nbc_pattern(f, f->data, 7 * PAGE_SIZE);
	memcpy(f->io->memory, f->data, 7 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 0,
			nbc_write_bios(&f->store, &bio, (u64)first * PAGE_SIZE,
				       nr * PAGE_SIZE));
}

/* Reads what nbc_write_many() wrote, and the neighbours, in many windows. */
static void nbc_check_many(struct kunit *test, struct nbc_fixture *f,
			   unsigned int first, unsigned int nr,
			   unsigned int shift, const char *what)
{
	unsigned int window = f->len / PAGE_SIZE, begin, i;
	u8 *pages = nbc_zalloc(test, 7, PAGE_SIZE);

	memcpy(pages, f->data, 7 * PAGE_SIZE);
	for (begin = first - 5; begin < first + nr + 5; begin += window) {
		memset(f->model, 0, f->len);
		for (i = begin; i < begin + window; i++)
			if (i >= first && i < first + nr)
				memcpy(f->model + (i - begin) * PAGE_SIZE,
				       pages + (i + shift) % 7 * PAGE_SIZE,
				       PAGE_SIZE);
		f->base = (u64)begin * PAGE_SIZE;
		nbc_check(test, f, what);
	}
}

/*
 * Requests pause after every 256 units, and memory is looked at after every 256
 * new ones. Units 250 to 769 are 520, over unit 256, 512 and 768.
 */
static void pause_in_long_requests(struct kunit *test)
{
	static const struct nbc_geometry window = { "", 512, 0, 37 };
	struct nbc_fixture *f = nbc_fixture(test, &window);

	nbc_write_many(test, f, 250, 520, 0);
	KUNIT_EXPECT_EQ(test, 520, nbc_units_stored(&f->store));
	nbc_check_many(test, f, 250, 520, 0, "into holes");

	nbc_write_many(test, f, 250, 520, 3);
	KUNIT_EXPECT_EQ(test, 520, nbc_units_stored(&f->store));
	nbc_check_many(test, f, 250, 520, 3, "over units");

	nbc_store_discard(&f->store, 255 * PAGE_SIZE, 2 * PAGE_SIZE);
	nbc_store_discard(&f->store, 511 * PAGE_SIZE, PAGE_SIZE);
	nbc_store_discard(&f->store, 768 * PAGE_SIZE, PAGE_SIZE);
	nbc_write_many(test, f, 250, 520, 5);
	KUNIT_EXPECT_EQ(test, 520, nbc_units_stored(&f->store));
	nbc_check_many(test, f, 250, 520, 5, "over both");
}

/* Units given back */

/* References to units of a store, which show when the store has let go. */
struct nbc_held {
	struct page	*units[NBC_UNITS];
};

static void nbc_let_go(void *data)
{
	struct nbc_held *held = data;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(held->units); i++)
		if (held->units[i])
			put_page(held->units[i]);
}

static struct nbc_held *nbc_hold(struct kunit *test, struct nbc_fixture *f)
{
	struct nbc_held *held = nbc_zalloc(test, 1, sizeof(*held));
	unsigned long first = f->base >> f->store.unit_shift;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, nbc_let_go, held));
	for (i = 0; i < ARRAY_SIZE(held->units); i++) {
		struct page *unit = xa_load(&f->store.units, first + i);

		KUNIT_ASSERT_NOT_NULL(test, unit);
		get_page(unit);
		held->units[i] = unit;
	}
	return held;
}

/* How many of the units are ours only? */
static unsigned int nbc_nr_freed(struct nbc_held *held)
{
	unsigned int i, nr = 0;

	for (i = 0; i < ARRAY_SIZE(held->units); i++)
		nr += page_count(held->units[i]) == 1;
	return nr;
}

/* Fills the window, and discards four units of it in two pieces. */
static struct nbc_held *nbc_discard_four(struct kunit *test,
					 struct nbc_fixture *f)
{
	struct nbc_held *held;

	nbc_fill(test, f);
	held = nbc_hold(test, f);
	/* The second one is likely to come while the first one's units wait. */
	nbc_discard(f, 0, 2 * f->unit_bytes);
	nbc_discard(f, 2 * f->unit_bytes, 2 * f->unit_bytes);
	return held;
}

/* Discard frees memory by and by, without more requests or the store's end. */
static void discard_frees(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value);
	unsigned long deadline = jiffies + NBC_PATIENCE;
	struct nbc_held *held = nbc_discard_four(test, f);

	nbc_discard(f, 4 * f->unit_bytes, f->unit_bytes);
	while (nbc_nr_freed(held) < 5 && time_before(jiffies, deadline))
		msleep(20);
	KUNIT_EXPECT_EQ(test, 5, nbc_nr_freed(held));
	nbc_check(test, f, "discard");
}

/* Who waits for memory waits for all of it, also for what was taken out meanwhile. */
static void reaper_waits_for_all(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value);
	struct nbc_held *held = nbc_discard_four(test, f);

	nbc_reaper_wait(&f->store.reaper);
	KUNIT_EXPECT_EQ(test, 4, nbc_nr_freed(held));
	nbc_check(test, f, "discard");
}

/* There is memory once all that was discarded is free. */
static long nbc_available_when_freed(void)
{
	struct kunit *test = kunit_get_current_test();

	return nbc_nr_freed(test->priv) == 4 ? LONG_MAX / 2 : LONG_MIN / 2;
}

/* A write does not fail while memory of another store waits for its grace period. */
static void memory_left_waits_for_all_stores(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value);

	test->priv = nbc_discard_four(test, f);
	kunit_activate_static_stub(test, nbc_pages_available,
				   nbc_available_when_freed);
	KUNIT_EXPECT_TRUE(test, nbc_memory_left());
	KUNIT_EXPECT_EQ(test, 4, nbc_nr_freed(test->priv));
}

/**
 * struct nbc_discard_work - discard of the window, by another task
 * @work: does it
 * @f: the fixture
 */
struct nbc_discard_work {
	struct work_struct	work;
	struct nbc_fixture	*f;
};

static void nbc_discard_by_work(struct work_struct *work)
{
	struct nbc_fixture *f =
		container_of(work, struct nbc_discard_work, work)->f;

	nbc_store_discard(&f->store, f->base, f->len);
}

/* Units that somebody found before the discard stay until he is gone. */
static void discard_waits_for_others(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value);
	struct nbc_discard_work *discard = nbc_zalloc(test, 1, sizeof(*discard));
	unsigned long deadline = jiffies + NBC_PATIENCE;
	unsigned int nr_freed;
	struct nbc_held *held;

	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");
	nbc_fill(test, f);
	held = nbc_hold(test, f);
	discard->f = f;
	INIT_WORK(&discard->work, nbc_discard_by_work);
	rcu_read_lock();
	schedule_work(&discard->work);
	while (!xa_empty(&f->store.units) && time_before(jiffies, deadline))
		cpu_relax();
	/* What need not wait for us is done after this time. */
	mdelay(20);
	nr_freed = nbc_nr_freed(held);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, 0, nr_freed);
	flush_work(&discard->work);
	KUNIT_EXPECT_TRUE(test, xa_empty(&f->store.units));
	while (nbc_nr_freed(held) < NBC_UNITS && time_before(jiffies, deadline))
		msleep(20);
	KUNIT_EXPECT_EQ(test, NBC_UNITS, nbc_nr_freed(held));
}

/*
 * The end of a store with some units in it, some that wait for a grace period,
 * and some that wait for that one's end.
 */
static void destroy_with_units_retired(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value);
	struct nbc_held *held = nbc_discard_four(test, f);

	kunit_release_action(test, nbc_destroy, &f->store);
	KUNIT_EXPECT_EQ(test, NBC_UNITS, nbc_nr_freed(held));
	KUNIT_EXPECT_TRUE(test, xa_empty(&f->store.units));
}

static void destroy_empty(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value);

	kunit_release_action(test, nbc_destroy, &f->store);
	KUNIT_EXPECT_TRUE(test, xa_empty(&f->store.units));
}

/* Configuration */

/**
 * struct nbc_change - of the block size
 * @name: in words
 * @before: block size that the store has
 * @data: is there data?
 * @after: block size that it shall have
 * @ret: what nbc_store_configure() returns
 * @unit_bytes: size of units after it, 0 for a page
 */
struct nbc_change {
	const char	*name;
	unsigned int	before;
	bool		data;
	unsigned int	after;
	int		ret;
	unsigned int	unit_bytes;
};

static const struct nbc_change nbc_changes[] = {
	{ "empty, small blocks",	512,	false,	1024,	0,	0 },
	{ "empty, larger units",	512,	false,	SZ_64K,	0,	SZ_64K },
	{ "empty, smaller units",	SZ_64K,	false,	512,	0,	0 },
	{ "data, the same",		512,	true,	512,	0,	0 },
	{ "data, larger blocks",	512,	true,	4096,	0,	0 },
	{ "data, smaller blocks",	4096,	true,	512,	0,	0 },
	{ "data, larger units",		512,	true,	SZ_64K,	-EINVAL, 0 },
	{ "data, units stay",		SZ_64K,	true,	SZ_64K,	0,	SZ_64K },
	{ "data, units stay larger",	SZ_64K,	true,	512,	0,	SZ_64K },
	{ "data, units even larger",	SZ_64K,	true,	SZ_128K, -EINVAL,
	  SZ_64K },
};

KUNIT_ARRAY_PARAM_DESC(nbc_change, nbc_changes, name);

/* Larger units need an empty store; after a refusal, the data is still there. */
static void configure(struct kunit *test)
{
	const struct nbc_change *change = test->param_value;
	const struct nbc_geometry before = { "", change->before, 2 };
	struct nbc_fixture *f = nbc_fixture(test, &before);

	if (change->data)
		nbc_fill_half(test, f);
	KUNIT_EXPECT_EQ(test, change->ret,
			nbc_store_configure(&f->store, change->after, 0));
	KUNIT_EXPECT_EQ(test, change->ret ? NUMA_NO_NODE : 0, f->store.node);
	KUNIT_EXPECT_EQ(test,
			ilog2(max_t(unsigned long, change->unit_bytes,
				    PAGE_SIZE)),
			f->store.unit_shift);
	/* A snapshot says the block size that its clones can be configured for. */
	KUNIT_EXPECT_EQ(test, 0,
			nbc_store_configure(&f->store,
					    nbc_store_block_bytes(&f->store, change->after),
					    f->store.node));
	nbc_check(test, f, "configured");
	nbc_write(test, f, NBC_ODD, SECTOR_SIZE, f->len - SECTOR_SIZE, "write");
	nbc_check(test, f, "written");

	nbc_store_discard(&f->store, 0, SZ_1M);
	KUNIT_EXPECT_EQ(test, 0,
			nbc_store_configure(&f->store, change->after,
					    NUMA_NO_NODE));
	KUNIT_EXPECT_EQ(test, NUMA_NO_NODE, f->store.node);
	KUNIT_EXPECT_EQ(test,
			ilog2(max_t(unsigned long, change->after, PAGE_SIZE)),
			f->store.unit_shift);
}

/* Without memory */

/*
 * One unit is a hole, and finds no memory: those before it are written, and
 * those behind it are not.
 */
static void write_without_memory(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value);
	size_t hole;

	if (!mqk_can_fail_pages(test))
		kunit_skip(test, "no fault injection for pages");

	for (hole = 0; hole < f->len; hole += f->unit_bytes) {
		nbc_fill(test, f);
		nbc_discard(f, hole, f->unit_bytes);
		nbc_pattern(f, f->data, f->len);
		memcpy(f->model, f->data, hole);
		mqk_fail_nth(1);
		KUNIT_EXPECT_EQ(test, -ENOSPC,
				nbc_write_data(test, f, NBC_ODD, 0, f->len,
					       "write"));
		KUNIT_EXPECT_EQ(test, 0, mqk_fail_left());
		nbc_check(test, f, "without memory");
		KUNIT_EXPECT_EQ(test, NBC_UNITS - 1,
				nbc_units_stored(&f->store));
		nbc_write(test, f, NBC_ODD, 0, f->len, "with memory");
		nbc_check(test, f, "with memory");
	}
}

/*
 * A write that failed: the units before the one that found no memory are
 * written, the others are as before. Returns how many there are now.
 */
static unsigned int nbc_expect_prefix(struct kunit *test, struct nbc_fixture *f,
				      const u8 *written, unsigned int nth)
{
	unsigned int nr = nbc_units_stored(&f->store);
	struct nbc_what what;

	snprintf(what.text, sizeof(what.text), "allocation %u failed", nth);
	memcpy(f->model, written, nr * f->unit_bytes);
	memset(f->model + nr * f->unit_bytes, 0, f->len - nr * f->unit_bytes);
	nbc_check(test, f, what.text);
	return nr;
}

/*
 * Eight units into holes are eight pages, nodes of the XArray, and what slab and
 * debugging need at times. Only pages make the write fail: the XArray tries a
 * second time. From one round to the next a page's number may go up or down a
 * little, so not each of them has its turn, but most have.
 */
static void write_with_any_allocation_failing(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value);
	unsigned int nth, left = 0, failed = 0, nr;
	u8 *written = nbc_zalloc(test, 1, f->len);
	int ret;

	if (!mqk_can_fail_pages(test))
		kunit_skip(test, "no fault injection for pages");

	for (nth = 1; !left && nth < 100; nth++) {
		nbc_store_discard(&f->store, f->base, f->len);
		nbc_pattern(f, written, f->len);
		memcpy(f->data, written, f->len);
		mqk_fail_nth(nth);
		ret = nbc_write_data(test, f, NBC_ODD, 0, f->len, "write");
		left = mqk_fail_left();

		nr = nbc_expect_prefix(test, f, written, nth);
		if (!ret) {
			KUNIT_EXPECT_EQ(test, NBC_UNITS, nr);
			continue;
		}
		failed++;
		KUNIT_EXPECT_EQ(test, -ENOSPC, ret);
		KUNIT_EXPECT_LT(test, nr, NBC_UNITS);
		/* With memory, the rest can be written. */
		nbc_write(test, f, NBC_PLAIN, 0, f->len, "again");
		nbc_check(test, f, "again");
	}
	KUNIT_EXPECT_NE(test, 0, left);
	KUNIT_EXPECT_GE(test, failed, NBC_UNITS / 2);
}

/* Where there is a unit, or a part of one is zeroed, no memory is needed. */
static void write_over_units_without_memory(struct kunit *test)
{
	struct nbc_fixture *f = nbc_fixture(test, test->param_value);

	if (!mqk_can_fail_pages(test))
		kunit_skip(test, "no fault injection for pages");

	nbc_fill(test, f);
	mqk_fail_nth(1);
	nbc_write(test, f, NBC_ODD, 0, f->len, "write");
	nbc_zero(f, SECTOR_SIZE, 3 * f->unit_bytes);
	nbc_discard(f, SECTOR_SIZE, 3 * f->unit_bytes);
	KUNIT_EXPECT_EQ(test, 1, mqk_fail_left());
	nbc_check(test, f, "without memory");
}

/* Requests that meet */

/**
 * struct nbc_hammer - a task that does the same all the time
 * @store: what to
 * @op: REQ_OP_WRITE, REQ_OP_DISCARD or REQ_OP_WRITE_ZEROES
 * @io: what to write
 * @pos: where, in bytes
 * @len: how much
 * @rounds: how often it did so
 * @failed: how often that failed
 * @task: the task
 */
struct nbc_hammer {
	struct nbc_store	*store;
	enum req_op		op;
	struct nbc_io		*io;
	u64			pos;
	size_t			len;
	unsigned int		rounds;
	unsigned int		failed;
	struct task_struct	*task;
};

/*
 * Most of the time there shall be data. On a kernel whose timers are as coarse as its
 * jiffies, all who sleep are woken at once, and a reader may find no other moment than
 * the one after a discard: so they sleep longer now and then.
 */
static void nbc_hammer_rest(struct nbc_hammer *h)
{
	if (h->rounds % 4)
		usleep_range(50, 100);
	else
		schedule_timeout_uninterruptible(2);
}

static int nbc_hammer_thread(void *data)
{
	struct nbc_hammer *h = data;

	while (!kthread_should_stop()) {
		if (h->op == REQ_OP_WRITE) {
			if (nbc_write_bios(h->store, h->io->bios, h->pos,
					   h->len))
				h->failed++;
			cond_resched();
		} else {
			if (h->op == REQ_OP_DISCARD)
				nbc_store_discard(h->store, h->pos, h->len);
			else
				nbc_store_zero(h->store, h->pos, h->len);
			nbc_hammer_rest(h);
		}
		h->rounds++;
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

/* Writes @len bytes of @value at @offset, or does @op there, until ended. */
static struct nbc_hammer *nbc_hammer(struct kunit *test, struct nbc_fixture *f,
				     enum req_op op, u8 value, size_t offset,
				     size_t len)
{
	struct nbc_hammer *h = nbc_zalloc(test, 1, sizeof(*h));

	h->store = &f->store;
	h->op = op;
	h->pos = f->base + offset;
	h->len = len;
	if (op == REQ_OP_WRITE) {
		h->io = nbc_io_alloc(test, len);
		nbc_io_build(test, h->io, NBC_ODD, len);
		memset(h->io->memory, value, h->io->memory_bytes);
	}
	h->task = nbc_thread(test, nbc_hammer_thread, h);
	return h;
}

static void nbc_hammer_end(struct kunit *test, struct nbc_hammer *h)
{
	kunit_release_action(test, nbc_stop, h->task);
	KUNIT_EXPECT_NE(test, 0, h->rounds);
	KUNIT_EXPECT_EQ(test, 0, h->failed);
}

/*
 * Reads a block. It is zero, or all of it is one of the writers', whose number
 * is the bit that is set in the return value.
 */
static unsigned int nbc_read_uniform(struct kunit *test, struct nbc_fixture *f,
				     const struct nbc_layout *layout,
				     size_t offset, size_t len,
				     size_t block_bytes)
{
	struct bio *bio = nbc_io_build(test, f->io, layout, len);
	unsigned int seen = 0;
	size_t at;

	nbc_store_read(&f->store, bio, f->base + offset, len);
	nbc_io_gather(test, f->io, f->data, "read");
	for (at = 0; at < len; at += block_bytes) {
		u8 *block = f->data + at;

		KUNIT_ASSERT_LT_MSG(test, *block, 3, "byte %zu", at);
		KUNIT_ASSERT_NULL_MSG(test,
				      memchr_inv(block, *block, block_bytes),
				      "a block has data of two writes");
		seen |= BIT(*block);
	}
	return seen;
}

static const struct nbc_geometry nbc_blocks[] = {
	{ "block of 512",	512,	0, 2 },
	{ "block of 4096",	4096,	0, 2 },
	{ "block of 16384",	16384,	0, 2 },
};

KUNIT_ARRAY_PARAM_DESC(nbc_block, nbc_blocks, name);

/*
 * Lets the tasks that hammer run. On one CPU without preemption they run when the
 * reader sleeps; when it wakes up, it takes the CPU from one of them, whichever that
 * is. Elsewhere it mostly does not wait, so that requests meet.
 */
static void nbc_let_hammer(unsigned int round)
{
	if (round % 8)
		cond_resched();
	else
		usleep_range(20, 100);
}

/*
 * Two tasks write a block, each with a value of its own, and others discard and
 * zero it. A reader sees one of them, never parts of two, and each at times.
 */
static void write_blocks_whole(struct kunit *test)
{
	const struct nbc_geometry *geometry = test->param_value;
	struct nbc_fixture *f = nbc_fixture(test, geometry);
	size_t len = geometry->block_bytes, offset = f->unit_bytes - len;
	unsigned long deadline = jiffies + NBC_PATIENCE;
	struct nbc_hammer *hammers[4];
	unsigned int seen = 0, rounds;
	unsigned int i;

	hammers[0] = nbc_hammer(test, f, REQ_OP_WRITE, 1, offset, len);
	hammers[1] = nbc_hammer(test, f, REQ_OP_WRITE, 2, offset, len);
	hammers[2] = nbc_hammer(test, f, REQ_OP_DISCARD, 0, offset, len);
	hammers[3] = nbc_hammer(test, f, REQ_OP_WRITE_ZEROES, 0, offset, len);
	for (rounds = 0; rounds < 1000 || seen != 7; rounds++) {
		if (time_after(jiffies, deadline))
			break;
		seen |= nbc_read_uniform(test, f, NBC_ODD, offset, len, len);
		nbc_let_hammer(rounds);
	}
	for (i = 0; i < ARRAY_SIZE(hammers); i++)
		nbc_hammer_end(test, hammers[i]);
	KUNIT_EXPECT_GE(test, rounds, 1000);
	KUNIT_EXPECT_EQ(test, 7, seen);
}

/**
 * struct nbc_meeting - a write that comes in the middle of a read
 * @f: the fixture
 * @io: the write's request
 * @offset: where it writes, in the window
 * @len: how much
 * @copies: copies made so far
 */
struct nbc_meeting {
	struct nbc_fixture	*f;
	struct nbc_io		*io;
	size_t			offset;
	size_t			len;
	unsigned int		copies;
};

/* In place of nbc_copy_part(): the first copy is interrupted by the write. */
static void nbc_copy_and_meet(void *to, const void *from, unsigned int bytes)
{
	struct kunit *test = kunit_get_current_test();
	struct nbc_meeting *m = test->priv;
	unsigned int half = bytes / 2;

	memcpy(to, from, half);
	if (!m->copies++)
		KUNIT_EXPECT_EQ(test, 0,
				nbc_write_bios(&m->f->store, m->io->bios,
					       m->f->base + m->offset, m->len));
	memcpy(to + half, from + half, bytes - half);
}

static const struct nbc_geometry nbc_meetings[] = {
	{ "block of 512",	512,	0, 2 },
	{ "block of 16384",	16384,	0, 2 },
};

KUNIT_ARRAY_PARAM_DESC(nbc_meeting, nbc_meetings, name);

/*
 * A block is written while a reader has half of it. The reader notices, and reads it
 * once more: the new data. Needs no second CPU, and no luck.
 */
static void read_again_after_write(struct kunit *test)
{
	const struct nbc_geometry *geometry = test->param_value;
	struct nbc_fixture *f = nbc_fixture(test, geometry);
	size_t len = geometry->block_bytes, offset = f->unit_bytes - len;
	struct nbc_meeting m = {
		.f	= f,
		.io	= nbc_io_alloc(test, len),
		.offset	= offset,
		.len	= len,
	};

	memset(f->data, 1, len);
	KUNIT_ASSERT_EQ(test, 0, nbc_write_data(test, f, NBC_PLAIN, offset, len,
						"before"));
	nbc_io_build(test, m.io, NBC_PLAIN, len);
	memset(m.io->memory, 2, m.io->memory_bytes);
	test->priv = &m;
	kunit_activate_static_stub(test, nbc_copy_part, nbc_copy_and_meet);
	/* Odd segments: none is a page, which is copied otherwise. */
	KUNIT_EXPECT_EQ(test, BIT(2),
			nbc_read_uniform(test, f, NBC_ODD, offset, len, len));
	kunit_deactivate_static_stub(test, nbc_copy_part);
	KUNIT_EXPECT_NE(test, 0, m.copies);
}

/*
 * Whole nodes of the XArray come and go below a reader and two writers, who
 * find out and start again. Each unit is that of one write, or zero.
 */
static void walk_vanishing_nodes(struct kunit *test)
{
	static const struct nbc_geometry node = { "", 512, 64, 64 };
	struct nbc_fixture *f = nbc_fixture(test, &node);
	unsigned long deadline = jiffies + NBC_PATIENCE;
	struct nbc_hammer *hammers[3];
	unsigned int seen = 0, rounds;
	unsigned int i;

	hammers[0] = nbc_hammer(test, f, REQ_OP_WRITE, 1, 0, f->len);
	hammers[1] = nbc_hammer(test, f, REQ_OP_WRITE, 2, 0, f->len);
	hammers[2] = nbc_hammer(test, f, REQ_OP_DISCARD, 0, 0, f->len);
	for (rounds = 0; rounds < 200 || seen != 7; rounds++) {
		if (time_after(jiffies, deadline))
			break;
		seen |= nbc_read_uniform(test, f, NBC_PLAIN, 0, f->len,
					 f->unit_bytes);
		nbc_let_hammer(rounds);
	}
	for (i = 0; i < ARRAY_SIZE(hammers); i++)
		nbc_hammer_end(test, hammers[i]);
	KUNIT_EXPECT_GE(test, rounds, 200);
	KUNIT_EXPECT_EQ(test, 7, seen);

	nbc_fill(test, f);
	nbc_check(test, f, "afterwards");
	KUNIT_EXPECT_EQ(test, 64, nbc_units_stored(&f->store));
}

/**
 * struct nbc_race - two tasks fill the same hole, round after round
 * @f: the fixture, whose request the test's own task uses
 * @io: the other task's request
 * @pos: where it writes in this round
 * @len: how much
 * @round: number of the round that may begin
 * @done: number of the round that the other task has finished
 * @ret: how its write ended
 * @allocs: allocations that it made
 *
 * @round and @done hand the others back and forth.
 */
struct nbc_race {
	struct nbc_fixture	*f;
	struct nbc_io		*io;
	u64			pos;
	size_t			len;
	unsigned int		round;
	unsigned int		done;
	int			ret;
	unsigned int		allocs;
};

/* More allocations than any write here makes. */
#define NBC_MANY_ALLOCS		1000

/* Writes, and counts allocations by how far fail_nth is from failing one. */
static int nbc_write_counted(struct nbc_store *store, struct bio *bio, u64 pos,
			     size_t len, unsigned int *allocs)
{
	int ret;

	mqk_fail_nth(NBC_MANY_ALLOCS);
	ret = nbc_write_bios(store, bio, pos, len);
	*allocs = NBC_MANY_ALLOCS - mqk_fail_left();
	return ret;
}

static int nbc_race_thread(void *data)
{
	struct nbc_race *race = data;
	unsigned int round;

	for (round = 1; ; round++) {
		/* Pairs with the release in nbc_race_round(). */
		while (smp_load_acquire(&race->round) != round) {
			if (kthread_should_stop())
				return 0;
			cond_resched();
			cpu_relax();
		}
		race->ret = nbc_write_counted(&race->f->store, race->io->bios,
					      race->pos, race->len,
					      &race->allocs);
		/* Pairs with the acquire in nbc_race_round(). */
		smp_store_release(&race->done, round);
	}
}

/*
 * The other task writes the second half of a unit, or all of it; this one the
 * first half, or all. Returns whether both have allocated memory: then one of
 * them found the hole filled when it came to put its unit there.
 */
static bool nbc_race_round(struct kunit *test, struct nbc_race *race,
			   unsigned int round, bool halves)
{
	struct nbc_fixture *f = race->f;
	u64 pos = f->base + (u64)round * f->unit_bytes;
	unsigned long deadline = jiffies + NBC_PATIENCE;
	unsigned int allocs;
	struct bio *bio;
	int ret;

	race->len = halves ? f->unit_bytes / 2 : f->unit_bytes;
	race->pos = pos + f->unit_bytes - race->len;
	nbc_io_build(test, race->io, NBC_PLAIN, race->len);
	memset(race->io->memory, 2, race->len);
	bio = nbc_io_build(test, f->io, NBC_PLAIN, race->len);
	memset(f->io->memory, 1, race->len);

	/* Pairs with the acquire in nbc_race_thread(). */
	smp_store_release(&race->round, round);
	ret = nbc_write_counted(&f->store, bio, pos, race->len, &allocs);
	/* Pairs with the release in nbc_race_thread(). */
	while (smp_load_acquire(&race->done) != round) {
		KUNIT_ASSERT_TRUE(test, time_before(jiffies, deadline));
		cond_resched();
		cpu_relax();
	}
	KUNIT_EXPECT_EQ(test, 0, ret);
	KUNIT_EXPECT_EQ(test, 0, race->ret);
	return allocs && race->allocs;
}

/* Halves are both there; of two whole units, one is. */
static void nbc_race_check(struct kunit *test, struct nbc_fixture *f,
			   unsigned int round, bool halves)
{
	size_t half = f->unit_bytes / 2;
	u64 base = f->base;

	f->base += (u64)round * f->unit_bytes;
	if (halves) {
		memset(f->model, 1, half);
		memset(f->model + half, 2, half);
		nbc_read(test, f, NBC_PLAIN, 0, f->unit_bytes, "halves");
	} else {
		KUNIT_EXPECT_NE(test, 1,
				nbc_read_uniform(test, f, NBC_PLAIN, 0,
						 f->unit_bytes, f->unit_bytes));
	}
	f->base = base;
}

/* Fresh holes, until some were filled by both at the same time. */
static void fill_hole_twice(struct kunit *test)
{
	static const struct nbc_geometry page = { "", 512, 0, 1 };
	bool counts = mqk_can_fail_pages(test) && num_online_cpus() > 1;
	unsigned int round, collisions = 0, nr_wanted = counts ? 20 : 0;
	struct nbc_race *race = nbc_zalloc(test, 1, sizeof(*race));
	unsigned long deadline = jiffies + NBC_PATIENCE;
	struct nbc_fixture *f = nbc_fixture(test, &page);

	race->f = f;
	race->io = nbc_io_alloc(test, f->unit_bytes);
	nbc_thread(test, nbc_race_thread, race);
	for (round = 1; round <= 200 || collisions < nr_wanted; round++) {
		if (time_after(jiffies, deadline))
			break;
		collisions += nbc_race_round(test, race, round, round % 2);
		nbc_race_check(test, f, round, round % 2);
	}
	KUNIT_EXPECT_EQ(test, round - 1, nbc_units_stored(&f->store));
	KUNIT_EXPECT_GT(test, round, 200);
	KUNIT_EXPECT_GE(test, collisions, nr_wanted);
}

/* Little memory */

static void nbc_pages_free(void *data)
{
	struct list_head *pages = data;
	struct page *page, *next;

	list_for_each_entry_safe(page, next, pages, lru)
		__free_pages(page, page_private(page));
	INIT_LIST_HEAD(pages);
}

/* Takes up to a MiB of memory, in one piece or in a smaller one. */
static void nbc_pages_take(struct kunit *test, struct list_head *pages)
{
	gfp_t gfp = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN;
	int order = ilog2(SZ_1M >> PAGE_SHIFT);
	struct page *page = NULL;

	for (; !page && order >= 0; order--) {
		page = alloc_pages(gfp, order);
		if (page)
			set_page_private(page, order);
	}
	KUNIT_ASSERT_NOT_NULL_MSG(test, page, "no memory left at all");
	list_add(&page->lru, pages);
}

/* Writes one sector of unit @index of the window or beyond. */
static int nbc_poke(struct kunit *test, struct nbc_fixture *f,
		    unsigned int index)
{
	return nbc_write_data(test, f, NBC_PLAIN, (size_t)index * f->unit_bytes,
			      SECTOR_SIZE, "poke");
}

static long nbc_mib(long pages)
{
	return pages >> (20 - PAGE_SHIFT);
}

/*
 * The store refuses to grow while there still is memory for others: 64 MiB or
 * more. What it has can be written, and what it gave back it can have again,
 * even before the grace period is over.
 */
static void refuse_the_last_memory(struct kunit *test)
{
	static const struct nbc_geometry at_0 = { "", 512, 0, 64 };
	unsigned long deadline = jiffies + NBC_PATIENCE;
	struct nbc_fixture *f = nbc_fixture(test, &at_0);
	unsigned int index = 64, i;
	struct list_head *pages = nbc_zalloc(test, 1, sizeof(*pages));

	if (nbc_mib(si_mem_available()) > 8192)
		kunit_skip(test, "more memory than a test may use up");
	INIT_LIST_HEAD(pages);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, nbc_pages_free, pages));
	nbc_write(test, f, NBC_PLAIN, 0, f->unit_bytes, "a unit");
	for (; (u64)index * f->unit_bytes < SZ_64M; index += 64)
		KUNIT_ASSERT_EQ(test, 0,
				nbc_write_data(test, f, NBC_PLAIN,
					       (size_t)index * f->unit_bytes,
					       f->len, "pile"));

	while (!nbc_poke(test, f, index)) {
		KUNIT_ASSERT_TRUE(test, time_before(jiffies, deadline));
		index++;
		nbc_pages_take(test, pages);
	}
	/* Some more, so that it does not matter what others do meanwhile. */
	for (i = 0; i < 8; i++)
		nbc_pages_take(test, pages);
	KUNIT_EXPECT_GE(test, nbc_mib(si_mem_available()), 32);

	/* The second of two units is a hole. */
	nbc_pattern(f, f->data, 2 * f->unit_bytes);
	memcpy(f->model, f->data, f->unit_bytes);
	KUNIT_EXPECT_EQ(test, -ENOSPC,
			nbc_write_data(test, f, NBC_PLAIN, 0, 2 * f->unit_bytes,
				       "two units"));
	nbc_check(test, f, "two units");
	nbc_write(test, f, NBC_ODD, 0, f->unit_bytes, "a unit");
	nbc_check(test, f, "a unit");

	nbc_store_discard(&f->store, f->len, SZ_64M);
	KUNIT_EXPECT_EQ(test, 0, nbc_poke(test, f, 64));
	kunit_release_action(test, nbc_pages_free, pages);
	nbc_write(test, f, NBC_ODD, f->unit_bytes, f->unit_bytes, "the other");
	nbc_check(test, f, "the other");
}

static struct kunit_case nbc_store_cases[] = {
	KUNIT_CASE_PARAM(read_from_holes, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(read_units_and_holes, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(write_into_holes, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(write_over_units, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(write_over_units_and_holes, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(discard, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(discard_units_and_holes, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(zero, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(zero_units_and_holes, nbc_geometry_gen_params),
	KUNIT_CASE(discard_huge),
	KUNIT_CASE(discard_parts_of_nodes),
	KUNIT_CASE(pause_in_long_requests),
	KUNIT_CASE_PARAM(discard_frees, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(reaper_waits_for_all, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(memory_left_waits_for_all_stores,
			 nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(discard_waits_for_others, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(destroy_with_units_retired, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(destroy_empty, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(configure, nbc_change_gen_params),
	KUNIT_CASE_PARAM(write_without_memory, nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(write_with_any_allocation_failing,
			 nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(write_over_units_without_memory,
			 nbc_geometry_gen_params),
	KUNIT_CASE_PARAM(write_blocks_whole, nbc_block_gen_params),
	KUNIT_CASE_PARAM(read_again_after_write, nbc_meeting_gen_params),
	KUNIT_CASE(walk_vanishing_nodes),
	KUNIT_CASE(fill_hole_twice),
	KUNIT_CASE_SLOW(refuse_the_last_memory),
	{}
};

static struct kunit_suite nbc_store_suite = {
	.name = "null_blk_c_store",
	.test_cases = nbc_store_cases,
};

kunit_test_suite(nbc_store_suite);
