// SPDX-License-Identifier: GPL-2.0
/*
 * Zones: conditions, write pointers and limits, without a disk.
 *
 * Conditions
 * ----------
 * They are those of ZBC and ZNS. nbc_zone_set_cond() is where they change:
 *
 *	EMPTY -> IMP_OPEN		first write
 *	EMPTY, CLOSED, IMP_OPEN -> EXP_OPEN	open
 *	CLOSED -> IMP_OPEN		write
 *	IMP_OPEN, EXP_OPEN -> CLOSED	close, or EMPTY if nothing was written
 *	IMP_OPEN -> CLOSED, EMPTY	likewise, for a zone to be opened elsewhere
 *	IMP_OPEN, EXP_OPEN, CLOSED -> FULL	by the write that fills it
 *	any of these -> FULL		finish
 *	any of these, FULL -> EMPTY	reset
 *	any -> READONLY, OFFLINE -> EMPTY	as the user says, behind the
 *					block layer's back
 *	IMP_OPEN, EXP_OPEN, CLOSED, FULL -> CLOSED, EMPTY	power cut, if data is
 *					lost below the write pointer
 *
 * What is there already succeeds and changes nothing: open of EXP_OPEN, close of
 * CLOSED, finish of FULL, reset of EMPTY. All else is an error.
 *
 * Limits
 * ------
 * EMPTY to open takes an active and an open resource, CLOSED to open an open
 * one. If all open resources are taken, the zone that has been implicitly open
 * for the longest time is closed; if there is none, or all active resources are
 * taken, the command fails. Finish takes no resource, unless it is to open the zone first,
 * as null_blk does.
 *
 * Locks
 * -----
 * nbc_zone.lock, then nbc_zones.lock. No two zones' locks are held together.
 * Writers of different zones share no lock without limits, and with limits one
 * that is held for a few instructions. Readers take neither: a read that races
 * the write of the same blocks may see them or not.
 *
 * Pauses
 * ------
 * A snapshot needs all zones as they are at one moment, with their data. It says so in
 * &nbc_zones.on, and then takes and gives back the lock of each zone. Whoever changes a zone
 * looks there when he has its lock (nbc_zone_lock()). So he was done before the pause had his
 * zone's lock, or he sees the pause, gives the lock back and waits. Nobody who makes
 * a pause waits for I/O or for memory that I/O must free before the end of it. Several may
 * make one at the same time: it ends with the last.
 */
#include <linux/align.h>
#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include "zone.h"

/* Those who wait until zones are not paused any more */
static DECLARE_WAIT_QUEUE_HEAD(nbc_zones_resumed);

static bool nbc_zones_limited(const struct nbc_zones *zones)
{
	return READ_ONCE(zones->on) & NBC_ZONES_LIMITED;
}

static bool nbc_cond_is_open(u8 cond)
{
	return cond == BLK_ZONE_COND_IMP_OPEN || cond == BLK_ZONE_COND_EXP_OPEN;
}

static bool nbc_cond_is_active(u8 cond)
{
	return nbc_cond_is_open(cond) || cond == BLK_ZONE_COND_CLOSED;
}

/* What a zone that is no longer open is. */
static u8 nbc_cond_closed(const struct nbc_zone *zone)
{
	return zone->wp_sects || zone->writing ? BLK_ZONE_COND_CLOSED :
						 BLK_ZONE_COND_EMPTY;
}

/* Counts a zone as one of condition @cond instead of that it has. */
static void nbc_zones_recount(struct nbc_zones *zones, struct nbc_zone *zone,
			      u8 cond)
{
	lockdep_assert_held(&zones->lock);
	zones->nr_open -= nbc_cond_is_open(zone->cond);
	zones->nr_open += nbc_cond_is_open(cond);
	zones->nr_active -= nbc_cond_is_active(zone->cond);
	zones->nr_active += nbc_cond_is_active(cond);
	list_del_init(&zone->entry);
	if (cond == BLK_ZONE_COND_IMP_OPEN)
		list_add_tail(&zone->entry, &zones->implicit);
}

static void nbc_zone_set_cond(struct nbc_zones *zones, struct nbc_zone *zone,
			      u8 cond)
{
	if (cond == zone->cond)
		return;
	if (nbc_zones_limited(zones))
		nbc_zones_recount(zones, zone, cond);
	WRITE_ONCE(zone->cond, cond);
}

static void nbc_zone_set_wp(struct nbc_zone *zone, unsigned int wp_sects)
{
	/*
	 * Data is in the store before the pointer moves over it. Pairs with the
	 * acquire in nbc_zone_readable(), before data is read: see
	 * litmus/zone_wp.litmus.
	 */
	smp_store_release(&zone->wp_sects, wp_sects);
}

/* Makes room for one more open zone, if it can be made. */
static blk_status_t nbc_zones_take_open(struct nbc_zones *zones)
{
	struct nbc_zone *oldest;

	if (!zones->max_open || zones->nr_open < zones->max_open)
		return BLK_STS_OK;
	oldest = list_first_entry_or_null(&zones->implicit, struct nbc_zone,
					  entry);
	if (!oldest)
		return BLK_STS_ZONE_OPEN_RESOURCE;
	nbc_zone_set_cond(zones, oldest, nbc_cond_closed(oldest));
	return BLK_STS_OK;
}

/* Opens a zone that can be written: as @cond, or as it is open already. */
static blk_status_t nbc_zone_open(struct nbc_zones *zones,
				  struct nbc_zone *zone, u8 cond)
{
	blk_status_t status = BLK_STS_OK;

	if (zone->cond == BLK_ZONE_COND_EXP_OPEN)
		return BLK_STS_OK;
	if (zone->cond == BLK_ZONE_COND_EMPTY && zones->max_active &&
	    zones->nr_active >= zones->max_active)
		return BLK_STS_ZONE_ACTIVE_RESOURCE;
	if (zone->cond != BLK_ZONE_COND_IMP_OPEN)
		status = nbc_zones_take_open(zones);
	if (status == BLK_STS_OK)
		nbc_zone_set_cond(zones, zone, cond);
	return status;
}

static blk_status_t nbc_zone_begin(struct nbc_zones *zones,
				   struct nbc_zone *zone, unsigned int offset,
				   unsigned int sects)
{
	blk_status_t status;

	if (zone->cond != BLK_ZONE_COND_EMPTY && !nbc_cond_is_active(zone->cond))
		return BLK_STS_IOERR;
	if (offset != zone->wp_sects ||
	    sects > nbc_zone_capacity(zones, zone) - offset)
		return BLK_STS_IOERR;
	status = nbc_zone_open(zones, zone, BLK_ZONE_COND_IMP_OPEN);
	if (status == BLK_STS_OK)
		zone->writing = true;
	return status;
}

static void nbc_zone_end(struct nbc_zones *zones, struct nbc_zone *zone,
			 unsigned int sects)
{
	zone->writing = false;
	if (sects)
		nbc_zone_set_wp(zone, zone->wp_sects + sects);
	if (zone->wp_sects == nbc_zone_capacity(zones, zone))
		nbc_zone_set_cond(zones, zone, BLK_ZONE_COND_FULL);
	else if (zone->cond == BLK_ZONE_COND_CLOSED)
		nbc_zone_set_cond(zones, zone, nbc_cond_closed(zone));
}

static blk_status_t nbc_zone_close(struct nbc_zones *zones,
				   struct nbc_zone *zone)
{
	if (!nbc_cond_is_active(zone->cond))
		return BLK_STS_IOERR;
	nbc_zone_set_cond(zones, zone, nbc_cond_closed(zone));
	return BLK_STS_OK;
}

static blk_status_t nbc_zone_finish(struct nbc_zones *zones, struct nbc_zone *zone)
{
	blk_status_t status = BLK_STS_OK;

	if (zone->cond == BLK_ZONE_COND_FULL)
		return BLK_STS_OK;
	if (zones->finish_opens)
		status = nbc_zone_open(zones, zone, BLK_ZONE_COND_IMP_OPEN);
	if (status)
		return status;
	zone->finished = true;
	nbc_zone_set_wp(zone, nbc_zone_len(zones, zone));
	nbc_zone_set_cond(zones, zone, BLK_ZONE_COND_FULL);
	return BLK_STS_OK;
}

static void nbc_zone_reset(struct nbc_zones *zones, struct nbc_zone *zone)
{
	zone->finished = false;
	nbc_zone_set_wp(zone, 0);
	nbc_zone_set_cond(zones, zone, BLK_ZONE_COND_EMPTY);
}

static blk_status_t nbc_zone_change(struct nbc_zones *zones,
				    struct nbc_zone *zone, enum req_op op)
{
	if (zone->cond == BLK_ZONE_COND_READONLY ||
	    zone->cond == BLK_ZONE_COND_OFFLINE)
		return BLK_STS_IOERR;

	switch (op) {
	case REQ_OP_ZONE_OPEN:
		if (zone->cond == BLK_ZONE_COND_FULL)
			return BLK_STS_IOERR;
		return nbc_zone_open(zones, zone, BLK_ZONE_COND_EXP_OPEN);
	case REQ_OP_ZONE_CLOSE:
		return nbc_zone_close(zones, zone);
	case REQ_OP_ZONE_FINISH:
		return nbc_zone_finish(zones, zone);
	case REQ_OP_ZONE_RESET:
		nbc_zone_reset(zones, zone);
		return BLK_STS_OK;
	default:
		return BLK_STS_NOTSUPP;
	}
}

/**
 * nbc_zone_len - size of a zone
 * @zones: the zones
 * @zone: one of them
 *
 * Return: its size in sectors.
 */
unsigned int nbc_zone_len(const struct nbc_zones *zones,
			  const struct nbc_zone *zone)
{
	u64 left = zones->geometry.disk_sects - nbc_zone_start(zones, zone);

	return min_t(u64, left, zones->geometry.zone_sects);
}

/**
 * nbc_zone_capacity - how much of a zone can be written
 * @zones: the zones
 * @zone: one of them
 *
 * Return: its capacity in sectors.
 */
unsigned int nbc_zone_capacity(const struct nbc_zones *zones,
			       const struct nbc_zone *zone)
{
	unsigned int len = nbc_zone_len(zones, zone);

	return nbc_zone_is_conv(zones, zone) ?
	       len : min(len, zones->geometry.cap_sects);
}

/**
 * nbc_zone_readable - how much of a zone has data
 * @zones: the zones
 * @zone: one of them
 * @sects: set to that, in sectors from the start of the zone
 *
 * Context: Any, needs no lock.
 * Return: BLK_STS_OK; or BLK_STS_IOERR for a zone that cannot be read.
 */
blk_status_t nbc_zone_readable(const struct nbc_zones *zones,
			       struct nbc_zone *zone, unsigned int *sects)
{
	u8 cond = READ_ONCE(zone->cond);

	if (cond == BLK_ZONE_COND_OFFLINE)
		return BLK_STS_IOERR;
	if (cond == BLK_ZONE_COND_READONLY || cond == BLK_ZONE_COND_NOT_WP)
		*sects = nbc_zone_len(zones, zone);
	else
		/* Pairs with the release in nbc_zone_set_wp(). */
		*sects = smp_load_acquire(&zone->wp_sects);
	return BLK_STS_OK;
}

/**
 * nbc_zone_write_begin - open a zone for a write
 * @zones: the zones
 * @zone: a sequential one of them
 * @offset: where the write begins, in sectors from the start of the zone
 * @sects: its length
 *
 * Context: Process context; zone->lock is held, until nbc_zone_write_end().
 * Return: BLK_STS_OK; BLK_STS_IOERR for a write that is not at the write
 * pointer, beyond the capacity or to a zone that cannot be written;
 * BLK_STS_ZONE_ACTIVE_RESOURCE or BLK_STS_ZONE_OPEN_RESOURCE if a limit is
 * reached. After an error nothing has changed.
 */
blk_status_t nbc_zone_write_begin(struct nbc_zones *zones,
				  struct nbc_zone *zone, unsigned int offset,
				  unsigned int sects)
{
	blk_status_t status;

	lockdep_assert_held(&zone->lock);
	if (!nbc_zones_limited(zones))
		return nbc_zone_begin(zones, zone, offset, sects);
	spin_lock(&zones->lock);
	status = nbc_zone_begin(zones, zone, offset, sects);
	spin_unlock(&zones->lock);
	return status;
}

/**
 * nbc_zone_write_end - move the write pointer
 * @zones: the zones
 * @zone: the one that nbc_zone_write_begin() was called for
 * @sects: how much was written of what was announced
 *
 * Context: Process context; zone->lock is held.
 */
void nbc_zone_write_end(struct nbc_zones *zones, struct nbc_zone *zone,
			unsigned int sects)
{
	lockdep_assert_held(&zone->lock);
	if (!nbc_zones_limited(zones)) {
		nbc_zone_end(zones, zone, sects);
		return;
	}
	spin_lock(&zones->lock);
	nbc_zone_end(zones, zone, sects);
	spin_unlock(&zones->lock);
}

/**
 * nbc_zone_manage - open, close, finish or reset a zone
 * @zones: the zones
 * @zone: one of them
 * @op: REQ_OP_ZONE_OPEN, _CLOSE, _FINISH or _RESET; who resets a zone has
 *	discarded its data, or keeps it by nbc_kept_add()
 *
 * Context: Process context; zone->lock is held.
 * Return: BLK_STS_OK; BLK_STS_IOERR if the zone's condition does not permit it;
 * or as nbc_zone_write_begin() if a limit is reached. After an error nothing
 * has changed.
 */
blk_status_t nbc_zone_manage(struct nbc_zones *zones, struct nbc_zone *zone,
			     enum req_op op)
{
	blk_status_t status;

	lockdep_assert_held(&zone->lock);
	if (nbc_zone_is_conv(zones, zone))
		return BLK_STS_IOERR;
	if (!nbc_zones_limited(zones))
		return nbc_zone_change(zones, zone, op);
	spin_lock(&zones->lock);
	status = nbc_zone_change(zones, zone, op);
	spin_unlock(&zones->lock);
	return status;
}

/**
 * nbc_zone_is_writable - whether a zone's condition permits to write, reset or finish it
 * @zones: the zones
 * @zone: one of them
 *
 * Context: Process context; zone->lock is held.
 * Return: whether it does; a conventional zone is not reset or finished either.
 */
bool nbc_zone_is_writable(const struct nbc_zones *zones, const struct nbc_zone *zone)
{
	/* It may be closed for another one at any time. */
	u8 cond = READ_ONCE(zone->cond);

	lockdep_assert_held(&zone->lock);
	return !nbc_zone_is_conv(zones, zone) && cond != BLK_ZONE_COND_READONLY &&
	       cond != BLK_ZONE_COND_OFFLINE;
}

/**
 * nbc_zone_toggle - break a zone, or repair it
 * @zones: the zones
 * @zone: a sequential one of them
 * @cond: BLK_ZONE_COND_READONLY or BLK_ZONE_COND_OFFLINE; a zone that is so
 *	already becomes empty
 *
 * Context: Process context; zone->lock is held.
 * Return: whether the zone is empty now, whose data the caller has discarded.
 */
bool nbc_zone_toggle(struct nbc_zones *zones, struct nbc_zone *zone,
		     enum blk_zone_cond cond)
{
	bool repair = zone->cond == cond;

	lockdep_assert_held(&zone->lock);
	spin_lock(&zones->lock);
	if (repair)
		nbc_zone_reset(zones, zone);
	else
		nbc_zone_set_cond(zones, zone, cond);
	spin_unlock(&zones->lock);
	return repair;
}

/**
 * nbc_zone_fall_back - what a power cut does to a zone that loses data
 * @zones: zones that nobody uses
 * @zone: a sequential one of them
 * @sects: how much of it is still there, from its start on
 *
 * The write pointer falls back to where the data ends, if it is behind it. The zone is
 * closed then, or empty. One that was finished, or that nobody can write, stays as it is.
 *
 * Context: Process context.
 * Return: whether the write pointer fell back; what is behind it is the caller's to
 * discard.
 */
bool nbc_zone_fall_back(struct nbc_zones *zones, struct nbc_zone *zone,
			unsigned int sects)
{
	if (zone->finished || zone->wp_sects <= sects ||
	    zone->cond == BLK_ZONE_COND_READONLY ||
	    zone->cond == BLK_ZONE_COND_OFFLINE)
		return false;
	nbc_zone_set_wp(zone, sects);
	spin_lock(&zones->lock);
	nbc_zone_set_cond(zones, zone, nbc_cond_closed(zone));
	spin_unlock(&zones->lock);
	return true;
}

/**
 * nbc_zone_report - describe a zone
 * @zones: the zones
 * @zone: one of them
 * @report: what to fill in
 *
 * Context: Process context; takes zone->lock.
 */
void nbc_zone_report(struct nbc_zones *zones, struct nbc_zone *zone,
		     struct blk_zone *report)
{
	*report = (struct blk_zone) {
		.start		= nbc_zone_start(zones, zone),
		.len		= nbc_zone_len(zones, zone),
		.type		= BLK_ZONE_TYPE_CONVENTIONAL,
		.cond		= BLK_ZONE_COND_NOT_WP,
		.capacity	= nbc_zone_capacity(zones, zone),
	};
	report->wp = report->start + report->len;
	if (nbc_zone_is_conv(zones, zone))
		return;

	report->type = BLK_ZONE_TYPE_SEQWRITE_REQ;
	mutex_lock(&zone->lock);
	/* It may be closed for another at any time: once is enough. */
	report->cond = READ_ONCE(zone->cond);
	report->wp = report->start + zone->wp_sects;
	mutex_unlock(&zone->lock);
	if (report->cond == BLK_ZONE_COND_READONLY ||
	    report->cond == BLK_ZONE_COND_OFFLINE)
		report->wp = U64_MAX;
}

/**
 * nbc_zone_count - number of zones of a geometry
 * @geometry: the geometry
 *
 * Return: that number, which may be more than a disk can have.
 */
u64 nbc_zone_count(const struct nbc_zone_geometry *geometry)
{
	return DIV_ROUND_UP_ULL(geometry->disk_sects, geometry->zone_sects);
}

/**
 * nbc_zones_bytes - memory that the zones of a geometry take
 * @geometry: the geometry
 *
 * Return: that many bytes, or SIZE_MAX.
 */
u64 nbc_zones_bytes(const struct nbc_zone_geometry *geometry)
{
	const struct nbc_zones *zones;

	return struct_size(zones, zone, nbc_zone_count(geometry));
}

/**
 * nbc_zones_create - make the zones of a device
 * @geometry: how it is divided
 * @node: where to allocate from, or NUMA_NO_NODE
 *
 * Context: Process context, may sleep.
 * Return: the zones, without limits, empty or full; or NULL without memory.
 */
struct nbc_zones *nbc_zones_create(const struct nbc_zone_geometry *geometry,
				   int node)
{
	u64 nr_zones = nbc_zone_count(geometry), i;
	struct nbc_zones *zones;

	if (nr_zones > UINT_MAX)
		return NULL;
	/* It may be gigabytes: no process shall be killed for it. */
	zones = kvzalloc_node(nbc_zones_bytes(geometry), GFP_KERNEL |
			      __GFP_NOWARN | __GFP_RETRY_MAYFAIL, node);
	if (!zones)
		return NULL;
	zones->geometry = *geometry;
	zones->zone_shift = ilog2(geometry->zone_sects);
	zones->nr_zones = nr_zones;
	spin_lock_init(&zones->lock);
	INIT_LIST_HEAD(&zones->implicit);
	for (i = 0; i < nr_zones; i++) {
		struct nbc_zone *zone = &zones->zone[i];

		mutex_init(&zone->lock);
		INIT_LIST_HEAD(&zone->entry);
		zone->cond = BLK_ZONE_COND_EMPTY;
		if (i < geometry->nr_conv) {
			zone->cond = BLK_ZONE_COND_NOT_WP;
		} else if (geometry->full) {
			zone->cond = BLK_ZONE_COND_FULL;
			zone->finished = true;
			zone->wp_sects = nbc_zone_capacity(zones, zone);
		}
		cond_resched();
	}
	return zones;
}

/**
 * nbc_zones_destroy - free the zones of a device
 * @zones: zones that nobody uses any more, or NULL
 *
 * Context: Process context, may sleep.
 */
void nbc_zones_destroy(struct nbc_zones *zones)
{
	unsigned int i;

	if (!zones)
		return;
	for (i = 0; i < zones->nr_zones; i++)
		mutex_destroy(&zones->zone[i].lock);
	kvfree(zones);
}

/**
 * nbc_zones_fit - whether zones are of a geometry
 * @zones: the zones
 * @geometry: the geometry
 *
 * Return: whether they are.
 */
bool nbc_zones_fit(const struct nbc_zones *zones,
		   const struct nbc_zone_geometry *geometry)
{
	const struct nbc_zone_geometry *own = &zones->geometry;

	return own->disk_sects == geometry->disk_sects &&
	       own->zone_sects == geometry->zone_sects &&
	       own->cap_sects == geometry->cap_sects &&
	       own->nr_conv == geometry->nr_conv &&
	       own->block_bytes == geometry->block_bytes &&
	       own->full == geometry->full &&
	       own->backed == geometry->backed;
}

/**
 * nbc_zones_restart - what switching off and on does to zones
 * @zones: zones that no request uses
 * @max_open: limit from now on, 0 for none
 * @max_active: likewise
 *
 * Open zones are closed. There may be more closed zones than the new limits
 * permit: no other can be opened then, until some are finished or reset.
 *
 * Context: Process context, may sleep.
 */
void nbc_zones_restart(struct nbc_zones *zones, unsigned int max_open,
		       unsigned int max_active)
{
	unsigned int i;

	zones->max_open = max_open;
	zones->max_active = max_active;
	zones->on = max_open || max_active ? NBC_ZONES_LIMITED : 0;
	zones->nr_open = 0;
	zones->nr_active = 0;
	INIT_LIST_HEAD(&zones->implicit);
	for (i = 0; i < zones->nr_zones; i++) {
		struct nbc_zone *zone = &zones->zone[i];

		INIT_LIST_HEAD(&zone->entry);
		if (nbc_cond_is_open(zone->cond))
			zone->cond = nbc_cond_closed(zone);
		zones->nr_active += nbc_cond_is_active(zone->cond);
		cond_resched();
	}
}

/**
 * nbc_zones_pause - let those wait who would change a zone
 * @zones: the zones; others may have paused them, too
 *
 * The caller takes and gives back the lock of each zone afterwards. Then nothing changes any
 * more, until nbc_zones_resume(), but what conventional zones hold.
 *
 * Context: Process context. The caller waits for no I/O until the end.
 */
void nbc_zones_pause(struct nbc_zones *zones)
{
	spin_lock(&zones->lock);
	zones->nr_pauses++;
	WRITE_ONCE(zones->on, zones->on | NBC_ZONES_PAUSED);
	spin_unlock(&zones->lock);
}

/**
 * nbc_zones_resume - undo nbc_zones_pause()
 * @zones: the zones; those who wait to change one go on unless others pause them
 *
 * Context: Process context.
 */
void nbc_zones_resume(struct nbc_zones *zones)
{
	spin_lock(&zones->lock);
	if (!--zones->nr_pauses)
		WRITE_ONCE(zones->on, zones->on & ~NBC_ZONES_PAUSED);
	spin_unlock(&zones->lock);
	wake_up_all(&nbc_zones_resumed);
}

/**
 * nbc_zone_wait - wait until zones are not paused, without the lock of one
 * @zones: the zones
 * @zone: one of them; its lock is held, and held again afterwards
 *
 * Context: Process context, may sleep.
 */
void nbc_zone_wait(struct nbc_zones *zones, struct nbc_zone *zone)
{
	mutex_unlock(&zone->lock);
	wait_event(nbc_zones_resumed, !(READ_ONCE(zones->on) & NBC_ZONES_PAUSED));
	mutex_lock(&zone->lock);
}

/**
 * nbc_zones_copy - make zones what others are
 * @to: zones of the same geometry that nobody uses
 * @from: the others; as of one moment if they are paused, or if nobody uses them
 *
 * Limits are not copied. Open zones are so in the copy, too, until nbc_zones_restart().
 *
 * Context: Process context, may sleep; takes the lock of each zone of @from.
 */
void nbc_zones_copy(struct nbc_zones *to, struct nbc_zones *from)
{
	unsigned int i;

	for (i = 0; i < from->nr_zones; i++) {
		struct nbc_zone *zone = &from->zone[i];

		mutex_lock(&zone->lock);
		to->zone[i].wp_sects = zone->wp_sects;
		to->zone[i].cond = READ_ONCE(zone->cond);
		to->zone[i].finished = zone->finished;
		mutex_unlock(&zone->lock);
		cond_resched();
	}
}
