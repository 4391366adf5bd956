// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of zones: each condition times each command, limits, geometries.
 */
#include <kunit/test.h>
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/numa.h>

#include "../zone.h"
#include "wait_kunit.h"

/* Zones are small here: what they do does not depend on their size. */
#define NBC_ZONE_SECTS	8

static const struct nbc_zone_geometry nbc_plain = {
	.disk_sects	= 6 * NBC_ZONE_SECTS,
	.zone_sects	= NBC_ZONE_SECTS,
	.cap_sects	= NBC_ZONE_SECTS,
	.nr_conv	= 1,
	.block_bytes	= SECTOR_SIZE,
};

/* The first zone of nbc_plain that is sequential. */
#define NBC_FIRST	1

/* What is done to a zone. */
enum nbc_do {
	NBC_DO_OPEN,
	NBC_DO_CLOSE,
	NBC_DO_FINISH,
	NBC_DO_RESET,
	NBC_DO_WRITE,		/* a sector at the write pointer */
	NBC_DO_WRITE_NOTHING,	/* the same, but none is transferred */
	NBC_DO_FILL,		/* all that is left of its capacity */
	NBC_DO_WRITE_AWAY,	/* a sector behind the write pointer */
	NBC_DO_WRITE_BEYOND,	/* a sector more than is left */
	NBC_DO_READONLY,
	NBC_DO_OFFLINE,
	NBC_NR_DO,
};

static const char * const nbc_do_names[NBC_NR_DO] = {
	[NBC_DO_OPEN]		= "open",
	[NBC_DO_CLOSE]		= "close",
	[NBC_DO_FINISH]		= "finish",
	[NBC_DO_RESET]		= "reset",
	[NBC_DO_WRITE]		= "write",
	[NBC_DO_WRITE_NOTHING]	= "write, nothing transferred",
	[NBC_DO_FILL]		= "fill",
	[NBC_DO_WRITE_AWAY]	= "write behind the write pointer",
	[NBC_DO_WRITE_BEYOND]	= "write beyond the capacity",
	[NBC_DO_READONLY]	= "readonly",
	[NBC_DO_OFFLINE]	= "offline",
};

static void nbc_destroy(void *zones)
{
	nbc_zones_destroy(zones);
}

static struct nbc_zones *nbc_zones_of(struct kunit *test,
				      const struct nbc_zone_geometry *geometry,
				      unsigned int max_open,
				      unsigned int max_active)
{
	struct nbc_zones *zones = nbc_zones_create(geometry, NUMA_NO_NODE);

	KUNIT_ASSERT_NOT_NULL(test, zones);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, nbc_destroy, zones));
	nbc_zones_restart(zones, max_open, max_active);
	return zones;
}

/* Writes @announced sectors of which @done arrive. */
static blk_status_t nbc_write(struct nbc_zones *zones, unsigned int nr,
			      unsigned int offset, unsigned int announced,
			      unsigned int done)
{
	struct nbc_zone *zone = &zones->zone[nr];
	blk_status_t status;

	mutex_lock(&zone->lock);
	status = nbc_zone_write_begin(zones, zone, offset, announced);
	if (status == BLK_STS_OK)
		nbc_zone_write_end(zones, zone, done);
	mutex_unlock(&zone->lock);
	return status;
}

static blk_status_t nbc_manage(struct nbc_zones *zones, unsigned int nr,
			       enum req_op op)
{
	struct nbc_zone *zone = &zones->zone[nr];
	blk_status_t status;

	mutex_lock(&zone->lock);
	status = nbc_zone_manage(zones, zone, op);
	mutex_unlock(&zone->lock);
	return status;
}

static bool nbc_toggle(struct nbc_zones *zones, unsigned int nr,
		       enum blk_zone_cond cond)
{
	struct nbc_zone *zone = &zones->zone[nr];
	bool empty;

	mutex_lock(&zone->lock);
	empty = nbc_zone_toggle(zones, zone, cond);
	mutex_unlock(&zone->lock);
	return empty;
}

static blk_status_t nbc_do(struct nbc_zones *zones, unsigned int nr,
			   enum nbc_do what)
{
	unsigned int wp = zones->zone[nr].wp_sects;
	unsigned int left = nbc_zone_capacity(zones, &zones->zone[nr]) - wp;

	switch (what) {
	case NBC_DO_OPEN:
		return nbc_manage(zones, nr, REQ_OP_ZONE_OPEN);
	case NBC_DO_CLOSE:
		return nbc_manage(zones, nr, REQ_OP_ZONE_CLOSE);
	case NBC_DO_FINISH:
		return nbc_manage(zones, nr, REQ_OP_ZONE_FINISH);
	case NBC_DO_RESET:
		return nbc_manage(zones, nr, REQ_OP_ZONE_RESET);
	case NBC_DO_WRITE:
		return nbc_write(zones, nr, wp, 1, 1);
	case NBC_DO_WRITE_NOTHING:
		return nbc_write(zones, nr, wp, 1, 0);
	case NBC_DO_FILL:
		return nbc_write(zones, nr, wp, left, left);
	case NBC_DO_WRITE_AWAY:
		return nbc_write(zones, nr, wp + 1, 1, 1);
	case NBC_DO_WRITE_BEYOND:
		return nbc_write(zones, nr, wp, left + 1, left + 1);
	case NBC_DO_READONLY:
		nbc_toggle(zones, nr, BLK_ZONE_COND_READONLY);
		return BLK_STS_OK;
	case NBC_DO_OFFLINE:
		nbc_toggle(zones, nr, BLK_ZONE_COND_OFFLINE);
		return BLK_STS_OK;
	case NBC_NR_DO:
		break;
	}
	return BLK_STS_NOTSUPP;
}

/* What is counted is what there is. */
static void nbc_check_counts(struct kunit *test, struct nbc_zones *zones)
{
	unsigned int implicit = 0, explicit = 0, closed = 0, i;

	for (i = 0; i < zones->nr_zones; i++) {
		u8 cond = zones->zone[i].cond;

		implicit += cond == BLK_ZONE_COND_IMP_OPEN;
		explicit += cond == BLK_ZONE_COND_EXP_OPEN;
		closed += cond == BLK_ZONE_COND_CLOSED;
	}
	if (!zones->max_open && !zones->max_active)
		return;
	KUNIT_EXPECT_EQ(test, implicit + explicit, zones->nr_open);
	KUNIT_EXPECT_EQ(test, implicit + explicit + closed, zones->nr_active);
	KUNIT_EXPECT_EQ(test, implicit,
			(unsigned int)list_count_nodes(&zones->implicit));
}

static void nbc_expect_do(struct kunit *test, struct nbc_zones *zones,
			  unsigned int nr, enum nbc_do what,
			  blk_status_t status)
{
	KUNIT_EXPECT_EQ_MSG(test, status, nbc_do(zones, nr, what),
			    "zone %u: %s", nr, nbc_do_names[what]);
	nbc_check_counts(test, zones);
}

static void nbc_expect_cond(struct kunit *test, struct nbc_zones *zones,
			    unsigned int nr, enum blk_zone_cond cond)
{
	KUNIT_EXPECT_STREQ_MSG(test, blk_zone_cond_str(zones->zone[nr].cond),
			       blk_zone_cond_str(cond), "zone %u", nr);
}

/* Conditions and commands */

/**
 * struct nbc_row - what each command does to a zone
 * @name: what the zone is
 * @steps: how it came to be that from empty
 * @nr_steps: their number
 * @cond: its condition
 * @then: by enum nbc_do, status and condition afterwards
 */
struct nbc_row {
	const char	*name;
	enum nbc_do	steps[2];
	unsigned int	nr_steps;
	u8		cond;
	struct {
		blk_status_t	status;
		u8		cond;
	} then[NBC_NR_DO];
};

#define NBC_OK(_cond)	{ BLK_STS_OK, BLK_ZONE_COND_##_cond }
#define NBC_BAD(_cond)	{ BLK_STS_IOERR, BLK_ZONE_COND_##_cond }

static const struct nbc_row nbc_rows[] = {
	{
		"empty", {}, 0, BLK_ZONE_COND_EMPTY, {
			[NBC_DO_OPEN]		= NBC_OK(EXP_OPEN),
			[NBC_DO_CLOSE]		= NBC_BAD(EMPTY),
			[NBC_DO_FINISH]		= NBC_OK(FULL),
			[NBC_DO_RESET]		= NBC_OK(EMPTY),
			[NBC_DO_WRITE]		= NBC_OK(IMP_OPEN),
			[NBC_DO_WRITE_NOTHING]	= NBC_OK(IMP_OPEN),
			[NBC_DO_FILL]		= NBC_OK(FULL),
			[NBC_DO_WRITE_AWAY]	= NBC_BAD(EMPTY),
			[NBC_DO_WRITE_BEYOND]	= NBC_BAD(EMPTY),
			[NBC_DO_READONLY]	= NBC_OK(READONLY),
			[NBC_DO_OFFLINE]	= NBC_OK(OFFLINE),
		},
	}, {
		"implicitly open", { NBC_DO_WRITE }, 1,
		BLK_ZONE_COND_IMP_OPEN, {
			[NBC_DO_OPEN]		= NBC_OK(EXP_OPEN),
			[NBC_DO_CLOSE]		= NBC_OK(CLOSED),
			[NBC_DO_FINISH]		= NBC_OK(FULL),
			[NBC_DO_RESET]		= NBC_OK(EMPTY),
			[NBC_DO_WRITE]		= NBC_OK(IMP_OPEN),
			[NBC_DO_WRITE_NOTHING]	= NBC_OK(IMP_OPEN),
			[NBC_DO_FILL]		= NBC_OK(FULL),
			[NBC_DO_WRITE_AWAY]	= NBC_BAD(IMP_OPEN),
			[NBC_DO_WRITE_BEYOND]	= NBC_BAD(IMP_OPEN),
			[NBC_DO_READONLY]	= NBC_OK(READONLY),
			[NBC_DO_OFFLINE]	= NBC_OK(OFFLINE),
		},
	}, {
		"implicitly open, nothing written", { NBC_DO_WRITE_NOTHING }, 1,
		BLK_ZONE_COND_IMP_OPEN, {
			[NBC_DO_OPEN]		= NBC_OK(EXP_OPEN),
			[NBC_DO_CLOSE]		= NBC_OK(EMPTY),
			[NBC_DO_FINISH]		= NBC_OK(FULL),
			[NBC_DO_RESET]		= NBC_OK(EMPTY),
			[NBC_DO_WRITE]		= NBC_OK(IMP_OPEN),
			[NBC_DO_WRITE_NOTHING]	= NBC_OK(IMP_OPEN),
			[NBC_DO_FILL]		= NBC_OK(FULL),
			[NBC_DO_WRITE_AWAY]	= NBC_BAD(IMP_OPEN),
			[NBC_DO_WRITE_BEYOND]	= NBC_BAD(IMP_OPEN),
			[NBC_DO_READONLY]	= NBC_OK(READONLY),
			[NBC_DO_OFFLINE]	= NBC_OK(OFFLINE),
		},
	}, {
		"explicitly open", { NBC_DO_WRITE, NBC_DO_OPEN }, 2,
		BLK_ZONE_COND_EXP_OPEN, {
			[NBC_DO_OPEN]		= NBC_OK(EXP_OPEN),
			[NBC_DO_CLOSE]		= NBC_OK(CLOSED),
			[NBC_DO_FINISH]		= NBC_OK(FULL),
			[NBC_DO_RESET]		= NBC_OK(EMPTY),
			[NBC_DO_WRITE]		= NBC_OK(EXP_OPEN),
			[NBC_DO_WRITE_NOTHING]	= NBC_OK(EXP_OPEN),
			[NBC_DO_FILL]		= NBC_OK(FULL),
			[NBC_DO_WRITE_AWAY]	= NBC_BAD(EXP_OPEN),
			[NBC_DO_WRITE_BEYOND]	= NBC_BAD(EXP_OPEN),
			[NBC_DO_READONLY]	= NBC_OK(READONLY),
			[NBC_DO_OFFLINE]	= NBC_OK(OFFLINE),
		},
	}, {
		"explicitly open, nothing written", { NBC_DO_OPEN }, 1,
		BLK_ZONE_COND_EXP_OPEN, {
			[NBC_DO_OPEN]		= NBC_OK(EXP_OPEN),
			[NBC_DO_CLOSE]		= NBC_OK(EMPTY),
			[NBC_DO_FINISH]		= NBC_OK(FULL),
			[NBC_DO_RESET]		= NBC_OK(EMPTY),
			[NBC_DO_WRITE]		= NBC_OK(EXP_OPEN),
			[NBC_DO_WRITE_NOTHING]	= NBC_OK(EXP_OPEN),
			[NBC_DO_FILL]		= NBC_OK(FULL),
			[NBC_DO_WRITE_AWAY]	= NBC_BAD(EXP_OPEN),
			[NBC_DO_WRITE_BEYOND]	= NBC_BAD(EXP_OPEN),
			[NBC_DO_READONLY]	= NBC_OK(READONLY),
			[NBC_DO_OFFLINE]	= NBC_OK(OFFLINE),
		},
	}, {
		"closed", { NBC_DO_WRITE, NBC_DO_CLOSE }, 2,
		BLK_ZONE_COND_CLOSED, {
			[NBC_DO_OPEN]		= NBC_OK(EXP_OPEN),
			[NBC_DO_CLOSE]		= NBC_OK(CLOSED),
			[NBC_DO_FINISH]		= NBC_OK(FULL),
			[NBC_DO_RESET]		= NBC_OK(EMPTY),
			[NBC_DO_WRITE]		= NBC_OK(IMP_OPEN),
			[NBC_DO_WRITE_NOTHING]	= NBC_OK(IMP_OPEN),
			[NBC_DO_FILL]		= NBC_OK(FULL),
			[NBC_DO_WRITE_AWAY]	= NBC_BAD(CLOSED),
			[NBC_DO_WRITE_BEYOND]	= NBC_BAD(CLOSED),
			[NBC_DO_READONLY]	= NBC_OK(READONLY),
			[NBC_DO_OFFLINE]	= NBC_OK(OFFLINE),
		},
	}, {
		"full", { NBC_DO_FILL }, 1, BLK_ZONE_COND_FULL, {
			[NBC_DO_OPEN]		= NBC_BAD(FULL),
			[NBC_DO_CLOSE]		= NBC_BAD(FULL),
			[NBC_DO_FINISH]		= NBC_OK(FULL),
			[NBC_DO_RESET]		= NBC_OK(EMPTY),
			[NBC_DO_WRITE]		= NBC_BAD(FULL),
			[NBC_DO_WRITE_NOTHING]	= NBC_BAD(FULL),
			[NBC_DO_FILL]		= NBC_BAD(FULL),
			[NBC_DO_WRITE_AWAY]	= NBC_BAD(FULL),
			[NBC_DO_WRITE_BEYOND]	= NBC_BAD(FULL),
			[NBC_DO_READONLY]	= NBC_OK(READONLY),
			[NBC_DO_OFFLINE]	= NBC_OK(OFFLINE),
		},
	}, {
		"read-only", { NBC_DO_WRITE, NBC_DO_READONLY }, 2,
		BLK_ZONE_COND_READONLY, {
			[NBC_DO_OPEN]		= NBC_BAD(READONLY),
			[NBC_DO_CLOSE]		= NBC_BAD(READONLY),
			[NBC_DO_FINISH]		= NBC_BAD(READONLY),
			[NBC_DO_RESET]		= NBC_BAD(READONLY),
			[NBC_DO_WRITE]		= NBC_BAD(READONLY),
			[NBC_DO_WRITE_NOTHING]	= NBC_BAD(READONLY),
			[NBC_DO_FILL]		= NBC_BAD(READONLY),
			[NBC_DO_WRITE_AWAY]	= NBC_BAD(READONLY),
			[NBC_DO_WRITE_BEYOND]	= NBC_BAD(READONLY),
			[NBC_DO_READONLY]	= NBC_OK(EMPTY),
			[NBC_DO_OFFLINE]	= NBC_OK(OFFLINE),
		},
	}, {
		"offline", { NBC_DO_WRITE, NBC_DO_OFFLINE }, 2,
		BLK_ZONE_COND_OFFLINE, {
			[NBC_DO_OPEN]		= NBC_BAD(OFFLINE),
			[NBC_DO_CLOSE]		= NBC_BAD(OFFLINE),
			[NBC_DO_FINISH]		= NBC_BAD(OFFLINE),
			[NBC_DO_RESET]		= NBC_BAD(OFFLINE),
			[NBC_DO_WRITE]		= NBC_BAD(OFFLINE),
			[NBC_DO_WRITE_NOTHING]	= NBC_BAD(OFFLINE),
			[NBC_DO_FILL]		= NBC_BAD(OFFLINE),
			[NBC_DO_WRITE_AWAY]	= NBC_BAD(OFFLINE),
			[NBC_DO_WRITE_BEYOND]	= NBC_BAD(OFFLINE),
			[NBC_DO_READONLY]	= NBC_OK(READONLY),
			[NBC_DO_OFFLINE]	= NBC_OK(EMPTY),
		},
	},
};

KUNIT_ARRAY_PARAM_DESC(nbc_row, nbc_rows, name);

static void nbc_check_row(struct kunit *test, const struct nbc_row *row,
			  enum nbc_do what, unsigned int max_open,
			  unsigned int max_active)
{
	struct nbc_zones *zones = nbc_zones_of(test, &nbc_plain, max_open,
					       max_active);
	unsigned int i, wp;

	for (i = 0; i < row->nr_steps; i++)
		nbc_expect_do(test, zones, NBC_FIRST, row->steps[i], BLK_STS_OK);
	nbc_expect_cond(test, zones, NBC_FIRST, row->cond);
	wp = zones->zone[NBC_FIRST].wp_sects;

	nbc_expect_do(test, zones, NBC_FIRST, what, row->then[what].status);
	KUNIT_EXPECT_STREQ_MSG(test,
			       blk_zone_cond_str(zones->zone[NBC_FIRST].cond),
			       blk_zone_cond_str(row->then[what].cond),
			       "%s", nbc_do_names[what]);
	if (row->then[what].status != BLK_STS_OK)
		KUNIT_EXPECT_EQ_MSG(test, wp, zones->zone[NBC_FIRST].wp_sects,
				    "%s", nbc_do_names[what]);
}

static void commands_by_condition(struct kunit *test)
{
	enum nbc_do what;

	for (what = 0; what < NBC_NR_DO; what++)
		nbc_check_row(test, test->param_value, what, 0, 0);
}

/* With limits that are not reached, all is the same. */
static void commands_by_condition_with_limits(struct kunit *test)
{
	enum nbc_do what;

	for (what = 0; what < NBC_NR_DO; what++) {
		nbc_check_row(test, test->param_value, what, 1, 2);
		nbc_check_row(test, test->param_value, what, 0, 1);
	}
}

static void conventional_zones_refuse_commands(struct kunit *test)
{
	struct nbc_zones *zones = nbc_zones_of(test, &nbc_plain, 0, 0);
	enum nbc_do what;

	for (what = NBC_DO_OPEN; what <= NBC_DO_RESET; what++)
		nbc_expect_do(test, zones, 0, what, BLK_STS_IOERR);
	nbc_expect_cond(test, zones, 0, BLK_ZONE_COND_NOT_WP);
}

static void other_commands_are_refused(struct kunit *test)
{
	struct nbc_zones *zones = nbc_zones_of(test, &nbc_plain, 0, 0);

	KUNIT_EXPECT_EQ(test, BLK_STS_NOTSUPP,
			nbc_manage(zones, NBC_FIRST, REQ_OP_ZONE_APPEND));
	nbc_expect_cond(test, zones, NBC_FIRST, BLK_ZONE_COND_EMPTY);
}

/* Limits */

static void open_zones_are_limited(struct kunit *test)
{
	struct nbc_zones *zones = nbc_zones_of(test, &nbc_plain, 2, 0);

	nbc_expect_do(test, zones, 1, NBC_DO_OPEN, BLK_STS_OK);
	nbc_expect_do(test, zones, 2, NBC_DO_OPEN, BLK_STS_OK);
	nbc_expect_do(test, zones, 3, NBC_DO_OPEN, BLK_STS_ZONE_OPEN_RESOURCE);
	nbc_expect_do(test, zones, 3, NBC_DO_WRITE, BLK_STS_ZONE_OPEN_RESOURCE);
	nbc_expect_do(test, zones, 3, NBC_DO_FILL, BLK_STS_ZONE_OPEN_RESOURCE);
	nbc_expect_cond(test, zones, 3, BLK_ZONE_COND_EMPTY);
	nbc_expect_do(test, zones, 3, NBC_DO_FINISH, BLK_STS_OK);

	/* Those that are open can be opened and written. */
	nbc_expect_do(test, zones, 1, NBC_DO_OPEN, BLK_STS_OK);
	nbc_expect_do(test, zones, 1, NBC_DO_WRITE, BLK_STS_OK);
	nbc_expect_do(test, zones, 1, NBC_DO_CLOSE, BLK_STS_OK);
	nbc_expect_do(test, zones, 4, NBC_DO_WRITE, BLK_STS_OK);
	nbc_expect_do(test, zones, 1, NBC_DO_WRITE, BLK_STS_OK);
	nbc_expect_cond(test, zones, 4, BLK_ZONE_COND_CLOSED);
}

static void oldest_implicit_zone_is_closed(struct kunit *test)
{
	struct nbc_zones *zones = nbc_zones_of(test, &nbc_plain, 2, 0);

	nbc_expect_do(test, zones, 1, NBC_DO_WRITE, BLK_STS_OK);
	nbc_expect_do(test, zones, 2, NBC_DO_WRITE_NOTHING, BLK_STS_OK);
	nbc_expect_do(test, zones, 3, NBC_DO_WRITE, BLK_STS_OK);
	nbc_expect_cond(test, zones, 1, BLK_ZONE_COND_CLOSED);
	nbc_expect_cond(test, zones, 2, BLK_ZONE_COND_IMP_OPEN);

	/* Zone 2 has nothing in it. */
	nbc_expect_do(test, zones, 1, NBC_DO_OPEN, BLK_STS_OK);
	nbc_expect_cond(test, zones, 2, BLK_ZONE_COND_EMPTY);
	nbc_expect_cond(test, zones, 3, BLK_ZONE_COND_IMP_OPEN);

	/* Zone 1 is open because somebody said so. */
	nbc_expect_do(test, zones, 2, NBC_DO_WRITE, BLK_STS_OK);
	nbc_expect_cond(test, zones, 1, BLK_ZONE_COND_EXP_OPEN);
	nbc_expect_cond(test, zones, 3, BLK_ZONE_COND_CLOSED);
}

static void active_zones_are_limited(struct kunit *test)
{
	struct nbc_zones *zones = nbc_zones_of(test, &nbc_plain, 0, 2);

	nbc_expect_do(test, zones, 1, NBC_DO_WRITE, BLK_STS_OK);
	nbc_expect_do(test, zones, 1, NBC_DO_CLOSE, BLK_STS_OK);
	nbc_expect_do(test, zones, 2, NBC_DO_OPEN, BLK_STS_OK);
	nbc_expect_do(test, zones, 3, NBC_DO_WRITE,
		      BLK_STS_ZONE_ACTIVE_RESOURCE);
	nbc_expect_do(test, zones, 3, NBC_DO_OPEN,
		      BLK_STS_ZONE_ACTIVE_RESOURCE);
	nbc_expect_cond(test, zones, 3, BLK_ZONE_COND_EMPTY);
	nbc_expect_do(test, zones, 1, NBC_DO_WRITE, BLK_STS_OK);

	nbc_expect_do(test, zones, 2, NBC_DO_CLOSE, BLK_STS_OK);
	nbc_expect_do(test, zones, 3, NBC_DO_WRITE, BLK_STS_OK);
	nbc_expect_do(test, zones, 1, NBC_DO_FILL, BLK_STS_OK);
	nbc_expect_do(test, zones, 4, NBC_DO_WRITE, BLK_STS_OK);
	nbc_expect_do(test, zones, 3, NBC_DO_RESET, BLK_STS_OK);
	nbc_expect_do(test, zones, 5, NBC_DO_WRITE, BLK_STS_OK);
	nbc_expect_do(test, zones, 4, NBC_DO_READONLY, BLK_STS_OK);
	nbc_expect_do(test, zones, 2, NBC_DO_WRITE, BLK_STS_OK);
	nbc_expect_do(test, zones, 5, NBC_DO_OFFLINE, BLK_STS_OK);
	nbc_expect_do(test, zones, 3, NBC_DO_WRITE, BLK_STS_OK);
}

static void active_comes_before_open(struct kunit *test)
{
	struct nbc_zones *zones = nbc_zones_of(test, &nbc_plain, 1, 1);

	nbc_expect_do(test, zones, 1, NBC_DO_WRITE, BLK_STS_OK);
	nbc_expect_do(test, zones, 2, NBC_DO_WRITE,
		      BLK_STS_ZONE_ACTIVE_RESOURCE);
	nbc_expect_cond(test, zones, 1, BLK_ZONE_COND_IMP_OPEN);
}

/**
 * struct nbc_steal - a zone is closed for another while it is written
 * @name: what happens
 * @before: sectors written before
 * @done: sectors that the write transfers
 * @cond: condition in the end
 */
struct nbc_steal {
	const char	*name;
	unsigned int	before;
	unsigned int	done;
	u8		cond;
};

static const struct nbc_steal nbc_steals[] = {
	{ "first write",		0, 1, BLK_ZONE_COND_CLOSED },
	{ "first write, nothing",	0, 0, BLK_ZONE_COND_EMPTY },
	{ "second write, nothing",	1, 0, BLK_ZONE_COND_CLOSED },
	{ "write that fills",		1, NBC_ZONE_SECTS - 1,
	  BLK_ZONE_COND_FULL },
};

KUNIT_ARRAY_PARAM_DESC(nbc_steal, nbc_steals, name);

static void zone_closed_while_written(struct kunit *test)
{
	const struct nbc_steal *steal = test->param_value;
	struct nbc_zones *zones = nbc_zones_of(test, &nbc_plain, 1, 2);
	struct nbc_zone *zone = &zones->zone[1];

	if (steal->before)
		nbc_expect_do(test, zones, 1, NBC_DO_WRITE, BLK_STS_OK);
	/* Nested only here: the test does what two tasks do. */
	mutex_lock_nested(&zone->lock, SINGLE_DEPTH_NESTING);
	KUNIT_EXPECT_EQ(test, BLK_STS_OK,
			nbc_zone_write_begin(zones, zone, steal->before,
					     NBC_ZONE_SECTS - steal->before));
	nbc_expect_do(test, zones, 2, NBC_DO_WRITE, BLK_STS_OK);
	nbc_expect_cond(test, zones, 1, BLK_ZONE_COND_CLOSED);
	/* Its resource is its own until it is known to have nothing. */
	nbc_expect_do(test, zones, 3, NBC_DO_WRITE,
		      BLK_STS_ZONE_ACTIVE_RESOURCE);
	nbc_zone_write_end(zones, zone, steal->done);
	mutex_unlock(&zone->lock);

	nbc_check_counts(test, zones);
	nbc_expect_cond(test, zones, 1, steal->cond);
	KUNIT_EXPECT_EQ(test, steal->before + steal->done, zone->wp_sects);
}

static void restart_closes(struct kunit *test)
{
	struct nbc_zones *zones = nbc_zones_of(test, &nbc_plain, 0, 0);

	nbc_expect_do(test, zones, 1, NBC_DO_WRITE, BLK_STS_OK);
	nbc_expect_do(test, zones, 2, NBC_DO_OPEN, BLK_STS_OK);
	nbc_expect_do(test, zones, 3, NBC_DO_FINISH, BLK_STS_OK);
	nbc_expect_do(test, zones, 4, NBC_DO_OFFLINE, BLK_STS_OK);
	nbc_expect_do(test, zones, 5, NBC_DO_WRITE, BLK_STS_OK);

	/* Two zones are active, and one may be. */
	nbc_zones_restart(zones, 1, 1);
	nbc_check_counts(test, zones);
	nbc_expect_cond(test, zones, 0, BLK_ZONE_COND_NOT_WP);
	nbc_expect_cond(test, zones, 1, BLK_ZONE_COND_CLOSED);
	nbc_expect_cond(test, zones, 2, BLK_ZONE_COND_EMPTY);
	nbc_expect_cond(test, zones, 3, BLK_ZONE_COND_FULL);
	nbc_expect_cond(test, zones, 4, BLK_ZONE_COND_OFFLINE);
	nbc_expect_cond(test, zones, 5, BLK_ZONE_COND_CLOSED);
	nbc_expect_do(test, zones, 2, NBC_DO_WRITE,
		      BLK_STS_ZONE_ACTIVE_RESOURCE);
	nbc_expect_do(test, zones, 1, NBC_DO_WRITE, BLK_STS_OK);
	nbc_expect_do(test, zones, 5, NBC_DO_FINISH, BLK_STS_OK);
	nbc_expect_do(test, zones, 1, NBC_DO_RESET, BLK_STS_OK);
	nbc_expect_do(test, zones, 2, NBC_DO_WRITE, BLK_STS_OK);
}

/* A copy is as the zones after power-off, and counts for its own limits. */
static void copies_are_alike(struct kunit *test)
{
	struct nbc_zones *zones = nbc_zones_of(test, &nbc_plain, 4, 4);
	struct nbc_zones *copy = nbc_zones_of(test, &nbc_plain, 0, 0);

	nbc_expect_do(test, zones, 1, NBC_DO_WRITE, BLK_STS_OK);
	nbc_expect_do(test, zones, 2, NBC_DO_OPEN, BLK_STS_OK);
	nbc_expect_do(test, zones, 3, NBC_DO_WRITE, BLK_STS_OK);
	nbc_expect_do(test, zones, 3, NBC_DO_FINISH, BLK_STS_OK);
	nbc_expect_do(test, zones, 4, NBC_DO_WRITE, BLK_STS_OK);
	nbc_expect_do(test, zones, 4, NBC_DO_READONLY, BLK_STS_OK);
	nbc_expect_do(test, zones, 5, NBC_DO_WRITE, BLK_STS_OK);
	/* Something else is there before. */
	nbc_expect_do(test, copy, 2, NBC_DO_FILL, BLK_STS_OK);
	nbc_zones_copy(copy, zones);

	nbc_expect_do(test, zones, 1, NBC_DO_WRITE, BLK_STS_OK);
	nbc_expect_do(test, zones, 5, NBC_DO_RESET, BLK_STS_OK);
	nbc_zones_restart(copy, 1, 1);
	nbc_check_counts(test, copy);
	nbc_expect_cond(test, copy, 0, BLK_ZONE_COND_NOT_WP);
	nbc_expect_cond(test, copy, 1, BLK_ZONE_COND_CLOSED);
	nbc_expect_cond(test, copy, 2, BLK_ZONE_COND_EMPTY);
	nbc_expect_cond(test, copy, 3, BLK_ZONE_COND_FULL);
	nbc_expect_cond(test, copy, 4, BLK_ZONE_COND_READONLY);
	nbc_expect_cond(test, copy, 5, BLK_ZONE_COND_CLOSED);
	KUNIT_EXPECT_EQ(test, 1U, copy->zone[1].wp_sects);
	KUNIT_EXPECT_EQ(test, 0U, copy->zone[2].wp_sects);
	KUNIT_EXPECT_EQ(test, NBC_ZONE_SECTS, copy->zone[3].wp_sects);
	KUNIT_EXPECT_TRUE(test, copy->zone[3].finished);
	KUNIT_EXPECT_EQ(test, 1U, copy->zone[5].wp_sects);
	nbc_expect_do(test, copy, 2, NBC_DO_WRITE,
		      BLK_STS_ZONE_ACTIVE_RESOURCE);
	nbc_expect_do(test, copy, 1, NBC_DO_WRITE, BLK_STS_OK);
}

/**
 * struct nbc_waiter_of_zone - who wants to change a zone during a pause
 * @zones: the zones
 * @waits: is about to take the lock
 * @has_lock: has it
 */
struct nbc_waiter_of_zone {
	struct nbc_zones	*zones;
	struct completion	waits;
	struct completion	has_lock;
};

static int nbc_wait_for_zone(void *data)
{
	struct nbc_waiter_of_zone *waiter = data;
	struct nbc_zone *zone = &waiter->zones->zone[NBC_FIRST];

	complete(&waiter->waits);
	nbc_zone_lock(waiter->zones, zone);
	complete(&waiter->has_lock);
	mutex_unlock(&zone->lock);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/* With limits or without: who makes the pause gets the lock, and who changes zones does not. */
static void pauses_hold_commands(struct kunit *test)
{
	unsigned int limit;

	for (limit = 0; limit < 2; limit++) {
		struct nbc_zones *zones = nbc_zones_of(test, &nbc_plain, limit, limit);
		struct nbc_waiter_of_zone waiter = { .zones = zones };
		struct task_struct *task;

		init_completion(&waiter.waits);
		init_completion(&waiter.has_lock);
		nbc_zones_pause(zones);
		task = kthread_run(nbc_wait_for_zone, &waiter, "nbc_zone_kunit");
		KUNIT_ASSERT_FALSE(test, IS_ERR(task));
		wait_for_completion(&waiter.waits);
		KUNIT_EXPECT_TRUE(test, nbc_is_blocked(task));
		KUNIT_EXPECT_FALSE(test, completion_done(&waiter.has_lock));
		mutex_lock(&zones->zone[NBC_FIRST].lock);
		mutex_unlock(&zones->zone[NBC_FIRST].lock);
		/* Another one makes no difference. */
		nbc_zones_pause(zones);
		nbc_zones_resume(zones);
		KUNIT_EXPECT_TRUE(test, nbc_is_blocked(task));
		KUNIT_EXPECT_FALSE(test, completion_done(&waiter.has_lock));
		nbc_zones_resume(zones);
		wait_for_completion(&waiter.has_lock);
		kthread_stop(task);
		KUNIT_EXPECT_EQ(test, limit ? NBC_ZONES_LIMITED : 0, zones->on);
		nbc_expect_do(test, zones, NBC_FIRST, NBC_DO_WRITE, BLK_STS_OK);
		nbc_check_counts(test, zones);
	}
}

static bool nbc_fall_back(struct nbc_zones *zones, unsigned int nr,
			  unsigned int sects)
{
	struct nbc_zone *zone = &zones->zone[nr];
	bool fell;

	mutex_lock(&zone->lock);
	fell = nbc_zone_fall_back(zones, zone, sects);
	mutex_unlock(&zone->lock);
	return fell;
}

/* A power cut: limits are counted by what zones are afterwards. */
static void zones_fall_back(struct kunit *test)
{
	struct nbc_zones *zones = nbc_zones_of(test, &nbc_plain, 4, 4);

	nbc_expect_do(test, zones, 1, NBC_DO_FILL, BLK_STS_OK);
	nbc_expect_do(test, zones, 2, NBC_DO_WRITE, BLK_STS_OK);
	nbc_expect_do(test, zones, 2, NBC_DO_WRITE, BLK_STS_OK);
	nbc_expect_do(test, zones, 3, NBC_DO_WRITE, BLK_STS_OK);
	nbc_expect_do(test, zones, 3, NBC_DO_FINISH, BLK_STS_OK);
	nbc_expect_do(test, zones, 4, NBC_DO_WRITE, BLK_STS_OK);
	nbc_expect_do(test, zones, 4, NBC_DO_READONLY, BLK_STS_OK);
	nbc_expect_do(test, zones, 5, NBC_DO_WRITE, BLK_STS_OK);

	KUNIT_EXPECT_TRUE(test, nbc_fall_back(zones, 1, 3));
	KUNIT_EXPECT_TRUE(test, nbc_fall_back(zones, 2, 0));
	KUNIT_EXPECT_FALSE(test, nbc_fall_back(zones, 3, 0));
	KUNIT_EXPECT_FALSE(test, nbc_fall_back(zones, 4, 0));
	KUNIT_EXPECT_FALSE(test, nbc_fall_back(zones, 5, 1));
	nbc_check_counts(test, zones);
	nbc_expect_cond(test, zones, 1, BLK_ZONE_COND_CLOSED);
	nbc_expect_cond(test, zones, 2, BLK_ZONE_COND_EMPTY);
	nbc_expect_cond(test, zones, 3, BLK_ZONE_COND_FULL);
	nbc_expect_cond(test, zones, 4, BLK_ZONE_COND_READONLY);
	nbc_expect_cond(test, zones, 5, BLK_ZONE_COND_IMP_OPEN);
	KUNIT_EXPECT_EQ(test, 3U, zones->zone[1].wp_sects);
	KUNIT_EXPECT_EQ(test, 0U, zones->zone[2].wp_sects);
	nbc_zones_restart(zones, 4, 4);
	nbc_check_counts(test, zones);
	nbc_expect_do(test, zones, 1, NBC_DO_WRITE, BLK_STS_OK);
	nbc_expect_do(test, zones, 2, NBC_DO_WRITE, BLK_STS_OK);
}

/* Geometries */

/**
 * struct nbc_shape - a geometry, and what its last zone looks like
 * @name: what it is
 * @geometry: the geometry
 * @nr_zones: how many zones it has
 * @len: size of the last
 * @cap: its capacity
 */
struct nbc_shape {
	const char			*name;
	struct nbc_zone_geometry	geometry;
	unsigned int			nr_zones;
	unsigned int			len;
	unsigned int			cap;
};

static const struct nbc_shape nbc_shapes[] = {
	{ "whole zones",	{ 24, 8, 8, 0, 512 },		3, 8, 8 },
	{ "capacity of 5",	{ 24, 8, 5, 0, 512 },		3, 8, 5 },
	{ "last zone of 3",	{ 27, 8, 8, 0, 512 },		4, 3, 3 },
	{ "one zone",		{ 8, 8, 7, 0, 512 },		1, 8, 7 },
	{ "one sequential",	{ 27, 8, 8, 3, 512 },		4, 3, 3 },
	{ "1 TiB zones",	{ BIT_ULL(33), BIT(31), BIT(31), 1, 4096 },
	  4, BIT(31), BIT(31) },
};

KUNIT_ARRAY_PARAM_DESC(nbc_shape, nbc_shapes, name);

static void nbc_expect_report(struct kunit *test, struct nbc_zones *zones,
			      unsigned int nr, u64 wp, u8 type, u8 cond)
{
	struct nbc_zone *zone = &zones->zone[nr];
	struct blk_zone report;

	nbc_zone_report(zones, zone, &report);
	KUNIT_EXPECT_EQ(test, (u64)nr * zones->geometry.zone_sects,
			report.start);
	KUNIT_EXPECT_EQ(test, (u64)nbc_zone_len(zones, zone), report.len);
	KUNIT_EXPECT_EQ(test, (u64)nbc_zone_capacity(zones, zone),
			report.capacity);
	KUNIT_EXPECT_EQ(test, wp, report.wp);
	KUNIT_EXPECT_EQ(test, type, report.type);
	KUNIT_EXPECT_STREQ(test, blk_zone_cond_str(cond),
			   blk_zone_cond_str(report.cond));
}

static void shapes(struct kunit *test)
{
	const struct nbc_shape *shape = test->param_value;
	struct nbc_zones *zones = nbc_zones_of(test, &shape->geometry, 0, 0);
	unsigned int last = shape->nr_zones - 1;
	struct nbc_zone *zone = &zones->zone[last];
	u64 start = (u64)last * shape->geometry.zone_sects;

	KUNIT_ASSERT_EQ(test, shape->nr_zones, zones->nr_zones);
	KUNIT_EXPECT_EQ(test, shape->len, nbc_zone_len(zones, zone));
	KUNIT_EXPECT_EQ(test, shape->cap, nbc_zone_capacity(zones, zone));
	KUNIT_EXPECT_PTR_EQ(test, zone, nbc_zone_at(zones, start));
	KUNIT_EXPECT_PTR_EQ(test, zone,
			    nbc_zone_at(zones, shape->geometry.disk_sects - 1));
	KUNIT_EXPECT_EQ(test, start, nbc_zone_start(zones, zone));

	nbc_expect_report(test, zones, last, start, BLK_ZONE_TYPE_SEQWRITE_REQ,
			  BLK_ZONE_COND_EMPTY);
	nbc_expect_do(test, zones, last, NBC_DO_WRITE_BEYOND, BLK_STS_IOERR);
	nbc_expect_do(test, zones, last, NBC_DO_FILL, BLK_STS_OK);
	nbc_expect_report(test, zones, last, start + shape->cap,
			  BLK_ZONE_TYPE_SEQWRITE_REQ, BLK_ZONE_COND_FULL);
	nbc_expect_do(test, zones, last, NBC_DO_RESET, BLK_STS_OK);
	nbc_expect_do(test, zones, last, NBC_DO_FINISH, BLK_STS_OK);
	nbc_expect_report(test, zones, last, start + shape->len,
			  BLK_ZONE_TYPE_SEQWRITE_REQ, BLK_ZONE_COND_FULL);
	nbc_expect_do(test, zones, last, NBC_DO_READONLY, BLK_STS_OK);
	nbc_expect_report(test, zones, last, U64_MAX,
			  BLK_ZONE_TYPE_SEQWRITE_REQ, BLK_ZONE_COND_READONLY);
}

static void conventional_zone_is_reported(struct kunit *test)
{
	struct nbc_zones *zones = nbc_zones_of(test, &nbc_plain, 0, 0);

	nbc_expect_report(test, zones, 0, NBC_ZONE_SECTS,
			  BLK_ZONE_TYPE_CONVENTIONAL, BLK_ZONE_COND_NOT_WP);
}

static void zones_start_full(struct kunit *test)
{
	static const struct nbc_zone_geometry full = { 16, 8, 5, 1, 512, true };
	struct nbc_zones *zones = nbc_zones_of(test, &full, 1, 0);

	nbc_expect_cond(test, zones, 0, BLK_ZONE_COND_NOT_WP);
	nbc_expect_report(test, zones, 1, 8 + 5, BLK_ZONE_TYPE_SEQWRITE_REQ,
			  BLK_ZONE_COND_FULL);
	nbc_check_counts(test, zones);
}

/* How much can be read, by condition; with -1 for nothing. */
static void readable(struct kunit *test)
{
	static const struct {
		enum nbc_do	what;
		int		sects;
	} steps[] = {
		{ NBC_DO_OPEN,		0 },
		{ NBC_DO_WRITE,		1 },
		{ NBC_DO_READONLY,	NBC_ZONE_SECTS },
		{ NBC_DO_READONLY,	0 },
		{ NBC_DO_WRITE,		1 },
		{ NBC_DO_OFFLINE,	-1 },
		{ NBC_DO_OFFLINE,	0 },
		{ NBC_DO_WRITE,		1 },
		{ NBC_DO_FINISH,	NBC_ZONE_SECTS },
		{ NBC_DO_RESET,		0 },
	};
	struct nbc_zones *zones = nbc_zones_of(test, &nbc_plain, 0, 0);
	unsigned int i, sects = 0;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		blk_status_t status;

		nbc_expect_do(test, zones, NBC_FIRST, steps[i].what, BLK_STS_OK);
		status = nbc_zone_readable(zones, &zones->zone[NBC_FIRST],
					   &sects);
		KUNIT_EXPECT_EQ_MSG(test, steps[i].sects,
				    status ? -1 : (int)sects, "step %u", i);
	}
	KUNIT_EXPECT_EQ(test, BLK_STS_OK,
			nbc_zone_readable(zones, &zones->zone[0], &sects));
	KUNIT_EXPECT_EQ(test, NBC_ZONE_SECTS, sects);
}

static void toggles_say_what_to_discard(struct kunit *test)
{
	struct nbc_zones *zones = nbc_zones_of(test, &nbc_plain, 0, 0);

	KUNIT_EXPECT_FALSE(test, nbc_toggle(zones, 1, BLK_ZONE_COND_READONLY));
	KUNIT_EXPECT_FALSE(test, nbc_toggle(zones, 1, BLK_ZONE_COND_OFFLINE));
	KUNIT_EXPECT_TRUE(test, nbc_toggle(zones, 1, BLK_ZONE_COND_OFFLINE));
}

static void other_geometries_do_not_fit(struct kunit *test)
{
	static const struct nbc_zone_geometry own = { 64, 8, 8, 1, 512 };
	static const struct nbc_zone_geometry others[] = {
		{ 63, 8, 8, 1, 512 },
		{ 64, 16, 8, 1, 512 },
		{ 64, 8, 7, 1, 512 },
		{ 64, 8, 8, 2, 512 },
		{ 64, 8, 8, 1, 1024 },
		{ 64, 8, 8, 1, 512, true },
	};
	struct nbc_zones *zones = nbc_zones_of(test, &own, 0, 0);
	unsigned int i;

	KUNIT_EXPECT_TRUE(test, nbc_zones_fit(zones, &own));
	for (i = 0; i < ARRAY_SIZE(others); i++)
		KUNIT_EXPECT_FALSE_MSG(test, nbc_zones_fit(zones, &others[i]),
				       "geometry %u", i);
}

static struct kunit_case nbc_zone_cases[] = {
	KUNIT_CASE_PARAM(commands_by_condition, nbc_row_gen_params),
	KUNIT_CASE_PARAM(commands_by_condition_with_limits, nbc_row_gen_params),
	KUNIT_CASE(conventional_zones_refuse_commands),
	KUNIT_CASE(other_commands_are_refused),
	KUNIT_CASE(open_zones_are_limited),
	KUNIT_CASE(oldest_implicit_zone_is_closed),
	KUNIT_CASE(active_zones_are_limited),
	KUNIT_CASE(active_comes_before_open),
	KUNIT_CASE_PARAM(zone_closed_while_written, nbc_steal_gen_params),
	KUNIT_CASE(restart_closes),
	KUNIT_CASE(copies_are_alike),
	KUNIT_CASE(pauses_hold_commands),
	KUNIT_CASE(zones_fall_back),
	KUNIT_CASE_PARAM(shapes, nbc_shape_gen_params),
	KUNIT_CASE(conventional_zone_is_reported),
	KUNIT_CASE(zones_start_full),
	KUNIT_CASE(readable),
	KUNIT_CASE(toggles_say_what_to_discard),
	KUNIT_CASE(other_geometries_do_not_fit),
	{}
};

static struct kunit_suite nbc_zone_suite = {
	.name = "null_blk_c_zone",
	.test_cases = nbc_zone_cases,
};

kunit_test_suite(nbc_zone_suite);
